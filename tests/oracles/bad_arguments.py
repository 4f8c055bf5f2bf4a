"""Values that no argument of a kind can be, and the check that a function refuses them with a sentence."""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

WORDS: tuple[Any, ...] = ("x", b"x", {}, {"a": 1}, object(), 1j, [[1], [1, 2]], np.array(["a", "b"]))
NOTHING: tuple[Any, ...] = (*WORDS, "10", [])
ARRAYS: tuple[Any, ...] = (np.zeros(3), np.array([None, 1]), np.ma.masked_array([1.0, 2.0], [True, False]))
NUMBER = (None, math.nan, math.inf, 10**400, True, np.True_, Decimal("NaN"), math, *NOTHING, *ARRAYS)
BAD: Mapping[str, tuple[Any, ...]] = {
    "number": NUMBER,
    "discount": tuple(each for each in NUMBER if not isinstance(each, bool | np.bool_)),  # True is 1
    "whole": (0.5, -1, *NUMBER),
    "switch": (None, 0, 1.0, *NOTHING, *ARRAYS),
    "seed": (-1, 0.5, math.nan, True, *WORDS[:-2], "10"),
    "choice": (3, math.nan, True, *NOTHING, *ARRAYS),
    "path": (math.nan, "", b"", "a\0b", 10**6, *WORDS[2:], [], *ARRAYS),
    "function": (3, math.nan, *NOTHING, *ARRAYS),
    "progress": (None, 3, *NOTHING, *ARRAYS),
    "numbers": (*WORDS, 10**400, {1}, iter([1.0]), len, math, ARRAYS[2]),
    "list": (3, math.nan, "x", b"x", {"a": 1}, object(), 1j, np.array(1.5)),
}


def accepted(call: Callable[..., Any], valid: Mapping[str, Any], kinds: Mapping[str, str], error: Any) -> list[str]:
    """What a call does not refuse as it should, in words; the valid call must work.

    Args:
        call: A function.
        valid: Its arguments.
        kinds: For some of them, a key of `BAD`; with a question mark behind where it may be None.
        error: The class of the errors.
    """
    call(**valid)
    wrong = []
    for name, kind in kinds.items():
        for value in BAD[kind.removesuffix("?")]:
            if value is None and kind.endswith("?"):
                continue
            try:
                call(**{**valid, name: value})
            except error as problem:
                text = str(problem)
                if not (name in text and "expected" in text):
                    wrong.append(f"{name}={value!r:.60}: the message does not say so: {text:.150}")
            except Exception as problem:
                wrong.append(f"{name}={value!r:.60}: {problem!r:.150}")
            else:
                wrong.append(f"{name}={value!r:.60} was accepted")
    return wrong
