"""A plan for a given number of steps: the best actions depend on the number of steps left."""

from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arrays import sealed
from planners.errors import InvalidOptionError
from planners.models.backups import backup, possible_actions
from planners.models.negated import negative
from planners.models.stages import Stages
from planners.models.state_names import ForgottenNames, StateNames
from planners.models.tabular import TabularMDP
from planners.plans.policy import TabularPolicy, state_of
from planners.plans.table import Table


@dataclass(frozen=True, eq=False, repr=False)
class FinitePlan:
    """Values and actions for each of H steps in S states.

    Attributes:
        values: (H+1, S) V_t(s), the most that can be earned from step t on; `values[0]` is for all H steps. Where the
            models of the steps have different numbers of states, a tuple of H+1 arrays. -inf where the end is
            impossible whatever is done.
        actions: (H, S) the best action at each step; likewise.
        error_bound: Proven, and the largest over all steps: no value, and no value of the policy, is further than
            this from V_t.
        discount: The discount.
        models: The H models that were planned on; most often they are one and the same.
        minimise: Whether V_t(s) is the least, because rewards are costs, and not the most.
    """

    values: NDArray[np.float64] | Any
    actions: NDArray[np.unsignedinteger] | Any
    error_bound: float
    discount: float
    models: tuple[TabularMDP, ...] = field(repr=False)
    minimise: bool = False

    def __post_init__(self) -> None:
        """Close the arrays for writing."""
        for tables in (self.values, self.actions):
            for table in tables if isinstance(tables, tuple) else (tables,):
                table.setflags(write=False)

    @property
    def model(self) -> TabularMDP:
        """The model of the first step."""
        return self.models[0]

    @property
    def horizon(self) -> int:
        """Number of steps H."""
        return len(self.actions)

    def policy_at(self, step: int) -> TabularPolicy:
        """The policy of step t = 0, ..., H-1.

        Raises:
            InvalidOptionError: There is no such step.
        """
        model = self.models[self._checked(step)]
        return TabularPolicy.from_actions(self.actions[step], model.num_actions).on_states(model.states)

    def action_values(self, step: int) -> NDArray[np.float64]:
        """(S, A) Q_t(s,a) of step t: the reward of an action now, plus the later rewards of the best actions after it.

        -inf (or, where costs are minimised, +inf) for actions that do not exist, or lead to an impossible end.

        Raises:
            InvalidOptionError: There is no such step.

        >>> from planners import backward_induction
        >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
        >>> backward_induction(stay_or_stop, horizon=4).action_values(0)
        array([[6., 3.]])
        """
        step = self._checked(step)
        stages, after = self._maximised(), self.values[step + 1]
        onward = stages.onward(step, negative(after) if self.minimise else after)
        found = backup(stages.models[step], onward, self.discount)
        return sealed(negative(found) if self.minimise else found)

    def optimal_actions(self, step: int) -> NDArray[np.bool_]:
        """(S, A) True for every action that can be optimal at step t within the error bound, all ties included.

        Raises:
            InvalidOptionError: There is no such step.
        """
        step = self._checked(step)
        stages, sign = self._maximised(), -1.0 if self.minimise else 1.0
        upper = stages.onward(step, sign * self.values[step + 1] + self.error_bound)
        return sealed(
            possible_actions(stages.models[step], sign * self.values[step] - self.error_bound, upper, self.discount)
        )

    def value(self, state: Any, step: int = 0) -> float:
        """V_t of a state, by its name or number.

        Raises:
            InvalidPolicyError: There is no such state.
            InvalidOptionError: There is no such step; the last one is H, when the steps are over.
        """
        if not (isinstance(step, int) and step == self.horizon):
            step = self._checked(step)
        model = self.models[min(step, self.horizon - 1)]
        return float(self.values[step][state_of(state, model.states, len(self.values[step]))])

    def action(self, state: Any, step: int = 0) -> Any:
        """The action in a state at step t: its name or, where actions have none, its number.

        Raises:
            InvalidPolicyError: There is no such state.
            InvalidOptionError: There is no such step.
        """
        model = self.models[self._checked(step)]
        return _action_name(model, self.actions[step][state_of(state, model.states, len(self.actions[step]))])

    def table(self) -> Table:
        """Each step and state with its action and value; `print` it, `to_csv(path)`, `to_pandas()`."""
        sizes = np.array([len(actions) for actions in self.actions])
        ends = np.cumsum(sizes)

        def row(number: int) -> tuple[Any, ...]:
            step = int(np.searchsorted(ends, number, side="right"))
            state, model = number - int(ends[step] - sizes[step]), self.models[step]
            known = isinstance(model.states, StateNames)
            name = model.states.keys[state] if known else state  # pyright: ignore[reportOptionalMemberAccess]
            return step, name, _action_name(model, self.actions[step][state]), float(self.values[step][state])

        return Table(("step", "state", "action", "value"), int(ends[-1]), row)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the plan to a file named exactly `path`, for `planners.load_plan`: npz, versioned, no pickle.

        Raises:
            OSError: It cannot be written; an older file of that name is then unchanged.
        """
        from planners.plans.save import save_finite_plan

        save_finite_plan(self, path)

    def agent(self) -> "StepCounter":
        """An agent that follows the plan and counts the steps; `rollout` takes the plan itself, too."""
        return StepCounter(self)

    def _checked(self, step: Any) -> int:
        if isinstance(step, bool) or not isinstance(step, int | np.integer) or not 0 <= step < self.horizon:
            raise InvalidOptionError(f"step is {step!r:.80}; expected 0 to {self.horizon - 1}")
        return int(step)

    def _maximised(self) -> Stages:
        stages = Stages(self.models)
        return stages.negated() if self.minimise else stages

    def __repr__(self) -> str:
        """Sizes in one line."""
        sizes = sorted({len(values) for values in self.values})
        states = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
        return (
            f"FinitePlan({self.horizon} steps, {states} states, discount {self.discount:.15g}, "
            f"error bound {self.error_bound:.3g}{', minimised' if self.minimise else ''})"
        )


def _action_name(model: TabularMDP, action: Any) -> Any:
    names = getattr(model, "actions", None)
    return int(action) if names is None else names[int(action)]


class StepCounter:
    """An `Agent` that follows a `FinitePlan` from step 0, which `reset` goes back to.

    >>> from planners import backward_induction
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> agent = backward_induction(stay_or_stop, horizon=3).agent()
    >>> [agent.act(0) for _ in range(3)]
    [0, 0, 1]
    """

    plan: FinitePlan

    def __init__(self, plan: FinitePlan) -> None:
        """Stand before the first step."""
        self.plan, self.step = plan, 0

    @property
    def states(self) -> StateNames | ForgottenNames | None:
        """What the states are called at this step."""
        return self.plan.models[min(self.step, self.plan.horizon - 1)].states

    def reset(self) -> None:
        """A new episode begins: back to step 0."""
        self.step: int = 0

    def act(self, observation: Any) -> int:
        """The best action in state `observation` with the steps that are left; counts one step.

        Raises:
            InvalidOptionError: The plan's steps are over.
            InvalidPolicyError: `observation` is not a state of the plan.
        """
        if self.step >= self.plan.horizon:
            raise InvalidOptionError(
                f"the plan is for {self.plan.horizon} steps, and they are over. Call reset() when an episode begins; "
                f"where episodes can be longer, plan for more steps, or cut them off: max_steps={self.plan.horizon}"
            )
        actions = self.plan.actions[self.step]
        state = state_of(observation, self.states, len(actions))
        self.step += 1
        return int(actions[state])
