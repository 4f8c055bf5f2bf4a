"""Small models with costs, and what policies can have of several totals together: every deterministic one.

Probabilities, rewards and costs are dyadic: floats are exactly the fractions. Nothing is shared with `planners`.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from tests.oracles.exact import solve_linear

Floats = NDArray[np.float64]
DISCOUNTS = (Fraction(1, 2), Fraction(7, 8), Fraction(31, 32), Fraction(1))


@dataclass(frozen=True)
class Case:
    """A model as Gymnasium's dictionary, with K tables (S, A), the first of which is the reward; any step may end."""

    P: dict[int, dict[int, list[tuple[float, int, float, bool]]]]
    tables: Floats
    discount: Fraction
    start: int
    inside: NDArray[np.bool_]  # the last table counts the entries into these states

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.P), len(self.P[0])

    def onward(self) -> Floats:
        """(S, A, S) probabilities of going on."""
        S, A = self.shape
        found = np.zeros((S, A, S))
        for s, a in product(range(S), range(A)):
            for p, after, _, ends in self.P[s][a]:
                found[s, a, after] += 0.0 if ends else p
        return found

    def policies(self) -> NDArray[np.int64]:
        S, A = self.shape
        return np.array(list(product(range(A), repeat=S)))

    def totals(self) -> Floats:
        """(policies, K) of every deterministic policy, in float64."""
        S, _ = self.shape
        chosen, each = self.policies(), np.arange(S)
        chains = self.onward()[each, chosen]
        paid = self.tables[:, each, chosen].transpose(1, 2, 0)
        values: Any = np.linalg.solve(np.eye(S) - float(self.discount) * chains, paid)
        return values[:, self.start]

    def exact(self, probabilities: Any) -> list[Fraction]:
        """(K,) totals of a policy, drawn or not, in fractions."""
        S, A = self.shape
        weights = [[Fraction(float(p)) for p in row] for row in np.asarray(probabilities)]
        weights = [[p / sum(row) for p in row] for row in weights]
        onward = self.onward()
        matrix = [
            [
                Fraction(int(s == t)) - self.discount * sum(weights[s][a] * Fraction(onward[s, a, t]) for a in range(A))
                for t in range(S)
            ]
            for s in range(S)
        ]
        return [
            solve_linear(
                matrix, [sum((weights[s][a] * Fraction(table[s, a]) for a in range(A)), Fraction()) for s in range(S)]
            )[self.start]
            for table in self.tables
        ]


def draw_case(rng: np.random.Generator, kinds: int) -> Case:
    """A random one with `kinds` tables; the last counts entries into a set of states."""
    S, A = int(rng.integers(2, 6)), int(rng.integers(2, 4))
    discount = DISCOUNTS[rng.integers(len(DISCOUNTS))]
    inside = rng.random(S) < 0.3
    inside[rng.integers(S)] = True
    tables = rng.integers(-8, 9, size=(kinds, S, A)) / 4.0
    tables[1:] = np.abs(tables[1:])
    P: dict[int, dict[int, list[tuple[float, int, float, bool]]]] = {}
    for s in range(S):
        P[s] = {}
        for a in range(A):
            shares = rng.multinomial(7, rng.dirichlet(np.ones(3))) / 8.0
            ends = [*(rng.random(3) < 0.3), True]
            nexts = rng.integers(S, size=4).tolist()
            row = zip([*shares.tolist(), 0.125], nexts, ends, strict=True)
            P[s][a] = [(p, t, float(tables[0, s, a]), bool(over)) for p, t, over in row if p]
            tables[-1, s, a] = 0.0 if inside[s] else sum(p for p, t, _, _ in P[s][a] if inside[t])
    return Case(P, tables, discount, int(rng.integers(S)), inside)


def best_within(totals: Floats, bounds: Floats) -> float:
    """The most of the first total that a mixture of policies has within bounds of the others; -inf: none is."""
    if len(bounds) > 1:
        found: Any = linprog(
            -totals[:, 0], A_ub=totals[:, 1:].T, b_ub=bounds, A_eq=np.ones((1, len(totals))), b_eq=[1.0],
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )  # fmt: skip
        return -float(found.fun) if found.status == 0 else -np.inf
    values, costs = totals.T
    kept = costs <= bounds[0] + 1e-13
    if not kept.any():
        return -np.inf
    best = float(values[kept].max())
    low, high = np.flatnonzero(kept), np.flatnonzero(~kept)
    if len(high):
        part = (bounds[0] - costs[low])[:, None] / (costs[high] - costs[low][:, None])
        best = max(best, float((values[low][:, None] + part * (values[high] - values[low][:, None])).max()))
    return best
