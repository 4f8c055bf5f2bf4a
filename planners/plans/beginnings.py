"""Where episodes begin: what a user says, as a distribution over the states."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arguments import is_table
from planners.models.starts import checked_initial
from planners.models.tabular import TabularMDP
from planners.plans.policy import state_of


def starting_distribution(mdp: TabularMDP, start: Any) -> NDArray[np.float64]:
    """(S,) probabilities of the first state.

    Args:
        mdp: A model of S states.
        start: A state or its name; (S,) probabilities; None: the model's `initial` or, if it has none, every state with
            the same probability.

    >>> one = TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 0, 1.0, True)]}})
    >>> starting_distribution(one, None), starting_distribution(one, 1)
    (array([0.5, 0.5]), array([0., 1.]))
    """
    S = mdp.num_states
    if start is None:
        return np.full(S, 1.0 / S) if mdp.initial is None else mdp.initial
    if isinstance(start, list | np.ndarray) and is_table(start) and np.ndim(start) == 1:
        given = checked_initial(start, S)
        assert given is not None
        return given
    return np.eye(1, S, state_of(start, mdp.states, S)).ravel()
