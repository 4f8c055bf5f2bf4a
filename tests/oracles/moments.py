"""Hitting probabilities, moments and distributions of returns of small chains, in fractions, by definition.

A row is a list of (probability, next state or -1 at the end, reward), of the outcomes of what a policy does.
"""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from math import comb

from tests.oracles.exact import Distribution, Tables, solve_linear

Rows = list[list[tuple[Fraction, int, Fraction]]]


def rows_of(P: Tables, policy: Sequence[Distribution]) -> Rows:
    """The outcomes of a policy."""
    return [
        [(w * p, -1 if ends else t, r) for a, w in policy[s].items() for p, t, r, ends in P[s][a] if w * p]
        for s in range(len(P))
    ]


def reached_from(rows: Rows, state: int) -> set[int]:
    """The states that come after one, itself among them, and -1 for the end."""
    found, waiting = {state}, [state]
    while waiting:
        here = waiting.pop()
        later = {t for _, t, _ in rows[here]} - found if here >= 0 else set[int]()
        found |= later
        waiting.extend(later)
    return found


def moments(rows: Rows, discount: Fraction, most: int) -> list[list[Fraction] | None]:
    """E[return^k] from each state for k from 0 to `most`; None where the return is infinite or never settles."""
    count = len(rows)
    after = [reached_from(rows, s) for s in range(count)]
    paid_forever = {
        s for s in range(count)
        if discount == 1 and -1 not in after[s] and all(s in after[t] for t in after[s])
        and any(r for t in after[s] for _, _, r in rows[t])
    }  # fmt: skip
    rest = {s for s in range(count) if discount == 1 and -1 not in after[s] and not (after[s] & paid_forever)}
    quiet = {s for s in rest if not any(r for t in after[s] for _, _, r in rows[t] if t >= 0)}
    bad = {s for s in range(count) if after[s] & paid_forever}
    way = [s for s in range(count) if s not in bad and s not in quiet]
    found: list[list[Fraction]] = [[Fraction(1)] * count]
    for k in range(1, most + 1):
        matrix, right = [], []
        for s in way:
            row, known = [Fraction(s == t) for t in way], Fraction(0)
            for p, t, r in rows[s]:
                for j in range(k):
                    known += p * comb(k, j) * r ** (k - j) * discount**j * (found[j][t] if t >= 0 else Fraction(j == 0))
                if t in way:
                    row[way.index(t)] -= p * discount**k
            matrix.append(row)
            right.append(known)
        solved = dict(zip(way, solve_linear(matrix, right) if way else [], strict=True))
        found.append([solved.get(s, Fraction(0)) for s in range(count)])
    return [None if s in bad else [level[s] for level in found] for s in range(count)]


def hitting(rows: Rows, inside: set[int]) -> tuple[list[Fraction], list[Fraction | None]]:
    """The probability of entering a set from each state, and the expected time; None where it may never be."""
    count = len(rows)
    stopped = [[] if s in inside else row for s, row in enumerate(rows)]
    after = [reached_from(stopped, s) for s in range(count)]
    way = [s for s in range(count) if s not in inside and after[s] & inside]
    matrix = [[Fraction(s == t) - sum(p for p, u, _ in rows[s] if u == t) for t in way] for s in way]
    right = [Fraction(sum(p for p, u, _ in rows[s] if u in inside)) for s in way]
    solved = dict(zip(way, solve_linear(matrix, right) if way else [], strict=True))
    chance = [Fraction(1) if s in inside else solved.get(s, Fraction(0)) for s in range(count)]
    sure = [s for s in way if chance[s] == 1]
    matrix = [[Fraction(s == t) - sum(p for p, u, _ in rows[s] if u == t) for t in sure] for s in sure]
    steps = dict(zip(sure, solve_linear(matrix, [Fraction(1)] * len(sure)) if sure else [], strict=True))
    return chance, [Fraction(0) if s in inside else steps.get(s) for s in range(count)]


def distribution(rows: Rows, start: int, discount: Fraction, steps: int) -> tuple[dict[Fraction, Fraction], Fraction]:
    """The probability of each return of episodes of so many steps at most, and of those that are longer."""
    alive, ended = {(start, Fraction(0)): Fraction(1)}, defaultdict(Fraction)
    for step in range(steps):
        later: dict[tuple[int, Fraction], Fraction] = defaultdict(Fraction)
        for (s, total), mass in alive.items():
            for p, t, r in rows[s]:
                gained = total + discount**step * r
                if t < 0:
                    ended[gained] += mass * p
                else:
                    later[t, gained] += mass * p
        alive = later
    return dict(ended), sum(alive.values(), Fraction(0))
