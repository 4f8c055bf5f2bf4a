"""Is it as `--dry-run` and `--progress` say? What they say before and after a tenth, beside what is measured.

    .venv/bin/python benchmarks/foreseen.py                     maps and mazes, two discounts, one and two processes
    .venv/bin/python benchmarks/foreseen.py --side 1000 --kinds map --discounts 0.9999

Each ratio is what was said, divided by what was measured. Memory is the largest resident set of a process. Time is
processor time of process 0, as other work keeps these cores busy, with what is compiled first. "After 10 %": the time
that is left, as the progress line has it, when a tenth of the processor time is over.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from ranks import write_maze  # noqa: E402
from scaling import write_map  # noqa: E402

from gridworld_env.maps.slices import open_map  # noqa: E402
from planners.distributed import foresee, foreseen, process_group, solve_in_parts  # noqa: E402
from planners.distributed.blocks import Blocks  # noqa: E402
from planners.iteration.moment import Moment  # noqa: E402
from planners.iteration.sweep_forecast import SweepForecast  # noqa: E402
from planners.plans.plan import Iteration  # noqa: E402

SLIP = 0.2


def worker(what: str, path: str, told: str, discount: float) -> None:
    """Foresee, or solve and measure; each process tells what it found."""
    with process_group():
        found = said(path, discount) if what == "said" else measured(path, discount, f"{told}.plan")
    Path(f"{told}.{what}.{os.environ['RANK']}").write_text(json.dumps(found), encoding="ascii")


def said(path: str, discount: float) -> dict[str, Any]:
    foreseen.time = SimpleNamespace(perf_counter=time.thread_time)  # type: ignore[assignment]
    options: dict[str, Any] = {"discount": discount, "distributed": True, "checkpoint_every": 10**6}
    return asdict(foresee(open_map(path, slip=SLIP), out=f"{path}.plan", **options))


def measured(path: str, discount: float, out: str) -> dict[str, Any]:
    forecast, course, sent, exchange = SweepForecast(), [], [], Blocks.sweep

    def counted(self: Blocks) -> None:
        exchange(self)
        sent.append(self.halo.bytes_sent)

    def note(step: Moment) -> None:
        now = time.thread_time() - began
        forecast.take(Moment.of(Iteration(step.iteration, step.residual, np.inf, now), step._solved, None, None))
        course.append((now, forecast.seconds_left if forecast.knows else None))

    compiling = time.thread_time()
    solve_in_parts(open_map(path, slip=SLIP), discount=0.5, tolerance=10.0)
    Blocks.sweep, began = counted, time.thread_time()
    compiling = began - compiling
    plan = solve_in_parts(
        open_map(path, slip=SLIP), discount=discount, distributed=True, out=out, progress=note, checkpoint_every=10**6
    )
    seconds = time.thread_time() - began
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    after = []
    for tenth in range(1, 10):
        now, left = next(each for each in course if each[0] >= tenth * seconds / 10)
        after.append(None if left is None else left / (seconds - now))
    return {"seconds": compiling + seconds, "peak": peak, "sent": sent[-1], "sweeps": plan.iterations, "after": after}


def launch(what: str, processes: int, path: Path, told: Path, discount: float) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", __file__]
    command += ["--worker", what, str(path), str(told), "--discounts", str(discount)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment)
    return [json.loads(Path(f"{told}.{what}.{rank}").read_text(encoding="ascii")) for rank in range(processes)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=500)
    parser.add_argument("--kinds", nargs="+", default=["map", "maze"])
    parser.add_argument("--discounts", nargs="+", type=float, default=[0.99, 0.9999])
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(*options.worker, discount=options.discounts[0])
        return
    print("| model | discount | processes | memory | plan on disk | bytes a sweep | sweeps | time | left, after 10 % |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for kind in options.kinds:
            path, side = Path(name, f"{kind}.txt"), options.side if kind == "map" else options.side // 2
            (write_map if kind == "map" else write_maze)(path, side)
            for discount in options.discounts:
                for processes in options.processes:
                    told = Path(name, f"{kind}-{discount}-{processes}")
                    before = launch("said", processes, path, told, discount)[0]
                    found = launch("measured", processes, path, told, discount)
                    disk = sum(file.stat().st_size for file in Path(f"{told}.plan").glob("*.npy"))
                    ratios = [
                        before["memory"] / max(rank["peak"] for rank in found),
                        before["plan_bytes"] / disk,
                        before["sent_a_sweep"] * found[0]["sweeps"] / max(sum(rank["sent"] for rank in found), 1),
                        before["sweeps"] / found[0]["sweeps"],
                        before["seconds"] / found[0]["seconds"],
                        found[0]["after"][0] or np.nan,
                    ]
                    row = " | ".join(f"{ratio:.2f}" for ratio in ratios)
                    print(f"| {kind} of {side} | {discount} | {processes} | {row} |")
                    print(
                        "  ",
                        found[0]["sweeps"],
                        "sweeps,",
                        f"{found[0]['seconds']:.1f} s,",
                        found[0]["after"],
                        file=sys.stderr,
                    )
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
