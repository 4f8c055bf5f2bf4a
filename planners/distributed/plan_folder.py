"""A plan as a folder, which many processes write together and `planners.load_plan` reads without loading it.

DIR/values.npy, lower.npy, upper.npy, actions.npy     (S,) arrays, each process writes its own states
DIR/plan.json                                         written last: without it the folder is no plan
"""

import json
import os
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from planners.distributed.blocks import Blocks, digest_of_parts
from planners.distributed.checkpoints import write_atomically
from planners.distributed.part import make_part
from planners.distributed.tables import tables_of_model
from planners.errors import InvalidPlanFileError
from planners.missing_model import BlockModel
from planners.policy import TabularPolicy
from planners.result import Iteration, Plan, Status

if TYPE_CHECKING:
    from planners.models import Model

FORMAT: Final = "gridworld-lab plan folder"
VERSION: Final = 1
SUMMARY: Final = "plan.json"


def write_plan(plan: Plan, folder: str | PathLike[str], blocks: Blocks) -> None:
    """Write the plan of this process's states; all processes call it together."""
    target, processes = Path(folder), blocks.processes
    arrays = {
        "values": plan.values,
        "lower": plan.lower,
        "upper": plan.upper,
        "actions": plan.policy.actions.astype(np.min_scalar_type(plan.policy.num_actions)),
    }

    def make_files() -> None:
        if processes.rank == 0:
            target.mkdir(parents=True, exist_ok=True)
            (target / SUMMARY).unlink(missing_ok=True)
            for name, array in arrays.items():
                _make_file(target / f"{name}.npy", array.dtype, blocks.num_states)

    def write() -> None:
        for name, array in arrays.items():
            with (target / f"{name}.npy").open("r+b") as file:
                npy.read_magic(file)
                npy.read_array_header_1_0(file)
                file.seek(blocks.first * array.itemsize, os.SEEK_CUR)
                file.write(np.ascontiguousarray(array).data)
                file.flush()
                os.fsync(file.fileno())

    processes.together(make_files, f"making files in {target}")
    processes.together(write, f"writing its states to {target}")
    if processes.rank == 0:
        write_atomically(target / SUMMARY, json.dumps(_summary(plan, blocks), indent=1).encode())
    processes.gather(None)  # nobody goes on before the plan is there


def _make_file(path: Path, dtype: np.dtype[Any], length: int) -> None:
    with path.open("wb") as file:
        npy.write_array_header_1_0(
            file, {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": (length,)}
        )
        file.truncate(file.tell() + length * dtype.itemsize)


def _summary(plan: Plan, blocks: Blocks) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "num_states": blocks.num_states,
        "num_actions": blocks.model.num_actions,
        "method": plan.method,
        "status": plan.status.name,
        "error_bound": plan.error_bound,
        "discount": plan.discount,
        "tolerance": plan.tolerance,
        "iterations": plan.iterations,
        "history": [list(step) for step in plan.history],
        "model": {"digest": blocks.model.digest, "borders": blocks.borders.tolist()},
    }


def read_plan(folder: str | PathLike[str], model: "Model | None") -> Plan:
    """The plan in a folder, its arrays mapped from the files: only what is looked at is read.

    Raises:
        InvalidPlanFileError: Not such a folder, not finished, of another version or of another model.
    """
    here = Path(folder)
    try:
        summary = json.loads((here / SUMMARY).read_bytes())
    except FileNotFoundError:
        raise InvalidPlanFileError(f"{here} has no {SUMMARY}: it is no plan, or one that was not finished") from None
    except ValueError:
        raise InvalidPlanFileError(f"{here / SUMMARY} is damaged. Plan again, and write it anew") from None
    if summary.get("format") != FORMAT or summary.get("version") != VERSION:
        raise InvalidPlanFileError(
            f"{here / SUMMARY} says format {summary.get('format')!r}, version {summary.get('version')!r}; this library "
            f"reads {FORMAT!r}, version {VERSION}"
        )
    try:
        if model is not None:
            _check_model(here, summary, model)
        return _plan(here, summary, model)
    except (KeyError, ValueError, TypeError, OSError) as error:
        if isinstance(error, InvalidPlanFileError):
            raise
        raise InvalidPlanFileError(f"{here} is a damaged plan: {error}. Plan again, and write it anew") from error


def _plan(here: Path, summary: dict[str, Any], model: "Model | None") -> Plan:
    count, num_actions = int(summary["num_states"]), int(summary["num_actions"])
    values, lower, upper, actions = (_mapped(here, name, count) for name in ("values", "lower", "upper", "actions"))
    return Plan(
        values=values,
        policy=TabularPolicy.of_checked_actions(actions, num_actions),
        lower=lower,
        upper=upper,
        error_bound=float(summary["error_bound"]),
        status=Status[summary["status"]],
        iterations=int(summary["iterations"]),
        history=tuple(Iteration(int(row[0]), *map(float, row[1:])) for row in summary["history"]),
        method=str(summary["method"]),
        discount=float(summary["discount"]),
        tolerance=float(summary["tolerance"]),
        model=cast("Model", BlockModel(count, num_actions, summary["model"]["digest"])) if model is None else model,
    )


def _mapped(here: Path, name: str, count: int) -> NDArray[Any]:
    array = np.load(here / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    if array.shape != (count,) or array.dtype.kind != ("u" if name == "actions" else "f"):
        raise ValueError(f"{name}.npy holds {array.shape} of {array.dtype}; expected ({count},)")
    return array


def _check_model(here: Path, summary: dict[str, Any], model: "Model") -> None:
    """`InvalidPlanFileError` if the plan is not of this model."""
    sizes = summary["num_states"], summary["num_actions"]
    borders = np.array(summary["model"]["borders"], dtype=np.int64)
    same = sizes == (model.num_states, model.num_actions)
    if same:
        pairs = [(int(a), int(b)) for a, b in pairwise(borders)]
        digests = [make_part(tables_of_model(model, a, b), a).digest for a, b in pairs]
        same = digest_of_parts(borders, digests) == summary["model"]["digest"]
    if not same:
        raise InvalidPlanFileError(
            f"{here} is a plan of another model: its sizes (states, actions) are {sizes}, those of the model given are "
            f"{(model.num_states, model.num_actions)}, or the numbers in the tables differ"
        )
