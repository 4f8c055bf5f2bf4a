"""The map as somebody paints it: painting, kinds of squares, undo, files."""

import json
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import gridworld_env
from gridworld_env import Cell, MapError, random_map
from gridworld_env.explorer import files
from gridworld_env.explorer.map_document import MapDocument, empty_document, make_document
from gridworld_env.explorer.session import MOST_BYTES, Session
from gridworld_env.explorer.tools import TOOLS, Amounts
from gridworld_env.ui.widgets.history import History, bytes_of


def painted(document: MapDocument, tool: str, *squares: tuple[int, int], amounts: Amounts | None = None) -> MapDocument:
    paint = TOOLS[tool].paint
    assert paint is not None
    return document.painted(squares, lambda cell: paint(cell, amounts or Amounts()))


@pytest.fixture
def lecture() -> MapDocument:
    return make_document({"map_name": "lecture"})


def test_known_kinds_are_painted_with_their_glyphs(lecture: MapDocument) -> None:
    document = painted(lecture, "wall", (0, 0), (0, 1))
    document = painted(painted(document, "minus 1", (2, 3)), "start", (2, 2))
    assert document.rows == ("##.+", ".#.-", "S.S-")
    assert painted(document, "free", (0, 0), (2, 3)).rows == (".#.+", ".#.-", "S.S.")


def test_a_new_kind_gets_a_glyph_once(lecture: MapDocument) -> None:
    document = painted(lecture, "reward", (0, 0), (0, 1), amounts=Amounts(reward=-5.0))
    assert document.rows[0] == "aa.+"
    assert document.legend["a"] == Cell(reward=-5.0)
    assert painted(document, "reward", (2, 2), amounts=Amounts(reward=-5.0)).rows[2] == "S.a."
    assert painted(document, "end", (2, 2), amounts=Amounts(reward=7.0)).cell(2, 2) == Cell(terminal=True, reward=7.0)


def test_wind_is_added_to_what_is_there_and_taken_away(lecture: MapDocument) -> None:
    blown = painted(lecture, "wind", (2, 0), amounts=Amounts(wind="left", strength=2))
    assert blown.cell(2, 0) == Cell(start=True, wind=(0, -2))
    assert painted(blown, "wind", (2, 0), amounts=Amounts(wind="calm")).rows == lecture.rows


def test_glyphs_that_are_not_used_any_more_are_used_again() -> None:
    document = empty_document(1, 3)
    for step in range(2000):
        document = painted(document, "reward", (0, 1), amounts=Amounts(reward=float(step)))
    assert document.cell(0, 1).reward == 1999.0


def test_every_square_may_be_of_a_kind_of_its_own() -> None:
    document = empty_document(10, 20)
    for number in range(200):
        square = divmod(number, 20)
        document = painted(document, "reward", square, amounts=Amounts(reward=float(number)))
    rewards = [document.cell(*divmod(number, 20)).reward for number in range(200)]
    assert rewards == list(range(200))


def test_a_map_without_a_free_square_is_refused_and_nothing_changes(lecture: MapDocument) -> None:
    everything = [(row, column) for row in range(3) for column in range(4)]
    with pytest.raises(MapError, match="no square to start on"):
        painted(lecture, "wall", *everything)
    assert lecture.grid.num_states == 11


def test_a_wall_on_the_target_of_a_teleport_is_refused() -> None:
    document = make_document({"map_name": "sutton-barto-3.5"})
    with pytest.raises(MapError, match="teleport leads nowhere"):
        painted(document, "wall", (4, 1))


def test_rows_and_columns_are_added_and_taken_away(lecture: MapDocument) -> None:
    larger = lecture.resized(4, 6)
    assert larger.rows == ("...+..", ".#.-..", "S.....", "......")
    assert larger.resized(3, 4).rows == lecture.rows
    for wrong in (0, 2001):
        with pytest.raises(MapError, match="expected 1 to 2000"):
            lecture.resized(wrong, 4)


def test_history_is_a_list_with_a_finger_on_it(rng: np.random.Generator) -> None:
    """Against a plain list of all states and an index."""
    history, states, finger = History(0), [0], 0
    for number in range(1, 400):
        action = rng.integers(3)
        if action == 0:
            history.change(number)
            states, finger = [*states[: finger + 1], number], finger + 1
        else:
            moved = finger > 0 if action == 1 else finger < len(states) - 1
            assert (history.undo() if action == 1 else history.redo()) == moved
            finger += (1 if action == 2 else -1) if moved else 0
        assert history.present == states[finger]


@pytest.mark.parametrize("name", gridworld_env.WORLDS)
def test_a_saved_world_has_the_tables_of_the_world(name: str, tmp_path: Path) -> None:
    session = Session(make_document({"map_name": name}))
    files.save(session, str(tmp_path / "map.json"))
    saved = gym.make("GridWorld-v0", **gridworld_env.read_map_file(tmp_path / "map.json")).unwrapped
    world = gym.make("GridWorld-v0", map_name=name).unwrapped
    assert isinstance(saved, gridworld_env.GridWorldEnv)
    assert isinstance(world, gridworld_env.GridWorldEnv)
    np.testing.assert_array_equal(np.asarray(saved.P), np.asarray(world.P))
    np.testing.assert_array_equal(saved.R, world.R)
    np.testing.assert_array_equal(saved.initial_state_distrib, world.initial_state_distrib)


def test_what_is_painted_is_what_is_read_again(rng: np.random.Generator, tmp_path: Path) -> None:
    brushes = [name for name, tool in TOOLS.items() if tool.paint is not None]
    document = make_document({"desc": random_map(6, 7, seed=int(rng.integers(10**6)))})
    for _ in range(60):
        amounts = Amounts(float(rng.integers(-3, 4)), str(rng.choice(["up", "left", "calm"])), int(rng.integers(1, 4)))
        square = (int(rng.integers(6)), int(rng.integers(7)))
        document = painted(document, str(rng.choice(brushes)), square, amounts=amounts)
    path = tmp_path / "painted.json"
    files.save(Session(document), str(path))
    again, found = files.read_document(str(path), 0.9)
    assert found == path
    squares = [(row, column) for row in range(6) for column in range(7)]
    for square in squares:
        before, after = document.cell(*square), again.cell(*square)
        assert (before.wall, before.terminal, before.start, before.reward, tuple(before.wind)) == (
            (after.wall, after.terminal, after.start, after.reward, tuple(after.wind))
        )
    assert again.rules == document.rules


def test_what_a_file_says_besides_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "limited.json"
    path.write_text('{"desc": ["S.+"], "max_episode_steps": 7, "slip": 0.25}')
    session = Session(*files.read_document(str(path), 0.9))
    session.use([(0, 1)], "wall")
    files.save(session, str(path))
    told = json.loads(path.read_text())
    assert (told["max_episode_steps"], told["slip"], told["desc"]) == (7, 0.25, ["S#+"])


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("lectur", "did you mean 'lecture'"),
        ("no/such/file.json", "there is no file"),
        ("arena.map", "there is no file"),
    ],
)
def test_an_unknown_map_is_refused_and_nothing_is_lost(name: str, match: str) -> None:
    session = Session(make_document({"map_name": "lecture"}))
    session.use([(0, 0)], "wall")
    before = session.document
    assert not session.attempt(lambda: files.load(session, name))
    assert session.status[1]
    assert match in session.status[0]
    assert session.document is before


def test_a_file_that_cannot_be_written_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session, path = Session(make_document({"map_name": "lecture"})), tmp_path / "map.json"
    path.write_text("precious")

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    for name in (str(path), str(tmp_path / "no folder" / "map.json"), str(tmp_path / "map.txt")):
        assert not session.attempt(lambda name=name: files.save(session, name))
        assert session.status[1]
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_loading_can_be_undone() -> None:
    session = Session(make_document({"map_name": "lecture"}))
    session.use([(0, 0)], "wall")
    files.load(session, "four-rooms")
    assert session.document.grid.height == 13
    session.undo()
    assert session.document.rows == ("#..+", ".#.-", "S...")
    assert len(session.planning.values) == 10


def kept_bytes(session: Session) -> int:
    """Bytes of the arrays and rows of all documents and pictures that a session holds, each object once."""
    documents = [session.document, session.saved, *session.history.others()]
    grids = [vars(one)["grid"] for one in documents if "grid" in vars(one)] + [f.grid for f in session.recording.frames]
    held = [part for one in documents for part in one.parts]
    held += [array for grid in grids for array in vars(grid).values() if isinstance(array, np.ndarray)]
    return bytes_of(held)


@pytest.mark.long
def test_undo_keeps_what_changed() -> None:
    """A thousand squares painted on a large map: each change costs its row, and not the map."""
    session = Session(make_document({"desc": ["." * 300] * 299 + ["S" + "." * 298 + "+"]}))
    before = kept_bytes(session)
    for number in range(200):
        session.use([(number, 7)], "wall")
        session.record()
    assert kept_bytes(session) - before < 200 * (300 + 60 + 300 * 8 + 60) + 2 * MOST_BYTES
    assert session.history.nbytes < 200 * (300 + 60 + 300 * 8 + 60)
    assert bytes_of(part for shown in session.recording.frames for part in shown.parts) <= MOST_BYTES
    for _ in range(200):
        session.undo()
    assert set("".join(session.document.rows)) == {".", "S", "+"}
    assert session.document.grid.num_states == 300 * 300


def test_history_drops_its_oldest_states_where_they_cost_too_much() -> None:
    history = History(np.zeros(10), parts=lambda array: [array], most_bytes=1000)
    for number in range(100):
        history.change(np.full(10, number))
    assert history.nbytes <= 1000
    undone = 0
    while history.undo():
        undone += 1
    assert undone == 1000 // 80
