"""One case in a process of its own: a model, a discount, a solver. Prints a line of JSON after each stage.

    python benchmarks/worker.py '{"model": "walls-30", "discount": 0.99, "solver": "ours tables", ...}'

The stages: "model"; "build" (the import of the library counted apart); "solve", once for each tolerance that
was tried; "repeat"; "default"; or "failed".
"""

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

TRIES = 6
REPEAT_SECONDS = 3.0  # a call that took longer is not repeated


class Channel:
    """Standard output for our lines alone: what a library prints goes to standard error."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def send(self, stage: str, **facts: Any) -> None:
        print(json.dumps({"stage": stage, "peak_mb": peak_mb(), **facts}), file=self._out, flush=True)


def peak_mb() -> float:
    """Largest resident memory since `forget_peak`."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> None:
    """Do not count the memory that making the model took, where the system can forget it (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def main() -> None:
    case = json.loads(sys.argv[1])
    channel = Channel()
    limit = int(case.get("memory_mb", 0)) * 2**20
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    try:
        run(case, channel)
    except (Exception, SystemExit) as error:
        name = type(error).__name__
        channel.send("failed", kind=name, text=(str(error).strip().splitlines() or [name])[0][:200])


def run(case: dict[str, Any], channel: Channel) -> None:
    import models

    discount = case["discount"]
    begin = time.perf_counter()
    model = models.build(case["model"], discount)
    made = time.perf_counter() - begin
    begin = time.perf_counter()
    if case["solver"] != "ours moves":
        _ = model.tabular
    channel.send("model", states=model.num_states, seconds=made, tabular_seconds=time.perf_counter() - begin)
    if case["solver"] == "reference":
        import referee

        channel.send("reference", **referee.write_reference(model, discount, Path(case["reference"])))
        return
    forget_peak()
    Runs(model, case, channel).all()


class Runs:
    """The solver on the model: at the tolerance that makes its values as good as ours, and at its own."""

    def __init__(self, model: Any, case: dict[str, Any], channel: Channel) -> None:
        import peers

        self.model, self.discount, self.channel = model, case["discount"], channel
        self.asked, self.repeats = case["tolerance"], case.get("repeats", 3)
        self.reference = Path(case["reference"]) if case.get("reference") else None
        self.solver = peers.solvers()[case["solver"]]
        begin = time.perf_counter()
        importlib.import_module(self.solver.module)
        imported = time.perf_counter()
        self.built = self.solver.build(model, self.discount)
        channel.send("build", seconds=time.perf_counter() - imported, import_seconds=imported - begin)
        self.used = False

    def all(self) -> None:
        spent, tolerance = self.tighten()
        while self.repeats and spent < REPEAT_SECONDS:
            self.repeats -= 1
            spent += self.once("repeat", tolerance)["seconds"]
        if self.solver.default not in (None, self.asked):  # else the first try was the library's own
            self.once("default", self.solver.default)

    def tighten(self) -> tuple[float, float]:
        """(seconds of the last call, its tolerance), as tight as the values need it."""
        tolerance, last_error = self.asked, float("inf")
        for _ in range(TRIES):
            facts = self.once("solve", tolerance)
            error = facts["error"]
            stuck = self.solver.default is None or not np.isfinite(error) or error > 0.9 * last_error
            if error <= self.asked or stuck or tolerance < 1e-14:
                break
            last_error, tolerance = error, tolerance * float(np.clip(0.5 * self.asked / error, 1e-3, 0.3))
        return facts["seconds"], tolerance

    def once(self, stage: str, tolerance: float) -> dict[str, Any]:
        import referee

        if self.used and self.solver.remembers:
            self.built = None
            self.built = self.solver.build(self.model, self.discount)
        self.used = True
        begin = time.perf_counter()
        found = self.solver.solve(self.built, self.solver.method, tolerance)
        seconds = time.perf_counter() - begin
        peak = peak_mb()  # before the referee adds to it
        facts: dict[str, Any] = {"seconds": seconds, "tolerance": tolerance, "peak_mb": peak}
        if self.solver.is_ours:
            facts |= {"claimed": found.error_bound, "iterations": found.iterations, "method": found.method}
            found = found.values
        if stage != "repeat":
            verdict = referee.judge(self.model.tabular, found, self.discount, self.reference)
            facts |= verdict._asdict()
        self.channel.send(stage, **facts)
        return facts


if __name__ == "__main__":
    main()
