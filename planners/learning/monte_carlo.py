"""On-policy Monte Carlo control: the mean of the returns that followed a pair.

    loop for each episode:
        generate an episode following the policy derived from Q (such as epsilon-greedy): S0, A0, R1, ..., RT
        G <- 0
        loop for each step of the episode, t = T-1, T-2, ..., 0:
            G <- gamma G + R(t+1)
            unless the pair S(t), A(t) appears earlier in the episode:            (first visit; every visit: always)
                Q(S(t), A(t)) <- average of the returns G of that pair

The return of an episode that was cut off is not known: the episode is left out.

With exploring starts, S0 and A0 are drawn from all pairs, and the rest of the episode may be greedy.

Source: Sutton and Barto (2018), Section 5.4, the box "On-policy first-visit MC control", and Section 5.3, the box
"Monte Carlo ES".
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from planners.learning.random_bits import one_of
from planners.learning.schedules import Decay
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task


@dataclass
class MonteCarlo(TabularLearner):
    """Monte Carlo control, of first visits or of every visit.

    Attributes:
        rate: By default 1/(n + 1), which makes Q(s, a) the average of the returns.
        first_visit: Whether only the first visit of a pair in an episode counts.
        exploring_starts: Whether the first action of an episode is drawn uniformly; then `exploration` may be 0. The
            model's `initial` says where episodes begin.

    >>> agent = MonteCarlo().begin((2, 1), discount=0.5, seed=1)
    >>> agent.learn(0, 0, 1.0, 1, terminated=False)
    >>> agent.learn(1, 0, 4.0, 1, terminated=True)
    >>> agent.action_values.tolist()
    [[3.0], [4.0]]
    """

    rate: float | Decay = field(default_factory=lambda: Decay(1.0))
    first_visit: bool = True
    exploring_starts: bool = False

    def start(self, task: Task, seed: int | None) -> None:
        """Forget the steps of the episode so far."""
        super().start(task, seed)
        self.episode: list[tuple[int, int, float]] = []
        self.touched: set[int] = set()

    def choose(self, s: int) -> int:
        """Choose an action; with exploring starts, the first one is drawn uniformly."""
        if self.exploring_starts and not self.episode:
            return one_of(self.options[s], self.random.draw())
        return super().choose(s)

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """At the end of an episode, move Q towards the return G of each pair."""
        self.touched = set()
        self.episode.append((s, a, r))
        if terminated:
            self.learn_from(self.episode)
        if terminated or truncated:
            self.episode = []

    def learn_from(self, episode: list[tuple[int, int, float]]) -> None:
        """Average the returns of an episode that has ended."""
        first: dict[tuple[int, int], int] = {}
        for t, (s, a, _) in enumerate(episode):
            first.setdefault((s, a), t)
        G = 0.0
        for t in range(len(episode) - 1, -1, -1):
            s, a, r = episode[t]
            G = self.discount * G + r
            if not self.first_visit or first[s, a] == t:
                self.Q[s][a] += self.step_size(s, a) * (G - self.Q[s][a])
                self.touched.add(s)

    def changed(self, s: int) -> Iterable[int]:
        """The states of the episode."""
        return self.touched
