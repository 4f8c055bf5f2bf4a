"""What an interval model costs: a sweep beside that of the plain model, and a large grid beside Storm's engine.

python benchmarks/interval.py              # both, on a square map with slip in [.1, .3]
python benchmarks/interval.py --side 100 --storm PYTHON     # PYTHON has stormpy
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import gridworld_env
import planners
from planners import IntervalMDP, TabularMDP
from planners.equations.from_model import make_problem
from planners.interval.nature import WORST, Nature
from planners.kernels.intervals import choose_rows
from planners.kernels.rows import Rows, sweep_rows

DISCOUNT = 0.99


def grid(side: int) -> list[planners.TabularMDP]:
    """A square map with a wall in every second row, at slip .1 and .3."""
    rows = [["."] * side for _ in range(side)]
    rng = np.random.default_rng(0)
    for y, x in zip(*np.nonzero(rng.random((side, side)) < 0.1), strict=True):
        rows[y][x] = "#"
    rows[0][0], rows[-1][-1], rows[side // 2][side // 2] = "S", "+", "-"
    desc = ["".join(row) for row in rows]
    env = gridworld_env.GridWorldEnv(desc=desc, slip=0.1, step_reward=-0.04)
    models = [env.variant(slip=slip).tabular for slip in (0.1, 0.3)]
    # every step costs, and ends pay nothing: Storm has no negative costs
    return [replace(mdp, rewards=np.where(mdp.rewards == 0.0, 0.0, -0.04)) for mdp in models]


def processor_seconds(function: Callable[[], None]) -> float:
    began = time.process_time()
    function()
    return time.process_time() - began


def sweep_ratio(name: str, plain: TabularMDP, sets: IntervalMDP) -> None:
    """One sweep of all rows, in the same order, of values that are nearly right; alternating runs."""
    S, A = sets.shape
    values = planners.solve(plain, discount=DISCOUNT, tolerance=1e-3).values.copy()
    first = A * np.arange(S + 1)
    csr = plain.transitions
    rows = Rows(csr.indptr, csr.indices, csr.data, plain.rewards.ravel(), first, DISCOUNT)
    nature = Nature(sets, DISCOUNT, WORST)
    backups, extended, none = np.empty(S * A), np.append(values, 0.0), np.empty(0)
    problem = make_problem(plain, DISCOUNT)

    def robust() -> None:
        choose_rows(nature.tables, extended, nature.longest, nature.rewards.ravel(), DISCOUNT, none, backups)
        nature.backup(backups.reshape(S, A))

    def value_iteration() -> None:
        problem.maximise(problem.action_values(values))

    def gauss_seidel() -> None:
        sweep_rows(rows, values, 0, S)

    sweeps = (gauss_seidel, value_iteration, robust)
    for sweep in sweeps:
        sweep()
    times = [[processor_seconds(sweep) for sweep in sweeps] for _ in range(30)]
    compiled, products, chosen = (1e3 * min(column) for column in zip(*times, strict=True))
    print(
        f"{name}: {S} states, {csr.nnz} transitions. A sweep of the plain model takes {compiled:.2f} ms compiled, "
        f"{products:.2f} ms by value iteration; of nature's choice {chosen:.2f} ms: {chosen / compiled:.2f} and "
        f"{chosen / products:.2f} times",
        flush=True,
    )


def write_drn(sets: IntervalMDP, path: Path) -> None:
    """The model as Storm has it: costs, and a discount that ends the episode."""
    S, A = sets.shape
    matrix, going_on = sets.centre_or_fail, DISCOUNT
    lines = ["@value_type: double-interval", "@type: MDP", "@parameters", "", "@reward_models", "cost"]
    lines += ["@nr_states", str(S + 1), "@nr_choices", str(S * A + 1), "@model"]
    for s in range(S):
        lines.append(f"state {s} [0]" + (" init" if s == 0 else ""))
        for row in range(s * A, s * A + A):
            lines.append(f"\taction {row - s * A} [{-float(sets.rewards_lower.flat[row])!r}]")
            part = slice(matrix.indptr[row], matrix.indptr[row + 1])
            outcomes = dict.fromkeys(matrix.indices[part].tolist())
            for column, low, high in zip(
                outcomes, sets.low.data[part].tolist(), sets.high.data[part].tolist(), strict=True
            ):
                outcomes[column] = [going_on * low, going_on * high]
            least, most = outcomes.setdefault(S, [0.0, 0.0])
            outcomes[S] = [1.0 - going_on + least, 1.0 - going_on + most]
            lines += [f"\t\t{t} : [{low!r}, {high!r}]" for t, (low, high) in sorted(outcomes.items())]
    lines += [f"state {S} [0] done", "\taction 0 [0]", f"\t\t{S} : [1, 1]"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def solve_time(sets: IntervalMDP, plain: TabularMDP) -> None:
    for name, model in (("plain", plain), ("interval", sets)):
        planners.solve(model, discount=0.5, tolerance=1e-1)  # compiled
        began, wall = time.process_time(), time.perf_counter()
        plan = planners.solve(model, discount=DISCOUNT, tolerance=1e-6)
        print(
            f"{name}: {time.process_time() - began:.2f} s of processor time, {time.perf_counter() - wall:.2f} s, "
            f"{plan.iterations} iterations, {plan.method}; start from {plan.lower[0]:.6f} to {plan.upper[0]:.6f}",
            flush=True,
        )
        if isinstance(plan, planners.IntervalPlan):
            sides = [(side.error_bound, side.iterations) for side in (plan.pessimistic, plan.optimistic)]
            print("  proven error of the two bounds, and nature's models:", sides)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=333)
    parser.add_argument("--storm", help="a Python that has stormpy", default="")
    options = parser.parse_args()
    models = grid(options.side)
    sets = IntervalMDP.containing(models)
    sweep_ratio("map, slip in [.1, .3]", models[1], sets)
    dense = np.random.default_rng(1).dirichlet(np.ones(200), size=(200, 4))
    random = TabularMDP.from_arrays(dense, np.zeros((200, 4)))
    sweep_ratio("200 next states, L1", random, IntervalMDP.around(random, 0.3))
    sweep_ratio("200 next states, intervals", random, IntervalMDP.around(random, 0.002, norm="max"))
    solve_time(sets, models[1])
    if options.storm:
        script = Path(__file__).with_name("interval_storm.py")
        with TemporaryDirectory() as folder:
            path = Path(folder) / "map.drn"
            write_drn(sets, path)
            subprocess.run([options.storm, str(script), str(path)], check=False)


if __name__ == "__main__":
    main()
