"""Many models of one map at once, against each of them alone, by sweeps and by PyTorch."""

import sys
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import InvalidModelError, InvalidOptionError, NotConvergedError, Plan, Status, TabularMDP

WINDY = {"desc": ["S..a.", ".#.a+", "...I.", ".-..."], "legend": {"a": {"wind": (-1, 0)}, "I": {"slip": 0.5}}}
MAPS: list[dict[str, Any]] = [
    {"slip": 0.2},
    {"slip": 0.2, "moves": "octile"},
    WINDY,
    {"desc": ["S.#+", "..#.", "###.", "...."]},
]


@pytest.fixture(params=["swept", "one by one", "torch:cpu"])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """None with the compiled sweeps for few values too, None as it is, and the code of the GPU."""
    if request.param == "swept":
        module = sys.modules[planners.solve_many.__module__]  # the function of that name hides it
        monkeypatch.setattr(module, "COMPILED_FROM", 1)
        monkeypatch.setattr(module, "WIDEST", 3)
    if request.param == "torch:cpu":
        pytest.importorskip("torch")
        return request.param
    return None


def check_alone(plans: list[Plan], models: list[Any], discounts: list[float]) -> None:
    for plan, model, discount in zip(plans, models, discounts, strict=True):
        alone = planners.policy_iteration(model, discount=discount, tolerance=1e-9)
        assert plan.converged
        assert plan.discount == discount
        assert np.array_equal(plan.model.rewards, planners.as_model(model).rewards)
        assert (plan.lower <= alone.upper).all()
        assert (alone.lower <= plan.upper).all()
        finite = np.isfinite(alone.values)
        assert (np.abs(plan.values - alone.values)[finite] <= plan.error_bound + alone.error_bound).all()
        achieved = planners.evaluate(model, plan.policy, discount=discount)
        assert (achieved[finite] >= plan.lower[finite] - 1e-9).all()


@pytest.mark.parametrize("options", MAPS, ids=["lecture", "octile", "windy", "cut off"])
def test_as_each_alone(rng: np.random.Generator, device: str | None, options: dict[str, Any]) -> None:
    env = gym.make("GridWorld-v0", **options)
    rewards, slips = (-rng.random(4)).tolist(), [0.0, *rng.random(3).tolist()]
    discounts = rng.uniform(0.5, 0.99, 4).tolist()

    def made(**rules: float) -> Any:
        return gym.make("GridWorld-v0", **{**options, **rules})

    check_alone(
        planners.solve_many(env, discount=0.9, step_rewards=rewards, device=device),
        [made(step_reward=reward) for reward in rewards],
        [0.9] * 4,
    )
    check_alone(
        planners.solve_many(env, discounts=discounts, slips=slips, device=device),
        [made(slip=slip) for slip in slips],
        discounts,
    )


def test_discounts_of_tables_and_1_among_them(device: str | None) -> None:
    model = TabularMDP.from_env(gym.make("GridWorld-v0", slip=0.2))
    discounts = [0.99, 1.0, 0.5, 0.9]
    check_alone(planners.solve_many(model, discounts=discounts, device=device), [model] * 4, discounts)


def test_a_list_of_models_of_two_maps(device: str | None) -> None:
    models = [
        gym.make("GridWorld-v0", desc=desc, slip=0.2) for desc in (["S..+"], ["S.", ".+"], ["S..+"], ["S.", ".+"])
    ]
    check_alone(planners.solve_many(models, discount=0.9, device=device), models, [0.9] * 4)


def test_a_variant_is_the_environment_made_anew() -> None:
    for options in MAPS:
        varied = gym.make("GridWorld-v0", **options).unwrapped.variant(slip=0.3, step_reward=-0.7)  # pyright: ignore[reportAttributeAccessIssue]
        anew = planners.as_model(gym.make("GridWorld-v0", **{**options, "slip": 0.3, "step_reward": -0.7}))
        assert np.array_equal(varied.tabular.transitions.toarray(), anew.tabular.transitions.toarray())
        assert np.array_equal(varied.rewards, anew.rewards)


def test_what_did_not_converge(device: str | None) -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    options: dict[str, Any] = {"discounts": [0.9, 0.999], "tolerance": 1e-18, "device": device}
    plans = planners.solve_many(env, throw=False, **options)
    assert all(plan.status is Status.ROUNDING_FLOOR for plan in plans)
    with pytest.raises(NotConvergedError):
        planners.solve_many(env, **options)


def test_what_cannot_be_varied() -> None:
    env = gym.make("GridWorld-v0")
    with pytest.raises(InvalidOptionError, match="nothing to vary"):
        planners.solve_many(env, discount=0.9)
    with pytest.raises(InvalidOptionError, match="found both or neither"):
        planners.solve_many(env, slips=[0.1])
    with pytest.raises(InvalidOptionError, match="found 2 discounts, 1 slips; expected as many of each"):
        planners.solve_many(env, discounts=[0.9, 0.8], slips=[0.1])
    with pytest.raises(InvalidOptionError, match=r"slips is 0.1; expected a list of numbers"):
        planners.solve_many(env, discount=0.9, slips=0.1)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidModelError, match="a TabularMDP does not say what its slip is"):
        planners.solve_many(TabularMDP.from_env(env), discount=0.9, slips=[0.1])
