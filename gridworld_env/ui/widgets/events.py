"""What a window reports, without the window library's own types; positions are points."""

from dataclasses import dataclass
from typing import Literal

from gridworld_env.ui.widgets.geometry import Point


@dataclass(frozen=True)
class Key:
    """A key went down.

    Attributes:
        stroke: Its name after the modifiers held, such as "a", "ctrl+shift+z", "left", "?"; see `commands`.
        text: What it types; empty for keys that type nothing.
        other: What runs if nothing has that stroke: of the row of digits "shift+2", where Shift and 2 type a sign.
    """

    stroke: str
    text: str = ""
    other: str = ""


@dataclass(frozen=True)
class Pointer:
    """The mouse did something.

    Attributes:
        kind: "press", "move" (with or without a button held), "release" or "wheel".
        position: Where.
        button: 1 left, 2 middle, 3 right; of a move, the one held, or 0.
        wheel: Notches of the wheel, away from the user positive.
        ctrl: Whether Ctrl is held.
    """

    kind: Literal["press", "move", "release", "wheel"]
    position: Point
    button: int = 0
    wheel: float = 0.0
    ctrl: bool = False


@dataclass(frozen=True)
class Dropped:
    """A file was dropped on the window."""

    path: str


@dataclass(frozen=True)
class Closed:
    """The window is to close."""


Event = Key | Pointer | Dropped | Closed
