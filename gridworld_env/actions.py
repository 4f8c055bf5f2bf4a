"""The actions of the gridworld and the direction in which each one moves.

Actions 0..3 are the four compass moves, clockwise from `UP`; 4..7 are the diagonals, clockwise from
`UP_RIGHT`. `moves="cardinal"` uses the first four, `"king"` and `"octile"` all eight. Both rings are
clockwise, so "90 degrees to either side" is one step along the ring of the move.
"""

import enum
from typing import Final, Literal, get_args

import numpy as np

Moves = Literal["cardinal", "king", "octile"]
MOVES: Final[tuple[str, ...]] = get_args(Moves)


class Action(enum.IntEnum):
    """The actions by name; `moves="cardinal"` has the first four."""

    UP = 0
    RIGHT = 1
    DOWN = 2
    LEFT = 3
    UP_RIGHT = 4
    DOWN_RIGHT = 5
    DOWN_LEFT = 6
    UP_LEFT = 7


# (A, 2) row and column steps; rows grow downwards.
DIRECTIONS: Final = np.array([(-1, 0), (0, 1), (1, 0), (0, -1), (-1, 1), (1, 1), (1, -1), (-1, -1)], dtype=np.int64)
# (A, 2) the moves 90 degrees to the left and to the right of each move.
PERPENDICULAR: Final = np.array([(3, 1), (0, 2), (1, 3), (2, 0), (7, 5), (4, 6), (5, 7), (6, 4)], dtype=np.int64)


def num_actions(moves: str) -> int:
    """Number of actions of a set of moves: 4 for `"cardinal"`, 8 for `"king"` and `"octile"`."""
    return 4 if moves == "cardinal" else 8


def move_lengths(moves: str) -> np.ndarray:
    """(A,) length of each move in cells: 1, or sqrt 2 for a diagonal of `"octile"`."""
    lengths = np.ones(num_actions(moves))
    if moves == "octile":
        lengths[4:] = np.sqrt(2.0)
    return lengths


def keys_to_action(num_actions: int) -> dict[tuple[int, ...], int]:
    """Key codes (SDL's) to actions: arrows and WASD; with diagonals also Q, E, C and Z."""
    letters = dict(zip("wdsaeczq", range(num_actions), strict=False))
    up, right, down, left = 1073741906, 1073741903, 1073741905, 1073741904
    table: dict[tuple[int, ...], int] = {(ord(letter),): action for letter, action in letters.items()}
    return table | {(code,): action for action, code in enumerate((up, right, down, left))}
