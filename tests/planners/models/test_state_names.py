"""A plan of an enumerated environment acts on its observations; a model of samples is an estimate, and says so."""

import random
from pathlib import Path
from typing import Any

import gymnasium as gym
import minigrid  # noqa: F401 - registers its rooms
import numpy as np
import pytest

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import InvalidModelError, InvalidPolicyError
from tests.planners.enumeration.test_enumerate_env import pose, reached


class Toy(gym.Env[Any, Any]):
    """Steps from a table of (next state, reward, ends); observations are what `shown` makes of states."""

    def __init__(self, table: list[list[tuple[int, float, bool]]], first: int, shown: Any = int) -> None:
        self.table, self.first, self.shown, self.state = table, first, shown, first
        self.action_space = gym.spaces.Discrete(len(table[0]))
        self.observation_space = gym.spaces.Discrete(len(table))

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.state = self.first
        return self.shown(self.state), {}

    def step(self, action: Any) -> Any:
        self.state, reward, ends = self.table[self.state][int(action)]
        return self.shown(self.state), reward, ends, False, {}


TWO = [[(0, 0.0, True), (0, 10.0, True)], [(0, 0.0, False), (1, 1.0, True)]]
SHOWN: dict[str, Any] = {
    "numbers": int,
    "other numbers": lambda state: 100 + 7 * state,
    "tuples": lambda state: (state, "x"),
    "arrays": lambda state: np.array([state, 5]),
    "dictionaries": lambda state: {"at": state},
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_whatever_the_observations_the_plan_plays_its_own_policy(shown: Any, tmp_path: Path) -> None:
    """Observation 1 at the start; action 0 leads to 0, where action 1 pays 10: states are found in another order."""
    env = Toy(TWO, first=1, shown=shown)
    model, keys = planners.enumerate_env(env)
    assert model.states is not None
    assert list(model.states.keys) == keys
    plan, steps = planners.solve(model, discount=1.0), planners.backward_induction(model, horizon=2)
    assert plan.values[0] == 10.0
    plan.save(tmp_path / "plan")
    loaded = planners.load_plan(tmp_path / "plan", model)
    for agent in (plan, plan.policy, steps, steps.agent(), steps.policy_at(0), loaded, loaded.policy):
        (episode,) = planners.rollout(env, agent, seed=1)
        assert episode.total_reward == 10.0
        assert planners.regret(env, [episode], discount=1.0, plan=plan).value == 0.0
    alone = planners.load_plan(tmp_path / "plan")
    alone.save(tmp_path / "again")
    for remembered in (alone, planners.load_plan(tmp_path / "again")):  # the file has the names
        assert planners.rollout(env, remembered)[0].total_reward == 10.0
        assert remembered.value(env.reset()[0]) == 10.0
    with pytest.raises(InvalidPolicyError, match="is none of the 2 states that enumerate_env found"):
        plan.policy.act("nowhere")


def test_random_walks_of_any_order_are_worth_what_is_planned(rng: np.random.Generator) -> None:
    """Deterministic models of random tables: the reward of one episode is V of the start."""
    for _ in range(20):
        count = int(rng.integers(2, 9))
        table = [
            [(int(rng.integers(count)), float(rng.integers(-3, 4)), bool(rng.random() < 0.5)) for _ in range(2)]
            for _ in range(count)
        ]
        env = Toy(table, first=int(rng.integers(count)))
        model, _ = planners.enumerate_env(env)
        plan = planners.solve(model, discount=0.5, tolerance=1e-12)
        (episode,) = planners.rollout(env, plan, max_steps=60)
        assert episode.discounted_return(0.5) == pytest.approx(plan.values[0], abs=1e-9)
        lost = planners.regret(env, plan, discount=0.5, plan=plan)
        assert lost.value == pytest.approx(0.0, abs=1e-9)


@pytest.mark.long
def test_a_key_of_ones_own_is_asked_while_playing() -> None:
    env = gym.make("MiniGrid-Empty-6x6-v0")
    model, keys = planners.enumerate_env(env, key=pose, reward=reached)
    plan = planners.solve(model, discount=0.9)
    (episode,) = planners.rollout(env, plan, seed=0)
    assert episode.terminated
    assert len(episode) == 2 * (6 - 3) + 1  # there, one turn, down
    assert plan.policy.act(keys[3]) == plan.policy.act(3) == plan.policy.actions[3]


def test_a_plan_of_other_names_is_put_in_order() -> None:
    """The same states, found from another first one: the plan of one model is judged in the other, state by state."""
    ring = [[((state + 1) % 5, float(state), False), (state, -1.0, False)] for state in range(5)]
    (one, _), (other, keys) = (planners.enumerate_env(Toy(ring, first)) for first in (0, 2))
    plan = planners.solve(one, discount=0.9)
    assert keys != [0, 1, 2, 3, 4]
    np.testing.assert_allclose(
        planners.evaluate(other, plan, discount=0.9), plan.values[np.array(keys, dtype=np.int64)], atol=1e-9
    )
    tables = planners.TabularMDP.from_env(gym.make("CliffWalking-v1"))
    with pytest.raises(InvalidPolicyError, match="5 is none of the 5 states"):
        planners.evaluate(tables, plan, discount=0.9)


class Ladder(gym.Env[Any, Any]):
    """Four rungs; each step reaches the next with probability 1/2, drawn as `draw` does, and else the end."""

    observation_space, action_space = gym.spaces.Discrete(5), gym.spaces.Discrete(1)

    def __init__(self, draw: Any) -> None:
        self.draw, self.rung, self.own = draw, 0, {"deep": [np.random.default_rng(5), random.Random(5)]}

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.rung = 0
        return 0, {}

    def step(self, action: Any) -> Any:
        self.rung += 1
        up = self.draw(self)
        return self.rung, float(up and self.rung == 4), not up or self.rung == 4, False, {}


DRAWS: dict[str, Any] = {
    "random": lambda env: env.np_random.random() < 0.5,
    "rarely": lambda env: env.np_random.random() < 1e-9,
    "hardly not": lambda env: env.np_random.random() < 1 - 1e-9,
    "integers": lambda env: env.np_random.integers(2) == 1,
    "choice": lambda env: env.np_random.choice(["up", "down"]) == "up",
    "normal": lambda env: env.np_random.normal() > 0,
    "of its own": lambda env: env.own["deep"][0].random() < 0.5,
    "of Python": lambda env: env.own["deep"][1].random() < 0.5,
    "of the module": lambda env: random.random() < 0.5,
    "of NumPy": lambda env: np.random.random() < 0.5,  # noqa: NPY002
}


@pytest.mark.parametrize(
    ("name", "chance"),
    [
        ("random", 0.5),
        ("rarely", 1e-9),
        ("hardly not", 1 - 1e-9),
        ("integers", 0.5),
        ("choice", 0.5),
        ("of its own", 0.5),
    ],
)
def test_draws_of_numpys_generator_are_enumerated(name: str, chance: float) -> None:
    model, keys = planners.enumerate_env(Ladder(DRAWS[name]))
    assert keys == [0, 1, 2, 3]
    np.testing.assert_allclose(model.termination[:, 0], [1 - chance, 1 - chance, 1 - chance, 1], rtol=0, atol=1e-16)
    np.testing.assert_allclose(model.rewards[:, 0], [0, 0, 0, chance], rtol=0, atol=1e-16)


@pytest.mark.parametrize("name", ["of Python", "of the module", "of NumPy"])
def test_draws_of_other_generators_are_not_taken_for_deterministic(name: str, rng: np.random.Generator) -> None:
    """One seed is missed where 15 tosses fall as the first did, 2^-15; all three with a probability below 1e-13."""
    found = 0
    for _ in range(3):
        try:
            planners.enumerate_env(Ladder(DRAWS[name]), seed=int(rng.integers(2**31)))
        except InvalidModelError as error:
            assert "draws random numbers by another generator than NumPy's, and leads to" in str(error)  # noqa: PT017
            assert "Row" not in str(error)  # noqa: PT017
            found += 1
    assert found


@pytest.mark.long
@pytest.mark.parametrize("name", ["random", "of its own", "of Python"])
def test_samples_of_any_generator_are_an_estimate_and_the_plan_says_so(name: str, rng: np.random.Generator) -> None:
    """Of 400 tosses each share is off by 5 standard deviations or more with a probability below 6e-7."""
    model, _ = planners.enumerate_env(Ladder(DRAWS[name]), samples=400, seed=int(rng.integers(2**31)))
    assert np.abs(model.termination[:3, 0] - 0.5).max() <= 5 * 0.5 / 20
    plan = planners.solve(model, discount=1.0)
    for text in (repr(plan), plan._repr_html_()):
        assert "an estimate, from 400 samples of each action" in text
    exact, _ = planners.enumerate_env(Toy(TWO, first=1))
    assert "estimate" not in repr(planners.solve(exact, discount=1.0))


def test_a_plan_in_a_file_says_it_too(tmp_path: Path) -> None:
    model, _ = planners.enumerate_env(Ladder(DRAWS["random"]), samples=20)
    planners.solve(model, discount=1.0).save(tmp_path / "plan")
    for plan in (planners.load_plan(tmp_path / "plan"), planners.load_plan(tmp_path / "plan", model)):
        assert "from 20 samples" in repr(plan)


def test_draws_that_change_nothing_are_no_obstacle() -> None:
    """Gymnasium's CliffWalking and GridWorld draw a number with each step, whatever comes of it."""
    assert planners.enumerate_env(gym.make("CliffWalking-v1"))[0].num_states == 37
    assert planners.enumerate_env(gym.make("GridWorld-v0"))[0].num_states == 9


def test_a_wrapper_that_changes_what_is_played_is_not_looked_through() -> None:
    env = gym.wrappers.TransformReward(gym.make("CliffWalking-v1"), lambda reward: 10 * float(reward))
    with pytest.raises(InvalidModelError, match=r"TransformReward changes rewards.*Enumerate the environment inside"):
        planners.enumerate_env(env)
