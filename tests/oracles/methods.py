"""Every planner there is, in each of its forms, by name: what tests over all planners run over."""

import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import pytest

import planners
from planners import Plan
from planners.methods import modified_policy_iteration


def compiled_modified_policy_iteration(model: Any, **options: Any) -> Plan:
    """Modified policy iteration by the sweeps that it keeps for large models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modified_policy_iteration, "COMPILED_FROM", 1)
        return planners.modified_policy_iteration(model, **options)


DEVICE = os.environ.get("GRIDWORLD_TEST_DEVICE", "torch:cpu")  # or cuda, where there is one
METHODS: dict[str, Callable[..., Plan]] = {
    "value iteration": planners.value_iteration,
    "policy iteration": planners.policy_iteration,
    "policy iteration, Krylov": partial(planners.policy_iteration, evaluation="krylov"),
    "modified policy iteration": planners.modified_policy_iteration,
    "modified policy iteration, no sweeps": partial(planners.modified_policy_iteration, sweeps=0),
    "modified policy iteration, 3 sweeps": partial(planners.modified_policy_iteration, sweeps=3),
    "modified policy iteration, compiled": compiled_modified_policy_iteration,
    "Gauss-Seidel": planners.gauss_seidel,
    "linear program": planners.linear_program,
    "chosen": planners.solve,
    **({"on a device": partial(planners.solve, device=DEVICE)} if find_spec("torch") else {}),
}
