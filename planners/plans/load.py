"""Reading plans: files that `Plan.save` wrote, and folders that many processes wrote."""

import os
import warnings
import zipfile
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from planners.arguments import check_path
from planners.errors import InvalidPlanFileError, NotEnoughMemoryError, PlannerError
from planners.memory import check_memory
from planners.models.convert import Model, ModelLike, as_model
from planners.models.tabular import TabularMDP
from planners.plans.load_finite import finite_plan_of
from planners.plans.model_identity import MissingModel, in_form, known_again, sizes_of
from planners.plans.plan import Iteration, Plan, Status
from planners.plans.plan_folder import check_bounds, check_claim, read_plan
from planners.plans.policy import TabularPolicy
from planners.plans.save import FINITE_FORMAT, FORMAT, VERSION, Arrays, is_sealed


def load_plan(path: str | PathLike[str], model: ModelLike | Sequence[ModelLike] | None = None) -> Plan | Any:
    """Read a plan that `Plan.save` or `FinitePlan.save` wrote, or, lazily, one that many processes wrote to a folder.

    Args:
        path: The file, or the folder.
        model: The model that the plan is of (a `MoveMDP` or its `tabular`, that is the same), or an environment
            that has it; for a plan whose steps have different models, a list of them. Without it the plan has no
            `action_values` and no `optimal_actions`.

    Raises:
        FileNotFoundError: No such file.
        InvalidPlanFileError: The file is no plan, is cut off, or is of another version or another model.
        InvalidModelError: `model` is no model.

    >>> import tempfile
    >>> from planners import solve
    >>> stay = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     solve(stay, discount=0.8).save(f"{folder}/stay.npz")
    ...     load_plan(f"{folder}/stay.npz", stay).values.round(3)
    array([5.])
    """
    path = check_path("path", path)
    folder = path.is_dir()
    arrays = {} if folder else read_arrays(path, FORMAT, VERSION)
    if str(arrays.get("format")) == FINITE_FORMAT:
        return finite_plan_of(path, arrays, model)
    given = None if model is None else as_model(model)  # pyright: ignore[reportArgumentType] - refuses lists
    if folder:
        return read_plan(path, given)
    found = None if given is None else _same_model(path, arrays, given)
    try:
        return _plan(arrays, found)
    except (KeyError, ValueError, TypeError, IndexError, OverflowError, PlannerError) as error:
        raise InvalidPlanFileError(f"{path} is a damaged plan: {error}. Plan again, and save it anew") from error


def read_arrays(path: str | PathLike[str], form: str, expected: int) -> Arrays:
    """All arrays of a plan file of a format, in the version that is expected."""
    damaged = f"{path} is damaged, or not a plan. Plan again, and save it anew"
    with Path(path).open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what NumPy says of headers that it can read nevertheless
        try:
            arrays = _unpacked(file) if zipfile.is_zipfile(file) else {}
        except NotEnoughMemoryError:
            raise
        except Exception:  # NumPy and zipfile may raise anything on a damaged file
            raise InvalidPlanFileError(damaged) from None
        if arrays and zipfile.ZipFile(file).comment and not is_sealed(file):
            raise InvalidPlanFileError(damaged.replace(", or not a plan", ": not a plan as it was written"))
    if str(arrays.get("format")) == FINITE_FORMAT and form == FORMAT:
        return arrays
    if str(arrays.get("format")) != form:
        raise InvalidPlanFileError(f"{path} is not a plan, or was cut off; expected a file that plan.save(path) wrote")
    version = str(arrays.get("version"))
    if version != str(expected):
        raise InvalidPlanFileError(
            f"{path} is a plan of format version {version}; this library reads version {expected}. "
            "Plan again, or use the version of gridworld-lab that wrote it"
        )
    return arrays


def _unpacked(file: BinaryIO) -> Arrays:
    """The arrays of an npz as `Plan.save` writes it: not compressed, so that they are no larger than the file."""
    members = zipfile.ZipFile(file).infolist()
    size = file.seek(0, os.SEEK_END)
    if sum(member.file_size for member in members) > size or any(member.compress_type for member in members):
        raise ValueError("compressed")
    check_memory(2.0 * size, f"a plan of {size} bytes", "Load it on a machine with more")
    file.seek(0)
    loaded = np.load(file, allow_pickle=False)
    return {name: loaded[name] for name in loaded.files}


def _same_model(path: str | PathLike[str], arrays: Arrays, given: Model) -> Model:
    same = known_again(arrays, given)
    if same is not None:
        return same
    wanted, found = np.asarray(arrays.get("model_sizes")).tolist(), sizes_of(in_form(arrays, given)).tolist()
    why = "; the numbers in the tables differ" if wanted == found else ""
    why += "" if "model_sums" in arrays else "; an earlier release wrote it, so if it is the same model, plan again"
    raise InvalidPlanFileError(
        f"{path} is a plan of another model: its sizes (states, actions, transitions) are {wanted}, those of the model "
        f"given are {found}{why}"
    )


def _plan(arrays: Arrays, model: Model | None) -> Plan:
    values, lower, upper, actions = (arrays[name] for name in ("values", "lower", "upper", "actions"))
    for name in ("values", "lower", "upper"):
        if arrays[name].dtype != np.float64 or arrays[name].shape != actions.shape:
            raise ValueError(f"{name} are {arrays[name].shape} of {arrays[name].dtype}, the actions {actions.shape}")
    status = Status[str(arrays["status"])]
    error_bound, tolerance = float(arrays["error_bound"]), float(arrays["tolerance"])
    discount = float(arrays["discount"])
    check_claim(status, error_bound, tolerance, discount)
    check_bounds(values, lower, upper, error_bound)
    return Plan(
        values=values,
        policy=TabularPolicy.from_actions(actions, int(arrays["num_actions"])),
        lower=lower,
        upper=upper,
        error_bound=error_bound,
        status=status,
        iterations=int(arrays["iterations"]),
        history=tuple(Iteration(int(row[0]), *map(float, row[1:])) for row in arrays["history"]),
        method=str(arrays["method"]),
        discount=discount,
        tolerance=tolerance,
        model=cast(TabularMDP, MissingModel(arrays)) if model is None else model,
        minimise=bool(arrays.get("minimise", False)),
        relative_tolerance=float(arrays.get("relative_tolerance", 0.0)),
    )
