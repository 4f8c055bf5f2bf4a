"""`P`, `R` and `mdp`: their form, their limits, and many steps that follow them."""

import copy
import operator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy.stats import chi2

import planners
from gridworld_env import WORLDS, GridWorldEnv, MapError
from tests.oracles.examples import times


@pytest.mark.parametrize("name", WORLDS)
def test_p_has_the_form_of_toy_text(name: str) -> None:
    env = GridWorldEnv(map_name=name)
    table, theirs = env.P, gym.make("FrozenLake-v1").get_wrapper_attr("P")
    assert list(table) == list(range(len(table)))
    assert type(table[0]) is type(theirs[0]) is dict
    for state, by_action in table.items():
        assert list(by_action) == list(range(env.mdp.num_actions))
        for outcomes in by_action.values():
            assert isinstance(outcomes, list)
            assert all([type(part) for part in outcome] == [float, int, float, bool] for outcome in outcomes), state
            assert sum(outcome[0] for outcome in outcomes) == pytest.approx(1.0, abs=1e-14)
            assert all(outcome[0] > 0 for outcome in outcomes)
            results = [tuple(outcome[1:]) for outcome in outcomes]
            assert len(results) == len(set(results)), "duplicates are merged"


def test_corner_moves_are_merged() -> None:
    """FrozenLake lists the corner twice (reference, section 1.2 (i)); here once, and `prob` is that number."""
    env = GridWorldEnv(desc=["S.", ".+"], slip=0.5)
    assert sorted(map(tuple, env.P[0][0])) == [(0.25, 1, -0.04, False), (0.75, 0, -0.04, False)]
    env.reset(seed=0)
    seen = {int(state): info["prob"] for state, *_, info in (stepped(env, 0, 0) for _ in range(50))}
    assert seen == {0: 0.75, 1: 0.25}


def stepped(env: GridWorldEnv, state: int, action: int) -> tuple[Any, ...]:
    env.reset(options={"state": state})
    return env.step(action)


def test_terminal_rows_absorb() -> None:
    enter, leave = (GridWorldEnv(map_name="aima-4x3", reward_on=on) for on in ("enter", "exit"))
    for state, reward in ((3, 1.0), (6, -1.0)):
        assert {a: [tuple(o) for o in row] for a, row in enter.P[state].items()} == {
            action: [(1.0, state, 0.0, True)] for action in range(4)
        }
        assert all([tuple(o) for o in row] == [(1.0, state, reward, True)] for row in leave.P[state].values())


def test_p_as_a_mapping() -> None:
    table = GridWorldEnv().P
    assert len(table) == 11
    assert 10 in table
    assert 11 not in table
    assert table == dict(table)
    assert table[np.int64(3)] == table[3]  # pyright: ignore[reportArgumentType]
    for state in (11, -1, 1.0, "a"):
        with pytest.raises(KeyError, match=r"expected 0 to 10"):
            table[state]  # pyright: ignore[reportArgumentType]


def test_p_as_an_array() -> None:
    table = GridWorldEnv(slip=0.2).P
    dense = np.asarray(table)
    assert dense.shape == (11, 4, 11)
    assert dense.dtype == np.float64
    np.testing.assert_allclose(dense.sum(axis=2), 1.0, atol=1e-14)
    assert np.asarray(table, dtype=np.float32).dtype == np.float32
    np.testing.assert_array_equal(np.array(table, copy=True), dense)
    with pytest.raises(ValueError, match="copy"):
        np.array(table, copy=False)
    dense[:] = 7  # the caller's own
    assert np.asarray(table).max() == 1.0


def test_rows_and_masks_are_the_callers_own() -> None:
    env = GridWorldEnv()
    env.P[0][0].clear()
    assert env.P[0][0]
    env.reset()[1]["action_mask"][:] = 9
    assert env.reset()[1]["action_mask"].max() == 1


ARRAYS = ["R", "initial_state_distrib", "mdp.termination", "mdp.mixture", "mdp.successor", "mdp.outcome_reward"]


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("prepare", [lambda env: env, copy.deepcopy], ids=["new", "copied"])
def test_tables_cannot_be_changed_from_outside(name: str, prepare: Any) -> None:
    """`step()` samples from the tables that are shown: writing to one must not make them tell different stories."""
    array = operator.attrgetter(name)(prepare(GridWorldEnv()))
    with pytest.raises(ValueError, match="read-only"):
        array[...] = 0


def test_wrapped_environments_lead_to_the_same_model() -> None:
    env = gym.make("GridWorld-v0")
    assert planners.as_model(env) is env.get_wrapper_attr("mdp")
    assert env.get_wrapper_attr("P") is env.unwrapped.P  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("name", WORLDS)
def test_states_and_cells_are_inverse(name: str) -> None:
    env = GridWorldEnv(map_name=name)
    walls = 0
    for row, line in enumerate(env.grid.rows):
        for column, glyph in enumerate(line):
            if glyph == "#":
                walls += 1
                with pytest.raises(MapError, match=rf"row {row}, column {column}.*wall"):
                    env.cell_to_state((row, column))
            else:
                assert env.state_to_cell(env.cell_to_state((row, column))) == (row, column)
    assert [env.cell_to_state(env.state_to_cell(s)) for s in range(env.mdp.num_states)] == list(range(len(env.P)))
    assert env.mdp.num_states == env.observation_space.n == env.grid.wall.size - walls  # pyright: ignore


@pytest.mark.parametrize("cell", [(3, 0), (-1, 0), (0, 4), (0, -1), (0.5, 0), "ab", 5, (1,), (0, 0, 0), None])
def test_cells_that_are_none(cell: Any) -> None:
    with pytest.raises(MapError, match=r"cell"):
        GridWorldEnv().cell_to_state(cell)


def test_a_million_states(rng: np.random.Generator) -> None:
    wall = rng.random((1000, 1000)) < 0.2
    wall[0, 0] = wall[0, 1] = wall[999, 999] = wall[999, 998] = False
    letters = np.where(wall, "#", ".")
    letters[0, 0], letters[999, 999] = "S", "+"
    env = gym.make("GridWorld-v0", desc=["".join(row) for row in letters], slip=0.2).unwrapped
    assert isinstance(env, GridWorldEnv)
    count = int((~wall).sum())
    assert env.mdp.num_states == count
    assert [tuple(outcome) for outcome in env.P[count - 1][0]] == [(1.0, count - 1, 0.0, True)]
    (reached,) = [outcome for outcome in env.P[count - 2][1] if outcome[3]]
    assert tuple(reached) == (pytest.approx(0.8), count - 1, 1.0, True)
    for state in rng.integers(count - 1, size=200).tolist():  # by counting walls, not by the environment's tables
        row, column = env.state_to_cell(state)
        assert state == int((~wall[:row]).sum() + (~wall[row, :column]).sum())
        place = (row - 1, column)
        blocked = row == 0 or bool(wall[place])
        target = state if blocked else int((~wall[: row - 1]).sum() + (~wall[row - 1, :column]).sum())
        assert sum(outcome[0] for outcome in env.P[state][0] if outcome[1] == target) >= 0.8 - 1e-12
    with pytest.raises(MemoryError, match=rf"{8 * count * 4 * count / 1024**3:,.1f} GiB.*P\[s\]\[a\]"):
        np.asarray(env.P)


@pytest.mark.long
def test_many_steps_follow_the_tables(rng: np.random.Generator) -> None:
    """Pearson's chi-square over all pairs (s, a), p > 1e-3.

    One retry with fresh numbers, so that a right sampler fails once in a million runs.
    """
    env = gym.make("GridWorld-v0", **WINDY, max_episode_steps=-1).unwrapped
    assert isinstance(env, GridWorldEnv)
    probabilities = [p_of_a_sample(env, rng, times(1_000_000))]
    if probabilities[0] <= 1e-3:
        probabilities.append(p_of_a_sample(env, rng, times(1_000_000)))
    assert probabilities[-1] > 1e-3, probabilities


WINDY: dict[str, Any] = {
    "desc": ["S.~+", ".#.-", "A..S"],
    "legend": {"~": {"slip": 0.75, "reward": -0.5}, "A": {"teleport": (0, 1), "teleport_reward": 2.0}},
    "slip": 0.3,
    "bump_reward": -0.25,
}


def p_of_a_sample(env: GridWorldEnv, rng: np.random.Generator, steps: int) -> float:
    """Chance of frequencies further off than these; every reward, end and `prob` is checked on the way."""
    S, A = env.mdp.num_states, env.mdp.num_actions
    actions = rng.integers(A, size=steps)
    path = np.empty((steps, 2), dtype=np.int64)
    told = np.empty((steps, 3))  # reward, end, prob
    state, _ = env.reset(seed=int(rng.integers(2**31)))
    for index, action in enumerate(actions.tolist()):
        reached, reward, terminated, _, info = env.step(action)
        path[index] = state, reached
        told[index] = reward, terminated, info["prob"]
        state = env.reset()[0] if terminated else reached
    dense = np.asarray(env.P)
    pairs = (path[:, 0], actions, path[:, 1])
    np.testing.assert_allclose(told[:, 2], dense[pairs], atol=1e-14)
    outcomes = {(s, a, o[1], o[2], o[3]) for s in env.P for a in range(A) for o in env.P[s][a]}
    distinct = np.unique(np.column_stack([*pairs, told[:, :2]]), axis=0)
    assert {(int(s), int(a), int(n), float(r), bool(e)) for s, a, n, r, e in distinct} <= outcomes
    counts = np.zeros((S, A, S))
    np.add.at(counts, pairs, 1)
    tries = counts.sum(axis=2)
    live = ~env.grid.terminal
    assert (tries[live] > 1000).all()
    assert not counts[~(dense > 0)].any()
    possible = (dense > 0) & live[:, None, None]
    expected = (tries[:, :, None] * dense)[possible]
    statistic = float(((counts[possible] - expected) ** 2 / expected).sum())
    return float(chi2.sf(statistic, possible.sum() - A * live.sum()))
