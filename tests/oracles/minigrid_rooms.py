"""MiniGrid's rooms by hand: what each action does on a grid of squares, in plain Python and fractions.

Only the drawing of a room at its start is MiniGrid's. The rules are written anew, after its documentation and code.
A step pays 1 at the goal and -1 for a collision. MiniGrid's own reward at the goal is 1 - 0.9 * step_count / max_steps;
the step count is no part of a state, so both sides put 1 in its place. Both sides leave out the limit of steps too.
"""

from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np
import scipy.sparse as sp

from planners import TabularMDP

Square = tuple[int, int]  # column, row
LEFT, RIGHT, FORWARD, PICKUP, DROP, TOGGLE, DONE = range(7)
AHEAD: Final = ((1, 0), (0, 1), (-1, 0), (0, -1))  # of an agent that faces right, down, left, up
HELD: Final = (-1, -1)  # where a key is that the agent carries
OPEN, CLOSED, LOCKED = range(3)
TRIES: Final = 101  # of a ball to find a free square among the nine around it and its own; then it stays


class State(NamedTuple):
    """All that changes in a room; None for what a room does not have."""

    at: Square
    facing: int
    key: Square | None = None
    door: int | None = None
    balls: tuple[Square, ...] = ()  # in the order in which they move


class Result(NamedTuple):
    """What a step leads to."""

    state: State
    reward: int
    ends: bool


Tables = dict[State, list[dict[Result, Fraction]]]  # for each action, the probabilities of the results


def seen(room: Any, _: Any = None) -> State:
    """The state that a MiniGrid environment is in: a key for `enumerate_env`."""
    key = door = None
    for index, thing in enumerate(room.grid.grid):
        if thing is None or thing.type == "wall":
            continue
        if thing.type == "key":
            key = (index % room.width, index // room.width)
        elif thing.type == "door":
            door = OPEN if thing.is_open else LOCKED if thing.is_locked else CLOSED
    if room.carrying is not None:
        assert (room.carrying.type, key) == ("key", None)
        key = HELD
    balls = tuple(_plain(each.cur_pos) for each in getattr(room, "obstacles", ()))
    return State(_plain(room.agent_pos), int(room.agent_dir), key, door, balls)


def paid(room: Any, own: float) -> float:
    """The reward without the step count: a `reward` for `enumerate_env`."""
    assert own in (0, -1, 1 - 0.9 * (room.step_count / room.max_steps))
    return float(np.sign(own))


def _plain(square: Any) -> Square:
    return int(square[0]), int(square[1])


class Room:
    """What does not change in a room, and the rules.

    Attributes:
        start: The state that is drawn.
        actions: A: all seven, or the first three where balls move.
    """

    def __init__(self, picture: str, balls: tuple[Square, ...] = ()) -> None:
        """Read the text that MiniGrid's `pprint_grid` draws; of balls, it does not tell which moves first."""
        found: dict[str, list[Square]] = {}
        for row, line in enumerate(picture.split("\n")):
            for column in range(len(line) // 2):
                cell = line[2 * column : 2 * column + 2]
                found.setdefault(cell if cell in (">>", "VV", "<<", "^^") else cell[0], []).append((column, row))
        self.walls, (self.goal,) = frozenset(found["W"]), found["G"]
        (self.door,), (key,) = found.get("L", [None]), found.get("K", [None])
        facing = next(direction for direction, agent in enumerate((">>", "VV", "<<", "^^")) if agent in found)
        (at,) = found[(">>", "VV", "<<", "^^")[facing]]
        assert sorted(balls) == sorted(found.get("A", []))
        self.start = State(at, facing, key, None if self.door is None else LOCKED, balls)
        self.actions = 3 if balls else 7
        self._moved = cache(self._moved_balls)

    def step(self, state: State, action: int) -> dict[Result, Fraction]:
        """The results of an action, with their probabilities: first the balls move, then the agent."""
        square = self._ahead(state)
        collides = bool(state.balls) and action == FORWARD and (square in self.walls or square in state.balls)
        results: dict[Result, Fraction] = {}
        for balls, probability in self._moved(state.at, state.balls).items():
            result = self._act(state._replace(balls=balls), action)
            if collides:
                result = Result(result.state, -1, ends=True)
            results[result] = results.get(result, Fraction(0)) + probability
        return results

    def _ahead(self, state: State) -> Square:
        step = AHEAD[state.facing]
        return state.at[0] + step[0], state.at[1] + step[1]

    def _act(self, state: State, action: int) -> Result:
        square = self._ahead(state)
        thing_ahead = square in self.walls or square in (self.goal, self.door, state.key) or square in state.balls
        after = state
        if action in (LEFT, RIGHT):
            after = state._replace(facing=(state.facing + (1 if action == RIGHT else 3)) % 4)
        elif action == FORWARD:
            free = not thing_ahead or square == self.goal or (square == self.door and state.door == OPEN)
            after = state._replace(at=square) if free else state
        elif action == PICKUP and state.key == square:
            after = state._replace(key=HELD)
        elif action == DROP and state.key == HELD and not thing_ahead:
            after = state._replace(key=square)
        elif action == TOGGLE and square == self.door and (state.door != LOCKED or state.key == HELD):
            after = state._replace(door=CLOSED if state.door == OPEN else OPEN)
        ends = after.at == self.goal
        return Result(after, int(ends), ends)

    def _moved_balls(self, at: Square, balls: tuple[Square, ...]) -> dict[tuple[Square, ...], Fraction]:
        """Where the balls may be after they moved, one after the other."""
        moved = {balls: Fraction(1)}
        for ball in range(len(balls)):
            now, moved = moved, {}
            for places, probability in now.items():
                column, row = places[ball]
                around = product(range(column - 1, column + 2), range(row - 1, row + 2))
                free = [each for each in around if each not in {*self.walls, *places, self.goal, at}]
                stays = Fraction(9 - len(free), 9) ** TRIES
                ways = [(places[ball], stays), *((each, (1 - stays) / len(free)) for each in free)]
                for square, part in ways:
                    after = (*places[:ball], square, *places[ball + 1 :])
                    moved[after] = moved.get(after, Fraction(0)) + probability * part
        return moved

    def tables(self) -> Tables:
        """The results of all actions in all states that can be reached from the start."""
        found: Tables = {}
        waiting = [self.start]
        while waiting:
            state = waiting.pop()
            if state in found:
                continue
            found[state] = [self.step(state, action) for action in range(self.actions)]
            waiting += [result.state for row in found[state] for result in row if not result.ends]
        return found


def room_of(env: Any) -> Room:
    """The room of a MiniGrid environment that was reset."""
    return Room(env.pprint_grid(), seen(env).balls)


def largest_difference(model: TabularMDP, keys: list[Any], tables: Tables) -> float:
    """The largest difference of probabilities, expected rewards and termination, state by state.

    Raises:
        AssertionError: The two have not the same states.
    """
    assert set(keys) == set(tables)
    number = {key: index for index, key in enumerate(keys)}
    rows = [row for key in keys for row in tables[key]]
    entries = [
        (float(probability), index, number[result.state])
        for index, row in enumerate(rows) for result, probability in row.items() if not result.ends
    ]  # fmt: skip
    weights, at, to = zip(*entries, strict=True)
    transitions = sp.csr_array((weights, (at, to)), shape=(len(rows), len(keys)))
    ends = [float(sum(p for result, p in row.items() if result.ends)) for row in rows]
    rewards = [float(sum(p * result.reward for result, p in row.items())) for row in rows]
    return max(
        float(abs(model.transitions - transitions).max()),
        float(np.abs(np.ravel(model.termination) - ends).max()),
        float(np.abs(np.ravel(model.rewards) - rewards).max()),
    )
