"""Where episodes begin is checked as every row of probabilities is."""

from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gridworld_env  # noqa: F401 - registers GridWorld-v0
from planners import InvalidModelError, TabularMDP, as_model, regret

P = {s: {0: [(1.0, s, 1.0, False)]} for s in range(2)}
WRONG = [
    ([2.0, 2.0], "initial is 2.0 for state 0"),
    ([25, 75], "initial is 25.0 for state 0"),
    ([-1, 2], "initial is -1.0 for state 0"),
    ([np.nan, 2], "initial is nan for state 0"),
    ([np.inf, 0], "initial is inf for state 0"),
    ([0, 0], "sum to 0; expected 1"),
    ([0.5, 0.4999], "sum to 0.9999; expected 1"),
    ([0.7], r"initial has shape \(1,\); expected \(2,\)"),
    (["a", "b"], "initial is .*; expected .* probabilities"),
]


@pytest.mark.parametrize(("initial", "message"), WRONG, ids=str)
def test_what_is_no_distribution_is_refused_by_every_reader(initial: Any, message: str) -> None:
    class Toy:
        P = P
        initial_state_distrib = initial

    readers = [
        lambda: TabularMDP.from_gym_dict(P, initial),
        lambda: TabularMDP.from_arrays(np.full((2, 1, 2), 0.5), np.ones((2, 1)), initial=initial),
        lambda: regret(Toy(), [0, 0], discount=0.9),
        lambda: replace(as_model(gym.make("GridWorld-v0", desc=["S+"])), initial=np.array(initial)),
        lambda: replace(as_model(gym.make("GridWorld-v0", desc=["S+"])).tabular, initial=np.array(initial)),
    ]
    for reader in readers:
        with pytest.raises(InvalidModelError, match=message):
            reader()


def test_a_distribution_of_float32_counts_as_one() -> None:
    """Thirds sum to 1 within the rounding of their own type, and are scaled to sum to 1 in float64."""
    thirds = np.full(3, 1 / 3, dtype=np.float32)
    found = TabularMDP.from_arrays(np.full((3, 1, 3), 1 / 3), np.ones((3, 1)), initial=thirds).initial
    assert found is not None
    assert abs(found.sum() - 1.0) <= 1e-15
    assert found.dtype == np.float64
    thirds[:] = 0.0
    assert found.all()  # a copy
