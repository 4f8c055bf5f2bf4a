"""n-step tree backup: off-policy over n steps without importance sampling, by the values of the other actions.

    loop for each step:
        take A(t), observe R(t+1), S(t+1)
        tau <- t - n + 1                              (the time whose estimate is updated)
        if tau >= 0:
            G <- R(t+1) + gamma sum_a pi(a|S(t+1)) Q(S(t+1), a)                     (R(T) at the end)
            loop for k = t, t-1, ..., tau+1:
                G <- R(k) + gamma sum over a other than A(k) of pi(a|S(k)) Q(S(k), a) + gamma pi(A(k)|S(k)) G
            Q(S(tau), A(tau)) <- Q(S(tau), A(tau)) + alpha [G - Q(S(tau), A(tau))]

pi is the greedy policy, which takes tied actions with the same probability; so with n = 1 this is Q-learning. After the
end of an episode, and where it was cut off, all of its steps are updated.

Source: Precup, Sutton and Singh (2000), "Eligibility traces for off-policy policy evaluation"; Sutton and Barto (2018),
Section 7.5, the box "n-step Tree Backup".
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from planners.arguments import check_whole
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task


@dataclass
class NStepTreeBackup(TabularLearner):
    """n-step tree backup, with the greedy policy as its target.

    Attributes:
        n: Number of rewards.

    >>> agent = NStepTreeBackup(rate=1.0, exploration=0.0, n=2).begin((3, 2), discount=0.5, seed=1)
    >>> agent.learn(0, 0, 1.0, 1, terminated=False)
    >>> agent.learn(1, 0, 4.0, 2, terminated=True)    # 1 + 0.5 * (0.5 * 4 + 0.5 * Q(1, 1)): in state 1 both are tied
    >>> agent.action_values[:2].tolist()
    [[2.0, 0.0], [4.0, 0.0]]
    """

    n: int = 4

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
        while self.waiting and (len(self.waiting) >= self.n or terminated or truncated):
            later, G = 0.0 if terminated else max(Q[s2]), 0.0
            for state, action, reward in reversed(self.waiting):
                G = reward + self.discount * later
                best = self.greedy(state)
                others = [Q[state][b] for b in best if b != action]
                later = (sum(others) + G * (action in best)) / len(best)
            before, action, _ = self.waiting.popleft()
            Q[before][action] += self.step_size(before, action) * (G - Q[before][action])
            self.touched.add(before)

    def changed(self, s: int) -> Iterable[int]:
        """The states that were updated."""
        return self.touched
