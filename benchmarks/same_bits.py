"""Digests of thirty plans and three short trainings: two commits that print the same lines compute the same bits.

python benchmarks/same_bits.py > before.txt     # on one commit
python benchmarks/same_bits.py | diff before.txt -     # on the other
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np

import gan_lab
import gridworld_env
import planners
from planners.distributed import solve_in_parts

METHODS = (planners.value_iteration, planners.policy_iteration, planners.modified_policy_iteration)
METHODS += (planners.gauss_seidel, planners.linear_program)


def digest(*arrays: Any) -> str:
    """First 16 digits of the SHA-256 of the arrays' types, shapes and bytes."""
    state = hashlib.sha256()
    for array in map(np.ascontiguousarray, arrays):
        state.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return state.hexdigest()[:16]


def drawn_model(seed: int) -> planners.TabularMDP:
    """A model of 60 states and 3 actions with four successors each."""
    rng = np.random.default_rng(seed)
    P = np.zeros((60, 3, 60))
    for row in P.reshape(-1, 60):
        row[rng.choice(60, 4, replace=False)] = rng.dirichlet(np.ones(4))
    return planners.TabularMDP.from_arrays(P, rng.normal(size=(60, 3)), terminal=np.arange(60) % 30 == 7)


def plans() -> Iterator[tuple[str, planners.Plan]]:
    """Every method on three models, then larger maps: parts, starts, many, the twin of a GPU."""
    lecture = gym.make("GridWorld-v0", map_name="lecture", slip=0.2, step_reward=-0.04)
    lake, taxi = gym.make("FrozenLake-v1", map_name="8x8"), gym.make("Taxi-v4")
    for name, model in (("lecture", lecture), ("lake", lake), ("drawn", drawn_model(11))):
        for method in METHODS:
            yield (
                f"{name} {method.__name__}",
                method(model, discount=0.95, **({"seed": 5} if method is planners.policy_iteration else {})),
            )
    yield "lecture undiscounted", planners.solve(lecture, discount=1.0)
    yield "lake undiscounted", planners.value_iteration(lake, discount=1.0, tolerance=1e-4)
    yield "taxi", planners.solve(taxi, discount=0.99)
    yield "taxi gauss_seidel", planners.gauss_seidel(taxi, discount=0.99)
    for size, options in ((12, {}), (40, {"slip": 0.1}), (150, {"slip": 0.2}), (150, {"moves": "octile"})):
        rows = list(gridworld_env.random_map(size, size, seed=size))
        world = gym.make("GridWorld-v0", desc=rows, **options)
        yield f"map {size} {options}", planners.solve(world, discount=0.99)
        if size == 40:
            yield "map 40 in parts", solve_in_parts(world, discount=0.99, parts=3)
            yield "map 40 device", planners.solve(world, discount=0.99, device="cpu")
            first = planners.solve(world, discount=0.99)
            yield "map 40 restarted", planners.gauss_seidel(world, discount=0.99, start=first)
            for member, plan in enumerate(planners.solve_many(world, discounts=[0.9, 0.99])):
                yield f"map 40 of many {member}", plan
    large = drawn_model(13)
    yield "drawn close to 1", planners.solve(large, discount=0.9999, tolerance=1e-5)
    yield "drawn on a device", planners.solve(large, discount=0.9, device="cpu")


def main() -> None:
    """Print a line for each plan and each training."""
    for name, plan in plans():
        history = [(iteration.residual, iteration.error_bound) for iteration in plan.history]
        parts = [plan.values, plan.lower, plan.upper, plan.policy.probabilities, np.array(history)]
        if "parts" not in name:  # a plan in parts knows no whole model, which the optimal actions need
            parts.append(plan.optimal_actions)
        bits = digest(*parts)
        print(f"{bits} {name}: {plan.method}, {plan.status.name}, {plan.iterations} iterations", flush=True)
    for game, options in (("ring8", {}), ("dirac", {"update": "extragradient"}), ("grid25", {"penalty": "r1"})):
        run = gan_lab.train(game, steps=40, seed=7, **options)
        bits = digest(np.array(repr((run.history, run.truth))))
        print(f"{bits} {game}: {run.status.name}", flush=True)


if __name__ == "__main__":
    main()
