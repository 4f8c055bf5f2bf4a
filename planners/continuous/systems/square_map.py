"""A map of squares in the plane: where its walls are, where it ends, what it pays; asked about points and boxes.

The square in column c of the map, and in row r counted from below, is [c, c + 1] x [r, r + 1]. Arrays are (W, H): first
x, then y. What lies outside the map is wall.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.continuous.interval import Interval, Number, Truth, above, below, choose, clip, ends
from planners.continuous.system import State
from planners.errors import InvalidOptionError

GLYPHS = {"#": "wall", ".": "free", "S": "start", "+": "+1 and the end", "-": "-1 and the end"}


class SquareMap:
    """The squares of a map.

    Args:
        desc: H strings of W glyphs, `#` wall, `.` free, `S` start, `+` and `-` the end and +1 or -1; or (H, W) bool,
            True on walls. The first row is the upper one.
        rewards: (H, W) what arriving in a square pays, NaN: what any step pays; None: as the glyphs say.
        terminal: (H, W) whether the episode ends there; None: as the glyphs say.
        starts: (H, W) whether episodes begin there; None: as the glyphs say, or else all that are free.
        step_reward: What any step pays.

    Attributes:
        walls: (W, H) True on walls.
        terminal: (W, H) True where the episode ends.
        starts: (W, H) True where one can begin.
        rewards: (W, H) what arriving there pays.
    """

    def __init__(self, desc: Any, rewards: Any, terminal: Any, starts: Any, step_reward: float) -> None:
        """Read the map."""
        glyphs, walls = _read(desc)
        self.walls: NDArray[np.bool_] = _upright(walls, bool, "desc", walls.shape)
        paid = np.where(glyphs == "+", 1.0, np.where(glyphs == "-", -1.0, np.nan)) if rewards is None else rewards
        given = _upright(paid, float, "rewards", walls.shape)
        self.rewards: NDArray[np.float64] = np.where(np.isnan(given), step_reward, given)
        over = (glyphs == "+") | (glyphs == "-") if terminal is None else terminal
        self.terminal: NDArray[np.bool_] = _upright(over, bool, "terminal", walls.shape) & ~self.walls
        begin = _upright(glyphs == "S" if starts is None else starts, bool, "starts", walls.shape)
        going = ~self.walls & ~self.terminal
        self.starts: NDArray[np.bool_] = begin & going if (begin & going).any() else going
        if not going.any():
            raise InvalidOptionError("desc has no square to be on: every one is a wall or the end; add a '.'")
        if not np.isfinite(self.rewards).all():
            raise InvalidOptionError(
                "rewards has an infinite number; expected finite ones, or NaN for those of any step"
            )
        self._wall_sums, self._end_sums = _sums(self.walls), _sums(self.terminal)
        self._paying = [(x, _sums(self.rewards == x)) for x in np.unique(self.rewards[~self.walls]).tolist()]

    @property
    def shape(self) -> tuple[int, int]:
        """(W, H)."""
        return self.walls.shape

    def hits(self, low: tuple[Any, Any], high: tuple[Any, Any]) -> Any:
        """Whether the rectangle from `low` to `high` overlaps a wall; touching one does not count."""
        first = [np.floor(np.clip(x, 0.0, n)).astype(np.int64) for x, n in zip(low, self.shape, strict=True)]
        last = [np.ceil(np.clip(x, 0.0, n)).astype(np.int64) for x, n in zip(high, self.shape, strict=True)]
        outside = (np.minimum(*low) < 0.0) | (high[0] > self.shape[0]) | (high[1] > self.shape[1])
        return outside | (_count(self._wall_sums, first, last) > 0)

    def moved(self, state: State, ahead: State, radius: float) -> State:
        """`ahead`, or where the rectangle between the two, widened by the radius, overlaps a wall: `state`."""
        if isinstance(ahead[0], float):
            return state if self._meets(state, ahead, radius) else ahead
        if not isinstance(state[0], Interval):
            low = [np.minimum(x, y) - radius for x, y in zip(state, ahead, strict=True)]
            high = [np.maximum(x, y) + radius for x, y in zip(state, ahead, strict=True)]
            stays = self.hits((low[0], low[1]), (high[0], high[1]))
            return tuple(np.where(stays, x, y) for x, y in zip(state, ahead, strict=True))
        pairs = list(zip(state, ahead, strict=True))
        low, high = _widest(pairs, radius)
        free = ~self.hits((low[0], low[1]), (high[0], high[1]))
        low = [above(np.minimum(x.high, y.high) - radius) for x, y in pairs]
        high = [below(np.maximum(x.low, y.low) + radius) for x, y in pairs]
        stays = self.hits((low[0], low[1]), (high[0], high[1]))
        after = (choose(Truth(free, ~stays), y, x) for x, y in pairs)
        return tuple(clip(x, 0.0, float(n)) for x, n in zip(after, self.shape, strict=True))

    def _meets(self, state: State, ahead: State, radius: float) -> bool:
        """`hits` of two points, without arrays."""
        (x, y), (i, j) = state, ahead
        left, right, bottom, top = min(x, i) - radius, max(x, i) + radius, min(y, j) - radius, max(y, j) + radius
        if left < 0.0 or bottom < 0.0 or right > self.shape[0] or top > self.shape[1]:
            return True
        return bool(_count(self._wall_sums, [int(left), int(bottom)], [math.ceil(right), math.ceil(top)]) > 0)

    def ended(self, state: State) -> Any:
        """Whether the episode is over in the squares of a point or a box."""
        if isinstance(state[0], float):
            return bool(self.terminal[self._square(state)])
        first, last = self._squares(state)
        count = _count(self._end_sums, first, last)
        if isinstance(state[0], Interval):
            return Truth(count == (last[0] - first[0]) * (last[1] - first[1]), count > 0)
        return count > 0

    def reward(self, state: State) -> Number:
        """What arriving in the square of a point pays, or in those of a box."""
        if isinstance(state[0], float):
            return float(self.rewards[self._square(state)])
        first, last = self._squares(state)
        if not isinstance(state[0], Interval):
            return self.rewards[first[0], first[1]]
        low, high = np.full((2, *np.shape(first[0])), np.inf)
        for reward, sums in self._paying:
            there = _count(sums, first, last) > 0
            low = np.where(there, np.minimum(low, reward), low)
            high = np.where(there, np.maximum(np.where(np.isinf(high), -np.inf, high), reward), high)
        none = np.isinf(low)  # inside a wall, where no state is
        return Interval(np.where(none, self.rewards.min(), low), np.where(none, self.rewards.max(), high))

    def _square(self, state: State) -> tuple[int, int]:
        """That of a point."""
        return min(int(state[0]), self.shape[0] - 1), min(int(state[1]), self.shape[1] - 1)

    def _squares(self, state: State) -> tuple[list[Any], list[Any]]:
        """The first squares along each axis, and those after the last."""
        parts = [ends(x) for x in state]
        first = [np.clip(np.floor(x), 0, n - 1).astype(np.int64) for (x, _), n in zip(parts, self.shape, strict=True)]
        last = [np.clip(np.floor(x), 0, n - 1).astype(np.int64) for (_, x), n in zip(parts, self.shape, strict=True)]
        return first, [x + 1 for x in last]


def _read(desc: Any) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """(H, W) glyphs, and which of them are walls."""
    if isinstance(desc, np.ndarray) and desc.dtype == np.bool_ and desc.ndim == 2 and desc.size:
        return np.where(desc, "#", "."), desc
    rows = list(desc) if isinstance(desc, list | tuple) else []
    if not rows or not all(isinstance(row, str) and row and len(row) == len(rows[0]) for row in rows):
        raise InvalidOptionError(
            f"desc is {desc!r:.80}; expected a list of strings of one length such as ['...+', '.#.-', 'S...'], or an "
            "(H, W) array of bool, True on walls"
        )
    glyphs = np.array([list(row) for row in rows])
    for row, column in np.argwhere(~np.isin(glyphs, list(GLYPHS)))[:1]:
        meant = ", ".join(f"{glyph} ({what})" for glyph, what in GLYPHS.items())
        raise InvalidOptionError(
            f"desc has {str(glyphs[row, column])!r} in row {row}, column {column}; expected {meant}"
        )
    return glyphs, glyphs == "#"


def _upright(array: Any, kind: Any, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """(W, H) of an (H, W) array whose first row is the upper one."""
    try:
        found = np.asarray(array)
    except ValueError as error:
        raise InvalidOptionError(f"{name} has no one shape; expected {kind.__name__} of {shape}: {error}") from None
    if found.shape != shape or not np.can_cast(found.dtype, kind):
        raise InvalidOptionError(
            f"{name} is an array of {found.dtype} of shape {found.shape}; expected {kind.__name__} of {shape}, one "
            "for each square"
        )
    return np.ascontiguousarray(found[::-1].T, dtype=kind)


def _sums(there: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(W + 1, H + 1) how many are True below and to the left of each corner."""
    found = np.zeros((there.shape[0] + 1, there.shape[1] + 1), dtype=np.int64)
    found[1:, 1:] = there.cumsum(axis=0).cumsum(axis=1)
    return found


def _count(sums: NDArray[np.int64], first: list[Any], last: list[Any]) -> Any:
    """How many are True from the first square to the one before the last."""
    (left, bottom), (right, top) = first, last
    if isinstance(left, int):
        return sums[right, top] - sums[left, top] - sums[right, bottom] + sums[left, bottom]
    right, top = np.maximum(left, right), np.maximum(bottom, top)
    return sums[right, top] - sums[left, top] - sums[right, bottom] + sums[left, bottom]


def _widest(pairs: list[tuple[Interval, Interval]], radius: float) -> tuple[list[Any], list[Any]]:
    """Around both boxes of each pair."""
    low = [below(np.minimum(x.low, y.low) - radius) for x, y in pairs]
    return low, [above(np.maximum(x.high, y.high) + radius) for x, y in pairs]
