"""Plans as files: NumPy's npz, versioned, without pickle, so that a file can hold numbers and nothing that runs.

A file says what it is (`format`, `version`) and which model it is of: its sizes, a SHA-256 of its tables,
and sums by which a `MoveMDP` and its `tabular` know each other, though their numbers differ by rounding.
It is written beside its place and then moved there: no half-written plan is left under its name.
"""

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidOptionError
from planners.plans.atomic_file import write_atomically
from planners.plans.model_identity import MissingModel, fingerprint, weighted_sums

if TYPE_CHECKING:
    from planners.plans.plan import Plan

FORMAT: Final = "gridworld-lab plan"
VERSION: Final = 1

Arrays = dict[str, NDArray[Any]]


def save_plan(plan: "Plan", path: str | PathLike[str]) -> None:
    """Write a plan to a file, whole or not at all; see `Plan.save`."""
    if not plan.policy.is_deterministic:
        raise InvalidOptionError("the plan's policy draws its actions; only plans of one action a state can be saved")
    kept = ("values", "lower", "upper", "error_bound", "iterations", "discount", "tolerance", "method", "minimise")
    arrays: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "actions": plan.policy.actions,
        "num_actions": plan.policy.num_actions,
        "status": plan.status.name,
        "history": np.array(plan.history, dtype=np.float64).reshape(-1, 4),
        **{name: getattr(plan, name) for name in kept},
        **_identity(plan.model),
    }
    write_atomically(Path(path), lambda file: np.savez(file, allow_pickle=False, **arrays))


def _identity(model: Any) -> dict[str, Any]:
    """What a file says of the model, by which it is known again."""
    if isinstance(model, MissingModel):
        return model.identity
    (sizes, sha256), form = fingerprint(model), type(model).__name__
    return {"model_sizes": sizes, "model_sha256": sha256, "model_form": form, "model_sums": weighted_sums(model)}
