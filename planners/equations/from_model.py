"""The Bellman equations of a model at a discount."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.own_equations import own_equations
from planners.equations.problem import Problem
from planners.models.pairs import PairMDP
from planners.models.tabular import TabularMDP


def make_problem(model: TabularMDP | PairMDP, discount: float) -> Problem:
    """The Bellman equations of a model; at discount 1 the reduced ones of `planners.equations.undiscounted`."""
    if isinstance(model, PairMDP):
        return _of_pairs(model, discount) if discount < 1.0 else make_problem(model.tabular, 1.0)
    if discount == 1.0:
        if (own := own_equations(model)) is not None:
            return own
        from planners.equations.undiscounted import reduced_problem

        return reduced_problem(model)
    feasible = model.feasible.ravel()
    pairs = np.flatnonzero(feasible)
    everything = len(pairs) == len(feasible)
    return Problem(
        model=model,
        discount=discount,
        transitions=model.transitions if everything else _rows_that_exist(model, pairs),
        rewards=model.rewards.ravel()[pairs],
        termination=model.termination.ravel()[pairs],
        row_state=pairs // model.num_actions,
        row_pair=pairs,
    )


def _rows_that_exist(model: TabularMDP, pairs: NDArray[np.intp]) -> sparse.csr_array:
    """(L, S) the rows of the feasible pairs; where the others are empty, without a copy of the entries."""
    P = model.transitions
    indptr = np.append(P.indptr[pairs], P.indptr[-1:])
    if indptr[0] or not np.array_equal(indptr[1:], P.indptr[pairs + 1]):
        return P[pairs]
    return sparse.csr_array((P.data, P.indices, indptr), shape=(len(pairs), model.num_states))


def _of_pairs(model: PairMDP, discount: float) -> Problem:
    return Problem(
        model=model,  # pyright: ignore[reportArgumentType] - it has what a problem asks of a model
        discount=discount,
        transitions=model.transitions,
        rewards=model.rewards,
        termination=model.termination,
        row_state=model.pair_state,
        row_pair=model.pair_state * model.num_actions + model.pair_action,
    )
