"""The truth beside a learner: under wrappers, in vector environments, and where going round is free."""

import copy
import pickle
from typing import Any, ClassVar

import gymnasium as gym
import minigrid  # noqa: F401 - registers its rooms
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import (
    DelayObservation,
    FlattenObservation,
    NormalizeReward,
    OrderEnforcing,
    PassiveEnvChecker,
    RecordEpisodeStatistics,
    RepeatAction,
    StickyAction,
    TimeLimit,
    TransformAction,
    TransformObservation,
    TransformReward,
)

import planners
from gridworld_env import CoordinateObservation, GroundTruth
from planners import InvalidModelError
from tests.planners.enumeration.test_enumerate_env import pose, reached

WORLD = {"map_name": "lecture", "slip": 0.2}
FOUR, STATES = gym.spaces.Discrete(4), gym.spaces.Discrete(11)


def world(**options: Any) -> gym.Env[Any, Any]:
    return gym.make("GridWorld-v0", **{**WORLD, **options})


class Counting(gym.Wrapper[Any, Any, Any, Any]):
    def step(self, action: Any) -> Any:
        return self.env.step(action)


class Known(Counting):
    same_mdp = True


class Limit(TimeLimit):
    """Inherits the step of a wrapper that changes nothing."""


CHANGING: dict[str, tuple[Any, str]] = {
    "turned actions": (
        lambda env: TransformAction(env, lambda a: (a + 2) % 4, FOUR),
        "TransformAction changes actions",
    ),
    "sticky actions": (lambda env: StickyAction(env, 0.3), "StickyAction changes actions"),
    "repeated actions": (lambda env: RepeatAction(env, 2), "RepeatAction changes actions"),
    "rewards": (lambda env: TransformReward(env, lambda r: 10 * float(r)), "TransformReward changes rewards"),
    "normalised rewards": (NormalizeReward, "NormalizeReward changes rewards"),
    "numbers": (lambda env: TransformObservation(env, lambda s: (s + 1) % 11, STATES), "changes observations"),
    "one-hot": (FlattenObservation, r"FlattenObservation\(GroundTruth\(env, discount=...\)\)"),
    "delayed": (lambda env: DelayObservation(env, 1), "DelayObservation changes observations"),
    "inside": (lambda env: TimeLimit(TransformReward(env, lambda r: -float(r)), 9), "TransformReward changes rewards"),
    "unknown": (Counting, "Counting changes nobody knows what.*Counting.same_mdp = True"),
}
HARMLESS: dict[str, Any] = {
    "limit": lambda env: TimeLimit(env, 9),
    "limit of one's own": lambda env: Limit(env, 9),
    "order": OrderEnforcing,
    "checker": PassiveEnvChecker,
    "statistics": RecordEpisodeStatistics,
    "known": Known,
    "truth": lambda env: GroundTruth(env, discount=0.9),
}


@pytest.mark.parametrize(("wrap", "message"), CHANGING.values(), ids=CHANGING)
def test_wrappers_that_change_what_is_played_are_refused(wrap: Any, message: str) -> None:
    env, plan = wrap(world()), planners.solve(world(), discount=0.9)
    with pytest.raises(InvalidModelError, match=message):
        GroundTruth(env, discount=0.9)
    for agent in (plan, plan.policy, [0] * 11):
        with pytest.raises(InvalidModelError, match="changes"):
            planners.regret(env, agent, discount=0.9)
    if "actions" in message or "observations" in message:
        with pytest.raises(InvalidModelError, match="changes"):
            planners.rollout(env, plan)
    if "actions" in message or "rewards" in message:
        with pytest.raises(InvalidModelError, match="Plan in the environment inside"):
            planners.solve(env, discount=0.9)
    wrap(GroundTruth(world(), discount=0.9)).reset(seed=1)  # inside it is at its place


@pytest.mark.parametrize("wrap", HARMLESS.values(), ids=HARMLESS)
def test_other_wrappers_pass(wrap: Any) -> None:
    env, plan = wrap(world()), planners.solve(world(), discount=0.9)
    assert planners.regret(env, plan, discount=0.9).value == pytest.approx(0.0, abs=1e-9)
    GroundTruth(env, discount=0.9).reset(seed=1)
    planners.rollout(env, plan)


def test_a_spec_makes_it_again() -> None:
    plan = planners.solve(world(), discount=0.9)
    for options in ({}, {"plan": plan}):
        spec = GroundTruth(world(), discount=0.9, **options).spec
        assert spec is not None
        made = gym.make(spec)
        assert isinstance(made, GroundTruth)
        assert made.reset(seed=1)[1]["optimal_value"] == pytest.approx(plan.values[7])


def test_a_copy_goes_on_by_itself() -> None:
    env = GroundTruth(world(slip=0.0), discount=0.9)
    env.reset(seed=1)
    other, again = copy.deepcopy(env), pickle.loads(pickle.dumps(env))
    expected = env.step(3)[4]["regret"]
    assert expected > 0
    assert other.step(3)[4]["regret"] == again.step(3)[4]["regret"] == expected


def test_going_round_for_free_is_counted_once_and_given_back() -> None:
    """LEFT stays or leads back, RIGHT leads on: V* is 1, and an agent that goes round for ever earns nothing of it."""
    env = GroundTruth(gym.make("GridWorld-v0", desc=["S..+"], step_reward=0.0, max_episode_steps=50), discount=1.0)
    env.reset()
    regrets = [env.step(action)[4]["regret"] for action in (3, 3, 1, 3, 3, 1, 1, 1)]
    assert regrets == [1.0, 0.0, -1.0, 1.0, 0.0, -1.0, 0.0, 0.0]
    for _ in range(2):
        env.reset()
        assert sum(env.step(3)[4]["regret"] for _ in range(50)) == 1.0  # as planners.regret of that policy
    assert planners.regret(env, [3] * 4, discount=1.0).value == 1.0


def test_the_truth_of_an_enumerated_room() -> None:
    """MiniGrid has no tables; with a plan of those that were enumerated, its states are known by the key."""
    room = gym.make("MiniGrid-Empty-5x5-v0")
    model, keys = planners.enumerate_env(room, key=pose, reward=reached)
    plan = planners.solve(model, discount=0.9)
    env = GroundTruth(room, discount=0.9, plan=plan)
    _, info = env.reset(seed=1)
    for action in (0, 2, 1, 1, 2):
        before = keys.index(pose(room.unwrapped, None))
        assert info["optimal_value"] == plan.values[before]
        *_, info = env.step(action)
        assert info["regret"] == pytest.approx(plan.values[before] - plan.action_values[before, action])


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("kind", ["sync", "vector_entry_point"])
def test_vector_environments_have_the_same_truth(mode: AutoresetMode, kind: Any, rng: np.random.Generator) -> None:
    options: Any = {"autoreset_mode": mode} if kind != "sync" else {"vector_kwargs": {"autoreset_mode": mode}}
    envs: Any = gym.make_vec("GridWorld-v0", 4, kind, max_episode_steps=6, **options, **WORLD)
    truth: Any = GroundTruth(envs, discount=0.9)
    plan = truth.plan
    lost = plan.values[:, None] - plan.action_values
    states, info = truth.reset(seed=int(rng.integers(2**31)))
    ended = np.zeros(4, dtype=bool)
    for _ in range(60):
        np.testing.assert_array_equal(info["optimal_value"], plan.values[states])
        np.testing.assert_array_equal(info["optimal_actions"], plan.optimal_actions[states])
        actions = rng.integers(4, size=4)
        after, _, terminated, truncated, info = truth.step(actions)
        taken = ~ended
        np.testing.assert_array_equal(info["_regret"], taken)
        np.testing.assert_allclose(info["regret"], np.where(taken, lost[states, actions], 0.0), atol=1e-9)
        over, states = terminated | truncated, after.copy()
        ended = over if mode is AutoresetMode.NEXT_STEP else np.zeros(4, dtype=bool)
        if mode is AutoresetMode.DISABLED and over.any():
            states, info = truth.reset(options={"reset_mask": over})


def test_vector_environments_that_cannot_be_told() -> None:
    changed = gym.make_vec(
        "GridWorld-v0", 2, "sync", wrappers=[lambda env: TransformReward(env, lambda r: -float(r))], **WORLD
    )
    with pytest.raises(InvalidModelError, match="TransformReward changes rewards"):
        GroundTruth(changed, discount=0.9)  # type: ignore[arg-type]
    differ = gym.vector.SyncVectorEnv([world, lambda: world(slip=0.5)])
    with pytest.raises(InvalidModelError, match="environments 0 and 1 have different tables"):
        GroundTruth(differ, discount=0.9)  # type: ignore[arg-type]


class Predicts:
    """Stable-Baselines3's interface: for one observation or for n, with a state that is given back."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = False
    ) -> Any:
        assert deterministic
        count = np.zeros(np.shape(episode_start), dtype=int) if state is None else np.where(episode_start, 0, state + 1)
        self.seen.append(count.tolist())
        return np.zeros(np.shape(observation), dtype=np.int64), count


class VecEnv:
    """Stable-Baselines3's kind of vector environment, as far as it is used: it begins anew in the same step."""

    num_envs = 3

    def __init__(self) -> None:
        self.envs = [world(max_episode_steps=8) for _ in range(3)]
        self.unwrapped = self

    def seed(self, seed: int) -> None:
        self.seeds: list[Any] = [seed + number for number in range(3)]

    def reset(self) -> Any:
        return np.array([env.reset(seed=seed)[0] for env, seed in zip(self.envs, self.seeds, strict=True)])

    def step_async(self, actions: Any) -> None: ...

    def step(self, actions: Any) -> Any:
        found, rewards, dones, infos = [], [], [], []
        for env, action in zip(self.envs, actions, strict=True):
            state, reward, terminated, truncated, info = env.step(action)
            info = {**info, "TimeLimit.truncated": truncated and not terminated}
            if terminated or truncated:
                info["terminal_observation"] = state
                state, _ = env.reset()
            for several, one in ((found, state), (rewards, reward), (dones, terminated or truncated), (infos, info)):
                several.append(one)
        return np.array(found), np.array(rewards), np.array(dones), infos


@pytest.mark.parametrize("kind", ["single", "sync", "vector_entry_point", "VecEnv"])
def test_agents_that_predict_are_judged(kind: Any, rng: np.random.Generator) -> None:
    """Always UP: the exact regret lies in the interval, but for the spread of the mean (6 standard errors)."""
    single = {"single": world, "VecEnv": VecEnv}
    env: Any = single[kind]() if kind in single else gym.make_vec("GridWorld-v0", 3, kind, **WORLD)
    agent = Predicts()
    found = planners.regret(env, agent, discount=0.9, episodes=100, seed=int(rng.integers(2**31)))
    exact = planners.regret(world(), [0] * 11, discount=0.9).value
    spread = 3 * (found.error - found.left_open) + 1e-9
    assert found.episodes == 100
    assert found.value - spread <= exact <= found.upper + spread
    assert agent.seen[:2] == ([[0] * 3, [1] * 3] if kind != "single" else [[0], [1]])


@pytest.mark.parametrize("kind", ["sync", "vector_entry_point", "VecEnv"])
def test_each_environment_plays_its_share(kind: Any) -> None:
    """Episodes that end first are not preferred, and each is one connected walk of at most `max_steps`."""
    env: Any = VecEnv() if kind == "VecEnv" else gym.make_vec("GridWorld-v0", 3, kind, max_episode_steps=8, **WORLD)
    tables = world().unwrapped.P  # type: ignore[attr-defined]
    for limit in (10_000, 5):
        episodes = planners.rollout(env, planners.TabularPolicy.uniform(11, 4), episodes=20, seed=4, max_steps=limit)
        assert len(episodes) == 20
        for episode in episodes:
            assert 1 <= len(episode) <= min(8, limit)
            assert episode.transitions[0].observation == 7
            for one, other in zip(episode.transitions, episode.transitions[1:], strict=False):
                assert one.next_observation == other.observation
            for step in episode.transitions:
                outcomes = [tuple(entry[1:]) for entry in tables[int(step.observation)][int(step.action)]]
                assert (int(step.next_observation), step.reward, step.terminated) in outcomes
            assert episode.terminated or len(episode) == min(8, limit)


class TestNewMapsAtEachReset:
    """`GridWorld/RandomMap-v0` beside a plan of each map."""

    OPTIONS: ClassVar[dict[str, Any]] = {"height": 4, "width": 4, "maps": range(6), "slip": 0.1}

    @staticmethod
    def plans() -> dict[int, planners.Plan]:
        env = gym.make("GridWorld/RandomMap-v0", **TestNewMapsAtEachReset.OPTIONS)
        found = {}
        for number in range(6):
            env.reset(options={"map": number})
            found[number] = planners.solve(env, discount=0.9)
        return found

    def test_one(self) -> None:
        plans, env = self.plans(), GroundTruth(gym.make("GridWorld/RandomMap-v0", **self.OPTIONS), discount=0.9)
        env.action_space.seed(3)
        for seed in range(8):
            _, before = env.reset(seed=seed)
            plan = plans[before["map"]]
            for _ in range(5):
                assert before["optimal_value"] == pytest.approx(plan.values[before["state"]], abs=1e-9)
                action = int(env.action_space.sample())
                _, _, terminated, _, info = env.step(action)
                lost = plan.values[before["state"]] - plan.action_values[before["state"], action]
                assert info["regret"] == pytest.approx(lost, abs=1e-9)
                before = info
                if terminated:
                    break

    @pytest.mark.parametrize("mode", ["sync", "async"])
    def test_many(self, mode: Any) -> None:
        plans = self.plans()
        inside: Any = [lambda env: GroundTruth(env, discount=0.9)]
        envs = gym.make_vec(
            "GridWorld/RandomMap-v0", num_envs=3, vectorization_mode=mode, wrappers=inside, **self.OPTIONS
        )
        _, before = envs.reset(seed=2)
        _, _, _, _, info = envs.step(np.array([0, 1, 2]))
        envs.close()
        for number, action in enumerate((0, 1, 2)):
            plan, state = plans[before["map"][number]], before["state"][number]
            lost = plan.values[state] - plan.action_values[state, action]
            assert info["regret"][number] == pytest.approx(lost, abs=1e-9)

    def test_a_plan_of_one_of_the_maps_and_a_wrapper_around_all_are_refused(self) -> None:
        env = gym.make("GridWorld/RandomMap-v0", **self.OPTIONS)
        with pytest.raises(InvalidModelError, match="each reset draws another"):
            GroundTruth(env, discount=0.9, plan=planners.solve(env, discount=0.9))
        with pytest.raises(InvalidModelError, match="put GroundTruth inside each"):
            GroundTruth(gym.make_vec("GridWorld/RandomMap-v0", num_envs=2), discount=0.9)


def test_a_wrapper_around_many_is_named_as_it_was_written() -> None:
    envs = CoordinateObservation(gym.make_vec("GridWorld-v0", num_envs=2))
    with pytest.raises(InvalidModelError, match=r"Put GroundTruth inside: CoordinateObservation\(GroundTruth"):
        GroundTruth(envs, discount=0.9)


def test_a_vector_of_environments_is_no_model() -> None:
    envs = gym.make_vec("GridWorld-v0", num_envs=2, vectorization_mode="sync")
    with pytest.raises(InvalidModelError, match=r"holds many environments.*env\.envs\[0\]"):
        planners.solve(envs, discount=0.9)  # pyright: ignore[reportArgumentType]
