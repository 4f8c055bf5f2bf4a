"""A table of a few columns: printed, its first rows; and all of them as a CSV file or a pandas DataFrame."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any, Final

from planners.atomic_file import write_atomically

SHOWN: Final = 12  # rows that are printed
WIDEST: Final = 40  # characters of a cell


class Table(Sequence[tuple[Any, ...]]):
    """Named columns, and rows that are made when they are asked for.

    >>> print(Table(("state", "value"), 2, [("low", 0.5), ("high", 2.0)].__getitem__))
    state  value
    low      0.5
    high       2
    """

    columns: tuple[str, ...]

    def __init__(self, columns: tuple[str, ...], length: int, row: Callable[[int], tuple[Any, ...]]) -> None:
        """Of `length` rows, each of which `row(number)` makes."""
        self.columns, self._length, self._row = columns, length, row

    def __len__(self) -> int:
        """Number of rows."""
        return self._length

    def __getitem__(self, number: Any) -> Any:
        """A row, or a list of them."""
        if isinstance(number, slice):
            return [self._row(one) for one in range(*number.indices(self._length))]
        if not -self._length <= number < self._length:
            raise IndexError(f"row {number} of a table of {self._length} rows")
        return self._row(number % self._length)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """All rows."""
        return map(self._row, range(self._length))

    def __str__(self) -> str:
        """The first rows, in columns."""
        rows = self[:SHOWN]
        cells = [self.columns, *(tuple(map(_text, row)) for row in rows)]
        right = [all(isinstance(row[column], int | float) for row in rows) for column in range(len(self.columns))]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.columns))]
        lines = [
            "  ".join(
                f"{cell:{'>' if end else '<'}{width}}" for cell, end, width in zip(row, right, widths, strict=True)
            )
            for row in cells
        ]
        more = [f"and {self._length - SHOWN} more"] if self._length > SHOWN else []
        return "\n".join([line.rstrip() for line in lines] + more)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The first rows, in a notebook."""
        more = f"<caption>the first {SHOWN} of {self._length} rows</caption>" if self._length > SHOWN else ""
        body = [
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in (self.columns, *(map(_text, row) for row in self[:SHOWN]))
        ]
        return f"<table>{more}{''.join(body)}</table>"

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write all rows, with a header.

        Raises:
            OSError: It cannot be written; a file that was there before is then as it was.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self)
        write_atomically(Path(path), lambda file: file.write(text.getvalue().encode()))

    def to_pandas(self) -> Any:
        """All rows as a pandas DataFrame.

        Raises:
            ModuleNotFoundError: pandas is missing.
        """
        import pandas as pd  # pyright: ignore[reportMissingImports] - only where it is asked for

        return pd.DataFrame(list(self), columns=list(self.columns))


def _text(cell: Any) -> str:
    text = f"{cell:.6g}" if isinstance(cell, float) else str(cell)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."
