"""The exact error curves of the walk of 19 states over the plane of lambda and alpha, beside simulated runs.

    python benchmarks/learning_truth.py --runs 100000

Prints the processor time of the exact plane, and by how many standard errors the mean squared error of that many runs
differs, after each of ten episodes, at every point of the plane.
"""

import argparse
import time

import numpy as np
from numba import njit

import planners
from gridworld_env.models import random_walk

STATES, EPISODES = 19, 10
RATES = np.arange(1, 21) / 20.0
DECAYS = (0.0, 0.4, 0.8, 0.9, 0.95, 0.975, 0.99, 1.0)  # those of Figure 12.3
TRUE = (np.arange(STATES) - 9) / 10.0


@njit
def simulated(rate, decay, online, runs, seed):
    """(episodes, 2) sums over the runs of the mean squared error of the estimates, and of its square."""
    np.random.seed(seed)  # noqa: NPY002 - Numba has its own stream, which is seeded so
    found = np.zeros((EPISODES, 2))
    way, returns = np.empty(1_000_000, np.int64), np.empty(1_000_000)
    for _ in range(runs):
        V = np.zeros(STATES)
        for episode in range(EPISODES):
            s, n = STATES // 2, 0
            while 0 <= s < STATES:
                way[n] = s
                n += 1
                s += 1 if np.random.random() < 0.5 else -1  # noqa: NPY002
                if online:
                    last = way[n - 1]
                    later = V[s] if 0 <= s < STATES else (-1.0 if s < 0 else 1.0)
                    V[last] += rate * (later - V[last])
            if not online:
                G = -1.0 if s < 0 else 1.0
                for t in range(n - 1, -1, -1):
                    if t < n - 1:
                        G = (1.0 - decay) * V[way[t + 1]] + decay * G
                    returns[t] = G
                for t in range(n):
                    V[way[t]] += rate * (returns[t] - V[way[t]])
            error = ((V - TRUE) ** 2).mean()
            found[episode, 0] += error
            found[episode, 1] += error * error
    return found


def exact(rate: float, decay: float, online: bool) -> np.ndarray:
    """(episodes,) the same, exactly."""
    rule = planners.TD(rate=rate) if online else planners.LambdaReturn(rate, decay)
    curves = planners.value_error(random_walk(STATES), [0] * STATES, rule, discount=1.0, episodes=EPISODES)
    return curves.root_mean_squared_error[1:] ** 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--every", type=int, default=1, help="simulate only every so many points")
    arguments = parser.parse_args()
    points = [(rate, decay, False) for decay in DECAYS for rate in RATES] + [(rate, 0.0, True) for rate in RATES]
    began = time.process_time()
    curves = [exact(*point) for point in points]
    print(f"exact: {len(points)} curves of {EPISODES} episodes in {time.process_time() - began:.1f} s", flush=True)
    simulated(0.1, 0.1, False, 1, 0)
    began, worst, count = time.process_time(), 0.0, arguments.runs
    chosen = range(0, len(points), arguments.every)
    for k in chosen:
        sums = simulated(*points[k], count, k)
        mean, square = sums.T / count
        spread = np.maximum((square - mean**2) / (count - 1), 1e-24)  # 0 where chance cannot tell runs apart
        away = np.abs(mean - curves[k]) / np.sqrt(spread)
        worst = max(worst, float(away.max()))
        rate, decay, online = points[k]
        rule = "TD(0), online" if online else f"lambda-return {decay:g}"
        print(f"{rule:20s} alpha {rate:.2f}  exact {curves[k][-1]:.6f}  simulated {mean[-1]:.6f}  {away.max():.2f}")
    seconds = time.process_time() - began
    print(
        f"simulated: {len(chosen)} points, {count} runs each, in {seconds:.0f} s; at most {worst:.2f} standard errors"
    )


if __name__ == "__main__":
    main()
