"""Where the states of a model come from, part by part: a model in memory, or a function that gives rows.

A source of a third kind, a map file read in slices, is `gridworld_env.maps.slices`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from planners.distributed.processes import Processes
from planners.errors import InvalidOptionError
from planners.models.convert import Model, as_model
from planners.models.negated import negated
from planners.models.slices import Tables, checked_rows, tables_of_model
from planners.plans.model_identity import fingerprint

T = TypeVar("T")


class Source(ABC):
    """A model of A actions that is read a part at a time.

    Attributes:
        num_actions: Number of actions A.
        whole: The model, where it is in memory.
    """

    num_actions: int
    whole: Model | None = None

    @abstractmethod
    def cut(self, parts: int, processes: Processes) -> NDArray[np.int64]:
        """(parts + 1,) first state of each part, and the number of states S; fewer parts where there are few states.

        All processes call it together, and if one raises something, all do.
        """

    @abstractmethod
    def tables(self, part: int) -> Tables:
        """The tables of a part, after `cut`."""

    def identity(self) -> str:
        """What tells the model from others, as far as that is known before it is read; all processes have the same."""
        return f"{type(self).__name__} of {self.num_actions} actions"

    @abstractmethod
    def bytes_a_state(self) -> float:
        """Estimate of the bytes that the tables of one state take, once they are read."""

    def to_maximise(self) -> Model | None:
        """The model whose tables these are, where it is in memory."""
        return self.whole


class ModelSource(Source):
    """A model in memory, or an environment that has one."""

    def __init__(self, model: Any) -> None:
        """Find the model."""
        self.whole = as_model(model)
        self.num_actions: int = self.whole.num_actions

    def cut(self, parts: int, processes: Processes) -> NDArray[np.int64]:
        """Parts of the same number of states."""
        assert self.whole is not None
        self.borders: NDArray[np.int64] = evenly(self.whole.num_states, parts)
        return self.borders

    def tables(self, part: int) -> Tables:
        """Rows of the model's tables."""
        assert self.whole is not None
        return tables_of_model(self.whole, int(self.borders[part]), int(self.borders[part + 1]))

    def identity(self) -> str:
        """Its sizes and the SHA-256 of its tables."""
        assert self.whole is not None
        return f"{self.whole.num_states} states and {self.num_actions} actions, SHA-256 {fingerprint(self.whole)[1]}"

    def bytes_a_state(self) -> float:
        """As many as in the model."""
        assert self.whole is not None
        return self.whole.nbytes / self.whole.num_states


class Rows(Source):
    """A model given by a function, which each process calls for its own states only.

    Args:
        rows: `rows(first, last)` returns, for the states first..last-1, n of them, a tuple (P, R), (P, R,
            termination) or (P, R, termination, feasible): (n*A, S) CSR of the probabilities with which the
            episode goes on, row (s - first)*A + a; (n, A) expected rewards; (n, A) probability that the episode
            ends, by default 0; (n, A) bool, which actions exist, by default all.
        num_states: Number of states S.
        num_actions: Number of actions A.
        entries_a_state: Estimate of the probabilities of one state, for the check of memory.

    >>> from scipy import sparse
    >>> def rows(first, last):
    ...     '''Step down the ladder for -1; the episode ends below state 0.'''
    ...     states = np.arange(first, last)
    ...     goes_on = (states > 0).astype(float)
    ...     P = sparse.csr_array((goes_on, (states - first, np.maximum(states - 1, 0))), shape=(last - first, 100))
    ...     return P, np.full((last - first, 1), -1.0), 1.0 - goes_on[:, None]
    >>> from planners.distributed import solve_in_parts
    >>> solve_in_parts(Rows(rows, num_states=100, num_actions=1), discount=0.5).values[:3].round(3)
    array([-1.  , -1.5 , -1.75])
    """

    rows: Callable[[int, int], Sequence[Any]]
    num_states: int
    num_actions: int

    def __init__(
        self,
        rows: Callable[[int, int], Sequence[Any]],
        num_states: int,
        num_actions: int,
        entries_a_state: float = 16.0,
    ) -> None:
        """Keep the function."""
        for name, count in (("num_states", num_states), ("num_actions", num_actions)):
            if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
                raise InvalidOptionError(f"{name} is {count!r}; expected a whole number of at least 1")
        self.rows, self.num_states, self.num_actions = rows, int(num_states), int(num_actions)
        self.entries_a_state = entries_a_state

    def cut(self, parts: int, processes: Processes) -> NDArray[np.int64]:
        """Parts of the same number of states."""
        self.borders: NDArray[np.int64] = evenly(self.num_states, parts)
        return self.borders

    def tables(self, part: int) -> Tables:
        """What the function says of the part, checked."""
        first, last = int(self.borders[part]), int(self.borders[part + 1])
        return checked_rows(self.rows(first, last), first, last, self.num_states, self.num_actions)

    def identity(self) -> str:
        """Its sizes and the name of the function; what it returns is not known before it is called."""
        name = getattr(self.rows, "__qualname__", type(self.rows).__name__)
        return f"{self.num_states} states and {self.num_actions} actions by {name}"

    def bytes_a_state(self) -> float:
        """By the estimate of the probabilities."""
        return 12.0 * self.entries_a_state + 32.0 * self.num_actions + 8.0


class NegatedSource(Source):
    """A source with every reward negated: what to maximise where costs are minimised."""

    def __init__(self, source: Source) -> None:
        """Keep the source."""
        self.source = source
        self.num_actions: int = source.num_actions

    def cut(self, parts: int, processes: Processes) -> NDArray[np.int64]:
        """As the source."""
        return self.source.cut(parts, processes)

    def tables(self, part: int) -> Tables:
        """The tables of the source, negated."""
        return negated(self.source.tables(part))

    def identity(self) -> str:
        """That of the source."""
        return self.source.identity()

    def bytes_a_state(self) -> float:
        """As the source."""
        return self.source.bytes_a_state()

    def to_maximise(self) -> Model | None:
        """The model with every reward negated."""
        return None if self.source.whole is None else negated(self.source.whole)


def evenly(count: int, parts: int) -> NDArray[np.int64]:
    """(parts + 1,) borders that cut `count` things into parts of the same size, none of them empty.

    >>> evenly(10, 4)
    array([ 0,  2,  5,  7, 10])
    """
    parts = max(min(parts, count), 1)
    return np.arange(parts + 1, dtype=np.int64) * count // parts


def dealt(parts: int, size: int, rank: int) -> range:
    """The parts of a process: they are dealt in turn, so that wherever values are on their way, all processes work.

    >>> list(dealt(7, 3, 0)), list(dealt(7, 3, 2)), list(dealt(2, 3, 2))
    ([0, 3, 6], [2, 5], [])
    """
    return range(rank, parts, size)


def in_turn(told: Sequence[Sequence[T]]) -> list[T]:
    """What each process told of its parts, in the order of the parts.

    >>> in_turn([["part 0", "part 3"], ["part 1"], ["part 2"]])
    ['part 0', 'part 1', 'part 2', 'part 3']
    """
    return [told[part % len(told)][part // len(told)] for part in range(sum(map(len, told)))]


def as_source(model: Any) -> Source:
    """A source as it is; a `ModelSource` of anything that has a model."""
    return model if isinstance(model, Source) else ModelSource(model)
