"""True online Sarsa(lambda): after each step, Q is exactly the result of updates by the lambda-returns so far.

    loop for each episode:
        z(s, a) <- 0 for all s, a, Q_old <- 0
        loop for each step of the episode:
            take A, observe R, S', choose A' from S'
            q, q' <- Q(S, A), Q(S', A')                                        (q' is 0 after the end)
            z(s, a) <- gamma lambda z(s, a) for all s, a, then z(S, A) <- z(S, A) + 1 - alpha z(S, A)    (dutch traces)
            Q(s, a) <- Q(s, a) + alpha (R + gamma q' - Q_old) z(s, a) for all s, a
            Q(S, A) <- Q(S, A) - alpha (q - Q_old)
            Q_old <- q', S <- S', A <- A'

Source: van Seijen, Mahmood, Pilarski, Machado and Sutton (2016), "True online temporal-difference learning"; Sutton and
Barto (2018), Section 12.7, the box "True online Sarsa(lambda)", for tables.
"""

from dataclasses import dataclass

from planners.learning.sarsa_lambda import FORGOTTEN, SarsaLambda
from planners.learning.task import Task


@dataclass
class TrueOnlineSarsa(SarsaLambda):
    """True online Sarsa(lambda); it does not use `replacing`.

    >>> agent = TrueOnlineSarsa(rate=0.5, exploration=0.0, trace_decay=1.0).begin((1, 1), discount=1.0, seed=1)
    >>> agent.learn(0, 0, 0.0, 0, terminated=False)
    >>> agent.learn(0, 0, 4.0, 0, terminated=True)       # two returns of 4: 0 -> 2 -> 3
    >>> agent.action_values.tolist()
    [[3.0]]
    """

    def start(self, task: Task, seed: int | None) -> None:
        """Begin without a value of the last step."""
        super().start(task, seed)
        self.Q_old: float = 0.0

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move Q of every pair that has a trace."""
        Q, a2 = self.Q, self.next_action(s2, terminated, truncated)
        alpha, decay = self.step_size(s, a), self.discount * self.trace_decay
        value, later = Q[s][a], 0.0 if a2 is None else Q[s2][a2]
        self.traces = {pair: trace * decay for pair, trace in self.traces.items() if trace * decay > FORGOTTEN}
        self.traces[s, a] = self.traces.get((s, a), 0.0) * (1.0 - alpha) + 1.0
        for (state, action), trace in self.traces.items():
            Q[state][action] += alpha * (r + self.discount * later - self.Q_old) * trace
        Q[s][a] -= alpha * (value - self.Q_old)
        self.Q_old, self.touched = later, {state for state, _ in self.traces}
        if terminated or truncated:
            self.traces, self.Q_old = {}, 0.0
