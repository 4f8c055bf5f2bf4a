"""What `planners.solve` chooses, and that no model is a cliff: counted in policies and sweeps, not in time."""

import inspect
import subprocess
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy import sparse

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import InvalidOptionError, TabularMDP
from planners.equations.from_model import make_problem
from planners.equations.linear_systems import EvaluationSystem, is_entangled
from planners.equations.problem import UNIT_ROUNDOFF
from planners.plans.plan import Status
from planners.sweeps.ordered_sweeps import OrderedSweeps

choosing: Any = inspect.getmodule(inspect.unwrap(planners.solve))


def world(rows: list[str], **options: Any) -> Any:
    made = gym.make("GridWorld-v0", desc=rows, slip=0.2, step_reward=-0.04, **options)
    return made.unwrapped.mdp  # type: ignore[attr-defined]


def corridor(length: int) -> Any:
    return world(["." * (length - 1) + "+"])


def snake(side: int) -> Any:
    rows = ["." * side if row % 2 == 0 else "#" * side for row in range(side)]
    for row in range(1, side, 2):
        rows[row] = "#" * (side - 1) + "." if row % 4 == 1 else "." + "#" * (side - 1)
    rows[-1] = rows[-1][:-1] + "+" if (side // 2) % 2 == 0 else "+" + rows[-1][1:]
    return world(rows)


def random_model(rng: np.random.Generator, states: int, entries: int, ends: float, near: int = 0) -> TabularMDP:
    """Two actions that lead to `entries` states anywhere, or to `near` ones, or end."""
    rows = np.repeat(np.arange(2 * states), entries)
    columns = rng.integers(-near, near + 1, len(rows)) + rows // 2 if near else rng.integers(0, states, len(rows))
    weights = (1.0 - ends) * rng.dirichlet(np.ones(entries), size=2 * states).ravel()
    P = sparse.coo_array((weights, (rows, np.clip(columns, 0, states - 1))), shape=(2 * states, states)).tocsr()
    return TabularMDP(P, np.full((states, 2), ends), -rng.random((states, 2)), np.ones((states, 2), dtype=bool))


WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None  # so that it cannot be imported
from tests.planners.test_choice import snake, plan_of_a_map
for discount in (0.9, 0.999, 1.0):
    print(plan_of_a_map(discount))
"""


def plan_of_a_map(discount: float) -> str:
    """The bits of a plan of 860 squares, as text."""
    plan = planners.solve(snake(41).tabular, discount=discount)
    return (plan.values.tobytes() + plan.policy.actions.tobytes()).hex()


def test_small_models_are_planned_without_numba_and_to_the_same_bits() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_NUMBA], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [plan_of_a_map(discount) for discount in (0.9, 0.999, 1.0)]


def test_the_choice(rng: np.random.Generator) -> None:
    for model, discount, expected in (
        (corridor(300), 0.99, "policy_iteration"),
        (snake(41), 0.99, "policy_iteration"),
        (corridor(2500), 0.99, "gauss_seidel"),
        (corridor(2500), 1.0, "policy_iteration"),
        (corridor(2500).tabular, 0.99, "policy_iteration"),
        (snake(65), 1.0, "gauss_seidel"),
        (random_model(rng, 700, 3, ends=0.0, near=2), 0.99, "policy_iteration"),
        (random_model(rng, 700, 8, ends=0.1), 0.99, "modified_policy_iteration"),
        (random_model(rng, 700, 8, ends=0.1), 1.0, "policy_iteration"),
    ):
        assert choosing.choose(model, discount)[0] == expected
        plan = planners.solve(model, discount=discount)
        assert f"chosen for {model.num_states} states" in plan.method
        assert plan.converged


@pytest.mark.parametrize("discount", [0.99, 1.0])
def test_policy_iteration_goes_on_where_the_first_method_does_not_settle(
    discount: float, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = {"gauss_seidel": {"max_sweeps": 1e-9}, "modified_policy_iteration": {"max_iterations": 1}}
    monkeypatch.setattr(choosing, "PATIENCE", impatient)
    monkeypatch.setattr(OrderedSweeps, "budget", 1)
    for model in (snake(65), random_model(rng, 700, 8, ends=0.01)):
        plan = planners.solve(model, discount=discount, tolerance=1e-8)
        exact = planners.policy_iteration(model, discount=discount)
        assert (plan.lower <= exact.upper).all() and (exact.lower <= plan.upper).all()  # noqa: PT018
        assert plan.converged
        if discount < 1.0 or model.longest_row < 8:
            assert "had not settled" in plan.method
        else:
            assert "without a discount" in plan.method
        limited = planners.solve(model, discount=discount, max_iterations=1, throw=False)
        assert "had not settled" not in limited.method  # the limit is the caller's


@pytest.mark.parametrize("discount", [0.99, 0.999, 0.99999, 1.0])
@pytest.mark.parametrize("model", [corridor(450), corridor(3000), snake(27), snake(41)], ids=str)
def test_policies_do_not_creep_along_corridors(model: Any, discount: float) -> None:
    """One policy for each square, as from a start that knows only what is near the end, would be hundreds."""
    assert planners.policy_iteration(model, discount=discount, start="sweeps").iterations <= 4


def test_entangled(rng: np.random.Generator) -> None:
    def entangled(graph: Any) -> bool:
        graph = sparse.csr_array(graph)
        return is_entangled(graph.indices, graph.indptr)

    side = 40
    path, same = np.eye(side, k=1) + np.eye(side, k=-1), np.eye(side)
    grid = sparse.csr_array(np.kron(path, same) + np.kron(same, path))
    shuffled = rng.permutation(side**2)
    assert not entangled(grid)
    assert not entangled(grid[shuffled][:, shuffled])
    for hub in (0, 7, side**2 - 1):
        with_a_hub = grid[shuffled][:, shuffled].toarray()
        with_a_hub[:, hub] = 1.0
        assert not entangled(with_a_hub)
    assert entangled(random_model(rng, 1600, 4, ends=0.0).transitions[::2])
    assert entangled(np.ones((400, 400)))
    assert not entangled(np.ones((40, 40)))


@pytest.mark.parametrize("discount", [0.9, 0.9999, 1.0])
def test_entangled_systems_need_no_factors(
    discount: float, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("factors of an entangled matrix fill in")

    monkeypatch.setattr("scipy.sparse.linalg.splu", never)
    chain = random_model(rng, 1500, 8, ends=0.01).transitions[::2]
    system = EvaluationSystem(chain, discount)
    for b in (rng.normal(size=1500), np.ones(1500), 1e6 * rng.random(1500) ** 20, np.zeros(1500)):
        x = system.solve(b)
        assert np.abs(b - (x - discount * (chain @ x))).max() <= 16 * UNIT_ROUNDOFF * np.abs(x).max()


@pytest.mark.parametrize("actions", [1, 2, 4, 16, 17])
def test_backups_column_by_column(actions: int, rng: np.random.Generator) -> None:
    """Against the plain loop; values of few kinds, so that ties abound."""
    states = 200
    P = sparse.csr_array((states * actions, states))
    shape = (states, actions)
    problem = make_problem(TabularMDP(P, np.ones(shape), np.zeros(shape), np.ones(shape, dtype=bool)), 0.9)
    action_values = rng.integers(0, 4, size=shape).astype(float)
    np.testing.assert_array_equal(problem.maximise(action_values.ravel()), action_values.max(axis=1))
    for ties in (0.0, 1.5):
        first = [next(a for a in range(actions) if row[a] >= row.max() - ties) for row in action_values]
        found = problem.greedy(action_values.ravel(), ties)
        np.testing.assert_array_equal(found, np.arange(states) * actions + first)


def test_max_sweeps() -> None:
    model = corridor(2000)
    assert planners.gauss_seidel(model, discount=0.999, max_sweeps=1e6).converged
    for wrong in (0, -1.0, float("nan"), "3", None):
        with pytest.raises(InvalidOptionError, match=r"max_sweeps is .*; expected a positive number of sweeps"):
            planners.gauss_seidel(model, discount=0.9, max_sweeps=wrong)  # type: ignore[arg-type]
    stopped = planners.gauss_seidel(model, discount=0.999999, tolerance=1e-9, max_sweeps=0.5, throw=False)
    assert stopped.status in (Status.ITERATION_LIMIT, Status.ROUNDING_FLOOR, Status.CONVERGED)


def test_what_another_method_proves_is_not_refused() -> None:
    """For ever 1 a step: a backup is rounded, which counts at a discount near 1; 1 / (1 - discount) is exact."""
    model = TabularMDP.from_gym_dict(
        {0: {0: [(1.0, 0, 1.0, False)]}, 1: {0: [(0.5, 0, 0.0, False), (0.5, 1, 0.0, True)]}}
    )
    discount = 1 - 2.0**-30
    named = planners.policy_iteration(model, discount=discount, tolerance=1e-4)
    assert named.lower[0] <= 2.0**30 <= named.upper[0]
    assert named.method == "policy iteration, proven by linear systems"
    plan = planners.solve(model, discount=discount, tolerance=1e-4)
    assert plan.converged
    assert plan.lower[0] <= 2.0**30 <= plan.upper[0]
    assert "proven by linear systems" in plan.method
    assert planners.is_optimal(model, [0, 0], discount=discount, tolerance=1e-3)


def test_what_is_remembered_is_of_the_policy_that_was_asked(rng: np.random.Generator) -> None:
    """An array that is written into afterwards is another policy; tables and CSR give the same chains."""
    for states in (20, 200):
        problem = make_problem(random_model(rng, states, 3, ends=0.1), 0.9)
        policy = 2 * np.arange(states)
        for _ in range(4):
            chain = sparse.csr_array(problem.transitions[policy]).toarray()
            np.testing.assert_array_equal(sparse.csr_array(problem.chain(policy)).toarray(), chain)
            x = problem.evaluation(policy).solve(np.ones(states))
            np.testing.assert_allclose(x, np.linalg.solve(np.eye(states) - 0.9 * chain, np.ones(states)), rtol=1e-10)
            assert problem.evaluation(policy.copy()) is problem.evaluation(policy)
            policy[rng.integers(states)] ^= 1  # the other row of one state
