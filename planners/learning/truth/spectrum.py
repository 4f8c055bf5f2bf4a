"""The rate at which TD learns: the eigenvalues of the mean update."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.errors import InvalidOptionError
from planners.learning.lambda_return import rate_and_decay
from planners.learning.linear.linear_td import LinearTD
from planners.learning.td_lambda import TDLambda
from planners.learning.temporal_difference import TD
from planners.learning.true_online_td import TrueOnlineTD
from planners.learning.truth.expected_update import expected_update

NEUTRAL: Final = 1e-9  # a radius this near to 1 neither arrives nor leaves
FAST: Final = 1e-6  # a radius below arrives within rounding in a step or two
RANK: Final = 1e-10  # singular values below, as a part of the largest, are those of features that say nothing new


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum:
    """The eigenvalues of I - alpha A. On average, a step multiplies the distance to the fixed point by this matrix.

    Attributes:
        rate: alpha.
        eigenvalues: (m,) of I - alpha A, the largest first, in the m directions of the weights that change a value.
    """

    rate: float
    eigenvalues: NDArray[np.complex128]

    @property
    def radius(self) -> float:
        """The largest of their absolute values."""
        return float(np.abs(self.eigenvalues).max(initial=0.0))

    @property
    def verdict(self) -> str:
        """The meaning of the radius, in words."""
        if self.radius < FAST:
            return "converges: in a step or two"
        if self.radius < 1 - NEUTRAL:
            return f"converges: a digit in {np.log(10) / -np.log(self.radius):.0f} steps"
        if self.radius > 1 + NEUTRAL:
            return f"diverges: doubles in {np.log(2) / np.log(self.radius):.0f} steps"
        return "neutral: along some direction it neither arrives nor leaves"

    def __repr__(self) -> str:
        """Radius and verdict."""
        return f"Spectrum(radius {self.radius:.7f}; {self.verdict})"


def spectrum(
    env_or_model: Any,
    policy: Any,
    learner: Any,
    *,
    discount: float,
    features: ArrayLike | None = None,
    behaviour: Any = None,
) -> Spectrum:
    """The rate of TD(lambda), and whether it converges at all, from its mean update.

    Args:
        env_or_model: A model that says where episodes begin, or an environment that has one.
        policy: The policy to evaluate: a plan, (S,) actions or (S, A) probabilities.
        learner: `planners.TD(rate=0.1)`, `planners.TDLambda(rate=0.1, trace_decay=0.8)` or a learner with the same mean
            update. Its own policy, features and discount do not count.
        discount: 0 to 1.
        features: (S, d) of each state; None: a table.
        behaviour: The policy that acts, if it is another one; updates are weighted by importance sampling.

    Raises:
        InvalidOptionError: Something does not fit.
        InvalidModelError: There is no long run, or the model does not say where episodes begin.

    Source: Sutton and Barto (2018), Sections 9.4 and 11.2.

    >>> import planners
    >>> coin = planners.TabularMDP.from_gym_dict({0: {0: [(0.5, 0, 1.0, True), (0.5, 0, 0.0, False)]}}, initial=[1.0])
    >>> spectrum(coin, [0], planners.TD(rate=0.1), discount=1.0)
    Spectrum(radius 0.9500000; converges: a digit in 45 steps)
    """
    if not isinstance(learner, TD | TDLambda | TrueOnlineTD | LinearTD) or getattr(learner, "n", 1) != 1:
        raise InvalidOptionError(
            f"the average update of {learner!r:.80} is not known here; expected planners.TD(rate=...), TDLambda, "
            "TrueOnlineTD or LinearTD"
        )
    rate, decay = rate_and_decay(learner)
    update = expected_update(env_or_model, policy, discount, decay, features, behaviour)
    _, sizes, rows = np.linalg.svd(update.features, full_matrices=False)
    basis = rows[sizes > RANK * sizes.max(initial=0.0)]
    found = 1.0 - rate * np.linalg.eigvals(basis @ update.matrix @ basis.T)
    return Spectrum(rate, found[np.argsort(-np.abs(found))].astype(np.complex128))
