"""How the plan changes with a parameter of the model: one plan for each value, started from the plans before it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_sequence
from planners.errors import InvalidOptionError
from planners.methods.known_rows import KnownRows
from planners.models.convert import Model, as_model
from planners.models.pair_discounts import is_per_pair
from planners.options import BY_DEFAULT, Tolerance, check_tolerances
from planners.plans.plan import Plan
from planners.plans.policy import state_of
from planners.plans.table import Table
from planners.solve import solve

QUICK: Final = {"tolerance", "relative_tolerance", "minimise", "throw"}  # options that do not choose a method


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """Plans of one model at several values of a parameter.

    Attributes:
        parameters: The k values.
        plans: The k plans, each with proven bounds.
        state: The state that is looked at; None: where episodes begin, or, if that is not known, the mean of all.
    """

    parameters: tuple[Any, ...]
    plans: tuple[Plan, ...]
    state: Any = field(default=None)

    @property
    def values(self) -> NDArray[np.float64]:
        """(k,) V of the state that is looked at."""
        return np.array([float(self._weights(plan) @ plan.values) for plan in self.plans])

    @property
    def changes(self) -> list[int]:
        """The indices of the parameters at which the policy differs from the policy before."""
        return [
            number
            for number, (before, after) in enumerate(zip(self.plans, self.plans[1:], strict=False), start=1)
            if not np.array_equal(before.policy.actions, after.policy.actions)
        ]

    def table(self) -> Table:
        """Each parameter with V, its proven error, and the number of states whose action has changed."""
        values = self.values

        def row(number: int) -> tuple[Any, ...]:
            plan = self.plans[number]
            seen = (self.parameters[number], float(values[number]), plan.error_bound, self._changed(number))
            return seen if self.state is None else (*seen, plan.action(self.state))

        columns = ("parameter", "value", "error", "actions changed", "action")
        return Table(columns[: 4 if self.state is None else 5], len(self.plans), row)

    def plot(self, axes: Any = None) -> Any:
        """V against the parameter; dotted lines are where the policy changes.

        Args:
            axes: Matplotlib axes to draw on; None: new ones.

        Returns:
            The matplotlib axes.

        Raises:
            ModuleNotFoundError: matplotlib is missing.
        """
        from planners.plans.plots import plot_sweep

        return plot_sweep(self.parameters, self.values, self.changes, axes)

    def _weights(self, plan: Plan) -> NDArray[np.float64]:
        count, initial = len(plan.values), getattr(plan.model, "initial", None)
        if self.state is not None:
            return np.eye(1, count, state_of(self.state, plan.policy.states, count)).ravel()
        return np.full(count, 1.0 / count) if initial is None else initial

    def _changed(self, number: int) -> int:
        """In how many states another action is taken than at the parameter before."""
        if not number:
            return 0
        before, after = (self.plans[which].policy.actions for which in (number - 1, number))
        return int((before != after).sum()) if len(before) == len(after) else max(len(before), len(after))

    def __repr__(self) -> str:
        """The first rows of the table."""
        return f"Sweep of {len(self.plans)} plans; the policy changes {len(self.changes)} times\n{self.table()}"


def sweep(
    model: Callable[[Any], Any],
    values: Iterable[Any],
    *,
    discount: float | NDArray[np.float64] | Callable[[Any], Any],
    state: Any = None,
    **options: Any,
) -> Sweep:
    """Solve a model at each value of a parameter; every plan is a warm start for the next one.

    Args:
        model: A function of a value that returns the model, as `solve` takes it. Warm starts help if all models have
            the same states.
        values: The k values, best in order: values that are near each other have similar plans.
        discount: As for `solve`; or a function of a value.
        state: A state, by its name or number, whose value and action the table has; None: where episodes begin.
        **options: Passed on to `solve`, for instance `tolerance` or `minimise`.

    Returns:
        A `Sweep`, which has a `table()` and a `plot()`.

    Raises:
        InvalidOptionError: No values, or no function.
        NotConvergedError: As for `solve`; all other errors too.

    Cost: that of the first plan, and of a few iterations for each of the others. Where only rewards differ, as in
    `dataclasses.replace(model, rewards=...)`, the linear system of a policy is factored once for all values.

    >>> from planners import TabularMDP
    >>> found = sweep(
    ...     lambda prize: TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, prize, True)]}}),
    ...     [4.0, 5.0, 6.0], discount=0.8, state=0)
    >>> [action for *_, action in found.table()]  # staying is worth 5
    [0, 0, 1]
    """
    if not callable(model):
        raise InvalidOptionError(f"model is {model!r:.80}; expected a function, sweep(lambda value: model, values)")
    parameters, plans = tuple(check_sequence("values", values, "parameters")), list[Plan]()
    if not parameters:
        raise InvalidOptionError("values is empty; expected one or more")
    known, worth = None, set(options) <= QUICK
    for value in parameters:
        made, rate = as_model(model(value)), discount(value) if callable(discount) else discount
        plan = None if known is None else known.plan_of(made, rate, _tolerance(options))
        if plan is None:
            plan = solve(made, discount=rate, **_start(plans, made, parameters), **options)
            worth = worth and (known is None or known.helped)
            known = KnownRows.of(plan) if worth and not is_per_pair(rate) else None
        plans.append(plan)
    return Sweep(parameters, tuple(plans), state)


def _tolerance(options: dict[str, Any]) -> Tolerance:
    return check_tolerances(options.get("tolerance", BY_DEFAULT), options.get("relative_tolerance"))


def _start(plans: list[Plan], model: Model, parameters: tuple[Any, ...]) -> dict[str, Any]:
    """Where the next solve starts: where the values of the plans before it lead, as far as they have its states.

    While the policy stays the same and rewards are linear in the parameter, so are the values.
    """
    if not plans or not _alike(plans[-1].model, model):
        return {}
    values = plans[-1].values
    if len(plans) > 1 and _alike(plans[-2].model, model) and np.isfinite(values).all():
        first, second, third = parameters[len(plans) - 2 : len(plans) + 1]
        try:
            ahead = float((third - second) / (second - first))
        except (TypeError, ZeroDivisionError):
            ahead = 0.0
        moved = values + ahead * (values - plans[-2].values)
        values = moved if np.isfinite(moved).all() else values
    return {"start": values if np.isfinite(values).all() else plans[-1]}


def _alike(before: Model, model: Model) -> bool:
    names = [getattr(each, "states", None) for each in (before, model)]
    keys = [None if each is None else each.keys for each in names]
    return before.num_states == model.num_states and (names[0] is names[1] or keys[0] == keys[1])
