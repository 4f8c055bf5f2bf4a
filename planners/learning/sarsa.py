"""Sarsa: on-policy control by the value of the action that comes next.

    initialise Q(s, a)
    loop for each episode:
        choose A from S by the policy derived from Q (such as epsilon-greedy)
        loop for each step of the episode:
            take A, observe R, S'
            choose A' from S' by the policy derived from Q
            Q(S, A) <- Q(S, A) + alpha [R + gamma Q(S', A') - Q(S, A)]
            S <- S', A <- A'

Where the episode has ended in S' there is no A' and its value is 0. Where it was cut off, A' is chosen for its value.

Source: Rummery and Niranjan (1994); Sutton and Barto (2018), Section 6.4, the box "Sarsa".
"""

from dataclasses import dataclass

from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task


@dataclass
class Sarsa(TabularLearner):
    """Sarsa.

    >>> agent = Sarsa(rate=0.5, exploration=0.0).begin((2, 1), discount=0.9, seed=1)
    >>> agent.learn(1, 0, 1.0, 0, terminated=True)
    >>> agent.learn(0, 0, 0.0, 1, terminated=False)
    >>> agent.action_values.tolist()              # 0.5 * 0.9 * Q(1, 0)
    [[0.225], [0.5]]
    """

    kernel = "sarsa"

    def start(self, task: Task, seed: int | None) -> None:
        """Begin with no chosen action."""
        super().start(task, seed)
        self.chosen: tuple[int, int] | None = None  # S', A'

    def choose(self, s: int) -> int:
        """Return A' if it was chosen already for this state; otherwise choose an action."""
        chosen, self.chosen = self.chosen, None
        return chosen[1] if chosen is not None and chosen[0] == s else super().choose(s)

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move Q(s, a) towards R + gamma Q(s', A')."""
        Q = self.Q
        a2 = self.next_action(s2, terminated, truncated)
        later = 0.0 if a2 is None else Q[s2][a2]
        Q[s][a] += self.step_size(s, a) * (r + self.discount * later - Q[s][a])

    def next_action(self, s2: int, terminated: bool, truncated: bool) -> int | None:
        """A', chosen for the next step; None where the episode has ended."""
        self.chosen = None
        if terminated:
            return None
        self.steps += 1  # A' belongs to the next step
        a2 = super().choose(s2)
        self.steps -= 1
        self.chosen = None if truncated else (s2, a2)
        return a2
