"""Matrix games, one for each state: the mixed strategies of both players.

    value = max over x min over b of sum over a of x(a) Q(a, b) = min over y max over a of sum over b of y(b) Q(a, b)

A saddle point is found by comparing, a game of 2 x 2 without one by its formula. For others the payoffs are moved into
[1, 2], so that the value is positive, and

    maximise sum of w    where    Q w <= 1, w >= 0

is solved by the simplex method in Tucker's condensed tableau: y = w / sum of w, and the prices of the rows give x.
Nothing here is proven: whoever has x and y can tell what each of them is sure of.

Sources: von Neumann (1928); Dantzig (1951) for the linear program; Bland (1977) for the rule that cannot cycle, which
comes into force after some pivots.
"""

import numpy as np

from planners.kernels.compiling import compiled

NOTHING = 1e-13
LITTLE = 1e-15
ROUNDS, FEW = 6, 3


@compiled
def find_saddle(Q, m, n):
    """(row, column) of a saddle point, or (-1, -1): the least of its row is the largest of its column."""
    best, row, worst, column = -np.inf, -1, np.inf, -1
    for i in range(m):
        least = Q[i, 0]
        for j in range(1, n):
            least = min(least, Q[i, j])
        if least > best:
            best, row = least, i
    for j in range(n):
        most = Q[0, j]
        for i in range(1, m):
            most = max(most, Q[i, j])
        if most < worst:
            worst, column = most, j
    return (row, column) if best == worst else (-1, -1)


@compiled
def find_pivot(table, m, n, rows, columns, careful):
    """(row, column) of the next exchange, or (-1, .): the steepest column, or in Bland's rule that of the least number.

    The row is one that limits the growth first: of several, that of the largest number to divide by (Harris 1973), or
    in Bland's rule of the least number.
    """
    c, r, least = -1, -1, np.inf
    for j in range(n):
        better = c < 0 or (columns[j] < columns[c] if careful else table[m, j] < table[m, c])
        if table[m, j] < -NOTHING and better:
            c = j
    for i in range(m if c >= 0 else 0):  # as far as one can go, if each limit may be missed by a little
        if table[i, c] > NOTHING:
            least = min(least, (max(table[i, n], 0.0) + (0.0 if careful else LITTLE)) / table[i, c])
    for i in range(m if c >= 0 else 0):
        if table[i, c] > NOTHING and max(table[i, n], 0.0) / table[i, c] <= least:
            better = r < 0 or (rows[i] < rows[r] if careful else table[i, c] > table[r, c])
            r = i if better else r
    return r, c


@compiled
def exchange(table, m, n, r, c):
    """Exchange the variables of a row and a column."""
    p = table[r, c]
    for j in range(n + 1):
        table[r, j] /= p
    for i in range(m + 1):
        f = table[i, c]
        if i != r and f != 0.0:
            for j in range(n + 1):
                table[i, j] -= f * table[r, j]
            table[i, c] = -f / p
    table[r, c] = 1.0 / p


@compiled
def begin(Q, m, n, low, width, table, rows, columns):
    """The tableau before the first exchange; the variables w are numbered from 0 on, slack from n on."""
    for i in range(m):
        rows[i], table[i, n] = n + i, 1.0
        for j in range(n):
            table[i, j] = 1.0 + (Q[i, j] - low) / width
    for j in range(n):
        columns[j], table[m, j] = j, -1.0
    table[m, n] = 0.0


@compiled
def rebuild(Q, m, n, low, width, table, rows, columns, wanted):
    """The tableau of the same exchanges anew, in the order that rounds least: the largest number first.

    `wanted` is room for n + m bools.
    """
    for j in range(n + m):
        wanted[j] = False
    for i in range(m):
        wanted[rows[i]] = True
    begin(Q, m, n, low, width, table, rows, columns)
    while True:
        r, c, most = -1, -1, NOTHING
        for i in range(m):
            if not wanted[rows[i]]:
                for j in range(n):
                    if wanted[columns[j]] and abs(table[i, j]) > most:
                        r, c, most = i, j, abs(table[i, j])
        if r < 0:
            return
        exchange(table, m, n, r, c)
        rows[r], columns[c] = columns[c], rows[r]


@compiled
def simplex(Q, m, n, table, rows, columns, wanted, x, y):
    """Strategies x (m,) and y (n,) of the game Q, not yet scaled to sum to 1."""
    low, high, number = Q[0, 0], Q[0, 0], 0
    for i in range(m):
        for j in range(n):
            low, high = min(low, Q[i, j]), max(high, Q[i, j])
    begin(Q, m, n, low, high - low, table, rows, columns)
    for _ in range(ROUNDS):
        before = number
        while number < 60 * (m + n):
            r, c = find_pivot(table, m, n, rows, columns, number > 6 * (m + n))
            if r < 0:
                break
            exchange(table, m, n, r, c)
            rows[r], columns[c] = columns[c], rows[r]
            number += 1
        if number - before <= FEW:
            break  # what few exchanges have rounded
        rebuild(Q, m, n, low, high - low, table, rows, columns, wanted)
    for i in range(m):
        if rows[i] < n:
            y[rows[i]] = max(table[i, n], 0.0)
    for j in range(n):
        if columns[j] >= n:
            x[columns[j] - n] = max(table[m, j], 0.0)


@compiled
def scale(weights, count):
    """Make weights sum to 1; all alike, where float64 cannot hold their sum, or it is 0."""
    total = 0.0
    for i in range(count):
        total += weights[i]
    for i in range(count):
        weights[i] = weights[i] / total if abs(total) > 0.0 and abs(total) < np.inf else 1.0 / count


@compiled
def solve_one(Q, m, n, table, rows, columns, wanted, x, y):
    """Strategies x (m,) and y (n,), which are 0 before, of the game Q."""
    i, j = find_saddle(Q, m, n)
    if i >= 0:
        x[i], y[j] = 1.0, 1.0
    elif m == 2 and n == 2:  # without a saddle point both of each pair have one sign
        x[0], x[1] = Q[1, 1] - Q[1, 0], Q[0, 0] - Q[0, 1]
        y[0], y[1] = Q[1, 1] - Q[0, 1], Q[0, 0] - Q[1, 0]
    else:
        simplex(Q, m, n, table, rows, columns, wanted, x, y)
    scale(x, m)
    scale(y, n)


@compiled
def solve_stages(first, m, n, payoffs, x, y, value):
    """Fill x (S, A), y (S, B) and value (S,), an estimate, of the games of all states.

    The game of state s has m[s] rows and n[s] columns, and stands in `payoffs` from first[s] on. Its strategies stand
    in the first m[s] and n[s] places of their rows.
    """
    A, B = x.shape[1], y.shape[1]
    Q, table = np.empty((A, B)), np.empty((A + 1, B + 1))
    rows, columns = np.empty(A, dtype=np.int64), np.empty(B, dtype=np.int64)
    wanted = np.empty(A + B, dtype=np.bool_)
    x.fill(0.0)
    y.fill(0.0)
    for s in range(len(first)):
        for i in range(m[s]):
            for j in range(n[s]):
                Q[i, j] = payoffs[first[s] + i * n[s] + j]
        solve_one(Q, m[s], n[s], table, rows, columns, wanted, x[s], y[s])
        value[s] = 0.0
        for i in range(m[s]):
            for j in range(n[s]):
                value[s] += x[s, i] * y[s, j] * Q[i, j]


@compiled
def left_to_other(first, m, n, numbers, strategies, of_rows, at, out):
    """Fill out, from at[s] on, with (L,) numbers averaged by one player's strategies: one for each other action."""
    out.fill(0.0)
    for s in range(len(first)):
        for i in range(m[s]):
            for j in range(n[s]):
                weight = strategies[s, i if of_rows else j]
                if weight > 0.0:
                    out[at[s] + (j if of_rows else i)] += weight * numbers[first[s] + i * n[s] + j]


@compiled
def chances(first, m, n, x, y, out):
    """Fill out (L,) with x(a) y(b)."""
    for s in range(len(first)):
        for i in range(m[s]):
            for j in range(n[s]):
                out[first[s] + i * n[s] + j] = x[s, i] * y[s, j]
