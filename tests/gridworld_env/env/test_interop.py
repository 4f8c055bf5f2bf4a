"""Worlds with wind, teleports and one-way squares beside the rest of Gymnasium: copies, JSON, processes, videos."""

import copy
import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.performance import benchmark_init, benchmark_render, benchmark_step, benchmark_vector_step
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import FlattenObservation, TimeLimit, TransformReward
from gymnasium.wrappers.vector import NormalizeReward, RecordEpisodeStatistics, RecordVideo

import gridworld_env  # noqa: F401
from gridworld_env.maps.textbook_worlds import WORLDS
from tests.oracles import video

MAZE: dict[str, Any] = {
    "desc": ["S.w.A", ".>i..", "..#B+"],
    "legend": {
        "w": {"wind": (1, 0), "gust": 0.25},
        ">": {"one_way": "RIGHT"},
        "i": {"slip": 0.5, "bump_reward": -0.5},
        "A": {"teleport": (2, 0), "teleport_reward": 2.0},
        "B": {"teleport": (0, 0), "teleport_on_entry": True},
    },
    "moves": "king",
    "actions": ["UP", "RIGHT", "DOWN", "LEFT", "STAY", "DOWN_RIGHT"],
    "slip": 0.125,
}
IDS = sorted(name for name in gym.registry if name.startswith("GridWorld"))


def played(env: Any, actions: Any) -> list[Any]:
    """What a sequence of actions leads to, with resets without a seed."""
    found = []
    for action in actions:
        state, reward, terminated, truncated, info = env.step(int(action))
        found.append((state, float(reward), terminated, truncated, info["prob"], info["action_mask"].tolist()))
        if terminated or truncated:
            found.append(env.reset()[0])
    return found


@pytest.mark.parametrize("name", WORLDS)
def test_every_world_passes_the_checker(name: str) -> None:
    check_env(gym.make("GridWorld-v0", map_name=name, disable_env_checker=True).unwrapped, skip_render_check=True)


@pytest.mark.parametrize("name", IDS)
def test_every_id_plays(name: str, rng: np.random.Generator) -> None:
    env: Any = gym.make(name)
    env.reset(seed=int(rng.integers(2**31)))
    assert env.spec.max_episode_steps is not None  # a random policy ends
    found = played(env, rng.integers(env.action_space.n, size=200))
    assert all(
        env.observation_space.contains(step if isinstance(step, int | np.ndarray) else step[0]) for step in found
    )


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["copy", "pickle"]
)
def test_copies_in_the_middle_of_an_episode(duplicate: Any, rng: np.random.Generator) -> None:
    env = gym.make("GridWorld-v0", **MAZE)
    env.reset(seed=int(rng.integers(2**31)))
    played(env, rng.integers(6, size=20))
    twin, actions = duplicate(env), rng.integers(6, size=200)
    assert played(env, actions) == played(twin, actions)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda envs: pickle.loads(cloudpickle.dumps(envs))])
def test_copies_of_a_vector_env(duplicate: Any, rng: np.random.Generator) -> None:
    envs = gym.make_vec("GridWorld-v0", num_envs=5, **MAZE)
    envs.reset(seed=int(rng.integers(2**31)))
    rows = rng.integers(6, size=(60, 5))
    for row in rows[:20]:
        envs.step(row)
    twin = duplicate(envs)
    for row in rows:
        for ours, theirs in zip(envs.step(row)[:4], twin.step(row)[:4], strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_spec_with_a_legend_survives_json() -> None:
    env: Any = gym.make("GridWorld-v0", **MAZE)
    again: Any = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.unwrapped.P == env.unwrapped.P
    assert again.spec.max_episode_steps == env.spec.max_episode_steps


@pytest.mark.long
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_worlds_in_processes(mode: str, rng: np.random.Generator) -> None:
    """The same episodes as single environments with the seeds that Gymnasium gives to each."""
    options: Any = {"vectorization_mode": mode, **MAZE}
    if mode == "async":
        options["vector_kwargs"] = {"context": "spawn"}
    envs = gym.make_vec("gridworld_env:GridWorld-v0", num_envs=2, **options)
    singles = [gym.make("GridWorld-v0", **MAZE) for _ in range(2)]
    try:
        assert envs.reset(seed=7)[0].tolist() == [env.reset(seed=7 + i)[0] for i, env in enumerate(singles)]
        over = np.zeros(2, dtype=bool)
        for row in rng.integers(6, size=(40, 2)):
            states, rewards, *_ = envs.step(row)
            for number, env in enumerate(singles):
                if over[number]:
                    expected: Any = (env.reset()[0], 0.0, False, False)
                else:
                    expected = env.step(int(row[number]))
                assert (states[number], rewards[number]) == (expected[0], expected[1])
                over[number] = expected[2] or expected[3]
    finally:
        envs.close()


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.filterwarnings("ignore:.*Recorded episodes will not contain the last frame")  # so says Gymnasium
def test_videos_of_a_vector_env(mode: AutoresetMode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video.use(monkeypatch)
    plain = gym.make_vec("GridWorld-v0", num_envs=3, render_mode="rgb_array", autoreset_mode=mode, **MAZE)
    envs = RecordVideo(plain, str(tmp_path / "videos"), episode_trigger=lambda episode: episode == 0, video_length=6)
    envs.reset(seed=1)
    for _ in range(8):
        envs.step(envs.action_space.sample())
    envs.close()
    (file,) = (tmp_path / "videos").glob("*.mp4")
    frames = video.frames_of(file)
    assert len(frames) >= 6
    assert frames.shape[-1] == 3
    assert (frames[0] != frames[-1]).any()


def test_wrappers_of_vector_envs(rng: np.random.Generator) -> None:
    envs = gym.make_vec("GridWorld-v0", num_envs=6, max_episode_steps=9, **MAZE)
    statistics = RecordEpisodeStatistics(envs)
    normalized = NormalizeReward(statistics)
    normalized.reset(seed=int(rng.integers(2**31)))
    for row in rng.integers(6, size=(50, 6)):
        _, rewards, *_ = normalized.step(row)
        assert np.isfinite(rewards).all()
    assert statistics.episode_count >= 6
    assert max(statistics.length_queue) == 9


def test_wrappers_of_single_envs(rng: np.random.Generator) -> None:
    env = TransformReward(
        FlattenObservation(TimeLimit(gym.make("GridWorld-v0", **MAZE), 7)), lambda reward: -float(reward)
    )
    seed = int(rng.integers(2**31))
    bare = gym.make("GridWorld-v0", **MAZE)
    state, _ = env.reset(seed=seed)
    assert np.flatnonzero(state).tolist() == [bare.reset(seed=seed)[0]]
    for step in range(1, 8):
        state, reward, terminated, truncated, _ = env.step(4)
        other = bare.step(4)
        assert (np.flatnonzero(state).tolist(), reward, terminated) == ([other[0]], -float(other[1]), other[2])
        assert truncated == (step == 7)
        if terminated:
            break


def test_gymnasiums_own_measures() -> None:
    def make() -> Any:
        return gym.make("GridWorld-v0", render_mode="rgb_array", **MAZE)

    envs = gym.make_vec("GridWorld-v0", num_envs=64, **MAZE)
    brief: Any = 0.01
    speeds = [
        benchmark_step(make(), target_duration=brief, seed=1),
        benchmark_vector_step(envs, target_duration=brief, seed=1),
        benchmark_init(make, target_duration=brief, seed=1),
        benchmark_render(played_once(make()), target_duration=brief),
    ]
    assert all(speed > 0 for speed in speeds)


def played_once(env: Any) -> Any:
    env.reset(seed=0)
    return env
