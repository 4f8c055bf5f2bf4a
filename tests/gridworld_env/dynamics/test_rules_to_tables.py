"""The tables of `gridworld_env.dynamics` against its rules, written down once more as loops over squares."""

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import planners
from gridworld_env import GridWorldEnv
from planners import TabularMDP

STRAIGHT = [(-1, 0), (0, 1), (1, 0), (0, -1)]
DIAGONAL = [(-1, 1), (1, 1), (1, -1), (-1, -1)]
TERMINAL, WALLS = "+-TD", "#"
Reward = float | list[tuple[float, float]]
THIRDS: Reward = [(1 / 3, 4.0), (2 / 3, -1.0)]
TENTHS: Reward = [(0.1, -7.0), (0.2, 0.0), (0.7, 3.0)]
OWN_REWARD: dict[str, Reward] = {
    "+": 1.0, "-": -1.0, "r": -3.0, "z": 0.0, "s": 2.5, "d": THIRDS, "D": TENTHS,
}  # fmt: skip
LEGEND: dict[str, dict[str, Any]] = {
    "T": {"terminal": True},
    "r": {"reward": -3.0},
    "z": {"reward": 0.0, "slip": 0.0},
    "s": {"reward": 2.5, "slip": 0.75},
    "q": {"slip": 1.0},
    "d": {"reward": THIRDS},
    "D": {"reward": TENTHS, "terminal": True},
}
OWN_SLIP: dict[str, float] = {"z": 0.0, "s": 0.75, "q": 1.0}
ARROWS: dict[str, tuple[int, int]] = {">": (0, 1), "^": (-1, 0), "/": (-1, 1)}
NAMES = {">": "RIGHT", "^": "UP", "/": "UP_RIGHT"}

Table = dict[tuple[int, float, bool], float]
Place = tuple[int, int]


class Loops:
    """The rules, one square at a time; everything in rows and columns."""

    def __init__(self, desc: list[str], legend: dict[str, Any], options: dict[str, Any]) -> None:
        self.desc, self.legend, self.options = desc, legend, options
        self.slip: float = options["slip"]
        self.step_reward: float = options["step_reward"]
        places = [(r, c) for r in range(len(desc)) for c in range(len(desc[0])) if desc[r][c] not in WALLS]
        self.number = {place: index for index, place in enumerate(places)}
        self.places = places
        self.directions = STRAIGHT if options["moves"] == "cardinal" else STRAIGHT + DIAGONAL

    def table(self, place: tuple[int, int], action: int) -> Table:
        """{(next state, reward, end): probability}."""
        glyph = self.desc[place[0]][place[1]]
        slip = OWN_SLIP.get(glyph, self.slip)
        gust = self.legend.get(glyph, {}).get("gust", 0.0)
        down, right = self.directions[action]
        found: Table = defaultdict(float)
        # a quarter turn takes (down, right) to (right, -down) one way, and to (-right, down) the other
        for move, chance in [((down, right), 1 - slip), ((right, -down), slip / 2), ((-right, down), slip / 2)]:
            for more, part in [(0, 1 - 2 * gust), (1, gust), (-1, gust)]:
                if chance * part > 0:
                    target, reward, ends = self.move(place, move, more)
                    law = reward if isinstance(reward, list) else [(1.0, reward)]
                    for probability, amount in law:
                        found[self.number[target], round(amount, 9), ends] += chance * part * probability
        return found

    def can_go(self, place: Place, move: Place) -> bool:
        """Whether no wall, no edge and no one-way square is in the way."""
        ahead = (place[0] + move[0], place[1] + move[1])
        if ahead not in self.number or ARROWS.get(self.desc[place[0]][place[1]], move) != move:
            return False
        return ARROWS.get(self.desc[ahead[0]][ahead[1]]) != (-move[0], -move[1])

    def in_the_wind(self, place: Place, move: Place, wind: Place, more: int) -> tuple[Place, bool]:
        """Where a move ends, and whether something stopped it: the move, then the wind, a square at a time."""
        blows = max(map(abs, wind)) + more if any(wind) else 0
        towards = (wind[0] > 0) - (wind[0] < 0), (wind[1] > 0) - (wind[1] < 0)
        row, column = place[0] + move[0], place[1] + move[1]
        inside = (row, column) in self.number
        whole = self.options["moves"] == "octile" and all(move)
        cut = whole and not {(place[0], column), (row, place[1]), (row, column)} <= self.number.keys()
        if cut or (inside and not self.can_go(place, move)) or ARROWS.get(self.desc[place[0]][place[1]], move) != move:
            at, stopped = place, True  # nothing of the move is made
        elif inside:
            at, stopped = (row, column), False
        elif not any(wind):
            at, stopped = place, True
        else:
            # The sum of move and wind, kept inside: what is across the wind, then what is along it.
            at, stopped, axis = place, True, 0 if wind[0] else 1
            for part in [(0, move[1]), (move[0], 0)] if axis == 0 else [(move[0], 0), (0, move[1])]:
                if any(part) and self.can_go(at, part):
                    at, stopped = (at[0] + part[0], at[1] + part[1]), False
                elif any(part) and blows and part == (-towards[0], -towards[1]):
                    blows, stopped = blows - 1, False
        for _ in range(blows):
            at = (at[0] + towards[0], at[1] + towards[1]) if self.can_go(at, towards) else at
        return at, stopped

    def move(self, place: Place, move: Place, more: int) -> tuple[Place, Reward, bool]:
        glyph, exiting = self.desc[place[0]][place[1]], self.options["reward_on"] == "exit"
        step = self.step_reward * (math.sqrt(2) if self.options["moves"] == "octile" and all(move) else 1)
        if glyph in TERMINAL:
            return place, (OWN_REWARD.get(glyph, step) if exiting else 0.0), True
        cell = self.legend.get(glyph, {})
        stopped = False
        if "teleport" in cell:
            target = tuple(cell["teleport"])
        else:
            target, stopped = self.in_the_wind(place, move, cell.get("wind", (0, 0)), more)
        landing = self.desc[target[0]][target[1]]
        reward = OWN_REWARD.get(glyph if exiting else landing, step)
        bump = cell.get("bump_reward", self.options["bump_reward"])
        if stopped and bump is not None:
            reward = bump
        if cell.get("teleport_reward") is not None:
            reward = cell["teleport_reward"]
        return target, reward, not exiting and landing in TERMINAL


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    row = st.text(st.sampled_from("..S##+-TrzsqdDb12>^/wx"), min_size=width, max_size=width)
    desc = draw(st.lists(row, min_size=height, max_size=height))
    free = [(r, c) for r in range(height) for c in range(width) if desc[r][c] != "#"]
    assume(any(desc[r][c] not in TERMINAL for r, c in free))
    legend: dict[str, Any] = dict(LEGEND)
    legend["1"] = {
        "teleport": draw(st.sampled_from(free)),
        "teleport_reward": draw(st.sampled_from([7.0, 0.0, THIRDS])),
    }
    legend["b"] = {"bump_reward": draw(st.sampled_from([-2.0, TENTHS]))}
    legend["2"] = {"teleport": draw(st.sampled_from(free))}
    legend |= {glyph: {"one_way": name} for glyph, name in NAMES.items()}
    towards = st.sampled_from([(-1, 0), (1, 0), (-2, 0), (3, 0), (0, 1), (0, -1), (0, 2), (0, -3)])
    legend["w"] = {"wind": draw(towards)}
    legend["x"] = {"wind": draw(towards), "gust": draw(st.sampled_from([0.0, 0.25, 0.5]))}
    options = {
        "slip": draw(st.sampled_from([0.0, 0.2, 0.5, 1.0]) | st.floats(0, 1)),
        "step_reward": draw(st.sampled_from([-0.04, 0.0, -1.0, 0.25])),
        "reward_on": draw(st.sampled_from(["enter", "exit"])),
        "moves": draw(st.sampled_from(["cardinal", "king", "octile"])),
        "bump_reward": draw(st.sampled_from([None, -5.0, 0.0])),
    }
    return desc, legend, options


def rounded(outcomes: Any) -> Table:
    return {(state, round(reward, 9), ends): probability for probability, state, reward, ends in outcomes}


@given(worlds())
def test_tables_follow_the_rules(world: tuple[list[str], dict[str, Any], dict[str, Any]]) -> None:
    desc, legend, options = world
    env, loops = GridWorldEnv(desc=desc, legend=legend, **options), Loops(*world)
    assert env.mdp.num_states == len(loops.places)
    assert env.mdp.num_actions == len(loops.directions)
    for state, place in enumerate(loops.places):
        assert env.state_to_cell(state) == place
        assert env.cell_to_state(place) == state
        for action in range(len(loops.directions)):
            expected = {key: chance for key, chance in loops.table(place, action).items() if chance > 1e-300}
            found = {key: chance for key, chance in rounded(env.P[state][action]).items() if chance > 1e-300}
            assert found == pytest.approx(expected, abs=1e-15), (place, action)


@given(worlds())
def test_all_tables_are_one_model(world: tuple[list[str], dict[str, Any], dict[str, Any]]) -> None:
    desc, legend, options = world
    env = GridWorldEnv(desc=desc, legend=legend, **options)
    S, A = env.mdp.num_states, env.mdp.num_actions
    dense, going_on, ending, rewards = np.zeros((S, A, S)), np.zeros((S, A, S)), np.zeros((S, A)), np.zeros((S, A))
    for state in range(S):
        for action in range(A):
            for probability, next_state, reward, ends in env.P[state][action]:
                dense[state, action, next_state] += probability
                going_on[state, action, next_state] += probability * (not ends)
                ending[state, action] += probability * ends
                rewards[state, action] += probability * reward
    tabular = env.mdp.tabular
    np.testing.assert_allclose(np.asarray(env.P), dense, atol=1e-15)
    np.testing.assert_allclose(dense.sum(axis=2), 1.0, atol=1e-14)
    np.testing.assert_allclose(env.R, rewards, atol=1e-12)
    np.testing.assert_allclose(env.mdp.rewards, rewards, atol=1e-12)
    np.testing.assert_allclose(env.mdp.termination, ending, atol=1e-14)
    np.testing.assert_allclose(tabular.transitions.toarray().reshape(S, A, S), going_on, atol=1e-14)
    np.testing.assert_allclose(tabular.termination, ending, atol=1e-14)
    np.testing.assert_allclose(tabular.rewards, rewards, atol=1e-12)
    read = TabularMDP.from_gym_dict(env.P)
    np.testing.assert_allclose(read.transitions.toarray(), tabular.transitions.toarray(), atol=1e-14)
    np.testing.assert_allclose(read.rewards, rewards, atol=1e-12)


@given(worlds(), st.integers(0, 2**32 - 1))
def test_steps_and_masks_say_what_the_tables_say(world: Any, seed: int) -> None:
    desc, legend, options = world
    env, loops = GridWorldEnv(desc=desc, legend=legend, **options), Loops(*world)
    rng = np.random.default_rng(seed)
    _, info = env.reset(seed=seed)
    for _ in range(30):
        state = int(rng.integers(env.mdp.num_states))
        action = int(rng.integers(env.mdp.num_actions))
        _, before = env.reset(options={"state": state})
        np.testing.assert_array_equal(before["action_mask"], mask(loops, state))
        reached, reward, terminated, truncated, info = env.step(action)
        expected = loops.table(loops.places[state], action)
        assert (int(reached), round(reward, 9), terminated) in expected
        assert truncated is False
        there = sum(chance for (next_state, *_), chance in expected.items() if next_state == reached)
        assert info["prob"] == pytest.approx(there)
        assert type(info["prob"]) is float
        assert info["action_mask"].dtype == np.int8
        np.testing.assert_array_equal(info["action_mask"], mask(loops, int(reached)))


def mask(loops: Loops, state: int) -> list[int]:
    """1 for actions that may leave the square, end the episode or be paid; all 1 if none may."""
    tables = [loops.table(loops.places[state], action) for action in range(len(loops.directions))]
    may = [int(any(next_state != state or ends or paid > 0 for next_state, paid, ends in table)) for table in tables]
    return may if any(may) else [1] * len(may)


def test_a_slip_too_small_to_be_seen_is_not_lost() -> None:
    env = GridWorldEnv(desc=["..", ".S"], slip=1e-12)
    assert rounded(env.P[3][0]) == pytest.approx(
        {(1, -0.04, False): 1.0, (2, -0.04, False): 5e-13, (3, -0.04, False): 5e-13}
    )


@pytest.mark.parametrize("slip", [0.0, 0.2, 1.0])
def test_whoever_stays_does_not_slip(slip: float) -> None:
    env = GridWorldEnv(desc=["..+", ".S."], slip=slip, actions=["STAY", "RIGHT"])
    assert env.P[4][0] == [(1.0, 4, -0.04, False)]
    assert sum(chance for chance, *_ in env.P[4][1]) == pytest.approx(1.0)


BUMP: dict[str, Any] = {"step_reward": -0.5, "bump_reward": -5.0}


@pytest.mark.parametrize(
    ("desc", "options", "place", "action", "expected"),
    [
        # An arrow stops the move; then the wind blows. The wind stops before an arrow, and takes nobody off one.
        (["...", ".>w", "..."], {"w": (-1, 0)}, (1, 2), "LEFT", ((0, 2), -5.0)),
        (["...", "w<.", "..."], {"w": (1, 0)}, (1, 0), "RIGHT", ((2, 0), -5.0)),
        (["w>.<."], {"w": (0, 4)}, (0, 0), "RIGHT", ((0, 2), -0.5)),
        ([".v.", "...", "w.."], {"w": (-3, 0)}, (2, 0), "RIGHT", ((1, 1), -0.5)),
        # A move is stopped if nothing of it is made; against the wind it takes a square off the wind.
        (["w", "."], {"w": (1, 0)}, (0, 0), "UP", ((0, 0), -0.5)),
        (["w", ".", "."], {"w": (2, 0)}, (0, 0), "UP", ((1, 0), -0.5)),
        (["w", "."], {"w": (1, 0)}, (0, 0), "LEFT", ((1, 0), -5.0)),
        (["w", "."], {"w": (1, 0)}, (0, 0), "DOWN", ((1, 0), -0.5)),
        ([".", "w"], {"w": (1, 0)}, (1, 0), "DOWN", ((1, 0), -5.0)),
        # A diagonal that cuts a corner is not made.
        (["w.", "#."], {"w": (1, 0), "moves": "octile"}, (0, 0), "DOWN_RIGHT", ((0, 0), -5.0)),
        (["w.", "#."], {"w": (0, 1), "moves": "octile"}, (0, 0), "DOWN_RIGHT", ((0, 1), -5.0)),
        (["w.", "#."], {"w": (0, 1), "moves": "king"}, (0, 0), "DOWN_RIGHT", ((1, 1), -0.5)),
    ],
)
def test_wind_beside_arrows_corners_and_edges(
    desc: list[str], options: dict[str, Any], place: Place, action: str, expected: tuple[Place, float]
) -> None:
    arrows = {">": "RIGHT", "<": "LEFT", "^": "UP", "v": "DOWN"}
    legend = {"w": {"wind": options["w"]}, **{glyph: {"one_way": name} for glyph, name in arrows.items()}}
    env = GridWorldEnv(desc=desc, legend=legend, moves=options.get("moves", "cardinal"), **BUMP)
    ((chance, state, reward, ends),) = env.P[env.cell_to_state(place)][env.action_names.index(action)]
    assert (chance, env.state_to_cell(state), reward, ends) == (1.0, *expected, False)


@pytest.mark.parametrize("actions", [None, ["UP", "RIGHT", "DOWN", "LEFT", "STAY"]])
def test_the_mask_does_not_hide_staying_where_it_is_paid(actions: list[str] | None) -> None:
    """On `$` every step that stays is paid 1: from S the best is 8.96, and 4.53 for whoever has to leave."""
    env = GridWorldEnv(desc=["S.$"], legend={"$": {"reward": 1.0}}, actions=actions)
    masked = TabularMDP.from_gym_dict(
        {
            s: {a: [tuple(o) for o in env.P[s][a]] for a in np.flatnonzero(env.sampler.mask(s)).tolist()}
            for s in range(3)
        }
    )
    for model in (env.mdp, masked):
        assert planners.solve(model, discount=0.9).values[0] == pytest.approx(8.96)
