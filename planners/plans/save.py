"""Plans as files: NumPy's npz, versioned, without pickle, so that a file can hold numbers and nothing that runs.

A file says what it is (`format`, `version`) and which model it is of: its sizes, a SHA-256 of its tables,
and sums by which a `MoveMDP` and its `tabular` know each other, though their numbers differ by rounding.
It ends with a seal, a SHA-256 of all bytes before it, which is a comment to the zip archive that it is; files of
earlier releases have none. It is written beside its place and then moved there: no half-written plan is left
under its name.
"""

import hashlib
import os
import zipfile
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_path
from planners.atomic_file import write_atomically
from planners.errors import InvalidOptionError
from planners.plans.model_identity import identity, names_of

if TYPE_CHECKING:
    from planners.plans.finite_plan import FinitePlan
    from planners.plans.plan import Plan

FORMAT: Final = "gridworld-lab plan"
FINITE_FORMAT: Final = "gridworld-lab finite plan"
VERSION: Final = 1
OTHER_ENDINGS: Final = (".csv", ".tsv", ".txt", ".json", ".xls", ".xlsx", ".html", ".npy", ".pkl", ".parquet", ".png")
SEAL: Final = b"gridworld-lab sha256 "
SEAL_BYTES: Final = len(SEAL) + 64

Arrays = dict[str, NDArray[Any]]


def save_plan(plan: "Plan", path: str | PathLike[str]) -> None:
    """Write a plan to a file, whole or not at all; see `Plan.save`."""
    path = check_path("path", path)
    if (ending := path.suffix.lower()) in OTHER_ENDINGS:
        raise InvalidOptionError(
            f"{str(path)!r} ends in {ending}, and a plan is written as an npz archive; expected a name such as "
            f"{Path(path).stem + '.npz'!r}. Its numbers as a table: numpy.savetxt({Path(path).name!r}, plan.values)"
        )
    if not plan.policy.is_deterministic:
        raise InvalidOptionError("the plan's policy draws its actions; only plans of one action a state can be saved")
    kept = ("values", "lower", "upper", "error_bound", "iterations", "discount", "tolerance", "method", "minimise")
    kept += ("relative_tolerance",)
    arrays: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "actions": plan.policy.actions,
        "num_actions": plan.policy.num_actions,
        "status": plan.status.name,
        "history": np.array(plan.history, dtype=np.float64).reshape(-1, 4),
        **{name: getattr(plan, name) for name in kept},
        **identity(plan.model),
        **names_of(plan.model),
    }
    write_arrays(path, arrays)


def write_arrays(path: str | PathLike[str], arrays: dict[str, Any]) -> None:
    """Write arrays to a sealed file, whole or not at all."""

    def write(file: BinaryIO) -> None:
        np.savez(file, **arrays)
        _seal(file)

    write_atomically(Path(path), write)


def _seal(file: BinaryIO) -> None:
    """Add the seal to a complete archive."""
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = SEAL + b"0" * 64
    digest = _digest(file)
    file.seek(-64, os.SEEK_END)
    file.write(digest)


def is_sealed(file: BinaryIO) -> bool:
    """Whether a file ends with the seal of the bytes before it."""
    file.seek(max(file.seek(0, os.SEEK_END) - SEAL_BYTES, 0))
    return file.read() == SEAL + _digest(file)


def _digest(file: BinaryIO) -> bytes:
    """SHA-256 of what is before the seal."""
    digest, left = hashlib.sha256(), file.seek(0, os.SEEK_END) - SEAL_BYTES
    file.seek(0)
    while left > 0 and (chunk := file.read(min(left, 1 << 20))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest().encode()


def save_finite_plan(plan: "FinitePlan", path: str | PathLike[str]) -> None:
    """Write a plan to a file, whole or not at all; see `FinitePlan.save`."""
    distinct = {id(model): model for model in plan.models}
    order = list(distinct)
    sizes = [len(values) for values in plan.values]
    arrays: dict[str, Any] = {
        "format": FINITE_FORMAT,
        "version": VERSION,
        "sizes": np.array(sizes, dtype=np.int64),
        "values": np.concatenate([np.ravel(values) for values in plan.values]),
        "actions": np.concatenate([np.ravel(actions) for actions in plan.actions]),
        "error_bound": plan.error_bound,
        "discount": plan.discount,
        "minimise": plan.minimise,
        "model_of_step": np.array([order.index(id(model)) for model in plan.models], dtype=np.int64),
    }
    for number, model in enumerate(distinct.values()):
        arrays |= {f"{number} {name}": value for name, value in {**identity(model), **names_of(model)}.items()}
    write_arrays(path, arrays)
