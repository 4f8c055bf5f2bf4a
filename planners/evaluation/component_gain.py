"""The best gain of a set of states in which one can go anywhere: policy iteration, and its proof by one sweep.

    repeat:  g, h = gain and bias of the policy                         h = 0 in a state x that it comes back to
             in each state, another row where r + P h - h gains more
    until none does

Whatever h is, no policy has a gain above the largest r + P h - h of all rows. Where a better policy falls into several
classes, the class with the best gain is kept, and from elsewhere the policy goes there.

Source: Howard (1960), Chapter 4; Puterman (2005), Sections 8.6 and 9.5.2, Theorem 8.5.5.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import recurrent_classes
from planners.equations.linear_systems import EvaluationSystem
from planners.equations.mean_rewards import Component, towards
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF
from planners.evaluation.gain_and_bias import outwards

MOST_POLICIES: Final = 1_000


class ComponentGain(NamedTuple):
    """The best gain of a component.

    Attributes:
        gain: An estimate.
        upper: Proven: no policy that stays in the component has more.
        rows: (n,) a policy, one row a state, with this gain from everywhere.
        policies: How many were looked at.
        settled: Whether none of them could be improved any more.
    """

    gain: float
    upper: float
    rows: NDArray[np.int64]
    policies: int
    settled: bool


def component_gain(component: Component, internal: NDArray[np.bool_] | None = None) -> ComponentGain:
    """The best gain of a component; (L,) bool `internal`, where only these rows stay in it and all others lead there.

    >>> tour = sparse.csr_array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])       # stay, go, go back, stay
    >>> component_gain(Component(tour, np.array([0, 0, 1, 1]), np.array([1.0, 0.0, 5.0, 2.0]))).gain
    2.5
    """
    P, row_state, rewards = component.transitions, component.row_state, component.rewards
    first = np.searchsorted(row_state, np.arange(P.shape[1]))
    best = int(rewards.argmax() if internal is None else np.where(internal, rewards, -np.inf).argmax())
    policy, number = towards(component, {int(row_state[best]): best}), 0
    doubts = (int(np.diff(P.indptr).max(initial=0)) + 12) * 2.0 * UNIT_ROUNDOFF
    while True:
        number += 1
        gain, h = _evaluated(P[policy], rewards[policy])
        gain = float(np.clip(gain, rewards.min(), rewards.max())) if np.isfinite(gain) else float(rewards.min())
        gains = rewards + P @ h - h[row_state]
        rounding = doubts * (np.abs(rewards) + np.abs(h)[row_state] + P @ np.abs(h))
        rounding += SMALLEST_SUBNORMAL * len(h) * bool(rewards.any())
        upper = outwards((gains + rounding).max(), rounding.max()) if np.isfinite(gains).all() else np.inf
        upper = min(float(upper), float(outwards(rewards.max(), rewards.any())))
        most = np.maximum.reduceat(gains, first)
        chosen = np.flatnonzero(gains == most[row_state])[::-1]
        better = policy.copy()
        better[row_state[chosen]] = chosen
        better = np.where(gains[better] > gains[policy] + rounding[better] + rounding[policy], better, policy)
        if np.array_equal(better, policy) or not np.isfinite(gains).all():
            return ComponentGain(gain, upper, policy, number, bool(np.isfinite(gains).all()))
        if number == MOST_POLICIES:
            return ComponentGain(gain, upper, policy, number, settled=False)
        policy = _of_one_class(component, better)


def _evaluated(chain: sparse.csr_array, rewards: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The gain g, and (n,) h, of a chain of one class and states that lead there."""
    count = chain.shape[0]
    if count == 1:
        return float(rewards[0]), np.zeros(1)
    within = recurrent_classes(chain, np.ones(count, dtype=bool)) >= 0
    pinned = int(np.argmax(np.where(within, chain.sum(axis=0), -1.0)))
    way, h = np.flatnonzero(np.arange(count) != pinned), np.zeros(count)
    system = EvaluationSystem(sparse.csr_array(chain[way][:, way]), 1.0)
    back = sparse.csr_array(chain[[pinned]][:, way])
    with np.errstate(all="ignore"):
        paid, steps = system.solve(rewards[way]), system.solve(np.ones(count - 1))
        gain = float((rewards[pinned] + (back @ paid)[0]) / (1.0 + (back @ steps)[0]))
        h[way] = system.solve(rewards[way] - gain)
    return gain, h


def _of_one_class(component: Component, policy: NDArray[np.int64]) -> NDArray[np.int64]:
    """The policy; where it has several recurrent classes, one that goes to the best of them."""
    chain = component.transitions[policy]
    label = recurrent_classes(chain, np.ones(len(policy), dtype=bool))
    classes = [np.flatnonzero(label == number) for number in np.unique(label[label >= 0])]
    if len(classes) == 1:
        return policy
    gains = [
        _evaluated(sparse.csr_array(chain[states][:, states]), component.rewards[policy[states]])[0]
        for states in classes
    ]
    kept = classes[int(np.nanargmax(gains))]
    return towards(component, dict(zip(kept.tolist(), policy[kept].tolist(), strict=True)))
