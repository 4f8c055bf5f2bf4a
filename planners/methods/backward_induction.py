"""Backward induction: the best policy for a given number of steps, which depends on the steps that are left.

    V_H(s) = final_values(s)
    V_t(s) = max over a of  r(s,a) + discount * sum over s' of P(s'|s,a) V_{t+1}(s')        t = H-1, ..., 0

This is what a limit of steps asks for (Gymnasium's `TimeLimit`): as the end draws near, other actions
can be best than for ever. What the last step leads to is worth `final_values`, 0 by default; where the
episode has ended before, nothing more is earned.

Source: Puterman (2005), Section 4.5; Bellman (1957).
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.equations.from_model import make_problem
from planners.equations.problem import Problem
from planners.errors import InvalidOptionError
from planners.memory import check_memory
from planners.models.convert import ModelLike, as_model
from planners.models.negated import negated, negative
from planners.models.state_names import StateNames, errors_in_names
from planners.models.tabular import TabularMDP
from planners.options import check_discount, check_switch
from planners.plans.policy import TabularPolicy, state_of


@errors_in_names
def backward_induction(
    model: ModelLike,
    *,
    horizon: int,
    discount: float = 1.0,
    final_values: ArrayLike | None = None,
    minimise: bool = False,
) -> "FinitePlan":
    """Optimal values and actions for each number of steps, from the last one back.

    Args:
        model: A model of S states, or an environment that has one.
        horizon: Number of steps H, at least 1.
        discount: 0 to 1; 1 is as good as any here, as the number of steps is finite.
        final_values: (S,) worth of being in each state when the steps are over; None: 0.

        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Returns:
        A `FinitePlan`.

    Raises:
        InvalidModelError: No model, or not an MDP.
        InvalidOptionError: A horizon below 1, or final values of another shape or not finite.
        NotEnoughMemoryError: (H + 1) S values do not fit.

    Cost: H Bellman backups.

    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> backward_induction(stay_or_stop, horizon=4).values.T  # stop with the last step: 1 + 1 + 1 + 3
    array([[6., 5., 4., 3., 0.]])
    """
    mdp = as_model(model).tabular
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
        raise InvalidOptionError(f"horizon is {horizon!r}; expected a whole number of steps, at least 1")
    S = mdp.num_states
    if check_switch("minimise", minimise):
        ending = None if final_values is None else negative(_final(final_values, S))
        plan = backward_induction(negated(mdp), horizon=horizon, discount=discount, final_values=ending)
        return replace(plan, values=negative(plan.values), model=mdp, minimise=True)
    # at discount 1 too the equations are those of the model's own states: nothing can go on for ever
    problem = replace(make_problem(mdp, 0.0), discount=check_discount(discount))
    ending = np.zeros(S) if final_values is None else _final(final_values, S)
    dtype = np.min_scalar_type(mdp.num_actions)
    check_memory(
        (horizon + 1) * S * (8 + dtype.itemsize), f"a plan of {horizon} steps for {S} states", "Use a shorter horizon"
    )
    values, actions = np.empty((horizon + 1, S)), np.empty((horizon, S), dtype=dtype)
    values[horizon] = ending
    error = furthest = 0.0
    for step in range(horizon - 1, -1, -1):
        action_values = problem.action_values(values[step + 1])
        rows = problem.greedy(action_values)
        values[step], actions[step] = action_values[rows], problem.row_pair[rows] % mdp.num_actions
        error = problem.discount * error * (1.0 + 1e-9) + _backup_error(problem, values[step + 1], action_values, rows)
        furthest = max(furthest, error)
    return FinitePlan(values, actions, float(np.nextafter(furthest, np.inf)), problem.discount, mdp)


def _backup_error(
    problem: Problem, values: NDArray[np.float64], action_values: NDArray[np.float64], rows: NDArray[np.int64]
) -> float:
    """Most that one backup is off by in any state: what some row may be worth beyond the best, or the best less."""
    rounding = problem.sharp_rounding(values)
    beyond = problem.maximise(action_values + rounding) - action_values[rows]
    return float(np.maximum(beyond, rounding[rows]).max()) * (1.0 + 1e-9)


def _final(final_values: ArrayLike, states: int) -> NDArray[np.float64]:
    given = np.array(final_values, dtype=np.float64)
    if given.shape != (states,):
        raise InvalidOptionError(f"final_values have shape {given.shape}; expected ({states},), one for each state")
    wrong = np.flatnonzero(~np.isfinite(given))
    if len(wrong):
        raise InvalidOptionError(f"final_values are {given[wrong[0]]} in state {wrong[0]}; expected finite numbers")
    return given


@dataclass(frozen=True, eq=False, repr=False)
class FinitePlan:
    """Values and actions for each of H steps in S states.

    Attributes:
        values: (H+1, S) V_t(s), the most that can be earned from step t on; `values[0]` is for all H steps.
        actions: (H, S) the best action at each step.
        error_bound: Proven, and the largest over all steps: no value, and no value of the policy, is further than
            this from V_t.
        discount: The discount.
        model: The model that was planned on.
        minimise: Whether V_t(s) is the least, because rewards are costs, and not the most.
    """

    values: NDArray[np.float64]
    actions: NDArray[np.unsignedinteger]
    error_bound: float
    discount: float
    model: TabularMDP = field(repr=False)
    minimise: bool = False

    def __post_init__(self) -> None:
        """Close the arrays for writing."""
        self.values.setflags(write=False)
        self.actions.setflags(write=False)

    @property
    def horizon(self) -> int:
        """Number of steps H."""
        return len(self.actions)

    def policy_at(self, step: int) -> TabularPolicy:
        """The policy of step t = 0, ..., H-1.

        Raises:
            InvalidOptionError: There is no such step.
        """
        if not 0 <= step < self.horizon:
            raise InvalidOptionError(f"step is {step}; expected 0 to {self.horizon - 1}")
        return TabularPolicy.from_actions(self.actions[step], self.model.num_actions).on_states(self.model.states)

    def agent(self) -> "StepCounter":
        """An agent that follows the plan and counts the steps; `rollout` takes the plan itself, too."""
        return StepCounter(self)

    def __repr__(self) -> str:
        """Sizes in one line."""
        return (
            f"FinitePlan({self.horizon} steps, {self.values.shape[1]} states, discount {self.discount:.15g}, "
            f"error bound {self.error_bound:.3g}{', minimised' if self.minimise else ''})"
        )


class StepCounter:
    """An `Agent` that follows a `FinitePlan` from step 0, which `reset` goes back to.

    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> agent = backward_induction(stay_or_stop, horizon=3).agent()
    >>> [agent.act(0) for _ in range(3)]
    [0, 0, 1]
    """

    plan: FinitePlan
    states: StateNames | None

    def __init__(self, plan: FinitePlan) -> None:
        """Stand before the first step."""
        self.plan, self.step, self.states = plan, 0, plan.model.states

    def reset(self) -> None:
        """A new episode begins: back to step 0."""
        self.step: int = 0

    def act(self, observation: Any) -> int:
        """The best action in state `observation` with the steps that are left; counts one step.

        Raises:
            InvalidOptionError: The plan's steps are over.
            InvalidPolicyError: `observation` is not a state of the plan.
        """
        state = state_of(observation, self.states, self.plan.values.shape[1])
        if self.step >= self.plan.horizon:
            raise InvalidOptionError(
                f"the plan is for {self.plan.horizon} steps, and they are over. Call reset() when an episode begins; "
                f"where episodes can be longer, plan for more steps, or cut them off: max_steps={self.plan.horizon}"
            )
        self.step += 1
        return int(self.plan.actions[self.step - 1, state])
