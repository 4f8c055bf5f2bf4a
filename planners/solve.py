"""One call for any model: `solve` chooses the method, and says why."""

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from inspect import unwrap
from typing import Any, Final

from planners.equations.linear_systems import DENSE_LIMIT
from planners.errors import InvalidOptionError
from planners.gpu.solving import is_device, solve_on_device
from planners.iteration.direction import in_direction
from planners.iteration.loop import finish
from planners.iteration.progress import Progress
from planners.methods.gauss_seidel import gauss_seidel
from planners.methods.linear_program import linear_program
from planners.methods.modified_policy_iteration import modified_policy_iteration
from planners.methods.policy_iteration import policy_iteration
from planners.methods.value_iteration import value_iteration
from planners.models.convert import Model, as_model
from planners.models.moves import MoveMDP
from planners.options import check_discount, check_run, check_tolerance
from planners.plans.plan import Plan
from planners.sweeps.variants import Variant

METHODS: Final[dict[str, Callable[..., Plan]]] = {
    "policy_iteration": policy_iteration,
    "value_iteration": value_iteration,
    "gauss_seidel": gauss_seidel,
    "modified_policy_iteration": modified_policy_iteration,
    "linear_program": linear_program,
}
LINEAR_SOLVE_LIMIT: Final = 10_000
LONGEST_LOCAL_ROW: Final = 16


def solve(
    model: Any,
    *,
    discount: float,
    method: str = "auto",
    tolerance: float = 1e-6,
    device: Any = None,
    progress: Progress = False,
    throw: bool = True,
    distributed: bool = False,
    minimise: bool = False,
    **options: Any,
) -> Plan:
    """Optimal values and policy, with proven bounds, by the method that suits the model.

    Args:
        model: A `TabularMDP`, a `MoveMDP`, or a Gymnasium environment with `mdp` or a toy_text `P`.
        discount: 0 to 1. At 1, states where every policy may pay for ever get the value -inf.
        method: "auto", "policy_iteration", "value_iteration", "gauss_seidel", "modified_policy_iteration" or
            "linear_program".
        tolerance: Largest error of the values, in units of reward.
        device: None or "cpu"; or "cuda", "cuda:1", ... for a GPU, by PyTorch: then by value iteration along the
            front, in float32, with the same proof. "torch:cpu" runs that code on the CPU.
        progress: True for a progress bar, or a function to call with each `Moment`, an `Iteration` with values.
        throw: Raise when the tolerance is not reached, at once if it cannot be; False: return the best plan there
            is, with its status.
        distributed: Share the work among the processes of the initialised group of torch.distributed, each of
            which calls this and gets the whole plan. Below discount 1, by ordered Gauss-Seidel sweeps in parts.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.
        **options: Passed on to the method, for instance `max_iterations` or `seed`.

    Returns:
        A `Plan`; `plan.method` says what was chosen and why.

    Raises:
        InvalidOptionError: An unknown method, a discount outside [0, 1], a tolerance that is not positive, a
            device that is not there.
        InvalidModelError: No model, or not an MDP.
        UnboundedValueError: At discount 1 reward can be collected for ever; `throw=False` gives inf there.
        NotConvergedError: See `throw`.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> solve(stay_or_stop, discount=0.5).policy.act(0)
    1
    >>> solve(stay_or_stop, discount=0.8, minimise=True).values  # the least cost is to stop at once
    array([3.])
    """
    name = method.replace("-", "_") if isinstance(method, str) else ""
    if name != "auto" and name not in METHODS:
        near = get_close_matches(name, METHODS, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidOptionError(f"method is {method!r}; expected 'auto', {', '.join(map(repr, METHODS))}{hint}")
    if distributed:
        if name not in ("auto", "gauss_seidel"):
            raise InvalidOptionError(f"method is {method!r}; with distributed=True expected 'auto' or 'gauss_seidel'")
        from planners.distributed.solving import solve_together

        options |= {"tolerance": tolerance, "progress": progress, "throw": throw, "minimise": minimise}
        return solve_together(model, discount=discount, **options)
    if is_device(device) and name not in ("auto", "value_iteration"):
        raise InvalidOptionError(f"method {method!r} runs on the CPU only; leave out method, or device={device!r}")
    options |= {"tolerance": tolerance, "progress": progress, "throw": throw}
    plan = in_direction(_plan, model, minimise=minimise, discount=discount, name=name, device=device, **options)
    return finish(plan, throw=throw)


def _plan(model: Any, *, discount: float, name: str, device: Any, throw: bool, **options: Any) -> Plan:
    """The plan that maximises, converged or not."""
    source = as_model(model)
    if is_device(device):
        member = Variant(source, check_discount(discount))
        check_run(options.get("max_iterations", 1), options["progress"], throw)
        options["tolerance"] = check_tolerance(options["tolerance"])
        (plan,) = solve_on_device([member], device, **options)
        return plan
    why = ""
    if name == "auto":
        name, why = choose(source)
        if name == "policy_iteration":
            options.setdefault("start", "sweeps")
    plan = unwrap(METHODS[name])(source, discount=discount, throw=throw, **options)
    return replace(plan, method=f"{plan.method} (chosen for {why})") if why else plan


def choose(model: Model) -> tuple[str, str]:
    """The method for a model, and the reason.

    A few states, or some more that each lead to a few others: linear solves are exact and take no
    compilation. Many, in which episodes end: ordered Gauss-Seidel, which takes a number of sweeps that
    hardly grows. Many others: modified policy iteration.
    """
    size = f"{model.num_states} states"
    local = model.longest_row <= LONGEST_LOCAL_ROW
    if model.num_states <= (LINEAR_SOLVE_LIMIT if local else DENSE_LIMIT):
        return "policy_iteration", f"{size}: few enough for exact linear solves"
    ends = model.outcome_ends.any() if isinstance(model, MoveMDP) else (model.termination > 0).any()
    if ends and local:
        return "gauss_seidel", f"{size} in which episodes end: sweeps can follow the values outwards"
    why = "no end to start from" if local else "too entangled for an order of sweeps"
    return "modified_policy_iteration", f"{size}: too many for linear solves, and {why}"
