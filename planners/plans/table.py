"""A plan as a table: each state by its name, with its value, its proven bounds and the action to take."""

import csv
import io
from collections.abc import Iterator
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from planners.atomic_file import write_atomically

if TYPE_CHECKING:
    from planners.plans.plan import Plan

SHOWN: Final = 12  # rows that are printed


class PlanRow(NamedTuple):
    """One state: its name, or its number; what to do there, likewise; V; and the proven bounds of V*."""

    state: Any
    action: Any
    value: float
    lower: float
    upper: float


class PlanTable:
    """The rows of a plan, one for each state; printed, the first of them.

    >>> from planners import TabularMDP, solve
    >>> stay = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}}, states=["home"], actions=["stay"])
    >>> print(solve(stay, discount=0.0).table())
    state  action  value    error
    home   stay        1  ...
    """

    def __init__(self, plan: "Plan") -> None:
        """Of a plan, whose numbers are read when they are asked for."""
        self.plan = plan

    def __len__(self) -> int:
        """S."""
        return len(self.plan.values)

    def __getitem__(self, number: int) -> PlanRow:
        """The row of the state of a number."""
        if not -len(self) <= number < len(self):
            raise IndexError(f"row {number} of a table of {len(self)} states")
        plan, state = self.plan, number % len(self)
        bounds = (float(array[state]) for array in (plan.values, plan.lower, plan.upper))
        return PlanRow(plan.state_name(state), plan.action_name(int(plan.policy.actions[state])), *bounds)

    def __iter__(self) -> Iterator[PlanRow]:
        """All rows."""
        return map(self.__getitem__, range(len(self)))

    def __str__(self) -> str:
        """The first rows, in columns; `error` is how far V* may be from the value, at most."""
        return "\n".join(self.lines())

    __repr__ = __str__

    def lines(self, most: int = SHOWN) -> list[str]:
        """The header, the first rows and how many more there are."""
        cells = self._cells(most)
        widths = [max(len(row[column]) for row in cells) for column in range(4)]
        texts = [
            f"{state:<{widths[0]}}  {action:<{widths[1]}}  {value:>{widths[2]}}  {error:>{widths[3]}}"
            for state, action, value, error in cells
        ]
        return texts + ([f"and {len(self) - most} more"] if len(self) > most else [])

    def __rich__(self) -> Any:
        """The first rows, as Rich prints them in a terminal."""
        from rich.table import Table

        table = Table("state", "action", caption=f"the first {SHOWN} of {len(self)}" if len(self) > SHOWN else None)
        table.add_column("value", justify="right")
        table.add_column("error", justify="right")
        for row in self._cells(SHOWN)[1:]:
            table.add_row(*map(_escaped, row))
        return table

    def _repr_html_(self) -> str:
        """The first rows, in a notebook."""
        more = f"<caption>the first {SHOWN} of {len(self)} states</caption>" if len(self) > SHOWN else ""
        body = ("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._cells(SHOWN))
        return f"<table>{more}{''.join(body)}</table>"

    def _cells(self, most: int) -> list[tuple[str, str, str, str]]:
        """The header and the first rows."""
        return [("state", "action", "value", "error"), *(_cells(self[row]) for row in range(min(most, len(self))))]

    def to_pandas(self) -> Any:
        """All rows as a pandas DataFrame, whose index are the states.

        Raises:
            ModuleNotFoundError: pandas is missing.
        """
        import pandas as pd  # pyright: ignore[reportMissingImports] - only where it is asked for

        columns: dict[str, Any] = dict(zip(PlanRow._fields, zip(*self, strict=True), strict=True))
        names = columns.pop("state")
        index = pd.Index(names, name="state", tupleize_cols=False)
        return pd.DataFrame({name: list(column) for name, column in columns.items()}, index=index)

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write all rows, with a header: state, action, value, lower, upper.

        Raises:
            OSError: It cannot be written; a file that was there before is then as it was.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(PlanRow._fields)
        writer.writerows(self)
        write_atomically(Path(path), lambda file: file.write(text.getvalue().encode()))


def _escaped(text: str) -> str:
    from rich.markup import escape as without_markup

    return without_markup(text)


def _cells(row: PlanRow) -> tuple[str, str, str, str]:
    error = 0.0 if row.lower == row.upper else max(row.upper - row.value, row.value - row.lower)
    name, action = (text if len(text) <= 40 else f"{text[:37]}..." for text in (str(row.state), str(row.action)))
    return name, action, f"{row.value:.6g}", f"{error:.1e}" if error else "0"
