"""The result of planning: values, a policy, and their proven bounds."""

import enum
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.arrays import sealed
from planners.equations.ways_out import optimal_actions
from planners.errors import PlannerError
from planners.models.backups import backup
from planners.models.negated import negated, negative
from planners.options import sizes
from planners.plans.policy import TabularPolicy, state_of
from planners.plans.table import PlanRow, Table, printed_plan

if TYPE_CHECKING:
    from planners.models.convert import Model


class Status(enum.Enum):
    """How planning ended; the value of each member is the sentence shown."""

    CONVERGED = "The proven error bound is within the tolerance."
    ITERATION_LIMIT = "The iteration limit was reached first. Raise max_iterations, or loosen the tolerance."
    ROUNDING_FLOOR = "Rounding keeps float64 from proving an error as small as the tolerance. Loosen the tolerance."
    INTERRUPTED = "Interrupted from the keyboard; these are the last values, with their proven bounds."
    NON_FINITE = (
        "A value is beyond the largest float, 1.8e308. Divide all rewards by one number, or use a smaller discount."
    )


class Iteration(NamedTuple):
    """One line of `Plan.history`."""

    iteration: int
    residual: float
    error_bound: float
    seconds: float


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Plan:
    """Values and a policy of a model of S states and A actions, with proven bounds.

    Attributes:
        values: (S,) estimate of V*; at discount 1 -inf where every policy may pay for ever, and inf where reward can
            be collected for ever.
        policy: A `TabularPolicy`, greedy for the values; each of its values is at least `lower`.
        lower: (S,) proven: not above V*, nor above the value of `policy`.
        upper: (S,) proven: not below V*.
        error_bound: Largest distance from `values` to a bound: |values - V*| is at most this.
        status: How planning ended.
        iterations: Number of sweeps, or of policies.
        history: One `Iteration` each.
        method: The method that was run, and with `method="auto"` why.
        discount: The discount.
        tolerance: The error that was allowed, in units of reward.
        relative_tolerance: The error that was allowed as a fraction of the largest |V|; 0 if none was.
        model: The model that was planned on.
        minimise: Whether V* is the least of all policies, because rewards are costs, and not the most. `values`,
            `lower` and `upper` are in the sign of the model's rewards either way; the statements about -inf, and about
            the policy's value and `lower`, then hold for +inf and `upper`.
    """

    values: NDArray[np.float64]
    policy: TabularPolicy
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    error_bound: float
    status: Status
    iterations: int
    history: tuple[Iteration, ...]
    method: str
    discount: float
    tolerance: float
    model: "Model" = field(repr=False)
    minimise: bool = False
    relative_tolerance: float = 0.0

    def __post_init__(self) -> None:
        """Close the arrays for writing, and let the policy know what its states are called."""
        names = getattr(self.model, "states", None)
        if names is not None and self.policy.states is None:
            object.__setattr__(self, "policy", self.policy.on_states(names))
        for array in (self.values, self.lower, self.upper):
            array.setflags(write=False)

    @property
    def converged(self) -> bool:
        """Whether the proven error bound is within the tolerance."""
        return self.status is Status.CONVERGED

    @cached_property
    def action_values(self) -> NDArray[np.float64]:
        """(S, A) Q(s,a) of `values`; -inf for actions that do not exist or, at discount 1, may never end.

        Where costs are minimised, +inf.
        """
        if self.minimise:
            return sealed(negative(opposite(self, negated(self.model)).action_values))
        return sealed(backup(self.model, self.values, self.discount))

    @cached_property
    def optimal_actions(self) -> NDArray[np.bool_]:
        """(S, A) True for every action that can be optimal within the bounds, all ties included.

        At discount 1, where steps can be free, an action that only goes round is not optimal. Among the actions that
        stay where one can go round for free, only those are kept that lead nearer to a way out, or that rest where V* =
        0. Every policy of kept actions earns V*, up to what the bounds leave open; the actions of `policy` are kept.
        While the bounds are far apart, no action is left out for this reason.
        """
        if self.minimise:
            return opposite(self, negated(self.model)).optimal_actions
        taken = self.policy.actions if self.policy.is_deterministic else None
        return sealed(optimal_actions(self.model, self.lower, self.upper, self.discount, taken))

    def value(self, state: Any) -> float:
        """V of one state, by its name or, where states have none, by its number.

        Raises:
            InvalidPolicyError: There is no such state.

        >>> from planners import TabularMDP, solve
        >>> model = TabularMDP.from_arrays([[[0.0, 1.0], [1.0, 0.0]]], [1.0, 0.0], states=["high", "low"])
        >>> round(solve(model, discount=0.5).value("high"), 6)
        1.333333
        """
        return float(self.values[state_of(state, self.policy.states, len(self.values))])

    def action(self, state: Any) -> Any:
        """The action in one state, named as in `value`: its name or, where actions have none, its number.

        Raises:
            InvalidPolicyError: There is no such state.
        """
        return self.action_name(int(self.policy.actions[state_of(state, self.policy.states, len(self.values))]))

    def table(self) -> Table:
        """Each state with its action, value and proven bounds; `print` it, `to_csv(path)`, `to_pandas()`."""
        return Table(
            PlanRow._fields,
            len(self.values),
            self._row,
            printed=(("state", "action", "value", "error"), printed_plan),
            index=True,
        )

    def _row(self, state: int) -> PlanRow:
        bounds = (float(array[state]) for array in (self.values, self.lower, self.upper))
        return PlanRow(self.state_name(state), self.action_name(int(self.policy.actions[state])), *bounds)

    def state_name(self, state: int) -> Any:
        """The name of the state of a number; the number itself where states have no names."""
        names = self.policy.states
        return names.keys[state] if names is not None and names.keys else state

    def action_name(self, action: int) -> Any:
        """The name of the action of a number; the number itself where actions have no names."""
        names = getattr(self.model, "actions", None)
        return action if names is None else names[action]

    def save(self, path: str | PathLike[str]) -> None:
        """Write the plan to a file named exactly `path`, for `planners.load_plan`: npz, versioned, no pickle.

        Raises:
            OSError: It cannot be written; an older file of that name is then unchanged.
            InvalidOptionError: The name ends as another kind of file, such as .csv; or the policy draws actions.
        """
        from planners.plans.save import save_plan

        save_plan(self, path)

    def plot(self, grid: Any = None, axes: Any = None, *, values: Any = None) -> Any:
        """Plot values and optimal actions on the map of a gridworld or, without one, the proven error against sweeps.

        Args:
            grid: The gridworld environment that was planned on, or its `grid` (then without arrows).
            axes: Matplotlib axes to draw on; None: new ones.
            values: (S,) other numbers to show on the map, such as `planners.visits(...).states`; None: V.

        Returns:
            The matplotlib axes; `plan.plot(env).figure.savefig("plan.pdf")` writes them to a file.

        Raises:
            ModuleNotFoundError: matplotlib is missing.
            InvalidOptionError: `grid` is no map, or `grid` or `values` has another number of states.
        """
        from planners.plans.plots import plot_plan

        return plot_plan(self, grid, axes, values)

    def __repr__(self) -> str:
        """What is proven, and the first states."""
        proven = [f"  {name:<12}{text}" for name, text in certificate_rows(self)]
        return "\n".join(["Plan", *proven, *self.table().lines(FIRST_STATES)])

    def _repr_html_(self) -> str:
        """The same in a notebook, with the first states."""
        return certificate_html(self)


def opposite(plan: Plan, model: Any) -> Plan:
    """The plan that minimises on `model`, from the one that maximises on the negated model; and the other way round."""
    values, lower, upper = map(negative, (plan.values, plan.upper, plan.lower))
    return replace(plan, values=values, lower=lower, upper=upper, model=model, minimise=not plan.minimise)


class NotConvergedError(PlannerError, RuntimeError):
    """The tolerance was not reached. `plan` holds the plan so far; its bounds are valid."""

    def __init__(self, plan: Plan) -> None:
        """Say why, and keep the plan."""
        super().__init__(
            f"{plan.method} stopped after {plan.iterations} iterations with a proven error bound of "
            f"{plan.error_bound:.3g}; the tolerance is {plan.tolerance:.3g}. {plan.status.value} "
            "The plan so far is in the `plan` of this error; throw=False returns it."
        )
        self.plan = plan


FIRST_STATES = 5  # of `print(plan)`
SHOWN_STATES = 12


def certificate_rows(plan: "Plan") -> list[tuple[str, str]]:
    """(name, text) of what was run, how it ended and what is proven."""
    names = getattr(plan.model, "states", None)
    samples = None if names is None else names.samples
    estimate = f"an estimate, from {samples} samples of each action: the proofs hold for this estimate only"
    off = getattr(plan.model, "rescaled", 0.0)
    scaled = f"its rows were scaled to sum to 1 (normalise=True); they were off by up to {off:.2g}"
    return [
        *([("model", estimate)] if samples else []),
        *([("model", scaled)] if off else []),
        ("method", plan.method),
        ("status", f"{plan.status.name.lower().replace('_', ' ')}: {plan.status.value}"),
        ("iterations", f"{plan.iterations}"),
        ("discount", f"{plan.discount:.15g}"),
        *([("direction", "minimise: V* is the least expected total, rewards being costs")] if plan.minimise else []),
        ("error bound", f"{plan.error_bound:.3g} (tolerance {plan.tolerance:.3g}{_part(plan)})"),
        ("values", f"{len(plan.values)} states, {plan.values.min():.6g} to {plan.values.max():.6g}"),
    ]


def _part(plan: "Plan") -> str:
    """What part of the largest |V| the tolerance is, if that was asked for and is what counts."""
    part = plan.relative_tolerance
    counts = part > 0.0 and plan.tolerance <= part * sizes(plan.values)[0] * (1.0 + 1e-9)
    return f", {part:g} of the largest |V|" if counts else ""


def certificate_html(plan: "Plan") -> str:
    """The certificate, and the first states with their values, proven bounds and optimal actions."""
    head = "".join(_row([name, text], "th") for name, text in certificate_rows(plan))
    shown = min(len(plan.values), SHOWN_STATES)
    states = "".join(_row(_state_cells(plan, state)) for state in range(shown))
    if shown < len(plan.values):
        states += _row([f"and {len(plan.values) - shown} more", "", "", ""])
    titles = _row(["state", "value", "upper - lower, proven", "optimal actions"], "th", "th")
    return f"<table><caption>Plan</caption>{head}</table><table>{titles}{states}</table>"


def _state_cells(plan: "Plan", state: int) -> list[str]:
    lower, upper = plan.lower[state], plan.upper[state]
    gap = 0.0 if lower == upper else upper - lower  # both may be -inf
    actions = ", ".join(str(plan.action_name(int(action))) for action in np.flatnonzero(plan.optimal_actions[state]))
    return [str(plan.state_name(state)), f"{plan.values[state]:.6g}", f"{gap:.1e}", actions]


def _row(cells: list[str], first: str = "td", others: str = "td") -> str:
    tags = [first, *[others] * (len(cells) - 1)]
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for tag, cell in zip(tags, cells, strict=True)) + "</tr>"
