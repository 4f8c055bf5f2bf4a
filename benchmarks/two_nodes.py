"""Faults of a job of two processes, drawn at random: is the answer ever wrong, is a plan lost, does the job ever hang?

    .venv/bin/python benchmarks/two_nodes.py --times 50 --seed 7
    .venv/bin/python benchmarks/two_nodes.py --times 12 --seed 7 --first 24     faults 24 to 35 of the same fifty
    .venv/bin/python benchmarks/two_nodes.py --times 1 --faults "cut of 2 min"                  with --timeout 600

Each process is a node: a torchrun of its own with a network and a host name of its own (`unshare`, no rights needed),
and a link between the two. The faults: a process is killed or stopped; a node is stopped, torchrun and all, or is lost;
the link is cut for 3 s, for 2 min or for good; the disk is full; the folder is another one; an option or the map
differs; a checkpoint is damaged; the clock of a node, and the times of all files, are an hour off, and a process is
killed. The job is started again without the fault, as a scheduler would; after a lost node, with the nodes exchanged.

"Said": how many lines of errors the first attempt printed. "Gone": how long after the fault both processes had ended.
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
FAULTS += ("clock", "stopped node", "lost node")
REFUSED = ("full disk", "stale folder", "other option", "other map")
TIMEOUT, LIMIT, SIDE = 12, 120.0, 120
CUT, LONG_CUT, LONG = 3.0, 120.0, "cut of 2 min"  # seconds
HOUR_OFF = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
#include <sys/time.h>
typedef int (*Clock)(clockid_t, struct timespec *);
int clock_gettime(clockid_t which, struct timespec *told) {
    int code = ((Clock)dlsym(RTLD_NEXT, "clock_gettime"))(which, told);
    if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE) told->tv_sec += 3600;
    return code;
}
time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *told, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    told->tv_sec = now.tv_sec; told->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""
ADDRESSES = ("10.77.0.1", "10.77.0.2")


class Nodes:
    """Two namespaces of networks and host names, with a link; they end with it."""

    def __init__(self) -> None:
        held = "import socket, time; socket.sethostname('{}'); time.sleep(1e5)"
        self.holders = [
            subprocess.Popen(["unshare", "-n", "-u", sys.executable, "-c", held.format(name)])
            for name in ("one", "two")
        ]
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
        return [] if node is None else ["nsenter", "-t", str(self.holders[node].pid), "-n", "-u"]

    def end(self) -> None:
        for holder in self.holders:
            holder.kill()
            holder.wait()


def start(nodes: Nodes, folder: Path, node: int, fault: str, attempt: int, port: int) -> subprocess.Popen[bytes]:
    """The torchrun of one node, with what is wrong there."""
    wrong = node == 1 and attempt == 0
    out = folder / ("elsewhere" if wrong and fault == "stale folder" else "plan")
    slip = "0.3" if wrong and fault == "other option" else "0.2"
    world = "other.txt" if wrong and fault == "other map" else "map.txt"
    first = int(attempt == 1 and fault == "lost node")  # which node has process 0
    command = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", f"--node-rank={node ^ first}"]
    command += [f"--master-addr={ADDRESSES[first]}", f"--master-port={port}", "--nproc-per-node=1"]
    command += ["-m", "planners", str(folder / world)]
    command += ["--slip", slip, "--discount", "0.999", "--out", str(out), "--checkpoint-every", "4"]
    command += ["--timeout", str(600 if fault == LONG else TIMEOUT), "--progress"]
    if wrong and fault == "full disk":
        command = ["bash", "-c", 'ulimit -f 1; exec "$@"', "-", *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    if fault == "clock" and node == 1:
        environment["LD_PRELOAD"] = str(folder / "hour_off.so")
    with (folder / f"said-{attempt}").open("ab") as file:
        return subprocess.Popen(
            [*nodes.within(node), *command], env=environment, stdout=file, stderr=file, start_new_session=True
        )


def children(job: subprocess.Popen[bytes]) -> list[int]:
    """The numbers of the processes that a torchrun has started: the last is the one that plans."""
    found = subprocess.run(["pgrep", "-P", str(job.pid)], capture_output=True, text=True)
    return [int(number) for number in found.stdout.split()]


def strike(
    fault: str, nodes: Nodes, jobs: list[subprocess.Popen[bytes]], folder: Path, rng: np.random.Generator
) -> bool:
    """Do what the fault says once the first checkpoint is there; whether the job was running still."""
    sets, until = folder / "plan" / "checkpoint", time.monotonic() + LIMIT
    while not list(sets.glob("*/complete.json")) and time.monotonic() < until and jobs[0].poll() is None:
        time.sleep(0.05)
    time.sleep(float(rng.random()))
    node = 0 if fault == "lost node" else 1
    planning, running = children(jobs[node])[-1:], jobs[node].poll() is None
    if fault in ("stopped node", "lost node"):
        planning.append(jobs[node].pid)
    if "cut" in fault:
        nodes.ip("link", "set", nodes.ends[1], "down", node=1)
        if fault != "cut":
            time.sleep(CUT if fault == "short cut" else LONG_CUT)
            nodes.ip("link", "set", nodes.ends[1], "up", node=1)
    else:
        for number in planning:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGSTOP if fault.startswith("stop") else signal.SIGKILL)
    if fault == "clock":
        for path in (folder / "plan").rglob("*"):
            with suppress(OSError):
                os.utime(path, (time.time() + 3600, time.time() + 3600))
    return running


def finished(jobs: list[subprocess.Popen[bytes]], fault: str, seconds: float) -> str:
    """How both ended; a stopped node goes on when its process has been ended, and the other node has."""
    until = time.monotonic() + seconds
    while any(job.poll() is None for job in jobs) and time.monotonic() < until:
        if fault == "stopped node" and jobs[0].poll() is not None and not _planning(jobs[1]):
            os.kill(jobs[1].pid, signal.SIGCONT)
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


def _planning(job: subprocess.Popen[bytes]) -> bool:
    """Whether a process of a torchrun lives; one that was killed stays as a zombie while torchrun is stopped."""
    for number in children(job):
        with suppress(OSError):
            if Path(f"/proc/{number}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z":
                return True
    return False


def prepare(folder: Path, rng: np.random.Generator) -> planners.Plan:
    """Write the maps, and solve the first by one process."""
    for world in ("map.txt", "other.txt"):
        rows = ["".join(row) for row in np.where(rng.random((SIDE, SIDE)) < 0.1, "#", ".")]
        (folder / world).write_text("\n".join(["+" + rows[0][1:], *rows[1:]]) + "\n", encoding="ascii")
    (folder / "hour_off.c").write_text(HOUR_OFF, encoding="ascii")
    compiler = ["cc", "-shared", "-fPIC", "-o", str(folder / "hour_off.so"), str(folder / "hour_off.c"), "-ldl"]
    subprocess.run(compiler, check=True)
    return solve_in_parts(open_map(str(folder / "map.txt"), slip=0.2), discount=0.999)


def one(number: int, fault: str, rng: np.random.Generator) -> str:
    """Draw a map, let the fault happen, start the job again without it; what came of it."""
    with tempfile.TemporaryDirectory() as name:
        folder, nodes, text = Path(name), Nodes(), ""
        try:
            alone = prepare(folder, rng)
            port, ended, began, notes = 29500 + number, [], time.monotonic(), ""
            for attempt, wrong in enumerate((fault, "none")):
                jobs = [start(nodes, folder, node, fault, attempt, port + 100 * attempt) for node in range(2)]
                struck = time.monotonic()
                if wrong not in (*REFUSED, "none"):
                    hit = strike(wrong, nodes, jobs, folder, rng)
                    struck, notes = time.monotonic(), "" if hit else "; TOO LATE"
                ended.append(finished(jobs, wrong, 3 * LIMIT if fault == LONG else LIMIT))
                notes += f"; gone after {time.monotonic() - struck:.0f} s" if attempt == 0 else ""
                nodes.ip("link", "set", nodes.ends[1], "up", node=1)
                newest = sorted((folder / "plan" / "checkpoint").glob("*/part-00003.f64"))
                if fault == "damaged" and newest and attempt == 0:
                    newest[-1].write_bytes(newest[-1].read_bytes()[:-8] + bytes(8))
            text = (folder / "said-0").read_text(errors="replace")
            told = re.findall(r"^Error: (.{0,60})", text, flags=re.M)
            plan = planners.load_plan(folder / "plan")
            same = all(
                np.array_equal(getattr(plan, each), getattr(alone, each)) for each in ("values", "lower", "upper")
            )
            seconds = time.monotonic() - began
            notes += f"; {seconds:.0f} s; said {len(told)}"
            return f"{'same bits' if same else 'WRONG'}; ended {' then '.join(ended)}{notes}"
        except planners.PlannerError as error:
            again = (folder / "said-1").read_text(errors="replace")
            told = re.findall(r"^(?:Error|Not converged): .*", f"{text}\n{again}", flags=re.M)
            return f"LOST: {error}; {' | '.join(told) or again[-600:]}"
        finally:
            nodes.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="number of the first, to go on with the same seed")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--faults", nargs="+", default=FAULTS, choices=[*FAULTS, LONG])
    options = parser.parse_args()
    if os.environ.get("IN_NAMESPACE") != "1":
        os.execvpe("unshare", ["unshare", "-rn", sys.executable, *sys.argv], {**os.environ, "IN_NAMESPACE": "1"})
    seed = secrets.randbits(32) if options.seed is None else options.seed
    print(f"seed {seed}")
    for number in range(options.first, options.first + options.times):
        rng, fault = np.random.default_rng([seed, number]), options.faults[number % len(options.faults)]
        print(f"{number + 1:3d} {fault}: {one(number, fault, rng)}", flush=True)


if __name__ == "__main__":
    main()
