"""Modified policy iteration by compiled sweeps, for models whose arrays are too large for NumPy's temporaries.

    repeat:  policy = greedy for V, found by the very backup that proves the bounds of V
             m times:  V = r_policy + discount * P_policy V

Where no episode ends, a constant added to V changes no policy, so V moves to the middle of its bounds each
time, and the sweeps of a policy end when they change all values by the same.

Sources: as `planners.modified_policy_iteration`; the middle of the bounds: MacQueen (1966).
"""

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds
from planners.equations.problem import UNIT_ROUNDOFF, Problem
from planners.iteration.iterates import SweepIterate
from planners.iteration.rounding_floor import floors, is_surely_provable
from planners.models.tabular import TabularMDP
from planners.options import Tolerance
from planners.sweeps.certified_values import CertifiedValues
from planners.sweeps.ordered_sweeps import Order

if TYPE_CHECKING:
    from planners.kernels.policy_rows import PolicyRows
    from planners.kernels.rows import Rows


PATIENCE: Final = 30  # policies


class PolicySweeps(CertifiedValues):
    """A `Problem` at a discount below 1, its states in their own order."""

    model: TabularMDP
    discount: float
    values: NDArray[np.float64]
    problem: Problem

    def __init__(self, problem: Problem, values: NDArray[np.float64]) -> None:
        """Take V_0 from `values`, (n,), which are copied."""
        own = np.arange(problem.num_states, dtype=np.int32)
        self.problem, self.model, self.discount = problem, problem.model, problem.discount
        order, roundings = Order(own, own, problem.num_states, 1), problem.rounding_terms - 10
        super().__init__(order, values.copy(), roundings, problem.transitions.nnz)
        self.first: NDArray[np.int64] = np.append(problem.first_row, len(problem.row_state))
        self.known_rows: NDArray[np.integer[Any]] = np.zeros(0, dtype=np.int64)
        self._spare = np.empty_like(self.values)
        self._policy: PolicyRows | None = None

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
        from planners.kernels.policy_rows import copy_policy, evaluate_once, room_for_rows

        tables, first = self.tables, np.inf
        self._policy = room_for_rows(tables) if self._policy is None else self._policy
        copy_policy(tables, self.rows, self._policy)
        for _ in range(sweeps):
            least, most = evaluate_once(tables, self._policy, self.values, self._spare)
            self.values, self._spare = self._spare, self.values
            distance = most - least if self.problem.never_ends else max(most, -least)
            first = distance if first == np.inf else first
            if not distance > threshold:
                break
        return first

    def is_below_floor(self, number: int, l: float, k: float, tolerance: Tolerance) -> bool:
        """Whether rounding keeps any values from proving the tolerance; asked at policies 1, 2, 4, 8, ..."""
        if number & (number - 1) or not np.isfinite(k - l):
            return False
        lower, upper = self.values + l, self.values + k
        most = tolerance.most(lower, upper)
        if is_surely_provable(self.problem, lower, upper, most):
            return False
        least, enough = floors(self.problem, lower, upper)
        return most < least and (enough <= 4.0 * least or number >= 1024)

    @property
    def tables(self) -> "Rows":
        """The equations' rows."""
        from planners.kernels.rows import Rows

        P = self.problem.transitions
        return Rows(P.indptr, P.indices, P.data, self.problem.rewards, self.first, self.discount)

    def reward_size(self) -> float:
        """Largest |r| of any row."""
        return self.problem.largest_reward

    def _first_rows(self) -> NDArray[np.int64]:
        return self.first[:-1].astype(np.int64)

    def expand(self, values: NDArray[np.float64], towards: float = 0.0) -> NDArray[np.float64]:
        """(S,) for the model's states."""
        return self.problem.expand(values, towards)

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(S,) actions in the model's own numbering."""
        return self.problem.expand_policy(rows)


def compiled_sweeps(swept: PolicySweeps, sweeps: int, tolerance: Tolerance, *, refuses: bool) -> Iterator[SweepIterate]:
    """The iterates of modified policy iteration from the values of `swept`.

    Rounding may go round in circles that are larger than a bound of it would tell: it has ended the run as well where
    the error is some times what rounding leaves, and no policy of the last `PATIENCE` has made it smaller.
    """
    margin, distance = 1.0 - swept.discount, np.inf
    best, since = np.inf, 0
    for number in count(1):
        l, k = swept.improve()
        error = 0.5 * (k - l)
        size = max(float(swept.values.max()), -float(swept.values.min()))
        aim = tolerance.target(swept.values + 0.5 * (l + k)).aim if tolerance.relative else tolerance.absolute
        best, since = (error, 0) if error < 0.99 * best else (best, since + 1)
        circles = since >= PATIENCE and error <= 16.0 * swept.roundings * UNIT_ROUNDOFF * size / margin
        settled = distance <= max(0.2 * aim * margin, 8.0 * UNIT_ROUNDOFF * size)
        good = error <= 0.999 * aim
        stuck = settled or circles or (refuses and swept.is_below_floor(number, l, k, tolerance))
        yield SweepIterate(
            residual=max(k, -l) * margin if np.isfinite(error) else np.nan,
            prove=lambda l=l, k=k: swept.bounds(l, k),
            find_target=lambda bounds: swept.target(tolerance, bounds),
            final=good or stuck,
            stuck=stuck and not good,
        )
        if swept.problem.never_ends:
            swept.values += 0.5 * (l + k)
        distance = swept.evaluate(max(sweeps, 1), 0.2 * aim * margin)
