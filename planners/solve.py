"""One call for any model: `solve` chooses the method, and says why."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Final

from planners.errors import InvalidOptionError
from planners.models import as_model
from planners.planner import with_method
from planners.policy_iteration import policy_iteration
from planners.progress import Progress
from planners.result import Plan
from planners.value_iteration import value_iteration

METHODS: Final[dict[str, Callable[..., Plan]]] = {
    "policy_iteration": policy_iteration,
    "value_iteration": value_iteration,
}
LINEAR_SOLVE_LIMIT: Final = 20_000


def solve(
    model: Any,
    *,
    discount: float,
    method: str = "auto",
    tolerance: float = 1e-6,
    progress: Progress = False,
    throw: bool = True,
    **options: Any,
) -> Plan:
    """Optimal values and policy, with proven bounds, by the method that suits the model.

    Args:
        model: A `TabularMDP`, a `MoveMDP`, or a Gymnasium environment with `mdp` or a toy_text `P`.
        discount: 0 to 1. At 1, states from which no policy surely ends the episode get the value -inf.
        method: "auto", "policy_iteration" or "value_iteration".
        tolerance: Largest error of the values, in units of reward.
        progress: True for a progress bar, or a function to call with each `Iteration`.
        throw: Raise when the tolerance is not reached; False: return the plan with its status.
        **options: Passed on to the method, for instance `max_iterations` or `seed`.

    Returns:
        A `Plan`; `plan.method` says what was chosen and why.

    Raises:
        InvalidOptionError: An unknown method, a discount outside [0, 1], a tolerance that is not positive.
        InvalidModelError: No model, or not an MDP.
        UnboundedValueError: At discount 1, reward can be collected for ever.
        NotConvergedError: See `throw`.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> solve(stay_or_stop, discount=0.5).policy.act(0)
    1
    """
    name = method.replace("-", "_")
    if name != "auto" and name not in METHODS:
        near = get_close_matches(name, METHODS, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidOptionError(f"method is {method!r}; expected 'auto', {', '.join(map(repr, METHODS))}{hint}")
    source = as_model(model)
    why = ""
    if name == "auto":
        small = source.num_states <= LINEAR_SOLVE_LIMIT
        name = "policy_iteration" if small else "value_iteration"
        size = f"{source.num_states} states"
        why = f"{size}: few enough for exact linear solves" if small else f"{size}: too many for linear solves"
    plan = METHODS[name](source, discount=discount, tolerance=tolerance, progress=progress, throw=False, **options)
    return with_method(plan, f"{plan.method} (chosen for {why})" if why else plan.method, throw=throw)
