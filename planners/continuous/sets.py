"""Sets of states that are followed step by step: parallelepipeds, which turn and shear with the system.

A set is {centre + spread u + rest : |u_i| <= 1, |rest_i| <= rest}. By the mean value theorem, for all x of a box B,

    step(x) is in step(centre) + J(B) (x - centre)

so that the spread is multiplied by the middle of J(B), and what J(B) varies goes to `rest`, which stays small, as it
is of second order. Where the step has no derivatives in B, the set becomes a box again. Rounding goes to `rest`.

Source: Lohner (1987), "Enclosing the solutions of ordinary initial and boundary value problems"; Girard (2005),
"Reachability of uncertain linear systems using zonotopes", HSCC.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from planners.continuous.interval import EPS, Interval, Number, above, below, ends
from planners.continuous.system import State, System


@dataclass(frozen=True)
class Sets:
    """N sets in n dimensions.

    Attributes:
        centre: (n, N).
        spread: (n, n + 1, N); column j of a set is what u_j moves. The last is for a range of actions in the last step.
        rest: (n, N).
    """

    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    rest: NDArray[np.float64]

    @classmethod
    def of(cls, box: State) -> Self:
        """The boxes, as sets."""
        centre = np.stack([x.middle for x in box])
        spread = np.zeros((len(box), len(box) + 1, centre.shape[1]))
        for axis, x in enumerate(box):
            spread[axis, axis] = x.radius(centre[axis])
        return cls(centre, spread, np.zeros_like(centre))

    def __getitem__(self, index: Any) -> "Sets":
        return Sets(self.centre[:, index], self.spread[:, :, index], self.rest[:, index])

    def radius(self) -> NDArray[np.float64]:
        """(n, N) how far a set goes from its centre along each axis."""
        return above(np.abs(self.spread).sum(axis=1) + self.rest) * (1.0 + 4.0 * EPS)

    def box(self) -> State:
        """The boxes around the sets."""
        radius = self.radius()
        return tuple(map(Interval, below(self.centre - radius), above(self.centre + radius)))

    def advance(self, system: System, action: Number) -> tuple["Sets", State, Interval, NDArray[np.bool_]]:
        """The sets after one step, boxes around them, the rewards of the step, and which sets did not become boxes.

        `action` is one for all sets, or an array or an `Interval` of (N,).
        """
        from planners.kernels.sets import turn

        before = self.box()
        image = system.box_step(before, action)
        rows = system.jacobian(before, action)
        if rows is None:
            smooth = np.zeros(self.centre.shape[1], dtype=bool)
            return Sets.of(image), image, _rewards(system, before, action, image), smooth
        n = len(self.centre)
        entries, points, boxes = (np.empty((2, *rest, *self.centre.shape)) for rest in ((n,), (), ()))
        for i, row in enumerate(rows):
            for j, entry in enumerate(row):
                entries[0, i, j], entries[1, i, j] = ends(entry)
        centre, rounding = tuple(Interval(x, x) for x in self.centre), np.empty(self.centre.shape)
        given = chosen = action
        pushes = np.zeros((2, *self.centre.shape))
        if isinstance(action, Interval):
            chosen = Interval(action.middle, action.middle)
            slopes, far = system.action_slope(before, action), action.radius(action.middle)
            for axis, (low, high) in enumerate(map(ends, slopes or ())):
                slack = 4.0 * EPS * np.maximum(np.abs(low), np.abs(high))
                pushes[0, axis], pushes[1, axis] = 0.5 * (low + high) * far, (0.5 * (high - low) + slack) * far
            given = chosen if slopes is not None else action
        for axis, x in enumerate(system.box_step(centre, given)):
            points[0, axis], points[1, axis] = x.low, x.high
        if chosen is given and system.noise is None:
            np.subtract(points[1], points[0], out=rounding)
        else:
            for axis, x in enumerate(system.step(centre, chosen)):
                rounding[axis] = x.high - x.low
        images = np.stack([np.stack([x.low for x in image]), np.stack([x.high for x in image])])
        moved = Sets(self.centre.copy(), self.spread.copy(), self.rest.copy())
        smooth = np.empty(self.centre.shape[1], dtype=bool)
        turn(entries, points, rounding, pushes, images, moved.centre, moved.spread, moved.rest, boxes, smooth)
        after = tuple(map(Interval, boxes[0], boxes[1]))
        return moved, after, _rewards(system, before, action, after), smooth


def _rewards(system: System, before: State, action: Number, after: State) -> Interval:
    low, high = ends(system.reward(before, action, after))
    shape = before[0].low.shape
    return Interval(np.broadcast_to(low, shape), np.broadcast_to(high, shape))
