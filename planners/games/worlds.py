"""Games by name: matching pennies, rock-paper-scissors, Littman's soccer, and pursuit on any map."""

from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import only_entries, take_rows
from planners.errors import InvalidOptionError
from planners.games.markov_game import MarkovGame
from planners.memory import check_memory
from planners.models.convert import ModelLike, as_model
from planners.models.state_names import StateNames
from planners.models.tabular import TabularMDP

MOVES: Final = {"north": (-1, 0), "south": (1, 0), "east": (0, 1), "west": (0, -1), "stand": (0, 0)}

Square = tuple[int, int]


def matching_pennies() -> MarkovGame:
    """Both show a side of a penny: the row player wins 1 if they match, and otherwise loses 1. The value is 0."""
    sides = ["heads", "tails"]
    return MarkovGame.from_matrix([[1.0, -1.0], [-1.0, 1.0]], actions=sides, opponent_actions=sides)


def rock_paper_scissors() -> MarkovGame:
    """Paper beats rock, scissors beat paper, rock beats scissors, for 1. The value is 0, by 1/3 for each."""
    hands = ["rock", "paper", "scissors"]
    payoffs = [[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]
    return MarkovGame.from_matrix(payoffs, actions=hands, opponent_actions=hands)


def soccer(rows: int = 4, columns: int = 5) -> MarkovGame:
    """Littman's soccer: two players on a field of 4 x 5 squares, one of whom has the ball.

    Both choose one of five moves, which are made one after the other in an order that is drawn. A player who moves into
    the other's square stays where he is, and the other player then has the ball. Player A, the row player, wins 1 by
    carrying it out of the field on the left, B by carrying it out on the right, in one of the two rows in the middle.
    Then the game is over. In Littman's version it starts again, which is worth 0 if the start is the same for both.

    A state is (A's square, B's square, who has the ball).

    Args:
        rows: An even number from 2 on.
        columns: From 3 on.

    Raises:
        InvalidOptionError: A field that is too small, or without two rows in its middle.

    Source: Littman (1994), "Markov games as a framework for multi-agent reinforcement learning", Section 5.

    >>> soccer()
    MarkovGame(762 states, 5 x 5 actions, 19584 transitions)
    """
    if not (isinstance(rows, int) and isinstance(columns, int) and rows >= 2 and rows % 2 == 0 and columns >= 3):
        raise InvalidOptionError(
            f"the field is {rows!r} x {columns!r}; expected an even number of rows from 2 on, and 3 columns or more"
        )
    goal = (rows // 2 - 1, rows // 2)

    def moved(squares: tuple[Square, Square], ball: int, player: int, move: str) -> tuple[Any, int, float]:
        """The squares, or who has won, the ball and the reward after one move of one player."""
        (row, column), (down, right) = squares[player], MOVES[move]
        to = (row + down, column + right)
        if ball == player and row in goal and to[1] == (-1, columns)[player]:
            return ("A has won", "B has won")[player], ball, (1.0, -1.0)[player]
        if to == squares[1 - player]:
            return squares, 1 - player, 0.0
        if not (0 <= to[0] < rows and 0 <= to[1] < columns):
            return squares, ball, 0.0
        return ((to, squares[1]) if player == 0 else (squares[0], to)), ball, 0.0

    def outcomes(state: Any, a: str, b: str) -> list[tuple[float, Any, float]]:
        found = []
        for order in ((0, 1), (1, 0)):
            squares, ball, reward = state[:2], state[2] == "B", 0.0
            for player in order:
                if not isinstance(squares, str):
                    squares, ball, reward = moved(squares, int(ball), player, (a, b)[player])
            found.append((0.5, squares if isinstance(squares, str) else (*squares, "AB"[ball]), reward))
        return found

    first = ((rows // 2, columns - 2), (rows // 2 - 1, 1))
    start = {(*first, ball): 0.5 for ball in "AB"}
    return MarkovGame.from_functions(
        start, lambda s: MOVES, lambda s: MOVES, outcomes, {"A has won", "B has won"}
    )  # fmt: skip


def pursuit(model: ModelLike, *, stay: bool = True) -> MarkovGame:
    """A pursuer and an evader on one map, who move at the same time; the pursuer wins 1 when it catches the evader.

    It catches the evader on the same square, or when the two exchange squares; then the game is over. With a discount,
    a quick catch is worth more: the value is the expected discount^(steps - 1). Both players stay on squares that end
    an episode of the map.

    Args:
        model: The map of one walker: an environment such as `GridWorld-v0`, or its model, of n squares.
        stay: Whether both may also stay where they are; that is their last action.

    Returns:
        A game of n * n states, (square of the pursuer, square of the evader); it starts on two different squares.

    Raises:
        NotEnoughMemoryError: The tables would not fit.

    >>> from planners import TabularMDP
    >>> ring = TabularMDP.from_arrays(np.eye(5)[[4, 1, 0, 2, 1, 3, 2, 4, 3, 0]].reshape(5, 2, 5), np.zeros((5, 2)))
    >>> pursuit(ring)
    MarkovGame(25 states, 3 x 3 actions, 140 transitions)
    """
    mdp: TabularMDP = as_model(model).tabular
    squares, exists = mdp.num_states, mdp.feasible
    moves = mdp.transitions if mdp.endings is None else mdp.transitions + mdp.endings
    moves = sparse.csr_array(moves)
    if stay:
        A, exists = mdp.num_actions, np.hstack((exists, np.ones((squares, 1), dtype=bool)))
        with_stay = sparse.csr_array(sparse.vstack((moves, sparse.eye_array(squares))))
        order = np.hstack((np.arange(squares * A).reshape(squares, A), squares * A + np.arange(squares)[:, None]))
        moves = take_rows(with_stay, order.ravel())
    A = exists.shape[1]
    check_memory(
        60.0 * moves.nnz**2 + 30.0 * (squares * A) ** 2, f"pursuit on {squares:,} squares", "Use a smaller map"
    )
    place = np.arange((squares * A) ** 2).reshape(squares, A, squares, A).transpose(0, 2, 1, 3).ravel()
    together = take_rows(sparse.csr_array(sparse.kron(moves, moves)), place)
    joint = _until_caught(
        together, squares, A, (exists[:, None, :, None] & exists[None, :, None, :]).reshape(squares**2, A * A)
    )
    keys = mdp.states.keys if mdp.states else range(squares)
    joint = TabularMDP(**joint, states=StateNames(tuple(product(keys, keys))))
    names = None if mdp.actions is None else (*mdp.actions, *(["stay"] if stay else []))
    return MarkovGame(joint, (squares**2, A, A), names, names)


def _until_caught(together: sparse.csr_array, squares: int, A: int, exists: NDArray[np.bool_]) -> dict[str, Any]:
    """Tables of the moves of both, (n * n * A * A, n * n), that end where the evader is caught."""
    rows = np.repeat(np.arange(together.shape[0]), np.diff(together.indptr))
    pursuer, evader = np.divmod(rows // A**2, squares)
    then, there = np.divmod(together.indices, squares)
    caught = (then == there) | ((then == evader) & (there == pursuer))
    over = np.eye(squares, dtype=bool).ravel()
    ends = np.bincount(rows, np.where(caught, together.data, 0.0), minlength=len(exists) * A**2).reshape(exists.shape)
    ends[over] = exists[over]
    return {
        "transitions": only_entries(together, ~caught & ~over[rows // A**2]),
        "termination": ends,
        "rewards": np.where(over[:, None], 0.0, ends),
        "feasible": exists,
        "initial": ~over / (~over).sum(),
    }
