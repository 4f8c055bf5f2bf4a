"""Gains in twice the digits of float64: right to within what they say, for the model as it was read."""

from fractions import Fraction

import numpy as np
import pytest

import planners
from planners import NotConvergedError, TabularMDP
from planners.equations.compensated import compensated_gains
from planners.equations.from_model import make_problem
from planners.iteration import last_proof
from tests.oracles.examples import times


def drawn(
    rng: np.random.Generator, states: int, width: int
) -> dict[int, dict[int, list[tuple[float, int, float, bool]]]]:
    """Rows of floats that need not sum to 1, several rewards in each, some of which end the episode."""
    rows = {}
    for state in range(states):
        parts = rng.random(width) ** 6
        parts /= parts.sum()
        nexts, rewards = rng.integers(states, size=width), rng.normal(size=width) * 10.0 ** rng.integers(-3, 4)
        ends = rng.random(width) < 0.1 * rng.integers(2)
        rows[state] = {0: list(zip(parts.tolist(), nexts.tolist(), rewards.tolist(), ends.tolist(), strict=True))}
    return rows


def exact_gain(entries: list[tuple[float, int, float, bool]], own: int, discount: float, V: list[Fraction]) -> Fraction:
    total = sum(Fraction(p) for p, *_ in entries)
    worth = (Fraction(p) * (Fraction(r) + (0 if ends else Fraction(discount) * V[t])) for p, t, r, ends in entries)
    return sum(worth, Fraction()) / total - V[own]


@pytest.mark.parametrize("discount", [0.5, 0.9, 1 - 1e-7, 1 - 2.0**-45])
def test_gains_are_off_by_no_more_than_they_say(rng: np.random.Generator, discount: float) -> None:
    for _ in range(times(40)):
        states = int(rng.integers(1, 6))
        given = drawn(rng, states, int(rng.integers(1, 9)))
        problem = make_problem(TabularMDP.from_gym_dict(given), discount)
        centre = rng.normal(size=states) * 10.0 ** rng.integers(0, 12)
        if rng.random() < 0.5:
            centre = np.full(states, centre[0])
        h = rng.normal(size=states)
        V = [Fraction(c) + Fraction(x) for c, x in zip(centre.tolist(), h.tolist(), strict=True)]
        gains, off = compensated_gains(problem, centre, h)
        for state, entries in given.items():
            wrong = abs(Fraction(float(gains[state])) - exact_gain(entries[0], state, discount, V))
            assert wrong <= Fraction(float(off[state])), (given, centre, h)


def test_what_float64_refuses_is_certified(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of 1e8 to 1e-6: a sum of 24 terms is off by more than that, divided by 1 - discount."""
    P = rng.random((24, 2, 24)) ** 2
    P /= P.sum(axis=-1, keepdims=True)
    model, options = TabularMDP.from_arrays(P, 500.0 * rng.random((24, 2))), {"discount": 1 - 1e-6, "tolerance": 1e-6}
    plan = planners.solve(model, **options)
    exact = planners.solve(model, discount=options["discount"], exact=True)
    assert plan.error_bound <= 1e-6
    assert np.abs(plan.values).max() > 1e8
    bounds = zip(plan.lower, exact.values, plan.upper, strict=True)
    assert all(Fraction(lower) <= value <= Fraction(upper) for lower, value, upper in bounds)
    monkeypatch.setattr(last_proof, "may_be_compensated", lambda _: False)
    with pytest.raises(NotConvergedError):
        planners.solve(model, **options)


def test_the_policy_is_made_better_too(rng: np.random.Generator) -> None:
    """An action that is better by 1e-10 a step is worth 1e-4 in all."""
    P = rng.random((40, 1, 40)).repeat(2, axis=1)
    P /= P.sum(axis=-1, keepdims=True)
    R = 100.0 * rng.random((40, 1)) + np.array([0.0, 1e-10])
    problem = make_problem(TabularMDP.from_arrays(P, R), 1 - 1e-6)
    worse = np.arange(0, 80, 2)
    centre = np.full(40, np.median(problem.evaluation(worse).solve(problem.rewards[worse])))
    found = last_proof._by_exact_gains(problem, worse, centre, 1e-6, compensated_gains)
    assert (found.rows % 2 == 1).all()
    assert found.error <= 1e-6
