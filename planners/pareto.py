"""All trade-offs between two or three rewards: the policies that are best for some weights.

    best(w) = max over policies of sum_k w_k V_k          convex in w

Policies that were found give a lower bound of best(w) for every w: the best of their weighted sums. The weights for
which one of them is the best are its cell, a segment or a polygon, and in a cell its weighted sum is linear. As best(w)
is convex, its excess over a linear function is largest at a vertex of the cell. So an ordinary plan at each vertex
either finds a missing policy, which takes a part of the other cells, or proves that none is missing there. The cells
cover all weights: if no policy is missing at their vertices, none is missing at all.

Sources: Roijers and Whiteson (2017), "Multi-Objective Decision Making", Section 3.3 (optimistic linear support); Cheng
(1988), "Algorithms for Partially Observable Markov Decision Processes", Section 4 (the vertices).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_sequence
from planners.errors import InvalidOptionError, UnboundedValueError
from planners.models.convert import ModelLike, labelled
from planners.models.state_names import errors_in_names
from planners.names import is_hashable
from planners.options import Tolerance, check_discount, check_run, check_tolerance
from planners.plans.beginnings import starting_distribution
from planners.plans.pareto_front import ParetoFront
from planners.plans.plan import NotConvergedError, Status
from planners.plans.policy import TabularPolicy
from planners.solve import plan_known
from planners.tradeoffs.corners import Objectives
from planners.tradeoffs.tables import costs_of

LEAST_WEIGHT: Final = 1e-6
GRID: Final = 2.0**-40  # the weights of vertices are rounded to multiples of it; `gap` has what that may miss
FLOOR: Final = 1e-12  # smallest error of an ordinary plan that is asked for, as a part of the largest |V|

Floats = NDArray[np.float64]


@errors_in_names
def pareto(
    model: ModelLike,
    rewards: Sequence[Any] | Mapping[str, Any],
    *,
    discount: float,
    start: Any = None,
    minimise: bool | Sequence[Any] = False,
    tolerance: float = 1e-6,
    max_iterations: int = 2000,
    throw: bool = True,
) -> ParetoFront:
    """The corner policies of two or three rewards, with proven totals, and the proof that none is missing.

    Args:
        model: A model of S states and A actions, or an environment that has one; its own rewards do not count.
        rewards: Two or three, in a list or by name: arrays (S,), (S, A) or (S, A, S'); or states, as in `at_most` of
            `planners.solve`: each entry into them counts 1.
        discount: 0 to 1.
        start: As for `planners.visits`.
        minimise: True: all rewards are costs. Or those that are costs: their names or, for a list, their numbers.
        tolerance: The largest gap, as a part of the ranges of the rewards; see `ParetoFront.gap`.
        max_iterations: Number of ordinary plans.
        throw: Raise where the tolerance is not reached; False: return what was found, with its gap.

    Raises:
        InvalidOptionError: There are not two or three rewards, or one of them is no reward.
        UnboundedValueError: At discount 1 a total is infinite.
        NotConvergedError: See `throw`.

    Cost: about two plans for each corner of two rewards, about ten for each corner of three.

    >>> from planners import TabularMDP
    >>> three = [[(1.0, 0, 0.0, True)]] * 3
    >>> front = pareto(TabularMDP.from_gym_dict({0: dict(enumerate(three))}), [[[4.0, 3.0, 0.0]], [[0.0, 2.0, 3.0]]],
    ...                discount=0.9)
    >>> front.values.tolist()
    [[0.0, 3.0], [3.0, 2.0], [4.0, 0.0]]
    """
    check_run(max_iterations, False, throw)
    mdp = labelled(model)
    named = rewards if isinstance(rewards, Mapping) else dict(enumerate(_listed(rewards)))
    if len(named) not in (2, 3):
        raise InvalidOptionError(f"{len(named)} rewards are given; expected two or three")
    costs = [costs_of(model, mdp, what, f"rewards[{name!r}]") for name, what in named.items()]
    signs = np.where([_is_cost(name, named, minimise) for name in named], -1.0, 1.0)
    objectives = Objectives(
        replace(mdp, rewards=signs[0] * costs[0].table, told=None, paid=None),
        starting_distribution(mdp, start),
        check_discount(discount),
        np.stack([sign * cost.table for sign, cost in zip(signs, costs, strict=True)]),
        np.stack([cost.off for cost in costs]),
        partial(plan_known, name="auto"),
    )
    found = _Cells(objectives, check_tolerance(tolerance), int(max_iterations))
    found.run()
    front = _front(found, signs, tuple(map(str, named)), mdp)
    if throw and not front.converged:
        raise NotConvergedError(cast(Any, front))
    return front


def _listed(rewards: Any) -> list[Any]:
    if not isinstance(rewards, Sequence | np.ndarray) or isinstance(rewards, str) or not getattr(rewards, "ndim", 1):
        raise InvalidOptionError(f"rewards are {rewards!r:.80}; expected two or three of them, in a list or by name")
    return list(rewards)


def _is_cost(name: Any, named: Mapping[Any, Any], minimise: Any) -> bool:
    if isinstance(minimise, bool):
        return minimise
    listed = [minimise] if isinstance(minimise, str) else check_sequence("minimise", minimise, "names of rewards")
    for each in listed:
        if not is_hashable(each) or each not in named:
            raise InvalidOptionError(f"minimise names {each!r:.80}; expected True, False, or some of {list(named)}")
    return name in listed


class _Cells:
    """The policies so far, the cell of each, and the upper bounds at vertices; weights are of rewards by `scale`."""

    def __init__(self, objectives: Objectives, tolerance: float, most: int) -> None:
        self.objectives, self.tolerance, self.most = objectives, tolerance, most
        self.policies: list[TabularPolicy] = []
        self.lower = self.upper = np.zeros((0, len(objectives.tables)))
        self.above: dict[bytes, float] = {}
        self.cells: list[Floats] = []
        count = len(objectives.tables)
        self.whole = _snapped(LEAST_WEIGHT + (1.0 - count * LEAST_WEIGHT) * np.eye(count))
        largest = np.abs(objectives.tables).max(axis=(1, 2))
        self.scale = np.where(largest > 0, largest, 1.0)
        self.plans, self.short, self.gap, self.ended = 0, np.inf, np.inf, False

    def run(self) -> None:
        """Plan at all vertices of all cells, until nothing new is found."""
        for weights in self.whole:
            self._plan_at(weights)
        ranges = self.upper.max(axis=0) - self.lower.min(axis=0)
        doubts = (self.upper - self.lower).max(axis=0)  # a range that is all rounding measures nothing
        self.scale = np.where(doubts < 0.05 * self.tolerance * ranges, ranges, self.scale)
        self.above.clear()
        self.cells = [self.whole]
        self._divide(1)
        while (weights := self._unknown()) is not None and self.plans < self.most:
            count = len(self.policies)
            self._plan_at(weights)
            self._divide(count)
        self.ended = weights is None
        if self.ended:
            sizes = (np.maximum(np.abs(self.lower), np.abs(self.upper)) / self.scale).sum(axis=1)
            short = max(float(self._short(i, cell).max()) for i, cell in enumerate(self.cells) if len(cell))
            self.short, self.gap = short, short + 2.0 * (len(self.policies) + 4) * GRID * float(sizes.max())

    def _plan_at(self, weights: Floats) -> None:
        """The proven upper bound at (K,) weights; the policy that is best there joins the others if it is better."""
        asked = Tolerance(0.1 * self.tolerance if self.plans >= len(weights) else 0.0, FLOOR)
        found = self.objectives.best(weights / self.scale, asked)
        self.plans += 1
        self.above[weights.tobytes()] = found.bound
        lower, upper = self.objectives.proven(found.policy)
        if not (np.isfinite(found.bound) and np.isfinite(lower).all() and np.isfinite(upper).all()):
            raise UnboundedValueError(
                "at discount 1 the policy that is best for some weights has an infinite total of one of the rewards, "
                f"{found.totals.tolist()}. Use a discount below 1",
                [],
            )
        others = (self.lower / self.scale) @ weights
        if lower @ (weights / self.scale) > others.max(initial=-np.inf) + 0.1 * self.tolerance * bool(self.cells):
            self.policies.append(found.policy)
            self.lower, self.upper = np.vstack((self.lower, lower)), np.vstack((self.upper, upper))

    def _divide(self, first: int) -> None:
        """Policies from number `first` on take their cells from the others."""
        totals = self.lower / self.scale
        for new in range(first, len(totals)):
            own = _clipped_by(self.whole, totals[new], totals[:new])
            self.cells = [_clipped(cell, totals[i] - totals[new]) for i, cell in enumerate(self.cells)]
            self.cells.append(own)

    def _unknown(self) -> Floats | None:
        """A vertex at which no plan was made."""
        for cell in self.cells:
            for weights in cell:
                if weights.tobytes() not in self.above:
                    return weights
        return None

    def _short(self, policy: int, cell: Floats) -> Floats:
        """(m,) by how much a policy is below the upper bound at the vertices of a cell."""
        above = np.array([self.above[weights.tobytes()] for weights in cell])
        return above - cell @ (self.lower[policy] / self.scale)

    def needed(self) -> dict[int, Floats]:
        """The cells of the policies that the proof needs: what others prove as well goes to them."""
        found = {i: cell for i, cell in enumerate(self.cells) if len(cell)}
        for i in sorted(found, key=lambda i: float(np.ptp(found[i], axis=0).max())):
            if self.ended and any(j != i and self._short(j, found[i]).max() <= self.short for j in found):
                del found[i]
        return found


def _snapped(weights: Floats) -> Floats:
    """Weights on a grid, so that a vertex of several cells is one."""
    return np.round(weights / GRID) * GRID


def _clipped_by(cell: Floats, totals: Floats, others: Floats) -> Floats:
    """The part of a cell in which a policy of these totals is as good as all others."""
    for other in others:
        cell = _clipped(cell, totals - other)
    return cell


def _clipped(cell: Floats, normal: Floats) -> Floats:
    """(m, K) vertices of the part of a convex cell where w * normal >= 0, in their order around it.

    Source: Sutherland and Hodgman (1974), "Reentrant Polygon Clipping".
    """
    heights = cell @ normal
    if (heights >= 0).all():
        return cell
    points: list[Floats] = []
    for here, after in zip(range(len(cell)), [*range(1, len(cell)), 0], strict=True):
        if heights[here] >= 0:
            points.append(cell[here])
        if (heights[here] >= 0) != (heights[after] >= 0):
            part = heights[here] / (heights[here] - heights[after])
            points.append(_snapped(cell[here] + part * (cell[after] - cell[here])))
    kept = [point for i, point in enumerate(points) if not any(np.array_equal(point, other) for other in points[:i])]
    return np.array(kept).reshape(-1, cell.shape[1])


def _front(found: _Cells, signs: Floats, names: tuple[str, ...], mdp: Any) -> ParetoFront:
    """The policies that the proof needs, in the order of the first reward, in the user's signs."""
    cells = found.needed()
    kept = sorted(cells, key=lambda i: signs[0] * found.lower[i, 0])
    weights = np.array([cells[i].mean(axis=0) for i in kept]) / found.scale
    ends = signs * found.lower[kept], signs * found.upper[kept]
    lower, upper = np.minimum(*ends) + 0.0, np.maximum(*ends) + 0.0
    converged = found.ended and found.gap <= found.tolerance
    return ParetoFront(
        names=names, lower=lower, upper=upper, values=np.clip(0.5 * (lower + upper), lower, upper),
        policies=tuple(found.policies[i].on_states(mdp.states) for i in kept),
        weights=weights / weights.sum(axis=1, keepdims=True), ranges=found.scale, gap=found.gap,
        minimise=tuple(bool(sign < 0) for sign in signs), tolerance=found.tolerance, iterations=found.plans,
        status=Status.CONVERGED if converged else Status.ROUNDING_FLOOR if found.ended else Status.ITERATION_LIMIT,
        method="ordinary plans for weighted sums", discount=found.objectives.discount, start=found.objectives.begin,
        model=mdp,
    )  # fmt: skip
