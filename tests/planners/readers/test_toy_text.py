"""Every toy_text table of Gymnasium, read entry by entry for comparison."""

from functools import reduce
from operator import add
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv

import planners
from planners import InvalidModelError, TabularMDP
from planners.readers.toy_text import read_gym_dict


def assert_reads(env: Any) -> TabularMDP:
    """The tables of the model are those of a loop over the dictionary."""
    P = env.P
    S, A = len(P), len(P[0])
    going_on, ending, rewards = np.zeros((S, A, S)), np.zeros((S, A)), np.zeros((S, A))
    for s in range(S):
        for a in range(A):
            for probability, to, reward, terminated in P[s][a]:
                rewards[s, a] += probability * reward
                if terminated:
                    ending[s, a] += probability
                else:
                    going_on[s, a, to] += probability
    model = TabularMDP.from_env(env)
    np.testing.assert_allclose(model.transitions.toarray().reshape(S, A, S), going_on, atol=1e-15)
    np.testing.assert_allclose(model.termination, ending, atol=1e-15)
    np.testing.assert_allclose(model.rewards, rewards, atol=1e-15)
    assert model.feasible.all()
    np.testing.assert_array_equal(model.initial, env.initial_state_distrib)
    return model


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("FrozenLake-v1", {"map_name": "8x8"}),
        ("FrozenLake-v1", {"is_slippery": False}),
        ("Taxi-v4", {}),
        ("Taxi-v4", {"is_rainy": True}),
        ("Taxi-v4", {"is_rainy": True, "fickle_passenger": True}),
        ("CliffWalking-v1", {}),
        ("CliffWalking-v1", {"is_slippery": True}),
        ("CliffWalkingSlippery-v1", {}),
    ],
)
def test_toy_text(name: str, options: dict[str, Any]) -> None:
    assert_reads(gym.make(name, **options).unwrapped)


def test_frozen_lake_of_every_success_rate() -> None:
    """For k = 7, 30, 32 and 34 of 100 the three probabilities sum to one unit less than 1."""
    missing = 0
    for percent in range(101):
        env = FrozenLakeEnv(success_rate=percent / 100)
        assert_reads(env)
        # One addition after another: since Python 3.12 the builtin `sum` makes up for what each of them loses.
        missing += any(reduce(add, [entry[0] for entry in env.P[0][a]]) != 1.0 for a in range(4))
    assert missing


def test_values_known_by_counting() -> None:
    """CliffWalking: 13 steps of -1. Taxi: the values differ by what the taxi still has to drive."""
    cliff = gym.make("CliffWalking-v1").unwrapped
    plan = planners.solve(cliff, discount=1.0)
    assert plan.values[36] == pytest.approx(-13, abs=1e-6)
    taxi: Any = gym.make("Taxi-v4").unwrapped
    plan = planners.solve(taxi, discount=1.0)
    at_destination = taxi.encode(0, 0, 4, 0)  # the passenger in the taxi, at R, wants to R
    assert plan.values[at_destination] == pytest.approx(20, abs=1e-6)
    one_away = taxi.encode(1, 0, 4, 0)
    assert plan.values[one_away] == pytest.approx(19, abs=1e-6)


def test_blackjack_has_no_table() -> None:
    with pytest.raises(planners.InvalidModelError, match="has no tables to plan on"):
        TabularMDP.from_env(gym.make("Blackjack-v1"))


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_rows_may_be_any_sequence(kind: Any) -> None:
    rows = [(0.5, 0, 1.0, False), (0.5, 1, 3.0, True)]
    for P in ({0: {0: kind(rows)}, 1: {0: rows}}, [[rows], [rows]], {0: (rows,), 1: [rows]}):
        if kind is np.array:
            P = {s: {0: [(float(p), int(to), r, bool(e)) for p, to, r, e in P[s][0]]} for s in (0, 1)}
        tables = read_gym_dict(P)
        assert tables["rewards"].tolist() == [[2.0], [2.0]]
        assert tables["termination"].tolist() == [[0.5], [0.5]]


BROKEN: list[tuple[Any, str]] = [
    ((1.0, 5, 0.0, False), "state 1, action 1 leads to state 5; expected a state from 0 to 1"),
    ((1.0, -1, 0.0, False), "state 1, action 1 leads to state -1; expected a state from 0 to 1"),
    ((1.0, 0.0, 0.0, False), r"state 1, action 1 leads to state 0\.0"),
    ((1.0, "0", 0.0, False), "state 1, action 1 leads to state '0'"),
    (("much", 0, 0.0, False), r"state 1, action 1 has the entry \('much', 0, 0\.0, False\); expected \(probability"),
    ((1.0, 0, None, False), "state 1, action 1 has reward nan"),
    ((None, 0, 0.0, False), "state 1, action 1 has the entry"),
    ((1.0, 0, 0.0), "state 1, action 1 has the entry"),
    (7, "state 1, action 1 has the entry 7"),
    ((-1.0, 0, 0.0, False), r"state 1, action 1 has probability -1\.0 of state 0; expected a number from 0 to 1"),
    ((1.5, 0, 0.0, False), r"state 1, action 1 sum to 1\.5; expected 1"),
]


@pytest.mark.parametrize(("entry", "message"), BROKEN)
def test_one_broken_entry_among_good_ones(entry: Any, message: str) -> None:
    good = [(0.5, 0, 0.0, False), (0.5, 1, 0.0, True)]
    with pytest.raises(planners.InvalidModelError, match=message) as caught:
        TabularMDP.from_gym_dict({0: {0: good, 1: good}, 1: {0: good, 1: [entry]}})
    assert (caught.value.state, caught.value.action) == (1, 1)


def test_no_transition_says_what_to_do() -> None:
    good = [(1.0, 0, 0.0, True)]
    with pytest.raises(planners.InvalidModelError, match=r"state 0, action 1 leads nowhere.*Leave out an action"):
        TabularMDP.from_gym_dict({0: {0: good, 1: []}})


def test_outcomes_of_an_iterator_rewards_in_arrays_and_rewards_that_nobody_gets() -> None:
    rows = [(0.5, 0, np.array([1.0]), False), (0.5, 1, np.array([3.0]), True), (0.0, 1, np.inf, False)]
    for P in ({0: {0: iter(rows)}, 1: {0: rows}}, {0: {0: rows}, 1: {0: iter(rows)}}):
        model = TabularMDP.from_gym_dict(P)
        assert model.rewards.tolist() == [[2.0], [2.0]]
        assert model.termination.tolist() == [[0.5], [0.5]]
    with pytest.raises(planners.InvalidModelError, match="state 0, action 0 has reward inf"):
        TabularMDP.from_gym_dict({0: {0: [(1.0, 0, np.inf, False)]}})
    with pytest.raises(planners.InvalidModelError, match="state 0, action 0 has the outcomes 7; expected a list"):
        TabularMDP.from_gym_dict({0: {0: 7}})


def test_a_state_without_actions_says_how_an_end_is_written() -> None:
    with pytest.raises(
        planners.InvalidModelError, match=r"P\[1\] is empty.*write P\[1\] = \{0: \[\(1\.0, 1, 0\.0, True\)\]\}"
    ):
        TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 1.0, False)]}, 1: {}})


@pytest.mark.parametrize("P", [{0: {0: [(1.0, 0, 1.0, True)]}}, [[[(1.0, 0, 1.0, True)]]]])
def test_a_table_that_is_handed_over_as_a_model_names_its_reader(P: Any) -> None:
    with pytest.raises(planners.InvalidModelError, match=r"read by planners\.TabularMDP\.from_gym_dict\(P\)"):
        planners.solve(P, discount=0.9)


def test_probabilities_of_numpy_are_judged_by_their_type() -> None:
    """Three times a third in float32 sum to 1.00000003, which is rounding; in float64 it is none."""
    third = np.float32(1 / 3)
    model = TabularMDP.from_gym_dict({0: {0: [(third, 0, 3.0, True), (third, 0, 0.0, True), (third, 0, 0.0, True)]}})
    assert model.rewards[0, 0] == pytest.approx(1.0, abs=1e-15)
    assert model.termination[0, 0] == pytest.approx(1.0, abs=1e-15)
    with pytest.raises(InvalidModelError, match="sum to"):
        TabularMDP.from_gym_dict({0: {0: [(float(third), 0, 3.0, True)] * 3}})


@pytest.mark.parametrize("said", ["False", "True", "", 2, 0.5, None, float("nan")])
def test_terminated_is_true_or_false(said: Any) -> None:
    with pytest.raises(InvalidModelError, match=r"state 0, action 1 .*for terminated; expected True"):
        TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 0, 0.0, said)]}})


@pytest.mark.parametrize("said", [True, 1, 1.0, np.True_, np.int64(1), np.array([True])])
def test_terminated_may_be_a_number_of_numpy(said: Any) -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(0.5, 0, 0.0, said), (0.5, 0, 0.0, np.False_)]}})
    assert model.termination.tolist() == [[0.5]]
