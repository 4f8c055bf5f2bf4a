"""The value of a given policy, by one linear system.

    V(s) = r_policy(s) + discount * sum over s' of P_policy(s'|s) V(s')        |S| equations, |S| unknowns

At discount 1 the system has one solution where the policy surely ends the episode. Where it may go round
for ever, in a set of states that it never leaves, the total reward is 0 if nothing is paid there, and
infinite if something is paid on average.

Source: Puterman (2005), Section 6.1; Kemeny and Snell (1960), "Finite Markov Chains", Chapter 3.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph

from planners.arrays import state_list
from planners.equations.graph import next_towards
from planners.equations.linear_systems import EvaluationSystem
from planners.errors import ImproperPolicyError, InvalidPolicyError
from planners.models.convert import as_model
from planners.models.tabular import TabularMDP
from planners.options import check_discount, named_states
from planners.plans.policy import TabularPolicy, as_policy


def evaluate(model: Any, policy: Any, *, discount: float) -> NDArray[np.float64]:
    """V of following `policy` for ever, by one linear solve.

    Args:
        model: A model of S states, or an environment that has one.
        policy: A `TabularPolicy`, a `Plan`, (S,) actions, or (S, A) probabilities.
        discount: 0 to 1.

    Returns:
        (S,) expected discounted total reward from each state. At discount 1: -inf (or +inf) where the
        policy may go round for ever and pays (or is paid) on average.

    Raises:
        InvalidPolicyError: The policy does not fit the model.
        ImproperPolicyError: At discount 1 the total reward does not exist: it goes up and down for ever,
            or both infinities are possible; the states are named.

    Cost: one sparse LU of an (S, S) matrix.

    >>> from planners import TabularMDP
    >>> stay = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    >>> evaluate(stay, [0], discount=0.8).round(12)  # 1 + .8 + .64 + ...
    array([5.])
    >>> evaluate(stay, [0], discount=1.0)
    array([inf])
    """
    mdp = as_model(model).tabular
    chosen = as_policy(policy, mdp.num_states, mdp.num_actions, mdp.states)
    chain, rewards, termination = policy_chain(mdp, chosen)
    discount = check_discount(discount)
    if discount < 1.0:
        return EvaluationSystem(chain, discount).solve(rewards)
    return _total_reward(chain, rewards, termination)


def value_from(model: Any, policy: Any, begins: NDArray[np.bool_], *, discount: float) -> NDArray[np.float64]:
    """As `evaluate`, of the states that the policy can reach from those where it begins, (S,) bool; else NaN.

    Where it never comes it may have no value, which then does not matter.
    """
    mdp = as_model(model).tabular
    chosen = as_policy(policy, mdp.num_states, mdp.num_actions, mdp.states)
    chain, rewards, termination = policy_chain(mdp, chosen)
    steps = sparse.csr_array(chain.T)
    reached = np.flatnonzero(next_towards(steps, np.arange(mdp.num_states), np.ones(mdp.num_states, bool), begins) >= 0)
    part = TabularMDP(
        transitions=sparse.csr_array(chain[reached][:, reached]),
        termination=termination[reached, None],
        rewards=rewards[reached, None],
        feasible=np.ones((len(reached), 1), dtype=bool),
    )
    values = np.full(mdp.num_states, np.nan)
    values[reached] = evaluate(part, np.zeros(len(reached), dtype=np.int64), discount=discount)
    return values


def policy_chain(
    mdp: TabularMDP, policy: TabularPolicy
) -> tuple[sparse.csr_array, NDArray[np.float64], NDArray[np.float64]]:
    """The Markov chain of a policy: (S, S) continuing probabilities, (S,) rewards, (S,) termination."""
    S, A = mdp.num_states, mdp.num_actions
    if policy.is_deterministic:
        rows = np.arange(S) * A + policy.actions
        _refuse_infeasible(mdp, ~mdp.feasible.ravel()[rows], policy.actions)
        return mdp.transitions[rows], mdp.rewards.ravel()[rows], mdp.termination.ravel()[rows]
    weights = policy.probabilities
    missing = (weights > 0) & ~mdp.feasible
    _refuse_infeasible(mdp, missing.any(axis=1), missing.argmax(axis=1))
    averaging = sparse.csr_array((weights.ravel(), np.arange(S * A), np.arange(S + 1) * A), shape=(S, S * A))
    chain = sparse.csr_array(averaging @ mdp.transitions)
    chain.eliminate_zeros()
    return chain, (weights * mdp.rewards).sum(axis=1), (weights * mdp.termination).sum(axis=1)


def _refuse_infeasible(mdp: TabularMDP, wrong: ArrayLike, actions: NDArray[np.integer]) -> None:
    where = np.flatnonzero(wrong)
    if len(where):
        state = int(where[0])
        exist = state_list(mdp.feasible[state])
        raise InvalidPolicyError(
            f"the policy takes action {actions[state]} in state {state}, where only {exist} are feasible"
        )


def _total_reward(
    chain: sparse.csr_array, rewards: NDArray[np.float64], termination: NDArray[np.float64]
) -> NDArray[np.float64]:
    count = chain.shape[0]
    everything, each = np.ones(count, dtype=bool), np.arange(count)
    closed = next_towards(chain, each, everything, termination > 0) < 0  # may never end from here...
    values = np.zeros(count)
    settled = np.zeros(count, dtype=bool)
    gains, losses, labels = np.zeros(count, bool), np.zeros(count, bool), _recurrent_classes(chain, closed)
    for label in np.unique(labels[labels >= 0]):
        states = np.flatnonzero(labels == label)
        mean = _mean_reward(chain, rewards, states)
        if mean == 0.0 and rewards[states].any():
            raise ImproperPolicyError(
                f"at discount 1 the total reward of this policy goes up and down for ever in states "
                f"{named_states(states)}: it pays and is paid there, 0 on average. Use a discount below 1",
                [int(state) for state in states],
            )
        settled[states] = mean == 0.0
        gains[states], losses[states] = mean > 0, mean < 0
    wins = next_towards(chain, each, everything, gains) >= 0
    pays = next_towards(chain, each, everything, losses) >= 0
    if (wins & pays).any():
        states = np.flatnonzero(wins & pays)
        raise ImproperPolicyError(
            f"at discount 1 this policy may win for ever or pay for ever from states {named_states(states)}, "
            "so its total reward does not exist. Use a discount below 1",
            [int(state) for state in states],
        )
    values[wins], values[pays] = np.inf, -np.inf
    finite = np.flatnonzero(~(wins | pays | settled))
    if len(finite):
        values[finite] = EvaluationSystem(chain[finite][:, finite], 1.0).solve(rewards[finite])
    return values


def _recurrent_classes(chain: sparse.csr_array, closed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n,) number of the recurrent class of each state that never ends, -1 for the others."""
    _, label = csgraph.connected_components(chain, directed=True, connection="strong")
    graph = chain.tocoo()
    leaving = label[graph.coords[0]] != label[graph.coords[1]]
    open_classes = np.unique(label[graph.coords[0][leaving]])
    recurrent = closed & ~np.isin(label, open_classes)
    return np.where(recurrent, label, -1)


def _mean_reward(chain: sparse.csr_array, rewards: NDArray[np.float64], states: NDArray[np.int64]) -> float:
    """Mean reward a step in one recurrent class; 0 if it is 0 within rounding."""
    inside = rewards[states]
    if (inside >= 0).all() or (inside <= 0).all():
        return float(inside.sum())  # its sign is that of the mean
    balance = (sparse.eye_array(len(states)) - chain[states][:, states].T).toarray()
    balance[-1] = 1.0
    share = np.linalg.solve(balance, np.eye(len(states))[-1])
    mean = float(share @ inside)
    return 0.0 if abs(mean) <= 1e-10 * np.abs(inside).max() else mean
