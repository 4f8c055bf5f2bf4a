"""Overlays: what is accepted, and every refusal with its message."""

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gridworld_env.errors import MapError
from gridworld_env.rendering import make_overlay


def test_actions_bools_and_probabilities_become_weights() -> None:
    tied = np.array([[True, True, False, False], [False, False, False, True]])
    shares = np.array([[0.5, 0.25, 0.25, 0.0], [1.0, 0.0, 0.0, 0.0]])
    assert make_overlay(2, 4, policy=[2, 0]).policy.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]  # type: ignore[union-attr]
    assert make_overlay(2, 4, policy=tied).policy.tolist() == tied.astype(float).tolist()  # type: ignore[union-attr]
    assert make_overlay(2, 4, policy=shares).policy.tolist() == shares.tolist()  # type: ignore[union-attr]
    tabular = SimpleNamespace(probabilities=shares)
    assert make_overlay(2, 4, policy=tabular).policy.tolist() == shares.tolist()  # type: ignore[union-attr]


def test_arrays_are_read_only_copies() -> None:
    values = np.array([1.0, 2.0])
    overlay = make_overlay(2, 4, values=values, trajectory=[0, 1])
    values[0] = 9.0
    assert overlay.values is not None
    assert overlay.values.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        overlay.values[0] = 9.0
    assert overlay.trajectory is not None
    assert overlay.trajectory.tolist() == [0, 1]
    assert overlay.policy is None
    assert overlay.action_values is None


def test_values_may_be_anything_real() -> None:
    overlay = make_overlay(3, 4, values=[np.nan, -np.inf, np.inf])
    np.testing.assert_array_equal(overlay.values, [np.nan, -np.inf, np.inf])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"values": [1.0]}, "values: expected shape (3,), one number per state, found shape (1,)"),
        ({"values": ["a", "b", "c"]}, "values: expected real numbers, found <U1"),
        ({"values": [True, False, True]}, "values: expected real numbers, found bool"),
        ({"values": [[1.0], [1.0, 2.0], []]}, "values: expected an array, found rows of different lengths"),
        (
            {"action_values": np.zeros((3, 2))},
            "action_values: expected shape (3, 4), one number per state and action, found shape (3, 2)",
        ),
        (
            {"policy": np.zeros(4, int)},
            "policy: expected shape (3,), an action per state, or (3, 4), a weight per state and action, "
            "found shape (4,)",
        ),
        ({"policy": [0, 4, 0]}, "policy: action 4 of state 1 does not exist; actions are 0 to 3"),
        ({"policy": [0, 0, -1]}, "policy: action -1 of state 2 does not exist"),
        ({"policy": [0.0, 1.0, 2.0]}, "policy: of shape (3,) it needs integer actions, found float64"),
        ({"policy": np.full((3, 4), -0.5)}, "policy: the weight of state 0, action 0 is -0.5; expected a finite"),
        ({"policy": np.full((3, 4), np.nan)}, "policy: the weight of state 0, action 0 is nan"),
        ({"policy": np.full((3, 4), "x")}, "policy: expected bool or real numbers, found <U1"),
        ({"trajectory": [0, 3]}, "trajectory: 3 at index 1 is no state; states are 0 to 2"),
        ({"trajectory": [-1]}, "trajectory: -1 at index 0 is no state"),
        ({"trajectory": [0.5]}, "trajectory: expected integer states, found float64"),
        ({"trajectory": [[0, 1]]}, "trajectory: expected a sequence of states, shape (N,), found shape (1, 2)"),
    ],
)
def test_refusals_name_the_argument(given: dict[str, Any], message: str) -> None:
    with pytest.raises(MapError, match=re.escape(message)):
        make_overlay(3, 4, **given)
