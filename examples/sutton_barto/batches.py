"""Batch learning for chapter 6: the same episodes again and again, by TD and by Monte Carlo, until nothing changes.

What batch TD comes to is V of the model that the episodes suggest (certainty equivalence), and batch Monte Carlo the
mean return of each state: both are known without a single update.
"""

from itertools import pairwise

import numpy as np
from book import Row
from walks import walk

import planners

STATES = 5
TRUE = np.arange(1, STATES + 1) / (STATES + 1)
# Example 6.4 as (state, action, reward, next state, terminated): A 0 B 0; B 1, six times; B 0. A is state 0.
PREDICTOR = [[(0, 0, 0.0, 1, False), (1, 0, 0.0, 1, True)], *[[(1, 0, 1.0, 1, True)]] * 6, [(1, 0, 0.0, 1, True)]]


def repeated(kind: type, passes: int = 2000) -> float:
    """V(A) of Example 6.4 after so many passes over the episodes, with a step size that falls."""
    learner = kind(rate=planners.Decay(0.5, 0.0, power=0.6)).begin((2, 1), discount=1.0, seed=1)
    for _ in range(passes):
        for episode in PREDICTOR:
            for state, action, reward, after, terminated in episode:
                learner.learn(state, action, reward, after, terminated)
    return float(learner.state_values[0])


def fixed_point(updates: np.ndarray, gained: np.ndarray, V: np.ndarray) -> np.ndarray:
    """(runs, 5) V after sweeps of V <- V + alpha (gained + updates V), all of a batch at once, until it has settled."""
    rate = 0.9 / np.abs(np.diagonal(updates, axis1=1, axis2=2)).max(axis=1)[:, None]
    for _ in range(20_000):
        change = rate * (gained + np.einsum("rst,rt->rs", updates, V))
        V = V + change
        if np.abs(change).max() < 1e-9:
            break
    return V


def batch_curves(runs: int, episodes: int) -> dict[str, np.ndarray]:
    """(episodes, runs) root mean squared error after each episode: by sweeps, and what they come to."""
    rng, each = np.random.default_rng(62), np.arange(runs)
    counts, returns = np.zeros((runs, STATES, STATES + 2)), np.zeros((runs, STATES))
    found: dict[str, list[np.ndarray]] = {name: [] for name in ("TD", "MC", "TD, exact", "MC, exact")}
    V = {name: np.full((runs, STATES), 0.5) for name in ("TD", "MC")}
    for _ in range(episodes):
        way = walk(rng, STATES, runs)
        right = way[-1] == STATES + 1
        for s, to in pairwise(way):
            on = (s > 0) & (s <= STATES)
            counts[each[on], s[on] - 1, to[on]] += 1.0
            returns[each[on], s[on] - 1] += right[on]
        visits = counts.sum(axis=2)
        seen, known = visits > 0, np.eye(STATES) * visits[:, :, None]
        within, gained = counts[:, :, 1:-1], counts[:, :, -1]
        V["TD"] = fixed_point(within - known, gained, V["TD"])
        V["MC"] = fixed_point(-known, returns, V["MC"])
        stays = np.eye(STATES) * ~seen[:, :, None]  # a state that was never seen keeps its first estimate
        exact = np.linalg.solve(known - within + stays, (gained + 0.5 * ~seen)[:, :, None])[:, :, 0]
        means = np.where(seen, returns / np.maximum(visits, 1.0), 0.5)
        for name, values in zip(found, (V["TD"], V["MC"], exact, means), strict=True):
            found[name].append(np.sqrt(((values - TRUE) ** 2).mean(axis=1)))
    return {name: np.array(errors) for name, errors in found.items()}


def batch_rows(curves: dict[str, np.ndarray]) -> list[Row]:
    """Example 6.4, and Figure 6.2 after the last episode."""
    last, suggested = {name: errors[-1].mean() for name, errors in curves.items()}, "exact: mean of the returns"
    truth = planners.evaluate(planners.Experience.from_episodes(PREDICTOR).mdp(), [0, 0], discount=1.0)[0]
    what, note = f"error after {len(curves['TD'])} episodes", "exact: certainty equivalence"
    return [
        Row("Example 6.4", "V(A), batch TD", "3/4", repeated(planners.TD), truth, 0.005, note=note),
        Row("Example 6.4", "V(A), batch MC", "0", repeated(planners.MonteCarloPrediction), 0.0, 1e-12),
        Row("Figure 6.2", f"batch TD: {what}", "curve", last["TD"], last["TD, exact"], 1e-6, note=note),
        Row("Figure 6.2", f"batch MC: {what}", "curve", last["MC"], last["MC, exact"], 1e-6, note=suggested),
        Row("Figure 6.2", "batch TD against batch MC", "lower", last["TD"], last["MC"], 0.0, "below"),
    ]
