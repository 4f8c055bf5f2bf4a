"""`minimise=True`: the negative of what is proven of the negated rewards, in every method and form."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gridworld_env
import planners
from planners import InvalidOptionError, Plan, TabularMDP, UnboundedValueError
from planners.distributed import Rows, solve_in_parts
from planners.models.negated import negated
from tests.oracles.bounds import check_contained, check_plan
from tests.oracles.drawn import drawn_moves, drawn_rows
from tests.oracles.exact import PLUS, Tables, as_floats, optimal_values
from tests.oracles.methods import DEVICE, METHODS
from tests.oracles.models import COSTS, DISCOUNTS, REWARDS, tables

exact = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
methods = st.sampled_from(list(METHODS.values()))
PAID = [-reward for reward in REWARDS]


def with_other_sign(P: Tables) -> Tables:
    return {
        state: {action: [(p, to, -reward, ends) for p, to, reward, ends in row] for action, row in actions.items()}
        for state, actions in P.items()
    }


def assert_no_minus_zero(*arrays: Any) -> None:
    for array in arrays:
        assert not np.signbit(np.asarray(array)[np.asarray(array) == 0]).any()


@exact
@given(P=tables(), method=methods, discount=st.sampled_from(DISCOUNTS))
def test_the_least_is_proven(P: Tables, method: Callable[..., Plan], discount: Fraction) -> None:
    check_minimised(
        P, method(TabularMDP.from_gym_dict(as_floats(P)), discount=float(discount), minimise=True), discount
    )


@exact
@given(P=tables(going_on=[-cost for cost in COSTS], at_end=PAID), method=methods)
def test_the_least_undiscounted_cost_is_proven(P: Tables, method: Callable[..., Plan]) -> None:
    check_minimised(P, method(TabularMDP.from_gym_dict(as_floats(P)), discount=1.0, minimise=True), Fraction(1))


def check_minimised(P: Tables, plan: Plan, discount: Fraction) -> None:
    opposite = with_other_sign(P)
    best = optimal_values(opposite, discount)  # the oracle maximises
    check_contained(plan, [-value for value in best])
    mirrored = replace(
        plan, values=-plan.values, lower=-plan.upper, upper=-plan.lower, minimise=False, model=negated(plan.model)
    )
    check_plan(opposite, mirrored, best, discount)
    np.testing.assert_array_equal(plan.optimal_actions, mirrored.optimal_actions)
    np.testing.assert_array_equal(plan.action_values, -mirrored.action_values)
    assert plan.minimise
    assert_no_minus_zero(plan.values, plan.lower, plan.upper, plan.action_values)


@exact
@given(P=tables(), discount=st.sampled_from(DISCOUNTS), horizon=st.integers(1, 5))
def test_in_few_steps(P: Tables, discount: Fraction, horizon: int) -> None:
    options: dict[str, Any] = {"discount": float(discount), "horizon": horizon}
    ends = np.arange(len(P)) / 4.0
    plan = planners.backward_induction(
        TabularMDP.from_gym_dict(as_floats(P)), **options, final_values=ends, minimise=True
    )
    values = [Fraction(float(end)) for end in ends]
    for step in reversed(range(horizon)):
        values = [
            min(
                sum(p * (reward + (0 if over else discount * values[to])) for p, to, reward, over in row)
                for row in actions.values()
            )
            for _, actions in sorted(P.items())
        ]
        for value, truth in zip(plan.values[step], values, strict=True):
            assert abs(Fraction(float(value)) - truth) <= Fraction(plan.error_bound)
    assert plan.minimise
    assert "minimised" in repr(plan)


@pytest.fixture
def maze() -> gym.Env[Any, Any]:
    return gym.make("GridWorld-v0", map_name="lecture", slip=0.2)


@pytest.mark.parametrize("options", [{}, {"device": DEVICE}, {"method": "gauss_seidel"}, {"discount": 1.0}])
def test_a_model_of_moves(options: dict[str, Any]) -> None:
    costly = gym.make("GridWorld-v0", map_name="lecture", slip=0.2, step_reward=0.5).unwrapped.mdp  # type: ignore
    chosen = {"discount": 0.9, **options}
    least = planners.solve(costly, minimise=True, **chosen)
    most = planners.solve(negated(costly), **chosen)
    np.testing.assert_array_equal(least.values, -most.values)
    np.testing.assert_array_equal(least.policy.actions, most.policy.actions)
    assert least.model is costly


def test_many_at_once(rng: np.random.Generator) -> None:
    moves, rows = drawn_moves(rng, 60), drawn_rows(rng)
    models = [moves, rows, moves, rows]
    plans = planners.solve_many(models, discounts=[0.5, 0.6, 0.9, 0.95], minimise=True)
    on_a_device = planners.solve_many(models, discounts=[0.5, 0.6, 0.9, 0.95], minimise=True, device=DEVICE)
    for model, plan, twin in zip(models, plans, on_a_device, strict=True):
        alone = planners.value_iteration(negated(model), discount=plan.discount)
        for found in (plan, twin):
            assert (found.lower <= -alone.lower).all()
            assert (-alone.upper <= found.upper).all()
            assert found.model is model


def test_in_parts(maze: gym.Env[Any, Any], tmp_path: Path) -> None:
    model = maze.unwrapped.mdp  # type: ignore[attr-defined]
    whole = planners.solve(model, discount=0.9, minimise=True)
    plan = solve_in_parts(model, discount=0.9, parts=3, minimise=True, out=tmp_path / "plan")
    assert (plan.lower <= whole.upper).all()
    assert (whole.lower <= plan.upper).all()
    loaded = planners.load_plan(tmp_path / "plan", model)
    assert loaded.minimise
    np.testing.assert_array_equal(loaded.lower, plan.lower)
    np.testing.assert_array_equal(loaded.optimal_actions, whole.optimal_actions)
    table = model.tabular
    rows = Rows(lambda a, b: (table.transitions[a * 4 : b * 4], table.rewards[a:b], table.termination[a:b]), 11, 4)
    np.testing.assert_allclose(solve_in_parts(rows, discount=0.9, minimise=True).values, whole.values, atol=1e-5)


def test_a_plan_says_it_and_keeps_it(maze: gym.Env[Any, Any], tmp_path: Path) -> None:
    plan = planners.solve(maze, discount=0.9, minimise=True)
    assert "minimise" in repr(plan)
    assert "minimise" in plan._repr_html_()
    assert "minimise" not in repr(planners.solve(maze, discount=0.9))
    plan.save(tmp_path / "plan.npz")
    loaded = planners.load_plan(tmp_path / "plan.npz", maze)
    assert loaded.minimise
    np.testing.assert_array_equal(loaded.optimal_actions, plan.optimal_actions)
    with pytest.raises(planners.MissingModelError, match="load_plan"):
        _ = planners.load_plan(tmp_path / "plan.npz").action_values


def test_judging(maze: gym.Env[Any, Any]) -> None:
    options: dict[str, Any] = {"discount": 0.9, "minimise": True}
    plan = planners.solve(maze, **options)
    best = planners.solve(maze, discount=0.9)
    assert planners.is_optimal(maze, plan, **options)
    assert not planners.is_optimal(maze, best, **options)
    assert planners.regret(maze, plan, **options).value == pytest.approx(0.0, abs=1e-9)
    first = maze.unwrapped.mdp.initial  # type: ignore[attr-defined]
    lost = first @ (best.values - plan.values)
    assert planners.regret(maze, best, **options).value == pytest.approx(lost)
    played = planners.regret(maze, planners.rollout(maze, plan, episodes=3, seed=5, max_steps=50), plan=plan, **options)
    assert played.value == pytest.approx(0.0, abs=1e-9)
    wrong = planners.regret(maze, planners.rollout(maze, best, episodes=3, seed=5, max_steps=50), plan=plan, **options)
    assert wrong.value > 0.01
    certificate = planners.certify(maze, plan.values, **options)
    assert certificate.error_bound < 1e-9
    assert (certificate.lower <= plan.upper).all()
    assert (plan.lower <= certificate.upper).all()
    with pytest.raises(InvalidOptionError, match="minimise=False; expected one with minimise=True"):
        planners.regret(maze, best, plan=best, **options)


def test_the_truth_beside_a_learner(maze: gym.Env[Any, Any]) -> None:
    env = gridworld_env.GroundTruth(maze, discount=0.9, minimise=True)
    state, info = env.reset(seed=3)
    for action in range(4):
        env.reset(seed=3)
        regret = env.step(action)[4]["regret"]
        assert (regret == 0) == bool(info["optimal_actions"][action])
        assert regret == pytest.approx(env.plan.action_values[state, action] - env.plan.values[state])


def test_a_start_and_the_progress_are_in_the_sign_of_the_user(maze: gym.Env[Any, Any]) -> None:
    cold: list[planners.Moment] = []
    plan = planners.value_iteration(maze, discount=0.9, minimise=True, progress=cold.append)
    assert len(cold) > 10
    for start in (plan, plan.values):
        warm: list[planners.Moment] = []
        planners.value_iteration(maze, discount=0.9, minimise=True, start=start, progress=warm.append)
        assert len(warm) < len(cold) / 4
        np.testing.assert_allclose(warm[-1].values, plan.values, atol=1e-5)
        np.testing.assert_allclose(warm[-1].action_values, plan.action_values, atol=1e-5)
        assert (warm[-1].lower <= plan.upper).all()
        assert (plan.lower <= warm[-1].upper).all()


def test_what_is_refused() -> None:
    earning = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, -1.0, False)]}})
    with pytest.raises(UnboundedValueError, match="a negative cost can be collected for ever in state ") as caught:
        planners.solve(earning, discount=1.0, minimise=True)
    assert caught.value.states == (0,)
    for call in (planners.solve, planners.value_iteration):
        with pytest.raises(InvalidOptionError, match="minimise is 'no'; expected True or False"):
            call(earning, discount=0.5, minimise="no")  # type: ignore[arg-type]
    paying = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    assert planners.solve(paying, discount=1.0, minimise=True).values[0] == PLUS
