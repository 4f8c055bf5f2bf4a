"""The result of `average_reward`: the gain with its proven bounds, a policy, and its bias."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from planners.models.negated import negative
from planners.plans.plan import Status
from planners.plans.policy import TabularPolicy, state_of
from planners.plans.table import Table

if TYPE_CHECKING:
    from planners.models.convert import Model

SHOWN = 5  # states


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class AveragePlan:
    """The mean reward a step in the long run: of the best policy, or of a given one.

    Attributes:
        gain: (S,) estimate of g(s), in units of reward a step. It is the same in all states if every state can be
            reached from every other.
        lower: (S,) proven: at most the gain of `policy`, and at most the best gain.
        upper: (S,) proven: at least the best gain; for a given policy, at least its gain.
        error_bound: Largest distance from `gain` to a bound.
        bias: (S,) h(s) of `policy`: the total that is earned from s on beyond g a step. Its mean is 0 in each class of
            states that is never left.
        bias_error: (S,) proven: |bias - h| is at most this.
        policy: The policy.
        status: How planning ended.
        iterations: Number of policies.
        method: The method that was run.
        tolerance: The error that was allowed, in units of reward.
        model: The model.
        minimise: Whether the gain is the least, because rewards are costs. Then the statements about
            `lower` and `policy` hold for `upper`.
    """

    gain: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    error_bound: float
    bias: NDArray[np.float64]
    bias_error: NDArray[np.float64]
    policy: TabularPolicy
    status: Status
    iterations: int
    method: str
    tolerance: float
    model: "Model" = field(repr=False)
    minimise: bool = False

    def __post_init__(self) -> None:
        """Close the arrays for writing, and let the policy know what its states are called."""
        names = getattr(self.model, "states", None)
        if names is not None and self.policy.states is None:
            object.__setattr__(self, "policy", self.policy.on_states(names))
        for array in (self.gain, self.lower, self.upper, self.bias, self.bias_error):
            array.setflags(write=False)

    @property
    def converged(self) -> bool:
        """Whether the proven error bound is within the tolerance."""
        return self.status is Status.CONVERGED

    def action(self, state: Any) -> Any:
        """The action in one state: its name or, where actions have none, its number.

        Raises:
            InvalidPolicyError: There is no such state.
        """
        return self._name(int(self.policy.actions[state_of(state, self.policy.states, len(self.gain))]))

    def table(self) -> Table:
        """Each state with its action, gain and bias; `print` it, `to_csv(path)`, `to_pandas()`."""
        names = self.policy.states

        def row(s: int) -> tuple[Any, ...]:
            state = names.keys[s] if names is not None and names.keys else s
            action = self._name(int(self.policy.actions[s])) if self.policy.is_deterministic else "drawn"
            return state, action, float(self.gain[s]), float(self.bias[s])

        return Table(("state", "action", "gain", "bias"), len(self.gain), row)

    def _name(self, action: int) -> Any:
        names = getattr(self.model, "actions", None)
        return action if names is None else names[action]

    def __repr__(self) -> str:
        """What is proven, in lines."""
        least, most = float(self.gain.min()), float(self.gain.max())
        one = most - least <= 2.0 * self.error_bound
        gain = (
            f"{most:.6g} a step from everywhere" if one else f"{least:.6g} to {most:.6g} a step, depending on the state"
        )
        return "\n".join(
            [
                "AveragePlan",
                f"  gain        {gain}, off by at most {self.error_bound:.2g}",
                f"  method      {self.method}, {self.iterations} policies",
                f"  status      {self.status.value}",
            ]
        )


def turned(plan: AveragePlan, model: Any) -> AveragePlan:
    """The plan that minimises on `model`, from the one that maximises on the negated model."""
    gain, lower, upper, bias = map(negative, (plan.gain, plan.upper, plan.lower, plan.bias))
    return replace(plan, gain=gain, lower=lower, upper=upper, bias=bias, model=model, minimise=True)
