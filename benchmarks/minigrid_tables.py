"""The tables that `enumerate_env` finds in MiniGrid's rooms, against tables by the rules written by hand.

    python benchmarks/minigrid_tables.py                        # all cases, rooms of seed 0
    python benchmarks/minigrid_tables.py --case DoorKey --seeds 5
    python benchmarks/minigrid_tables.py --case Dynamic --once  # without enumerating states a second time

The rules are in tests/oracles/minigrid_rooms.py. A state is the position, the direction, the place of the key, the door
and the places of the balls. MiniGrid's reward at the goal depends on the step count; the step count is no part of a
state, and both sides pay 1 at the goal (-1 for a collision). Both leave out the limit of steps. The balls of
Dynamic-Obstacles draw squares until one is free, at most 101 times, which has no tables of a useful size: the
environment that is enumerated draws among the free squares at once, and has the ball stay with the probability that
101 tries fail; the rules by hand are those of the tries. It also makes no observations, which the key does not need,
and its copies share walls and goal; the steps are MiniGrid's.

Each line says: the states; the outcomes, that is the results of all actions in all states; the largest difference of
probabilities, expected rewards and termination; and the processor time of enumerating and of the rules by hand.
"""

import argparse
import copy
import sys
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import minigrid  # noqa: F401 - registers its rooms

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import planners
from planners.enumeration import search
from tests.oracles.minigrid_rooms import largest_difference, paid, room_of, seen
from tests.planners.enumeration.test_enumerate_env import DrawnWhereItFits

CASES = (
    "MiniGrid-Empty-5x5-v0",
    "MiniGrid-Empty-8x8-v0",
    "MiniGrid-FourRooms-v0",
    "MiniGrid-DoorKey-5x5-v0",
    "MiniGrid-Dynamic-Obstacles-5x5-v0",
)


class QuicklyCopied(DrawnWhereItFits):
    """Moving obstacles whose copies have balls of their own, and share the walls and the goal."""

    def gen_obs(self) -> dict[str, Any]:
        return {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = memo[id(self)] = copied_attributes(self)
        copied._np_random = copy.deepcopy(self._np_random, memo)
        copied.obstacles = [copied_attributes(ball) for ball in self.obstacles]
        copied.grid = copied_attributes(self.grid)
        copied.grid.grid = self.grid.grid.copy()
        for ball in copied.obstacles:
            copied.grid.set(*ball.cur_pos, ball)
        return copied


def copied_attributes(thing: Any) -> Any:
    """A shallow copy; faster than `copy.copy`."""
    copied: Any = object.__new__(type(thing))
    vars(copied).update(vars(thing))
    return copied


def made(name: str) -> Any:
    """The environment as it is registered, but for how balls draw."""
    if "Dynamic" in name:
        return QuicklyCopied(**gym.spec(name).kwargs)
    return gym.make(name).unwrapped


def compare(name: str, seed: int) -> None:
    """Print the line of one room."""
    env = made(name)
    began = time.process_time()
    model, keys = planners.enumerate_env(env, key=seen, reward=paid, seed=seed)
    middle = time.process_time()
    env.reset(seed=seed)
    room = room_of(env)
    tables = room.tables()
    by_hand = time.process_time() - middle
    assert keys[0] == room.start
    outcomes = sum(len(row) for rows in tables.values() for row in rows)
    apart = largest_difference(model, keys, tables)
    line = f"| {name} | {seed} | {len(keys):,} | {outcomes:,} | {apart:.1g} | {middle - began:.2f} | {by_hand:.2f} |"
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default="", help="only the rooms whose name has this in it")
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0 on")
    parser.add_argument(
        "--once", action="store_true",
        help="do not enumerate states that are reached in several ways again, to see whether the key tells all; that "
        "takes most of the time, and changes no table",
    )  # fmt: skip
    given = parser.parse_args()
    if given.once:
        search.ENOUGH, search.SHARE = -1, 0.0  # pyright: ignore[reportAttributeAccessIssue]
    print("| room | seed | states | outcomes | largest difference | seconds | by hand |\n|---|---|---|---|---|---|---|")
    for name in CASES:
        for seed in range(given.seeds if given.case in name else 0):
            compare(name, seed)


if __name__ == "__main__":
    main()
