"""Which states reach a goal with probability 0, and which with probability 1: questions of the graph alone.

Numbers do not matter here, only which transitions there are, so the answers are exact.

Sources: Baier and Katoen (2008), "Principles of Model Checking", Sections 10.1.1 and 10.6.1; de Alfaro (1997),
"Formal Verification of Probabilistic Systems", Chapter 3.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import Entering, next_towards, rows_towards, take_out

Mask = NDArray[np.bool_]
COMPILED_FROM: Final = 2001  # states, as in `planners.solve`: the first model of a process need not wait for Numba


def is_compiled(states: int) -> bool:
    """Whether there are so many states that compiled loops search them."""
    return states >= COMPILED_FROM


@dataclass(frozen=True, eq=False)
class Arena:
    """The graph of a model and a goal in it.

    Attributes:
        transitions: (L, S) CSR; an ending in a goal state is a transition to it.
        feasible: (L,) bool, rows that exist.
        leaks: (L,) bool, rows with which the episode may end outside the goal.
        goal: (S,) bool.
    """

    transitions: sparse.csr_array
    feasible: Mask
    leaks: Mask
    goal: Mask

    @cached_property
    def row_state(self) -> NDArray[np.int64]:
        """(L,) the state of each row; every state has the same number of rows."""
        return np.arange(self.transitions.shape[0]) // (self.transitions.shape[0] // self.transitions.shape[1])

    @cached_property
    def free(self) -> Mask:
        """(L,) rows that exist, of states that are not in the goal."""
        return self.feasible & ~self.goal[self.row_state]

    def can_reach(self) -> Mask:
        """(S,) some policy reaches the goal with positive probability."""
        return self._towards(self.free, self.goal) >= 0

    @cached_property
    def must_reach_perhaps(self) -> Mask:
        """(S,) every policy reaches the goal with positive probability; the others can avoid it surely."""
        return self._drawn_to(self.goal, np.zeros_like(self.feasible))

    def surely_reaches(self) -> Mask:
        """(S,) some policy reaches the goal with probability 1."""
        hopeless = ~self.can_reach()
        while True:
            hopeless = self._drawn_to(hopeless, self.leaks)
            rows = self.staying(~hopeless)
            lost = self._towards(rows, self.goal) < 0
            if (lost == hopeless).all():
                return ~lost
            hopeless = lost

    def cannot_miss(self) -> Mask:
        """(S,) every policy reaches the goal with probability 1."""
        misses = ~self.must_reach_perhaps
        misses[self.row_state[self.free & self.leaks]] = True
        return self._towards(self.free, misses) < 0

    def rows_to_miss(self) -> NDArray[np.int64]:
        """(S,) for each state a row that may miss the goal for ever, or leads nearer to one; -1 where there is none."""
        avoids = ~self.must_reach_perhaps
        enters = np.asarray(self.transitions @ (~avoids).astype(np.float64)) > 0
        missing = self.free & ((avoids[self.row_state] & ~enters) | self.leaks)
        there = np.zeros(len(self.goal), dtype=bool)
        there[self.row_state[missing]] = True
        towards = self._towards(self.free, there)
        rows = rows_towards(self.transitions, self.row_state, self.free, towards)
        first = np.flatnonzero(missing)[::-1]
        rows[self.row_state[first]] = first
        return rows

    def staying(self, states: Mask) -> Mask:
        """(L,) rows of these states, outside the goal, that surely lead to one of them."""
        leaving = np.asarray(self.transitions @ (~states).astype(np.float64)) > 0
        return self.free & ~self.leaks & states[self.row_state] & ~leaving

    def rows_to_goal(self, rows: Mask) -> NDArray[np.int64]:
        """(S,) of the given rows, for each state one on a shortest way to the goal; -1 where there is none."""
        towards = self._towards(rows, self.goal)
        return rows_towards(self.transitions, self.row_state, rows, towards)

    def _drawn_to(self, states: Mask, broken: Mask) -> Mask:
        """(S,) these states, and those all of whose rows are broken or may lead to one that is drawn to them."""
        gone = broken | ~self.free
        has_row = np.zeros(len(states), dtype=bool)
        has_row[self.row_state[~gone]] = True
        drawn = states | (~self.goal & ~has_row)
        if is_compiled(len(drawn)):
            from planners.kernels import components

            components.take_out(*self._entering, self._actions, gone, drawn)
        else:
            take_out(self._entering, self.row_state, gone, drawn)
        return drawn

    def _towards(self, rows: Mask, targets: Mask) -> NDArray[np.int64]:
        """As `planners.equations.graph.next_towards`."""
        if not is_compiled(len(self.goal)):
            return next_towards(self.transitions, self.row_state, rows, targets)
        from planners.kernels import components

        return components.nearest(*self._entering, self._actions, rows, targets)

    @property
    def _actions(self) -> int:
        return self.transitions.shape[0] // self.transitions.shape[1]

    @cached_property
    def _entering(self) -> Entering:
        if not is_compiled(len(self.goal)):
            return Entering.of(self.transitions)
        from planners.kernels import components

        return Entering(*components.enter(self.transitions.indptr, self.transitions.indices, len(self.goal)))
