"""pygame's events as those of `events`: names of keys, positions in points."""

from typing import Any, Final

import pygame

from gridworld_env.ui.widgets.events import Closed, Dropped, Event, Key, Pointer

NAMES: Final = {"page up": "pageup", "page down": "pagedown", "enter": "return", "keypad enter": "return"}
MODIFIERS: Final = ((pygame.KMOD_CTRL, "ctrl"), (pygame.KMOD_ALT, "alt"), (pygame.KMOD_SHIFT, "shift"))
ALONE: Final = frozenset(
    getattr(pygame, f"K_{side}{name}") for side in "LR" for name in ("SHIFT", "CTRL", "ALT", "META")
)
DIGITS: Final = {getattr(pygame, f"KSCAN_{digit}"): digit for digit in "1234567890"}  # the row above the letters
# What the other keys type on an American keyboard, without and with Shift.
PLACES: Final = {
    getattr(pygame, f"KSCAN_{letter.upper()}"): (letter, "") for letter in "abcdefghijklmnopqrstuvwxyz"
} | {
    pygame.KSCAN_LEFTBRACKET: ("[", "{"),
    pygame.KSCAN_RIGHTBRACKET: ("]", "}"),
    pygame.KSCAN_SEMICOLON: (";", ":"),
    pygame.KSCAN_APOSTROPHE: ("'", '"'),
    pygame.KSCAN_COMMA: (",", "<"),
    pygame.KSCAN_PERIOD: (".", ">"),
    pygame.KSCAN_SLASH: ("/", "?"),
    pygame.KSCAN_MINUS: ("-", "_"),
    pygame.KSCAN_EQUALS: ("=", "+"),
}
THIRD_LEVEL: Final = pygame.KMOD_RALT | pygame.KMOD_MODE  # AltGr, which some systems report as Ctrl and Alt


def translate(event: Any, scale: float) -> Event | None:
    """One of pygame's events; None for one that no app is told of.

    Args:
        event: pygame's.
        scale: Window units a point.
    """
    kind = event.type
    if kind in (pygame.QUIT, pygame.WINDOWCLOSE):
        return Closed()
    if kind == pygame.DROPFILE:
        return Dropped(event.file)
    if kind == pygame.KEYDOWN:
        return _key(event)
    if kind == pygame.MOUSEWHEEL:
        x, y = pygame.mouse.get_pos()
        position = getattr(event, "pos", (x, y))
        turned = getattr(event, "precise_y", event.y) or event.y
        ctrl = bool(pygame.key.get_mods() & pygame.KMOD_CTRL)
        return Pointer("wheel", (position[0] / scale, position[1] / scale), wheel=turned, ctrl=ctrl)
    if kind not in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP, pygame.MOUSEMOTION):
        return None
    position = (event.pos[0] / scale, event.pos[1] / scale)
    ctrl = bool(pygame.key.get_mods() & pygame.KMOD_CTRL)
    if kind == pygame.MOUSEMOTION:
        held = next((number for number, down in enumerate(event.buttons, 1) if down), 0)
        return Pointer("move", position, held, ctrl=ctrl)
    if event.button > 3:  # the wheel's old way of speaking
        return None
    return Pointer("press" if kind == pygame.MOUSEBUTTONDOWN else "release", position, event.button, ctrl=ctrl)


def _key(event: Any) -> Key | None:
    """The stroke of a key. Signs are named by what they type, which is the same on every keyboard layout.

    The row of digits is also named by where a key lies: Shift and 2 type another sign on every layout, and the French
    one types digits with Shift alone. So is every key that types no sign of ASCII, as on Greek and Russian layouts.
    """
    if event.key in ALONE:
        return None
    mods, typed = getattr(event, "mod", 0), getattr(event, "unicode", "")
    held = [name for mask, name in MODIFIERS if mods & mask]
    if mods & THIRD_LEVEL and typed.isprintable() and typed and not typed.isalnum():
        held = []  # AltGr has typed a sign, such as [ on a German keyboard
    text = typed if typed.isprintable() and "ctrl" not in held and "alt" not in held else ""
    name = pygame.key.name(event.key).lower()
    place = _place(getattr(event, "scancode", None), held, text or name)
    if text and not text.isalpha() and not text.isspace():
        return Key(place, text, text) if place and text.isdigit() else Key(text, text, place)
    return Key("+".join([*held, NAMES.get(name, name)]), text, place)


def _place(scancode: int | None, held: list[str], typed: str) -> str:
    """The stroke by where a key lies; empty where what it types is enough."""
    digit = DIGITS.get(scancode)
    if digit is not None:
        return "+".join([*held, digit])
    plain, shifted = ("", "") if typed and typed.isascii() else PLACES.get(scancode, ("", ""))
    if "shift" in held and shifted:
        return shifted
    return "+".join([*held, plain]) if plain else ""
