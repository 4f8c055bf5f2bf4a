"""Replays: what is in the pages and the animations, whatever browser there may be."""

import base64
import hashlib
import os
import re
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import gan_lab
import planners
from gan_lab.cli.commands import app as gan_app
from gridworld_env import MapError, Replay
from gridworld_env.cli.commands import app
from gridworld_env.replays.page import document_of
from gridworld_env.ui.files.whole_file import check_place, write_whole
from gridworld_env.ui.pages.packing import packed, quantised, unpacked
from gridworld_env.ui.pages.page import page_text
from gridworld_env.ui.pages.thinning import Thinning
from tests.oracles.pages import document_in

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{document}}&amp;\u2028"


def recorded(env: Any, discount: float = 0.9, seed: int = 0, **options: Any) -> tuple[Replay, planners.Plan]:
    replay = Replay(env, **options)
    plan = planners.value_iteration(env, discount=discount, progress=replay)
    replay.play(plan, seed=seed)
    return replay, plan


def test_the_page_has_every_sweep(tmp_path: Path, rng: np.random.Generator) -> None:
    """Against sweeps written here, over the environment's own table."""
    env: Any = gym.make("GridWorld-v0", slip=0.2)
    replay, plan = recorded(env)
    size = replay.html(tmp_path / "lecture.html")
    page = (tmp_path / "lecture.html").read_text(encoding="utf-8")
    assert size == len(page.encode()) == (tmp_path / "lecture.html").stat().st_size
    document = document_in(page)
    scene = document["scenes"][0]
    values, lower, upper, arrows = (unpacked(scene[name]) for name in ("values", "lower", "upper", "arrows"))
    assert len(values) == plan.iterations
    P, R = np.asarray(env.unwrapped.P), env.unwrapped.R
    alive = ~env.unwrapped.grid.terminal
    V = np.zeros(11)
    for sweep in range(plan.iterations):
        assert values[sweep] == pytest.approx(V, abs=1e-6)
        Q = R + 0.9 * P @ np.where(alive, V, 0.0)
        best = Q - Q.max(axis=1, keepdims=True) >= -1e-12
        found = arrows[sweep][:, None] >> np.arange(4) & 1
        assert (found[alive] == best[alive]).all()
        assert not found[~alive].any()
        V = np.where(alive, Q.max(axis=1), 0.0)
    assert (lower <= plan.upper + 1e-6).all()
    assert (upper >= plan.lower - 1e-6).all()
    assert document["at"][: plan.iterations] == list(range(plan.iterations))
    assert len(document["captions"]) == len(document["at"]) == plan.iterations + len(replay.steps) + 1
    visits = document["scenes"][1]
    found = planners.visits(env, plan, discount=0.9)
    assert unpacked(visits["values"])[0] == pytest.approx(found.states, rel=1e-6)
    assert (unpacked(visits["arrows"])[0][alive] == 1 << plan.policy.actions[alive]).all()
    residual = unpacked(document["charts"][0]["series"][1]["y"])
    assert residual == pytest.approx([step.residual for step in plan.history], rel=1e-6)


def test_the_episode_tells_intended_from_actual(rng: np.random.Generator) -> None:
    env: Any = gym.make("GridWorld-v0", slip=0.5)
    plan = planners.solve(env, discount=0.9)
    slipped = 0
    for seed in rng.integers(2**31, size=20):
        replay = Replay(env)
        replay.play(plan, seed=int(seed))
        assert replay.steps[-1].transition.terminated
        for step, here, there in zip(replay.steps, replay.visited, replay.visited[1:], strict=False):
            assert step.intended == plan.policy.act(here)
            straight = replay.env.mdp.successor[here, step.made]
            assert straight == there  # the move that was made leads there
            slipped += step.intended != step.made
    assert slipped > 0
    assert env.unwrapped.trace.last is None  # the caller's own environment was not touched


def test_infinite_values_and_bounds_are_shown_as_such() -> None:
    replay, _ = recorded(gym.make("GridWorld-v0", desc=["S.+", "###", "..."]), discount=1.0)
    scene = document_in(page_text(document_of(replay)))["scenes"][0]
    assert np.isneginf(unpacked(scene["values"])[-1, 3:]).all()
    assert np.isinf(unpacked(scene["upper"])[0]).all()  # nothing is proven at first


def test_long_runs_are_thinned_evenly(rng: np.random.Generator) -> None:
    for count in rng.integers(1, 3000, size=30):
        thinning: Thinning[int] = Thinning(lambda frame: 8, most_frames=int(rng.integers(3, 50)))
        for frame in range(count):
            thinning.add(lambda frame=frame: frame)
        kept = thinning.frames
        assert kept[0] == 0
        assert kept[-1] == count - 1
        assert len(set(np.diff(kept[:-1]).tolist())) <= 1
        assert len(kept) == len(set(kept)) <= thinning._most_frames
        assert 2 * thinning.every * thinning._most_frames >= count  # and no more than need be


def test_frames_have_a_limit_in_bytes() -> None:
    thinning: Thinning[bytes] = Thinning(len, most_bytes=1000)
    for _ in range(500):
        thinning.add(lambda: bytes(100))
    assert 5 <= len(thinning.frames) <= 11
    assert "of 500: every 64th" in str(thinning)


def test_arrays_survive(rng: np.random.Generator) -> None:
    for dtype in ("uint8", "uint16", "int16", "int32", "float32"):
        numbers = rng.integers(0, 100, size=(3, 4)).astype(dtype)
        assert (unpacked(packed(numbers, dtype)) == numbers).all()
    points = rng.uniform(-1.5, 1.5, (200, 2))
    found = unpacked(quantised(points, 1.25)) / 32767 * 1.25
    inside = np.abs(points) <= 1.25
    assert np.abs(found - points)[inside].max() < 1.25 / 60_000
    assert (unpacked(quantised(points, 1.25))[~inside] == -32768).all()


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    env = gym.make("GridWorld-v0", desc=["S<+"], legend={"<": {"reward": -1.0, "one_way": "RIGHT"}})
    replay, _ = recorded(env, title=HOSTILE)
    replay.html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<script") == page.count("</script>") == 2
    assert "<img" not in page
    assert "alert(1)<" not in page
    assert document_in(page)["title"] == HOSTILE


def test_the_page_allows_its_own_script_and_nothing_from_elsewhere() -> None:
    replay, _ = recorded(gym.make("GridWorld-v0"))

    page = page_text(document_of(replay))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy.startswith("default-src 'none'; ")
    for element in ("script", "style"):
        (text,) = re.findall(rf"<{element}>(.*?)</{element}>", page, re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert not re.findall(r"(?:src|href)=[\"'](?!data:,)", page)
    assert not re.findall(r"https?://(?!www\.w3\.org/(?:2000/svg|1999/xhtml)\")", page)
    assert "{{" not in page.split("</head>")[0]


def test_places_are_tried_before_the_work(tmp_path: Path) -> None:
    assert check_place(tmp_path / "a.html", ".html") == tmp_path / "a.html"
    assert not list(tmp_path.iterdir())
    for path, error, message in (
        (tmp_path / "a.htm", ValueError, "does not end in .html"),
        (tmp_path / "no" / "a.html", FileNotFoundError, "there is no folder"),
        (Path("/proc/a.html"), OSError, "cannot be written"),
    ):
        with pytest.raises(error, match=message):
            check_place(path, ".html")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(IsADirectoryError):
        check_place(tmp_path / "folder.html", ".html")


def test_files_are_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.html"
    write_whole(path, b"before")

    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="no space"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["a.html"]


def test_what_cannot_be_replayed_is_refused() -> None:
    with pytest.raises(MapError, match="250 rows and 251 columns"):
        Replay(gym.make("GridWorld-v0", desc=["S" + "." * 250] * 250))
    with pytest.raises(MapError, match="needs the GridWorld-v0"):
        Replay(gym.make("FrozenLake-v1"))
    with pytest.raises(MapError, match="recorded nothing"):
        Replay(gym.make("GridWorld-v0")).html("page.html")
    with pytest.raises(gan_lab.WiringError, match="recorded nothing"):
        gan_lab.Replay().html("page.html")
    env = gym.make("GridWorld-v0")
    with pytest.raises(planners.InvalidOptionError, match="use value_iteration or policy_iteration"):
        planners.gauss_seidel(env, discount=0.9, progress=Replay(env))


def test_ctrl_c_keeps_what_there_is(tmp_path: Path) -> None:
    env = gym.make("GridWorld-v0", map_name="aima-4x3")
    replay = Replay(env)

    def interrupted(moment: planners.Moment) -> None:
        replay(moment)
        if moment.iteration == 5:
            raise KeyboardInterrupt

    plan = planners.value_iteration(env, discount=0.99, progress=interrupted)
    assert plan.status is planners.Status.INTERRUPTED
    replay.play(plan, seed=1)
    replay.html(tmp_path / "a.html")
    document = document_in((tmp_path / "a.html").read_text(encoding="utf-8"))
    assert unpacked(document["scenes"][0]["values"]).shape == (5, 11)
    assert ["How it ended", planners.Status.INTERRUPTED.value] in document["facts"]


@pytest.mark.parametrize("method", ["value_iteration", "policy_iteration"])
def test_the_command_writes_both(method: str, tmp_path: Path) -> None:
    page, gif = tmp_path / "a.html", tmp_path / "a.gif"
    arguments = ["plan", "lecture", "--slip", "0.2", "--method", method, "--seed", "3"]
    result = CliRunner().invoke(app, [*arguments, "--html", str(page), "--gif", str(gif)])
    assert result.exit_code == 0
    assert result.stderr.count("wrote ") == 2
    document = document_in(page.read_text(encoding="utf-8"))
    assert document["title"] == "lecture, planned"
    assert document["unit"] == ("sweep" if method == "value_iteration" else "policy")
    with Image.open(gif) as animation:
        assert animation.n_frames > 5  # pyright: ignore[reportAttributeAccessIssue]
    again = tmp_path / "b.html"
    CliRunner().invoke(app, [*arguments, "--html", str(again)])
    same = {**document_in(again.read_text(encoding="utf-8")), "title": document["title"]}
    if method == "value_iteration":  # policy iteration begins at random
        assert same == document


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--html", "a.htm"], "does not end in .html"),
        (["--html", "/proc/a.html"], "cannot be written"),
        (["--gif", "nowhere/a.gif"], "no folder"),
        (["--html", "a.html", "--method", "gauss-seidel"], "expected auto, value_iteration or policy_iteration"),
    ],
)
def test_the_commands_refuse_before_they_work(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["plan", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    if "--method" not in arguments:
        result = CliRunner().invoke(gan_app, ["train", "dirac", "--steps", "1000000", *arguments])
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["replay_lecture", "replay_learning", "replay_dirac"])
def test_stored_pages_are_those_of_the_template(name: str) -> None:
    stored = (Path(__file__).parents[3] / "docs" / f"{name}.html").read_text(encoding="utf-8")
    assert page_text(document_in(stored)) == stored, "run: python docs/replay_pages.py"
