"""The numbers of the certificates against fractions: they hold exactly, for the tables as they are read.

With h = offset - slope * V, every row has Q - V <= k (h - discount P h), and the rows that were chosen have
Q - V >= l (h - discount P h), where Q, V and h are exact for the floats that are given. Values near V* and values far
from it are tried: near V* the rounding of Q decides, and far from it, near discount 1, that of h - discount P h.
"""

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from planners import MoveMDP, TabularMDP
from planners.equations.certificates import Certifier
from planners.equations.from_model import make_problem
from planners.kernels import proofs
from planners.kernels.moves import Moves
from planners.kernels.rows import Rows
from tests.oracles.drawn import drawn_moves, drawn_rows

Row = tuple[Fraction, list[tuple[Fraction, int]]]  # r, and discount * P of the states reached


def numbers(*arguments: Any) -> NDArray[np.float64]:
    """What `prove` writes of each part of the states."""
    parts, prove = np.empty((proofs.PARTS, 3)), partial(proofs.prove, *arguments)
    prove(parts)
    return parts


def rows_of_moves(model: MoveMDP, discount: float) -> list[list[Row]]:
    found: list[list[Row]] = []
    for state in range(model.num_states):
        kind = 0 if model.kind is None else int(model.kind[state])
        rows: list[Row] = []
        for weights in model.mixture[kind]:
            reward, flow = Fraction(0), []
            for move, weight in enumerate(map(Fraction, map(float, weights))):
                outcome = int(model.outcome[state, move])
                reward += weight * Fraction(float(model.outcome_reward[outcome]))
                if not model.outcome_ends[outcome]:
                    flow.append((Fraction(discount) * weight, int(model.successor[state, move])))
            rows.append((reward, flow))
        found.append(rows)
    return found


def rows_of_table(model: TabularMDP, discount: float) -> list[list[Row]]:
    found: list[list[Row]] = []
    for state in range(model.num_states):
        rows: list[Row] = []
        for action in np.flatnonzero(model.feasible[state]):
            to, probabilities = model.row(state, int(action))
            flow = [(Fraction(discount) * Fraction(float(p)), int(t)) for t, p in zip(to, probabilities, strict=True)]
            rows.append((Fraction(float(model.rewards[state, action])), flow))
        found.append(rows)
    return found


def values_for(rows: list[list[Row]], near: bool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(S,) values: zero and a bit, or after many sweeps."""
    values = 1e-3 * rng.normal(size=len(rows))
    plain = [[(float(r), [(float(p), t) for p, t in flow]) for r, flow in actions] for actions in rows]
    for _ in range(400 if near else 0):
        values = np.array([max(r + sum(p * values[t] for p, t in flow) for r, flow in actions) for actions in plain])
    return values


def offset_for(values: NDArray[np.float64], slope: float, discount: float) -> float:
    """So large that h and h - discount * P h are above 0 for rewards of up to 4."""
    return float(1.0 + slope * (values.max() + 4.0 / (1.0 - discount)))


def assert_claims(
    rows: list[list[Row]], values: Any, slope: float, offset: float, low: float, high: float, chosen: Any
) -> None:
    V = [Fraction(float(value)) for value in values]
    h = [Fraction(offset) - Fraction(slope) * value for value in V]
    for state, actions in enumerate(rows):
        for number, (reward, flow) in enumerate(actions):
            gain = reward + sum(p * V[t] for p, t in flow) - V[state]
            margin = h[state] - sum(p * h[t] for p, t in flow)
            if np.isfinite(high):
                assert gain <= Fraction(high) * margin, f"k is too small for state {state}, row {number}"
            if number == chosen[state] and np.isfinite(low):
                assert gain >= Fraction(low) * margin, f"l is too large for state {state}, row {number}"


@pytest.mark.parametrize("slope", [0.0, 1.0])
@pytest.mark.parametrize(("near", "discount"), [(True, 0.9), (False, 0.9999)])
def test_moves(near: bool, discount: float, slope: float, rng: np.random.Generator) -> None:
    proven = 0
    for _ in range(8):
        model = drawn_moves(rng, states=25)
        rows = rows_of_moves(model, discount)
        values = values_for(rows, near, rng)
        offset = offset_for(values, slope, discount)
        chosen = np.zeros(model.num_states, dtype=np.uint8)
        onward = np.where(model.outcome_ends, 0.0, discount)
        kind = np.zeros(1, dtype=np.uint8) if model.kind is None else model.kind
        tables = Moves(model.successor, model.outcome, model.outcome_reward, onward, model.mixture, kind, discount)
        parts = numbers(tables, values, slope, offset, model.num_states, model.num_moves + 20, chosen)
        low, high, limit = parts[:, 0].min(), parts[:, 1].max(), parts[:, 2].min()
        high = high if limit == np.inf else np.inf
        assert_claims(rows, values, slope, offset, low, high, chosen)
        proven += bool(np.isfinite(high)) + bool(np.isfinite(low))
    assert proven >= 8


@pytest.mark.parametrize("slope", [0.0, 1.0])
@pytest.mark.parametrize(("near", "discount"), [(True, 0.9), (False, 0.9999)])
def test_rows(near: bool, discount: float, slope: float, rng: np.random.Generator) -> None:
    proven = 0
    for _ in range(8):
        model = drawn_rows(rng, states=20, ends=0.02)
        rows, problem = rows_of_table(model, discount), make_problem(model, discount)
        values = values_for(rows, near, rng)
        offset = offset_for(values, slope, discount)
        first, csr = np.append(problem.first_row, len(problem.row_state)), problem.transitions
        row = np.zeros(model.num_states, dtype=np.int64)
        tables = Rows(csr.indptr, csr.indices, csr.data, problem.rewards, first, discount)
        parts = numbers(tables, values, slope, offset, model.num_states, problem.rounding_terms, row)
        low, high, limit = parts[:, 0].min(), parts[:, 1].max(), parts[:, 2].min()
        high = high if limit == np.inf else np.inf
        assert_claims(rows, values, slope, offset, low, high, row - first[:-1])
        proven += bool(np.isfinite(high)) + bool(np.isfinite(low))
    assert proven >= 8


@pytest.mark.parametrize(("near", "discount"), [(True, 0.9), (False, 0.9999)])
def test_the_certifier(near: bool, discount: float, rng: np.random.Generator) -> None:
    """Its bounds V + l and V + k, rounded outwards, obey Bellman's inequalities but for what the rounding adds."""
    for _ in range(8):
        model = drawn_rows(rng, states=20, ends=0.02)
        rows, problem = rows_of_table(model, discount), make_problem(model, discount)
        values = values_for(rows, near, rng)
        bounds = Certifier(problem).bounds(values, problem.action_values(values))
        shifts = [
            [Fraction(float(bound)) - Fraction(float(value)) for bound, value in zip(side, values, strict=True)]
            for side in (bounds.lower, bounds.upper)
        ]
        greedy = problem.greedy(problem.action_values(values)) - problem.first_row
        zero = np.zeros(len(values))
        assert_claims(rows, values, 0.0, 1.0, float(min(shifts[0])), float("inf"), greedy)
        assert_claims(rows, zero + values, 0.0, 1.0, float("-inf"), float(max(shifts[1])), greedy)


@pytest.mark.parametrize(("gain", "holds"), [(0.005, True), (0.015, True), (0.017, False), (0.03, False)])
def test_a_row_that_leads_away_limits_what_is_claimed(gain: float, holds: bool) -> None:
    """State 0 is near the offset, state 1 far below: for the row from 0 to 1, h - discount P h is -1.7, its gain -2.71.

    So k must not be above 2.71 / 1.7; staying in state 0 asks for gain / 0.01.
    """
    stay, away, discount = [(1.0, 0, 1.0 + gain, False)], [(1.0, 1, 0.0, False)], 0.9
    model = TabularMDP.from_gym_dict({0: {0: stay, 1: away}, 1: {0: [(1.0, 1, 0.81, False)]}})
    rows, problem, values = rows_of_table(model, discount), make_problem(model, discount), np.array([10.0, 8.1])
    first, csr = np.append(problem.first_row, len(problem.row_state)), problem.transitions
    tables = Rows(csr.indptr, csr.indices, csr.data, problem.rewards, first, discount)
    row = np.zeros(2, dtype=np.int64)
    parts = numbers(tables, values, 1.0, 10.1, 2, problem.rounding_terms, row)
    high, limit = float(parts[:, 1].max()), float(parts[:, 2].min())
    assert high == pytest.approx(gain / 0.01, rel=1e-6)
    assert limit == pytest.approx(2.71 / 1.7, rel=1e-6)
    assert (high <= limit) == holds
    if holds:
        assert_claims(rows, values, 1.0, 10.1, -np.inf, high, row - first[:-1])
    else:
        with pytest.raises(AssertionError, match="k is too small for state 0, row 1"):
            assert_claims(rows, values, 1.0, 10.1, -np.inf, high, row - first[:-1])


@pytest.mark.parametrize("form", ["moves", "rows"])
@pytest.mark.parametrize("states", [1, 5, 255, 257, 700])
def test_no_state_is_left_out(states: int, form: str) -> None:
    """Every state stays where it is and earns nothing, but for one, on which k or l depends alone."""
    discount, loop = 0.5, np.arange(states, dtype=np.int32)
    for special in sorted({0, states // 2, states - 1}):
        for reward in (1.0, -1.0):
            pays = np.zeros(states)
            pays[special] = reward
            tables: Any = Rows(np.arange(states + 1), loop, np.ones(states), pays, np.arange(states + 1), discount)
            if form == "moves":
                outcome = (loop == special).astype(np.uint8)[:, None]
                moves = loop[:, None], outcome, np.array([0.0, reward]), np.full(2, discount)
                tables = Moves(*moves, np.ones((1, 1, 1)), np.zeros(1, dtype=np.uint8), discount)
            chosen = np.zeros(states, dtype=np.int64)
            parts = numbers(tables, np.zeros(states), 0.0, 1.0, states, 30, chosen)
            low, high = float(parts[:, 0].min()), float(parts[:, 1].max())
            assert high >= 2.0 * pays.max()
            assert low <= 2.0 * pays.min()
