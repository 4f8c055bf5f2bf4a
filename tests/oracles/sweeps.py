"""Plain value iteration on Gymnasium's dictionaries, in NumPy: per transition, no future after `terminated`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def padded(P: Any) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """(S, A, K) probabilities, next states, rewards and flags, filled up with probability 0."""
    states, actions = len(P), len(P[0])
    most = max(len(P[s][a]) for s in range(states) for a in range(actions))
    probabilities, rewards = np.zeros((states, actions, most)), np.zeros((states, actions, most))
    next_states, ends = np.zeros((states, actions, most), dtype=np.int64), np.zeros((states, actions, most), dtype=bool)
    for s in range(states):
        for a in range(actions):
            for k, (p, t, r, terminated) in enumerate(P[s][a]):
                probabilities[s, a, k], next_states[s, a, k], rewards[s, a, k], ends[s, a, k] = p, t, r, terminated
    return probabilities, next_states, rewards, ends


def swept_values(P: Any, discount: float, most_sweeps: int = 100_000) -> NDArray[np.float64]:
    """V after sweeps from 0 until nothing changes by more than 1e-13 any more."""
    probabilities, next_states, rewards, ends = padded(P)
    values = np.zeros(len(P))
    for _ in range(most_sweeps):
        future = np.where(ends, 0.0, values[next_states])
        swept = (probabilities * (rewards + discount * future)).sum(axis=2).max(axis=1)
        if np.abs(swept - values).max() <= 1e-13:
            return swept
        values = swept
    raise AssertionError(f"no fixed point after {most_sweeps} sweeps")
