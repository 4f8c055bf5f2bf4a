"""Planning on a device of PyTorch, run on the CPU: exact rationals, textbook worlds, drawn models, and its limits."""

from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from numpy.typing import NDArray

import gridworld_env
import planners
from planners import MoveMDP, NotConvergedError, Plan, Status, TabularMDP
from planners.equations.from_model import make_problem
from planners.gpu import device_sweeps, solving
from planners.sweeps.row_sweeps import RowSweeps
from tests.oracles.drawn import drawn_moves, drawn_rows
from tests.oracles.methods import DEVICE
from tests.oracles.sweeps import swept_values

torch = pytest.importorskip("torch")
torch_rows = pytest.importorskip("planners.gpu.torch_rows")
torch_sweeps = pytest.importorskip("planners.gpu.torch_sweeps")


def backup(model: TabularMDP | MoveMDP, values: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
    """One Bellman backup, as the tables say."""
    q = model.rewards + discount * model.expected_next(values)
    return np.where(model.feasible, q, -np.inf).max(axis=1)


@pytest.mark.parametrize("name", sorted(gridworld_env.WORLDS))
def test_worlds(name: str) -> None:
    """Wind, gusts, teleports, one-way squares, exits: both representations, against the planner of the CPU."""
    env = gym.make("GridWorld-v0", map_name=name)
    for discount in (0.9, 1.0):
        try:
            beside = planners.policy_iteration(env, discount=discount)
        except planners.UnboundedValueError:
            with pytest.raises(planners.UnboundedValueError):
                planners.solve(env, discount=discount, device=DEVICE)
            continue
        for model in (env, TabularMDP.from_env(env)):
            plan = planners.solve(model, discount=discount, device=DEVICE)
            finite = np.isfinite(beside.values)
            assert np.array_equal(finite, np.isfinite(plan.values))
            assert (np.abs(plan.values[finite] - beside.values[finite]) <= plan.error_bound + beside.error_bound).all()
            assert plan.converged
            assert plan.method.startswith("value iteration along the front")


@pytest.mark.parametrize("discount", [0.5, 0.95, 0.99])
def test_drawn_moves(rng: np.random.Generator, discount: float) -> None:
    model = drawn_moves(rng)
    plan = planners.solve(model, discount=discount, device=DEVICE)
    P = {s: {a: model.outcomes(s, a) for a in range(model.num_actions)} for s in range(model.num_states)}
    truth = swept_values(P, discount)
    assert (plan.lower - 1e-10 <= truth).all()
    assert (truth <= plan.upper + 1e-10).all()
    chosen = np.arange(model.num_states), plan.policy.actions
    chain = np.asarray(model.tabular.transitions.todense()).reshape(*model.rewards.shape, -1)[chosen]
    achieved = np.linalg.solve(np.eye(model.num_states) - discount * chain, model.rewards[chosen])
    assert (achieved >= plan.lower - 1e-10).all()


@pytest.mark.parametrize("ends", [0.0, 0.1])
@pytest.mark.parametrize("feasible", [False, True], ids=["regular", "ragged"])
@pytest.mark.parametrize("discount", [0.9, 0.999])
def test_drawn_rows(rng: np.random.Generator, ends: float, feasible: bool, discount: float) -> None:
    """Where nothing ends, MacQueen's shift has to carry the constant: 1 / (1 - discount) sweeps otherwise."""
    model = drawn_rows(rng, ends=ends, feasible=feasible)
    plan = planners.solve(model, discount=discount, device=DEVICE)
    beside = planners.policy_iteration(model, discount=discount)
    assert (np.abs(plan.values - beside.values) <= plan.error_bound + beside.error_bound).all()
    assert plan.converged


def test_what_cannot_end_and_what_is_cut_off() -> None:
    env = gym.make("GridWorld-v0", desc=["S.#+", "..#.", "####", "...."], slip=0.2)
    for discount in (0.9, 1.0):
        plan = planners.solve(env, discount=discount, device=DEVICE)
        beside = planners.policy_iteration(env, discount=discount)
        assert np.array_equal(np.isneginf(plan.values), np.isneginf(beside.values))
        finite = np.isfinite(beside.values)
        assert np.abs(plan.values[finite] - beside.values[finite]).max() <= plan.error_bound + beside.error_bound


def test_one_backup_is_that_of_the_tables(rng: np.random.Generator) -> None:
    """In float64, of a part of the states, from any base; for kinds of squares, and for ragged rows."""
    device = torch.device("cpu")
    moves, rows = drawn_moves(rng), drawn_rows(rng)
    discounts = np.array([0.9, 0.3])
    table = RowSweeps(make_problem(rows, 0.9))
    own = np.zeros((3, 6, 5, 2)) + moves.mixture[..., None]
    sweeps = [
        torch_sweeps.TorchMoveSweeps(
            *(device, discounts, moves.successor, moves.outcome, moves.outcome_ends),
            *(np.repeat(moves.outcome_reward[:, None], 2, axis=1), own, moves.kind),
        ),
        torch_rows.TorchRowSweeps(
            device, discounts, (table.indptr, table.indices, table.probability), table.reward, table.first
        ),
    ]
    for model, sweep, order in zip((moves, rows), sweeps, (np.arange(40), table.order.order), strict=True):
        sweep.use_float64()
        values = rng.normal(size=(model.num_states, 2))
        sweep.load(values[order])
        first, last = 5, 22
        changes, largest = sweep.sweep(first, last, 1, 10)
        done = np.abs(sweep.values() - values[order])
        for column, discount in enumerate(discounts):
            expected = values[:, column].copy()
            expected[order[first:last]] = backup(model, values[:, column], discount)[order[first:last]]
            assert np.allclose(sweep.values()[:, column], expected[order], rtol=0, atol=1e-13)
        assert np.allclose(changes, [done[5:15].max(), done[15:22].max()])
        assert np.isclose(largest, done.max())


def test_float32_stalls_and_is_refined() -> None:
    """Values of 4000, where float32 knows three decimals, to 1e-8: several rounds, all in float32."""
    front, plan = watched(gym.make("GridWorld-v0", slip=0.2, step_reward=-4.0), discount=0.999, tolerance=1e-8)
    assert plan.error_bound <= 1e-8
    errors = [step.error_bound for step in plan.history if step.error_bound < np.inf]
    assert len(errors) >= 2
    assert errors[0] > 1e-8
    assert front.sweeps_on_device.dtype == torch.float32
    assert (np.diff(errors) < 0).all()


@pytest.mark.parametrize("ends", [False, True])
def test_rounding_that_goes_round_in_circles(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator, ends: bool
) -> None:
    """Where far less counts as rounding than rounding changes, sweeps would go on for ever."""
    monkeypatch.setattr(device_sweeps, "ULPS", 2.0**-10)
    for _ in range(4):
        model = drawn_rows(rng, states=8, ends=0.1 * ends)
        plan = planners.solve(model, discount=0.992, tolerance=1e-3, device=DEVICE)
        beside = planners.policy_iteration(model, discount=0.992)
        assert np.abs(plan.values - beside.values).max() <= plan.error_bound + beside.error_bound


@pytest.mark.parametrize("scale", [1e45, 1e200])
def test_what_overflows_float32_is_swept_in_float64(scale: float) -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, scale, False)], 1: [(0.5, 0, 0.0, False), (0.5, 0, 0.0, True)]}})
    plan = planners.solve(model, discount=0.5, tolerance=1e-6 * scale, device=DEVICE)
    assert plan.lower[0] <= 2.0 * scale <= plan.upper[0]


def test_discounts_that_float32_takes_for_1() -> None:
    """1 - 1e-9 rounds to 1 in float32, where sweeps would not converge; the error tells, and float64 goes on."""
    discount = 1.0 - 1e-9
    model = TabularMDP.from_gym_dict(
        {0: {0: [(1.0, 1, -1.0, False)]}, 1: {0: [(0.5, 0, -1.0, False), (0.5, 1, 2.0, True)]}}
    )
    plan = planners.solve(model, discount=discount, tolerance=1e-5, device=DEVICE)
    beside = planners.policy_iteration(model, discount=discount, tolerance=1e-5)
    assert np.abs(plan.values - beside.values).max() <= plan.error_bound + beside.error_bound


def test_values_that_are_not_finite_are_said_to_be() -> None:
    model = TabularMDP.from_gym_dict(
        {0: {0: [(1.0, 1, 1.7e308, False)]}, 1: {0: [(1.0, 0, 1.6e308, False)], 1: [(1.0, 0, 0.0, True)]}}
    )
    plan = planners.solve(model, discount=0.9, device=DEVICE, throw=False)
    assert plan.status is Status.NON_FINITE
    assert plan.error_bound == np.inf


def test_a_tolerance_below_rounding() -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    plan = planners.solve(env, discount=0.999, tolerance=1e-18, device=DEVICE, throw=False)
    assert plan.status is Status.ROUNDING_FLOOR
    with pytest.raises(NotConvergedError, match="Rounding keeps"):
        planners.solve(env, discount=0.999, tolerance=1e-18, device=DEVICE)


def test_a_start_saves_nothing_that_is_proven() -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    for discount in (0.9, 1.0):
        beside = planners.policy_iteration(env, discount=discount)
        for start in (beside, beside.values + 3.0, np.full(11, -7.0)):
            plan = planners.solve(env, discount=discount, device=DEVICE, start=start)
            assert np.abs(plan.values - beside.values).max() <= plan.error_bound + beside.error_bound


def watched(env: Any, **options: Any) -> tuple[Any, Plan]:
    """The front that a solve works on, and its plan."""
    seen: list[Any] = []

    class Watched(device_sweeps.DeviceSweeps):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            seen.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solving, "DeviceSweeps", Watched)
        plan = planners.solve(env, device=DEVICE, **options)
    return seen[0], plan


@pytest.fixture
def reports_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_sweeps.DeviceSweeps, "budget", 1)


@pytest.mark.usefixtures("reports_often")
def test_progress_and_limit() -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    seen: list[planners.Iteration] = []
    plan = planners.solve(env, discount=0.99, device=DEVICE, progress=seen.append)
    assert tuple(seen) == plan.history
    assert len(seen) >= 3
    early = planners.solve(env, discount=0.99, tolerance=1e-12, device=DEVICE, max_iterations=1, throw=False)
    assert early.status is Status.ITERATION_LIMIT
    assert (early.lower <= plan.upper).all()
    assert (plan.lower <= early.upper).all()
    with pytest.raises(NotConvergedError, match="limit"):
        planners.solve(env, discount=0.99, tolerance=1e-12, device=DEVICE, max_iterations=1)


@pytest.mark.usefixtures("reports_often")
@pytest.mark.parametrize("when", [1, 2])
def test_control_c_keeps_what_is_proven(when: int) -> None:
    def interrupt(step: planners.Iteration) -> None:
        if step.iteration == when:
            raise KeyboardInterrupt

    env = gym.make("GridWorld-v0", slip=0.2)
    plan = planners.solve(env, discount=0.99, tolerance=1e-12, device=DEVICE, progress=interrupt)
    truth = planners.policy_iteration(env, discount=0.99)
    assert plan.status is Status.INTERRUPTED
    assert (plan.lower <= truth.upper).all()
    assert (truth.lower <= plan.upper).all()
    assert plan.error_bound < np.inf


def test_a_window_that_does_not_move_grows() -> None:
    window: Any = SimpleNamespace(_low=3, _waited=0, _least=1.0, _stalled=0, window=4, blocks=10)
    found = []
    for _ in range(2):
        for _ in range(device_sweeps.PATIENCE + 1):
            found.append(window.window)
            device_sweeps.DeviceSweeps._move(window, 3)
    assert found == [4] * (device_sweeps.PATIENCE + 1) + [8] * (device_sweeps.PATIENCE + 1)
    assert window.window == 10  # all blocks
    window._waited = device_sweeps.PATIENCE
    device_sweeps.DeviceSweeps._move(window, 4)
    assert window._waited == 0


def test_states_that_swap_for_ever_are_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_sweeps, "PATIENCE", 0)
    model = MoveMDP(  # two states that swap for ever, worth different things, and a way out
        successor=np.array([[1, 2], [0, 0], [2, 2]], dtype=np.int32),
        outcome=np.array([[0, 1], [2, 2], [3, 3]], dtype=np.uint8),
        outcome_reward=np.array([-1.0, 5.0, -2.0, 0.0]),
        outcome_ends=np.array([False, False, False, True]),
        mixture=np.array([[[0.9, 0.1]], [[0.9, 0.1]]])[:1],
    )
    plan = planners.solve(model, discount=0.999, device=DEVICE)
    beside = planners.policy_iteration(model, discount=0.999)
    assert np.abs(plan.values - beside.values).max() <= plan.error_bound + beside.error_bound


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("form", ["moves", "rows"])
def test_cuda_beside_its_twin(rng: np.random.Generator, form: str) -> None:
    model = drawn_moves(rng) if form == "moves" else drawn_rows(rng)
    plan, twin = (planners.solve(model, discount=0.99, device=device) for device in ("cuda", DEVICE))
    assert np.abs(plan.values - twin.values).max() <= plan.error_bound + twin.error_bound
