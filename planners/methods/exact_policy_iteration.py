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
from planners.equations.integer_rows import integer_rows
from planners.equations.integer_systems import solve_exactly
from planners.equations.integer_tables import sums
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
        plan_of: Makes the plan to start from, unless its `start=` is one. At discount 1 the infinite values are taken
            from it.
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
    plan = _start(tables, exact, plan_of)
    if plan.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    if isinstance(exact, np.ndarray) and plan.discount == 1.0:
        raise InvalidOptionError("discount is a table with a 1 in it; with exact=True expected numbers below 1")
    if throw:
        refuse_unbounded(plan)
    return _iterated(tables, plan, exact)


def _start(model: TabularMDP, discount: Fraction | NDArray[np.float64], plan_of: Callable[..., Plan]) -> Plan:
    """The plan to start from: `start=`, if it is a converged plan of this problem with finite values, or a new one."""
    start = getattr(plan_of, "keywords", {}).get("start")
    minimise = getattr(plan_of, "keywords", {}).get("minimise", False)
    if (
        isinstance(start, Plan)
        and isinstance(discount, Fraction)
        and (start.model, start.discount, start.minimise) == (model, float(discount), minimise)
        and start.converged
        and start.policy.is_deterministic
        and np.isfinite(start.values).all()
    ):
        return start
    return plan_of(model, discount=float(discount) if isinstance(discount, Fraction) else discount, throw=False)


def _iterated(model: TabularMDP, plan: Plan, discount: Fraction | NDArray[np.float64]) -> ExactPlan:
    """Policy iteration from a plan of the same direction."""
    exact, policies = _Exact(negated(model) if plan.minimise else model, plan, discount), 0
    while True:
        policies += 1
        exact.evaluate()
        if not (exact.rest() or exact.improve()):
            break
    exact.check_rounds()
    return ExactPlan(
        values=exact.values(-1 if plan.minimise else 1),
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
        S, A = model.num_states, model.num_actions
        self.model, self.rows = model, integer_rows(model, discount)
        self.pairs: NDArray[np.int64] = np.flatnonzero(model.feasible.ravel())
        self.undiscounted = not isinstance(discount, np.ndarray) and discount == 1
        self.policy: NDArray[np.int64] = np.arange(S) * A + plan.policy.actions
        self.given: NDArray[np.float64] = -plan.values if plan.minimise else plan.values
        self.infinite: NDArray[np.bool_] = np.isinf(self.given) & self.undiscounted  # (S,)
        self.numerators, self.denominator = np.zeros(S, dtype=object), 1
        self.tight = np.zeros(S * A, dtype=bool)  # rows that are exactly as good as their state
        bad = sums(self.infinite[self.rows.nexts].astype(np.int64), self.rows.first) > 0
        self.finite: NDArray[np.bool_] = ~bad & ~self.infinite[self.rows.state]  # rows between states of finite value

    def own_rows(self) -> NDArray[np.int64]:
        """(S,) the place of the policy's row of each state."""
        return np.searchsorted(self.pairs, self.policy)

    def evaluate(self) -> None:
        """V of the policy, as numerators with one denominator; 0 where it rests."""
        places, is_open = self.own_rows(), ~self.infinite
        if self.undiscounted:
            is_open = is_open & ~self._resting()
        lost = np.flatnonzero(is_open & ~self.finite[places])
        if len(lost):
            self._refuse(lost[:1].tolist(), "its policy may lead to states of infinite value")
        system = self.rows.take(places[is_open])
        system = system.only(is_open[system.nexts])
        number = np.cumsum(is_open) - 1
        found, self.denominator = solve_exactly(system._replace(nexts=number[system.nexts]))
        self.numerators = np.zeros(len(is_open), dtype=object)
        self.numerators[is_open] = found

    def _resting(self) -> NDArray[np.bool_]:
        """(S,) states in which the policy stays for ever, and never pays nor is paid."""
        chain, ends = take_rows(self.model.transitions, self.policy), self.model.termination.ravel()[self.policy] > 0.0
        never = next_towards(chain, np.arange(len(ends)), np.ones(len(ends), dtype=bool), ends) < 0
        if not never.any():
            return never
        inside = (recurrent_classes(chain, never) >= 0) & ~self.infinite
        paid = inside & (self.rows.reward[self.own_rows()] != 0)
        if paid.any() or (inside.any() and not self.model.may_rest):
            doubtful = paid if paid.any() else inside
            self._refuse(np.flatnonzero(doubtful).tolist(), "the policy goes round for ever, and is paid and pays")
        return inside

    def rest(self) -> bool:
        """Rest where one may and V is negative; whether that is anywhere."""
        negative = self.numerators < 0
        if not self.undiscounted or not self.model.may_rest or not negative.any():
            return False
        resting = components_at_rest(self.model)
        worse = resting.label[negative & (resting.label >= 0)]
        states = np.flatnonzero(np.isin(resting.label, worse))
        internal = resting.internal.reshape(self.model.feasible.shape)
        self.policy[states] = states * self.model.num_actions + internal[states].argmax(axis=1)
        return bool(len(worse))

    def improve(self) -> bool:
        """Take the best action wherever it is better than the policy's own; whether that is anywhere."""
        rows = self.rows
        gains = rows.reward * self.denominator + rows.onward(self.numerators)
        gains -= rows.scale * self.numerators[rows.state]
        self.tight[:] = False
        self.tight[self.pairs[self.finite & (gains == 0)]] = True
        best: dict[int, tuple[Fraction, int]] = {}
        for place in np.flatnonzero(self.finite & (gains > 0)).tolist():
            gained, state = Fraction(gains[place], rows.scale[place]), int(rows.state[place])
            if state not in best or gained > best[state][0]:
                best[state] = gained, int(self.pairs[place])
        for state, (_, pair) in best.items():
            self.policy[state] = pair
        return bool(best)

    def check_rounds(self) -> None:
        """Refuse what T V <= V does not decide: to go round for ever, to be paid and to pay, where V is negative."""
        negative = self.numerators < 0
        if not self.undiscounted or not self.model.may_rest or not negative.any():
            return
        rows = self.tight & (self.model.termination.ravel() == 0.0)
        rounds = end_components(self.model.transitions, rows_of_states(self.model), rows)
        paid = self.rows.state[rounds.internal[self.pairs] & (self.rows.reward != 0)]
        doubtful = negative & (rounds.label >= 0) & np.isin(rounds.label, rounds.label[paid])
        if doubtful.any():
            self._refuse(np.flatnonzero(doubtful).tolist(), "one may go round for ever, be paid and pay")

    def _refuse(self, states: list[int], why: str) -> None:
        named = named_states(np.array(states))
        raise UnprovenValueError(
            f"exact=True cannot tell the value of staying in {named} at discount 1: {why}. Leave out exact=True, "
            "or use a discount below 1",
            states,
        )

    def values(self, sign: int) -> NDArray[Any]:
        """(S,) V times a sign as fractions, and as floats where they are infinite."""
        fractions = {number: Fraction(sign * number, self.denominator) for number in set(self.numerators.tolist())}
        found = np.empty(len(self.numerators), dtype=object)
        found[:] = [fractions[number] for number in self.numerators.tolist()]
        found[self.infinite] = (sign * self.given[self.infinite]).tolist()
        return found

    def optimal_actions(self) -> NDArray[np.bool_]:
        """(S, A) every action that is exactly as good as its state; of states of infinite value the policy's own."""
        optimal = self.tight.copy()
        optimal[self.policy] = True
        return optimal.reshape(self.model.feasible.shape)
