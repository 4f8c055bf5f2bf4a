"""What a replay keeps: the frames of planning, and the steps of an episode."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.rules_to_tables import Rules
from gridworld_env.grid.actions import Action
from gridworld_env.grid.grid import Grid
from gridworld_env.ui.pages.thinning import Thinning
from planners import Iteration, Plan, Transition


@dataclass(frozen=True, eq=False)
class SweepFrame:
    """What one iteration made of S states.

    Attributes:
        iteration: Its numbers.
        values: (S,) float32 V.
        lower: (S,) float32 proven lower bounds of V*; -inf: none.
        upper: (S,) float32 proven upper bounds of V*; inf: none.
        arrows: (S,) uint16, bit `Action.UP` and so on set for every greedy action.
    """

    iteration: Iteration
    values: NDArray[np.float32]
    lower: NDArray[np.float32]
    upper: NDArray[np.float32]
    arrows: NDArray[np.uint16]

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return sum(array.nbytes for array in (self.values, self.lower, self.upper, self.arrows))


@dataclass(frozen=True)
class Step:
    """One step of the episode: what was intended, what became of it, and the state it led to."""

    intended: Action
    made: Action
    transition: Transition


class Recording:
    """A planning run on a map and an episode of its policy; `Replay` records it and documents the attributes."""

    grid: Grid
    rules: Rules
    title: str

    def __init__(self, grid: Grid, rules: Rules, title: str) -> None:
        """Begin with an empty recording."""
        self.grid, self.rules, self.title = grid, rules, title
        self.sweeps: Thinning[SweepFrame] = Thinning(lambda frame: frame.nbytes)
        self.history: list[Iteration] = []
        self.plan: Plan | None = None
        self.steps: tuple[Step, ...] = ()
        self.seed: int | None = None
        self.start = 0

    @property
    def visited(self) -> Sequence[int]:
        """States of the episode, including the first; empty before there is an episode."""
        return [self.start, *(int(step.transition.next_observation) for step in self.steps)] if self.steps else []

    def __str__(self) -> str:
        """The recorded frames, described in a line."""
        ends = f", an episode of {len(self.steps)} steps" if self.steps else ""
        return f"{self.sweeps} sweeps{ends}"
