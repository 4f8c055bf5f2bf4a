"""Errors of the GAN laboratory, and the lookup of names."""

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class GameError(Exception):
    """Anything that went wrong in a game."""


class WiringError(GameError, ValueError):
    """Players, moves, names or numbers that do not fit the game."""


class NonFiniteMoveError(WiringError):
    """A player's move has NaN or infinity in it.

    Attributes:
        player: Whose it was.
    """

    def __init__(self, message: str, player: str) -> None:
        """Keep whose move it was."""
        super().__init__(message)
        self.player = player


class DivergedError(GameError, RuntimeError):
    """A payoff or a parameter became infinite or NaN.

    Attributes:
        player: Whose it was.
        step: Update in which it happened, where known.
        run: The run so far, where there is one.
    """

    def __init__(self, message: str, *, player: str = "", step: int | None = None, run: Any = None) -> None:
        """Keep who, when and what there is."""
        super().__init__(message)
        self.player, self.step, self.run = player, step, run


def choose(name: Any, table: Mapping[str, T], what: str) -> T:
    """The entry of a name.

    Raises:
        WiringError: There is none; with the nearest names, and all of them.

    >>> choose("rimg8", {"ring8": 1, "grid25": 2}, "game")
    Traceback (most recent call last):
        ...
    gan_lab.errors.WiringError: unknown game 'rimg8'; did you mean 'ring8'? There are: grid25, ring8
    """
    if isinstance(name, str) and name in table:
        return table[name]
    near = difflib.get_close_matches(str(name), table, n=2)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise WiringError(f"unknown {what} {name!r}; {hint}There are: {', '.join(sorted(table))}")
