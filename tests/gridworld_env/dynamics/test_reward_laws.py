"""Squares that draw their reward: what P lists, what R says, what steps pay, and who goes on working beside it."""

import dataclasses
import json
import pickle
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import planners
from gridworld_env import GridWorldEnv, GroundTruth, MapError, open_map, read_map_file
from gridworld_env.explorer import handlers
from gridworld_env.explorer.map_document import make_document
from gridworld_env.explorer.session import Session
from gridworld_env.grid.legend import Cell, read_legend
from gridworld_env.grid.reward_laws import luck_levels, reward_at
from planners.distributed import solve_in_parts
from tests.oracles.chance import check_counts

LAWS: dict[str, Any] = {
    "d": {"reward": [(0.1, 10.0), (0.2, -1.0), (0.7, 0.0)]},
    "T": {"reward": [(1 / 3, 4.0), (2 / 3, -2.0)], "terminal": True},
    "A": {"teleport": (0, 0), "teleport_reward": [(0.5, 1.0), (0.5, 2.0)]},
    "b": {"bump_reward": [(0.25, -8.0), (0.75, 0.0)]},
}
WORLD: dict[str, Any] = {"desc": ["Sd.A", "b.d+", "..T-"], "legend": LAWS, "slip": 0.3}
BELOW = WORLD | {"reward_on": "exit", "actions": ["LEFT", "STAY", "RIGHT", "UP", "DOWN"]}

laws = st.lists(st.tuples(st.integers(1, 20), st.integers(-5, 5)), min_size=1, max_size=5).map(
    lambda parts: tuple((weight / sum(w for w, _ in parts), float(amount)) for weight, amount in parts)
)


@given(st.lists(laws, min_size=1, max_size=4))
def test_levels_follow_every_law(drawn: list[Any]) -> None:
    levels = luck_levels([Cell(reward=law) for law in drawn])
    assert len(levels) <= 1 + sum(len(law) - 1 for law in drawn)
    assert min(probability for probability, _ in levels) > 0.9e-4  # fractions of 100ths at most: rounding cuts nothing
    for law in drawn:
        for amount in {amount for _, amount in law}:
            expected = sum(probability for probability, paid in law if paid == amount)
            found = sum(probability for probability, luck in levels if reward_at(law, luck) == amount)
            assert found == pytest.approx(expected, abs=2e-15)


@pytest.mark.parametrize("world", [WORLD, BELOW], ids=["enter", "exit"])
@pytest.mark.parametrize("many", [False, True], ids=["make", "make_vec"])
def test_steps_draw_what_p_lists(world: dict[str, Any], many: bool, rng: np.random.Generator) -> None:
    """Next state, reward and end of every pair, jointly. Over both forms and worlds a false alarm is below 1e-6."""
    env = GridWorldEnv(**world)
    number, S, A = 400, env.mdp.num_states, env.mdp.num_actions
    for state in range(S):
        for action in range(A):
            expected = {tuple(outcome[1:]): outcome[0] for outcome in env.P[state][action]}
            found = Counter(outcomes_of(world, env, many, state, action, number, rng))
            assert found.keys() <= expected.keys()
            counts = [found[outcome] for outcome in expected]
            check_counts(counts, number, list(expected.values()), alarm=1e-6 / (4 * S * A))


def outcomes_of(world: Any, env: GridWorldEnv, many: bool, state: int, action: int, number: int, rng: Any) -> Any:
    if many:
        envs = gym.make_vec("GridWorld-v0", number, **world)
        envs.reset(seed=int(rng.integers(2**31)), options={"state": state})
        reached, rewards, ends, _, _ = envs.step(np.full(number, action))
        yield from zip(reached.tolist(), rewards.tolist(), ends.tolist(), strict=True)
        return
    env.reset(seed=int(rng.integers(2**31)))
    for _ in range(number):
        env.reset(options={"state": state})
        yield env.step(action)[:3]


def test_r_is_the_mean_and_planning_uses_it() -> None:
    """Beside the same map whose squares pay their means."""
    env, by = GridWorldEnv(**WORLD), {"d": Fraction(8, 10), "T": Fraction(0), "A": Fraction(3, 2), "b": Fraction(-2)}
    means = {g: {k: float(by[g]) if isinstance(v, list) else v for k, v in cell.items()} for g, cell in LAWS.items()}
    plain = GridWorldEnv(**{**WORLD, "legend": means})
    np.testing.assert_allclose(env.R, plain.R, atol=1e-14)
    np.testing.assert_allclose(np.asarray(env.P), np.asarray(plain.P), atol=1e-15)
    for discount in (0.9, 1.0):
        ours, theirs = (planners.solve(one, discount=discount, throw=False) for one in (env, plain))
        np.testing.assert_allclose(ours.values, theirs.values, atol=1e-5)
    varied = planners.solve_many(env, discount=0.9, step_rewards=[-0.04, -0.5])
    alone = GridWorldEnv(**WORLD, step_reward=-0.5)
    np.testing.assert_allclose(varied[1].values, planners.solve(alone, discount=0.9).values, atol=1e-5)


def test_a_rare_fortune_is_not_lost() -> None:
    law = [(1e-18, 1e20), (0.3, 0.0), (0.7 - 1e-18, 1.0)]
    env = GridWorldEnv(desc=["Sde+"], legend={"d": {"reward": law}, "e": {"reward": [(0.3, 2.0), (0.7, 0.0)]}})
    assert env.R[0, 1] == pytest.approx(100.7)
    assert env.R[1, 1] == pytest.approx(0.6)


def test_p_merges_what_is_equal() -> None:
    env = GridWorldEnv(desc=["Sd+"], legend={"d": {"reward": [(0.5, 3.0), (0.25, 1.0), (0.25, 3.0), (0.0, 9.0)]}})
    assert env.P[0][1] == [(0.75, 1, 3.0, False), (0.25, 1, 1.0, False)]
    assert env.P[1][1] == [(1.0, 2, 1.0, True)]


def test_laws_of_other_glyphs_cost_nothing() -> None:
    assert GridWorldEnv(desc=["S.+"], legend=LAWS).mdp.num_moves == 4


def test_in_files_parts_and_beside_the_truth(tmp_path: Path) -> None:
    file = tmp_path / "luck.json"
    file.write_text(json.dumps(WORLD))
    env = gym.make("GridWorld-v0", **read_map_file(file))
    plan = planners.solve(env, discount=0.9)
    parts = solve_in_parts(open_map(str(file)), discount=0.9)
    np.testing.assert_allclose(parts.values, plan.values, atol=1e-5)
    assert planners.regret(env, plan.policy, discount=0.9).value == pytest.approx(0.0, abs=1e-5)
    truth = GroundTruth(env, discount=0.9)
    state, info = truth.reset(seed=3)
    *_, info = truth.step(1)
    assert info["regret"] == pytest.approx(plan.values[state] - plan.action_values[state, 1], abs=1e-5)


def test_in_the_explorer() -> None:
    session = Session(make_document(dict(WORLD), 0.9), seed=1)
    assert read_legend(session.document.arguments()["legend"])["d"] == read_legend(LAWS)["d"]
    handlers.keep_solved(session)
    for _ in range(20):
        session.agent.made_ready(session.planning)
        handlers.step(session)
    for square in ((1, 2), (0, 1), (2, 2)):  # the laws go one after the other, and with them the levels
        session.use([square], "free")
        expected = planners.solve(session.planning.mdp, discount=0.9)
        while session.job is not None:
            session.job.paced = False
            session.advance(0.0)
        np.testing.assert_allclose(session.planning.values, expected.values, atol=1e-5)
    session = Session(make_document(dict(WORLD), 0.9), seed=1)
    again = make_document(session.document.arguments())
    assert again.legend["T"] == session.document.legend["T"]


def test_pictures_tell_the_mean() -> None:
    env = GridWorldEnv(**WORLD, render_mode="ansi")
    env.reset(seed=1)
    assert isinstance(env.render(), str)
    assert np.nanmax(env.grid.cell_reward) == 1.0
    assert env.grid.cell_reward[env.cell_to_state((0, 1))] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("law", "message"),
    [
        ([], "sum to 0; expected 1"),
        ([(0.5, 1.0)], r"legend\['d'\]: reward is \[\(0.5, 1.0\)\], whose probabilities sum to 0.5; expected 1"),
        ([(0.5, 1.0), (0.6, 2.0)], "sum to 1.1"),
        ([(10.0, 0.5), (-1.0, 0.5)], r"reward\[0\] is \(10.0, 0.5\); expected \(probability, reward\)"),
        ([(0.5, 1.0), (0.5, float("nan"))], r"reward\[1\] is \(0.5, nan\)"),
        ([0.5, 0.5], r"reward\[0\] is 0.5"),
        ([(1.0, 2.0, 3.0)], r"reward\[0\] is \(1.0, 2.0, 3.0\)"),
        (["ab"], r"reward\[0\] is 'ab'"),
        ("half", r"reward is 'half'; expected a finite number, or \[\(probability, reward\), ...\]"),
        ({0.5: 1.0, 0.4: 2.0}, "expected a finite number, or"),
    ],
)
def test_refusals(law: Any, message: str) -> None:
    with pytest.raises(MapError, match=message):
        GridWorldEnv(desc=["Sd+"], legend={"d": {"reward": law}})


@pytest.mark.parametrize("slip", [0.0, 0.2, 1 / 3])
@pytest.mark.parametrize("exact", [False, True])
def test_a_fair_draw_is_fair_whatever_other_squares_draw(slip: float, exact: bool, rng: np.random.Generator) -> None:
    """At discount 1 one may go round on it for ever, and earns nothing; .5 is .1 + .4 beside another law."""
    for _ in range(4):
        chance, size = float(rng.uniform(0.05, 0.45)), float(np.float32(rng.normal()))  # 3 times a float32 is exact
        legend: dict[str, Any] = {
            "f": {"reward": [(0.5, size), (0.5, -size)]},
            "o": {"reward": [(chance, -5.0), (1.0 - chance, 0.0)]},
            "b": {"reward": [(0.25, 3.0 * size), (0.75, -size)]},
        }
        fair: dict[str, Any] = {"desc": ["S.fb+", "ffb.o"], "legend": legend, "slip": slip, "step_reward": -0.04}
        plain: dict[str, Any] = fair | {"legend": legend | {glyph: {"reward": 0.0} for glyph in "fb"}}
        found, wanted = (GridWorldEnv(**world) for world in (fair, plain))
        values = planners.solve(found, discount=1, exact=exact).values.astype(float)
        np.testing.assert_allclose(values, planners.solve(wanted, discount=1).values, rtol=1e-9)
        assert found.mdp.rewards.max() <= wanted.mdp.rewards.max()
        again = pickle.loads(pickle.dumps(found.mdp))
        assert again.shares == found.mdp.shares
        np.testing.assert_array_equal(again.tabular.rewards, found.mdp.tabular.rewards)


def test_expected_rewards_are_those_of_the_law_and_not_of_its_rounded_levels(rng: np.random.Generator) -> None:
    """As the means of the laws, in fractions, mixed by the moves as they are given; rounded once."""
    env = GridWorldEnv(**WORLD)
    mdp = env.mdp
    assert mdp.shares is not None
    base, levels = mdp.given_mixture, len(mdp.shares)
    for state in rng.integers(mdp.num_states, size=5).tolist():
        for action in range(mdp.num_actions):
            weights = [Fraction(w) for w in base[0 if mdp.kind is None else mdp.kind[state], action].tolist()]
            paid = mdp.outcome_reward[mdp.outcome[state]].reshape(levels, -1).tolist()
            mean = sum(
                share * weight * Fraction(amount)
                for share, row in zip(mdp.shares, paid, strict=True)
                for weight, amount in zip(weights, row, strict=True)
            )
            assert mdp.rewards[state, action] == float(mean / sum(weights))


def test_other_mixtures_have_no_levels() -> None:
    mdp = GridWorldEnv(**WORLD).mdp
    uniform = np.full(mdp.mixture.shape, 1.0 / mdp.num_moves)
    assert dataclasses.replace(mdp, mixture=uniform).shares is None
    dearer = dataclasses.replace(mdp, outcome_reward=mdp.outcome_reward - 1.0)
    assert dearer.shares == mdp.shares
    np.testing.assert_allclose(dearer.rewards, mdp.rewards - 1.0, atol=1e-12)
