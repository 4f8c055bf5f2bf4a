"""The exact value of the greedy policy after every step.

Below discount 1 each change of the policy is a rank-one update of an inverse (`planners.kernels.policy_values`), which
is worked out anew now and then, so that rounding does not add up. The value of each policy is remembered. At discount 1
that inverse need not exist: each policy that occurs is solved once, in the states that it can reach.
"""

from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

from planners.equations.graph import next_towards
from planners.learning.record import Changes
from planners.learning.task import Task
from planners.memory import check_memory
from planners.models.tabular import TabularMDP
from planners.solve import solve

ANEW: Final = 1000  # updates between two inverses that are worked out anew
DENSE: Final = 200  # states of a linear system that is solved as a dense one
MOST_BYTES: Final = 50_000_000  # of the policies whose values are remembered


class PolicyValues:
    """The values of the policies of a learner, from the first state on.

    Args:
        task: What is learned, with a model.
    """

    def __init__(self, task: Task) -> None:
        """Take the tables."""
        assert task.model is not None
        self.mdp: TabularMDP = task.model.tabular
        self.discount, self.start = task.discount, np.ascontiguousarray(task.initial())
        self._known: dict[bytes, float] = {}

    def after_each_step(self, changes: Changes, steps: int) -> NDArray[np.float64]:
        """(steps,) the value of the greedy policy after each step."""
        values = self.after_each_change(changes)
        begins = np.concatenate([[0], changes.steps, [steps]])
        return np.repeat(values, np.diff(begins))

    def after_each_change(self, changes: Changes) -> NDArray[np.float64]:
        """(n + 1,) the value before all changes, and after each of them."""
        bits, values = changes.first.copy(), np.empty(len(changes.steps) + 1)
        if self.discount == 1.0:
            values[0] = self.of(bits)
            for k, (state, now) in enumerate(zip(changes.states, changes.bits, strict=True)):
                bits[state] = now
                values[k + 1] = self.of(bits)
            return values
        self._follow(bits, changes, values)
        return values

    def _follow(self, bits: NDArray[np.int64], changes: Changes, values: NDArray[np.float64]) -> None:
        from planners.kernels.policy_values import follow

        csr, policies, key = self.mdp.transitions, np.stack([bits, bits]), np.ones(1, dtype=np.uint64)
        size = 1 << (2 * len(values)).bit_length()
        known = (np.zeros(size, dtype=np.uint64), np.empty(size))
        inverse, V = self.solved(bits)
        known[0][1], known[1][1] = 1, self.start @ V
        values[0], first = known[1][1], 0
        tables = (csr.indptr, csr.indices, csr.data, self.mdp.rewards)
        states, changed = np.ascontiguousarray(changes.states), np.ascontiguousarray(changes.bits)
        while True:
            rest = (states[first:], changed[first:], values[first + 1 :])
            first += follow(tables, self.start, self.discount, inverse, V, policies, key, known, *rest, ANEW)
            if first == len(states):
                return
            policies[0] = policies[1]
            inverse, V = self.solved(policies[1])

    def solved(self, bits: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(S, S) the inverse of I - discount * P of a policy, and its (S,) values. For discounts below 1."""
        S = self.mdp.num_states
        check_memory(24.0 * S * S, f"the exact value of every policy of {S} states")
        chain, rewards, _ = chain_of(self.mdp, probabilities_of(bits, self.mdp.num_actions))
        matrix = np.eye(S) - self.discount * chain.toarray()
        inverse: NDArray[np.float64] = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
        V = inverse @ rewards
        return inverse, V + inverse @ (rewards - matrix @ V)

    def of(self, bits: NDArray[np.int64]) -> float:
        """The value of one policy, by its own linear system; it is remembered.

        Args:
            bits: (S,) the actions of each state as bits; the policy takes those that are set alike often.

        Returns:
            The value from the start; -inf where at discount 1 the policy may go round for ever, and pays.
        """
        key = bits.tobytes()
        if key not in self._known:
            if len(self._known) * len(key) > MOST_BYTES:
                self._known.clear()
            self._known[key] = self._total(bits)
        return self._known[key]

    @cached_property
    def _dense(self) -> NDArray[np.float64]:
        """(S, A, S) continuing probabilities."""
        states, actions = self.mdp.rewards.shape
        return self.mdp.transitions.toarray().reshape(states, actions, states)

    def _total(self, bits: NDArray[np.int64]) -> float:
        """The total reward from the start, of the states that are reached from there; of few states, of all."""
        if self.discount < 1.0 and self.mdp.num_states <= DENSE:
            weights = probabilities_of(bits, self.mdp.num_actions)
            matrix = np.eye(len(bits)) - self.discount * np.einsum("sa,sat->st", weights, self._dense)
            return float(self.start @ np.linalg.solve(matrix, (weights * self.mdp.rewards).sum(axis=1)))
        chain, rewards, termination = chain_of(self.mdp, probabilities_of(bits, self.mdp.num_actions))
        each = np.arange(len(rewards))
        every = np.ones(len(each), dtype=bool)
        reached = next_towards(sparse.csr_array(chain.T), each, every, self.start > 0) >= 0
        part = np.flatnonzero(reached)
        begins = self.start[part]
        if self.discount < 1.0:
            return float(begins @ _solution(chain[part][:, part], self.discount, rewards[part]))
        stays = next_towards(chain, each, every, termination > 0) < 0
        if not stays[part].any():
            return float(begins @ _solution(chain[part][:, part], 1.0, rewards[part]))
        if rewards[stays & reached].max() < 0.0:
            return -np.inf
        model = TabularMDP(
            transitions=sparse.csr_array(chain[part][:, part]),
            termination=termination[part, None],
            rewards=rewards[part, None],
            feasible=np.ones((len(part), 1), dtype=bool),
        )
        found = solve(model, discount=1.0, throw=False).values
        return float(begins[begins > 0] @ found[begins > 0])  # without 0 times -inf


def _solution(chain: sparse.csr_array, discount: float, rewards: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) V of V = rewards + discount * chain V."""
    if len(rewards) <= DENSE:
        return np.asarray(np.linalg.solve(np.eye(len(rewards)) - discount * chain.toarray(), rewards), np.float64)
    matrix = sparse.eye_array(len(rewards), format="csr") - discount * chain
    return np.asarray(spsolve(matrix.tocsc(), rewards))


def chain_of(
    mdp: TabularMDP, policy: NDArray[np.float64]
) -> tuple[sparse.csr_array, NDArray[np.float64], NDArray[np.float64]]:
    """The Markov chain of an (S, A) policy: continuing probabilities, rewards, termination."""
    S, A = policy.shape
    averaging = sparse.csr_array((policy.ravel(), np.arange(S * A), np.arange(S + 1) * A), shape=(S, S * A))
    chain = sparse.csr_array(averaging @ mdp.transitions)
    chain.eliminate_zeros()
    return chain, (policy * mdp.rewards).sum(axis=1), (policy * mdp.termination).sum(axis=1)


def probabilities_of(bits: NDArray[np.int64], num_actions: int) -> NDArray[np.float64]:
    """(S, A) the probabilities of actions that are given as bits.

    >>> probabilities_of(np.array([1, 3]), 2).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    table = ((bits[:, None] >> np.arange(num_actions)) & 1).astype(np.float64)
    return table / table.sum(axis=1, keepdims=True)
