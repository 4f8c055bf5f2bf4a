"""`returns` and `hitting` against fractions, by other equations: moments about 0, and every episode of a few steps."""

import pickle
from dataclasses import replace
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import TabularMDP
from tests.oracles.exact import as_floats
from tests.oracles.models import DISCOUNTS, policies, tables
from tests.oracles.moments import distribution, hitting, moments, rows_of
from tests.planners.evaluation.test_visits import as_table

ICE: Any = gym.make("FrozenLake-v1")


def within(value: float, error: float, exact: Fraction) -> bool:
    return abs(Fraction(float(value)) - exact) <= Fraction(float(error))


def central(raw: list[Fraction]) -> tuple[Fraction, Fraction, Fraction]:
    _, m, second, third = raw
    return m, second - m**2, third - 3 * m * second + 2 * m**3


def test_a_third_moment_of_0_is_proven_beside_the_spread() -> None:
    """1/4 or nothing with even chances for ever: the return is as often above its mean as below, by as much."""
    coin = TabularMDP.from_gym_dict({0: {0: [(0.5, 0, 0.25, False), (0.5, 0, 0.0, False)]}})
    for discount in (0.9, 127 / 128):
        found = planners.returns(coin, [0], discount=discount, start=0)
        truth = 0.25**2 / 4 / (1 - discount**2)
        assert abs(found.variances[0] - truth) < 1e-9 * truth
        assert abs(found.third_moments[0]) <= found.errors[2, 0] <= 1e-6 * truth**1.5


@given(data=st.data())
def test_moments_are_within_their_bounds(data: st.DataObject) -> None:
    P = data.draw(tables())
    policy, discount = data.draw(policies(P)), data.draw(st.sampled_from([*DISCOUNTS, Fraction(1)]))
    start = data.draw(st.integers(0, len(P) - 1))
    model, exact = TabularMDP.from_gym_dict(as_floats(P)), moments(rows_of(P, policy), discount, 3)
    chosen = as_table(policy, model.num_actions)
    if exact[start] is None:
        with pytest.raises(planners.ImproperPolicyError, match="paid again and again"):
            planners.returns(model, chosen, discount=float(discount), start=start)
        return
    found = planners.returns(model, chosen, discount=float(discount), start=start)
    for s, raw in enumerate(exact):
        numbers = (found.means[s], found.variances[s], found.third_moments[s])
        if raw is None:
            assert np.isnan(numbers).all()
            continue
        for number, error, truth in zip(numbers, found.errors[:, s], central(raw), strict=True):
            assert within(number, error, truth)
            assert error <= 1e-6 * max(1, abs(float(truth)), 27)
    every = [s for s, raw in enumerate(exact) if raw is not None]
    begin = np.isin(np.arange(len(P)), every) / len(every)
    mixed = planners.returns(model, chosen, discount=float(discount), start=begin)
    raws = [raw for raw in exact if raw is not None]
    share = [Fraction(float(p)) for p in begin if p]
    total = sum(share)
    mean = central(
        [sum((w * raw[k] for w, raw in zip(share, raws, strict=True)), Fraction(0)) / total for k in range(4)]
    )
    slack = 1e-12 * max(1.0, *(abs(float(raw[k])) for raw in raws for k in range(4)))  # begin does not quite sum to 1
    for value, error, truth in zip(
        (mixed.mean, mixed.variance, mixed.third_moment),
        (mixed.mean_error, mixed.variance_error, mixed.third_moment_error), mean, strict=True,
    ):  # fmt: skip
        assert within(value, error + slack, truth)


@pytest.mark.long
@given(data=st.data())
def test_the_distribution_is_within_its_bounds(data: st.DataObject) -> None:
    P = data.draw(tables())
    policy, discount = data.draw(policies(P)), data.draw(st.sampled_from([*DISCOUNTS[:3], Fraction(1)]))
    rows, start = rows_of(P, policy), data.draw(st.integers(0, len(P) - 1))
    if moments(rows, discount, 1)[start] is None:
        return
    found = planners.returns(
        TabularMDP.from_gym_dict(as_floats(P)), as_table(policy, max(max(here) for here in P.values()) + 1),
        discount=float(discount), start=start,
    )  # fmt: skip
    ended, longer = distribution(rows, start, discount, 6)
    atoms = data.draw(st.sampled_from([1, 20, 500]))
    for known in (found.distribution(atoms=atoms, steps=150), found.distribution(steps=3)):
        for x in [*ended, Fraction(-2), Fraction(1, 3)]:
            low, high = known.at_most(float(x))
            below = sum((mass for value, mass in ended.items() if value <= Fraction(float(x))), Fraction(0))
            assert Fraction(low) <= below + longer
            assert Fraction(high) >= below
        assert known.mass.sum() + known.cut_off == pytest.approx(1.0, abs=max(1e-9, 2 * known.cut_off))


def test_every_number_of_heads() -> None:
    """The return is the number of heads before the first tails: P(k) = 2^-(k + 1)."""
    coin = TabularMDP.from_gym_dict({0: {0: [(0.5, 0, 1.0, False), (0.5, 0, 0.0, True)]}})
    found = planners.returns(coin, [0], discount=1)
    known = found.distribution()
    for heads in range(30):
        low, high = known.at_most(heads)
        assert low <= 1 - 2.0 ** -(heads + 1) <= high <= low + 1e-9
    assert known.quantile(0.4) == (0.0, 0.0)
    assert known.quantile(0.6) == (1.0, 1.0)
    assert known.quantile(0.5) == (0.0, 1.0)  # which of them, rounding leaves open
    assert known.quantile(1.0)[1] == np.inf
    rows = list(known.histogram([0.0, 1.0, 2.0, 50.0]))
    assert [row[:2] for row in rows] == [(0.0, 1.0), (1.0, 2.0), (2.0, 50.0)]
    assert [row[2] for row in rows] == pytest.approx([0.5, 0.25, 0.25], abs=1e-9)
    assert sum(row[3] for row in known.histogram(7)) == pytest.approx(1.0, abs=1e-9)
    assert "Returns(mean 1," in repr(pickle.loads(pickle.dumps(found)))


def test_a_return_that_does_not_vary() -> None:
    ring = TabularMDP.from_gym_dict({s: {0: [(1.0, (s + 1) % 3, 1.0, False)]} for s in range(3)})
    found = planners.returns(ring, [0, 0, 0], discount=0.9)
    assert found.mean == pytest.approx(10.0, abs=1e-12)
    assert 0 <= found.variance <= found.variance_error <= 1e-20
    known = found.distribution()
    assert known.low.min() <= 10.0 <= known.high.max()
    assert float((known.high - known.low).max()) < 1e-9


def test_what_a_step_pays_on_average_is_not_enough() -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(0.5, 0, 1.0, True), (0.5, 0, -1.0, True)]}})
    assert planners.returns(model, [0], discount=1).variance == pytest.approx(1.0, abs=1e-12)
    changed = replace(model, rewards=np.array([[2.0]]))
    with pytest.raises(planners.InvalidModelError, match="in state 0, action 0 several rewards are paid"):
        planners.returns(changed, [0], discount=1)
    fixed = TabularMDP.from_arrays(
        np.array([[[0.5, 0.5], [0.0, 1.0]]]), np.array([[0.5], [0.0]]), terminal=[False, True]
    )
    assert planners.returns(fixed, [0, 0], discount=1, start=0).variance == pytest.approx(0.25 * 2, abs=1e-12)


def test_what_can_hardly_be_proven_is_refused() -> None:
    slow = TabularMDP.from_gym_dict({0: {0: [(1e-15, 0, 1.0, True), (1 - 1e-15, 0, 1.0, False)]}})
    with pytest.raises(planners.UnprovenValueError, match="of this policy's return cannot be proven to 1e-06"):
        planners.returns(slow, [0], discount=1.0 - 1e-16)
    coin = planners.returns(ICE, np.zeros(16, dtype=int), discount=1)
    wrongs: list[Any] = [{"atoms": 0}, {"steps": 2.5}]
    for wrong in wrongs:
        with pytest.raises(planners.InvalidOptionError, match=f"{next(iter(wrong))} is"):
            coin.distribution(**wrong)
    for probability in (0.0, 1.5, True):
        with pytest.raises(planners.InvalidOptionError, match="probability is"):
            coin.distribution().quantile(probability)
    kinds: list[Any] = [0, [1.0, 1.0], True, "many"]
    for bins in kinds:
        with pytest.raises(planners.InvalidOptionError, match="bins is"):
            coin.distribution().histogram(bins)


@given(data=st.data())
def test_hitting_is_within_its_bounds(data: st.DataObject) -> None:
    P = data.draw(tables())
    P = {  # an episode that ends in a state enters it, as the model's `endings` say
        s: {a: [(p, t, r, ends) for p, t, r, ends in row] for a, row in here.items()} for s, here in P.items()
    }
    policy, inside = data.draw(policies(P)), data.draw(st.sets(st.integers(0, len(P) - 1), min_size=1))
    model = TabularMDP.from_gym_dict(as_floats(P))
    ended = [
        [(w * p, t if not ends or t in inside else -1, r)
         for a, w in policy[s].items() for p, t, r, ends in P[s][a] if w * p] for s in range(len(P))
    ]  # fmt: skip
    chances, times = hitting(ended, inside)
    found = planners.hitting(model, as_table(policy, model.num_actions), sorted(inside))
    for s, (chance, time) in enumerate(zip(chances, times, strict=True)):
        assert Fraction(float(found.lower[s])) <= chance <= Fraction(float(found.upper[s]))
        assert found.upper[s] - found.lower[s] <= 1e-6
        assert found.lower[s] == found.upper[s] if chance in (0, 1) else True
        if time is None:
            assert np.isinf([found.times[s], found.times_lower[s], found.times_upper[s]]).all()
        else:
            assert Fraction(float(found.times_lower[s])) <= time <= Fraction(float(found.times_upper[s]))
            assert found.times_if_hit[s] == found.times[s]
        assert np.isnan(found.times_if_hit[s]) == (chance == 0)
    low, high = found.probability_bounds
    assert low <= float(sum(chances)) / len(P) <= high
    assert low <= found.probability <= high


def test_hitting_of_the_walk_of_the_gambler() -> None:
    """From 1 of 4 at a fair game: 4 with probability 1/4, after (4^2 - 1) / 3 = 5 steps of those that get there."""
    half = {s: {0: [(0.5, s - 1, 0.0, s == 1), (0.5, s + 1, 0.0, s == 3)]} for s in (1, 2, 3)}
    walk = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 0.0, True)]}, **half, 4: {0: [(1.0, 4, 0.0, True)]}})
    found = planners.hitting(walk, np.zeros(5, dtype=int), 4, start=1)
    assert (found.probability, found.time_if_hit) == pytest.approx((0.25, 5.0), abs=1e-12)
    assert found.time == np.inf
    both = planners.hitting(walk, np.zeros(5, dtype=int), lambda s: s in (0, 4), start=1)
    assert both.time_bounds[0] <= 3.0 <= both.time_bounds[1] <= 3.0 + 1e-12
    assert repr(found).startswith("Hitting(probability 0.25, proven to ")


def test_the_pit_of_the_lecture_in_one_call() -> None:
    env: Any = gym.make("GridWorld-v0", map_name="lecture", slip=0.2, step_reward=-0.04)
    plan = planners.solve(env, discount=0.9)
    pit = env.unwrapped.grid.cell_to_state((1, 3))
    found = planners.hitting(env, plan, pit)
    assert found.probability == pytest.approx(planners.visits(env, plan, discount=1).entries(pit), abs=1e-12)
    simulated = planners.simulate(env, plan, episodes=20_000, discount=1.0, seed=5)
    falls = env.unwrapped.mdp.tabular.endings[:, [pit]].toarray().ravel()
    spread = np.sqrt(found.probability / 20_000)
    assert abs(simulated.visits.ravel() @ falls - found.probability) < 7 * spread  # false alarms below 1e-10
    with pytest.raises(planners.InvalidOptionError, match="goal names state 99"):
        planners.hitting(env, plan, 99)
