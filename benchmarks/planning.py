"""Planners beside their peers: each case in a fresh process with a time limit, judged by one referee."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import models
import peers
import referee

HERE = Path(__file__).parent
TOLERANCE = 1e-6
DISCOUNTS = (0.9, 0.99, 0.999, 0.9999, 0.99999, 1.0)
PEERS_PYTHON = os.environ.get("BENCH_PYTHON", sys.executable)
SLACK = 3.0  # seconds for the referee, beyond those of the solver
FIRST_STAGE = 600.0  # seconds to make a model
MEMORY_MB = int(0.9 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20)  # for one case
Record = dict[str, Any]
OWN = ("tolerance", "seconds", "error")  # what is kept of a run at the tolerance of the library itself


@dataclass(frozen=True)
class Profile:
    """What a run covers.

    Attributes:
        names: The models, the small ones of a family first.
        limit: Seconds for one call of a solver.
        minutes: After these no further case is started.
    """

    names: tuple[str, ...]
    discounts: tuple[float, ...]
    solvers: tuple[str, ...]
    limit: float
    minutes: float
    ours_only: tuple[str, ...] = ()


OURS = ("ours tables", "ours moves")
MAPS = tuple(models.street_maps())
QUICK = Profile(
    ("taxi", "walls-30", "walls-300", "maze-256", "random-2500-0.99", "forest-1000000", *MAPS[-1:]),
    (0.999, 0.99999, 1.0, 0.9),  # in this order, as far as the time goes
    (*OURS, "stormpy discounted", "stormpy VI", "stormpy OVI", "quantecon MPI", "mdpsolver MPI-GS", "pymdptoolbox MPI"),
    limit=5.0,
    minutes=8.0,
)
FULL = Profile(
    (
        *("taxi", "walls-30", "random-2500-0.99", "random-2500-0.9", "random-10000-0.99"),
        *("open-300", "walls-300", "maze-256", *MAPS),
        *("forest-1000000", "open-1000", "walls-1000", "walls-3163"),
    ),
    DISCOUNTS,
    tuple(peers.solvers()),
    limit=60.0,
    minutes=float("inf"),
    ours_only=("walls-3163",),
)


@dataclass
class Results:
    """What was measured, written to a file after each case.

    Attributes:
        cases: The records by "model|discount|solver".
        sections: Lines of the README that are not about planning, by name.
    """

    path: Path
    cases: dict[str, Record] = field(default_factory=dict)
    sections: dict[str, list[str]] = field(default_factory=dict)

    def load(self) -> None:
        if self.path.exists():
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            self.cases, self.sections = stored["cases"], stored["sections"]

    def add(self, key: str, record: Record) -> None:
        self.cases[key] = record
        self.save()

    def save(self) -> None:
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps({"sections": self.sections, "cases": self.cases}, indent=1) + "\n", encoding="utf-8")
        part.replace(self.path)

    def get(self, name: str, discount: float, solver: str) -> Record | None:
        return self.cases.get(f"{name}|{discount}|{solver}")

    def covered(self) -> Profile:
        """The models, discounts and solvers that there are records of."""
        names, discounts, used = (dict.fromkeys(part) for part in zip(*(k.split("|") for k in self.cases), strict=True))
        solvers = tuple(name for name in peers.solvers() if name in used)
        return Profile(tuple(names), tuple(sorted(map(float, discounts))), solvers, 0.0, 0.0)


def stages(case: dict[str, Any], python: str, limit: float) -> Iterator[Record]:
    """What the worker says, as it says it; a last "timeout" or "died" where it does not end by itself."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    command = [python, str(HERE / "worker.py"), json.dumps(case)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=HERE.parent
    )
    lines: queue.Queue[str | None] = queue.Queue()
    errors: list[str] = []
    threading.Thread(target=lambda: [*map(lines.put, process.stdout), lines.put(None)], daemon=True).start()
    threading.Thread(target=lambda: errors.extend(process.stderr), daemon=True).start()
    wait, ends = FIRST_STAGE, float("inf")
    try:
        while (line := lines.get(timeout=max(min(wait, ends - time.monotonic()), 0.0))) is not None:
            said = json.loads(line)
            yield said
            if said["stage"] == "model":
                ends = time.monotonic() + 4 * limit + 3 * SLACK  # for building and all tries together
            wait = limit + SLACK
        if process.wait():
            text = errors[-1].strip()[:200] if errors else f"exit status {process.returncode}"
            yield {"stage": "died", "text": text, "memory": process.returncode == -9}
    except queue.Empty:
        yield {"stage": "timeout"}
    finally:
        process.kill()
        process.wait()


def run_case(case: dict[str, Any], python: str, limit: float) -> Record:
    """One case, in the words of the tables."""
    record: Record = {"status": "timeout", "limit": limit, "tries": []}
    for said in stages(case, python, limit):
        stage = said["stage"]
        if stage == "model":
            record |= {"states": said["states"], "model_seconds": said["seconds"] + said["tabular_seconds"]}
        elif stage == "build":
            record |= {"build_seconds": said["seconds"], "import_seconds": said["import_seconds"]}
        elif stage == "solve":
            record["tries"].append(said)
            if said["tolerance"] == peers.solvers()[case["solver"]].default:
                record["default"] = {name: said[name] for name in OWN}
            record.setdefault("first_seconds", said["seconds"])
            good = said["error"] <= TOLERANCE + said["doubt"]
            record |= said | {"status": "ok" if good else "inaccurate"}
        elif stage == "repeat":
            record["seconds"] = min(record["seconds"], said["seconds"])
        elif stage == "default":
            record["default"] = {name: said[name] for name in OWN}
        elif stage in ("failed", "died"):
            if record["status"] != "ok":
                memory = said.get("memory") or said.get("kind") == "MemoryError" or "bad_alloc" in said["text"]
                unsupported = said.get("kind") == "UnsupportedError"
                record["status"] = "memory" if memory else "unsupported" if unsupported else "failed"
                record["text"] = said["text"]
        elif stage == "timeout" and record["status"] == "inaccurate":
            record["status"] = "timeout"
        elif stage == "reference":
            record |= said | {"status": "ok"}
    return record


def too_slow_already(results: Results, profile: Profile, name: str, discount: float, solver: str) -> str | None:
    """The easier case of the family, smaller or with a smaller discount, that was too much within this limit."""
    easier = profile.names[: profile.names.index(name) + 1]
    for other in (n for n in easier if models.family(n) == models.family(name)):
        for smaller in (d for d in profile.discounts if d <= discount and d < 1.0):
            record = results.get(other, smaller, solver)
            too_much = record is not None and record["status"] in ("timeout", "memory")
            if too_much and (other, smaller) != (name, discount) and record["limit"] >= profile.limit:
                return f"{record['status']} at {other}, discount {smaller:g}"
    return None


def run(profile: Profile, results: Results, folder: Path, resume: bool, say: Callable[[str], None]) -> list[str]:
    """All cases, or those that `results` does not have; the names of those for which no time was left."""
    done = set(results.cases) if resume else set()
    ends, left_out = time.monotonic() + 60 * profile.minutes, []
    for discount in profile.discounts:  # all models at one discount first: time may not last for all discounts
        for name in (n for n in profile.names if discount < 1.0 or models.is_proper(n)):
            reference = folder / f"{name}-{discount}.npz"
            for solver in profile.solvers:
                key = f"{name}|{discount}|{solver}"
                if key in done or (name in profile.ours_only and solver not in OURS):
                    continue
                if time.monotonic() > ends:
                    left_out.append(key)
                    continue
                record = one(profile, results, (name, discount, solver), reference)
                results.add(key, record)
                say(f"{name:18} {discount:<8g} {solver:20} {describe(record)}")
    return left_out


def one(profile: Profile, results: Results, case: tuple[str, float, str], reference: Path) -> Record:
    """One case, or why it is not run."""
    name, discount, solver = case
    found = peers.solvers()[solver]
    if solver == "ours moves" and models.family(name) in ("random", "forest", "taxi"):
        return {"status": "unsupported", "text": "no MoveMDP", "tries": []}
    if discount == 1.0 and not found.undiscounted:
        return {"status": "unsupported", "text": "discount 1", "tries": []}
    if not found.is_ours and found.package not in versions():
        return {"status": "missing", "text": "pip install -r benchmarks/requirements.txt", "tries": []}
    reason = None if found.is_ours else too_slow_already(results, profile, name, discount, solver)
    if reason:
        return {"status": "skipped", "text": reason, "tries": []}
    asked = {"model": name, "discount": discount, "tolerance": TOLERANCE, "memory_mb": MEMORY_MB}
    if not reference.exists():
        solving = {**asked, "solver": "reference", "reference": str(reference)}
        run_case(solving, sys.executable, 4 * profile.limit)
    where = str(reference) if reference.exists() else None
    if where and not found.is_ours and referee.doubt(reference) > TOLERANCE:
        return {"status": "no verdict", "text": "1e-6 is below the floor of rounding", "tries": []}
    python = sys.executable if found.is_ours else PEERS_PYTHON
    return run_case({**asked, "solver": solver, "reference": where}, python, profile.limit)


_VERSIONS: dict[str, str] = {}


def versions() -> dict[str, str]:
    """The peers that the other interpreter has, with their versions."""
    if not _VERSIONS:
        code = (
            "import importlib.metadata as m, json; "
            "print(json.dumps({d.name.lower(): d.version for d in m.distributions()}))"
        )
        found = subprocess.run([PEERS_PYTHON, "-c", code], capture_output=True, text=True, check=True)
        _VERSIONS.update(json.loads(found.stdout))
    return _VERSIONS


def describe(record: Record) -> str:
    if "error" not in record:
        return f"{record['status']} {record.get('text', '')}"
    return (
        f"{record['status']} build {record['build_seconds']:.3f} s, solve {record['seconds']:.3f} s, "
        f"error {record['error']:.1e} at {record['tolerance']:.0e}"
    )
