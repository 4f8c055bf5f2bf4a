"""What the ends of episodes are worth, and which of them one would go to."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.problem import UNIT_ROUNDOFF, Problem

NEVER: Final = 2**31 - 1
LAST: Final = 2**30


def delays(value: NDArray[np.float64], ends: NDArray[np.bool_], step: float, discount: float) -> NDArray[np.int32]:
    """For each end, after how many steps of reward `step` the best end is worth no more than this one.

    An end that is worth less than going on for ever joins last, in layer `LAST`.
    """
    if not ends.any():
        return np.full(len(value), NEVER, dtype=np.int32)
    best = float(value[ends].max())
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if discount < 1.0:
            for_ever = step / (1.0 - discount)
            left = (value - for_ever) / max(best - for_ever, UNIT_ROUNDOFF)
            steps = np.log(np.clip(left, 0.0, 1.0)) / np.log(discount) if discount > 0 else np.where(left < 1, LAST, 0)
        else:
            steps = (best - value) / max(-step, UNIT_ROUNDOFF)
    return np.clip(np.nan_to_num(steps, nan=0.0, posinf=LAST), 0, LAST).astype(np.int32)


def until_the_end(problem: Problem, ending: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Value of taking each of the chosen rows again and again until it ends the episode."""
    stays = problem.discount * (1.0 - problem.termination[ending])
    with np.errstate(over="ignore"):
        return problem.rewards[ending] / np.maximum(1.0 - stays, UNIT_ROUNDOFF)


def typical_step(problem: Problem, ending: NDArray[np.bool_]) -> float:
    """The median reward of the rows that are not chosen."""
    going_on = problem.rewards[~ending]
    return 2.0 * float(np.median(0.5 * going_on)) if len(going_on) else 0.0  # halved: two may add up to infinity
