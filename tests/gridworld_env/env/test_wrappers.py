"""GridWorld-v0 under Gymnasium's wrappers, vector environments, video and play; and `reset(options=)`."""

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import FlattenObservation, HumanRendering, RecordVideo, RenderCollection

from gridworld_env import Action, GridWorldEnv, MapError
from tests.oracles import video

OVERLAY = {"values": np.linspace(-1.0, 1.0, 11), "policy": np.ones(11, dtype=int)}


@pytest.fixture(autouse=True)
def fast_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GridWorldEnv.metadata, "render_fps", 1000)


def test_flatten_observation() -> None:
    env = FlattenObservation(gym.make("GridWorld-v0"))
    observation, _ = env.reset(seed=0)
    assert np.flatnonzero(observation).tolist() == [7]
    assert env.observation_space.contains(observation)


@pytest.mark.parametrize("mode", ["rgb_array", "ansi"])
def test_render_collection(mode: str) -> None:
    env = gym.make("GridWorld-v0", render_mode=f"{mode}_list")
    assert isinstance(env, RenderCollection)
    env.reset(seed=0)
    for action in (1, 1, 0):
        env.step(action)
    frames: Any = env.render()
    assert len(frames) == 4
    assert {type(frame) for frame in frames} == {np.ndarray if mode == "rgb_array" else str}
    assert all(not np.array_equal(one, two) for one, two in itertools.pairwise(frames))
    env.close()


def test_human_rendering_of_arrays() -> None:
    env = HumanRendering(gym.make("GridWorld-v0", render_mode="rgb_array"))
    env.reset(seed=0)
    for action in (1, 1, 0, 0):
        assert env.render() is None
        env.step(action)
    env.close()


def test_frames_keep_their_shape_with_and_without_overlay() -> None:
    env = gym.make("GridWorld-v0", render_mode="rgb_array")
    env.reset(seed=0)
    plain: Any = env.render()
    kept = plain.copy()
    env.unwrapped.set_overlay(**OVERLAY)  # pyright: ignore[reportAttributeAccessIssue]
    over: Any = env.render()
    env.unwrapped.set_overlay()  # pyright: ignore[reportAttributeAccessIssue]
    assert plain.dtype == over.dtype == np.uint8
    assert plain.shape == over.shape
    assert plain.shape[2] == 3
    assert not np.array_equal(plain, over)
    np.testing.assert_array_equal(plain, kept)  # the caller's own copy
    np.testing.assert_array_equal(env.render(), kept)
    env.close()


@pytest.mark.long
def test_videos_show_the_overlay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video.use(monkeypatch)
    plain, over = (record(tmp_path / name, overlay) for name, overlay in (("plain", {}), ("over", OVERLAY)))
    assert plain.shape == over.shape
    assert len(plain) == 4
    assert (np.abs(plain - over).mean(axis=(1, 2, 3)) > 1.0).all()


def record(folder: Path, overlay: dict[str, Any]) -> np.ndarray:
    """(frames, H, W, 3) what the video of a short episode shows."""
    env = RecordVideo(gym.make("GridWorld-v0", render_mode="rgb_array"), str(folder), episode_trigger=lambda _: True)
    env.unwrapped.set_overlay(**overlay)  # pyright: ignore[reportAttributeAccessIssue]
    env.reset(seed=0)
    for action in (1, 1, 0):
        env.step(action)
    frame: Any = env.unwrapped.render()
    env.close()
    frames = video.frames_of(folder / "rl-video-episode-0.mp4")
    np.testing.assert_array_equal(frames[-1], frame)
    return frames.astype(np.float64)


def test_sync_vector_keeps_prob_float_after_an_autoreset() -> None:
    """Reference, section 1.2 (ii): an integer in the first environment's reset would truncate all others to 0."""
    envs = gym.make_vec("GridWorld-v0", num_envs=3, vectorization_mode="sync", desc=["S+", "S."], slip=0.5)
    envs.reset(seed=3)
    seen = set()
    for _ in range(200):
        *_, infos = envs.step(np.array([1, 0, 2]))
        assert infos["prob"].dtype == np.float64
        assert infos["_prob"].all()
        assert (infos["prob"] > 0).all()
        seen |= set(infos["prob"].tolist())
        assert infos["action_mask"].shape == (3, 4)
        assert infos["action_mask"].dtype == np.int8
    assert {0.5, 1.0} <= seen
    assert all(prob in (0.25, 0.5, 0.75, 1.0) for prob in seen)
    envs.close()


def test_sync_vector_steps_like_single_environments(rng: np.random.Generator) -> None:
    seed = int(rng.integers(2**31))
    envs = gym.make_vec("GridWorld-v0", num_envs=4, vectorization_mode="sync", slip=0.4, map_name="sutton-barto-3.5")
    singles = [gym.make("GridWorld-v0", slip=0.4, map_name="sutton-barto-3.5") for _ in range(4)]
    assert envs.reset(seed=seed)[0].tolist() == [env.reset(seed=seed + i)[0] for i, env in enumerate(singles)]
    for actions in rng.integers(4, size=(300, 4)):  # a world without an end: no autoreset within its time limit
        observations, rewards, *_ = envs.step(actions)
        results = [env.step(int(action)) for env, action in zip(singles, actions, strict=True)]
        assert observations.tolist() == [result[0] for result in results]
        assert rewards.tolist() == [result[1] for result in results]
    envs.close()


@pytest.mark.parametrize("moves", ["cardinal", "king", "octile"])
def test_keys_reach_through_wrappers(moves: str) -> None:
    pygame = pytest.importorskip("pygame")
    env = gym.make("GridWorld-v0", moves=moves, render_mode="rgb_array")
    keys = env.get_wrapper_attr("get_keys_to_action")()
    assert all(type(code) is int and action in env.action_space for (code,), action in keys.items())
    assert set(keys.values()) == set(range(4 if moves == "cardinal" else 8))
    assert [keys[(key,)] for key in (pygame.K_UP, pygame.K_RIGHT, pygame.K_DOWN, pygame.K_LEFT)] == [0, 1, 2, 3]
    assert [keys[(ord(letter),)] for letter in "wdsa"] == [0, 1, 2, 3]
    if moves != "cardinal":  # where the letters lie around S on the keyboard
        expected = [Action.UP_LEFT, Action.UP_RIGHT, Action.DOWN_LEFT, Action.DOWN_RIGHT]
        assert [keys[(ord(letter),)] for letter in "qezc"] == expected


PLAY = """
import os, warnings
os.environ["SDL_VIDEODRIVER"] = "dummy"
warnings.simplefilter("ignore")  # play() warns where matplotlib is missing, and would set its backend
import gymnasium as gym, pygame
from gymnasium.utils import play
import gridworld_env

pygame.display.init()
keys = [pygame.K_UP, pygame.K_w, pygame.K_RIGHT, pygame.K_d, pygame.K_RIGHT]
taken = []

def press():
    for key in (pygame.K_UP, pygame.K_w, pygame.K_RIGHT, pygame.K_d):
        pygame.event.post(pygame.event.Event(pygame.KEYUP, key=key))
    key = keys.pop(0) if keys else pygame.K_ESCAPE
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))

def callback(before, after, action, reward, terminated, truncated, info):
    taken.append((int(action), int(after), terminated))
    press()

env = gym.make("GridWorld-v0", render_mode="rgb_array")
first = play.PlayableGame.__init__
def started(game, *arguments):
    first(game, *arguments)
    press()
play.PlayableGame.__init__ = started
play.play(env, fps=1000, callback=callback, wait_on_player=True, seed=1)
print(taken)
"""


def test_play_by_keyboard() -> None:
    pytest.importorskip("pygame")
    done = subprocess.run([sys.executable, "-c", PLAY], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    # up, up, right, right, right: from the start round the wall into the +1 square, which ends the episode
    expected = [(0, 4, False), (0, 0, False), (1, 1, False), (1, 2, False), (1, 3, True)]
    assert done.stdout.splitlines()[-1] == str(expected)


@pytest.mark.parametrize(
    ("options", "state"),
    [({"state": 5}, 5), ({"state": np.int64(3)}, 3), ({"cell": (0, 3)}, 3), ({"cell": [2, 1]}, 8), ({}, 7), (None, 7)],
)
def test_reset_to_a_chosen_place(options: dict[str, Any] | None, state: int) -> None:
    env = gym.make("GridWorld-v0", slip=0.5)
    observation, info = env.reset(seed=1, options=options)
    assert observation == state
    assert type(observation) is int
    assert info["prob"] == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"state": 11}, r"'state' is 11; expected a state from 0 to 10"),
        ({"state": -1}, r"'state' is -1"),
        ({"state": "a"}, r"'a'"),
        ({"state": None}, r"None"),
        ({"state": 1.5}, r"1\.5"),
        ({"state": float("nan")}, r"nan"),
        ({"cell": (1, 1)}, r"row 1, column 1.*wall"),
        ({"cell": (3, 0)}, r"row 3, column 0.*outside the map of 3 rows and 4 columns"),
        ({"cell": (-1, 0)}, r"row -1"),
        ({"cell": (0.7, 0)}, r"0\.7"),
        ({"cell": 5}, r"5"),
        ({"cell": (0,)}, r"\(0,\)"),
        ({"cell": (0, 1, 2)}, r"\(0, 1, 2\)"),
        ({"start": 1}, r"'start'.*expected .*'state'.*'cell'"),
        ({"state": 1, "cell": (0, 0)}, r"expected .*or"),
    ],
)
def test_reset_refuses_other_places(options: dict[str, Any], message: str) -> None:
    env = GridWorldEnv()
    env.reset(seed=0)
    with pytest.raises(MapError, match=message):
        env.reset(options=options)
    assert env.step(1)[0] == 8  # the episode that was under way still is


@pytest.mark.parametrize("state", ["a", None, 1.5, float("nan"), 11, -1])
def test_state_to_cell_refuses_what_is_no_state(state: Any) -> None:
    with pytest.raises(MapError, match=r"expected"):
        GridWorldEnv().state_to_cell(state)


def test_a_chosen_place_leaves_the_random_numbers_alone() -> None:
    # As in Gymnasium: resets with a seed always start the same sequence.
    env = GridWorldEnv(desc=["S..S+"], slip=0.5)
    env.reset(seed=4, options={"state": 1})
    one = [env.step(1)[0] for _ in range(20)]
    env.reset(seed=4, options={"cell": (0, 1)})
    assert [env.step(1)[0] for _ in range(20)] == one
