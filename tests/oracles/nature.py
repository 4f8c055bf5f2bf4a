"""Interval models by brute force in fractions: every policy against every choice of nature's vertices.

Nothing here is shared with `planners`: the vertices of a set are found as the points where enough of its inequalities
are equalities. At discount 1 nature chooses among stationary vertices too, which is enough, as a mixture of them is a
policy that draws.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np

import planners
from planners import TabularMDP
from tests.oracles import exact
from tests.oracles.exact import Number, Tables

Row = dict[int, Fraction]  # the probability of each next state; END is the end
END = -1


class Set(NamedTuple):
    """A set of distributions and an interval of rewards, for one pair."""

    outcomes: tuple[int, ...]
    low: tuple[Fraction, ...]
    high: tuple[Fraction, ...]
    centre: tuple[Fraction, ...]
    radius: Fraction | None
    rewards: tuple[Fraction, Fraction]

    @cache  # noqa: B019 - a test's few sets
    def vertices(self) -> list[Row]:
        """All of them: the feasible points in which all but one of the free coordinates are held by an inequality."""
        size = len(self.outcomes)
        sides: list[tuple[tuple[int, ...], Fraction]] = []  # a . p <= b
        for place in range(size):
            unit = tuple(int(i == place) for i in range(size))
            sides += [(unit, self.high[place]), (tuple(-x for x in unit), -self.low[place])]
        if self.radius is not None:
            for signs in product((1, -1), repeat=size):
                sides.append((signs, self.radius + sum(s * c for s, c in zip(signs, self.centre, strict=True))))
        found = set()
        for chosen in combinations(sides, size - 1):
            matrix = [[Fraction(x) for x in a] for a, _ in chosen] + [[Fraction(1)] * size]
            try:
                point = exact.solve_linear(matrix, [b for _, b in chosen] + [Fraction(1)])
            except StopIteration:  # singular
                continue
            if all(sum(x * p for x, p in zip(a, point, strict=True)) <= b for a, b in sides):
                found.add(tuple(point))
        return [{t: p for t, p in zip(self.outcomes, point, strict=True) if p} for point in sorted(found)]


Sets = list[list[Set]]  # [state][action]


def random_sets(rng: np.random.Generator, states: int, actions: int, ball: bool) -> Sets:
    """Dyadic sets, so that floats lose nothing."""
    return [[_random_set(rng, states, ball) for _ in range(actions)] for _ in range(states)]


def _random_set(rng: np.random.Generator, states: int, ball: bool) -> Set:
    outcomes = tuple(int(t) for t in rng.permutation([END, *range(states)])[: int(rng.integers(1, 4))])
    parts = np.bincount(rng.integers(len(outcomes), size=16), minlength=len(outcomes))
    if (parts == 0).any():
        parts = np.full(len(outcomes), 16 // len(outcomes))
        parts[0] += 16 - parts.sum()
    centre = tuple(Fraction(int(part), 16) for part in parts)
    widths = [Fraction(int(w), 16) for w in rng.integers(0, 9, size=(2 * len(outcomes)))]
    low = tuple(max(c - w, Fraction(0)) for c, w in zip(centre, widths, strict=False))
    high = tuple(min(c + w, Fraction(1)) for c, w in zip(centre, widths[len(outcomes) :], strict=False))
    if ball:
        low, high = tuple(Fraction(0) for _ in centre), tuple(Fraction(1) for _ in centre)
    reward = Fraction(int(rng.integers(-4, 5)), 4)
    rewards = (reward, reward + Fraction(int(rng.integers(0, 3)), 4))
    return Set(outcomes, low, high, centre, Fraction(int(rng.integers(0, 17)), 16) if ball else None, rewards)


def as_model(sets: Sets) -> planners.IntervalMDP:
    """The `IntervalMDP`, by `from_arrays` or, for balls, by `around`; the end is one more state, which is terminal."""
    S, A = len(sets), len(sets[0])
    low, high, centre = (np.zeros((S + 1, A, S + 1)) for _ in range(3))
    R, radius = np.zeros((2, S + 1, A)), np.zeros((S + 1, A))
    for s, row in enumerate(sets):
        for a, pair in enumerate(row):
            for place, outcome in enumerate(pair.outcomes):
                for table, numbers in ((low, pair.low), (high, pair.high), (centre, pair.centre)):
                    table[s, a, outcome] = float(numbers[place])
            R[:, s, a] = [float(r) for r in pair.rewards]
            radius[s, a] = float(pair.radius or 0)
    terminal = np.arange(S + 1) == S
    if sets[0][0].radius is None:
        return planners.IntervalMDP.from_arrays(low, high, *R, terminal=terminal, axes="SAS")
    middle = TabularMDP.from_arrays(centre, 0.5 * (R[0] + R[1]), terminal=terminal, axes="SAS")
    return planners.IntervalMDP.around(middle, radius, reward_radius=0.5 * (R[1] - R[0]))


def tables(sets: Sets, rows: Any, side: int) -> Tables:
    """The model in which pair (s, a) has the distribution `rows[s][a]` and its least (0) or largest (1) reward."""
    return {
        s: {
            a: [(p, max(t, 0), pair.rewards[side], t == END) for t, p in rows[s][a].items()]
            for a, pair in enumerate(row)
        }
        for s, row in enumerate(sets)
    }


def models(sets: Sets, side: int, pairs: set[tuple[int, int]] | None = None) -> Iterator[Tables]:
    """Every model of vertices; of pairs that are not asked for, one vertex."""
    choices = [
        pair.vertices() if pairs is None or (s, a) in pairs else pair.vertices()[:1]
        for s, row in enumerate(sets)
        for a, pair in enumerate(row)
    ]
    width = len(sets[0])
    for chosen in product(*choices):
        yield tables(sets, [chosen[s * width : (s + 1) * width] for s in range(len(sets))], side)


def contains(sets: planners.IntervalMDP, model: TabularMDP) -> bool:
    """Whether a model lies within the bounds, but for a rounding of 1e-12."""
    low, high, centre = (matrix.toarray() for matrix in (sets.low, sets.high, sets.centre_or_fail))
    p = np.hstack((model.transitions.toarray(), model.termination.reshape(-1, 1)))
    inside = ((low - 1e-12 <= p) & (p <= high + 1e-12)).all(axis=1).reshape(sets.shape)
    distance = np.abs(p - centre).sum(axis=1).reshape(sets.shape)
    near = distance <= (np.inf if sets.radius is None else sets.radius) + 1e-12
    paid = (sets.rewards_lower - 1e-12 <= model.rewards) & (model.rewards <= sets.rewards_upper + 1e-12)
    return bool((~sets.feasible | (inside & near & paid)).all())


class Answer(NamedTuple):
    """Bounds of V in any model, and whether V exists in all of them: at discount 1 it may go to both infinities."""

    least: list[Number]
    most: list[Number]
    exists: bool = True


def policy_bounds(sets: Sets, actions: tuple[int, ...], discount: Fraction) -> Answer:
    """The least and the most that a policy earns in any model."""
    policy = [{a: Fraction(1)} for a in actions]
    pairs, exists = set(enumerate(actions)), True
    bounds = []
    for side, better, begin in ((0, min, math.inf), (1, max, -math.inf)):
        best: list[Number] = [begin] * len(sets)
        for model in models(sets, side, pairs):
            values = exact.values_where_defined(model, policy, discount)
            exists &= None not in values
            either = -math.inf if side == 0 else math.inf
            best = [better(b, either if v is None else v) for b, v in zip(best, values, strict=True)]
        bounds.append(best)
    return Answer(bounds[0], bounds[1], exists)


def plan_bounds(sets: Sets, discount: Fraction) -> Answer:
    """The most that a policy earns in its worst model, and the largest V* of all models."""
    found = [policy_bounds(sets, actions, discount) for actions in product(range(len(sets[0])), repeat=len(sets))]
    return Answer(
        [max(answer.least[s] for answer in found) for s in range(len(sets))],
        [max(answer.most[s] for answer in found) for s in range(len(sets))],
        all(answer.exists for answer in found),
    )


def violations(sets: Sets, discount: Fraction, tolerance: float = 1e-6) -> list[str]:
    """What is wrong with the plan of a model, and with the bounds of its policy."""
    model = as_model(sets)
    plan = planners.solve(model, discount=float(discount), tolerance=tolerance, throw=discount < 1)
    states = range(len(sets))  # the terminal one, which is last, is none of them
    best = plan_bounds(sets, discount)
    own = policy_bounds(sets, tuple(int(plan.policy.actions[s]) for s in states), discount)
    bounds = planners.evaluate_bounds(model, plan, float(discount))
    found = [] if plan.converged else [f"not converged: {plan.status}"]
    for name, numbers, true, below in (
        ("lower bound above what the policy earns", plan.lower, own.least, True),
        ("upper bound below V*", plan.upper, best.most, False),
        ("lower bound of the policy", bounds.lower, own.least, True),
        ("upper bound of the policy", bounds.upper, own.most, False),
    ):
        for s in states:
            if not (exact.exact_value(numbers[s]) <= true[s] if below else exact.exact_value(numbers[s]) >= true[s]):
                found.append(f"{name}: {numbers[s]}, {true[s]}")
    for name, numbers, true, exists in (
        ("lower bound far from the best", plan.lower, best.least, best.exists),
        ("upper bound far from the largest V*", plan.upper, best.most, best.exists),
        ("lower bound of the policy far", bounds.lower, own.least, own.exists),
        ("upper bound of the policy far", bounds.upper, own.most, own.exists),
    ):
        for s in states:
            if exists and numbers[s] != true[s] and not abs(numbers[s] - float(true[s])) <= 2 * tolerance:
                found.append(f"{name}: {numbers[s]}, {true[s]}")
    if not (contains(model, plan.worst_model()) and contains(model, plan.best_model())):
        found.append("a model outside the set")
    return found
