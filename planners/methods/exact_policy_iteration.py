"""Policy iteration in fractions: V* itself, and a proof that needs no floats.

    start with the policy of a plan in float64, which is nearly always optimal
    repeat:  V = the exact solution of the policy's equations
             in each state, take the best action, if it is better than the policy's own
    until no action is better

All is compared in whole numbers (`planners.equations.integer_rows`), so "better" means better. Below discount 1,
V = max over a of Q(s, a) has one solution, and that is V*.

At discount 1 the equations may have several. V is that of a policy which surely ends the episode or rests where no
step pays. No other policy earns more: T V <= V says so of each that ends, and V >= 0 of each that rests; it says so of
one that goes round for ever, is paid and pays, if V >= 0 in the states of that round. Where one may rest and V is
negative, the policy rests. `planners.equations.undiscounted` decides, exactly, which states have infinite values.

Source: Puterman (2005), Sections 6.4 and 7.2.
"""

from collections.abc import Callable
from fractions import Fraction
from numbers import Rational
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_numbers, is_table
from planners.arrays import take_rows
from planners.equations.graph import (
    components_at_rest,
    end_components,
    next_towards,
    recurrent_classes,
    rows_of_states,
)
from planners.equations.integer_rows import IntegerRow, integer_rows
from planners.equations.integer_systems import solve_exactly
from planners.errors import InvalidOptionError, UnprovenValueError
from planners.iteration.loop import refuse_unbounded
from planners.models.convert import as_model
from planners.models.negated import negated
from planners.models.tabular import TabularMDP
from planners.options import check_discount, named_states
from planners.plans.exact_plan import ExactPlan
from planners.plans.plan import Plan, Status
from planners.plans.policy import TabularPolicy

MOST_STATES: Final = 20_000


def exact_plan(
    model: Any, discount: Any, plan_of: Callable[..., Plan], elsewhere: dict[str, Any], throw: bool
) -> ExactPlan:
    """The exact plan of a model, from one in float64.

    Args:
        model: A model of S states and A actions, or an environment that has one.
        discount: A number from 0 to 1, a `Fraction` or a float, which is taken as the fraction that it is; or (S, A).
        plan_of: Makes the plan to start from. At discount 1 the infinite values are taken from it.
        elsewhere: Options of `solve` that are not for exact plans; none of them may be set.
        throw: Whether to raise where values are infinite because reward can be collected for ever.

    Raises:
        InvalidOptionError: One of those options, or too many states.
        UnboundedValueError: As of `solve`.
        UnprovenValueError: At discount 1 it cannot be told what it is worth to go round for ever; or the fractions are
            too long.
    """
    if given := [name for name, value in elsewhere.items() if value not in (None, False, "cpu")]:
        raise InvalidOptionError(f"exact=True plans in this process, on a known model: leave out {', '.join(given)}")
    source, exact = as_model(model), exact_discount(discount)
    if source.num_states > MOST_STATES:
        raise InvalidOptionError(
            f"exact=True is for models of up to {MOST_STATES} states; this one has {source.num_states}. Leave out exact"
        )
    tables = source.tabular
    plan = plan_of(tables, discount=float(exact) if isinstance(exact, Fraction) else exact, throw=False)
    if plan.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    if isinstance(exact, np.ndarray) and plan.discount == 1.0:
        raise InvalidOptionError("discount is a table with a 1 in it; with exact=True expected numbers below 1")
    if throw:
        refuse_unbounded(plan)
    return _iterated(tables, plan, exact)


def _iterated(model: TabularMDP, plan: Plan, discount: Fraction | NDArray[np.float64]) -> ExactPlan:
    """Policy iteration from a plan of the same direction."""
    exact, policies = _Exact(negated(model) if plan.minimise else model, plan, discount), 0
    while True:
        policies += 1
        exact.evaluate()
        if not (exact.rest() or exact.improve()):
            break
    exact.check_rounds()
    values = np.empty(model.num_states, dtype=object)
    values[:] = [-value if plan.minimise else value for value in exact.values()]
    return ExactPlan(
        values=values,
        policy=TabularPolicy.from_actions(exact.policy % model.num_actions, model.num_actions),
        optimal_actions=exact.optimal_actions(),
        iterations=policies,
        method=f"policy iteration in fractions, from {plan.method}",
        discount=discount,
        model=model,
        near=plan,
    )


def exact_discount(discount: Any) -> Fraction | NDArray[np.float64]:
    """The discount as a fraction, or a table of floats as it is.

    Raises:
        InvalidOptionError: It is less than 1, and no float but 1 is near it.
    """
    if is_table(discount):
        return check_numbers("discount", discount)
    near = check_discount(discount)
    found = Fraction(discount if isinstance(discount, Rational) else near)
    if near == 1.0 and found != 1:
        raise InvalidOptionError(f"discount is 1 - {float(1 - found):.3g}; expected 1, or at most 1 - 1e-16")
    return found


class _Exact:
    """A model in whole numbers, and the policy that is looked at: a row s*A + a for each state."""

    def __init__(self, model: TabularMDP, plan: Plan, discount: Fraction | NDArray[np.float64]) -> None:
        self.model, self.rows = model, integer_rows(model, discount)
        self.undiscounted = not isinstance(discount, np.ndarray) and discount == 1
        states = np.arange(model.num_states)
        self.policy = states * model.num_actions + plan.policy.actions
        given = -plan.values if plan.minimise else plan.values
        self.infinite = {int(s): float(given[s]) for s in np.flatnonzero(np.isinf(given))} if self.undiscounted else {}
        self.numerators, self.denominator = [0] * model.num_states, 1
        self.tight = np.zeros(model.feasible.size, dtype=bool)  # rows that are exactly as good as their state

    def evaluate(self) -> None:
        """V of the policy, as numerators with one denominator; 0 where it rests."""
        settled = set(self.infinite) | (self._resting() if self.undiscounted else set())
        place = {state: i for i, state in enumerate(s for s in range(self.model.num_states) if s not in settled)}
        system = []
        for state in place:
            row = self.rows[int(self.policy[state])]
            if any(target in self.infinite for target, _ in row.nexts):
                self._refuse([state], "its policy may lead to states of infinite value")
            system.append(row._replace(nexts=tuple((place[t], weight) for t, weight in row.nexts if t in place)))
        found, self.denominator = solve_exactly(system)
        self.numerators = [0] * self.model.num_states
        for state, i in place.items():
            self.numerators[state] = found[i]

    def _resting(self) -> set[int]:
        """States in which the policy stays for ever, and never pays nor is paid."""
        chain, ends = take_rows(self.model.transitions, self.policy), self.model.termination.ravel()[self.policy] > 0.0
        never = next_towards(chain, np.arange(len(ends)), np.ones(len(ends), dtype=bool), ends) < 0
        label = recurrent_classes(chain, never)
        inside = [s for s in np.flatnonzero(label >= 0).tolist() if s not in self.infinite]
        paid = [s for s in inside if self.rows[int(self.policy[s])].reward]
        if paid or (inside and not self.model.may_rest):
            self._refuse(paid or inside, "the policy goes round for ever, and is paid and pays")
        return set(inside)

    def rest(self) -> bool:
        """Rest where one may and V is negative; whether that is anywhere."""
        if not self.undiscounted or not self.model.may_rest:
            return False
        resting = components_at_rest(self.model)
        worse = [s for s in np.flatnonzero(resting.label >= 0).tolist() if self.numerators[s] < 0]
        labels = {int(resting.label[s]) for s in worse}
        internal = resting.internal.reshape(self.model.feasible.shape)
        for state in np.flatnonzero(np.isin(resting.label, list(labels))).tolist():
            self.policy[state] = state * self.model.num_actions + int(internal[state].argmax())
        return bool(worse)

    def improve(self) -> bool:
        """Take the best action wherever it is better than the policy's own; whether that is anywhere."""
        best: dict[int, tuple[Fraction, int]] = {}
        self.tight[:] = False
        for pair, row in self._finite_rows():
            gain = row.backup(self.numerators, self.denominator) - row.scale * self.numerators[row.state]
            if not gain:
                self.tight[pair] = True
            elif gain > 0:
                gained = Fraction(gain, row.scale)
                if row.state not in best or gained > best[row.state][0]:
                    best[row.state] = gained, pair
        for state, (_, pair) in best.items():
            self.policy[state] = pair
        return bool(best)

    def _finite_rows(self) -> list[tuple[int, IntegerRow]]:
        """The rows of states of finite value that lead to such states only."""
        if not self.infinite:
            return list(self.rows.items())
        return [
            (pair, row)
            for pair, row in self.rows.items()
            if row.state not in self.infinite and not any(state in self.infinite for state, _ in row.nexts)
        ]

    def check_rounds(self) -> None:
        """Refuse what T V <= V does not decide: to go round for ever, to be paid and to pay, where V is negative."""
        if not self.undiscounted or not self.model.may_rest:
            return
        rows = self.tight & (self.model.termination.ravel() == 0.0)
        rounds = end_components(self.model.transitions, rows_of_states(self.model), rows)
        paid = {
            int(rounds.label[self.rows[p].state])
            for p in np.flatnonzero(rounds.internal).tolist()
            if self.rows[p].reward
        }
        doubtful = [s for s, number in enumerate(self.numerators) if number < 0 and int(rounds.label[s]) in paid]
        if doubtful:
            self._refuse(doubtful, "one may go round for ever, be paid and pay")

    def _refuse(self, states: list[int], why: str) -> None:
        named = named_states(np.array(states))
        raise UnprovenValueError(
            f"exact=True cannot tell the value of staying in {named} at discount 1: {why}. Leave out exact=True, "
            "or use a discount below 1",
            states,
        )

    def values(self) -> list[Any]:
        """(S,) V as fractions, and as floats where they are infinite."""
        return [
            self.infinite[state] if state in self.infinite else Fraction(number, self.denominator)
            for state, number in enumerate(self.numerators)
        ]

    def optimal_actions(self) -> NDArray[np.bool_]:
        """(S, A) every action that is exactly as good as its state; of states of infinite value the policy's own."""
        optimal = self.tight.copy()
        optimal[self.policy] = True
        return optimal.reshape(self.model.feasible.shape)
