"""Bounds of V* on the systems themselves: held by real drives, by closed forms, and by the plan's own policy."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from planners import Status
from planners.continuous import (
    ContinuousPlan,
    DoubleIntegrator,
    MountainCar,
    Noise,
    Pendulum,
    PointRobot,
    System,
    linear_quadratic,
    load_plan,
    nodes,
    solve,
)
from planners.continuous.interval import clip
from planners.continuous.solve import Stage
from tests.oracles.double_integrator import steps_in_closed_form


@pytest.fixture(scope="module")
def hill() -> ContinuousPlan:
    return solve(MountainCar(), cells=(60, 50))


@pytest.fixture(scope="module")
def pendulum() -> ContinuousPlan:
    return solve(Pendulum(), cells=(30, 30), discount=0.9, actions=3, fine=1)


def total(plan: ContinuousPlan, state: np.ndarray, choose, steps: int) -> tuple[float, bool]:
    """The discounted total of a drive of the system, and whether it ended."""
    system, now, found = plan.system, tuple(map(float, state)), 0.0
    for k in range(steps):
        action = choose(k, now)
        after = system.step(now, action)
        found += plan.discount**k * float(system.reward(now, action, after))
        now = tuple(float(x) for x in after)
        if bool(system.ended(now)):
            return found, True
    return found, False


@pytest.mark.long
def test_no_drive_beats_the_upper_bounds(hill: ContinuousPlan, rng: np.random.Generator) -> None:
    """Drives that change between full left and full right three times, at random: many are nearly optimal."""
    shown = 0
    for state in rng.uniform((-1.1, -0.06), (0.4, 0.06), (50, 2)):
        for _ in range(10):
            switches = np.sort(rng.integers(0, 90, 3))
            first = rng.integers(2) * 2
            found, ended = total(
                hill, state, lambda k, _, s=switches, f=first: int(f if (s <= k).sum() % 2 == 0 else 2 - f), 150
            )
            if ended:
                shown += 1
                assert found <= hill.bounds(state)[1]
    assert shown > 30


@pytest.mark.long
def test_the_policy_keeps_the_lower_bounds(hill: ContinuousPlan, rng: np.random.Generator) -> None:
    for state in rng.uniform((-1.2, -0.07), (0.5, 0.07), (8, 2)):
        hill.reset()
        found, ended = total(hill, state, lambda _, now: hill.act(np.array(now)), 400)
        lower, upper = hill.bounds(state)
        assert ended
        assert lower <= found <= upper


def test_it_drives_in_gymnasium(hill: ContinuousPlan) -> None:
    for episode in planners.rollout(gym.make("MountainCar-v0"), hill, episodes=3, seed=5):
        assert episode.terminated
        lower, upper = hill.bounds(episode.observations[0])
        assert lower <= -len(episode) <= upper


@pytest.mark.long
def test_a_pendulum_keeps_its_bounds(pendulum: ContinuousPlan, rng: np.random.Generator) -> None:
    rest = 16.3 * 0.9**150 / 0.1  # what the steps after the 150th cost at most
    for state in rng.uniform((-np.pi, -8.0), (np.pi, 8.0), (3, 2)):
        lower, upper = pendulum.bounds(state)
        pendulum.reset()
        earned, _ = total(pendulum, state, lambda _, now: float(pendulum.act(observed(now))[0]), 60)
        assert lower - 1e-4 <= earned  # rewards are negative;  actions in single precision
        for _ in range(10):
            gain = rng.normal(size=2) * 3.0
            policy = lambda _, now, g=gain: float(np.clip(g[0] * np.sin(now[0]) + g[1] * now[1], -2.0, 2.0))  # noqa: E731
            found, _ = total(pendulum, state, policy, 150)
            assert found - rest <= upper
    assert pendulum.bounds([0.0, 0.0])[1] >= 0.0 >= pendulum.bounds([0.0, 0.0])[0]
    assert pendulum.mean_gap < 40.0


def observed(state: tuple[float, ...]) -> np.ndarray:
    return np.array([np.cos(state[0]), np.sin(state[0]), state[1]])


@pytest.mark.long
def test_a_double_integrator_takes_as_many_steps_as_its_closed_form(rng: np.random.Generator) -> None:
    system = DoubleIntegrator(time=0.2, goal=0.2, size=2.0)
    plan = solve(system, cells=(40, 40), actions=5, fine=1)
    finite = 0
    for state in rng.uniform(-1.0, 1.0, (200, 2)):
        if bool(system.ended(state)):
            continue
        lower, upper = plan.bounds(state)
        assert lower <= -steps_in_closed_form(system.time, 0.2, state, 60) <= upper
        finite += np.isfinite(lower)
    assert finite > 100


def test_the_linear_quadratic_value_is_within_the_bounds(rng: np.random.Generator) -> None:
    system = DoubleIntegrator(size=2.0)
    plan = solve(system, cells=(40, 40), discount=0.9, actions=5, fine=1)
    truth, inside = linear_quadratic(system, 0.9), 0
    A, push = np.array([[1.0, 0.1], [0.0, 1.0]]), np.array([[0.005], [0.1]])
    for state in rng.uniform(-1.0, 1.0, (100, 2)):
        path = [state]
        for _ in range(200):
            path.append((A - push @ truth.K) @ path[-1])
        lower, upper = plan.bounds(state)
        assert truth.value(state) <= upper + 1e-9 if np.abs(path).max() < 2.0 else True
        if np.abs(path).max() < 2.0 and np.abs(np.array(path) @ truth.K.T).max() < 1.0:
            inside += 1
            assert lower <= truth.value(state) <= upper
    assert inside > 10


def test_what_was_known_at_ctrl_c_is_valid() -> None:
    stages: list[Stage] = []

    def press(stage: Stage) -> None:
        stages.append(stage)
        if stage.name == "sequences":
            raise KeyboardInterrupt

    plan = solve(MountainCar(), cells=(30, 20), progress=press)
    assert plan.status is Status.INTERRUPTED
    assert "Interrupted" in repr(plan)
    assert plan.bounds([-0.5, 0.0])[1] == 0.0
    assert {stage.name for stage in stages} >= {"guess", "programs", "drives", "sequences"}
    assert all(one.seconds <= two.seconds for one, two in pairwise(stages))


def test_the_bounds_are_closer_with_more_cells(hill: ContinuousPlan) -> None:
    assert solve(MountainCar(), cells=(30, 25)).mean_gap > hill.mean_gap
    assert "60 x 50 cells" in repr(hill)
    assert hill.bounds([[0.55, 0.01], [-0.5, 0.0]])[0][0] == 0.0  # over


def test_nodes_are_the_table_of_the_lecture() -> None:
    for scheme in ("multilinear", "simplex"):
        plan = planners.solve(nodes(MountainCar(), (40, 40), scheme=scheme), discount=0.99, tolerance=1e-9)
        assert -70.0 < plan.values.min() < -60.0
    table = nodes(Pendulum(), (20, 21), actions=3)
    assert table.num_states == 420
    assert table.num_actions == 3


class Windy(System):
    """A cart in the wind, which pushes its place and its speed by up to .01."""

    low, high, wraps, axes = (-1.0, -1.0), (1.0, 1.0), (False, False), ("place", "speed")
    actions, start = (-1.0, 0.0, 1.0), ((-0.5, 0.0), (0.5, 0.0))
    noise = Noise("bounded", (0.01, 0.01))

    def step(self, state: Any, action: Any) -> Any:
        return clip(state[0] + 0.2 * state[1], -0.98, 0.98), clip(state[1] + 0.2 * action, -0.98, 0.98)

    def reward(self, state: Any, action: Any, next_state: Any) -> Any:
        return -1.0

    def ended(self, state: Any) -> Any:
        return state[0] > 0.8


@pytest.mark.parametrize("discount", [0.9, 1.0])
def test_the_lower_bound_holds_against_any_bounded_noise(discount: float, rng: np.random.Generator) -> None:
    system: Any = Windy()
    plan = solve(system, cells=(24, 24), discount=discount)
    pushed: Any = ([-0.01, -0.01], [-0.01, 0.01], [0.01, -0.01])
    finite = 0
    for start in rng.uniform(-0.98, [0.8, 0.98], (20, 2)):
        earned, weight, state, lower = 0.0, 1.0, start, plan.bounds(start)[0]
        finite += np.isfinite(lower)
        while not system.ended(state) and weight > 1e-6 and earned > -200.0:
            action = plan.act(state)
            earned, weight = earned - weight, weight * discount
            state = np.array(system.step(state, action)) + pushed[int(rng.integers(3))]
        assert earned >= lower - 1e-5
    assert finite >= 10


def test_bad_input_is_refused_in_words(hill: ContinuousPlan) -> None:
    class Gusty(MountainCar):
        noise = Noise("gaussian", (0.01, 0.01))

    wrong: Any
    for wrong, options, words in (
        (MountainCar(), {"cells": (10,)}, "expected 2 whole numbers"),
        (MountainCar(), {"cells": (10, 0)}, "expected 2 whole numbers"),
        (MountainCar(), {"fine": 0}, "fine is 0"),
        (MountainCar(), {"refine": -1}, "refine is -1"),
        (MountainCar(), {"discount": 1.5}, "discount is 1.5"),
        (Pendulum(), {}, "expected a number below 1"),
        ("mountain-car", {}, r"system is 'mountain-car'; expected .*MountainCar\(\)"),
        (MountainCar, {}, "system is the class MountainCar"),
        (Gusty(), {}, "expected bounded noise"),
        (PointRobot(["S.+"], noise=0.1), {"cells": (12, 4), "refine": 1}, "give more cells instead"),
        (MountainCar(), {"progress": 3}, "progress is 3"),
    ):
        with pytest.raises(planners.InvalidOptionError, match=words):
            solve(wrong, **{"cells": (10, 10), **options})
    with pytest.raises(planners.NotEnoughMemoryError, match="Use fewer cells"):
        solve(MountainCar(), cells=(10**6, 10**6))
    with pytest.raises(planners.InvalidOptionError, match="what is 'height'"):
        hill.plot("height")
    with pytest.raises(planners.InvalidOptionError, match="scheme is 'cubic'"):
        nodes(MountainCar(), (4, 4), scheme="cubic")  # pyright: ignore[reportArgumentType]
    with pytest.raises(planners.InvalidOptionError, match="at least 2 nodes"):
        nodes(MountainCar(), (1, 4))


@pytest.mark.long
def test_refining_brings_the_bounds_closer_and_the_policy_keeps_them(
    rng: np.random.Generator,
) -> None:
    states = rng.uniform((-np.pi, -8.0), (np.pi, 8.0), (1000, 2))
    coarse, plan = (
        solve(Pendulum(), cells=(16, 16), discount=0.8, actions=3, fine=1, refine=refine) for refine in (0, 1)
    )
    assert plan.cells.shape == plan.finer.shape == (32, 32)
    lower, upper = coarse.bounds(states)
    closer_lower, closer_upper = plan.bounds(states)
    assert np.all(closer_lower >= lower - 1e-9)
    assert np.all(closer_upper <= upper + 1e-9)
    assert 0.2 < np.mean(closer_upper - closer_lower < upper - lower - 1e-6) < 0.9
    assert plan.mean_gap < 0.95 * coarse.mean_gap
    for state in states[:4]:
        plan.reset()
        earned, _ = total(plan, state, lambda _, now: float(plan.act(observed(now))[0]), 40)
        assert plan.bounds(state)[0] - 1e-4 <= earned


def test_plans_are_saved_and_read(hill: ContinuousPlan, pendulum: ContinuousPlan, tmp_path: Path) -> None:
    for plan, system in ((hill, MountainCar()), (pendulum, Pendulum())):
        plan.save(tmp_path / "plan.npz")
        found = load_plan(tmp_path / "plan.npz", system)
        for state in ([-0.5, 0.01], [0.2, -0.02], [0.45, 0.05]):
            assert found.bounds(state) == plan.bounds(state)
            plan.reset()
            assert found.action(state) == plan.action(state)
        assert repr(found) == repr(plan)
    for wrong, words in (
        (MountainCar(), "of a Pendulum, and not of MountainCar"),
        (type("Pendulum", (Pendulum,), {"high": (np.pi, 9.0)})(), "of a Pendulum, whose steps are others"),
    ):
        with pytest.raises(planners.InvalidPlanFileError, match=words):
            load_plan(tmp_path / "plan.npz", wrong)
    content = (tmp_path / "plan.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(content[: len(content) // 2])
    middle = len(content) // 2
    (tmp_path / "other.npz").write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    planners.solve(nodes(MountainCar(), (4, 4)), discount=0.9).save(tmp_path / "table.npz")
    for name in ("cut", "other", "table"):
        with pytest.raises(planners.InvalidPlanFileError, match=r"Plan again|expected a file"):
            load_plan(tmp_path / f"{name}.npz", Pendulum())
    with pytest.raises(FileNotFoundError):
        load_plan(tmp_path / "none.npz", Pendulum())
