"""Dyna-Q and Dyna-Q+: after each step, n more updates from a model of what was seen.

    loop for each step:
        choose A from S, take it, observe R, S'
        Q(S, A) <- Q(S, A) + alpha [R + gamma max_a Q(S', a) - Q(S, A)]
        Model(S, A) <- R, S'                                     (of deterministic steps)
        loop repeat n times:
            S <- a state seen before, A <- an action taken in it before, both at random
            R, S' <- Model(S, A)
            Q(S, A) <- Q(S, A) + alpha [R + gamma max_a Q(S', a) - Q(S, A)]

Dyna-Q+ adds kappa sqrt(tau) to R, for a pair that was last tried tau steps ago; actions that were never tried in a
state are then in the model too, as if they led back to the state with reward 0.

Source: Sutton (1990), "Integrated architectures for learning, planning, and reacting"; Sutton and Barto (2018), Section
8.2, the box "Tabular Dyna-Q", and Section 8.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from planners.arguments import check_number, check_whole
from planners.learning.random_bits import one_of
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task


class Remembered(NamedTuple):
    """What a pair did when it was last tried."""

    reward: float
    next_state: int
    terminated: bool
    step: int


@dataclass
class DynaQ(TabularLearner):
    """Dyna-Q; with `kappa` above 0 Dyna-Q+.

    Attributes:
        planning_steps: n.
        kappa: Weight of the bonus for pairs that were not tried for a long time.

    >>> agent = DynaQ(rate=1.0, planning_steps=50).begin((3, 1), discount=0.5, seed=1)
    >>> agent.learn(0, 0, 0.0, 1, terminated=False)
    >>> agent.learn(1, 0, 4.0, 2, terminated=True)       # planning takes it back to state 0
    >>> agent.action_values.tolist()
    [[2.0], [4.0], [0.0]]
    """

    planning_steps: int = 5
    kappa: float = 0.0

    def __post_init__(self) -> None:
        """Refuse negative numbers."""
        super().__post_init__()
        self.planning_steps = check_whole("planning_steps", self.planning_steps, 0)
        self.kappa = check_number("kappa", self.kappa, 0.0)

    def start(self, task: Task, seed: int | None) -> None:
        """Begin with an empty model."""
        super().start(task, seed)
        self.model: dict[tuple[int, int], Remembered] = {}
        self.tried: list[tuple[int, int]] = []
        self.touched: set[int] = set()

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Do one update from the step, and n updates from the model."""
        self.touched = {s}
        self.improve(s, a, r, s2, terminated)
        self.remember(s, a, Remembered(r, s2, terminated, self.steps))
        for _ in range(self.planning_steps):
            state, action = one_of(self.tried, self.random.draw())
            seen = self.model[state, action]
            bonus = self.kappa * (self.steps - seen.step) ** 0.5
            self.improve(state, action, seen.reward + bonus, seen.next_state, seen.terminated)
            self.touched.add(state)

    def improve(self, s: int, a: int, r: float, s2: int, terminated: bool) -> None:
        """Move Q(s, a) towards R + gamma max_a Q(s', a)."""
        later = 0.0 if terminated else max(self.Q[s2])
        self.Q[s][a] += self.step_size(s, a) * (r + self.discount * later - self.Q[s][a])

    def remember(self, s: int, a: int, seen: Remembered) -> None:
        """Store the outcome of a pair in the model; with Dyna-Q+ also the other actions of its state."""
        for action in self.options[s] if self.kappa else [a]:
            if (s, action) not in self.model:
                self.tried.append((s, action))
                self.model[s, action] = Remembered(0.0, s, False, 0)
        self.model[s, a] = seen

    def changed(self, s: int) -> Iterable[int]:
        """The states that were updated."""
        return self.touched
