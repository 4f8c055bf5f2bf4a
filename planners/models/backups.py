"""One Bellman backup of a model: the action values of given values."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from planners.models.convert import Model


def backup(model: "Model", values: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
    """(S, A) r + discount * P V; -inf for actions that do not exist, and infinite where V is."""
    finite = np.isfinite(values)
    q = model.rewards + discount * model.expected_next(np.where(finite, values, 0.0))
    if discount > 0 and not finite.all():
        q[model.expected_next((values == np.inf).astype(np.float64)) > 0] = np.inf
        q[model.expected_next((values == -np.inf).astype(np.float64)) > 0] = -np.inf
    q[~model.feasible] = -np.inf
    return q
