"""Sweeps of one policy from copies of its rows: the bits of sums written out, whoever copies and sweeps which part."""

import numpy as np
import pytest
from scipy import sparse

from planners.kernels.policy_rows import PARTS, copy_parts, copy_policy, evaluate_once, evaluate_parts, room_for_rows
from planners.kernels.rows import Rows


def random_rows(rng: np.random.Generator, states: int) -> Rows:
    """Of 1 to 4 actions for each state and 0 to 5 next states for each action."""
    first = np.concatenate(([0], np.cumsum(rng.integers(1, 5, size=states))))
    indptr = np.concatenate(([0], np.cumsum(rng.integers(0, 6, size=first[-1])))).astype(np.int32)
    indices = rng.integers(states, size=indptr[-1]).astype(np.int32)
    return Rows(indptr, indices, rng.random(indptr[-1]), rng.normal(size=first[-1]), first, 0.9)


@pytest.mark.parametrize("states", [1, 7, 300, 1000])
def test_a_sweep_is_the_sum_of_its_rows_in_their_order(states: int, rng: np.random.Generator) -> None:
    tables, values = random_rows(rng, states), rng.normal(size=states)
    policy, new = room_for_rows(tables), np.empty(states)
    for _ in range(2):  # of another policy in the same room
        rows = rng.integers(tables.first_row[:-1], tables.first_row[1:])
        copy_policy(tables, rows, policy)
        least, most = evaluate_once(tables, policy, values, new)
        P = sparse.csr_array((tables.probability, tables.indices, tables.indptr), (len(tables.reward), states))
        assert (new == tables.reward[rows] + 0.9 * (P[rows] @ values)).all()
        assert (least, most) == ((new - values).min(), (new - values).max())


def test_parts_may_be_copied_and_swept_by_anybody(rng: np.random.Generator) -> None:
    tables, values = random_rows(rng, 700), rng.normal(size=700)
    rows = rng.integers(tables.first_row[:-1], tables.first_row[1:])
    found = []
    for blocks in ([(0, PARTS)], [(100, PARTS), (0, 3), (3, 100)]):
        policy, new = room_for_rows(tables), np.empty(700)
        for first, last in blocks:
            copy_parts(tables, rows, policy, first, last)
        changes = [evaluate_parts(tables, policy, values, new, first, last) for first, last in reversed(blocks)]
        found.append((new.tolist(), min(least for least, _ in changes), max(most for _, most in changes)))
    assert found[0] == found[1]


def test_what_is_not_a_number_is_told(rng: np.random.Generator) -> None:
    tables = random_rows(rng, 50)
    values = rng.normal(size=50)
    values[20] = np.nan
    policy = room_for_rows(tables)
    copy_policy(tables, tables.first_row[:-1], policy)
    assert np.isnan(evaluate_once(tables, policy, values, np.empty(50))).all()
