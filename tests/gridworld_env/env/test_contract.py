"""GridWorld-v0 against Gymnasium's contract: registration, checker, spec, seeds, limits, misuse."""

import copy
import importlib
import json
import pickle
import subprocess
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import check_env

import gridworld_env
from gridworld_env import GridWorldEnv
from tests.oracles.chance import check_counts

IDS = ("GridWorld-v0", "gridworld_env/GridWorld-v0")
MODES = (None, "human", "rgb_array", "ansi")
OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "slippery": {"slip": 0.3, "step_reward": -1},
    "exit": {"map_name": "bookgrid"},
    "king": {"moves": "king", "slip": 1.0, "bump_reward": -2.5},
    "octile": {"moves": "octile", "desc": ["S.#", "..+"]},
    "teleport": {"map_name": "sutton-barto-3.5"},
    "own map": {"desc": ["SX~+"], "legend": {"X": {"teleport": [0, 3], "teleport_reward": 4}, "~": {"slip": 0.5}}},
    "drawn rewards": {"desc": ["Sd.+"], "legend": {"d": {"reward": [[0.25, 4.0], [0.75, -1.0]]}}, "slip": 0.1},
    "several starts": {"desc": ["S.S", "-#+", "S.S"], "slip": 0.1},
}


def python(source: str) -> str:
    """Run in an interpreter of its own, every warning an error, and return what it printed."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def fast_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GridWorldEnv.metadata, "render_fps", 1000)


@pytest.mark.parametrize("name", IDS)
def test_import_registers(name: str) -> None:
    assert python(f"import gymnasium as gym, gridworld_env; print(gym.make({name!r}).unwrapped.mdp.num_states)") == "11"


def test_make_imports_the_module_by_itself() -> None:
    assert python("import gymnasium as gym; print(gym.make('gridworld_env:GridWorld-v0').reset(seed=1)[0])") == "7"


def test_import_twice_and_reload_warn_nothing() -> None:
    source = "import importlib, gridworld_env; importlib.reload(gridworld_env); import gridworld_env"
    assert python(source) == ""
    importlib.reload(gridworld_env)  # and here, under filterwarnings = error


def test_a_stranger_registered_first_is_not_taken_for_ours_silently() -> None:
    """Reference, section 0, item 4: every reader of Gymnasium's tutorial has a GridWorld-v0 of his own."""
    source = (
        "import warnings, gymnasium as gym\n"
        "gym.register('GridWorld-v0', entry_point='gymnasium.envs.toy_text.frozen_lake:FrozenLakeEnv')\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    import gridworld_env\n"
        "    made = gym.make('gridworld_env:GridWorld-v0').unwrapped\n"
        "print(bool(caught) or isinstance(made, gridworld_env.GridWorldEnv))"
    )
    assert python(source) == "True"


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("mode", MODES)
def test_check_env_is_silent(mode: str | None, options: dict[str, Any]) -> None:
    env = gym.make("GridWorld-v0", **options, render_mode=mode)
    check_env(env.unwrapped)
    env.close()


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_spec_survives_json(options: dict[str, Any]) -> None:
    env = gym.make("GridWorld-v0", **options)
    assert env.spec is not None
    text = env.spec.to_json()
    json.loads(text)
    again = gym.make(EnvSpec.from_json(text))
    ours, theirs = env.unwrapped, again.unwrapped
    assert isinstance(ours, GridWorldEnv)
    assert isinstance(theirs, GridWorldEnv)
    assert ours.rules == theirs.rules
    assert dict(ours.P) == dict(theirs.P)
    assert again.spec is not None
    assert again.spec.to_json() == text


@pytest.mark.parametrize("duplicate", [lambda env: pickle.loads(pickle.dumps(env)), copy.deepcopy])
@pytest.mark.parametrize("mode", MODES)
def test_copies_go_on_where_the_original_stood(mode: str | None, duplicate: Any) -> None:
    env = gym.make("GridWorld-v0", slip=0.5, render_mode=mode)
    env.reset(seed=5)
    env.step(1)
    if mode is not None:
        env.render()
    twin = duplicate(env)
    for action in (0, 1, 1, 2, 3, 0):
        assert_same(env.step(action), twin.step(action))
    np.testing.assert_array_equal(twin.get_wrapper_attr("R"), env.get_wrapper_attr("R"))
    env.close()
    twin.close()


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
def test_two_seeded_copies_agree(mode: str, rng: np.random.Generator) -> None:
    first, second = (gym.make("GridWorld-v0", slip=0.4, desc=["S.S+", ".#.-", "S..."], render_mode=mode) for _ in "12")
    seed = int(rng.integers(2**31))
    assert_same(first.reset(seed=seed), second.reset(seed=seed))
    for index, action in enumerate(rng.integers(4, size=2000)):
        one, two = first.step(int(action)), second.step(int(action))
        assert_same(one, two)
        if mode == "ansi" or index % 20 == 0:  # a picture takes a while
            np.testing.assert_array_equal(first.render(), second.render())
        if one[2] or one[3]:
            assert_same(first.reset(), second.reset())


def assert_same(one: tuple[Any, ...], two: tuple[Any, ...]) -> None:
    assert one[:-1] == two[:-1]
    assert one[-1].keys() == two[-1].keys()
    for key, value in one[-1].items():
        assert type(value) is type(two[-1][key])
        np.testing.assert_array_equal(value, two[-1][key])


def test_types_of_what_reset_and_step_return() -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    observation, info = env.reset(seed=0)
    assert type(observation) is int
    assert type(info["prob"]) is float
    observation, reward, terminated, truncated, info = env.step(np.int64(1))
    assert [type(part) for part in (observation, reward, terminated)] == [int, float, bool]
    assert truncated is False
    assert type(info["prob"]) is float


@pytest.mark.parametrize(("limit", "expected"), [(None, 1000), (3, 3)])
def test_time_limit_truncates(limit: int | None, expected: int) -> None:
    env = gym.make("GridWorld-v0", max_episode_steps=limit)
    env.reset(seed=0)
    results = [env.step(3)[2:4] for _ in range(expected)]  # into the left edge, for ever
    assert results == [(False, False)] * (expected - 1) + [(False, True)]


def test_time_limit_and_end_together() -> None:
    env = gym.make("GridWorld-v0", desc=["S+"], max_episode_steps=1)
    env.reset(seed=0)
    assert env.step(1)[1:4] == (1.0, True, True)


@pytest.mark.parametrize("make", [lambda: gym.make("GridWorld-v0"), GridWorldEnv], ids=["made", "bare"])
def test_step_before_reset(make: Any) -> None:
    with pytest.raises(ResetNeeded, match=r"reset"):
        make().step(0)


@pytest.mark.parametrize("action", [4, -1, 2**70, 1.0, 1.5, np.float64(2), None, "1", [1], np.array([1])])
@pytest.mark.parametrize("make", [lambda: gym.make("GridWorld-v0"), GridWorldEnv], ids=["made", "bare"])
def test_wrong_actions(make: Any, action: Any) -> None:
    env = make()
    before = env.reset(seed=0)[0]
    with pytest.raises(InvalidAction, match=r"expected an integer from 0 to 3 \(0 UP, 1 RIGHT, 2 DOWN, 3 LEFT\)"):
        env.step(action)
    assert env.step(3)[0] == before  # nothing had moved


@pytest.mark.parametrize("action", [1, np.int8(1), np.uint64(1), np.array(1), gridworld_env.Action.RIGHT])
def test_every_kind_of_integer_is_an_action(action: Any) -> None:
    env = GridWorldEnv()
    env.reset(seed=0)
    assert env.step(action)[0] == 8


def test_steps_after_the_end_stay_and_pay_nothing() -> None:
    env = GridWorldEnv(desc=["S+"])
    env.reset(seed=0)
    assert env.step(1)[:3] == (1, 1.0, True)
    assert [env.step(action)[:3] for action in range(4)] == [(1, 0.0, True)] * 4


def test_exit_convention_takes_one_more_step() -> None:
    # AIMA 3rd ed., Section 17.1, R(s): the terminal state is reached, then its reward is received.
    env = GridWorldEnv(desc=["S+"], reward_on="exit", step_reward=-0.5)
    env.reset(seed=0)
    assert env.step(1)[:3] == (1, -0.5, False)
    assert env.step(0)[:3] == (1, 1.0, True)


def test_starts_are_uniform_over_the_marked_squares(rng: np.random.Generator) -> None:
    env = GridWorldEnv(desc=["S.S+", "..S-"])
    env.reset(seed=int(rng.integers(2**31)))
    counts = np.bincount([env.reset()[0] for _ in range(9000)], minlength=8)
    assert set(np.flatnonzero(counts)) == {0, 2, 6}
    check_counts(counts[[0, 2, 6]].tolist(), 9000, [1 / 3] * 3)
    np.testing.assert_allclose(env.initial_state_distrib[[0, 2, 6]], 1 / 3)


def test_without_marks_any_square_that_is_not_terminal() -> None:
    env = GridWorldEnv(desc=["..+", ".#-"])
    np.testing.assert_allclose(env.initial_state_distrib, [1 / 3, 1 / 3, 0, 1 / 3, 0])


def test_closing_twice_and_render_without_a_mode() -> None:
    env = gym.make("GridWorld-v0")
    env.reset(seed=0)
    with pytest.warns(UserWarning, match=r"render_mode='rgb_array'"):
        assert env.unwrapped.render() is None
    env.close()
    env.close()
