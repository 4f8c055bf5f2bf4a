"""Expected Sarsa: as Sarsa, with the expected value of the next action instead of its own.

    loop for each step:
        choose A from S by the policy pi derived from Q (such as epsilon-greedy)
        take A, observe R, S'
        Q(S, A) <- Q(S, A) + alpha [R + gamma sum_a pi(a|S') Q(S', a) - Q(S, A)]
        S <- S'

Source: van Seijen, van Hasselt, Whiteson and Wiering (2009), "A theoretical and empirical analysis of Expected Sarsa",
Algorithm 1; Sutton and Barto (2018), Section 6.6.
"""

from dataclasses import dataclass

from planners.learning.tabular_learner import TabularLearner


@dataclass
class ExpectedSarsa(TabularLearner):
    """Expected Sarsa. It is on-policy: pi is the policy that acts.

    >>> agent = ExpectedSarsa(rate=0.5, exploration=0.5).begin((2, 2), discount=0.9, seed=1)
    >>> agent.learn(1, 0, 1.0, 1, True)
    >>> agent.learn(0, 0, 0.0, 1, False)         # 0.9 * (0.75 * 0.5 + 0.25 * 0.0) * 0.5
    >>> agent.action_values.tolist()
    [[0.16875, 0.0], [0.5, 0.0]]
    """

    kernel = "expected_sarsa"

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move Q(s, a) towards R + gamma sum_a pi(a|s') Q(s', a)."""
        Q = self.Q
        later = 0.0 if terminated else self._exploration.expectation(Q[s2], self.options[s2], self.steps)
        Q[s][a] += self.step_size(s, a) * (r + self.discount * later - Q[s][a])
