"""The lines of a file of transitions as columns of numbers, and the place of what is wrong among them."""

import csv
import warnings
from os import PathLike, fspath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planners.entries import PairEntries
from planners.errors import InvalidModelError, named_states
from planners.mdp import SUM_TOLERANCE

COLUMNS: Final = ("idstatefrom", "idaction", "idstateto", "probability", "reward")
OUTCOME: Final = "idoutcome"
ENCODING: Final = "utf-8-sig"  # spreadsheets put a byte order mark in front
LARGEST_ID: Final = 2.0**53  # beyond, float64 skips integers


class TransitionFile:
    """The columns of a file of transitions. Ids are read as numbers too: "3.0" is 3."""

    def __init__(self, path: str | PathLike[str], outcome: int | None = None) -> None:
        """Read the file; `InvalidModelError` with the line where it is not a table of numbers."""
        self.path = fspath(path)
        self.names = self._header(outcome)
        self.table = self._numbers()
        self.records = np.arange(len(self.table))  # the place of each in the file
        if outcome is not None:
            self._choose(outcome)
        if not len(self.table):
            raise InvalidModelError(f"{self.path} has no transition below its header; expected one on each line")

    def column(self, name: str) -> NDArray[np.float64]:
        """(L,) the numbers of one column."""
        return self.table[:, self.names.index(name)]

    def ids(self, name: str, base: int) -> NDArray[np.int64]:
        """(L,) the ids of one column, counted from 0."""
        column = self.column(name)
        wrong = ~((column == np.floor(column)) & (column >= base) & (column < LARGEST_ID))  # NaN too
        hint = ". Ids from 0 are read with base=0" if base and (column == 0).any() else ""
        self.refuse(wrong, name, f"an integer from {base}{hint}")
        return column.astype(np.int64) - base

    def refuse(self, wrong: NDArray[np.bool_], name: str, expected: str) -> None:
        """`InvalidModelError` for the first line that is True in `wrong`, (L,)."""
        if wrong.any():
            first = int(np.argmax(wrong))
            raise InvalidModelError(
                f"{self._place(first)}: {name} is {self.column(name)[first]:.12g}; expected {expected}"
            )

    def check_states(self, states: NDArray[np.int64], next_states: NDArray[np.int64], base: int) -> int:
        """The number of states; `InvalidModelError` if some number below is of no state."""
        largest = int(max(states.max(), next_states.max()))
        named = np.zeros(min(largest, 2 * len(states)) + 1, dtype=bool)  # of more, some must be missing
        for ids in (states, next_states):
            named[ids[ids < len(named)]] = True
        if not named.all():
            hint = ". Ids from 1 are read with base=1" if base == 0 and not named[0] and named[1] else ""
            raise InvalidModelError(
                f"{self.path} names states up to {largest + base}, but no state {int(np.argmin(named)) + base}; "
                f"expected all from {base}, without gaps{hint}"
            )
        return largest + 1

    def check_sums(self, entries: PairEntries, base: int) -> None:
        """Refuse pairs that occur in the file, with probabilities that do not sum to 1."""
        sums = entries.totals(entries.probabilities).ravel()
        wrong = np.abs(sums[entries.rows] - 1.0) > SUM_TOLERANCE
        if wrong.any():
            first = int(np.argmax(wrong))
            row = int(entries.rows[first])
            state, action = divmod(row, entries.num_actions)
            raise InvalidModelError(
                f"{self._place(first)}: the probabilities of idstatefrom {state + base}, idaction {action + base} sum "
                f"to {sums[row]:.12g} over {(entries.rows == row).sum()} lines; expected 1 within {SUM_TOLERANCE:g}",
                state,
                action,
            )

    def _header(self, outcome: int | None) -> list[str]:
        with open(self.path, encoding=ENCODING, newline="") as file:
            names = [name.strip().lower() for name in next(csv.reader(file), [])]
        wanted = set(COLUMNS) | ({OUTCOME} if outcome is not None else set())
        missing, unknown = wanted - set(names), set(names) - wanted
        if OUTCOME in unknown:
            raise InvalidModelError(
                f"{self.path} has a column {OUTCOME}: it holds several models. Choose one with outcome="
            )
        if missing or unknown or len(names) != len(wanted):
            found = ",".join(names) or "nothing"
            raise InvalidModelError(
                f"{self.path}, line 1: the header is {found[:200]!r}; expected {','.join(COLUMNS)!r}, in any order"
                + (f", and {OUTCOME}, as outcome= is given" if outcome is not None else "")
                + (f". Missing: {', '.join(sorted(missing))}" if missing else "")
                + (f". Remove: {', '.join(map(repr, sorted(unknown)))}" if unknown and not missing else "")
            )
        return names

    def _numbers(self) -> NDArray[np.float64]:
        try:
            with open(self.path, encoding=ENCODING) as file, warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that there is no line; said with the file's name above
                table = np.loadtxt(file, delimiter=",", skiprows=1, ndmin=2, comments=None, quotechar='"')
        except ValueError as error:
            self._refuse_first_bad_line()
            raise InvalidModelError(f"{self.path} is not a table of numbers: {error}") from None
        if table.size and table.shape[1] != len(self.names):
            self._refuse_first_bad_line()
        return table.reshape(-1, len(self.names))

    def _refuse_first_bad_line(self) -> None:
        with open(self.path, encoding=ENCODING, newline="") as file:
            reader = csv.reader(file)
            next(reader)
            for fields in reader:
                place = f"{self.path}, line {reader.line_num}"
                if fields and len(fields) != len(self.names):
                    raise InvalidModelError(
                        f"{place}: there are {len(fields)} fields; expected {len(self.names)}, {','.join(self.names)}"
                    )
                for name, field in zip(self.names, fields, strict=False):
                    if not _is_number(field):
                        raise InvalidModelError(f"{place}: {name} is {field!r}; expected a number")

    def _choose(self, outcome: int) -> None:
        column = self.column(OUTCOME)
        chosen = column == outcome
        if not chosen.any():
            found = named_states(np.unique(column[np.isfinite(column)]))
            raise InvalidModelError(f"{self.path} has no {OUTCOME} {outcome!r}; it has {found}")
        self.table, self.records = self.table[chosen], self.records[chosen]

    def _place(self, index: int) -> str:
        """File and line of the transition of that index; empty lines are no transitions."""
        with open(self.path, encoding=ENCODING, newline="") as file:
            reader = csv.reader(file)
            next(reader)
            lines = (reader.line_num for fields in reader if fields)
            for record, line in enumerate(lines):
                if record == self.records[index]:
                    return f"{self.path}, line {line}"
        return self.path


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
