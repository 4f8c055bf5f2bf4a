"""What every planner promises, checked on small models: for whoever writes a new one.

    from planners.checks import check_planner
    check_planner(my_planner)

The models are written in fractions of powers of two, which float64 holds exactly, and their answers are computed in
fractions: every deterministic policy is solved by elimination. So a bound that is wrong by a rounding is found.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from fractions import Fraction
from io import StringIO
from itertools import product
from typing import Any, Final, NamedTuple

from planners.errors import InvalidModelError, InvalidOptionError, UnboundedValueError
from planners.models.tabular import TabularMDP
from planners.options import BY_DEFAULT
from planners.plans.plan import NotConvergedError, Plan, Status

Planner = Callable[..., Plan]
Tables = dict[int, dict[int, list[tuple[float, int, float, bool]]]]

MOST_REPORTS: Final = 1_000_000  # after which a planner is taken for one that never stops


class KnownModel(NamedTuple):
    """A small model and, at discount 1, its optimal values; None where they are not finite upwards."""

    tables: Tables
    undiscounted: tuple[float, ...] | None = None


MODELS: Final[dict[str, KnownModel]] = {
    "stochastic, and often at its end": KnownModel(
        {
            0: {0: [(0.5, 0, -1.0, False), (0.5, 1, 0.25, False)], 1: [(0.25, 1, 2.0, True), (0.75, 0, -2.0, False)]},
            1: {0: [(0.5, 0, -1.0, True), (0.5, 1, -0.5, False)], 1: [(1.0, 0, -3.0, False)]},
        },
        (-2.25, -1.5),
    ),
    "with an end in a state that lives on": KnownModel(
        {0: {0: [(0.5, 1, 0.0, True), (0.5, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 8.0, True)]}}, (4.0, 8.0)
    ),
    "with ties": KnownModel(
        {
            0: {0: [(1.0, 1, -1.0, False)], 1: [(1.0, 2, -1.0, False)], 2: [(1.0, 0, -1.0, False)]},
            1: {0: [(1.0, 3, -1.0, False)], 1: [(1.0, 0, -1.0, False)]},
            2: {0: [(1.0, 3, -1.0, False)], 1: [(1.0, 2, -1.0, False)]},
            3: {0: [(1.0, 3, -1.0, True)], 1: [(1.0, 3, -1.0, True)]},
        },
        (-3.0, -2.0, -2.0, -1.0),
    ),
    "with actions that only some states have": KnownModel(
        {
            0: {2: [(1.0, 1, 0.0, False)]},
            1: {0: [(1.0, 0, -1.0, False)], 1: [(1.0, 1, -4.0, True)]},
            2: {1: [(0.5, 0, 1.0, False), (0.5, 2, -1.0, False)]},
        },
        (-4.0, -4.0, -4.0),
    ),
    "that never ends, and earns": KnownModel({0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, 0.0, False)]}}),
    "with a trap that costs for ever": KnownModel(
        {
            0: {0: [(1.0, 0, -2.0, True)], 1: [(1.0, 1, 100.0, False)]},
            1: {0: [(1.0, 1, -1.0, False)]},
        },
        (-2.0, -math.inf),
    ),
}
DISCOUNTS: Final = (0.0, 0.5, 1.0 - 2.0**-7)  # 1 as well, where a planner takes it
SLOW: Final = MODELS["that never ends, and earns"].tables

REFUSED: Final[dict[str, tuple[Any, ...]]] = {
    "discount": (-0.25, 1.5, math.nan, "x", None),
    "tolerance": (0.0, -1e-6, math.inf, math.nan, "x"),
    "max_iterations": (0, -1, 2.5, True, "x"),
    "progress": (3, "yes", None),
    "throw": (3, "no", None),
}


def check_planner(planner: Planner) -> None:
    """Check that a planner keeps the promises of all planners.

    It has to take `planner(model, *, discount, tolerance, max_iterations, progress, throw)` and return a `Plan`. For
    one with options of its own, check each choice: `check_planner(partial(planner, sweeps=3))`. A planner for
    discounts below 1 only refuses 1 by `InvalidOptionError`.

    Checked are the bounds and the policy against exact answers, with each number of iterations; that it stops at its
    tolerance, its limit and the floor of rounding, and says which; `throw`, `progress` and Ctrl-C; arrays closed for
    writing; and that models and options that are none are refused in words. A planner that neither stops nor
    reports its progress runs here for ever too.

    Args:
        planner: The function.

    Raises:
        AssertionError: A promise is not kept; the message says on which model, what was expected and what was found.

    Cost: some seconds.

    >>> import planners
    >>> check_planner(planners.policy_iteration)
    >>> def optimist(model, **options):
    ...     plan = planners.value_iteration(model, **options)
    ...     return planners.Plan(**{**vars(plan), "lower": plan.values, "upper": plan.values, "error_bound": 0.0})
    >>> check_planner(optimist)
    Traceback (most recent call last):
        ...
    AssertionError: on the model ..., at discount ..., state 0: expected ... V* = ...; found ...
    """
    check_options(planner)
    for name, known in MODELS.items():
        for discount in (*DISCOUNTS, 1.0):
            check_answer(planner, name, known, discount)
    check_endings(planner)
    check_progress(planner)


def check_answer(planner: Planner, name: str, known: KnownModel, discount: float) -> None:
    """Check the plan of one model at one discount, and that of every smaller number of iterations.

    Raises:
        AssertionError: As `check_planner`.
    """
    model, where = TabularMDP.from_gym_dict(known.tables), f"on the model {name}, at discount {discount:g}"
    try:
        plan = planned(planner, where, model, discount=discount)
    except InvalidOptionError as error:
        expect(discount == 1.0, where, "a plan", f"the refusal {str(error)!r}")
        return
    except UnboundedValueError:
        expect(discount == 1.0 and known.undiscounted is None, where, "a plan", "UnboundedValueError")
        check_unbounded(planner, f"{where}, with throw=False", model)
        return
    except NotConvergedError as error:
        plan = error.plan
    expect(discount < 1.0 or known.undiscounted is not None, where, "UnboundedValueError", f"values {plan.values}")
    best = optimal_values(known.tables, discount) if discount < 1.0 else known.undiscounted or ()
    check_bounds(where, known.tables, plan, best)
    expect(plan.converged, where, f"the status CONVERGED for tolerance {plan.tolerance:g}", plan.status.name)
    expect(plan.error_bound <= plan.tolerance, where, f"an error bound of at most {plan.tolerance:g}", plan.error_bound)
    for limit in range(1, min(plan.iterations, 4)):
        where_now = f"{where}, after {limit} iterations"
        early = planned(planner, where_now, model, discount=discount, max_iterations=limit, throw=False)
        check_bounds(where_now, known.tables, early, best)
        expect(early.iterations <= limit, where_now, f"at most {limit} iterations", early.iterations)


def check_unbounded(planner: Planner, where: str, model: TabularMDP) -> None:
    """Check that `throw=False` gives the plan of a model whose values are all +inf at discount 1.

    Raises:
        AssertionError: As `check_planner`.
    """
    try:
        plan = planned(planner, where, model, discount=1.0, throw=False)
    except UnboundedValueError:
        raise broken(where, "a plan of values +inf", "UnboundedValueError") from None
    for name in ("lower", "values", "upper"):
        expect(bool((getattr(plan, name) == math.inf).all()), where, f"{name} of +inf", getattr(plan, name))


def check_bounds(where: str, tables: Tables, plan: Plan, best: Sequence[Fraction | float]) -> None:
    """Check a plan against (S,) V*, to the last bit; `where` begins the message.

    Raises:
        AssertionError: As `check_planner`.
    """
    actions = plan.policy.actions.tolist()
    for state, truth in enumerate(best):
        at = f"{where}, state {state}"
        lower, value, upper = (exact(array[state]) for array in (plan.lower, plan.values, plan.upper))
        expect(actions[state] in tables[state], at, f"an action of {list(tables[state])}", actions[state])
        expect(lower <= truth, at, f"a lower bound of at most V* = {float(truth):.17g}", float(lower))
        expect(upper >= truth, at, f"an upper bound of at least V* = {float(truth):.17g}", float(upper))
        off = 0 if value == truth else abs(value - truth)
        expect(off <= exact(plan.error_bound), at, f"an error of at most {plan.error_bound:.17g}", float(off))
    # at discount 1 followed just below it, where what never ends costs very much, and all else nearly the same
    undiscounted = plan.discount == 1.0
    achieved = policy_values(tables, actions, 1 - Fraction(1, 2**30) if undiscounted else Fraction(plan.discount))
    for state, (value, lower) in enumerate(zip(achieved, plan.lower, strict=True)):
        kept = value + Fraction(int(undiscounted), 2**16) >= exact(lower)
        expect(kept, f"{where}, state {state}", f"a policy worth at least `lower`, {lower}", f"{float(value):.17g}")


def check_endings(planner: Planner) -> None:
    """Check the iteration limit, the floor of rounding, and what `throw` does of both.

    Raises:
        AssertionError: As `check_planner`.
    """
    model, best = TabularMDP.from_gym_dict(SLOW), optimal_values(SLOW, DISCOUNTS[-1])
    for where, options, expected in (
        ("with max_iterations=1", {"tolerance": 1e-9, "max_iterations": 1}, Status.ITERATION_LIMIT),
        ("with a tolerance below rounding", {"tolerance": 1e-300, "max_iterations": 20_000}, Status.ROUNDING_FLOOR),
    ):
        plan = planned(planner, where, model, discount=DISCOUNTS[-1], throw=False, **options)
        check_bounds(where, SLOW, plan, best)
        if plan.converged:  # one iteration is enough for some
            expect(plan.error_bound <= plan.tolerance, where, "another status than CONVERGED", plan.error_bound)
            continue
        expect(plan.status is expected, where, f"the status {expected.name}", plan.status.name)
        try:
            found: Any = planned(planner, where, model, discount=DISCOUNTS[-1], **options)
        except NotConvergedError as error:
            check_bounds(where, SLOW, error.plan, best)
        else:
            raise broken(where, "NotConvergedError with throw=True", f"a plan of status {found.status.name}")


def check_progress(planner: Planner) -> None:
    """Check what `progress` is told and where it is shown, Ctrl-C, and that other errors are not swallowed.

    Raises:
        AssertionError: As `check_planner`.
    """
    model, best, seen = TabularMDP.from_gym_dict(SLOW), optimal_values(SLOW, DISCOUNTS[-1]), []
    options: dict[str, Any] = {"discount": DISCOUNTS[-1]}
    plan = planned(planner, "with a function as progress", model, progress=seen.append, **options)
    expect(tuple(seen) == plan.history, "with a function as progress", "a call for each line of history", len(seen))
    shown = StringIO()
    with redirect_stdout(shown), redirect_stderr(StringIO()):
        planned(planner, "with progress=True", model, progress=True, **options)
    expect(not shown.getvalue(), "with progress=True", "nothing on standard output", repr(shown.getvalue()))
    where = "after Ctrl-C"
    try:
        plan = planned(planner, where, model, progress=_raising(KeyboardInterrupt), tolerance=1e-9, **options)
    except KeyboardInterrupt:
        raise broken(where, "the plan so far", "KeyboardInterrupt") from None
    expect(plan.status is Status.INTERRUPTED, where, "the status INTERRUPTED", plan.status.name)
    check_bounds(where, SLOW, plan, best)
    try:
        planner(model, progress=_raising(ZeroDivisionError), **options)
    except ZeroDivisionError:
        return
    raise broken("when progress raises ZeroDivisionError", "that error", "a plan")


def check_options(planner: Planner) -> None:
    """Check that options and models that are none are refused before work begins, and in words.

    Raises:
        AssertionError: As `check_planner`.
    """
    model = TabularMDP.from_gym_dict(SLOW)
    for option, values in REFUSED.items():
        for value in values:
            where, told = f"with {option}={value!r}", f"InvalidOptionError that names {option} and {value!r}"
            try:
                planner(model, **{"discount": 0.5, option: value})
            except InvalidOptionError as error:
                expect(option in str(error) and repr(value) in str(error), where, told, f"the words {str(error)!r}")
            except Exception as error:
                raise broken(where, told, f"{type(error).__name__}: {error}") from error
            else:
                raise broken(where, told, "a plan")
    try:
        planner(object(), discount=0.5)
    except InvalidModelError:
        return
    except Exception as error:
        raise broken(
            "of an object that is no model", "InvalidModelError", f"{type(error).__name__}: {error}"
        ) from error
    raise broken("of an object that is no model", "InvalidModelError", "a plan")


def planned(planner: Planner, where: str, model: TabularMDP, **options: Any) -> Plan:
    """A plan, checked for what every plan has; a planner that goes on past its limit is stopped.

    Raises:
        AssertionError: As `check_planner`.
    """
    own, most, count = options.pop("progress", None), options.get("max_iterations", MOST_REPORTS), 0

    def progress(moment: Any) -> None:
        nonlocal count
        count += 1
        expect(count <= most, where, f"an end after {most} iterations", "another one")
        if callable(own):
            own(moment)

    plan = planner(model, progress=own if own is True else progress, **options)
    expect(isinstance(plan, Plan), where, "a Plan", type(plan).__name__)
    for name in ("values", "lower", "upper"):
        array = getattr(plan, name)
        expect(array.shape == (model.num_states,), where, f"{name} of shape {(model.num_states,)}", array.shape)
    for array in (plan.values, plan.lower, plan.upper, plan.policy.actions):
        expect(not array.flags.writeable, where, "arrays closed for writing", "one that is open")
    expect(plan.model is model, where, "the model that was planned on", plan.model)
    expect(plan.discount == options["discount"], where, f"the discount {options['discount']}", plan.discount)
    asked = options.get("tolerance", 1e-6)
    allowed = (asked,) if "tolerance" in options else (asked, BY_DEFAULT.target(plan.values).allowed)
    expect(plan.tolerance in allowed, where, f"the tolerance {asked}, by default 1e-6", plan.tolerance)
    lines = [step.iteration for step in plan.history]
    expected = list(range(1, plan.iterations + 1))
    expect(lines == expected, where, f"a history of {plan.iterations} iterations", f"{len(lines)} lines")
    return plan


def expect(kept: bool, where: str, expected: str, found: object) -> None:
    """Raise `broken` unless a promise was kept."""
    if not kept:
        raise broken(where, expected, found)


def broken(where: str, expected: str, found: object) -> AssertionError:
    """The error that says where a promise was not kept, what was expected, and what was found."""
    return AssertionError(f"{where}: expected {expected}; found {found}")


# The exact answers.


def exact(number: float) -> Fraction | float:
    """A float as a fraction, or as itself where there is none."""
    return Fraction(float(number)) if math.isfinite(number) else float(number)


def optimal_values(tables: Tables, discount: float) -> list[Fraction]:
    """(S,) V* below discount 1: in each state the best of all deterministic policies."""
    found = [policy_values(tables, actions, Fraction(discount)) for actions in _policies(tables)]
    return [max(values) for values in zip(*found, strict=True)]


def _policies(tables: Tables) -> Iterator[tuple[int, ...]]:
    return product(*(tables[state] for state in range(len(tables))))


def policy_values(tables: Tables, actions: Sequence[int], discount: Fraction) -> list[Fraction]:
    """(S,) V of a policy below discount 1: (I - discount P) V = r, by elimination."""
    size = len(tables)
    rows = [[Fraction(i == j) for j in range(size)] + [Fraction(0)] for i in range(size)]
    for state, action in enumerate(actions):
        for probability, next_state, reward, ends in tables[state][action]:
            rows[state][size] += Fraction(probability) * Fraction(reward)
            if not ends:
                rows[state][next_state] -= discount * Fraction(probability)
    for i in range(size):  # the diagonal is never 0: each row's is larger than the rest of the row together
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for j in range(size):
            if j != i:
                rows[j] = [x - rows[j][i] * y for x, y in zip(rows[j], rows[i], strict=True)]
    return [row[size] for row in rows]


def _raising(error: type[BaseException]) -> Callable[[Any], None]:
    def progress(_: Any) -> None:
        raise error

    return progress
