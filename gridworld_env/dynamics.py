"""From a map and its rules to the tables of a Markov decision process, by arrays only.

A state has one successor for each move. An action is a mixture of moves: the intended one, and, with
probability `slip`, one of the two perpendicular ones, half each. A move into a wall or off the map stays
where it was. `moves="octile"` also refuses a diagonal move between two squares of which one is a wall.

The reward convention `reward_on`:

    "enter"  r(s,a,s') is the reward of s' if that square has one of its own, else `step_reward` times the
             length of the move. Entering a terminal square ends the episode.
    "exit"   r(s,a,s') is the reward of s if that square has one of its own, else `step_reward` times the
             length of the move. A terminal square is a state in which every action pays its reward and ends
             the episode (R(s), as AIMA's 3rd edition and CS188).
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gridworld_env.actions import DIRECTIONS, MOVES, PERPENDICULAR, Moves, move_lengths, num_actions
from gridworld_env.errors import MapError
from gridworld_env.grid import Grid
from gridworld_env.legend import is_finite_number, is_probability
from planners.moves import MoveMDP

RewardOn = Literal["enter", "exit"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the squares do not say.

    Attributes:
        slip: Probability of sliding sideways, 0 to 1.
        step_reward: Reward of a move of length 1 that ends on a square without a reward of its own.
        reward_on: "enter" or "exit"; see above.
        moves: "cardinal", "king" or "octile".
        bump_reward: Reward of a move that a wall or the edge stopped; None: that of any other move.

    Raises:
        MapError: A value out of range, with what was expected.
    """

    slip: float = 0.0
    step_reward: float = -0.04
    reward_on: RewardOn = "enter"
    moves: Moves = "cardinal"
    bump_reward: float | None = None

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        if not is_probability(self.slip):
            raise MapError(f"slip is {self.slip!r}; expected a probability from 0 to 1")
        for name in ("step_reward", "bump_reward"):
            value = getattr(self, name)
            if not (is_finite_number(value) or (name == "bump_reward" and value is None)):
                raise MapError(f"{name} is {value!r}; expected a finite number")
        for name, choices in (("moves", MOVES), ("reward_on", get_args(RewardOn))):
            if getattr(self, name) not in choices:
                raise MapError(f"{name} is {getattr(self, name)!r}; expected {' or '.join(map(repr, choices))}")


def make_mdp(grid: Grid, rules: Rules) -> MoveMDP:
    """The model of a map under rules.

    Args:
        grid: The map, of S states.
        rules: Slip, rewards and moves.

    Returns:
        A `MoveMDP` of S states and 4 or 8 actions.

    Cost: a few passes over (S, D) arrays; no Python loop over squares.

    >>> from gridworld_env.grid import parse_grid
    >>> mdp = make_mdp(parse_grid([".+"]), Rules())
    >>> mdp.outcomes(0, 1)
    [Outcome(probability=1.0, next_state=1, reward=1.0, terminated=True)]
    """
    successor = make_successors(grid, rules.moves)
    bumped = successor == np.arange(grid.num_states, dtype=np.int32)[:, None]
    teleports = _teleport(grid, successor)
    outcome, rewards, ends = _outcomes(grid, rules, successor, bumped, teleports)
    mixture, kind = _mixtures(grid, rules)
    weights = (grid.start & ~grid.terminal).astype(np.float64)
    return MoveMDP(successor, outcome, rewards, ends, mixture, kind, initial=weights / weights.sum())


def make_successors(grid: Grid, moves: Moves) -> NDArray[np.int32]:
    """(S, D) state that each move leads to; a stopped move, and every move on a terminal square, stays."""
    height, width = grid.height, grid.width
    framed = np.full((height + 2, width + 2), -1, dtype=np.int32)  # a frame of walls, so that no edge is special
    framed[1:-1, 1:-1] = grid.state_of_cell
    open_cells = ~grid.wall
    here = grid.state_of_cell[open_cells]
    successor = np.empty((grid.num_states, num_actions(moves)), dtype=np.int32)

    def shifted(rows: int, columns: int) -> NDArray[np.int32]:
        return framed[1 + rows : 1 + rows + height, 1 + columns : 1 + columns + width][open_cells]

    for move, (rows, columns) in enumerate(DIRECTIONS[: successor.shape[1]].tolist()):
        target = shifted(rows, columns)
        stopped = target < 0
        if moves == "octile" and rows and columns:
            stopped |= (shifted(rows, 0) < 0) | (shifted(0, columns) < 0)
        successor[:, move] = np.where(stopped | grid.terminal, here, target)
    return successor


def _teleport(grid: Grid, successor: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Redirect the moves out of teleporting squares, in place; (S,) which squares teleport."""
    teleports = np.zeros(grid.num_states, dtype=bool)
    for index, cell in enumerate(grid.kinds):
        if cell.teleport is not None:
            here = grid.state_kind == index
            successor[here] = grid.cell_to_state(cell.teleport)
            teleports |= here
    return teleports


def _outcomes(
    grid: Grid,
    rules: Rules,
    successor: NDArray[np.int32],
    bumped: NDArray[np.bool_],
    teleports: NDArray[np.bool_],
) -> tuple[NDArray[np.unsignedinteger], NDArray[np.float64], NDArray[np.bool_]]:
    """(S, D) index of the outcome of each move, and the reward and the end of each outcome.

    The outcomes, in this order: for each kind of square that pays and each length of move, that reward;
    for each kind, a teleport from it; a stopped move; and a move in an episode that is already over.
    """
    lengths, length_of_move = np.unique(move_lengths(rules.moves), return_inverse=True)
    entering = rules.reward_on == "enter"
    table = [
        (rules.step_reward * float(length) if cell.reward is None else cell.reward, cell.terminal)
        for cell in grid.kinds
        for length in lengths
    ]
    first_teleport = len(table)
    for cell in grid.kinds:
        ends = entering and cell.teleport is not None and bool(grid.terminal[grid.cell_to_state(cell.teleport)])
        table.append((cell.teleport_reward or 0.0, ends))
    stopped, over = len(table), len(table) + 1
    table += [(rules.bump_reward or 0.0, False), (0.0, True)]
    kind = grid.state_kind.astype(np.min_scalar_type(len(table)))  # wide enough to count outcomes
    pays_teleport = teleports & np.array([cell.teleport_reward is not None for cell in grid.kinds])[kind]
    outcome = np.empty(successor.shape, dtype=kind.dtype)
    for move in range(successor.shape[1]):
        paying = kind[successor[:, move]] if entering else kind
        outcome[:, move] = paying * len(lengths) + length_of_move[move]
        if rules.bump_reward is not None:
            outcome[bumped[:, move] & ~(grid.terminal | teleports), move] = stopped
        outcome[pays_teleport, move] = first_teleport + kind[pays_teleport]
    if entering:
        outcome[grid.terminal] = over
    rewards, ends = zip(*table, strict=True)
    return outcome, np.array(rewards, dtype=np.float64), np.array(ends, dtype=bool)


def _mixtures(grid: Grid, rules: Rules) -> tuple[NDArray[np.float64], NDArray[np.unsignedinteger] | None]:
    """(C, A, D) mixtures of the moves, and (S,) which one holds on each square, where there are several."""
    slips = [rules.slip if cell.slip is None else cell.slip for cell in grid.kinds]
    different, index = np.unique(slips, return_inverse=True)
    count = num_actions(rules.moves)
    mixture = np.zeros((len(different), count, count))
    for kind, slip in enumerate(different.tolist()):
        for move in range(count):
            mixture[kind, move, move] += 1.0 - slip
            mixture[kind, move, PERPENDICULAR[move]] += slip / 2
    if len(different) == 1:
        return mixture, None
    return mixture, index.astype(np.min_scalar_type(len(different)))[grid.state_kind]
