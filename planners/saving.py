"""Plans as files: NumPy's npz, versioned, without pickle, so that a file can hold numbers and nothing that runs.

A file says what it is (`format`, `version`) and which model it is of: its sizes, a SHA-256 of its tables,
and sums by which a `MoveMDP` and its `tabular` know each other, though their numbers differ by rounding.
It is written beside its place and then moved there: no half-written plan is left under its name.
"""

import dataclasses
import hashlib
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.errors import InvalidOptionError, InvalidPlanFileError
from planners.mdp import TabularMDP
from planners.missing_model import MissingModel
from planners.models import Model, as_model
from planners.moves import MoveMDP
from planners.policy import TabularPolicy
from planners.result import Iteration, Plan, Status

FORMAT: Final = "gridworld-lab plan"
VERSION: Final = 1
CHUNK: Final = 1 << 20  # numbers hashed at a time
PARTS: Final = 256  # of the states, each with sums of its own

Arrays = dict[str, NDArray[Any]]


def save_plan(plan: Plan, path: str | PathLike[str]) -> None:
    """Write a plan to a file, whole or not at all; see `Plan.save`."""
    if not plan.policy.is_deterministic:
        raise InvalidOptionError("the plan's policy draws its actions; only plans of one action a state can be saved")
    kept = ("values", "lower", "upper", "error_bound", "iterations", "discount", "tolerance", "method")
    arrays: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "actions": plan.policy.actions,
        "num_actions": plan.policy.num_actions,
        "status": plan.status.name,
        "history": np.array(plan.history, dtype=np.float64).reshape(-1, len(Iteration._fields)),
        **{name: getattr(plan, name) for name in kept},
        **_identity(plan.model),
    }
    target = Path(path)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def load_plan(path: str | PathLike[str], model: Any = None) -> Plan:
    """Read a plan that `Plan.save` wrote, or, lazily, one that many processes wrote to a folder.

    Args:
        path: The file, or the folder.
        model: The model that the plan is of (a `MoveMDP` or its `tabular`, that is the same), or an environment
            that has it. Without it the plan has no `action_values` and no `optimal_actions`.

    Raises:
        FileNotFoundError: No such file.
        InvalidPlanFileError: Not a plan, cut off, of another version, or of another model.
        InvalidModelError: `model` is no model.

    >>> import tempfile
    >>> from planners import solve
    >>> stay = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     solve(stay, discount=0.8).save(f"{folder}/stay.npz")
    ...     load_plan(f"{folder}/stay.npz", stay).values.round(3)
    array([5.])
    """
    given = None if model is None else as_model(model)
    if Path(path).is_dir():
        from planners.distributed.plan_folder import read_plan

        return read_plan(path, given)
    arrays = _read(path)
    found = None if given is None else _same_model(path, arrays, given)
    try:
        return _plan(arrays, found)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise InvalidPlanFileError(f"{path} is a damaged plan: {error}. Plan again, and save it anew") from error


def fingerprint(model: Model) -> tuple[NDArray[np.int64], str]:
    """Sizes (S, A, entries) of a model, and the SHA-256 of its tables, a megabyte or so at a time."""
    digest = hashlib.sha256(type(model).__name__.encode())
    entries = 0
    for field in dataclasses.fields(model):
        table = getattr(model, field.name)
        if field.name == "initial" or table is None:  # where episodes begin does not change a plan
            continue
        entries += table.nnz if isinstance(table, sparse.csr_array) else 0
        digest.update(f"{field.name} {table.shape}".encode())
        for chunk in _chunks(table):
            digest.update(np.ascontiguousarray(chunk).data)
    return np.array([model.num_states, model.num_actions, entries], dtype=np.int64), digest.hexdigest()


def _chunks(table: Any) -> Iterator[NDArray[Any]]:
    """The numbers of a table in an order and in types that do not depend on how it was made."""
    length = table.shape[0]
    size = table.nnz if isinstance(table, sparse.csr_array) else table.size
    rows = max(1, CHUNK * length // max(size, 1))
    for first in range(0, length, rows):
        part = table[first : first + rows]
        if isinstance(part, sparse.csr_array):
            part.sum_duplicates()  # sorts each row
            yield part.indptr.astype("<i8")
            yield part.indices.astype("<i8")
            yield part.data.astype("<f8") + 0.0
        else:
            yield part.astype("<f8") + 0.0  # + 0.0: no minus zero


def weighted_sums(model: Model) -> NDArray[np.float64]:
    """(3, parts) sums of r, |r| and P over parts of the states; but for rounding, a `MoveMDP` has those of its tables.

    Every state, action and next state counts with a weight of its own that looks random, and an end with the
    weight 3, so that what differs between two models does not cancel.
    """
    here, there = (_weights(model.num_states, factor) for factor in (2.0**0.5, 5.0**0.5))
    action, A = _weights(model.num_actions, 3.0**0.5), model.num_actions
    borders = np.linspace(0, model.num_states, min(PARTS, model.num_states) + 1).astype(np.int64)
    sums = np.empty((3, len(borders) - 1))
    for number, part in enumerate(map(slice, borders[:-1], borders[1:])):
        if isinstance(model, MoveMDP):  # by moves, (states, D): each has the weights of the actions that mix it in
            mixed, outcome = np.tensordot(model.mixture, action, axes=(1, 0)), model.outcome[part]
            weight = mixed[0 if model.kind is None else model.kind[part]]
            rewards = model.outcome_reward[outcome]
            arrival = np.where(model.outcome_ends[outcome], 3.0, there[model.successor[part]])
        else:  # by pairs, (states, A)
            weight, rewards, rows = action, model.rewards[part], slice(part.start * A, part.stop * A)
            arrival = (model.transitions[rows] @ there).reshape(-1, A) + 3.0 * model.termination[part]
        sums[:, number] = [(here[part] @ (weight * x)).sum() for x in (rewards, np.abs(rewards), arrival)]
    return sums


def _weights(count: int, factor: float) -> NDArray[np.float64]:
    """(count,) fixed numbers from 1 to 2 that look random; squares, so that no step has the mean of two others."""
    fraction = np.arange(count, dtype=np.float64) * factor % 1.0
    return 1.0 + fraction * fraction


def _identity(model: Any) -> dict[str, Any]:
    """What a file says of the model, by which it is known again."""
    if isinstance(model, MissingModel):
        return model.identity
    (sizes, sha256), form = fingerprint(model), type(model).__name__
    return {"model_sizes": sizes, "model_sha256": sha256, "model_form": form, "model_sums": weighted_sums(model)}


def _read(path: str | PathLike[str]) -> Arrays:
    """All arrays of a plan file of this version."""
    with Path(path).open("rb") as file:
        try:
            loaded = np.load(file, allow_pickle=False) if zipfile.is_zipfile(file) else None
            arrays = {} if loaded is None else {name: loaded[name] for name in loaded.files}
        except (ValueError, EOFError, OSError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error):
            raise InvalidPlanFileError(f"{path} is damaged, or not a plan. Plan again, and save it anew") from None
    if str(arrays.get("format")) != FORMAT:
        raise InvalidPlanFileError(f"{path} is not a plan, or was cut off; expected a file that plan.save(path) wrote")
    version = str(arrays.get("version"))
    if version != str(VERSION):
        raise InvalidPlanFileError(
            f"{path} is a plan of format version {version}; this library reads version {VERSION}. "
            "Plan again, or use the version of gridworld-lab that wrote it"
        )
    return arrays


def _same_model(path: str | PathLike[str], arrays: Arrays, given: Model) -> Model:
    sizes, digest = fingerprint(given)
    if str(arrays.get("model_sha256")) == digest:
        return given
    form = str(arrays.get("model_form", "TabularMDP"))  # files of earlier releases do not say, and have no sums
    if "MoveMDP" in (form, type(given).__name__):  # the same moves can be written in many ways
        alike = given if form == "MoveMDP" else given.tabular
        sizes, digest = fingerprint(alike)
        if str(arrays.get("model_sha256")) == digest or _sums_agree(arrays.get("model_sums"), weighted_sums(given)):
            return alike
    wanted, found = np.asarray(arrays.get("model_sizes")).tolist(), sizes.tolist()
    why = "; the numbers in the tables differ" if wanted == found else ""
    why += "" if "model_sums" in arrays else "; an earlier release wrote it, so if it is the same model, plan again"
    raise InvalidPlanFileError(
        f"{path} is a plan of another model: its sizes (states, actions, transitions) are {wanted}, those of the model "
        f"given are {found}{why}"
    )


def _sums_agree(saved: NDArray[Any] | None, found: NDArray[np.float64]) -> bool:
    """Whether `weighted_sums` are the same but for rounding, of which each leaves a part of 1e-13 or so."""
    if saved is None or (saved.shape, saved.dtype) != (found.shape, found.dtype):
        return False
    scale = np.maximum(saved[1:], found[1:])  # of r and of P
    return bool((np.abs(saved[::2] - found[::2]) <= 1e-12 * scale).all())


def _plan(arrays: Arrays, model: Model | None) -> Plan:
    values, lower, upper, actions = (arrays[name] for name in ("values", "lower", "upper", "actions"))
    for name in ("values", "lower", "upper"):
        if arrays[name].dtype != np.float64 or arrays[name].shape != actions.shape:
            raise ValueError(f"{name} are {arrays[name].shape} of {arrays[name].dtype}, the actions {actions.shape}")
    return Plan(
        values=values,
        policy=TabularPolicy.from_actions(actions, int(arrays["num_actions"])),
        lower=lower,
        upper=upper,
        error_bound=float(arrays["error_bound"]),
        status=Status[str(arrays["status"])],
        iterations=int(arrays["iterations"]),
        history=tuple(Iteration(int(row[0]), *map(float, row[1:])) for row in arrays["history"]),
        method=str(arrays["method"]),
        discount=float(arrays["discount"]),
        tolerance=float(arrays["tolerance"]),
        model=cast(TabularMDP, MissingModel(arrays)) if model is None else model,
    )
