"""Every outcome of what a policy does in each state: where it leads, and what it pays."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidModelError
from planners.models.moves import MoveMDP
from planners.models.outcomes import law_of
from planners.plans.policy import TabularPolicy


class PolicyLaw(NamedTuple):
    """N outcomes, in the order of their states.

    Attributes:
        state: (N,) where it happens.
        weight: (N,) its probability there.
        following: (N,) the next state; -1: the episode ends.
        reward: (N,) what it pays.
    """

    state: NDArray[np.int64]
    weight: NDArray[np.float64]
    following: NDArray[np.int64]
    reward: NDArray[np.float64]

    @classmethod
    def of(cls, source: Any, policy: TabularPolicy) -> "PolicyLaw":
        """That of a policy in a model.

        Raises:
            InvalidModelError: The model has only the expected reward of a pair that pays several.
        """
        A = policy.num_actions
        pairs = np.flatnonzero(_weights(policy).ravel())
        outcomes, known = law_of(source if isinstance(source, MoveMDP) else source.tabular)
        unknown = pairs[~known[pairs]]
        if len(unknown):
            state, action = divmod(int(unknown[0]), A)
            raise InvalidModelError(
                f"in state {state}, action {action} several rewards are paid, and the model no longer has their "
                "probabilities: its tables were changed after they were read. The spread of returns needs each "
                "reward with its probability. Read the changed model again, by TabularMDP.from_gym_dict",
                state,
                action,
            )
        length = outcomes.first[pairs + 1] - outcomes.first[pairs]
        place = np.repeat(outcomes.first[pairs] - np.cumsum(length) + length, length) + np.arange(length.sum())
        pair = np.repeat(pairs, length)
        following = np.where(outcomes.ends[place], -1, outcomes.next_state[place]).astype(np.int64)
        weight = _weights(policy).ravel()[pair] * outcomes.probability[place]
        return cls(pair // A, weight, following, outcomes.reward[place])

    def within(self, states: NDArray[np.bool_]) -> "PolicyLaw":
        """The outcomes in some states, (S,) bool, renumbered; whatever leads out of them ends."""
        number = np.append(np.where(states, np.cumsum(states) - 1, -1), -1)
        here = states[self.state]
        return PolicyLaw(number[self.state[here]], self.weight[here], number[self.following[here]], self.reward[here])

    def sums(self, amounts: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """(count,) the mean of (N,) amounts in each state."""
        return np.bincount(self.state, self.weight * amounts, minlength=count).astype(np.float64, copy=False)


def _weights(policy: TabularPolicy) -> NDArray[np.float64]:
    return np.eye(policy.num_actions)[policy.actions] if policy.is_deterministic else np.asarray(policy.probabilities)
