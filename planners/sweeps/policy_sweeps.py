"""Modified policy iteration by compiled sweeps, for models whose arrays are too large for NumPy's temporaries.

    repeat:  policy = greedy for V, found by the very backup that proves the bounds of V
             m times:  V = r_policy + discount * P_policy V

Where no episode ends, a constant added to V changes no policy, so V moves to the middle of its bounds each
time, and the sweeps of a policy end when they change all values by the same.

Sources: as `planners.modified_policy_iteration`; the middle of the bounds: MacQueen (1966).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds
from planners.equations.problem import UNIT_ROUNDOFF, Problem
from planners.iteration.iterates import SweepIterate
from planners.sweeps.certified_values import CertifiedValues
from planners.sweeps.ordered_sweeps import Order

if TYPE_CHECKING:
    from planners.kernels.rows import Rows


class PolicySweeps(CertifiedValues):
    """A `Problem` at a discount below 1, its states in their own order."""

    problem: Problem

    def __init__(self, problem: Problem, values: NDArray[np.float64]) -> None:
        """Take V_0 from `values`, (n,), which are copied."""
        own = np.arange(problem.num_states, dtype=np.int32)
        self.problem, self.model, self.discount = problem, problem.model, problem.discount
        super().__init__(Order(own, own, problem.num_states, 1), values.copy(), problem.rounding_terms)
        self.first = np.append(problem.first_row, len(problem.row_state))
        self.never_ends = not problem.termination.any()
        self._spare = np.empty_like(self.values)

    def improve(self) -> tuple[float, float]:
        """Set `rows` to the greedy policy; returns l and k such that V + l and V + k are bounds of V*."""
        return self._numbers(0.0, 1.0)

    def bounds(self, l: float, k: float) -> Bounds:
        """The bounds V + l and V + k."""
        return self._bounds(l, k, 0.0, 1.0)

    def evaluate(self, sweeps: int, threshold: float) -> float:
        """Back the policy up, `sweeps` times or until it is within `threshold` of its values; the first distance.

        The distance is the largest change or, where no episode ends, how much the changes of two states differ.
        """
        from planners.kernels.rows import evaluate_rows

        first = np.inf
        for _ in range(sweeps):
            least, most = evaluate_rows(self.tables, self.rows, self.values, self._spare)
            self.values, self._spare = self._spare, self.values
            distance = most - least if self.never_ends else max(most, -least)
            first = distance if first == np.inf else first
            if not distance > threshold:
                break
        return first

    @property
    def tables(self) -> "Rows":
        """The equations' rows."""
        from planners.kernels.rows import Rows

        P = self.problem.transitions
        return Rows(P.indptr, P.indices, P.data, self.problem.rewards, self.first, self.discount)

    def _ratios(self, slope: float, offset: float) -> NDArray[np.float64]:
        from planners.kernels.proofs import prove

        return prove(self.tables, self.values, slope, offset, self.num_states, self.roundings, self.rows)

    def expand(self, values: NDArray[np.float64], towards: float = 0.0) -> NDArray[np.float64]:
        """(S,) for the model's states."""
        return self.problem.expand(values, towards)

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(S,) actions in the model's own numbering."""
        return self.problem.expand_policy(rows)


def compiled_sweeps(swept: PolicySweeps, sweeps: int, tolerance: float) -> Iterator[SweepIterate]:
    """The iterates of modified policy iteration from the values of `swept`."""
    margin, distance = 1.0 - swept.discount, np.inf
    while True:
        l, k = swept.improve()
        error = 0.5 * (k - l)
        rounding = 8.0 * UNIT_ROUNDOFF * max(float(swept.values.max()), -float(swept.values.min()))
        good, stuck = error <= 0.999 * tolerance, distance <= max(0.2 * tolerance * margin, rounding)
        yield SweepIterate(
            residual=max(k, -l) * margin if np.isfinite(error) else np.nan,
            prove=lambda l=l, k=k: swept.bounds(l, k),
            final=good or stuck,
            stuck=stuck and not good,
        )
        if swept.never_ends:
            swept.values += 0.5 * (l + k)
        distance = swept.evaluate(max(sweeps, 1), 0.2 * tolerance * margin)
