"""Sarsa(lambda): each error updates every pair that was visited, with less weight for earlier visits.

    loop for each episode:
        e(s, a) <- 0 for all s, a
        loop for each step of the episode:
            take A, observe R, S', choose A' from S'
            delta <- R + gamma Q(S', A') - Q(S, A)
            e(S, A) <- e(S, A) + 1                    (accumulating traces; replacing ones: e(S, A) <- 1)
            for all s, a:
                Q(s, a) <- Q(s, a) + alpha delta e(s, a)
                e(s, a) <- gamma lambda e(s, a)
            S <- S', A <- A'

Source: Sutton and Barto (1998), Section 7.5, Figure 7.11; Singh and Sutton (1996), "Reinforcement learning with
replacing eligibility traces".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from planners.arguments import check_number
from planners.learning.sarsa import Sarsa
from planners.learning.task import Task

FORGOTTEN: Final = 1e-12  # a smaller trace is left out


@dataclass
class SarsaLambda(Sarsa):
    """Sarsa(lambda).

    Attributes:
        trace_decay: lambda, 0 to 1; with 0 it is Sarsa.
        replacing: Whether a trace becomes 1 at a visit, instead of growing by 1.

    >>> agent = SarsaLambda(rate=0.5, exploration=0.0, trace_decay=0.5).begin((3, 1), discount=1.0, seed=1)
    >>> agent.learn(0, 0, 0.0, 1, terminated=False)
    >>> agent.learn(1, 0, 4.0, 2, terminated=True)
    >>> agent.action_values.tolist()
    [[1.0], [2.0], [0.0]]
    """

    trace_decay: float = 0.9
    replacing: bool = False
    kernel = None

    def __post_init__(self) -> None:
        """Refuse what is no lambda."""
        super().__post_init__()
        self.trace_decay = check_number("trace_decay", self.trace_decay, 0.0, most=1.0)

    def start(self, task: Task, seed: int | None) -> None:
        """Set all traces to 0."""
        super().start(task, seed)
        self.traces: dict[tuple[int, int], float] = {}
        self.touched: set[int] = set()

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move Q of every pair that has a trace by alpha delta e."""
        a2 = self.next_action(s2, terminated, truncated)
        later = 0.0 if a2 is None else self.later(s2, a2)
        delta = r + self.discount * later - self.Q[s][a]
        self.traces[s, a] = 1.0 if self.replacing else self.traces.get((s, a), 0.0) + 1.0
        step = self.step_size(s, a) * delta
        for (state, action), trace in self.traces.items():
            self.Q[state][action] += step * trace
        self.touched = {state for state, _ in self.traces}
        goes_on = not (terminated or truncated) and self.keeps_traces(s2, a2)
        decay = self.discount * self.trace_decay if goes_on else 0.0
        self.traces = {pair: trace * decay for pair, trace in self.traces.items() if trace * decay > FORGOTTEN}

    def later(self, s2: int, a2: int) -> float:
        """The value of the next state: Q(S', A')."""
        return self.Q[s2][a2]

    def keeps_traces(self, s2: int, a2: int | None) -> bool:
        """Whether the traces continue with A'."""
        return True

    def changed(self, s: int) -> Iterable[int]:
        """The states that were updated."""
        return self.touched
