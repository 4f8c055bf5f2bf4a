"""Off-policy Monte Carlo control: the greedy policy learns from an exploring one, by weighted importance sampling.

    loop for each episode:
        generate an episode following b, derived from Q (such as epsilon-greedy)
        G <- 0, W <- 1
        loop for each step of the episode, t = T-1, T-2, ..., 0:
            G <- gamma G + R(t+1)
            C(S(t), A(t)) <- C(S(t), A(t)) + W
            Q(S(t), A(t)) <- Q(S(t), A(t)) + W/C(S(t), A(t)) [G - Q(S(t), A(t))]
            if A(t) is not greedy in S(t): go to the next episode
            W <- W / b(A(t)|S(t))

b is the policy at the time of the step. Among tied actions, the first counts as greedy. The return of an episode that
was cut off is not known: the episode is left out.

Source: Sutton and Barto (2018), Section 5.7, the box "Off-policy MC control".
"""

from dataclasses import dataclass, field

from planners.learning.monte_carlo import MonteCarlo
from planners.learning.schedules import Decay
from planners.learning.task import Task


@dataclass
class OffPolicyMonteCarlo(MonteCarlo):
    """Off-policy Monte Carlo control. It does not use `rate`, `first_visit` and `exploring_starts`.

    >>> agent = OffPolicyMonteCarlo(exploration=0.5).begin((2, 2), discount=0.5, seed=1)
    >>> agent.learn(0, 1, 1.0, 1, terminated=False)
    >>> agent.learn(1, 1, 4.0, 1, terminated=True)
    >>> agent.action_values.tolist()
    [[0.0, 3.0], [0.0, 4.0]]
    """

    rate: float | Decay = field(default_factory=lambda: Decay(1.0))

    def start(self, task: Task, seed: int | None) -> None:
        """Begin with no weights."""
        super().start(task, seed)
        self.C: list[list[float]] = [[0.0] * task.num_actions for _ in self.Q]
        self.chances: list[float] = []  # b of each step of the episode

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Store the probability of the action. At the end of an episode, learn from it."""
        options = self.options[s]
        likely = self._exploration.probabilities(self.preferences(s), options, self.steps)
        self.chances.append(likely[options.index(a)])
        super().update(s, a, r, s2, terminated, truncated)
        if terminated or truncated:
            self.chances = []

    def learn_from(self, episode: list[tuple[int, int, float]]) -> None:
        """Learn from the last steps of an episode: up to the last one whose action is not greedy."""
        G, weight, Q = 0.0, 1.0, self.Q
        for (s, a, r), chance in zip(reversed(episode), reversed(self.chances), strict=True):
            G = self.discount * G + r
            self.C[s][a] += weight
            Q[s][a] += weight / self.C[s][a] * (G - Q[s][a])
            self.touched.add(s)
            if a != self.greedy(s)[0] or chance == 0.0:
                return
            weight /= chance
