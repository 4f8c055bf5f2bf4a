"""Reading plans of continuous systems. The caller passes the system, as a file holds numbers and no formulas.

The system's name, its bounds and where some steps lead, with which rewards, must be those that were planned on.
"""

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.continuous.bounds import Bounds
from planners.continuous.cells import Cells
from planners.continuous.continuous_plan import ContinuousPlan
from planners.continuous.guaranteed import Guide
from planners.continuous.potential import Potential
from planners.continuous.save_plan import FORMAT, SIDES, VERSION, steps_of
from planners.continuous.system import System
from planners.errors import InvalidPlanFileError
from planners.plans.load import read_arrays
from planners.plans.plan import Status

Arrays = dict[str, NDArray[Any]]


def load_plan(path: str | PathLike[str], system: System) -> ContinuousPlan:
    """Read a plan that `ContinuousPlan.save` wrote.

    Args:
        path: The file.
        system: The system that was planned on, made again.

    Raises:
        FileNotFoundError: No such file.
        InvalidPlanFileError: The file is no such plan, is cut off, or is of another version or another system.

    >>> import tempfile, planners
    >>> hill = planners.continuous.MountainCar()
    >>> plan = planners.continuous.solve(hill, cells=(20, 20))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plan.save(f"{folder}/hill.npz")
    ...     planners.continuous.load_plan(f"{folder}/hill.npz", hill).bounds([0.3, 0.05]) == plan.bounds([0.3, 0.05])
    True
    """
    arrays = read_arrays(path, FORMAT, VERSION)
    try:
        _check_system(path, arrays, system)
        guide, potential = None, None
        if "guide cells" in arrays:
            cells, between = Cells.checked(system, arrays["guide cells"]), Cells.checked(system, arrays["guess cells"])
            guess = Potential(between, _floats(arrays["guess"], tuple(count + 1 for count in between.shape)))
            if not np.isin(arrays["best"], range(len(arrays["tried"]))).all() or len(arrays["best"]) != cells.count:
                raise ValueError("the actions are not those that were tried")
            guide, potential = Guide(cells, arrays["tried"], arrays["best"], guess), guess
        below, above = (_bounds(arrays, side, system, potential) for side in SIDES)
        return ContinuousPlan(
            system=system, below=below, above=above, discount=float(arrays["discount"]), guide=guide,
            status=Status[str(arrays["status"])], seconds=float(arrays["seconds"]),
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
        if isinstance(error, InvalidPlanFileError):
            raise
        raise InvalidPlanFileError(f"{path} is a damaged plan: {error}. Plan again, and save it anew") from error


def _bounds(arrays: Arrays, side: str, system: System, potential: Potential | None) -> Bounds:
    cells = Cells.checked(system, arrays[f"{side} cells"])
    live, splits = arrays[f"{side} live"].astype(bool), arrays[f"{side} splits"].astype(np.int8)
    values, excess = _floats(arrays[f"{side} values"], (cells.count,)), arrays[f"{side} excess"]
    if live.shape != values.shape or splits.shape != values.shape or excess.shape not in ((0,), values.shape):
        raise ValueError(f"the bounds {side} are of {values.shape}, {live.shape}, {splits.shape} and {excess.shape}")
    leans = potential if len(excess) else None
    return Bounds(cells, -1.0 if side == "below" else 1.0, live, values, leans, excess, splits=splits)


def _floats(found: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float64]:
    if found.dtype != np.float64 or found.shape != shape or np.isnan(found).any():
        raise ValueError(f"an array is of {found.shape} and {found.dtype}; expected {shape} floats")
    return np.ascontiguousarray(found)


def _check_system(path: str | PathLike[str], arrays: Arrays, system: System) -> None:
    name, steps = str(arrays["system"]), steps_of(system)
    same = steps.shape == arrays["steps"].shape and np.allclose(steps, arrays["steps"], rtol=1e-9, atol=1e-12)
    if name != type(system).__name__ or not same:
        why = "whose steps are others" if name == type(system).__name__ else f"and not of {type(system).__name__}"
        raise InvalidPlanFileError(f"{path} is a plan of a {name}, {why}; give the system that was planned on")
