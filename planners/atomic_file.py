"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


def write_atomically(path: Path, write: Callable[[BinaryIO], Any]) -> None:
    """Write a file, whole or not at all, and see it on disk; what is not finished lies beside it, and is removed."""
    if path.exists() and not path.is_file():  # such as /dev/stdout: there is no file to be replaced
        with path.open("wb") as file:
            write(file)
        return
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        file = beside.open("x+b")
    except OSError as error:  # the name that was given, not the one beside it
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    flush_names(path.parent)


def flush_names(folder: Path) -> None:
    """See the names in a folder on disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
