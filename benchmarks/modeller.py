"""Models as practitioners have them, beside QuantEcon and MDPSolver: memory and seconds, and the speed of simulation.

    .venv/bin/python benchmarks/modeller.py        some minutes; prints tables
    .venv/bin/python benchmarks/modeller.py sweep  how much faster `planners.sweep` is than solving one by one

Every solver runs in a process of its own, one after the other, on one thread. Each is given the same lists of pairs;
the memory is the peak of the process over what it held when these had been made, and a small model been solved, so that
all is loaded and compiled. Seconds are of the processor. A solver that is not installed is left out. Linux only.
"""

import ctypes
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

DISCOUNT = 0.95
PRICES = 10_000
SOLVERS = ("planners", "quantecon", "mdpsolver")
Pairs = tuple[Any, sparse.csr_array, Any, Any]


def pricing(states: int) -> Pairs:
    """One state of 10,000 prices, of which a buyer takes p with probability 1 - p; the other states have one action."""
    state = np.concatenate([np.zeros(PRICES, dtype=np.int64), np.arange(1, states)])
    action = np.concatenate([np.arange(PRICES), np.zeros(states - 1, dtype=np.int64)])
    price = np.arange(PRICES) / PRICES
    rows = np.concatenate([np.repeat(np.arange(PRICES), 2), np.arange(PRICES, PRICES + states - 1)])
    onward = np.minimum(np.arange(2, states + 1), states - 1)
    columns = np.concatenate([np.tile([1, 0], PRICES), onward])
    data = np.concatenate([np.stack([1 - price, price], axis=1).ravel(), np.ones(states - 1)])
    Q = sparse.csr_array((data, (rows, columns)), shape=(len(state), states))
    return np.concatenate([price * (1 - price), np.zeros(states - 1)]), Q, state, action


def products(side: int) -> Pairs:
    """Two products: order neither, one, the other or both; each is sold with probability .6."""
    pairs = np.arange(side * side * 4)
    state, action = np.divmod(pairs, 4)
    stocks = np.divmod(state, side)
    orders = np.divmod(action, 2)
    rewards, entries = np.zeros(len(pairs)), []
    after = [np.minimum(stock + order, side - 1) for stock, order in zip(stocks, orders, strict=True)]
    for stock, order, full, price in zip(stocks, orders, after, (5.0, 7.0), strict=True):
        rewards += 0.6 * price * (full > 0) - 0.01 * stock - 2.0 * order
    for sold in np.ndindex(2, 2):
        probability = np.prod([0.6 if one else 0.4 for one in sold])
        to = [np.maximum(full - one, 0) for full, one in zip(after, sold, strict=True)]
        entries.append((np.full(len(pairs), probability), pairs, to[0] * side + to[1]))
    data, rows, columns = (np.concatenate(part) for part in zip(*entries, strict=True))
    Q = sparse.csr_array(sparse.coo_array((data, (rows, columns)), shape=(len(pairs), side * side)))
    Q.sum_duplicates()
    return rewards, Q, state, action


PROBLEMS: dict[str, Callable[[], Pairs]] = {
    "pricing, 1,002 states": lambda: pricing(1002),
    "pricing, 100,002 states": lambda: pricing(100_002),
    "two products, 99,856 states": lambda: products(316),
}


def by_planners(R: Any, Q: Any, state: Any, action: Any) -> Callable[[], float]:
    import planners

    model = planners.TabularMDP.from_state_action_pairs(R, Q, state, action)
    return lambda: float(planners.solve(model, discount=DISCOUNT, tolerance=1e-6).values[0])


def by_quantecon(R: Any, Q: Any, state: Any, action: Any) -> Callable[[], float]:
    from quantecon.markov import DiscreteDP

    model = DiscreteDP(R, sparse.csr_matrix(Q), DISCOUNT, state, action)
    return lambda: float(model.solve(method="modified_policy_iteration", epsilon=1e-6).v[0])


def by_mdpsolver(R: Any, Q: Any, state: Any, action: Any) -> Callable[[], float]:
    import mdpsolver

    first = np.searchsorted(state, np.arange(Q.shape[1] + 1))
    ends, columns, data = Q.indptr, Q.indices.tolist(), Q.data.tolist()
    rows = [range(first[s], first[s + 1]) for s in range(Q.shape[1])]
    model = mdpsolver.model()
    model.mdp(
        discount=DISCOUNT,
        rewards=[[float(R[row]) for row in here] for here in rows],
        tranMatProbs=[[data[ends[row] : ends[row + 1]] for row in here] for here in rows],
        tranMatColumns=[[columns[ends[row] : ends[row + 1]] for row in here] for here in rows],
    )

    def solve() -> float:
        model.solve(tolerance=1e-6)
        return float(model.getValue(0))

    return solve


def held() -> float:
    """MB that the process holds, after what was freed is given back; its peak begins anew."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _status(name: str) -> float:
    return int(Path("/proc/self/status").read_text().split(f"{name}:")[1].split()[0]) / 1024.0


def measure(problem: str, solver: str) -> dict[str, Any]:
    pairs = PROBLEMS[problem]()
    try:
        __import__("quantecon.markov" if solver == "quantecon" else solver)
    except ModuleNotFoundError:
        return {"why": "not installed"}
    by = {"planners": by_planners, "quantecon": by_quantecon, "mdpsolver": by_mdpsolver}[solver]
    by(*products(40))()  # so that all is loaded and compiled
    before = held()
    try:
        begin = time.process_time()
        solve = by(*pairs)
        making = time.process_time() - begin
        begin = time.process_time()
        value = solve()
    except MemoryError as error:
        return {"why": str(error).split(",")[0] if "needs" not in str(error) else "refused: " + str(error)[:110]}
    seconds = time.process_time() - begin
    return {"making": making, "seconds": seconds, "memory": _status("VmHWM") - before, "value": value}


def alone(*arguments: str) -> dict[str, Any]:
    """What a process of its own says."""
    environment = {**os.environ, "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"why": done.stderr[-120:]}


def simulation() -> None:
    """Steps a second of one core, of the inventory of Puterman's Section 3.2 under a random policy."""
    import planners

    model = planners.TabularMDP.from_functions(
        range(4),
        lambda stock: range(4 - stock),
        lambda s, a: [(p, max(s + a - d, 0), 1.0 * (s - a)) for d, p in ((0, 0.25), (1, 0.5), (2, 0.25))],
    )
    policy = model.feasible / model.feasible.sum(axis=1, keepdims=True)
    options: dict[str, Any] = {"discount": 0.99, "seed": 1}
    planners.simulate(model, policy, episodes=100, **options)
    begin = time.process_time()
    steps = planners.simulate(model, policy, episodes=20_000, **options).steps
    print(json.dumps({"rate": steps / (time.process_time() - begin)}))


def sweeps() -> None:
    """How much faster `sweep` is than solving one by one: 20 costs of ordering, in stocks of several sizes."""
    from dataclasses import replace

    import planners

    for size in (20, 100, 1000, 5000):
        model = planners.TabularMDP.from_functions(
            range(size),
            lambda s, size=size: range(min(size - s, 8)),
            lambda s, a: [(1 / 6, max(s + a - d, 0), 8.0 * min(s + a, d) - 0.3 * (s + a)) for d in range(6)],
        )
        orders = np.where(model.feasible, np.arange(model.num_actions) > 0, 0.0)
        models = {k: replace(model, rewards=model.rewards - k * orders) for k in np.linspace(1, 8, 20)}
        seconds = {"one by one": np.inf, "sweep": np.inf}
        for _ in range(4):
            begin = time.process_time()
            for one in models.values():
                planners.solve(one, discount=0.98)
            middle = time.process_time()
            planners.sweep(models.__getitem__, models, discount=0.98)
            for name, taken in (("one by one", middle - begin), ("sweep", time.process_time() - middle)):
                seconds[name] = min(seconds[name], taken)
        times = ", ".join(f"{name} {taken / 20 * 1e3:.2f} ms a plan" for name, taken in seconds.items())
        print(f"{size} states: {times}; {seconds['one by one'] / seconds['sweep']:.1f} times faster", flush=True)


def main() -> None:
    print("| model | solver | making, s | solving, s | memory, MB | V(0) |")
    print("|---|---|---|---|---|---|")
    for problem in PROBLEMS:
        for solver in SOLVERS:
            found = alone(problem, solver)
            numbers = found.get("why") or " | ".join(
                [f"{found['making']:.2f}", f"{found['seconds']:.2f}", f"{found['memory']:.0f}", f"{found['value']:.6f}"]
            )
            print(f"| {problem} | {solver} | {numbers} |", flush=True)
    print(f"\nSimulation: {alone('simulation').get('rate', 0.0) / 1e6:.0f} million steps a second on one core.")


if __name__ == "__main__":
    if sys.argv[1:] == ["simulation"]:
        simulation()
    elif sys.argv[1:] == ["sweep"]:
        sweeps()
    elif len(sys.argv) == 3:
        print(json.dumps(measure(*sys.argv[1:])))
    else:
        main()
