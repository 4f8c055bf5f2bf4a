"""Linear systems by Krylov methods, and policy iteration that uses them."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy import sparse

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import InvalidOptionError, NotEnoughMemoryError, TabularMDP
from planners.equations import linear_systems
from planners.equations.linear_systems import EvaluationSystem, KrylovSystem
from planners.equations.problem import UNIT_ROUNDOFF


def random_model(rng: np.random.Generator, states: int, actions: int = 3, entries: int = 6) -> TabularMDP:
    """`entries` random next states for each pair, and no end."""
    rows = np.repeat(np.arange(states * actions), entries)
    weight = rng.exponential(size=len(rows))
    P = sparse.coo_array((weight, (rows, rng.integers(0, states, len(rows)))), shape=(states * actions, states)).tocsr()
    P = sparse.csr_array(sparse.diags_array(1.0 / np.asarray(P.sum(axis=1))) @ P)
    shape = (states, actions)
    return TabularMDP(P, np.zeros(shape), rng.normal(size=shape), np.ones(shape, dtype=bool))


def grid_model(rng: np.random.Generator, side: int, walls: float = 0.1) -> Any:
    cells = np.where(rng.random((side, side)) < walls, "#", ".")
    cells[side // 2, side // 3], cells[side // 4, side // 4] = "+", "-"
    rows = ["".join(row) for row in cells]
    return gym.make("GridWorld-v0", desc=rows, slip=0.2, step_reward=-0.04).unwrapped.mdp  # type: ignore[attr-defined]


def chain_of(model: TabularMDP, rng: np.random.Generator) -> sparse.csr_array:
    actions = rng.integers(0, model.num_actions, model.num_states)
    return model.transitions[np.arange(model.num_states) * model.num_actions + actions]


@pytest.mark.parametrize("kind", ["random", "grid"])
@pytest.mark.parametrize("discount", [0.0, 0.9, 0.999, 0.99999])
def test_the_residual_is_what_was_asked_for(kind: str, discount: float, rng: np.random.Generator) -> None:
    model = random_model(rng, 2000) if kind == "random" else grid_model(rng, 50).tabular
    chain = chain_of(model, rng)
    b = rng.normal(size=model.num_states)
    exact = EvaluationSystem(chain, discount).solve(b)
    for residual in (1e-2, 1e-6, 1e-10):
        system = KrylovSystem(chain, discount)
        for start in (None, exact, rng.normal(size=len(b)) / (1 - discount)):
            x = system.solve(b, start=start, residual=residual)
            rounding = 16 * UNIT_ROUNDOFF * np.abs(x).max()  # of computing it in another way here
            assert np.abs(b - (x - discount * (chain @ x))).max() <= residual + rounding
            assert np.abs(x - exact).max() <= 1.01 * (residual + 1e-10) / (1 - discount)
    if kind == "random":
        assert system.used == "BiCGSTAB by the diagonal"
    assert np.abs(KrylovSystem(chain, discount).solve(b) - exact).max() <= 1e-10 / (1 - discount)


def test_a_good_start_is_returned_as_it_is(rng: np.random.Generator) -> None:
    chain = chain_of(random_model(rng, 500), rng)
    b = rng.normal(size=500)
    x = EvaluationSystem(chain, 0.9).solve(b)
    system = KrylovSystem(chain, 0.9)
    np.testing.assert_array_equal(system.solve(b, start=x, residual=1e-9), x)
    assert system.used == "nothing yet"


@pytest.mark.parametrize(
    ("broken", "takes_over"),
    [
        ((), "BiCGSTAB by the diagonal"),
        (("_by_diagonal",), "BiCGSTAB by incomplete factors"),
        (("_by_diagonal", "_by_incomplete_factors"), "GMRES"),
        (("_by_diagonal", "_by_incomplete_factors", "_by_gmres"), "factors"),
    ],
)
@pytest.mark.parametrize("answer", ["start", "nan"])
def test_what_fails_is_taken_over(
    broken: tuple[str, ...], takes_over: str, answer: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in broken:
        monkeypatch.setattr(
            KrylovSystem, name, lambda self, b, x, norm: x if answer == "start" else np.full_like(x, np.nan)
        )
    chain = chain_of(random_model(rng, 400), rng)
    b = rng.normal(size=400)
    system = KrylovSystem(chain, 0.9)
    assert np.abs(system.solve(b, residual=1e-9) - EvaluationSystem(chain, 0.9).solve(b)).max() <= 1e-8
    assert system.used == takes_over


def test_incomplete_factors_that_break_down(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("Factor is exactly singular")

    monkeypatch.setattr("scipy.sparse.linalg.spilu", breaks)
    monkeypatch.setattr(linear_systems, "FEW_STEPS", 1)
    chain = chain_of(random_model(rng, 400), rng)
    system = KrylovSystem(chain, 0.99)
    assert np.isfinite(system.solve(np.ones(400), residual=1e-9)).all()
    assert system.used == "GMRES"


def test_a_singular_system_solves_to_what_is_not_finite() -> None:
    chain = sparse.csr_array(np.roll(np.eye(400), 1, axis=1))  # a ring that never ends
    assert not np.isfinite(KrylovSystem(chain, 1.0).solve(np.ones(400), residual=1e-9)).all()


def test_factors_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("scipy.sparse.linalg.splu", full)
    chain = sparse.csr_array(0.5 * np.roll(np.eye(400), 1, axis=1) + 0.5 * np.roll(np.eye(400), 200, axis=1))
    with pytest.raises(NotEnoughMemoryError, match=r"400 states and 1200 entries ran out of memory; use .*krylov"):
        EvaluationSystem(chain, 0.5)


@pytest.mark.parametrize("discount", [0.9, 0.999, 0.9999])
@pytest.mark.parametrize("kind", ["random", "grid"])
def test_policy_iteration_with_krylov_evaluation(kind: str, discount: float, rng: np.random.Generator) -> None:
    model = random_model(rng, 800) if kind == "random" else grid_model(rng, 60)
    plan = planners.policy_iteration(model, discount=discount, evaluation="krylov", seed=int(rng.integers(2**31)))
    assert plan.converged
    assert plan.method == "policy iteration with Krylov evaluation"
    assert planners.certify(model, plan.values, discount=discount).error_bound <= 2e-6 / (1 - discount) + 1e-6
    direct = planners.policy_iteration(model, discount=discount, evaluation="direct")
    assert np.abs(plan.values - direct.values).max() <= plan.error_bound + direct.error_bound
    assert (plan.lower <= direct.upper).all()
    assert (plan.upper >= direct.lower).all()
    achieved = planners.evaluate(model, plan.policy, discount=discount)
    assert (achieved >= plan.lower - 1e-9 / (1 - discount) * 1e-3).all()


@pytest.mark.parametrize("seed", range(3))
def test_undiscounted(seed: int, rng: np.random.Generator) -> None:
    model = grid_model(rng, 40, walls=0.25)  # some cells are cut off, and cost for ever
    plan = planners.policy_iteration(model, discount=1.0, evaluation="krylov", seed=seed)
    direct = planners.policy_iteration(model, discount=1.0, evaluation="direct", seed=seed)
    finite = np.isfinite(direct.values)
    np.testing.assert_array_equal(finite, np.isfinite(plan.values))
    assert np.abs(plan.values[finite] - direct.values[finite]).max() <= 2e-6


def test_auto_is_direct_for_few_states_and_krylov_for_many(rng: np.random.Generator) -> None:
    few, many = random_model(rng, 50), random_model(rng, 6000, actions=2, entries=3)
    assert planners.policy_iteration(few, discount=0.9).method == "policy iteration"
    assert "Krylov" in planners.policy_iteration(many, discount=0.9).method


def test_unknown_evaluation(rng: np.random.Generator) -> None:
    with pytest.raises(InvalidOptionError, match="evaluation is 'lu'; expected 'auto', 'direct', 'krylov'"):
        planners.policy_iteration(random_model(rng, 5), discount=0.9, evaluation="lu")
