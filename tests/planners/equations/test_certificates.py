"""Bounds hold to the last bit for tables of any floats, not only dyadic ones.

Rows of floats miss 1 by an ulp or so. The bounds must hold for the rows as they are, and for rows divided by
their sums: near discount 1 the two differ by more than other roundings would hide.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

import planners
from planners import Plan, TabularMDP
from planners.equations.certificates import Bounds, Certifier
from planners.equations.from_model import make_problem
from tests.oracles.bounds import check_contained
from tests.oracles.exact import Tables, optimal_values
from tests.oracles.examples import times

METHODS: list[Callable[..., Plan]] = [planners.value_iteration, planners.policy_iteration]


def random_model(rng: np.random.Generator, ends: float = 0.2) -> TabularMDP:
    """Up to 4 states and 3 actions, with probabilities and rewards of very different sizes."""
    states, actions = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    size = 10.0 ** rng.integers(-6, 7)
    P = {}
    for state in range(states):
        P[state] = {}
        for action in range(actions):
            weights = rng.random(3) ** rng.integers(1, 12)
            weights /= weights.sum()
            P[state][action] = [
                (float(p), int(rng.integers(states)), float(size * rng.normal()), bool(rng.random() < ends))
                for p in weights
            ]
    return TabularMDP.from_gym_dict(P)


def exact_tables(model: TabularMDP, *, scaled: bool) -> Tables:
    """Rows as stored, or divided by their sums; an entry of probability 1, which ends, pays the expected reward."""
    P: Tables = {}
    for state in range(model.num_states):
        P[state] = {}
        for action in range(model.num_actions):
            going_on = [(Fraction(float(p)), int(t)) for t, p in zip(*model.row(state, action), strict=True)]
            whole = sum(p for p, _ in going_on) + Fraction(float(model.termination[state, action]))
            divisor = whole if scaled else Fraction(1)
            pays = (Fraction(1), 0, Fraction(float(model.rewards[state, action])), True)
            P[state][action] = [pays, *((p / divisor, t, Fraction(0), False) for p, t in going_on)]
    return P


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("discount", [0.0, 0.3, 0.9, 0.99, 0.999])
def test_bounds_hold_for_any_floats(discount: float, scaled: bool, rng: np.random.Generator) -> None:
    for _ in range(times(40)):
        model = random_model(rng)
        best = optimal_values(exact_tables(model, scaled=scaled), Fraction(discount))
        guess = float(np.abs(model.rewards).max()) * rng.normal(size=model.num_states) * 10.0 ** rng.integers(-2, 4)
        scale = float(np.abs(model.rewards).max()) / (1 - discount)
        policy_iteration = planners.policy_iteration(model, discount=discount, tolerance=1e-9 * scale)
        start = policy_iteration.values + 1e-8 * scale * rng.normal(size=model.num_states)  # not from afar: many sweeps
        value_iteration = planners.value_iteration(model, discount=discount, tolerance=1e-9 * scale, start=start)
        for plan in (policy_iteration, value_iteration):
            check_contained(plan, best)
        check_contained(planners.certify(model, guess, discount=discount), best, guess)


@pytest.mark.parametrize("discount", [0.0, 0.3, 0.9, 0.999])
def test_bounds_from_the_best_actions_alone_hold(discount: float, rng: np.random.Generator) -> None:
    """Where no episode ends; from afar, and from values that are right but for their rounding."""
    for _ in range(10):
        model = random_model(rng, ends=0.0)
        best = optimal_values(exact_tables(model, scaled=True), Fraction(discount))
        problem = make_problem(model, discount)
        near = planners.policy_iteration(model, discount=discount, throw=False).values
        for values in (near, near + np.abs(near).max() * rng.normal(size=len(near))):
            action_values = problem.action_values(values)
            rows = problem.greedy(action_values)
            found = Certifier(problem).of_best(values, action_values[rows], rows)
            assert found is not None
            assert found.error < np.inf
            check_contained(_Claim(found), best)


def test_the_best_actions_alone_prove_nothing_where_an_episode_may_end(rng: np.random.Generator) -> None:
    problem = make_problem(random_model(rng, ends=1.0), 0.9)
    values = np.zeros(problem.num_states)
    assert Certifier(problem).of_best(values, values, problem.greedy(problem.rewards)) is None


@pytest.mark.parametrize("ends", [0.0, 0.2])
def test_bounds_of_unfinished_runs_hold(ends: float, rng: np.random.Generator) -> None:
    """The estimate of bounds that are far apart is their middle."""
    for method in (planners.value_iteration, planners.modified_policy_iteration):
        for iterations in (1, 2, 3, 5):
            model = random_model(rng, ends)
            best = optimal_values(exact_tables(model, scaled=True), Fraction(0.9))
            check_contained(method(model, discount=0.9, max_iterations=iterations, throw=False), best)


class _Claim:
    """Bounds as a plan has them."""

    def __init__(self, bounds: Bounds) -> None:
        self.lower, self.upper, self.values, self.error_bound = bounds[:4]


@pytest.mark.parametrize("exponent", [10, 20, 30, 40])
@pytest.mark.parametrize("probability", [float(np.nextafter(1.0, 0.0)), 1.0, float(np.nextafter(1.0, 2.0))])
def test_ulps_of_row_sums_near_discount_one(exponent: int, probability: float, rng: np.random.Generator) -> None:
    """V = 2^k, as the row is scaled to 1; as it is stored, V would be off by about u / (1 - discount)^2."""
    discount = 1 - 2.0**-exponent
    model = TabularMDP.from_gym_dict({0: {0: [(probability, 0, 1.0, False)]}})
    truth = Fraction(2**exponent)
    for guess in (0.0, float(truth), float(rng.normal()) * 2.0**exponent):
        check_contained(planners.certify(model, [guess], discount=discount), [truth], [guess])
    check_contained(planners.policy_iteration(model, discount=discount, throw=False), [truth])


@pytest.mark.parametrize("ulps", [1, 2, 16, 18, 20, 40])
def test_discounts_that_float64_can_hardly_tell_from_one(ulps: int) -> None:
    """Nothing may be provable there, and nothing false may be proven: V = reward / (1 - discount)."""
    discount = 1 - ulps * 2.0**-53
    for reward in (1.0, -1.0, 0.0):
        model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, reward, False)]}})
        truth = Fraction(reward) / (1 - Fraction(discount))
        for guess in (0.0, float(truth), -3.0 * float(truth)):
            check_contained(planners.certify(model, [guess], discount=discount), [truth], [guess])
        for method in METHODS:
            check_contained(method(model, discount=discount, throw=False, max_iterations=100), [truth])
