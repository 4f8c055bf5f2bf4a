"""Gusts in their order - as it is, stronger, weaker - whichever way the wind blows; and storms wider than the map."""

from typing import Any

import numpy as np
import pytest

from gridworld_env.env import GridWorldEnv


def landings(env: GridWorldEnv, cell: tuple[int, int], move: int) -> list[tuple[int, int]]:
    """Where a move from a square ends in the wind as it is, in a stronger and in a weaker one."""
    D = env.mdp.num_moves // 3
    row = env.mdp.successor[env.cell_to_state(cell)]
    return [env.state_to_cell(int(row[gust * D + move])) for gust in range(3)]


@pytest.mark.parametrize(
    ("wind", "cell", "across", "expected"),
    [
        ((-2, 0), (6, 0), 1, [(4, 1), (3, 1), (5, 1)]),  # up, and a step to the right
        ((2, 0), (1, 0), 1, [(3, 1), (4, 1), (2, 1)]),  # down
        ((0, -2), (0, 6), 2, [(1, 4), (1, 3), (1, 5)]),  # left, and a step down
        ((0, 2), (0, 1), 2, [(1, 3), (1, 4), (1, 2)]),  # right
    ],
)
def test_stronger_and_weaker_whichever_way_the_wind_blows(
    wind: tuple[int, int], cell: tuple[int, int], across: int, expected: list[tuple[int, int]]
) -> None:
    rows, columns = (8, 2) if wind[0] else (2, 8)
    desc = ["w" * columns for _ in range(rows)]
    env = GridWorldEnv(desc=[*desc[:-1], "w" * (columns - 1) + "+"], legend={"w": {"wind": wind, "gust": 0.125}})
    assert landings(env, cell, across) == expected
    mixture = env.mdp.mixture[0] if env.mdp.kind is None else env.mdp.mixture[env.mdp.kind[env.cell_to_state(cell)]]
    D = env.mdp.num_moves // 3
    np.testing.assert_array_equal(mixture[across, [across, D + across, 2 * D + across]], [0.75, 0.125, 0.125])


@pytest.mark.parametrize("strength", [7, 10**6])
def test_a_storm_blows_from_one_end_of_a_long_map_to_the_other(strength: int) -> None:
    for wind, desc, far in (
        ((0, strength), ["S......."], (0, 7)),
        ((strength, 0), list("S......."), (7, 0)),
        ((0, -strength), [".......S"], (0, 0)),
        ((-strength, 0), list(".......S"), (0, 0)),
    ):
        legend: Any = {"S": {"wind": wind, "start": True}}
        env = GridWorldEnv(desc=desc, legend=legend)
        env.reset(seed=0)
        across = 0 if wind[1] else 1
        assert env.state_to_cell(int(env.step(across)[0])) == far
