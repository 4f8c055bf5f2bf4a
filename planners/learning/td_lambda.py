"""TD(lambda): each error updates every state that was visited, with less weight for earlier visits.

    loop for each episode:
        z(s) <- 0 for all s
        loop for each step:
            take an action of the policy, observe R, S'
            delta <- R + gamma V(S') - V(S)                                    (V is 0 after the end)
            z(S) <- z(S) + 1                     (accumulating traces; replacing ones: z(S) <- 1)
            for all s:
                V(s) <- V(s) + alpha delta z(s)
                z(s) <- gamma lambda z(s)
            S <- S'

Source: Sutton and Barto (2018), Section 12.2, the box "Semi-gradient TD(lambda)", for tables; Singh and Sutton (1996)
for replacing traces.
"""

from dataclasses import dataclass

from planners.arguments import check_number
from planners.learning.prediction import Prediction
from planners.learning.sarsa_lambda import FORGOTTEN
from planners.learning.task import Task


@dataclass
class TDLambda(Prediction):
    """TD(lambda).

    Attributes:
        trace_decay: lambda, 0 to 1; with 0 it is TD(0), with 1 every-visit Monte Carlo, step by step.
        replacing: Whether a trace becomes 1 at a visit, instead of growing by 1.

    >>> agent = TDLambda([0, 0], rate=0.5, trace_decay=0.5).begin((2, 1), discount=1.0, seed=1)
    >>> agent.learn(0, 0, 0.0, 1, terminated=False)
    >>> agent.learn(1, 0, 4.0, 0, terminated=True)
    >>> agent.state_values.tolist()
    [1.0, 2.0]
    """

    trace_decay: float = 0.9
    replacing: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no lambda."""
        super().__post_init__()
        self.trace_decay = check_number("trace_decay", self.trace_decay, 0.0, most=1.0)

    def start(self, task: Task, seed: int | None) -> None:
        """Set all traces to 0."""
        super().start(task, seed)
        self.z: dict[int, float] = {}

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move V of every state that has a trace by alpha delta z."""
        delta = r + (0.0 if terminated else self.discount * self.V[s2]) - self.V[s]
        self.z[s] = 1.0 if self.replacing else self.z.get(s, 0.0) + 1.0
        step = self.step_size(s, 0) * delta
        for state, trace in self.z.items():
            self.V[state] += step * trace
        self.touched = set(self.z)
        decay = 0.0 if terminated or truncated else self.discount * self.trace_decay
        self.z = {state: trace * decay for state, trace in self.z.items() if trace * decay > FORGOTTEN}
