"""Errors of the GAN laboratory, the lookup of names, and the check of whole numbers."""

import difflib
import operator
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


class GameError(Exception):
    """Base class of all errors of games."""


class WiringError(GameError, ValueError):
    """Players, moves, names or numbers that do not fit the game."""


class NonFiniteMoveError(WiringError):
    """A player's move has NaN or infinity in it.

    Attributes:
        player: Player whose payoff or parameter it was.
    """

    def __init__(self, message: str, player: str) -> None:
        """Keep the player whose move it was."""
        super().__init__(message)
        self.player = player


class DivergedError(GameError, RuntimeError):
    """A payoff or a parameter became infinite or NaN.

    Attributes:
        player: Player whose payoff or parameter it was.
        step: Update in which it happened, if known.
        run: The run so far, if there is one.
    """

    player: str
    step: int | None
    run: Any  # a `Run` or a `VAERun`, of rooms above

    def __init__(self, message: str, *, player: str = "", step: int | None = None, run: Any = None) -> None:
        """Keep the player, the step and the run."""
        super().__init__(message)
        self.player, self.step, self.run = player, step, run


def choose(name: Any, known: Mapping[str, T], what: str) -> T:
    """The entry of a name.

    Raises:
        WiringError: There is none; with the nearest names, and all of them.

    >>> choose("rimg8", {"ring8": 1, "grid25": 2}, "game")
    Traceback (most recent call last):
        ...
    gan_lab.errors.WiringError: unknown game 'rimg8'; did you mean 'ring8'? There are: grid25, ring8
    """
    if isinstance(name, str) and name in known:
        return known[name]
    near = difflib.get_close_matches(str(name), known, n=2)
    hint = f"did you mean {' or '.join(map(repr, near))}? There" if near else "there"
    raise WiringError(f"unknown {what} {name!r:.60}; {hint} are: {', '.join(sorted(known))}")


def whole_number(name: str, value: Any, least: int) -> int:
    """A whole number of at least `least`, NumPy's included.

    Raises:
        WiringError: It is something else, True and False too.

    >>> whole_number("steps", 3, 0)
    3
    """
    try:
        found = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        found = None
    if found is None or found < least:
        raise WiringError(f"{name} is {value!r}; expected a whole number of at least {least}")
    return found


def row_of(
    found: Any, of: str, needed: tuple[str, ...] = (), reserved: tuple[str, ...] = ("step",)
) -> dict[str, float]:
    """What a game's `truth` says, as floats: NumPy's numbers and tensors of one number too.

    Args:
        found: What it says.
        of: Whose it is, for messages.
        needed: Names that it has to have.
        reserved: Names that it must not have.

    Raises:
        WiringError: It is no mapping of names to numbers, a name is missing, or it is one that a run gives itself.

    >>> row_of({"value": -1, "exploitability": "none"}, "truth() of 'mine'")
    Traceback (most recent call last):
        ...
    gan_lab.errors.WiringError: truth() of 'mine' says 'exploitability': 'none'; expected a number for each name
    """
    if not isinstance(found, Mapping):
        raise WiringError(f"{of} says {found!r}; expected a dictionary of names and numbers")
    numbers: dict[str, float] = {}
    for name, value in found.items():
        try:
            numbers[str(name)] = np.asarray(getattr(value, "detach", lambda value=value: value)(), np.float64).item()
        except (TypeError, ValueError, RuntimeError):
            raise WiringError(f"{of} says {name!r}: {value!r}; expected a number for each name") from None
    if taken := [name for name in reserved if name in numbers]:
        raise WiringError(f"{of} says {taken[0]!r}, which is a name that the run itself gives: take another name")
    if missing := [name for name in needed if name not in numbers]:
        raise WiringError(f"{of} says {', '.join(numbers)}; expected {' and '.join(map(repr, missing))} among them")
    return numbers


def number_above_0(name: str, value: Any) -> float:
    """A finite number above 0.

    Raises:
        WiringError: It is something else.

    >>> number_above_0("rate", 0.5)
    0.5
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = 0.0
    if not 0.0 < found < float("inf"):
        raise WiringError(f"{name} is {value!r}; expected a finite number above 0")
    return found


def number_of_at_least_0(name: str, value: Any) -> float:
    """A finite number of at least 0.

    Raises:
        WiringError: It is something else.

    >>> number_of_at_least_0("penalty_weight", 0.5)
    0.5
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = -1.0
    if not 0.0 <= found < float("inf"):
        raise WiringError(f"{name} is {value!r}; expected a number of at least 0")
    return found
