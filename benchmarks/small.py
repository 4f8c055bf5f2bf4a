"""Small models beside Storm: handing over and solving, the first time in a process and again, in alternating processes.

    python benchmarks/small.py [ROUNDS [MODEL ...]]        # 5 rounds of lecture, of 11 states, taxi and walls-30

Milliseconds of the processor's time, the median over the rounds with the least and the largest. The solvers and what
they are given are those of `peers.py`; Storm is asked for 1e-6, whatever error that leaves.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOLVERS = ("ours tables", "stormpy VI", "stormpy OVI", "stormpy discounted")
DISCOUNTS = (0.9, 0.999, 0.99999, 1.0)
AGAIN = 30
CODE = """
import json, sys, time, importlib
sys.path.insert(0, {here!r})
import models, peers
name, discount, solver = {case!r}
model = models.build(name, discount)
_ = model.tabular
solver = peers.solvers()[solver]
importlib.import_module(solver.module)
def once():
    begin = time.process_time()
    solver.solve(solver.build(model, discount), solver.method, 1e-6)
    return 1e3 * (time.process_time() - begin)
first = once()
print(json.dumps([first, sorted(once() for _ in range({again}))[{again} // 2]]))
"""


def measured(case: tuple[str, float, str]) -> tuple[float, float]:
    """Milliseconds of the first call in a process, and the median of those that follow."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])}
    code = CODE.format(here=str(HERE), case=case, again=AGAIN)
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    first, again = json.loads(done.stdout.splitlines()[-1])
    return first, again


def spread(times: tuple[float, ...]) -> str:
    return f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print("| model | discount | solver | first, ms | again, ms |\n|---|---|---|---|---|")
    for name in sys.argv[2:] or ("lecture", "taxi", "walls-30"):
        for discount in DISCOUNTS:
            solvers = [each for each in SOLVERS if discount < 1.0 or each != "stormpy discounted"]
            found = {solver: [] for solver in solvers}
            for _ in range(rounds):
                for solver in solvers:
                    found[solver].append(measured((name, discount, solver)))
            for solver, times in found.items():
                told = " | ".join(spread(each) for each in zip(*times, strict=True))
                print(f"| {name} | {discount} | {solver} | {told} |", flush=True)


if __name__ == "__main__":
    main()
