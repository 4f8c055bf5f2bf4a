"""Maps, legends and options that cannot be used: each refusal says where, what was found and what was expected."""

import subprocess
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from gridworld_env import Cell, GridWorldEnv, MapError

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("desc", "message"),
    [
        (["S..", ".x+"], r"'x' at row 1, column 1.*legend has # \. S \+ -"),
        (["S. ", "..+"], r"' ' at row 0, column 2"),
        (["S😀+"], r"'😀' at row 0, column 1"),
        (["S..", "..", "..+"], r"ragged: row 1 has 2 squares, row 0 has 3"),
        (["S.", "..+"], r"ragged: row 1 has 3 squares, row 0 has 2"),
        ([], r"empty.*expected"),
        ((), r"empty"),
        ("", r"empty"),
        ([""], r"empty"),
        (["", ""], r"empty"),
        (["##", "##"], r"2 rows and 2 columns has no square to start on"),
        (["+-"], r"no square to start on.*Add a '\.' or an 'S'"),
        (["+#-"], r"no square to start on"),
        (["S.", 5], r"row 1.*int.*string"),
        ([b"S+"], r"row 0.*bytes.*string"),
        ([["S", "+"]], r"row 0.*list.*string"),
        (5, r"5"),
    ],
)
def test_maps(desc: Any, message: str) -> None:
    with pytest.raises(MapError, match=message):
        gym.make("GridWorld-v0", desc=desc)


def test_the_list_of_glyphs_has_the_legends_own() -> None:
    with pytest.raises(MapError, match=r"'y' at row 0, column 2; the legend has # \. S \+ - X"):
        gym.make("GridWorld-v0", desc=["SXy+"], legend={"X": {}})


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("slip", 1.5, r"slip is 1\.5; expected a probability from 0 to 1"),
        ("slip", -1e-9, r"slip is -1e-09"),
        ("slip", NAN, r"slip is nan"),
        ("slip", INF, r"slip is inf"),
        ("slip", "0.2", r"slip is '0\.2'"),
        ("slip", True, r"slip is True"),
        ("slip", [0.2], r"slip is \[0\.2\]"),
        ("slip", 0.5j, r"slip is 0\.5j"),
        ("step_reward", NAN, r"step_reward is nan; expected a finite number"),
        ("step_reward", -INF, r"step_reward is -inf"),
        ("step_reward", np.float64(INF), r"step_reward is .*inf"),
        ("step_reward", "cheap", r"step_reward is 'cheap'"),
        pytest.param("step_reward", 10**400, r"step_reward", id="step_reward-10**400"),
        ("bump_reward", NAN, r"bump_reward is nan; expected a finite number"),
        ("bump_reward", INF, r"bump_reward is inf"),
        ("moves", "knight", r"'knight'.*'cardinal' or 'king' or 'octile'"),
        ("moves", "King", r"'King'.*'king'"),
        ("moves", ["king"], r"\['king'\]"),
        ("reward_on", "leave", r"'leave'.*'enter' or 'exit'"),
        ("map_name", "aima4x3", r"'aima4x3'.*'aima-4x3'"),
        ("map_name", "lectrue", r"'lectrue'.*'lecture'"),
        ("map_name", "sutton-barto-3.6", r"'sutton-barto-3\.5'"),
        ("map_name", "zzz", r"'zzz'.*lecture, aima-4x3, aima-4x3-3e, bookgrid"),
        ("map_name", "", r"''"),
        ("map_name", 3, r"unknown map 3"),
        ("map_name", ["..+"], r"\['\.\.\+'\]"),
    ],
)
def test_options(option: str, value: Any, message: str) -> None:
    with pytest.raises(MapError, match=message):
        gym.make("GridWorld-v0", **{option: value})


@pytest.mark.parametrize("mode", ["rgb", "Human", 3, ["human"]])
def test_render_modes(mode: Any) -> None:
    with pytest.raises(MapError, match=r"render_mode is .*expected.*human.*rgb_array.*ansi"):
        GridWorldEnv(render_mode=mode)


def test_map_name_with_desc() -> None:
    with pytest.raises(MapError, match=r"map_name='lecture' and desc are both given"):
        gym.make("GridWorld-v0", map_name="lecture", desc=["S+"])


@pytest.mark.parametrize(
    ("legend", "message"),
    [
        ({"XY": {}}, r"key 'XY' is not one character"),
        ({"": {}}, r"key '' is not one character"),
        ({3: {}}, r"key 3 is not one character"),
        (
            {"X": {"rewrad": 1}},
            r"legend\['X'\] has no field 'rewrad'; the fields are wall, terminal, start, start_weight, reward",
        ),
        ({"X": {3: 1}}, r"no field 3"),
        ({"X": 5}, r"legend\['X'\] is 5; expected a Cell or a mapping"),
        ({"X": None}, r"legend\['X'\] is None"),
        ({"X": {"reward": NAN}}, r"legend\['X'\]: reward is nan; expected a finite number"),
        ({"X": {"reward": -INF}}, r"reward is -inf"),
        ({"X": {"reward": "1"}}, r"reward is '1'"),
        ({"X": {"reward": True}}, r"reward is True"),
        ({"X": Cell(reward=NAN)}, r"legend\['X'\]: reward is nan"),
        ({"X": {"teleport_reward": INF}}, r"teleport_reward is inf"),
        ({"X": {"slip": 2}}, r"legend\['X'\]: slip is 2; expected a probability from 0 to 1"),
        ({"X": {"slip": NAN}}, r"slip is nan"),
        ({"X": {"slip": "a"}}, r"slip is 'a'"),
        ({"X": {"terminal": "no"}}, r"terminal is 'no'"),
        ({"X": {"wall": 2}}, r"wall is 2"),
        ({"X": {"start": None}}, r"start is None"),
        ({"X": {"teleport": (0, 1)}}, r"legend\['X'\]: teleport.*row 0, column 1.*wall"),
        ({"X": {"teleport": (1, 0)}}, r"legend\['X'\]: teleport.*row 1, column 0.*outside the map of 1 rows"),
        ({"X": {"teleport": (0, -1)}}, r"legend\['X'\]: teleport.*column -1.*outside"),
        ({"X": {"teleport": (0,)}}, r"teleport is \(0,\); expected \(row, column\)"),
        ({"X": {"teleport": (0, 2, 0)}}, r"teleport is \(0, 2, 0\)"),
        ({"X": {"teleport": 5}}, r"teleport is 5"),
        ({"X": {"teleport": "ab"}}, r"teleport is 'ab'"),
        ({"X": {"teleport": (None, 0)}}, r"teleport is \(None, 0\)"),
        ({"X": {"teleport": (0.5, 0)}}, r"teleport is \(0\.5, 0\)"),
        ({"X": {"teleport": (0, 2), "terminal": True}}, r"teleport is \(0, 2\).*not on a terminal square"),
        ([("X", {})], r"legend is .*"),
        ("X", r"legend is .*"),
    ],
)
def test_legends(legend: Any, message: str) -> None:
    with pytest.raises(MapError, match=message):
        gym.make("GridWorld-v0", desc=["S#.+X"], legend=legend)


@pytest.mark.parametrize("number", [2, 2.0, np.float32(2), np.float64(2), np.int64(2)])
def test_numbers_of_numpy_are_numbers(number: Any) -> None:
    """In the legend as in the options, which take them."""
    cases: list[dict[str, Any]] = [{"step_reward": number}, {"legend": {".": {"reward": number}}}]
    for options in cases:
        env = GridWorldEnv(desc=["S.+"], **options)
        env.reset(seed=0)
        assert env.step(1)[1] == 2.0


@pytest.mark.parametrize("rows", [1, 2])
def test_maps_as_arrays_of_strings(rows: int) -> None:
    """Minigrid PR #81: people keep maps in arrays; one row of them works."""
    assert GridWorldEnv(desc=np.array(["S.+"] * rows)).mdp.num_states == 3 * rows  # pyright: ignore[reportArgumentType]


def test_a_start_that_ends_the_episode_is_no_start() -> None:
    with pytest.raises(MapError, match=r"start"):
        gym.make("GridWorld-v0", desc=["X.+"], legend={"X": {"start": True, "terminal": True}})


def test_a_reward_too_large_for_a_diagonal() -> None:
    with pytest.raises(ValueError, match=r"step_reward|finite"):
        gym.make("GridWorld-v0", moves="octile", step_reward=1.7e308)


@pytest.mark.parametrize("count", [250, 251, 300])
def test_many_glyphs(count: int) -> None:
    """One glyph a square: a reward of its own for each. The five known glyphs count too."""
    glyphs = [chr(0x4E00 + index) for index in range(count)]
    legend = {glyph: {"reward": float(index), "slip": index / count} for index, glyph in enumerate(glyphs)}
    env = gym.make("GridWorld-v0", desc=["".join(glyphs)], legend=legend).unwrapped
    assert isinstance(env, GridWorldEnv)
    # to the right from the middle: on to the next square, or, sliding up or down, in place
    middle = count // 2
    expected = {(middle + 1, middle + 1.0): 1 - middle / count, (middle, float(middle)): middle / count}
    assert {(state, reward): p for p, state, reward, _ in env.P[middle][1]} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"values": np.zeros(10)}, r"values.*\(11,\).*\(10,\)"),
        ({"values": np.zeros((3, 4))}, r"values.*\(11,\).*\(3, 4\)"),
        ({"values": "abc"}, r"values"),
        ({"values": [[1, 2], [3]]}, r"values"),
        ({"action_values": np.zeros((11, 8))}, r"action_values.*\(11, 4\).*\(11, 8\)"),
        ({"action_values": np.zeros((4, 11))}, r"action_values.*\(11, 4\).*\(4, 11\)"),
        ({"policy": np.zeros(10, dtype=int)}, r"policy.*\(11,\).*\(10,\)"),
        ({"policy": np.full((11, 3), 1 / 3)}, r"policy.*\(11, 4\).*\(11, 3\)"),
        ({"policy": np.full(11, 4)}, r"policy.*4.*0 to 3"),
        ({"policy": np.full(11, -1)}, r"policy.*-1.*0 to 3"),
        ({"policy": np.full(11, 0.5)}, r"policy.*integer.*float64"),
        ({"policy": np.full((11, 4), -1.0)}, r"policy.*state 0, action 0.*-1"),
        ({"trajectory": [0, 11]}, r"trajectory.*11 at index 1.*0 to 10"),
        ({"trajectory": [-1]}, r"trajectory.*-1"),
        ({"trajectory": [0.5]}, r"trajectory.*integer"),
        ({"trajectory": 5}, r"trajectory"),
    ],
)
def test_overlays(overlay: dict[str, Any], message: str) -> None:
    env = GridWorldEnv(render_mode="ansi")
    env.reset(seed=0)
    before = env.render()
    with pytest.raises(MapError, match=message):
        env.set_overlay(**overlay)
    assert env.render() == before


@pytest.mark.parametrize("mode", ["rgb_array", "human"])
def test_rendering_without_pygame(mode: str) -> None:
    source = (
        "import sys; sys.modules['pygame'] = None\n"
        "import gymnasium as gym, gridworld_env\n"
        f"env = gym.make('GridWorld-v0', render_mode={mode!r})\n"
        "try:\n    env.reset(seed=0); env.render()\n"
        "except gym.error.DependencyNotInstalled as error:\n    print(error)\n"
        "text = gym.make('GridWorld-v0', render_mode='ansi'); text.reset(seed=0); text.step(0); print(text.render())"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "pip install pygame-ce" in done.stdout
    assert ". . . +" in done.stdout


def test_map_errors_are_value_errors_of_gymnasium() -> None:
    assert issubclass(MapError, ValueError)
    assert issubclass(MapError, gym.error.Error)
