"""Reading plans: files that `Plan.save` wrote, and folders that many processes wrote."""

import zipfile
from os import PathLike
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidPlanFileError, PlannerError
from planners.models.convert import Model, as_model
from planners.models.tabular import TabularMDP
from planners.plans.model_identity import MissingModel, fingerprint, weighted_sums
from planners.plans.plan import Iteration, Plan, Status
from planners.plans.plan_folder import check_claim, read_plan
from planners.plans.policy import TabularPolicy
from planners.plans.save import FORMAT, VERSION, Arrays


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
        return read_plan(path, given)
    arrays = _read(path)
    found = None if given is None else _same_model(path, arrays, given)
    try:
        return _plan(arrays, found)
    except (KeyError, ValueError, TypeError, IndexError, OverflowError, PlannerError) as error:
        raise InvalidPlanFileError(f"{path} is a damaged plan: {error}. Plan again, and save it anew") from error


def _read(path: str | PathLike[str]) -> Arrays:
    """All arrays of a plan file of this version."""
    with Path(path).open("rb") as file:
        try:
            loaded = np.load(file, allow_pickle=False) if zipfile.is_zipfile(file) else None
            arrays = {} if loaded is None else {name: loaded[name] for name in loaded.files}
        except Exception:  # NumPy and zipfile may raise anything on a damaged file
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
    status = Status[str(arrays["status"])]
    error_bound, tolerance = float(arrays["error_bound"]), float(arrays["tolerance"])
    check_claim(status, error_bound, tolerance)
    _check_bounds(values, lower, upper, error_bound)
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
        discount=float(arrays["discount"]),
        tolerance=tolerance,
        model=cast(TabularMDP, MissingModel(arrays)) if model is None else model,
        minimise=bool(arrays.get("minimise", False)),
    )


def _check_bounds(
    values: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64], error_bound: float
) -> None:
    """`ValueError` unless lower <= values <= upper in every state, no further apart than the error bound says."""
    wrong = ~((lower <= values) & (values <= upper))  # NaN too
    if wrong.any():
        state = int(np.argmax(wrong))
        raise ValueError(f"state {state} has the value {values[state]:g} between {lower[state]:g} and {upper[state]:g}")
    with np.errstate(invalid="ignore"):
        furthest = np.nan_to_num(np.maximum(upper - values, values - lower), nan=0.0).max(initial=0.0)
    if furthest > error_bound:
        raise ValueError(f"a bound is {furthest:g} from its value, and the error bound is {error_bound:g}")
