"""Nature's choices listed: each vertex of a set becomes an action, and the bounds become a plain MDP.

Nature's best answer to any values lies at a vertex of the set, and a distribution inside it is a mixture of vertices,
as a policy that draws its actions is a mixture of actions. So the models of an `IntervalMDP` are nature's policies in
an MDP whose actions are vertices, and what is known of plain MDPs at discount 1 holds for them.

The vertices are computed in fractions, and rounded once each.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.errors import InvalidOptionError
from planners.interval.bounds_of_rows import tabular
from planners.interval.interval_mdp import IntervalMDP
from planners.models.tabular import TabularMDP

MOST_OUTCOMES: Final = 6  # of a pair whose probabilities are not known: 720 orders
MOST_VERTICES: Final = 200_000


class Vertices(NamedTuple):
    """The vertices of all sets.

    Attributes:
        row: (n,) the pair s*A + a that each belongs to, in this order.
        probabilities: (n, S + 1) CSR.
    """

    row: NDArray[np.int64]
    probabilities: sparse.csr_array

    def model(self, rewards: NDArray[np.float64], rows: NDArray[np.bool_]) -> tuple[TabularMDP, NDArray[np.int64]]:
        """The MDP whose actions are the vertices of the chosen pairs, (S*A,) bool, and (S, A') which vertex each is."""
        S, A = rewards.shape
        chosen = np.flatnonzero(rows[self.row])
        state = self.row[chosen] // A  # sorted
        number = np.arange(len(chosen)) - np.searchsorted(state, state)
        table = np.full((S, int(number.max()) + 1), -1, dtype=np.int64)
        table[state, number] = chosen
        return self.chosen(table, rewards), table

    def chosen(self, vertices: NDArray[np.int64], rewards: NDArray[np.float64]) -> TabularMDP:
        """The MDP of (S, A') vertices; -1 where there is none."""
        exists, picked = vertices >= 0, np.maximum(vertices, 0).ravel()
        data = sparse.csr_array(sparse.diags_array(exists.ravel().astype(np.float64)) @ self.probabilities[picked])
        paid = np.where(exists, rewards.ravel()[self.row[picked]].reshape(exists.shape), 0.0)
        return tabular(data, paid, exists)

    def answer(
        self, rewards: NDArray[np.float64], values: NDArray[np.float64], sense: float
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """(S, A) the worst (sense 1) or best (-1) backup of values, infinite ones too, and (S, A) its vertices.

        Where there is none, the vertex is -1. Of several that may lead to -inf, it is the one that most likely does.
        """
        finite, after = np.isfinite(values), self.probabilities[:, :-1]
        q = rewards.ravel()[self.row] + after @ np.where(finite, values, 0.0)
        for infinite in (np.inf, -np.inf) if sense > 0 else (-np.inf, np.inf):
            q[after @ (values == infinite).astype(np.float64) > 0] = infinite
        order = np.lexsort((-(after @ (values == -np.inf).astype(np.float64)), sense * q, self.row))
        rows, first = np.unique(self.row[order], return_index=True)
        backups, vertex = np.full(rewards.size, -np.inf), np.full(rewards.size, -1, dtype=np.int64)
        backups[rows], vertex[rows] = q[order[first]], order[first]
        return backups.reshape(rewards.shape), vertex.reshape(rewards.shape)


def vertices_of(sets: IntervalMDP) -> Vertices:
    """All of them.

    Raises:
        InvalidOptionError: There are too many.
    """
    centre, carried, A = sets.centre_or_fail, sets.carried, sets.num_actions
    rows: list[int] = []
    data: list[float] = []
    columns: list[int] = []
    ends = [0]
    for row in np.flatnonzero(sets.feasible.ravel()).tolist():
        part = slice(centre.indptr[row], centre.indptr[row + 1])
        if not carried[row]:
            found = {tuple(centre.data[part].tolist())}
        else:
            state, action = divmod(row, A)
            found = set(_of_set(sets, part, float(2.0 * carried[row]), f"state {state}, action {action}"))
        for vertex in sorted(found):
            rows.append(row)
            data += vertex
            columns += centre.indices[part].tolist()
            ends.append(len(data))
        if len(rows) > MOST_VERTICES:
            raise InvalidOptionError(
                f"at discount 1 a list of nature's choices is needed, and it is longer than {MOST_VERTICES:,}; use a "
                "discount below 1, or a smaller model"
            )
    matrix = sparse.csr_array((np.array(data), np.array(columns), np.array(ends)), shape=(len(rows), centre.shape[1]))
    matrix.eliminate_zeros()
    return Vertices(np.array(rows), matrix)


def _of_set(sets: IntervalMDP, part: slice, radius: float, where: str) -> Iterator[tuple[float, ...]]:
    """The vertices of one set: nature's answers to values in every order."""
    low, high, centre = (
        [Fraction(x) for x in matrix.data[part].tolist()] for matrix in (sets.low, sets.high, sets.centre_or_fail)
    )
    free = [place for place, (least, most) in enumerate(zip(low, high, strict=True)) if least < most]
    if len(free) > MOST_OUTCOMES:
        raise InvalidOptionError(
            f"at discount 1 a pair may have at most {MOST_OUTCOMES} outcomes whose probabilities are not known, as "
            f"nature's choices are listed; {where} has {len(free)}. Use a discount below 1"
        )
    centre = [x / sum(centre) for x in centre]
    for order in permutations(free):
        if radius >= 2.0:  # each has its least probability, and the rest goes to the first
            p, left = low.copy(), 1 - sum(low)
            for place in order:
                amount = min(high[place] - p[place], left)
                p[place], left = p[place] + amount, left - amount
        else:
            p, left, cheap, dear = centre.copy(), Fraction(radius) / 2, 0, len(order) - 1
            while cheap < dear and left > 0:
                to, origin = order[cheap], order[dear]
                room, spare = max(high[to] - p[to], Fraction(0)), max(p[origin] - low[origin], Fraction(0))
                amount = min(room, spare, left)
                p[to], p[origin], left = p[to] + amount, p[origin] - amount, left - amount
                cheap, dear = cheap + (amount == room), dear - (amount == spare)
        yield tuple(map(float, p))
