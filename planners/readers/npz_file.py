"""Files of arrays, NumPy's npz without pickle, that say what they hold."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_path
from planners.atomic_file import write_atomically
from planners.errors import InvalidModelError


def write_arrays(path: str | PathLike[str], form: str, arrays: Mapping[str, Any]) -> None:
    """Write arrays, and what they are, to a file, whole or not at all."""
    write_atomically(check_path("path", path), lambda file: np.savez(file, format=form, **arrays))


def read_arrays(path: str | PathLike[str], form: str) -> dict[str, NDArray[Any]]:
    """The arrays of a file that `write_arrays` wrote.

    Raises:
        FileNotFoundError: No such file.
        InvalidModelError: It is no such file.
    """
    with check_path("path", path).open("rb") as file:
        try:
            loaded = np.load(file, allow_pickle=False)
            arrays = {name: loaded[name] for name in loaded.files}
        except Exception:  # NumPy and zipfile may raise anything on a damaged file
            arrays = {}
    found = str(arrays.pop("format", "nothing that can be read"))
    if found != form:
        raise InvalidModelError(f"{path} holds {found:.60}; expected a {form}, as its `save` writes it")
    return arrays
