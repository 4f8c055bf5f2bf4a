"""Plans of continuous systems as files: the sealed archives of `planners.plans.save`. `load_plan` reads them."""

from os import PathLike
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.continuous.bounds import Bounds
from planners.continuous.nodes import action_numbers
from planners.continuous.system import System, check_system
from planners.plans.save import write_arrays

if TYPE_CHECKING:
    from planners.continuous.continuous_plan import ContinuousPlan

FORMAT: Final = "gridworld-lab continuous plan"
VERSION: Final = 1
STATES: Final = 100  # at which the steps of systems are compared
SIDES: Final = ("below", "above")


def save_plan(plan: "ContinuousPlan", path: str | PathLike[str]) -> None:
    """Write a plan to a file, whole or not at all; see `ContinuousPlan.save`."""
    arrays: dict[str, Any] = {
        "format": FORMAT, "version": VERSION, "system": type(plan.system).__name__, "steps": steps_of(plan.system),
        "discount": plan.discount, "status": plan.status.name, "seconds": plan.seconds,
    }  # fmt: skip
    for side in SIDES:
        bounds: Bounds = getattr(plan, side)
        kept = {"cells": bounds.cells.shape, "live": bounds.live, "values": bounds.values, "excess": bounds.excess}
        arrays |= {f"{side} {name}": value for name, value in (kept | {"splits": bounds.splits}).items()}
    if plan.guide is not None:
        guide = plan.guide
        arrays |= {"guide cells": guide.cells.shape, "tried": guide.tried, "best": guide.best}
        arrays |= {"guess cells": guide.guess.cells.shape, "guess": guide.guess.nodes}
    write_arrays(path, arrays)


def steps_of(system: System) -> NDArray[np.float64]:
    """(n + 2, ...) where steps lead from some states, with which rewards, and whether they end; and the bounds."""
    check_system(system)
    rng = np.random.default_rng(0)
    low, high = np.array(system.low)[:, None], np.array(system.high)[:, None]
    points = tuple(rng.uniform(low, high, (len(low), STATES)))
    found = [np.concatenate([low, high], axis=1).ravel()]
    for action in action_numbers(system, 3):
        after = system.step(points, action)
        for part in (*after, system.reward(points, action, after), system.ended(after)):
            found.append(np.broadcast_to(np.asarray(part, dtype=np.float64), STATES))
    sizes = () if system.noise is None else system.noise.sizes
    return np.concatenate([*found, np.array(sizes, dtype=np.float64)])
