"""TD(0) and n-step TD: prediction by the rewards of n steps, and the value of the state that comes next.

    loop for each step:
        take an action of the policy, observe R(t+1), S(t+1)
        tau <- t - n + 1                              (the time whose estimate is updated)
        if tau >= 0:
            G <- R(tau+1) + gamma R(tau+2) + ... + gamma^(n-1) R(tau+n) + gamma^n V(S(tau+n))
            V(S(tau)) <- V(S(tau)) + alpha [G - V(S(tau))]

After the end of an episode the sums stop at its last reward; where it was cut off, they end with the value of the last
state. Either way all of its steps are updated then.

Source: Sutton (1988), "Learning to predict by the methods of temporal differences"; Sutton and Barto (2018), Section
6.1, the box "Tabular TD(0)", and Section 7.1, the box "n-step TD".
"""

from collections import deque
from dataclasses import dataclass

from planners.arguments import check_whole
from planners.learning.prediction import Prediction
from planners.learning.task import Task


@dataclass
class TD(Prediction):
    """TD(0), or with `n` above 1 n-step TD.

    Attributes:
        n: Number of rewards.

    >>> agent = TD([0, 0], rate=0.5).begin((2, 1), discount=0.9, seed=1)
    >>> agent.learn(1, 0, 1.0, 0, terminated=True)
    >>> agent.learn(0, 0, 0.0, 1, terminated=False)
    >>> agent.state_values.tolist()              # 0.5 * 0.9 * V(1)
    [0.225, 0.5]
    """

    n: int = 1

    def __post_init__(self) -> None:
        """Refuse what is no number of steps."""
        super().__post_init__()
        self.n = check_whole("n", self.n)

    def start(self, task: Task, seed: int | None) -> None:
        """Forget the steps that wait for their return."""
        super().start(task, seed)
        self.waiting: deque[tuple[int, float]] = deque()

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move V of the state n - 1 steps ago towards its return G; at the end, V of all states that wait."""
        V, self.touched = self.V, set()
        self.waiting.append((s, r))
        while self.waiting and (len(self.waiting) >= self.n or terminated or truncated):
            G = 0.0 if terminated else V[s2]
            for _, reward in reversed(self.waiting):
                G = reward + self.discount * G
            before, _ = self.waiting.popleft()
            V[before] += self.step_size(before, 0) * (G - V[before])
            self.touched.add(before)
