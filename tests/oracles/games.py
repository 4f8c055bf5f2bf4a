"""Markov games in exact rationals: matrix games by Shapley and Snow's square kernels, values by Newton and contraction.

Nothing here is shared with `planners`. The value of a matrix game is that of one of its square parts M, whose
strategies solve M y = v 1 and x M = v 1; which one is tried. From any V, one exact sweep bounds the value of the whole
game: |value - V| <= |T V - V| / (1 - c), with c the most that a row carries on.

Source: Shapley and Snow (1950), "Basic solutions of discrete games"; Shapley (1953).
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np

import planners
from planners import MarkovGame
from tests.oracles.exact import solve_linear

Matrix = Sequence[Sequence[Fraction]]
Strategy = list[Fraction]


class Exact(NamedTuple):
    """A game in fractions: P[s][a][b] is {next state: probability}, what is missing to 1 ends the game."""

    P: list[list[list[dict[int, Fraction]]]]
    R: list[list[list[Fraction]]]

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.R), len(self.R[0]), len(self.R[0][0])

    def floats(self) -> tuple[np.ndarray, np.ndarray]:
        """P with one more state, in which the game is over, and R."""
        S, A, B = self.shape
        P, R = np.zeros((S + 1, A, B, S + 1)), np.zeros((S + 1, A, B))
        for s, a, b in product(range(S), range(A), range(B)):
            for t, p in self.P[s][a][b].items():
                P[s, a, b, t] = p
            P[s, a, b, S] = 1 - sum(self.P[s][a][b].values())
            R[s, a, b] = self.R[s][a][b]
        return P, R

    def game(self) -> MarkovGame:
        P, R = self.floats()
        return MarkovGame.from_arrays(P, R, terminal=np.arange(len(P)) == len(P) - 1)

    def stage(self, V: Strategy, discount: Fraction, s: int) -> list[list[Fraction]]:
        return [
            [r + discount * sum((p * V[t] for t, p in self.P[s][a][b].items()), Fraction()) for b, r in enumerate(row)]
            for a, row in enumerate(self.R[s])
        ]


def random_game(rng: np.random.Generator, S: int, A: int, B: int, *, ends: bool, floats: bool = False) -> Exact:
    """Dyadic numbers; or with `floats` any, whose rows are then scaled to sum to 1."""

    def row() -> dict[int, Fraction]:
        weights = [
            Fraction(float(w)) for w in (rng.random(S + 1) if floats else rng.multinomial(7, np.ones(S + 1) / (S + 1)))
        ]
        weights[S] += Fraction(1) if ends or not any(weights) else Fraction(0)
        total = sum(weights)
        if not floats:  # eighths
            weights[S] += 8 - total
            total = Fraction(8)
        return {t: w / total for t, w in enumerate(weights[:S]) if w}

    def reward() -> Fraction:
        return Fraction(float(rng.normal())) if floats else Fraction(int(rng.integers(-4, 5)))

    P = [[[row() for _ in range(B)] for _ in range(A)] for _ in range(S)]
    return Exact(P, [[[reward() for _ in range(B)] for _ in range(A)] for _ in range(S)])


def solve_matrix(Q: Matrix) -> tuple[Fraction, Strategy, Strategy]:
    """(value, x, y) of a matrix game."""
    m, n = len(Q), len(Q[0])
    for size in range(1, min(m, n) + 1):
        for rows, columns in product(combinations(range(m), size), combinations(range(n), size)):
            part = [[Q[i][j] for j in columns] for i in rows]
            y = _equalising(part)
            x = _equalising([list(column) for column in zip(*part, strict=True)])
            if x is None or y is None or x[0] != y[0]:
                continue
            full_x = [x[1][rows.index(i)] if i in rows else Fraction() for i in range(m)]
            full_y = [y[1][columns.index(j)] if j in columns else Fraction() for j in range(n)]
            sure = min(sum((p * Q[i][j] for i, p in enumerate(full_x)), Fraction()) for j in range(n))
            most = max(sum((p * Q[i][j] for j, p in enumerate(full_y)), Fraction()) for i in range(m))
            if sure == most:
                return sure, full_x, full_y
    raise AssertionError("no kernel: not possible by Shapley and Snow")


def _equalising(part: Matrix) -> tuple[Fraction, Strategy] | None:
    """(v, y >= 0) with part y = v 1 and sum of y = 1; None where there is none, or not one."""
    size = len(part)
    system = [[*row, Fraction(-1)] for row in part] + [[Fraction(1)] * size + [Fraction(0)]]
    try:
        found = solve_linear(system, [Fraction(0)] * size + [Fraction(1)])
    except StopIteration:
        return None
    return None if min(found[:size]) < 0 else (found[size], found[:size])


def value_of(game: Exact, discount: Fraction, rows: list[Strategy], columns: list[Strategy]) -> Strategy:
    """V of two strategies."""
    S, A, B = game.shape
    matrix = [[Fraction(s == t) for t in range(S)] for s in range(S)]
    right = [Fraction() for _ in range(S)]
    for s, a, b in product(range(S), range(A), range(B)):
        weight = rows[s][a] * columns[s][b]
        right[s] += weight * game.R[s][a][b]
        for t, p in game.P[s][a][b].items():
            matrix[s][t] -= discount * weight * p
    return solve_linear(matrix, right)


def value(game: Exact, discount: Fraction, start: Sequence[float]) -> tuple[Strategy, Fraction]:
    """V and how far from the value of the game it may be, from any start: Newton's steps, then one exact sweep."""
    S = game.shape[0]
    carried = discount * max(sum(p.values()) for row in game.P for pairs in row for p in pairs)
    V = [Fraction(float(v)) for v in start[:S]]
    for _ in range(60):
        stages = [solve_matrix(game.stage(V, discount, s)) for s in range(S)]
        residual = max(abs(stage[0] - v) for stage, v in zip(stages, V, strict=True))
        if residual <= Fraction(1, 2**90):
            return V, residual / (1 - carried)
        found = value_of(game, discount, [stage[1] for stage in stages], [stage[2] for stage in stages])
        found = [Fraction(round(v * 2**120), 2**120) for v in found]
        after = max(abs(solve_matrix(game.stage(found, discount, s))[0] - found[s]) for s in range(S))
        V = found if after < residual else [stage[0].limit_denominator(2**100) for stage in stages]
    raise AssertionError("no value to 2^-90 in 60 steps")


def worth(game: Exact, discount: Fraction, policy: Any, *, of_rows: bool) -> Strategy:
    """V of one player's policy, (S, .) floats scaled to sum to 1, against its best answer among all pure ones."""
    S, A, B = game.shape
    mixed = [[Fraction(float(p)) / sum(map(Fraction, map(float, row))) for p in row] for row in policy[:S]]
    found: list[Strategy] = []
    for answers in product(range(B if of_rows else A), repeat=S):
        pure = [[Fraction(answer == i) for i in range(B if of_rows else A)] for answer in answers]
        found.append(value_of(game, discount, *((mixed, pure) if of_rows else (pure, mixed))))
    return [(min if of_rows else max)(each) for each in zip(*found, strict=True)]


def violations(game: Exact, discount: Fraction, *, tolerance: float = 1e-9, method: str = "auto") -> list[str]:
    """What is wrong with the plan of a game."""
    given = game.game()
    plan = planners.solve(given, discount=float(discount), tolerance=tolerance, method=method)
    V, off = value(game, discount, plan.values.tolist())
    rows, columns = (np.asarray(each.probabilities) for each in (plan.policy, plan.opponent))
    sure, most = worth(game, discount, rows, of_rows=True), worth(game, discount, columns, of_rows=False)
    answers, wrong = plan.exploitability, []
    for s, v in enumerate(V):
        low, high = Fraction(float(plan.lower[s])), Fraction(float(plan.upper[s]))
        if not (low <= v + off and v - off <= high):
            wrong.append(f"state {s}: {float(v)!r} is outside [{float(low)!r}, {float(high)!r}]")
        if high - low > 2 * Fraction(tolerance) or not (low <= sure[s] and most[s] <= high):
            wrong.append(f"state {s}: the strategies are worth {float(sure[s])!r} and {float(most[s])!r}")
        for name, true in (("guaranteed", sure[s]), ("conceded", most[s])):
            least, largest = (Fraction(float(getattr(answers, f"{name}_{side}")[s])) for side in ("lower", "upper"))
            if not least <= true <= largest:
                wrong.append(f"state {s}: {name} from {float(least)!r} to {float(largest)!r}, exactly {float(true)!r}")
        if not answers.upper[s] >= most[s] - sure[s] >= Fraction(float(answers.lower[s])):
            wrong.append(f"state {s}: exploitability {answers!r}, exactly {float(most[s] - sure[s])!r}")
    return wrong
