"""How the time of `planners.solve` grows with the work: states, discount, actions, and next states of each action.

    OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 nice -n 5 .venv/bin/python benchmarks/growth.py     two minutes
    .venv/bin/python docs/figures.py growth                       draws the picture of docs/choosing.md

One number changes, the others stay. Each point is solved five times, in turns with the others, so that what disturbs
one disturbs all; stored are the median, the smallest and the largest of the seconds of the processor, in growth.json.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import models
import numpy as np
from scipy import sparse

import planners
from planners import TabularMDP

OUT = Path(__file__).with_name("growth.json")
ROUNDS = 5
DISCOUNT = 0.99
Make = Callable[[], Any]


def spread_out(states: int, actions: int, branching: int) -> TabularMDP:
    """Each action leads to so many states, drawn from all, with weights Exp(1); rewards are N(0, 1)."""
    rng = np.random.default_rng(models.SEED)
    rows = states * actions
    columns = np.sort(rng.integers(0, states, (rows, branching)), axis=1)
    weights = rng.exponential(size=(rows, branching))
    weights /= weights.sum(axis=1, keepdims=True)
    indptr = np.arange(0, rows * branching + 1, branching)
    transitions = sparse.csr_array((weights.ravel(), columns.ravel(), indptr), shape=(rows, states))
    transitions.sum_duplicates()
    ends, rewards = np.zeros((states, actions)), rng.normal(size=(states, actions))
    return TabularMDP(transitions, ends, rewards, np.ones((states, actions), dtype=bool), np.full(states, 1 / states))


def cases() -> dict[str, list[tuple[float, Any, float]]]:
    """By what changes: (its value, the model, the discount)."""
    maps = {side: models.build(f"walls-{side}") for side in (30, 100, 300, 1000)}
    near = (0.9, 0.99, 0.999, 0.9999, 0.99999)
    return {
        "states of a map": [(float(model.num_states), model, DISCOUNT) for model in maps.values()],
        "1 / (1 - discount), 9,000 states": [(1 / (1 - discount), maps[100], discount) for discount in near],
        "actions, 2,000 states": [
            (a, spread_out(2000, int(a), 8), DISCOUNT) for a in (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
        ],
        "next states of an action, 2,000 states": [
            (b, spread_out(2000, 4, int(b)), DISCOUNT) for b in (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
        ],
    }


def seconds(model: Any, discount: float) -> float:
    begin = time.process_time()
    planners.solve(model, discount=discount)
    return time.process_time() - begin


def main() -> None:
    """Measure, and write the file."""
    found = cases()
    for points in found.values():  # compiles, and loads what is loaded late
        for _, model, discount in points:
            planners.solve(model, discount=discount)
    times = {what: [[] for _ in points] for what, points in found.items()}
    for _ in range(ROUNDS):
        for what, points in found.items():
            for kept, (_, model, discount) in zip(times[what], points, strict=True):
                kept.append(seconds(model, discount))
    rows = {
        what: [
            [value, statistics.median(kept), min(kept), max(kept)]
            for kept, (value, *_) in zip(times[what], points, strict=True)
        ]
        for what, points in found.items()
    }
    OUT.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    for what, points in rows.items():
        print(what, *(f"{value:g}: {1e3 * median:.2f} ms" for value, median, *_ in points), sep="\n    ")


if __name__ == "__main__":
    main()
