"""Regret and policy values against the planners, step by step."""

from typing import Any

import numpy as np
import pytest

import planners
from planners.learning.policy_values import PolicyValues, probabilities_of
from planners.learning.record import Changes
from planners.learning.task import task_of
from tests.oracles.learners import drawn_model


class Watched(planners.QLearning):
    """Q-learning that keeps its greedy policy of every step."""

    def start(self, task: Any, seed: int | None) -> None:
        super().start(task, seed)
        self.policies: list[Any] = []

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        super().update(s, a, r, s2, terminated, truncated)
        self.policies.append(self.policy)


def test_policy_values_are_those_of_evaluate(rng: np.random.Generator) -> None:
    for discount in (0.0, 0.5, 0.9, 0.999):
        model = drawn_model(rng, 6, 3)
        first = np.asarray(model.initial)
        run = planners.learn(model, Watched(), steps=300, discount=discount, seed=1)
        V = np.array([planners.evaluate(model, policy, discount=discount) for policy in run.agent.policies])
        scale = max(1.0, float(np.abs(V).max()))
        assert np.abs(run.policy_values - V @ first).max() <= 1e-12 * scale
        plan = planners.solve(model, discount=discount)
        np.testing.assert_array_equal(run.optimal_value, first[first > 0] @ plan.values[first > 0])
        assert (run.policy_values <= run.optimal_value + 1e-9 * scale).all()


@pytest.mark.parametrize("discount", [0.9, 0.99, 0.9999])
def test_many_updates_do_not_drift(discount: float, rng: np.random.Generator) -> None:
    """5,000 random changes, most of them to policies that have not occurred: the error stays below 1e-12."""
    model = drawn_model(rng, 40, 4)
    task, first, count = task_of(model, discount), np.asarray(model.initial), 5000
    feasible = model.feasible @ (1 << np.arange(4))
    states = rng.integers(40, size=count)
    bits = rng.integers(1, 16, size=count) & feasible[states]
    bits = np.where(bits == 0, feasible[states], bits)
    values = PolicyValues(task).after_each_step(Changes(feasible, np.arange(count), states, bits), count)
    now = feasible.copy()
    for k in range(count):
        now[states[k]] = bits[k]
        if k % 250 == 249:
            V = planners.evaluate(model, probabilities_of(now, 4), discount=discount)
            assert abs(values[k] - first @ V) <= 1e-12 * max(1.0, np.abs(V).max())


def test_regret_is_that_of_the_plan(rng: np.random.Generator) -> None:
    model = drawn_model(rng, 6, 3)
    run = planners.learn(model, planners.Sarsa(), steps=500, discount=0.9, seed=1)
    plan = planners.solve(model, discount=0.9)
    record = run._played[0].record
    lost = plan.values[record.states] - plan.action_values[record.states, record.actions]
    np.testing.assert_allclose(run.regret, np.maximum(lost, 0.0), atol=1e-12)
    assert run.visits.sum() == 500
    np.testing.assert_array_equal(
        run.visits, np.bincount(record.states * 3 + record.actions, minlength=18).reshape(6, 3)
    )


def cliff() -> planners.TabularMDP:
    """Two squares in a row, -1 a step: LEFT bumps for ever, RIGHT goes on, and ends at the second one."""
    return planners.TabularMDP.from_gym_dict(
        {0: {0: [(1.0, 0, -1.0, False)], 1: [(1.0, 1, -1.0, False)]},
         1: {0: [(1.0, 0, -1.0, False)], 1: [(1.0, 1, -1.0, True)]}},
        initial=[1.0, 0.0],
    )  # fmt: skip


def test_at_discount_1_a_policy_that_goes_round_for_ever_is_worth_minus_infinity() -> None:
    values = PolicyValues(task_of(cliff(), 1.0))
    states, bits = np.array([0, 1, 0, 0, 1]), np.array([2, 2, 1, 3, 1])
    found = values.after_each_step(Changes(np.array([3, 3]), np.arange(5), states, bits), 5)
    # then: (R, LR), (R, R), (L, R), (LR, R), (LR, L)
    np.testing.assert_allclose(found[[0, 1, 3]], [-4.0, -2.0, -3.0])
    assert found[2] == found[4] == -np.inf
    run = planners.learn(cliff(), planners.QLearning(), steps=2000, discount=1.0, seed=1)
    assert run.policy_values[-1] == run.optimal_value == -2.0


def test_a_rest_for_free_is_worth_0_at_discount_1() -> None:
    model = planners.TabularMDP.from_gym_dict(
        {0: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 0, -1.0, True)]}}, initial=[1.0]
    )
    values = PolicyValues(task_of(model, 1.0))
    found = values.after_each_step(Changes(np.array([1]), np.array([0]), np.array([0]), np.array([2])), 1)
    assert found.tolist() == [-1.0]
    assert values.after_each_change(Changes(np.array([1]), *np.empty((3, 0), np.int64))).tolist() == [0.0]


def test_the_report_says_where_a_policy_loses() -> None:
    run = planners.learn(cliff(), planners.QLearning(exploration=0.0, initial=-50.0), steps=3, discount=0.9, seed=1)
    assert "never tried" in run.report()
    done = planners.learn(cliff(), planners.QLearning(), steps=5000, discount=0.9, seed=1)
    assert "It has settled" in done.report()
    assert "which is optimal" in done.report()
    assert "Every action was tried" in done.report()
    many = planners.learn(cliff(), planners.QLearning(), steps=2000, discount=0.9, seeds=range(5))
    assert "5 of 5 are optimal" in many.report()


def test_a_plot_has_both_curves() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    both: list[dict[str, Any]] = [{"seed": 1}, {"seeds": range(4)}]
    for options in both:
        left, right = planners.learn(cliff(), planners.Sarsa(), steps=100, discount=0.9, **options).plot()
        assert left.get_xlabel() == right.get_xlabel() == "steps"
        pyplot.close(left.figure)


def test_experience_counts_every_step(rng: np.random.Generator) -> None:
    model = drawn_model(rng, 6, 3)
    run = planners.learn(model, planners.QLearning(exploration=1.0), steps=20_000, discount=0.9, seed=1)
    twin = planners.learn(model, planners.QLearning(exploration=1.0), steps=500, discount=0.9, seed=1, compiled=False)
    np.testing.assert_array_equal(run.experience.visits, run.visits)
    np.testing.assert_array_equal(twin.experience.visits, twin.visits)
    record = run._played[0].record
    counted = planners.Experience(6, 3)
    counted.add(record.states, record.actions, record.rewards, record.next_states, record.terminated)
    estimate, other = run.experience.mdp(), counted.mdp()
    np.testing.assert_array_equal(estimate.transitions.toarray(), other.transitions.toarray())
    np.testing.assert_allclose(estimate.rewards, other.rewards, atol=1e-12)
    many = planners.learn(model, planners.QLearning(), steps=100, discount=0.9, seeds=[1, 2]).experience
    assert [int(each.visits.sum()) for each in many] == [100, 100]
