"""Discount 1: what V* means, which states have a finite value, and equations with only one solution.

Total reward may have no limit: who buys and sells for ever has a little more, and a little less again. V* of a
state at discount 1 is defined by the policies as follows.

* +inf where some policy collects reward for ever with positive probability: in an end component with a positive
  mean reward a step, or where one can be reached, even if it may also be missed.
* -inf otherwise, where every policy pays for ever with positive probability.
* Elsewhere the limit of V* as the discount goes up to 1. That is the best of the policies which end the episode,
  or stay for ever at a mean reward of 0 a step. Where their total reward converges, that is its limit; where it
  goes up and down, its average over time: 1/2 for +1, -1, +1, ... To stay for ever for nothing is worth 0.

Three things are settled before any value is computed, exactly, in fractions where floats cannot tell:

1. Where one can stay for ever at a mean reward of 0 a step, the equations say only "as good as itself". Such an
   end component becomes one state, which may leave by any action that leads out, or stay. First those in which no
   step pays: then only what still goes round has to be looked at. If its best mean reward is positive, its states
   have the value +inf. If it is 0, the steps with h = r + P h, for the h that `mean_rewards` finds, are
   merged like steps that pay nothing; the values of the states of one component then differ by h.
2. A state that can reach a component with a positive mean has the value +inf.
3. A state from which no policy surely ends the episode or comes to stay has the value -inf: it pays for ever with
   positive probability. It is taken out, and so is every action that may lead to it.

An action that nearly always leads back to its own state is taken as one step that lasts until it does not.
What is left has a unique solution, and value iteration finds it from any start.

Sources: Bertsekas and Tsitsiklis (1991), "An Analysis of Stochastic Shortest Path Problems"; for 1, Haddad and
Monmege (2018), "Interval iteration algorithm for MDPs and IMDPs", Section 3; for the limit, Blackwell (1962),
"Discrete Dynamic Programming", and Puterman (2005), Section 10.1.
"""

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import take_rows
from planners.equations.graph import EndComponents, next_towards
from planners.equations.merging import Merging
from planners.equations.own_equations import without_waiting
from planners.equations.problem import UNIT_ROUNDOFF, Problem
from planners.equations.rational_systems import exact_row, told_row
from planners.equations.staying import Staying, find_staying, go_to
from planners.models.tabular import TabularMDP

TINY: Final = float(np.finfo(np.float64).tiny)  # from here on a float is rounded by a part of itself
NEAR_ZERO: Final = TINY / UNIT_ROUNDOFF


def reduced_problem(model: TabularMDP) -> Problem:
    """Equations of a model at discount 1, with one solution; see above for what is taken out.

    Raises:
        UnboundedValueError: It cannot be told whether reward can be collected for ever.
    """
    S, A = model.num_states, model.num_actions
    row_state = np.arange(S * A) // A
    staying = find_staying(model, row_state)
    infinite, level = _infinite_values(model, staying, row_state), staying.level
    safe, rows = _surely_ending(model, level, row_state, infinite < 0)
    rows &= ~level.internal
    if not model.may_rest:
        level = level._replace(label=np.where(safe, level.label, -1))
    index, labels = _numbered(safe, level)
    alone = int(index.max(initial=-1)) + 1 - len(labels)
    num_states = alone + len(labels)

    pairs = np.flatnonzero(rows)
    order = np.argsort(index[row_state[pairs]], kind="stable")
    pairs = pairs[order]
    resting = labels if model.may_rest else labels[:0]
    states = np.concatenate((index[row_state[pairs]], np.arange(len(resting)) + alone))
    order = np.argsort(states, kind="stable")
    transitions = take_rows(model.transitions, pairs)
    if alone < S:
        transitions = take_rows(_renumbered(transitions, index, num_states, len(resting)), order)
    worth = np.array([float(staying.worth.get(label, 0)) for label in resting.tolist()])
    rewards, sizes = (np.concatenate((part, worth))[order] for part in _rewards(model, pairs, staying.potential))
    termination = np.concatenate((model.termination.ravel()[pairs], np.ones(len(resting))))[order]
    transitions, termination, scale = without_waiting(transitions, states[order], termination, rewards)
    return Problem(
        model=model,
        discount=1.0,
        transitions=transitions,
        rewards=rewards * scale,
        termination=termination,
        row_state=states[order],
        row_pair=np.concatenate((pairs, np.full(len(resting), -1)))[order],
        merging=Merging(index, infinite, level, _potentials(staying, S), staying.fixed),
        sizes=_sizes(np.abs(sizes), scale, bool(staying.potential)),
        waits=scale,
    )


def _renumbered(transitions: sparse.csr_array, index: NDArray[np.int64], count: int, more: int) -> sparse.csr_array:
    """The rows with their states renumbered by (S,) `index`, equal ones added up, and some empty rows after them."""
    columns, ends = index[transitions.indices].astype(transitions.indices.dtype), transitions.indptr
    ends = np.append(ends, np.full(more, ends[-1], dtype=ends.dtype))
    found = sparse.csr_array((transitions.data, columns, ends), shape=(len(ends) - 1, count))
    found.sum_duplicates()
    return found


def _potentials(staying: Staying, count: int) -> NDArray[np.float64]:
    """(S,) h of merged states; 0 elsewhere."""
    found = np.zeros(count)
    found[list(staying.potential)] = [float(h) for h in staying.potential.values()]
    return found


def _sizes(sizes: NDArray[np.float64], scale: NDArray[np.float64], shifted: bool) -> NDArray[np.float64] | None:
    """(L,) what the scaled rewards are rounded by, as a part of it; None: |r|.

    A reward near 0 was rounded to a multiple of the smallest float, and the scale enlarges that.
    """
    near_zero = (scale != 1.0) & (sizes != 0.0) & (sizes < NEAR_ZERO)
    if not (shifted or near_zero.any()):
        return None
    return (sizes + np.where(near_zero, TINY, 0.0)) * scale


def _numbered(safe: NDArray[np.bool_], level: EndComponents) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(S,) state of the equations of each safe state, those of components last, and the labels of these."""
    merged = safe & (level.label >= 0)
    labels, number = np.unique(level.label[merged], return_inverse=True)
    index = np.full(len(safe), -1, dtype=np.int64)
    plain = safe & ~merged
    index[plain] = np.arange(plain.sum())
    index[merged] = plain.sum() + number
    return index, labels


def _rewards(
    model: TabularMDP, pairs: NDArray[np.int64], potential: dict[int, Fraction]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(len(pairs),) r - h(s) + P h: the rewards between merged states, rounded once; and what rounding is a part of.

    Where the model does not tell r by its outcomes, it was rounded before, and h may cancel nearly all of it.
    """
    P, found = model.transitions, model.rewards.ravel()[pairs]
    sizes = np.abs(found)
    if not potential:
        return found, sizes
    weighted = np.zeros(model.num_states)
    weighted[list(potential)] = 1.0
    touched = (weighted[pairs // model.num_actions] > 0) | (P[pairs] @ weighted > 0)
    termination = model.termination.ravel()
    for place in np.flatnonzero(touched).tolist():
        pair = int(pairs[place])
        told = told_row(model, pair)
        part = slice(P.indptr[pair], P.indptr[pair + 1])
        chances = [*P.data[part].tolist(), float(termination[pair])]
        given = exact_row([*P.indices[part].tolist(), -1], chances, float(found[place])) if told is None else told
        after = sum((p * potential.get(state, 0) for state, p in given.nexts.items()), Fraction())
        size = abs(found[place]) if told is None else 0.0
        found[place] = float(given.reward - potential.get(pair // model.num_actions, 0) + after)
        sizes[place] = max(abs(found[place]), size)
    return found, sizes


def _infinite_values(model: TabularMDP, staying: Staying, row_state: NDArray[np.int64]) -> NDArray[np.float64]:
    """(S,) inf where a gaining component can be reached, else -inf; the actions that lead there are fixed."""
    infinite = np.full(model.num_states, -np.inf)
    if staying.gaining.any():
        feasible = model.feasible.ravel()
        unbounded = next_towards(model.transitions, row_state, feasible, staying.gaining) >= 0
        infinite[unbounded] = np.inf
        go_to(model, unbounded & ~staying.gaining, staying.gaining, feasible, staying.fixed)
    return infinite


def _surely_ending(
    model: TabularMDP, level: EndComponents, row_state: NDArray[np.int64], bounded: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(S,) bounded states from which some policy surely ends or stays, and (S*A,) rows that keep within them.

    Source: de Alfaro (1997), Section 3.2 (almost-sure reachability).
    """
    feasible, termination = model.feasible.ravel(), model.termination.ravel()
    safe = bounded
    while True:
        outside = np.asarray(model.transitions @ (~safe).astype(np.float64)) > 0
        rows = feasible & ~outside & safe[row_state]
        goals = (level.label >= 0) & model.may_rest
        goals[row_state[rows & (termination > 0)]] = True
        reaching = next_towards(model.transitions, row_state, rows, goals & safe) >= 0
        if (reaching == safe).all():
            return safe, rows
        safe = reaching
