"""The other direction: what is least is the negative of what is greatest of the negated rewards.

    min over policies of E[sum of c] = - max over policies of E[sum of -c]

All planners maximise. To minimise, they plan on the negated model, and the answer is negated.

Source: Puterman (2005), Section 2.1.3.
"""

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Tables = TypeVar("Tables", bound=Any)


def negative(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """The numbers with the other sign; 0 stays 0, and does not become -0.

    >>> negative(np.array([0.0, 1.5, -np.inf]))
    array([ 0. , -1.5,  inf])
    """
    return 0.0 - numbers


def negated(model: Tables) -> Tables:
    """The model, or the tables of a part of one, with every reward negated; what does not change is shared.

    >>> from planners.models.tabular import TabularMDP
    >>> negated(TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 3.0, True)]}})).rewards
    array([[-3.]])
    """
    name = "outcome_reward" if hasattr(model, "outcome_reward") else "rewards"
    found = replace(model, **{name: negative(getattr(model, name))})
    told = getattr(model, "told", None)
    found = found if told is None else replace(found, told=negated(told))
    return found if getattr(model, "paid", None) is None else replace(found, paid=-model.paid)
