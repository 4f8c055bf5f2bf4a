"""Whether a step of an environment draws random numbers, and the same step with others."""

import copy
import pickle
import random
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from planners.errors import InvalidModelError

OTHERS: Final = 14  # random numbers that are tried beside the smallest and the largest
WORDS: Final = 8  # 32 bits each: so many are the smallest, or the largest, in a row

Generators = list[Any]


def copy_of(env: Any) -> tuple[Any, Generators]:
    """A copy of an environment, and every generator of random numbers that was copied with it."""
    copied_by_id: dict[int, Any] = {}
    try:
        copied = copy.deepcopy(env, copied_by_id)
    except Exception as error:
        raise InvalidModelError(f"a {type(env).__name__} cannot be copied: {error}") from error
    kinds = np.random.Generator | np.random.RandomState | random.Random
    found = [each for each in copied_by_id.values() if isinstance(each, kinds)]
    unique = {id(each): each for each in found}
    if isinstance(own := getattr(copied, "np_random", None), kinds):
        unique[id(own)] = own
    return copied, list(unique.values())


def position(generators: Generators) -> bytes:
    """Where generators are, those of `random` and `numpy.random` too: the same after a step that drew nothing."""
    return pickle.dumps([*map(_state, generators), random.getstate(), np.random.get_state()])  # noqa: NPY002


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.get_state() if isinstance(generator, np.random.RandomState) else generator.getstate()


def redrawn(env: Any, seeds: np.random.SeedSequence) -> Iterator[Any]:
    """Copies of an environment that go on with other random numbers: the smallest, the largest, and any others."""
    for words in (0, 2**32 - 1, *[None] * OTHERS):
        copied, generators = copy_of(env)
        reseed(generators, seeds)
        if words is not None and hasattr(copied, "np_random"):
            copied.np_random = np.random.Generator(_beginning_with(words, seeds))
        yield copied


def reseed(generators: Generators, seeds: np.random.SeedSequence) -> None:
    """Let every generator begin anew, elsewhere."""
    for generator in generators:
        (seed,) = seeds.spawn(1)
        if isinstance(generator, np.random.Generator):
            kind: Any = type(generator.bit_generator)
            generator.bit_generator.state = kind(seed).state
        else:
            generator.seed(int(seed.generate_state(1)[0]))


def _beginning_with(words: int, seeds: np.random.SeedSequence) -> np.random.MT19937:
    """A generator whose first bits are all 0, or all 1: the smallest draws there are, or the largest."""
    generator = np.random.MT19937(seeds.spawn(1)[0])
    state: Any = generator.state
    state["state"]["key"][:WORDS], state["state"]["pos"] = _untempered(words), 0
    generator.state = state
    return generator


def _untempered(word: int) -> int:
    """The state word of which the Mersenne Twister makes `word`.

    Source: Matsumoto and Nishimura (1998), "Mersenne Twister", Equations 2.2 to 2.5, backwards.
    """
    word ^= word >> 18
    word ^= (word << 15) & 0xEFC60000
    earlier = word
    for _ in range(5):
        earlier = word ^ ((earlier << 7) & 0x9D2C5680)
    word = earlier & 0xFFFFFFFF
    earlier = word
    for _ in range(3):
        earlier = word ^ (earlier >> 11)
    return earlier
