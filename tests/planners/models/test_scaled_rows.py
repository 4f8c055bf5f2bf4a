"""What V* means where rows of floats do not sum to 1, and expectations in which outcomes cancel."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

import planners
from planners import InvalidModelError, MoveMDP, TabularMDP
from planners.distributed import solve_in_parts
from planners.exact_sums import exact_sums, expectations
from planners.models.negated import negated
from tests.oracles.bounds import check_contained


def test_sums_and_expectations_are_rounded_once(rng: np.random.Generator) -> None:
    """Within a unit of the last place, whatever cancels, at all sizes; 300 rows each."""
    rows = rng.integers(300, size=1500)
    weights = rng.random(1500) ** 9
    amounts = rng.normal(size=1500) * 10.0 ** rng.choice([-310, -5, 0, 5, 290], size=1500)
    for row in range(0, 300, 3):  # nearly 0
        entries = np.flatnonzero(rows == row)
        if len(entries) >= 2:
            first, other = entries[:2]
            with np.errstate(over="ignore"):
                amounts[other] = -weights[first] * amounts[first] / weights[other]
    amounts = np.clip(amounts, -1e300, 1e300)
    sums, means = exact_sums(weights, rows, 300), expectations(weights, amounts, rows, 300)
    for row in np.unique(rows):
        terms = [(Fraction(w), Fraction(x)) for w, x in zip(weights[rows == row], amounts[rows == row], strict=True)]
        whole = sum(w for w, _ in terms)
        mean = sum(w * x for w, x in terms) / whole
        assert abs(Fraction(float(sums[row])) - whole) <= whole * Fraction(1, 2**53)
        assert abs(Fraction(float(means[row])) - mean) <= abs(mean) * Fraction(1, 2**52) + Fraction(1, 2**1074)


CANCELLING = [([0.3, 0.7], [7e6, -3e6]), ([1 / 3, 2 / 3], [2e12, -1e12]), ([0.9999999, 0.0000000991], [1.0, 0.0])]


@pytest.mark.long
@pytest.mark.parametrize(("weights", "rewards"), CANCELLING)
@pytest.mark.parametrize("discount", [0.9, 0.999999])
def test_no_two_methods_prove_disjoint_bounds(weights: list[float], rewards: list[float], discount: float) -> None:
    moves = MoveMDP(
        successor=np.zeros((1, 2), dtype=np.int32),
        outcome=np.array([[0, 1]], dtype=np.uint8),
        outcome_reward=np.array(rewards),
        outcome_ends=np.array([False, False]),
        mixture=np.array([[weights]]),
    )
    rows = TabularMDP.from_gym_dict({0: {0: [(p, 0, r, False) for p, r in zip(weights, rewards, strict=True)]}})
    exact = [(Fraction(p), Fraction(r)) for p, r in zip(weights, rewards, strict=True)]
    mean = sum(p * r for p, r in exact) / sum(p for p, _ in exact)
    best = [mean / (1 - Fraction(discount))]
    for model in (moves, rows):
        for method in (planners.solve, planners.gauss_seidel, planners.value_iteration, solve_in_parts):
            check_contained(method(model, discount=discount, tolerance=1e-300, throw=False), best)


@pytest.mark.long
@pytest.mark.parametrize("actions", [255, 256, 257, 300, 1000, 65_537])
def test_more_actions_than_a_byte_can_number(actions: int) -> None:
    """The last action ends the episode for 1 at once; the others do so with a smaller probability."""
    ends = np.arange(actions) / (actions - 1)
    model = MoveMDP(
        successor=np.array([[0, 1], [1, 2], [2, 0]], dtype=np.int32),
        outcome=np.array([[0, 1]] * 3, dtype=np.uint8),
        outcome_reward=np.array([1.0, 0.0]),
        outcome_ends=np.array([True, False]),
        mixture=np.stack([ends, 1.0 - ends], axis=1)[None],
    )
    plans = [
        planners.gauss_seidel(model, discount=0.9),
        solve_in_parts(model, discount=0.9, parts=2),
        planners.gauss_seidel(model.tabular, discount=0.9),
    ]
    for plan in plans:
        assert plan.policy.actions.tolist() == [actions - 1] * 3
        check_contained(plan, [Fraction(1)] * 3)


def test_a_table_in_float32_is_judged_by_its_type(rng: np.random.Generator) -> None:
    for _ in range(50):
        P = rng.dirichlet(np.ones(6), size=(6, 2)).astype(np.float32)
        model = TabularMDP.from_arrays(P, np.ones((6, 2)))
        assert np.abs(model.transitions.sum(axis=1) - 1.0).max() < 1e-15
        policy = rng.dirichlet(np.ones(2), size=6).astype(np.float32)
        np.testing.assert_allclose(planners.evaluate(model, policy, discount=0.5), 2.0, rtol=1e-14)
    with pytest.raises(InvalidModelError, match=r"sum to 1\.001"):
        TabularMDP.from_arrays(np.full((1, 1, 1), 1.001, dtype=np.float32), np.ones((1, 1)))


def test_a_rounding_below_zero_counts_as_zero() -> None:
    rest = 1.0 - 0.9 - 0.1
    assert rest < 0
    model = TabularMDP.from_gym_dict({0: {0: [(0.9, 0, 1.0, False), (0.1, 0, 1.0, True), (rest, 0, 5.0, False)]}})
    assert model.rewards[0, 0] == 1.0
    with pytest.raises(InvalidModelError, match=r"probability -0\.1"):
        TabularMDP.from_gym_dict({0: {0: [(1.1, 0, 1.0, False), (-0.1, 0, 1.0, True)]}})


def test_a_column_out_of_range_is_refused() -> None:
    damaged = sparse.csr_array((np.ones(2), np.array([0, 7]), np.array([0, 1, 2])), shape=(2, 2))
    with pytest.raises(InvalidModelError, match="damaged"):
        TabularMDP.from_arrays(damaged, np.zeros((2, 1)))
    zeros = np.zeros((2, 1))
    with pytest.raises(InvalidModelError, match="entry in column 7; expected states from 0 to 1"):
        TabularMDP(transitions=damaged, termination=zeros, rewards=zeros, feasible=np.ones((2, 1), dtype=bool))


def test_a_mixture_that_is_scaled_pays_what_its_numbers_say(rng: np.random.Generator) -> None:
    """Rewards of 10^6 cancel; each weight that is divided by its sum is off by a part of 10^-16 of its own."""
    for _ in range(50):
        weights = rng.dirichlet(np.ones(3)) * (1.0 + rng.uniform(-9e-10, 9e-10))
        rewards = 1e6 * rng.normal(size=3)
        rewards[2] = -(weights[:2] @ rewards[:2]) / weights[2]
        model = MoveMDP(
            successor=np.zeros((1, 3), dtype=np.int32),
            outcome=np.array([[0, 1, 2]], dtype=np.uint8),
            outcome_reward=rewards,
            outcome_ends=np.ones(3, dtype=bool),
            mixture=weights[None, None].copy(),
        )
        w, r = ([Fraction(float(number)) for number in numbers] for numbers in (weights, rewards))
        exact = sum(p * amount for p, amount in zip(w, r, strict=True)) / sum(w)
        for each, sign in ((model, 1), (negated(model), -1)):
            assert each.rewards[0, 0] == sign * float(exact)
            plan = planners.gauss_seidel(each, discount=0.9, tolerance=1.0)
            assert Fraction(plan.lower[0]) <= sign * exact <= Fraction(plan.upper[0])
        other = dataclasses.replace(model, mixture=np.full((1, 1, 3), 1 / 3))
        assert other.rewards[0, 0] == pytest.approx(rewards.mean())
