"""What a window showed as one HTML file: its pictures with their captions, to be played or gone through one by one."""

import base64
from collections.abc import Sequence
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gridworld_env.ui.files.pictures import import_pillow
from gridworld_env.ui.pages.page import write_page


def write_seen(
    path: str | Path, title: str, frames: Sequence[NDArray[np.uint8]], captions: Sequence[str], rate: float
) -> int:
    """Write pictures and captions as a page, whole or not at all, and return its size in bytes.

    Args:
        path: A name that ends in .html.
        title: Headline of the page.
        frames: (height, width, 3) pictures, at least one.
        captions: A sentence for each of them.
        rate: Pictures a second, while it plays.

    Raises:
        ValueError: The name does not end in .html.
        OSError: It cannot be written; a file that was there before is then as it was.
        DependencyNotInstalled: Pillow is missing.
    """
    pictures = [base64.b64encode(_png(frame)).decode("ascii") for frame in frames]
    document = {"title": title, "pictures": pictures, "captions": list(captions), "rate": rate}
    template = files("gridworld_env.ui.pages").joinpath("seen.html").read_text(encoding="utf-8")
    return write_page(path, document, template)


def _png(frame: NDArray[np.uint8]) -> bytes:
    """A picture as the bytes of a PNG file, in 255 colours, which is a third of the size."""
    file = BytesIO()
    import_pillow().fromarray(frame).quantize(255).save(file, "PNG", optimize=True)
    return file.getvalue()
