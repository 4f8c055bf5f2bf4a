"""True online TD(lambda): after each step, V is exactly the result of updates by the lambda-returns so far.

    loop for each episode:
        z(s) <- 0 for all s, V_old <- 0
        loop for each step:
            take an action of the policy, observe R, S'
            delta <- R + gamma V(S') - V(S)                                    (V is 0 after the end)
            z(s) <- gamma lambda z(s) for all s, then z(S) <- z(S) + 1 - alpha z(S)              (dutch traces)
            v, v' <- V(S), V(S')
            V(s) <- V(s) + alpha (delta + v - V_old) z(s) for all s
            V(S) <- V(S) - alpha (v - V_old)
            V_old <- v'

Source: van Seijen and Sutton (2014), "True online TD(lambda)"; Sutton and Barto (2018), Section 12.5, the box "True
online TD(lambda)", for tables.
"""

from dataclasses import dataclass

from planners.learning.sarsa_lambda import FORGOTTEN
from planners.learning.task import Task
from planners.learning.td_lambda import TDLambda


@dataclass
class TrueOnlineTD(TDLambda):
    """True online TD(lambda); it does not use `replacing`.

    >>> agent = TrueOnlineTD([0], rate=0.5, trace_decay=1.0).begin((1, 1), discount=1.0, seed=1)
    >>> agent.learn(0, 0, 0.0, 0, terminated=False)
    >>> agent.learn(0, 0, 4.0, 0, terminated=True)       # two returns of 4: 0 -> 2 -> 3
    >>> agent.state_values.tolist()
    [3.0]
    """

    def start(self, task: Task, seed: int | None) -> None:
        """Begin without a value of the last step."""
        super().start(task, seed)
        self.V_old: float = 0.0

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move V of every state that has a trace."""
        V, alpha, decay = self.V, self.step_size(s, 0), self.discount * self.trace_decay
        value, later = V[s], 0.0 if terminated else V[s2]
        self.z = {state: trace * decay for state, trace in self.z.items() if trace * decay > FORGOTTEN}
        self.z[s] = self.z.get(s, 0.0) * (1.0 - alpha) + 1.0
        for state, trace in self.z.items():
            V[state] += alpha * (r + self.discount * later - self.V_old) * trace
        V[s] -= alpha * (value - self.V_old)
        self.V_old, self.touched = later, set(self.z)
        if terminated or truncated:
            self.z, self.V_old = {}, 0.0
