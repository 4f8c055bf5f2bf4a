"""Following an environment from state to state, by copies of it."""

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from planners.enumeration.choices import Choices, Path
from planners.enumeration.copies import Copied, Copies, SharedChangedError, deep_copy
from planners.enumeration.other_generators import position, positions, reseed
from planners.errors import InvalidModelError, InvalidOptionError, PlannerError
from planners.models.state_names import Key
from planners.models.tabular import TabularMDP
from planners.readers.transitions import PairEntries

Reward = Callable[[Any, float], float]
OTHERS: Final = 14  # sequences of random numbers that a generator of another kind is tried with
WALK: Final = 64  # steps after which what has not changed is shared by copies
CLOSE: Final = 1e-9  # probabilities of two copies in one state may differ by rounding
ALL: Final = 200  # environments that come to states known before and are all compared
ENOUGH, SHARE = 100_000, 0.25  # replays for comparing: so many in any case, and then a share of all
OFTEN: Final = 64  # states between two lines of progress


class UncountableStartsError(InvalidModelError):
    """The first states that `reset` can draw cannot be enumerated."""


class Result(NamedTuple):
    """What a step leads to."""

    state: Hashable
    reward: float
    ends: bool

    def __str__(self) -> str:
        """It in words."""
        return f"state {self.state!r:.60} with reward {self.reward:g}{', the end' if self.ends else ''}"


class Row(NamedTuple):
    """What an action may lead to: the weight of each result, and an environment that is there."""

    weights: dict[Result, float]
    reached: dict[Result, Any]

    def __str__(self) -> str:
        """The results in words."""
        total = math.fsum(self.weights.values())
        shown = [f"{result} with probability {weight / total:.6g}" for result, weight in self.weights.items()]
        few = shown if len(shown) <= 3 else [*shown[:3], f"{len(shown) - 3} more"]
        return " or ".join(few) if len(shown) > 1 else str(next(iter(self.weights), "nothing"))

    def differs(self, other: "Row") -> bool:
        """Whether other results come, or with other probabilities."""
        mine, others = math.fsum(self.weights.values()), math.fsum(other.weights.values())
        return self.weights.keys() != other.weights.keys() or any(
            abs(weight / mine - other.weights[result] / others) > CLOSE for result, weight in self.weights.items()
        )


class Trial(NamedTuple):
    """How actions are tried."""

    actions: int
    copies: Copies
    choices: Choices | None
    identify: Key
    reward: Reward
    hidden: Callable[[Any], object] | None
    samples: int | None
    seeds: np.random.SeedSequence

    def walk(self, *, drawn: bool) -> Iterator[Any]:
        """An environment before and after each of some steps, from a first state that is drawn or given."""
        played: Any = None
        for action in itertools.islice(itertools.cycle(range(self.actions)), WALK):
            if played is None:
                played = deep_copy(self.copies.first).copied
                if drawn:
                    next(self._resets(played.reset))
            yield played
            try:
                taken = lambda: self._step(played, action)  # noqa: B023, E731
                result = taken() if self.choices is None else next(self.choices.paths(taken)).result
            except InvalidModelError:
                return  # the search will say where
            yield played
            played = None if result.ends else played

    def starts(self) -> Iterator[tuple[float, Hashable, Any]]:
        """The first states that `reset` can draw: probability, key, an environment that is there.

        Raises:
            UncountableStartsError: They cannot be enumerated.
        """

        def reset() -> tuple[Hashable, Any]:
            copied = self.copies.copy(self.copies.first).copied
            observation, _ = copied.reset()
            return self.identify(copied, observation), copied

        for probability, (state, copied) in self._resets(reset):
            yield probability, state, copied

    def _resets(self, reset: Callable[[], Any]) -> Iterator[Path]:
        assert self.choices is not None
        try:
            yield from self.choices.paths(reset, complete=True)
        except InvalidModelError as error:
            raise UncountableStartsError(f"reset() {error}") from error

    def _paths(self, what: str, play: Callable[[], Any]) -> Iterator[Path]:
        assert self.choices is not None
        try:
            yield from self.choices.paths(play)
        except InvalidModelError as error:
            error.args = (f"{what} {error}",)
            raise

    def rows(self, state: Hashable, inner: Any) -> list[Row]:
        """What each action leads to from an environment that is in this state."""
        if self.samples is not None:
            return [self._sampled(inner, action) for action in range(self.actions)]
        moved: set[int] = set()
        before = positions()
        rows = [self._row(state, action, lambda: self._play(inner, action, moved)) for action in range(self.actions)]  # noqa: B023
        if positions() != before:
            moved.update(range(self.actions))
        for action in moved:
            for _ in range(OTHERS):
                again = self._row(state, action, lambda: self._reseeded(inner, action))  # noqa: B023
                self._compare(state, action, rows[action], again, redrawn=True)
        return rows

    def _play(self, inner: Any, action: int, moved: set[int]) -> tuple[Result, Any]:
        """Take an action on a copy, and note whether that moved a generator of another kind."""
        copied = self.copies.copy(inner)
        generators = copied.generators() if self.copies.others else []
        before = [position(each) for each in generators]
        result = self._step(copied.copied, action)
        if [position(each) for each in generators] != before:
            moved.add(action)
        return result, copied.copied

    def _row(self, state: Hashable, action: int, play: Callable[[], tuple[Result, Any]]) -> Row:
        row = Row({}, {})
        for probability, (result, copied) in self._paths(f"in state {state!r:.80}, action {action}", play):
            row.weights[result] = row.weights.get(result, 0.0) + probability
            row.reached.setdefault(result, copied)
        return row

    def _sampled(self, inner: Any, action: int) -> Row:
        row = Row({}, {})
        for _ in range(self.samples or 0):
            result, copied = self._reseeded(inner, action)
            row.weights[result] = row.weights.get(result, 0) + 1
            row.reached.setdefault(result, copied)
        return row

    def _reseeded(self, inner: Any, action: int) -> tuple[Result, Any]:
        copied: Copied = self.copies.copy(inner)
        reseed(copied.generators(), self.seeds)
        return self._step(copied.copied, action), copied.copied

    def _step(self, copied: Any, action: int) -> Result:
        if self.hidden is not None:
            self.hidden(copied)
        observation, own, ends, _, _ = copied.step(action)
        reward = float(self.reward(copied, float(own)))
        return Result(self.identify(copied, observation), reward, bool(ends))

    def compare(self, state: Hashable, rows: list[Row], inner: Any) -> None:
        """`InvalidModelError` if another environment in this state goes on differently."""
        for action, (row, other) in enumerate(zip(rows, self.rows(state, inner), strict=True)):
            self._compare(state, action, row, other)

    def _compare(self, state: Hashable, action: int, first: Row, second: Row, *, redrawn: bool = False) -> None:
        if not first.differs(second):
            return
        what, why = (
            ("draws random numbers by another generator than NumPy's, and leads to", "only NumPy's can be followed")
            if redrawn
            else ("leads to", "the key does not tell all that matters")
        )
        raise InvalidModelError(
            f"in state {state!r:.80}, action {action} {what} {first}, and another time to {second}: {why}. Pass a key= "
            "that tells more, hidden= to draw anew what the key does not tell, or samples= for an estimate",
            action=action,
        )


@dataclass
class Search:
    """The states that were followed, and those that wait."""

    trial: Trial
    max_states: int
    starts: dict[Hashable, float] = field(default_factory=dict)
    waiting: dict[Hashable, Any] = field(default_factory=dict)
    results: dict[Hashable, list[Row]] = field(default_factory=dict)
    again: dict[Hashable, list[Any]] = field(default_factory=dict)  # other environments in a state that waits
    compared: Counter[bool] = field(default_factory=Counter[bool])  # of those from a new origin, and of others
    replays: int = 0  # of steps, to compare
    arrivals: dict[Hashable, dict[tuple[Hashable, int] | None, int]] = field(default_factory=dict)
    drawn: random.Random = field(default_factory=lambda: random.Random(0))

    def begin(self, observation: Any, *, drawn: bool) -> None:
        """Put the first states into the queue: all that `reset` can draw, or that of an observation."""
        first = self.trial.copies.first
        given = [] if drawn else [(1.0, self.trial.identify(first, observation), first)]
        for probability, state, copied in self.trial.starts() if drawn else given:
            if not isinstance(state, Hashable):
                raise InvalidOptionError(f"key returned {state!r:.80}; expected what can be hashed, such as a tuple")
            self.starts[state] = self.starts.get(state, 0.0) + probability
            self._reach(state, copied, None)

    def follow(self, report: Callable[[int, int], object]) -> None:
        """Try all actions in all states that can be reached; in those that are reached in several ways, twice."""
        while self.waiting:
            state = next(iter(self.waiting))
            inner = self.waiting.pop(state)
            rows = self.trial.rows(state, inner)
            self.results[state] = [Row(row.weights, {}) for row in rows]
            for other in self.again.pop(state, []):
                self._compare(state, other)
            for action, row in enumerate(rows):
                for result, copied in row.reached.items():
                    if not result.ends:
                        self._reach(result.state, copied, (state, action))
            if len(self.results) % OFTEN == 0:
                report(len(self.results), len(self.results) + len(self.waiting))
        report(len(self.results), len(self.results))

    def _reach(self, state: Hashable, copied: Any, origin: tuple[Hashable, int] | None) -> None:
        """Note that an environment has come to a state, from a state by an action, or else by `reset`.

        Some of those that come to a state known before are compared: what the key does not tell depends on the way
        there. So the first ones all are, and later the first that comes from the k-th origin with probability 1/k.
        Of those of one origin, which are often alike, the j-th is with probability 1/j of that.
        """
        origins = self.arrivals.setdefault(state, {})
        known = len(origins)
        origins[origin] = origins.get(origin, 0) + 1
        if not known:
            if len(self.results) + len(self.waiting) == self.max_states:
                raise InvalidOptionError(f"there are more than max_states={self.max_states} states: raise it")
            self.waiting[state] = copied
            return
        first = origins[origin] == 1
        likely = self.drawn.random() * len(origins) * origins[origin] < 1.0
        if self.trial.samples is None and (likely or self.compared[first] < ALL):
            self.compared[first] += 1
            if state in self.waiting:
                others = self.again.setdefault(state, [])
                others.insert(0 if first else len(others), copied)
            else:
                self._compare(state, copied)

    def _compare(self, state: Hashable, other: Any) -> None:
        """See whether another environment in a state goes on alike, where not too much was compared already."""
        choices = self.trial.choices
        assert choices is not None
        before = choices.replays
        if self.replays <= ENOUGH + SHARE * before:
            self.trial.compare(state, self.results[state], other)
            self.replays += choices.replays - before

    def model(self) -> TabularMDP:
        """The tables of what was found."""
        number = {state: index for index, state in enumerate(self.results)}
        pairs = [row.weights for rows in self.results.values() for row in rows]
        rows = np.repeat(np.arange(len(pairs)), [len(weights) for weights in pairs])
        totals = [math.fsum(weights.values()) for weights in pairs]
        found = [(result, weight / total) for weights, total in zip(pairs, totals, strict=True)
                 for result, weight in weights.items()]  # fmt: skip
        probabilities = np.array([probability for _, probability in found])
        ends = np.array([result.ends for result, _ in found])
        columns = np.array([0 if result.ends else number[result.state] for result, _ in found], dtype=np.int64)
        amounts = np.array([result.reward for result, _ in found])
        entries = PairEntries(rows, columns, probabilities, len(number), self.trial.actions)
        initial = np.zeros(len(number))
        initial[[number[state] for state in self.starts]] = list(self.starts.values())
        return TabularMDP(
            transitions=entries.kept(~ends).matrix(),
            termination=entries.totals(ends),
            rewards=entries.expected(amounts),
            **entries.told(amounts, ends),
            feasible=np.ones((len(number), self.trial.actions), dtype=bool),
            initial=initial / initial.sum(),
        )


def explored(
    trial: Trial, observation: Any, max_states: int, report: Callable[[int, int], object], *, drawn: bool
) -> Search:
    """All states that can be reached from the first ones, which are drawn, or one that shows an observation.

    Raises:
        UncountableStartsError: They are to be drawn, and cannot be enumerated.
    """
    while True:
        trial.copies.share(trial.walk(drawn=drawn))
        search = Search(trial, max_states)
        try:
            try:
                search.begin(observation, drawn=drawn)
                search.follow(report)
            except PlannerError:
                trial.copies.check()  # what was found may be wrong, and so may be the error
                raise
            trial.copies.check()
        except SharedChangedError:
            continue
        return search
