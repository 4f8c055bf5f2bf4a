"""One-step actor-critic, with a preference for each pair: the critic's error updates both.

    pi(a|s) = exp(h(s, a)) / sum_b exp(h(s, b))
    loop for each episode:
        I <- 1
        loop for each step:
            A ~ pi(.|S), take it, observe R, S'
            delta <- R + gamma v(S') - v(S)                               (v is 0 after the end)
            v(S) <- v(S) + alpha_v delta
            h(S, b) <- h(S, b) + alpha_h I delta (1[b = A] - pi(b|S)) for all b
            I <- gamma I

Source: Sutton and Barto (2018), Section 13.5, the box "One-step Actor-Critic (episodic)"; Section 13.1 for the softmax.
"""

from dataclasses import dataclass, field

from planners.learning.exploration import Boltzmann, Exploration
from planners.learning.schedules import Decay, checked_schedule, value_at
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task


@dataclass
class ActorCritic(TabularLearner):
    """One-step actor-critic. `action_values` are its preferences h(s, a); `rate` is their step size.

    Attributes:
        critic_rate: Step size of v.

    >>> agent = ActorCritic(rate=0.5, critic_rate=0.5).begin((1, 2), discount=0.9, seed=1)
    >>> agent.learn(0, 1, 1.0, 0, terminated=True)
    >>> agent.action_values.tolist(), agent.state_values
    ([[-0.25, 0.25]], [0.5])
    """

    exploration: float | Decay | Exploration = field(default_factory=Boltzmann)
    critic_rate: float | Decay = 0.1

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        super().__post_init__()
        self.critic_rate = checked_schedule("critic_rate", self.critic_rate)

    def start(self, task: Task, seed: int | None) -> None:
        """Preferences and values before the first step."""
        super().start(task, seed)
        self.state_values: list[float] = [0.0] * task.num_states
        self.weight: float = 1.0  # I

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move v(s), and the preferences in s along the gradient of ln pi(a|s)."""
        v = self.state_values
        delta = r + (0.0 if terminated else self.discount * v[s2]) - v[s]
        v[s] += value_at(self.critic_rate, self.steps) * delta
        self.climb(s, a, self.step_size(s, a) * self.weight * delta)
        self.weight = 1.0 if terminated or truncated else self.weight * self.discount

    def climb(self, s: int, a: int, step: float) -> None:
        """Move the preferences in s by a step along the gradient of ln pi(a|s)."""
        options = self.options[s]
        probabilities = Boltzmann(1.0).probabilities(self.Q[s], options, 0)
        for b, probability in zip(options, probabilities, strict=True):
            self.Q[s][b] += step * (float(b == a) - probability)
