"""Discount 1: which states have a finite value, and equations that have only one solution.

Without a discount the Bellman equations of a model can have many solutions, or none. Three things are
settled on the graph, before any number is computed:

1. Where reward can be collected for ever, the value is infinite: `UnboundedValueError` names the states.
2. Where one can stay for ever at no reward, the equations say only "as good as itself". Such an end
   component becomes one state, which may leave by any action that leads out, or rest for ever with 0.
3. A state from which no policy surely ends the episode or comes to rest has the value -inf: it pays for
   ever with positive probability. It is taken out, and so is every action that may lead to it.

What is left has a unique solution, and value iteration finds it from any start.

Sources: Bertsekas and Tsitsiklis (1991), "An Analysis of Stochastic Shortest Path Problems"; for 2,
Haddad and Monmege (2018), "Interval iteration algorithm for MDPs and IMDPs", Section 3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import state_list
from planners.equations.graph import EndComponents, end_components, next_towards, rows_towards
from planners.equations.problem import Problem
from planners.errors import UnboundedValueError
from planners.models.tabular import TabularMDP
from planners.options import named_states


@dataclass(frozen=True, eq=False)
class Merging:
    """How the states of the equations come from the S states of a model.

    Attributes:
        index: (S,) state of the equations that each state became, -1 for those of value -inf.
        resting: The end components without reward.
    """

    index: NDArray[np.int64]
    resting: EndComponents

    def expand(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S,) values of the model's states."""
        padded = np.append(values, -np.inf)
        return padded[self.index]

    def expand_policy(self, model: TabularMDP, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
        """(S,) actions, from the chosen pair s*A + a (or -1: rest) of each state of the equations.

        In an end component the state of the chosen pair takes it, and the others go to that state.
        """
        A = model.num_actions
        actions = model.feasible.argmax(axis=1)
        leaving = pairs[pairs >= 0]
        actions[leaving // A] = leaving % A
        if not self.resting.internal.any():
            return actions
        row_state = np.arange(len(model.feasible.ravel())) // A
        leaves_from = np.zeros(model.num_states, dtype=bool)
        leaves_from[leaving // A] = True
        inside = self.resting.label >= 0
        rests = inside & (pairs[self.index] < 0)
        towards = next_towards(model.transitions, row_state, self.resting.internal, (leaves_from & inside) | rests)
        moving = inside & ~leaves_from
        towards[rests] = -1
        rows = rows_towards(model.transitions, row_state, self.resting.internal, towards)
        first_internal = self.resting.internal.reshape(-1, A).argmax(axis=1)
        actions[moving] = np.where(rows >= 0, rows % A, first_internal)[moving]
        return actions


def reduced_problem(model: TabularMDP) -> Problem:
    """Equations of a model at discount 1, with one solution; see above for what is taken out.

    Raises:
        UnboundedValueError: Reward can be collected for ever, or it cannot be told whether it can.
    """
    S, A = model.num_states, model.num_actions
    row_state = np.arange(S * A) // A
    feasible, rewards, termination = model.feasible.ravel(), model.rewards.ravel(), model.termination.ravel()
    endless = feasible & (termination == 0.0)
    if (rewards[endless] > 0).any():
        _refuse_unbounded(model, end_components(model.transitions, row_state, endless), row_state)
    resting = end_components(model.transitions, row_state, endless & (rewards == 0.0))
    safe, rows = _surely_ending(model, resting, row_state)
    rows &= ~resting.internal

    resting = resting._replace(label=np.where(safe, resting.label, -1))  # without may_rest some are not safe
    rest_labels, first_of_rest = np.unique(resting.label[resting.label >= 0], return_inverse=True)
    index = np.full(S, -1, dtype=np.int64)
    plain = safe & (resting.label < 0)
    index[plain] = np.arange(plain.sum())
    index[resting.label >= 0] = plain.sum() + first_of_rest
    num_states = int(plain.sum()) + len(rest_labels)

    pairs = np.flatnonzero(rows)
    order = np.argsort(index[row_state[pairs]], kind="stable")
    pairs = pairs[order]
    merge = sparse.coo_array((np.ones(safe.sum()), (np.flatnonzero(safe), index[safe])), shape=(S, num_states))
    transitions = sparse.csr_array(model.transitions[pairs] @ merge.tocsr())
    resting_rows = np.arange(len(rest_labels)) + plain.sum()
    resting_rows = resting_rows if model.may_rest else resting_rows[:0]
    states = np.concatenate((index[row_state[pairs]], resting_rows))
    order = np.argsort(states, kind="stable")
    padding = sparse.csr_array((len(resting_rows), num_states))
    zeros = np.zeros(len(resting_rows))
    return Problem(
        model=model,
        discount=1.0,
        transitions=sparse.csr_array(sparse.vstack((transitions, padding), format="csr")[order]),
        rewards=np.concatenate((rewards[pairs], zeros))[order],
        termination=np.concatenate((termination[pairs], zeros + 1.0))[order],
        row_state=states[order],
        row_pair=np.concatenate((pairs, np.full(len(resting_rows), -1)))[order],
        merging=Merging(index, resting),
    )


def _surely_ending(
    model: TabularMDP, resting: EndComponents, row_state: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(S,) states from which some policy surely ends or rests, and (S*A,) rows that keep within them.

    Source: de Alfaro (1997), Section 3.2 (almost-sure reachability).
    """
    feasible, termination = model.feasible.ravel(), model.termination.ravel()
    safe = np.ones(model.num_states, dtype=bool)
    while True:
        outside = np.asarray(model.transitions @ (~safe).astype(np.float64)) > 0
        rows = feasible & ~outside & safe[row_state]
        goals = (resting.label >= 0) & model.may_rest
        goals[row_state[rows & (termination > 0)]] = True
        reaching = next_towards(model.transitions, row_state, rows, goals & safe) >= 0
        if (reaching == safe).all():
            return safe, rows
        safe = reaching


def _refuse_unbounded(model: TabularMDP, components: EndComponents, row_state: NDArray[np.int64]) -> None:
    """Raise if some end component lets reward be collected for ever."""
    rewards = model.rewards.ravel()
    gaining = components.internal & (rewards > 0)
    for label in np.unique(components.label[row_state[gaining]]):
        rows = components.internal & (components.label[row_state] == label)
        states = state_list(components.label == label)
        low, high = _best_mean_reward(model, rows, row_state) if (rewards[rows] < 0).any() else (1.0, 1.0)
        if high < 0:
            continue
        where = f"in {len(states)} states ({named_states(states)})"
        if low > 0:
            what = f"reward can be collected for ever {where}, so their value is not finite"
        else:
            what = (
                f"it cannot be told whether reward can be collected for ever {where}: "
                f"the best mean reward a step is between {low:.3g} and {high:.3g}"
            )
        raise UnboundedValueError(
            f"at discount 1 {what}. Use a discount below 1, or end the episode where the reward is paid", states
        )


def _best_mean_reward(
    model: TabularMDP, rows: NDArray[np.bool_], row_state: NDArray[np.int64], sweeps: int = 5_000
) -> tuple[float, float]:
    """Bounds of the best mean reward a step of one end component, by relative value iteration.

    Each step is taken with probability 1/2 only, which makes the chain aperiodic and halves the mean.
    Source: Puterman (2005), Theorem 8.5.5 and Section 8.5.4.
    """
    pairs = np.flatnonzero(rows)
    states, local = np.unique(row_state[pairs], return_inverse=True)
    P = sparse.csr_array(model.transitions[pairs][:, states])
    first = np.searchsorted(local, np.arange(len(states)))
    rewards, values = model.rewards.ravel()[pairs], np.zeros(len(states))
    low, high = -np.inf, np.inf
    for _ in range(sweeps):
        gain = np.maximum.reduceat(rewards + P @ values, first) - values
        low, high = float(gain.min()), float(gain.max())
        if low > 0 or high < 0:
            break
        values = values + 0.5 * gain
        values -= values[0]
    return low, high
