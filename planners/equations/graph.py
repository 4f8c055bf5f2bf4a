"""Questions about who can reach whom, by SciPy's graph routines, which are imported when one is asked.

Rows are state-action pairs: `transitions` (L, n) CSR holds where each can lead, `row_state` (L,) where
it starts. Ways are counted in steps; only `likeliest` looks at the size of an entry.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import LARGEST_INT32, take_rows
from planners.equations.linear_systems import TINY
from planners.models.tabular import TabularMDP

ONE_BY_ONE: Final = 50_000  # entries
WRITTEN_OUT: Final = 1 << 14  # numbers of a table


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
    from scipy.sparse import csgraph

    count = transitions.shape[1]
    row, next_state = entries(transitions, rows)
    sources = np.flatnonzero(targets)
    tails = np.concatenate((next_state, np.full(len(sources), count)))
    backwards = graph_of(tails, np.concatenate((row_state[row], sources)), count + 1)
    _, before = csgraph.breadth_first_order(backwards, count, directed=True, return_predecessors=True)
    towards = np.where(before[:count] >= 0, before[:count], -1).astype(np.int64)
    towards[sources] = sources
    return towards


def soonest_towards(
    transitions: sparse.csr_array, row_state: NDArray[np.int64], delay: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(n,) next state on the quickest way to a target, where one waits for its (n,) delay; inf: it is no target.

    A target at which to wait has its own number, a state from which there is no way has -1.
    """
    from scipy.sparse import csgraph

    count = transitions.shape[1]
    backwards = _towards_ends(transitions, row_state, delay)
    _, before = csgraph.dijkstra(backwards, indices=[count], return_predecessors=True)
    towards = np.where(before[0, :count] >= 0, before[0, :count], -1).astype(np.int64)
    return np.where(towards == count, np.arange(count), towards)


def can_reach(ways: NDArray[np.float64], targets: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) whether the targets can be reached along the positive entries of a full table, (n, n), of few states."""
    steps = (ways > 0.0).astype(np.float64)  # of one step, then of up to two, four, ...
    steps.ravel()[:: len(targets) + 1] = 1.0
    for _ in range(len(targets).bit_length()):
        steps = np.minimum(steps @ steps, 1.0)
    return steps @ targets > 0.0


def steps_to_soonest(
    transitions: sparse.csr_array, row_state: NDArray[np.int64], delay: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n,) the fewest steps to a target, and the (n,) delay there; inf where there is no way."""
    from scipy.sparse import csgraph

    count = transitions.shape[1]
    return csgraph.dijkstra(_towards_ends(transitions, row_state, delay), indices=[count])[0, :count] - 1.0


def all_reach(transitions: sparse.csr_array, row_state: NDArray[np.int64], targets: NDArray[np.bool_]) -> bool:
    """Whether there is a way to the (n,) targets from every state, along any rows."""
    states, tables = len(targets), transitions.shape[0] * transitions.shape[1]
    if tables <= WRITTEN_OUT and states <= TINY:
        first = np.searchsorted(row_state, np.arange(states))
        return bool(can_reach(np.maximum.reduceat(transitions.toarray(), first), targets).all())
    from scipy.sparse import csgraph

    backwards = _towards_ends(transitions, row_state, np.where(targets, 0.0, np.inf))
    return len(csgraph.breadth_first_order(backwards, states, return_predecessors=False)) == states + 1


def _towards_ends(
    transitions: sparse.csr_array, row_state: NDArray[np.int64], delay: NDArray[np.float64]
) -> sparse.csr_array:
    """The graph from each state to those that lead to it; one more state leads to the targets, later by their delay."""
    count, sources = transitions.shape[1], np.flatnonzero(delay < np.inf)
    ends = transitions.indptr[np.searchsorted(row_state, np.arange(count + 1))]
    ones = np.ones(len(transitions.indices))
    back = sparse.csr_array((ones, transitions.indices, ends), shape=(count, count)).tocsc()
    columns, lengths = np.append(back.indices, sources), np.append(back.data, 1.0 + delay[sources])
    first = np.append(back.indptr, len(columns)).astype(back.indptr.dtype)
    return sparse.csr_array((lengths, columns.astype(first.dtype), first), shape=(count + 1, count + 1))


def graph_of(tails: NDArray[np.integer], heads: NDArray[np.integer], count: int) -> sparse.csr_array:
    """The graph of these edges, in the order in which those of one tail are given; one given twice is there twice."""
    small = np.uint16 if count <= 1 << 16 else tails.dtype  # NumPy sorts small types far faster
    order = tails.astype(small, copy=False).argsort(kind="stable")
    indptr = np.zeros(count + 1, dtype=np.int32 if len(tails) <= LARGEST_INT32 else np.int64)
    np.cumsum(np.bincount(tails, minlength=count), out=indptr[1:])
    return sparse.csr_array((np.ones(len(tails)), heads[order].astype(indptr.dtype), indptr), shape=(count, count))


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
    """Maximal end components of the chosen rows, none of which may end the episode.

    Source: de Alfaro (1997), Section 3.3; states without a row are taken out at once, and not one a search.
    """
    from scipy.sparse import csgraph

    rows = rows.copy()
    count, left = transitions.shape[1], np.flatnonzero(rows)  # the rows that are still chosen
    if not len(left):
        return EndComponents(np.full(count, -1), rows)
    part = transitions if len(left) == len(rows) else take_rows(transitions, left)
    while True:
        state = np.repeat(row_state[left], np.diff(part.indptr))
        graph = graph_of(state, part.indices, count)
        graph.sum_duplicates()  # an edge that comes twice would send this search of SciPy's round for ever
        _, label = csgraph.connected_components(graph, directed=True, connection="strong")
        within = label[state] == label[part.indices]
        if within.all():
            break
        staying = np.ones(len(left), dtype=bool)
        staying[np.repeat(np.arange(len(left)), np.diff(part.indptr))[~within]] = False
        part, left = take_rows(part, np.flatnonzero(staying)), left[staying]
        staying = _with_somewhere_to_go(part, row_state[left])
        part, left = (part, left) if staying.all() else (take_rows(part, np.flatnonzero(staying)), left[staying])
    rows[:] = False
    rows[left] = True
    stays = np.zeros(count, dtype=bool)
    stays[row_state[rows]] = True
    _, number = np.unique(label, return_inverse=True)
    return EndComponents(np.where(stays, number, -1), rows)


def recurrent_classes(chain: sparse.csr_array, closed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n,) number of the recurrent class of each state that never ends, -1 for the others."""
    from scipy.sparse import csgraph

    _, label = csgraph.connected_components(chain, directed=True, connection="strong")
    tail = np.repeat(np.arange(len(label)), np.diff(chain.indptr))
    is_open = np.zeros(len(label), dtype=bool)  # of each class: whether one may leave it
    is_open[label[tail[label[tail] != label[chain.indices]]]] = True
    recurrent = closed & ~is_open[label]
    return np.where(recurrent, label, -1)


def components_at_rest(model: TabularMDP) -> EndComponents:
    """Where one can stay for ever and no step pays. It is kept with the model, which does not change."""
    known = vars(model)
    if "_at_rest" not in known:
        rows = (model.feasible & (model.termination == 0.0) & (model.rewards == 0.0)).ravel()
        known["_at_rest"] = end_components(model.transitions, rows_of_states(model), rows)
    return known["_at_rest"]


def rows_of_states(model: TabularMDP) -> NDArray[np.int64]:
    """(S*A,) the state of each row of a model's transitions."""
    return np.repeat(np.arange(model.num_states), model.num_actions)


def _with_somewhere_to_go(transitions: sparse.csr_array, row_state: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(L,) the rows from which one never needs a state without a row: the others go, and their states perhaps too."""
    lost = np.bincount(row_state, minlength=transitions.shape[1]) == 0
    gone = np.zeros(len(row_state), dtype=bool)
    if lost[transitions.indices].any():
        take_out(Entering.of(transitions), row_state, gone, lost)
    return ~gone


class Entering(NamedTuple):
    """The rows that may lead to each state: those of state s are `rows[first[s]:first[s + 1]]`."""

    first: NDArray[np.integer]
    rows: NDArray[np.integer]

    @classmethod
    def of(cls, transitions: sparse.csr_array) -> "Entering":
        """Those of (L, n) CSR."""
        by_next_state = transitions.tocsc()
        return cls(by_next_state.indptr, by_next_state.indices)


def take_out(
    entering: Entering, row_state: NDArray[np.int64], gone: NDArray[np.bool_], lost: NDArray[np.bool_]
) -> None:
    """Take out rows that may lead to a lost state; a state whose last row is taken out is lost too, and so on.

    Args:
        entering: The rows that may lead to each state.
        row_state: (L,) state of each row.
        gone: (L,) bool, rows that are taken out; more are set.
        lost: (n,) bool, states; more are set.
    """
    rows_left = np.bincount(row_state[~gone], minlength=len(lost))
    if len(entering.rows) <= ONE_BY_ONE:
        _take_out_one_by_one(entering, row_state, gone, lost, rows_left)
        return
    first, number = entering.first, np.zeros(max(len(row_state), len(lost)), dtype=np.int64)
    new = np.flatnonzero(lost)
    while len(new):
        sizes = first[new + 1] - first[new]
        ends = np.cumsum(sizes)
        places = np.arange(ends[-1]) + np.repeat(first[new] - ends + sizes, sizes)
        going = entering.rows[places].astype(np.int64)
        going = _distinct(going[~gone[going]], number)
        gone[going] = True
        touched = row_state[going]
        np.subtract.at(rows_left, touched, 1)
        new = _distinct(touched[(rows_left[touched] == 0) & ~lost[touched]], number)
        lost[new] = True


def _take_out_one_by_one(
    entering: Entering,
    row_state: NDArray[np.int64],
    gone: NDArray[np.bool_],
    lost: NDArray[np.bool_],
    rows_left: NDArray[np.int64],
) -> None:
    """The same without NumPy, whose calls take longer than what they do where few states are lost at a time."""
    first, rows, left = entering.first.tolist(), entering.rows.tolist(), rows_left.tolist()
    states, is_gone, is_lost = row_state.tolist(), gone.tolist(), lost.tolist()
    waiting = np.flatnonzero(lost).tolist()
    while waiting:
        target = waiting.pop()
        for row in rows[first[target] : first[target + 1]]:
            if not is_gone[row]:
                is_gone[row], state = True, states[row]
                left[state] -= 1
                if not left[state] and not is_lost[state]:
                    is_lost[state] = True
                    waiting.append(state)
    gone[:], lost[:] = is_gone, is_lost


def _distinct(found: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each of the found once, without sorting; `number` is an array to write into, as long as the largest of them."""
    places = np.arange(len(found))
    number[found] = places
    return found[number[found] == places]
