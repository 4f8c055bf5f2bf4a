"""Compiled loops that put states in the order in which values reach them.

Breadth-first, backwards from where episodes end: a Gauss-Seidel sweep in that order runs with the flow of
value. And which blocks of states, in that order, read which.
"""

import numpy as np

from planners._kernels import compiled


@compiled
def order_moves(successor, ends, outcome):
    """Breadth-first order of the states, backwards from those that can end; also how many are reached."""
    states, moves = successor.shape
    start = np.zeros(states + 1, dtype=np.int64)
    for s in range(states):
        for d in range(moves):
            if successor[s, d] != s:
                start[successor[s, d] + 1] += 1
    for s in range(states):
        start[s + 1] += start[s]
    before = np.empty(start[states], dtype=np.int32)
    for s in range(states):
        for d in range(moves):
            t = successor[s, d]
            if t != s:
                before[start[t]] = s
                start[t] += 1  # afterwards start[t] is where the list of t ends
    order = np.empty(states, dtype=np.int32)
    seen = np.zeros(states, dtype=np.bool_)
    tail = 0
    for s in range(states):
        for d in range(moves):
            if ends[outcome[s, d]] and not seen[s]:
                seen[s] = True
                order[tail] = s
                tail += 1
    return finish_order(order, seen, tail, start, before)


@compiled
def order_rows(indptr, indices, row_state, ending, states):
    """The same for rows of probabilities; `ending` marks the states with a row that can end."""
    start = np.zeros(states + 1, dtype=np.int64)
    for row in range(len(row_state)):
        for entry in range(indptr[row], indptr[row + 1]):
            if indices[entry] != row_state[row]:
                start[indices[entry] + 1] += 1
    for s in range(states):
        start[s + 1] += start[s]
    before = np.empty(start[states], dtype=np.int32)
    for row in range(len(row_state)):
        for entry in range(indptr[row], indptr[row + 1]):
            t = indices[entry]
            if t != row_state[row]:
                before[start[t]] = row_state[row]
                start[t] += 1
    order = np.empty(states, dtype=np.int32)
    seen = ending.copy()
    tail = 0
    for s in range(states):
        if ending[s]:
            order[tail] = s
            tail += 1
    return finish_order(order, seen, tail, start, before)


@compiled
def finish_order(order, seen, tail, end, before):
    """The search itself; states that cannot reach an end come last. Returns order, states reached, layers."""
    head = 0
    layers = 0
    layer_end = 0
    while head < tail:
        if head == layer_end:
            layers += 1
            layer_end = tail
        t = order[head]
        head += 1
        for i in range(end[t - 1] if t > 0 else 0, end[t]):
            s = before[i]
            if not seen[s]:
                seen[s] = True
                order[tail] = s
                tail += 1
    reached = tail
    for s in range(len(order)):
        if not seen[s]:
            order[tail] = s
            tail += 1
    return order, reached, layers


@compiled
def moves_between_blocks(successor, block, blocks):
    """(blocks, 3): highest block that each one reads, and the lowest and highest that read it."""
    span = np.empty((blocks, 3), dtype=np.int32)
    for b in range(blocks):
        span[b] = b
    for s in range(min(len(successor), block * blocks)):
        for d in range(successor.shape[1]):
            note_block(span, s // block, successor[s, d] // block, blocks)
    return span


@compiled
def rows_between_blocks(indptr, indices, first_row, block, blocks):
    """The same for rows of probabilities."""
    span = np.empty((blocks, 3), dtype=np.int32)
    for b in range(blocks):
        span[b] = b
    for s in range(min(len(first_row) - 1, block * blocks)):
        for entry in range(indptr[first_row[s]], indptr[first_row[s + 1]]):
            note_block(span, s // block, indices[entry] // block, blocks)
    return span


@compiled
def note_block(span, reader, read, blocks):
    """Block `reader` reads block `read`."""
    if read < blocks:
        span[reader, 0] = max(span[reader, 0], read)
        span[read, 1] = min(span[read, 1], reader)
        span[read, 2] = max(span[read, 2], reader)


@compiled
def permute_rows(indptr, indices, probability, first_row, order, rank):
    """CSR rows of the states in a new order, with the columns renumbered."""
    new_indptr = np.empty_like(indptr)
    new_indices = np.empty_like(indices)
    new_probability = np.empty_like(probability)
    new_first = np.empty_like(first_row)
    row_of = np.empty(len(indptr) - 1, dtype=np.int64)
    row = 0
    at = 0
    new_indptr[0] = 0
    for i in range(len(order)):
        new_first[i] = row
        for old in range(first_row[order[i]], first_row[order[i] + 1]):
            for entry in range(indptr[old], indptr[old + 1]):
                new_indices[at] = rank[indices[entry]]
                new_probability[at] = probability[entry]
                at += 1
            row_of[row] = old
            row += 1
            new_indptr[row] = at
    new_first[len(order)] = row
    return new_indptr, new_indices, new_probability, new_first, row_of


@compiled
def entering_codes(successor, outcome, known):
    """(S,) the outcome of every move into each state, or an empty array if that is not always the same.

    Moves of states marked in `known` do not count; 255 where no move leads.
    """
    code = np.full(len(successor), 255, dtype=np.uint8)
    for s in range(len(successor)):
        if known[s]:
            continue
        for d in range(successor.shape[1]):
            t = successor[s, d]
            c = outcome[s, d]
            if code[t] == 255:
                code[t] = c
            elif code[t] != c:
                return np.empty(0, dtype=np.uint8)
    return code
