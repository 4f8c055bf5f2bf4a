"""The numbers that the books print, through `gym.make` and the planners, by every method that applies."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from gridworld_env import GridWorldEnv
from planners import Plan

METHODS = [planners.value_iteration, planners.policy_iteration]
WALL = float("nan")

# Russell and Norvig, AIMA, 3rd ed., Figure 17.3: R(s), discount 1, slip .1 to each side.
AIMA_3RD = [[0.812, 0.868, 0.918, 1], [0.762, WALL, 0.660, -1], [0.705, 0.655, 0.611, 0.388]]
# The same with r(s,a,s') (4th ed., Section 16.1); exactly .04 more at discount 1, one step less being paid for.
AIMA_4TH = [[0.8516, 0.9078, 0.9578, 0], [0.8016, WALL, 0.7003, 0], [0.7453, 0.6953, 0.6514, 0.4279]]
# Berkeley CS188, BookGrid after 100 iterations: discount .9, noise .2, living reward 0.
BOOKGRID = [[0.64, 0.74, 0.85, 1.00], [0.57, WALL, 0.57, -1.00], [0.49, 0.43, 0.48, 0.28]]
BOOKGRID_ON_ENTERING = [[0.72, 0.83, 0.94, 0], [0.63, WALL, 0.64, 0], [0.55, 0.48, 0.53, 0.31]]
# Berkeley CS188, the tables that its project is marked by, after 100 iterations (turned to lie like the grids):
# BridgeGrid at discount .85 and noise .1, DiscountGrid at .9 and .2.
BRIDGEGRID = [
    [WALL, -100, -100, -100, -100, -100, WALL],
    [1, -7.7350, -14.4173, -15.4999, -9.1502, -0.8500, 10],
    [WALL, -100, -100, -100, -100, -100, WALL],
]
DISCOUNTGRID = [
    [4.4765, 5.1665, 5.8841, 6.6836, 7.5087],
    [3.9306, WALL, 6.0258, 7.5087, 8.6547],
    [3.4513, WALL, 1.0000, WALL, 10.0000],
    [2.9289, 2.0045, 3.3074, 5.7186, 8.4777],
    [-10, -10, -10, -10, -10],
]
# Sutton and Barto, 2nd ed., Figure 3.2 (Example 3.5): equiprobable policy, discount .9.
RANDOM_3_5 = [
    [3.3, 8.8, 4.4, 5.3, 1.5],
    [1.5, 3.0, 2.3, 1.9, 0.5],
    [0.1, 0.7, 0.7, 0.4, -0.4],
    [-1.0, -0.4, -0.4, -0.6, -1.2],
    [-1.9, -1.3, -1.2, -1.4, -2.0],
]
# Figure 3.5 (Example 3.8): optimal values, and the arrows of the optimal policy (0 up, 1 right, 2 down, 3 left).
OPTIMAL_3_8 = [
    [22.0, 24.4, 22.0, 19.4, 17.5],
    [19.8, 22.0, 19.8, 17.8, 16.0],
    [17.8, 19.8, 17.8, 16.0, 14.4],
    [16.0, 17.8, 16.0, 14.4, 13.0],
    [14.4, 16.0, 14.4, 13.0, 11.7],
]
ARROWS_3_8 = [
    ["1", "0123", "3", "0123", "3"],
    ["01", "0", "03", "3", "3"],
    ["01", "0", "03", "03", "03"],
    ["01", "0", "03", "03", "03"],
    ["01", "0", "03", "03", "03"],
]
# Figure 4.1 (Example 4.1): equiprobable policy, undiscounted, k = infinity.
RANDOM_4_1 = [[0, -14, -20, -22], [-14, -18, -20, -20], [-20, -20, -18, -14], [-22, -20, -14, 0]]
# Its optimal values: minus the number of moves to the nearer corner.
OPTIMAL_4_1 = [[-min(r + c, 6 - r - c) for c in range(4)] for r in range(4)]

OPTIMA: dict[str, tuple[dict[str, Any], float, Any, int]] = {
    "AIMA 3rd ed.": ({"map_name": "aima-4x3", "reward_on": "exit"}, 1.0, AIMA_3RD, 3),
    "AIMA 4th ed.": ({"map_name": "aima-4x3"}, 1.0, AIMA_4TH, 4),
    "BookGrid": ({"map_name": "bookgrid"}, 0.9, BOOKGRID, 2),
    "BookGrid on entering": ({"map_name": "bookgrid", "reward_on": "enter"}, 0.9, BOOKGRID_ON_ENTERING, 2),
    "BridgeGrid": ({"map_name": "bridgegrid", "slip": 0.1}, 0.85, BRIDGEGRID, 4),
    "DiscountGrid": ({"map_name": "discountgrid"}, 0.9, DISCOUNTGRID, 4),
    "Sutton and Barto 3.8": ({"map_name": "sutton-barto-3.5"}, 0.9, OPTIMAL_3_8, 1),
    "Sutton and Barto 4.1": ({"map_name": "sutton-barto-4.1"}, 1.0, OPTIMAL_4_1, 0),
}


def make(**options: Any) -> GridWorldEnv:
    env = gym.make("GridWorld-v0", **options).unwrapped
    assert isinstance(env, GridWorldEnv)
    return env


def assert_prints_as(env: GridWorldEnv, values: np.ndarray, printed: list[list[float]], digits: int) -> None:
    """Every state has the printed digits, and exactly the squares without a number are walls."""
    rows = np.array(printed, dtype=np.float64)
    np.testing.assert_array_equal(np.isnan(rows), env.grid.wall)
    np.testing.assert_array_less(np.abs(values - rows[~env.grid.wall]), 0.5 * 10.0**-digits + 1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", OPTIMA)
def test_optimal_values(case: str, method: Callable[..., Plan]) -> None:
    options, discount, printed, digits = OPTIMA[case]
    env = make(**options)
    plan = method(env, discount=discount, tolerance=1e-8)
    assert_prints_as(env, plan.values, printed, digits)
    assert plan.error_bound <= 1e-8
    # the value of the policy that was found, by a linear system, is the same
    assert_prints_as(env, planners.evaluate(env, plan.policy, discount=discount), printed, digits)


# CS188's grids as its source has them: None for a wall, numbers for exits.
CS188: dict[str, list[list[Any]]] = {
    "bookgrid": [[" ", " ", " ", 1], [" ", None, " ", -1], ["S", " ", " ", " "]],
    "bridgegrid": [[None, *[-100] * 5, None], [1, "S", " ", " ", " ", " ", 10], [None, *[-100] * 5, None]],
    "cliffgrid": [[" "] * 5, ["S", " ", " ", " ", 10], [-100] * 5],
    "cliffgrid2": [[" "] * 5, [8, "S", " ", " ", 10], [-100] * 5],
    "discountgrid": [[" "] * 5, [" ", None, " ", " ", " "], [" ", None, 1, None, 10], ["S", *[" "] * 4], [-10] * 5],
    "mazegrid": [
        [" ", " ", " ", 1],
        [None, None, " ", None],
        [" ", None, " ", " "],
        [" ", None, None, " "],
        ["S", " ", " ", " "],
    ],
}


@pytest.mark.parametrize("name", CS188)
@pytest.mark.parametrize(("discount", "noise", "living"), [(0.9, 0.2, 0.0), (0.5, 0.4, -2.0), (0.99, 0.0, 0.25)])
def test_grids_of_cs188_by_its_own_rules(name: str, discount: float, noise: float, living: float) -> None:
    """Value iteration written over Berkeley's lists: an exit pays its number and ends; all else pays the living."""
    grid = CS188[name]
    squares = {(r, c): cell for r, row in enumerate(grid) for c, cell in enumerate(row) if cell is not None}
    around = [(-1, 0), (0, 1), (1, 0), (0, -1)]
    values = dict.fromkeys(squares, 0.0)
    change = 1.0
    while change > 1e-12:  # the values are then off by 99 times as much at most
        known = dict(values)

        def ahead(r: int, c: int, turn: int, known: dict[tuple[int, int], float] = known) -> float:
            there = (r + around[turn % 4][0], c + around[turn % 4][1])
            return known[there if there in known else (r, c)]

        for (r, c), cell in squares.items():
            if isinstance(cell, int):
                values[r, c] = float(cell)
                continue
            values[r, c] = living + discount * max(
                (1 - noise) * ahead(r, c, a) + noise / 2 * (ahead(r, c, a - 1) + ahead(r, c, a + 1)) for a in range(4)
            )
        change = max(abs(values[square] - known[square]) for square in squares)
    env = make(map_name=name, slip=noise, step_reward=living)
    found = planners.solve(env, discount=discount, tolerance=1e-9).values
    np.testing.assert_allclose(found, [values[env.state_to_cell(state)] for state in range(len(found))], atol=1e-8)
    assert squares[env.state_to_cell(env.reset(seed=0)[0])] == "S"


def test_four_rooms() -> None:
    """Sutton, Precup and Singh (1999): 104 squares, four hallways; without slip the way is a shortest one."""
    env = make(map_name="four-rooms")
    assert env.mdp.num_states == 104
    hallways = [(3, 6), (6, 2), (7, 9), (10, 6)]
    for row, column in hallways:
        walls = [env.grid.wall[row, column - 1], env.grid.wall[row, column + 1]]
        across = [env.grid.wall[row - 1, column], env.grid.wall[row + 1, column]]
        assert (all(walls) and not any(across)) or (all(across) and not any(walls))
    (goal,) = np.flatnonzero(env.grid.terminal)
    assert env.state_to_cell(int(goal)) in hallways
    distance, frontier = {(7, 9): 0}, [(7, 9)]
    for row, column in frontier:  # breadth first
        for place in ((row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)):
            if place not in distance and not env.grid.wall[place]:
                distance[place] = distance[row, column] + 1
                frontier.append(place)
    values = planners.solve(env, discount=0.9, tolerance=1e-10).values
    expected = [0.9 ** (distance[env.state_to_cell(state)] - 1) for state in range(104)]
    expected[int(goal)] = 0.0
    np.testing.assert_allclose(values, expected, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_arrows_of_sutton_and_barto_3_8(method: Callable[..., Plan]) -> None:
    env = make(map_name="sutton-barto-3.5")
    optimal = method(env, discount=0.9, tolerance=1e-10).optimal_actions
    found = [["".join(map(str, np.flatnonzero(optimal[row * 5 + column]))) for column in range(5)] for row in range(5)]
    assert found == ARROWS_3_8


@pytest.mark.parametrize(
    ("name", "discount", "printed", "digits"),
    [("sutton-barto-3.5", 0.9, RANDOM_3_5, 1), ("sutton-barto-4.1", 1.0, RANDOM_4_1, 0)],
)
def test_equiprobable_policies(name: str, discount: float, printed: list[list[float]], digits: int) -> None:
    env = make(map_name=name)
    values = planners.evaluate(env, np.full((env.mdp.num_states, 4), 0.25), discount=discount)
    assert_prints_as(env, values, printed, digits)
    if discount == 1.0:  # the solution of Example 4.1 is whole numbers
        np.testing.assert_allclose(values, np.ravel(printed), atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_conventions_of_aima_differ_by_one_step(method: Callable[..., Plan]) -> None:
    enter, leave = (make(map_name="aima-4x3", reward_on=on) for on in ("enter", "exit"))
    entering, leaving = (method(env, discount=1.0, tolerance=1e-11) for env in (enter, leave))
    live = ~enter.grid.terminal
    np.testing.assert_allclose(entering.values[live] - leaving.values[live], 0.04, atol=1e-10)
    np.testing.assert_array_equal(leaving.values[~live], [1.0, -1.0])
    np.testing.assert_array_equal(entering.values[~live], [0.0, 0.0])
    np.testing.assert_array_equal(entering.optimal_actions[live], leaving.optimal_actions[live])


def test_sutton_and_barto_3_5_exactly() -> None:
    """v(A) = 10 + discount^5 v(A), Exercise 3.25 of the 2nd edition: 24.419 to three decimals."""
    plan = planners.policy_iteration(make(map_name="sutton-barto-3.5"), discount=0.9)
    assert plan.values[1] == pytest.approx(10 / (1 - 0.9**5), abs=1e-10)


@pytest.mark.parametrize("map_name", ["4x4", "8x8"])
@pytest.mark.parametrize("slippery", [True, False])
@pytest.mark.parametrize("discount", [0.9, 0.99, 1.0])
def test_frozen_lake_is_a_gridworld(map_name: str, slippery: bool, discount: float) -> None:
    """Gymnasium's FrozenLake: a third each for the intended move and the two beside it, 1 on entering G."""
    lake = gym.make("FrozenLake-v1", map_name=map_name, is_slippery=slippery)
    desc = ["".join(glyph.decode() for glyph in row) for row in lake.get_wrapper_attr("desc")]
    legend = {
        "F": {},
        "H": {"terminal": True, "reward": 0},
        "G": {"terminal": True, "reward": 1},
    }
    ours = make(desc=desc, legend=legend, slip=2 / 3 if slippery else 0.0, step_reward=0.0)
    down_to_lake = {0: 3, 1: 2, 2: 1, 3: 0}  # up, right, down, left of ours in FrozenLake's numbers
    theirs = lake.get_wrapper_attr("P")
    for state in np.flatnonzero(~ours.grid.terminal).tolist():
        for action in range(4):
            assert merged(ours.P[state][action]) == pytest.approx(merged(theirs[state][down_to_lake[action]]))
    found = planners.solve(ours, discount=discount, tolerance=1e-9)
    expected = planners.solve(lake, discount=discount, tolerance=1e-9)
    np.testing.assert_allclose(found.values, expected.values, atol=3e-9)
    if map_name == "4x4" and slippery and discount == 1.0:
        # 14/17, the well-known .8235 chance of reaching G
        assert found.values[0] == pytest.approx(14 / 17, abs=1e-8)


def merged(outcomes: Any) -> dict[tuple[int, float, bool], float]:
    total: dict[tuple[int, float, bool], float] = {}
    for probability, state, reward, ends in outcomes:
        key = (int(state), float(reward), bool(ends))
        total[key] = total.get(key, 0.0) + probability
    return total
