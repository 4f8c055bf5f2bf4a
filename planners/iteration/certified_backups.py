"""V and Q of a method as iterates of the loop: when to prove their bounds, and when rounding ends that."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds, Certifier
from planners.equations.problem import Problem
from planners.iteration.iterates import Backup
from planners.iteration.rounding_floor import FLOOR, floors, is_surely_provable
from planners.options import Target, Tolerance


def certified(
    problem: Problem, backups: Iterator[Backup], tolerance: Tolerance, *, refuses: bool
) -> "Iterator[CertifiedBackup]":
    """The iterates of a method; if `refuses`, they say so as soon as the tolerance surely cannot be proven.

    A proof is always due below discount 1; at discount 1, where it is dear, ever more rarely.
    """
    certifier, next_proof = Certifier(problem), 0
    for number, backup in enumerate(backups):
        known = backup.greedy is not None and np.isfinite(backup.action_values).all()
        best = backup.action_values[backup.greedy] if known else problem.maximise(backup.action_values)
        residual = float(np.abs(best - backup.values).max(initial=0.0))
        iterate = CertifiedBackup(certifier, backup, number, residual, tolerance, refuses)
        if not iterate.proof_is_due and iterate.promises_much(number >= next_proof):
            iterate.proof_is_due, next_proof = True, number + max(number // 8, 8)
        yield iterate


@dataclass
class CertifiedBackup:
    """The `Iterate` of a method that yields V and Q, number 0, 1, 2, ... of the run."""

    certifier: Certifier
    backup: Backup
    number: int
    residual: float
    tolerance: Tolerance
    refuses: bool

    def __post_init__(self) -> None:
        """Whether a proof is due in any case."""
        below_one = self.certifier.problem.discount < 1.0
        self.proof_is_due: bool = below_one or (self.backup.rows is not None and self.backup.final)

    @property
    def is_finite(self) -> bool:
        """Whether the residual is."""
        return bool(np.isfinite(self.residual))

    @property
    def values(self) -> NDArray[np.float64]:
        """(n,) V."""
        return self.backup.values

    @property
    def final(self) -> bool:
        """As the method says."""
        return self.backup.final

    def bounds(self) -> Bounds:
        """Bounds from V and Q; of a final policy that misses the tolerance, the better of two kinds of weights."""
        values, action_values, rows, _, greedy = self.backup
        if rows is None and greedy is not None and np.isfinite(action_values).all():
            found = self.certifier.of_best(values, action_values[greedy], greedy)
            if found is not None and found.error > self._aim:
                return found
        found = self.certifier.bounds(values, action_values, greedy if rows is None else rows, wanted=self._aim)
        if not (self._may_do_by_steps and self.backup.final) or found.error <= self.target(found).aim:
            return found
        other = self.certifier.by_steps(*self.backup[:3])
        return other if other is not None and other.error < found.error else found

    @property
    def _may_do_by_steps(self) -> bool:
        """Whether expected steps to the end may prove more than 1 - discount; they need a policy and its values."""
        problem = self.certifier.problem
        return self.backup.rows is not None and problem.discount < 1.0 and bool(problem.termination.any())

    def unproven(self) -> Bounds:
        """The bounds: they take one backup, which is there already."""
        return self.bounds()

    def target(self, bounds: Bounds) -> Target:
        """By the size of the values."""
        return self.tolerance.target(bounds.values)

    def at_floor(self, bounds: Bounds) -> bool:
        """Whether the residual hardly counts beside the rounding, or the tolerance is below what can be proven."""
        return self._hardly_counts(bounds) or self._is_below_floor(bounds)

    def promises_much(self, waited: bool) -> bool:
        """Whether a proof that is dear is worth it, `waited` long since the last one or not."""
        small, at_floor = self.residual <= self._aim, self._hardly_counts()
        return (small or at_floor) and (waited or (small and at_floor))

    @property
    def _aim(self) -> float:
        """By the size of V, which is near that of the bounds' values where it counts."""
        return self.tolerance.target(self.values).aim

    def _hardly_counts(self, bounds: Bounds | None = None) -> bool:
        """Whether the residual hardly counts beside the rounding, and the error, if known, would not do without it."""
        problem, residual = self.certifier.problem, self.residual
        error, rows = (
            (None, problem.greedy(self.backup.action_values)) if bounds is None else (bounds.error, bounds.rows)
        )
        rounding = float(problem.rounding(self.values, rows).max(initial=0.0))
        if self.backup.rows is not None or residual > FLOOR * rounding:  # sweeps follow a policy's values, and tell
            return False
        if error == np.inf:  # at discount 1 the values that follow may be those of a policy that ends
            return problem.discount < 1.0 or residual <= self._aim
        # the error is at most (rounding + 2 residual) / margin, and without the residual rounding / margin
        may_do = error is not None and error * rounding <= self._aim * (rounding + 2.0 * residual)
        return not may_do or residual <= 2.0 * rounding / problem.rounding_terms  # a few roundings are left

    def _is_below_floor(self, bounds: Bounds) -> bool:
        """Whether the tolerance is below the floor; said when V* is roughly known, or when the bounds are there."""
        iteration = self.number + 1
        if iteration & (iteration - 1) or self._may_do_by_steps:  # asked at 1, 2, 4, 8, ...
            return False
        aim = self.target(bounds).aim
        if is_surely_provable(self.certifier.problem, bounds.lower, bounds.upper, aim):
            return False
        least, enough = floors(self.certifier.problem, bounds.lower, bounds.upper)
        most = self.tolerance.most(bounds.lower, bounds.upper)
        hopeless = most < least or least == np.inf
        refused = self.refuses and hopeless and (enough <= 4.0 * least or iteration >= 1024)
        return aim < least and (refused or bounds.error <= (1.0 + FLOOR) * least < np.inf)
