"""Questions about who can reach whom, beside searches that follow the definitions in plain Python."""

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import csgraph

from planners.equations import graph
from planners.equations.graph import Entering, end_components


def components_by_definition(nexts: list[set[int]], state: list[int], rows: set[int]) -> set[frozenset[int]]:
    """The rows of each maximal end component: drop rows that may leave for where no way leads back, until none is."""
    while True:
        reach = {s: {s} for s in set(state)}
        for _ in state:
            for row in rows:
                reach[state[row]] |= set().union(*(reach.get(t, {t}) for t in nexts[row]))
        kept = {row for row in rows if all(state[row] in reach.get(t, {t}) for t in nexts[row])}
        if kept == rows:
            break
        rows = kept
    return {frozenset(r for r in rows if state[r] in reach[state[row]]) for row in rows}


def test_end_components_are_those_of_the_definition(rng: np.random.Generator):
    for _ in range(100):
        states, actions = rng.integers(1, 9), int(rng.integers(1, 4))
        full = rng.random((states * actions, states)) < rng.uniform(0.1, 0.6)
        transitions = sparse.csr_array(full.astype(np.float64))
        state = np.arange(states * actions) // actions
        rows = (rng.random(states * actions) < rng.uniform(0.3, 1.0)) & full.any(axis=1)
        found = end_components(transitions, state, rows)
        expected = components_by_definition(
            [set(np.flatnonzero(row).tolist()) for row in full], state.tolist(), set(np.flatnonzero(rows).tolist())
        )
        labels = np.where(found.internal, found.label[state], -1)
        groups = {frozenset(np.flatnonzero(labels == each).tolist()) for each in set(labels.tolist()) - {-1}}
        assert groups == expected
        assert set(np.flatnonzero(found.label >= 0).tolist()) == {int(state[row]) for group in groups for row in group}


def test_a_row_of_states_that_fall_out_one_after_the_other_takes_few_searches(monkeypatch: pytest.MonkeyPatch):
    """As for a gambler, who is out once he can lose all: state s needs s - 1, and state 0 has nothing to do."""
    count, searches, search = 300, [], csgraph.connected_components
    monkeypatch.setattr(csgraph, "connected_components", lambda *a, **b: searches.append(1) or search(*a, **b))
    up, down = np.minimum(np.arange(count) + 1, count - 1), np.maximum(np.arange(count) - 1, 0)
    columns = np.column_stack([up, down]).ravel()
    transitions = sparse.csr_array((np.full(2 * count, 0.5), columns, np.arange(0, 2 * count + 1, 2)))
    found = end_components(transitions, np.arange(count), np.arange(count) > 0)
    assert len(searches) <= 3
    assert not found.internal.any()
    assert (found.label < 0).all()


def test_rows_are_taken_out_alike_one_by_one_and_round_by_round(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
):
    """Against the definition: as long as some row may lead to a lost state, or a state has no row, take it out."""
    for _ in range(200):
        states, actions = rng.integers(1, 12), int(rng.integers(1, 4))
        full = rng.random((states * actions, states)) < rng.uniform(0.02, 0.4)
        state = np.arange(states * actions) // actions
        gone, lost = rng.random(states * actions) < 0.2, rng.random(states) < 0.2
        expected_gone, expected_lost = gone.copy(), lost.copy()
        for _ in range(states + 1):
            expected_gone |= (full & expected_lost).any(axis=1)
            emptied = [
                (~gone & (state == s)).any() and not (~expected_gone & (state == s)).any() for s in range(states)
            ]
            expected_lost |= emptied
        for one_by_one in (0, graph.ONE_BY_ONE):
            monkeypatch.setattr(graph, "ONE_BY_ONE", one_by_one)
            found_gone, found_lost = gone.copy(), lost.copy()
            graph.take_out(Entering.of(sparse.csr_array(full.astype(float))), state, found_gone, found_lost)
            np.testing.assert_array_equal(found_gone, expected_gone)
            np.testing.assert_array_equal(found_lost, expected_lost)
