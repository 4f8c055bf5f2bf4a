"""Damaging files: bytes flipped, cut off, swapped, inserted, repeated, and numbers replaced by others."""

import re

import numpy as np

NUMBERS = (b"nan", b"inf", b"-1", b"0", b"1e400", b"99999999999999999999", b"9" * 5000, b"0x10", b"1_0", b"")


def damaged(whole: bytes, rng: np.random.Generator) -> bytes:
    """The bytes with one to four kinds of damage."""
    data = bytearray(whole)
    for _ in range(int(rng.integers(1, 5))):
        if not data:
            break
        place, other = (int(rng.integers(len(data))) for _ in range(2))
        kind = int(rng.integers(6))
        if kind == 0:
            data[place] ^= 1 << int(rng.integers(8))
        elif kind == 1 and rng.random() < 0.3:
            del data[place:]
        elif kind == 2:
            data[place], data[other] = data[other], data[place]
        elif kind == 3:
            data[place:place] = rng.bytes(int(rng.integers(1, 9)))
        elif kind == 4:
            low, high = sorted((place, other))
            data[low:low] = data[low : min(high, low + 200)]
        else:
            _replace_a_number(data, rng)
    return bytes(data)


def _replace_a_number(data: bytearray, rng: np.random.Generator) -> None:
    found = list(re.finditer(rb"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", bytes(data[:4000])))
    if found:
        match = found[int(rng.integers(len(found)))]
        data[match.start() : match.end()] = NUMBERS[int(rng.integers(len(NUMBERS)))]
