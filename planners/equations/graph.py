"""Questions about who can reach whom, by SciPy's graph routines.

Rows are state-action pairs: `transitions` (L, n) CSR holds where each can lead, `row_state` (L,) where
it starts. Ways are counted in steps; only `likeliest` looks at the size of an entry.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph


class EndComponents(NamedTuple):
    """Maximal end components: sets of states in which one can stay for ever and go anywhere within.

    Attributes:
        label: (n,) number of the component of each state, -1 outside of all.
        internal: (L,) bool, the rows that stay within a component.

    Source: de Alfaro (1997), "Formal Verification of Probabilistic Systems", Section 3.3.
    """

    label: NDArray[np.int64]
    internal: NDArray[np.bool_]


def entries(transitions: sparse.csr_array, rows: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(row, next state) of every entry of the chosen rows."""
    row = np.repeat(np.arange(transitions.shape[0]), np.diff(transitions.indptr))
    chosen = rows[row]
    return row[chosen], transitions.indices[chosen].astype(np.int64)


def next_towards(
    transitions: sparse.csr_array,
    row_state: NDArray[np.int64],
    rows: NDArray[np.bool_],
    targets: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """(n,) next state on a shortest way to `targets` along the chosen rows.

    A target has its own number, a state from which there is no way has -1.
    """
    count = transitions.shape[1]
    row, next_state = entries(transitions, rows)
    sources = np.flatnonzero(targets)
    backwards = sparse.coo_array(
        (
            np.ones(len(row) + len(sources), dtype=np.int8),
            (
                np.concatenate((next_state, np.full(len(sources), count))),
                np.concatenate((row_state[row], sources)),
            ),
        ),
        shape=(count + 1, count + 1),
    ).tocsr()
    backwards.data[:] = 1
    _, before = csgraph.breadth_first_order(backwards, count, directed=True, return_predecessors=True)
    towards = np.where(before[:count] >= 0, before[:count], -1).astype(np.int64)
    towards[sources] = sources
    return towards


def rows_towards(
    transitions: sparse.csr_array,
    row_state: NDArray[np.int64],
    rows: NDArray[np.bool_],
    towards: NDArray[np.int64],
) -> NDArray[np.int64]:
    """(n,) the chosen row of each state that most likely leads to `towards[s]`; -1 where there is none."""
    row, next_state = entries(transitions, rows)
    probability = transitions.data[np.repeat(rows, np.diff(transitions.indptr))]
    leads = next_state == towards[row_state[row]]
    return likeliest(row[leads], probability[leads], row_state, transitions.shape[1])


def likeliest(
    row: NDArray[np.int64], probability: NDArray[np.float64], row_state: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """(count,) for each state the one of the given rows with the largest probability, the first of several; else -1."""
    order = np.lexsort((-row, probability))  # the best last, so that it is what remains
    chosen = np.full(count, -1, dtype=np.int64)
    chosen[row_state[row[order]]] = row[order]
    return chosen


def end_components(
    transitions: sparse.csr_array, row_state: NDArray[np.int64], rows: NDArray[np.bool_]
) -> EndComponents:
    """Maximal end components of the chosen rows, none of which may end the episode."""
    rows = rows.copy()
    count = transitions.shape[1]
    while True:
        row, next_state = entries(transitions, rows)
        graph = sparse.coo_array((np.ones(len(row), dtype=np.int8), (row_state[row], next_state)), shape=(count, count))
        _, label = csgraph.connected_components(graph, directed=True, connection="strong")
        leaves = row[label[row_state[row]] != label[next_state]]
        if not len(leaves):
            break
        rows[leaves] = False
    stays = np.zeros(count, dtype=bool)
    stays[row_state[rows]] = True
    _, number = np.unique(label, return_inverse=True)
    return EndComponents(np.where(stays, number, -1), rows)
