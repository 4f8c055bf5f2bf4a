"""The certifier by hand: its numbers, what it keeps from one call to the next, and when it proves nothing."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import planners
from planners import TabularMDP
from planners.equations import certificates
from planners.equations.certificates import Bounds, Certifier, steps_to_end
from planners.equations.from_model import make_problem
from planners.equations.policy_ends import may_end
from planners.equations.problem import Problem


def loops(*rewards: float, discount: float = 0.5) -> Problem:
    """Every state stays where it is."""
    rows = {s: {0: [(1.0, s, reward, False)]} for s, reward in enumerate(rewards)}
    return make_problem(TabularMDP.from_gym_dict(rows), discount)


def proven(problem: Problem, values: Any) -> Bounds:
    given = np.array(values, dtype=np.float64)
    return Certifier(problem).bounds(given, problem.action_values(given))


def test_the_numbers_by_hand() -> None:
    """The gains are 1 and 0, the margins 1/2: k = 2, l = 0; the estimate is the backup of V + 1."""
    found = proven(loops(1.0, 4.0), [0.0, 8.0])
    assert found.lower == pytest.approx([0.0, 8.0], abs=1e-12)
    assert found.upper == pytest.approx([2.0, 10.0], abs=1e-12)
    assert found.values == pytest.approx([1.0 + 0.5, 4.0 + 4.5], abs=1e-12)
    assert found.error == pytest.approx(1.5, abs=1e-12)
    assert found.rows.tolist() == [0, 1]


def test_a_way_that_may_end_has_a_wider_margin() -> None:
    """Discount 1/2, an end with probability 1/4: the margin is 1/2 + 1/8, and the gain of V = 0 is 1."""
    model = TabularMDP.from_gym_dict({0: {0: [(0.75, 0, 1.0, False), (0.25, 0, 1.0, True)]}})
    found = proven(make_problem(model, 0.5), [0.0])
    assert (found.lower[0], found.upper[0]) == (pytest.approx(1.6, abs=1e-12), pytest.approx(1.6, abs=1e-12))


def test_a_policy_of_ones_own() -> None:
    """The lower bound is that of the rows that are given, the upper one that of all."""
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, False)]}})
    problem, values = make_problem(model, 0.5), np.zeros(1)
    found = Certifier(problem).bounds(values, problem.action_values(values), np.array([0]))
    assert found.lower == pytest.approx([2.0], abs=1e-12)
    assert found.upper == pytest.approx([6.0], abs=1e-12)
    assert found.rows.tolist() == [0]


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_bounds_are_rounded_outwards(scale: float, rng: np.random.Generator) -> None:
    """V + l h and V + k h of floats, against fractions; the two are wider by a few roundings, and no more."""
    problem = loops(*np.zeros(40))
    values, h = rng.normal(size=40), scale * rng.random(40)
    for l, k in ((-0.1, 0.3), (-1 / 3, -0.1), (0.1, 0.7)):
        found = certificates._around(values, l * h, k * h, np.arange(40), problem)
        for state in range(40):
            below, above = (Fraction(values[state]) + Fraction(number) * Fraction(h[state]) for number in (l, k))
            assert Fraction(found.lower[state]) < below < above < Fraction(found.upper[state])
            few = 10 * np.spacing(abs(values[state]) + h[state])
            assert float(below) - found.lower[state] < few > found.upper[state] - float(above)


def test_small_values_and_large_weights_are_rounded_outwards(rng: np.random.Generator) -> None:
    """Where V = 0 only what is added for the product counts: a product alone is off by half an ulp."""
    problem, h = loops(*np.zeros(400)), rng.random(400)
    found = certificates._around(np.zeros(400), -0.1 * h, 0.3 * h, np.arange(400), problem)
    for state in range(400):
        assert Fraction(found.lower[state]) < Fraction(-0.1) * Fraction(h[state]) * (1 + Fraction(1, 2**53))
        assert Fraction(found.upper[state]) > Fraction(0.3) * Fraction(h[state]) * (1 + Fraction(1, 2**53))


def test_without_states_all_is_known() -> None:
    problem, nothing = loops(0.0), np.zeros(0)
    empty: Any = Certifier(problem).bounds(nothing, nothing, np.zeros(0, dtype=np.int64))
    assert empty.error == 0.0
    assert len(empty.lower) == len(empty.upper) == len(empty.values) == 0


def test_of_numbers_that_are_not_finite_nothing_is_proven() -> None:
    problem, values = loops(1.0, 1.0), np.array([np.nan, 3.0])
    found = Certifier(problem).bounds(values, np.array([np.nan, np.inf]), np.array([0, 1]))
    assert found.lower.tolist() == [-np.inf, -np.inf]
    assert found.upper.tolist() == [np.inf, np.inf]
    assert found.values.tolist() == [0.0, 3.0]
    assert found.error == np.inf


# At discount 1: the weights are expected numbers of steps.


def chain(ends: float = 0.5, reward: float = -1.0) -> Problem:
    """State 1 goes to 0; state 0 ends the episode with a probability, and stays with the rest; it may go to 1, too."""
    stay = [(1.0 - ends, 0, reward, False), (ends, 0, reward, True)]
    rows = {0: {0: stay, 1: [(1.0, 1, 2.0 * reward, False)]}, 1: {0: [(1.0, 0, reward, False)]}}
    return make_problem(TabularMDP.from_gym_dict(rows), 1.0)


def test_weights_are_kept_as_long_as_they_prove_something(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(*arguments: Any) -> Any:
        made.append(steps_to_end(*arguments))
        return made[-1]

    monkeypatch.setattr(certificates, "steps_to_end", counted)
    problem = chain()
    certifier = Certifier(problem)
    for off in (0.5, 0.25, 0.1):
        values = np.array([-2.0 + off, -3.0])
        found = certifier.bounds(values, problem.action_values(values))
        assert np.isfinite(found.error)
        assert (found.lower <= [-2.0, -3.0]).all()
        assert (found.upper >= [-2.0, -3.0]).all()
    assert len(made) == 1
    certifier._weights = np.ones(2), np.array([1.0, 1.0, -1e-300])  # of these nothing follows
    values = np.array([-2.0, -3.0])
    assert np.isfinite(certifier.bounds(values, problem.action_values(values), np.array([0, 2])).error)
    assert len(made) == 2


def test_weights_are_the_expected_steps_of_the_longest_nearly_optimal_way() -> None:
    """Staying in 0 ends after 2 steps, so 1 is 3 away. Where to go to 1 first costs hardly more, it counts, too."""
    problem, policy = chain(), np.array([0, 2])
    found = steps_to_end(problem, np.array([-2.0, -4.0, -3.0]), policy)
    assert found is not None
    h, margin = found
    assert h == pytest.approx([2.0, 3.0])
    assert margin == pytest.approx([1.0, -1.0, 1.0])  # to go to 1 leads away from the end
    # A way from 0 to 1 that is no worse than 1e-8 of the largest number is among those that are nearly optimal: with
    # it no policy surely ends, so that it has to be left out after all, in one of the attempts that follow.
    again = steps_to_end(problem, np.array([-2.0, -2.0 - 1e-8, -3.0]), policy)
    assert again is not None
    assert again[0] == pytest.approx([2.0, 3.0])


def test_a_longer_way_that_is_nearly_as_good_has_a_margin() -> None:
    """State 0 ends at once, or goes through 1, which ends after 10 steps on average."""
    slow = [(0.9, 1, -0.1, False), (0.1, 1, -0.1, True)]
    rows = {0: {0: [(1.0, 0, -1.1, True)], 1: [(1.0, 1, -0.1, False)]}, 1: {0: slow}}
    problem = make_problem(TabularMDP.from_gym_dict(rows), 1.0)
    policy, tied = np.array([0, 2]), np.array([-1.1, -1.1, -1.0])
    found = steps_to_end(problem, tied, policy)
    assert found is not None
    assert found[0] == pytest.approx([11.0, 10.0])
    assert (found[1] >= 0.5).all()
    for off, steps in ((1e-8, 11.0), (1e-6, 1.0)):  # 1e-7 of the largest number tells what is nearly optimal
        found = steps_to_end(problem, tied - [0.0, off, 0.0], policy)
        assert found is not None
        assert found[0][0] == pytest.approx(steps)


def test_a_policy_that_never_ends_has_no_weights() -> None:
    problem = chain()
    assert steps_to_end(problem, np.array([-2.0, -3.0, -3.0]), np.array([1, 2])) is None
    assert not certificates.surely_ends(problem, np.array([1, 2]))
    assert certificates.surely_ends(problem, np.array([0, 2]))
    values = np.zeros(2)
    unknown = Certifier(problem).bounds(values, problem.action_values(values), np.array([1, 2]))
    assert unknown.error == np.inf
    assert (unknown.lower == -np.inf).all()
    assert (unknown.upper == np.inf).all()


def test_one_sided_bounds_have_their_weights() -> None:
    """Where only l, or only k, is known: V + l h, and V + k h, with nothing on the other side."""
    certifier, values, h = Certifier(loops(0.0, 0.0)), np.array([1.0, 2.0]), np.array([2.0, 8.0])
    policy = np.array([0, 1])
    below = certifier.unknown(values, policy, -0.5, np.inf, h)
    assert below.lower == pytest.approx([0.0, -2.0])
    assert (below.lower < [0.0, -2.0]).all()
    assert below.upper.tolist() == [np.inf, np.inf]
    above = certifier.unknown(values, policy, -np.inf, 0.5, h)
    assert above.upper == pytest.approx([2.0, 6.0])
    assert (above.upper > [2.0, 6.0]).all()
    assert above.lower.tolist() == [-np.inf, -np.inf]
    assert (below.error, above.error) == (np.inf, np.inf)


@pytest.mark.parametrize(("roundings", "holds"), [(2.0, False), (4.0, True)])
def test_what_a_row_that_leads_away_gains_is_widened_by_its_rounding(roundings: float, holds: bool) -> None:
    """k is 1/2 and a rounding; a row of the margin -1 must gain less than -k, its own rounding and doubt included."""
    problem, values = chain(), np.zeros(2)
    gain = np.array([0.5, -0.5 - roundings * float(problem.rounding(values)[1]), 0.5])
    found = Certifier(problem)._weighted(values, gain, np.array([0, 2]), np.ones(2), np.array([1.0, -1.0, 1.0]))
    assert np.isfinite(found.upper).all() == holds


def test_gains_are_widened_by_their_roundings_both_ways() -> None:
    """Gains of 1 and -1, known to 1/4 and 1/2: k is at least 5/4, and l at most -3/2."""
    gain, ones = np.array([1.0, -1.0]), np.ones(2)
    numbers = Certifier(loops(0.0, 0.0))._numbers(
        np.zeros(2), gain, np.array([0, 1]), ones, ones, np.array([0.25, 0.5])
    )
    assert numbers == pytest.approx((-1.5, 1.25), abs=1e-12)


@pytest.mark.parametrize("evaluated", [False, True])
def test_who_may_end_is_told_by_steps_as_by_the_graph(evaluated: bool, rng: np.random.Generator) -> None:
    """100 states that lead to three near ones each, of which most rows may end, or few."""
    states, surely = 100, {0.8: 0, 0.2: 0, 0.003: 0}
    row_state = np.repeat(np.arange(states), 2)
    for often in [*surely] * 10:
        columns = np.clip(row_state[:, None] + rng.integers(-2, 3, (2 * states, 3)), 0, states - 1)
        ends = np.where(rng.random(2 * states) < often, rng.random(2 * states), 0.0)
        weights = rng.dirichlet(np.ones(3), size=2 * states) * (1.0 - ends)[:, None]
        places = np.repeat(np.arange(2 * states), 3), columns.ravel()
        P = sparse.coo_array((weights.ravel(), places), shape=(2 * states, states)).tocsr()
        shape = (states, 2)
        model = TabularMDP(P, ends.reshape(shape), np.full(shape, -1.0), np.ones(shape, dtype=bool))
        problem = Problem(model, 1.0, P, model.rewards.ravel(), ends, row_state, np.arange(2 * states))
        policy = 2 * np.arange(states) + rng.integers(0, 2, states)
        if evaluated:
            problem.evaluation(2 * np.arange(states))
        can = ends[policy] > 0
        for _ in range(states):
            can |= P[policy] @ can.astype(float) > 0
        np.testing.assert_array_equal(may_end(problem, policy), can)
        surely[often] += bool(can.all())
    assert surely[0.8] > 0  # one is sure of it with a probability above .75
    assert surely[0.003] < 10


def test_an_iteration_far_from_its_end_reads_the_tables_once(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounds that are too far apart to end the run take no further backup for an estimate between them."""
    calls, read = [0], Problem.expected_next

    def counted(problem: Problem, values: Any) -> Any:
        calls[0] += 1
        return read(problem, values)

    monkeypatch.setattr(Problem, "expected_next", counted)
    for ends in (False, True):
        rows = {
            s: {a: [(0.9, int(rng.integers(30)), float(rng.random()), False), (0.1, 0, 0.0, ends)] for a in (0, 1)}
            for s in range(30)
        }
        model = TabularMDP.from_gym_dict(rows)
        for method in (planners.value_iteration, planners.modified_policy_iteration):
            calls[0] = 0
            plan = method(model, discount=0.99, tolerance=1e-3)
            assert plan.converged
            assert calls[0] <= plan.iterations + 3
