"""The best policy under bounds on its costs: the linear program over visits, by columns that ordinary plans make.

    maximise    sum over s, a of x(s,a) r(s,a)              x(s,a) >= 0: expected discounted visits
    subject to  sum over a of x(s,a) - discount * sum over s', a' of x(s',a') P(s|s',a') = start(s)     for every s
                sum over s, a of x(s,a) c_k(s,a) <= bound_k                                             for every k

The visits of all policies are the mixtures of those of deterministic ones. So the program is solved over mixtures of a
few policies, by HiGHS; its dual variables are prices of the costs; the best policy for r - sum_k price_k c_k, an
ordinary plan, is the policy that is missing, or proves that none is (Dantzig and Wolfe's column generation). For any
prices >= 0

    the most within the bounds  <=  max over policies of (V - sum_k price_k C_k)  +  sum_k price_k bound_k

which an ordinary plan proves: the upper bound. The lower one is the value of the mixture, whose costs are proven as
well; nothing is taken from the linear program on trust.

Sources: Altman (1999), "Constrained Markov Decision Processes", Chapters 3 and 8; Derman (1970), "Finite State
Markovian Decision Processes", Chapter 7; Dantzig and Wolfe (1960), "Decomposition Principle for Linear Programs".
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_switch
from planners.equations.problem import UNIT_ROUNDOFF
from planners.errors import ImproperPolicyError, InfeasibleBoundsError, UnboundedValueError, UnprovenValueError
from planners.iteration.progress import Progress, reporting
from planners.models.convert import ModelLike, labelled
from planners.models.negated import negated
from planners.options import Target, Tolerance, check_discount, check_run
from planners.plans.beginnings import starting_distribution
from planners.plans.constrained_plan import ConstrainedPlan
from planners.plans.plan import Iteration, NotConvergedError, Plan, Status
from planners.plans.policy import TabularPolicy
from planners.tradeoffs.corners import Corner, Objectives
from planners.tradeoffs.tables import Limit, read_limits

PENALTIES: Final = (1e2, 1e4, 1e6, 1e8)  # the highest prices, in units of the largest reward by the largest cost
MARGINS: Final = (0.0, 1e-9, 1e-8, 1e-7)  # by how much less is spent, as a part, so that rounding cannot spend more
SHIFT: Final = 1e-7  # by how much bounds are raised, as a part of them or of the largest cost, to price a little more
FLOOR: Final = 1e-12  # smallest error of an ordinary plan that is asked for, as a part of the largest |V|

Floats = NDArray[np.float64]


def solve_within(
    model: ModelLike,
    at_most: Any,
    *,
    plan_of: Callable[..., Plan],
    discount: Any,
    tolerance: Tolerance,
    start: Any = None,
    minimise: bool = False,
    max_iterations: int = 500,
    progress: Progress = False,
    throw: bool = True,
) -> ConstrainedPlan:
    """The best policy within bounds; see `planners.solve` for the arguments.

    Args:
        model: A model, or an environment that has one.
        at_most: The bounds, as of `planners.tradeoffs.tables`.
        plan_of: Makes ordinary plans.
        discount: 0 to 1.
        tolerance: The largest error.
        start: As of `planners.visits`.
        minimise: Whether rewards are costs.
        max_iterations: Number of ordinary plans.
        progress: True, or a function to call with each `Iteration`.
        throw: Raise where the tolerance is not reached.

    Raises:
        InfeasibleBoundsError: No policy is within the bounds, with the least that is possible.
        NotConvergedError: See `throw`.
    """
    check_run(max_iterations, progress, throw)
    mdp, rate = labelled(model), check_discount(discount)
    limits = read_limits(model, mdp, at_most)
    base = negated(mdp) if check_switch("minimise", minimise) else mdp
    rewards = np.where(mdp.feasible, base.rewards, 0.0)
    objectives = Objectives(
        base,
        starting_distribution(mdp, start),
        rate,
        np.stack([rewards, *(limit.costs.table for limit in limits)]),
        np.stack([np.zeros(rewards.shape), *(limit.costs.off for limit in limits)]),
        plan_of,
    )
    search = _Search(objectives, limits, tolerance)
    with reporting(progress, "plans within bounds", lambda: search.target.aim) as report:
        search.run(int(max_iterations), report)
    plan = search.plan(mdp, minimise)
    if throw and plan.status is not Status.CONVERGED:
        raise NotConvergedError(cast(Any, plan))
    return plan


class _Mixture(NamedTuple):
    """What the linear program over the policies so far says: (n,) weights, (K,) prices, value, and what is missing."""

    weights: Floats
    prices: Floats
    value: float
    excess: Floats


class _Search:
    """The policies so far, the prices, and the least upper bound that was proven."""

    def __init__(self, objectives: Objectives, limits: Sequence[Limit], tolerance: Tolerance) -> None:
        self.objectives, self.limits, self.tolerance = objectives, limits, tolerance
        self.bounds = np.array([limit.bound for limit in limits])
        largest = np.abs(objectives.tables).max(axis=(1, 2))
        self.largest = np.where(largest[1:] > 0, largest[1:], 1.0)
        self.unit = (largest[0] or 1.0) / self.largest
        self.corners: list[Corner] = []
        self.upper = self.least = math.inf
        self.prices = self.best_prices = self.shift = np.zeros(len(limits))
        self.target = Target(0.0, 0.0)
        self.mixture: _Mixture | None = None
        self.history: list[Iteration] = []
        self.level = 0
        self.spent, self.endless = self.bounds, False
        self.policy: TabularPolicy | None = None
        self.lower, self.costs_upper = -math.inf, self.bounds
        self.ended = False

    def run(self, most: int, report: Callable[[Any], object]) -> None:
        """Find a policy that is proven to be within the bounds; where rounding forbids it, one that spends less."""
        begun = time.perf_counter()
        for margin in MARGINS:
            lowest = np.min([corner.totals[1:] for corner in self.corners], axis=0, initial=0.0)
            self.spent = self.bounds - margin * np.maximum(np.abs(self.bounds), -lowest)
            self.shift, self.ended = np.zeros(len(self.bounds)), False
            try:
                self._price(most, begun, report)
            except (InfeasibleBoundsError, UnprovenValueError):
                if self.policy is None:
                    raise
                break  # one can spend no less: what is found is said in `_refuse_unproven`
            if self.mixture is None or self.mixture.excess.any() or self._is_within():
                break

    def _price(self, most: int, begun: float, report: Callable[[Any], object]) -> None:
        """Plans at one price after the other, until no policy is missing; then the price of a little more."""
        safe = self.penalty
        for number in range(len(self.history) + 1, most + 1):
            prices, corner = self.prices, self._corner()
            self._take_bound(corner, prices)
            self.endless |= bool(corner.totals[0] == np.inf)
            if np.isfinite(corner.totals).all():
                known = any(np.array_equal(corner.totals, other.totals) for other in self.corners)
                self.corners.append(corner)
                safe, self.mixture = prices, self._master()
                self.prices = self.mixture.prices
            elif (prices == safe).all():
                known, safe = True, self.penalty
            else:
                known, self.prices = False, 0.5 * (prices + safe)
            value = -math.inf if self.mixture is None else self.mixture.value
            gap = (self._above(corner.bound, prices, self.shift) if self.shift.any() else self.upper) - value
            self.history.append(Iteration(number, gap, gap, time.perf_counter() - begun))
            report(self.history[-1])
            if known or gap <= 0.5 * self.target.aim:
                if self.mixture is None or self.mixture.excess.any():
                    self._raise_penalty()
                    safe = self.prices
                    continue
                self.ended = bool(self.shift.any() or not self.mixture.prices.any())
                if self.ended:
                    return
                self.shift = SHIFT * np.maximum(np.abs(self.bounds), self.largest)
                self.prices = self._master().prices

    def _take_bound(self, corner: Corner, prices: Floats) -> None:
        """The least upper bound; at last, of those that are as good, that of the price of a little more."""
        bound = self._above(corner.bound, prices)
        self.least = min(self.least, bound)
        if bound <= self.least + (0.25 * self.target.aim if self.shift.any() else 0.0):
            self.upper, self.best_prices = bound, prices

    @property
    def penalty(self) -> Floats:
        """(K,) the highest prices at present."""
        return PENALTIES[self.level] * self.unit

    def _corner(self) -> Corner:
        """The best policy at the present prices; the first one says what error is small."""
        asked = self.tolerance._replace(relative=0.1 * self.tolerance.relative, absolute=0.1 * self.tolerance.absolute)
        if self.target.allowed:
            asked = Tolerance(0.1 * self.target.aim, FLOOR)
        found = self.objectives.best(np.concatenate(([1.0], -self.prices)), asked)
        if not self.target.allowed and np.isfinite(found.bound):
            self.target = self.tolerance.target_of(found.size, found.size)
        return found

    def _above(self, bound: float, prices: Floats, shift: Floats | float = 0.0) -> float:
        """Bound + prices * bounds, rounded up."""
        parts = [bound, *(prices * (self.bounds + shift))]
        return math.fsum(parts) + 4.0 * UNIT_ROUNDOFF * sum(map(abs, parts)) if math.isfinite(bound) else math.inf

    def _raise_penalty(self) -> None:
        """No mixture so far is within the bounds: prove that none is, or go on with higher prices."""
        if self.mixture is not None:
            self._refuse_impossible(self.mixture.prices)
        self.level += 1
        if self.level < len(PENALTIES):
            self.prices = self.penalty
            return
        if self.mixture is None and self.upper == math.inf:
            raise UnboundedValueError("at discount 1 reward can be collected for ever, within the bounds, too", [])
        names = ", ".join(limit.name for limit in self.limits)
        raise UnprovenValueError(
            f"no policy within the bounds of {names} was found, and it is not proven that there is none. The bounds "
            "are within rounding of the least possible costs, or only a policy that goes on for ever keeps them. Raise "
            "them a little, or use a discount below 1",
            [],
        )

    def _least(self, weights: Floats) -> float:
        """A proven number that is not above the weighted sum of the costs of any policy."""
        least = -self.objectives.best(np.concatenate(([0.0], -weights)), Tolerance(0.0, FLOOR)).bound
        used = weights > 0
        return max(least, 0.0) if (self.objectives.tables[1:][used] >= 0).all() else least

    def _refuse_impossible(self, prices: Floats) -> None:
        """Raise where it is proven that no policy is within the bounds."""
        if not prices.any():
            return
        weights = prices / prices.max()
        least, allowed = self._least(weights), math.fsum(weights * self.bounds)
        if not least > allowed + 8.0 * UNIT_ROUNDOFF * math.fsum(np.abs(weights * self.bounds)):
            return
        alone = {limit.name: self._least(one) for limit, one in zip(self.limits, np.eye(len(weights)), strict=True)}
        words = [
            f"at_most[{limit.name!r}] is {limit.bound:g}, and the least that is possible is {alone[limit.name]:.9g}"
            for limit in self.limits
            if alone[limit.name] > limit.bound
        ]
        if not words:
            sums = " + ".join(f"{w:.6g} {limit.name}" for w, limit in zip(weights, self.limits, strict=True) if w)
            words = [
                f"each bound can be kept, but not all: {sums} is at least {least:.9g}, the bounds say {allowed:.9g}"
            ]
        raise InfeasibleBoundsError("; ".join(words) + ". Raise the bound", alone)

    def plan(self, mdp: Any, minimise: bool) -> ConstrainedPlan:
        """The policy, and what is proven of it."""
        self._refuse_unproven()
        policy, lower, costs_upper = self.policy, self.lower, self.costs_upper
        assert policy is not None
        totals = self.objectives.totals(policy)
        value = min(max(float(totals[0]), lower), self.upper)
        error = math.nextafter(max(self.upper - value, value - lower), math.inf)
        sign = -1.0 if minimise else 1.0
        edges = sorted((sign * lower, sign * self.upper))
        names = [limit.name for limit in self.limits]
        converged = self.ended and error <= self.target.allowed
        return ConstrainedPlan(
            value=sign * value + 0.0, lower=edges[0], upper=edges[1], error_bound=error, policy=policy,
            costs=dict(zip(names, totals[1:].tolist(), strict=True)),
            costs_upper=dict(zip(names, costs_upper.tolist(), strict=True)),
            bounds=dict(zip(names, self.bounds.tolist(), strict=True)),
            prices=dict(zip(names, self.best_prices.tolist(), strict=True)),
            start=self.objectives.begin, iterations=len(self.history), history=tuple(self.history),
            status=Status.CONVERGED if converged else Status.ROUNDING_FLOOR if self.ended else Status.ITERATION_LIMIT,
            method="linear program over visits (HiGHS), its columns by ordinary plans", tolerance=self.target.allowed,
            discount=self.objectives.discount, model=mdp, minimise=minimise,
        )  # fmt: skip

    def _is_within(self) -> bool:
        """Take the best mixture so far, and prove what it costs."""
        found = _master(self.corners, self.spent, self.penalty)
        used = [corner for corner, weight in zip(self.corners, found.weights, strict=True) if weight > 1e-9]
        if len(used) == 2 and len(self.spent) == 1:
            used = _neighbours(self.objectives, used, float(self.spent[0]))
        weights = _exact_weights(used, self.spent, found.prices > 0)
        self.policy = self.objectives.mixture([corner.policy for corner in used], weights)
        lower, upper = self.objectives.proven(self.policy)
        self.lower, self.costs_upper = float(lower[0]), upper[1:]
        return bool((self.costs_upper <= self.bounds).all())

    def _master(self) -> _Mixture:
        return _master(self.corners, self.spent + self.shift, self.penalty)

    def _refuse_unproven(self) -> None:
        names = ", ".join(limit.name for limit in self.limits)
        if self.policy is None:
            raise UnprovenValueError(f"no policy within the bounds of {names} was found. Raise max_iterations", [])
        over = int(np.argmax(self.costs_upper - self.bounds))
        if self.costs_upper[over] > self.bounds[over]:
            raise UnprovenValueError(
                f"it cannot be proven that {self.limits[over].name} is at most {self.bounds[over]:.17g}: float64 "
                f"proves {self.costs_upper[over]:.17g}. The bound is the least that is possible, up to rounding. "
                "Raise it a little",
                [],
            )
        if self.endless and self.upper - self.lower > self.target.allowed:
            raise ImproperPolicyError(
                f"at discount 1 reward can be collected for ever, and only the bounds of {names} limit it. That is "
                "planned below discount 1 only",
                [],
            )


def _master(corners: Sequence[Corner], bounds: Floats, penalty: Floats) -> _Mixture:
    """The best mixture of policies, where what is above a bound costs a penalty."""
    from scipy.optimize import linprog  # takes a quarter of a second, so not before it is needed

    totals = np.array([corner.totals for corner in corners])
    values, costs = totals[:, 0], totals[:, 1:]
    unit = np.abs(values).max() or 1.0
    units = np.maximum(np.abs(costs).max(axis=0), np.abs(bounds))
    units[units == 0.0] = 1.0
    count, kinds = costs.shape
    found: Any = linprog(
        c=np.concatenate((-values / unit, penalty * units / unit)),
        A_ub=np.hstack(((costs / units).T, -np.eye(kinds))),
        b_ub=bounds / units,
        A_eq=np.concatenate((np.ones(count), np.zeros(kinds)))[None],
        b_eq=[1.0],
        bounds=(0.0, None),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status != 0:
        raise UnprovenValueError(f"HiGHS could not solve the linear program of {count} policies: {found.message}", [])
    prices = np.clip(-np.asarray(found.ineqlin.marginals) * unit / units, 0.0, penalty)
    excess = np.where(found.x[count:] > 1e-9, found.x[count:], 0.0) * units
    weights = np.asarray(found.x[:count])
    return _Mixture(weights, prices, float(-found.fun * unit), excess)


def _exact_weights(used: Sequence[Corner], bounds: Floats, binding: NDArray[np.bool_]) -> Floats:
    """(n,) weights of the policies with which the binding costs are at their bounds, to the last digits."""
    if len(used) == 1:
        return np.ones(1)
    costs = np.array([corner.totals[1:] for corner in used]).T[binding]
    rows, right = np.vstack((np.ones(len(used)), costs)), np.concatenate(([1.0], bounds[binding]))
    scale = np.abs(rows).max(axis=1)
    scale[scale == 0] = 1.0
    weights = np.linalg.lstsq(rows / scale[:, None], right / scale)[0]
    weights = np.maximum(weights, 0.0)
    return weights / weights.sum()


def _neighbours(objectives: Objectives, ends: Sequence[Corner], bound: float) -> list[Corner]:
    """Two policies that differ in one state, one within the bound and one beyond it, on the way between two such.

    Both are best at the same price where they come, so what is between them, state by state, is so too.
    """
    low, high = sorted(ends, key=lambda corner: corner.totals[1])
    ways = [objectives.walk(corner.policy) for corner in (low, high)]
    only = [~way.rests for way in ways]  # (S,) bool, where one does not come
    for way, mask in zip(ways, only, strict=True):
        mask[way.way] = False
    towards = np.where(only[0], high.policy.actions, low.policy.actions)
    actions = np.where(only[1], towards, high.policy.actions)
    states = np.flatnonzero(actions != towards)
    first, last, pair = 0, len(states), [high, low]  # so many states act as in `low`
    while last - first > 1:
        middle = (first + last) // 2
        mixed = actions.copy()
        mixed[states[:middle]] = towards[states[:middle]]
        policy = TabularPolicy.from_actions(mixed, low.policy.num_actions)
        found = low._replace(policy=policy, totals=objectives.totals(policy))
        if not np.isfinite(found.totals).all():
            return list(ends)
        if found.totals[1] > bound:
            first, pair[0] = middle, found
        else:
            last, pair[1] = middle, found
    return pair
