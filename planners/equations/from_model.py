"""The Bellman equations of a model at a discount."""

import numpy as np

from planners.equations.problem import Problem
from planners.models.tabular import TabularMDP


def make_problem(model: TabularMDP, discount: float) -> Problem:
    """The Bellman equations of a model; at discount 1 the reduced ones of `planners.equations.undiscounted`."""
    if discount == 1.0:
        from planners.equations.undiscounted import reduced_problem

        return reduced_problem(model)
    feasible = model.feasible.ravel()
    pairs = np.flatnonzero(feasible)
    everything = len(pairs) == len(feasible)
    return Problem(
        model=model,
        discount=discount,
        transitions=model.transitions if everything else model.transitions[pairs],
        rewards=model.rewards.ravel()[pairs],
        termination=model.termination.ravel()[pairs],
        row_state=pairs // model.num_actions,
        row_pair=pairs,
    )
