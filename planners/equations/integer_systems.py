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
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from scipy import sparse

from planners.equations.integer_rows import IntegerRow
from planners.equations.linear_systems import EvaluationSystem
from planners.equations.rational_systems import Row, TooLargeError, expected_until
from planners.errors import UnprovenValueError

BITS: Final = 44  # of a solution in float64 that are taken at first
FEWEST: Final = 4  # bits of a step; with fewer the factors are of no use
GUARD: Final = 5  # bits by which what is left may be larger than 1
FIRST_TRY, MORE = 64, 1.4  # bits after which fractions are looked for, and by how much more the next time


def solve_exactly(rows: Sequence[IntegerRow]) -> tuple[list[int], int]:
    """Numerators, (n,), and the denominator of V, which solves the equation of each of n rows.

    Row i is that of state i: scale * V(i) = reward + sum of weight * V(next).

    Raises:
        UnprovenValueError: The system is singular, or its fractions are too long.

    >>> solve_exactly([IntegerRow(0, 8, 10, ((0, 1),), True)])      # 8 V = 10 + V
    ([10], 7)
    """
    if not rows:
        return [], 1
    return _by_floats(rows) or _by_elimination(rows)


def _by_floats(rows: Sequence[IntegerRow]) -> tuple[list[int], int] | None:
    """The solution, None where float64 is not good enough to come nearer to it."""
    system = _system(rows)
    residual, known = [row.reward for row in rows], _Expansion(len(rows))
    take, wanted = BITS, FIRST_TRY
    while system is not None and any(residual):
        try:
            right = np.array([left / row.scale for left, row in zip(residual, rows, strict=True)])
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
        digits = [int(digit) for digit in np.rint(np.ldexp(y, shift)).tolist()]
        residual = [
            (left << shift) - row.scale * digit + sum(weight * digits[state] for state, weight in row.nexts)
            for left, row, digit in zip(residual, rows, digits, strict=True)
        ]
        known.append(digits, shift)
        if known.bits >= wanted:
            found = _fractions(known.whole(), known.bits)
            if found is not None and _solves(rows, *found):
                return found
            wanted = int(MORE * known.bits)
    return None if system is None else (known.whole(), 1 << known.bits)


def _system(rows: Sequence[IntegerRow]) -> EvaluationSystem | None:
    try:
        data = [weight / row.scale for row in rows for _, weight in row.nexts]
    except OverflowError:
        return None
    columns = [state for row in rows for state, _ in row.nexts]
    ends = np.concatenate(([0], np.cumsum([len(row.nexts) for row in rows])))
    chain = sparse.csr_array((data, columns, ends), shape=(len(rows), len(rows)), dtype=np.float64)
    return EvaluationSystem(chain, 1.0, factored=True)


class _Expansion:
    """Whole numbers that are known bit by bit; blocks of equal length are joined, so that each bit is moved seldom."""

    def __init__(self, count: int) -> None:
        self.blocks: list[tuple[list[int], int]] = []
        self.bits, self.count = 0, count

    def append(self, digits: list[int], shift: int) -> None:
        """`shift` more bits."""
        self.bits += shift
        self.blocks.append((digits, shift))
        while len(self.blocks) > 1 and self.blocks[-2][1] <= 2 * self.blocks[-1][1]:
            self._join()

    def whole(self) -> list[int]:
        """The numbers."""
        while len(self.blocks) > 1:
            self._join()
        return self.blocks[0][0] if self.blocks else [0] * self.count

    def _join(self) -> None:
        (low, shift), (high, before) = self.blocks.pop(), self.blocks.pop()
        self.blocks.append(([(a << shift) + b for a, b in zip(high, low, strict=True)], before + shift))


def _fractions(numbers: list[int], bits: int) -> tuple[list[int], int] | None:
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
    return [(2 * number * denominator + unit) // (2 * unit) for number in numbers], denominator


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


def _solves(rows: Sequence[IntegerRow], numerators: list[int], denominator: int) -> bool:
    return all(
        row.scale * numerator == row.backup(numerators, denominator)
        for row, numerator in zip(rows, numerators, strict=True)
    )


def _by_elimination(rows: Sequence[IntegerRow]) -> tuple[list[int], int]:
    """The same in fractions from the beginning, which is slow."""
    end = len(rows)
    try:
        found = expected_until(
            end,
            {state: Row(Fraction(row.reward, row.scale), _nexts(row, end)) for state, row in enumerate(rows)},
        )
    except TooLargeError:
        raise UnprovenValueError(
            f"the exact values of {len(rows)} states take too long: float64 cannot approximate them, and their "
            "fractions become too long. Leave out exact=True, or use a smaller discount",
            range(end),
        ) from None
    denominator = math.lcm(*(found[state].denominator for state in range(end)))
    return [int(found[state] * denominator) for state in range(end)], denominator


def _nexts(row: IntegerRow, end: int) -> dict[int, Fraction]:
    nexts = {state: Fraction(weight, row.scale) for state, weight in row.nexts}
    left = 1 - sum(nexts.values(), Fraction())
    return nexts | ({end: left} if left else {})
