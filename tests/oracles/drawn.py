"""Models drawn at random, too large to be checked by fractions."""

import numpy as np
from scipy import sparse

from planners import MoveMDP, TabularMDP


def drawn_moves(
    rng: np.random.Generator, states: int = 40, kinds: int = 3, moves: int = 5, actions: int = 6
) -> MoveMDP:
    """Any moves, some of which end the episode; kinds of squares that mix them differently."""
    mixture = rng.random((kinds, actions, moves)) * (rng.random((kinds, actions, moves)) < 0.6) + 1e-3
    return MoveMDP(
        successor=rng.integers(0, states, (states, moves), dtype=np.int32),
        outcome=rng.integers(0, 5, (states, moves), dtype=np.uint8),
        outcome_reward=rng.normal(size=5),
        outcome_ends=np.array([False, False, False, False, True]),
        mixture=mixture / mixture.sum(axis=2, keepdims=True),
        kind=rng.integers(0, kinds, states, dtype=np.uint8),
    )


def drawn_rows(rng: np.random.Generator, states: int = 30, ends: float = 0.1, feasible: bool = True) -> TabularMDP:
    """Three actions a state, some of them missing, each leading to a few states."""
    P = rng.random((states, 3, states)) * (rng.random((states, 3, states)) < 0.2) + 1e-4
    P *= (1.0 - ends * rng.random((states, 3, 1))) / P.sum(axis=2, keepdims=True)
    exists = rng.random((states, 3)) < 0.7 if feasible else np.ones((states, 3), dtype=bool)
    exists[:, 0] = True
    P[~exists] = 0.0
    over = np.where(exists, 1.0 - P.sum(axis=2), 0.0) if ends else np.zeros((states, 3))
    return TabularMDP(
        transitions=sparse.csr_array(P.reshape(-1, states)),
        termination=np.maximum(over, 0.0),
        rewards=np.where(exists, rng.normal(size=(states, 3)), 0.0),
        feasible=exists,
    )
