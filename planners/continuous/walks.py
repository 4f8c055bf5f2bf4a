"""Sets of states on their way: what they have earned, where they are, and which of them may have arrived."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.continuous.cells import Cells
from planners.continuous.interval import Number, above, below, truth
from planners.continuous.potential import Potential, Shaped
from planners.continuous.sets import Sets
from planners.continuous.system import State


@dataclass(frozen=True)
class Walk:
    """N sets after k steps.

    Attributes:
        cells: Of the system.
        discount: Of the rewards.
        sign: -1: totals are what is certain, rounded down. 1: what is possible at most, rounded up.
        sets: Where they are.
        box: Boxes around them.
        gain: (N,) discounted rewards so far.
        ended: (N,) the total of those whose episode may have ended on the way; -sign * inf: none of the set.
        over: (N,) whether the episode has ended for all of the set.
        k: Steps so far.
        shaped: The same with a potential; None: there is none.
    """

    cells: Cells
    discount: float
    sign: float
    sets: Sets
    box: State
    gain: NDArray[np.float64]
    ended: NDArray[np.float64]
    over: NDArray[np.bool_]
    k: int = 0
    shaped: Shaped | None = None

    @classmethod
    def of(cls, cells: Cells, box: State, discount: float, sign: float, potential: Potential | None = None) -> "Walk":
        """Sets that begin as boxes, none of which is at the end."""
        count, sets = len(box[0].low), Sets.of(box)
        ended, over = np.full(count, -sign * np.inf), np.zeros(count, dtype=bool)
        shaped = None if potential is None else Shaped.of(potential, sets, box, sign)
        return cls(cells, discount, sign, sets, box, np.zeros(count), ended, over, 0, shaped)

    def __getitem__(self, index: Any) -> "Walk":
        box = tuple(x[index] for x in self.box)
        parts = self.gain[index], self.ended[index], self.over[index]
        shaped = None if self.shaped is None else self.shaped[index]
        return Walk(self.cells, self.discount, self.sign, self.sets[index], box, *parts, self.k, shaped)

    def step(self, action: Number) -> "Walk":
        """After one more step. A set that was over stays so, with its total."""
        system = self.cells.system
        sets, box, reward, smooth = self.sets.advance(system, action)
        shaped, weight = self.shaped, self.discount**self.k
        if shaped is not None:
            shaped = shaped.step(self.sets, self.box, action, box, smooth, weight)
        gain = total(self.gain, weight, reward.low if self.sign < 0 else reward.high, self.sign)
        end = truth(system.ended(box))
        better = np.where(self.sign * gain > self.sign * self.ended, gain, self.ended)
        ended = np.where(end.possibly & ~self.over, better, self.ended)
        over = self.over | end.surely
        return Walk(self.cells, self.discount, self.sign, sets, box, gain, ended, over, self.k + 1, shaped)

    def value(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) the least (sign -1) or largest total, if V of the cells that are touched is `values`."""
        system = self.cells.system
        later = (
            self.cells.least(values, self.box, system.beyond[0])
            if self.sign < 0
            else self.cells.largest(values, self.box, system.beyond[1])
        )
        going = total(self.gain, self.discount**self.k, later, self.sign)
        both = np.maximum(self.sign * going, self.sign * self.ended)
        return np.where(self.over, self.ended, self.sign * both)

    def shaped_total(self) -> NDArray[np.float64]:
        """(N,) the total with shaped rewards so far, W where the sets are included."""
        assert self.shaped is not None
        return self.shaped.total(self.sets, self.box, self.discount**self.k)

    def excess(self, excess: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) the least (sign -1) or largest V - W where the sets began, if that of the cells touched is `excess`."""
        extreme = self.cells.least if self.sign < 0 else self.cells.largest
        later = extreme(excess, self.box, self.sign * np.inf)
        return total(self.shaped_total(), self.discount**self.k, later, self.sign)


def total(gain: Any, weight: float, value: Any, sign: float) -> Any:
    """The sum gain + weight * value, rounded in the direction of the sign; whole numbers stay whole."""
    outward = below if sign < 0 else above
    more = value if weight == 1.0 else outward(outward(weight * value))  # also the weight is rounded
    found = gain + more
    with np.errstate(invalid="ignore"):
        exact = ((found - gain == more) & (found - more == gain)) | np.isinf(found)
    return np.where(exact, found, outward(found))
