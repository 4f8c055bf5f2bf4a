"""Monte Carlo prediction: the mean of the returns that followed a state; and off-policy, by importance sampling.

    loop for each episode:
        generate an episode following the policy pi, or a policy b that may do all that pi does
        G <- 0, W <- 1
        loop for each step of the episode, t = T-1, T-2, ..., 0:
            G <- gamma G + R(t+1)
            W <- W pi(A(t)|S(t)) / b(A(t)|S(t))                                (1 where pi itself acts)
            unless S(t) appears earlier in the episode:                (first visit; every visit: always)
                on-policy: V(S(t)) <- average of the returns G
                weighted:  C(S(t)) <- C(S(t)) + W,  V(S(t)) <- V(S(t)) + W/C(S(t)) [G - V(S(t))]
                ordinary:  V(S(t)) <- average of W G

The return of an episode that was cut off is not known: the episode is left out.

Source: Sutton and Barto (2018), Section 5.1, the box "First-visit MC prediction", and Sections 5.5 and 5.6.
"""

from dataclasses import dataclass, field
from typing import Any

from planners.errors import InvalidPolicyError
from planners.learning.prediction import Prediction, policy_of
from planners.learning.schedules import Decay
from planners.learning.task import Task
from planners.plans.policy import TabularPolicy


@dataclass
class MonteCarloPrediction(Prediction):
    """Monte Carlo prediction, of first visits or of every visit.

    Attributes:
        rate: By default 1/(n + 1), which makes V(s) the average; weighted importance sampling does not use it.
        first_visit: Whether only the first visit of a state in an episode counts.
        behaviour_policy: The policy that acts, instead of `policy`, which is evaluated; None: `policy` acts.
        weighted: Whether returns are weighted by W / C, which has the smaller variance, or are averages of W G.

    Raises:
        InvalidPolicyError: The behaviour never takes an action that the policy takes.

    >>> agent = MonteCarloPrediction([1], behaviour_policy=[[0.5, 0.5]]).begin((1, 2), discount=1.0, seed=1)
    >>> agent.learn(0, 1, 3.0, 0, terminated=True)
    >>> agent.learn(0, 0, 9.0, 0, terminated=True)       # which the policy would not have done
    >>> agent.state_values.tolist()
    [3.0]
    """

    rate: float | Decay = field(default_factory=lambda: Decay(1.0))
    first_visit: bool = True
    behaviour_policy: Any = None
    weighted: bool = True

    def start(self, task: Task, seed: int | None) -> None:
        """Forget the steps of the episode so far."""
        self.acting = None if self.behaviour_policy is None else policy_of(self.behaviour_policy, task)
        super().start(task, seed)
        self.episode: list[tuple[int, int, float]] = []
        self.C: list[float] = [0.0] * task.num_states
        pi, b = self.followed.probabilities, self.behaviour.probabilities
        if ((pi > 0.0) & (b == 0.0)).any():
            s, a = ((pi > 0.0) & (b == 0.0)).nonzero()
            raise InvalidPolicyError(
                f"in state {s[0]} the policy takes action {a[0]}, which the behaviour never does; expected a behaviour "
                "that may do all that the policy does"
            )
        self.ratio: list[list[float]] = (pi / (b + (b == 0.0))).tolist()

    @property
    def behaviour(self) -> TabularPolicy:
        """The policy that acts."""
        return self.followed if self.acting is None else self.acting

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """At the end of an episode, move V towards the return G of each state."""
        self.touched = set()
        self.episode.append((s, a, r))
        if terminated:
            self.learn_from(self.episode)
        if terminated or truncated:
            self.episode = []

    def learn_from(self, episode: list[tuple[int, int, float]]) -> None:
        """Average the returns of an episode that has ended."""
        first: dict[int, int] = {}
        for t, (s, _, _) in enumerate(episode):
            first.setdefault(s, t)
        G, weight, V = 0.0, 1.0, self.V
        for t in range(len(episode) - 1, -1, -1):
            s, a, r = episode[t]
            G, weight = self.discount * G + r, weight * self.ratio[s][a]
            if self.first_visit and first[s] != t:
                continue
            if self.acting is None or not self.weighted:
                V[s] += self.step_size(s, 0) * (weight * G - V[s])
            elif weight > 0.0:
                self.C[s] += weight
                V[s] += weight / self.C[s] * (G - V[s])
            self.touched.add(s)
