"""What tells two games of the same name apart."""

import hashlib
from typing import Any

import numpy as np


def fingerprint(game: Any) -> str:
    """Twelve hexadecimal digits of all numbers that make a game: its public arrays and numbers.

    >>> from gan_lab.games import FiniteGame
    >>> fingerprint(FiniteGame([0.5, 0.5])) == fingerprint(FiniteGame([0.5, 0.5]))
    True
    >>> fingerprint(FiniteGame([0.5, 0.5])) == fingerprint(FiniteGame([0.9, 0.1]))
    False
    """
    digest = hashlib.sha256()
    for name, value in sorted(vars(game).items()):
        if not name.startswith("_") and isinstance(value, np.ndarray | int | float | str):
            array = np.asarray(value)
            digest.update(f"{name} {array.dtype} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:12]
