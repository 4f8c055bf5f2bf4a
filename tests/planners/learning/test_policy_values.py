"""The value of a policy that changes in one state after the other, against a linear system for each policy."""

import numpy as np
import pytest

from planners.learning import policy_values
from planners.learning.policy_values import PolicyValues
from planners.learning.record import Changes
from planners.learning.task import task_of
from tests.oracles.learners import drawn_model


def drawn_changes(rng: np.random.Generator, values: PolicyValues, count: int) -> Changes:
    """States come again and again, back and forth, with ties; some change only once."""
    feasible = values.mdp.feasible
    first = np.array([1 << int(rng.choice(np.flatnonzero(row))) for row in feasible], dtype=np.int64)
    often = rng.choice(len(feasible), size=min(6, len(feasible)), replace=False)
    states = np.where(rng.random(count) < 0.7, rng.choice(often, count), rng.integers(len(feasible), size=count))
    bits = []
    for s in states:
        options = np.flatnonzero(feasible[s])
        chosen = rng.choice(options, size=int(rng.integers(1, len(options) + 1)), replace=False)
        bits.append(sum(1 << int(a) for a in chosen) if rng.random() < 0.5 else int(first[s]))
    return Changes(first, np.arange(count), states.astype(np.int64), np.array(bits, dtype=np.int64))


def one_by_one(values: PolicyValues, changes: Changes) -> list[float]:
    bits = changes.first.copy()
    found = [values.of(bits)]
    for s, now in zip(changes.states, changes.bits, strict=True):
        bits[s] = now
        found.append(values.of(bits))
    return found


@pytest.mark.parametrize(("states", "discount"), [(3, 0.5), (20, 0.9), (70, 0.95), (70, 0.9999), (70, 0.0)])
def test_every_value_is_that_of_its_own_system(states: int, discount: float, rng: np.random.Generator) -> None:
    """To 1e-12 of the largest value, times what a step more or less adds up to."""
    values = PolicyValues(task_of(drawn_model(rng, states, 3), discount))
    changes = drawn_changes(rng, values, 400)
    expected = np.array(one_by_one(values, changes))
    scale = (1.0 + np.abs(expected).max()) * max(1.0, 0.01 / (1.0 - discount))
    np.testing.assert_allclose(values.after_each_change(changes), expected, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("anew", [1, 30])
def test_the_inverse_is_worked_out_anew(anew: int, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    monkeypatch.setattr(policy_values, "ANEW", anew)
    values = PolicyValues(task_of(drawn_model(rng, 60, 3), 0.9))
    changes = drawn_changes(rng, values, 300)
    np.testing.assert_allclose(values.after_each_change(changes), one_by_one(values, changes), rtol=1e-11, atol=1e-11)


def test_a_change_that_changes_nothing() -> None:
    """The same actions again, and none at all."""
    rng = np.random.default_rng(1)
    values = PolicyValues(task_of(drawn_model(rng, 5, 2), 0.9))
    first = np.ones(5, dtype=np.int64)
    none = np.empty(0, dtype=np.int64)
    assert len(values.after_each_change(Changes(first, none, none, none))) == 1
    same = Changes(first, np.arange(3), np.array([1, 1, 2]), np.array([1, 1, 1]))
    np.testing.assert_array_equal(values.after_each_change(same), np.full(4, values.after_each_change(same)[0]))
