"""What an update of TD(lambda) with linear features does on average: w <- w + alpha (b - A w).

    A = X^T D (I - gamma lambda P)^-1 (I - gamma P) X,     b = X^T D (I - gamma lambda P)^-1 r

X has the features of the states in its rows, D on its diagonal the long-run share of steps in each state, of the
behaviour; P and r belong to the policy. Off the policy, that is what importance sampling makes of the average.

Source: Tsitsiklis and Van Roy (1997), "An analysis of temporal-difference learning with function approximation";
Sutton and Barto (2018), Sections 9.4 and 11.7.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from planners.arguments import check_numbers
from planners.errors import InvalidOptionError
from planners.learning.truth.chain import Chain, chain_of

Array = NDArray[np.float64]

LARGEST: Final = 1e100  # of a feature: products of two, and sums of them, are finite


class ExpectedUpdate(NamedTuple):
    """The average update: `matrix` A, (d, d), `vector` b, (d,), `features` X, (S, d), `visits` D, (S,), the `chain`."""

    matrix: Array
    vector: Array
    features: Array
    visits: Array
    chain: Chain


def expected_update(
    env_or_model: Any, policy: Any, discount: float, trace_decay: float, features: ArrayLike | None, behaviour: Any
) -> ExpectedUpdate:
    """The average update; without features each state has one of its own."""
    chain = chain_of(env_or_model, policy, discount, behaviour)
    x = _features(features, chain)
    onward = chain.summed(chain.probability)
    rewards = np.bincount(chain.state, chain.probability * chain.reward, minlength=chain.num_states)
    visits = (chain if behaviour is None else chain_of(env_or_model, behaviour, discount)).visits()
    eye, gamma = sparse.eye_array(chain.num_states), chain.discount
    right = np.column_stack([x - gamma * (onward @ x), rewards])
    if gamma * trace_decay > 0.0:
        if gamma * trace_decay == 1.0 and not chain.always_ends:
            raise InvalidOptionError(
                "trace_decay and discount are 1 and episodes may go on for ever; expected one of them below 1"
            )
        right = splu(sparse.csc_matrix(eye - gamma * trace_decay * onward)).solve(right)
    found = x.T @ (visits[:, None] * right)
    return ExpectedUpdate(found[:, :-1], found[:, -1], x, visits, chain)


def _features(features: ArrayLike | None, chain: Chain) -> Array:
    if features is None:
        return np.eye(chain.num_states)
    found, S = check_numbers("features", features), chain.num_model_states
    if found.ndim != 2 or len(found) != S or not np.isfinite(found).all():
        raise InvalidOptionError(
            f"features are of shape {found.shape}; expected ({S}, d) finite numbers, a row for each state"
        )
    if np.abs(found).max(initial=0.0) > LARGEST:
        raise InvalidOptionError(
            f"features has {np.abs(found).max():.3g}; expected numbers of at most {LARGEST:g}, whose products float64 "
            "can hold. Divide the features by their largest one"
        )
    return found[chain.reached]
