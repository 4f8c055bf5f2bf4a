"""Random models over all methods, forms and discounts, held against exact rationals of what V* means.

    python benchmarks/exact_fuzz.py --models 1000 --seed 0          # prints what was wrong, with the seed of each model
    python benchmarks/exact_fuzz.py --models 1 --seed 1234          # that model once more

What V* means is in `planners.equations.certificates`: the rows as they are read, scaled to sum to 1. The rationals are
those of `tests/oracles/exact.py`. `--undiscounted` adds discount 1, without loops of mean 0.
"""

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import planners
from planners import MoveMDP, Plan, TabularMDP
from planners.distributed import solve_in_parts
from planners.errors import PlannerError
from planners.methods import modified_policy_iteration
from planners.solve_many import sweep_together
from planners.sweeps.variants import Variant

Entry = tuple[float, int, float, bool]
Table = dict[int, dict[int, list[Entry]]]
DISCOUNTS = [0.0, 0.3, 0.9, 0.99, 0.999, 1 - 1e-6, 1 - 2.0**-30, 1 - 2.0**-40]


class Case(NamedTuple):
    """A model in one form, and the rationals of what was read.

    Attributes:
        model: What is planned on.
        form: Its form, in words.
        rows: {state: {action: [(probability, next state, reward, whether it ends)]}}, scaled, exactly.
        discount: The discount.
    """

    model: Any
    form: str
    rows: dict[int, dict[int, list[tuple[Fraction, int, Fraction, bool]]]]
    discount: float


def compiled(model: Any, **options: Any) -> Plan:
    """Modified policy iteration by the sweeps that it keeps for large models."""
    before, modified_policy_iteration.COMPILED_FROM = modified_policy_iteration.COMPILED_FROM, 1  # pyright: ignore
    try:
        return planners.modified_policy_iteration(model, **options)
    finally:
        modified_policy_iteration.COMPILED_FROM = before  # pyright: ignore[reportAttributeAccessIssue]


def batch(model: Any, *, discount: float, tolerance: float, max_iterations: int, throw: bool) -> Plan:
    """The sweeps of two discounts at once, of which the first counts."""
    del throw
    members = [Variant(model, discount), Variant(model, 0.5 * discount)]
    return sweep_together(members, tolerance=tolerance, max_iterations=max_iterations, progress=False)[0]


METHODS: dict[str, Callable[..., Plan]] = {
    "value_iteration": planners.value_iteration,
    "policy_iteration": planners.policy_iteration,
    "krylov": lambda model, **options: planners.policy_iteration(model, evaluation="krylov", **options),
    "modified_policy_iteration": planners.modified_policy_iteration,
    "compiled": compiled,
    "gauss_seidel": planners.gauss_seidel,
    "linear_program": planners.linear_program,
    "solve": planners.solve,
    "parts": lambda model, **options: solve_in_parts(model, parts=2, **options),
    "batch": batch,
    "device": lambda model, **options: planners.solve(model, device="torch:cpu", **options),
}
LIMITS = {"device": 5, "linear_program": 100, "compiled": 20, "modified_policy_iteration": 50, "gauss_seidel": 50}


def probabilities(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count,) that sum to 1 as floats do, or miss it by up to what is accepted."""
    weights = rng.random(count) ** rng.integers(1, 12)
    weights /= weights.sum()
    if rng.random() < 0.3:
        weights *= 1.0 + rng.uniform(-0.9e-9, 0.9e-9)
    return weights


def amounts(rng: np.random.Generator, weights: np.ndarray, size: float) -> np.ndarray:
    """Rewards of the outcomes of a row; sometimes they cancel, or all are the same."""
    rewards = size * rng.normal(size=len(weights))
    kind = rng.integers(5)
    if kind == 0 and len(weights) > 1:
        rewards[-1] = -float((weights[:-1] * rewards[:-1]).sum() / max(weights[-1], 1e-9))
    if kind == 1:
        rewards[:] = rewards[0]
    if kind == 2:
        rewards[:] = 0.0
    return rewards


def size_of(rng: np.random.Generator) -> float:
    """Of ordinary rewards mostly, and now and then one that is hardly a number."""
    return float(10.0 ** (rng.integers(-6, 7) if rng.random() < 0.8 else rng.integers(-320, 300)))


def table_case(rng: np.random.Generator, discount: float) -> Case:
    """A toy_text dictionary, or the same by a list of arrays."""
    states, size, end = int(rng.integers(1, 5)), size_of(rng), rng.choice([0.0, 0.0, 0.05, 0.3])
    penalty = rng.random() < 0.2
    P: Table = {}
    for state in range(states):
        P[state] = {}
        for action in range(int(rng.integers(1, 4))):
            weights = probabilities(rng, int(rng.integers(1, 5)))
            rewards = amounts(rng, weights, size)
            if penalty and action == 1:
                rewards = -np.abs(rewards) * 1e9
            targets = rng.integers(states, size=len(weights)) if rng.random() < 0.8 else np.full(len(weights), state)
            ends = rng.random(len(weights)) < end
            columns = (column.tolist() for column in (weights, targets, rewards, ends))
            P[state][action] = list(zip(*columns, strict=True))
    return Case(TabularMDP.from_gym_dict(P), "dictionary", scaled(P), discount)


def array_case(rng: np.random.Generator, discount: float) -> Case:
    """Dense or sparse arrays, in float64 or float32, with rewards of transitions."""
    states, actions, size = int(rng.integers(1, 5)), int(rng.integers(1, 4)), size_of(rng)
    dtype = np.float32 if rng.random() < 0.3 else np.float64
    P = np.array([[probabilities(rng, states) for _ in range(actions)] for _ in range(states)]).astype(dtype)
    R = np.array([[amounts(rng, P[s, a].astype(float), size) for a in range(actions)] for s in range(states)])
    model = TabularMDP.from_arrays(P, R, axes="SAS")
    rows = {
        s: {a: [(float(P[s, a, t]), t, float(R[s, a, t]), False) for t in range(states)] for a in range(actions)}
        for s in range(states)
    }
    return Case(model, f"arrays of {np.dtype(dtype)}", scaled(rows), discount)


def move_case(rng: np.random.Generator, discount: float) -> Case:
    """Moves and mixtures; now and then with more actions than a byte can number."""
    states, moves, outcomes, kinds = (int(rng.integers(1, top)) for top in (5, 5, 5, 3))
    actions = int(
        rng.choice([2, 3, 4, 4, 255, 256, 257, 300, 1000], p=[0.3, 0.2, 0.2, 0.2, 0.02, 0.02, 0.02, 0.02, 0.02])
    )
    size = size_of(rng)
    mixture = np.array([[probabilities(rng, moves) for _ in range(actions)] for _ in range(kinds)])
    model = MoveMDP(
        successor=rng.integers(states, size=(states, moves)).astype(np.int32),
        outcome=rng.integers(outcomes, size=(states, moves)).astype(np.uint8),
        outcome_reward=amounts(rng, probabilities(rng, outcomes), size),
        outcome_ends=rng.random(outcomes) < rng.choice([0.0, 0.2, 0.5]),
        mixture=mixture,
        kind=rng.integers(kinds, size=states).astype(np.uint8),
    )
    assert model.kind is not None
    rows = {
        s: {
            a: [
                (
                    float(mixture[model.kind[s], a, d]),
                    int(model.successor[s, d]),
                    float(model.outcome_reward[model.outcome[s, d]]),
                    bool(model.outcome_ends[model.outcome[s, d]]),
                )
                for d in range(moves)
            ]
            for a in range(actions)
        }
        for s in range(states)
    }
    return Case(model, f"moves, {actions} actions", scaled(rows), discount)


def scaled(P: Table) -> dict[int, dict[int, list[tuple[Fraction, int, Fraction, bool]]]]:
    """The rows as they were given, divided by their sums, exactly."""
    rows: dict[int, dict[int, list[tuple[Fraction, int, Fraction, bool]]]] = {}
    for state, actions in P.items():
        rows[state] = {}
        for action, entries in actions.items():
            whole = sum(Fraction(p) for p, *_ in entries)
            rows[state][action] = [(Fraction(p) / whole, t, Fraction(r), ends) for p, t, r, ends in entries]
    return rows


def exact_values(case: Case, policy: list[int]) -> list[Fraction]:
    """V of a policy, by elimination in rationals."""
    count, gamma = len(case.rows), Fraction(case.discount)
    matrix = [[Fraction(i == j) for j in range(count)] + [Fraction(0)] for i in range(count)]
    for state, action in enumerate(policy):
        for probability, target, reward, ends in case.rows[state][action]:
            matrix[state][-1] += probability * reward
            if not ends:
                matrix[state][target] -= gamma * probability
    for column in range(count):
        pivot = next(i for i in range(column, count) if matrix[i][column])
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        matrix[column] = [x / matrix[column][column] for x in matrix[column]]
        for i in range(count):
            if i != column and matrix[i][column]:
                factor = matrix[i][column]
                matrix[i] = [x - factor * y for x, y in zip(matrix[i], matrix[column], strict=True)]
    return [row[-1] for row in matrix]


def optimal(case: Case, start: list[int]) -> list[Fraction]:
    """V*, by policy iteration in rationals from any policy."""
    gamma, policy = Fraction(case.discount), list(start)
    while True:
        values, changed = exact_values(case, policy), False
        for state, actions in case.rows.items():
            for action, entries in actions.items():
                worth = sum((p * (r + (0 if ends else gamma * values[t])) for p, t, r, ends in entries), Fraction(0))
                if worth > values[state]:
                    policy[state], changed = action, True
                    break
        if not changed:
            return values


def faults(case: Case, plan: Plan, best: list[Fraction]) -> Iterator[str]:
    """What a plan claims that is not so."""
    actions = [int(action) for action in plan.policy.actions]
    wrong = [s for s, action in enumerate(actions) if action not in case.rows[s]]
    if wrong:
        yield f"state {wrong[0]} takes action {actions[wrong[0]]}, which does not exist"
        return
    achieved = exact_values(case, actions)
    for state, truth in enumerate(best):
        lower, upper = float(plan.lower[state]), float(plan.upper[state])
        if np.isnan(lower) or np.isnan(upper):
            yield f"a bound of state {state} is NaN"
        if np.isfinite(lower) and not Fraction(lower) <= achieved[state]:
            yield f"lower {lower!r} of state {state} is above {float(achieved[state])!r}, what the policy earns"
        if np.isfinite(upper) and not truth <= Fraction(upper):
            yield f"upper {upper!r} of state {state} is below V* {float(truth)!r}"
        if lower == np.inf or upper == -np.inf:
            yield f"bounds of state {state} are {lower} and {upper}"
    if plan.converged and not plan.error_bound <= plan.tolerance:
        yield f"converged with {plan.error_bound!r} for {plan.tolerance!r}"
    if np.isfinite(plan.error_bound):
        furthest = max(abs(Fraction(float(value)) - truth) for value, truth in zip(plan.values, best, strict=True))
        if furthest > Fraction(plan.error_bound):
            yield f"error bound {plan.error_bound!r} is less than {float(furthest)!r}"


def make_case(seed: int) -> Case:
    """The model of a seed."""
    rng = np.random.default_rng(seed)
    discount = float(rng.choice(DISCOUNTS))
    return [table_case, array_case, move_case][int(rng.integers(3))](rng, discount)


def check_model(seed: int, methods: dict[str, Callable[..., Plan]] = METHODS) -> Iterator[tuple[str, str, str]]:
    """(kind, method, what was wrong) of the model of a seed; the kinds are "violation", "raw error" and "refusal"."""
    case = make_case(seed)
    best = optimal(case, [min(case.rows[s]) for s in range(len(case.rows))])
    size = float(max(abs(value) for value in best)) if max(abs(v) for v in best) < 10**300 else 1e300
    rng = np.random.default_rng((seed, 1))
    tolerance = max(size * float(10.0 ** rng.integers(-9, -1)), 1e-300)
    for name, method in methods.items():
        if name == "parts" and case.discount == 1.0:
            continue
        options = {"discount": case.discount, "tolerance": tolerance, "max_iterations": LIMITS.get(name, 200)}
        try:
            plan = method(case.model, throw=False, **options)
        except PlannerError as error:
            yield "refusal", name, f"{case.form} at {case.discount}: {error}"
            continue
        except Exception as error:
            yield "raw error", name, f"{case.form} at {case.discount}: {type(error).__name__}: {error}"
            continue
        for fault in faults(case, plan, best):
            yield "violation", name, f"{case.form} at {case.discount!r}: {fault}"


def main() -> int:
    """Look at models; the number of those with something wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--methods", default=",".join(name for name in METHODS if name != "device"))
    parser.add_argument("--seconds", type=float, default=float("inf"))
    arguments = parser.parse_args()
    methods = {name: METHODS[name] for name in arguments.methods.split(",")}
    counts: Counter[str] = Counter()
    began, looked = time.perf_counter(), 0
    warnings.simplefilter("error")
    for seed in range(arguments.seed, arguments.seed + arguments.models):
        if time.perf_counter() - began > arguments.seconds:
            break
        looked += 1
        for kind, method, what in check_model(seed, methods):
            counts[kind] += 1
            print(f"{kind}: seed {seed}, {method}: {what[:200]}", flush=True)
    seconds = time.perf_counter() - began
    print(f"{looked} models by {len(methods)} methods in {seconds:.0f} s: {dict(counts) or 'nothing wrong'}")
    return sum(counts.values())


if __name__ == "__main__":
    sys.exit(min(main(), 1))
