"""Backward induction: the best policy for a given number of steps, which depends on the steps that are left.

    V_H(s) = final_values(s)
    V_t(s) = max over a of  r(s,a) + discount * sum over s' of P(s'|s,a) V_{t+1}(s')        t = H-1, ..., 0

A limit of steps (Gymnasium's `TimeLimit`) needs this method: near the end, other actions can be optimal than without a
limit. The state after the last step is worth `final_values`, 0 by default; if the episode has ended before, nothing
more is earned. Each step may have a model of its own: r_t, P_t.

Source: Puterman (2005), Section 4.5; Bellman (1957).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_switch
from planners.equations.from_model import make_problem
from planners.equations.problem import Problem
from planners.models.convert import ModelLike, as_model
from planners.models.negated import negative
from planners.models.pair_discounts import RELATIVE, folded, is_per_pair
from planners.models.stages import FinalValues, Stages
from planners.models.stages import final_values as worth_at_end
from planners.models.state_names import errors_in_names
from planners.options import check_discount
from planners.plans.finite_plan import FinitePlan


@errors_in_names
def backward_induction(
    model: ModelLike | Sequence[ModelLike],
    *,
    horizon: int | None = None,
    discount: float | NDArray[np.float64] = 1.0,
    final_values: FinalValues = None,
    minimise: bool = False,
) -> FinitePlan:
    """Optimal values and actions for each number of steps, from the last one back.

    Args:
        model: A model of S states, or an environment that has one; or a list of H of them, one for each step. They may
            differ in everything. A state of one is the state of the same name in the next or, where states have no
            names, of the same number.
        horizon: Number of steps H, at least 1; with a list of models it may be left out.
        discount: 0 to 1, or (S, A) of them; 1 is as good as any here, as the number of steps is finite.
        final_values: (S,) worth of being in each state when the steps are over; a function of a state, or of its name;
            or a dictionary by states or names, where the others are worth 0; None: 0. -inf, or +inf with
            `minimise=True`, where the steps must not end: an action that may lead there is never taken if there is
            another way. Final values are earned only if the episode still goes on, and so not on entering a state that
            ends it; the worth of such a state is a reward of the transition. A function is not called for it; a
            dictionary that names such a state is refused.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Returns:
        A `FinitePlan`.

    Raises:
        InvalidModelError: No model, not an MDP, or one that leads to a state that the next one does not have.
        InvalidOptionError: A horizon below 1, or final values of another shape, of unknown states or not numbers.
        NotEnoughMemoryError: (H + 1) S values do not fit.

    Cost: H Bellman backups.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> backward_induction(stay_or_stop, horizon=4).values.T  # stop with the last step: 1 + 1 + 1 + 3
    array([[6., 5., 4., 3., 0.]])
    >>> twice = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 2.0, False)]}})
    >>> backward_induction([stay_or_stop, twice]).values.T
    array([[3., 2., 0.]])
    """
    if is_per_pair(discount):
        mdp, rate = folded(as_model(model).tabular, discount)  # pyright: ignore[reportArgumentType] - refuses lists
        plan = backward_induction(mdp, horizon=horizon, discount=rate, final_values=final_values, minimise=minimise)
        largest = float(np.abs(plan.values[np.isfinite(plan.values)]).max(initial=0.0))
        off = 2.0 * RELATIVE * largest * plan.horizon  # what the folded probabilities are rounded by, in each step
        return replace(plan, error_bound=float(np.nextafter(plan.error_bound + off, np.inf)))
    stages = Stages.of(model, horizon)
    least = check_switch("minimise", minimise)
    ending = worth_at_end(final_values, stages.models[-1], np.inf if least else -np.inf)
    if not least:
        return _plan(stages, check_discount(discount), ending)
    plan = _plan(stages.negated(), check_discount(discount), negative(ending))
    values = plan.values
    turned = tuple(map(negative, values)) if isinstance(values, tuple) else negative(values)
    return replace(plan, values=turned, models=stages.models, minimise=True)


def _plan(stages: Stages, discount: float, ending: NDArray[np.float64]) -> FinitePlan:
    """The plan that maximises."""
    horizon, (states, dtype) = len(stages), (stages.models[0].num_states, stages.action_type)
    values: Any = np.empty((horizon + 1, states)) if stages.alike else [ending] * (horizon + 1)
    actions: Any = np.empty((horizon, states), dtype=dtype) if stages.alike else [ending] * horizon
    values[horizon] = ending
    problems: dict[int, Problem] = {}
    error = furthest = 0.0
    for step in range(horizon - 1, -1, -1):
        model = stages.models[step]
        if id(model) not in problems:
            # at discount 1 too the equations are those of the model's own states: nothing can go on for ever
            problems[id(model)] = replace(make_problem(model, 0.0), discount=discount)
        problem = problems[id(model)]
        onward = stages.onward(step, values[step + 1])
        action_values = _action_values(problem, onward)
        rows = problem.greedy(action_values)
        values[step], actions[step] = action_values[rows], (problem.row_pair[rows] % model.num_actions).astype(dtype)
        error = discount * error * (1.0 + 1e-9) + _backup_error(problem, onward, action_values, rows)
        furthest = max(furthest, error)
    if not stages.alike:
        values, actions = tuple(values), tuple(actions)
    return FinitePlan(values, actions, float(np.nextafter(furthest, np.inf)), discount, stages.models)


def _action_values(problem: Problem, onward: NDArray[np.float64]) -> NDArray[np.float64]:
    """(L,) r + discount P V; -inf, exactly, where what is impossible may follow."""
    possible = np.isfinite(onward)
    if possible.all():
        return problem.action_values(onward)
    found = problem.action_values(np.where(possible, onward, 0.0))
    if problem.discount > 0:
        found[problem.transitions @ (~possible).astype(np.float64) > 0] = -np.inf
    return found


def _backup_error(
    problem: Problem, onward: NDArray[np.float64], action_values: NDArray[np.float64], rows: NDArray[np.int64]
) -> float:
    """Most that one backup is off by in any state: what some row may be worth beyond the best, or the best less."""
    rounding, best = problem.sharp_rounding(np.where(np.isfinite(onward), onward, 0.0)), action_values[rows]
    possible = np.isfinite(best)
    beyond = np.subtract(problem.maximise(action_values + rounding), best, out=np.zeros(len(best)), where=possible)
    return float(np.where(possible, np.maximum(beyond, rounding[rows]), 0.0).max()) * (1.0 + 1e-9)
