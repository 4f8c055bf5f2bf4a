"""The policy of a plan: it drives the program by which a cell's lower bound was proven, or a better one it meets."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.continuous.bounds import Bounds
from planners.continuous.guaranteed import Guide, steps_followed, worth_following
from planners.continuous.walks import Walk
from planners.errors import InvalidOptionError

BETTER = 0.01  # by which part another drive has to be better, so as not to begin one at every step
NEAR = 1e-5  # parts of an axis by which an observation in single precision may be off

Program = tuple[list[Any], float, float]


@dataclass
class Driver:
    """Where a drive is.

    Attributes:
        below: The lower bounds.
        guide: The actions that are tried first.
        discount: Of the rewards.
        planned: The actions still to take.
        sure: What they earn at least, counted from now.
        expected: (n,) where the last of them leads, as a float.
        programs: Those that were worked out, by their cells: actions, what they earn at least, how much more than W.
    """

    below: Bounds
    guide: Guide | None
    discount: float
    planned: list[Any] = field(default_factory=list)
    sure: float = -np.inf
    expected: NDArray[np.float64] | None = None
    programs: dict[int, list[Program]] = field(default_factory=dict)

    def reset(self) -> None:
        """Forget what was planned."""
        self.planned, self.sure, self.expected = [], -np.inf, None

    def act(self, state: NDArray[np.float64]) -> Any:
        """The action in a state, which is where the last one led, or else the first of a drive."""
        if self.guide is None:
            raise InvalidOptionError("planning was interrupted before there was a policy; plan again")
        if not self._as_expected(state):
            self.reset()
        point = state[:, None]
        if not self.planned or self.below.at(point)[0] > self.sure + BETTER * abs(self.sure):
            self.planned, self.sure = self._best(point)
        action = self.planned.pop(0)
        system = self.below.cells.system
        before = tuple(map(float, state))
        after = system.step(before, action)
        reward = float(system.reward(before, action, after))
        self.sure = (self.sure - reward) / self.discount if self.discount > 0.0 else -np.inf
        self.expected = np.array(after)
        return action

    def _as_expected(self, state: NDArray[np.float64]) -> bool:
        if self.expected is None:
            return False
        system = self.below.cells.system
        span = np.array(system.high) - system.low
        off = np.abs(state - self.expected)
        off = np.where(system.wraps, np.abs(off - span * np.round(off / span)), off)
        noise = 0.0 if system.noise is None else np.array(system.noise.sizes)
        return bool(np.all(off <= NEAR * span + noise))

    def _best(self, point: NDArray[np.float64]) -> tuple[list[Any], float]:
        """The actions that are surest at a point, and what they earn at least."""
        cell = int(self.below.cells.number(point)[0])
        if cell not in self.programs:
            self.programs[cell] = self._programs(cell)
        potential = self.below.potential
        guess = -np.inf if potential is None else potential.at(point)[0] - 2.0 * potential.error
        actions, value, excess = max(self.programs[cell], key=lambda each: max(each[1], guess + each[2]))
        return list(actions), max(value, guess + excess)

    def _programs(self, cell: int) -> list[Program]:
        """The actions that prove the bounds of a cell, or better ones."""
        assert self.guide is not None
        below, best = self.below, [([], -np.inf, -np.inf)] * 2
        choices: list[tuple[Any, int]] = [
            (None, steps_followed(self.discount)),
            *((action, self.guide.held) for action in self.guide.tried),
        ]
        for held, length in choices:
            walk, actions = Walk.of(below.cells, below.origin(cell), self.discount, -1.0, below.potential), []
            for _ in range(length):
                action = self.guide.actions(walk.sets) if held is None else np.array([held])
                walk = walk.step(action)
                actions.append(action[0].item())
                value = float(walk.value(below.values)[0])
                excess = -np.inf if below.potential is None else float(walk.excess(below.excess)[0])
                found = actions.copy(), value, excess
                if value > best[0][1] or not best[0][0]:
                    best[0] = found
                if excess > best[1][2] or not best[1][0]:
                    best[1] = found
                if not worth_following(walk, self.guide)[0]:
                    break
        return best
