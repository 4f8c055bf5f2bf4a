"""What the explorer asks before work is lost or a file is replaced; maps, scenarios and agents chosen from menus."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from gridworld_env.explorer import files
from gridworld_env.explorer.app import ExplorerApp
from gridworld_env.explorer.formula import formula_lines
from gridworld_env.explorer.launch import make_app
from gridworld_env.explorer.map_document import make_document
from gridworld_env.explorer.session import Session
from gridworld_env.ui.widgets.events import Closed, Dropped, Key
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.menu import Menu
from gridworld_env.ui.widgets.prompt import Choice

ARENA = "type octile\nheight 4\nwidth 4\nmap\n....\n.@@.\n....\n....\n"
SCENARIOS = "version 1\n0\tarena.map\t4\t4\t0\t0\t3\t2\t5\n1\tarena.map\t4\t4\t0\t2\t3\t3\t3.41421356\n"


def opened(session: Session) -> ExplorerApp:
    app = make_app(session, lambda app, painter, rect: None)
    app.lay_out(Rect(0, 0, 1280, 720), 1.0)
    return app


@pytest.fixture
def app() -> ExplorerApp:
    return opened(Session(make_document({"map_name": "lecture"}), seed=1))


@pytest.fixture
def arena(tmp_path: Path) -> Path:
    (tmp_path / "arena.map").write_text(ARENA, encoding="utf-8")
    (tmp_path / "arena.map.scen").write_text(SCENARIOS, encoding="utf-8")
    return tmp_path / "arena.map"


def press(app: ExplorerApp, *strokes: str) -> None:
    for stroke in strokes:
        app.handle(Key(stroke, stroke if len(stroke) == 1 else ""))


def type_in(app: ExplorerApp, text: str) -> None:
    press(app, "ctrl+backspace", *text, "return")


def finish(session: Session) -> None:
    while session.job is not None:
        session.job.paced = False
        session.advance(0.0)


def paint_a_wall(app: ExplorerApp) -> None:
    app.session.use([(2, 1)], "wall")


@pytest.mark.parametrize(
    "lose", [lambda app: app.handle(Closed()), lambda app: press(app, "ctrl+q"), lambda app: press(app, "ctrl+o"),
             lambda app: press(app, "ctrl+m"), lambda app: app.handle(Dropped("aima-4x3"))],
    ids=["close", "quit", "open", "maps", "drop"],
)  # fmt: skip
def test_a_painted_map_is_not_lost_without_a_question(app: ExplorerApp, lose: Any, tmp_path: Path) -> None:
    paint_a_wall(app)
    painted = app.session.document
    lose(app)
    assert isinstance(app.overlay, Choice)
    assert "map" in app.overlay.question
    press(app, "escape")
    assert app.session.document is painted
    assert not app.closing
    lose(app)
    press(app, "s")  # save first: it has no name yet
    type_in(app, str(tmp_path / "mine.json"))
    assert json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))["desc"][2] == "S#.."
    assert app.session.unsaved == "" or app.session.document is not painted


def test_rules_of_a_map_with_a_name_can_be_left_without_a_question(app: ExplorerApp) -> None:
    press(app, "[", "[", ".")
    app.handle(Closed())
    assert app.closing


def test_rules_of_a_file_are_asked_about(app: ExplorerApp, tmp_path: Path) -> None:
    files.save(app.session, str(tmp_path / "map.json"))
    press(app, "[")
    app.handle(Closed())
    assert isinstance(app.overlay, Choice)
    press(app, "s")
    assert app.closing
    assert json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))["step_reward"] == -0.05


def test_a_file_that_somebody_else_wrote_is_not_replaced_without_a_question(app: ExplorerApp, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    files.save(app.session, str(path))
    paint_a_wall(app)
    path.write_text('{"desc": ["S+"]}', encoding="utf-8")
    press(app, "ctrl+s")
    assert isinstance(app.overlay, Choice)
    press(app, "escape")
    assert path.read_text(encoding="utf-8") == '{"desc": ["S+"]}'
    press(app, "ctrl+s", "r")
    assert "S#.." in path.read_text(encoding="utf-8")
    paint_a_wall(app)
    app.session.use([(2, 2)], "wall")
    press(app, "ctrl+s")  # one's own file is
    assert app.overlay is None
    assert "S##." in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("stroke", "suffix"), [("ctrl+g", "gif"), ("ctrl+h", "html"), ("ctrl+p", "png")])
def test_pictures_and_pages_do_not_replace_a_file_silently(
    app: ExplorerApp, stroke: str, suffix: str, tmp_path: Path
) -> None:
    pytest.importorskip("pygame")
    path = tmp_path / f"run.{suffix}"
    path.write_text("old", encoding="utf-8")
    press(app, "n", stroke)
    type_in(app, str(path))
    press(app, "escape")
    finish(app.session)
    assert path.read_text(encoding="utf-8") == "old"
    press(app, stroke)
    type_in(app, str(path))
    press(app, "r")
    finish(app.session)
    assert path.stat().st_size > 500


def test_a_page_has_every_picture_with_what_was_said(app: ExplorerApp, tmp_path: Path) -> None:
    pytest.importorskip("pygame")
    press(app, "n", "n", "return")
    said = [one.caption for one in app.session.recording.frames]
    files.export_page(app.session, str(tmp_path / "run.html"))
    finish(app.session)
    text = (tmp_path / "run.html").read_text(encoding="utf-8")
    found = re.search(r'id="document">(.*?)</script>', text, re.S)
    assert found is not None
    document = json.loads(found[1])
    assert document["captions"] == said
    assert len(said) == 3
    assert len({picture[:400] for picture in document["pictures"]} | set(document["pictures"])) >= 3
    assert "http" not in text.replace("http-equiv", "")  # nothing from anywhere


def test_a_map_is_chosen_from_the_menu(app: ExplorerApp) -> None:
    press(app, "ctrl+m")
    menu: Any = app.overlay
    assert isinstance(menu, Menu)
    names = [item.title for item in menu.items]
    assert {"lecture", "aima-4x3", "frozenlake-4x4"} <= set(names)
    menu.chosen = names.index("frozenlake-4x4")
    press(app, "return")
    assert app.overlay is None
    assert app.session.document.grid.height == 4
    press(app, "ctrl+z")  # undoing leads back
    assert app.session.document.rows == ("...+", ".#.-", "S...")
    press(app, "ctrl+m", "n", "home", "return")
    assert app.prompt is not None  # the name of a file


def test_an_agent_is_chosen_from_the_menu(app: ExplorerApp) -> None:
    press(app, "f3", "ctrl+a", "right", "return")
    assert app.session.learning.name == "sarsa"


@pytest.mark.parametrize("name", ["arena.map", "arena.map.scen"])
def test_a_movingai_map_opens_with_its_scenarios(app: ExplorerApp, arena: Path, name: str) -> None:
    """V* of the start is minus the published length."""
    press(app, "ctrl+o")
    type_in(app, str(arena.with_name(name)))
    assert app.session.scenarios == arena
    for number, length in enumerate((5.0, 2 + np.sqrt(2))):
        press(app, "shift+o")
        menu: Any = app.overlay
        assert [item.title for item in menu.items[1:]] == ["Scenario 0", "Scenario 1"]
        menu.chosen = number + 1
        press(app, "return")
        assert f"{-length:.5g}" in app.session.status[0]
        press(app, "return")  # Jump to V*
        start = app.session.document.grid.attribute("start", bool)
        assert app.session.planning.values[start][0] == pytest.approx(-length, abs=1e-9)
    press(app, "shift+o", "home", "return")
    type_in(app, "1")
    assert "scenario 1 of 0 to 1" in app.session.status[0]
    for wrong in ("2", "-1", "x"):
        press(app, "shift+o", "home", "return")
        before = app.session.document
        type_in(app, wrong)
        assert app.session.status[1]
        assert app.session.document is before


def test_a_movingai_map_without_scenarios_waits_for_a_goal(app: ExplorerApp, arena: Path) -> None:
    arena.with_name("arena.map.scen").unlink()
    app.handle(Dropped(str(arena)))
    assert app.session.document.grid.wall.sum() == 2
    assert "no terminal square" in app.session.status[0]
    press(app, "shift+o")
    assert app.session.status[1]
    app.session.use([(2, 3)], "plus 1")
    press(app, "return")
    assert not app.session.status[1]


def lines_of(world: str, discount: float, **rules: Any) -> Iterator[tuple[Any, int, int, list[str], Any]]:
    session = Session(make_document({"map_name": world, **rules}, discount))
    env: Any = gym.make("GridWorld-v0", map_name=world, **rules).unwrapped
    app = opened(session)
    for _ in range(3):
        press(app, "n")
        for state in np.flatnonzero(~session.document.grid.terminal).tolist():
            session.cursor = tuple(session.document.grid.cell_of_state[state].tolist())
            yield env, state, session.planning.num_actions, formula_lines(session), session.planning.values


@pytest.mark.parametrize(
    ("world", "discount", "rules"),
    [("lecture", 0.9, {"slip": 0.2}), ("aima-4x3", 1.0, {}), ("sutton-barto-6.6", 1.0, {}), ("bookgrid", 0.9, {})],
)
def test_the_formula_of_a_square_is_its_backup(world: str, discount: float, rules: Any) -> None:
    """Each line's terms are the entries of the environment's own table, and its number is their sum."""
    for env, state, actions, (head, *lines), values in lines_of(world, discount, **rules):
        assert len(lines) == actions
        q = []
        for action, line in enumerate(lines):
            entries = env.P[state][action]
            assert line.count("; to ") == len(entries)
            q.append(sum(p * (r + discount * values[after] * (not ends)) for p, after, r, ends in entries))
            assert f" = {q[-1]:.4g}" in line or f" = {q[-1] + 0.0:.4g}".replace("-0", "0") in line
        for number, line in zip(q, lines, strict=True):
            assert line.endswith("= best") == bool(np.isclose(number, max(q), rtol=1e-9, atol=1e-12))
        assert f"backup {max(q):.4g}" in head or abs(max(q)) < 1e-12


def test_the_formula_of_a_policy_by_hand_names_its_action(app: ExplorerApp) -> None:
    press(app, "f4", "shift+l")
    app.session.cursor = (2, 3)
    head, *lines = formula_lines(app.session)
    assert head.startswith("row 2, column 3: V of your policy")
    assert lines[0].startswith("up: (-1; to 1, 3) = -1 = your action")
    app.session.cursor = (1, 1)
    assert "wall" in formula_lines(app.session)[0]
    app.session.cursor = (0, 3)
    assert "terminal" in formula_lines(app.session)[0]
