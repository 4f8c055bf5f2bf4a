"""What a first call costs: compiling once, when numba's cache is empty, and loading what is compiled after that.

    python benchmarks/startup.py [FOLDER ...]       # with what is compiled: this tree, and others beside it, in turn

prints seconds of the processor beyond `import numpy, numba`: of `import planners`, and of the first solve of 81,205
states beyond the second; the median of five processes, with the least and the largest.

    python benchmarks/startup.py cold [FOLDER ...]  # with nothing compiled

prints seconds of the processor of the first solve of these states, in three processes with an empty cache each.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CODE = """
import sys, time
sys.path.insert(0, {here!r})
import models, planners
model = models.build({name!r}, 0.99)
model = model.tabular if {tabular} else model
begin = time.process_time()
planners.solve(model, discount=0.99, tolerance=1e-6)
print(time.process_time() - begin)
"""

BEYOND = """
import json, sys, time
clock = time.process_time
import numpy, numba
begin = clock()
import planners
imported = clock() - begin
sys.path.insert(0, {here!r})
import models
model, times = models.build("walls-300", 0.99), []
for _ in range(2):
    begin = clock()
    planners.solve(model, discount=0.99, tolerance=1e-6)
    times.append(clock() - begin)
print(json.dumps([imported, times[0] - times[1], imported + times[0] - times[1]]))
"""


def beyond(folders: list[Path], repeats: int = 5) -> None:
    """Print what is beyond `import numpy, numba`, of trees that are taken in turn."""
    found: dict[Path, list[list[float]]] = {folder: [] for folder in folders}
    for _ in range(repeats + 1):
        for folder, times in found.items():
            environment = {**os.environ, "PYTHONPATH": str(folder), "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            command = [sys.executable, "-c", BEYOND.format(here=str(HERE))]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            times.append(json.loads(done.stdout))
    for folder, times in found.items():
        for what, column in zip(("import planners", "first solve", "both"), zip(*times[1:], strict=True), strict=True):
            print(f"{folder}: {what} {statistics.median(column):.2f} ({min(column):.2f} to {max(column):.2f})")


def cold(folders: list[Path], repeats: int = 3) -> None:
    """Print what the first solve takes with nothing compiled, of trees that are taken in turn."""
    found: dict[tuple[Path, str], list[float]] = {(each, kind): [] for each in folders for kind in ("tables", "moves")}
    for _ in range(repeats):
        for (folder, kind), times in found.items():
            with tempfile.TemporaryDirectory() as cache:
                times.append(first_call("walls-300", kind == "tables", cache, folder))
    for (folder, kind), times in found.items():
        print(f"{folder}: {kind} {statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})")


def rows(names: tuple[str, ...] = ("walls-30", "walls-300")) -> list[tuple[str, str, str]]:
    """(model, seconds of the processor of the first call with an empty cache, the same with a full one)."""
    found = []
    for name in names:
        for tabular in (True, False):
            with tempfile.TemporaryDirectory() as cache:
                cold, warm = (first_call(name, tabular, cache) for _ in range(2))
            kind = "tables" if tabular else "moves"
            found.append((f"{name} ({kind})", f"{cold:.2f}", f"{warm:.2f}"))
    return found


def warm_up() -> None:
    """Compile what planners compile, so that no case pays for it: its users do once, as `rows` shows."""
    for name, tabular in (("walls-150", True), ("walls-150", False), ("forest-100000", True)):
        first_call(name, tabular, os.environ.get("NUMBA_CACHE_DIR", ""))


def first_call(name: str, tabular: bool, cache: str, folder: Path = HERE.parent) -> float:
    environment = {**os.environ, "PYTHONPATH": str(folder)} | ({"NUMBA_CACHE_DIR": cache} if cache else {})
    code = CODE.format(here=str(HERE), name=name, tabular=tabular)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    what, others = (cold, sys.argv[2:]) if sys.argv[1:2] == ["cold"] else (beyond, sys.argv[1:])
    what([HERE.parent, *map(Path, others)])
