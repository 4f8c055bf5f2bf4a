"""Large and dense models beside Storm and QuantEcon: solving alone, in alternating calls of one process.

    python benchmarks/large.py [ROUNDS [MODEL DISCOUNT]]        # 3 rounds of the models of "Where we lose"

Seconds of the processor, the median over the rounds with the least and the largest; a round before them, with what is
compiled on first use, does not count. Every solver is asked for 1e-6; ours prove it, QuantEcon and Storm's value
iteration do not. A solver that is not installed is left out.
"""

import importlib
import os
import statistics
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import models
import peers

CASES = (("forest-1000000", 0.9), ("forest-1000000", 0.999), ("random-2500-0.99", 0.9), ("random-2500-0.99", 0.999))
SOLVERS = ("ours tables", "stormpy discounted", "quantecon MPI")
MOST = 20.0  # seconds: who takes longer once is not asked again


def seconds(name: str, discount: float, rounds: int) -> dict[str, list[float]]:
    """Seconds of each solver in each round."""
    model, known = models.build(name, discount), peers.solvers()
    built, found = {}, {}
    for solver in SOLVERS:
        try:
            importlib.import_module(known[solver].module)
        except ImportError:
            continue
        built[solver], found[solver] = known[solver].build(model, discount), []
    for number in range(rounds + 1):
        for solver, given in built.items():
            if found[solver] and max(found[solver]) > MOST:
                continue
            begin = time.process_time()
            known[solver].solve(given, known[solver].method, 1e-6)
            taken = time.process_time() - begin
            if number or taken > MOST:
                found[solver].append(taken)
    return found


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    cases = [(sys.argv[2], float(sys.argv[3]))] if len(sys.argv) > 3 else CASES
    print("| model | discount | solver | seconds |\n|---|---|---|---|")
    for name, discount in cases:
        for solver, taken in seconds(name, discount, rounds).items():
            told = f"{statistics.median(taken):.4f} ({min(taken):.4f} to {max(taken):.4f})"
            print(f"| {name} | {discount} | {solver} | {told} |", flush=True)


if __name__ == "__main__":
    main()
