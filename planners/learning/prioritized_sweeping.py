"""Prioritised sweeping: update first the pair whose value changes most, then the pairs that lead there.

    loop for each step:
        choose A from S, take it, observe R, S'
        Model(S, A) <- R, S'                                     (of deterministic steps)
        P <- |R + gamma max_a Q(S', a) - Q(S, A)|
        if P > theta: insert S, A into PQueue with priority P
        loop repeat n times, while PQueue is not empty:
            S, A <- first(PQueue)
            R, S' <- Model(S, A)
            Q(S, A) <- Q(S, A) + alpha [R + gamma max_a Q(S', a) - Q(S, A)]
            loop for all S-, A- predicted to lead to S:
                R- <- predicted reward for S-, A-, S
                P <- |R- + gamma max_a Q(S, a) - Q(S-, A-)|
                if P > theta: insert S-, A- into PQueue with priority P

Source: Moore and Atkeson (1993), "Prioritized sweeping: reinforcement learning with less data and less time"; Sutton
and Barto (2018), Section 8.4, the box "Prioritized sweeping for a deterministic environment".
"""

import heapq
from dataclasses import dataclass

from planners.arguments import check_number
from planners.learning.dyna_q import DynaQ, Remembered
from planners.learning.task import Task


@dataclass
class PrioritizedSweeping(DynaQ):
    """Prioritised sweeping.

    Attributes:
        threshold: theta: smaller changes are not put into the queue.

    >>> agent = PrioritizedSweeping(rate=1.0, planning_steps=5).begin((3, 1), discount=0.5, seed=1)
    >>> agent.learn(0, 0, 0.0, 1, terminated=False)
    >>> agent.learn(1, 0, 4.0, 2, terminated=True)       # in 2 of the 5 updates that it may make
    >>> agent.action_values.tolist()
    [[2.0], [4.0], [0.0]]
    """

    threshold: float = 1e-4

    def __post_init__(self) -> None:
        """Refuse what is no change of a value."""
        super().__post_init__()
        self.threshold = check_number("threshold", self.threshold, 0.0)

    def start(self, task: Task, seed: int | None) -> None:
        """Begin with an empty queue."""
        super().start(task, seed)
        self.queue: list[tuple[float, int, int]] = []
        self.queued: dict[tuple[int, int], float] = {}
        self.leads_to: dict[int, set[tuple[int, int]]] = {}

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Do up to n updates from the model, the largest changes first."""
        self.touched = set()
        if (before := self.model.get((s, a))) is not None:
            self.leads_to.get(before.next_state, set()).discard((s, a))
        self.remember(s, a, Remembered(r, s2, terminated, self.steps))
        if not terminated:
            self.leads_to.setdefault(s2, set()).add((s, a))
        self.insert(s, a)
        for _ in range(self.planning_steps):
            if (pair := self.first()) is None:
                break
            state, action = pair
            seen = self.model[state, action]
            self.improve(state, action, seen.reward, seen.next_state, seen.terminated)
            self.touched.add(state)
            for earlier in sorted(self.leads_to.get(state, ())):
                self.insert(*earlier)

    def insert(self, s: int, a: int) -> None:
        """Put a pair into the queue; its priority is the size of its change."""
        seen = self.model[s, a]
        later = 0.0 if seen.terminated else max(self.Q[seen.next_state])
        priority = abs(seen.reward + self.discount * later - self.Q[s][a])
        if priority > max(self.threshold, self.queued.get((s, a), 0.0)):
            self.queued[s, a] = priority
            heapq.heappush(self.queue, (-priority, s, a))

    def first(self) -> tuple[int, int] | None:
        """Take the pair of the highest priority out of the queue."""
        while self.queue:
            priority, s, a = heapq.heappop(self.queue)
            if self.queued.get((s, a)) == -priority:  # else a higher one was inserted later, and is done
                del self.queued[s, a]
                return s, a
        return None
