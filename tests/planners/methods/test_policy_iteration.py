"""What policy iteration takes for an improvement, and that it comes to an end when rounding leads it in circles."""

import itertools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from planners import TabularMDP
from planners.equations.from_model import make_problem
from planners.equations.linear_systems import EvaluationSystem
from planners.equations.problem import Problem
from planners.iteration.iterates import Backup
from planners.methods import policy_iteration


def crossing(discount: float, better: float = 0.0) -> Problem:
    """State 0 goes to 1 for nothing or to 2 for `better`; whoever is there stays, for nothing."""
    stay = {state: {0: [(1.0, state, 0.0, False)]} for state in (1, 2)}
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 2, better, False)]}, **stay})
    return make_problem(model, discount)


@pytest.mark.parametrize("discount", [0.9, 0.99, 0.99999])
@pytest.mark.parametrize("off", [1e-9, 1e-3])
def test_an_improvement_is_more_than_the_errors_of_v_can_feign(off: float, discount: float) -> None:
    """V is too low by `off` in state 1 and too high in 2, as far as its residual allows: twice `off` between them."""
    problem = crossing(discount)
    policy = np.array([0, 2, 3])
    values = np.array([-discount * off, -off, off])  # exactly 0 in all states
    action_values = problem.action_values(values)
    assert action_values[1] - action_values[0] == pytest.approx(2 * discount * off)
    assert np.abs(action_values[policy] - values).max() == pytest.approx((1 - discount) * off)
    system = EvaluationSystem(problem.transitions[policy], discount)
    better = policy_iteration.certified_improvement(problem, policy, values, action_values, system)
    np.testing.assert_array_equal(better, policy)


@pytest.mark.parametrize("discount", [0.9, 0.99, 0.99999])
def test_an_improvement_beyond_these_errors_is_taken(discount: float) -> None:
    problem, policy = crossing(discount, better=1e-3), np.array([0, 2, 3])
    system, values = EvaluationSystem(problem.transitions[policy], discount), np.zeros(3)
    better = policy_iteration.certified_improvement(problem, policy, values, problem.action_values(values), system)
    assert better.tolist() == [1, 2, 3]


@pytest.mark.parametrize(("gap", "taken"), [(6.2, False), (6.3, True)])
def test_the_doubt_of_an_improvement_by_hand(gap: float, taken: bool) -> None:
    """The residual is 1/2, the rounding 1/4, the longest way 3 steps: 2 (1/2 + 1/4) (1 + 3) + 1/4 = 6.25."""
    problem: Any = SimpleNamespace(
        num_states=3, rounding=lambda values, rows: np.full(3, 0.25), greedy=lambda q: np.array([1, 2, 3])
    )
    system: Any = SimpleNamespace(solve=lambda rewards: 3.0 * rewards)
    policy, action_values = np.array([0, 2, 3]), np.array([0.0, gap, 0.5, 0.0])
    better = policy_iteration.certified_improvement(problem, policy, np.zeros(3), action_values, system)
    assert better.tolist() == [int(taken), 2, 3]


@pytest.mark.parametrize(("part", "goes_on"), [(0.4, True), (0.6, False), (0.99, False), (1.0, False), (2.0, False)])
def test_doubtful_improvements_go_on_only_while_what_they_gain_is_halved(
    part: float, goes_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounding could feign a gain for ever: each must gain less than half of the one before, or sweeps take over."""
    gains = iter(part**number for number in range(10**6))

    def doubtful(problem: Problem, policy: NDArray[np.int64], *_: Any) -> tuple[NDArray[np.int64], float]:
        return np.array([1 - policy[0], 2, 3]), next(gains)

    monkeypatch.setattr(policy_iteration, "certified_improvement", lambda problem, policy, *_: policy)
    monkeypatch.setattr(policy_iteration, "_doubtful_improvement", doubtful)
    problem = crossing(0.9, better=1e-4)
    backups = policy_iteration.improvements(problem, np.array([0, 2, 3]))
    evaluated = exact_evaluations(itertools.islice(backups, 100))
    assert evaluated > 30 if goes_on else evaluated == 2


def exact_evaluations(backups: Iterator[Backup]) -> int:
    return sum(backup.rows is not None for backup in backups)


class Misled:
    """A `KrylovSystem` of `crossing` whose V are off such that the way that the policy does not go looks better."""

    def __init__(self, transitions: Any, discount: float) -> None:
        self.discount, self.to = discount, 1 if transitions.toarray()[0, 1] else 2

    def solve(self, *_: Any, **__: Any) -> NDArray[np.float64]:
        values = np.array([0.0, 1.0, 1.0])
        values[self.to] = -1.0
        values[0] = -self.discount
        return values


def test_policies_that_come_back_end_the_inexact_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact policy iteration takes over, and ends: its own V are right."""
    monkeypatch.setattr(policy_iteration, "KrylovSystem", Misled)
    problem = crossing(0.99)
    backups = policy_iteration.inexact_improvements(problem, np.array([0, 2, 3]), np.zeros(3), tolerance=1e-9)
    found = list(itertools.islice(backups, 40))
    assert exact_evaluations(iter(found)) >= 1
    assert all(backup.rows is None for backup in found[:3])
    np.testing.assert_array_equal(found[-1].values, np.zeros(3))


def test_an_inexact_v_does_not_change_a_policy_by_what_its_residual_can_feign(monkeypatch: pytest.MonkeyPatch) -> None:
    """At discount 0.45 the residual of `Misled` is 0.55; the other way looks better by 0.9, less than twice that."""
    went = []

    class Recorded(Misled):
        def __init__(self, transitions: Any, discount: float) -> None:
            super().__init__(transitions, discount)
            went.append(self.to)

    monkeypatch.setattr(policy_iteration, "KrylovSystem", Recorded)
    backups = policy_iteration.inexact_improvements(crossing(0.45), np.array([0, 2, 3]), np.zeros(3), tolerance=1e-9)
    assert len(list(itertools.islice(backups, 20))) == 20
    assert set(went) == {1}
