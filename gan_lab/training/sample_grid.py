"""Samples as a picture on the disk while a run goes on."""

import time
from os import PathLike
from pathlib import Path
from typing import Any, Final

from gan_lab.errors import file_path
from gan_lab.errors.argument_names import takes_own_names

FIRST: Final = 5.0  # seconds after which the first one is written
AGAIN: Final = 30.0  # seconds between them, where evaluations are rarer


class SampleGrid:
    """A callback of `train` that writes samples as a PNG: after 5 seconds, every 30 seconds and at each evaluation.

    The noise is the same each time, so that one sees how the same samples change. Writing does not change the run.

    Args:
        path: The file, which is overwritten.
        rows: Number of rows.
        columns: Number of columns.
        averaged: Whether to use the average of the generator's parameters.

    Raises:
        WiringError: Raised when it is called: the samples are not pictures, or the run keeps no average.

    >>> from tempfile import mkdtemp
    >>> from gan_lab.training.loop import train
    >>> file = Path(mkdtemp()) / "samples.png"
    >>> run = train("digits", steps=2, looks=1, batch_size=4, callbacks=[SampleGrid(file)])
    >>> file.exists()
    True
    """

    path: Path

    @takes_own_names
    def __init__(self, path: "str | PathLike[str]", rows: int = 8, columns: int = 8, *, averaged: bool = False) -> None:
        """Keep what to write, and the time of the start."""
        self.path = file_path("path", path)
        self._options: dict[str, Any] = {"rows": rows, "columns": columns, "averaged": averaged}
        self._next = time.monotonic() + FIRST

    def __call__(self, run: Any) -> None:
        """Write samples of a run now."""
        run.grid(self.path, **self._options)
        self._next = time.monotonic() + AGAIN

    def beat(self, run: Any) -> None:
        """Write the samples if it is time; called between two updates."""
        if time.monotonic() >= self._next:
            self(run)
