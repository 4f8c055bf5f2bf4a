"""Linear systems in whole numbers, solved exactly: the values of a policy as fractions with one denominator.

    repeat:  y = the solution of A y = residual, in float64, by factors of A
             its leading bits are taken, and the residual of what is left is computed in whole numbers
    until the bits that are known tell which fractions they are

Each step adds as many bits as the factors are good for, some 40. Which fractions they are is told by continued
fractions; at the end the whole numbers are put into the equations, and these must hold. So floats do the work, and the
proof needs none.

Sources: Wan (2006), "An algorithm to solve integer linear systems exactly using numerical methods"; Dixon (1982),
"Exact solution of linear equations using p-adic expansions"; Wang (1981), on fractions from their expansion.
"""

import math
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.integer_tables import IntegerRow, IntegerRows, Integers, objects, sums
from planners.equations.linear_systems import EvaluationSystem
from planners.equations.rational_systems import Row, TooLargeError, expected_until
from planners.errors import UnprovenValueError

BITS: Final = 44  # of a solution in float64 that are taken at first
FEWEST: Final = 4  # bits of a step; with fewer the factors are of no use
GUARD: Final = 5  # bits by which what is left may be larger than 1
FIRST_TRY, MORE = 64, 1.4  # bits after which fractions are looked for, and by how much more the next time


def solve_exactly(rows: IntegerRows) -> tuple[Integers, int]:
    """Numerators, (n,), and the denominator of V, which solves the equation of each of n rows.

    Row i is that of state i: scale * V(i) = reward + sum of weight * V(next). States that only lead on to another one
    are worth what that one is, and a whole number more; the others are solved.

    Raises:
        UnprovenValueError: The system is singular, or its fractions are too long.

    >>> solve_exactly(IntegerRows.of([IntegerRow(0, 8, 10, ((0, 1),), True)]))      # 8 V = 10 + V
    (array([10], dtype=object), 7)
    """
    if not len(rows.scale):
        return rows.scale, 1
    root, more = _led_on(rows)
    solved = np.flatnonzero(root == np.arange(len(root)))
    place = np.empty(len(root), dtype=np.int64)
    place[solved] = np.arange(len(solved))
    system = rows.take(solved)
    system = system._replace(reward=system.reward + system.onward(more), nexts=place[root[system.nexts]])
    numerators, denominator = _by_floats(system) or _by_elimination(system)
    return numerators[place[root]] + more * denominator, denominator


def _led_on(rows: IntegerRows) -> tuple[NDArray[np.int64], Integers]:
    """(n,) the state that each one surely comes to, where it is not led on; (n,) what it earns until then.

    Each round looks twice as far ahead. Where states lead each other on for ever nobody is led on.
    """
    own, only = np.arange(len(rows.scale)), (rows.lengths == 1) & ~rows.ends & (rows.scale == 1)
    root, more = own.copy(), np.zeros(len(own), dtype=object)
    root[only] = rows.nexts[rows.first[:-1][only]]
    only &= (root != own) & (sums(rows.weights, rows.first) == 1)
    root, more[only] = np.where(only, root, own), rows.reward[only]
    for _ in range(len(own).bit_length() + 1):
        if not only[root].any():
            return root, more
        root, more = root[root], more + more[root]
    return own, np.zeros(len(own), dtype=object)


def _by_floats(rows: IntegerRows) -> tuple[Integers, int] | None:
    """The solution, None where float64 is not good enough to come nearer to it."""
    system = _system(rows)
    residual, known = rows.reward, _Expansion(len(rows.scale))
    take, wanted = BITS, FIRST_TRY
    while system is not None and residual.any():
        try:
            right = (residual / rows.scale).astype(np.float64)
        except OverflowError:
            return None
        y = system.solve_once(right)
        size = float(np.abs(y).max())
        if not 0.0 < size < math.inf:
            return None
        extra = math.frexp(size)[1]
        if known.bits and extra > 2:  # more was left than the bits that were taken allow
            take -= extra
        if take < FEWEST:
            return None
        shift = max(take - extra, 0)
        digits = objects([int(digit) for digit in np.rint(np.ldexp(y, shift)).tolist()])
        residual = (residual << shift) - rows.scale * digits + rows.onward(digits)
        known.append(digits, shift)
        if known.bits >= wanted:
            found = _fractions(known.whole().tolist(), known.bits)
            if found is not None and _solves(rows, *found):
                return found
            wanted = int(MORE * known.bits)
    return None if system is None else (known.whole(), 1 << known.bits)


def _system(rows: IntegerRows) -> EvaluationSystem | None:
    try:
        data = (rows.weights / np.repeat(rows.scale, rows.lengths)).astype(np.float64)
    except OverflowError:
        return None
    count = len(rows.scale)
    return EvaluationSystem(sparse.csr_array((data, rows.nexts, rows.first), shape=(count, count)), 1.0, factored=True)


class _Expansion:
    """Whole numbers that are known bit by bit; blocks of equal length are joined, so that each bit is moved seldom."""

    def __init__(self, count: int) -> None:
        self.blocks: list[tuple[Integers, int]] = []
        self.bits, self.count = 0, count

    def append(self, digits: Integers, shift: int) -> None:
        """`shift` more bits."""
        self.bits += shift
        self.blocks.append((digits, shift))
        while len(self.blocks) > 1 and self.blocks[-2][1] <= 2 * self.blocks[-1][1]:
            self._join()

    def whole(self) -> Integers:
        """The numbers."""
        while len(self.blocks) > 1:
            self._join()
        return self.blocks[0][0] if self.blocks else np.zeros(self.count, dtype=object)

    def _join(self) -> None:
        (low, shift), (high, before) = self.blocks.pop(), self.blocks.pop()
        self.blocks.append(((high << shift) + low, before + shift))


def _fractions(numbers: list[int], bits: int) -> tuple[Integers, int] | None:
    """Numerators and a common denominator of which numbers / 2**bits are so many bits; None if these are too few."""
    most = 1 << max((bits - GUARD) // 2 - 1, 0)
    unit, denominator = 1 << bits, 1
    for number in numbers:
        left = number * denominator % unit
        off = denominator << GUARD
        if min(left, unit - left) > off:
            factor = _denominator(left, unit, off, most // denominator)
            if factor is None:
                return None
            denominator *= factor
    return (2 * objects(numbers) * denominator + unit) // (2 * unit), denominator


def _denominator(above: int, below: int, off: int, most: int) -> int | None:
    """The least denominator of a fraction within off / below of above / below; None if it is more than `most`."""
    before, found = 0, 1
    rest, last = above, below
    while rest > off * found:
        whole, smaller = divmod(last, rest)
        last, rest = rest, smaller
        before, found = found, before + whole * found
        if found > most:
            return None
    return found


def _solves(rows: IntegerRows, numerators: Integers, denominator: int) -> bool:
    return bool((rows.scale * numerators == rows.reward * denominator + rows.onward(numerators)).all())


def _by_elimination(rows: IntegerRows) -> tuple[Integers, int]:
    """The same in fractions from the beginning, which is slow."""
    each = [rows.row(place) for place in range(len(rows.scale))]
    end = len(each)
    try:
        found = expected_until(
            end,
            {state: Row(Fraction(row.reward, row.scale), _nexts(row, end)) for state, row in enumerate(each)},
        )
    except TooLargeError:
        raise UnprovenValueError(
            f"the exact values of {end} states take too long: float64 cannot approximate them, and their "
            "fractions become too long. Leave out exact=True, or use a smaller discount",
            range(end),
        ) from None
    denominator = math.lcm(*(found[state].denominator for state in range(end)))
    return objects([int(found[state] * denominator) for state in range(end)]), denominator


def _nexts(row: IntegerRow, end: int) -> dict[int, Fraction]:
    nexts: dict[int, Fraction] = {}
    for state, weight in row.nexts:
        nexts[state] = nexts.get(state, Fraction()) + Fraction(weight, row.scale)
    left = 1 - sum(nexts.values(), Fraction())
    return nexts | ({end: left} if left else {})
