"""Tabular-v0: any model as an environment, against the tables that it shows and Gymnasium's contract."""

import copy
import pickle
from collections import Counter
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_match import check_environments_match
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given
from hypothesis import strategies as st

import planners
from gridworld_env import MODELS, GroundTruth, MapError, OutcomeMDP, TabularEnv, models
from gridworld_env.dynamics.row_sampler import RowSampler, VectorRowSampler
from planners import TabularMDP
from tests.oracles.chance import check_counts

NUMBER = 3_000
LAW: dict[int, Any] = {  # several rewards for one next state, ends beside lives of their own, an action that is missing
    0: {
        0: [(0.2, 1, 5.0, False), (0.3, 1, -1.0, False), (0.1, 1, 5.0, False), (0.4, 1, 5.0, True)],
        1: [(1.0, 2, 0, False)],
    },
    1: {0: [(0.5, 0, 1.0, False), (0.5, 2, 2.0, True)], 1: [(1 / 3, s, float(s), False) for s in range(3)]},
    2: {1: [(1.0, 2, 0.0, True)]},
}  # fmt: skip


def plain() -> TabularMDP:
    """Expected rewards only, ends that tell no state, no first state."""
    P = [[[0.0, 0.75, 0.25], [0.5, 0.5, 0.0]], [[0.1, 0.2, 0.7], [1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]] * 2]
    model = TabularMDP.from_arrays(P, [[1.0, 2.0], [3.0, -4.0], [0.0, 0.0]], terminal=[False, False, True], axes="SAS")
    return TabularMDP(model.transitions, model.termination, model.rewards, model.feasible)


def make(**options: Any) -> TabularEnv:
    env = gym.make("Tabular-v0", **options).unwrapped
    assert isinstance(env, TabularEnv)
    return env


SOURCES: dict[str, dict[str, Any]] = {
    "law": {"mdp": LAW},
    "plain": {"mdp": plain()},
    "blackjack": {"mdp": models.blackjack()},
    "river": {"world": "river_swim"},
    "taxi": {"mdp": gym.make("Taxi-v4", is_rainy=True)},
    "grid": {"mdp": gym.make("gridworld_env:GridWorld-v0", slip=0.3)},
    "walk": {"world": "random_walk"},
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("mode", [None, "ansi"])
def test_check_env_is_silent_on_every_world(name: str, mode: str | None) -> None:
    check_env(make(world=name, render_mode=mode))


@pytest.mark.parametrize("source", ["plain", "taxi", "grid"])
def test_check_env_is_silent_on_a_model(source: str) -> None:
    check_env(make(**SOURCES[source]))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("many", [False, True], ids=["make", "make_vec"])
def test_steps_follow_the_tables(source: str, many: bool, rng: np.random.Generator) -> None:
    """Next state, reward and end of some pairs, jointly, and `prob`; a false alarm is below 1e-6 over all of them."""
    env = make(**SOURCES[source])
    envs: Any = gym.make_vec("Tabular-v0", NUMBER, **SOURCES[source])
    dense, chosen = np.asarray(env.P), rng.permutation(np.argwhere(env.mdp.feasible))[:8].tolist()
    for state, action in chosen:
        expected: dict[Any, float] = {tuple(outcome[1:]): outcome[0] for outcome in env.P[state][action]}
        if many:
            envs.reset(seed=int(rng.integers(2**31)), options={"state": state})
            states, rewards, ends, _, info = envs.step(np.full(NUMBER, action))
            drawn = list(zip(states.tolist(), rewards.tolist(), ends.tolist(), strict=True))
            np.testing.assert_allclose(info["prob"], dense[state, action, states], atol=1e-12)
        else:
            drawn = []
            env.reset(seed=int(rng.integers(2**31)))
            for _ in range(NUMBER):
                env.reset(options={"state": state})
                reached, reward, ended, truncated, info = env.step(action)
                assert truncated is False
                assert info["prob"] == pytest.approx(dense[state, action, reached], abs=1e-12)
                drawn.append((reached, reward, ended))
        found: Counter[Any] = Counter(drawn)
        assert found.keys() <= expected.keys()
        counts = [found[outcome] for outcome in expected]
        check_counts(counts, NUMBER, list(expected.values()), alarm=1e-6 / (2 * len(SOURCES) * len(chosen)))


@pytest.mark.parametrize("source", SOURCES)
def test_all_tables_are_one_model(source: str) -> None:
    env = make(**SOURCES[source])
    again = TabularMDP.from_gym_dict(env.P)
    tables = env.mdp.tabular
    np.testing.assert_allclose(again.transitions.toarray(), tables.transitions.toarray(), atol=1e-14)
    np.testing.assert_allclose(again.termination, tables.termination, atol=1e-14)
    np.testing.assert_allclose(again.rewards, np.where(tables.feasible, env.R, 0.0), atol=1e-12)
    np.testing.assert_array_equal(again.feasible, tables.feasible)
    dense = np.asarray(env.P)
    for state, row in env.P.items():
        for action, outcomes in row.items():
            assert len({tuple(outcome[1:]) for outcome in outcomes}) == len(outcomes)  # equal ones are merged
            expected = np.zeros(len(env.P))
            for p, to, _, _ in outcomes:
                expected[to] += p
            np.testing.assert_allclose(dense[state, action], expected, atol=1e-14)


def test_environments_pay_what_they_paid() -> None:
    """Not the expected reward of the pair, as a `TabularMDP` does."""
    grid: Any = gym.make("gridworld_env:GridWorld-v0", slip=0.3)
    lake: Any = gym.make("FrozenLake-v1")
    assert dict(make(mdp=grid).P) == dict(grid.unwrapped.P)
    results = [{outcome[1:3] for outcome in P[14][2]} for P in (make(mdp=lake).P, lake.unwrapped.P)]
    assert results[0] == results[1] == {(10, 0), (14, 0), (15, 1)}
    assert planners.solve(make(mdp=lake), discount=0.9).values == pytest.approx(
        planners.solve(lake, discount=0.9).values, abs=1e-5
    )


def test_rewards_are_kept_apart() -> None:
    env = make(mdp=LAW)
    assert env.P[0][0] == [
        (pytest.approx(0.3), 1, 5.0, False), (0.3, 1, -1.0, False), (0.4, 1, 5.0, True)
    ]  # fmt: skip
    assert env.R[0, 0] == pytest.approx(3.2)
    assert list(env.P[2]) == [1]


def test_the_model_is_the_one_that_was_given() -> None:
    model = models.gambler()
    env = gym.make("Tabular-v0", mdp=model)
    assert env.unwrapped.mdp is model  # pyright: ignore[reportAttributeAccessIssue]
    given_as_lists = make(mdp=[[LAW[s][a] for a in sorted(LAW[s])] for s in (0, 1)] + [[LAW[2][1]]])
    assert given_as_lists.mdp.feasible.tolist() == [[True, True], [True, True], [True, False]]
    iterators = {s: {a: iter(outcomes) for a, outcomes in row.items()} for s, row in LAW.items()}
    assert dict(make(mdp=iterators).P) == dict(make(mdp=LAW).P)


@given(st.integers(0, 2**32 - 1))
def test_many_draw_as_one(seed: int) -> None:
    """The same results of the same numbers, in tables of any shape."""
    rng = np.random.default_rng(seed)
    S, A = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    P: dict[int, Any] = {}
    for s in range(S):
        P[s] = {}
        for a in range(A):
            weights = rng.random(rng.integers(1, 12)) ** 8
            entries = zip(weights / weights.sum(), rng.integers(S, size=12), rng.integers(-2, 3, size=12), strict=False)
            P[s][a] = [(float(p), int(to), float(r), bool(rng.integers(2))) for p, to, r in entries]
    one = RowSampler(OutcomeMDP.from_gym_dict(P))
    many = VectorRowSampler(one)
    states, actions = rng.integers(S, size=50), rng.integers(A, size=50)
    numbers = np.where(
        rng.random(50) < 0.2, one.cumulative[rng.integers(len(one.cumulative), size=50)] % 1.0, rng.random(50)
    )
    drawn = many.draw(states, actions, numbers)
    expected = [one.draw(int(s), int(a), float(u)) for s, a, u in zip(states, actions, numbers, strict=True)]
    assert drawn.tolist() == expected
    assert many.probability(states, actions, drawn).tolist() == [one.probability(0, 0, move) for move in expected]


@pytest.mark.parametrize("mode", list(AutoresetMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("world", ["blackjack", "random_walk", "deep_sea"])
def test_gymnasium_finds_no_difference(mode: AutoresetMode, world: str, rng: np.random.Generator) -> None:
    options: dict[str, Any] = {"world": world, "max_episode_steps": 9, "render_mode": "ansi"}
    ours = gym.make_vec("Tabular-v0", 1, autoreset_mode=mode, **options)
    theirs = SyncVectorEnv([lambda: gym.make("Tabular-v0", **options)], autoreset_mode=mode)
    check_environments_match(theirs, ours, num_steps=200, seed=int(rng.integers(2**31)))  # pyright: ignore


@pytest.mark.parametrize("duplicate", [lambda env: pickle.loads(pickle.dumps(env)), copy.deepcopy])
def test_copies_go_on_where_the_original_stood(duplicate: Any) -> None:
    for env in (gym.make("Tabular-v0", mdp=LAW), gym.make_vec("Tabular-v0", 3, world="blackjack")):
        env.reset(seed=5)
        twin = duplicate(env)
        for _ in range(5):
            action = 1 if isinstance(env, gym.Env) else np.ones(3, dtype=int)
            assert str(env.step(action)) == str(twin.step(action))


def test_a_spec_of_a_world_survives_json() -> None:
    env = gym.make("Tabular-v0", world="deep_sea", size=4, stochastic=True)
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json())).unwrapped
    assert isinstance(again, TabularEnv)
    assert again.mdp.num_states == 16


def test_where_episodes_begin() -> None:
    assert make(mdp=plain()).initial_state_distrib.tolist() == [0.5, 0.5, 0.0]  # the third ends at once
    assert make(mdp=plain(), initial=[0.0, 0.25, 0.75]).initial_state_distrib.tolist() == [0.0, 0.25, 0.75]
    assert make(mdp={0: {0: [(1.0, 0, 1.0, True)]}}).reset()[0] == 0
    assert make(mdp=models.blackjack(), initial=np.eye(200)[111]).reset(seed=3)[0] == 111


def test_learners_are_judged() -> None:
    env = gym.make("Tabular-v0", world="blackjack")
    plan = planners.solve(env, discount=1)
    assert planners.regret(env, plan.policy, discount=1).value == pytest.approx(0.0, abs=1e-5)
    truth = GroundTruth(env, discount=1.0)
    state, _ = truth.reset(seed=2)
    regret = truth.step(1)[4]["regret"]
    assert regret == pytest.approx(plan.values[state] - plan.action_values[state, 1], abs=1e-5)
    assert len(planners.rollout(env, plan.policy, episodes=5, seed=7)) == 5
    many = gym.make_vec("Tabular-v0", 4, world="blackjack")
    assert len(planners.rollout(many, plan.policy, episodes=5, seed=7)) == 5


def test_text() -> None:
    env = make(world="river_swim", render_mode="ansi")
    assert env.render() == "no episode yet"
    env.reset(seed=1)
    assert env.render() == "state 0"
    env.step(0)
    assert env.render() == "state 0, from state 0 by action 0: reward 0.005"
    envs: Any = gym.make_vec("Tabular-v0", 2, mdp=LAW, initial=[0, 0, 1], render_mode="ansi")
    envs.reset(seed=1)
    envs.step(np.array([1, 1]))
    assert envs.render()[0] == "state 2, from state 2 by action 1: reward 0, the end"


def test_misuse() -> None:
    env = make(mdp=LAW)
    with pytest.raises(ResetNeeded):
        env.step(0)
    with pytest.raises(MapError, match=r"reset options are .*; expected {'state': s}$"):
        env.reset(options={"cell": (0, 0)})
    with pytest.raises(MapError, match="reset option 'state' is 3; expected a state from 0 to 2"):
        env.reset(options={"state": 3})
    env.reset(options={"state": 2})
    with pytest.raises(InvalidAction, match=r"action 0 does not exist in state 2; expected one of 1\. info"):
        env.step(0)
    with pytest.raises(InvalidAction, match=r"action is 2; expected an integer from 0 to 1$"):
        env.step(2)
    with pytest.raises(MapError, match="mdp and world='gambler' are both given"):
        make(mdp=LAW, world="gambler")
    with pytest.raises(MapError, match="mdp and size=3 are both given"):
        make(mdp=LAW, size=3)
    with pytest.raises(MapError, match=r"render_mode is 'human'; expected one of \['ansi'\]"):
        TabularEnv(mdp=LAW, render_mode="human")
    with pytest.raises(planners.InvalidModelError, match="initial has shape"):
        make(mdp=LAW, initial=[1.0])
    with pytest.raises(planners.InvalidModelError, match="P has 1 states but no state 0"):
        make(mdp={1: {0: [(1.0, 0, 0.0, True)]}})
    with pytest.raises(planners.InvalidModelError, match="no tables to plan on"):
        make(mdp=gym.make("CartPole-v1"))


def test_an_action_that_is_missing_in_one_of_many() -> None:
    envs: Any = gym.make_vec("Tabular-v0", 3, mdp=LAW)
    envs.reset(seed=1, options={"state": [0, 2, 2]})
    with pytest.raises(InvalidAction, match="action 0 does not exist in state 2"):
        envs.step(np.array([0, 0, 1]))
    _, _, ended, _, _ = envs.step(np.array([1, 1, 1]))
    assert ended.tolist() == [False, True, True]
    _, rewards, ended, _, _ = envs.step(np.array([1, 0, 0]))  # nobody plays the last two: they begin anew
    assert rewards[1:].tolist() == [0.0, 0.0]
    assert ended.tolist() == [True, False, False]
