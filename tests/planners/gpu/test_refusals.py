"""Planning on a device of PyTorch: devices that are none, what they cannot do, and who imports PyTorch."""

import os
import subprocess
import sys
from typing import Any

import gymnasium as gym
import pytest

import planners
import planners.gpu
from planners import InvalidOptionError, NotEnoughMemoryError
from tests.oracles.methods import DEVICE

torch = pytest.importorskip("torch")
torch_sweeps = pytest.importorskip("planners.gpu.torch_sweeps")


@pytest.mark.parametrize("device", ["gpu", "mps", "xpu:0", "", 0, "cud"], ids=repr)
def test_devices_that_are_none(device: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"^device is .*; expected None or 'cpu', 'cuda' or 'cuda:1', or "):
        planners.solve(gym.make("gridworld_env:GridWorld-v0"), discount=0.9, device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu() -> None:
    with pytest.raises(InvalidOptionError, match=r"^device is 'cuda', but .*torch:cpu'$"):
        planners.solve(gym.make("gridworld_env:GridWorld-v0"), discount=0.9, device="cuda")
    with pytest.raises(InvalidOptionError, match=r"^device is 'torch:cpu:x', but .*"):
        planners.solve(gym.make("gridworld_env:GridWorld-v0"), discount=0.9, device="torch:cpu:x")


def test_methods_of_the_cpu_are_refused() -> None:
    with pytest.raises(InvalidOptionError, match=r"method 'policy-iteration' runs on the CPU only"):
        planners.solve(gym.make("gridworld_env:GridWorld-v0"), discount=0.9, device=DEVICE, method="policy-iteration")
    assert planners.solve(
        gym.make("gridworld_env:GridWorld-v0"), discount=0.9, device=DEVICE, method="value_iteration"
    ).converged


def test_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "planners.gpu.torch_sweeps", raising=False)
    monkeypatch.delattr(planners.gpu, "torch_sweeps", raising=False)
    with pytest.raises(InvalidOptionError, match=r"needs PyTorch, and torch is missing: pip install torch"):
        planners.solve(gym.make("gridworld_env:GridWorld-v0"), discount=0.9, device=DEVICE)


def test_memory_of_the_device_is_asked_before_work_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_sweeps, "free_bytes", lambda device: 1e6)
    with pytest.raises(NotEnoughMemoryError, match=r"1 models of 11 states need about .* on c\w+, and 1.0 MB are free"):
        planners.solve(gym.make("gridworld_env:GridWorld-v0"), discount=0.9, device=DEVICE)


def test_without_a_device_nobody_imports_pytorch() -> None:
    code = (
        "import sys, planners; model = planners.TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}});"
        "planners.solve(model, discount=0.5); planners.solve(model, discount=0.5, device='cpu');"
        "planners.solve_many(model, discounts=[0.5, 0.6]); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": os.getcwd()})
