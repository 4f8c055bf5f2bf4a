"""The policies that are best for some weighted sum of two or three rewards, and how much better others can be."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_numbers
from planners.errors import InvalidOptionError
from planners.plans.plan import Iteration, Status
from planners.plans.plots import INK, import_pyplot
from planners.plans.policy import TabularPolicy
from planners.plans.table import Table

if TYPE_CHECKING:
    from planners.models.tabular import TabularMDP

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ParetoFront:
    """The trade-offs of K rewards: n policies, none of which is worse in all rewards, sorted by the first reward.

    A policy that draws one of these policies when an episode begins attains any weighted mean of these totals.

    Attributes:
        names: (K,) the names of the rewards.
        values: (n, K) the totals of each policy from the start.
        lower: (n, K) proven: not above these.
        upper: (n, K) proven: not below these.
        policies: (n,) the policies, which are deterministic.
        weights: (n, K) for each policy weights with which it is best; they sum to 1.
        ranges: (K,) from the least to the most of each reward among the corners. Where all corners have
            the same, up to rounding: the largest absolute value of the reward, or 1.
        gap: Proven: no policy has a weighted sum that exceeds the best of these policies by more than this, with
            rewards divided by `ranges`, and weights that sum to 1 and are at least 1e-6 each.
        minimise: (K,) which rewards are costs.
        tolerance: The gap that was allowed.
        status: How planning ended.
        iterations: Number of ordinary plans.
        history: Empty.
        method: The method that was run.
        discount: The discount.
        start: (S,) probabilities of the first state.
        model: The model.
    """

    names: tuple[str, ...]
    values: Floats
    lower: Floats
    upper: Floats
    policies: tuple[TabularPolicy, ...]
    weights: Floats
    ranges: Floats
    gap: float
    minimise: tuple[bool, ...]
    tolerance: float
    status: Status
    iterations: int
    method: str
    discount: float
    start: Floats
    model: "TabularMDP" = field(repr=False)
    history: tuple[Iteration, ...] = ()

    def __post_init__(self) -> None:
        """Close the arrays for writing."""
        for array in (self.values, self.lower, self.upper, self.weights, self.ranges):
            array.setflags(write=False)

    def __len__(self) -> int:
        """Number of corners."""
        return len(self.policies)

    @property
    def error_bound(self) -> float:
        """The gap."""
        return self.gap

    @property
    def converged(self) -> bool:
        """Whether the proven gap is within the tolerance."""
        return self.status is Status.CONVERGED

    def best(self, weights: ArrayLike) -> int:
        """The number of the policy whose totals have the best weighted sum.

        Args:
            weights: (K,) numbers of at least 0, for costs too.

        Raises:
            InvalidOptionError: The weights are no such numbers.
        """
        given = check_numbers("weights", weights)
        if given.shape != (len(self.names),) or not ((given >= 0) & (given < np.inf)).all() or not given.any():
            raise InvalidOptionError(f"weights are {weights!r:.80}; expected {len(self.names)} numbers of at least 0")
        return int(np.argmax(self.values @ np.where(self.minimise, -given, given)))

    def table(self) -> Table:
        """Each policy with its totals and weights; `print` it, `to_csv(path)`, `to_pandas()`."""
        columns = ("policy", *self.names, *(f"weight of {name}" for name in self.names))

        def row(number: int) -> tuple[Any, ...]:
            return number, *self.values[number].tolist(), *self.weights[number].tolist()

        return Table(columns, len(self), row)

    def plot(self, axes: Any = None) -> Any:
        """Plot the corners, and the mixtures between neighbours; with three rewards, the third is the colour.

        Args:
            axes: Matplotlib axes to draw on; None: new ones.

        Raises:
            ModuleNotFoundError: matplotlib is missing.
        """
        axes = import_pyplot().subplots(figsize=(5.2, 3.8), layout="constrained")[1] if axes is None else axes
        labels = [
            f"{n}{' (less is better)' if cost else ''}" for n, cost in zip(self.names, self.minimise, strict=True)
        ]
        if len(self.names) == 2:
            axes.plot(*self.values.T, color="#156ec0", linewidth=1.4, marker="o", markersize=5)
        else:
            points = axes.scatter(*self.values[:, :2].T, c=self.values[:, 2], cmap="viridis", edgecolors=INK, s=36)
            axes.figure.colorbar(points, ax=axes, label=labels[2])
        axes.set(xlabel=labels[0], ylabel=labels[1], title=f"{len(self)} corner policies, proven within {self.gap:.1g}")
        axes.grid(color="#e4e4e6", linewidth=0.8)
        axes.set_axisbelow(True)
        return axes

    def __repr__(self) -> str:
        """What is proven, and the first corners."""
        head = f"ParetoFront({len(self)} corner policies, proven within {self.gap:.2g} of the ranges)"
        return "\n".join([head, *self.table().lines(8)])
