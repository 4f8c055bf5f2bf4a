"""What a first call costs: compiling once, when numba's cache is empty, and loading what is compiled after that."""

import os
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
begin = time.perf_counter()
planners.solve(model, discount=0.99, tolerance=1e-6)
print(time.perf_counter() - begin)
"""


def rows(names: tuple[str, ...] = ("walls-30", "walls-300")) -> list[tuple[str, str, str]]:
    """(model, seconds of the first call with an empty cache, the same with a full one)."""
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


def first_call(name: str, tabular: bool, cache: str) -> float:
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)} | ({"NUMBA_CACHE_DIR": cache} if cache else {})
    code = CODE.format(here=str(HERE), name=name, tabular=tabular)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
