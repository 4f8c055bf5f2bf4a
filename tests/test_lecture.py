"""The lecture, item by item: the gridworld, its policies, Bellman's equations, Algorithms 4 and 5."""

import itertools
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from gridworld_env import Action, GridWorldEnv

ROWS = ["...+", ".#.-", "S..."]
MAPS: dict[str, dict[str, Any]] = {
    "lecture": {},
    "slippery": {"map_name": "aima-4x3"},
    "on leaving": {"map_name": "bookgrid"},
    "teleports": {"map_name": "sutton-barto-3.5"},
    "king": {"desc": ["S..#.", ".#..-", "...#+"], "moves": "king", "slip": 0.3},
    "octile": {"desc": ["S..#.", ".#..-", "...#+"], "moves": "octile", "bump_reward": -1.0},
}
DISCOUNTS = [0.0, 0.5, 0.9, 0.99]


def make(**options: Any) -> GridWorldEnv:
    env = gym.make("GridWorld-v0", **options).unwrapped
    assert isinstance(env, GridWorldEnv)
    return env


@cache
def every_policy() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All 4^9 deterministic policies of the lecture's map, followed from each of its nine squares.

    Returns: (4^9, 9) actions; (4^9, 9) moves to the end, 0 for never; (4^9, 9) the exit reached, +1 or -1.
    """
    squares = [(r, c) for r, c in itertools.product(range(3), range(4)) if ROWS[r][c] in ".S"]
    exits = {(0, 3): 1, (1, 3): -1}
    number = {square: index for index, square in enumerate([*squares, *exits])}
    leads = np.empty((11, 4), dtype=np.int8)
    for (r, c), index in number.items():
        for action, (down, right) in enumerate([(-1, 0), (0, 1), (1, 0), (0, -1)]):
            leads[index, action] = index if (r, c) in exits else number.get((r + down, c + right), index)
    actions = np.array(list(itertools.product(range(4), repeat=9)), dtype=np.int8)
    extended = np.hstack([actions, np.zeros((len(actions), 2), dtype=np.int8)])
    place = np.tile(np.arange(9, dtype=np.int8), (len(actions), 1))
    moves = np.zeros(place.shape, dtype=np.int8)
    for move in range(1, 10):  # a path without a repetition passes at most nine squares
        place = leads[place, np.take_along_axis(extended, place.astype(np.intp), axis=1)]
        moves[(moves == 0) & (place >= 9)] = move
    return actions, moves, np.array([0] * 9 + [1, -1], dtype=np.int8)[place]


def returns(step_reward: Fraction) -> np.ndarray:
    """(4^9, 9) return of each policy from each square at discount 1, -inf if it never ends; exact in float64."""
    _, moves, reached = every_policy()
    return np.where(moves > 0, (moves - 1.0) * float(step_reward) + reached, -np.inf)


def live_states(env: GridWorldEnv) -> np.ndarray:
    return np.flatnonzero(~env.grid.terminal)


def test_states_are_the_empty_squares() -> None:
    env = make()
    assert env.grid.rows == tuple(ROWS)
    assert env.observation_space.n == 11  # pyright: ignore[reportAttributeAccessIssue]
    empty = [(r, c) for r, c in itertools.product(range(3), range(4)) if ROWS[r][c] != "#"]
    assert [env.state_to_cell(state) for state in range(11)] == empty


def test_actions_are_up_right_down_left() -> None:
    env = make(map_name="lecture")
    assert [(action.name, action.value) for action in list(Action)[:4]] == [
        *(("UP", 0), ("RIGHT", 1), ("DOWN", 2), ("LEFT", 3))
    ]
    env.reset(seed=0, options={"cell": (2, 2)})
    reached = [env.state_to_cell(env.step(action)[0]) for action in (0, 2, 3, 1)]
    assert reached == [(1, 2), (2, 2), (2, 1), (2, 2)]


@pytest.mark.parametrize(("cell", "action", "reward"), [((0, 2), 1, 1.0), ((1, 2), 1, -1.0), ((2, 3), 0, -1.0)])
def test_entering_plus_gives_one_and_minus_takes_one_and_both_end(cell: Any, action: int, reward: float) -> None:
    env = make()
    env.reset(options={"cell": cell})
    assert env.step(action)[1:4] == (reward, True, False)


def test_a_move_into_a_wall_or_off_the_map_stays() -> None:
    env = make(step_reward=-0.5)
    for cell, action in [((1, 0), 1), ((0, 1), 2), ((1, 2), 3), ((2, 1), 0), ((0, 0), 0), ((0, 0), 3), ((2, 3), 2)]:
        state, _ = env.reset(options={"cell": cell})
        assert env.step(action)[:3] == (state, -0.5, False)


@pytest.mark.parametrize("method", [planners.value_iteration, planners.policy_iteration])
@pytest.mark.parametrize("step_reward", [Fraction(-2), Fraction(-1, 2), Fraction(-3), Fraction(-1, 32), Fraction(0)])
def test_the_optimal_policy_depends_on_the_step_reward(step_reward: Fraction, method: Callable[..., Any]) -> None:
    """V* and all optimal actions at discount 1, against the best of all 4^9 policies."""
    env = make(step_reward=float(step_reward))
    live, total = live_states(env), returns(step_reward)
    best = total.max(axis=0)
    plan = method(env, discount=1.0, tolerance=1e-9)
    np.testing.assert_allclose(plan.values[live], best, atol=1e-9)
    if step_reward < 0:  # at 0, an action may be optimal and yet lead nowhere for ever
        optimal = every_policy()[0][(total == best).all(axis=1)]
        expected = [[(optimal[:, place] == action).any() for action in range(4)] for place in range(9)]
        np.testing.assert_array_equal(plan.optimal_actions[live], expected)


def test_at_minus_two_the_agent_heads_for_the_nearest_exit_even_the_bad_one() -> None:
    env, (actions, moves, _) = make(step_reward=-2.0), every_policy()
    live = live_states(env)
    shortest = np.where(moves > 0, moves, 99).min(axis=0)
    nearest = actions[(moves == shortest).all(axis=1)]
    assert len(nearest) > 0
    for policy in nearest:  # whichever of the nearest exits it takes
        whole = np.zeros(11, dtype=np.int64)
        whole[live] = policy
        assert planners.is_optimal(env, whole, discount=1.0)
    plan = planners.policy_iteration(env, discount=1.0)
    beside_minus = env.cell_to_state((2, 3))
    assert np.flatnonzero(plan.optimal_actions[beside_minus]).tolist() == [Action.UP]
    assert plan.values[beside_minus] == pytest.approx(-1.0, abs=1e-9)


def test_at_minus_one_half_the_agent_goes_to_plus_one() -> None:
    env, (_, moves, reached) = make(step_reward=-0.5), every_policy()
    live, total = live_states(env), returns(Fraction(-1, 2))
    optimal = (total == total.max(axis=0)).all(axis=1)
    assert (reached[optimal] == 1).all(), "every optimal policy ends in +1, from every square"
    assert (moves[optimal] > 0).all()
    plan = planners.value_iteration(env, discount=1.0)
    for start in live.tolist():
        state, _ = env.reset(options={"state": start})
        reward, terminated = 0.0, False
        for _ in range(9):
            state, reward, terminated, _, _ = env.step(plan.policy.act(state))
            if terminated:
                break
        assert (reward, terminated) == (1.0, True)


def test_is_this_policy_optimal() -> None:
    """Into -1 from the square below it at -1/2: -1 there, where three steps and then +1 are worth -1/2."""
    env = make(step_reward=-0.5)
    policy = planners.policy_iteration(env, discount=1.0).policy.actions.copy()
    assert planners.is_optimal(env, policy, discount=1.0)
    worst = env.cell_to_state((2, 3))
    policy[worst] = Action.UP
    answer = planners.is_optimal(env, policy, discount=1.0)
    assert not answer
    assert (answer.worst_state, answer.better_action) == (worst, Action.LEFT)
    assert answer.regret == pytest.approx(0.5, abs=1e-8)
    assert np.flatnonzero(answer.regrets > 1e-8).tolist() == [worst]
    policy[worst] = Action.RIGHT  # against the edge for ever
    answer = planners.is_optimal(env, policy, discount=1.0)
    assert (answer.worst_state, answer.regret) == (worst, np.inf)


def test_one_for_ever_at_discount_four_fifths_is_five() -> None:
    """1 + .8 + .64 + ... = 1 / (1 - .8), on a map of one square."""
    env = make(desc=["."], step_reward=1.0)
    assert planners.value_iteration(env, discount=0.8, tolerance=1e-12).values == pytest.approx([5.0], abs=1e-12)
    assert planners.policy_iteration(env, discount=0.8).values == pytest.approx([5.0], abs=1e-12)
    assert planners.evaluate(env, [2], discount=0.8) == pytest.approx([5.0], abs=1e-12)
    env.reset(seed=0)
    assert sum(0.8**k * env.step(0)[1] for k in range(200)) == pytest.approx(5.0)


@pytest.mark.parametrize("discount", [*DISCOUNTS, 1.0])
@pytest.mark.parametrize("kind", ["deterministic", "stochastic"])
def test_the_value_of_a_policy_is_as_many_equations_as_states(
    kind: str, discount: float, rng: np.random.Generator
) -> None:
    """V(s) - discount * sum P V = r, an 11 x 11 system from `P` by hand; both policies surely end, as moves slip."""
    env = make(map_name="aima-4x3")
    right = np.eye(4)[[Action.RIGHT] * 11]
    weights = rng.dirichlet(np.ones(4), size=11) if kind == "stochastic" else right
    matrix, rewards = np.eye(11), np.zeros(11)
    for state, action in itertools.product(range(11), range(4)):
        for probability, next_state, reward, ends in env.P[state][action]:
            rewards[state] += weights[state, action] * probability * reward
            if not ends:
                matrix[state, next_state] -= discount * weights[state, action] * probability
    found = planners.evaluate(env, weights, discount=discount)
    np.testing.assert_allclose(found, np.linalg.solve(matrix, rewards), rtol=1e-10, atol=1e-12)


def bellman(env: GridWorldEnv, values: np.ndarray, discount: float) -> np.ndarray:
    """(S, A) r(s,a) + discount * sum P V, from `P` by loops."""
    backups = np.zeros((env.mdp.num_states, env.mdp.num_actions))
    for state, action in np.ndindex(*backups.shape):
        for probability, next_state, reward, ends in env.P[state][action]:
            backups[state, action] += probability * (reward + (0.0 if ends else discount * values[next_state]))
    return backups


@pytest.mark.parametrize("discount", DISCOUNTS)
@pytest.mark.parametrize("options", MAPS.values(), ids=MAPS)
def test_optimal_values_satisfy_bellmans_equation_and_their_greedy_policy_is_optimal(
    options: dict[str, Any], discount: float
) -> None:
    env = make(**options)
    values = planners.value_iteration(env, discount=discount, tolerance=1e-9).values
    backups = bellman(env, values, discount)
    np.testing.assert_allclose(backups.max(axis=1), values, atol=2.1e-9)  # (1 + discount) times the error
    greedy = backups.argmax(axis=1)
    # its loss is at most 2 / (1 - discount) times the error of V
    np.testing.assert_allclose(planners.evaluate(env, greedy, discount=discount), values, atol=3e-7)
    assert planners.is_optimal(env, greedy, discount=discount, tolerance=3e-7)


@pytest.mark.parametrize("discount", [*DISCOUNTS, 1.0])
@pytest.mark.parametrize("options", MAPS.values(), ids=MAPS)
def test_algorithms_4_and_5_agree_within_their_bounds(options: dict[str, Any], discount: float) -> None:
    env = make(**options)
    if discount == 1.0 and options.get("map_name") == "sutton-barto-3.5":
        with pytest.raises(planners.UnboundedValueError):  # A pays 10 again and again
            planners.value_iteration(env, discount=discount)
        with pytest.raises(planners.UnboundedValueError):
            planners.policy_iteration(env, discount=discount)
        return
    four = planners.value_iteration(env, discount=discount, tolerance=1e-4)
    five = planners.policy_iteration(env, discount=discount, tolerance=1e-9, seed=0)
    assert four.error_bound <= 1e-4
    assert five.error_bound <= 1e-9
    for one, two in ((four, five), (five, four)):  # each interval holds V*, so they meet
        assert (one.lower <= two.upper).all()
        assert (one.lower <= one.values).all()
        assert (one.values <= one.upper).all()
    assert np.abs(four.values - five.values).max() <= four.error_bound + five.error_bound


@pytest.mark.parametrize("options", MAPS.values(), ids=MAPS)
def test_the_chances_of_a_stochastic_transition_sum_to_one(options: dict[str, Any]) -> None:
    env = make(**{**options, "slip": 0.37})
    for state, action in itertools.product(range(env.mdp.num_states), range(env.mdp.num_actions)):
        assert sum(outcome[0] for outcome in env.P[state][action]) == pytest.approx(1.0, abs=1e-15 * 8)
