"""Proven bounds of V* from any values V, whoever computed them, by one Bellman backup.

Let h > 0 be weights and m(row) = h(s) - discount * P(row) h. If a number k satisfies, for every row,

    Q(row) - V(s) <= k m(row),        where Q = r + discount * P V,

then U = V + k h obeys T U <= U, and so V* <= U. If some policy's rows satisfy the opposite with a number
l, then L = V + l h obeys T L >= L, and L <= V(of that policy) <= V*. Every Q is widened by the bound of its
rounding error, so both hold for exact arithmetic.

Below discount 1 the weights are h = 1, and m = (1 - discount) + discount * t, with t the probability
that the episode ends. The well-known span bounds use m = 1 - discount throughout, which is wrong where
episodes end: see tests. At discount 1 the weights are the expected number of steps to the end, the
largest over all actions that are nearly optimal. They also serve where a discount is so near 1 that 1 - discount
is lost in rounding. Sweeps (`planners.sweeps`) also try, at any discount, h = offset - slope * V, which needs no
linear solve.

What V* means where a row of floats does not sum to 1: the model is its rows as they are read, scaled to sum to
1, and the expected reward of a row is taken under the scaled probabilities. This holds for every form of model,
reader and method. The tables of a model are rounded from those exact numbers: a reward once, a probability by 6
units at most (`planners.exact_sums`, `planners.arrays.scaled_rows`). These roundings are included in that of
a backup, so that the bounds are those of the exact model.

Sources: MacQueen (1966); Puterman (2005), Section 6.6; Bertsekas, "Dynamic Programming and Optimal
Control II" (2012), Section 3.3 (weighted norms).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.equations.policy_ends import surely_ends
from planners.equations.problem import UNIT_ROUNDOFF, Problem

LEAST_DOUBT: Final = 1e-12  # of the largest; the margins of smaller ones would be lost in rounding
SHARP: Final = 14.0  # gains within so many times the rounding are worth another product with the matrix

Weights = tuple[NDArray[np.float64], NDArray[np.float64]]  # (n,) h, and (L,) the margins h - P h
MostSteps = Callable[[Problem, NDArray[np.int64], NDArray[np.bool_]], Weights | None]


class Bounds(NamedTuple):
    """Proven bounds of V*, in the states of a `Problem`.

    Attributes:
        lower: (n,) not above the value of the greedy policy, nor V*; -inf where nothing is proven.
        upper: (n,) not below V*; +inf where nothing is proven.
        values: (n,) an estimate between the two.
        error: Largest distance from `values` to a bound.
        rows: (n,) the policy of the lower bound, in the numbering of whoever proved it.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    values: NDArray[np.float64]
    error: float
    rows: NDArray[np.integer]


class Certifier:
    """Bounds of one `Problem`; at discount 1 it keeps its weights from one call to the next."""

    def __init__(self, problem: Problem, most_steps: MostSteps | None = None) -> None:
        """Prepare the weights, which at discount 1 wait for the first values; `most_steps` then computes them."""
        self.problem, self._most_steps = problem, most_steps
        self._weights: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        if problem.discount < 1.0:
            margin = (1.0 - problem.discount) + problem.discount * problem.termination
            self._weights = np.ones(problem.num_states), margin

    def bounds(
        self,
        values: NDArray[np.float64],
        action_values: NDArray[np.float64],
        rows: NDArray[np.int64] | None = None,
        *,
        wanted: float = np.inf,
    ) -> Bounds:
        """Bounds from V and Q; `rows`, (n,), is the policy of the lower bound, by default the greedy one.

        Where the error surely is above `wanted`, the estimate is the middle of the bounds, without a backup of it.
        """
        policy = self.problem.greedy(action_values) if rows is None else rows
        if not len(values):
            return Bounds(values, values, values, 0.0, policy)
        if not np.isfinite(action_values).all():
            policy = self.problem.greedy(np.nan_to_num(action_values, nan=-np.inf)) if rows is None else rows
            return self.unknown(np.nan_to_num(values), policy)
        if self._weights is not None:
            bounds = self._weighted(values, action_values, policy, *self._weights, wanted)
            if self.problem.discount < 1.0 or np.isfinite(bounds.error):
                return bounds
        self._weights = steps_to_end(self.problem, action_values, policy, self._most_steps)
        if self._weights is None:
            return self.unknown(values, policy)
        return self._weighted(values, action_values, policy, *self._weights)

    def of_best(self, values: NDArray[np.float64], best: NDArray[np.float64], rows: NDArray[np.int64]) -> Bounds | None:
        """Bounds from V and the (n,) best Q alone, of these rows, where no episode ends; else None.

        All margins are the same there, so the largest gain of any row is that of a best one. The rounding of all rows
        counts as that of the most rounded one, so `bounds` may prove a little more.
        """
        problem, margin = self.problem, 1.0 - self.problem.discount
        doubt = problem.rounding_terms * UNIT_ROUNDOFF * 2.0
        if margin <= doubt or not problem.never_ends or not len(values):
            return None
        gained, rounding = best - values, problem.most_rounding(values)
        least, most = gained.min() - rounding, gained.max() + rounding
        if not np.isfinite(most - least):
            return None
        l = _outwards(least / (margin - np.copysign(doubt, -least)), -np.inf, gained)
        k = _outwards(most / (margin - np.copysign(doubt, most)), np.inf, gained)
        return _shifted(values, l, k, rows)

    def by_steps(
        self,
        values: NDArray[np.float64],
        action_values: NDArray[np.float64],
        rows: NDArray[np.int64] | None = None,
    ) -> Bounds | None:
        """Bounds below discount 1 from the weights of discount 1; None if there are none. It costs linear systems."""
        rows = self.problem.greedy(action_values) if rows is None else rows
        if not np.isfinite(action_values).all() or not self.problem.termination.any():
            return None
        weights = steps_to_end(self.problem, action_values, rows)
        return None if weights is None else self._weighted(values, action_values, rows, *weights)

    def of_gains(
        self,
        values: NDArray[np.float64],
        gains: NDArray[np.float64],
        off: NDArray[np.float64],
        rows: NDArray[np.int64],
        weights: Weights | None = None,
    ) -> Bounds:
        """Bounds from (L,) gains Q - V that are known to within (L,) `off`, of a policy's rows.

        `weights` may be left out below discount 1; they are then 1.
        """
        known = self._weights if weights is None else weights
        assert known is not None
        h, margin = known
        l, k = self._numbers(np.zeros_like(values), gains, rows, h, margin, off)
        if not (np.isfinite(k) and np.isfinite(l)):
            return self.unknown(values, rows, l, k, h)
        lower, upper = _moved(values, l * h, -np.inf), _moved(values, k * h, np.inf)
        middle = np.clip(values + 0.5 * (l + k) * h, lower, upper)
        error = float(np.maximum(upper - middle, middle - lower).max(initial=0.0))
        if not error < np.inf:
            return self.unknown(values, rows, l, k, h)
        return Bounds(lower, upper, middle, float(np.nextafter(error, np.inf)), rows)

    def _weighted(
        self,
        values: NDArray[np.float64],
        action_values: NDArray[np.float64],
        policy: NDArray[np.int64],
        h: NDArray[np.float64],
        margin: NDArray[np.float64],
        wanted: float = np.inf,
    ) -> Bounds:
        problem = self.problem
        sharp = self._only_rounding_is_left(values, action_values, policy)
        rounding = problem.sharp_rounding(values) if sharp else problem.rounding(values)
        l, k = self._numbers(values, action_values, policy, h, margin, rounding)
        if not (np.isfinite(k) and np.isfinite(l)):
            return self.unknown(values, policy, l, k, h)
        far = 0.5 * (k - l) * float(h.max()) > wanted
        return _around(values, l * h, k * h, policy, None if far else problem)

    @np.errstate(over="ignore")
    def _only_rounding_is_left(
        self, values: NDArray[np.float64], action_values: NDArray[np.float64], policy: NDArray[np.int64]
    ) -> bool:
        """Whether the gains are so near 0 that it is worth a product with the matrix to know the rounding better."""
        gains, rounding = action_values - values[self.problem.row_state], self.problem.rounding(values, policy)
        return bool(gains.max() - gains[policy].min() <= SHARP * rounding.max())

    @np.errstate(over="ignore")  # what overflows becomes infinite, and proves nothing
    def _numbers(
        self,
        values: NDArray[np.float64],
        action_values: NDArray[np.float64],
        policy: NDArray[np.int64],
        h: NDArray[np.float64],
        margin: NDArray[np.float64],
        rounding: NDArray[np.float64],
    ) -> tuple[float, float]:
        """The numbers l and k of the certificate; infinite where nothing is proven."""
        gained = values[self.problem.row_state]  # arrays are used again, for the sake of memory
        np.subtract(action_values, gained, out=gained)
        doubt = self.problem.rounding_terms * UNIT_ROUNDOFF * 2.0 * float(h.max(initial=1.0))
        useful = margin > doubt
        l, kept = -np.inf, gained[policy] - rounding[policy]
        if useful[policy].all():
            ratio = np.min(kept / (margin[policy] + np.where(kept <= 0, -doubt, doubt)), initial=np.inf)
            l = _outwards(ratio, -np.inf, kept)
        gained += rounding
        divisor = np.where(gained >= 0, -doubt, doubt)
        divisor += margin
        if useful.all():
            return l, _outwards(np.divide(gained, divisor, out=divisor).max(initial=-np.inf), np.inf, gained)
        if not useful.any():
            return l, np.inf  # nothing can be told of rows whose margins are all lost in rounding
        k = _outwards((gained[useful] / divisor[useful]).max(), np.inf, gained)
        rest = margin[~useful]  # of rows that lead away from the end: k must not be too large for them
        allowed = np.minimum(k * (rest - doubt), k * (rest + doubt))
        return l, np.inf if np.isfinite(k) and (gained[~useful] > allowed).any() else k

    def unknown(
        self,
        values: NDArray[np.float64],
        policy: NDArray[np.int64],
        l: float = -np.inf,
        k: float = np.inf,
        h: NDArray[np.float64] | None = None,
    ) -> Bounds:
        """Bounds V + l h and V + k h, of which at least one is infinite."""
        h = np.ones_like(values) if h is None else h
        lower, upper = np.nextafter(values + l * h, -np.inf), np.nextafter(values + k * h, np.inf)
        return _one_sided(values, lower, upper, policy)


def _one_sided(
    values: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    policy: NDArray[np.int64],
) -> Bounds:
    """Bounds of which some are infinite, or no numbers: then they are infinite."""
    lower, upper = np.where(np.isnan(lower), -np.inf, lower), np.where(np.isnan(upper), np.inf, upper)
    return Bounds(lower, upper, np.clip(values, lower, upper), np.inf, policy)


def _outwards(ratio: np.float64, towards: float, gains: NDArray[np.float64]) -> float:
    """The next float where the ratio of a gain and a margin is near 0: there it may be rounded to half of itself."""
    near_zero = abs(ratio) < np.finfo(np.float64).tiny and gains.any()
    return float(np.nextafter(ratio, towards) if near_zero else ratio)


def _around(
    values: NDArray[np.float64],
    below: NDArray[np.float64],
    above: NDArray[np.float64],
    policy: NDArray[np.int64],
    problem: Problem | None,
) -> Bounds:
    """Bounds V + below and V + above, in these two arrays; the estimate is their middle, or the backup of it."""
    estimate = values + 0.5 * (below + above)
    if problem is not None:
        estimate = problem.maximise(problem.action_values(estimate))
    lower, upper = _moved(values, below, -np.inf), _moved(values, above, np.inf)
    np.clip(estimate, lower, upper, out=estimate)
    error = float(np.maximum(upper - estimate, estimate - lower).max(initial=0.0))
    if not error < np.inf:  # k h overflows, where k and h do not
        return _one_sided(values, lower, upper, policy)
    return Bounds(lower, upper, estimate, float(np.nextafter(error, np.inf)), policy)


def _shifted(values: NDArray[np.float64], l: float, k: float, policy: NDArray[np.int64]) -> Bounds:
    """Bounds V + l and V + k, and their middle."""
    below, above = l - 4 * UNIT_ROUNDOFF * abs(l), k + 4 * UNIT_ROUNDOFF * abs(k)  # as `_moved`
    lower, upper = np.nextafter(values + below, -np.inf), np.nextafter(values + above, np.inf)
    middle = np.clip(values + 0.5 * (l + k), lower, upper)
    error = float(np.maximum(upper - middle, middle - lower).max(initial=0.0))
    return Bounds(lower, upper, middle, float(np.nextafter(error, np.inf)), policy)


def _moved(values: NDArray[np.float64], by: NDArray[np.float64], outwards: float) -> NDArray[np.float64]:
    """V + by, in the array `by`, and further `outwards` by what that is rounded."""
    by += np.copysign(4 * UNIT_ROUNDOFF, outwards) * np.abs(by)
    by += values
    return np.nextafter(by, outwards, out=by)


def steps_to_end(
    problem: Problem,
    action_values: NDArray[np.float64],
    policy: NDArray[np.int64],
    most_steps: MostSteps | None = None,
) -> Weights | None:
    """Weights for discount 1, or near it: expected steps to the end, the most that nearly optimal actions can take.

    Args:
        problem: The equations.
        action_values: (L,) Q.
        policy: (n,) its rows.
        most_steps: What computes the weights of some rows; None: `most_steps_by_policies`.

    Returns:
        (n,) weights h with h >= 1/2 + discount * P h on the policy and on all nearly optimal rows, and (L,) margins
        h - discount * P h; None if the policy may never end, or if no such weights were found.
    """
    best = problem.maximise(action_values)
    gap = best[problem.row_state] - action_values
    # a penalty that the policy never pays must not make everything nearly as good
    sizes = (problem.reward_sizes[policy], best, action_values[policy])
    near = 1e-7 * max(1e-300, *(float(np.abs(size).max(initial=0.0)) for size in sizes))
    for _ in range(10):
        rows = gap <= near
        rows[policy] = True
        weights = (most_steps or most_steps_by_policies)(problem, policy, rows)
        if weights is not None:
            return weights
        near *= 1e-2
    return None


def weights_of_doubts(
    problem: Problem, gains: NDArray[np.float64], off: NDArray[np.float64], policy: NDArray[np.int64]
) -> Weights | None:
    """Weights for `Certifier.of_gains` that grow by no more than what each row's gain may be off, at any discount.

    With d = off + max(gain, 0), the weights are the most that rows may cost on the way if each costs 2 d, less what
    it loses. So h - discount * P h >= 3/2 d + min(gain, 0) holds for every row, and V + 2/3 h is an upper bound. A row
    that loses more than its rounding may lead back as often as it likes.

    Args:
        problem: The equations.
        gains: (L,) Q - V.
        off: (L,) what the gains may be off.
        policy: (n,) the policy of the lower bound.

    Returns:
        (n,) h and (L,) margins; None if the policy may never end, or if rounding hides whether one may gain for ever.
    """
    doubts = off + np.maximum(gains, 0.0)
    doubts[policy] += np.abs(gains[policy])
    largest = float(doubts[policy].max(initial=0.0))
    if not 0.0 < largest < np.inf or not np.isfinite(gains).all():
        return None
    doubts = np.maximum(doubts, LEAST_DOUBT * largest)
    costs = 2.0 * doubts + np.minimum(gains, 0.0)
    unit = float(doubts[policy].min())
    every = np.ones(len(costs), dtype=bool)
    return most_steps_by_policies(problem, policy, every, costs / unit, (costs - 0.5 * doubts) / unit)


def most_steps_by_policies(
    problem: Problem,
    policy: NDArray[np.int64],
    rows: NDArray[np.bool_],
    costs: NDArray[np.float64] | None = None,
    enough: NDArray[np.float64] | None = None,
    rounds: int = 60,
) -> Weights | None:
    """Policy iteration for the longest, or dearest, expected way to the end within the chosen rows.

    It ends when each margin is `enough`, (L,), below the (L,) costs; without them steps count 1, and 1/2 is enough.
    """
    chosen = policy.copy()
    if problem.evaluated is not None and rows[problem.evaluated[0]].all():
        chosen = problem.evaluated[0].copy()  # as good, and its factors are there
    costs = np.ones(len(problem.row_state)) if costs is None else costs
    enough = 0.5 * costs if enough is None else enough
    for _ in range(rounds):
        if problem.discount == 1.0 and not surely_ends(problem, chosen):
            return None
        h = problem.evaluation(chosen).solve(costs[chosen])
        if not (np.isfinite(h).all() and (h > 0).all()):
            return None
        margin = h[problem.row_state] - problem.discount * problem.expected_next(h)
        longer = rows & ~(margin >= enough)
        if not longer.any():
            return h, margin
        worst = problem.greedy(np.where(longer, costs - margin, -np.inf))
        chosen = np.where(longer[worst], worst, chosen)
    return None
