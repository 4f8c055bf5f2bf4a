"""Faults of a job of two processes, drawn at random: is the answer ever wrong, is a plan lost, does the job ever hang?

    .venv/bin/python benchmarks/two_nodes.py --times 50

Each process is a node: a torchrun of its own in a network namespace of its own (`unshare`, no rights needed), with a
link between the two. The faults: a process is killed or stopped, the link is cut for 3 s or for good, the disk
is full, the folder is another one, an option or the map differs, a checkpoint is damaged. The job is started again
without the fault, as a scheduler would. "Said": how many different messages the first attempt printed.
"""

import argparse
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import planners  # noqa: E402
from gridworld_env.maps.slices import open_map  # noqa: E402
from planners.distributed import solve_in_parts  # noqa: E402

FAULTS = ("kill", "stop", "short cut", "cut", "full disk", "stale folder", "other option", "other map", "damaged")
REFUSED = ("full disk", "stale folder", "other option", "other map")
TIMEOUT, LIMIT = 12, 120.0
ADDRESSES = ("10.77.0.1", "10.77.0.2")


class Nodes:
    """Two network namespaces with a link; they end with it."""

    def __init__(self) -> None:
        held = ["unshare", "-n", "sleep", "100000"]
        self.holders = [subprocess.Popen(held) for _ in range(2)]
        time.sleep(0.5)
        ends = [f"v{node}-{os.getpid()}"[:15] for node in range(2)]
        self.ends = ends
        self.ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        for node, holder in enumerate(self.holders):
            self.ip("link", "set", ends[node], "netns", str(holder.pid))
            for words in (
                ["addr", "add", f"{ADDRESSES[node]}/24", "dev", ends[node]],
                ["link", "set", ends[node], "up"],
            ):
                self.ip(*words, node=node)
            self.ip("link", "set", "lo", "up", node=node)

    def ip(self, *words: str, node: int | None = None) -> None:
        subprocess.run([*self.within(node), "ip", *words], check=True)

    def within(self, node: int | None) -> list[str]:
        return [] if node is None else ["nsenter", "-t", str(self.holders[node].pid), "-n"]

    def end(self) -> None:
        for holder in self.holders:
            holder.kill()
            holder.wait()


def start(nodes: Nodes, folder: Path, node: int, fault: str, said: Path, port: int) -> subprocess.Popen[bytes]:
    """The torchrun of one node, with what is wrong there."""
    wrong = node == 1 and fault in REFUSED
    out, slip, world = folder / "plan", "0.2", "map.txt"
    if wrong and fault == "stale folder":
        out = folder / "elsewhere"
    slip = "0.3" if wrong and fault == "other option" else slip
    world = "other.txt" if wrong and fault == "other map" else world
    command = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", f"--node-rank={node}", "--nproc-per-node=1"]
    command += [f"--master-addr={ADDRESSES[0]}", f"--master-port={port}", "-m", "planners", str(folder / world)]
    command += ["--slip", slip, "--discount", "0.995", "--out", str(out), "--checkpoint-every", "4"]
    command += ["--timeout", str(TIMEOUT), "--progress"]
    if fault == "full disk" and node == 1:
        command = ["bash", "-c", 'ulimit -f 1; exec "$@"', "-", *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    with said.open("ab") as file:
        return subprocess.Popen(
            [*nodes.within(node), *command], env=environment, stdout=file, stderr=file, start_new_session=True
        )


def strike(
    fault: str, nodes: Nodes, jobs: list[subprocess.Popen[bytes]], folder: Path, rng: np.random.Generator
) -> None:
    """Do what the fault says once the first checkpoint is there."""
    sets, until = folder / "plan" / "checkpoint", time.monotonic() + LIMIT
    while not list(sets.glob("*/complete.json")) and time.monotonic() < until and jobs[0].poll() is None:
        time.sleep(0.05)
    time.sleep(float(rng.random()))
    found = subprocess.run(["pgrep", "-P", str(jobs[1].pid)], capture_output=True, text=True).stdout.split()
    if fault in ("kill", "stop", "damaged") and found:
        os.kill(int(found[-1]), signal.SIGSTOP if fault == "stop" else signal.SIGKILL)
    if fault in ("cut", "short cut"):
        nodes.ip("link", "set", nodes.ends[1], "down", node=1)
        if fault == "short cut":
            time.sleep(3)
            nodes.ip("link", "set", nodes.ends[1], "up", node=1)


def finished(jobs: list[subprocess.Popen[bytes]], seconds: float) -> str:
    """How both ended."""
    until = time.monotonic() + seconds
    while any(job.poll() is None for job in jobs) and time.monotonic() < until:
        time.sleep(0.1)
    hangs = any(job.poll() is None for job in jobs)
    for job in jobs:
        with suppress(ProcessLookupError):
            os.killpg(job.pid, signal.SIGKILL)
        for child in subprocess.run(["pgrep", "-s", str(job.pid)], capture_output=True, text=True).stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        job.wait()
    return "HANGS" if hangs else ", ".join(str(job.returncode) for job in jobs)


def one(number: int, fault: str, rng: np.random.Generator) -> str:
    """Draw a map, let the fault happen, start the job again without it; what came of it."""
    with tempfile.TemporaryDirectory() as name:
        folder, nodes, text = Path(name), Nodes(), ""
        try:
            for world in ("map.txt", "other.txt"):
                rows = ["".join(row) for row in np.where(rng.random((90, 90)) < 0.1, "#", ".")]
                (folder / world).write_text("\n".join(["+" + rows[0][1:], *rows[1:]]) + "\n", encoding="ascii")
            alone = solve_in_parts(open_map(str(folder / "map.txt"), slip=0.2), discount=0.995)
            port, ended, began = 29500 + number, [], time.monotonic()
            for attempt, wrong in enumerate((fault, "none")):
                said = folder / f"said-{attempt}"
                jobs = [start(nodes, folder, node, wrong, said, port + 100 * attempt) for node in range(2)]
                if wrong not in (*REFUSED, "none"):
                    strike(wrong, nodes, jobs, folder, rng)
                ended.append(finished(jobs, LIMIT))
                nodes.ip("link", "set", nodes.ends[1], "up", node=1)
                (folder / "plan" / "lock").unlink(missing_ok=True)  # of a node that is gone, as the message says
                newest = sorted((folder / "plan" / "checkpoint").glob("*/part-00003.f64"))
                if fault == "damaged" and newest and attempt == 0:
                    newest[-1].write_bytes(newest[-1].read_bytes()[:-8] + bytes(8))
            text = (folder / "said-0").read_text(errors="replace")
            told = set(re.findall(r"^Error: (.{0,60})", text, flags=re.M))
            plan = planners.load_plan(folder / "plan")
            same = all(
                np.array_equal(getattr(plan, each), getattr(alone, each)) for each in ("values", "lower", "upper")
            )
            seconds = time.monotonic() - began
            return (
                f"{'same bits' if same else 'WRONG'}; ended {' then '.join(ended)}; {seconds:.0f} s; said {len(told)}"
            )
        except planners.PlannerError as error:
            return f"LOST: {error}; {text[-300:]}"
        finally:
            nodes.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    if os.environ.get("IN_NAMESPACE") != "1":
        os.execvpe("unshare", ["unshare", "-rn", sys.executable, *sys.argv], {**os.environ, "IN_NAMESPACE": "1"})
    seed = secrets.randbits(32) if options.seed is None else options.seed
    rng = np.random.default_rng(seed)
    print(f"seed {seed}")
    for number in range(options.times):
        fault = FAULTS[number % len(FAULTS)]
        print(f"{number + 1:3d} {fault}: {one(number, fault, rng)}", flush=True)


if __name__ == "__main__":
    main()
