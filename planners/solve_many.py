"""Many models of one map, solved together: at many discounts, step rewards or slips."""

from collections.abc import Iterable, Sequence
from inspect import signature
from typing import Any, Final

from planners.arguments import check_switch
from planners.gpu.solving import is_device, solve_on_device
from planners.iteration.direction import turned_progress
from planners.iteration.last_proof import proven_further
from planners.iteration.loop import finish, run_iterates
from planners.iteration.progress import Progress
from planners.memory import check_memory
from planners.models.convert import ModelLike
from planners.models.moves import MoveMDP
from planners.models.negated import negated
from planners.options import BY_DEFAULT, Tolerance, check_run, check_tolerances, refuse_unknown
from planners.plans.plan import Plan, Status, opposite
from planners.solve import choose, solve
from planners.sweeps.batch_sweeps import BatchSweeps, make_lead, sibling
from planners.sweeps.rounds import front_bytes, rounds
from planners.sweeps.variants import Variant, groups, read_variants

WIDEST: Final = 16  # models swept at once; measured: more wait for the slowest of them, fewer leave lanes empty
COMPILED_FROM: Final = 50_000  # values of all models; below it, compiling and loading kernels costs more than it saves


def solve_many(
    model: ModelLike | Sequence[ModelLike],
    *,
    discount: float | None = None,
    discounts: Iterable[float] | None = None,
    step_rewards: Iterable[float] | None = None,
    slips: Iterable[float] | None = None,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    device: Any = None,
    max_iterations: int = 100_000,
    progress: Progress = False,
    throw: bool = True,
    minimise: bool = False,
    **unknown: Any,
) -> list[Plan]:
    """A plan for each of many models of one map, each with proven bounds of its own.

    Models that lead from state to state by the same tables are swept together: the tables are read once for
    all of them. Those at discount 1, or of another map, are solved one after the other, with the same result.

    Args:
        model: A `TabularMDP`, a `MoveMDP`, an environment that has one, or a list of k of these.
        discount: The discount of all models, 0 to 1; or instead:
        discounts: k discounts.
        step_rewards: k step rewards, for an environment with `variant`, as `GridWorld-v0` has.
        slips: k slips, likewise. Lists go together like the columns of a table: all have k entries.
        tolerance: As for `solve`, of each model.
        relative_tolerance: As for `solve`, of each model.
        device: As for `solve`.
        max_iterations: As for `gauss_seidel`.
        progress: True for a progress bar, or a function to call with each `Iteration`.
        throw: Raise when the tolerance is not reached; False: return the plans with their status.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.
        **unknown: Refused: there are no other options.

    Returns:
        k plans, in the order of the lists.

    Raises:
        InvalidOptionError: Lists of different lengths, or none; no discount, or two.
        InvalidModelError: No model, or step rewards or slips of something that has none.
        UnboundedValueError: At discount 1 reward can be collected for ever; `throw=False` gives inf there.
        NotConvergedError: See `throw`; it carries the first plan that missed the tolerance.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> [plan.policy.act(0) for plan in solve_many(stay_or_stop, discounts=[0.5, 0.6, 0.7, 0.8])]
    [1, 1, 0, 0]
    """
    refuse_unknown(unknown, [name for name in signature(solve_many).parameters if name != "unknown"], "solve_many")
    wanted = check_tolerances(tolerance, relative_tolerance)
    check_run(max_iterations, progress, throw)
    given = variants = read_variants(model, discount, discounts, step_rewards, slips)
    if check_switch("minimise", minimise):
        progress = turned_progress(progress)
        turned = {id(each.model): negated(each.model) for each in given}  # once each: what is shared stays shared
        variants = [Variant(turned[id(each.model)], each.discount) for each in given]
    plans: dict[int, Plan] = {}
    options = {"tolerance": wanted, "progress": progress}
    for group in groups(variants):
        members = [variants[index] for index in group]
        found = _plans_of(members, device, int(max_iterations), options)
        plans.update(zip(group, found, strict=True))
        if len(plans) < len(variants) and any(plan.status is Status.INTERRUPTED for plan in found):
            raise KeyboardInterrupt
    ordered = [plans[index] for index in range(len(variants))]
    if minimise:
        ordered = [opposite(plan, each.model) for plan, each in zip(ordered, given, strict=True)]
    return [finish(plan, throw=throw) for plan in ordered]


def _plans_of(members: list[Variant], device: Any, max_iterations: int, options: dict[str, Any]) -> list[Plan]:
    """Plans of models that share their tables, converged or not."""
    if is_device(device):
        found = solve_on_device(members, device, max_iterations=max_iterations, **options)
        return [proven_further(plan) for plan in found]
    if can_be_swept(members):
        return sweep_together(members, max_iterations=max_iterations, **options)
    return [solve(each.model, discount=each.discount, throw=False, **options) for each in members]


def can_be_swept(members: Sequence[Variant]) -> bool:
    """Whether models that share their tables are better swept together than solved one by one.

    They are where `solve` would sweep in order as well, and where there are enough values for it.
    """
    first = members[0].model
    if len(members) == 1 or first.num_states * len(members) < COMPILED_FROM:
        return False
    if max(each.discount for each in members) == 1.0:
        return False
    ends = first.outcome_ends.any() if isinstance(first, MoveMDP) else (first.termination > 0).any()
    return bool(ends) and choose(first, max(each.discount for each in members))[0] != "modified_policy_iteration"


def sweep_together(
    members: Sequence[Variant], *, tolerance: float | Tolerance, max_iterations: int, progress: Progress
) -> list[Plan]:
    """Plans of models that share their tables, by ordered Gauss-Seidel sweeps of several at once.

    Those that are swept at once wait for the slowest, so they are chosen alike: by discount, then by rewards.
    """
    first, tolerance = members[0].model, check_tolerances(tolerance)
    needed = front_bytes(first) + (60 * WIDEST + 33 * len(members)) * first.num_states
    check_memory(needed, f"sweeping {len(members)} models of {first.num_states} states", "Pass fewer at once")
    order = sorted(range(len(members)), key=lambda index: _likeness(members[index]))
    lead = make_lead([members[index] for index in order])
    plans: dict[int, Plan] = {}
    for begin in range(0, len(order), WIDEST):
        batch = order[begin : begin + WIDEST]
        sweeps = BatchSweeps([sibling(lead, members[index]) for index in batch])
        plan = run_iterates(
            sweeps,
            rounds(sweeps, tolerance),
            method=f"ordered Gauss-Seidel of {len(batch)} models at once",
            tolerance=tolerance,
            max_iterations=max_iterations,
            progress=progress,
        )
        plans.update(zip(batch, sweeps.split(plan, tolerance), strict=True))
        if plan.status is Status.INTERRUPTED and len(plans) < len(members):
            raise KeyboardInterrupt
    return [proven_further(plans[index]) for index in range(len(members))]


def _likeness(member: Variant) -> tuple[float, float]:
    model = member.model
    return member.discount, float(model.outcome_reward.sum()) if isinstance(model, MoveMDP) else 0.0
