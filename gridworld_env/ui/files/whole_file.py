"""Files that are written whole or not at all, into places that were tried before the work began."""

import os
import tempfile
from pathlib import Path


def check_place(path: str | Path, suffix: str) -> Path:
    """Refuse a place where no file can be written, before the work that the file is for.

    Args:
        path: File to write.
        suffix: How its name has to end, such as ".html".

    Returns:
        The path.

    Raises:
        ValueError: Another suffix.
        FileNotFoundError: There is no such folder.
        IsADirectoryError: It is a folder.
        OSError: Nothing can be written there.
    """
    target = Path(path)
    if target.suffix.lower() != suffix:
        raise ValueError(f"{str(target)!r} does not end in {suffix}")
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder; expected a file to write")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(target.parent)!r} to write {target.name} into")
    try:
        handle, trial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    except OSError as error:
        raise OSError(f"{target.name} cannot be written into the folder {str(target.parent)!r}: {error}") from None
    os.close(handle)
    Path(trial).unlink()
    return target


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside the one to be written, and put it into its place when it is complete.

    Raises:
        FileNotFoundError: There is no such folder.
        OSError: It cannot be written; a file that was there before is then as it was.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path.parent)!r} to write {path.name} into")
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)  # as `open` would have made it
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
