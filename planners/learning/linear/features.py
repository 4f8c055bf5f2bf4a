"""Binary features: which of d features an observation has. The sum of their weights is its value.

Source: Sutton and Barto (2018), Sections 9.3, 9.5.3 (coarse coding) and 9.5.4 (tile coding).
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_whole
from planners.errors import InvalidOptionError


class Features(Protocol):
    """What a linear learner needs: the number of features, and those that an observation has."""

    @property
    def size(self) -> int:
        """d, the number of features."""
        ...

    def __call__(self, observation: Any) -> NDArray[np.int64]:
        """(m,) the numbers of its features, 0 to d - 1."""
        ...


class _Binary:
    """What all have."""

    size: int

    def __call__(self, observation: Any) -> NDArray[np.int64]:
        """(m,) the numbers of its features."""
        raise NotImplementedError

    def matrix(self, observations: Iterable[Any]) -> NDArray[np.float64]:
        """(n, d) of 0 and 1, a row for each observation: what `planners.linear_values` takes."""
        rows = [np.bincount(self(each), minlength=self.size) for each in observations]
        return np.array(rows, dtype=np.float64).reshape(len(rows), self.size)


class StateAggregation(_Binary):
    """Groups of consecutive states, all of about the same size; each group has one feature.

    Args:
        num_states: S.
        groups: How many groups d; at most S.

    Raises:
        InvalidOptionError: There are more groups than states.

    >>> [int(StateAggregation(1000, 10)(state)[0]) for state in (0, 99, 100, 999)]
    [0, 0, 1, 9]
    """

    def __init__(self, num_states: int, groups: int) -> None:
        """Check the numbers."""
        self.num_states, self.size = check_whole("num_states", num_states), check_whole("groups", groups)
        if self.size > self.num_states:
            raise InvalidOptionError(f"groups is {groups}, of {num_states} states; expected at most as many")

    def __call__(self, observation: Any) -> NDArray[np.int64]:
        """(1,) the group of the state."""
        if not 0 <= observation < self.num_states:
            raise InvalidOptionError(f"the state is {observation!r:.80}; expected 0 to {self.num_states - 1}")
        return np.array([int(observation) * self.size // self.num_states])


class TileCoding(_Binary):
    """Tile coding: a few grids over a box, each moved a little; an observation lies in one tile of each grid.

    Tiling k of n is moved by k/n of a tile along the first axis, 3k/n along the second, 5k/n along the third, ...

    Args:
        low: (m,) least of each number that is observed. An observation outside counts as the nearest one in the box.
        high: (m,) largest.
        tiles: How many tiles a grid has along each axis, one number or (m,).
        tilings: How many grids n. The book's advice is a power of 2 of at least 4m.

    Raises:
        InvalidOptionError: The box is empty or has no bounds, or a number is not at least 1.

    Source: Sutton and Barto (2018), Section 9.5.4.

    >>> coding = TileCoding(low=[0.0, 0.0], high=[1.0, 1.0], tiles=4, tilings=2)
    >>> coding.size, coding([0.1, 0.1]).tolist(), coding([0.2, 0.1]).tolist()
    (50, [0, 25], [0, 30])
    """

    def __init__(self, low: ArrayLike, high: ArrayLike, *, tiles: int | Sequence[int] = 8, tilings: int = 8) -> None:
        """Check the box, and lay the grids."""
        self.low, self.high = np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)
        bounds = self.low.shape == self.high.shape and self.low.ndim == 1
        if not bounds or not np.isfinite(self.high - self.low).all() or not (self.low < self.high).all():
            raise InvalidOptionError(
                f"the box is {low!r:.80} to {high!r:.80}; expected (m,) finite numbers, low < high"
            )
        axes = len(self.low)
        counts = [tiles] * axes if isinstance(tiles, int) else list(tiles)
        if len(counts) != axes:
            raise InvalidOptionError(f"tiles has {len(counts)} numbers; expected one, or {axes}, one for each axis")
        self.tiles = np.array([check_whole("tiles", count) for count in counts])
        self.tilings = check_whole("tilings", tilings)
        shape = self.tiles + 1  # a grid that is moved aside needs one more
        each = int(np.prod(shape))
        self.size = self.tilings * each
        self._strides = np.append(np.cumprod(shape[:0:-1])[::-1], 1)
        numbers = np.arange(self.tilings)
        self._firsts = numbers * each
        self._offsets = (numbers[:, None] * (2 * np.arange(axes) + 1) / self.tilings) % 1.0
        self._scale = self.tiles / (self.high - self.low)

    def __call__(self, observation: Any) -> NDArray[np.int64]:
        """(n,) the tile of each grid."""
        inside = np.minimum(np.maximum(np.asarray(observation, dtype=np.float64), self.low), self.high)
        place = (inside - self.low) * self._scale + self._offsets
        return self._firsts + np.minimum(place.astype(np.int64), self.tiles) @ self._strides
