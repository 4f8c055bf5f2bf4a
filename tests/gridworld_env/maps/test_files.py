"""Maps in files, read by `read_map_file` and by the command `gridworld`."""

import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gridworld_env import MapError, random_map, read_map_file
from gridworld_env.cli import commands

WORLD: dict[str, Any] = {
    "desc": ["S.w+", ".#w-"],
    "legend": {"w": {"wind": [1, 0], "slip": 0.25}},
    "step_reward": -0.125,
    "actions": ["LEFT", "DOWN", "RIGHT", "UP", "STAY"],
}


def write(folder: Path, name: str, content: str) -> Path:
    file = folder / name
    file.write_text(content, encoding="utf-8")
    return file


def test_json_is_what_make_takes(tmp_path: Path) -> None:
    env: Any = gym.make("GridWorld-v0", **read_map_file(write(tmp_path, "w.json", json.dumps(WORLD))))
    assert env.unwrapped.P == gym.make("GridWorld-v0", **WORLD).unwrapped.P  # pyright: ignore[reportAttributeAccessIssue]


def test_an_image(tmp_path: Path) -> None:
    pixels = np.full((3, 4), 255, dtype=np.uint8)
    pixels[1, 2] = 0
    Image.fromarray(pixels).save(tmp_path / "plan.png")
    found = read_map_file(tmp_path / "plan.png", start=(0, 0), goal=(2, 3))
    env: Any = gym.make("GridWorld-v0", **found)
    assert np.argwhere(env.unwrapped.grid.wall).tolist() == [[1, 2]]
    assert env.unwrapped.state_to_cell(env.reset(seed=1)[0]) == (0, 0)


def test_a_random_map_as_text(tmp_path: Path, rng: np.random.Generator) -> None:
    rows = random_map(7, 9, seed=int(rng.integers(2**31)))
    assert tuple(read_map_file(write(tmp_path, "m.txt", "\n".join(rows) + "\n"))["desc"]) == rows


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", '{"desc": ["S+"],\n "slip" 1}', r"a\.json: line 2, column 9"),
        ("a.json", '["S+"]', r"a\.json: a JSON list; expected an object"),
        (
            "a.json",
            '{"desc": ["S+"], "step_rewrad": 1}',
            r"a\.json: unknown key 'step_rewrad'; did you mean 'step_reward'",
        ),
        ("a.json", '{"desc": ["S+", "..?"]}', r"a\.json.*the map is ragged: row 1 has 3 squares, row 0 has 2"),
        ("a.json", '{"desc": ["S+", ".?"]}', r"a\.json.*unknown glyph '\?' at row 1, column 1"),
        ("a.json", '{"desc": ["Sw"], "legend": {"w": {"winds": 1}}}', r"a\.json: .*winds"),
        ("a.txt", "S.\n.Q\n", r"a\.txt line 2: unknown glyph 'Q' at row 1, column 1; expected # wall"),
        ("a.txt", "", r"a\.txt.*empty"),
        ("a.map", "type octile\nheight 1\nwidth 2\nmap\n..\n", r"a\.map: a MovingAI map marks no start and no goal"),
        ("a.png", "no picture", r"a\.png"),
    ],
)
def test_wrong_files(name: str, content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(MapError, match=message):
        read_map_file(write(tmp_path, name, content))


def test_json_without_an_end(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"a\.json: too many brackets inside one another"):
        read_map_file(write(tmp_path, "a.json", "[" * 100_000))


@pytest.mark.parametrize(
    ("line", "scenario", "message"),
    [
        ("", 0, r"a\.map\.scen has no scenarios"),
        ("0\ta.map\t3\t2\t0\t0\t2\t0\t2.0\n", 1, "scenario is 1; expected 0 to 0"),
        ("0\ta.map\t3\t2\t0\t0\t2\t0\t2.0\n", "0", "scenario is '0'; expected 0 to 0"),
    ],
)
def test_wrong_scenarios(line: str, scenario: Any, message: str, tmp_path: Path) -> None:
    file = write(tmp_path, "a.map", "type octile\nheight 2\nwidth 3\nmap\n...\n...\n")
    write(tmp_path, "a.map.scen", "version 1\n" + line)
    with pytest.raises(MapError, match=message):
        read_map_file(file, scenario=scenario)


def test_a_scenario(tmp_path: Path) -> None:
    file = write(tmp_path, "a.map", "type octile\nheight 2\nwidth 3\nmap\n...\n.@.\n")
    write(tmp_path, "a.scen", "version 1.0\n0\ta.map\t3\t2\t0\t1\t2\t0\t3.0\n")  # x, y: column, row
    assert read_map_file(file, scenario=0)["desc"] == ("..*", "S#.")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"S.\xff+")
    with pytest.raises(MapError, match=r"a\.txt: byte 2 is no UTF-8"):
        read_map_file(tmp_path / "a.txt")


def test_start_of_a_file_that_has_its_own(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"a\.txt: start is \(0, 0\).*an S marks it"):
        read_map_file(write(tmp_path, "a.txt", "S+"), start=(0, 0))


def test_plan_on_a_movingai_map(tmp_path: Path) -> None:
    file = write(tmp_path, "tiny.map", "type octile\nheight 3\nwidth 3\nmap\n...\n.@.\n...\n")
    places = ["--start", "0,0", "--goal", "2,2"]
    result = CliRunner().invoke(commands.app, ["plan", str(file), *places, "--discount", "1", "--json"])
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["values"][0] == pytest.approx(-4.0)  # no corner is cut


def test_play_with_another_limit_of_steps(tmp_path: Path) -> None:
    file = write(tmp_path, "long.txt", "S" + "." * 1500 + "+\n")
    for limit, expected in (([], "1000 steps"), (["--max-episode-steps", "-1"], "1501 steps")):
        result = CliRunner().invoke(commands.app, ["play", str(file), "--discount", "1", *limit])
        assert result.exit_code == 0, result.stderr
        assert f"episode 1: {expected}" in result.stdout


def test_plan_with_actions_in_another_order(tmp_path: Path) -> None:
    file = write(tmp_path, "w.json", json.dumps(WORLD))
    plan = json.loads(CliRunner().invoke(commands.app, ["plan", str(file), "--json"]).stdout)
    assert set(plan["policy"]) <= set(WORLD["actions"])
    assert plan["policy"][0] == "RIGHT"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lecture", "--start", "0,0"], "--start is for files"),
        (["x.map", "--goal", "1;2"], "--goal is '1;2'; expected ROW,COLUMN"),
        (["lecture", "--actions", "UP,SIDE"], "actions[1] is 'SIDE'; expected one of UP, RIGHT"),
        (
            ["lecture", "--max-episode-steps", "0"],
            "max_episode_steps is 0; expected a whole number of at least 1, or -1",
        ),
        (["lecture", "--bump-reward", "nan"], "bump_reward is nan; expected a finite number"),
    ],
)
def test_wrong_options(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(commands.app, ["plan", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr.replace("\n", " ")
