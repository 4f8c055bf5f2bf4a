"""A plan as a folder, which many processes write together and `planners.load_plan` reads without loading it.

DIR/values.npy, lower.npy, upper.npy, actions.npy     (S,) arrays, each process writes its own states
DIR/plan.json                                         written last: without it the folder is no plan

The summary has SHA-256 digests: of the arrays, a part of the states at a time, and of itself. Reading goes through the
arrays once to compare, and keeps nothing of them in memory. Folders of earlier releases have no digests.
"""

import contextlib
import hashlib
import io
import json
import os
import warnings
from collections.abc import Sequence
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from planners.atomic_file import write_atomically
from planners.errors import InvalidPlanFileError
from planners.models.negated import negated
from planners.models.slices import tables_of_model
from planners.plans.model_identity import BlockModel, digest_of_parts, names_of
from planners.plans.plan import Iteration, Plan, Status
from planners.plans.policy import TabularPolicy

if TYPE_CHECKING:
    from planners.models.convert import Model

FORMAT: Final = "gridworld-lab plan folder"
VERSION: Final = 1
EARLIER: Final = {"format", "version", "num_states", "num_actions", "method", "status", "error_bound", "discount"} | {
    *("tolerance", "iterations", "history", "model"),
}
SUMMARY: Final = "plan.json"
CUTS: Final = 64  # parts of a plan that one process writes
CHECKED_AT_ONCE: Final = 1 << 20  # states whose bounds are looked at together


def is_finished(folder: Path) -> bool:
    """Whether the folder holds a plan that reached its tolerance."""
    with contextlib.suppress(ValueError, OSError):
        summary = json.loads((folder / SUMMARY).read_bytes())
        return isinstance(summary, dict) and summary.get("status") == Status.CONVERGED.name
    return False


def make_files(folder: Path, plan: Plan, num_states: int) -> None:
    """Make files for the arrays of all `num_states` states, and take away the summary of an older plan.

    The files are new ones: a plan that was loaded from the folder before keeps the arrays that it has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SUMMARY).unlink(missing_ok=True)
    for name, array in _arrays(plan).items():
        path = folder / f"{name}.npy"
        path.unlink(missing_ok=True)
        with path.open("xb") as file:
            file.write(_header(array.dtype, num_states))
            file.truncate(file.tell() + num_states * array.itemsize)


def write_whole(folder: Path, plan: Plan, model: "Model") -> None:
    """Write a plan of all states of a model in memory; where the folder holds a finished plan, only a finished one.

    Args:
        folder: The folder.
        plan: The plan; its own model may be in another form.
        model: The model as it will be given to `planners.load_plan`.

    Raises:
        OSError: It cannot be written.
    """
    if is_finished(folder) and not plan.converged:
        warnings.warn(f"{folder} holds a finished plan, which is kept; this one is not finished", stacklevel=3)
        return
    planned_on = negated(model) if plan.minimise else model
    borders = np.unique(np.arange(CUTS + 1) * model.num_states // CUTS)
    make_files(folder, plan, model.num_states)
    digests = write_states(folder, plan, borders, range(len(borders) - 1))
    tables = [tables_of_model(planned_on, first, last).digest() for first, last in pairwise(borders.tolist())]
    write_summary(folder, plan, model.num_states, borders, digest_of_parts(borders, tables), digests, model)


def _header(dtype: np.dtype[Any], num_states: int) -> bytes:
    """The first bytes of a file of (S,) numbers."""
    file = io.BytesIO()
    header = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": (num_states,)}
    npy.write_array_header_1_0(file, header)
    return file.getvalue()


def write_states(folder: Path, plan: Plan, borders: NDArray[np.int64], parts: Sequence[int]) -> list[str]:
    """Write the arrays of a plan of the states of some parts, in their order, into the files that were made.

    Returns:
        The digest of each of these parts.
    """
    own = np.concatenate(([0], np.cumsum(np.diff(borders)[parts]))).tolist()
    for name, array in _arrays(plan).items():
        # Unbuffered: a buffer would also write what lies between two parts, which are others' to write.
        with (folder / f"{name}.npy").open("r+b", buffering=0) as file:
            npy.read_magic(file)
            npy.read_array_header_1_0(file)
            begin = file.tell()
            for part, (first, last) in zip(parts, pairwise(own), strict=True):
                file.seek(begin + int(borders[part]) * array.itemsize)
                left = np.ascontiguousarray(array[first:last]).view(np.uint8).data
                while left:
                    left = left[file.write(left) :]
            os.fsync(file.fileno())
    return _digests(_arrays(plan), own)


def _digests(arrays: dict[str, NDArray[Any]], borders: list[int]) -> list[str]:
    """SHA-256 of all arrays, of the states between each two borders."""
    found = []
    for first, last in pairwise(borders):
        digest = hashlib.sha256()
        for name in sorted(arrays):
            digest.update(np.ascontiguousarray(arrays[name][first:last]).data)
        found.append(digest.hexdigest())
    return found


def write_summary(
    folder: Path,
    plan: Plan,
    num_states: int,
    borders: NDArray[np.int64],
    digest: str,
    digests: list[str],
    named: "Model | None" = None,
) -> None:
    """Write what makes the folder a plan, after all states have been written.

    Args:
        folder: The folder.
        plan: The plan of some of the states.
        num_states: The number of all of them.
        borders: (parts + 1,) first state of each part, and the number of states.
        digest: `digest_of_parts` of the model.
        digests: What `write_states` returned for each part.
        named: A model that has the names of states and actions; None: they have none, or nobody holds them.
    """
    summary: dict[str, Any] = {
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
        "sha256_of_parts": digests,
    }
    if names := _names(named):
        summary["names"] = names
    summary["sha256"] = _sha256(summary)
    write_atomically(folder / SUMMARY, lambda file: file.write(_text(summary)))


def _text(summary: dict[str, Any]) -> bytes:
    return json.dumps(summary, indent=1).encode()


def _has_digests(summary: dict[str, Any]) -> bool:
    """Whether it was written with digests: only what has no more than the names of earlier releases was not."""
    return not summary.keys() <= EARLIER


def _sha256(summary: dict[str, Any]) -> str:
    """Digest of what a summary says, but for the digest itself."""
    said = {name: value for name, value in summary.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _arrays(plan: Plan) -> dict[str, NDArray[Any]]:
    actions = plan.policy.actions.astype(np.min_scalar_type(plan.policy.num_actions))
    return {"values": plan.values, "lower": plan.lower, "upper": plan.upper, "actions": actions}


def read_plan(folder: str | PathLike[str], model: "Model | None") -> Plan:
    """The plan in a folder, its arrays mapped from the files: they are read through once, and not kept in memory.

    Raises:
        InvalidPlanFileError: Not such a folder, not finished, of another version or of another model.
    """
    here = Path(folder)
    try:
        written = (here / SUMMARY).read_bytes()
        summary = json.loads(written)
    except FileNotFoundError:
        raise InvalidPlanFileError(f"{here} has no {SUMMARY}: it is no plan, or one that was not finished") from None
    except (ValueError, RecursionError):
        raise InvalidPlanFileError(f"{here / SUMMARY} is damaged. Plan again, and write it anew") from None
    if not isinstance(summary, dict):
        raise InvalidPlanFileError(f"{here / SUMMARY} is damaged. Plan again, and write it anew")
    if summary.get("format") != FORMAT or summary.get("version") != VERSION:
        raise InvalidPlanFileError(
            f"{here / SUMMARY} says format {_shown(summary.get('format'))}, version {_shown(summary.get('version'))}; "
            f"this library reads {FORMAT!r}, version {VERSION}"
        )
    try:
        if _has_digests(summary) and (_sha256(summary) != summary["sha256"] or _text(summary) != written):
            raise ValueError(f"{SUMMARY} is not as it was written")
        if model is not None:
            _check_model(here, summary, model)
        return _plan(here, summary, model)
    except (KeyError, ValueError, TypeError, OSError, OverflowError, IndexError, AttributeError) as error:
        if isinstance(error, InvalidPlanFileError):
            raise
        raise InvalidPlanFileError(f"{here} is a damaged plan: {error}. Plan again, and write it anew") from error


def _plan(here: Path, summary: dict[str, Any], model: "Model | None") -> Plan:
    count, num_actions = int(summary["num_states"]), int(summary["num_actions"])
    arrays = {name: _mapped(here, name, count) for name in ("values", "lower", "upper", "actions")}
    values, lower, upper, actions = arrays.values()
    if _has_digests(summary):
        _check_digests(here, summary, arrays)
    status = Status[summary["status"]]
    discount, error_bound = float(summary["discount"]), float(summary["error_bound"])
    check_claim(status, error_bound, float(summary["tolerance"]), discount)
    for first in range(0, count, CHECKED_AT_ONCE):
        part = slice(first, first + CHECKED_AT_ONCE)
        check_bounds(values[part], lower[part], upper[part], error_bound, first)
        if actions[part].max() >= num_actions:
            raise ValueError(f"it takes action {actions[part].max()}, and there are {num_actions}")
    return Plan(
        values=values,
        policy=TabularPolicy.of_checked_actions(actions, num_actions),
        lower=lower,
        upper=upper,
        error_bound=error_bound,
        status=status,
        iterations=int(summary["iterations"]),
        history=tuple(Iteration(int(row[0]), *map(float, row[1:])) for row in summary["history"]),
        method=str(summary["method"]),
        discount=discount,
        tolerance=float(summary["tolerance"]),
        model=cast("Model", _placeholder(summary)) if model is None else model,
        minimise=_minimises(summary),
    )


def _names(model: "Model | None") -> dict[str, Any]:
    """What a summary says of the names of states and actions, as text."""
    states = getattr(model, "states", None)
    known = names_of(model) | ({} if states is None else {"model_samples": states.samples or 0})
    return {name: bytes(kept).decode() if isinstance(kept, np.ndarray) else kept for name, kept in known.items()}


def _placeholder(summary: dict[str, Any]) -> BlockModel:
    """What knows of the model what the summary says."""
    names = {
        name: np.frombuffer(kept.encode(), dtype=np.uint8) if isinstance(kept, str) else kept
        for name, kept in summary.get("names", {}).items()
    }
    return BlockModel(int(summary["num_states"]), int(summary["num_actions"]), summary["model"]["digest"], names)


def _minimises(summary: dict[str, Any]) -> bool:
    found = summary.get("minimise", False)
    if not isinstance(found, bool):
        raise ValueError(f"minimise is {_shown(found)}; expected true or false")
    return found


def _shown(found: Any) -> str:
    return repr(found)[:60]


def _mapped(here: Path, name: str, count: int) -> NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what NumPy says of headers that it can read nevertheless
            array = np.load(here / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # NumPy may raise anything on a damaged file
        raise ValueError(f"{name}.npy is no array: {str(error)[:200]}") from None
    if array.shape != (count,) or array.dtype.kind != ("u" if name == "actions" else "f"):
        raise ValueError(f"{name}.npy holds {array.shape} of {array.dtype}; expected ({count},)")
    return array


def _check_digests(here: Path, summary: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """`ValueError` unless every file is, byte by byte, the one that was written."""
    count, borders = int(summary["num_states"]), np.array(summary["model"]["borders"], dtype=np.int64)
    if not (borders[0] == 0 and borders[-1] == count and (np.diff(borders) >= 0).all()):
        raise ValueError(f"its parts are not those of {count} states")
    for name, array in arrays.items():
        header = _header(array.dtype, count)
        path = here / f"{name}.npy"
        with path.open("rb") as file:
            whole = file.read(len(header)) == header and path.stat().st_size == len(header) + array.nbytes
        if not whole:
            raise ValueError(f"{name}.npy is not as it was written")
    pairs = zip(_digests(arrays, borders.tolist()), summary["sha256_of_parts"], strict=True)
    wrong = next((part for part, (found, written) in enumerate(pairs) if found != written), None)
    if wrong is not None:
        raise ValueError(f"numbers of states {borders[wrong]} to {borders[wrong + 1] - 1} are not as they were written")


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


def check_claim(status: Status, error_bound: float, tolerance: float, discount: float) -> None:
    """`ValueError` if a plan cannot have ended as it says."""
    if not 0.0 <= discount <= 1.0:
        raise ValueError(f"its discount is {discount:.15g}")
    if not (error_bound >= 0.0 and tolerance > 0.0):
        raise ValueError(f"its error bound is {error_bound:g} and its tolerance {tolerance:g}")
    if status is Status.CONVERGED and error_bound > tolerance:
        raise ValueError(
            f"it says {status.name}, and its error bound {error_bound:g} is above its tolerance {tolerance:g}"
        )


def check_bounds(
    values: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    error_bound: float,
    first: int = 0,
) -> None:
    """`ValueError` unless lower <= values <= upper in every state, no further apart than the error bound says."""
    wrong = ~((lower <= values) & (values <= upper))  # NaN too
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ValueError(f"state {first + at} has the value {values[at]:g} between {lower[at]:g} and {upper[at]:g}")
    with np.errstate(invalid="ignore"):
        furthest = np.nan_to_num(np.maximum(upper - values, values - lower), nan=0.0).max(initial=0.0)
    if furthest > error_bound:
        raise ValueError(f"a bound is {furthest:g} from its value, and the error bound is {error_bound:g}")
