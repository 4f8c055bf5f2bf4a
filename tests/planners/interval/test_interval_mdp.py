"""Bounds as arrays, around a model, between models, in files; and what is refused, in words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from planners import IntervalMDP, TabularMDP
from planners.errors import InvalidModelError, InvalidOptionError
from tests.oracles.nature import contains

LOW = np.array([[[0.2, 0.1, 0.0], [0.0, 0.5, 0.0]], [[0.0, 0.0, 1.0], [0.0, 0.3, 0.3]], [[0.0, 0.0, 0.0]] * 2])
HIGH = np.array([[[0.7, 0.5, 0.4], [0.0, 1.0, 0.5]], [[0.0, 0.0, 1.0], [0.2, 0.4, 0.6]], [[1.0, 1.0, 1.0]] * 2])
R = np.array([[1.0, 2.0], [0.0, -1.0], [5.0, 5.0]])
ENDS = np.array([False, False, True])


def model(**changes: Any) -> IntervalMDP:
    given = {"P_lower": LOW, "P_upper": HIGH, "R_lower": R, "R_upper": R + 0.5, "terminal": ENDS, **changes}
    return IntervalMDP.from_arrays(**given)


def test_dense_and_sparse_arrays_are_one_model() -> None:
    dense = model()
    for form in (sparse.csr_array, sparse.coo_matrix):
        low, high = (form(table.reshape(6, 3)) for table in (LOW, HIGH))
        listed = [[form(table[:, a]) for a in range(2)] for table in (LOW, HIGH)]
        for found in (
            model(P_lower=low, P_upper=high, axes="SAS"),
            model(P_lower=listed[0], P_upper=listed[1]),
            model(P_lower=LOW.transpose(1, 0, 2), P_upper=HIGH.transpose(1, 0, 2), axes="ASS"),
        ):
            for name in ("low", "high", "centre"):
                assert np.array_equal(getattr(found, name).toarray(), getattr(dense, name).toarray())


def test_what_enters_a_terminal_state_ends() -> None:
    found = model()
    assert found.high.toarray()[0].tolist() == [0.7, 0.5, 0.0, 0.4]
    assert found.low.toarray()[2].tolist() == [0.0, 0.0, 0.0, 1.0]
    assert found.low.toarray()[4].tolist() == [0.0, 0.0, 0.0, 1.0]  # the terminal state itself
    assert found.rewards_upper[2].tolist() == [0.0, 0.0]


def test_the_centre_is_a_distribution_of_each_set(rng: np.random.Generator) -> None:
    P = rng.dirichlet(np.ones(5), size=(5, 2))
    low, high = P * rng.random(P.shape), P + (1 - P) * rng.random(P.shape)
    found = IntervalMDP.from_arrays(low, high, np.zeros((5, 2)), np.ones((5, 2)))
    centre = found.centre_or_fail
    assert np.abs(centre.sum(axis=1) - 1.0).max() <= 1e-15
    assert (found.low.data <= centre.data).all()
    assert (centre.data <= found.high.data).all()
    assert contains(found, TabularMDP.from_arrays(P, np.full((5, 2), 0.5)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"P_lower": LOW + 0.4}, "state 0, action 1 has the lower bound 0.4 for next state 0"),
        (
            {"P_upper": HIGH * np.array([0.6, 1.0, 1.0])[:, None, None]},
            "no distribution fits the bounds of state 0, action 0: the lower bounds sum to 0.3",
        ),
        ({"P_lower": -LOW}, "P_lower: state 0, action 0 has probability -0.2"),
        ({"P_upper": HIGH * 2.0}, "state 0, action 0 has the upper bound 1.4 for next state 0"),
        ({"P_lower": LOW[:, :1]}, "P_lower is of"),
        ({"R_lower": R[:2]}, r"R_lower has shape \(2, 2\)"),
        ({"R_lower": R + 1.0}, "has a reward from 2 to 1.5"),
        ({"R_upper": R * np.nan}, "has a reward from 1 to nan"),
        ({"terminal": [0, 0, 1]}, "terminal has shape"),
        ({"feasible": np.ones((3, 3), dtype=bool)}, "feasible has shape"),
        ({"P_upper": HIGH * np.array([0.0, 1.0, 1.0])[:, None, None]}, "state 0, action 0"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidModelError, match=said):
        model(**changes)


def test_around_a_model_and_between_models() -> None:
    P = np.array([[[0.6, 0.4], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])
    mdp = TabularMDP.from_arrays(P, np.zeros((2, 2)), axes="SAS")
    near = IntervalMDP.around(mdp, 0.2)
    assert near.low.toarray()[0, :2].tolist() == pytest.approx([0.5, 0.3])
    assert near.low.toarray()[1].tolist() == [0.0, 1.0, 0.0]  # what is impossible stays so
    wide = IntervalMDP.around(mdp, 0.2, norm="max", reward_radius=[[0.0, 1.0]] * 2)
    assert wide.high.toarray()[0, :2].tolist() == pytest.approx([0.8, 0.6])
    assert wide.rewards_lower.tolist() == [[0.0, -1.0]] * 2
    other = TabularMDP.from_arrays(P[::-1], np.ones((2, 2)), axes="SAS")
    both = IntervalMDP.containing([mdp, other])
    assert contains(both, mdp)
    assert contains(both, other)
    with pytest.raises(InvalidOptionError, match="norm is 'l2'"):
        IntervalMDP.around(mdp, 0.1, norm="l2")  # pyright: ignore
    with pytest.raises(InvalidModelError, match="radius is"):
        IntervalMDP.around(mdp, -0.1)
    with pytest.raises(InvalidModelError, match="expected the same"):
        IntervalMDP.containing([])


def test_files(tmp_path: Path) -> None:
    for found in (model(), IntervalMDP.around(model().middle(), 0.1)):
        found.save(tmp_path / "bounds.npz")
        again = IntervalMDP.load(tmp_path / "bounds.npz")
        for name in ("low", "high", "centre"):
            assert np.array_equal(getattr(found, name).data, getattr(again, name).data)
        assert np.array_equal(found.rewards_lower, again.rewards_lower)
        assert (again.radius is None) == (found.radius is None)
    (tmp_path / "other.npz").write_bytes(b"nothing")
    with pytest.raises(InvalidModelError, match="expected a gridworld-lab interval model"):
        IntervalMDP.load(tmp_path / "other.npz")
    np.savez(tmp_path / "part.npz", format="gridworld-lab interval model", low=np.zeros(3))
    with pytest.raises(InvalidModelError, match="damaged"):
        IntervalMDP.load(tmp_path / "part.npz")
