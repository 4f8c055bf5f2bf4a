"""Many runs of prediction on a random walk at once: what the exact curves of chapters 6, 7 and 12 lie beside."""

from itertools import pairwise

import numpy as np


def runs_of_walk(
    states: int,
    rate: float,
    *,
    decay: float = 0.0,
    n: int = 0,
    left: float = -1.0,
    initial: float = 0.0,
    episodes: int = 10,
    runs: int = 100,
    seed: int = 1,
    offline: bool = False,
    dutch: bool = False,
) -> np.ndarray:
    """(episodes + 1, runs) root mean squared error over the states, before the first episode and after each.

    Online TD(lambda) with accumulating traces; with `dutch` true online; with n > 0 n-step TD; with `offline` the
    lambda-return algorithm. All runs go step by step together.
    """
    rng = np.random.default_rng(seed)
    true = left + (1.0 - left) * np.arange(1, states + 1) / (states + 1)
    V, errors = np.zeros((runs, states + 2)), []
    V[:, 1:-1] = initial
    ends = np.zeros(states + 2)
    ends[0], ends[-1] = left, 1.0  # what an end pays is taken to be its value
    V[:, [0, -1]] = ends[[0, -1]]
    errors.append(np.sqrt(((V[:, 1:-1] - true) ** 2).mean(axis=1)))
    for _ in range(episodes):
        way = walk(rng, states, runs)
        if offline:
            lambda_returns(V, way, rate, decay, states)
        elif n:
            n_steps(V, way, rate, n, states)
        else:
            traces(V, way, rate, decay, states, dutch)
        errors.append(np.sqrt(((V[:, 1:-1] - true) ** 2).mean(axis=1)))
    return np.array(errors)


def walk(rng: np.random.Generator, states: int, runs: int) -> np.ndarray:
    """(T + 1, runs) states 0 (left end) to states + 1 (right end); whoever has arrived stays."""
    s = np.full(runs, (states + 1) // 2)
    way = [s]
    while ((s > 0) & (s <= states)).any():
        s = s + np.where((s > 0) & (s <= states), rng.integers(2, size=runs) * 2 - 1, 0)
        way.append(s)
    return np.array(way)


def traces(V: np.ndarray, way: np.ndarray, rate: float, decay: float, states: int, dutch: bool) -> None:
    each, e, old = np.arange(len(V)), np.zeros_like(V), np.zeros(len(V))
    for s, to in pairwise(way):
        on = (s > 0) & (s <= states)
        if decay == 0.0:
            V[each, s] += on * rate * (V[each, to] - V[each, s])
            continue
        here, later = V[each, s].copy(), V[each, to].copy()
        e *= decay
        e[each, s] += on * (1.0 - rate * e[each, s]) if dutch else on
        delta = later - here
        if dutch:
            arrived = (to == 0) | (to == states + 1)
            V += (on * rate * (delta + here - old))[:, None] * e
            V[each, s] -= on * rate * (here - old)
            old = np.where(arrived, 0.0, later)
        else:
            V += (on * rate * delta)[:, None] * e


def n_steps(V: np.ndarray, way: np.ndarray, rate: float, n: int, states: int) -> None:
    each, last = np.arange(len(V)), len(way) - 1
    for t in range(last + n):
        if t + 1 - n < 0:
            continue
        s, to = way[min(t + 1 - n, last)], way[min(t + 1, last)]
        on = (s > 0) & (s <= states) & (t + 1 - n < last)
        V[each, s] += on * rate * (V[each, to] - V[each, s])


def lambda_returns(V: np.ndarray, way: np.ndarray, rate: float, decay: float, states: int) -> None:
    each, old, G = np.arange(len(V)), V.copy(), V[np.arange(len(V)), way[-1]]
    returns = []
    for s, to in zip(way[-2::-1], way[:0:-1], strict=True):
        on = (s > 0) & (s <= states)
        ended = (to == 0) | (to == states + 1)
        G = np.where(on, np.where(ended, old[each, to], (1.0 - decay) * old[each, to] + decay * G), G)
        returns.append(G)
    for s, goal in zip(way[:-1], reversed(returns), strict=True):
        on = (s > 0) & (s <= states)
        V[each, s] += on * rate * (goal - V[each, s])
