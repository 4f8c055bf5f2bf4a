"""What a backup gains, in fractions: for losses that are smaller than the rounding of the tables.

A row that was read outcome by outcome is known without any rounding (`planners.equations.integer_rows`). So is what it
gains for V = C + h, two floats a state:

    gain(s, a)  =  r + discount * sum over s' of P(s'|s,a) V(s') - V(s)

Rows of tables alone were rounded once; what that amounts to is taken from `compensated_gains`.
"""

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.compensated import Floats, Gains, compensated_gains
from planners.equations.integer_rows import IntegerRow, exact_rows
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF, Problem

MOST_ENTRIES: Final = 20_000  # which take some tenths of a second
LEAST: Final = 2.0**-80  # of |V|: weights need some doubt of each row


def exact_gains(problem: Problem, centre: Floats, h: Floats) -> Gains:
    """The gains of V = centre + h.

    >>> from planners import TabularMDP
    >>> from planners.equations.from_model import make_problem
    >>> rows = {0: {0: [(0.3, 0, 7e6, False), (0.7, 0, -3e6, False)]}}
    >>> gains = exact_gains(make_problem(TabularMDP.from_gym_dict(rows), 0.5), np.zeros(1), np.zeros(1))
    >>> gains.values, bool(gains.off[0] < 1e-25)
    (array([5.55111512e-11]), True)
    """
    rough = compensated_gains(problem, centre, h)
    rows, rounded = problem.remembered("exact rows", problem.row_pair, lambda: _rows(problem))
    inner = [Fraction(a) + Fraction(b) for a, b in zip(centre.tolist(), h.tolist(), strict=True)]
    values = _of_model(problem, inner)
    gains, lasts = np.empty(len(rows)), np.ones(len(rows)) if problem.waits is None else problem.waits
    for place, (state, row) in enumerate(zip(problem.row_state.tolist(), rows, strict=True)):
        gains[place] = _near(_gain(row, values) if row is not None else -inner[state])
    gains *= lasts
    size = np.abs(centre + h)[problem.row_state]
    roundings = np.where(lasts == 1.0, 2.0, 2.0 * problem.rounding_terms) * UNIT_ROUNDOFF
    off = roundings * np.abs(gains) + LEAST * size + problem.rounding_terms * SMALLEST_SUBNORMAL * lasts
    return Gains(np.where(rounded, rough.values, gains), np.where(rounded, rough.off, off))


def may_be_exact(problem: Problem) -> bool:
    """Whether there are few enough entries, and some row is known outcome by outcome."""
    model = problem.model
    return problem.transitions.nnz <= MOST_ENTRIES and (model.told is not None or model.paid is not None)


def _rows(problem: Problem) -> tuple[list[IntegerRow | None], NDArray[np.bool_]]:
    """The rows of the equations in whole numbers, None for resting; and (L,) which are those of rounded tables.

    The potential of merged states is rounded, too, and what it is worth to rest if that is not 0.
    """
    known = exact_rows(problem.model, Fraction(problem.discount))
    shifted = np.zeros(problem.model.num_states) if problem.merging is None else problem.merging.potential
    rows, rounded = list[IntegerRow | None](), np.zeros(len(problem.row_pair), dtype=bool)
    for place, pair in enumerate(problem.row_pair.tolist()):
        row, told = known[pair] if pair >= 0 else (None, problem.rewards[place] == 0.0)
        touched = row is not None and (shifted[row.state] or any(shifted[state] for state, _ in row.nexts))
        rounded[place] = bool(touched) or not told
        rows.append(row)
    return rows, rounded


def _of_model(problem: Problem, inner: list[Fraction]) -> list[Fraction]:
    """V of the model's states; 0 for those of infinite value, to which no row leads."""
    if problem.merging is None:
        return inner
    return [inner[i] if i >= 0 else Fraction() for i in problem.merging.index.tolist()]


def _gain(row: IntegerRow, values: list[Fraction]) -> Fraction:
    onward = sum((weight * values[state] for state, weight in row.nexts), Fraction(row.reward))
    return onward / row.scale - values[row.state]


def _near(number: Fraction) -> float:
    """The float next to it, infinite beyond the largest one."""
    try:
        return float(number)
    except OverflowError:
        return np.inf if number > 0 else -np.inf
