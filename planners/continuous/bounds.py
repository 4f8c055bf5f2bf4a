"""Bounds of V* on one side, cell by cell, as they become closer."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.continuous.cells import Cells
from planners.continuous.interval import above, below, truth
from planners.continuous.potential import Potential
from planners.continuous.programs import chunks
from planners.continuous.system import State
from planners.continuous.walks import Walk


@dataclass
class Bounds:
    """No state of cell c has a V* beyond `values[c]`, nor a V* - W beyond `excess[c]`; valid at any moment.

    Attributes:
        cells: The cells.
        sign: -1: V* is at least so much. 1: at most.
        live: (N,) whether the cell may hold states that are not at the end.
        values: (N,).
        potential: W; None: there is none.
        excess: (N,), with a potential.
        near: (N,) of W in each cell, what V* - W is known by from `values`.
        far: (N,) what V* is known by from `excess`.
        splits: (N,) into how many halves each side of the cell was cut since its bounds were computed.
    """

    cells: Cells
    sign: float
    live: NDArray[np.bool_]
    values: NDArray[np.float64]
    potential: Potential | None = None
    excess: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    near: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    far: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    splits: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, dtype=np.int8))

    @classmethod
    def of(cls, cells: Cells, sign: float, value: float) -> "Bounds":
        """The same value everywhere, but 0 in cells of which every state is at the end."""
        over = np.empty(cells.count, dtype=bool)
        for part in chunks(np.arange(cells.count)):
            over[part] = truth(cells.system.ended(cells.boxes(part))).surely
        return cls(cells, sign, ~over, np.where(over, 0.0, value), splits=np.zeros(cells.count, dtype=np.int8))

    def lean(self, potential: Potential) -> None:
        """Take a potential."""
        empty = np.full((3, self.cells.count), self.sign * np.inf)
        self.potential, (self.excess, self.near, self.far) = potential, empty
        self.begin(np.flatnonzero(self.live))

    def begin(self, numbers: NDArray[np.int64]) -> None:
        """Make ready for new bounds of some cells."""
        self.splits[numbers] = 0
        if self.potential is None:
            return
        for part in chunks(numbers):
            between = self.potential.between(self.cells.boxes(part))
            ends = (between.low, between.high)[:: int(self.sign)]
            self.near[part], self.far[part] = ends
            self.agree(part)

    def agree(self, part: NDArray[np.int64]) -> None:
        """Make each of the two bounds of some cells no worse than what the other says."""
        if self.potential is None:
            return
        outward = above if self.sign > 0 else below
        closer = np.minimum if self.sign > 0 else np.maximum
        values, excess = self.values[part], self.excess[part]
        values = closer(values, outward(excess + self.far[part]))
        self.values[part], self.excess[part] = values, closer(excess, outward(values - self.near[part]))

    def learn(self, part: NDArray[np.int64], walk: Walk) -> None:
        """Improve the bounds of some cells by what walks from them are worth."""
        closer = np.minimum if self.sign > 0 else np.maximum
        self.values[part] = closer(self.values[part], walk.value(self.values))
        if self.potential is not None:
            self.excess[part] = closer(self.excess[part], walk.excess(self.excess))
            self.agree(part)

    def at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) the bounds at (n, N) points."""
        cell = self.cells.number(points)
        values = self.values[cell]
        if self.potential is None:
            return values
        closer = np.minimum if self.sign > 0 else np.maximum
        slack = 2.0 * self.potential.error + 1e-15 * np.abs(self.excess[cell])
        return closer(values, self.potential.at(points) + self.excess[cell] + self.sign * slack)

    def split(self) -> "Bounds":
        """The same of cells with half the sides."""
        shape = self.cells.shape

        def spread(values: NDArray[Any]) -> NDArray[Any]:
            if not len(values):
                return values
            values = values.reshape(shape)
            for axis in range(len(shape)):
                values = np.repeat(values, 2, axis=axis)
            return values.ravel()

        cells = Cells(self.cells.system, tuple(2 * count for count in shape))
        values, excess, near, far = map(spread, (self.values, self.excess, self.near, self.far))
        return Bounds(
            cells, self.sign, spread(self.live), values, self.potential, excess, near, far, spread(self.splits + 1)
        )

    def origin(self, cell: int) -> State:
        """The box that the bounds of a cell were computed of: itself, or a cell of which it is a part."""
        parts = 2 ** int(self.splits[cell])
        places = np.unravel_index([cell], self.cells.shape)
        whole = Cells(self.cells.system, tuple(count // parts for count in self.cells.shape))
        return whole.boxes(np.atleast_1d(np.ravel_multi_index(tuple(place // parts for place in places), whole.shape)))
