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

from planners.errors import InvalidPlanFileError
from planners.models.negated import negated
from planners.models.slices import tables_of_model
from planners.plans.atomic_file import write_atomically
from planners.plans.model_identity import BlockModel, digest_of_parts
from planners.plans.plan import Iteration, Plan, Status
from planners.plans.policy import TabularPolicy

if TYPE_CHECKING:
    from planners.models.convert import Model

FORMAT: Final = "gridworld-lab plan folder"
VERSION: Final = 1
SUMMARY: Final = "plan.json"


def make_files(folder: Path, plan: Plan, num_states: int) -> None:
    """Make files for the arrays of all `num_states` states, and take away the summary of an older plan."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SUMMARY).unlink(missing_ok=True)
    for name, array in _arrays(plan).items():
        with (folder / f"{name}.npy").open("wb") as file:
            header = {"descr": npy.dtype_to_descr(array.dtype), "fortran_order": False, "shape": (num_states,)}
            npy.write_array_header_1_0(file, header)
            file.truncate(file.tell() + num_states * array.itemsize)


def write_states(folder: Path, plan: Plan, first: int) -> None:
    """Write the arrays of a plan of some states, of which `first` is the first, into the files that were made."""
    for name, array in _arrays(plan).items():
        with (folder / f"{name}.npy").open("r+b") as file:
            npy.read_magic(file)
            npy.read_array_header_1_0(file)
            file.seek(first * array.itemsize, os.SEEK_CUR)
            file.write(np.ascontiguousarray(array).data)
            file.flush()
            os.fsync(file.fileno())


def write_summary(folder: Path, plan: Plan, num_states: int, borders: NDArray[np.int64], digest: str) -> None:
    """Write what makes the folder a plan, after all states have been written.

    Args:
        folder: The folder.
        plan: The plan of some of the states.
        num_states: The number of all of them.
        borders: (parts + 1,) first state of each part, and the number of states.
        digest: `digest_of_parts` of the model.
    """
    summary = {
        "format": FORMAT,
        "version": VERSION,
        "num_states": num_states,
        "num_actions": plan.policy.num_actions,
        "method": plan.method,
        "status": plan.status.name,
        "error_bound": plan.error_bound,
        "discount": plan.discount,
        "minimise": plan.minimise,
        "tolerance": plan.tolerance,
        "iterations": plan.iterations,
        "history": [list(step) for step in plan.history],
        "model": {"digest": digest, "borders": borders.tolist()},
    }
    write_atomically(folder / SUMMARY, lambda file: file.write(json.dumps(summary, indent=1).encode()))


def _arrays(plan: Plan) -> dict[str, NDArray[Any]]:
    actions = plan.policy.actions.astype(np.min_scalar_type(plan.policy.num_actions))
    return {"values": plan.values, "lower": plan.lower, "upper": plan.upper, "actions": actions}


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
    if not isinstance(summary, dict):
        raise InvalidPlanFileError(f"{here / SUMMARY} is damaged. Plan again, and write it anew")
    if summary.get("format") != FORMAT or summary.get("version") != VERSION:
        raise InvalidPlanFileError(
            f"{here / SUMMARY} says format {_shown(summary.get('format'))}, version {_shown(summary.get('version'))}; "
            f"this library reads {FORMAT!r}, version {VERSION}"
        )
    try:
        if model is not None:
            _check_model(here, summary, model)
        return _plan(here, summary, model)
    except (KeyError, ValueError, TypeError, OSError, OverflowError, IndexError, AttributeError) as error:
        if isinstance(error, InvalidPlanFileError):
            raise
        raise InvalidPlanFileError(f"{here} is a damaged plan: {error}. Plan again, and write it anew") from error


def _plan(here: Path, summary: dict[str, Any], model: "Model | None") -> Plan:
    count, num_actions = int(summary["num_states"]), int(summary["num_actions"])
    values, lower, upper, actions = (_mapped(here, name, count) for name in ("values", "lower", "upper", "actions"))
    status = Status[summary["status"]]
    check_claim(status, float(summary["error_bound"]), float(summary["tolerance"]))
    return Plan(
        values=values,
        policy=TabularPolicy.of_checked_actions(actions, num_actions),
        lower=lower,
        upper=upper,
        error_bound=float(summary["error_bound"]),
        status=status,
        iterations=int(summary["iterations"]),
        history=tuple(Iteration(int(row[0]), *map(float, row[1:])) for row in summary["history"]),
        method=str(summary["method"]),
        discount=float(summary["discount"]),
        tolerance=float(summary["tolerance"]),
        model=cast("Model", BlockModel(count, num_actions, summary["model"]["digest"])) if model is None else model,
        minimise=_minimises(summary),
    )


def _minimises(summary: dict[str, Any]) -> bool:
    found = summary.get("minimise", False)
    if not isinstance(found, bool):
        raise ValueError(f"minimise is {_shown(found)}; expected true or false")
    return found


def _shown(found: Any) -> str:
    return repr(found)[:60]


def _mapped(here: Path, name: str, count: int) -> NDArray[Any]:
    try:
        array = np.load(here / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # NumPy may raise anything on a damaged file
        raise ValueError(f"{name}.npy is no array: {str(error)[:200]}") from None
    if array.shape != (count,) or array.dtype.kind != ("u" if name == "actions" else "f"):
        raise ValueError(f"{name}.npy holds {array.shape} of {array.dtype}; expected ({count},)")
    return array


def _check_model(here: Path, summary: dict[str, Any], model: "Model") -> None:
    """`InvalidPlanFileError` if the plan is not of this model."""
    sizes = summary["num_states"], summary["num_actions"]
    borders = np.array(summary["model"]["borders"], dtype=np.int64)
    same = sizes == (model.num_states, model.num_actions)
    if same:
        planned_on = negated(model) if _minimises(summary) else model
        pairs = [(int(a), int(b)) for a, b in pairwise(borders)]
        digests = [tables_of_model(planned_on, a, b).digest() for a, b in pairs]
        same = digest_of_parts(borders, digests) == summary["model"]["digest"]
    if not same:
        raise InvalidPlanFileError(
            f"{here} is a plan of another model: its sizes (states, actions) are {sizes}, those of the model given are "
            f"{(model.num_states, model.num_actions)}, or the numbers in the tables differ"
        )


def check_claim(status: Status, error_bound: float, tolerance: float) -> None:
    """`ValueError` if a plan cannot have ended as it says."""
    if not (error_bound >= 0.0 and tolerance > 0.0):
        raise ValueError(f"its error bound is {error_bound:g} and its tolerance {tolerance:g}")
    if status is Status.CONVERGED and error_bound > tolerance:
        raise ValueError(
            f"it says {status.name}, and its error bound {error_bound:g} is above its tolerance {tolerance:g}"
        )
