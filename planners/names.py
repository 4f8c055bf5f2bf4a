"""Names of states and actions: what can be hashed, or what is equal where it is."""

import json
import re
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import shown
from planners.errors import InvalidModelError

MOST_SPELLED: Final = 32  # numbers of an array that are its name; a larger one, such as a picture, has its bytes


def hashable(observation: Any) -> Hashable:
    """The observation, or what is equal where it is: dictionaries by their items, arrays by their numbers or bytes.

    >>> import numpy as np
    >>> hashable(np.array([0, 3, 1]))
    (0, 3, 1)
    """
    if isinstance(observation, dict):
        return tuple((name, hashable(observation[name])) for name in sorted(observation))
    if isinstance(observation, tuple | list):
        return tuple(map(hashable, observation))
    if isinstance(observation, np.ndarray):
        if observation.dtype.kind in "biuf" and observation.size <= MOST_SPELLED and not np.isnan(observation).any():
            return hashable(observation.tolist())
        return (observation.shape, observation.dtype.str, observation.tobytes())
    return observation.item() if isinstance(observation, np.generic) else observation


def checked_names(what: str, names: Any, count: int | None = None) -> tuple[Hashable, ...]:
    """(count,) names, each different.

    Args:
        what: What is named, for errors: "states" or "actions".
        names: Anything that can be hashed, or arrays or dictionaries of it; one for each.
        count: How many are expected; None: as many as there are.

    Raises:
        InvalidModelError: Another number of names, one that cannot be hashed, one that is NaN, or one given twice.

    >>> checked_names("states", ["low", "high"], 2)
    ('low', 'high')
    >>> checked_names("states", ["low", "low"], 2)
    Traceback (most recent call last):
    planners.errors.InvalidModelError: states has 'low' twice, as 0 and 1; expected a name of its own for each
    """
    if isinstance(names, str | bytes) or not isinstance(names, Iterable) or not getattr(names, "ndim", 1):
        raise InvalidModelError(f"{what} is {shown(names)}; expected a list of names")
    found = tuple(map(hashable, names.tolist() if isinstance(names, np.ndarray) else names))
    if count is not None and len(found) != count:
        raise InvalidModelError(f"{what} has {len(found)} names; expected {count}, one for each")
    first: dict[Hashable, int] = {}
    for number, name in enumerate(found):
        if not is_hashable(name) or name != name:  # NaN
            raise InvalidModelError(
                f"{what} has {name!r:.80} as name {number}; expected what can be hashed and found again, such as a "
                "word, a number or a tuple"
            )
        if name in first:
            raise InvalidModelError(
                f"{what} has {name!r:.80} twice, as {first[name]} and {number}; expected a name of its own for each"
            )
        first[name] = number
    return found


def some_names(names: Iterable[Any], limit: int = 8) -> str:
    """The first few names, and how many more there are.

    >>> some_names(["low", "high"]), some_names([])
    ("'low', 'high'", 'none')
    """
    listed = list(names)
    shown = ", ".join(f"{name!r:.40}" for name in listed[:limit]) or "none"
    return shown if len(listed) <= limit else f"{shown} and {len(listed) - limit} more"


def in_names(text: str, states: Sequence[Hashable] | None, actions: Sequence[Hashable] | None) -> str:
    """A sentence about states and actions by number, with their names instead; None: they have none.

    >>> in_names("state 1, action 0 leads nowhere", ["low", "high"], None)
    "state 'high', action 0 leads nowhere"
    >>> in_names("in 2 states (0, 1), not states 0 to 1", ["low", "high"], None)
    "in 2 states ('low', 'high'), not states 0 to 1"
    """
    for kind, names in (("state", states), ("action", actions)):
        if names is not None:
            text = re.sub(
                rf"\b{kind}s? \(?\d+(?:, \d+)*(?! to)\b", lambda found, names=names: _named(found[0], names), text
            )
    return text


def _named(text: str, names: Sequence[Hashable]) -> str:
    """The text with the names of its numbers."""
    return re.sub(
        r"\d+", lambda number: f"{names[int(number[0])]!r:.80}" if int(number[0]) < len(names) else number[0], text
    )


def is_hashable(name: Any) -> bool:
    """Whether it can be hashed, with all that is in it."""
    try:
        hash(name)
    except TypeError:
        return False
    return True


def written_names(names: Iterable[Hashable]) -> NDArray[np.uint8] | None:
    """Names as bytes of JSON; None where some are neither text, numbers, bytes nor tuples of these.

    >>> read_names(written_names([("low", 1), 2.5, None]))
    (('low', 1), 2.5, None)
    """
    try:
        text = json.dumps([_written(name) for name in names])
    except TypeError:
        return None
    return np.frombuffer(text.encode(), dtype=np.uint8)


def read_names(written: NDArray[np.uint8] | None) -> tuple[Hashable, ...] | None:
    """The names that `written_names` wrote."""
    return None if written is None else tuple(map(_read, json.loads(bytes(written).decode())))


def _written(name: Any) -> Any:
    if isinstance(name, tuple):
        return {"tuple": [_written(part) for part in name]}
    if isinstance(name, bytes):
        return {"bytes": name.hex()}
    if type(name) not in (str, int, float, bool, type(None)):  # a subclass, such as an Enum, would come back as another
        raise TypeError(f"{type(name).__name__} is no text, number, bytes or tuple")
    return name


def _read(written: Any) -> Any:
    if not isinstance(written, dict):
        return written
    return bytes.fromhex(written["bytes"]) if "bytes" in written else tuple(map(_read, written["tuple"]))
