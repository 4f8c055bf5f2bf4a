"""What bounds of continuous systems cost, in processor time: `python benchmarks/continuous.py [PART ...]`.

Parts: starts (MountainCar, five starts exactly), drawn (40 drawn starts), field (MountainCar, all states), pendulum,
soundness (10^6 transitions in boxes, of each system), exact (10^5 images against 30 digits), zonotope and quadratic
(closed forms), nodes (the table of nodes beside the bounds), peers (other tools at equal time; hj-reachability with
HJ_PYTHON), safety (CartPole), robot (PointRobot with normal noise on maps of 40 x 40 squares: the probability of
reaching the goal). Without names: all of them.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp
from time import process_time
from typing import Any

import gymnasium as gym
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import planners
from planners.continuous import (
    CartPole,
    DoubleIntegrator,
    Interval,
    MountainCar,
    MountainCarContinuous,
    Pendulum,
    PointRobot,
    box,
    linear_quadratic,
    node_states,
    nodes,
    prove,
    reachability,
    solve,
    stay_safe,
)
from planners.continuous.nodes import weights


def starts(cells: tuple[int, int] = (1360, 1280)) -> None:
    begun = process_time()
    for proof in prove(MountainCar(), [[x, 0.0] for x in (-0.5, -0.45, -0.4, -0.55, -0.6)], cells=cells):  # pyright: ignore[reportGeneralTypeIssues]
        print(f"{proof}  {proof.sets:,} sets, {process_time() - begun:.1f} s so far", flush=True)


def field(shapes: tuple[tuple[int, int], ...] = ((170, 160), (340, 320), (680, 640))) -> None:
    for cells in shapes:
        begun = process_time()
        plan = solve(MountainCar(), cells=cells)
        print(f"{cells}: mean gap {plan.mean_gap:.2f} steps, {process_time() - begun:.1f} s", flush=True)


def pendulum(shapes: tuple[tuple[int, int], ...] = ((100, 100), (200, 200)), fine: int = 4) -> None:
    for cells in shapes:
        begun = process_time()
        plan = solve(Pendulum(), cells=cells, discount=0.95, fine=fine)
        middle = float(np.mean(np.abs(plan.lower)))
        print(
            f"{cells}: mean gap {plan.mean_gap:.2f}, |V| about {middle:.0f}, {process_time() - begun:.1f} s", flush=True
        )


def soundness(count: int = 1_000_000) -> None:
    rng = np.random.default_rng(0)
    robot_on_a_map = PointRobot(robot_map())
    for system in (MountainCar(), MountainCarContinuous(), Pendulum(), DoubleIntegrator(), CartPole(), robot_on_a_map):
        low, high = np.array(system.low)[:, None], np.array(system.high)[:, None]
        corner = rng.uniform(low, high, (system.dimension, count))
        other = np.minimum(corner + (high - low) * 10.0 ** rng.uniform(-6, -1, corner.shape), high)
        point = np.clip(corner + rng.random(corner.shape) * (other - corner), corner, other)
        choices: Any = [system.actions] if isinstance(system.actions, Interval) else system.actions
        outside = 0
        for action in choices:
            one = rng.uniform(action.low, action.high, count) if isinstance(action, Interval) else action
            for image, number in zip(
                system.box_step(box(corner, other), action), system.step(tuple(point), one), strict=True
            ):
                outside += int(np.sum((number < image.low) | (number > image.high)))
        print(f"{type(system).__name__}: {outside} of {count * len(choices):,} transitions leave their box", flush=True)


def table() -> None:
    """How far interpolated values are from the bounds that are proven."""
    hill = MountainCar()
    plan = solve(hill, cells=(340, 320))
    points = np.random.default_rng(0).uniform((-1.2, -0.07), (0.5, 0.07), (10_000, 2))
    lower, upper = plan.bounds(points)
    for shape in ((20, 20), (40, 40), (80, 80), (160, 160)):
        begun = process_time()
        found = planners.solve(nodes(hill, shape), discount=1.0, tolerance=1e-3)
        spent = process_time() - begun
        V = weights(hill, shape, points.T) @ np.nan_to_num(found.values, neginf=-200.0)
        off = np.maximum(np.maximum(lower - V, V - upper), 0.0)
        print(
            f"{shape}: {np.mean(off > 0):.1%} of the values are outside the bounds, by up to {off.max():.1f}; "
            f"{spent:.1f} s"
        )
    assert node_states(hill, (20, 20)).shape == (2, 400)


def robot_map(size: int = 40, walls: float = 0.12, pits: float = 0.1) -> list[str]:
    """A random map with the goal in the middle, and a start in a corner."""
    drawn = np.random.default_rng(0).random((size, size))
    squares = np.where(drawn < walls, "#", np.where(drawn < walls + pits, "-", "."))
    squares[size // 2, size // 2], squares[-1, 0] = "+", "S"
    return ["".join(row) for row in squares]


def robot(noises: tuple[float, ...] = (0.1, 0.2), shapes: tuple[int, ...] = (160, 320)) -> None:
    for noise in noises:
        for shape in shapes:
            begun = process_time()
            plan = reachability(PointRobot(robot_map(), noise=noise), cells=(shape, shape), steps=200)
            lower, upper = plan.bounds([0.5, 0.5])
            wide = float(np.mean((plan.upper - plan.lower)[plan.live] > 0.05))
            print(
                f"noise {noise}, {shape} x {shape} cells: mean gap {plan.mean_gap:.4f}, {wide:.1%} of the states above "
                f".05; from the corner {lower:.4f} to {upper:.4f}; {process_time() - begun:.0f} s",
                flush=True,
            )


def drawn(count: int = 40, cells: tuple[int, int] = (1360, 1280)) -> None:
    """Starts drawn as the environment draws them: how many are exact, how many within one step."""
    begun = process_time()
    places = np.random.default_rng(0).uniform(-0.6, -0.4, count)
    proofs: Any = prove(MountainCar(), [[x, 0.0] for x in places], cells=cells)
    open_steps = np.array([proof.steps - 1 - proof.impossible for proof in proofs])
    print(
        f"{count} starts drawn from -0.6 to -0.4: {np.sum(open_steps == 0)} exactly, {np.sum(open_steps <= 1)} within "
        f"one step, {process_time() - begun:.0f} s with the field"
    )


def exact(count: int = 100_000) -> None:
    """Points of boxes, stepped with 30 digits by formulas of their own: are they in the images of the boxes?"""
    import mpmath

    from tests.planners.continuous.test_systems import EVERY, boxes_and_points, exact_step

    rng, begun = np.random.default_rng(0), process_time()
    for system in EVERY[:4]:  # those whose exact formulas the tests have
        boxes, point, actions, action = boxes_and_points(system, rng, count // 4)
        after, chosen, outside = system.box_step(boxes, actions), np.broadcast_to(action, count // 4), 0
        with mpmath.workdps(30):
            for n in range(count // 4):
                found = exact_step(system, point[:, n], chosen[n].item())
                outside += any(not each.low[n] <= x <= each.high[n] for each, x in zip(after, found, strict=True))
        print(f"{type(system).__name__}: {outside} of {count // 4:,} exact steps leave their box", flush=True)
    print(f"{process_time() - begun:.0f} s")


def zonotope(count: int = 10_000, cells: tuple[int, int] = (120, 120)) -> None:
    """The closed form of the double integrator's least number of steps, at drawn states."""
    from tests.oracles.double_integrator import steps_of_all

    system, begun = DoubleIntegrator(goal=0.1), process_time()
    plan = solve(system, cells=cells)
    states = np.random.default_rng(0).uniform(-1.5, 1.5, (count, 2))
    states = states[np.logical_not(system.ended(tuple(states.T)))]
    lower, upper = plan.bounds(states)
    spent, steps = process_time() - begun, steps_of_all(system.time, 0.1, states, 200)
    outside, finite = int(np.sum((-steps < lower) | (-steps > upper))), np.isfinite(lower)
    print(
        f"{outside} of {len(states):,} exact numbers of steps are outside the bounds; {finite.mean():.1%} of the lower "
        f"ones are finite, mean gap of those {np.mean((upper - lower)[finite]):.2f} steps, {spent:.1f} s"
    )


def quadratic(count: int = 10_000, cells: tuple[int, int] = (120, 120)) -> None:
    """Riccati's value, where the best policy meets no limit."""
    system, begun = DoubleIntegrator(size=2.0), process_time()
    plan = solve(system, cells=cells, discount=0.95)
    truth, A, push = linear_quadratic(system, 0.95), np.array([[1.0, 0.1], [0.0, 1.0]]), np.array([[0.005], [0.1]])
    states = np.random.default_rng(0).uniform(-1.0, 1.0, (count, 2))
    now, free = states.T, np.ones(count, dtype=bool)
    for _ in range(300):
        free &= (np.abs(now).max(axis=0) < 2.0) & (np.abs(truth.K @ now)[0] < 1.0)
        now = (A - push @ truth.K) @ now
    lower, upper = plan.bounds(states[free])
    V = truth.value(states[free])
    print(
        f"{np.sum((lower > V) | (upper < V))} of {free.sum():,} values are outside the bounds; mean gap "
        f"{np.mean(upper - lower):.3f}, mean |V| {np.mean(np.abs(V)):.2f}, {process_time() - begun:.1f} s"
    )


def peers() -> None:
    """Steps of the double integrator by several tools, beside the closed form: the error at about equal time."""
    from tests.oracles.double_integrator import steps_of_all

    system, folder = DoubleIntegrator(goal=0.1), Path(mkdtemp())
    states = np.random.default_rng(0).uniform(-1.5, 1.5, (3000, 2))
    states = states[np.logical_not(system.ended(tuple(states.T)))]
    steps = steps_of_all(system.time, 0.1, states, 200)
    states, steps = states[steps <= 48], steps[steps <= 48]

    def row(name: str, found: Any, spent: float) -> None:
        known = np.isfinite(found)
        print(
            f"{name:44} {spent:6.1f} s  mean error {np.mean(np.abs(found - steps)[known]):6.2f} steps, largest "
            f"{np.abs(found - steps)[known].max():6.2f}, known {known.mean():.1%}",
            flush=True,
        )

    for cells in ((50, 50), (100, 100), (200, 200)):
        begun = process_time()
        plan = solve(system, cells=cells)
        lower, upper = plan.bounds(states)
        spent = process_time() - begun
        row(f"proven: at most so many, {cells}", -lower, spent)
        row(f"proven: at least so many, {cells}", -upper, spent)
    for scheme in ("multilinear", "simplex"):
        for shape in ((40, 40), (160, 160), (400, 400), (640, 640)):
            begun = process_time()
            values = planners.solve(nodes(system, shape, scheme=scheme), discount=1.0, tolerance=1e-3).values
            V = weights(system, shape, states.T, scheme) @ np.nan_to_num(values, neginf=-200.0)
            row(f"interpolation, {scheme}, {shape}", -V, process_time() - begun)
    if python := os.environ.get("HJ_PYTHON"):
        np.save(folder / "states.npy", states)
        for count in (101, 201, 401):
            command = [python, str(Path(__file__).parent / "hj_double_integrator.py"), str(count)]
            done = subprocess.run(
                [*command, str(folder / "states.npy"), str(folder / "times.npy")],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            found = np.ceil(np.load(folder / "times.npy") / system.time - 1e-6)
            row(f"hj-reachability, very_high, ({count}, {count})", found, float(done.stdout))
            low = np.mean(found < steps), np.mean(found > steps)
            print(f"    below the exact number at {low[0]:.1%}, above at {low[1]:.1%} of the states: no bound")
    else:
        print("hj-reachability: set HJ_PYTHON to a Python that has it")


def safety(cells: tuple[int, ...] = (60, 40, 24, 48), episodes: int = 30) -> None:
    """CartPole: the share of states from which the pole is proven to stay up, and episodes in Gymnasium from such."""
    begun, rng, done = process_time(), np.random.default_rng(0), 0
    plan = stay_safe(CartPole(), cells)
    print(f"{plan}\n{process_time() - begun:.0f} s of processor time", flush=True)
    env: Any = gym.make("CartPole-v1")
    states = rng.uniform(CartPole.low, CartPole.high, (4000, 4))
    for state in states[plan.safe(states)][:episodes]:
        env.reset(seed=0)
        env.unwrapped.state, observation, over, terminated = state.copy(), state, False, False
        plan.reset()
        while not over:
            observation, _, terminated, over, _ = env.step(plan.act(observation))
            over |= terminated
        done += not terminated
    print(f"{done} of {episodes} episodes from drawn proven states lasted 500 steps")


PARTS = {
    "starts": starts, "drawn": drawn, "field": field, "pendulum": pendulum, "soundness": soundness, "exact": exact,
    "zonotope": zonotope, "quadratic": quadratic, "nodes": table, "peers": peers, "safety": safety, "robot": robot,
}  # fmt: skip

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        print(f"-- {part}", flush=True)
        PARTS[part]()
