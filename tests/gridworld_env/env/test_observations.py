"""Observations of networks, random maps at each reset, and arguments that other environments have."""

import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import planners
from gridworld_env import CoordinateObservation, GroundTruth, LocalViewObservation, MapError, RandomMapEnv

MAP = ["S.#.", "..-.", "#..+"]
WRAPPERS: list[tuple[Any, dict[str, Any]]] = [
    (CoordinateObservation, {}),
    (CoordinateObservation, {"scaled": True}),
    (LocalViewObservation, {"radius": 1}),
    (LocalViewObservation, {"radius": 3}),
]


def view_by_hand(env: Any, state: int, radius: int) -> np.ndarray:
    """Square by square."""
    world = env.unwrapped
    row, column = world.state_to_cell(state)
    seen = np.zeros((3, 2 * radius + 1, 2 * radius + 1))
    for i in range(-radius, radius + 1):
        for j in range(-radius, radius + 1):
            r, c = row + i, column + j
            inside = 0 <= r < 3 and 0 <= c < 4
            glyph = MAP[r][c] if inside else "#"
            seen[:, i + radius, j + radius] = glyph == "#", {"+": 1, "-": -1}.get(glyph, 0), glyph in "+-"
    return seen


@pytest.mark.parametrize("radius", [1, 2, 4])
def test_a_local_view_is_what_stands_around(radius: int) -> None:
    env = LocalViewObservation(gym.make("GridWorld-v0", desc=MAP), radius=radius)
    for state in range(env.unwrapped.mdp.num_states):
        np.testing.assert_array_equal(env.observation(state), view_by_hand(env, state, radius))


@pytest.mark.parametrize(("wrapper", "options"), WRAPPERS)
def test_many_see_what_one_sees(wrapper: Any, options: dict[str, Any]) -> None:
    one = wrapper(gym.make("GridWorld-v0", desc=MAP, exploring_starts=True), **options)
    for mode in ("vector_entry_point", "sync"):
        plain, many = (
            gym.make_vec("GridWorld-v0", 3, vectorization_mode=mode, desc=MAP, exploring_starts=True) for _ in range(2)
        )
        many = wrapper(GroundTruth(many, discount=0.9), **options)
        states, seen = plain.reset(seed=4)[0], many.reset(seed=4)[0]
        for actions in np.random.default_rng(2).integers(4, size=(20, 3)):
            np.testing.assert_array_equal(seen, [one.observation(state) for state in states])
            assert many.observation_space.contains(seen)
            states, seen = plain.step(actions)[0], many.step(actions)[0]


@pytest.mark.filterwarnings("ignore:.*different from the unwrapped version")
@pytest.mark.parametrize(("wrapper", "options"), WRAPPERS)
def test_gymnasium_accepts_them(wrapper: Any, options: dict[str, Any]) -> None:
    env = wrapper(gym.make("GridWorld-v0", desc=MAP), **options)
    check_env(env, skip_render_check=True)
    again = gym.make(env.spec)  # the wrapper and its options are part of the spec
    np.testing.assert_array_equal(again.reset(seed=0)[0], env.reset(seed=0)[0])
    with pytest.raises(planners.InvalidModelError, match="changes observations"):
        GroundTruth(env, discount=0.9)


def test_what_they_cannot_be_put_around() -> None:
    with pytest.raises(MapError, match="FrozenLakeEnv has no map"):
        CoordinateObservation(gym.make("FrozenLake-v1"))
    with pytest.raises(MapError, match="already"):
        LocalViewObservation(CoordinateObservation(gym.make("GridWorld-v0")))
    with pytest.raises(MapError, match="radius is 0"):
        LocalViewObservation(gym.make("GridWorld-v0"), radius=0)
    for make in (gym.make, gym.make_vec):
        with pytest.raises(TypeError, match="radios"):
            LocalViewObservation(make("GridWorld-v0"), radios=2)


def test_each_reset_draws_a_map_whose_tables_are_what_is_played() -> None:
    env: Any = gym.make("GridWorld/RandomMap-v0", height=5, width=4, maps=range(10, 15), slip=0.2)
    check_env(env.unwrapped, skip_render_check=True)
    drawn = set()
    for seed in range(30):
        seen, info = env.reset(seed=seed)
        world = env.unwrapped
        drawn.add(info["map"])
        np.testing.assert_array_equal(seen[0], world.grid.wall)
        assert np.argwhere(seen[3]).tolist() == [list(world.gridworld.state_to_cell(info["state"]))]
        before, action = info["state"], int(world.np_random.integers(4))
        _, reward, terminated, _, info = env.step(action)
        outcomes = {(s, r, t): p for p, s, r, t in world.P[before][action]}
        assert outcomes[info["state"], reward, terminated] == pytest.approx(info["prob"])
        assert planners.solve(env, discount=0.9).values.max() > 0.5  # there is a way to the goal
    assert drawn == set(range(10, 15))
    one, other = (env.reset(seed=9)[0] for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert env.reset(options={"map": 3})[1]["map"] == 3
    copied = pickle.loads(pickle.dumps(env.unwrapped))
    assert copied.gridworld.grid.rows == env.unwrapped.gridworld.grid.rows


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"maps": []}, "no number"),
        ({"maps": [1, -2]}, "maps has -2"),
        ({"height": 0}, "height is 0"),
        ({"desc": ["S+"]}, "the maps are drawn"),
        ({"walls": 2}, "walls is 2"),
    ],
)
def test_random_maps_refuse(options: dict[str, Any], found: str) -> None:
    with pytest.raises(MapError, match=found):
        RandomMapEnv(**options)
    with pytest.raises(MapError, match="unknown"):
        RandomMapEnv().reset(options={"cell": (0, 0)})


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("is_slippery", r"slip=2/3 moves as"),
        ("gamma", r"planners\.solve\(env, discount"),
        ("slipp", r"did you mean slip\?"),
        ("colour", "expected one of map_name"),
    ],
)
def test_an_argument_of_another_environment_is_answered_with_ours(given: str, advice: str) -> None:
    named: dict[str, Any] = {given: True}
    for make in (gym.make, gym.make_vec):
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{given}'.*{advice}"):
            make("GridWorld-v0", **named)


def test_slip_two_thirds_is_the_lakes_slipperiness() -> None:
    lake = gym.make("FrozenLake-v1", is_slippery=True)
    ours = gym.make("GridWorld/FrozenLake-v0", slip=2 / 3)
    theirs, mine = (planners.solve(env, discount=0.95).values for env in (lake, ours))
    np.testing.assert_allclose(mine, theirs, atol=1e-6)
