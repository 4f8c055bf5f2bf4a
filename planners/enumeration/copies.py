"""Copies of an environment that draw by a stand-in, and that share what no step changes.

A deep copy of Taxi is a copy of its tables too. Attributes that steps do not change in place are therefore shared by
all copies. Which these are is tried out on some steps, and looked at again later: if one has changed after all, the
caller begins anew, and that attribute is copied each time.
"""

import copy
import inspect
import pickle
import random
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from planners.enumeration.enumerated_generator import EnumeratedGenerator
from planners.errors import InvalidModelError

PLAIN: Final = (int, float, str, bytes, np.generic, type(None), type)
NUMBERS: Final = frozenset((int, float, bool, str, bytes, type(None)))
OFTEN: Final = 2000  # copies between two looks at what is shared


class SharedChangedError(Exception):
    """A step changed an attribute that copies share: all that was found since then may be wrong."""


class Copies:
    """Makes copies of one environment.

    Attributes:
        first: The environment, with the stand-in as its generator. It is only copied, never played.
        others: Whether it has generators of other kinds.
    """

    def __init__(self, env: Any, stand_in: EnumeratedGenerator | None) -> None:
        """Copy an environment; the stand-in takes the place of its NumPy generators, unless it is None."""
        self._changing: set[str] = set()
        self._shared: dict[int, Any] = {}
        self._pickled: dict[str, bytes] = {}
        self._made = 0
        self._untouched = deep_copy(env).copied if stand_in is None else _with_stand_in(env, stand_in)
        self.first = self._untouched
        self.others = bool(deep_copy(self.first).generators())
        self._thorough = self.others or not _has_only_attributes(type(env))

    def share(self, played: Iterable[Any]) -> None:
        """Find out what steps do not change in place, and share it from now on.

        Args:
            played: A full copy while it is played: before and after each step.
        """
        self._shared, self._pickled, self._made = {}, {}, 0
        self.first = deep_copy(self._untouched).copied  # steps may have changed what the last one shared
        before: dict[str, tuple[Any, bytes | None]] = {}
        for env in played:
            now = {name: (value, _written(value)) for name, value in _attributes(env, self._changing)}
            for name, (value, written) in now.items():
                if written is None or (name in before and before[name][0] is value and before[name][1] != written):
                    self._changing.add(name)
            before = now
        for name, value in _attributes(self.first, self._changing):
            if (written := _written(value)) is not None:
                self._shared.update({id(part): part for part in deep_copy(value).originals})
                self._pickled[name] = written

    def copy(self, env: Any) -> "Copied":
        """A copy of an environment that is a copy of `first`.

        Raises:
            SharedChangedError: Steps have changed what is shared: `share` again, and begin anew.
        """
        self._made += 1
        if self._made % OFTEN == 0:
            self.check()
        return deep_copy(env, _Memo(self._shared)) if self._thorough else self._quick(env)

    def _quick(self, env: Any) -> "Copied":
        """A copy as `copy.deepcopy` makes it, of an object that has nothing but attributes, most of them plain."""
        copied = object.__new__(type(env))
        attributes = vars(copied)
        attributes.update(vars(env))
        lists: dict[int, Any] = {}
        others: list[str] = []
        for name, value in vars(env).items():
            kind = type(value)
            if kind in NUMBERS or isinstance(value, PLAIN) or id(value) in self._shared:
                continue
            if kind is list and NUMBERS.issuperset(map(type, value)):  # such as cards: most of what is copied
                attributes[name] = lists.setdefault(id(value), value[:])
            else:
                others.append(name)
        if others:
            memo = _Memo(self._shared)
            memo.update(lists)
            memo[id(env)] = copied
            for name in others:
                attributes[name] = copy.deepcopy(attributes[name], memo)
        return Copied(copied, [], [])

    def check(self) -> None:
        """See whether all that is shared is what it was.

        Raises:
            SharedChangedError: It is not.
        """
        changed = {name for name, before in self._pickled.items() if _written(vars(self.first)[name]) != before}
        if changed:
            self._changing |= changed
            raise SharedChangedError


class Copied(NamedTuple):
    """A deep copy, and its parts that are no plain numbers or words."""

    copied: Any
    originals: list[Any]
    parts: list[Any]

    def generators(self) -> list[Any]:
        """The generators of random numbers in the copy, but for a stand-in."""
        kinds = np.random.Generator | np.random.RandomState | random.Random
        found = {id(part): part for part in [*self.parts, getattr(self.copied, "np_random", None)]}
        return [
            part for part in found.values() if isinstance(part, kinds) and not isinstance(part, EnumeratedGenerator)
        ]


def deep_copy(thing: Any, memo: dict[int, Any] | None = None) -> Copied:
    """A deep copy.

    Args:
        thing: An environment, or one of its attributes.
        memo: What stands for objects in the copy, by their `id`.

    Raises:
        InvalidModelError: It cannot be copied.
    """
    memo = {} if memo is None else memo
    try:
        copied = copy.deepcopy(thing, memo)
    except Exception as error:
        raise InvalidModelError(f"a {type(thing).__name__} cannot be copied: {error}") from error
    originals = memo.get(id(memo), [])  # those that deepcopy keeps alive
    return Copied(copied, originals, [memo[id(part)] for part in originals if id(part) in memo])


class _Memo(dict[int, Any]):
    """The memo of a deep copy in which shared objects stand for themselves."""

    def __init__(self, shared: dict[int, Any]) -> None:
        super().__init__()
        self._shared = shared

    def get(self, key: int, default: Any = None) -> Any:
        return self._shared[key] if key in self._shared else super().get(key, default)


def _with_stand_in(env: Any, stand_in: EnumeratedGenerator) -> Any:
    generators = [part for part in deep_copy(env).originals if isinstance(part, np.random.Generator)]
    if isinstance(own := getattr(env, "np_random", None), np.random.Generator):
        generators.append(own)
    copied, _, parts = deep_copy(env, {id(each): stand_in for each in generators})
    for part in parts:  # a generator that Gymnasium would make when it is first asked for
        if inspect.getattr_static(part, "_np_random", part) is None:
            part._np_random = stand_in
    return copied


def _has_only_attributes(kind: type) -> bool:
    """Whether `copy.deepcopy` copies the attributes of such an object, and nothing else."""
    own = any("__slots__" in vars(each) for each in kind.__mro__ if each.__module__ not in ("typing", "abc"))
    special = ("__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__new__")
    return not own and all(getattr(kind, name, None) is getattr(object, name, None) for name in special)


def _attributes(env: Any, leave_out: set[str]) -> list[tuple[str, Any]]:
    return [
        (name, value)
        for name, value in getattr(env, "__dict__", {}).items()
        if name not in leave_out and not isinstance(value, PLAIN)
    ]


def _written(value: Any) -> bytes | None:
    """What it is, to be compared; None where nobody can tell."""
    try:
        return pickle.dumps(value)
    except Exception:
        return None
