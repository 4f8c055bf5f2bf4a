"""Steps are Gymnasium's; boxes hold every step from within them, in float64 and in exact arithmetic."""

from typing import Any

import gymnasium as gym
import mpmath
import numpy as np
import pytest

from planners.continuous import (
    CartPole,
    DoubleIntegrator,
    Interval,
    MountainCar,
    MountainCarContinuous,
    Pendulum,
    System,
    box,
)
from planners.continuous.interval import ends, truth

EVERY = [MountainCar(), MountainCarContinuous(), Pendulum(), DoubleIntegrator(goal=0.1), DoubleIntegrator(), CartPole()]
GYMNASIUM = {
    "MountainCar-v0": MountainCar(),
    "MountainCarContinuous-v0": MountainCarContinuous(),
    "Pendulum-v1": Pendulum(),
    "CartPole-v1": CartPole(),
}


def drawn_actions(system: System, rng: np.random.Generator, count: int) -> Any:
    if isinstance(system.actions, Interval):
        return rng.uniform(system.actions.low, system.actions.high, count)
    return rng.choice(system.actions, count)


@pytest.mark.parametrize("name", GYMNASIUM)
def test_steps_are_those_of_gymnasium_bit_for_bit(name: str, rng: np.random.Generator) -> None:
    system, env = GYMNASIUM[name], gym.make(name).unwrapped
    single = name == "MountainCarContinuous-v0"  # it keeps its state, and takes its actions, in single precision
    for _ in range(40):
        env.reset(seed=0)
        state = rng.uniform(system.low, system.high)
        env.state = state.astype(np.float32) if single else state  # pyright: ignore[reportAttributeAccessIssue]
        now = tuple(map(float, env.state))  # pyright: ignore[reportAttributeAccessIssue]
        for action in drawn_actions(system, rng, 50):
            if not isinstance(system.actions, Interval):
                action = int(action)
                given: Any = action
            else:
                given = np.array([action], dtype=np.float32 if single else np.float64)
                action = float(given[0])
            after = system.step(now, action)
            observation, reward, terminated, _, _ = env.step(given)
            assert after == tuple(map(float, env.state))  # pyright: ignore[reportAttributeAccessIssue]
            assert reward == pytest.approx(system.reward(now, action, after), abs=1e-12 if not single else 1e-7)
            assert terminated == bool(system.ended(after))
            shown = np.array(system.state_of(observation)) - after
            assert np.abs(np.where(system.wraps, (shown + np.pi) % (2 * np.pi) - np.pi, shown)).max() < 1e-5
            now = after
            if terminated:
                break


def boxes_and_points(system: System, rng: np.random.Generator, count: int) -> tuple[Any, Any, Any, Any]:
    """Boxes of all sizes, some of them at a limit, and points in them; an action, or a range of them, and one in it."""
    low, high = np.array(system.low)[:, None], np.array(system.high)[:, None]
    corner = rng.uniform(low, high, (system.dimension, count))
    corner = np.where(rng.random(corner.shape) < 0.1, low, corner)
    side = (high - low) * 10.0 ** rng.uniform(-6, -0.5, (system.dimension, count))
    other = np.minimum(corner + side, high)
    place = rng.random(corner.shape)
    place = np.where(rng.random(corner.shape) < 0.2, np.round(place), place)
    point = np.clip(corner + place * (other - corner), corner, other)
    if isinstance(system.actions, Interval):
        one, two = np.sort(rng.uniform(system.actions.low, system.actions.high, (2, count)), axis=0)
        return box(corner, other), point, Interval(one, two), np.clip(one + rng.random(count) * (two - one), one, two)
    action = system.actions[rng.integers(len(system.actions))]
    return box(corner, other), point, action, action


def holds(interval: Any, number: Any) -> Any:
    low, high = ends(interval)
    return (low <= number) & (number <= high)


@pytest.mark.parametrize("system", EVERY, ids=lambda s: type(s).__name__)
def test_boxes_hold_every_step_from_within_them(system: System, rng: np.random.Generator) -> None:
    for _ in range(3):
        boxes, point, actions, action = boxes_and_points(system, rng, 20_000)
        after, state = system.box_step(boxes, actions), tuple(point)
        next_state = system.step(state, action)
        for interval, number in zip(after, next_state, strict=True):
            assert holds(interval, number).all()
        assert np.all(holds(system.reward(boxes, actions, after), system.reward(state, action, next_state)))
        ended, end = truth(system.ended(after)), system.ended(next_state)
        assert not np.any(ended.surely & ~end)
        assert not np.any(end & ~ended.possibly)


def exact_step(system: System, state: Any, action: Any) -> Any:
    """The step in 40 digits, of formulas of its own."""
    m = mpmath.mpf
    one, two = m(state[0]), m(state[1])
    if isinstance(system, DoubleIntegrator):
        dt, push = m(system.time), m(action)
        return one + dt * two + dt * dt / 2 * push, two + dt * push
    if isinstance(system, Pendulum):
        speed = min(max(two + (15 * mpmath.sin(one) + 3 * m(action)) * m(0.05), m(-8)), m(8))
        return one + speed * m(0.05), speed
    push = (m(action) - 1) * m(0.001) if isinstance(system, MountainCar) else m(float(np.float32(0.0015))) * m(action)
    limit = m(system.high[1])
    speed = min(max(two + push - m(0.0025) * mpmath.cos(3 * one), -limit), limit)
    place = min(max(one + speed, m(system.low[0])), m(system.high[0]))
    return place, (m(0) if place == m(system.low[0]) and speed < 0 else speed)


@pytest.mark.parametrize("system", EVERY[:4], ids=lambda s: type(s).__name__)
def test_boxes_hold_the_exact_steps_from_within_them(system: System, rng: np.random.Generator) -> None:
    count = 300
    boxes, point, actions, action = boxes_and_points(system, rng, count)
    after = system.box_step(boxes, actions)
    with mpmath.workdps(40):
        for n in range(count):
            exact = exact_step(system, point[:, n], np.broadcast_to(action, count)[n].item())
            assert all(each.low[n] <= x <= each.high[n] for each, x in zip(after, exact, strict=True)), n


@pytest.mark.parametrize("system", [each for each in EVERY if each.jacobian((0.0,) * each.dimension, 0) is not None])
def test_the_jacobian_holds_the_differences(system: System, rng: np.random.Generator) -> None:
    """The mean value theorem, on pairs of points in a box: f(y) - f(x) is in J (y - x)."""
    boxes, point, actions, action = boxes_and_points(system, rng, 5_000)
    other = np.stack([rng.uniform(each.low, each.high) for each in boxes])
    rows: Any = system.jacobian(boxes, actions)
    difference = np.array(system.step(tuple(other), action)) - np.array(system.step(tuple(point), action))
    for row, changed in zip(rows, difference, strict=True):
        total: Any = Interval(-1e-15, 1e-15) if not isinstance(system, MountainCarContinuous) else Interval(-5e-7, 5e-7)
        for entry, step in zip(row, other - point, strict=True):
            total = Interval(*ends(entry)) * step + total
        low, high = np.broadcast_arrays(*ends(total), changed)[:2]
        smooth = np.isfinite(low) & np.isfinite(high)
        assert smooth.mean() > 0.1
        assert (holds(Interval(low - 1e-14, high + 1e-14), changed) | ~smooth).all()


def test_bad_states_are_refused_in_words() -> None:
    car = MountainCar()
    with pytest.raises(ValueError, match=r"position; expected a number from -1.2 to 0.6"):
        car.checked_state([0.9, 0.0])
    with pytest.raises(ValueError, match="expected 2 numbers: position, velocity"):
        car.checked_state([0.1, 0.0, 0.0])
    with pytest.raises(ValueError, match="expected 2 numbers"):
        car.checked_state("here")
    with pytest.raises(ValueError, match="expected a number"):
        car.checked_state([np.nan, 0.0])
    assert Pendulum().checked_state([3 * np.pi / 2, 0.0])[0] == pytest.approx(-np.pi / 2)
    with pytest.raises(ValueError, match="size is -1; expected a finite number above 0"):
        DoubleIntegrator(size=-1)
