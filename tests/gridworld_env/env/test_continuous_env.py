"""The robot in the plane as an environment: its steps are the planner's, its pictures show what they should."""

import copy
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import check_env

import gridworld_env
import planners
from gridworld_env import ContinuousTruth, MapError
from planners.continuous import Noise, PointRobot
from planners.errors import InvalidModelError


def make(**options: Any) -> Any:
    return gym.make("ContinuousGridWorld-v0", **{"map_name": "lecture", **options}).unwrapped


@pytest.fixture(scope="module")
def plan() -> Any:
    return planners.continuous.solve(make().system, cells=(16, 12), discount=0.9)


@pytest.mark.parametrize("options", [{}, {"continuous_actions": True, "noise": Noise("bounded", (0.1, 0.2))}])
def test_gymnasium_has_nothing_to_say_against_it(options: Any) -> None:
    check_env(make(render_mode="rgb_array", **options))


@pytest.mark.parametrize(
    "options",
    [
        {"noise": 0.2},
        {"noise": None, "directions": 4},
        {"noise": Noise("bounded", (0.3, 0.1)), "continuous_actions": True, "radius": 0.1},
        {"map_name": "four-rooms", "step": 0.9},
        {"map_name": None, "desc": ["S.#", "-.+"], "step_reward": -1.0},
    ],
)
def test_steps_are_those_of_the_robot_bit_for_bit(options: Any, rng: np.random.Generator) -> None:
    env = make(**options)
    env.reset(seed=int(rng.integers(2**31)))
    env.action_space.seed(int(rng.integers(2**31)))
    robot, state, _ = env.system, env.path[-1], env.reset()
    stayed = 0
    for _ in range(500):
        state, action = env.path[-1], env.action_space.sample()
        observation, reward, terminated, truncated, info = env.step(action)
        number = float(action[0]) if options.get("continuous_actions") else int(action)
        after = robot.step(state, number, tuple(map(float, info["noise"])))
        assert tuple(observation.tolist()) == after
        assert (reward, terminated, truncated) == (robot.reward(state, number, after), robot.ended(after), False)
        assert robot.checked_state(observation).tolist() == observation.tolist()
        stayed += after == state
        if terminated:
            assert robot.squares.rewards[tuple(np.floor(observation).astype(int))] == reward
            env.reset()
    assert 0 < stayed < 500


def test_the_robot_of_a_map_is_that_of_its_squares() -> None:
    robot = gridworld_env.point_robot("lecture", noise=0.1)
    assert robot == make().system == PointRobot(["...+", ".#.-", "S..."], noise=0.1)
    assert robot != gridworld_env.point_robot("lecture", noise=0.2)
    assert robot != gridworld_env.point_robot("four-rooms", noise=0.1)
    assert robot != gridworld_env.point_robot("lecture", noise=0.1, directions=4)
    assert gridworld_env.point_robot("frozenlake-4x4").squares.terminal.sum() == 5
    with pytest.raises(MapError, match=r"the square 'A' at row 0, column 1 teleports"):
        gridworld_env.point_robot("sutton-barto-3.5")


def test_episodes_begin_in_a_start_square_and_again_with_their_seed() -> None:
    env = make()
    first = [env.reset(seed=3)[0].tolist(), env.step(1)[0].tolist()]
    assert [env.reset(seed=3)[0].tolist(), env.step(1)[0].tolist()] == first
    places = np.array([env.reset()[0] for _ in range(50)])
    assert np.all((places >= 0.25) & (places <= 0.75))
    assert env.reset(options={"position": (2.5, 2.0)})[0].tolist() == [2.5, 2.0]


def test_bad_input_is_refused_in_words() -> None:
    env = make()
    with pytest.raises(ResetNeeded, match="before reset"):
        env.step(0)
    env.reset(seed=1)
    for wrong in (8, -1, 0.5, True, None, [1]):
        with pytest.raises(InvalidAction, match="expected an integer from 0 to 7"):
            env.step(wrong)
    angles = make(continuous_actions=True)
    angles.reset(seed=1)
    for wrong in (0.5, [np.nan], [0.1, 0.2], ["left"]):
        with pytest.raises(InvalidAction, match="an angle in half turns"):
            angles.step(wrong)
    for options, words in (
        ({"position": (1.5, 1.5)}, "reset option 'position': state is .* overlaps no wall"),
        ({"position": (3.5, 2.5)}, "not at the end"),
        ({"position": "here"}, "expected 2 numbers"),
        ({"state": 3}, r"expected \{'position': \(x, y\)\}"),
    ):
        with pytest.raises(MapError, match=words):
            env.reset(options=options)
    for options, error, words in (
        ({"noise": "much"}, planners.InvalidOptionError, "noise is 'much'"),
        ({"directions": 3}, planners.InvalidOptionError, "directions is 3"),
        ({"desc": ["S+"]}, MapError, "both given"),
    ):
        with pytest.raises(error, match=words):
            make(**options)
    with pytest.raises(MapError, match="render_mode is 'ansi'"):
        gridworld_env.ContinuousGridWorldEnv(render_mode="ansi")


def test_pictures_show_the_map_the_bounds_and_the_robot(plan: Any) -> None:
    env = make(render_mode="rgb_array", noise=0.1)
    env.reset(seed=1, options={"position": (2.5, 0.5)})
    plain = env.render()
    assert plain.dtype == np.uint8
    assert plain.shape[:2] == (332, 400)
    agent = np.argwhere((plain == (172, 32, 128)).all(axis=2)).mean(axis=0)
    assert np.abs(agent - (8 + 2.5 * 96, 8 + 2.5 * 96)).max() < 3.0
    env.set_overlay(plan=plan, drives=[[(0.5, 0.5), (0.5, 2.5), (2.5, 2.5)]])
    bounds = env.render()
    assert np.any(bounds != plain)
    assert (bounds[8 + 150, 8 + 150] == plain[8 + 150, 8 + 150]).all()  # the wall
    assert np.array_equal(pickle.loads(pickle.dumps(env)).render(), bounds)
    assert np.array_equal(copy.deepcopy(env).render(), bounds)
    env.set_overlay()
    assert np.array_equal(env.render(), plain)
    for wrong, words in (
        ({"plan": plan, "what": "height"}, "what is 'height'"),
        ({"plan": planners.continuous.MountainCar()}, "the plan is of another system"),
        ({"drives": [[1.0, 2.0]]}, r"not \(K, 2\) finite numbers"),
    ):
        with pytest.raises(MapError, match=words):
            env.set_overlay(**wrong)
    assert env._repr_png_().startswith(b"\x89PNG")


def test_the_truth_beside_a_learner_holds_for_episodes_without_noise() -> None:
    """V* of the map without noise is known: moves of 1 from a middle to a middle are those of the gridworld."""
    options = {"noise": None, "directions": 4, "step": 1.0}
    system = make(**options).system
    env = ContinuousTruth(
        gym.make("ContinuousGridWorld-v0", map_name="lecture", **options),
        planners.continuous.solve(system, cells=(8, 6), discount=0.9, fine=3),
    )
    table = gym.make("GridWorld-v0", map_name="lecture")
    known: Any = planners.solve(table, discount=0.9)
    start = table.unwrapped.cell_to_state((2, 0))  # pyright: ignore[reportAttributeAccessIssue]
    _, info = env.reset(seed=1, options={"position": (0.5, 0.5)})
    low, high = info["optimal_value_bounds"]
    assert low <= known.values[start] <= high
    lost, total, weight = np.zeros(2), 0.0, 1.0
    for action in (2, 0, 3, 0, 1, 1, 1):  # two steps for nothing
        _, reward, terminated, _, info = env.step(action)
        total, weight = total + weight * float(reward), weight * 0.9
        lost = info["lost_bounds"]
        assert 0.0 <= lost[0] <= lost[1]
    assert terminated
    assert info["optimal_value_bounds"].tolist() == [0.0, 0.0]
    assert lost[0] <= known.values[start] - total <= lost[1]


def test_the_truth_of_gymnasiums_car() -> None:
    plan = planners.continuous.solve(planners.continuous.MountainCar(), cells=(40, 30))
    env = ContinuousTruth(gym.make("MountainCar-v0"), plan)
    observation, info = env.reset(seed=4)
    for _ in range(5):
        observation, _, _, _, info = env.step(0)
    assert info["optimal_value_bounds"].tolist() == list(plan.bounds(observation))
    assert 0.0 <= info["lost_bounds"][0] <= info["lost_bounds"][1]


def test_plans_of_other_systems_are_refused_in_a_sentence(plan: Any) -> None:
    env = gym.make("ContinuousGridWorld-v0", map_name="lecture")
    car = planners.continuous.solve(planners.continuous.MountainCar(), cells=(10, 10))
    chances = planners.continuous.reachability(env.unwrapped.system, cells=(4, 3), steps=2)  # pyright: ignore[reportAttributeAccessIssue]
    for wrong, beside, words in (
        (env, car, "the plan is of another MountainCar than the environment's PointRobot"),
        (env, chances, "the plan is of probabilities"),
        (env, "plan", "plan is a str"),
        (gym.make("MountainCar-v0"), plan, "the plan is of PointRobot, and the environment is a MountainCarEnv"),
        (gym.make("MountainCar-v0", goal_velocity=0.01), car, "goal_velocity=0.01"),
        (gym.make("GridWorld-v0"), plan, "nothing is known of GridWorldEnv"),
        (
            gym.wrappers.RescaleAction(gym.make("MountainCarContinuous-v0"), np.float32(0), np.float32(1)),
            car,
            "RescaleAction changes actions",
        ),
        (gym.make("ContinuousGridWorld-v0", map_name="lecture", noise=0.3), plan, "another PointRobot"),
    ):
        with pytest.raises(InvalidModelError, match=words):
            ContinuousTruth(wrong, beside)  # pyright: ignore[reportArgumentType]
