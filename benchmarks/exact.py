"""`solve(..., exact=True)` beside Storm's exact engine, on the models of `storm.py`: the same fractions, and seconds.

    python benchmarks/exact.py FOLDER [MODEL ...]       # FOLDER as of storm.py

Both are given the model and the goal, and find the values of all states in fractions. Seconds of the processor's time
on one thread, the median of some runs; to build the model does not count. Storm reads the decimals of a model as they
are written, and ours are the floats next to them: where probabilities are not halves and quarters the fractions differ.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from storm import CASES, Case, _read_any, built, checked, planned, seconds

import planners

MOST = 5_000  # states
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
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for name, case in CASES.items():
        if (folder / case.file).exists() and (not names or any(part in name for part in names)):
            line = measured(name, case, folder)
            if line:
                print(line, flush=True)


if __name__ == "__main__":
    main()
