"""Q-learning: off-policy control by the largest value of the next state.

    initialise Q(s, a)
    loop for each step:
        choose A from S by the policy derived from Q (such as epsilon-greedy)
        take A, observe R, S'
        Q(S, A) <- Q(S, A) + alpha [R + gamma max_a Q(S', a) - Q(S, A)]
        S <- S'

Q(S', .) is 0 where the episode has ended in S'; where it was cut off, S' keeps its value.

Source: Watkins (1989); Sutton and Barto (2018), Section 6.5, the box "Q-learning".
"""

from dataclasses import dataclass

from planners.learning.tabular_learner import TabularLearner


@dataclass
class QLearning(TabularLearner):
    """Q-learning.

    >>> agent = QLearning(rate=0.5, exploration=0.1).begin((2, 2), discount=0.9, seed=1)
    >>> agent.learn(0, 1, 1.0, 1, False)          # in state 0, action 1 earns 1 and leads to state 1
    >>> agent.action_values.tolist(), agent.greedy(0)
    ([[0.0, 0.5], [0.0, 0.0]], [1])
    """

    kernel = "q_learning"

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move Q(s, a) towards R + gamma max_a Q(s', a)."""
        Q = self.Q
        later = 0.0 if terminated else max(Q[s2])
        Q[s][a] += self.step_size(s, a) * (r + self.discount * later - Q[s][a])
