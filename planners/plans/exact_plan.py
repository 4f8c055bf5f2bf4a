"""A plan in fractions: its values are V* itself, and not a number near it."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arrays import sealed
from planners.models.tabular import TabularMDP
from planners.plans.plan import Plan, Status
from planners.plans.policy import TabularPolicy, state_of
from planners.plans.table import Table

FIRST_STATES: Final = 5  # of `print(plan)`
LONGEST: Final = 100  # bits of a denominator that is printed
FIELDS: Final = ("state", "action", "value", "near")


@dataclass(frozen=True, eq=False, repr=False)
class ExactPlan:
    """Optimal values and policy of a model of S states and A actions, in fractions, proven without floats.

    Attributes:
        values: (S,) of `fractions.Fraction`: V*; at discount 1 a float, -inf or inf, where V* is infinite.
        policy: A `TabularPolicy` whose value is V*.
        optimal_actions: (S, A) bool, True for every action whose value is exactly that of the state. At discount 1
            one of them may only go round; those of `policy` do not.
        iterations: Number of policies that were solved exactly.
        method: The method that was run.
        discount: The discount, a `Fraction`; or (S, A) of floats.
        model: The model that was planned on.
        near: The plan in float64 that it came from.
    """

    values: NDArray[Any]
    policy: TabularPolicy
    optimal_actions: NDArray[np.bool_]
    iterations: int
    method: str
    discount: Any
    model: TabularMDP = field(repr=False)
    near: Plan = field(repr=False)

    def __post_init__(self) -> None:
        """Close the arrays for writing, and let the policy know what its states are called."""
        if self.model.states is not None and self.policy.states is None:
            object.__setattr__(self, "policy", self.policy.on_states(self.model.states))
        sealed(self.values)
        sealed(self.optimal_actions)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The arrays of a copy are closed for writing too."""
        self.__dict__.update(state)
        sealed(self.values)
        sealed(self.optimal_actions)

    @property
    def minimise(self) -> bool:
        """Whether V* is the least of all policies."""
        return self.near.minimise

    @property
    def lower(self) -> NDArray[Any]:
        """(S,) V*, which bounds itself."""
        return self.values

    @property
    def upper(self) -> NDArray[Any]:
        """(S,) V*, which bounds itself."""
        return self.values

    @property
    def error_bound(self) -> Fraction:
        """0."""
        return Fraction(0)

    @property
    def status(self) -> Status:
        """Converged."""
        return Status.CONVERGED

    @property
    def converged(self) -> bool:
        """True."""
        return True

    def value(self, state: Any) -> Any:
        """V* of one state, by its name or, where states have none, by its number.

        Raises:
            InvalidPolicyError: There is no such state.
        """
        return self.values[state_of(state, self.policy.states, len(self.values))]

    def action(self, state: Any) -> Any:
        """The action in one state: its name or, where actions have none, its number.

        Raises:
            InvalidPolicyError: There is no such state.
        """
        action = int(self.policy.actions[state_of(state, self.policy.states, len(self.values))])
        return action if self.model.actions is None else self.model.actions[action]

    @cached_property
    def rounded(self) -> Plan:
        """The same as a `Plan` of float64, whose bounds are the floats below and above V*: for files and pictures."""
        near = np.array([_near(value) for value in self.values])
        lower, upper = near.copy(), near.copy()
        for state, (value, number) in enumerate(zip(self.values, near, strict=True)):
            if np.isfinite(number) and value != Fraction(number):
                towards = np.inf if value > Fraction(number) else -np.inf
                (upper if towards > 0 else lower)[state] = np.nextafter(number, towards)
        finite = np.isfinite(near)
        off = np.maximum(upper[finite] - near[finite], near[finite] - lower[finite]).max(initial=0.0)
        return replace(
            self.near,
            values=near,
            policy=self.policy,
            lower=lower,
            upper=upper,
            error_bound=float(off) if finite.all() else np.inf,
            status=Status.CONVERGED,
            iterations=self.iterations,
            history=(),
            method=self.method,
            tolerance=max(self.near.tolerance, float(off)),
        )

    def table(self) -> Table:
        """Each state with its action, its exact value and the float next to it; `print` it, `to_csv(path)`."""
        return Table(FIELDS, len(self.values), self._row, printed=(FIELDS, _printed), index=True)

    def _row(self, state: int) -> tuple[Any, ...]:
        names = self.policy.states
        name = names.keys[state] if names is not None and names.keys else state
        return name, self.action(name), self.values[state], _near(self.values[state])

    def __repr__(self) -> str:
        """What is proven, and the first states."""
        proven = {
            "method": self.method,
            "discount": self.discount if isinstance(self.discount, Fraction) else "of each pair",
            "error bound": f"0, of {len(self.values)} states",
            **({"direction": "minimise: V* is the least expected total, rewards being costs"} if self.minimise else {}),
        }
        lines = [f"  {name:<12}{text}" for name, text in proven.items()]
        return "\n".join(["ExactPlan", *lines, *self.table().lines(FIRST_STATES)])


def _printed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    state, action, value, near = row
    bits = value.denominator.bit_length() if isinstance(value, Fraction) else 0
    return state, str(action), value if bits <= LONGEST else f"a fraction of {bits} bits", near


def _near(value: Any) -> float:
    """The float next to a fraction."""
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf
