"""Learners that explore on purpose: exact regret beside published figures, bsuite's criterion, and what plans take.

    OMP_NUM_THREADS=1 python benchmarks/exploration.py river [--steps 100000] [--seeds 10]     RiverSwim, minutes
    OMP_NUM_THREADS=1 python benchmarks/exploration.py sea [--seeds 3]                         Deep Sea, minutes
    OMP_NUM_THREADS=1 python benchmarks/exploration.py plans                                   seconds

Published: Osband, Russo and Van Roy (2013), "(More) efficient reinforcement learning via posterior sampling", Table 1:
the regret of 100,000 steps on RiverSwim, in episodes of 20 steps and without an end; from memory, not looked up again.
Their PSRL believes in Dirichlet (1/S) and normal-gamma distributions; ours is told the noise of rewards. bsuite's
criterion: Osband et al. (2020), "Behaviour Suite for Reinforcement Learning": less than 90 % of all episodes so far
were bad, before episode 2^N + 100, which is what dithering takes.
"""

import argparse
import time
from typing import Any

import numpy as np

import planners
from gridworld_env.models import find_model

EPISODIC = [
    ("PSRL, noise 1", planners.PosteriorSampling(horizon=20, prior=1 / 6), "68.8"),
    ("PSRL, noise .1", planners.PosteriorSampling(horizon=20, prior=1 / 6, noise=0.1), ""),
    ("UCRL2", planners.UCRL2(horizon=20), "1260"),
    ("UCRL2, scale .1", planners.UCRL2(horizon=20, scale=0.1), ""),
    ("UCBVI, bonus 7", planners.UCBVI(horizon=20), ""),
    ("UCBVI, bonus .05", planners.UCBVI(horizon=20, bonus=0.05), ""),
]
ENDLESS = [
    ("PSRL, noise 1", planners.PosteriorSampling(prior=1 / 6), "106"),
    ("PSRL, noise .1", planners.PosteriorSampling(prior=1 / 6, noise=0.1), ""),
    ("UCRL2", planners.UCRL2(), "3640"),
    ("UCRL2, scale .1", planners.UCRL2(scale=0.1), ""),
    ("R-max, m = 50", planners.RMax(known_after=50), ""),
    ("Q-learning, epsilon .1", planners.QLearning(), ""),
    ("Q-learning, optimistic", planners.QLearning(initial=100.0, exploration=0.0), ""),
]


def river(steps: int, seeds: int) -> None:
    """The regret of so many steps, and the processor time of a step with all of its planning."""
    model = find_model("river_swim", {})
    gain = float(planners.average_reward(model).gain[0])
    print(f"RiverSwim, 6 states, {steps} steps, {seeds} seeds: mean regret and its standard error\n")
    print("| learner | episodes of 20 | published | without an end | published | microseconds a step |")
    print("|---|---|---|---|---|---|")
    for name, agent, said in EPISODIC:
        run, took = timed(model, agent, steps, seeds, 1.0)
        print(f"| {name} | {mean(run.regret.sum(axis=1))} | {said} | | | {took:.1f} |", flush=True)
    for name, agent, said in ENDLESS:
        run, took = timed(model, agent, steps, seeds, 0.99)
        print(f"| {name} | | | {mean(gain * steps - run.rewards.sum(axis=1))} | {said} | {took:.1f} |", flush=True)


def timed(model: Any, agent: Any, steps: int, seeds: int, discount: float) -> tuple[Any, float]:
    """A run, and microseconds a step."""
    begin = time.process_time()
    run = planners.learn(model, agent, steps=steps, discount=discount, seeds=range(seeds))
    return run, (time.process_time() - begin) / (steps * seeds) * 1e6


def mean(numbers: Any) -> str:
    """The mean, with its standard error."""
    error = np.std(numbers, ddof=1) / np.sqrt(len(numbers)) if len(numbers) > 1 else np.nan
    return f"{np.mean(numbers):.1f} +- {error:.1f}"


def sea(seeds: int, most: int = 2_000) -> None:
    """The episode in which Deep Sea counts as solved; the median of the seeds."""
    print("Deep Sea: episode in which less than 90 % of the episodes were bad\n")
    print("| N | dithering | PSRL | UCBVI, bonus .01 | UCRL2, scale .01 | Q-learning, epsilon .1 |")
    print("|---|---|---|---|---|---|")
    for size in (4, 6, 8, 10):
        model = find_model("deep_sea", {"size": size})
        limit = min(2**size + 100, most)
        agents = [
            planners.PosteriorSampling(horizon=size, noise=0.01, prior=1.0 / size**2),
            planners.UCBVI(horizon=size, bonus=0.01),
            planners.UCRL2(horizon=size, scale=0.01),
            planners.QLearning(rate=0.5),
        ]
        cells = []
        for agent in agents:
            runs: Any = planners.learn(model, agent, episodes=limit, discount=1.0, seeds=range(seeds))
            found = [solved(totals) for totals in runs.total_rewards]
            cells.append(f"{np.median(found):.0f}" if np.isfinite(np.median(found)) else f"not in {limit}")
        print(f"| {size} | {2**size + 100} | {' | '.join(cells)} |", flush=True)


def solved(totals: Any) -> float:
    """The first episode after which less than 90 % of all were bad; infinite where there is none."""
    bad = np.cumsum(totals < 0.9) / np.arange(1, len(totals) + 1)
    good = np.flatnonzero(bad < 0.9)
    return float(good[0] + 1) if len(good) else float("inf")


def plans() -> None:
    """Processor time of a plan inside a learner: the first one, and those after, which begin where the last ended."""
    from planners.kernels.small_plans import plan_dense

    print("| states | actions | discount | model | first, microseconds | later |\n|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    for states, actions, discount, kind in (
        (6, 2, 0.99, "river"),
        (11, 4, 0.9, "dense"),
        (20, 2, 0.95, "river"),
        (40, 4, 0.95, "dense"),
        (100, 2, 0.99, "river"),
        (100, 4, 0.95, "dense"),
        (100, 2, 0.99, "drawn"),
    ):
        P = rng.dirichlet(np.full(states, 0.1), size=(states, actions))
        R = rng.normal(size=(states, actions))
        if kind != "dense":
            model = find_model("river_swim", {"num_states": states})
            P, R = model.transitions.toarray().reshape(P.shape), model.rewards.copy()
        if kind == "drawn":  # as PSRL does, after 500 tries of each pair
            P = rng.standard_gamma(500.0 * P + 1.0 / states)
            P /= P.sum(axis=2, keepdims=True)
        Q, V, best = np.empty(R.shape), np.zeros(states), [np.inf, np.inf]
        for later in (0, 1):
            near = V * (1.0 + 0.01 * rng.normal(size=states)) if later else np.zeros(states)
            for _ in range(9):
                begin = time.process_time()
                for _ in range(50):
                    V = near.copy()
                    plan_dense(P, R, discount, Q, V, 1e-9, 1000)
                best[later] = min(best[later], (time.process_time() - begin) / 50 * 1e6)
        print(f"| {states} | {actions} | {discount} | {kind} | {best[0]:.1f} | {best[1]:.1f} |")
    print("\nWith counts and draws, after 20,000 steps along a river:\n")
    print("| states | R-max | UCRL2 | PSRL |\n|---|---|---|---|")
    for states in (6, 20, 100):
        model = find_model("river_swim", {"num_states": states})
        learners = (
            planners.RMax(known_after=20),
            planners.UCRL2(scale=0.1),
            planners.PosteriorSampling(prior=1 / states),
        )
        print(f"| {states} | {' | '.join(f'{whole_plan(model, each):.0f}' for each in learners)} |")


def whole_plan(model: Any, learner: Any) -> float:
    """Microseconds of `plan`, the best of nine."""
    agent, best = planners.learn(model, learner, steps=20_000, discount=0.99, seed=0).agent, np.inf
    for _ in range(9):
        begin = time.process_time()
        for _ in range(10):
            agent.plan()
        best = min(best, (time.process_time() - begin) / 10 * 1e6)
    return best


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["river", "sea", "plans"])
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    if given.what == "river":
        river(given.steps, given.seeds)
    elif given.what == "sea":
        sea(given.seeds)
    else:
        plans()
