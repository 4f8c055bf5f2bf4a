"""UCT: before each action, a search of the tree of possible futures, with a model and the bounds of UCB1.

    loop for each simulation from state s, at depth d = 0:
        while (s, d) is in the tree and d < depth:
            a <- argmax_a [ Q(s, d, a) + c sqrt(ln N(s, d) / N(s, d, a)) ]         (what was never tried comes first)
            draw R, S' from the model, go to S', d + 1
        put (s, d) into the tree, and follow random actions from there
        going back: G <- R + gamma G, and Q(s, d, a) <- average of the returns G
    take the action that was tried most at the root, of several the one of the largest Q

It learns nothing from the steps that are made: `regret` of the run is the exact loss of each of its choices.

Source: Kocsis and Szepesvari (2006), "Bandit based Monte-Carlo planning"; Sutton and Barto (2018), Section 8.11.
"""

import math
import random
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from planners.arguments import check_number, check_whole
from planners.errors import MissingModelError
from planners.learning.online_learner import OnlineLearner
from planners.learning.schedules import Decay
from planners.learning.task import Task
from planners.models.outcomes import outcomes_of


@dataclass
class Node:
    """A state at a depth: how often each action was tried, and the average of its returns."""

    options: list[int]
    count: int = 0
    tried: list[int] = field(default_factory=list)
    Q: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Forget all counts: nothing has been tried yet."""
        self.tried, self.Q = [0] * len(self.options), [0.0] * len(self.options)


@dataclass
class UCT(OnlineLearner):
    """UCT, a tree search that simulates with the model of the environment.

    Attributes:
        simulations: Number of simulations before each action.
        depth: Steps after which a simulation ends.
        confidence: c, in units of reward.

    >>> from planners import TabularMDP
    >>> game = TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 0, 1.0, True)]},
    ...                                  1: {0: [(0.5, 1, 0.0, True), (0.5, 1, 8.0, True)]}})
    >>> agent = UCT(simulations=200, confidence=4.0).begin(game, discount=0.9, seed=1)
    >>> agent.act(0), agent.act(1)
    (0, 0)
    """

    simulations: int = 100
    depth: int = 50
    confidence: float = 1.0
    rate: float | Decay = field(default=0.0, init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no number."""
        self.simulations = check_whole("simulations", self.simulations)
        self.depth = check_whole("depth", self.depth)
        self.confidence = check_number("confidence", self.confidence, 0.0)

    def start(self, task: Task, seed: int | None) -> None:
        """Read the model.

        Raises:
            MissingModelError: There is none.
        """
        super().start(task, seed)
        if task.model is None:
            raise MissingModelError("UCT searches in a model, and this environment has none; expected one with tables")
        outcomes = outcomes_of(task.model, task.source)
        self._generator, first = random.Random(self.random.key), outcomes.first.tolist()
        results = list(zip(outcomes.next_state.tolist(), outcomes.reward.tolist(), outcomes.ends.tolist(), strict=True))
        self._results = [results[a:b] for a, b in pairwise(first)]
        self._sums = [np.cumsum(outcomes.probability[a:b])[:-1].tolist() for a, b in pairwise(first)]

    def choose(self, s: int) -> int:
        """The action that the simulations tried most often at the root."""
        self.random.draw()  # whose other half is the outcome of the step, where that is drawn from tables
        root = self.search(s)[s, 0]
        most = max(range(len(root.options)), key=lambda k: (root.tried[k], root.Q[k]))
        return root.options[most]

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Do nothing: UCT plans again at each step."""

    def search(self, s: int) -> dict[tuple[int, int], Node]:
        """Run all simulations from a state and return the tree: nodes by (state, depth); the root is (s, 0)."""
        tree = {(s, 0): Node(self.options[s])}
        for _ in range(self.simulations):
            self._simulate(tree, s)
        return tree

    def _simulate(self, tree: dict[tuple[int, int], Node], s: int) -> None:
        path: list[tuple[Node, int, float]] = []
        ends, d = False, 0
        while not ends and d < self.depth and (s, d) in tree:
            node = tree[s, d]
            k = self._bandit(node)
            s, r, ends = self._draw(s, node.options[k])
            path.append((node, k, r))
            d += 1
        G = 0.0
        if not ends and d < self.depth:
            tree[s, d] = Node(self.options[s])
            G = self._follow(s, self.depth - d)
        for node, k, r in reversed(path):
            G = r + self.discount * G
            node.count += 1
            node.tried[k] += 1
            node.Q[k] += (G - node.Q[k]) / node.tried[k]

    def _bandit(self, node: Node) -> int:
        """The place of the action of the largest upper bound; one that was never tried comes first."""
        if node.count < len(node.options):
            return self._generator.choice([k for k, n in enumerate(node.tried) if not n])
        log = math.log(node.count)
        bounds = [q + self.confidence * math.sqrt(log / n) for q, n in zip(node.Q, node.tried, strict=True)]
        return bounds.index(max(bounds))

    def _follow(self, s: int, steps: int) -> float:
        """The return of random actions."""
        G, weight = 0.0, 1.0
        for _ in range(steps):
            s, r, ends = self._draw(s, self._generator.choice(self.options[s]))
            G, weight = G + weight * r, weight * self.discount
            if ends:
                break
        return G

    def _draw(self, s: int, a: int) -> tuple[int, float, bool]:
        pair = s * self.num_actions + a
        return self._results[pair][bisect_right(self._sums[pair], self._generator.random())]
