"""Generators of random numbers that cannot be enumerated: those of `random`, and the old ones of NumPy."""

import random
from typing import Any

import numpy as np


def positions() -> list[Any]:
    """Where the generators are that all programs share: equal after a step that drew nothing from them."""
    return [random.getstate(), position(np.random)]


def position(generator: Any) -> Any:
    """Where a generator is."""
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    if isinstance(generator, random.Random):
        return generator.getstate()
    kind, words, *rest = generator.get_state()
    return (kind, words.tobytes(), *rest)


def reseed(generators: list[Any], seeds: np.random.SeedSequence) -> None:
    """Let every generator begin anew, elsewhere."""
    for generator in generators:
        (seed,) = seeds.spawn(1)
        if isinstance(generator, np.random.Generator):
            kind: Any = type(generator.bit_generator)
            generator.bit_generator.state = kind(seed).state
        else:
            generator.seed(int(seed.generate_state(1)[0]))
