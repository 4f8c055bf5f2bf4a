"""What was played: every step of a run, and every change of its greedy policy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from planners.kernels.learners import Tables

CUT_OFF = np.uint32(1 << 31)


class Changes(NamedTuple):
    """The changes of a greedy policy, in order; actions are the bits of those that are tied.

    Attributes:
        first: (S,) int64, the actions of each state before the first step.
        steps: (n,) int64, the step after which each change is there.
        states: (n,) int64.
        bits: (n,) int64, the actions of that state from then on.
    """

    first: NDArray[np.int64]
    steps: NDArray[np.int64]
    states: NDArray[np.int64]
    bits: NDArray[np.int64]

    def last(self) -> NDArray[np.int64]:
        """(S,) the actions of each state after the last step."""
        bits = self.first.copy()
        bits[self.states] = self.bits  # where a state comes twice, the later one stays
        return bits


class Estimates(NamedTuple):
    """The changes of what is learned of V(s), in order.

    Attributes:
        first: (S,) V before the first step.
        steps: (n,) int64, the step after which each change is there.
        states: (n,) int64.
        values: (n,) V of that state from then on.
    """

    first: NDArray[np.float64]
    steps: NDArray[np.int64]
    states: NDArray[np.int64]
    values: NDArray[np.float64]


class Record(Protocol):
    """The steps of one run; each attribute is (steps,)."""

    @property
    def states(self) -> NDArray[np.int64]:
        """Where each step began."""
        ...

    @property
    def actions(self) -> NDArray[np.int64]:
        """What was done."""
        ...

    @property
    def rewards(self) -> NDArray[np.float64]:
        """What was earned."""
        ...

    @property
    def next_states(self) -> NDArray[np.int64]:
        """Where it led."""
        ...

    @property
    def terminated(self) -> NDArray[np.bool_]:
        """Whether the episode ended."""
        ...

    @property
    def truncated(self) -> NDArray[np.bool_]:
        """Whether it was cut off."""
        ...

    def counted(self) -> tuple[Any, ...]:
        """What `Experience.add` takes."""
        ...

    def __len__(self) -> int:
        """Number of steps."""
        ...


@dataclass(frozen=True, eq=False)
class StepRecord:
    """A `Record` as it is noted down."""

    states: NDArray[np.int64]
    actions: NDArray[np.int64]
    rewards: NDArray[np.float64]
    next_states: NDArray[np.int64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.states)

    def counted(self) -> tuple[Any, ...]:
        """For `Experience.add`: each step, once."""
        once = np.ones(len(self), dtype=np.int64)
        return self.states, self.actions, self.rewards, self.next_states, self.terminated, once


@dataclass(frozen=True, eq=False)
class TableRecord:
    """A `Record` of the outcomes that were drawn from tables; the number of an outcome says all.

    Attributes:
        outcomes: (steps,) uint32; the highest bit says that the episode was cut off.
        tables: The tables.
        num_actions: A.
    """

    outcomes: NDArray[np.uint32]
    tables: "Tables"
    num_actions: int

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.outcomes)

    def of_each(self, table: NDArray[Any]) -> NDArray[Any]:
        """(steps,) of each step the number that `table` has for its outcome."""
        from planners.kernels.outcomes import each_outcome

        return each_outcome(self.outcomes, table)

    @property
    def pair_of_outcome(self) -> NDArray[np.int64]:
        """s*A + a of each outcome."""
        return np.arange(len(self.tables.reward)) >> (self.tables.shift + 1)

    def counted(self) -> tuple[Any, ...]:
        """For `Experience.add`: each outcome that occurred, and how often."""
        from planners.kernels.outcomes import count_outcomes

        times = count_outcomes(self.outcomes, len(self.tables.reward))
        at = np.flatnonzero(times)
        pair, tables = self.pair_of_outcome[at], self.tables
        s, a = pair // self.num_actions, pair % self.num_actions
        return s, a, tables.reward[at], tables.next_state[at], tables.ends[at] != 0, times[at]

    @property
    def states(self) -> NDArray[np.int64]:
        """Where each step began."""
        return self.of_each(self.pair_of_outcome // self.num_actions)

    @property
    def actions(self) -> NDArray[np.int64]:
        """What was done."""
        return self.of_each(self.pair_of_outcome % self.num_actions)

    @property
    def rewards(self) -> NDArray[np.float64]:
        """What was earned."""
        return self.of_each(self.tables.reward)

    @property
    def next_states(self) -> NDArray[np.int64]:
        """Where it led."""
        return self.of_each(self.tables.next_state).astype(np.int64)

    @property
    def terminated(self) -> NDArray[np.bool_]:
        """Whether the episode ended."""
        return self.of_each(self.tables.ends) != 0

    @property
    def truncated(self) -> NDArray[np.bool_]:
        """Whether it was cut off."""
        return self.outcomes >= CUT_OFF


class Played(NamedTuple):
    """What one learner did.

    Attributes:
        record: Its steps.
        changes: The changes of its greedy policy; None where it has none.
        estimates: The changes of V(s); None but for predictors.
    """

    record: Record
    changes: Changes | None
    estimates: Estimates | None = None
