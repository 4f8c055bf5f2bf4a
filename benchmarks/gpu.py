"""What a solve on a GPU takes, and one sweep beside a copy; `python benchmarks/gpu.py --device cuda --side 10600`.

On the CPU, `--device torch:cpu --side 300`, one sweep also stands beside the compiled one of `gauss_seidel`; there
set NUMBA_NUM_THREADS=1 and OMP_NUM_THREADS=1, or PyTorch and Numba wait for each other's threads on a busy machine.
It prints an estimate for an H100 from bytes alone, too; benchmarks/gpu.md has what a GPU took.
"""

import argparse
import time
from collections.abc import Callable

import models
import numpy as np
import torch

from planners import MoveMDP
from planners.gpu.device_sweeps import DeviceSweeps
from planners.gpu.solving import open_device
from planners.iteration.loop import run_iterates
from planners.sweeps.batch_sweeps import make_lead, sibling
from planners.sweeps.rounds import rounds
from planners.sweeps.variants import Variant

H100 = 3.35e12  # bytes a second, nominal
SHARE = 0.6  # of it, that a sweep is hoped to reach


def best_of(work: Callable[[], object], device: torch.device, times: int = 7) -> float:
    work()
    seconds = []
    for _ in range(times):
        wait(device)
        begin = time.perf_counter()
        work()
        wait(device)
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def copy_bandwidth(device: torch.device) -> float:
    """Bytes a second, read and written, of a copy that no cache holds."""
    source = torch.zeros(2**28 if device.type == "cuda" else 2**24, device=device)
    target = torch.empty_like(source)
    return 8.0 * len(source) / best_of(lambda: target.copy_(source), device)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="torch:cpu")
    parser.add_argument("--side", type=int, default=300)
    parser.add_argument("--discount", type=float, default=0.999)
    options = parser.parse_args()
    device = open_device(options.device)
    model = models.build(f"walls-{options.side}")
    assert isinstance(model, MoveMDP)
    begin = time.perf_counter()
    member = Variant(model, options.discount)
    lead = make_lead([member])
    front = DeviceSweeps([sibling(lead, member)], device)
    arranged = time.perf_counter() - begin

    spent = {"_begin": 0.0, "_sweep": 0.0}

    def timed(name: str) -> Callable[..., None]:
        work = getattr(front, name)

        def measured(*arguments: object) -> None:
            begin = time.perf_counter()
            work(*arguments)
            wait(device)
            spent[name] += time.perf_counter() - begin

        return measured

    for name in spent:
        setattr(front, name, timed(name))
    begin = time.perf_counter()
    plan = run_iterates(front, rounds(front, 1e-6), method="", tolerance=1e-6, max_iterations=10**6, progress=False)
    total = time.perf_counter() - begin
    states, moves, actions = front.order.computed, model.num_moves, model.num_actions
    moved = 4 * (moves + actions + 2) + (0 if model.kind is None else 1)
    sweeps = front.sweeps_on_device
    fused = getattr(sweeps, "fused", None) is not None
    one = best_of(lambda: sweeps.sweep(0, states, 16, front.block), device) / 16
    copied = copy_bandwidth(device)
    print(f"{states} states to sweep, {front.where}, fused kernel: {fused}, {plan.status.name}, {plan.error_bound:.1e}")
    print(f"arranging {arranged:.2f} s; solve {total:.2f} s: sweeps {spent['_sweep']:.2f} s, first values and their")
    print(f"way to the device {spent['_begin']:.2f} s, proofs on the CPU and the rest")
    print(f"{front.sweeps:.0f} sweeps, {moved} bytes a state a sweep; one takes {one / states * 1e9:.3g} ns a state")
    print(f"{moved * states / one / 1e9:.1f} GB/s, {moved * states / one / copied:.0%} of a copy ({copied / 1e9:.1f})")
    if device.type == "cpu":
        beside = compiled_sweep(lead, options.discount) / states
        seconds = front.sweeps * 1e8 * moved / (SHARE * H100)
        print(f"predicted, not measured: 10^8 states, as many sweeps, {SHARE:.0%} of an H100's memory: {seconds:.2f} s")
        print(f"the compiled sweep of gauss_seidel: {beside * 1e9:.2f} ns a state, 1 / {one / states / beside:.0f}")


def compiled_sweep(lead: object, discount: float) -> float:
    """Seconds of one sweep over all states, on one thread, in float64 and in place."""
    from planners.kernels.moves import sweep_arrivals
    from planners.sweeps.move_sweeps import MoveSweeps

    assert isinstance(lead, MoveSweeps)
    lead.values[:] = np.nan_to_num(lead.values)
    lead.arrival[:] = lead.entering + discount * lead.values
    return best_of(lambda: sweep_arrivals(lead.swept_tables, lead.values, 0, lead.order.computed), torch.device("cpu"))


if __name__ == "__main__":
    main()
