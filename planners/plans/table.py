"""A table of a few columns: it prints its first rows, and writes all of them as a CSV file or a pandas DataFrame."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from html import escape
from os import PathLike
from typing import Any, Final, NamedTuple

from planners.arguments import check_path
from planners.atomic_file import write_atomically

SHOWN: Final = 12  # rows that are printed
WIDEST: Final = 40  # characters of a cell

Row = Callable[[Any], tuple[Any, ...]]


class Table(Sequence[tuple[Any, ...]]):
    """Named columns, and rows that are made when they are asked for.

    >>> print(Table(("state", "value"), 2, [("low", 0.5), ("high", 2.0)].__getitem__))
    state  value
    low      0.5
    high       2
    """

    columns: tuple[str, ...]

    def __init__(
        self,
        columns: tuple[str, ...],
        length: int,
        row: Row,
        *,
        printed: tuple[tuple[str, ...], Row] | None = None,
        index: bool = False,
    ) -> None:
        """Of `length` rows, each of which `row(number)` makes.

        Args:
            columns: What the entries of a row are.
            length: Number of rows.
            row: Of a number from 0: the row.
            printed: Columns, and a function from a row to their cells, where not all is printed as it is.
            index: Whether the first column is the index of a DataFrame.
        """
        self.columns, self._length, self._row = columns, length, row
        self._titles, self._cells = printed or (columns, lambda row: row)
        self._index = index

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
        return "\n".join(self.lines())

    __repr__ = __str__

    def lines(self, most: int = SHOWN) -> list[str]:
        """The header, the first rows and how many more there are."""
        cells, right = self._texts(most)
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join(
                f"{cell:{'>' if end else '<'}{width}}" for cell, end, width in zip(row, right, widths, strict=True)
            )
            for row in cells
        ]
        more = [f"and {self._length - most} more"] if self._length > most else []
        return [line.rstrip() for line in lines] + more

    def _texts(self, most: int) -> tuple[list[tuple[str, ...]], list[bool]]:
        """The header and the first rows, and which columns are of numbers."""
        rows = [self._cells(row) for row in self[:most]]
        right = [all(isinstance(row[column], int | float) for row in rows) for column in range(len(self._titles))]
        return [self._titles, *(tuple(map(_text, row)) for row in rows)], right

    def __rich__(self) -> Any:
        """The first rows, as Rich prints them in a terminal."""
        from rich.markup import escape as without_markup
        from rich.table import Table as RichTable

        cells, right = self._texts(SHOWN)
        table = RichTable(caption=self._caption())
        for title, end in zip(cells[0], right, strict=True):
            table.add_column(title, justify="right" if end else "left")
        for row in cells[1:]:
            table.add_row(*map(without_markup, row))
        return table

    def _repr_html_(self) -> str:
        """The first rows, in a notebook."""
        more = f"<caption>{self._caption()}</caption>" if self._caption() else ""
        body = ("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._texts(SHOWN)[0])
        return f"<table>{more}{''.join(body)}</table>"

    def _caption(self) -> str | None:
        return f"the first {SHOWN} of {self._length} rows" if self._length > SHOWN else None

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write all rows, with a header.

        Raises:
            OSError: It cannot be written; an older file of that name is then unchanged.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self)
        write_atomically(check_path("path", path), lambda file: file.write(text.getvalue().encode()))

    def to_pandas(self) -> Any:
        """All rows as a pandas DataFrame; a table of states has the states as its index.

        Raises:
            ModuleNotFoundError: pandas is missing.
        """
        import pandas as pd  # pyright: ignore[reportMissingImports] - only where it is asked for

        columns: dict[str, Any] = {name: [row[place] for row in self] for place, name in enumerate(self.columns)}
        if not self._index:
            return pd.DataFrame(columns)
        index = pd.Index(columns.pop(self.columns[0]), name=self.columns[0], tupleize_cols=False)
        return pd.DataFrame(columns, index=index)


class PlanRow(NamedTuple):
    """One state: its name, or its number; what to do there, likewise; V; and the proven bounds of V*."""

    state: Any
    action: Any
    value: float
    lower: float
    upper: float


def printed_plan(row: PlanRow) -> tuple[Any, ...]:
    """State, action, value, and how far V* may be from it at most, as it is printed."""
    error = 0.0 if row.lower == row.upper else max(row.upper - row.value, row.value - row.lower)
    return str(row.state), str(row.action), row.value, _Error(error)


class _Error(float):
    """A number of which two digits are printed."""

    def __format__(self, _: str) -> str:
        """Whatever is asked for: so."""
        return f"{float(self):.1e}" if self else "0"


def _text(cell: Any) -> str:
    text = f"{cell:.6g}" if isinstance(cell, float) else str(cell)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."
