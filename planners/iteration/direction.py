"""`minimise=True`, for every planner: it plans on the negated model, and all that goes in and comes out is turned.

What goes in: the model, the values to start from. What comes out: the plan, and the moments that `progress` is told.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_switch
from planners.arrays import sealed
from planners.iteration.last_proof import proven_further
from planners.iteration.moment import Moment
from planners.iteration.progress import Progress
from planners.models.convert import as_model
from planners.models.negated import negated, negative
from planners.models.pair_discounts import folded, is_per_pair, rounding
from planners.options import BY_DEFAULT, Tolerance, check_tolerances
from planners.plans.plan import Plan, Status, opposite

LESS: Final = 0.99  # of the error that is allowed, for a method whose bounds are widened afterwards


def in_direction(
    method: Callable[..., Plan], model: Any, *, minimise: bool = False, last_proof: bool = True, **options: Any
) -> Plan:
    """The plan of a method that maximises; with `minimise`, of the negated model, and turned to the user's sign.

    Args:
        method: Takes a model and the options.
        model: A model, or an environment that has one.
        minimise: Whether to minimise.
        last_proof: Whether `planners.iteration.last_proof` has an attempt where rounding stopped the method.
        options: Of the method; `start` and `progress` are in the user's sign.

    Raises:
        InvalidOptionError: `minimise` is neither True nor False.
    """
    if is_per_pair(options.get("discount", 0.0)):
        model, options["discount"] = folded(as_model(model).tabular, options["discount"])
        wanted = check_tolerances(options.get("tolerance", BY_DEFAULT), options.pop("relative_tolerance", None))
        options["tolerance"] = Tolerance(*(LESS * allowed for allowed in wanted))  # rounding is still to come
        return _widened(in_direction(method, model, minimise=minimise, last_proof=last_proof, **options), wanted)
    further = proven_further if last_proof else _as_it_is
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is reported by the status, not by warnings
        if not check_switch("minimise", minimise):
            return further(method(model, **options))
        source = as_model(model)
        options["progress"] = turned_progress(options.get("progress", False))
        if options.get("start") is not None:
            options["start"] = turned_start(options["start"])
        return opposite(further(method(negated(source), **options)), source)


def _as_it_is(plan: Plan) -> Plan:
    return plan


def _widened(plan: Plan, wanted: Tolerance) -> Plan:
    """The plan, whose bounds hold in spite of the rounding of folded discounts."""
    plan = replace(plan, tolerance=wanted.target(plan.values).allowed, relative_tolerance=wanted.relative)
    largest = float(np.abs([plan.lower, plan.upper]).max())
    off = rounding(largest, plan.discount) if plan.discount < 1.0 else 0.0
    method = f"{plan.method} (a discount for each pair, up to {plan.discount:.6g})"
    if not 0.0 < off < np.inf:
        return replace(plan, method=method)
    lower, upper = np.nextafter(plan.lower - off, -np.inf), np.nextafter(plan.upper + off, np.inf)
    error = float(np.nextafter(plan.error_bound + off, np.inf))
    status = plan.status
    if status is Status.CONVERGED and error > plan.tolerance:
        status = Status.ROUNDING_FLOOR
    return replace(plan, lower=lower, upper=upper, error_bound=error, status=status, method=method)


def turned_start(start: Any) -> Any:
    """Values to start from, with the other sign; what is no values, as it is."""
    if isinstance(start, Plan):
        return opposite(start, start.model)
    return start if isinstance(start, str) else negative(np.array(start, dtype=np.float64))


def turned_progress(progress: Progress) -> Progress:
    """The same bar, or a function that is told moments in the user's sign."""
    return (lambda moment: progress(_TurnedMoment.of_moment(moment))) if callable(progress) else progress


class _TurnedMoment(Moment):
    """A moment of the negated model, told in the user's sign."""

    _moment: Moment

    @classmethod
    def of_moment(cls, moment: Any) -> "_TurnedMoment":
        turned_moment = cls(*moment)
        turned_moment._moment = moment
        return turned_moment

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """(S,) V of this sweep, or of this policy."""
        return sealed(negative(self._moment.values))

    @cached_property
    def action_values(self) -> NDArray[np.float64]:
        """(S, A) Q(s,a) of `values`: one backup."""
        return sealed(negative(self._moment.action_values))

    @property
    def lower(self) -> NDArray[np.float64]:
        """(S,) proven lower bounds of V*; -inf where nothing is proven yet."""
        return negative(self._moment.upper)

    @property
    def upper(self) -> NDArray[np.float64]:
        """(S,) proven upper bounds of V*; inf where nothing is proven yet."""
        return negative(self._moment.lower)
