"""What the readers of arrays and pairs refuse, with which words, and how wide their integers are."""

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import planners
from planners import InvalidModelError, TabularMDP
from planners.arrays import merge_rows
from planners.errors import PlannerError
from planners.readers.transitions import pair_rows

EYE = np.eye(2)
SPARSE = sparse.csr_array(EYE)


def good() -> np.ndarray:
    """(S, A, S') with S = 2, A = 3."""
    return np.tile([0.5, 0.5], (2, 3, 1))


def wrong_row(row: list[float]) -> np.ndarray:
    P = good()
    P[1, 2] = row
    return P


ROWS: list[tuple[list[float], str]] = [
    ([0.5, 0.25], r"state 1, action 2 sum to 0\.75; expected 1 within 1e-09"),
    ([0.5, 0.5 + 2e-9], r"state 1, action 2 sum to 1\.000000002; expected 1 within 1e-09"),
    ([0.5, 0.5 - 2e-9], r"state 1, action 2 sum to 0\.999999998; expected 1"),
    ([1.5, 0.0], r"state 1, action 2 sum to 1\.5; expected 1"),
    ([1.5, -0.5], r"state 1, action 2 has probability -0\.5 of state 1; expected a number from 0 to 1"),
    ([np.nan, 1.0], r"state 1, action 2 has probability nan of state 0; expected a number from 0 to 1"),
    ([np.inf, 0.0], r"state 1, action 2 sum to inf; expected 1"),
    ([-np.inf, 0.0], r"state 1, action 2 has probability -inf of state 0"),
    ([0.0, 0.0], r"state 1, action 2 leads nowhere: its row of probabilities is empty\. .*feasible=.*terminal="),
]


def read(P: np.ndarray, form: str) -> TabularMDP:
    """The model of (2, 3, 2) probabilities, handed over in one of the forms."""
    if form == "pairs":
        states, actions = np.divmod(np.arange(6), 3)
        order = [5, 0, 1, 2, 3, 4]
        return TabularMDP.from_state_action_pairs(np.zeros(6), P.reshape(6, 2)[order], states[order], actions[order])
    if form == "list":
        return TabularMDP.from_arrays([sparse.lil_array(m) for m in P.transpose(1, 0, 2)], np.zeros(2))
    if form == "stacked":
        return TabularMDP.from_arrays(sparse.csr_array(P.reshape(6, 2)), np.zeros(2), axes="SAS")
    return TabularMDP.from_arrays(P if form == "SAS" else P.transpose(1, 0, 2), np.zeros(2))


@pytest.mark.parametrize(("row", "message"), ROWS)
@pytest.mark.parametrize("form", ["SAS", "ASS", "list", "stacked", "pairs"])
def test_wrong_rows_are_named(row: list[float], message: str, form: str) -> None:
    P = wrong_row(row)
    with pytest.raises(InvalidModelError, match=message) as caught:
        read(P, form)
    assert (caught.value.state, caught.value.action) == (1, 2)


def test_slack_within_the_tolerance_is_taken() -> None:
    model = TabularMDP.from_arrays(wrong_row([0.5, 0.5 + 9e-10]), np.zeros(2))
    np.testing.assert_allclose(model.transitions.sum(axis=1), 1.0, atol=1e-15)


def test_empty_rows_are_counted() -> None:
    P = good()
    P[0, 1] = P[1] = 0.0
    with pytest.raises(InvalidModelError, match=r"state 0, action 1 leads nowhere.*empty, and so are 3 others"):
        TabularMDP.from_arrays(P, np.zeros(2))
    feasible = P.any(axis=2)
    with pytest.raises(InvalidModelError, match="state 1 has no feasible action"):
        TabularMDP.from_arrays(P, np.zeros(2), feasible=feasible)
    model = TabularMDP.from_arrays(P, np.zeros(2), [False, True], feasible)
    assert model.feasible.tolist() == [[True, False, True], [True, True, True]]


def test_negative_parts_of_one_entry_are_seen() -> None:
    """-0.5 and 1.5 of one transition add up to 1 in a COO matrix; they are no probabilities."""
    parts = sparse.coo_array(([-0.5, 1.5, 1.0], ([0, 0, 1], [0, 0, 1])), shape=(2, 2))
    with pytest.raises(InvalidModelError, match=r"state 0, action 0 has probability -0\.5 of state 0"):
        TabularMDP.from_arrays([parts], np.zeros(2))
    halves = sparse.coo_array(([0.5, 0.5, 1.0], ([0, 0, 1], [0, 0, 1])), shape=(2, 2))
    assert TabularMDP.from_arrays([halves], np.zeros(2)).transitions.toarray().tolist() == EYE.tolist()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rewards_that_are_no_numbers(value: float) -> None:
    R = np.zeros((2, 3))
    R[1, 2] = value
    for reward in (R, np.repeat(R[:, :, None], 2, axis=2)):
        with pytest.raises(InvalidModelError, match=rf"state 1, action 2 has reward {value}; expected a finite number"):
            TabularMDP.from_arrays(good(), reward)
    for by_state in (value, -np.inf):
        with pytest.raises(InvalidModelError, match="state 1, action 0 has reward"):
            TabularMDP.from_arrays(good(), [0.0, by_state])
    with pytest.raises(InvalidModelError, match="state 0 has no feasible action"):
        TabularMDP.from_arrays(good(), np.full((2, 3), -np.inf))


SHAPES: list[tuple[Any, Any, dict[str, Any], str]] = [
    (good(), np.zeros((3, 2)), {}, r"R has shape \(3, 2\); expected \(2,\), \(2, 3\) or \(2, 3, 2\) .*Pass R\.T"),
    (good(), 1.0, {}, r"R has shape \(\); expected \(2,\)"),
    (good(), np.zeros((2, 2, 2)), {}, r"R has shape \(2, 2, 2\)"),
    (good(), [SPARSE] * 2, {}, r"R is a list of 2 matrices of shape \(2, 2\); expected 3 of shape \(2, 2\)"),
    (good(), [SPARSE, SPARSE, np.eye(3)], {}, r"R\[2\] has shape \(3, 3\); expected \(2, 2\)"),
    ([SPARSE, np.zeros((2, 3))], np.zeros(2), {}, r"P\[1\] has shape \(2, 3\); expected \(2, 2\)"),
    ([SPARSE, np.zeros(2)], np.zeros(2), {}, r"P\[1\] has shape \(2,\); expected a matrix"),
    ([SPARSE, SPARSE], np.zeros(2), {"axes": "SAS"}, r"P is a list of matrices.*axes='ASS', or none"),
    (good(), np.zeros(2), {"axes": "ASS"}, r"P has shape \(2, 3, 2\); expected"),
    (np.swapaxes(good(), 0, 1), np.zeros(2), {"axes": "SAS"}, r"\(3, 2, 2\); with axes='SAS' expected \(S, A, S'\)"),
    (sparse.csr_array((3, 2)), np.zeros(2), {}, r"P is one sparse matrix of shape \(3, 2\); expected \(S\*A, S'\)"),
    (np.zeros((0, 3, 0)), np.zeros(0), {}, "0 states and 3 actions; expected at least one each"),
    ([[[1.0]], [[1.0, 0.0]]], [0.0], {}, "P is not an array of numbers: .*inhomogeneous"),
    ([[["half", 0.5]]], [0.0], {}, "P has elements of type .*; expected real numbers"),
    (good(), ["one", "two"], {}, "R has elements of type .*; expected real numbers"),
    (good() * 1j, np.zeros(2), {}, "P has elements of type complex128"),
    ([sparse.csr_array(EYE * 1j)], np.zeros(2), {}, r"P\[0\] has elements of type complex128"),
    (good(), np.zeros(2), {"terminal": [True]}, r"terminal has shape \(1,\) of bool; expected \(2,\) of bool"),
    (good(), np.zeros(2), {"terminal": [0, 1]}, r"terminal has shape \(2,\) of int64; expected \(2,\) of bool"),
    (
        good(),
        np.zeros(2),
        {"feasible": np.ones((3, 2), bool)},
        r"feasible has shape \(3, 2\) of bool; expected \(2, 3\)",
    ),
    (good(), np.zeros(2), {"feasible": np.ones((2, 3))}, r"feasible has shape \(2, 3\) of float64; .* of bool"),
]


@pytest.mark.parametrize(("P", "R", "options", "message"), SHAPES)
def test_wrong_shapes(P: Any, R: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidModelError, match=message):
        TabularMDP.from_arrays(P, R, **options)


PAIRS: list[tuple[dict[str, Any], str]] = [
    ({"R": [0.0]}, r"R has shape \(1,\); expected \(3,\), one for each of the rows of Q, \(3, 2\)"),
    ({"states": [0, 0]}, r"states has shape \(2,\); expected \(3,\)"),
    ({"actions": [[0, 1, 0]]}, r"actions has shape \(1, 3\); expected \(3,\)"),
    ({"Q": [0.5, 0.5]}, r"Q has shape \(2,\); expected a matrix"),
    ({"states": [0.0, 0.0, 1.0]}, "states has elements of type float64; expected integers from 0"),
    ({"states": [0, 0, 2]}, "pair 2 is of state 2; expected states from 0 to 1"),
    ({"states": [0, -1, 1]}, "pair 1 is of state -1; expected states from 0 to 1"),
    ({"actions": [0, -1, 0]}, "pair 1 is of action -1; expected actions from 0 to 0"),
    ({"actions": [-1, -2, -1]}, "pair 0 is of action -1; expected actions from 0 to 0"),
    ({"num_actions": 1}, "pair 1 is of action 1; expected actions from 0 to 0"),
    ({"states": [0, 1, 1], "actions": [0, 1, 1]}, "state 1, action 1 is given twice, as pairs 1 and 2"),
    ({"states": [0, 0, 0], "actions": [0, 1, 2]}, "state 1 has no feasible action"),
    ({"R": [0.0, 1.0, -np.inf]}, "state 1 has no feasible action"),
    ({"R": [0.0, np.nan, 0.0]}, "state 0, action 1 has reward nan"),
    ({"num_actions": 10**15}, "2 states, 1000000000000000 actions and 4 transitions needs about .* of memory"),
]


@pytest.mark.parametrize(("change", "message"), PAIRS)
@pytest.mark.parametrize("as_sparse", [False, True])
def test_wrong_pairs(change: dict[str, Any], message: str, as_sparse: bool) -> None:
    arguments: dict[str, Any] = {
        "R": [5.0, 10.0, -1.0],
        "Q": [[0.5, 0.5], [0.0, 1.0], [0.0, 1.0]],
        "states": [0, 0, 1],
        "actions": [0, 1, 0],
    }
    if as_sparse and "Q" not in change:
        arguments["Q"] = sparse.lil_matrix(arguments["Q"])
    with pytest.raises(PlannerError, match=message):
        TabularMDP.from_state_action_pairs(**(arguments | change))


# Sizes.


@pytest.mark.parametrize("width", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
def test_small_integers_do_not_overflow(width: type[np.integer[Any]]) -> None:
    """100 states of 3 actions have rows up to 299, beyond int8 and uint8."""
    states, actions = (index.astype(width) for index in np.divmod(np.arange(300), 3))
    model = TabularMDP.from_state_action_pairs(np.arange(300.0), np.eye(100)[states.astype(int)], states, actions)
    np.testing.assert_array_equal(model.rewards.ravel(), np.arange(300.0))
    assert model.feasible.all()


def test_rows_beyond_int32() -> None:
    last = pair_rows(np.array([2**30 - 1], dtype=np.int32), np.array([3], dtype=np.int32), 2**30, 4)
    assert last.tolist() == [2**32 - 1]
    assert pair_rows(np.array([9]), 1, 10, 2).dtype == np.int32


def test_indices_are_as_narrow_as_they_can_be() -> None:
    rows, columns = np.array([0, 1], dtype=np.int64), np.array([1, 0], dtype=np.int64)
    matrix = merge_rows(rows, columns, np.ones(2), (2, 2))
    assert matrix.indices.dtype == matrix.indptr.dtype == np.int32
    wide = merge_rows(rows, columns + 2**31, np.ones(2), (2, 2**31 + 2))
    assert wide.indices.dtype == np.int64
    assert wide.indices.tolist() == [2**31 + 1, 2**31]


def test_wide_indices_give_the_same_answers() -> None:
    wide = sparse.csr_array((np.ones(2), np.array([0, 1], dtype=np.int64), np.array([0, 1, 2], dtype=np.int64)))
    model = TabularMDP(wide, np.zeros((2, 1)), np.array([[1.0], [2.0]]), np.ones((2, 1), dtype=bool))
    assert model.transitions.indices.dtype == np.int64
    np.testing.assert_allclose(planners.solve(model, discount=0.5).values, [2.0, 4.0], atol=1e-6)


def test_what_cannot_fit_is_refused_before_it_is_made() -> None:
    huge = sparse.coo_array(([1.0], ([0], [0])), shape=(10**12, 10**12))
    with pytest.raises(
        planners.PlannerError, match=r"1000000000000 states, 1 actions and 1 transitions needs about 34"
    ):
        TabularMDP.from_arrays([huge], np.zeros(1))


def raw(indices: list[int], indptr: list[int], data: list[float] | None = None) -> TabularMDP:
    """A model whose CSR arrays nobody has checked: SciPy takes them as they are when they are set."""
    matrix = sparse.csr_array(np.eye(2))
    matrix.indices, matrix.indptr = np.array(indices, dtype=np.int32), np.array(indptr, dtype=np.int32)
    matrix.data = np.ones(len(indices)) if data is None else np.array(data)
    return TabularMDP(matrix, np.zeros((2, 1)), np.zeros((2, 1)), np.ones((2, 1), dtype=bool))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([0, 5], [0, 1, 2]), "row 1 of transitions has an entry in column 5; expected states from 0 to 1"),
        (([-1, 1], [0, 1, 2]), "row 0 of transitions has an entry in column -1"),
        (([0, 1], [0, 2, 1]), r"transitions\.indptr does not say where 2 rows begin"),
        (([0, 1], [0, 1, 7]), r"transitions\.indptr does not say"),
        (([0, 1], [0, 1, 2], [1.0]), "transitions has 1 numbers for 2 columns"),
    ],
)
def test_rows_that_are_no_matrix(arrays: Any, message: str) -> None:
    with pytest.raises(InvalidModelError, match=message):
        raw(*arrays)


def test_masked_rewards_and_ragged_masks_are_named() -> None:
    P = np.full((2, 2, 2), 0.5)
    rewards = np.ma.masked_array([[1.0, 9.0], [2.0, 3.0]], [[False, True], [False, False]])
    with pytest.raises(InvalidModelError, match=r"R is masked at \(0, 1\)"):
        TabularMDP.from_arrays(P, rewards, axes="SAS")
    told = TabularMDP.from_arrays(P, rewards.filled(0), feasible=~rewards.mask, axes="SAS")
    assert told.feasible.tolist() == [[True, False], [True, True]]
    with pytest.raises(InvalidModelError, match="feasible has no one shape"):
        TabularMDP.from_arrays(P, np.zeros((2, 2)), feasible=[[True], [True, False]], axes="SAS")


def test_the_bare_constructor_says_what_is_missing() -> None:
    with pytest.raises(InvalidModelError, match=r"transitions is missing; .* are read by TabularMDP\.from_arrays"):
        TabularMDP()
    with pytest.raises(InvalidModelError, match=r"transitions is a list; expected a csr_array"):
        TabularMDP([[[1.0]]], [[1.0]])  # type: ignore[arg-type]
