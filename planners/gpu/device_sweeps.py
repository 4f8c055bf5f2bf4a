"""Value iteration on a GPU, in the order in which values reach the states.

    V = base + delta, base a lower bound of V*, delta = 0
    for a window of a hundred layers of states, which moves along:
        repeat: delta(s) = max_a [gain(s,a) + discount * sum_s' P(s'|s,a) delta(s')], all its states at once
        until the first states of the window have settled
    base = V; prove its bounds; if they are too wide, do it again with the gains of the new base

A GPU backs up thousands of states at once, so it cannot sweep in place, one state after the other, as
`planners.gauss_seidel` does. Yet from below, in that order, sweeps of all states at once also do: a state
is swept some 150 times a round, whatever the size. `delta` is float32, and the bounds of the base are proven as on
the CPU, by the same code in float64, so that no rounding of the sweeps can make them wrong.

Where no episode ends there is no such order: everything is swept, and the middle of the changes is added up.

Sources: as `planners.gauss_seidel`; Higham (2002), Chapter 12 (iterative refinement).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds
from planners.sweeps.batch_sweeps import BatchSweeps
from planners.sweeps.move_sweeps import MoveSweeps
from planners.sweeps.ordered_sweeps import LAYERS_IN_WINDOW
from planners.sweeps.row_sweeps import RowSweeps

SWEEPS: Final = 16  # of a window, before it is looked at: the GPU then waits for the CPU
PATIENCE: Final = 64  # looks at a window that does not move, after which it is taken to be too small; see `_judge`
LOOKS: Final = 16  # at most so many between two reports: on a small model, each takes as long as on a large one
ULPS: Final = 4.0  # changes of so many units of the last place of delta are rounding


class DeviceSweeps(BatchSweeps):
    """Sweeps of k models that share their tables, as one, on a device of PyTorch."""

    budget = 4_000 * SWEEPS

    def __init__(self, members: Sequence[MoveSweeps | RowSweeps], device: Any) -> None:
        """Send the tables to the device, of PyTorch."""
        super().__init__(members)
        self.budget: int = type(self).budget  # a device sweeps many entries at once
        self.sweeps_on_device: Any = _make_sweeps(members, device, self.discounts)
        self.never_ends: bool = self.order.layers == 1 and not _any_ends(members[0])
        self.window: int = self.blocks if self.never_ends else int(self.cursor[1])
        self.margin: int = -(-self.window * SWEEPS // LAYERS_IN_WINDOW)  # how far values come between two looks
        self.pending[:] = np.inf
        self.limited: bool = False
        self._low, self._waited = -1, 0  # first block of the window; -1 between two rounds
        self._ulps, self._least, self._stalled = ULPS, np.inf, 0
        self._last_error = np.nan  # none yet
        for column, member in enumerate(members):
            _initialise(member)
            self.values[:, column] = member.values

    @property
    def where(self) -> str:
        """The device, in words."""
        return self.sweeps_on_device.where

    def start_at(self, values: NDArray[np.float64]) -> None:
        """Take first values, (S,) in the old order, for the states that are not known beforehand."""
        computed = self.order.computed
        self.values[:computed] = values[self.order.order[:computed], None]

    def _sweep_window(self, threshold: float, budget: int) -> tuple[int, bool]:
        if self._low < 0:
            self._begin()
        work = looks = 0
        while work < budget and looks < LOOKS:
            looks += 1
            low, high, times = self._range()
            self._sweep(low, high, times, threshold)
            work += times * (high - low)
            if not np.isfinite(self.pending[low:high]).all():
                if not self._restart_in_float64():
                    return work, False
            elif times == 1 and not self.pending.any():
                self._end()
                return work, True
            elif self.pending[max(high - self.margin, low) : high].any():
                self.pending[high : high + 1] = np.inf  # what moves out of the window goes on
        return work, False

    def prove(self, tolerance: float = 0.0) -> Bounds:
        """Bounds of all models, by their own sweeps, on the CPU."""
        if self._low >= 0:
            self.values[:] = self.sweeps_on_device.values()
        return super().prove(tolerance)

    def after_proof(self, bounds: Bounds) -> None:
        """Where float32 did not halve the error that the last proof left, go on in float64; from the bound proven."""
        if bounds.error >= 0.5 * self._last_error:
            self.sweeps_on_device.use_float64()
        self._last_error = bounds.error
        if self._low >= 0:  # in the middle of a round, as values rise slowly
            self._low = -1
            for column, member in enumerate(self.members):
                member.after_proof(bounds)
                self.values[:, column] = member.values

    def _begin(self) -> None:
        """Start a round: values that prove a lower bound, unless no episode ends, and nothing settled."""
        for column, member in enumerate(self.members):
            member.values = self.values[:, column].copy()
            if not self.never_ends:
                member.begin_at(member.values[self.order.rank])
            self.values[:, column] = member.values
        self.sweeps_on_device.load(self.values)
        self.pending[:] = np.inf
        self.limited, self._low, self._waited = False, 0, 0
        self._ulps, self._least, self._stalled = ULPS, np.inf, 0

    def _end(self) -> None:
        self.values[:] = self.sweeps_on_device.values()
        self._low = -1

    def _sweep(self, low: int, high: int, times: int, threshold: float) -> None:
        """Sweep blocks low..high-1 and set what they may still change: 0 for those that have settled."""
        sweeps = self.sweeps_on_device
        first, last = low * self.block, min(high * self.block, self.order.computed)
        if self.never_ends and last > first:
            change, largest = sweeps.sweep_and_recentre(last, times)
        else:
            change, largest = sweeps.sweep(first, last, times, self.block)
        rounding = self._ulps * sweeps.precision * largest
        self.pending[low:high] = np.where(change <= max(threshold, rounding), 0.0, change)
        self.limited |= bool(threshold < rounding)
        self._judge(float(self.pending[low:high].max(initial=0.0)))

    def _judge(self, change: float) -> None:
        """Count as rounding what shrinks no more: it may go round in circles that are larger than `ULPS`."""
        self._stalled = 0 if change < self._least else self._stalled + 1
        self._least = min(change, self._least)
        if self._stalled > PATIENCE:
            self._ulps, self._stalled = 2.0 * self._ulps, 0

    def _range(self) -> tuple[int, int, int]:
        """First and last block to sweep, and how often: the window, and before it what it may change.

        When the window has passed, all that values change behind it: where the ways to two ends are equally good, the
        order may be wrong for many layers, and a window would go back and forth between them. In the end everything.
        """
        active = np.flatnonzero(self.pending)  # also NaN
        ahead = active[active >= self._low]
        if len(ahead):
            self._move(int(ahead[0]))
            return max(self._low - self.margin, 0), min(self._low + self.window, self.blocks), SWEEPS
        self._low = self.blocks
        if len(active):
            return max(int(active[0]) - self.margin, 0), min(int(active[-1]) + 1 + self.margin, self.blocks), SWEEPS
        return 0, self.blocks, 1

    def _move(self, low: int) -> None:
        """Let the window begin at a block; one that does not move for long grows."""
        self._waited = self._waited + 1 if low == self._low else 0
        if not self._waited:
            self._least, self._stalled = np.inf, 0
        self._low = low
        if self._waited > PATIENCE:
            self.window, self._waited = min(2 * self.window, max(self.blocks, 1)), 0

    def _restart_in_float64(self) -> bool:
        """After values that are not finite; False if they were float64 already."""
        self._end()
        if self.sweeps_on_device.precision < 2.0 * np.finfo(np.float64).eps:
            self.pending[:] = np.nan
            return False
        self.sweeps_on_device.use_float64()
        self.values[:] = np.stack([member.values for member in self.members], axis=1)
        self._begin()
        return True


def _initialise(member: MoveSweeps | RowSweeps) -> None:
    """First values of all states: a backup in which those further out count as a little worse."""
    from planners.kernels.forms import initialise

    initialise(member.tables, member.values, 0, member.order.computed, member.per_step)


def _any_ends(member: MoveSweeps | RowSweeps) -> bool:
    if isinstance(member, MoveSweeps):
        return bool(member.model.outcome_ends[member.model.outcome].any())
    return bool((member.problem.termination > 0).any())


def _make_sweeps(members: Sequence[MoveSweeps | RowSweeps], device: Any, discounts: NDArray[np.float64]) -> Any:
    from planners.gpu import torch_rows, torch_sweeps

    lead = members[0]
    if isinstance(lead, RowSweeps):
        tables = lead.indptr, lead.indices, lead.probability
        return torch_rows.TorchRowSweeps(device, discounts, tables, lead.reward, lead.first)
    moves = [member for member in members if isinstance(member, MoveSweeps)]
    mixture = np.stack([member.model.mixture for member in moves], axis=-1)
    alike = bool((mixture == mixture[..., :1]).all())
    reward = np.stack([member.model.outcome_reward for member in moves], axis=-1)
    mixture = mixture[..., :1] if alike else mixture
    ends = lead.model.outcome_ends
    sweeps = torch_sweeps.TorchMoveSweeps(
        device, discounts, lead.successor, lead.outcome, ends, reward, mixture, lead.kind
    )
    if device.type == "cuda" and len(moves) == 1:
        sweeps.triton = _find_triton()
    return sweeps


def _find_triton() -> Any:
    """The module of the fused kernels; None without Triton, which PyTorch brings along on Linux."""
    try:
        from planners.gpu import triton_kernels
    except ModuleNotFoundError:
        return None
    return triton_kernels
