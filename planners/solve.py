"""One call for any model: `solve` chooses the method, and says why."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from inspect import signature, unwrap
from typing import Any, Final, Literal, overload

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arguments import check_switch
from planners.equations.linear_systems import DENSE_LIMIT, is_entangled, is_strip
from planners.equations.policy_ends import SMALL
from planners.errors import InvalidOptionError
from planners.games.game_plan import GamePlan
from planners.games.markov_game import MarkovGame
from planners.games.solving import solve_game
from planners.gpu.solving import is_device, solve_on_device
from planners.interval.interval_mdp import IntervalMDP
from planners.interval.interval_plan import IntervalPlan
from planners.interval.within_bounds import finish_within_bounds, plan_within_bounds
from planners.iteration.direction import in_direction
from planners.iteration.last_proof import proven_further
from planners.iteration.loop import finish
from planners.iteration.progress import Progress
from planners.methods.exact_policy_iteration import exact_plan
from planners.methods.gauss_seidel import gauss_seidel, sweep_for_a_while
from planners.methods.linear_program import linear_program
from planners.methods.modified_policy_iteration import modified_policy_iteration
from planners.methods.policy_iteration import DIRECT_LIMIT, policy_iteration
from planners.methods.soft_policy_iteration import soft_policy_iteration
from planners.methods.value_iteration import value_iteration
from planners.models.convert import Model, ModelLike, as_model
from planners.models.moves import MoveMDP
from planners.models.pairs import PairMDP
from planners.models.state_names import errors_in_names
from planners.models.tabular import TabularMDP
from planners.options import (
    BY_DEFAULT,
    Tolerance,
    check_discount,
    check_run,
    check_tolerances,
    refuse_unknown,
)
from planners.plans.constrained_plan import ConstrainedPlan
from planners.plans.exact_plan import ExactPlan
from planners.plans.plan import Plan, Status
from planners.plans.soft_plan import SoftPlan
from planners.refining import refined, unspoilt
from planners.sweeps.variants import Variant
from planners.tradeoffs.constrained import solve_within

METHODS: Final[dict[str, Callable[..., Plan]]] = {
    "policy_iteration": policy_iteration,
    "value_iteration": value_iteration,
    "gauss_seidel": gauss_seidel,
    "modified_policy_iteration": modified_policy_iteration,
    "linear_program": linear_program,
}
EVERY_METHOD: Final = ("discount", "tolerance", "progress", "throw")
LONGEST_LOCAL_ROW: Final = 16  # of a model too large to look at its graph, or worth looking for ways back
# what the first method may use before policy iteration goes on from its values; measured by benchmarks/no_cliff.py
PATIENCE: Final[dict[str, dict[str, int]]] = {
    "gauss_seidel": {"max_sweeps": 120},
    "modified_policy_iteration": {"max_iterations": 40},
}


@overload
def solve(model: IntervalMDP, *, discount: float, **options: Any) -> IntervalPlan: ...


@overload
def solve(model: MarkovGame, *, discount: float, **options: Any) -> GamePlan: ...


@overload
def solve(model: ModelLike, *, discount: Any, exact: Literal[True], **options: Any) -> ExactPlan: ...


@overload
def solve(model: ModelLike, *, discount: float, temperature: float, **options: Any) -> SoftPlan: ...


@overload
def solve(  # pyright: ignore[reportOverlappingOverload] - the options below hold no at_most
    model: ModelLike, *, discount: float, at_most: Mapping[Any, Any], **options: Any
) -> ConstrainedPlan: ...


@overload
def solve(model: ModelLike, *, discount: float | NDArray[np.float64], **options: Any) -> Plan: ...


@errors_in_names
def solve(
    model: ModelLike | IntervalMDP | MarkovGame,
    *,
    discount: float | NDArray[np.float64],
    method: str = "auto",
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    device: Any = None,
    progress: Progress = False,
    throw: bool = True,
    distributed: bool = False,
    minimise: bool = False,
    temperature: float | None = None,
    at_most: Mapping[Any, Any] | None = None,
    exact: bool = False,
    **options: Any,
) -> Plan | ConstrainedPlan | ExactPlan:
    """Optimal values and policy, with proven bounds, by the method that suits the model.

    Args:
        model: A `TabularMDP`, a `MoveMDP`, or a Gymnasium environment with `mdp` or a toy_text `P`; or an
            `IntervalMDP`, for an `IntervalPlan`, which holds for every model within its bounds; or a `MarkovGame`, for
            a `GamePlan` of both players (`method=`: "newton", "policy_iteration" or "value_iteration").
        discount: 0 to 1. At 1, states where every policy may pay for ever get the value -inf. Or (S, A) of them, one
            for each pair (a semi-Markov model), but not with `distributed`; the plan's model then ends episodes instead
            of discounting.
        method: "auto", "policy_iteration", "value_iteration", "gauss_seidel", "modified_policy_iteration" or
            "linear_program".
        tolerance: Largest error of any value, in units of reward; a value that float64 cannot prove is refused.
        relative_tolerance: The same as a fraction of the largest |V|. If both are given, the larger error is allowed;
            if neither is given, 1e-6 of the largest |V|.
        device: None or "cpu"; or "cuda", "cuda:1", ... for a GPU, by PyTorch: then by value iteration along the
            front, in float32, with the same proof. "torch:cpu" runs that code on the CPU.
        progress: True for a progress bar, or a function to call with each `Moment`, an `Iteration` with values.
        throw: Raise when the tolerance is not reached, as soon as it is known; False: return the best plan there
            is, with its status.
        distributed: Share the work among the processes of the initialised group of torch.distributed, each of
            which calls this and gets the whole plan. Below discount 1, by ordered Gauss-Seidel sweeps in parts.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.
        temperature: None: reward alone counts. Above 0: the most reward plus temperature times entropy, by a policy
            that draws its actions, as a `SoftPlan`; `reference=`, a policy, to count minus the relative entropy to it.
            Below discount 1.
        at_most: None, or bounds: the best policy whose costs, from where episodes begin, are within them, as a
            `ConstrainedPlan`. A dictionary such as {"pit": 0.05, "fuel": (costs, 12.0)}, from a label, a state or
            (row, column) on a map, to the most of its expected discounted number of entries from outside; or from any
            name to a pair of costs, or states, and a bound: costs are arrays (S,), (S, A) or (S, A, S'), states as of
            `reachability`. At discount 1 the number of entries is a probability where the episode ends there, and never
            less than that of ever coming there. `start=`: where episodes begin, as for `planners.visits`.
        exact: True: V* in fractions, proven without floats, as an `ExactPlan`. A float is read as its exact fraction,
            rows are scaled to sum to 1, and `discount` may be a `Fraction`. `start=`: a plan to go on from.
        **options: Passed on to the method, for instance `max_iterations` or `seed`.

    Returns:
        A `Plan`; `plan.method` says what was chosen and why.

    Raises:
        InvalidOptionError: An unknown method, a discount outside [0, 1], a tolerance that is not positive, a
            device that is not there.
        InvalidModelError: No model, or not an MDP.
        UnboundedValueError: At discount 1 reward can be collected for ever; `throw=False` gives inf there.
        NotConvergedError: See `throw`.
        InfeasibleBoundsError: No policy keeps the bounds of `at_most`.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> solve(stay_or_stop, discount=0.5).policy.act(0)
    1
    >>> solve(stay_or_stop, discount=0.8, minimise=True).values  # the least cost is to stop at once
    array([3.])
    """
    wanted = check_tolerances(tolerance, relative_tolerance)
    shared: dict[str, Any] = {"tolerance": wanted, "progress": progress, "throw": throw, "minimise": minimise}
    others = {"device": device, "distributed": distributed, "temperature": temperature, "at_most": at_most}
    if check_switch("exact", exact):
        return exact_plan(model, discount, partial(solve, method=method, **shared, **options), others, throw)
    if isinstance(model, MarkovGame):
        return solve_game(model, discount=discount, method=method, **shared, **options, **others)
    name = _name_of(method, device)
    if at_most is not None:
        elsewhere = is_device(device) or distributed or temperature is not None
        return _constrained(model, at_most, name, elsewhere, discount=discount, **shared, **options)
    if temperature is not None:
        return _soft(model, name, device, distributed, discount=discount, temperature=temperature, **shared, **options)
    if isinstance(model, IntervalMDP):
        return _within_all(model, name, device, distributed, discount, shared, options)
    if wanted is not BY_DEFAULT:
        options["tolerance"] = wanted if wanted.relative else tolerance
    options |= {"discount": discount, "progress": progress, "throw": throw}
    if check_switch("distributed", distributed):
        return _together(model, method, name, minimise=minimise, **options)
    plan = in_direction(_plan, model, minimise=minimise, last_proof=False, name=name, device=device, **options)
    return finish(plan, throw=throw)


def _together(model: Any, method: str, name: str, **options: Any) -> Plan:
    """The plan by the processes of a group."""
    if name not in ("auto", "gauss_seidel"):
        raise InvalidOptionError(f"method is {method!r}; with distributed=True expected 'auto' or 'gauss_seidel'")
    from planners.distributed.solving import solve_together

    return solve_together(model, **options)


def _within_all(
    model: IntervalMDP, name: str, device: Any, distributed: bool, discount: Any, shared: Any, options: Any
) -> IntervalPlan:
    """The plan for all models within bounds."""
    if distributed:
        raise InvalidOptionError("distributed=True needs a known model; plan on an IntervalMDP in one process")
    within = {limit: options.pop(limit) for limit in ("max_iterations",) if limit in options}
    plan_of = partial(plan_known, discount=discount, name=name, device=device, **options)
    plan = plan_within_bounds(model, plan_of, discount=check_discount(discount), **shared, **within)
    return finish_within_bounds(plan, shared["throw"])


def _constrained(model: Any, at_most: Any, name: str, elsewhere: bool, **options: Any) -> ConstrainedPlan:
    """The best policy within bounds, in this process, for models that are known."""
    if isinstance(model, IntervalMDP) or elsewhere:
        raise InvalidOptionError(
            "at_most= is planned in this process, on a model that is known; leave out device, distributed, temperature"
        )
    known = [*signature(solve_within).parameters]
    if not options.keys() <= set(known):
        refuse_unknown(options, [*known, "method"], "solve", " with at_most=")
    return solve_within(model, at_most, plan_of=partial(plan_known, name=name), **options)


def _soft(model: Any, name: str, device: Any, distributed: bool, **options: Any) -> SoftPlan:
    """The plan with a temperature; it has one method, in this process, for models that are known."""
    if isinstance(model, IntervalMDP) or name != "auto" or is_device(device) or distributed:
        found = "temperature= is planned by soft policy iteration, in this process, on a model that is known"
        raise InvalidOptionError(f"{found}; leave out method, device and distributed")
    known = [*signature(soft_policy_iteration).parameters]
    if not options.keys() <= set(known):
        refuse_unknown(options, known, "soft policy iteration")
    return soft_policy_iteration(model, **options)


def _name_of(method: Any, device: Any) -> str:
    """The key of a method in `METHODS`, or "auto"; hyphens are as good as underscores."""
    name = method.replace("-", "_") if isinstance(method, str) else ""
    if name != "auto" and name not in METHODS:
        near = get_close_matches(name, METHODS, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidOptionError(f"method is {method!r}; expected 'auto', {', '.join(map(repr, METHODS))}{hint}")
    if is_device(device) and name not in ("auto", "value_iteration"):
        raise InvalidOptionError(f"method {method!r} runs on the CPU only; leave out method, or device={device!r}")
    return name


def plan_known(model: Any, *, start: Any = None, name: str = "auto", device: Any = None, **options: Any) -> Plan:
    """The plan of one model among those of an `IntervalMDP`, converged or not."""
    if start is not None and name != "linear_program" and not is_device(device):
        options["start"] = start
    return _plan(model, name=name, device=device, progress=False, throw=False, **options)


def _plan(model: Any, *, discount: float, name: str, device: Any, throw: bool, **options: Any) -> Plan:
    """The plan that maximises, converged or not."""
    source = as_model(model)
    if is_device(device):
        member = Variant(source, check_discount(discount))
        check_run(options.get("max_iterations", 1), options["progress"], throw)
        options["tolerance"] = check_tolerances(options.get("tolerance", BY_DEFAULT))
        (plan,) = solve_on_device([member], device, **options)
        return proven_further(plan)
    options.update(discount=discount, throw=throw)
    plan = _by_suitable_method(source, dict(options)) if name == "auto" else proven_further(_run(name, source, options))
    found = None if plan.status in (Status.CONVERGED, Status.INTERRUPTED) else unspoilt(plan)
    if found is None:
        return plan
    part, rest = found
    kept = {option: options[option] for option in ("tolerance",) if option in options}
    again = _plan(part, discount=discount, name="auto", device=None, throw=False, progress=False, **kept)
    return refined(plan, again, rest)


def _by_suitable_method(model: Model, options: dict[str, Any]) -> Plan:
    """The plan of the method that suits; if that takes longer than expected, policy iteration goes on from there.

    Where rounding keeps it from proving the tolerance, linear systems of what differs between states have an attempt
    (`planners.iteration.last_proof`). Then sweeps in order go on: they know what a state earns that can never leave,
    and prove more where every step costs.
    """
    name, why = choose(model, check_discount(options["discount"]))
    patience = PATIENCE.get(name, {})
    if model.num_states > DIRECT_LIMIT or "max_iterations" in options or "max_sweeps" in options:
        patience = {}
    _check_options(name, options)
    if name == "policy_iteration":
        options.setdefault("start", "sweeps")
    method = unwrap(METHODS[name])
    if patience and method is unwrap(gauss_seidel):
        method = sweep_for_a_while
    plan = method(model, **options, **patience)
    limits = {option: options[option] for option in ("max_iterations",) if option in options}
    options = {option: options[option] for option in EVERY_METHOD if option in options}
    plan = proven_further(plan)
    if plan.status is Status.ROUNDING_FLOOR and name != "gauss_seidel":
        start = plan if plan.discount < 1.0 else None  # at 1 nothing may be known of some values
        after = unwrap(gauss_seidel)(model, start=start, **options, **limits, **PATIENCE["gauss_seidel"])
        if after.error_bound < plan.error_bound:
            found = proven_further(after)
            return replace(found, method=f"{found.method} (by rounding {plan.method}, chosen for {why}, proves less)")
    if not patience or plan.status is not Status.ITERATION_LIMIT:
        return replace(plan, method=f"{plan.method} (chosen for {why})")
    after = proven_further(unwrap(policy_iteration)(model, start=_start_after(plan), **options))
    return replace(
        after,
        method=f"{after.method} (chosen for {why}; had not settled in {next(iter(patience.values()))})",
    )


def _run(name: str, model: Model, options: dict[str, Any]) -> Plan:
    """The plan of one method."""
    _check_options(name, options)
    return unwrap(METHODS[name])(model, **options)


def _check_options(name: str, options: dict[str, Any]) -> None:
    """`InvalidOptionError` for an option that the method does not have."""
    further = [option for option in options if option not in EVERY_METHOD]
    if not further:
        return
    known = signature(unwrap(METHODS[name])).parameters
    if any(option.kind is option.VAR_KEYWORD for option in known.values()):
        return
    refuse_unknown(further, known, "solve", f", nor has its method {name}")


def _start_after(plan: Plan) -> Plan | NDArray[np.float64]:
    """The plan to go on from; where it is not proven, so that its policy is any policy, (S,) values of it."""
    if np.isfinite(plan.error_bound):
        return plan
    finite = np.isfinite(plan.values)
    return np.where(finite, plan.values, plan.values[finite].min(initial=0.0))


def choose(model: Model, discount: float) -> tuple[str, str]:
    """The method for a model, and the reason.

    A few states, more that lead to the next ones only, or from which no episode ends and that lead to a few near
    ones: linear solves are exact and take no compilation. Near ones, and episodes end: ordered Gauss-Seidel, which
    takes a number of sweeps that hardly grows; so too where hardly a state can be reached again, as in the model of a
    protocol that takes its course. Other states that lead all over the model: modified policy iteration, or, without a
    discount, linear solves again, by products with the matrix. Too many states for these: modified policy iteration.
    """
    size = f"{model.num_states} states"
    if model.num_states > SMALL and _is_strip(model, discount):
        return "policy_iteration", f"{size} that lead to the next ones, as along a line: linear solves are cheap"
    entangled = _is_entangled(model)
    if model.num_states <= (DENSE_LIMIT if entangled else SMALL):
        return "policy_iteration", f"{size}: few enough for exact linear solves"
    ends = model.outcome_ends.any() if isinstance(model, MoveMDP) else (model.termination > 0).any()
    if entangled and ends and model.num_states <= DIRECT_LIMIT and _hardly_leads_back(model):
        return "gauss_seidel", f"{size}, of which hardly one can be reached again: a sweep knows the next values"
    if entangled:
        if discount == 1.0 and model.num_states <= DIRECT_LIMIT:
            return "policy_iteration", f"{size} that lead all over the model, without a discount: linear solves"
        return "modified_policy_iteration", f"{size} that lead all over the model: too entangled for an order of sweeps"
    if ends:
        return "gauss_seidel", f"{size} in which episodes end: sweeps can follow the values outwards"
    if model.num_states <= DIRECT_LIMIT:
        return "policy_iteration", f"{size} that lead to near ones, and no end to start from: linear solves are cheap"
    return "modified_policy_iteration", f"{size}: too many for linear solves, and no end to start from"


def _is_strip(model: Model, discount: float) -> bool:
    """Whether linear solves take next to no time; below discount 1 a `MoveMDP` would have to be made tabular first."""
    return (isinstance(model, TabularMDP) or discount == 1.0) and is_strip(*_leads_to(model))


def _is_entangled(model: Model) -> bool:
    """Whether one state leads to states all over the model; see `planners.equations.linear_systems`."""
    count = model.num_states
    if count <= DENSE_LIMIT:
        return False
    if count > DIRECT_LIMIT:
        return model.longest_row > LONGEST_LOCAL_ROW
    return is_entangled(*_leads_to(model))


def _hardly_leads_back(model: Model) -> bool:
    """Whether no more than a hundredth of the states can be reached from each other."""
    if model.longest_row > LONGEST_LOCAL_ROW:  # such models lead back, and to ask would take time
        return False
    from scipy.sparse.csgraph import connected_components

    (columns, ends), count = _leads_to(model), model.num_states
    graph = sparse.csr_array((np.ones(len(columns), dtype=np.int8), columns, ends), shape=(count, count))
    _, label = connected_components(graph, directed=True, connection="strong")
    return int(np.bincount(label).max()) <= count // 100


def _leads_to(model: Model) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """The states that each state leads to, one state after the other, and (S + 1,) where those of each begin."""
    if isinstance(model, MoveMDP):
        return model.successor.ravel(), model.num_moves * np.arange(model.num_states + 1)
    if isinstance(model, PairMDP):
        return model.transitions.indices, model.transitions.indptr[model.first_row]
    return model.transitions.indices, model.transitions.indptr[:: model.num_actions]
