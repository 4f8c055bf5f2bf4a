"""Time, bytes and memory of 1, 2 and 4 processes; a model of them, and what it says of machines that are not here.

    .venv/bin/python benchmarks/scaling.py        minutes; writes benchmarks/scaling.md

Measured: sweeps of a slippery map by processes on this machine; the sweeps that maps of several sizes take. The model
has three numbers, none of them fitted to what it is checked on: the time of a state in a sweep, taken from one process;
the time of an empty exchange, and the bytes a second of a large one, taken from two processes that do nothing else.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gridworld_env.maps.slices import open_map  # noqa: E402
from planners.distributed import process_group, solve_in_parts  # noqa: E402
from planners.distributed.blocks import Blocks  # noqa: E402
from planners.distributed.joining import joined, on_threads  # noqa: E402

DISCOUNT, SLIP, PARTS, SWEEPS = 0.999, 0.2, 64, 12
SIDE = 1500
SIZES = (100, 200, 400, 800)
CORES, NETWORK_LATENCY, NETWORK_BYTES = 32, 20e-6, 10e9  # of a machine that is assumed: cores, seconds, bytes a second


def write_map(path: Path, side: int) -> None:
    rng = np.random.default_rng(side)
    squares = np.where(rng.random((side, side)) < 0.1, b"#", b".")
    squares[:5, :5] = b"."  # the end is not walled in
    squares[0, 0] = b"+"
    path.write_bytes(b"\n".join(row.tobytes() for row in squares) + b"\n")


def worker(path: str, out: str) -> None:
    """Sweep all parts a number of times; what each process took, to a file."""
    with process_group(), joined(True, 300.0) as processes:
        write_map(Path(f"{out}.{processes.rank}.txt"), 20)
        solve_in_parts(open_map(f"{out}.{processes.rank}.txt", slip=SLIP), discount=0.9)  # compiles, which takes memory
        before = resident()
        blocks = Blocks(open_map(path, slip=SLIP), DISCOUNT, processes, PARTS)
        blocks.sweep()  # brings everything into the caches that it fits in
        blocks.halo.bytes_sent = 0
        sweeping, exchanging = [], []
        with on_threads(processes, 0):
            for _ in range(SWEEPS):
                used = time.process_time()
                for number, (part, place) in enumerate(zip(blocks.parts, blocks.halo.places, strict=True)):
                    blocks.pending[number] = part.sweep(blocks.values[place], DISCOUNT, True)
                sweeping.append(time.process_time() - used)
                processes.largest(np.zeros(1))  # waits for the slowest, so that the exchange is timed alone
                began = time.perf_counter()
                blocks.halo.exchange(blocks.values)
                exchanging.append(time.perf_counter() - began)
        told = {
            "states": blocks.states,
            "sweep": float(np.median(sweeping)),
            "exchange": float(np.median(exchanging)),
            "sent": blocks.halo.bytes_sent / SWEEPS,
            "predicted": blocks.halo.bytes_a_sweep,
            "megabytes": (resident() - before) / 1e6,
            "tables": sum(part.nbytes for part in blocks.parts) / 1e6,
            **network(processes),
        }
        everybody = processes.gather(told)
        if processes.rank == 0:
            Path(out).write_text(json.dumps(everybody), encoding="ascii")


def network(processes: Any) -> dict[str, float]:
    """Seconds of an exchange of one number, and bytes a second of a large one, between neighbours."""
    if processes.size == 1:
        return {}
    other = processes.rank ^ 1
    found = []
    for count, times in ((1, 60), (1 << 20, 12)):
        mine, theirs, seconds = np.zeros(count), np.zeros(count), []
        for _ in range(times):
            processes.largest(np.zeros(1))
            began = time.perf_counter()
            processes.exchange({other: mine}, {other: theirs})
            seconds.append(time.perf_counter() - began)
        found.append(float(np.median(seconds)))
    return {"latency": found[0], "bytes_a_second": 8 * (1 << 20) / (found[1] - found[0])}


def resident() -> float:
    return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def launch(processes: int, path: Path) -> list[dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "told.json")
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        command += [__file__, "--worker", str(path), str(out)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        subprocess.run(command, check=True, env=environment, timeout=timedelta(minutes=9).total_seconds())
        return json.loads(out.read_text(encoding="ascii"))


def sweeps_taken(folder: Path) -> list[tuple[int, int]]:
    """(side, sweeps) of maps solved to 1e-6."""
    found = []
    for side in SIZES:
        write_map(folder / f"{side}.txt", side)
        plan = solve_in_parts(open_map(str(folder / f"{side}.txt"), slip=SLIP), discount=DISCOUNT, parts=PARTS)
        found.append((side, plan.iterations))
    return found


def report(runs: dict[int, list[dict[str, float]]], taken: list[tuple[int, int]]) -> str:
    state = runs[1][0]["sweep"] / runs[1][0]["states"]
    two = runs[2][0]
    latency, rate, copying = two["latency"], two["bytes_a_second"], runs[1][0]["exchange"]
    off = []
    lines = [
        f"| processes | states each | sweep, CPU ms | model | exchange, ms | model | bytes sent a sweep, in all | "
        f"predicted | MB each, beside {PARTS} parts' tables of |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for processes, told in runs.items():
        slowest = max(one["sweep"] for one in told)
        exchange = max(one["exchange"] for one in told)
        most = max(one["states"] for one in told)
        sent, predicted = (sum(one[name] for one in told) for name in ("sent", "predicted"))
        modelled = copying / processes
        if processes > 1:
            modelled += latency + max(one["sent"] for one in told) / rate
            off.append(exchange / modelled)
        megabytes, tables = (max(one[name] for one in told) for name in ("megabytes", "tables"))
        lines.append(
            f"| {processes} | {most:.0f} | {1e3 * slowest:.0f} | {1e3 * most * state:.0f} | {1e3 * exchange:.2f} | "
            f"{1e3 * modelled:.2f} | {sent:.0f} | {predicted:.0f} | {megabytes:.0f}, {tables:.0f} |"
        )
    slope, offset = np.polyfit([side for side, _ in taken], [sweeps for _, sweeps in taken], 1)
    lines += ["", "| side of the map | sweeps to a proven 1e-6 |", "|---|---|"]
    lines += [f"| {side} | {sweeps} |" for side, sweeps in taken]
    return TEXT.format(
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        load=os.getloadavg()[0], side=SIDE, table="\n".join(lines),
        state=1e9 * state, off=" and ".join(f"{times:.1f}" for times in off),
        copying=1e3 * copying, sweeps=SWEEPS, latency=1e6 * latency,
        rate=rate / 1e9, slope=slope, offset=offset, predicted=predictions(state, slope, offset), cores=CORES,
        network_latency=1e6 * NETWORK_LATENCY, network=NETWORK_BYTES / 1e9,
    )  # fmt: skip


def predictions(state: float, slope: float, offset: float) -> str:
    lines = ["| states | nodes | GB a node | compute, ms a sweep | exchange and agreement, ms a sweep | hours in all |"]
    lines.append("|---|---|---|---|---|---|")
    for power in (9, 10, 11):
        side = 10 ** (power / 2)
        for nodes in (8, 64, 1024):
            processes = min(CORES * nodes, side)  # a process has at least a row
            compute = 10**power / processes * state
            # two rows to and from two neighbours, one exchange; an all-reduce of log2(processes) steps there and back
            talk = NETWORK_LATENCY * (1 + 2 * np.log2(processes)) + 2 * 8 * side / NETWORK_BYTES
            sweeps = offset + slope * side
            lines.append(
                f"| 10^{power} | {nodes} | {10**power * 80 / nodes / 1e9:.1f} | {1e3 * compute:.1f} | "
                f"{1e3 * talk:.1f} | {sweeps * (compute + talk) / 3600:.2g} |"
            )
    return "\n".join(lines)


TEXT = """# Scaling

Written by `python benchmarks/scaling.py` on {machine}; load {load:.1f} when it ended, most of it from other
work: times are noisy, and CPU time stands for the sweeps because four processes share two cores.

## Measured here

A map of {side} by {side} squares, 10 % walls, slip 0.2, discount 0.999, in 64 parts; all parts in every sweep, on one
thread a process. The map is read in slices. "Model": states times the {state:.0f} ns of one process; {latency:.0f} us
an exchange and {rate:.2f} GB/s between two processes here, beside {copying:.2f} ms in which one process copies between
its own parts. Medians of {sweeps} sweeps. Memory is what the resident set grew by at its highest, the
slices of the map while they are read included.

{table}

Compute follows the model. Exchanges with two and four processes took {off} times what the model says: on two cores
that other work keeps busy, most of an exchange is waiting for a process that has no core to run on, which is not in the
model; what it says of machines with a core for each process is unchecked.

Bytes are those predicted, exactly: one float64 for each state that some process reads and another computes.
In a solve, parts that the front of values has not reached, or has left, are not swept, so that a sweep takes less.

## Predicted, not measured

For machines that are assumed: {cores} cores, {network_latency:.0f} us and {network:.0f} GB/s a node, a process on each
core, each state as slow as here (cores that share memory bandwidth are slower), 80 bytes a state with the bounds, one
exchange with two neighbours and one agreement of 2 log2(processes) messages a sweep. The number of sweeps is the line
through the second table, {offset:.0f} + {slope:.2f} side, extrapolated far beyond what it was measured on: read the
hours as an order of magnitude, and as an upper end, for all parts are counted in all sweeps.

{predicted}

## What limits it

- Sweeps, not bytes. A value crosses one part a sweep, and where moves can slip back each part has to be swept many
  times: the number of sweeps grows with the side of the map until the discount has taken the distance away.
  `gauss_seidel` on one machine sweeps along the front and takes 40 to 60 sweeps of everything, whatever the size: use
  it while the model fits.
- With a front, the processes far from it wait. Maps with ends all over keep more of them busy.
- With few states a process, agreement: it takes as long as the sweep where a process has some tens of thousands of
  states.
- A part is at least one row of a map, so no more processes than rows have anything to do.
- Entangled rows: what is exchanged is every state that is read elsewhere, up to all of them to all; then bytes limit.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(*options.worker)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_map(folder / "map.txt", SIDE)
        taken = sweeps_taken(folder)
        runs = {processes: launch(processes, folder / "map.txt") for processes in (1, 2, 4)}
    text = report(runs, taken)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
