"""Where one can stay for ever at discount 1, and for what: the end components that gain, and those of mean 0.

See `planners.equations.undiscounted` for what it is for, and `mean_rewards` for how it is decided.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import EndComponents, components_at_rest, end_components, next_towards, rows_towards
from planners.equations.mean_rewards import Balance, Component, balance, least_mean
from planners.equations.rational_systems import Row, TooLargeError, pair_row
from planners.errors import UnboundedValueError
from planners.models.tabular import TabularMDP
from planners.options import named_states


@dataclass
class Staying:
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


def find_staying(model: TabularMDP, row_state: NDArray[np.int64]) -> Staying:
    """Components in which one can stay for ever at a mean of 0, and those in which one gains."""
    S, A = model.num_states, model.num_actions
    rewards = model.rewards.ravel()
    endless = model.feasible.ravel() & (model.termination.ravel() == 0.0)
    resting = components_at_rest(model)
    rests = resting.label >= 0
    fixed = np.where(rests, resting.internal.reshape(S, A).argmax(axis=1), -1)
    found = Staying(np.zeros(S, dtype=bool), resting, fixed)
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
    go_to(model, found.gaining & ~playing, playing, resting.internal, fixed)
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
            exact = partial(_exact_rows, model, group.tolist(), np.searchsorted(nodes, node))
            component = Component(sparse.csr_array(transitions[group][:, nodes]), local, rewards[group], exact)
            yield group, np.concatenate(members).tolist(), number, component


def _exact_rows(model: TabularMDP, pairs: list[int], local: NDArray[np.int64]) -> list[Row]:
    """Rows of a component in fractions; `local`, (S,), has the number of the node of each of its states."""
    rows = []
    for pair in pairs:
        row, nexts = pair_row(model, pair), dict[int, Fraction]()
        for state, p in row.nexts.items():
            nexts[int(local[state])] = nexts.get(int(local[state]), Fraction()) + p
        rows.append(Row(row.reward, nexts))
    return rows


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
            f"({named_states(sorted(states))}): the best mean reward a step is too near 0 for floats, "
            "and there are too many states for fractions. Use a discount below 1, or end the episode where it is paid",
            sorted(states),
        ) from None


def go_to(
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


def _merge_level(model: TabularMDP, row_state: NDArray[np.int64], levels: NDArray[np.bool_], found: Staying) -> None:
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
            f"at discount 1 the value of staying for ever in {len(states)} states ({named_states(states)}) cannot be "
            "told: the total reward goes up and down there, and its mean is 0. Use a discount below 1",
            states.tolist(),
        ) from None
    return -mean, rows[policy] % A
