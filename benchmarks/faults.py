"""Kill a process of a job of three at a random sweep, many times: is the answer ever wrong, does the job ever hang?

    .venv/bin/python benchmarks/faults.py --times 20 --stopped 2

The job is that of the tests: a map of 40 by 30 squares, a checkpoint every 15 sweeps, a timeout of 20 s. torchrun
starts it again once (--max-restarts=1). `--stopped`: so many times more the process is not killed but stopped, which no
connection tells; the others notice by the timeout.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import planners  # noqa: E402
from gridworld_env.maps import slices  # noqa: E402
from planners.distributed import solve_in_parts  # noqa: E402
from tests.planners.distributed import job  # noqa: E402

PROCESSES = 3
LIMIT = 600.0  # seconds after which a job counts as hanging
ARRAYS = ("values", "lower", "upper")


def write_map(folder: Path, rng: np.random.Generator) -> None:
    rows = ["".join(row) for row in np.where(rng.random((40, 30)) < 0.1, "#", ".")]
    (folder / "map.txt").write_text("\n".join(["+" + rows[0][1:], *rows[1:]]) + "\n", encoding="ascii")


def run_job(folder: Path, sweep: int, process: int, delay: float, number: int) -> tuple[str, float]:
    """How the job ended, and after how many seconds."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={PROCESSES}"]
    command += ["--max-restarts=1", str(ROOT / "tests" / "planners" / "distributed" / "job.py"), "killed", str(folder)]
    command += [str(sweep), str(process), str(delay), str(number)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True) as running:
        try:
            code = running.wait(LIMIT)
            return ("ended" if code == 0 else f"failed with {code}"), time.perf_counter() - began
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            return "HANGS", time.perf_counter() - began


def verdict(folder: Path, alone: planners.Plan) -> str:
    """Whether the plan in the folder is, bit by bit, that of one process which nobody killed."""
    plan = planners.load_plan(folder / "plan")
    same = all(np.array_equal(getattr(plan, name), getattr(alone, name)) for name in ARRAYS)
    resumed = plan.iterations - len(plan.history)
    return f"{'the same bits' if same else 'WRONG'}, went on from sweep {resumed}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20, help="jobs in which a process is killed")
    parser.add_argument("--stopped", type=int, default=0, help="jobs in which a process is stopped")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = secrets.randbits(32) if options.seed is None else options.seed
    rng = np.random.default_rng(seed)
    print(f"seed {seed}")
    for number in range(options.times + options.stopped):
        killing = number < options.times
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_map(folder, rng)
            source = slices.open_map(str(folder / "map.txt"), **job.KILLED)
            alone = solve_in_parts(source, out=folder / "alone", **job.KILLED_OPTIONS)
            sweep, process = int(rng.integers(1, alone.iterations)), int(rng.integers(PROCESSES))
            delay = float(rng.choice([0.0, rng.random() * 0.02]))
            end, seconds = run_job(folder, sweep, process, delay, signal.SIGKILL if killing else signal.SIGSTOP)
            what = verdict(folder, alone) if end == "ended" else "no plan"
            how = "killed" if killing else "stopped"
            hit = "" if (folder / "killed").exists() else " (too late: the job had ended)"
            print(
                f"{number + 1:3d} process {process} {how} {1000 * delay:.0f} ms after sweep {sweep} of "
                f"{alone.iterations}{hit}: {end} in {seconds:.0f} s, {what}",
                flush=True,
            )


if __name__ == "__main__":
    main()
