"""The window, on SDL's dummy driver: opening, closing by the user, by us, by others."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gridworld_env.grid.grid import parse_grid
from gridworld_env.rendering import build_scene, theme
from gridworld_env.rendering.pygame_canvas import Canvas

LECTURE = parse_grid(["...+", ".#.-", "S..."])
FPS = 1000  # the least waiting


@pytest.fixture
def pygame(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    module = pytest.importorskip("pygame")
    module.quit()
    yield module
    module.quit()


def contents(pygame: Any, window: Any) -> np.ndarray:
    return pygame.surfarray.array3d(window.get_surface()).transpose(1, 0, 2)


def test_a_window_shows_the_frame(pygame: Any) -> None:
    canvas = Canvas(LECTURE, fps=FPS)
    scene = build_scene(LECTURE, agent=4, caption="step 1")
    canvas.show(scene)
    assert canvas.window is not None
    np.testing.assert_array_equal(contents(pygame, canvas.window), canvas.frame(scene))
    assert canvas.window.size == (canvas.layout.width, canvas.layout.height)
    canvas.close()


def test_only_the_display_module_is_started(pygame: Any) -> None:
    canvas = Canvas(LECTURE, fps=FPS)
    canvas.show(build_scene(LECTURE))
    assert pygame.display.get_init()
    assert pygame.mixer.get_init() is None
    assert not pygame.joystick.get_init()
    canvas.close()


@pytest.mark.parametrize("kind", ["WINDOWCLOSE", "QUIT"])
def test_a_window_that_the_user_closed_stays_closed_and_nothing_is_raised(pygame: Any, kind: str) -> None:
    canvas = Canvas(LECTURE, fps=FPS)
    canvas.show(build_scene(LECTURE, agent=0))
    details = {"window": canvas.window} if kind == "WINDOWCLOSE" else {}
    pygame.event.post(pygame.event.Event(getattr(pygame, kind), **details))
    for state in (1, 2):
        canvas.show(build_scene(LECTURE, agent=state))
        assert canvas.window is None
        assert canvas.dismissed
    assert canvas.frame(build_scene(LECTURE)).shape == (332, 400, 3)
    canvas.close()
    canvas.show(build_scene(LECTURE))
    assert canvas.window is not None
    canvas.close()


def test_other_windows_and_their_events_are_left_alone(pygame: Any) -> None:
    pygame.display.init()
    other = pygame.Window("other", (50, 50))
    canvas = Canvas(LECTURE, fps=FPS)
    canvas.show(build_scene(LECTURE))
    pygame.event.post(pygame.event.Event(pygame.WINDOWCLOSE, window=other))
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_UP))
    canvas.show(build_scene(LECTURE))
    assert canvas.window is not None
    waiting = pygame.event.get((pygame.WINDOWCLOSE, pygame.KEYDOWN))
    assert sorted(event.type for event in waiting) == sorted((pygame.WINDOWCLOSE, pygame.KEYDOWN))
    canvas.close()
    assert pygame.display.get_init()
    other.get_surface().fill(theme.AGENT)
    assert other.get_surface().get_at((1, 1))[:3] == theme.AGENT
    other.destroy()


def test_two_canvases_close_one_by_one(pygame: Any) -> None:
    one, two = Canvas(LECTURE, fps=FPS), Canvas(LECTURE, fps=FPS)
    one.show(build_scene(LECTURE, agent=0))
    two.show(build_scene(LECTURE, agent=1))
    pygame.event.post(pygame.event.Event(pygame.WINDOWCLOSE, window=two.window))
    one.show(build_scene(LECTURE, agent=0))
    two.show(build_scene(LECTURE, agent=1))
    assert one.window is not None
    assert two.window is None
    one.close()


def test_close_may_be_called_again_and_before_anything_was_shown(pygame: Any) -> None:
    canvas = Canvas(LECTURE, fps=FPS)
    canvas.close()
    canvas.show(build_scene(LECTURE))
    canvas.close()
    canvas.close()
    assert canvas.window is None


def test_somebody_elses_pygame_quit_reopens_the_window(pygame: Any) -> None:
    canvas = Canvas(LECTURE, fps=FPS)
    canvas.show(build_scene(LECTURE, agent=0))
    pygame.quit()
    canvas.show(build_scene(LECTURE, agent=1, caption="on"))
    assert canvas.window is not None
    np.testing.assert_array_equal(
        contents(pygame, canvas.window), canvas.frame(build_scene(LECTURE, agent=1, caption="on"))
    )
    pygame.quit()
    canvas.close()
    assert canvas.window is None


def test_unread_mouse_motion_does_not_pile_up(pygame: Any) -> None:
    canvas = Canvas(LECTURE, fps=FPS)
    canvas.show(build_scene(LECTURE))
    for x in range(100):
        pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=(x, 0), rel=(1, 0), buttons=(0, 0, 0)))
    canvas.show(build_scene(LECTURE))
    assert not pygame.event.peek(pygame.MOUSEMOTION)
    canvas.close()
