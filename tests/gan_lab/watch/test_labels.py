"""Every label of the window of `gan-lab watch` is whole at 1280 x 720, 1600 x 1000 and scale 2: text is measured."""

from collections.abc import Iterator
from typing import Any

import pytest

pygame = pytest.importorskip("pygame")

from gan_lab.watch.commands import COMMANDS  # noqa: E402
from gan_lab.watch.drawing.pygame_ink import Ink  # noqa: E402
from gan_lab.watch.launch import open_watch, opening  # noqa: E402
from gan_lab.watch.session import Session  # noqa: E402
from gridworld_env.ui.widgets.controls import Buttons  # noqa: E402
from gridworld_env.ui.widgets.geometry import Rect  # noqa: E402
from tests.oracles.windows import User, without_a_screen, written  # noqa: E402

# The three that were asked for; what a desktop's bars leave of the first; and the size at which the window opens.
SIZES = [(1280, 720, 1.0), (1600, 1000, 1.0), (1280, 720, 2.0), (1280, 630, 1.0), (1240, 890, 1.0)]
SMALL = {"recipe": "plain", "batch_size": 8}
GAMES: dict[str, dict[str, Any]] = {
    "plane": {"game": "ring8", **SMALL},
    "a score that is no log-odds": {"game": "grid25", "loss": "wasserstein", "penalty": "gradient_penalty", **SMALL},
    "line": {"game": "two_bumps", "batch_size": 8},
    "line, p_g from samples": {"game": "bump", "noise": 2, "loss": "hinge", "batch_size": 8},
    "two numbers": {"game": "dirac", "update": "simultaneous"},
    "two numbers, no spectrum": {"game": "dirac", "penalty": "gradient_penalty"},
    "planes side by side": {"game": "two_modes", "beside": {"loss": "wasserstein", "penalty": "r1r2"}, **SMALL},
    "lines side by side": {"game": "bump", "beside": {"loss": "least_squares"}, "batch_size": 8},
    "numbers side by side": {"game": "dirac", "update": "simultaneous", "beside": {"update": "extragradient"}},
}


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with without_a_screen(monkeypatch) as windows:

        def make(session: Session, size: tuple[int, int, float]) -> User:
            wide, high, scale = size
            windows.append(open_watch(session, (wide, high), scale))
            return User(windows[-1])

        yield make


@pytest.fixture(scope="module")
def sessions() -> dict[str, Session]:
    """One of each kind, some updates old, with the numbers that need most room."""
    made = {name: opening(**options) for name, options in GAMES.items()}
    for session in made.values():
        for side in session.sides:
            for _ in range(3):
                side.update()
            side.live_run.run.steps = 123_456
        session.running = True  # coarse pictures, which have the same labels
        session._begin_picture()
        while session.drawing_pictures:
            session.advance(0.0)
        session.running = False
    return made


def words_without_room(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that gets the paragraphs of the next pictures that are left out, in part or whole."""
    found: list[str] = []

    def words(ink: Ink, rect: Rect, lines: list[str], height: float) -> None:
        needed = [row for line in lines if line for row in ink.wrapped(line, rect.width)]
        if len(needed) * height > rect.height + 1e-6:
            found.extend(needed[int(rect.height // height) :])
        plain(ink, rect, lines, height)

    plain = Ink.words
    monkeypatch.setattr(Ink, "words", words)
    return found


@pytest.mark.parametrize("name", GAMES)
def test_every_label_is_whole(
    name: str, sessions: dict[str, Session], window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sessions[name]
    views = ["D", "noise", "networks"] if session.live_run.of_samples and len(session.sides) == 1 else ["D"]
    for size in SIZES:
        user = window(session, size)
        user.away()
        pages = ("Game", "Rules", "View") if user.app.is_low else ("",)
        for number in range(max(len(views), len(pages))):
            session.view, page = views[number % len(views)], pages[number % len(pages)]
            if page:
                user.app.turn_page(page)
            dropped = words_without_room(monkeypatch)
            lines = written(user, monkeypatch)
            assert not dropped, (size, session.view)
            assert len(lines) > 30
            cut = [line.text for line in lines if not line.whole]
            assert not cut, (size, session.view, page, cut)
            assert user.app.panel.content_height() <= user.app.panel.rect.height  # nothing has to be scrolled to


@pytest.mark.parametrize("size", SIZES[:3], ids=str)
def test_help_questions_and_messages_are_whole(
    size: tuple[int, int, float], sessions: dict[str, Session], window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command stands on the sheet of keys, which is read to its end; so are long messages, and questions."""
    session = sessions["plane"]
    user = window(session, size)
    user.key("f1")
    user.away()
    seen: list[str] = []
    lines = []
    while lines != (lines := written(user, monkeypatch)):  # until the sheet goes down no further
        assert [line.text for line in lines if line.width > line.place.width + 1e-6] == []
        seen += [line.text for line in lines if line.whole]
        user.key("down")
    told = " ".join(seen)
    assert all(word in told for command in COMMANDS for word in command.help.split()), "a command is not on the sheet"
    user.key("f1")
    for control, place in user.app.panel.places():
        for button, at in control.places(place) if isinstance(control, Buttons) else ():
            user.move(*(size[2] * part for part in at.center))
            assert all(line.whole for line in written(user, monkeypatch)), button.hint
    user.away()
    session.say("a sentence that is told at some length. " * 8, refusal=True)
    assert all(line.whole for line in written(user, monkeypatch))
    user.key("ctrl+s")
    assert all(line.whole for line in written(user, monkeypatch))
    user.app.prompt = None
    session.side.saved = 0
    user.post(pygame.WINDOWCLOSE)
    user.window.step()
    lines = written(user, monkeypatch)
    assert any("Save the players?" in line.text for line in lines)
    assert all(line.whole for line in lines)
    user.app.overlay = None
