"""Reading and writing models as text: one line for each transition.

    idstatefrom,idaction,idstateto,probability,reward
    0,0,1,0.75,-1
    0,0,0,0.25,-1

This is the format of MDPs.jl and of the craam tools for robust MDPs. Columns may be in any order. Lines of
one (state, action, next state) are added up. A state that is reached but has no line of its own is
terminal: the episode ends on entering it, and nothing is earned after. With `terminal=` only the states that it
names are, so that a forgotten line is found.

Source: https://github.com/RiskAverseRL/MDPs.jl, `load_mdp`.
"""

import codecs
import csv
import warnings
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_path, check_switch, shown
from planners.arrays import SUM_TOLERANCE
from planners.atomic_file import write_atomically
from planners.errors import InvalidModelError, InvalidOptionError
from planners.options import named_states
from planners.readers.arrays import ended
from planners.readers.transitions import PairEntries, check_size, nearly_positive, pair_rows

COLUMNS: Final = ("idstatefrom", "idaction", "idstateto", "probability", "reward")
OUTCOME: Final = "idoutcome"
BYTE_ORDER_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # "Unicode text" of spreadsheets
LARGEST_ID: Final = 2.0**53  # beyond, float64 skips integers


class TransitionFile:
    """The columns of a file of transitions, and the place of what is wrong. Ids are read as numbers too: "3.0" is 3."""

    def __init__(self, path: str | PathLike[str], outcome: int | None = None) -> None:
        """Read the file; `InvalidModelError` with the line where it is not a table of numbers."""
        self.path: str = fspath(path)
        self.encoding: str = _encoding(self.path)
        try:
            self.names: list[str] = self._header(outcome)
            self.table: NDArray[np.float64] = self._numbers()
        except UnicodeError as error:
            where = f"byte {error.start}" if isinstance(error, UnicodeDecodeError) else "it"
            raise InvalidModelError(
                f"{self.path}: {where} is no {self.encoding.removesuffix('-sig').upper()}; save the table as "
                "comma-separated values in UTF-8"
            ) from None
        except csv.Error as error:
            raise InvalidModelError(f"{self.path} is no table of comma-separated values: {error}") from None
        self.records: NDArray[np.int_] = np.arange(len(self.table))  # the place of each in the file
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
        sums = entries.totals().ravel()
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
        with open(self.path, encoding=self.encoding, newline="") as file:
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
            with open(self.path, encoding=self.encoding) as file, warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that there is no line; said with the file's name above
                table = np.loadtxt(file, delimiter=",", skiprows=1, ndmin=2, comments=None, quotechar='"')
        except ValueError as error:
            self._refuse_first_bad_line()
            raise InvalidModelError(f"{self.path} is not a table of numbers: {error}") from None
        if table.size and table.shape[1] != len(self.names):
            self._refuse_first_bad_line()
        return table.reshape(-1, len(self.names))

    def _refuse_first_bad_line(self) -> None:
        with open(self.path, encoding=self.encoding, newline="") as file:
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
                        raise InvalidModelError(f"{place}: {name} is {field[:60]!r}; expected a number")

    def _choose(self, outcome: int) -> None:
        column = self.column(OUTCOME)
        chosen = column == outcome
        if not chosen.any():
            found = named_states(np.unique(column[np.isfinite(column)]))
            raise InvalidModelError(f"{self.path} has no {OUTCOME} {outcome!r}; it has {found}")
        self.table, self.records = self.table[chosen], self.records[chosen]

    def _place(self, index: int) -> str:
        """File and line of the transition of that index; empty lines are no transitions."""
        with open(self.path, encoding=self.encoding, newline="") as file:
            reader = csv.reader(file)
            next(reader)
            lines = (reader.line_num for fields in reader if fields)
            for record, line in enumerate(lines):
                if record == self.records[index]:
                    return f"{self.path}, line {line}"
        return self.path


def _encoding(path: str) -> str:
    """UTF-16 where the file begins with its byte order mark, or every second byte is 0; else UTF-8."""
    with open(path, "rb") as file:
        begins = file.read(2)
    if begins in BYTE_ORDER_MARKS:
        return "utf-16"
    little, big = begins[1:] == b"\0", begins[:1] == b"\0"
    return "utf-8-sig" if little == big else "utf-16-le" if little else "utf-16-be"


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


LINES_AT_ONCE = 100_000
MOST_PAIRS_A_LINE: Final = 1000  # of states and actions, most of which do not exist
MOST_PAIRS: Final = 1_000_000


def read_csv(
    path: str | PathLike[str],
    base: int = 0,
    outcome: int | None = None,
    normalise: bool = False,
    terminal: Callable[[int], NDArray[np.bool_]] | None = None,
) -> dict[str, Any]:
    """Tables of `TabularMDP` from a file of transitions.

    Args:
        path: The file, with a header that names the five columns. No other is allowed, as what it means
            would be lost, but `idoutcome` together with `outcome`.
        base: 0 or 1, the number of the first state and of the first action.
        outcome: Which model to read from a file that holds several, told apart by `idoutcome`, as those
            for robust and multi-model MDPs do.
        normalise: Whether rows that are off 1 by no more than .01 are scaled to it.
        terminal: Tells the (S,) bool terminal states of S; None: all states without a line of their own.

    Raises:
        InvalidModelError: Columns missing or unknown, or a line that is not a transition, with the file
            and the line; probabilities that do not sum to 1 within 1e-9; states that are named nowhere; with
            `terminal`, other states without a line.
        InvalidOptionError: `base` is neither 0 nor 1.

    Cost: a few seconds for 10^6 lines.
    """
    _check_base(base)
    table = TransitionFile(path, outcome)
    states, actions, next_states = (table.ids(name, base) for name in COLUMNS[:3])
    probabilities, rewards = table.column("probability"), table.column("reward")
    if check_switch("normalise", normalise):
        probabilities = nearly_positive(probabilities)
    table.refuse(~((probabilities >= 0) & (probabilities <= 1 + SUM_TOLERANCE)), "probability", "a number from 0 to 1")
    table.refuse(~np.isfinite(rewards), "reward", "a finite number")
    num_states, num_actions = table.check_states(states, next_states, base), int(actions.max()) + 1
    check_size(num_states, num_actions, len(states))
    _check_actions(table, actions, num_actions, num_states, base)
    rows = pair_rows(states, actions, num_states, num_actions)
    entries = PairEntries(rows, next_states, probabilities, num_states, num_actions).normalised(normalise)
    table.check_sums(entries, base)
    feasible = np.zeros(entries.shape, dtype=bool)
    feasible.flat[rows] = True
    ends = np.logical_not(feasible.any(axis=1))
    if terminal is not None:
        silent = (ends & ~terminal(num_states))[next_states]
        table.refuse(silent, COLUMNS[2], "a state that has lines of its own, or one that terminal= names")
    feasible[ends] = True
    kept = entries.kept(np.ones(len(rows), dtype=bool))
    return {**ended(kept, entries.expected(rewards), feasible, ends), **entries.told(rewards)}


def states_of_file(named: Any, num_states: int, base: int, path: str | PathLike[str]) -> NDArray[np.bool_]:
    """(S,) True for the states that are named by their numbers in the file.

    Raises:
        InvalidOptionError: They are no such numbers.
    """
    numbers = np.atleast_1d(np.asarray(named))
    known = numbers.dtype.kind in "iu" and base <= numbers.min() and numbers.max() < num_states + base
    if np.ndim(named) != 1 or not (known or numbers.size == 0):
        raise InvalidOptionError(
            f"terminal is {named!r:.80}; expected states of {fspath(path)}, numbers from {base} to "
            f"{num_states - 1 + base}"
        )
    return np.isin(np.arange(num_states) + base, numbers)


def _check_actions(
    table: TransitionFile, actions: NDArray[np.int64], num_actions: int, num_states: int, base: int
) -> None:
    """Refuse numbers of actions so large that nearly all of the table would be actions that do not exist."""
    if num_states * num_actions > MOST_PAIRS_A_LINE * len(actions) + MOST_PAIRS:
        table.refuse(
            actions == num_actions - 1,
            COLUMNS[1],
            f"actions numbered from {base} without large gaps: {num_states} states of {num_actions} actions are "
            f"{num_states * num_actions:,} pairs, and the file has {len(actions)} lines",
        )


def write_csv(path: str | PathLike[str], tables: Mapping[str, Any], base: int = 0) -> None:
    """Write tables as the lines that `read_csv` reads: continuing transitions, and endings into a terminal state.

    The format has terminal states instead of endings. Endings are written as transitions into the terminal states that
    they lead to, where the tables say so; or else into the last terminal state (each of its actions ends the episode
    and pays nothing) or, where no state is terminal or nothing else ends, into an additional state, numbered S. Read
    back, every transition into these states ends the episode; a terminal state that none leads to stays where it is.
    Rewards are r(s,a) on each line of the pair; `initial` is lost, and so are the last actions where no state has them.
    Numbers are written so that they are read back as they were.

    Args:
        path: The file to write, replaced if it exists, whole or not at all.
        tables: What `read_csv` returns: `transitions` (S*A, S) CSR; `termination`, `rewards`, `feasible` (S, A);
            and `endings` (S*A, S) CSR, if they are known.
        base: 0 or 1, the number of the first state and of the first action.

    Raises:
        InvalidOptionError: `base` is neither 0 nor 1.
    """
    _check_base(base)
    rewards, feasible = np.asarray(tables["rewards"]), np.asarray(tables["feasible"])
    num_actions, flow = rewards.shape[1], tables["transitions"].tocoo()
    lines = zip((*flow.coords, flow.data), _endings(tables), strict=True)
    joined: list[NDArray[Any]] = [np.concatenate(both) for both in lines]
    rows, next_states, probabilities = joined
    order = np.lexsort((next_states, rows))
    order = order[feasible.ravel()[rows[order]]]

    def write(file: BinaryIO) -> None:
        file.write((",".join(COLUMNS) + "\n").encode())
        for first in range(0, len(order), LINES_AT_ONCE):
            part = order[first : first + LINES_AT_ONCE]
            states, actions = np.divmod(rows[part], num_actions)
            columns = (states + base, actions + base, next_states[part] + base, probabilities[part])
            lines = zip(*(column.tolist() for column in (*columns, rewards[states, actions])), strict=True)
            file.write("".join([f"{s},{a},{to},{p!r},{r!r}\n" for s, a, to, p, r in lines]).encode())

    write_atomically(check_path("path", path), write)


def _endings(tables: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]:
    """Pair, terminal state and probability of each line that ends the episode; terminal states have no lines."""
    termination, rewards, feasible = (np.asarray(tables[name]) for name in ("termination", "rewards", "feasible"))
    terminal: NDArray[np.bool_] = (~feasible | ((termination == 1.0) & (rewards == 0.0))).all(axis=1)
    told = tables.get("endings")
    if told is not None:
        (rows, to), data = told.tocoo().coords, told.tocoo().data
        kept = (feasible & ~terminal[:, None]).ravel()[rows] & (data > 0.0)
        rows, to, data = rows[kept], to[kept], data[kept]
        if len(rows) and terminal[to].all():
            terminal[to] = False
            others = np.flatnonzero(feasible & terminal[:, None])  # no line leads to these: they rest, for nothing
            rows, to = np.concatenate([rows, others]), np.concatenate([to, others // feasible.shape[1]])
            return rows, to, np.concatenate([data, np.ones(len(others))])
    goes_over = np.where(feasible, termination, 0.0)
    sink = _terminal_state(terminal, goes_over)
    goes_over[sink : sink + 1] = 0.0  # empty where the state is an additional one
    rows = np.flatnonzero(goes_over)
    return rows, np.full(len(rows), sink), goes_over.ravel()[rows]


def _terminal_state(terminal: NDArray[np.bool_], goes_over: NDArray[np.float64]) -> int:
    """The state that endings are written as transitions into; S if it has to be added."""
    num_states = len(terminal)
    ending = goes_over.max(axis=1) > 0.0
    last = num_states - 1 - int(np.argmax(terminal[::-1]))
    is_entered = terminal[last] and ending[np.arange(num_states) != last].any()
    return last if is_entered else num_states


def _check_base(base: int) -> None:
    if not isinstance(base, int | np.integer | float) or base not in (0, 1):
        raise InvalidOptionError(f"base is {shown(base)}; expected 0 or 1, the number of the first state in the file")
