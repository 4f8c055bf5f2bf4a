"""`solve(..., exact=True)` beside Storm's exact engine, on the models of `storm.py`: the same fractions, and seconds.

    python benchmarks/exact.py FOLDER [MODEL ...]       # FOLDER as of storm.py

Both are given the model and the goal, and find the values of all states in fractions. Seconds of the processor's time
on one thread, the median of some runs; to build the model does not count. Storm reads the decimals of a model as they
are written, and ours are the floats next to them: where probabilities are not halves and quarters the fractions differ.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import platform
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from storm import CASES, Case, _read_any, built, checked, planned, seconds

import planners

MOST = 5_000  # states
ABOUT = """# Exact plans beside Storm's exact engine

Written by `python benchmarks/exact.py FOLDER` on {machine}, stormpy 2.0.0; {load}: seconds are those of the processor,
on one thread. Both are given a model and its goal and find the values of all states in fractions. Ours are the seconds
of a plan in float64, and of the exact plan that goes on from it. Where probabilities are tenths (zeroconf), Storm reads
1/10 and ours is the float next to it: its fractions have 387 bits.

"""
COLUMNS = ("model", "states", "equal fractions", "largest difference", "bits", "Storm, s", "ours, s", "ratio")


def exact(model: planners.TabularMDP, case: Case) -> Any:
    """The values of all states: what the graph does not decide is solved on the model of the goal."""
    plan = planned(model, case)
    return planners.solve(plan.model, discount=1, minimise=case.asked.endswith("min"), exact=True, start=plan)


def fraction(number: Any) -> Any:
    text = str(number)
    return float("inf") if "inf" in text else Fraction(text)


def measured(name: str, case: Case, folder: Path) -> str:
    import stormpy
    import stormpy.io

    model = built(case, folder, float)
    if model.nr_states > MOST:
        return ""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.drn"
        stormpy.io.export_to_drn(model, str(path))
        mine = planners.TabularMDP.from_drn(path, reward=case.reward) if case.reward else _read_any(path)
    theirs = built(case, folder, stormpy.Rational)
    storm, given = seconds(lambda: checked(theirs, case, sound=False))
    ours, plan = seconds(lambda: exact(mine, case))
    values = [fraction(number) for number in given]
    pairs = list(zip(values, plan.values, strict=True))
    differences = [abs(float(one - other)) for one, other in pairs if one != other]
    bits = max(value.denominator.bit_length() for value in plan.values if isinstance(value, Fraction))
    equal, furthest = len(pairs) - len(differences), max(differences, default=0.0)
    return (
        f"| {name} | {mine.num_states:,} | {equal} | {furthest:.1e} | {bits} | "
        f"{storm:.4f} | {ours:.4f} | {ours / storm:.2f} |"
    )


def main() -> None:
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    print("\n".join(lines))
    for name, case in CASES.items():
        if (folder / case.file).exists() and (not names or any(part in name for part in names)):
            line = measured(name, case, folder)
            if line:
                lines.append(line)
                print(line, flush=True)
    if not names:
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        load = f"load {os.getloadavg()[0]:.1f} when it ended"
        Path(__file__).with_suffix(".md").write_text(ABOUT.format(machine=machine, load=load) + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
