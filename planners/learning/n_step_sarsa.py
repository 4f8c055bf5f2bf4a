"""n-step Sarsa: the rewards of n steps, then the value of the pair that comes next.

    loop for each step:
        take A(t), observe R(t+1), S(t+1), choose A(t+1)
        tau <- t - n + 1                              (the time whose estimate is updated)
        if tau >= 0:
            G <- R(tau+1) + gamma R(tau+2) + ... + gamma^(n-1) R(tau+n) + gamma^n Q(S(tau+n), A(tau+n))
            Q(S(tau), A(tau)) <- Q(S(tau), A(tau)) + alpha [G - Q(S(tau), A(tau))]

After the end of an episode the sums stop at its last reward; where it was cut off, they end with the value of the last
pair. Either way all of its steps are updated then.

Source: Sutton and Barto (2018), Section 7.2, the box "n-step Sarsa".
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from planners.arguments import check_whole
from planners.learning.sarsa import Sarsa
from planners.learning.task import Task


@dataclass
class NStepSarsa(Sarsa):
    """n-step Sarsa.

    Attributes:
        n: Number of rewards; with 1 it is Sarsa.

    >>> agent = NStepSarsa(rate=1.0, exploration=0.0, n=2).begin((3, 1), discount=0.5, seed=1)
    >>> agent.learn(0, 0, 1.0, 1, terminated=False)
    >>> agent.learn(1, 0, 4.0, 2, terminated=False)            # 1 + 0.5 * 4 + 0.25 * Q(2, 0)
    >>> agent.action_values.tolist()
    [[3.0], [0.0], [0.0]]
    """

    n: int = 4
    kernel = None

    def __post_init__(self) -> None:
        """Refuse what is no number of steps."""
        super().__post_init__()
        self.n = check_whole("n", self.n)

    def start(self, task: Task, seed: int | None) -> None:
        """Forget the steps that wait for their return."""
        super().start(task, seed)
        self.waiting: deque[tuple[int, int, float]] = deque()
        self.touched: set[int] = set()

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move Q of the pair n - 1 steps ago towards its return G; at the end, Q of all pairs that wait."""
        Q, self.touched = self.Q, set()
        self.waiting.append((s, a, r))
        a2 = self.next_action(s2, terminated, truncated)
        while self.waiting and (len(self.waiting) >= self.n or terminated or truncated):
            G = 0.0 if a2 is None else Q[s2][a2]
            for _, _, reward in reversed(self.waiting):
                G = reward + self.discount * G
            before, action, _ = self.waiting.popleft()
            Q[before][action] += self.step_size(before, action) * (G - Q[before][action])
            self.touched.add(before)

    def changed(self, s: int) -> Iterable[int]:
        """The states that were updated."""
        return self.touched
