"""Do ranks bring speed? One and two processes on a map and on a maze, side by side; and a simulation of 64.

    .venv/bin/python benchmarks/ranks.py --side 2000              minutes
    .venv/bin/python benchmarks/ranks.py --side 500 --simulate 64

Processor time, as other work keeps these cores busy. The critical path is the sum, over the sweeps, of the processor
time of that process which had most to do: what a run takes on the clock where each process has a core and waits for
nothing else. Both runs have the same parts and end with the same bits, which is checked.

Beside them, what overlapping sweeps and exchanges could save at most: the share of the exchange in a process's own
time, which is copying, and the seconds that it waits in it, most of them for a process that has more to do. And
`planners.solve` on one and two threads: what one machine does without ranks.

The simulation takes the work of one process, part by part and sweep by sweep, deals the parts to so many processes, and
adds the network of `benchmarks/scaling.py`: an exchange with two neighbours and an agreement of 2 log2(processes)
messages a sweep, and the bytes of the rows beside each part.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from scaling import NETWORK_BYTES, NETWORK_LATENCY, write_map  # noqa: E402

import planners  # noqa: E402
from gridworld_env.maps.files import read_map_file  # noqa: E402
from gridworld_env.maps.slices import open_map  # noqa: E402
from planners.distributed import process_group, solve_in_parts  # noqa: E402
from planners.distributed.blocks import Blocks  # noqa: E402
from planners.distributed.halo import Halo  # noqa: E402

SLIP, DISCOUNT = 0.2, 0.999


def write_maze(path: Path, side: int) -> None:
    """A maze without circles, by depth-first search; the goal in a corner."""
    rng, cells = np.random.default_rng(side), side // 2
    squares = np.full((2 * cells + 1, 2 * cells + 1), b"#")
    ways, seen = [(0, 1), (1, 0), (0, -1), (-1, 0)], np.zeros((cells, cells), dtype=bool)
    path_back, seen[0, 0], squares[1, 1] = [(0, 0)], True, b"+"
    while path_back:
        r, c = path_back[-1]
        free = [(a, b) for a, b in ways if 0 <= r + a < cells and 0 <= c + b < cells and not seen[r + a, c + b]]
        if not free:
            path_back.pop()
            continue
        a, b = free[int(rng.integers(len(free)))]
        seen[r + a, c + b], squares[2 * r + 1 + a, 2 * c + 1 + b], squares[2 * r + 1 + 2 * a, 2 * c + 1 + 2 * b] = (
            True,
            b".",
            b".",
        )
        path_back.append((r + a, c + b))
    path.write_bytes(b"\n".join(row.tobytes() for row in squares) + b"\n")


def worker(path: str, out: str, parts: int) -> None:
    """Solve, and tell the processor time of each sweep, and what each part had to do in it."""
    solve_in_parts(open_map(path, slip=SLIP), discount=0.5, tolerance=10.0, parts=parts)  # compiles
    ticks, worked, sweep = [], [], Blocks.sweep
    copying, waiting, exchange = [], [], Halo.exchange

    def timed(self: Halo, values: np.ndarray) -> np.ndarray:
        began, clock = time.thread_time(), time.perf_counter()
        found = exchange(self, values)
        copying.append(time.thread_time() - began)
        waiting.append(time.perf_counter() - clock - copying[-1])
        return found

    def counted(self: Blocks) -> None:
        began = time.thread_time()
        sweep(self)
        ticks.append(time.thread_time() - began)
        worked.append(self.worked)

    Blocks.sweep, Halo.exchange = counted, timed
    with process_group():
        plan = solve_in_parts(open_map(path, slip=SLIP), discount=DISCOUNT, distributed=True, parts=parts)
    told = {"sweeps": ticks, "states": len(plan.values), "sum": float(plan.values.sum()), "error": plan.error_bound}
    told |= {"copying": sum(copying), "waiting": sum(waiting)}
    Path(f"{out}.{os.environ['RANK']}").write_text(json.dumps(told), encoding="ascii")
    np.save(f"{out}.{os.environ['RANK']}.npy", np.array(worked))


def alone(path: str) -> None:
    """`planners.solve`, on as many threads as the environment says."""
    rules: dict[str, Any] = {"slip": SLIP}
    tiny = gym.make("GridWorld-v0", desc=["." * 30] * 29 + ["." * 29 + "+"], **rules)
    planners.solve(tiny, discount=0.9, method="gauss_seidel")  # compiles
    model: Any = gym.make("GridWorld-v0", **read_map_file(Path(path)), **rules).unwrapped
    used, clock = time.process_time(), time.perf_counter()
    planners.solve(model.mdp, discount=DISCOUNT)
    used, clock = time.process_time() - used, time.perf_counter() - clock
    threads = os.environ["NUMBA_NUM_THREADS"]
    print(f"  planners.solve on {threads} threads: {clock:.2f} s on the clock, {used:.2f} s of processor time")


def launch(processes: int, path: Path, out: Path, parts: int) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", __file__]
    command += ["--worker", str(path), str(out), "--parts", str(parts)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment)
    return [json.loads(Path(f"{out}.{rank}").read_text(encoding="ascii")) for rank in range(processes)]


def simulated(ticks: np.ndarray, worked: np.ndarray, processes: int, side: int) -> tuple[float, float]:
    """How many times as fast so many processes are: without a network, and with one."""
    parts = worked.shape[1]
    seconds = sum(ticks) / worked.sum()  # of a part in a sweep
    busiest = np.max([worked[:, rank::processes].sum(axis=1) for rank in range(processes)], axis=0)
    talk = NETWORK_LATENCY * (1 + 2 * np.log2(processes)) + 2 * 8 * side * -(-parts // processes) / NETWORK_BYTES
    return worked.sum() / busiest.sum(), sum(ticks) / (busiest.sum() * seconds + len(worked) * talk)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=500)
    parser.add_argument("--parts", type=int, default=64)
    parser.add_argument("--kinds", nargs="+", default=["map", "maze"])
    parser.add_argument("--simulate", type=int, default=0, help="processes to simulate, in the place of a run of two")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        alone(options.alone)
        return
    if options.worker:
        path, out = options.worker
        worker(path, out, options.parts)
        return
    with tempfile.TemporaryDirectory() as name:
        for kind in options.kinds:
            path = Path(name, f"{kind}.txt")
            (write_map if kind == "map" else write_maze)(path, options.side)
            (one,) = launch(1, path, Path(name, "one"), options.parts)
            ticks = np.array(one["sweeps"])
            print(f"{kind} of {options.side} squares a side, {one['states']} states, {options.parts} parts")
            print(f"  1 process: {len(ticks)} sweeps, {ticks.sum():.2f} s of processor time")
            if options.simulate:
                found = simulated(ticks, np.load(Path(name, "one.0.npy")), options.simulate, options.side)
                print(f"  {options.simulate} simulated: {found[0]:.1f} times as fast, {found[1]:.1f} with the network")
                continue
            two = launch(2, path, Path(name, "two"), options.parts)
            each = np.array([rank["sweeps"] for rank in two])
            own, busiest = ", ".join(f"{seconds:.2f}" for seconds in each.sum(axis=1)), each.max(axis=0).sum()
            assert one["error"] == two[0]["error"]
            print(f"  2 processes: {own} s of processor time; critical path {busiest:.2f} s,", end=" ")
            print(f"{ticks.sum() / busiest:.2f} times as fast")
            for rank in two:
                share, waits = rank["copying"] / sum(rank["sweeps"]), rank["waiting"]
                print(f"    exchange: {share:.1%} of its processor time; {waits:.2f} s of waiting in it")
            for threads in ("1", "2"):
                environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_NUM_THREADS": threads}
                subprocess.run([sys.executable, __file__, "--alone", str(path)], check=True, env=environment)


if __name__ == "__main__":
    main()
