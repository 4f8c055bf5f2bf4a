"""The fused kernels of a GPU, run by Triton's interpreter beside PyTorch; skipped where Triton is not installed."""

import os
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners.sweeps.move_sweeps import MoveSweeps
from tests.oracles.drawn import drawn_moves

torch = pytest.importorskip("torch")
torch_sweeps = pytest.importorskip("planners.gpu.torch_sweeps")


@pytest.fixture
def interpreted() -> Any:
    """The Triton kernels, run by Triton's interpreter on the CPU, which conftest.py asks for."""
    if os.environ.get("TRITON_INTERPRET") != "1":
        pytest.skip("Triton compiles for the GPU in this process, and cannot interpret any more")
    pytest.importorskip("triton", reason="Triton is not installed; CUDA builds of PyTorch bring it along")
    return pytest.importorskip("planners.gpu.triton_kernels")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("kinds", "times"), [(1, 4), (3, 5)])
def test_the_fused_kernels_do_what_pytorch_does(
    rng: np.random.Generator, interpreted: Any, dtype: Any, kinds: int, times: int
) -> None:
    model = drawn_moves(rng, states=700, kinds=kinds)
    front = MoveSweeps(model, 0.9)
    arguments = (
        *(torch.device("cpu"), np.array([0.9]), front.successor, front.outcome, model.outcome_ends),
        *(model.outcome_reward[:, None], model.mixture[..., None], front.kind),
    )
    plain, fused = torch_sweeps.TorchMoveSweeps(*arguments), torch_sweeps.TorchMoveSweeps(*arguments)
    fused.triton = interpreted
    found = []
    for sweeps in (plain, fused):
        if dtype == torch.float64:
            sweeps.use_float64()
        sweeps.load(np.zeros((700, 1)))
        found.append(sweeps.sweep(3, 699, times, 50))
    near = {"rtol": 0, "atol": 20 * torch.finfo(dtype).eps}
    assert torch.allclose(plain.delta, fused.delta, **near)
    assert torch.equal(fused.delta, fused.spare)
    assert (fused.delta[:3] == 0).all()
    assert (fused.delta[699:] == 0).all()
    (change, largest), (also, likewise) = found
    assert change.shape == also.shape == (14,)
    assert np.allclose(change, also, **near)
    assert np.isclose(largest, likewise, **near)
    fused.delta[:] = torch.inf  # as after an overflow
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of the interpreter, about NaN
        assert np.isinf(fused.sweep(3, 699, 1, 50)[0]).any()


def test_a_solve_by_the_fused_kernel(interpreted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    original = torch_sweeps.TorchMoveSweeps.__init__

    def fuse(self: Any, *arguments: Any) -> None:
        original(self, *arguments)
        self.triton = interpreted

    monkeypatch.setattr(torch_sweeps.TorchMoveSweeps, "__init__", fuse)
    env = gym.make("GridWorld-v0", slip=0.2)
    plan, beside = planners.solve(env, discount=0.9, device="torch:cpu"), planners.policy_iteration(env, discount=0.9)
    assert np.abs(plan.values - beside.values).max() <= plan.error_bound + beside.error_bound
