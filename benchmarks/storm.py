"""Goals beside Storm's: probabilities and costs of PRISM's models, exact values, and seconds.

    python benchmarks/storm.py FOLDER [MODEL ...]

FOLDER has PRISM's models (https://github.com/prismmodelchecker/prism-benchmarks; some come with stormpy, in
stormpy/examples/files/mdp). They are under the GPL and not part of this repository. It runs in a Python that has
stormpy and what this package needs, as benchmarks/requirements.txt says. Each model is built by Storm, written in its
explicit format, read here, and solved by both on one thread: Storm in its sound mode, to 1e-6, and by its exact engine,
whose values must lie within the bounds of the plan in every state. Building is not counted, on either side.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import planners

TOLERANCE = 1e-6
REPEATS = 3
EXACT_UP_TO = 5_000  # states; Storm's exact engine takes minutes beyond
COLUMNS = (
    "model", "states", "value of the first", "error bound", "exact values outside", "our own", "Storm differs by",
    "Storm, sound, s", "ours, s", "ratio", "reading",
)  # fmt: skip


ABOUT = """# Goals, beside Storm

Written by `python benchmarks/storm.py FOLDER` on {machine}, stormpy 2.0.0; {load}, so that the seconds are those of
the CPU, on one thread. Building the model is not counted. "Exact values outside": the number of states whose value by
Storm's exact engine is not within the bounds of the plan; "our own": of those by `solve(..., exact=True)`. Where
probabilities are tenths (zeroconf), Storm reads 1/10 and ours is the float next to it; some values differ by more than
the width of the bounds (`exact.md`). "Storm differs by": the value of its sound mode in the first state, for which a
precision of 1e-6 was asked. Models of up to 2,000 states are solved without compiled loops: most of their time is that
of a fixed number of calls of NumPy and SciPy.

"""


class Case(NamedTuple):
    file: str
    constants: str
    goal: str
    asked: str  # Pmax, Pmin, or Rmax, Rmin of a reward model
    reward: str = ""


CASES = {
    "consensus.2-2 steps_min": Case("coin2.nm", "K=2", "pc1=3 & pc2=3", "Rmin", "steps"),
    "consensus.2-2 steps_max": Case("coin2.nm", "K=2", "pc1=3 & pc2=3", "Rmax", "steps"),
    "consensus.2-2 c2": Case("coin2.nm", "K=2", "pc1=3 & pc2=3 & !(coin1=coin2)", "Pmax"),
    "consensus.2-64 c1": Case("coin2.nm", "K=64", "pc1=3 & pc2=3 & coin1=1 & coin2=1", "Pmin"),
    "consensus.2-64 steps_max": Case("coin2.nm", "K=64", "pc1=3 & pc2=3", "Rmax", "steps"),
    "csma.2-2 time_min": Case("csma2-2.nm", "", "s1=4 & s2=4", "Rmin", "time"),
    "csma.2-2 time_max": Case("csma2-2.nm", "", "s1=4 & s2=4", "Rmax", "time"),
    "csma.2-2 some_before": Case("csma2-2.nm", "", "(cd1=K & s1=1 & b=2) | (cd2=K & s2=1 & b=2)", "Pmax"),
    "firewire.3-0.5 time_max": Case("firewire.nm", "delay=3,fast=0.5", "(s1=8 & s2=7) | (s1=7 & s2=8)", "Rmax", "time"),
    "firewire.3-0.5 time_min": Case("firewire.nm", "delay=3,fast=0.5", "(s1=8 & s2=7) | (s1=7 & s2=8)", "Rmin", "time"),
    "firewire.36-0.5 time_max": Case(
        "firewire.nm", "delay=36,fast=0.5", "(s1=8 & s2=7) | (s1=7 & s2=8)", "Rmax", "time"
    ),
    "wlan_collide.0-2-10 collisions": Case("wlan0_collide.nm", "COL=2,TRANS_TIME_MAX=10", "col=2", "Pmax"),
    "wlan_dl.0-80 deadline": Case("wlan_dl0.nm", "deadline=80", "s1=12 & s2=12", "Pmin"),
    "zeroconf.20-2 correct_max": Case("zeroconf.nm", "N=20,K=2,reset=true", "l=4 & ip=1", "Pmax"),
    "zeroconf.20-2 correct_min": Case("zeroconf.nm", "N=20,K=2,reset=true", "l=4 & ip=1", "Pmin"),
    "leader.4 time_max": Case("leader4.nm", "", "s1=4 | s2=4 | s3=4 | s4=4", "Rmax", "rounds"),
}


def built(case: Case, folder: Path, kind: Any) -> Any:
    """The model in Storm, with the label "goal", in float64 or in rationals."""
    import stormpy
    import stormpy.io

    with tempfile.NamedTemporaryFile("w", suffix=".nm") as file:
        file.write((folder / case.file).read_text() + f'\nlabel "goal" = {case.goal};\n')
        file.flush()
        program = stormpy.io.parse_prism_program(file.name)
    if case.constants:
        program, _ = stormpy.instantiate_constants(program, case.constants)
    options = stormpy.BuilderOptions()
    options.set_build_all_labels()
    options.set_build_all_reward_models()
    return stormpy.build_model[kind](program, options=options)


def checked(model: Any, case: Case, sound: bool) -> Any:
    """Storm's values of all states."""
    import stormpy

    name = f'R{{"{case.reward}"}}' if case.reward else "P"
    asked = stormpy.parse_property(f'{name}{case.asked[1:]}=? [F "goal"]')
    environment = stormpy.Environment()
    if sound:
        environment.solver().force_soundness = True
        environment.solver().min_max().precision = stormpy.Rational(TOLERANCE)
        environment.solver().min_max().relative_termination_criterion = False
    return stormpy.model_checking(model, asked, environment=environment).get_value_vector()


def planned(model: planners.TabularMDP, case: Case) -> planners.Plan:
    least = case.asked.endswith("min")
    options = {"tolerance": TOLERANCE, "throw": False}  # what is proven is in the table
    if case.reward:
        return planners.stochastic_shortest_path(model, "goal", minimise=least, missing="infinite", **options)
    return planners.reachability(model, "goal", minimise=least, **options)


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds: the median of some runs, the first of which, with what is compiled on first use, does not count."""
    result, taken = call(), []
    for _ in range(REPEATS):
        began = time.process_time()
        result = call()
        taken.append(time.process_time() - began)
    return statistics.median(taken), result


def outside(plan: planners.Plan, exact: Any) -> int:
    """The number of states whose exact value is not within the bounds of the plan."""
    from fractions import Fraction

    def fraction(number: Any) -> Any:
        text = str(number)
        return float("inf") if "inf" in text else Fraction(text)

    bounds = zip(plan.lower, plan.upper, exact, strict=True)
    return sum(not (_number(low) <= fraction(value) <= _number(high)) for low, high, value in bounds)


def _number(bound: float) -> Any:
    from fractions import Fraction

    return float(bound) if np.isinf(bound) else Fraction(float(bound))


def measured(name: str, case: Case, folder: Path) -> str:
    import stormpy
    import stormpy.io

    model = built(case, folder, float)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.drn"
        stormpy.io.export_to_drn(model, str(path))
        lines = path.read_bytes().count(b"\n")
        began = time.process_time()
        mine = planners.TabularMDP.from_drn(path, reward=case.reward or None) if case.reward else _read_any(path)
        reading = time.process_time() - began
    storm, values = seconds(lambda: checked(model, case, sound=True))
    ours, plan = seconds(lambda: planned(mine, case))
    first = int(np.flatnonzero(mine.labels["init"])[0])
    wrong = "not run | not run"
    if mine.num_states <= EXACT_UP_TO:
        least = case.asked.endswith("min")
        own = planners.solve(plan.model, discount=1, minimise=least, exact=True, start=plan)
        theirs = checked(built(case, folder, stormpy.Rational), case, sound=False)
        wrong = f"{outside(plan, theirs)} | {outside(plan, own.values)}"
    return (
        f"| {name} | {mine.num_states:,} | {plan.values[first]:.10g} | {plan.error_bound:.1e} | {wrong} | "
        f"{abs(values[first] - plan.values[first]):.1e} | {storm:.4f} | {ours:.4f} | {ours / storm:.1f} | "
        f"{reading:.2f} s, {lines:,} lines |"
    )


def _read_any(path: Path) -> planners.TabularMDP:
    """Rewards do not matter: the first reward model, if there are several."""
    try:
        return planners.TabularMDP.from_drn(path)
    except planners.InvalidOptionError as error:
        return planners.TabularMDP.from_drn(path, reward=str(error).split("'")[1])


def main() -> None:
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    print("\n".join(lines))
    for name, case in CASES.items():
        if (folder / case.file).exists() and (not names or any(part in name for part in names)):
            lines.append(measured(name, case, folder))
            print(lines[-1], flush=True)
    if not names:
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        load = f"load {os.getloadavg()[0]:.1f} when it ended"
        Path(__file__).with_suffix(".md").write_text(ABOUT.format(machine=machine, load=load) + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
