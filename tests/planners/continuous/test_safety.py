"""Safe states: held by the system itself, and the same as brute force finds on its boxes."""

from itertools import product
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from planners import Status
from planners.continuous import CartPole, DoubleIntegrator, Interval, Noise, System, stay_safe
from planners.continuous.interval import Number
from planners.continuous.safety import SafePlan
from planners.continuous.solve import Stage
from planners.continuous.system import State


class Cart(System):
    """A cart between two walls, at which it ends; pushed left or right."""

    low, high, wraps, axes = (-1.0, -0.5), (1.0, 0.5), (False, False), ("place", "speed")
    actions: tuple[float, ...] | Interval = (-1, 1)
    first_adds = True

    def step(self, state: State, action: Number) -> State:
        return state[0] + 0.1 * state[1], state[1] + 0.1 * action

    def reward(self, state: State, action: Number, next_state: State) -> Number:
        return 1.0

    def ended(self, state: State):
        return (state[0] > 1.0) | (state[0] < -1.0)


@pytest.fixture(scope="module")
def cart() -> SafePlan:
    return stay_safe(Cart(), (40, 20), held=4)


def test_from_proven_states_it_goes_on(cart: SafePlan, rng: np.random.Generator) -> None:
    states = rng.uniform(Cart.low, Cart.high, (200, 2))
    safe = cart.safe(states)
    assert 0.1 < safe.mean() < 0.95
    for state in states[safe][:40]:
        cart.reset()
        now = tuple(map(float, state))
        for _ in range(300):
            now = tuple(map(float, Cart().step(now, cart.act(np.array(now, dtype=np.float32)))))
            assert not Cart().ended(now)


def test_states_that_cannot_stop_in_time_are_not_proven(cart: SafePlan, rng: np.random.Generator) -> None:
    """From speed v it rolls on for at least v (v - 0.1) / 2."""
    for place, speed in rng.uniform((0.5, 0.0), (1.0, 0.5), (500, 2)):
        if place + speed * (speed - 0.1) / 2.0 > 1.0:
            assert not cart.safe([place, speed])
            assert not cart.safe([-place, -speed])


def test_a_first_axis_that_only_adds_saves_work_alone(cart: SafePlan) -> None:
    class Walked(Cart):
        first_adds = False

    every = stay_safe(Walked(), (40, 20), held=4)
    assert np.array_equal(every.proven, cart.proven)


def test_it_is_the_greatest_set_that_programs_keep() -> None:
    """By brute force on boxes: no cell outside could be added, and none inside is without a program."""
    plan, side = stay_safe(Cart(), (16, 8), held=2), np.array([2.0 / 16, 1.0 / 8])
    expected = np.ones((16, 8), dtype=bool)
    slack = 1e-6 * np.array([2.0, 1.0])
    for _ in range(200):
        kept = np.zeros_like(expected)
        for cell in np.argwhere(expected):
            for program in product((-1, 1), repeat=2):
                low, high = -np.array([1.0, 0.5]) + cell * side - slack, None
                high = low + side + 2.0 * slack
                path = [low[0], high[0]]
                for action in program:
                    low, high = ([x[0] + 0.1 * x[1], x[1] + 0.1 * action] for x in (low, high))
                    path += [low[0], high[0]]
                low, high = np.array(low) - slack, np.array(high) + slack
                first = np.floor((low - Cart.low) / side - 1e-9).astype(int)
                last = np.floor((high - Cart.low) / side + 1e-9).astype(int)
                if min(path) < -1.0 or max(path) > 1.0 or (first < 0).any() or (last >= (16, 8)).any():
                    continue
                kept[tuple(cell)] |= expected[first[0] : last[0] + 1, first[1] : last[1] + 1].all()
        if (kept == expected).all():
            break
        expected = kept
    assert np.array_equal(plan.proven.reshape(16, 8), expected)


class LongRail(System):
    """Gymnasium's cart and pole where the place does not matter: speed, angle, turning speed."""

    low, high = CartPole.low[1:], CartPole.high[1:]
    wraps, axes, actions, first_adds = (False,) * 3, CartPole.axes[1:], CartPole.actions, True

    def step(self, state: State, action: Number) -> State:
        return CartPole().step((0.0, *state), action)[1:]

    def jacobian(self, state: State, action: Number) -> list[list[Number]]:
        return [row[1:] for row in CartPole().jacobian((0.0, *state), action)[1:]]

    def reward(self, state: State, action: Number, next_state: State) -> Number:
        return 1.0

    def ended(self, state: State):
        return (state[1] < self.low[1]) | (state[1] > self.high[1])

    def state_of(self, observation: np.ndarray) -> np.ndarray:
        return observation[1:].astype(np.float64)


def test_a_pole_stays_up_in_gymnasium_for_500_steps(rng: np.random.Generator) -> None:
    """Which are all that its time limit lets an episode have."""
    plan, env = stay_safe(LongRail(), (40, 24, 48)), gym.make("CartPole-v1")
    inner: Any = env.unwrapped
    inner.x_threshold = np.inf
    states = rng.uniform(LongRail.low, LongRail.high, (200, 3))
    safe = plan.safe(states)
    assert 0.2 < safe.mean() < 0.7
    for state in states[safe][:8]:
        observation, _ = env.reset(seed=0)
        inner.state = np.array([0.0, *state])
        observation[1:] = state
        plan.reset()
        truncated = False
        while not truncated:
            observation, _, terminated, truncated, _ = env.step(plan.act(observation))
            assert not terminated


def test_of_a_pole_on_a_cart_too_few_cells_prove_nothing() -> None:
    plan = stay_safe(CartPole(), (8, 6, 8, 8), held=3)
    assert not plan.safe([0.0, 0.0, 0.0, 0.0])
    assert "0 % of the states" in repr(plan)
    assert "8 x 6 x 8 x 8 cells" in repr(plan)


def test_ctrl_c_proves_nothing_and_bad_input_is_refused_in_words() -> None:
    def press(stage: Stage) -> None:
        if stage.name == "sweeps":
            raise KeyboardInterrupt

    plan = stay_safe(Cart(), (20, 10), held=4, progress=press)
    assert plan.status is Status.INTERRUPTED
    assert not plan.proven.any()
    assert "nothing is proven" in repr(plan)

    class Gusty(Cart):
        noise = Noise("gaussian", (0.01, 0.01))

    for wrong, options, words in (
        (Cart(), {"held": 0}, "held is 0; expected a whole number"),
        (Cart(), {"cells": (3,)}, "expected 2 whole numbers"),
        (Gusty(), {}, "expected bounded noise"),
        (DoubleIntegrator(), {"actions": 1}, "actions is 1"),
        (Cart(), {"progress": 3}, "progress is 3"),
    ):
        with pytest.raises(planners.InvalidOptionError, match=words):
            stay_safe(wrong, **{"cells": (10, 10), **options})
    with pytest.raises(planners.NotEnoughMemoryError, match="Use fewer cells"):
        stay_safe(Cart(), (10**6, 10**6))
