"""Trade-offs, measured: `solve(at_most=)` and `pareto` against brute force, Storm, and HiGHS on the whole program.

    python benchmarks/tradeoffs.py --models 1000        # one bound, two bounds, fronts of two and three rewards
    python benchmarks/tradeoffs.py --map 95             # a map of about 95 x 95: beside `solve` and beside HiGHS alone
    python benchmarks/tradeoffs.py --storm PYTHON       # a Python that has stormpy: multi(R, P) of two models

What is checked of each random model is in tests/planners/tradeoffs: bounds and totals in fractions, the most of all
mixtures of all deterministic policies. Times are of the processor.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, cast

import gymnasium as gym
import numpy as np
from scipy import sparse
from scipy.optimize import linprog

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import TabularMDP
from planners.tradeoffs.tables import costs_of
from tests.oracles.tradeoffs import draw_case
from tests.planners.tradeoffs import test_constrained, test_pareto


def brute_force(models: int, seed: int, only: str) -> None:
    """Every check of the tests, on so many models of each kind."""
    for name, check in (("at_most", test_constrained.check), ("pareto", test_pareto.check)):
        for kinds in (2, 3) if only in (name, "all") else ():
            began, found, wrong = time.process_time(), Counter[Any](), 0
            for number in range(seed, seed + models):
                rng = np.random.default_rng([number, kinds])
                try:
                    found[check(draw_case(rng, kinds), rng)] += 1
                except Exception:
                    wrong += 1
                    print(f"{name}, {kinds} totals, seed {number}: {traceback.format_exc(limit=-1)[:400]}", flush=True)
            seconds = time.process_time() - began
            listed = dict(sorted(found.items()))
            print(f"{name}, {kinds} totals: {models} models, {wrong} wrong, {seconds:.0f} s, {listed}", flush=True)


def random_map(side: int, seed: int = 1) -> Any:
    """A map with a tenth of walls and a fiftieth of pits."""
    rng = np.random.default_rng(seed)
    squares = np.where(rng.random((side, side)) < 0.1, "#", ".")
    squares[rng.random((side, side)) < 0.02] = "-"
    squares[0, -1], squares[-1, 0] = "+", "S"
    return gym.make("GridWorld-v0", desc=["".join(row) for row in squares], slip=0.2)


def timed(what: str, run: Any) -> Any:
    """The second of two runs: the first one compiles."""
    run()
    began = time.process_time()
    found = run()
    print(f"{what}: {time.process_time() - began:.3f} s", flush=True)
    return found


def large_map(side: int, discount: float = 0.99) -> None:
    """One bound on a map: an ordinary plan, the plan within the bound, and HiGHS on the program of all visits."""
    env = random_map(side)
    mdp = env.unwrapped.mdp.tabular
    plan = timed(f"{mdp.num_states} states, solve of the tables", lambda: planners.solve(mdp, discount=discount))
    timed("the same as moves", lambda: planners.solve(env, discount=discount))
    bound = 0.5 * planners.visits(env, plan, discount=discount).entries("pit")
    within = timed("at_most", lambda: planners.solve(env, discount=discount, at_most={"pit": bound}))
    print(f"  {within.iterations} plans, value {within.value:.9g}, proven within {within.error_bound:.1e}, "
          f"drawn in {len(within.drawn)} state, price {within.prices['pit']:.6g}")  # fmt: skip
    front = timed("pareto, to 1e-3", lambda: planners.pareto(
        env, {"reward": mdp.rewards, "pit": "pit"}, minimise=["pit"], discount=discount, tolerance=1e-3))  # fmt: skip
    print(f"  {len(front)} corners, {front.iterations} plans, gap {front.gap:.1e}")
    S, A = mdp.rewards.shape
    own = sparse.csr_array((np.ones(S * A), (np.arange(S * A), np.arange(S * A) // A)), shape=(S * A, S))
    costs = costs_of(env, mdp.__class__.from_env(env), env.unwrapped.labels["pit"], "pit").table
    began = time.process_time()
    alone: Any = linprog(
        -mdp.rewards.ravel(), A_ub=cast(Any, sparse.csr_array(costs.reshape(1, -1))), b_ub=[bound],
        A_eq=cast(Any, sparse.csc_array((own - discount * mdp.transitions).T)), b_eq=mdp.initial, method="highs",
    )  # fmt: skip
    print(f"HiGHS alone: {time.process_time() - began:.3f} s, value {-alone.fun:.9g}")


STORM = """
import sys, stormpy, stormpy.environments
program = stormpy.parse_prism_program(sys.argv[1])
for text in sys.argv[2:]:
    [formula] = stormpy.parse_properties(text, program)
    model = stormpy.build_model(program, [formula])
    env = stormpy.environments.default(model)
    env.modelchecker().multi().precision = stormpy.environments.Rational("1/1000000000")
    result = stormpy.model_checking(model, formula, environment=env)
    print(repr(result.get_value(model.initial_states[0])))
"""


def beside_storm(python: str) -> None:
    """Storm's multi-objective queries, at discount 1, of two models that both read."""
    folder = Path(tempfile.mkdtemp())
    for name, (text, mdp, sign, goal, bounds) in {"lecture": _lecture(), "random": _random()}.items():
        path = folder / f"{name}.prism"
        path.write_text(text)
        asked = 'R{"r"}max=? [C]' if sign > 0 else 'R{"r"}min=? [F "end"]'
        queries = [f'multi({asked}, P<={bound!r} [F "bad"])' for bound in bounds]
        script = folder / "query.py"
        script.write_text(STORM)
        for bound, query in zip(bounds, queries, strict=True):
            call = [python, str(script), str(path), query]
            try:
                done = subprocess.run(call, capture_output=True, text=True, check=True, timeout=60)
            except (subprocess.SubprocessError, OSError) as error:
                print(f"{name}, P <= {bound}: no answer of Storm: {str(error)[-200:]}", flush=True)
                continue
            storm = done.stdout.split()[-1]
            plan = planners.solve(mdp, discount=1, at_most={"bad": (goal, bound)})
            value = float(storm) if sign > 0 else 1.0 - float(storm)
            inside = plan.lower - 1e-8 <= value <= plan.upper + 1e-8
            print(f"{name}, P <= {bound}: Storm {value:.9f}, here {plan.value:.9f} "
                  f"[{plan.lower:.12f}, {plan.upper:.12f}] {'agree' if inside else 'DIFFER'}")  # fmt: skip


def _prism(mdp: TabularMDP, bad: Any, sign: float) -> str:
    """PRISM's language; Storm wants no negative rewards: where they are, costs that add up to 1 - V until the end."""
    S, A = mdp.rewards.shape
    endings: Any = mdp.endings
    initial: Any = mdp.initial
    start = int(np.argmax(initial))
    lines = ["mdp", "module m", f" s : [0..{S + 1}] init {start};"]
    rewards = ['rewards "r"']
    for s in range(S):
        for a in range(A):
            row, ends = mdp.transitions[[s * A + a]].toarray()[0], endings[[s * A + a]].toarray()[0]
            parts = [f"{p!r} : (s'={t})" for t, p in enumerate(row.tolist()) if p]
            lost, over = float(ends[bad].sum()), float(ends[~np.asarray(bad)].sum())
            parts += [f"{lost!r} : (s'={S})"] * (lost > 0) + [f"{over!r} : (s'={S + 1})"] * (over > 0)
            lines.append(f" [a{a}] s={s} -> " + " + ".join(parts) + ";")
            rewards.append(f" [a{a}] s={s} : {sign * float(mdp.rewards[s, a]) + (sign < 0) * (lost + over)!r};")
    labels = [f'label "bad" = s={S};', f'label "end" = s>={S};']
    lines += [f" [] s>={S} -> true;", "endmodule", *labels, *rewards, "endrewards"]
    return "\n".join(lines)


def _lecture() -> tuple[str, Any, float, Any, list[float]]:
    """The lecture's map: the least of 1 - V."""
    env = gym.make("GridWorld-v0", slip=0.2)
    mdp = env.unwrapped.mdp.tabular  # type: ignore[attr-defined]
    pit = env.unwrapped.labels["pit"]  # type: ignore[attr-defined]
    return _prism(mdp, pit, -1.0), mdp, -1.0, pit, [0.0, 0.001, 0.005, 0.01, 0.5]


def _random() -> tuple[str, Any, float, Any, list[float]]:
    """A random model that ends with 1/8 in each step, with rewards from 0 to 2."""
    rng = np.random.default_rng(3)
    S, A = 40, 3
    P = rng.dirichlet(np.full(S, 0.05), size=(S, A)) * 0.875
    table = {
        s: {
            a: [(float(p), t, 0.0, t == 7) for t, p in enumerate(P[s, a]) if p]
            + [(1.0 - float(P[s, a].sum()), 8, 0.0, True)]
            for a in range(A)
        }
        for s in range(S)
    }  # fmt: skip
    mdp = TabularMDP.from_gym_dict(table, np.eye(S)[0])
    from dataclasses import replace

    mdp = replace(mdp, rewards=rng.integers(0, 9, size=(S, A)) / 4.0, told=None, paid=None)
    bad = np.arange(S) == 7
    least = float(planners.reachability(mdp, 7, minimise=True).values[0])
    free = planners.solve(mdp, discount=1, at_most={7: 1.0}).costs["7"]
    return _prism(mdp, bad, 1.0), mdp, 1.0, bad, [least + part * (free - least) for part in (0.1, 0.4, 0.8)]


def main() -> None:
    """The measurements that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("at_most", "pareto", "all"), default="all", help="of the models")
    parser.add_argument("--map", type=int, default=0)
    parser.add_argument("--storm", default="")
    options = parser.parse_args()
    if options.models:
        brute_force(options.models, options.seed, options.only)
    if options.map:
        large_map(options.map)
    if options.storm:
        beside_storm(options.storm)


if __name__ == "__main__":
    main()
