"""A potential W, a guess of V: with it, bounds say how far V is from W in a cell, and not only how large it is.

With rewards r + discount * W(s') - W(s) in place of r, the value of a policy is V - W (potential-based shaping). Where
W is close to V, so is V - W to 0 all over the cell, and a set that is spread over whole cells loses the second power
of their sides, where V itself loses the first. W proves nothing, and nothing trusts it. Where V jumps or bends, W is
not close: there the bounds of V itself are closer. The sweeps have both, each improved by the other.

Source: Ng, Harada and Russell (1999), "Policy invariance under reward transformations", ICML.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.continuous.cells import Cells
from planners.continuous.interval import Interval, Number, ends
from planners.continuous.sets import Sets
from planners.continuous.system import State

SLACK = 1e-13  # of a sum of a few numbers, beside the largest of them: more than rounding


@dataclass(frozen=True)
class Potential:
    """W, by multilinear interpolation between nodes.

    Attributes:
        cells: Between the nodes.
        nodes: (n_1 + 1, ..., n_d + 1) W at their corners.
    """

    cells: Cells
    nodes: NDArray[np.float64]

    @classmethod
    def of(cls, cells: Cells, values: NDArray[np.float64]) -> "Potential":
        """W of (S,) values at `node_states`; a circle has its first node again at its end."""
        wraps = cells.system.wraps
        counts = [count if circle else count + 1 for count, circle in zip(cells.shape, wraps, strict=True)]
        nodes = np.pad(values.reshape(counts), [(0, int(circle)) for circle in wraps], mode="wrap")
        return cls(cells, np.ascontiguousarray(nodes))

    def at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) W at (n, N) points, up to `error`."""
        from planners.kernels.potential import interpolate

        found = np.empty(points.shape[1])
        interpolate(self.cells.grid, self.nodes.ravel(), points, found)
        return found

    @cached_property
    def error(self) -> float:
        """How far the floats of `at` may be from W."""
        return float(np.abs(self.nodes).max()) * 2.0 ** len(self.cells.shape) * SLACK

    @cached_property
    def _slopes(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """For each axis the least and the largest derivative in each cell, which are at its edges."""
        found = []
        for axis, side in enumerate(self.cells.side):
            low = high = np.diff(self.nodes, axis=axis) / side
            for other in range(self.nodes.ndim):
                if other != axis:
                    one, two = (slice(None),) * other + (slice(-1),), (slice(None),) * other + (slice(1, None),)
                    low, high = np.minimum(low[one], low[two]), np.maximum(high[one], high[two])
            slack = self.error / side
            found.append((low.ravel() - slack, high.ravel() + slack))
        return found

    def slopes(self, box: State) -> list[Interval]:
        """The derivatives of W along each axis, anywhere in the boxes."""
        least, largest = self.cells.least, self.cells.largest
        return [Interval(least(low, box, np.inf), largest(high, box, -np.inf)) for low, high in self._slopes]

    def between(self, box: State) -> Interval:
        """W in the boxes."""
        middle = np.stack([x.middle for x in box])
        sizes = zip(self.slopes(box), box, middle, strict=True)
        radius = sum(np.maximum(np.abs(slope.low), np.abs(slope.high)) * x.radius(at) for slope, x, at in sizes)
        near, radius = self.at(middle), radius + 2.0 * self.error
        return Interval(near - radius, near + radius)


@dataclass(frozen=True)
class Shaped:
    """What N sets have earned with shaped rewards, as a function of where in the set the walk began.

    Attributes:
        potential: W.
        sign: -1: what is certain. 1: what is possible at most.
        middle: (N,) from the centre of the set, but for W where it is now.
        slope: (n + 1, N) what the parts u_j of the set's spread add.
        error: (N,) by how much it may be more.
    """

    potential: Potential
    sign: float
    middle: NDArray[np.float64]
    slope: NDArray[np.float64]
    error: NDArray[np.float64]

    @classmethod
    def of(cls, potential: Potential, sets: Sets, box: State, sign: float) -> "Shaped":
        """Sets at their beginning."""
        nothing = np.zeros(len(sets.rest[0]))
        start = cls(potential, sign, nothing, np.zeros(sets.spread.shape[1:]), nothing)
        return start._plus(-potential.at(sets.centre), [-slope for slope in potential.slopes(box)], sets, box, 1.0)

    def __getitem__(self, index: Any) -> "Shaped":
        return Shaped(self.potential, self.sign, self.middle[index], self.slope[:, index], self.error[index])

    def step(self, before: Sets, box: State, action: Number, after: State, kept: Any, weight: float) -> "Shaped":
        """With the rewards of one step; `kept` (N,): whether the set after it has the same parts u."""
        system = self.potential.cells.system
        centre = tuple(Interval(x, x) for x in before.centre)
        reward = ends(system.reward(centre, action, after))[int(self.sign > 0)]
        slopes = system.reward_slope(box, action)
        assert slopes is not None
        found = self._plus(np.broadcast_to(reward, self.middle.shape), slopes, before, box, weight)
        slope = np.where(kept, found.slope, 0.0)
        slope[-1] = 0.0  # the action of this step is another part than that of the one before
        error = found.error + np.abs(found.slope - slope).sum(axis=0)
        return Shaped(self.potential, self.sign, found.middle, slope, error)

    def total(self, sets: Sets, box: State, weight: float) -> NDArray[np.float64]:
        """(N,) the largest total (sign 1) or the least one (-1), W where the sets are now included."""
        around = tuple(
            Interval(np.minimum(x.low, at), np.maximum(x.high, at)) for x, at in zip(box, sets.centre, strict=True)
        )
        found = self._plus(self.potential.at(sets.centre), self.potential.slopes(around), sets, box, weight)
        return found.middle + self.sign * (np.abs(found.slope).sum(axis=0) + found.error) * (1.0 + SLACK)

    def _plus(self, value: Any, slopes: list[Number], sets: Sets, box: State, weight: float) -> "Shaped":
        """With weight * f, of which the value at the centres and the derivatives over the boxes are given.

        f(centre + spread u + rest) - f(centre) is in slopes * (spread u + rest), by the mean value theorem.
        """
        slope, error = self.slope.copy(), self.error + weight * self.potential.error
        size = np.abs(self.middle) + np.abs(value)
        for axis, each in enumerate(slopes):
            low, high = ends(each)
            middle = 0.5 * (low + high)
            slope += (weight * middle) * sets.spread[axis]
            radius = np.abs(sets.spread[axis]).sum(axis=0) + sets.rest[axis]
            error = error + weight * (np.abs(middle) * sets.rest[axis] + (high - middle) * radius)
            size = size + np.abs(middle) * radius
        error = error + SLACK * (size + error + np.abs(slope).sum(axis=0))
        return Shaped(self.potential, self.sign, self.middle + weight * value, slope, error)
