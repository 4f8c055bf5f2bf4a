"""What a replay keeps: the frames of planning, and the steps of an episode."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridworld_env.grid.actions import Action
from planners import Iteration, Transition


@dataclass(frozen=True, eq=False)
class SweepFrame:
    """What one iteration made of S states.

    Attributes:
        iteration: Its numbers.
        values: (S,) float32 V.
        lower: (S,) float32 proven lower bounds of V*; -inf: none.
        upper: (S,) float32 proven upper bounds of V*; inf: none.
        arrows: (S,) uint16, bit `Action.UP` and so on set for every greedy action.
    """

    iteration: Iteration
    values: NDArray[np.float32]
    lower: NDArray[np.float32]
    upper: NDArray[np.float32]
    arrows: NDArray[np.uint16]

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return sum(array.nbytes for array in (self.values, self.lower, self.upper, self.arrows))


@dataclass(frozen=True)
class Step:
    """One step of the episode: what was intended, what became of it, and the state it led to."""

    intended: Action
    made: Action
    transition: Transition
