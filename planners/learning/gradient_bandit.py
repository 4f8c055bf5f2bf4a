"""The gradient bandit: preferences that follow the gradient of the expected reward.

    pi(a|s) = exp(H(s, a)) / sum_b exp(H(s, b))
    A ~ pi(.|s), observe R
    H(s, b) <- H(s, b) + alpha (R - mean of R in s) (1[b = A] - pi(b|s)) for all b

Only the reward of the step counts: each state is a problem of its own.

Source: Sutton and Barto (2018), Section 2.8, Equation 2.12.
"""

from dataclasses import dataclass

from planners.learning.actor_critic import ActorCritic
from planners.learning.task import Task


@dataclass
class GradientBandit(ActorCritic):
    """The gradient bandit. `action_values` are its preferences H(s, a). It does not use `critic_rate`.

    Attributes:
        baseline: Whether the mean of all rewards in the state, R included, is subtracted.

    >>> agent = GradientBandit(rate=0.5, baseline=False).begin((1, 2), discount=0.0, seed=1)
    >>> agent.learn(0, 1, 2.0, 0, terminated=True)
    >>> agent.action_values.tolist()
    [[-0.5, 0.5]]
    """

    baseline: bool = True

    def start(self, task: Task, seed: int | None) -> None:
        """Begin with equal preferences, and no reward yet."""
        super().start(task, seed)
        self.count: list[int] = [0] * task.num_states

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move the preferences by one step along the gradient of the expected reward."""
        self.count[s] += 1
        self.state_values[s] += (r - self.state_values[s]) / self.count[s]
        mean = self.state_values[s] if self.baseline else 0.0
        self.climb(s, a, self.step_size(s, a) * (r - mean))
