"""The Markov chain that a policy makes of a model: every outcome of every state, with its own reward."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import splu

from planners.equations.graph import next_towards
from planners.errors import InvalidModelError, InvalidOptionError, InvalidPolicyError
from planners.learning.task import task_of
from planners.models.outcomes import outcomes_of
from planners.models.tabular import TabularMDP
from planners.plans.policy import TabularPolicy, as_policy


class Chain(NamedTuple):
    """The outcomes of the states that a policy reaches, numbered anew from 0 on.

    Attributes:
        state: (n,) where an outcome begins.
        next_state: (n,) where it leads; of outcomes that end the episode without meaning.
        probability: (n,) of the outcome in its state, under the policy.
        reward: (n,) what it pays.
        ends: (n,) bool, whether it ends the episode.
        start: (S,) probabilities of the first state.
        reached: (S,) the numbers of the states in the model.
        discount: 0 to 1.
        num_model_states: How many states the model has.
    """

    state: NDArray[np.int64]
    next_state: NDArray[np.int64]
    probability: NDArray[np.float64]
    reward: NDArray[np.float64]
    ends: NDArray[np.bool_]
    start: NDArray[np.float64]
    reached: NDArray[np.int64]
    discount: float
    num_model_states: int

    @property
    def num_states(self) -> int:
        """How many states it reaches."""
        return len(self.reached)

    def summed(self, weight: NDArray[np.float64], ends: bool = False) -> sparse.csr_array:
        """(S, S) sums of `weight`, (n,), over the outcomes from s to s'; of those that end, (S, 1)."""
        of, S = self.ends == ends, self.num_states
        to = np.zeros(int(of.sum()), dtype=np.int64) if ends else self.next_state[of]
        return sparse.csr_array((weight[of], (self.state[of], to)), shape=(S, 1 if ends else S))

    @property
    def always_ends(self) -> bool:
        """Whether every episode ends, whatever happens."""
        onward, each = self.summed(self.probability), np.arange(self.num_states)
        ending = np.asarray(self.summed(self.probability, ends=True).sum(axis=1)) > 0
        return bool((next_towards(onward, each, np.ones(len(each), bool), ending) >= 0).all())

    def expected_steps(self) -> float:
        """How many steps an episode has on average, where it always ends."""
        matrix = sparse.eye_array(self.num_states) - self.summed(self.probability)
        return float(self.start @ splu(sparse.csc_matrix(matrix)).solve(np.ones(self.num_states)))

    def values(self) -> NDArray[np.float64]:
        """(S,) V of the policy, of all states of the model: NaN in those that are not reached.

        Raises:
            InvalidModelError: At discount 1 an episode may go on for ever.
        """
        if self.discount == 1.0 and not self.always_ends:
            raise InvalidModelError(
                "at discount 1 an episode of this policy may go on for ever; expected a policy that ends, "
                "or a smaller discount"
            )
        rewards = np.bincount(self.state, self.probability * self.reward, minlength=self.num_states)
        matrix = sparse.eye_array(self.num_states) - self.discount * self.summed(self.probability)
        found = np.full(self.num_model_states, np.nan)
        found[self.reached] = splu(sparse.csc_matrix(matrix)).solve(rewards)
        return found

    def visits(self) -> NDArray[np.float64]:
        """(S,) the share of all steps that is made in each state in the long run; a new episode follows each.

        Raises:
            InvalidModelError: It depends on chance where the policy stays for ever.
        """
        S, onward = self.num_states, self.summed(self.probability).toarray()
        if self.always_ends:
            found = np.linalg.solve(np.eye(S) - onward.T, self.start)
            return found / found.sum()
        again = onward + np.outer(1.0 - onward.sum(axis=1), self.start)
        steps = sparse.csr_matrix((again > 0).astype(np.int8))
        classes, label = csgraph.connected_components(steps, connection="strong")
        leaves = np.unique(label[np.nonzero((again > 0) & (label[:, None] != label[None, :]))[0]])
        if classes - len(leaves) > 1:
            raise InvalidModelError(
                f"the policy may stay for ever in {classes - len(leaves)} sets of states, and chance decides in which; "
                "expected a policy that ends its episodes, or one that comes back to some state from everywhere"
            )
        system = np.vstack([again.T - np.eye(S), np.ones(S)])
        return np.maximum(np.linalg.lstsq(system, np.r_[np.zeros(S), 1.0], rcond=None)[0], 0.0)


def chain_of(env_or_model: Any, policy: Any, discount: float, behaviour: Any = None) -> Chain:
    """The chain of a policy, in the states that it (or the policy `behaviour`) reaches from the start.

    Raises:
        InvalidModelError: There are no tables, or they do not say where episodes begin.
        InvalidPolicyError: The policy does not fit.
        InvalidOptionError: The environment cuts its episodes off.
    """
    task = task_of(env_or_model, discount)
    if task.model is None:
        raise InvalidModelError(
            f"this {type(env_or_model).__name__} has no tables; expected a model, such as "
            "planners.enumerate_env(env)[0]"
        )
    if task.limit:
        raise InvalidOptionError(
            f"this environment cuts episodes off after {task.limit} steps, which its states do not show; expected its "
            "model: planners.as_model(env)"
        )
    mdp, start = task.model.tabular, task.initial()
    chosen = as_policy(policy, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
    who = chosen if behaviour is None else as_policy(behaviour, mdp.num_states, mdp.num_actions, mdp.states)
    _refuse_missing(mdp, chosen)
    reached = _reached(mdp, who, start)
    outcomes = outcomes_of(task.model, task.source)
    pair = np.repeat(np.arange(len(outcomes.first) - 1), np.diff(outcomes.first))
    state, action = pair // mdp.num_actions, pair % mdp.num_actions
    probability = outcomes.probability * chosen.probabilities[state, action]
    new = np.full(mdp.num_states, -1)
    new[reached] = np.arange(len(reached))
    kept = (probability > 0) & (new[state] >= 0)
    if (new[outcomes.next_state[kept & ~outcomes.ends]] < 0).any():
        raise InvalidOptionError(
            "the policy leads to states that behaviour never reaches; expected one that reaches them"
        )
    return Chain(
        state=new[state[kept]],
        next_state=np.where(outcomes.ends[kept], 0, new[outcomes.next_state[kept]]),
        probability=probability[kept] / np.bincount(state[kept], probability[kept])[state[kept]],
        reward=outcomes.reward[kept],
        ends=outcomes.ends[kept],
        start=start[reached] / start[reached].sum(),
        reached=reached,
        discount=task.discount,
        num_model_states=mdp.num_states,
    )


def _refuse_missing(mdp: TabularMDP, policy: TabularPolicy) -> None:
    missing = (policy.probabilities > 0) & ~mdp.feasible
    if missing.any():
        state, action = (int(first) for first in np.argwhere(missing)[0])
        raise InvalidPolicyError(
            f"the policy takes action {action} in state {state}, where only "
            f"{np.flatnonzero(mdp.feasible[state]).tolist()} are feasible"
        )


def _reached(mdp: TabularMDP, policy: TabularPolicy, start: NDArray[np.float64]) -> NDArray[np.int64]:
    """The states that a policy comes to."""
    S, A = mdp.num_states, mdp.num_actions
    _refuse_missing(mdp, policy)
    averaging = sparse.csr_array(
        (policy.probabilities.ravel(), np.arange(S * A), np.arange(S + 1) * A), shape=(S, S * A)
    )
    steps = sparse.csr_array(averaging @ mdp.transitions)
    steps.eliminate_zeros()
    each, every = np.arange(S), np.ones(S, dtype=bool)
    return np.flatnonzero(next_towards(sparse.csr_array(steps.T), each, every, start > 0) >= 0)
