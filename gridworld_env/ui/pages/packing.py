"""Arrays inside JSON: base64 of their bytes, little-endian, as the page's typed arrays read them."""

import base64
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

# NumPy's name of a type, and JavaScript's.
TYPES: Final = {
    "uint8": "Uint8Array",
    "uint16": "Uint16Array",
    "int16": "Int16Array",
    "int32": "Int32Array",
    "float32": "Float32Array",
}


def packed(numbers: ArrayLike, dtype: str = "float32") -> dict[str, Any]:
    """An array as a piece of a document.

    Args:
        numbers: Of any shape.
        dtype: uint8, uint16, int16, int32 or float32, which keeps seven digits.

    >>> packed([1, 2], "uint8")
    {'type': 'Uint8Array', 'shape': [2], 'base64': 'AQI='}
    """
    with np.errstate(over="ignore"):  # what a float32 cannot hold becomes infinite
        array = np.ascontiguousarray(numbers, dtype=np.dtype(dtype).newbyteorder("<"))
    text = base64.b64encode(array.tobytes()).decode("ascii")
    return {"type": TYPES[dtype], "shape": list(np.shape(numbers)), "base64": text}


def unpacked(piece: dict[str, Any]) -> NDArray[Any]:
    """The array of a piece again, as the page reads it."""
    dtype = {name: kind for kind, name in TYPES.items()}[piece["type"]]
    numbers = np.frombuffer(base64.b64decode(piece["base64"]), dtype=np.dtype(dtype).newbyteorder("<"))
    return numbers.reshape(piece["shape"])


def quantised(points: NDArray[Any], bound: float) -> dict[str, Any]:
    """Numbers in [-bound, bound] as 16 bits each: off by less than bound / 60 000; those outside become -32768."""
    inside = np.abs(points) <= bound
    steps = np.rint(np.where(inside, points, 0.0) / bound * 32767)
    return packed(np.where(inside, steps, -32768), "int16")
