"""The rows of the equations are those of the pairs that exist, without a copy where the others are empty."""

import numpy as np
import pytest
from scipy import sparse

from planners import TabularMDP
from planners.equations.from_model import make_problem


@pytest.mark.parametrize("filled", [False, True])
def test_rows_of_pairs_that_do_not_exist_are_left_out(filled: bool, rng: np.random.Generator) -> None:
    """Whether they are empty or not; entries are shared only where they are."""
    feasible = rng.random((20, 3)) < 0.6
    feasible[np.arange(20), rng.integers(3, size=20)] = True
    P = rng.dirichlet(np.ones(20), size=60)
    if not filled:
        P[~feasible.ravel()] = 0.0
    model = TabularMDP(sparse.csr_array(P), np.zeros((20, 3)), rng.normal(size=(20, 3)), feasible)
    problem = make_problem(model, 0.9)
    assert (problem.transitions.toarray() == model.transitions.toarray()[feasible.ravel()]).all()
    assert (problem.rewards == model.rewards[feasible]).all()
    assert np.shares_memory(problem.transitions.data, model.transitions.data) == (not filled or feasible.all())


def test_entries_of_pairs_before_the_first_one_are_left_out() -> None:
    """The only pair that exists is the last one; the others hold entries all the same."""
    P, feasible = sparse.csr_array(np.array([[1.0], [1.0], [0.5]])), np.array([[False, False, True]])
    model = TabularMDP(P, np.array([[0.0, 0.0, 0.5]]), np.ones((1, 3)), feasible)
    assert make_problem(model, 0.9).transitions.toarray().tolist() == [[0.5]]
