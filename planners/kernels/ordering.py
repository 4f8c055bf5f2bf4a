"""Compiled loops that put states in the order in which values reach them.

Breadth-first, backwards from where episodes end, and from the worse ends as many layers later as steps
are worth the difference: a Gauss-Seidel sweep in that order runs with the flow of value. And which blocks
of states, in that order, read which.
"""

import numpy as np
from scipy import sparse

from planners.kernels.blocks import over_blocks
from planners.kernels.compiling import compiled


def order_moves(successor, ends, outcome, seeds, delays):
    """Breadth-first order of the states, backwards from `seeds`; how many are reached, in how many layers.

    Seed i joins in layer `delays[i]`; both are sorted by it. Only moves after which the episode goes on count.
    """
    states = len(successor)
    start, before = np.zeros(states + 1, dtype=np.int64), np.empty(successor.size, dtype=np.int32)
    predecessors_of_moves(successor, ends, outcome, start, before)
    return breadth_first(states, seeds, delays, start, before)


def order_rows(indptr, indices, first_row, seeds, delays):
    """The same for rows of probabilities. SciPy's transposition lists the predecessors; a loop leads nowhere new."""
    states = len(first_row) - 1
    leads_to = sparse.csr_array((np.ones(len(indices), dtype=np.int8), indices, indptr[first_row]), (states, states))
    arrives = leads_to.tocsc()
    return breadth_first(states, seeds, delays, arrives.indptr[1:], arrives.indices)


def breadth_first(states, seeds, delays, end, before):
    """The order itself, from lists of predecessors; states from which no seed can be reached come last."""
    order, seen = np.empty(states, dtype=np.int32), np.zeros(states, dtype=np.bool_)
    reached, layers = search(seeds, delays, end, before, order, seen)
    order[reached:] = np.flatnonzero(~seen)
    return order, reached, layers


@compiled
def predecessors_of_moves(successor, ends, outcome, start, before):
    """The states that lead to state t become before[start[t - 1] : start[t]]; `start` (S + 1,) comes in as zeros."""
    moves, states, one = successor.shape[1], np.uint64(len(successor)), np.uint64(1)
    for s in range(states):
        for d in range(moves):
            t = np.uint64(successor[s, d])
            if t != s and not ends[np.uint64(outcome[s, d])]:
                start[t + one] += 1
    for s in range(states):
        start[s + one] += start[s]
    for s in range(states):
        for d in range(moves):
            t = np.uint64(successor[s, d])
            if t != s and not ends[np.uint64(outcome[s, d])]:
                before[np.uint64(start[t])] = s
                start[t] += 1  # afterwards start[t] is where the list of t ends


def order_depth_first(indptr, indices, first_row, most):
    """(S,) the states in the order in which a depth-first search from state 0, 1, ... leaves them.

    Where no way leads back, all that a state leads to comes before it. Also whether no more than `most` entries lead to
    a later state: to one on the path from where the search began to where it is, which is left later. As soon as there
    are more, the search ends, and the order is not complete.
    """
    states = len(first_row) - 1
    order, path = np.empty(states, dtype=np.int32), np.empty(states, dtype=np.int32)
    done, place = np.zeros(states, dtype=np.bool_), np.full(states, -1, dtype=np.int64)
    return order, search_depth_first(indptr, indices, first_row, most, order, path, done, place)


@compiled
def search_depth_first(indptr, indices, first_row, most, order, path, done, place):
    """The search: fills `order`; whether it came to the end.

    `path` leads from where the search began to where it is, `done` says which states it has left, and `place` which
    entry of a state is looked at next; -1: not begun.
    """
    states, left, against = len(order), 0, 0
    for start in range(states):
        depth = 0
        if place[start] < 0:
            path[0], depth = start, 1
            place[start] = indptr[first_row[start]]
        while depth > 0:
            s = path[depth - 1]
            if place[s] < indptr[first_row[s + 1]]:
                t = indices[place[s]]
                place[s] += 1
                if place[t] < 0:
                    place[t] = indptr[first_row[t]]
                    path[depth] = t
                    depth += 1
                elif t != s and not done[t]:
                    against += 1
                    if against > most:
                        return False
            else:
                order[left], done[s] = s, True
                left += 1
                depth -= 1
    return True


@compiled
def search(seeds, delays, end, before, order, seen):
    """Breadth-first search backwards: fills `order` and marks in `seen`; how many are reached, in how many layers."""
    head, tail, layers, layer_end, seed = 0, 0, 0, 0, 0
    while head < tail or seed < len(seeds):
        if head == layer_end:
            if head == tail and delays[seed] > layers:  # nobody is left but seeds to come
                layers = delays[seed]
            while seed < len(seeds) and delays[seed] <= layers:
                if not seen[seeds[seed]]:
                    seen[seeds[seed]] = True
                    order[tail] = seeds[seed]
                    tail += 1
                seed += 1
            layers += 1
            layer_end = tail
            if head == tail:
                continue
        t = order[head]
        head += 1
        for i in range(np.uint64(end[t - 1] if t > 0 else 0), np.uint64(end[t])):
            s = np.uint64(before[i])
            if not seen[s]:
                seen[s] = True
                order[tail] = s
                tail += 1
    return tail, layers


def moves_between_blocks(successor, block, blocks, computed):
    """(blocks, 3): highest block that each one reads, and the lowest and highest that read it.

    Only the first `computed` states count: the others, of known value, lie in no order, and the span of a
    block that read one of them would be the whole model.
    """
    span = np.repeat(np.arange(blocks, dtype=np.int32)[:, None], 3, axis=1)
    note_moves(successor, block, computed, span)
    return span


def rows_between_blocks(indptr, indices, first_row, block, blocks, computed):
    """The same for rows of probabilities."""
    span = np.repeat(np.arange(blocks, dtype=np.int32)[:, None], 3, axis=1)
    note_rows(indptr, indices, first_row, block, computed, span)
    return span


@compiled
def note_moves(successor, block, computed, span):
    """Note in `span` which block reads which."""
    for s in range(computed):
        reader = s // block
        for d in range(successor.shape[1]):
            if successor[s, d] < computed:
                read = successor[s, d] // block
                if read > span[reader, 0]:
                    span[reader, 0] = read
                if reader < span[read, 1]:
                    span[read, 1] = reader
                if reader > span[read, 2]:
                    span[read, 2] = reader


@compiled
def note_rows(indptr, indices, first_row, block, computed, span):
    """The same for rows of probabilities."""
    for s in range(computed):
        reader = s // block
        for entry in range(indptr[first_row[s]], indptr[first_row[s + 1]]):
            if indices[entry] < computed:
                read = indices[entry] // block
                if read > span[reader, 0]:
                    span[reader, 0] = read
                if reader < span[read, 1]:
                    span[read, 1] = reader
                if reader > span[read, 2]:
                    span[read, 2] = reader


def permute_rows(indptr, indices, probability, first_row, order, rank):
    """CSR rows of the states in a new order, with the columns renumbered."""
    new_first, new_indptr = np.zeros_like(first_row), np.zeros_like(indptr)
    rows = np.diff(first_row)[order]
    np.cumsum(rows, out=new_first[1:])
    row_of = np.repeat(first_row[order] - new_first[:-1], rows)
    row_of += np.arange(len(row_of))
    np.cumsum(np.diff(indptr)[row_of], out=new_indptr[1:])
    new_indices, new_probability = np.empty_like(indices), np.empty_like(probability)

    def copy(first, last):
        copy_rows(indptr, indices, probability, rank, row_of, new_indptr, new_indices, new_probability, first, last)

    over_blocks(copy, len(row_of), len(indices))
    return new_indptr, new_indices, new_probability, new_first, row_of


@compiled
def copy_rows(indptr, indices, probability, rank, row_of, new_indptr, new_indices, new_probability, first, last):
    """Write rows first..last-1 of the new order."""
    one = np.uint64(1)
    for i in range(np.uint64(first), np.uint64(last)):
        old, new = np.uint64(row_of[i]), np.uint64(new_indptr[i])
        for entry in range(np.uint64(indptr[old]), np.uint64(indptr[old + one])):
            new_indices[new] = rank[np.uint64(indices[entry])]
            new_probability[new] = probability[entry]
            new += one


def permute_moves(successor, outcome, order, rank):
    """Successors and outcomes of the states in a new order, with the successors renumbered."""
    new_successor, new_outcome = np.empty_like(successor), np.empty_like(outcome)

    def copy(first, last):
        copy_moves(successor, outcome, order, rank, new_successor, new_outcome, first, last)

    over_blocks(copy, len(order), successor.size)
    return new_successor, new_outcome


@compiled
def copy_moves(successor, outcome, order, rank, new_successor, new_outcome, first, last):
    """Write states first..last-1 of the new order."""
    for i in range(np.uint64(first), np.uint64(last)):
        old = np.uint64(order[i])
        for d in range(successor.shape[1]):
            new_successor[i, d] = rank[np.uint64(successor[old, d])]
            new_outcome[i, d] = outcome[old, d]


def entering_codes(successor, outcome, known):
    """(S,) the outcome of every move into each state, or None if that is not always the same.

    Moves of states marked in `known` do not count; 255 where no move leads.
    """
    code = np.full(len(successor), 255, dtype=np.uint8)
    return code if note_codes(successor, outcome, known, code) else None


@compiled
def note_codes(successor, outcome, known, code):
    """Note in `code`, all 255 before, the outcome of the moves into each state; whether each state has one only."""
    for s in range(np.uint64(len(successor))):
        if known[s]:
            continue
        for d in range(successor.shape[1]):
            t = np.uint64(successor[s, d])
            c = outcome[s, d]
            if code[t] == 255:
                code[t] = c
            elif code[t] != c:
                return False
    return True
