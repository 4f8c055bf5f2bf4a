"""One judge of everybody's values: our tightest plan, whose bounds are proven, or else one certifying sweep."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import planners
from planners import MoveMDP, TabularMDP

TIGHT = 1e-9


class Verdict(NamedTuple):
    """How far values are from V*.

    Attributes:
        error: Largest distance from the referee's values, or, without them, the certified bound.
        doubt: Proven error of the referee's own values: the true error is within `error` +- `doubt`.
        by: "plan" or "certify".
    """

    error: float
    doubt: float
    by: str


def write_reference(model: MoveMDP | TabularMDP, discount: float, path: Path) -> dict[str, float | str]:
    """Solve as tightly as rounding allows, and keep the values."""
    plan = planners.solve(model, discount=discount, tolerance=TIGHT, throw=False)
    np.savez(path, values=plan.values, error_bound=plan.error_bound)
    return {"error_bound": plan.error_bound, "method": plan.method, "status": plan.status.name.lower()}


def doubt(path: Path) -> float:
    """Proven error of the kept values."""
    with np.load(path) as truth:
        return float(truth["error_bound"])


def judge(model: TabularMDP, values: NDArray[np.float64], discount: float, reference: Path | None) -> Verdict:
    """The error of anybody's values; infinite where a value is missing or not finite."""
    if values.shape != (model.num_states,) or not np.isfinite(values).all():
        return Verdict(float("inf"), 0.0, "plan")
    if reference is None:
        return Verdict(planners.certify(model, values, discount=discount).error_bound, 0.0, "certify")
    with np.load(reference) as truth:
        error = float(np.abs(values - truth["values"]).max(initial=0.0))
        return Verdict(error, float(truth["error_bound"]), "plan")
