"""Reading a model from functions: its states are found by following the outcomes of their actions.

    actions(s)      the actions that exist in state s
    outcomes(s, a)  what action a may lead to: (probability, next state, reward) of each outcome

States and actions are whatever can be hashed: numbers, strings, tuples, frozen dataclasses.
"""

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_progress, check_switch, check_whole
from planners.arrays import SUM_TOLERANCE, rounding_of, sum_tolerance
from planners.errors import InvalidModelError, InvalidOptionError
from planners.exact_sums import exact_sums, expectations
from planners.readers.arrays import ended
from planners.readers.returned import AS_TUPLE, Terminal, is_number, listed, membership, no_outcome, number_of
from planners.readers.scattered import is_scattered, scattered_tables
from planners.readers.transitions import HARDLY_NEGATIVE, PairEntries, as_numbers, check_size, pair_rows

Outcomes = Callable[[Any, Any], Iterable[tuple[SupportsFloat, Any, SupportsFloat]]]
OFTEN: Final = 4096  # states between two lines of progress


class FromFunctions(NamedTuple):
    """What was found: tables of `TabularMDP`, and the names of states and actions in the order of their numbers."""

    tables: dict[str, Any]
    states: tuple[Hashable, ...]
    actions: tuple[Hashable, ...]


def read_functions(
    start: Any,
    actions: Callable[[Any], Iterable[Any]],
    outcomes: Outcomes,
    terminal: Terminal | None = None,
    terminal_reward: Callable[[Any], float] | None = None,
    *,
    max_states: int = 1_000_000,
    progress: bool | Callable[[int, int], object] = False,
    normalise: bool = False,
) -> FromFunctions:
    """Tables of `TabularMDP` from two functions; arguments and errors as for `TabularMDP.from_functions`.

    >>> found = read_functions(2, lambda s: ["wait", "sell"], lambda s, a: [(1.0, s - (a == "sell"), 5.0)], {0})
    >>> found.states, found.actions, found.tables["rewards"].tolist()
    ((2, 1, 0), ('wait', 'sell'), [[5.0, 5.0], [5.0, 5.0], [0.0, 0.0]])
    """
    _check_arguments(actions, outcomes, terminal_reward, max_states)
    search = _Search(actions, outcomes, membership(terminal), max_states, check_switch("normalise", normalise))
    initial = search.begin(start)
    with reporting_states(progress) as report:
        search.follow(report)
    return search.result(initial, terminal_reward)


@dataclass
class _Search:
    """The states found so far, and the outcomes of those that were followed."""

    actions: Callable[[Any], Iterable[Any]]
    outcomes: Outcomes
    is_terminal: Callable[[Any], bool]
    max_states: int
    normalise: bool
    numbers: dict[Any, int] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=list)
    ends: list[bool] = field(default_factory=list)
    labels: dict[Any, int] = field(default_factory=dict)
    pairs: list[tuple[int, int, int]] = field(default_factory=list)  # state, action, outcomes before it
    probabilities: list[Any] = field(default_factory=list)
    next_states: list[int] = field(default_factory=list)
    rewards: list[Any] = field(default_factory=list)

    def begin(self, start: Any) -> NDArray[np.float64]:
        """Number the first states; (k,) their probabilities, in the order of their numbers."""
        several = isinstance(start, list | Set | range | Iterator | np.ndarray) and not isinstance(start, frozenset)
        if isinstance(start, Mapping):
            weights = as_numbers("the probabilities of start", list(start.values()))
            first = list(start)
        else:
            first = np.asarray(start).tolist() if isinstance(start, np.ndarray) else list(start) if several else [start]
            weights = np.full(len(first), 1.0 / max(len(first), 1))
        if not len(first):
            raise InvalidOptionError("start holds no state; expected one, or several")
        if not ((weights >= 0).all() and abs(float(weights.sum()) - 1.0) <= SUM_TOLERANCE):
            raise InvalidOptionError(
                f"the probabilities of start are {weights.tolist()!s:.200}, which sum to {weights.sum():.12g}; "
                "expected numbers from 0 to 1 that sum to 1"
            )
        where = np.array([self.number(state, "start") for state in first])
        return np.bincount(where, weights / weights.sum()).astype(np.float64)

    def number(self, state: Any, found_by: str) -> int:
        """The number of a state, which may be new."""
        try:
            known = self.numbers.get(state)
        except TypeError:
            raise InvalidModelError(f"{found_by} gives the state {state!r:.80}; {AS_TUPLE}") from None
        if known is not None:
            return known
        if len(self.keys) == self.max_states:
            raise InvalidOptionError(
                f"there are more than max_states={self.max_states} states; the last ones are {self.keys[-1]!r:.80} and "
                f"{state!r:.80}. Raise it, or see that `outcomes` stay among finitely many states"
            )
        self.numbers[state] = len(self.keys)
        self.keys.append(state)
        ends = self.is_terminal(state)
        if not isinstance(ends, bool | np.bool_):
            raise InvalidModelError(f"terminal({state!r:.80}) returned {ends!r:.80}; expected True or False")
        self.ends.append(bool(ends))
        return len(self.keys) - 1

    def follow(self, report: Callable[[int, int], object]) -> None:
        """Ask every state that is found for its actions, and every pair for its outcomes."""
        state = 0
        while state < len(self.keys):
            if not self.ends[state]:
                self._follow(state)
            state += 1
            if state % OFTEN == 0:
                report(state, len(self.keys))
        report(state, len(self.keys))

    def _follow(self, state: int) -> None:
        key, here = self.keys[state], set()
        least = HARDLY_NEGATIVE if self.normalise else -rounding_of(np.float64)
        for label in listed(self.actions, key):
            try:
                action = self.labels.setdefault(label, len(self.labels))
            except TypeError:
                raise InvalidModelError(f"actions({key!r:.80}) holds {label!r:.80}; {AS_TUPLE}", state) from None
            if action in here:
                raise InvalidModelError(f"actions({key!r:.80}) holds {label!r:.80} twice; expected it once", state)
            here.add(action)
            self.pairs.append((state, action, len(self.next_states)))
            returned = listed(self.outcomes, key, label)
            for entry in returned:
                try:
                    probability, next_state, reward = entry
                    is_positive = bool(probability > 0)
                except (TypeError, ValueError):
                    raise no_outcome(key, label, entry) from None
                if not is_positive:
                    if not least <= probability:  # NaN too
                        raise no_outcome(key, label, entry)
                    continue
                try:
                    number = self.numbers[next_state]
                except (KeyError, TypeError):
                    number = self.number(next_state, f"outcomes({key!r:.80}, {label!r:.80})")
                self.probabilities.append(probability)
                self.next_states.append(number)
                self.rewards.append(reward)
        if not here:
            raise InvalidModelError(
                f"actions({key!r:.80}) returned no action; expected one or more. If the episode ends there, say so "
                "with terminal=; if it goes on without a choice, return one action, such as ['wait']",
                state,
            )

    def result(self, initial: NDArray[np.float64], terminal_reward: Callable[[Any], float] | None) -> FromFunctions:
        """The tables."""
        S, labels = len(self.keys), list(self.labels) or ["end"]
        order = np.arange(len(labels))
        if all(isinstance(label, int | np.integer) and not isinstance(label, bool) for label in labels):
            order = np.argsort(np.argsort(np.array(labels, dtype=object)))  # the place of each by its size
            labels = sorted(labels)
        of_state, of_action, first = np.array(self.pairs, dtype=np.int64).reshape(-1, 3).T
        length, taken = np.diff(np.append(first, len(self.next_states))), order[of_action]
        types = {np.dtype(kind) for kind in set(map(type, self.probabilities)) if issubclass(kind, np.floating)}
        dtype = min(types, key=lambda kind: kind.itemsize, default=np.dtype(np.float64))
        probabilities, rewards = self._numbers(length)
        pair, rescaled = np.repeat(np.arange(len(length)), length), 0.0
        if self.normalise:
            scaled = PairEntries(pair, pair, probabilities, len(length), 1).normalised()
            probabilities, rescaled = scaled.probabilities, scaled.rescaled
        sums = exact_sums(probabilities, pair, len(length))
        self._check_sums(sums, dtype)
        if dtype != np.float64:
            probabilities = probabilities / sums[pair]
        to, ends, pays = np.array(self.next_states, dtype=np.int64), np.array(self.ends), None
        if terminal_reward is not None:
            pays = np.zeros(S)
            pays[ends] = [number_of(terminal_reward, key) for key, end in zip(self.keys, ends, strict=True) if end]
        if is_scattered(S, len(labels), len(length)):
            expected = expectations(probabilities, rewards, pair, len(length))
            tables = scattered_tables(of_state, taken, expected, (pair, to, probabilities), ends, pays)
            tables["num_actions"] = len(labels)
        else:
            check_size(S, len(labels), len(to))
            pairs = pair_rows(of_state, taken, S, len(labels))
            tables = _tables(PairEntries(pairs[pair], to, probabilities, S, len(labels)), rewards, pairs, ends, pays)
        tables["rescaled"] = rescaled
        tables["initial"] = np.concatenate((initial, np.zeros(S - len(initial))))
        return FromFunctions(tables, tuple(self.keys), tuple(labels))

    def _numbers(self, length: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probabilities and rewards as floats; the outcome that holds something else is named."""
        try:
            numbers = [np.array([float(x) for x in column]) for column in (self.probabilities, self.rewards)]
            wrong = np.flatnonzero(~(np.isfinite(numbers[0]) & np.isfinite(numbers[1])))
        except (TypeError, ValueError, OverflowError):
            wrong = [i for i in range(len(self.rewards)) if not is_number(self.rewards[i], self.probabilities[i])]
            numbers = []
        if len(wrong):
            pair = int(np.searchsorted(np.cumsum(length), wrong[0], side="right"))
            raise no_outcome(*self._names(pair), self._outcome(int(wrong[0])))
        return numbers[0], numbers[1]

    def _check_sums(self, sums: NDArray[np.float64], dtype: Any) -> None:
        wrong = np.flatnonzero(np.abs(sums - 1.0) > sum_tolerance(dtype))
        if len(wrong):
            pair = int(wrong[0])
            first, last = self.pairs[pair][2], [*self.pairs, (0, 0, len(self.next_states))][pair + 1][2]
            returned = ", ".join(map(repr, map(self._outcome, range(first, min(last, first + 8)))))
            more = f", and {last - first - 8} more" if last - first > 8 else ""
            key, label = self._names(pair)
            raise InvalidModelError(
                f"outcomes({key!r:.80}, {label!r:.80}) returned [{returned:.400}{more}], whose probabilities sum to "
                f"{sums[pair]:.12g}; expected 1 within {SUM_TOLERANCE:g}. Add the missing outcome; or, where that is "
                "the rounding of a table, normalise=True",
                self.pairs[pair][0],
            )

    def _names(self, pair: int) -> tuple[Any, Any]:
        state, action, _ = self.pairs[pair]
        return self.keys[state], list(self.labels)[action]

    def _outcome(self, entry: int) -> tuple[Any, Any, Any]:
        return self.probabilities[entry], self.keys[self.next_states[entry]], self.rewards[entry]


def _tables(
    entries: PairEntries,
    rewards: NDArray[np.float64],
    pairs: NDArray[Any],
    ends: NDArray[np.bool_],
    pays: NDArray[np.float64] | None,
) -> dict[str, Any]:
    """Tables of `TabularMDP`: (L,) rewards of the entries, the pairs that exist, and what terminal states pay."""
    feasible = np.zeros(entries.shape, dtype=bool)
    feasible.flat[pairs] = True
    feasible[ends, 0] = True
    expected = entries.expected(rewards)
    if pays is not None:
        expected[ends, 0] = pays[ends]
    return {**ended(entries, expected, feasible, ends, into_terminal=pays is None), **entries.told(rewards)}


def _check_arguments(actions: Any, outcomes: Any, terminal_reward: Any, max_states: Any) -> None:
    for name, function in (("actions", actions), ("outcomes", outcomes)):
        if not callable(function):
            what = "s" if name == "actions" else "s, a"
            raise InvalidOptionError(f"{name} is {function!r:.80}; expected a function, {name}=lambda {what}: [...]")
    if terminal_reward is not None and not callable(terminal_reward):
        raise InvalidOptionError(f"terminal_reward is {terminal_reward!r:.80}; expected a function of a state, or None")
    check_whole("max_states", max_states)


@contextmanager
def reporting_states(progress: Any) -> Iterator[Callable[[int, int], object]]:
    """A function to call with how many states were followed and found."""
    check_progress(progress, "the numbers of states followed and found")
    if callable(progress) or not progress:
        yield progress if callable(progress) else lambda followed, found: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("following states"), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), refresh_per_second=8) as line:
        task = line.add_task("", total=None, note="")
        yield lambda followed, found: line.update(task, note=f"{followed} of {found} found so far")
