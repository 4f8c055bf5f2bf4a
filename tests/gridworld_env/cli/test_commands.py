"""The command `gridworld` and the demo: what they print, what they write, and their exit codes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

import planners
from gridworld_env import MODELS, WORLDS
from gridworld_env.agents import AGENTS
from gridworld_env.cli import commands, known_names
from gridworld_env.ui.widgets.display import has_display
from planners import METHODS


def gridworld(*arguments: str) -> Result:
    return CliRunner().invoke(commands.app, list(arguments))


def test_plan_prints_the_board_and_the_certificate() -> None:
    result = gridworld("plan", "aima-4x3", "--discount", "1")
    assert result.exit_code == 0
    assert "0.85 →  0.91 →  0.96 →    +1" in result.stdout  # AIMA, 4th edition: .8516 .9078 .9578
    assert "error bound" in result.stdout


def test_plan_takes_the_options_of_the_environment() -> None:
    # Berkeley's BookGrid prints .64 .74 .85 1.00 for these; AIMA's map has the same squares.
    result = gridworld("plan", "aima-4x3", "--reward-on", "exit", "--step-reward", "0", "--slip", "0.2", "--json")
    values = json.loads(result.stdout)["values"]
    np.testing.assert_allclose(values[:4], [0.64, 0.74, 0.85, 1.00], atol=0.005)


def test_a_dry_run_says_what_it_takes_and_writes_nothing(tmp_path: Path) -> None:
    result = gridworld("plan", "lecture", "--dry-run", "--png", str(tmp_path / "plan.png"))
    assert result.exit_code == 0
    said = dict(line.split(maxsplit=1) for line in result.stdout.splitlines()[1:])
    assert result.stdout.startswith("dry run      11 states")
    assert set(said) == {"memory", "disk", "exchange", "time"}
    assert said["time"].endswith("it was done within the look")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["lecture", "four-rooms"])
def test_a_plan_is_written_to_a_folder(name: str, tmp_path: Path) -> None:
    """The same as `planners.solve` finds, for its model. A file in the place of the folder is refused."""
    folder, env = tmp_path / "plan", gym.make("GridWorld-v0", map_name=name)
    assert "are free there" in gridworld("plan", name, "--out", str(folder), "--dry-run").stdout
    assert not list(tmp_path.iterdir())
    assert gridworld("plan", name, "--out", str(folder)).exit_code == 0
    plan, found = planners.load_plan(folder, env), planners.solve(env, discount=0.9)
    np.testing.assert_array_equal(plan.values, found.values)
    np.testing.assert_array_equal(plan.optimal_actions, found.optimal_actions)
    assert sorted(path.name for path in folder.iterdir()) == [
        *("actions.npy", "lower.npy", "plan.json", "upper.npy", "values.npy"),
    ]
    (tmp_path / "file").touch()
    refused = gridworld("plan", name, "--out", str(tmp_path / "file"))
    assert refused.exit_code == 2
    assert "file" in refused.stderr


def test_a_dry_run_of_what_takes_long_is_an_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends at the first step after the look; Gauss-Seidel's sweeps tell how far they have come."""
    monkeypatch.setattr("gridworld_env.cli.dry_run.LOOK", 1e-6)
    assert "estimated from" in gridworld("plan", "four-rooms", "--dry-run", "--method", "value_iteration").stdout


@pytest.mark.long
def test_continuous_proves_and_draws(tmp_path: Path) -> None:
    result = gridworld("continuous", "mountain-car", "--cells", "30x25", "--png", str(tmp_path / "car.png"))
    assert result.exit_code == 0
    assert "MountainCar, 30 x 25 cells" in result.stdout
    with Image.open(tmp_path / "car.png") as picture:
        assert picture.size == (1100, 700)
    for arguments, message in ((("hill",), "expected one of mountain-car"), (("pendulum", "--cells", "3"), "cells")):
        refused = gridworld("continuous", *arguments)
        assert refused.exit_code == 2
        assert message in refused.output


@pytest.mark.parametrize("method", ["value_iteration", "policy_iteration", "policy-iteration"])
def test_json_holds_the_proof(method: str) -> None:
    plan = json.loads(gridworld("plan", "--method", method, "--tolerance", "1e-7", "--json").stdout)
    assert plan["status"] == "CONVERGED"
    assert plan["error_bound"] <= plan["tolerance"] == 1e-7
    assert plan["method"] == method.replace("_", " ").replace("-", " ")
    assert len(plan["values"]) == len(plan["policy"]) == 11
    assert all(low <= high for low, high in zip(plan["lower"], plan["upper"], strict=True))
    assert set(plan["policy"]) <= {"UP", "RIGHT", "DOWN", "LEFT"}
    assert plan["optimal_actions"][7] == ["UP", "RIGHT"]  # both ways round are four steps from the lower left corner


def test_json_says_where_each_state_is() -> None:
    plan = json.loads(gridworld("plan", "sutton-barto-8.1", "--json").stdout)
    env: Any = gym.make("GridWorld-v0", map_name="sutton-barto-8.1").unwrapped
    assert (plan["height"], plan["width"]) == (6, 9)
    cells = [*zip(plan["rows"], plan["columns"], strict=True)]
    assert cells == [env.state_to_cell(state) for state in range(env.grid.num_states)]


@pytest.mark.parametrize(
    ("size", "says"),
    [
        ((3, 8), None),
        ((3, 11), "◆ stands for several actions.\n\n"),
        ((3, 80), "The values do not fit into 80 columns: --png FILE"),
        ((3, 81), "The map has 3 rows and 81 columns, and is not printed: at most 40 rows and 80 columns are."),
        ((41, 8), "The map has 41 rows and 8 columns, and is not printed"),
    ],
)
def test_a_map_fits_the_terminal_or_a_sentence_says_what_shows_it(
    size: tuple[int, int], says: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    rows, columns = size
    (tmp_path / "map.txt").write_text("\n".join(["." * columns] * (rows - 1) + ["." * (columns - 1) + "+"]))
    shown = gridworld("plan", str(tmp_path / "map.txt"), "--slip", "0.1").stdout.partition("\nPlan\n")[0]
    assert max(map(len, shown.split("\n"))) <= 80
    if says is None:
        tokens = [len(line.split()) for line in shown.split("\n")[:3]]
        assert tokens == [16, 16, 15]  # a value and arrows; the end has none
    else:
        assert says in shown.replace("\n", " ") or says in shown


def test_infinite_values_are_text_in_json(tmp_path: Path) -> None:
    path = tmp_path / "island.txt"
    path.write_text("S.+\n###\n...\n")
    plan = json.loads(gridworld("plan", str(path), "--discount", "1", "--json").stdout)
    assert plan["values"][3:] == ["-inf"] * 3
    assert plan["values"][2] == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lectur"], "did you mean 'lecture'"),
        (["--discount", "2"], "discount is 2.0; expected a number from 0 to 1"),
        (["--slip", "-1"], "slip is -1.0; expected a probability"),
        (["--method", "simplex"], "expected 'auto', 'policy_iteration', 'value_iteration'"),
        (["--tolerance", "0"], "tolerance is 0.0; expected a positive number"),
        (["--moves", "queen"], "'cardinal' or 'king' or 'octile'"),
        (["--step-reward", "nan"], "step_reward is nan"),
        (["--png", "plan.gif"], "does not end in .png"),
        (["--png", "plan.pdf"], "plan.plot(env).figure.savefig('plan.pdf')"),
        (["--png", "nowhere/at/all.png"], "no folder"),
        (["lecture", "--discount", "1", "--step-reward", "1"], "reward can be collected for ever"),
    ],
)
def test_bad_input_exits_with_2(arguments: list[str], message: str) -> None:
    result = gridworld("plan", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["plan", "play", "learn"])
def test_the_help_shows_whole_names_on_80_columns(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, a long column of kinds such as "<int range> [x>=1]" cut off `--max-episode-ste...`."""
    monkeypatch.setenv("COLUMNS", "80")
    text = gridworld(command, "--help").stdout
    assert "--max-episode-steps " in text
    assert not re.findall(r"^\W+--[a-z-]+\u2026", text, re.MULTILINE)


def test_a_bad_map_file_names_the_place(tmp_path: Path) -> None:
    path = tmp_path / "map.txt"
    path.write_text("S..\n.?+\n")
    result = gridworld("plan", str(path))
    assert result.exit_code == 2
    assert "'?' at row 1, column 1" in result.stderr


def test_not_converged_exits_with_3_and_still_shows_the_plan() -> None:
    result = gridworld("plan", "--tolerance", "1e-30")
    assert result.exit_code == 3
    assert "0.73 →" in result.stdout
    assert "Not converged" in result.stderr
    assert "Rounding" in result.stderr


def test_play_writes_an_animation_of_every_step(tmp_path: Path) -> None:
    gif = tmp_path / "walk.gif"
    result = gridworld("play", "--gif", str(gif), "--seed", "3", "--episodes", "2", "--discount", "1")
    assert result.exit_code == 0
    assert result.stdout.count("5 steps, total reward 0.84") == 2  # 4 * -0.04 + 1
    with Image.open(gif) as animation:
        shown = sum(int(frame_ms(animation, index)) for index in range(animation.n_frames))  # pyright: ignore[reportAttributeAccessIssue]
    assert shown == 11 * 250 + 1000  # 6 pictures an episode at 4 a second; the last one stays for 1 s


def frame_ms(animation: Image.Image, index: int) -> int:
    animation.seek(index)
    return animation.info["duration"]


def test_the_same_seed_plays_the_same_episode() -> None:
    arguments = ["play", "--slip", "0.5", "--seed", "11"]
    assert gridworld(*arguments).stdout == gridworld(*arguments).stdout
    assert "seed 11" in gridworld(*arguments).stdout


def test_png_is_a_picture_of_the_plan(tmp_path: Path) -> None:
    png = tmp_path / "plan.png"
    assert gridworld("plan", "--png", str(png)).exit_code == 0
    with Image.open(png) as picture:
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
        assert len(np.unique(colours, axis=0)) > 10  # a heat map, not a blank


def test_maps_lists_all_with_their_sources() -> None:
    result = gridworld("maps")
    assert result.exit_code == 0
    for name in (*WORLDS, *MODELS):
        assert name in result.stdout


def test_no_window_without_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    assert not has_display()
    monkeypatch.delenv("SDL_VIDEODRIVER")
    if sys.platform.startswith("linux"):
        monkeypatch.setenv("DISPLAY", ":9")
        assert has_display()


def test_demo_solves_both_ways_and_plays(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gridworld_env.demo"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.count("converged") == 2
    assert "0.61 →  0.77 →  0.93 →    +1" in done.stdout
    assert "seed 7, wrote lecture.gif" in done.stdout
    with Image.open(tmp_path / "lecture.gif") as animation:
        assert animation.n_frames > 3  # pyright: ignore[reportAttributeAccessIssue]


def test_explore_says_when_there_is_no_display() -> None:
    result = gridworld("explore")
    assert result.exit_code == 2
    assert "no display" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["lectur"], "did you mean 'lecture'"),
        (["none.json"], "there is no file"),
        (["--empty", "8"], "expected ROW,COLUMN"),
        (["--empty", "0,3"], "expected 1 to 2000"),
        (["--discount", "1.5"], "discount"),
    ],
)
def test_explore_refuses_before_a_window_opens(
    arguments: list[str], match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "has_display", lambda: True)
    result = gridworld("explore", *arguments)
    assert result.exit_code == 2
    assert match in " ".join(result.stderr.split())


def test_explore_opens_the_map_and_runs_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    from gridworld_env.ui.widgets.pygame_window import AppWindow

    shown: list[tuple[str, ...]] = []

    def run(window: Any) -> None:
        shown.append(window.app.session.document.rows)
        window.step()
        window.close()

    monkeypatch.setattr(commands, "has_display", lambda: True)
    monkeypatch.setattr(AppWindow, "run", run)
    assert gridworld("explore", "aima-4x3").exit_code == 0
    assert gridworld("explore", "--empty", "2,3", "--scale", "2").exit_code == 0
    assert shown == [("...+", ".#.-", "S..."), ("...", "...")]


def test_versions() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gridworld_env", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("gridworld-lab 0.")
    assert f"numpy {np.__version__}" in done.stdout


COMMANDS = """
import runpy, sys
sys.modules[{library!r}] = None
import planners
def never(*_, **__): raise AssertionError("planned first")
planners.solve = planners.value_iteration = planners.policy_iteration = never
for sys.argv in (["gridworld_env.demo"], ["gridworld_env", "plan", "--gif", "a.gif"],
                 ["gridworld_env", "play", "--gif", "a.gif"]):
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=False)
    except SystemExit as ended:
        print("ended with", ended.code if isinstance(ended.code, int) else 1)
        print(ended.code, "\\nnext", file=sys.stderr)
"""


@pytest.mark.parametrize(("library", "package"), [("pygame", "pygame-ce"), ("PIL", "pillow")])
def test_what_is_missing_is_said_before_the_work(library: str, package: str, tmp_path: Path) -> None:
    """Three commands in one process, each of which ends with an error that is no traceback."""
    code = COMMANDS.format(library=library)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert "Traceback" not in done.stderr
    assert "ended with 0" not in done.stdout.splitlines()
    said = done.stderr.split("\nnext")[:-1]
    assert [f"pip install {package}" in one for one in said] == [True] * 3, done.stderr
    assert not list(tmp_path.iterdir())


def test_explore_writes_a_page_without_a_display(tmp_path: Path) -> None:
    page = tmp_path / "class.html"
    result = gridworld("explore", "aima-4x3", "--agent", "q-learning", "--steps", "50", "--html", str(page))
    assert result.exit_code == 0
    assert "open it in a browser" in result.stderr
    assert '"mode":"learn","steps":50' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--empty", "50,50"], "at most 1000 squares, 40 a side"),
        (["--agent", "sarsa"], "has only q-learning"),
        (["--steps", "5"], "without an agent"),
        (["--agent", "q-learning", "--steps", "2000000"], "at most 1000000"),
        (["--scale", "2"], "only for the window"),
        (["--discount", "1.5"], "discount"),
    ],
)
def test_explore_refuses_what_the_page_does_not_have(arguments: list[str], match: str, tmp_path: Path) -> None:
    result = gridworld("explore", *arguments, "--html", str(tmp_path / "class.html"))
    assert result.exit_code == 2
    assert match in " ".join(result.stderr.split())
    assert not list(tmp_path.iterdir())


def test_the_help_lists_what_there_is() -> None:
    assert ", ".join(METHODS) == known_names.METHODS, "write the methods into gridworld_env/cli/known_names.py"
    assert ", ".join(AGENTS) == known_names.AGENTS, "write the learners into gridworld_env/cli/known_names.py"
