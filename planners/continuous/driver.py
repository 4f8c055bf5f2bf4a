"""The policy of a plan: it drives the program by which a cell's lower bound was proven, or a better one it meets."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.continuous.cells import Cells
from planners.continuous.guaranteed import HELD, Guide, steps_followed, worth_following
from planners.continuous.walks import Walk
from planners.errors import InvalidOptionError

BETTER = 0.01  # by which part another drive has to be better, so as not to begin one at every step
NEAR = 1e-5  # parts of an axis by which an observation in single precision may be off


@dataclass
class Driver:
    """Where a drive is.

    Attributes:
        cells: Of the lower bounds.
        lower: (N,) the bounds.
        guide: The actions that are tried first.
        discount: Of the rewards.
        planned: The actions still to take.
        sure: What they earn at least, counted from now.
        expected: (n,) where the last of them leads, as a float.
        programs: Those that were worked out, by their cells.
    """

    cells: Cells
    lower: NDArray[np.float64]
    guide: Guide | None
    discount: float
    planned: list[Any] = field(default_factory=list)
    sure: float = -np.inf
    expected: NDArray[np.float64] | None = None
    programs: dict[int, tuple[list[Any], float]] = field(default_factory=dict)

    def reset(self) -> None:
        """Forget what was planned."""
        self.planned, self.sure, self.expected = [], -np.inf, None

    def act(self, state: NDArray[np.float64]) -> Any:
        """The action in a state, which is where the last one led, or else the first of a drive."""
        if self.guide is None:
            raise InvalidOptionError("planning was interrupted before there was a policy; plan again")
        if not self._as_expected(state):
            self.reset()
        cell = int(self.cells.number(state[:, None])[0])
        if not self.planned or self.lower[cell] > self.sure + BETTER * abs(self.sure):
            if cell not in self.programs:
                self.programs[cell] = self._program(cell)
            self.planned, self.sure = list(self.programs[cell][0]), self.programs[cell][1]
        action = self.planned.pop(0)
        system = self.cells.system
        before = tuple(map(float, state))
        after = system.step(before, action)
        reward = float(system.reward(before, action, after))
        self.sure = (self.sure - reward) / self.discount if self.discount > 0.0 else -np.inf
        self.expected = np.array(after)
        return action

    def _as_expected(self, state: NDArray[np.float64]) -> bool:
        if self.expected is None:
            return False
        system = self.cells.system
        span = np.array(system.high) - system.low
        off = np.abs(state - self.expected)
        off = np.where(system.wraps, np.abs(off - span * np.round(off / span)), off)
        noise = 0.0 if system.noise is None else np.array(system.noise.sizes)
        return bool(np.all(off <= NEAR * span + noise))

    def _program(self, cell: int) -> tuple[list[Any], float]:
        """The actions that prove the bound of a cell, or a better one, and what they earn at least."""
        assert self.guide is not None
        best: tuple[list[Any], float] = ([], -np.inf)
        choices: list[tuple[Any, int]] = [
            (None, steps_followed(self.discount)),
            *((action, HELD) for action in self.guide.tried),
        ]
        for held, length in choices:
            walk, actions = Walk.of(self.cells, self.cells.boxes(np.array([cell])), self.discount, -1.0), []
            for _ in range(length):
                action = self.guide.actions(walk.sets) if held is None else np.array([held])
                walk = walk.step(action)
                actions.append(action[0].item())
                value = float(walk.value(self.lower)[0])
                if value > best[1] or not best[0]:
                    best = (actions.copy(), value)
                if not worth_following(walk)[0]:
                    break
        return best
