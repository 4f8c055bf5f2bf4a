"""A discount for each pair of state and action, as semi-Markov models have: folded into the probabilities.

    V(s) = max over a of  r(s,a) + g(s,a) * sum over s' of P(s'|s,a) V(s')

With any common discount c that is at least every g(s,a), this is the equation of the model

    P'(s'|s,a) = g(s,a) / c * P(s'|s,a),        which ends with what is missing to 1,        at the discount c:

to be discounted by g is to go on with probability g. So every method and every proof that there is holds. What the
folded probabilities are rounded by is added to the bounds (`rounding`).

Source: Puterman (2005), Sections 5.3 and 11.1.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arguments import is_table, shown
from planners.errors import InvalidOptionError

if TYPE_CHECKING:
    from planners.models.tabular import TabularMDP

RELATIVE: Final = 2.0**-49  # 16 roundings: of the ratio, of the product, of rows scaled to sum to 1 before and after


def is_per_pair(discount: Any) -> bool:
    """Whether a discount is a table and not a number."""
    return is_table(discount)


def folded(mdp: "TabularMDP", discounts: Any, common: float | None = None) -> "tuple[TabularMDP, float]":
    """The model with its discounts in its probabilities, and the common discount that is left.

    Args:
        mdp: A model of S states and A actions.
        discounts: (S, A) discounts from 0 to 1; those of pairs that do not exist are not read.
        common: The discount that is to be left, at least the largest; None: the largest.

    Raises:
        InvalidOptionError: Another shape, or a number that is no discount.

    >>> from planners import TabularMDP
    >>> stay = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 2.0, False)]}})
    >>> other, discount = folded(stay, [[0.75, 0.5]])
    >>> other.transitions.toarray().round(3).tolist(), discount
    ([[1.0], [0.667]], 0.75)
    """
    table = _checked(discounts, mdp)
    largest = float(table.max()) if common is None else common
    ratio = np.divide(table, largest, out=np.ones_like(table), where=largest > 0)
    if (ratio == 1.0).all():
        return mdp, largest
    rows = mdp.transitions
    data = rows.data * np.repeat(ratio.ravel(), np.diff(rows.indptr))
    transitions = sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)
    goes_on = np.asarray(transitions.sum(axis=1)).reshape(table.shape)
    termination = np.where(mdp.feasible, np.maximum(1.0 - goes_on, 0.0), mdp.termination)
    return replace(mdp, transitions=transitions, termination=termination, endings=None), largest


def rounding(largest_value: float, discount: float) -> float:
    """By how much the rounding of folded probabilities can change a value, at most; inf at discount 1.

    Two models whose rows differ by a part d of themselves have values that differ by d c max |V| / (1 - c (1 + d)).
    """
    left = 1.0 - discount * (1.0 + RELATIVE)
    return RELATIVE * discount * largest_value / left * (1.0 + 1e-9) if left > 0 else np.inf


def _checked(discounts: Any, mdp: "TabularMDP") -> NDArray[np.float64]:
    try:
        table = np.array(discounts, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InvalidOptionError(f"discount is {shown(discounts)}; expected a number, or (S, A) numbers") from None
    shape = mdp.rewards.shape
    if table.shape != shape:
        raise InvalidOptionError(f"discount has shape {table.shape}; expected a number, or {shape}, one for each pair")
    table[~mdp.feasible] = 0.0
    wrong = np.argwhere(~((table >= 0.0) & (table <= 1.0)))
    if len(wrong):
        state, action = (int(i) for i in wrong[0])
        raise InvalidOptionError(
            f"discount is {table[state, action]} in state {state}, action {action}; expected a number from 0 to 1"
        )
    return table
