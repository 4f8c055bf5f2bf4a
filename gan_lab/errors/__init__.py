"""Errors of the GAN laboratory, the lookup of names, and checks of single arguments."""

import difflib
import math
import operator
from collections.abc import Mapping
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

SIZE: Final = 2**31 - 1  # the largest number of rows, of copies, of threads

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
    raise WiringError(f"unknown {what} {shown(name)}; {hint} are: {', '.join(sorted(known))}")


def shown(value: Any) -> str:
    """The value in one short line, for a message."""
    line = " ".join(repr(value).split())
    return line if len(line) <= 80 else f"{line[:77]}..."


def whole_number(name: str, value: Any, least: int, most: int = 2**63 - 1) -> int:
    """A whole number from `least` to `most`, NumPy's included.

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
        raise WiringError(f"{name} is {shown(value)}; expected a whole number of at least {least}")
    if found > most:
        raise WiringError(f"{name} is {shown(value)}; expected a whole number of at most {most}")
    return found


def seed_number(value: Any, name: str = "seed") -> int:
    """A seed: a whole number of at least 0, however large.

    Raises:
        WiringError: It is something else.
    """
    try:
        found = -1 if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        found = -1
    if found < 0:
        raise WiringError(f"{name} is {shown(value)}; expected a whole number of at least 0")
    return found


def switch(name: str, value: Any) -> bool:
    """True or False.

    Raises:
        WiringError: It is something else.

    >>> switch("progress", "yes")
    Traceback (most recent call last):
        ...
    gan_lab.errors.WiringError: progress is 'yes'; expected True or False
    """
    if not isinstance(value, bool | np.bool_):
        raise WiringError(f"{name} is {shown(value)}; expected True or False")
    return bool(value)


def file_path(name: str, path: Any) -> Path:
    """The path of a file, which may be there or not.

    Raises:
        WiringError: It is no path.

    >>> file_path("path", 3)
    Traceback (most recent call last):
        ...
    gan_lab.errors.WiringError: path is 3; expected the name of a file
    """
    if isinstance(path, str | bytes | PathLike) and (written := fsdecode(path)) and "\0" not in written:
        return Path(written)
    raise WiringError(f"{name} is {shown(path)}; expected the name of a file")


def real_array(name: str, values: Any) -> NDArray[np.float64]:
    """The values as a float64 array of any shape.

    Raises:
        WiringError: They are no real numbers, or have no one shape.

    >>> real_array("means", ["a"])
    Traceback (most recent call last):
        ...
    gan_lab.errors.WiringError: means is not an array of numbers: elements of type <U1; expected real numbers
    """
    try:
        found = np.asarray(getattr(values, "detach", lambda: values)())
        if np.ma.is_masked(values):
            raise TypeError("some of them are masked")
        if found.dtype.kind not in "biufO" or any(isinstance(each, str | bytes) for each in found.flat[:1]):
            raise TypeError(f"elements of type {found.dtype}")
        return found.astype(np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise WiringError(f"{name} is not an array of numbers: {error}; expected real numbers") from None


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


def as_float(value: Any) -> float:
    """The value as a float; NaN, which is in no range, for what is not one real number."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, str | bytes | bool | np.bool_ | np.complexfloating) or getattr(value, "ndim", 0):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def number_above_0(name: str, value: Any) -> float:
    """A finite number above 0.

    Raises:
        WiringError: It is something else.

    >>> number_above_0("rate", 0.5)
    0.5
    """
    if not 0.0 < (found := as_float(value)) < math.inf:
        raise WiringError(f"{name} is {shown(value)}; expected a finite number above 0")
    return found


def number_of_at_least_0(name: str, value: Any) -> float:
    """A finite number of at least 0.

    Raises:
        WiringError: It is something else.

    >>> number_of_at_least_0("penalty_weight", 0.5)
    0.5
    """
    if not 0.0 <= (found := as_float(value)) < math.inf:
        raise WiringError(f"{name} is {shown(value)}; expected a number of at least 0")
    return found


def number_between(name: str, value: Any, least: float, most: float) -> float:
    """A number from `least` to `most`.

    Raises:
        WiringError: It is something else.

    >>> number_between("momentum", 0.5, -1, 1)
    0.5
    """
    if not least <= (found := as_float(value)) <= most:
        raise WiringError(f"{name} is {shown(value)}; expected a number from {least:g} to {most:g}")
    return found


def two_betas(betas: Any) -> tuple[float, float]:
    """The two decays of Adam.

    Raises:
        WiringError: They are not two numbers of at least 0 and below 1.

    >>> two_betas((0.0, 0.99))
    (0.0, 0.99)
    """
    found = real_array("betas", betas)
    if found.shape != (2,) or not ((found >= 0.0) & (found < 1.0)).all():
        raise WiringError(f"betas is {shown(betas)}; expected two numbers of at least 0 and below 1")
    return float(found[0]), float(found[1])
