"""How the states of the equations at discount 1 come from those of a model, and the way back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planners.equations.graph import EndComponents, next_towards, rows_towards
from planners.equations.problem import UNIT_ROUNDOFF
from planners.models.tabular import TabularMDP


@dataclass(frozen=True, eq=False)
class Merging:
    """States of a model of S states that were merged, or taken out.

    Attributes:
        index: (S,) state of the equations that each state became, -1 for those of infinite value.
        infinite: (S,) the value of the states that were taken out: inf or -inf.
        level: The end components in which one may stay for ever and earn 0 a step; each became one state.
        potential: (S,) h: what it earns to go from s to x within a component is h(s) - h(x); rounded.
        fixed: (S,) action of the states of value inf, and of those of `level` for staying; -1 elsewhere.
    """

    index: NDArray[np.int64]
    infinite: NDArray[np.float64]
    level: EndComponents
    potential: NDArray[np.float64]
    fixed: NDArray[np.int64]

    def expand(self, values: NDArray[np.float64], towards: float = 0.0) -> NDArray[np.float64]:
        """(S,) values of the model's states: h(s) more than that of the merged state.

        Args:
            values: (n,) values of the equations' states.
            towards: -inf or inf for a lower or an upper bound: wider by the rounding of h and of the sum.
        """
        inner = np.append(values, 0.0)[self.index]
        found = np.where(self.index >= 0, inner + self.potential, self.infinite)
        shifted = (self.potential != 0.0) & (self.index >= 0)
        if towards and shifted.any():
            slack = 4.0 * UNIT_ROUNDOFF * (np.abs(inner) + np.abs(self.potential))[shifted]
            found[shifted] = np.nextafter(found[shifted] + np.copysign(slack, towards), towards)
        return found

    def gather(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) values of the equations' states from (S,) guesses for the model's: the best guess of each."""
        inside = self.index >= 0
        found = np.full(int(self.index.max(initial=-1)) + 1, -np.inf)
        np.maximum.at(found, self.index[inside], (values - self.potential)[inside])
        return found

    def expand_policy(self, model: TabularMDP, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
        """(S,) actions, from the chosen pair s*A + a (or -1: stay) of each state of the equations.

        In an end component the state of the chosen pair takes it, and the others go to that state.
        """
        A = model.num_actions
        actions = np.where(self.fixed >= 0, self.fixed, model.feasible.argmax(axis=1))
        leaving = pairs[pairs >= 0]
        actions[leaving // A] = leaving % A
        leaves_from = np.zeros(model.num_states, dtype=bool)
        leaves_from[leaving // A] = True
        merged = (self.level.label >= 0) & (self.index >= 0)
        moving = merged & ~leaves_from & (np.append(pairs, -1)[self.index] >= 0)
        if moving.any():
            row_state = np.arange(model.num_states * A) // A
            towards = next_towards(model.transitions, row_state, self.level.internal, leaves_from & merged)
            rows = rows_towards(model.transitions, row_state, self.level.internal, towards)
            actions[moving] = rows[moving] % A
        return actions
