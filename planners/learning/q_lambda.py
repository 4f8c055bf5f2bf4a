"""Watkins's Q(lambda): Q-learning with traces, which end when an action that is not greedy is taken.

    delta <- R + gamma max_a Q(S', a) - Q(S, A)
    e(S, A) <- e(S, A) + 1
    for all s, a:
        Q(s, a) <- Q(s, a) + alpha delta e(s, a)
        if A' is greedy: e(s, a) <- gamma lambda e(s, a)
        else:            e(s, a) <- 0

Source: Watkins (1989); Sutton and Barto (1998), Section 7.6, Figure 7.14.
"""

from dataclasses import dataclass

from planners.learning.sarsa_lambda import SarsaLambda


@dataclass
class QLambda(SarsaLambda):
    """Watkins's Q(lambda); its options are those of `SarsaLambda`.

    >>> agent = QLambda(rate=0.5, exploration=0.0, trace_decay=0.5).begin((3, 2), discount=1.0, seed=1)
    >>> agent.learn(0, 0, 0.0, 1, terminated=False)
    >>> agent.learn(1, 0, 4.0, 2, terminated=True)
    >>> agent.action_values.tolist()
    [[1.0, 0.0], [2.0, 0.0], [0.0, 0.0]]
    """

    def later(self, s2: int, a2: int) -> float:
        """The value of the next state: max_a Q(S', a)."""
        return max(self.Q[s2])

    def keeps_traces(self, s2: int, a2: int | None) -> bool:
        """Whether the traces continue: only if A' is greedy."""
        return a2 is not None and self.Q[s2][a2] == max(self.Q[s2])
