"""Checks of one argument, for all that users call. The error names the argument, what it is and what it may be."""

import operator
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import fields
from math import inf, nan
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidOptionError

MOST: Final = 2**63 - 1  # the largest whole number of compiled loops and of NumPy's sizes


def shown(value: Any) -> str:
    """The value in one short line, for a message.

    >>> shown("x"), len(shown(np.zeros(40)))
    ("'x'", 80)
    """
    line = " ".join(repr(value).split())
    return line if len(line) <= 80 else f"{line[:77]}..."


def as_float(number: Any) -> float:
    """The number as a float; NaN, which is in no range, for whatever is not one real number.

    >>> as_float(1), as_float(np.array(2.5)), as_float("10"), as_float(True), as_float([1.0])
    (1.0, 2.5, nan, nan, nan)
    """
    if type(number) is float:
        return number
    if isinstance(number, np.ndarray) and number.ndim == 0:
        number = number[()]
    if isinstance(number, str | bytes | bool | np.bool_ | np.complexfloating) or getattr(number, "ndim", 0):
        return nan
    try:
        return float(number)
    except (TypeError, ValueError, OverflowError):
        return nan


def is_table(value: Any) -> bool:
    """Whether the value is an array, or a nested list of one shape.

    >>> is_table([0.9]), is_table(0.9), is_table([[1], [1, 2]])
    (True, False, False)
    """
    try:
        return not isinstance(value, float | str | bytes) and np.ndim(value) > 0
    except ValueError:
        return False


def check_number(name: str, value: Any, least: float = -inf, *, above: float = -inf, most: float = inf) -> float:
    """The value as a finite float from `least` to `most`, and above `above`; else `InvalidOptionError`.

    >>> check_number("rate", 1.5, 0.0, most=1.0)
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: rate is 1.5; expected a number from 0 to 1
    >>> check_number("scale", "2", above=0.0)
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: scale is '2'; expected a finite number above 0
    """
    number = as_float(value)
    if not (least <= number <= most and number > above and abs(number) < inf):
        wanted = f"a number from {least:g} to {most:g}" if -inf < least and most < inf else "a finite number"
        if above > -inf:
            wanted = f"a number between {above:g} and {most:g}" if most < inf else f"a finite number above {above:g}"
        elif most == inf and least > -inf:
            wanted = f"a finite number of at least {least:g}"
        raise InvalidOptionError(f"{name} is {shown(value)}; expected {wanted}")
    return number


def check_probability(name: str, value: Any) -> float:
    """The value as a float between 0 and 1, which it must not be; else `InvalidOptionError`.

    >>> check_probability("delta", 1)
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: delta is 1; expected a probability between 0 and 1
    """
    if not 0.0 < (number := as_float(value)) < 1.0:
        raise InvalidOptionError(f"{name} is {shown(value)}; expected a probability between 0 and 1")
    return number


def check_whole(name: str, value: Any, least: int = 1, hint: str = "") -> int:
    """The value as a whole number of at least `least`, such as 1000 or 1e3; else `InvalidOptionError`.

    >>> check_whole("steps", 1e3), check_whole("steps", np.int32(5))
    (1000, 5)
    >>> check_whole("steps", True)
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: steps is True; expected a whole number of at least 1
    """
    number = None
    if isinstance(value, float | np.floating):
        number = int(value) if float(value).is_integer() else None
    elif not isinstance(value, bool | np.bool_):
        with suppress(TypeError, ValueError):
            number = operator.index(value)
    if number is None or number < least:
        raise InvalidOptionError(f"{name} is {shown(value)}; expected a whole number of at least {least}{hint}")
    if number > MOST:
        raise InvalidOptionError(f"{name} is {shown(value)}; expected a whole number of at most {MOST}{hint}")
    return number


def check_seed(value: Any, name: str = "seed") -> int | None:
    """The seed of random numbers; `InvalidOptionError` unless it is None or a whole number of at least 0.

    >>> check_seed(-1)
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: seed is -1; expected a whole number of at least 0, or None
    """
    if value is None:
        return None
    try:
        if isinstance(value, bool | np.bool_) or (number := operator.index(value)) < 0:
            raise ValueError
    except (TypeError, ValueError):
        raise InvalidOptionError(f"{name} is {shown(value)}; expected a whole number of at least 0, or None") from None
    return number


def check_choice(name: str, value: Any, choices: Iterable[Any], hint: str = "") -> Any:
    """The value if it is one of the choices, which are words or None; else `InvalidOptionError`.

    >>> check_choice("norm", np.zeros(3), ["l1", "max"])
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: norm is array([0., 0., 0.]); expected 'l1' or 'max'
    """
    known = list(choices)
    if (value is None or isinstance(value, str)) and value in known:
        return value
    words = [repr(choice) for choice in known]
    listed = " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    raise InvalidOptionError(f"{name} is {shown(value)}; expected {listed}{hint}")


def check_switch(name: str, value: Any) -> bool:
    """The value as a bool; `InvalidOptionError` if it is neither True nor False.

    >>> check_switch("minimise", "no")
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: minimise is 'no'; expected True or False
    """
    if not isinstance(value, bool | np.bool_):
        raise InvalidOptionError(f"{name} is {shown(value)}; expected True or False")
    return bool(value)


def check_path(name: str, path: Any, error: type[Exception] = InvalidOptionError) -> Path:
    """The path; else `error`. Whether there is such a file is seen when it is opened.

    >>> check_path("path", 3)
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: path is 3; expected the name of a file
    """
    if isinstance(path, str | bytes | PathLike) and (written := fsdecode(path)) and "\0" not in written:
        return Path(written)
    raise error(f"{name} is {shown(path)}; expected the name of a file")


def check_progress(progress: Any, of_what: str) -> None:
    """`InvalidOptionError` unless progress is True, False, or a function.

    >>> check_progress("yes", "a number of steps")
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: progress is 'yes'; expected True, False, or a function of a number of steps
    """
    if not isinstance(progress, bool | np.bool_) and not callable(progress):
        raise InvalidOptionError(f"progress is {shown(progress)}; expected True, False, or a function of {of_what}")


def check_function(name: str, function: Any, example: str) -> None:
    """`InvalidOptionError` unless the argument is a function or None.

    >>> check_function("key", 3, "key=lambda env, observation: ...")
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: key is 3; expected None or a function, such as key=lambda env, observation: ...
    """
    if function is not None and not callable(function):
        raise InvalidOptionError(f"{name} is {shown(function)}; expected None or a function, such as {example}")


def check_switches(settings: Any) -> None:
    """`InvalidOptionError` for a field of a dataclass that should be True or False, and is neither."""
    for each in fields(settings):
        if each.type is bool:
            check_switch(each.name, getattr(settings, each.name))


def check_numbers(name: str, values: Any, error: type[Exception] = InvalidOptionError) -> NDArray[np.float64]:
    """The values as a float64 array of any shape; else `error`.

    >>> check_numbers("start", [1, "2"])
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: start has elements of type <U21; expected real numbers
    """
    if isinstance(values, Mapping | Set | Iterator) or callable(values):
        kind = type(values).__name__
        raise error(f"{name} is a {kind}, which has no order of its own; expected an array of numbers")
    try:
        if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
            raise TypeError("some of them are masked")
        array = np.asarray(values)
        if array.dtype.kind == "O" and any(isinstance(each, str | bytes) for each in array.flat):
            raise TypeError("there are strings in it")
        if array.dtype.kind in "biufO":
            return array.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError, RuntimeError) as problem:  # RuntimeError: from tensors
        raise error(f"{name} is not an array of numbers: {problem}; expected numbers") from None
    raise error(f"{name} has elements of type {array.dtype}; expected real numbers")


def check_sequence(name: str, values: Any, of_what: str) -> list[Any]:
    """The values as a list; `InvalidOptionError` where they cannot be listed, or are a word or a dictionary.

    >>> check_sequence("values", 3, "parameters")
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: values is 3; expected a list of parameters
    """
    try:
        if isinstance(values, str | bytes | Mapping):
            raise TypeError
        return list(values)
    except TypeError:
        raise InvalidOptionError(f"{name} is {shown(values)}; expected a list of {of_what}") from None
