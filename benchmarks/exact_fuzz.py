"""Random models over all methods, forms and discounts, held against exact rationals of what V* means.

    python benchmarks/exact_fuzz.py --models 1000 --seed 0          # three methods of each model, drawn by its seed
    python benchmarks/exact_fuzz.py --models 1000 --undiscounted    # at discount 1, with free, gaining and losing loops
    python benchmarks/exact_fuzz.py --models 1 --seed 1234 --methods solve,evaluate     # that model once more

What V* means is in `planners.equations.certificates`: the rows as they are read, scaled to sum to 1. At discount 1
whether a loop gains is decided by the tables as they are stored, and `docs/choosing.md` says what V* is. The rationals
are those of `tests/oracles/rationals.py`. What is counted:

- violation: a bound or a claim that is not so;
- raw error: an exception that is no `PlannerError`, or a warning;
- refusal: a `PlannerError` for a model that has an answer;
- provable: the tolerance was not reached because of rounding, and another method proves it;
- stored: wrong for the rows as they are read, right for the tables as they are stored, at discount 1.
"""

import argparse
import math
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from fuzz_models import Case, Table, make_case

import planners
from planners import Plan
from planners.distributed import solve_in_parts
from planners.errors import (
    ImproperPolicyError,
    InvalidOptionError,
    PlannerError,
    UnboundedValueError,
    UnprovenValueError,
)
from planners.evaluation.policy_value import DIGITS
from planners.methods import modified_policy_iteration
from planners.plans.plan import NotConvergedError, Status
from planners.plans.policy import TabularPolicy
from planners.solve_many import sweep_together
from planners.sweeps.variants import Variant
from tests.oracles.rationals import Exact, Number, is_infinite, nearest

Found = Iterator[tuple[str, str]]  # (kind, what was wrong)


def compiled(case: Case, **options: Any) -> Plan:
    """Modified policy iteration by the sweeps that it keeps for large models."""
    before, modified_policy_iteration.COMPILED_FROM = modified_policy_iteration.COMPILED_FROM, 1  # pyright: ignore
    try:
        return planners.modified_policy_iteration(case.model, **options)
    finally:
        modified_policy_iteration.COMPILED_FROM = before  # pyright: ignore[reportAttributeAccessIssue]


def batch(case: Case, *, discount: float, tolerance: float, max_iterations: int, throw: bool, minimise: bool) -> Plan:
    """The sweeps of two discounts at once, of which the first counts."""
    del throw, minimise
    members = [Variant(case.model, discount), Variant(case.model, 0.5 * discount)]
    return sweep_together(members, tolerance=tolerance, max_iterations=max_iterations, progress=False)[0]


def many(case: Case, *, discount: float, **options: Any) -> Plan:
    """The second of two discounts."""
    return planners.solve_many(case.model, discounts=[0.5 * discount, discount], **(options | {"throw": False}))[1]  # pyright: ignore


def by(method: Callable[..., Plan], **more: Any) -> Callable[..., Plan]:
    """A planner, of a case."""
    return lambda case, **options: method(case.model, **more, **options)


METHODS: dict[str, Callable[..., Plan]] = {
    "value_iteration": by(planners.value_iteration),
    "policy_iteration": by(planners.policy_iteration),
    "krylov": by(planners.policy_iteration, evaluation="krylov"),
    "modified_policy_iteration": by(planners.modified_policy_iteration),
    "compiled": compiled,
    "gauss_seidel": by(planners.gauss_seidel),
    "linear_program": by(planners.linear_program),
    "solve": by(planners.solve),
    "many": many,
    "parts": by(solve_in_parts, parts=2),
    "slices": lambda case, **options: solve_in_parts(case.source or case.model, parts=2, **options),
    "batch": batch,
    "device": by(planners.solve, device="torch:cpu"),
}
DISCOUNTED = {"parts", "slices", "batch", "device"}
QUESTIONS = ("evaluate", "is_optimal", "certify")
SELDOM = {"device": 0.05, "linear_program": 0.5, "batch": 0.3, "compiled": 0.5}  # of those that take long
LIMITS = {
    "device": 5,
    **dict.fromkeys(("gauss_seidel", "parts", "slices", "batch", "compiled"), 20),
}  # ms each, or more
WITNESSES = ("policy_iteration", "gauss_seidel")


class Trial:
    """One model, what is true of it, and what is asked."""

    def __init__(self, seed: int, undiscounted: bool) -> None:
        """Draw the model, a tolerance and a limit."""
        self.case = make_case(seed, undiscounted)
        rng = self.rng = np.random.default_rng((seed, 1))
        self.minimise, self.throw = bool(rng.random() < 0.2), bool(rng.random() < 0.5)
        self.digits, self.limit = float(10.0 ** rng.integers(-10, -1)), int(rng.choice([2, 10, 40, 200]))

    @cached_property
    def truth(self) -> Exact:
        """The rows as they were given; of negated rewards where the least is asked for."""
        return Exact(self.case.rows, self.case.discount, negate=self.minimise)

    @cached_property
    def stored(self) -> Exact:
        """The tables as they are stored."""
        mdp, rows = self.case.model.tabular, Table()
        for state in range(mdp.num_states):
            rows[state] = {}
            for action in np.flatnonzero(mdp.feasible[state]).tolist():
                reward, (nexts, weights) = float(mdp.rewards[state, action]), mdp.row(state, action)
                rows[state][action] = [
                    (p, t, reward, False) for p, t in zip(weights.tolist(), nexts.tolist(), strict=True)
                ]
                rows[state][action].append((float(mdp.termination[state, action]), state, reward, True))
        return Exact(rows, self.case.discount, negate=self.minimise)

    @cached_property
    def best(self) -> list[Number]:
        """V* of the rows as they were given."""
        return self.truth.best()

    @cached_property
    def tolerance(self) -> float:
        """A part of the largest value."""
        most = max((abs(value) for value in self.best if not is_infinite(value)), default=0)
        size = float(most) if most < 10**300 else 1e300
        return max(size * self.digits, 1e-300) if size else self.digits

    def options(self) -> dict[str, Any]:
        """What every method is given."""
        return {"discount": self.case.discount, "tolerance": self.tolerance, "minimise": self.minimise}

    def plan(self, name: str, **more: Any) -> Plan:
        """The plan of a method, converged or not."""
        limit = min(self.limit, LIMITS.get(name, 200))
        options = self.options() | {"max_iterations": limit, "throw": self.throw} | more
        if name == "batch":
            return batch(self.case, **options | {"minimise": False})
        try:
            return METHODS[name](self.case, **options)
        except (NotConvergedError, UnboundedValueError) as error:
            if error.plan is None:
                raise
            return error.plan

    def look(self, name: str) -> Found:
        """What is wrong with a method's answer."""
        if name == "batch":
            self.minimise = False
        try:
            yield from QUESTION[name](self) if name in QUESTIONS else self._of_plan(name)
        except PlannerError as error:
            yield "refusal", f"{type(error).__name__}: {error}"
        except Exception as error:
            yield "raw error", f"{type(error).__name__}: {error}"

    def _of_plan(self, name: str) -> Found:
        plan = self.plan(name)
        wrong = list(faults(plan, self.truth, self.best, self.minimise))
        if (
            wrong
            and self.case.discount == 1.0
            and not any(faults(plan, self.stored, self.stored.best(), self.minimise))
        ):
            yield "stored", wrong[0]
            return
        yield from (("violation", fault) for fault in wrong)
        if plan.status in (Status.ROUNDING_FLOOR, Status.NON_FINITE):
            for witness in WITNESSES:
                other = self.plan(witness, throw=False, max_iterations=LIMITS.get(witness, 200))
                if other.converged:
                    yield (
                        "provable",
                        (
                            f"{plan.status.name} at {plan.error_bound:.3g} for {self.tolerance:.3g}: "
                            f"{witness} proves {other.error_bound:.3g}"
                        ),
                    )
                    break


def faults(plan: Plan, truth: Exact, best: list[Number], minimise: bool) -> Iterator[str]:
    """What a plan claims that is not so."""
    actions = [int(action) for action in plan.policy.actions]
    wrong = [s for s, action in enumerate(actions) if action not in truth.rows[s]]
    if wrong:
        yield f"state {wrong[0]} takes action {actions[wrong[0]]}, which does not exist"
        return
    sign, low, high = (-1.0, plan.upper, plan.lower) if minimise else (1.0, plan.lower, plan.upper)
    lower, upper, values = ((sign * numbers).tolist() for numbers in (low, high, plan.values))
    if any(math.isnan(number) for number in (*lower, *upper, *values)):
        yield "a bound or a value is NaN"
        return
    yield from misses(lower, upper, truth.achieved(actions), best)
    if plan.converged and not plan.error_bound <= plan.tolerance:
        yield f"converged with {plan.error_bound!r} for {plan.tolerance!r}"
    if math.isfinite(plan.error_bound):
        yield from too_far(values, best, plan.error_bound)


def misses(lower: list[float], upper: list[float], achieved: list[Number], best: list[Number]) -> Iterator[str]:
    """Bounds that do not hold; `lower` is one of what a policy earns."""
    for state, (least, most) in enumerate(zip(lower, upper, strict=True)):
        if not least <= achieved[state]:
            yield f"lower {least!r} of state {state} is above {nearest(achieved[state])!r}, what the policy earns"
        if not best[state] <= most:
            yield f"upper {most!r} of state {state} is below V* {nearest(best[state])!r}"


def too_far(values: list[float], best: list[Number], bound: float) -> Iterator[str]:
    """Values that are farther from V* than a bound says."""
    for state, (value, truth) in enumerate(zip(values, best, strict=True)):
        if math.isinf(value) or is_infinite(truth):
            if value != truth:
                yield f"value {value!r} of state {state} is V* {nearest(truth)!r} within {bound!r}?"
        elif abs(Fraction(value) - truth) > Fraction(bound):
            yield f"error bound {bound!r} of state {state} is less than {nearest(abs(Fraction(value) - truth))!r}"


def evaluate(trial: Trial) -> Found:
    """V of a policy that mixes actions, or of one that does not."""
    rng, mdp = trial.rng, trial.case.model.tabular
    weights = np.zeros((mdp.num_states, mdp.num_actions))
    for state, actions in trial.case.rows.items():
        for _ in range(8 if rng.random() < 0.5 else 1):
            weights[state, list(actions)[int(rng.integers(len(actions)))]] += 1
    weights /= weights.sum(axis=1, keepdims=True)
    policy = [{a: Fraction(float(row[a])) for a in np.flatnonzero(row).tolist()} for row in weights]
    trial.minimise = False  # it does not matter here
    found = list(_evaluated(trial, weights, trial.truth.mixed(policy)))
    if found and trial.case.discount == 1.0 and not list(_evaluated(trial, weights, trial.stored.mixed(policy))):
        found = [("stored", found[0][1])]
    yield from found


def _evaluated(trial: Trial, weights: np.ndarray, exact: list[Number | None]) -> Found:
    try:
        values = planners.evaluate(trial.case.model, TabularPolicy(weights), discount=trial.case.discount)
    except ImproperPolicyError as error:
        if None not in exact:
            yield "refusal", str(error)
        return
    except UnprovenValueError as error:
        yield "unproven", str(error)
        return
    unit = float(np.abs((weights * trial.case.model.tabular.rewards).sum(axis=1)).max())
    for state, (value, truth) in enumerate(zip(values.tolist(), exact, strict=True)):
        if truth is None:
            yield "violation", f"value {value!r} of state {state} does not exist"
        elif is_infinite(truth) or not math.isfinite(value):
            if value != truth:
                yield "violation", f"value {value!r} of state {state} is {nearest(truth)!r}"
        elif abs(Fraction(value) - truth) > Fraction(DIGITS) * max(
            abs(Fraction(value)), Fraction(unit), Fraction(5e-324)
        ) * Fraction(1.000001):
            yield (
                "violation",
                f"value {value!r} of state {state} is {nearest(truth)!r}, and the largest reward {unit!r}",
            )


def is_optimal(trial: Trial) -> Found:
    """Whether the best policy, or another, is optimal."""
    rng = trial.rng
    policy = [list(actions)[int(rng.integers(len(actions)))] for actions in trial.case.rows.values()]
    if rng.random() < 0.6:
        policy = planners.solve(trial.case.model, throw=False, **trial.options()).policy.actions.tolist()
    tolerance = None if rng.random() < 0.3 else trial.tolerance
    try:
        options = {"discount": trial.case.discount, "minimise": trial.minimise}
        verdict = planners.is_optimal(trial.case.model, policy, tolerance=tolerance, **options)
    except NotConvergedError:
        return
    except (UnprovenValueError, UnboundedValueError) as error:
        if isinstance(error, UnboundedValueError) and math.inf not in trial.best:
            yield "refusal", str(error)
        return
    except ImproperPolicyError as error:
        if None not in trial.truth.mixed([{action: Fraction(1)} for action in policy]):
            yield "refusal", str(error)
        return
    achieved = trial.truth.achieved(policy)
    lost = max(0 if a == b else b - a for a, b in zip(achieved, trial.best, strict=True))
    if verdict.optimal and lost > verdict.tolerance * (1 + 1e-9):
        yield "violation", f"optimal within {verdict.tolerance!r}, and loses {nearest(lost)!r}"
    if not verdict.optimal and lost < verdict.tolerance * (1 - 1e-9) / 2:
        yield "violation", f"not optimal within {verdict.tolerance!r}, and loses only {nearest(lost)!r}"


def certify(trial: Trial) -> Found:
    """Bounds from values that are more or less right."""
    rng, sign = trial.rng, -1.0 if trial.minimise else 1.0
    known = [value if is_infinite(value) else max(-1e300, min(1e300, value)) for value in trial.best]
    right = np.array([float(value) for value in known])
    given = right + float(rng.choice([0.0, 1.0, 1e3])) * trial.tolerance * rng.normal(size=len(right))
    try:
        proof = planners.certify(trial.case.model, sign * given, discount=trial.case.discount, minimise=trial.minimise)
    except InvalidOptionError as error:
        told_apart = [value for value in trial.best if is_infinite(value)] != [
            v for v in trial.stored.best() if is_infinite(v)
        ]
        yield "stored" if told_apart else "refusal", str(error)
        return
    lower, upper = (proof.lower, proof.upper) if not trial.minimise else (-proof.upper, -proof.lower)
    wrong = list(misses(lower.tolist(), upper.tolist(), trial.best, trial.best))
    if math.isfinite(proof.error_bound):
        wrong += too_far(given.tolist(), trial.best, proof.error_bound)
    if wrong and trial.case.discount == 1.0:
        best = trial.stored.best()
        if not any(misses(lower.tolist(), upper.tolist(), best, best)):
            yield "stored", wrong[0]
            return
    yield from (("violation", fault) for fault in wrong)


QUESTION = {"evaluate": evaluate, "is_optimal": is_optimal, "certify": certify}


def drawn_methods(seed: int, count: int, undiscounted: bool) -> list[str]:
    """Some methods and questions, the slow ones more seldom."""
    rng = np.random.default_rng((seed, 2))
    names = [name for name in (*METHODS, *QUESTIONS) if not (undiscounted and name in DISCOUNTED)]
    weights = np.array([SELDOM.get(name, 1.0) for name in names])
    return [str(name) for name in rng.choice(names, size=count, replace=False, p=weights / weights.sum())]


def check_model(seed: int, methods: list[str], undiscounted: bool = False) -> Iterator[tuple[str, str, str]]:
    """(kind, method, what was wrong) of the model of a seed."""
    for name in methods:
        trial = Trial(seed, undiscounted)
        for kind, what in trial.look(name):
            least = ", least" if trial.minimise else ""
            yield kind, name, f"{trial.case.form} at {trial.case.discount!r}{least}: {what}"


def main() -> int:
    """Look at models; the number of those with something wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--undiscounted", action="store_true", help="discount 1")
    parser.add_argument("--methods", help=f"all of these on each model, of {','.join((*METHODS, *QUESTIONS))}")
    parser.add_argument("--each", type=int, default=3, help="how many methods are drawn for each model")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    arguments = parser.parse_args()
    counts, tried, seconds = Counter[str](), Counter[str](), dict[str, float]()
    began, looked = time.perf_counter(), 0
    warnings.simplefilter("error")
    for seed in range(arguments.seed, arguments.seed + arguments.models):
        if time.perf_counter() - began > arguments.seconds:
            break
        looked += 1
        names = (
            arguments.methods.split(",")
            if arguments.methods
            else drawn_methods(seed, arguments.each, arguments.undiscounted)
        )
        for name in names:
            start = time.perf_counter()
            for kind, method, what in check_model(seed, [name], arguments.undiscounted):
                counts[kind] += 1
                print(f"{kind}: seed {seed}, {method}: {what[:200]}", flush=True)
            tried[name] += 1
            seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
    print(f"{looked} models in {time.perf_counter() - began:.0f} s: {dict(counts) or 'nothing wrong'}")
    print(", ".join(f"{name} {count} ({1e3 * seconds[name] / count:.0f} ms)" for name, count in tried.most_common()))
    return sum(counts[kind] for kind in ("violation", "raw error", "refusal"))


if __name__ == "__main__":
    sys.exit(min(main(), 1))
