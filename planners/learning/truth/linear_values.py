"""The limit of TD(lambda) with linear features, and the distance of its values from the true ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_number
from planners.errors import InvalidOptionError
from planners.learning.truth.expected_update import expected_update

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class LinearValues:
    """The fixed point of TD(lambda).

    Attributes:
        weights: (d,) w; the shortest, if several give the same values.
        values: (S,) X w; NaN in states that the policy never reaches.
        true_values: (S,) V of the policy.
        visits: (S,) mu, the long-run share of steps in each state.
    """

    weights: Array
    values: Array
    true_values: Array
    visits: Array

    @property
    def value_error(self) -> float:
        """VE, the sum over s of mu(s) [V(s) - (X w)(s)]^2: 0 if the features can represent V."""
        seen = self.visits > 0
        return float(self.visits[seen] @ (self.values[seen] - self.true_values[seen]) ** 2)

    def __repr__(self) -> str:
        """Size and error."""
        return f"LinearValues({len(self.weights)} weights, root of VE {self.value_error**0.5:.4g})"


def linear_values(
    env_or_model: Any,
    policy: Any,
    features: ArrayLike,
    *,
    discount: float,
    trace_decay: float = 0.0,
    behaviour: Any = None,
) -> LinearValues:
    """The limit of linear TD(lambda), LSTD(lambda) and gradient Monte Carlo (lambda = 1) with decreasing step sizes.

    Args:
        env_or_model: A model that says where episodes begin, or an environment that has one.
        policy: The policy to evaluate: a plan, (S,) actions or (S, A) probabilities.
        features: (S, d) of each state, such as `planners.state_aggregation(S, groups)`.
        discount: 0 to 1.
        trace_decay: lambda; 0 is TD(0), 1 is Monte Carlo, which has the smallest VE.
        behaviour: The policy that acts, if it is another one.

    Raises:
        InvalidOptionError: Something does not fit, or there is no fixed point.
        InvalidModelError: There is no long run, or the model does not say where episodes begin.

    Source: Sutton and Barto (2018), Section 9.4; Tsitsiklis and Van Roy (1997).

    Cost: of dense (S, d) arrays and one sparse system of S equations.

    >>> import planners
    >>> line = planners.TabularMDP.from_gym_dict(
    ...     {0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 3.0, True)]}}, initial=[1.0, 0.0])
    >>> linear_values(line, [0, 0], [[1.0], [2.0]], discount=1.0).weights.round(6), linear_values(
    ...     line, [0, 0], [[1.0], [2.0]], discount=1.0, trace_decay=1.0).weights.round(6)
    (array([2.]), array([1.8]))
    """
    trace_decay = check_number("trace_decay", trace_decay, 0.0, most=1.0)
    update = expected_update(env_or_model, policy, discount, trace_decay, features, behaviour)
    weights, *_ = np.linalg.lstsq(update.matrix, update.vector, rcond=None)
    off = float(np.abs(update.matrix @ weights - update.vector).max(initial=0.0))
    if off > 1e-8 * max(1.0, float(np.abs(update.vector).max(initial=0.0))):
        raise InvalidOptionError("TD has no fixed point with these features: A w = b has no solution")
    chain = update.chain
    values, visits = np.full(chain.num_model_states, np.nan), np.zeros(chain.num_model_states)
    values[chain.reached], visits[chain.reached] = update.features @ weights, update.visits
    return LinearValues(np.asarray(weights, dtype=np.float64), values, chain.values(), visits)
