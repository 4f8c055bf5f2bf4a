"""From a map and its rules to the tables of a Markov decision process, by arrays only.

A state has one successor for each move. An action is a mixture of moves: the intended one, and, with
probability `slip`, one of the two perpendicular ones, half each; where there are gusts, each of them in
ordinary, stronger and weaker wind. A move into a wall or off the map stays where it was.
`moves="octile"` also refuses a diagonal move between two squares of which one is a wall.

The reward convention `reward_on`:

    "enter"  r(s,a,s') is the reward of s' if that square has one of its own, else `step_reward` times the
             length of the move. Entering a terminal square ends the episode.
    "exit"   r(s,a,s') is the reward of s if that square has one of its own, else `step_reward` times the
             length of the move. A terminal square is a state in which every action pays its reward and ends
             the episode (R(s), as AIMA's 3rd edition and CS188).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.successors import make_successors, teleported
from gridworld_env.errors import MapError
from gridworld_env.grid.actions import MOVES, PERPENDICULAR, Action, Moves, length_of, moves_of
from gridworld_env.grid.grid import Grid
from gridworld_env.grid.legend import RewardLaw, is_finite_number, is_probability
from gridworld_env.grid.reward_laws import reward_at
from planners.models.moves import MoveMDP

RewardOn = Literal["enter", "exit"]


@dataclass(frozen=True)
class Rules:
    """What the squares do not say.

    Attributes:
        slip: Probability of sliding sideways, 0 to 1.
        step_reward: Reward of a move of length 1 that ends on a square without a reward of its own.
        reward_on: "enter" or "exit"; see above.
        moves: "cardinal", "king" or "octile".
        bump_reward: Reward of a move that a wall, the edge, a corner or a one-way square stopped; None: that of any
            other move.
        actions: Names of the actions in their order, such as ("LEFT", "DOWN", "RIGHT", "UP"); "STAY" may be
            among them. None: all of `moves`, in the order of `Action`.
        exploring_starts: Whether episodes begin on any square that is not terminal, whatever the map marks.

    Raises:
        MapError: A value out of range, with what was expected.
    """

    slip: float = 0.0
    step_reward: float = -0.04
    reward_on: RewardOn = "enter"
    moves: Moves = "cardinal"
    bump_reward: float | None = None
    actions: Sequence[str] | None = None
    exploring_starts: bool = False

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        if not is_probability(self.slip):
            raise MapError(f"slip is {self.slip!r}; expected a probability from 0 to 1")
        for name in ("step_reward", "bump_reward"):
            value = getattr(self, name)
            if not (is_finite_number(value) or (name == "bump_reward" and value is None)):
                raise MapError(f"{name} is {value!r}; expected a finite number")
        for name, choices in (("moves", MOVES), ("reward_on", get_args(RewardOn)), ("exploring_starts", (True, False))):
            chosen = getattr(self, name)
            if not isinstance(chosen, str | bool | np.bool_) or chosen not in choices:
                raise MapError(f"{name} is {chosen!r:.80}; expected {' or '.join(map(repr, choices))}")
        if self.actions is not None:
            _check_actions(self.actions, [move.name for move in moves_of(self.moves, stay=True)])

    @cached_property
    def action_moves(self) -> tuple[Action, ...]:
        """The move that each action intends."""
        return moves_of(self.moves) if self.actions is None else tuple(Action[name] for name in self.actions)

    @cached_property
    def all_moves(self) -> tuple[Action, ...]:
        """The moves of the tables: those of `moves`, and `STAY` if it is an action."""
        return moves_of(self.moves, stay=Action.STAY in self.action_moves)


def _check_actions(actions: Any, names: list[str]) -> None:
    if isinstance(actions, str) or not isinstance(actions, Sequence) or not actions:
        raise MapError(f"actions are {actions!r}; expected a list of names: {', '.join(names)}")
    for index, name in enumerate(actions):
        if name not in names:
            raise MapError(f"actions[{index}] is {name!r}; expected one of {', '.join(names)}")
        if name in actions[:index]:
            raise MapError(f"actions[{index}] is {name!r} once more; expected each name once")


def make_mdp(grid: Grid, rules: Rules) -> MoveMDP:
    """The model of a map under rules.

    Args:
        grid: The map, of S states.
        rules: Slip, rewards, moves and actions.

    Returns:
        A `MoveMDP` of S states and A actions; of D = 4 or 8 moves, one more with "STAY", three times as many
        with gusts, and as many times as there are levels of luck where squares draw their rewards.

    Cost: a few passes over (S, D) arrays; no Python loop over squares.

    >>> from gridworld_env.grid.grid import parse_grid
    >>> mdp = make_mdp(parse_grid([".+"]), Rules())
    >>> mdp.outcomes(0, 1)
    [Outcome(probability=1.0, next_state=1, reward=1.0, terminated=True)]
    """
    return MoveMDP(*make_tables(grid, rules), initial=_initial(grid, rules), shares=shares_of(grid))


def shares_of(grid: Grid) -> tuple[Fraction, ...] | None:
    """The probability of each level of luck; None where no square draws its reward."""
    levels = grid.luck_levels
    return tuple(share for share, _ in levels) if len(levels) > 1 else None


def make_tables(grid: Grid, rules: Rules) -> tuple[Any, ...]:
    """What `make_mdp` makes a `MoveMDP` of, but for where episodes begin: part of a map need not have a start.

    The mixtures are those of one level of luck.
    """
    successor, stopped = make_successors(grid, rules.moves, rules.all_moves)
    by = teleported(grid, successor) if any(cell.teleport for cell in grid.kinds) else None
    if by is not None:
        stopped &= by < 0
    outcome, rewards, ends = _outcomes(grid, rules, successor, stopped, by)
    levels = len(grid.luck_levels)
    if levels > 1:
        each = outcome.dtype.type(len(rewards) // levels)
        successor, outcome = np.tile(successor, levels), np.hstack([outcome + level * each for level in range(levels)])
    return successor, outcome, rewards, ends, *_mixtures(grid, rules)


def vary_mdp(mdp: MoveMDP, grid: Grid, rules: Rules) -> MoveMDP:
    """The model of the same map under other rules, of which only slip and step reward may differ; no map is read.

    >>> from gridworld_env.grid.grid import parse_grid
    >>> grid = parse_grid(["..+"])
    >>> vary_mdp(make_mdp(grid, Rules()), grid, Rules(step_reward=-0.5)).outcomes(0, 1)
    [Outcome(probability=1.0, next_state=1, reward=-0.5, terminated=False)]
    """
    rewards, ends = _outcome_table(grid, rules)
    mixture, kind = _mixtures(grid, rules)
    same = mdp.kind is not None and kind is not None and np.array_equal(kind, mdp.kind)
    return replace(
        mdp,
        outcome_reward=mdp.outcome_reward if np.array_equal(rewards, mdp.outcome_reward) else rewards,
        outcome_ends=mdp.outcome_ends if np.array_equal(ends, mdp.outcome_ends) else ends,
        mixture=mixture,
        kind=mdp.kind if same else kind,
    )


def _initial(grid: Grid, rules: Rules) -> NDArray[np.float64]:
    """(S,) probability of each first state."""
    chosen = ~grid.terminal if rules.exploring_starts else grid.start & ~grid.terminal
    weights = chosen.astype(np.float64)
    if not rules.exploring_starts:
        weights *= grid.attribute("start_weight", float)
    weights /= weights.max()  # the sum of large ones would overflow
    return weights / weights.sum()


def _outcomes(
    grid: Grid,
    rules: Rules,
    successor: NDArray[np.int32],
    stopped: NDArray[np.bool_],
    by: NDArray[np.integer] | None,
) -> tuple[NDArray[np.unsignedinteger], NDArray[np.float64], NDArray[np.bool_]]:
    """(S, D) index of the outcome of each move, and the reward and the end of each outcome.

    The outcomes, in this order: for each kind of square that pays and each length of move, that reward;
    for each kind, a teleport by it; for each kind, a stopped move, and where there is wind, a stopped move that was
    then blown onto a terminal square; and a move in an episode that is over. All of that for each level of luck; the
    moves here are those of the first level.
    `by` is the kind of square that teleported, -1 where none did.
    """
    rewards, ends = _outcome_table(grid, rules)
    lengths, length = np.unique([length_of(move, rules.moves) for move in rules.all_moves], return_inverse=True)
    entering, kinds = rules.reward_on == "enter", grid.kinds
    first_teleport, over = len(kinds) * len(lengths), len(rewards) // len(grid.luck_levels) - 1
    first_stop = first_teleport + len(kinds)
    kind = grid.state_kind.astype(np.min_scalar_type(len(rewards)))  # wide enough to count outcomes
    costs_to_bump = np.array([bump is not None for bump in _bumps(grid, rules)])
    pays_teleport = np.array([cell.teleport_reward is not None for cell in kinds])
    outcome = np.empty(successor.shape, dtype=kind.dtype)
    for move in range(successor.shape[1]):
        paying = kind[successor[:, move]] if entering else kind
        outcome[:, move] = paying * len(lengths) + length[move % len(length)]
        if costs_to_bump.any():
            bumped = stopped[:, move] & costs_to_bump[kind]
            outcome[bumped, move] = first_stop + kind[bumped]
            if entering and _is_windy(grid):
                bumped &= grid.terminal[successor[:, move]]
                outcome[bumped, move] += len(kinds)
        if by is not None:
            paid = (by[:, move] >= 0) & pays_teleport[by[:, move]]
            outcome[paid, move] = first_teleport + by[paid, move]
    if entering:
        outcome[grid.terminal] = over
    return outcome, rewards, ends


def _outcome_table(grid: Grid, rules: Rules) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Reward and end of each outcome, in the order of `_outcomes`."""
    table = [row for _, luck in grid.luck_levels for row in _outcomes_at(grid, rules, luck)]
    rewards, over = zip(*table, strict=True)
    return np.array(rewards, dtype=np.float64), np.array(over, dtype=bool)


def _outcomes_at(grid: Grid, rules: Rules, luck: Fraction) -> list[tuple[float, bool]]:
    """The outcomes at one level of luck."""
    entering = rules.reward_on == "enter"
    table = [
        (rules.step_reward * float(length) if cell.reward is None else reward_at(cell.reward, luck), cell.terminal)
        for cell in grid.kinds
        for length in np.unique([length_of(move, rules.moves) for move in rules.all_moves])
    ]
    for cell in grid.kinds:
        ends = entering and cell.teleport is not None and bool(grid.terminal[grid.cell_to_state(cell.teleport)])
        table.append((reward_at(cell.teleport_reward or 0.0, luck), ends))
    for ends in (False, True) if _is_windy(grid) else (False,):
        table += [(reward_at(bump or 0.0, luck), ends) for bump in _bumps(grid, rules)]
    return [*table, (0.0, True)]


def _is_windy(grid: Grid) -> bool:
    return any(any(cell.wind) for cell in grid.kinds)


def _bumps(grid: Grid, rules: Rules) -> list[float | RewardLaw | None]:
    """What a stopped move costs on each kind of square; None: what any other move does."""
    return [rules.bump_reward if cell.bump_reward is None else cell.bump_reward for cell in grid.kinds]


def _mixtures(grid: Grid, rules: Rules) -> tuple[NDArray[np.float64], NDArray[np.unsignedinteger] | None]:
    """(C, A, D) mixtures of the moves, and (S,) which one holds on each square, where there are several."""
    pairs = np.array([(rules.slip if cell.slip is None else cell.slip, cell.gust) for cell in grid.kinds])
    different, index = np.unique(pairs, axis=0, return_inverse=True)
    moves, actions = rules.all_moves, rules.action_moves
    column = {move: number for number, move in enumerate(moves)}
    gusty = bool(pairs[:, 1].any())
    mixture = np.zeros((len(different), len(actions), (3 if gusty else 1) * len(moves)))
    for kind, (slip, gust) in enumerate(different.tolist()):
        for number, action in enumerate(actions):
            in_the_calm = np.zeros(len(moves))
            in_the_calm[column[action]] += 1.0 - slip
            in_the_calm[[column[Action(side)] for side in PERPENDICULAR[action] if action is not Action.STAY]] += (
                slip / 2
            )
            if action is Action.STAY:
                in_the_calm[column[action]] = 1.0
            parts = (1.0 - 2.0 * gust, gust, gust) if gusty else (1.0,)
            mixture[kind, number] = np.concatenate([part * in_the_calm for part in parts])
    if len(different) == 1:
        return mixture, None
    return mixture, index.reshape(-1).astype(np.min_scalar_type(len(different)))[grid.state_kind]


def order_of_draws(rules: Rules, num_moves: int) -> list[list[int]] | None:
    """(A, D) where each move stands among the draws of each action; None: in the order of the moves.

    Where `actions` are given, the one before the action comes first, then the action itself, as in toy_text.
    """
    if rules.actions is None:
        return None
    actions, moves = rules.action_moves, rules.all_moves
    numbers = [actions.index(move) if move in actions else len(actions) for move in moves]
    gusts = num_moves // len(moves)
    return [[(number - action + 1) % len(actions) for number in numbers] * gusts for action in range(len(actions))]
