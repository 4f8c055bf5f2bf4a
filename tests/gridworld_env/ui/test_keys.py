"""Keys on other keyboards than the American one: signs by what is typed, letters by where the key lies."""

from typing import Any

import pytest

pygame = pytest.importorskip("pygame")

from gridworld_env.explorer.commands import COMMANDS  # noqa: E402 - pygame may be missing
from gridworld_env.ui.widgets.pygame_keys import translate  # noqa: E402

SHIFT, CTRL, ALT_GR = pygame.KMOD_LSHIFT, pygame.KMOD_LCTRL, pygame.KMOD_RALT
KEYS = [
    # layout, key, scancode, modifiers, what is typed, the command
    ("American", ord("["), pygame.KSCAN_LEFTBRACKET, 0, "[", "step reward down"),
    ("German AltGr+8", ord("8"), pygame.KSCAN_8, ALT_GR, "[", "step reward down"),
    ("German AltGr+8, Windows", ord("8"), pygame.KSCAN_8, ALT_GR | CTRL, "[", "step reward down"),
    ("German ü", ord("ü"), pygame.KSCAN_LEFTBRACKET, 0, "ü", "step reward down"),
    ("German Ü", ord("ü"), pygame.KSCAN_LEFTBRACKET, SHIFT, "Ü", "step reward far down"),
    ("German ö", ord("ö"), pygame.KSCAN_SEMICOLON, 0, "ö", "discount down"),
    ("German z, where y lies", ord("z"), pygame.KSCAN_Y, 0, "z", "same arrows"),
    ("French a, where q lies", ord("a"), pygame.KSCAN_Q, 0, "a", "tool agent"),
    ("French é, where 2 lies", ord("é"), pygame.KSCAN_2, 0, "é", "view policy"),
    ("French Shift+2", ord("é"), pygame.KSCAN_2, SHIFT, "2", "view policy"),
    ("German +", ord("+"), pygame.KSCAN_RIGHTBRACKET, 0, "+", "tool plus 1"),
    ("American +", ord("="), pygame.KSCAN_EQUALS, SHIFT, "+", "tool plus 1"),
    ("German ?", ord("ß"), pygame.KSCAN_MINUS, SHIFT, "?", "help"),
    ("Russian ц", ord("ц"), pygame.KSCAN_W, 0, "ц", "tool wall"),
    ("Russian Ctrl+я", ord("я"), pygame.KSCAN_Z, CTRL, "", "undo"),
    ("Russian Ctrl+Shift+я", ord("я"), pygame.KSCAN_Z, CTRL | SHIFT, "", "redo"),
    ("Greek ν", ord("ν"), pygame.KSCAN_N, 0, "ν", "sweep"),
    ("Alt+v", ord("v"), pygame.KSCAN_V, ALT_GR, "v", "strengthen wind"),
]


@pytest.mark.parametrize("row", KEYS, ids=[row[0] for row in KEYS])
def test_keys_of_other_keyboards_run_their_commands(row: tuple[Any, ...]) -> None:
    _, key, scancode, mod, typed, command = row
    event = pygame.event.Event(pygame.KEYDOWN, key=key, scancode=scancode, mod=mod, unicode=typed)
    stroke: Any = translate(event, 1.0)
    found = COMMANDS.of_stroke(stroke.stroke) or COMMANDS.of_stroke(stroke.other)
    assert found is not None
    assert found.name == command
    if "ctrl" not in stroke.stroke and typed != "v":
        assert stroke.text == typed
