"""`planners.simulate`: draws have their probabilities, means their values, and one seed the same numbers."""

import math

import numpy as np
import pytest

import planners
from planners import InvalidOptionError, InvalidPolicyError, TabularMDP
from planners.kernels.threads import at_most
from tests.oracles.chance import check_counts, hoeffding
from tests.oracles.drawn import drawn_rows


@pytest.mark.parametrize("length", [1, 2, 3, 7, 64, 1000])
def test_draws_have_their_probabilities(rng: np.random.Generator, length: int) -> None:
    weights = rng.dirichlet(np.full(length, 0.3))
    model = TabularMDP.from_functions(
        -1, lambda s: [0], lambda s, a: [(p, t, 0.0) for t, p in enumerate(weights)] if s < 0 else [(1.0, s, 0.0)]
    )
    result = planners.simulate(model, np.zeros(model.num_states, int), episodes=200_000, steps=2, discount=1.0)
    assert model.states is not None
    counts = np.rint(result.visits[:, 0] * 200_000).astype(int)
    drawn = {key: count for key, count in zip(model.states.keys, counts.tolist(), strict=True) if key != -1}
    check_counts(
        list(drawn.values()), 200_000, [float(weights[int(str(key))]) for key in drawn]
    )  # false alarms: 1e-6 a run


def test_first_states_and_actions_have_their_probabilities() -> None:
    one = TabularMDP.from_arrays(np.ones((4, 3, 1)) * np.full(4, 0.25), np.zeros((4, 3)), initial=[0.1, 0.2, 0.3, 0.4])
    policy = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.125, 0.375, 0.5], [1 / 3, 1 / 3, 1 / 3]])
    result = planners.simulate(one, policy, episodes=300_000, steps=1, discount=0.5)
    expected = policy * np.array([0.1, 0.2, 0.3, 0.4])[:, None]
    check_counts(np.rint(result.visits * 300_000).astype(int).ravel().tolist(), 300_000, expected.ravel().tolist())


@pytest.mark.parametrize("discount", [0.5, 0.95])
def test_the_mean_is_the_value_within_what_chance_allows(rng: np.random.Generator, discount: float) -> None:
    for _ in range(5):
        model = drawn_rows(rng)
        policy = np.where(model.feasible, rng.random(model.feasible.shape) + 0.1, 0.0)
        policy /= policy.sum(axis=1, keepdims=True)
        result = planners.simulate(model, policy, episodes=50_000, discount=discount)
        exact = planners.evaluate(model, policy, discount=discount)
        begin = np.full(model.num_states, 1 / model.num_states) if model.initial is None else model.initial
        assert result.value == pytest.approx(float(begin @ exact), abs=1e-6)
        width = 2.0 * float(np.abs(model.rewards).max()) / (1.0 - discount)
        # false alarms: 5 models, 1e-7 each; what was cut off is at most 1e-6 of the width
        assert abs(result.mean - result.value) <= hoeffding(50_000, width, 1e-7) + 1e-6 * width
        assert abs(result.standard_errors_off) < 7.0  # a normal deviate: 3e-12


def test_moves_plans_and_values_at_discount_one() -> None:
    import gymnasium as gym

    import gridworld_env  # noqa: F401 - registers the environment

    env = gym.make("GridWorld-v0", slip=0.2)
    plan = planners.solve(env, discount=1.0)
    result = planners.simulate(env, plan, episodes=100_000)
    assert result.truncated == 0
    assert result.value == pytest.approx(plan.values[7], abs=1e-6)  # S is the eighth square of the map
    assert abs(result.standard_errors_off) < 7.0
    assert result.visits.sum() * 100_000 == pytest.approx(result.steps)


def test_a_finite_plan_is_played_for_its_horizon_and_earns_its_final_values(rng: np.random.Generator) -> None:
    model = drawn_rows(rng)
    final = rng.normal(size=model.num_states)
    plan = planners.backward_induction(model, horizon=6, discount=0.9, final_values=final)
    result = planners.simulate(model, plan, episodes=100_000, start=0)
    assert result.value == plan.values[0, 0]
    assert result.truncated == 0
    assert abs(result.standard_errors_off) < 7.0
    shorter = planners.simulate(model, plan, episodes=100_000, start=0, steps=4)
    assert abs(shorter.standard_errors_off) < 7.0
    assert shorter.steps <= 400_000


def test_what_cutting_off_changes_is_said() -> None:
    stay = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    result = planners.simulate(stay, [0], episodes=100, steps=3, discount=0.5)
    assert (result.mean, result.truncated, result.value) == (1.75, 100, pytest.approx(2.0))
    assert result.truncation_bias == pytest.approx(0.25)
    assert result.standard_errors_off == 0.0
    endless = planners.simulate(stay, [0], episodes=10, steps=5, discount=1.0)
    assert (endless.mean, endless.value) == (5.0, math.inf)


def test_the_same_seed_gives_the_same_numbers_on_any_number_of_threads(rng: np.random.Generator) -> None:
    model = drawn_rows(rng)
    policy = model.feasible / model.feasible.sum(axis=1, keepdims=True)
    first = planners.simulate(model, policy, episodes=5000, discount=0.9, seed=7)
    with at_most(1):
        second = planners.simulate(model, policy, episodes=5000, discount=0.9, seed=7)
    assert (first.returns == second.returns).all()
    assert (first.visits == second.visits).all()
    assert list(first.trace) == list(second.trace)
    assert (planners.simulate(model, policy, episodes=5000, discount=0.9, seed=8).returns != first.returns).any()
    assert (
        planners.simulate(model, policy, episodes=7000, discount=0.9, seed=7).returns[:4096] == first.returns[:4096]
    ).all()


def test_the_trace_is_the_first_episode() -> None:
    model = TabularMDP.from_functions(
        "a", lambda s: [0], lambda s, a: [(1.0, {"a": "b", "b": "c"}[s], 2.0 if s == "a" else 5.0)], {"c"}
    )
    result = planners.simulate(model, [0, 0, 0], episodes=9, discount=0.5)
    assert list(result.trace) == [(0, "a", 0, 2.0, "b"), (1, "b", 0, 5.0, None)]
    assert result.returns.tolist() == [4.5] * 9
    assert result.visits[:, 0].tolist() == [1.0, 1.0, 0.0]


def test_refusals() -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}, 1: {1: [(1.0, 0, 1.0, False)]}})
    for options, message in (
        ({"episodes": 0}, "episodes is 0"), ({"steps": 1.5}, "steps is 1.5"), ({"discount": 2}, "discount is 2"),
        ({"discount": None}, "discount is missing"), ({"episodes": True}, "episodes is True"),
    ):  # fmt: skip
        with pytest.raises(InvalidOptionError, match=message):
            planners.simulate(model, [0, 1], **{"discount": 0.5, **options})
    with pytest.raises(InvalidPolicyError, match="takes action 0 in state 1"):
        planners.simulate(model, [0, 0], discount=0.5)
    with pytest.raises(InvalidPolicyError, match="state 5"):
        planners.simulate(model, [0, 1], discount=0.5, start=5)
