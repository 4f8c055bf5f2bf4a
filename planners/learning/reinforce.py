"""REINFORCE, with or without baseline: after an episode, actions that earned more are preferred.

    pi(a|s) = exp(h(s, a)) / sum_b exp(h(s, b))
    loop for each episode:
        generate an episode S0, A0, R1, ..., RT following pi
        loop for each step of the episode, t = 0, 1, ..., T-1:
            G <- R(t+1) + gamma R(t+2) + ...
            delta <- G - v(S(t))                                          (without baseline: delta <- G)
            v(S(t)) <- v(S(t)) + alpha_v delta
            h(S(t), b) <- h(S(t), b) + alpha_h gamma^t delta (1[b = A(t)] - pi(b|S(t))) for all b

The return of an episode that was cut off is not known: the episode is left out.

Source: Williams (1992), "Simple statistical gradient-following algorithms for connectionist reinforcement learning";
Sutton and Barto (2018), Sections 13.3 and 13.4, the boxes "REINFORCE" and "REINFORCE with Baseline".
"""

from collections.abc import Iterable
from dataclasses import dataclass

from planners.learning.actor_critic import ActorCritic
from planners.learning.schedules import value_at
from planners.learning.task import Task


@dataclass
class Reinforce(ActorCritic):
    """REINFORCE. `action_values` are its preferences h(s, a); `rate` is their step size.

    Attributes:
        baseline: Whether v(s) is subtracted from the return; v learns with step size `critic_rate`.

    >>> agent = Reinforce(rate=0.5, baseline=False).begin((1, 2), discount=0.9, seed=1)
    >>> agent.learn(0, 1, 2.0, 0, terminated=True)
    >>> agent.action_values.tolist()
    [[-0.5, 0.5]]
    """

    baseline: bool = True

    def start(self, task: Task, seed: int | None) -> None:
        """Forget the steps of the episode so far."""
        super().start(task, seed)
        self.episode: list[tuple[int, int, float]] = []
        self.touched: set[int] = set()

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """At the end of an episode, move the preferences along the gradient of each of its steps."""
        self.touched = set()
        self.episode.append((s, a, r))
        if terminated:
            self.learn_from(self.episode)
        if terminated or truncated:
            self.episode = []

    def learn_from(self, episode: list[tuple[int, int, float]]) -> None:
        """Move the preferences along the gradient of every step of an episode that has ended."""
        returns, G = [], 0.0
        for _, _, r in reversed(episode):
            G = r + self.discount * G
            returns.append(G)
        for t, ((s, a, _), G) in enumerate(zip(episode, reversed(returns), strict=True)):
            delta = G
            if self.baseline:
                delta = G - self.state_values[s]
                self.state_values[s] += value_at(self.critic_rate, self.steps) * delta
            self.climb(s, a, self.step_size(s, a) * self.discount**t * delta)
            self.touched.add(s)

    def changed(self, s: int) -> Iterable[int]:
        """The states of the episode."""
        return self.touched
