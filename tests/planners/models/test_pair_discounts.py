"""A discount for each pair, and continuous time: against fractions, closed forms, and each other."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planners
from planners import InvalidModelError, InvalidOptionError, TabularMDP
from tests.oracles.exact import Tables, as_floats, chain_of, deterministic_policies, solve_linear
from tests.oracles.models import tables


def exact_values(P: Tables, discount: dict[tuple[int, int], Fraction]) -> list[Fraction]:
    """V* with a discount for each pair, by all policies."""
    best: list[Fraction] | None = None
    for policy in deterministic_policies(P):
        chain, rewards = chain_of(P, policy)
        rate = [discount[s, next(iter(chosen))] for s, chosen in enumerate(policy)]
        count = range(len(P))
        values = solve_linear([[Fraction(i == j) - rate[i] * chain[i][j] for j in count] for i in count], rewards)
        best = values if best is None else list(map(max, best, values))
    assert best is not None
    return best


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(P=tables(), data=st.data())
def test_bounds_hold_against_fractions(P: Tables, data: st.DataObject) -> None:
    """The discounts are any floats, so that folding rounds; the bounds must hold to the last bit nevertheless."""
    model = TabularMDP.from_gym_dict(as_floats(P))
    given_table = np.array(
        data.draw(st.lists(st.floats(0, 0.999), min_size=model.rewards.size, max_size=model.rewards.size))
    ).reshape(model.rewards.shape)
    exact = exact_values(P, {(s, a): Fraction(given_table[s, a]) for s in P for a in P[s]})
    method = data.draw(st.sampled_from(["auto", *planners.METHODS]))
    plan = planners.solve(model, discount=given_table, method=method, tolerance=1e-6)
    certificate = planners.certify(model, plan.values, discount=given_table)
    for s, value in enumerate(exact):
        assert Fraction(plan.lower[s]) <= value <= Fraction(plan.upper[s])
        assert abs(Fraction(plan.values[s]) - value) <= Fraction(plan.error_bound)
        assert Fraction(certificate.lower[s]) <= value <= Fraction(certificate.upper[s])
    held = planners.solve(model.discounted(given_table), discount=1.0, tolerance=1e-6)
    assert held.values == pytest.approx(plan.values, abs=2e-6)
    assert planners.evaluate(model, plan.policy, discount=given_table) == pytest.approx(plan.values, abs=2e-6)


@pytest.mark.parametrize("method", sorted(planners.METHODS))
@pytest.mark.parametrize("tolerances", [{"tolerance": 1e-6}, {"relative_tolerance": 4e-9}, {}])
def test_what_is_rounded_on_the_way_counts_in_the_tolerance(method: str, tolerances: dict[str, float]) -> None:
    """Sweeps end just below the tolerance; what folding rounds came on top of it, and the plan was refused."""
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 0.25, False)], 1: [(1.0, 0, 0.0, True)]}})
    plan = planners.solve(model, discount=np.array([[0.999, 0.0]]), method=method, **tolerances)
    assert plan.converged
    assert plan.error_bound <= plan.tolerance
    allowed = tolerances.get("tolerance", tolerances.get("relative_tolerance", 1e-6) * 250.0)
    assert plan.tolerance == pytest.approx(allowed)
    assert plan.lower[0] <= 250.0 <= plan.upper[0]


def test_costs_horizons_and_simulation_with_a_discount_for_each_pair() -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 2.0, False)], 1: [(1.0, 0, 3.0, False)]}})
    discounts = np.array([[0.75, 0.5]])  # 2 / (1 - 3/4) = 8, 3 / (1 - 1/2) = 6
    assert planners.solve(model, discount=discounts).values[0] == pytest.approx(8.0)
    assert planners.solve(model, discount=discounts, minimise=True).values[0] == pytest.approx(6.0)
    assert planners.is_optimal(model, [0], discount=discounts)
    assert not planners.is_optimal(model, [1], discount=discounts)
    plan = planners.backward_induction(model, horizon=2, discount=discounts)
    assert plan.values[:, 0] == pytest.approx([max(2 + 0.75 * 3, 3 + 0.5 * 3), 3.0, 0.0])
    result = planners.simulate(model, [0], discount=discounts, episodes=1000, seed=1)
    assert result.value == pytest.approx(8.0)
    solved = planners.solve(model, discount=discounts)
    with pytest.raises(InvalidOptionError, match="the plan is of another model"):
        planners.simulate(model, solved)
    assert planners.simulate(solved.model, solved, episodes=10_000).value == pytest.approx(8.0)


@pytest.mark.parametrize(
    ("discount", "message"),
    [
        (np.ones((1, 3)), r"discount has shape \(1, 3\); expected a number, or \(1, 2\)"),
        (np.array([[0.5, 1.5]]), "discount is 1.5 in state 0, action 1"),
        (np.array([[np.nan, 0.5]]), "discount is nan in state 0, action 0"),
        ([["low", "high"]], "expected a number, or"),
        ("low", "discount is 'low'"),
    ],
)
def test_refusals(discount: Any, message: str) -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 2.0, False)], 1: [(1.0, 0, 3.0, False)]}})
    with pytest.raises(InvalidOptionError, match=message):
        planners.solve(model, discount=discount)


def queue(size: int, arrival: float, service: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates, reward rates and feasible pairs of an M/M/1 queue: refuse (0) or admit (1) for 5; each waiting costs 1."""
    rates, feasible = np.zeros((size + 1, 2, size + 1)), np.ones((size + 1, 2), dtype=bool)
    feasible[size, 1] = False
    for s in range(size + 1):
        if s:
            rates[s, :, s - 1] = service
        if s < size:
            rates[s, 1, s + 1] = arrival
    rewards = np.repeat(-1.0 * np.arange(size + 1)[:, None], 2, axis=1)
    rewards[:, 1] += arrival * 5.0
    return rates, rewards, feasible


def test_a_semi_markov_model_and_its_uniformised_twin_agree(rng: np.random.Generator) -> None:
    rates, rewards, feasible = queue(30, 1.0, 1.2)
    one = TabularMDP.from_rates(rates, rewards, discount_rate=0.1, feasible=feasible, axes="SAS")
    for uniform_rate in ("largest", 7.5):
        twin = TabularMDP.uniformised(
            rates, rewards, discount_rate=0.1, feasible=feasible, axes="SAS", uniform_rate=uniform_rate
        )
        first, second = (planners.solve(each, discount=1.0, tolerance=1e-9) for each in (one, twin))
        assert first.values == pytest.approx(second.values, abs=1e-8)
        assert (first.policy.actions == second.policy.actions).all()
    assert (np.diff(first.policy.actions) <= 0).all()  # a threshold, as Lippman proves
    for _ in range(10):  # and any rates, with rewards at once
        rates = rng.exponential(size=(4, 3, 4)) * (rng.random((4, 3, 4)) < 0.6)
        earned = [rng.normal(size=(4, 3)) for _ in range(2)]
        one = TabularMDP.from_rates(rates, *earned, discount_rate=0.3, axes="SAS")
        twin = TabularMDP.uniformised(rates, *earned, discount_rate=0.3, axes="SAS")
        assert planners.solve(one, discount=1.0, tolerance=1e-9).values == pytest.approx(
            planners.solve(twin, discount=1.0, tolerance=1e-9).values, abs=1e-8
        )


def test_one_state_that_is_left_by_hand() -> None:
    """V(0) = k + c / (alpha + b) + b / (alpha + b) V(1), V(1) = c / alpha where it is never left."""
    model = TabularMDP.from_rates(
        {"run": [[-3.0, 3.0], [0.0, 0.0]]}, reward_rates=[6.0, 1.0], rewards=[2.0, 0.0], discount_rate=1.0,
        states=["up", "down"],
    )  # fmt: skip
    plan = planners.solve(model, discount=1.0)
    assert plan.value("down") == pytest.approx(1.0)
    assert plan.value("up") == pytest.approx(2.0 + 6.0 / 4.0 + 3.0 / 4.0)
    assert model.actions == ("run",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rates": [[[0.0, -1.0]], [[0.0, 0.0]]]}, "state 0, action 0 leads to state 1 at the rate -1.0"),
        ({"rates": [[[0.0, np.nan]], [[0.0, 0.0]]]}, "at the rate nan"),
        ({"discount_rate": -1.0}, "discount_rate is -1.0"),
        ({"discount_rate": 0.0}, "state 1, action 0 is never left"),
        ({"reward_rates": [1.0, 2.0, 3.0]}, r"reward_rates has shape \(3,\)"),
        ({"rewards": [[1.0], [np.inf]]}, "rewards is inf in state 1, action 0"),
    ],
)
def test_refused_rates(options: dict[str, Any], message: str) -> None:
    given_rates = {"rates": [[[0.0, 1.0]], [[0.0, 0.0]]], "discount_rate": 1.0, "axes": "SAS", **options}
    with pytest.raises((InvalidModelError, InvalidOptionError), match=message):
        TabularMDP.from_rates(**given_rates)


def test_a_uniform_rate_below_the_largest_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match=r"uniform_rate is 0\.5; expected at least 1"):
        TabularMDP.uniformised([[[0.0, 1.0]], [[0.0, 0.0]]], discount_rate=1.0, axes="SAS", uniform_rate=0.5)


@pytest.mark.parametrize("make", [TabularMDP.from_rates, TabularMDP.uniformised])
def test_rates_that_lead_to_an_end(make: Any) -> None:
    """Works for a time of 1/4 on average; then it breaks for good (1 in 4), or is repaired for a time of 1/2."""
    rates = np.array([[[0.0, 3.0, 1.0]], [[2.0, 0.0, 0.0]], [[5.0, 5.0, 0.0]]])
    options: dict[str, Any] = {"discount_rate": 0.0, "axes": "SAS", "states": ["up", "down", "dead"]}
    model = make(rates, reward_rates=[6.0, 0.0, 0.0], terminal=["dead"], **options)
    assert planners.solve(model, discount=1).values == pytest.approx([6.0, 6.0, 0.0])  # 1.5 on each of 4 visits
    assert model.endings.toarray()[0] == pytest.approx([0.0, 0.0, 0.25])
    with pytest.raises(InvalidModelError, match="state 'dead' is terminal, and action 0 has reward"):
        make(rates, rewards=[6.0, 0.0, 1.0], terminal=["dead"], **options)
    with pytest.raises(InvalidModelError, match="is never left"):
        TabularMDP.from_rates(np.zeros((2, 1, 2)), discount_rate=0.0, axes="SAS")
