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

What is left has a unique solution, and value iteration finds it from any start.

Sources: Bertsekas and Tsitsiklis (1991), "An Analysis of Stochastic Shortest Path Problems"; for 1, Haddad and
Monmege (2018), "Interval iteration algorithm for MDPs and IMDPs", Section 3; for the limit, Blackwell (1962),
"Discrete Dynamic Programming", and Puterman (2005), Section 10.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import EndComponents, end_components, next_towards, rows_towards
from planners.equations.mean_rewards import Balance, Component, balance, least_mean
from planners.equations.merging import Merging
from planners.equations.problem import Problem
from planners.equations.rational_systems import TooLargeError, exact_row
from planners.errors import UnboundedValueError
from planners.models.tabular import TabularMDP
from planners.options import named_states


@dataclass
class _Staying:
    """Where one can stay for ever, and for how much.

    Attributes:
        gaining: (S,) bool, the states of components with a positive mean reward.
        level: Components in which one can stay at a mean of 0.
        potential: h of the states of `level` where it is not 0.
        worth: What it is worth to stay, for each label of `level` where it is not 0.
        fixed: (S,) action for staying, or for gaining; -1 elsewhere.
    """

    gaining: NDArray[np.bool_]
    level: EndComponents
    fixed: NDArray[np.int64]
    potential: dict[int, Fraction] = field(default_factory=dict)
    worth: dict[int, Fraction] = field(default_factory=dict)


def reduced_problem(model: TabularMDP) -> Problem:
    """Equations of a model at discount 1, with one solution; see above for what is taken out.

    Raises:
        UnboundedValueError: It cannot be told whether reward can be collected for ever.
    """
    S, A = model.num_states, model.num_actions
    row_state = np.arange(S * A) // A
    staying = _staying(model, row_state)
    infinite = np.full(S, -np.inf)
    _mark_unbounded(model, staying, infinite, row_state)
    level = staying.level
    safe, rows = _surely_ending(model, level, row_state, infinite < 0)
    rows &= ~level.internal
    index, labels = _numbered(safe, level)
    alone = int(index.max(initial=-1)) + 1 - len(labels)
    num_states = alone + len(labels)

    pairs = np.flatnonzero(rows)
    order = np.argsort(index[row_state[pairs]], kind="stable")
    pairs = pairs[order]
    merge = sparse.coo_array((np.ones(safe.sum()), (np.flatnonzero(safe), index[safe])), shape=(S, num_states))
    transitions = sparse.csr_array(model.transitions[pairs] @ merge.tocsr())
    states = np.concatenate((index[row_state[pairs]], np.arange(len(labels)) + alone))
    order = np.argsort(states, kind="stable")
    padding = sparse.csr_array((len(labels), num_states))
    worth = np.array([float(staying.worth.get(label, 0)) for label in labels.tolist()])
    potential = np.zeros(S)
    potential[list(staying.potential)] = [float(h) for h in staying.potential.values()]
    return Problem(
        model=model,
        discount=1.0,
        transitions=sparse.csr_array(sparse.vstack((transitions, padding), format="csr")[order]),
        rewards=np.concatenate((_rewards(model, pairs, staying.potential), worth))[order],
        termination=np.concatenate((model.termination.ravel()[pairs], np.ones(len(labels))))[order],
        row_state=states[order],
        row_pair=np.concatenate((pairs, np.full(len(labels), -1)))[order],
        merging=Merging(index, infinite, level, potential, staying.fixed),
    )


def _numbered(safe: NDArray[np.bool_], level: EndComponents) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(S,) state of the equations of each safe state, those of components last, and the labels of these."""
    merged = safe & (level.label >= 0)
    labels, number = np.unique(level.label[merged], return_inverse=True)
    index = np.full(len(safe), -1, dtype=np.int64)
    plain = safe & ~merged
    index[plain] = np.arange(plain.sum())
    index[merged] = plain.sum() + number
    return index, labels


def _rewards(model: TabularMDP, pairs: NDArray[np.int64], potential: dict[int, Fraction]) -> NDArray[np.float64]:
    """(len(pairs),) r - h(s) + P h: the rewards between merged states, rounded once."""
    P, found = model.transitions, model.rewards.ravel()[pairs]
    if not potential:
        return found
    weighted = np.zeros(model.num_states)
    weighted[list(potential)] = 1.0
    touched = (weighted[pairs // model.num_actions] > 0) | (P[pairs] @ weighted > 0)
    termination = model.termination.ravel()
    for place in np.flatnonzero(touched).tolist():
        pair = int(pairs[place])
        part = slice(P.indptr[pair], P.indptr[pair + 1])
        nexts = [*P.indices[part].tolist(), -1]
        reward, chances = exact_row(nexts, [*P.data[part].tolist(), float(termination[pair])], float(found[place]))
        after = sum((p * potential.get(state, 0) for state, p in chances.items()), Fraction())
        found[place] = float(reward - potential.get(pair // model.num_actions, 0) + after)
    return found


def _staying(model: TabularMDP, row_state: NDArray[np.int64]) -> _Staying:
    """Components in which one can stay for ever at a mean of 0, and those in which one gains."""
    S, A = model.num_states, model.num_actions
    rewards = model.rewards.ravel()
    endless = model.feasible.ravel() & (model.termination.ravel() == 0.0)
    resting = end_components(model.transitions, row_state, endless & (rewards == 0.0))
    rests = resting.label >= 0
    fixed = np.where(rests, resting.internal.reshape(S, A).argmax(axis=1), -1)
    found = _Staying(np.zeros(S, dtype=bool), resting, fixed)
    going_round = endless & ~resting.internal
    if not (rewards[going_round] > 0).any():
        return found
    levels, playing = np.zeros(S * A, dtype=bool), np.zeros(S, dtype=bool)
    for rows, members, node, component in _going_round(model, resting, going_round):
        decided = _decided(component, members)
        if decided.sign > 0:
            chosen = rows[decided.policy]
            found.gaining[members] = True
            playing[chosen // A] = True
            fixed[chosen // A] = chosen % A
        elif decided.sign == 0:
            levels[rows[decided.level]] = True
            found.potential |= {state: decided.potential[n] for state, n in zip(members, node, strict=True)}
    _go_to(model, found.gaining & ~playing, playing, resting.internal, fixed)
    if levels.any():
        _merge_level(model, row_state, levels, found)
    return found


def _going_round(
    model: TabularMDP, resting: EndComponents, rows: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.int64], list[int], list[int], Component]]:
    """The components in which reward is paid on the way, where states that rest together count as one node.

    Yields:
        Its rows, its states, the number of the node of each within the component, and the component.
    """
    S, A = model.num_states, model.num_actions
    _, node = np.unique(np.where(resting.label >= 0, S + resting.label, np.arange(S)), return_inverse=True)
    count = int(node.max()) + 1
    merge = sparse.coo_array((np.ones(S), (np.arange(S), node)), shape=(S, count)).tocsr()
    transitions, row_node = sparse.csr_array(model.transitions @ merge), np.repeat(node, A)
    components, rewards = end_components(transitions, row_node, rows), model.rewards.ravel()
    by_node = np.argsort(node, kind="stable")
    first = np.searchsorted(node[by_node], np.arange(count + 1))
    within = np.flatnonzero(components.internal)
    within = within[np.lexsort((row_node[within], components.label[row_node[within]]))]
    ends = np.flatnonzero(np.diff(components.label[row_node[within]])) + 1
    for group in np.split(within, ends):
        if (rewards[group] > 0).any():
            nodes, local = np.unique(row_node[group], return_inverse=True)
            members = [by_node[first[each] : first[each + 1]] for each in nodes.tolist()]
            number = np.repeat(np.arange(len(nodes)), [len(each) for each in members]).tolist()
            component = Component(sparse.csr_array(transitions[group][:, nodes]), local, rewards[group])
            yield group, np.concatenate(members).tolist(), number, component


def _decided(component: Component, states: list[int]) -> Balance:
    """Whether the component of these states gains.

    Raises:
        UnboundedValueError: It takes fractions, and they would take too long.
    """
    try:
        return balance(component)
    except TooLargeError:
        raise UnboundedValueError(
            f"at discount 1 it cannot be told whether reward can be collected for ever in {len(states)} states "
            f"({named_states(sorted(states))}): the best mean reward a step is too near 0 for float64, "
            "and so many states are too many for fractions. Use a discount below 1, or end the episode where the reward is paid",
            sorted(states),
        ) from None


def _go_to(
    model: TabularMDP,
    moving: NDArray[np.bool_],
    goal: NDArray[np.bool_],
    rows: NDArray[np.bool_],
    fixed: NDArray[np.int64],
) -> None:
    """Fix the actions of the moving states: the chosen rows that most likely lead to the goal on a shortest way."""
    if moving.any():
        row_state = np.arange(len(rows)) // model.num_actions
        towards = next_towards(model.transitions, row_state, rows, goal)
        way = rows_towards(model.transitions, row_state, rows, np.where(moving, towards, -1))
        fixed[moving] = way[moving] % model.num_actions


def _merge_level(model: TabularMDP, row_state: NDArray[np.int64], levels: NDArray[np.bool_], found: _Staying) -> None:
    """Merge the components of rows with h = r + P h, and see what it is worth to stay in them."""
    level = found.level = end_components(model.transitions, row_state, levels | found.level.internal)
    known = np.zeros(model.num_states, dtype=bool)
    known[list(found.potential)] = True
    states = np.flatnonzero(known & (level.label >= 0))
    states = states[np.argsort(level.label[states], kind="stable")]
    heights, found.potential = found.potential, {}
    for each in np.split(states, np.flatnonzero(np.diff(level.label[states])) + 1):
        h = [heights[state] - heights[int(each[0])] for state in each.tolist()]
        if any(h):
            found.potential |= zip(each.tolist(), h, strict=True)
            found.worth[int(level.label[each[0]])], found.fixed[each] = _staying_worth(model, level, each, h)


def _staying_worth(
    model: TabularMDP, level: EndComponents, states: NDArray[np.int64], h: list[Fraction]
) -> tuple[Fraction, NDArray[np.int64]]:
    """What it is worth to stay in a component, measured from where h = 0, and the actions.

    Raises:
        UnboundedValueError: Fractions would take too long.
    """
    A = model.num_actions
    rows = (states[:, None] * A + np.arange(A)).ravel()
    rows = rows[level.internal[rows]]
    local = np.searchsorted(states, rows // A)
    component = Component(sparse.csr_array(model.transitions[rows][:, states]), local, model.rewards.ravel()[rows])
    try:
        mean, policy = least_mean(component, h)
    except TooLargeError:
        raise UnboundedValueError(
            f"at discount 1 it cannot be told what it is worth to stay for ever in {len(states)} states "
            f"({named_states(states)}), where what goes up and down is 0 on average. Use a discount below 1",
            states.tolist(),
        ) from None
    return -mean, rows[policy] % A


def _mark_unbounded(
    model: TabularMDP, staying: _Staying, infinite: NDArray[np.float64], row_state: NDArray[np.int64]
) -> None:
    """Set `infinite` to inf where a gaining component can be reached, and fix the actions that lead there."""
    if not staying.gaining.any():
        return
    feasible = model.feasible.ravel()
    unbounded = next_towards(model.transitions, row_state, feasible, staying.gaining) >= 0
    infinite[unbounded] = np.inf
    _go_to(model, unbounded & ~staying.gaining, staying.gaining, feasible, staying.fixed)


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
        goals = level.label >= 0
        goals[row_state[rows & (termination > 0)]] = True
        reaching = next_towards(model.transitions, row_state, rows, goals & safe) >= 0
        if (reaching == safe).all():
            return safe, rows
        safe = reaching
