"""Random maps of any size, which can always be solved."""

import numpy as np

from gridworld_env.errors import MapError
from gridworld_env.grid.legend import at_least_one, is_probability
from planners.arguments import check_seed
from planners.memory import check_memory


def random_map(height: int, width: int, *, walls: float = 0.2, seed: int | None = None) -> tuple[str, ...]:
    """Draw a map with a start `S`, a goal `+`, and a path from every free square to the goal.

    Args:
        height: Rows H, at least 1.
        width: Columns W, at least 1; H * W at least 2.
        walls: Probability of a wall on each square, 0 to 1. Squares that are not connected to the largest open region
            become walls too.
        seed: Seed of the random numbers.

    Raises:
        MapError: A size or a probability is out of range.

    >>> random_map(3, 5, walls=0.3, seed=1)
    ('.S#..', '.+..#', '.....')
    """
    height, width = at_least_one("height", height), at_least_one("width", width)
    if height * width < 2:
        raise MapError("a map of 1 x 1 squares has no room for a start and a goal; expected two squares or more")
    if not is_probability(walls):
        raise MapError(f"walls is {walls!r}; expected a probability from 0 to 1")
    from scipy import ndimage  # takes longer to import than the rest of this package

    check_memory(24.0 * height * width, f"a map of {height} x {width} squares", "Make a smaller map")
    rng = np.random.default_rng(check_seed(seed))
    free = rng.random((height, width)) >= walls
    pieces, _ = ndimage.label(free)  # pyright: ignore[reportGeneralTypeIssues]
    sizes = np.bincount(pieces[free], minlength=1)
    if sizes.max(initial=0) < 2:  # nearly all walls: open two neighbours
        free[:] = False
        first = int(rng.integers(height * width - (1 if width > 1 else width)))
        beside = first + 1 if width > 1 and (first + 1) % width else first - 1 if width > 1 else first + width
        free.flat[[first, beside]] = True
    else:
        free = pieces == sizes.argmax()
    squares = np.where(free, b".", b"#")
    start, goal = rng.choice(np.flatnonzero(free), size=2, replace=False)
    squares.flat[start], squares.flat[goal] = b"S", b"+"
    return tuple(row.tobytes().decode("ascii") for row in squares)
