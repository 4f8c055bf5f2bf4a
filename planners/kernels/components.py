"""Compiled loops for goals: searches of a graph, its components in order, and the backups and the proof in that order.

The rows of state s are rows s * actions ... (s + 1) * actions - 1, and not all of them exist.
"""

import numpy as np

from planners.kernels.compiling import compiled
from planners.kernels.proofs import NEAR_ZERO, ratio

SETTLED, BUSY, SLOW = 0, 1, 2
BUDGET = 1 << 20  # states to sweep in one call, so that Ctrl-C is heard
LOOK, FALL = 32, 1 / 16  # sweeps after which changes are to be so small a part of what they were


@compiled
def enter(indptr, indices, states):
    """(S + 1,) and the rows that may lead to each state: those of state t are rows[first[t]:first[t + 1]]."""
    first, rows = np.zeros(states + 1, dtype=np.int64), np.empty(len(indices), dtype=np.int64)
    for t in indices:
        first[t + 1] += 1
    for t in range(states):
        first[t + 1] += first[t]
    place = first.copy()
    for row in range(len(indptr) - 1):
        for entry in range(indptr[row], indptr[row + 1]):
            t = indices[entry]
            rows[place[t]] = row
            place[t] += 1
    return first, rows


@compiled
def nearest(first, rows, actions, chosen, targets):
    """(S,) next state on a shortest way to the targets along the chosen rows; their own number there; else -1."""
    towards, queue = np.full(len(targets), -1, dtype=np.int64), np.empty(len(targets), dtype=np.int64)
    head, tail = 0, 0
    for s in range(len(targets)):
        if targets[s]:
            towards[s], queue[tail] = s, s
            tail += 1
    while head < tail:
        t = queue[head]
        head += 1
        for i in range(first[t], first[t + 1]):
            s = rows[i] // actions
            if chosen[rows[i]] and towards[s] < 0:
                towards[s], queue[tail] = t, s
                tail += 1
    return towards


@compiled
def take_out(first, rows, actions, gone, lost):
    """Mark in `gone` the rows that may lead to a lost state, and in `lost` the states whose last row was marked."""
    left, waiting, count = np.zeros(len(lost), dtype=np.int64), np.empty(len(lost), dtype=np.int64), 0
    for s in range(len(lost)):
        for row in range(s * actions, (s + 1) * actions):
            left[s] += not gone[row]
        if lost[s]:
            waiting[count] = s
            count += 1
    while count > 0:
        count -= 1
        t = waiting[count]
        for i in range(first[t], first[t + 1]):
            if not gone[rows[i]]:
                gone[rows[i]], s = True, rows[i] // actions
                left[s] -= 1
                if left[s] == 0 and not lost[s]:
                    lost[s], waiting[count] = True, s
                    count += 1


@compiled
def in_order(indptr, indices, actions, is_open):
    """The open states, component by component, and (components + 1,) where each component begins.

    All that a component leads to comes before it. Within one, states come in the order in which the search leaves them.

    Source: Tarjan (1972), "Depth-first search and linear graph algorithms".
    """
    states = len(is_open)
    number, low = np.full(states, -1, dtype=np.int64), np.full(states, states, dtype=np.int64)
    place, component = np.empty(states, dtype=np.int64), np.full(states, -1, dtype=np.int64)
    path, unassigned, left = np.empty((3, states), dtype=np.int64)
    begun, waiting, over, components = 0, 0, 0, 0
    for start in range(states):
        depth = 0
        if is_open[start] and number[start] < 0:
            path[0], depth = start, 1
        while depth > 0:
            s = path[depth - 1]
            if number[s] < 0:
                number[s], low[s], place[s], unassigned[waiting] = begun, begun, indptr[s * actions], s
                begun, waiting = begun + 1, waiting + 1
            if place[s] < indptr[(s + 1) * actions]:
                t = indices[place[s]]
                place[s] += 1
                if is_open[t] and number[t] < 0:
                    path[depth] = t
                    depth += 1
                elif is_open[t] and component[t] < 0:
                    low[s] = min(low[s], number[t])
                continue
            depth -= 1
            left[over] = s
            over += 1
            if low[s] == number[s]:
                waiting = assign(component, components, unassigned, waiting, s)
                components += 1
            elif depth > 0:
                low[path[depth - 1]] = min(low[path[depth - 1]], low[s])
    return sort_by(component, components, left[:over])


@compiled
def assign(component, number, unassigned, waiting, last):
    """Give the states that wait the number of their component, down to the last one; how many still wait."""
    while True:
        waiting -= 1
        component[unassigned[waiting]] = number
        if unassigned[waiting] == last:
            return waiting


@compiled
def sort_by(component, components, states):
    """The states sorted by their component, in their own order within it; and where each component begins."""
    begins, order = np.zeros(components + 1, dtype=np.int64), np.empty(len(states), dtype=np.int64)
    for s in states:
        begins[component[s] + 1] += 1
    for c in range(components):
        begins[c + 1] += begins[c]
    place = begins.copy()
    for s in states:
        order[place[component[s]]] = s
        place[component[s]] += 1
    return order, begins


@compiled
def pack(tables, rewards, sign, feasible, order):
    """The rows of the states in an order, one after the other, with the columns renumbered.

    State order[i] is i, and any other state t is len(order) + t. Returns where the rows of each state begin, where each
    row begins, its entries, its reward times the sign, its old number, and how many entries lead to a later state.
    """
    indptr, indices, probability, actions = tables
    count, rows, entries, back = len(order), 0, 0, 0
    place = np.arange(count, count + len(indptr) // actions)
    for i in range(count):
        place[order[i]] = i
        for row in range(order[i] * actions, (order[i] + 1) * actions):
            if feasible[row]:
                rows, entries = rows + 1, entries + indptr[row + 1] - indptr[row]
    first, begins, row_of = np.zeros(count + 1, np.int64), np.zeros(rows + 1, np.int64), np.empty(rows, np.int64)
    columns, chances, paid = np.empty(entries, np.int64), np.empty(entries), np.empty(rows)
    rows, entries = 0, 0
    for i in range(count):
        for row in range(order[i] * actions, (order[i] + 1) * actions):
            if feasible[row]:
                for entry in range(indptr[row], indptr[row + 1]):
                    t = place[indices[entry]]
                    columns[entries], chances[entries] = t, probability[entry]
                    back += i < t < count
                    entries += 1
                paid[rows], row_of[rows] = sign * rewards[row], row
                rows += 1
                begins[rows] = entries
        first[i + 1] = rows
    return (first, begins, columns, chances), paid, row_of, back


@compiled
def settle(packed, rewards, components, close, values, reached):
    """Sweep V = max r + P V, component by component, until no sweep changes V by more than what is close.

    `close` has two parts: a number, and a part of the largest |V| of the component. A state that leads to itself is
    taken as one step that lasts until it does not. `reached` (3,) is where the last call came to, all 0 at first: the
    component, its sweeps, and its change when it was last looked at.

    Returns SETTLED, BUSY after some milliseconds, or SLOW if a component settles slowly or has infinite values.
    """
    c, sweeps, before, spent = int(reached[0]), int(reached[1]), reached[2], 0
    while c < len(components) - 1:
        if spent > BUDGET:
            reached[0], reached[1], reached[2] = c, sweeps, before
            return BUSY
        begin, end = components[c], components[c + 1]
        change, size = sweep_states(packed, rewards, begin, end, values)
        spent, sweeps = spent + end - begin, sweeps + 1
        if not size < np.inf:
            return SLOW
        if end == begin + 1 or change <= close[0] + close[1] * size:
            c, sweeps = c + 1, 0
        elif sweeps % LOOK == 0:
            if sweeps > LOOK and not change <= FALL * before:
                return SLOW
            before = change
    return SETTLED


@compiled
def sweep_states(packed, rewards, begin, end, values):
    """One sweep of the states from `begin` to `end`; the largest change, and the largest |V|."""
    first, begins, columns, chances = packed
    change, size, one = 0.0, 0.0, np.uint64(1)
    for s in range(np.uint64(begin), np.uint64(end)):
        best = -np.inf
        for row in range(np.uint64(first[s]), np.uint64(first[s + one])):
            worth, stays = rewards[row], 0.0
            for entry in range(np.uint64(begins[row]), np.uint64(begins[row + one])):
                t = np.uint64(columns[entry])
                if t == s:
                    stays += chances[entry]
                else:
                    worth += chances[entry] * values[t]
            if stays > 0.0:
                worth = worth / (1.0 - stays) if stays < 1.0 else np.inf
            best = max(best, worth)
        change, size = max(change, abs(best - values[s])), max(size, abs(best))
        values[s] = best
    return change, size


@compiled
def prove_by_steps(packed, rewards, values, steps, roundings, best_row):
    """The numbers l and k of `planners.equations.certificates` for the weights h = steps; infinite if they prove none.

    States from the last of `packed` on have known values and the weight 0. Fills `best_row` with the greedy policy.
    """
    first, begins, columns, chances = packed
    u, l, k = 2.0**-53 * roundings, np.inf, -np.inf
    for s in range(len(first) - 1):
        best, least = -np.inf, -np.inf
        for row in range(first[s], first[s + 1]):
            total, size, weighted = 0.0, abs(values[s]) + NEAR_ZERO + abs(rewards[row]), 0.0
            for entry in range(begins[row], begins[row + 1]):
                there = chances[entry] * values[columns[entry]]
                total += there
                size += abs(there)
                weighted += chances[entry] * steps[columns[entry]]
            gained, margin = rewards[row] + total - values[s], steps[s] - weighted
            doubt = u * (steps[s] + weighted)
            if not (margin > doubt and abs(gained) + u * size < np.inf):  # NaN too
                return -np.inf, np.inf
            k = max(k, ratio(gained + u * size, margin - doubt, margin + doubt))
            if gained > best:
                best, best_row[s] = gained, row
                least = -ratio(u * size - gained, margin - doubt, margin + doubt)
        l = min(l, least)
    return l, k
