"""What bounds of continuous systems cost, in processor time: `python benchmarks/continuous.py [PART ...]`.

Parts: starts (MountainCar, five starts exactly), field (MountainCar, all states), pendulum, soundness (10^6 transitions
in boxes, of each system), nodes (the table of nodes beside the bounds), robot (PointRobot with normal
noise on maps of 40 x 40 squares: the probability of reaching the goal). Without names: all of them.
"""

import sys
from time import process_time
from typing import Any

import numpy as np

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
    node_states,
    nodes,
    prove,
    reachability,
    solve,
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


def pendulum(shapes: tuple[tuple[int, int], ...] = ((100, 100), (200, 200))) -> None:
    for cells in shapes:
        begun = process_time()
        plan = solve(Pendulum(), cells=cells, discount=0.95)
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


PARTS = {"starts": starts, "field": field, "pendulum": pendulum, "soundness": soundness, "nodes": table, "robot": robot}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        print(f"-- {part}", flush=True)
        PARTS[part]()
