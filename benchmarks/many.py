"""`planners.solve_many` beside one solve after the other, on one map at many step rewards and at many discounts.

    .venv/bin/python benchmarks/many.py        a minute; prints a table

All plans are certified to 1e-6, and those of the two ways are compared. The best of three, the ways by turns. On a busy
machine set NUMBA_NUM_THREADS=1, or threads wait for each other.
"""

import time
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import models
import numpy as np

import planners
from gridworld_env.dynamics.rules_to_tables import Rules, make_mdp
from gridworld_env.grid.grid import parse_grid

COUNT = 32
TIMES = 3
STEPS = np.linspace(-0.2, -0.01, COUNT)
DISCOUNTS = 1.0 - np.geomspace(0.1, 0.001, COUNT)


def compare(side: int, variants: dict[str, Any], each: Callable[[int], Any]) -> None:
    """A line: seconds together, by `solve` one by one, and by `gauss_seidel` one by one."""
    env = gym.make("GridWorld-v0", desc=rows(side), slip=0.2)
    ways = {
        "solve_many": lambda: planners.solve_many(env, **variants),
        "solve": lambda: [planners.solve(*each(k)[:1], discount=each(k)[1]) for k in range(COUNT)],
        "gauss_seidel": lambda: [planners.gauss_seidel(*each(k)[:1], discount=each(k)[1]) for k in range(COUNT)],
    }
    best, plans = dict.fromkeys(ways, np.inf), {}
    for _ in range(TIMES):
        for name, way in ways.items():
            begin = time.perf_counter()
            plans[name] = way()
            best[name] = min(best[name], time.perf_counter() - begin)
    apart = max(
        float(np.abs(one.values - other.values).max())
        for name in ("solve", "gauss_seidel")
        for one, other in zip(plans["solve_many"], plans[name], strict=True)
    )
    together = best["solve_many"]
    others = " | ".join(f"{best[name]:.2f} s, {best[name] / together:.1f}" for name in ("solve", "gauss_seidel"))
    print(
        f"| {side} x {side} | {COUNT} {next(iter(variants))} | {together:.2f} s | {others} | {apart:.1e} |", flush=True
    )


def rows(side: int) -> list[str]:
    return [row.tobytes().decode() for row in models.random_walls(str(side), models.SEED)]


def main() -> None:
    print("| map | models | `solve_many` | `solve` one by one | `gauss_seidel` one by one | values apart |")
    print("|---|---|---|---|---|---|")
    for side in (50, 200):
        grid = parse_grid(rows(side))
        maps = [make_mdp(grid, Rules(slip=0.2, step_reward=float(step))) for step in STEPS]
        plain = make_mdp(grid, Rules(slip=0.2))
        compare(side, {"step_rewards": STEPS, "discount": 0.99}, lambda k, maps=maps: (maps[k], 0.99))
        compare(side, {"discounts": DISCOUNTS}, lambda k, plain=plain: (plain, float(DISCOUNTS[k])))


if __name__ == "__main__":
    main()
