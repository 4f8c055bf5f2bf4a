"""A sweep of 40 short runs in two processes beside one; and one that is killed, and goes on, beside one that is not.

    python benchmarks/gan_sweep.py [--steps 60]

Prints the wall-clock of both by turns and the load of the machine, which has to be quiet for the ratio to say
something; whether the tables are alike but for the seconds; and what a row of a trajectory costs, beside an
update, in processor time.

Measured on two quiet cores (load 2): 18.5 s in one process and 9.1 s in two, so 2.03 times as fast, with the same
table; of processor time 18.5 and 18.0 s. Before the processes were copies, each imported PyTorch in 3.0 s: 1.52 to 1.67
times on quiet cores. The killed sweep, called again, gave the same table. Trajectories: 0.7 % of an update on dirac and
finite, 0.01 % on ring8; with a statistic that is a number, 1.1 %, 1.0 % and 0.03 %.
"""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import gan_lab
from gan_lab.training.trajectory import Trajectory

CHOICES = {"penalty": ["r1", "none"], "rate": [1e-3, "cosine(1e-3, 1e-5)", 3e-3, 1e-4, 3e-4]}
KILLED = """
import sys
import gan_lab
from benchmarks.gan_sweep import CHOICES
gan_lab.sweep(CHOICES, "ring8", seeds=4, processes=2, out=sys.argv[1], steps=int(sys.argv[2]), batch_size=64, looks=2)
"""


def table(found: Any) -> list[dict[str, Any]]:
    """Without the seconds."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in found.table()]


def used() -> float:
    """Processor time of this process and of those that it started and that have ended."""
    of = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in of)


def of_processes(steps: int, times: int) -> Any:
    walls: dict[int, list[float]] = {1: [], 2: []}
    processor: dict[int, list[float]] = {1: [], 2: []}
    tables = []
    for _ in range(times):
        for count in (1, 2):
            load, begin, before = os.getloadavg()[0], time.perf_counter(), used()
            found = gan_lab.sweep(CHOICES, "ring8", seeds=4, processes=count, steps=steps, batch_size=64, looks=2)
            walls[count].append(time.perf_counter() - begin)
            processor[count].append(used() - before)
            tables.append(table(found))
            wall = f"{walls[count][-1]:.1f} s, {processor[count][-1]:.1f} s of processor time; load before {load:.2f}"
            print(f"{len(found.rows)} runs in {count} processes: {wall}", flush=True)
    alike = all(rows == tables[0] for rows in tables)
    print(f"two processes: {min(walls[1]) / min(walls[2]):.2f} times one; tables alike: {alike}")
    print(f"by processor time on two cores of their own: {2 * min(processor[1]) / min(processor[2]):.2f} times")
    return tables[0]


def killed(steps: int, whole: Any) -> None:
    """Kill a sweep in the middle, and call it again."""
    folder = Path(tempfile.mkdtemp())
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder), str(steps)], start_new_session=True)
    while process.poll() is None and len(list(folder.glob("*.json"))) < len(whole) // 3:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = len(list(folder.glob("*.json")))
    found = gan_lab.sweep(CHOICES, "ring8", seeds=4, out=folder, steps=steps, batch_size=64, looks=2)
    print(f"killed after {kept} of {len(whole)} runs, and called again: the same table: {table(found) == whole}")
    shutil.rmtree(folder)


def overhead(game: str, steps: int) -> None:
    """What is added to every update, beside what an update takes; each the least of several, in processor time."""
    updates, run = [], gan_lab.train(game, steps=1, looks=1, trajectory=False)
    for _ in range(3):
        begin = time.process_time()
        run = gan_lab.train(game, steps=steps, looks=1, threads=1, trajectory=False)
        updates.append((time.process_time() - begin) / steps)
    ways: dict[str, Any] = {
        "strategies and payoffs": None,
        "and a statistic": {"updates": lambda run: float(run.steps)},
    }
    for name, asked in ways.items():
        trajectory, times = Trajectory(asked, 20_000), []
        run.steps = 0
        trajectory.begin(run)
        for _ in range(7):
            begin = time.process_time()
            for _ in range(1000):
                run.steps += 1
                trajectory.record(run, run.history[-1])
            times.append((time.process_time() - begin) / 1000)
        least, of = 1e6 * min(times), 1e6 * min(updates)
        print(f"{game}: {name} take {least:.1f} of {of:.0f} microseconds, {100 * least / of:.2f} %", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--times", type=int, default=2, help="sweeps of each kind, by turns")
    parser.add_argument("--only", choices=["sweep", "overhead"])
    chosen = parser.parse_args()
    if chosen.only != "overhead":
        killed(chosen.steps, of_processes(chosen.steps, chosen.times))
    if chosen.only != "sweep":
        for game, steps in (("dirac", 3000), ("finite", 3000), ("ring8", 150)):
            overhead(game, steps)


if __name__ == "__main__":
    main()
