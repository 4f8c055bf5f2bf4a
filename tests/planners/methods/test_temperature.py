"""Plans with a temperature, against the soft Bellman equation in 40 digits."""

import math
from typing import Any

import gymnasium as gym
import mpmath
import numpy as np
import pytest

import gridworld_env
import planners
from planners import TabularMDP
from tests.oracles.drawn import drawn_rows


def soft_values(model: TabularMDP, discount: float, temperature: float, weights: Any, begin: Any) -> list[Any]:
    """The fixed point of the soft backup, by iterating it in 40 digits from values that are nearly it."""
    S, A = model.num_states, model.num_actions
    P = model.transitions.toarray().reshape(S, A, S)
    pairs: list[Any] = [[] for _ in range(S)]
    for s, a in np.argwhere(model.feasible & (weights > 0)).tolist():
        row = [(t, mpmath.mpf(float(p))) for t, p in enumerate(P[s, a]) if p]
        total = mpmath.fsum(p for _, p in row) + mpmath.mpf(float(model.termination[s, a]))
        reward, weight = mpmath.mpf(float(model.rewards[s, a])), mpmath.mpf(float(weights[s, a]))
        pairs[s].append((weight, reward, [(t, p / total) for t, p in row]))
    V, price, change = [mpmath.mpf(float(v)) for v in begin], mpmath.mpf(temperature), mpmath.mpf(1)
    while change > mpmath.mpf(10) ** -32:
        Q = [[(w, r + discount * mpmath.fsum(p * V[t] for t, p in row)) for w, r, row in here] for here in pairs]
        after = []
        for here in Q:
            most = max(q for _, q in here)
            after.append(most + price * mpmath.log(mpmath.fsum(w * mpmath.exp((q - most) / price) for w, q in here)))
        change = max(abs(a - b) for a, b in zip(after, V, strict=True))
        V = after
    return V


def check(count: int, rng: np.random.Generator) -> None:
    """Bounds of random models hold, whatever the temperature, the reference and the direction."""
    for number in range(count):
        model = drawn_rows(rng, int(rng.integers(2, 6)))
        discount, temperature = float(rng.choice([0.0, 0.5, 0.8])), float(rng.choice([1e-6, 0.03, 1.0, 50.0]))
        reference = None
        weights = model.feasible.astype(float)
        over = (~model.feasible | ((model.termination == 1) & (model.rewards == 0))).all(axis=1)
        weights[over] /= weights[over].sum(axis=1, keepdims=True)
        if number % 3 == 0:
            reference = rng.dirichlet(np.ones(model.num_actions), size=model.num_states) * model.feasible
            reference = weights = reference / reference.sum(axis=1, keepdims=True)
        minimise = bool(number % 2)
        plan = planners.solve(
            model, discount=discount, temperature=temperature, reference=reference, minimise=minimise, throw=False
        )
        assert plan.converged
        sign = -1.0 if minimise else 1.0
        turned = TabularMDP(
            transitions=model.transitions,
            termination=model.termination,
            rewards=sign * model.rewards,
            feasible=model.feasible,
        )
        rough = planners.solve(
            model, discount=discount, temperature=temperature, reference=reference, minimise=minimise, tolerance=1e3
        )
        with mpmath.workdps(40):
            for s, exact in enumerate(soft_values(turned, discount, temperature, weights, sign * plan.values)):
                for each in (plan, rough):  # the latter is stopped at once
                    assert mpmath.mpf(float(each.lower[s])) <= sign * exact <= mpmath.mpf(float(each.upper[s]))


def test_bounds_hold(rng: np.random.Generator) -> None:
    check(24, rng)


def test_policies_of_a_maze_prove_nothing_better_for_a_while() -> None:
    """The first policies from the uniform one improve V and not its bound: that is no sign of rounding."""
    maze: Any = gym.make("GridWorld-v0", desc=gridworld_env.random_map(40, 40, seed=1), slip=0.2)
    cold, best = planners.solve(maze, discount=0.99, temperature=1e-6), planners.solve(maze, discount=0.99)
    assert np.abs(cold.values - best.values).max() <= 1e-4 * math.log(4) + cold.error_bound + best.error_bound
    assert cold.error_bound < 1e-4


def test_temperature_to_0_gives_v_star() -> None:
    lake: Any = gym.make("FrozenLake-v1", map_name="8x8")
    hard = planners.solve(lake, discount=0.99, tolerance=1e-10)
    for temperature in (1e-3, 1e-6):
        soft = planners.solve(lake, discount=0.99, temperature=temperature)
        most = temperature * math.log(4) / 0.01
        assert (soft.lower >= hard.values - 1e-9).all()
        assert (soft.upper <= hard.values + most + 1e-9).all()


def test_a_bandit_draws_by_boltzmann() -> None:
    bandit = TabularMDP.from_gym_dict({0: {a: [(1.0, 0, float(a), True)] for a in range(3)}})
    plan = planners.solve(bandit, discount=0.9, temperature=0.5)
    weights = np.exp(np.arange(3) / 0.5)
    assert plan.policy.probabilities[0] == pytest.approx(weights / weights.sum(), abs=1e-14)
    assert plan.value(0) == pytest.approx(0.5 * math.log(weights.sum()), abs=1e-12)
    kept = planners.solve(bandit, discount=0.9, temperature=1e6, reference=[[0.2, 0.3, 0.5]], tolerance=1e-3)
    assert kept.policy.probabilities[0] == pytest.approx([0.2, 0.3, 0.5], abs=1e-5)


def test_an_episode_that_is_over_collects_no_entropy() -> None:
    env: Any = gym.make("GridWorld-v0")
    plan, model = planners.solve(env, discount=0.9, temperature=0.1), env.unwrapped.mdp.tabular
    over = (model.termination == 1.0).all(axis=1) & (model.rewards == 0.0).all(axis=1)
    assert over.any()
    assert (plan.lower[over] <= 0).all()
    assert (plan.upper[over] >= 0).all()
    assert plan.error_bound < 1e-7


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": 0.0}, "temperature is 0.0; expected a number above 0"),
        ({"temperature": "warm"}, "temperature is 'warm'"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"temperature": 1.0, "discount": 1.0}, "needs a discount below 1"),
        ({"temperature": 1.0, "method": "gauss_seidel"}, "leave out method"),
        ({"temperature": 1.0, "referense": [0]}, "referense"),
    ],
)
def test_what_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(planners.InvalidOptionError, match=words):
        planners.solve(gym.make("GridWorld-v0"), **{"discount": 0.9, **options})


def test_what_else_a_plan_does() -> None:
    env: Any = gym.make("GridWorld-v0")
    plan = planners.solve(env, discount=0.9, temperature=0.1)
    assert "soft policy iteration at temperature 0.1" in repr(plan)
    assert len(planners.rollout(env, plan, seed=1)) == 1
    assert np.isfinite(planners.evaluate(env, plan, discount=0.9)).all()
    assert planners.visits(env, plan, discount=0.9).values.sum() > 0
    with pytest.raises(planners.InvalidOptionError, match="draws its actions"):
        plan.save("plan.npz")


if __name__ == "__main__":  # python -m tests.planners.methods.test_temperature
    check(1000, np.random.default_rng(1))
    print("1000 models: bounds hold")
