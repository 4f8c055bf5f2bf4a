"""Games as tables: every constructor, and what is refused in words."""

import copy
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy import sparse

import gridworld_env  # noqa: F401
import planners
from planners import InvalidModelError, InvalidOptionError, MarkovGame, TabularMDP

P = np.full((2, 2, 3, 2), 0.5)
R = np.arange(12.0).reshape(2, 2, 3)
ENDED = np.where(np.arange(2)[:, None, None] == 1, 0.0, R)


def test_arrays_dense_and_sparse_are_one_game() -> None:
    dense = MarkovGame.from_arrays(P, ENDED, [False, True], initial=[1, 0])
    thin = MarkovGame.from_arrays(sparse.csr_array(P.reshape(12, 2)), ENDED, [False, True])
    by_next = MarkovGame.from_arrays(P, np.repeat(ENDED[..., None], 2, axis=3), [False, True])
    for other in (thin, by_next):
        assert np.array_equal(dense.joint.transitions.toarray(), other.joint.transitions.toarray())
        assert np.array_equal(dense.rewards, other.rewards)
    assert dense.shape == (2, 2, 3)
    assert dense.rewards[0].tolist() == R[0].tolist()
    assert not dense.rewards[1].any()
    assert dense.joint.termination[0].tolist() == [0.5] * 6


def test_some_actions_of_each() -> None:
    own, other = np.array([[True, False], [True, True]]), np.array([[True, True, False], [False, True, True]])
    game = MarkovGame.from_arrays(P, R, feasible=own, opponent_feasible=other)
    assert np.array_equal(game.feasible, own)
    assert np.array_equal(game.opponent_feasible, other)
    plan = planners.solve(game, discount=0.5)
    assert not plan.policy.probabilities[~own].any()
    assert not plan.opponent.probabilities[~other].any()
    assert np.isnan(plan.action_values[0, 1]).all()


def test_functions_and_names() -> None:
    game = MarkovGame.from_functions(
        "serve",
        lambda s: ["left", "right"],
        lambda s: ["wait"] if s == "serve" else ["left", "right"],
        lambda s, a, b: [(1.0, "rally", 0.0)] if s == "serve" else [(1.0, "over", float(a == b))],
        {"over"},
    )
    assert (game.actions, game.opponent_actions) == (("left", "right"), ("wait", "left", "right"))
    plan = planners.solve(game, discount=0.5, tolerance=1e-12)
    assert plan.value("rally") == pytest.approx(0.5, abs=1e-12)
    assert plan.strategy("rally") == plan.opponent_strategy("rally") == {"left": 0.5, "right": 0.5}
    assert plan.opponent_strategy("serve") == {"wait": 1.0}
    assert "rally" in repr(plan)
    assert "left .5, right .5" in repr(plan)
    assert plan.table()[0][:3] == ("serve", "left", "wait")


def test_numbers_as_actions_are_put_in_order() -> None:
    game = MarkovGame.from_functions(
        0, lambda s: [1, 0], lambda s: [7, 5], lambda s, a, b: [(1.0, 1, 10.0 * a + b)], {1}
    )
    assert (game.actions, game.opponent_actions) == (None, (5, 7))
    assert game.rewards[0].tolist() == [[5.0, 7.0], [15.0, 17.0]]


def test_turns_with_one_player_are_the_mdp() -> None:
    mdp: Any = gym.make("GridWorld-v0", map_name="lecture", slip=0.2).unwrapped.mdp.tabular  # pyright: ignore
    best = planners.solve(mdp, discount=0.9, tolerance=1e-9)
    least = planners.solve(mdp, discount=0.9, tolerance=1e-9, minimise=True)
    for theirs, plan in ((False, best), (True, least)):
        game = MarkovGame.from_turns(mdp, np.full(mdp.num_states, theirs))
        found = planners.solve(game, discount=0.9, tolerance=1e-9)
        assert (found.lower <= plan.upper).all()
        assert (plan.lower <= found.upper).all()


def test_copies_are_closed_for_writing() -> None:
    game = MarkovGame.from_arrays(P, R)
    for other in (copy.deepcopy(game), pickle.loads(pickle.dumps(game))):
        assert repr(other) == repr(game)
        with pytest.raises(ValueError, match="read-only"):
            other.joint.rewards[0, 0] = 1.0


def with_gap() -> Any:
    Q = P.copy()
    Q[1, 0, 2] = 0.25
    return Q


def three_pairs() -> TabularMDP:
    return TabularMDP.from_arrays([[[1.0]]] * 4, [[0.0] * 4], feasible=[[True, True, True, False]], axes="ASS")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MarkovGame.from_arrays(with_gap(), R), "state 1, actions (0, 2) sum to 0.5; expected 1"),
        (
            lambda: MarkovGame.from_arrays(with_gap(), R, opponent_actions=["x", "y", "z"], states=["u", "v"]),
            "state 'v', actions (0, 'z') sum to 0.5",
        ),
        (lambda: MarkovGame.from_arrays(P, R * np.nan), "state 0, actions (0, 0) has reward nan"),
        (lambda: MarkovGame.from_arrays(P[0], R), "P has shape (2, 3, 2) and R (2, 2, 3); expected (2, 2, 3, 2)"),
        (lambda: MarkovGame.from_arrays(P, R[0]), "R has shape (2, 3); expected (S, A, B)"),
        (lambda: MarkovGame.from_arrays(P, R, feasible=np.ones((2, 3), bool)), "feasible has shape (2, 3)"),
        (lambda: MarkovGame.from_arrays(P, R, actions=["a"]), "actions has 1 names; expected 2"),
        (lambda: MarkovGame.from_matrix([1.0, 2.0]), "R has shape (2,); expected (A, B)"),
        (lambda: MarkovGame.from_matrix([[1.0, np.inf]], actions=["x"]), "actions ('x', 1) has reward inf"),
        (
            lambda: MarkovGame.from_functions(0, lambda s: "ab", lambda s: [0], lambda s, a, b: []),
            "actions(0) returned 'ab'; expected a list of actions",
        ),
        (
            lambda: MarkovGame.from_functions(0, lambda s: [0], lambda s: [1, 2], lambda s, a, b: [(0.5, 0, 1.0)]),
            "outcomes(0, (0, 1)) returned [(0.5, 0, 1.0)], whose probabilities sum to 0.5",
        ),
        (
            lambda: MarkovGame(three_pairs(), (1, 2, 2)),
            "state 0 has the row player's action 1 and the opponent's 1, and not the two together",
        ),
    ],
)  # fmt: skip
def test_what_is_no_game_is_refused(make: Any, said: str) -> None:
    with pytest.raises(InvalidModelError) as caught:
        make()
    assert said in str(caught.value)


def test_functions_that_are_none_are_refused() -> None:
    with pytest.raises(InvalidOptionError, match="opponent_actions is 3; expected a function"):
        MarkovGame.from_functions(0, lambda s: [0], 3, lambda s, a, b: [])  # pyright: ignore[reportArgumentType]
