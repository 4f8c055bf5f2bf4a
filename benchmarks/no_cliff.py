"""How far `planners.solve` is from the best method for each of some 35 models of every kind.

    .venv/bin/python benchmarks/no_cliff.py              some minutes; prints a table, and the worst ratio last
    .venv/bin/python benchmarks/no_cliff.py maze row     only the models whose name has one of the words

Seconds are of processor time of the one thread that there is, the least of some runs by turns; each run gets a fresh
model, of which nothing is cached. Compiling is left out: compiled methods first begin with each model. A method still
at work after twice the time of `solve`, and a tenth of a second, is stopped (">"): it cannot be the best any more.
Up to 500 states, where each method takes some milliseconds, `solve` compiles nothing, and so may take longer than what
is compiled already: the worst ratio is said for these models and for the others.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import signal
import sys
import time
from dataclasses import replace
from typing import Any

from cliff_models import TOLERANCES, cases

import planners

SOLVE_LIMIT, RUNS, ENOUGH = 20.0, 5, 1.0  # seconds; runs at most; seconds after which no more runs
METHODS: dict[str, dict[str, Any]] = {
    "solve": {},
    "PI": {"method": "policy_iteration", "seed": 1},
    "PI from sweeps": {"method": "policy_iteration", "start": "sweeps"},
    "PI, Krylov": {"method": "policy_iteration", "start": "sweeps", "evaluation": "krylov"},
    "GS": {"method": "gauss_seidel"},
    "MPI": {"method": "modified_policy_iteration"},
    "VI": {"method": "value_iteration"},
    "LP": {"method": "linear_program"},
}
COMPILED = (METHODS["GS"], METHODS["MPI"])
MOST_PAIRS = 4_000  # of a linear program, which no signal can stop


class TimeUp(BaseException):
    """The time of a method is over."""


def stop(*_: Any) -> None:
    raise TimeUp


def seconds(model: Any, discount: float, options: dict[str, Any], limit: float) -> tuple[float, planners.Plan | None]:
    """Processor time of one solve, infinite where it took too long or did not converge; and the plan."""
    fresh = replace(model)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    begin = time.thread_time()
    try:
        plan = planners.solve(fresh, discount=discount, throw=False, **options)
        spent = time.thread_time() - begin
    except (TimeUp, SystemError, planners.PlannerError):  # SystemError: compiled code that was interrupted
        return float("inf"), None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
    return (spent if plan.converged else float("inf")), plan


def measure(model: Any, discount: float, more: dict[str, Any]) -> tuple[dict[str, float], str, float]:
    """The least seconds of each method, what `solve` chose, and for how long the slow ones were let."""
    for options in COMPILED:  # for this model's types of arrays
        planners.solve(model, discount=discount, max_iterations=1, throw=False, **options)
    best = dict.fromkeys(METHODS, float("inf"))
    limit, chosen = SOLVE_LIMIT, ""
    for run in range(RUNS):
        for name, options in METHODS.items():
            if name == "LP" and model.num_states * model.num_actions > MOST_PAIRS:
                continue
            if run and best[name] > 4.0 * min(best.values()) and name != "solve":
                continue
            spent, plan = seconds(model, discount, options | more, limit)
            best[name] = min(best[name], spent)
            if name == "solve":
                limit = max(2.0 * min(best["solve"], SOLVE_LIMIT), 0.1)
                chosen = "none in time" if plan is None else plan.method
        if (run + 1) * min(best.values()) > ENOUGH:
            break
    return best, chosen, limit


def main(words: list[str]) -> None:
    signal.signal(signal.SIGVTALRM, stop)
    print("| model | states | discount | " + " | ".join(METHODS) + " | ratio | chosen |")
    print("|---" * (len(METHODS) + 5) + "|")
    worst = {"up to 500 states": (0.0, ""), "more states": (0.0, "")}
    for name, discount, build in cases():
        if words and not any(word in name for word in words):
            continue
        model = build()
        more = {"tolerance": TOLERANCES[name]} if name in TOLERANCES else {}
        best, chosen, limit = measure(model, discount, more)
        ratio = best["solve"] / min(best.values()) if min(best.values()) < float("inf") else float("nan")
        group = "more states" if model.num_states > 500 else "up to 500 states"
        worst[group] = max(worst[group], (ratio, f"{name} at {discount:g}"))
        shown = " | ".join(f"{spent:.4f}" if spent < float("inf") else f"> {limit:.2g}" for spent in best.values())
        why = chosen.partition(" (")[0]
        print(f"| {name} | {model.num_states} | {discount:g} | {shown} | {ratio:.2f} | {why} |", flush=True)
    print()
    for group, (ratio, where) in worst.items():
        print(f"the worst ratio, {group}: {ratio:.2f} ({where})")


if __name__ == "__main__":
    main(sys.argv[1:])
