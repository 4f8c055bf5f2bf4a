"""Where episodes end: which readers tell it, and that it stays with the probabilities of ending."""

import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy import sparse

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import InvalidModelError, TabularMDP
from planners.models.negated import negated


def test_the_model_of_a_gridworld_ends_where_its_outcomes_say() -> None:
    model = gym.make("GridWorld-v0", map_name="lecture", slip=0.2).unwrapped.mdp  # type: ignore[attr-defined]
    endings = model.tabular.endings.toarray().reshape(11, 4, 11)
    expected = np.zeros_like(endings)
    for state in range(11):
        for action in range(4):
            for outcome in model.outcomes(state, action):
                if outcome.terminated:
                    expected[state, action, outcome.next_state] += outcome.probability
    np.testing.assert_allclose(endings, expected, rtol=1e-15)
    np.testing.assert_allclose(endings.sum(axis=2), model.termination, rtol=1e-15)


def test_toy_text_and_arrays_tell_where_they_end() -> None:
    table = TabularMDP.from_gym_dict({0: {0: [(0.5, 1, 0.0, True), (0.25, 0, 0.0, True), (0.25, 1, 0.0, False)]},
                                      1: {0: [(1.0, 0, 0.0, False)]}})  # fmt: skip
    assert table.endings is not None
    assert table.endings.toarray().tolist() == [[0.25, 0.5], [0.0, 0.0]]
    arrays = TabularMDP.from_arrays([[[0.5, 0.5], [0.0, 1.0]]], [[1.0], [0.0]], terminal=[False, True], axes="ASS")
    assert arrays.endings is not None
    assert arrays.endings.toarray().tolist() == [[0.0, 0.5], [0.0, 1.0]]
    for model in (table, arrays, negated(table), pickle.loads(pickle.dumps(table))):
        assert planners.reachability(model, 1).values[1] == 1.0


def pairs(**changes: Any) -> TabularMDP:
    given: dict[str, Any] = {
        "R": [5.0, 10.0, -1.0], "Q": [[0.5, 0.5, 0], [0, 0, 1], [0, 0.5, 0.5]],
        "states": [0, 0, 1], "actions": [0, 1, 0],
    }  # fmt: skip
    return TabularMDP.from_state_action_pairs(**(given | changes))


def test_pairs_with_terminal_states() -> None:
    """A terminal state needs no pair; what is said of one is not read."""
    model = pairs(terminal=[False, False, True])
    P = np.zeros((3, 2, 3))
    P[0], P[1, 0] = [[0.5, 0.5, 0], [0, 0, 1]], [0, 0.5, 0.5]
    R = np.array([[5.0, 10.0], [-1.0, -np.inf], [-np.inf, -np.inf]])
    expected = TabularMDP.from_arrays(P, R, [False, False, True])
    assert model.termination.tolist() == expected.termination.tolist()
    assert model.rewards.tolist() == expected.rewards.tolist()
    assert planners.solve(model, discount=0.5).values.tolist() == planners.solve(expected, discount=0.5).values.tolist()
    assert planners.reachability(model, 2).values.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(InvalidModelError, match="state 2 is terminal, and action 0 has reward 99 there"):
        pairs(
            R=[5.0, 10.0, -1.0, 99.0], Q=[[0.5, 0.5, 0], [0, 0, 1], [0, 0.5, 0.5], [1, 0, 0]],
            states=[0, 0, 1, 2], actions=[0, 1, 0, 0], terminal=[False, False, True],
        )  # fmt: skip
    told = pairs(
        R=[5.0, 10.0, -1.0, 0.0], Q=[[0.5, 0.5, 0], [0, 0, 1], [0, 0.5, 0.5], [1, 0, 0]],
        states=[0, 0, 1, 2], actions=[0, 1, 0, 0], terminal=[False, False, True],
    )  # fmt: skip
    assert told.rewards[2].tolist() == [0.0, 0.0]
    assert told.termination[2].tolist() == [1.0, 0.0]
    with pytest.raises(InvalidModelError, match="state 2 has no feasible action"):
        pairs()
    with pytest.raises(InvalidModelError, match=r"terminal has shape \(2,\)"):
        pairs(terminal=[False, True])


def test_endings_that_do_not_fit_are_refused() -> None:
    P, ends, R, exists = sparse.csr_array([[0.5]]), np.array([[0.5]]), np.zeros((1, 1)), np.ones((1, 1), dtype=bool)
    TabularMDP(P, ends, R, exists, endings=sparse.csr_array([[0.5]]))
    with pytest.raises(InvalidModelError, match=r"state 0, action 0 ends with probability 0\.5"):
        TabularMDP(P, ends, R, exists, endings=sparse.csr_array([[0.25]]))
    with pytest.raises(InvalidModelError, match=r"endings has shape \(1, 2\)"):
        TabularMDP(P, ends, R, exists, endings=sparse.csr_array([[0.25, 0.25]]))
    with pytest.raises(InvalidModelError, match=r"label 'done' has shape \(2,\)"):
        TabularMDP(P, ends, R, exists, labels={"done": np.zeros(2, dtype=bool)})
