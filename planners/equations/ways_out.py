"""Discount 1: going round for free, which no action value can tell from going on.

Without a discount a step that is free and leads back loses nothing: Q*(s,a) = V*(s) also holds for the actions of
a policy that goes round for ever and never earns V*. A *zone* is a set of states in which such steps can go on for
ever: an end component of the actions that can be optimal. Of the actions that stay within a zone those are kept

- that may lead to a state with fewer steps to a way out of the zone, or
- that pay nothing, where V* = 0: to rest there for ever is optimal.

Then every policy that takes kept actions, whichever and however mixed, ends or rests. Proof: within a zone each of
its steps has a chance to reduce the number of steps to the way out, so it stays in no zone for ever, and outside of
zones nothing can go on for ever. By the performance difference lemma it earns V* but for what the bounds leave open.

Sources: de Alfaro (1997), "Formal Verification of Probabilistic Systems", Section 3.3 (end components); Bertsekas and
Tsitsiklis (1991), "An Analysis of Stochastic Shortest Path Problems" (proper policies).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import take_rows
from planners.equations.graph import (
    EndComponents,
    components_at_rest,
    end_components,
    entries,
    graph_of,
    likeliest,
    next_towards,
    rows_of_states,
)
from planners.models.backups import possible_actions
from planners.models.convert import Model
from planners.models.tabular import TabularMDP

Mask = NDArray[np.bool_]
CLOSE: Final = 1e-5  # a distance of the bounds, as a part of the largest value or reward


def optimal_actions(
    model: Model,
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    discount: float,
    actions: NDArray[np.integer] | None = None,
) -> Mask:
    """(S, A) True for every action that can be optimal; at discount 1 without those that only go round for free.

    Args:
        model: Of S states and A actions.
        lower: (S,) lower <= V*.
        upper: (S,) upper >= V*.
        discount: 0 to 1.
        actions: (S,) a policy whose actions are kept: in a zone that it leaves elsewhere than at the nearest way out,
            the steps to the way out are counted along this policy. None: always to the nearest.
    """
    possible = possible_actions(model, lower, upper, discount)
    if discount < 1.0:
        return possible
    mdp, chosen = model.tabular, possible.ravel()
    state_of_row = rows_of_states(mdp)
    endless = (possible & _settled(mdp, lower, upper)[:, None] & (mdp.termination == 0.0)).ravel()
    zones = end_components(mdp.transitions, state_of_row, endless)
    if not zones.internal.any():
        return possible
    free = zones.internal & (mdp.rewards.ravel() == 0.0) & (lower <= 0.0)[state_of_row]
    resting = end_components(mdp.transitions, state_of_row, free)
    kept = _leading_out(mdp, chosen, zones, resting, chosen)
    if actions is not None:
        own = np.zeros_like(kept)
        own[np.arange(mdp.num_states) * mdp.num_actions + actions] = True
        own &= chosen
        elsewhere = np.unique(zones.label[state_of_row[own & ~kept]])
        if len(elsewhere):
            along = own | _leading_out(mdp, chosen, zones, resting, own)
            kept = np.where(np.isin(zones.label, elsewhere)[state_of_row], along, kept)
    return kept.reshape(possible.shape)


def _settled(mdp: TabularMDP, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> Mask:
    """(S,) True where the bounds are so close that what they leave open are ties; else nothing more is ruled out."""
    known = np.isfinite(lower) & np.isfinite(upper)
    size = max(np.abs(upper[known]).max(initial=0.0), np.abs(mdp.rewards[mdp.feasible]).max(initial=0.0))
    return known & (np.where(known, upper, 0.0) - np.where(known, lower, 0.0) <= CLOSE * size)


def _leading_out(mdp: TabularMDP, possible: Mask, zones: EndComponents, resting: EndComponents, counted: Mask) -> Mask:
    """(S*A,) the possible rows without those that stay in a zone and lead no nearer to a way out of it.

    Args:
        mdp: The model.
        possible: (S*A,) rows that can be optimal.
        zones: End components of them.
        resting: End components in which to rest is optimal.
        counted: (S*A,) rows along which steps are counted, and which are the ways out.
    """
    state_of_row = rows_of_states(mdp)
    targets = resting.label >= 0
    targets[state_of_row[counted & ~zones.internal]] = True
    steps = _steps_to(mdp.transitions, state_of_row, counted & zones.internal, targets)
    row, next_state = entries(mdp.transitions, zones.internal)
    nearer = np.zeros(len(possible), dtype=bool)
    nearer[row[steps[next_state] < steps[state_of_row[row]]]] = True
    unknown = np.isinf(steps)[state_of_row]  # no way out was found, so nothing is ruled out
    return possible & (~zones.internal | resting.internal | nearer | unknown)


def _steps_to(
    transitions: sparse.csr_array, state_of_row: NDArray[np.int64], rows: Mask, targets: Mask
) -> NDArray[np.float64]:
    """(S,) the fewest steps along the rows in which a target may be reached; inf where there is no way."""
    from scipy.sparse import csgraph

    count = transitions.shape[1]
    row, next_state = entries(transitions, rows)
    sources = np.flatnonzero(targets)
    tails = np.concatenate((next_state, np.full(len(sources), count)))
    heads = np.concatenate((state_of_row[row], sources))
    backwards = graph_of(tails, heads, count + 1)
    return csgraph.dijkstra(backwards, indices=[count], unweighted=True)[0, :count] - 1.0


def nearest_ways_out(mdp: TabularMDP, lower: NDArray[np.float64], actions: NDArray[np.integer]) -> NDArray[np.integer]:
    """(S,) the actions of a policy worth `lower`, changed so that it leaves each free zone by the nearest way.

    In a zone of steps that pay nothing all states are worth the same, and a proof of one way out is enough for a
    policy. Where others are as good, a policy that passes them by is hard to read. A way out is taken if it is
    proven to be worth `lower` too, T L >= L; if the changed policy were not sure to end or to rest, none is.
    """
    S, A = mdp.num_states, mdp.num_actions
    free = (mdp.feasible & (mdp.termination == 0.0) & (mdp.rewards == 0.0)).ravel()
    if not free.any():
        return actions
    state_of_row, own = rows_of_states(mdp), np.arange(S) * A + actions
    known = np.isfinite(lower)
    free &= known[state_of_row]
    zones = components_at_rest(mdp) if known.all() else end_components(mdp.transitions, state_of_row, free)
    inside = zones.label >= 0
    leaves = inside & ~zones.internal[own]
    left = inside & np.isin(zones.label, zones.label[leaves])
    if not left.any():
        return actions
    worth = _proven_worth(mdp, lower)
    proven = mdp.feasible.ravel() & ~zones.internal & left[state_of_row] & (worth >= lower[state_of_row])
    exits = np.where(proven, worth, -np.inf).reshape(S, A).argmax(axis=1)
    has_exit = proven.reshape(S, A).any(axis=1) & ~leaves
    chosen = np.where(has_exit, exits, actions)
    moving = left & ~leaves & ~has_exit
    steps = _steps_to(mdp.transitions, state_of_row, zones.internal, leaves | has_exit)
    row, next_state = entries(mdp.transitions, zones.internal)
    nearer = steps[next_state] < steps[state_of_row[row]]
    probability = mdp.transitions.data[np.repeat(zones.internal, np.diff(mdp.transitions.indptr))]
    rows = likeliest(row[nearer], probability[nearer], state_of_row, S)
    chosen[moving] = rows[moving] % A
    changed = np.arange(S) * A + chosen
    over = (mdp.termination.ravel()[changed] > 0) | (inside & ~left)
    towards = next_towards(take_rows(mdp.transitions, changed), np.arange(S), np.ones(S, dtype=bool), over)
    return chosen.astype(actions.dtype) if (towards[known] >= 0).all() else actions


def _proven_worth(mdp: TabularMDP, lower: NDArray[np.float64]) -> NDArray[np.float64]:
    """(S*A,) proven: not above r + P L, in extended precision where the machine has it."""
    wide = np.longdouble
    values = np.where(np.isfinite(lower), lower, 0.0).astype(wide)
    rewards = mdp.rewards.ravel().astype(wide)
    row, next_state = entries(mdp.transitions, np.ones(len(rewards), dtype=bool))
    terms = mdp.transitions.data.astype(wide) * values[next_state]
    total, size = rewards.copy(), np.abs(rewards)
    np.add.at(total, row, terms)
    np.add.at(size, row, np.abs(terms))
    total -= (mdp.longest_row + 4) * np.finfo(wide).eps * size
    sinking = np.zeros(len(rewards), dtype=bool)
    sinking[row[~np.isfinite(lower)[next_state]]] = True
    nearest = total.astype(np.float64)
    return np.where(sinking, -np.inf, np.where(nearest > total, np.nextafter(nearest, -np.inf), nearest))
