"""The best policy within bounds on its costs, and the proof of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from planners.plans.plan import Iteration, Status
from planners.plans.policy import TabularPolicy
from planners.plans.table import Table

if TYPE_CHECKING:
    from planners.models.tabular import TabularMDP

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ConstrainedPlan:
    """The best policy whose expected costs from the start are within bounds. It may draw its actions at random.

    Attributes:
        value: What the policy earns from the start.
        lower: Proven: at most what the policy earns, and at most what the best policy within the bounds earns.
        upper: Proven: no policy within the bounds earns more.
        error_bound: Largest distance from `value` to these two.
        policy: The policy.
        costs: By name, what the policy costs from the start.
        costs_upper: Proven: these costs are at most this, and this is at most the bounds.
        bounds: By name, the most that was allowed.
        prices: By name, how much more could be earned for each unit of the bound, 0 where it does not bind. Proven:
            with another bound b no policy earns more than upper + price * (b - bound); for several bounds, the terms
            price * (b - bound) are added up.
        start: (S,) probabilities of the first state.
        status: How planning ended.
        iterations: Number of ordinary plans.
        history: One `Iteration` each; its error bound is the gap between the two bounds at that moment.
        method: The method that was run.
        discount: The discount.
        tolerance: The error that was allowed, in units of reward.
        model: The model.
        minimise: Whether rewards are costs, too: then `value` is the least, what `upper` says of earning holds for
            `lower`, and prices say how much less would have to be paid.
    """

    value: float
    lower: float
    upper: float
    error_bound: float
    policy: TabularPolicy
    costs: Mapping[str, float]
    costs_upper: Mapping[str, float]
    bounds: Mapping[str, float]
    prices: Mapping[str, float]
    start: Floats
    status: Status
    iterations: int
    history: tuple[Iteration, ...]
    method: str
    discount: float
    tolerance: float
    model: "TabularMDP" = field(repr=False)
    minimise: bool = False

    def __post_init__(self) -> None:
        """Let the policy know what its states are called."""
        if self.model.states is not None and self.policy.states is None:
            object.__setattr__(self, "policy", self.policy.on_states(self.model.states))

    @property
    def converged(self) -> bool:
        """Whether the proven error bound is within the tolerance."""
        return self.status is Status.CONVERGED

    @property
    def drawn(self) -> list[Any]:
        """The states, by name or number, in which the policy draws its action."""
        if self.policy.is_deterministic:
            return []
        names = self.model.states
        states = np.flatnonzero((self.policy.probabilities > 0).sum(axis=1) > 1).tolist()
        return states if names is None else [names.keys[state] for state in states]

    def table(self) -> Table:
        """Each pair that the policy may take, with its probability; `print` it, `to_csv(path)`, `to_pandas()`."""
        pairs, states, actions = np.argwhere(self.policy.probabilities > 0), self.model.states, self.model.actions

        def row(number: int) -> tuple[Any, ...]:
            s, a = pairs[number].tolist()
            name = s if states is None else states.keys[s]
            return name, a if actions is None else actions[a], float(self.policy.probabilities[s, a])

        return Table(("state", "action", "probability"), len(pairs), row)

    def __repr__(self) -> str:
        """What is proven."""
        drawn = self.drawn
        where = "one action in each state"
        if drawn:
            listed = ", ".join(map(str, drawn[:5])) + (f" and {len(drawn) - 5} more" if len(drawn) > 5 else "")
            where = f"draws its action in {listed}, one action elsewhere"
        rows = [
            (
                "value",
                f"{self.value:.6g}{', the least' if self.minimise else ''}; proven within {self.error_bound:.2g}",
            ),
            *((name, self._cost(name)) for name in self.bounds),
            ("policy", where),
            ("discount", f"{self.discount:.15g}"),
            ("method", self.method),
            ("status", f"{self.status.name.lower().replace('_', ' ')}: {self.status.value}"),
        ]
        width = max(12, max(len(name) for name, _ in rows) + 2)
        return "\n".join(["ConstrainedPlan", *(f"  {name:<{width}}{text}" for name, text in rows)])

    def _cost(self, name: str) -> str:
        return f"{self.costs[name]:.6g}, proven to be at most {self.bounds[name]:.6g}; price {self.prices[name]:.6g}"
