"""The Markov chain of a policy."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.arrays import state_list
from planners.errors import InvalidPolicyError
from planners.models.pairs import PairMDP
from planners.models.tabular import TabularMDP
from planners.plans.policy import TabularPolicy


def policy_chain(
    mdp: TabularMDP | PairMDP, policy: TabularPolicy
) -> tuple[sparse.csr_array, NDArray[np.float64], NDArray[np.float64]]:
    """The Markov chain of a policy: (S, S) continuing probabilities, (S,) rewards, (S,) termination."""
    S, A = mdp.num_states, mdp.num_actions
    if isinstance(mdp, PairMDP):
        rows = mdp.rows_of(policy.actions)
        _refuse_missing(mdp, rows, policy.actions)
        return mdp.transitions[rows], mdp.rewards[rows], mdp.termination[rows]
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


def _refuse_missing(mdp: PairMDP, rows: NDArray[np.int64], actions: NDArray[np.integer]) -> None:
    if (rows < 0).any():
        state = int(np.argmax(rows < 0))
        here = mdp.pair_action[mdp.first_row[state] : mdp.first_row[state + 1]]
        exist = f"{here[:8].tolist()} and {len(here) - 8} more" if len(here) > 8 else f"{here.tolist()}"
        raise InvalidPolicyError(
            f"the policy takes action {actions[state]} in state {state}, where only {exist} are feasible"
        )
