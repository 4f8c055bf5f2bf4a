"""The best mean reward a step of an end component, decided exactly: is it positive, 0 or negative?

Floats decide where they can prove it: if one backup of some values gains more than rounding in every state, the
best mean is positive, and if it loses more, negative. Everything else is decided in fractions, over the floats as
they are stored, each row divided by its sum:

    pin one state at h = 0, and begin with a policy that surely reaches it
    repeat:  h = the expected reward on the way to the pinned state
             a row at the pinned state with r + P h > 0, or better rows that never reach it: the mean is positive
    until h >= r + P h for every row: the mean is at most 0

A policy has the mean 0 only where all its rows have h = r + P h. Such rows pay h(s) - h(s') on average, as if they
bought and sold h: whatever way one takes from s to x within an end component of them, it earns h(s) - h(x).

Source: Howard (1960), Chapter 4; that a better policy which never arrives must gain: Bertsekas and Tsitsiklis
(1991), "An Analysis of Stochastic Shortest Path Problems", Proposition 2.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import next_towards, recurrent_classes, rows_towards
from planners.equations.rational_systems import Row, exact_row, expected_until

SWEEPS: Final = 5_000


class Component(NamedTuple):
    """An end component by itself: n states, of which each can be reached from each, and rows sorted by state.

    Attributes:
        transitions: (L, n) CSR; no row may end the episode.
        row_state: (L,) state of each row.
        rewards: (L,) expected reward.
        exact: Tells the L rows in fractions; None: they are what `transitions` and `rewards` are.
    """

    transitions: sparse.csr_array
    row_state: NDArray[np.int64]
    rewards: NDArray[np.float64]
    exact: Callable[[], list[Row]] | None = None


class Balance(NamedTuple):
    """What was decided of a component.

    Attributes:
        sign: 1, 0 or -1: that of the best mean reward; 0 also where it is negative and floats do not prove it, and
            then no end component has level rows only.
        policy: (n,) a row for each state, with that mean from everywhere, where `sign` is 1; else empty.
        potential: (n,) h, where `sign` is 0; else empty.
        level: (L,) bool, the rows with h = r + P h, where `sign` is 0; else empty.
    """

    sign: int
    policy: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    potential: Sequence[Fraction] = ()
    level: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)


def balance(component: Component) -> Balance:
    """Decide the sign of the best mean reward of a component, by floats where they prove it.

    Raises:
        TooLargeError: It takes fractions, and they would take too long.
    """
    if (component.rewards >= 0).all():  # some are positive
        policy = towards(component, {int(component.row_state[row]): int(row) for row in [component.rewards.argmax()]})
        return Balance(1, policy)
    found = _by_floats(component)
    if found is not None:
        return found
    rows = _fractions(component, component.rewards.tolist()) if component.exact is None else component.exact()
    return _by_fractions(component, rows)


def _by_floats(component: Component) -> Balance | None:
    """Relative value iteration, until one backup proves the sign; None if it does not.

    Each step is taken with probability 1/2 only, which makes the chain aperiodic and halves the mean.
    Source: Puterman (2005), Theorem 8.5.5 and Section 8.5.4.
    """
    P, row_state, rewards, _ = component
    first = np.searchsorted(row_state, np.arange(P.shape[1]))
    unit, terms = float(np.finfo(np.float64).eps), int(np.diff(P.indptr).max()) + 8
    values, settled = np.zeros(P.shape[1]), 0
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(SWEEPS):
            gains = rewards + P @ values - values[row_state]
            best = np.maximum.reduceat(gains, first)
            doubt = terms * unit * (float(np.abs(rewards).max()) + 2.0 * float(np.abs(values).max()))
            if best.min() > doubt:
                chosen = np.flatnonzero(gains == best[row_state])
                policy = np.zeros(len(first), dtype=np.int64)
                policy[row_state[chosen]] = chosen
                return Balance(1, policy)
            if best.max() < -doubt:
                return Balance(-1)
            settled = settled + 1 if np.ptp(best) <= 4.0 * doubt else 0
            if settled > 3 or not np.isfinite(doubt):  # it is 0, or too near for floats
                return None
            values = values + 0.5 * best
            values -= values[0]
    return None


def _fractions(component: Component, rewards: Iterable[float | Fraction]) -> list[Row]:
    P = component.transitions
    bounds = zip(P.indptr[:-1], P.indptr[1:], rewards, strict=True)
    return [exact_row(P.indices[a:b].tolist(), P.data[a:b].tolist(), reward) for a, b, reward in bounds]


def _by_fractions(component: Component, rows: list[Row]) -> Balance:
    """The sign by policy iteration in fractions, state 0 pinned."""
    row_state, count = component.row_state.tolist(), component.transitions.shape[1]
    policy = towards(component, {0: 0})
    while True:
        h = expected_until(0, {state: rows[policy[state]] for state in range(1, count)})
        gains = [reward + sum(p * h[t] for t, p in nexts.items()) - h[state]
                 for state, (reward, nexts) in zip(row_state, rows, strict=True)]  # fmt: skip
        best: dict[int, int] = {}
        for row, gain in enumerate(gains):
            if gain > 0 and (row_state[row] not in best or gain > gains[best[row_state[row]]]):
                best[row_state[row]] = row
        if not best:
            level = np.array([gain == 0 for gain in gains])
            return Balance(0, potential=[h[state] for state in range(count)], level=level)
        for state, row in best.items():
            policy[state] = row
        if 0 in best:
            return Balance(1, policy)
        arrives = _arrives(component, policy)
        if not arrives.all():
            lost = np.flatnonzero(~arrives)
            return Balance(1, towards(component, dict(zip(lost.tolist(), policy[lost].tolist(), strict=True))))


def _arrives(component: Component, policy: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) whether the policy can reach state 0."""
    count = len(policy)
    pinned = np.arange(count) == 0
    chain = component.transitions[policy]
    return next_towards(chain, np.arange(count), np.ones(count, dtype=bool), pinned) >= 0


def towards(component: Component, kept: dict[int, int]) -> NDArray[np.int64]:
    """(n,) the rows that are kept, by state, and elsewhere those that most likely lead there on a shortest way."""
    P, row_state = component.transitions, component.row_state
    goal = np.isin(np.arange(P.shape[1]), list(kept))
    every = np.ones(len(row_state), dtype=bool)
    policy = rows_towards(P, row_state, every, np.where(goal, -1, next_towards(P, row_state, every, goal)))
    policy[list(kept)] = list(kept.values())
    return policy


def least_mean(component: Component, costs: Sequence[Fraction]) -> tuple[Fraction, NDArray[np.int64]]:
    """The least mean of `costs`, (n,), over the policies of a component, and (n,) rows of one that has it everywhere.

    Better policies than the mean g are those that gain from rewards g - cost; Dinkelbach's method.

    Raises:
        TooLargeError: See `balance`.
    """
    row_state = component.row_state.tolist()
    least = costs.index(min(costs))
    rows = _fractions(component, np.zeros(len(row_state)))
    for row, (_, nexts) in enumerate(rows):
        if costs[row_state[row]] == costs[least] and nexts.keys() == {row_state[row]}:
            return costs[least], towards(component, {row_state[row]: row})
    mean, policy = max(costs), towards(component, {least: int(np.searchsorted(component.row_state, least))})
    while True:
        chain = component.transitions[policy]
        within = _recurrent_class(chain)
        mean = _mean({state: rows[policy[state]].nexts for state in within}, costs)
        policy = towards(component, {state: int(policy[state]) for state in within})
        priced = [Row(mean - costs[state], nexts) for state, (_, nexts) in zip(row_state, rows, strict=True)]
        found = _by_fractions(component, priced)
        if found.sign <= 0:
            return mean, policy
        policy = found.policy


def _mean(chain: dict[int, dict[int, Fraction]], costs: Sequence[Fraction]) -> Fraction:
    """Mean of the costs in the long run, in a recurrent class: those of one return to a state by its length."""
    start, totals = next(iter(chain)), []
    for paid in (costs, [Fraction(1)] * len(costs)):
        h = expected_until(start, {state: Row(paid[state], chain[state]) for state in chain if state != start})
        totals.append(paid[start] + sum(p * h[state] for state, p in chain[start].items()))
    return totals[0] / totals[1]


def _recurrent_class(chain: sparse.csr_array) -> list[int]:
    """States of one class that is never left and whose states are all visited again and again."""
    label = recurrent_classes(chain, np.ones(chain.shape[0], dtype=bool))
    return np.flatnonzero(label == label.max()).tolist()


def class_values(component: Component, exact: Callable[[], list[Row]]) -> tuple[int, list[Fraction]]:
    """The sign of the mean reward of a recurrent class, and, where it is 0, the values of its states.

    Those are the limits of the expected total reward, or, where it goes up and down, its averages over time:
    h(s) - the mean of h.

    Args:
        component: The class, one row a state.
        exact: Makes the rows in fractions, where floats do not tell.

    Raises:
        TooLargeError: See `balance`.
    """
    found = _by_floats(component)
    if found is not None:
        return found.sign, []
    rows = exact()
    chain = {state: row.nexts for state, row in enumerate(rows)}
    h = expected_until(0, {state: row for state, row in enumerate(rows) if state})
    mean = rows[0].reward + sum(p * h[state] for state, p in rows[0].nexts.items())
    if mean:
        return (1 if mean > 0 else -1), []
    heights = [h[state] for state in range(len(rows))]
    average = _mean(chain, heights)
    return 0, [height - average for height in heights]
