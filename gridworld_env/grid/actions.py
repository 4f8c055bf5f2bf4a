"""The actions of the gridworld and the direction in which each one moves.

Actions 0..3 are the four compass moves, clockwise from `UP`; 4..7 are the diagonals, clockwise from
`UP_RIGHT`; 8 stays. `moves="cardinal"` uses the first four, `"king"` and `"octile"` the first eight. Both
rings are clockwise, so "90 degrees to either side" is one step along the ring of the move.
"""

import enum
import math
from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np

Moves = Literal["cardinal", "king", "octile"]
MOVES: Final[tuple[str, ...]] = get_args(Moves)


class Action(enum.IntEnum):
    """The actions by name; `moves="cardinal"` uses the first four."""

    UP = 0
    RIGHT = 1
    DOWN = 2
    LEFT = 3
    UP_RIGHT = 4
    DOWN_RIGHT = 5
    DOWN_LEFT = 6
    UP_LEFT = 7
    STAY = 8


# (A, 2) row and column steps; rows grow downwards.
DIRECTIONS: Final = np.array(
    [(-1, 0), (0, 1), (1, 0), (0, -1), (-1, 1), (1, 1), (1, -1), (-1, -1), (0, 0)], dtype=np.int64
)
# (A, 2) the moves 90 degrees to the left and to the right of each move.
PERPENDICULAR: Final = np.array(
    [(3, 1), (0, 2), (1, 3), (2, 0), (7, 5), (4, 6), (5, 7), (6, 4), (8, 8)], dtype=np.int64
)


def moves_of(moves: str, *, stay: bool = False) -> tuple[Action, ...]:
    """The moves of a set: 4 for `"cardinal"`, 8 for `"king"` and `"octile"`; and `STAY` if that is wanted."""
    return (*list(Action)[: 4 if moves == "cardinal" else 8], *([Action.STAY] if stay else []))


def length_of(move: Action, moves: str) -> float:
    """Length of a move in squares: 1, or sqrt 2 for a diagonal of `"octile"`."""
    return math.sqrt(2.0) if moves == "octile" and move in range(4, 8) else 1.0


def keys_to_action(actions: Sequence[Action]) -> dict[tuple[int, ...], int]:
    """Key codes (SDL's) to the numbers of `actions`: arrows and WASD; Q, E, C and Z for diagonals, X to stay."""
    up, right, down, left = 1073741906, 1073741903, 1073741905, 1073741904
    keys: dict[Action, tuple[int, ...]] = {
        action: (ord(letter),) for action, letter in zip(Action, "wdsaeczqx", strict=True)
    }
    for action, arrow in zip(Action, (up, right, down, left), strict=False):
        keys[action] += (arrow,)
    return {(code,): number for number, action in enumerate(actions) for code in keys[action]}
