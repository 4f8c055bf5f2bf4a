"""How often the sets that data prove miss the truth: five worlds, three kinds of sets, with a binomial test.

    python benchmarks/interval_coverage.py --repetitions 10000         # samples of each pair decided beforehand
    python benchmarks/interval_coverage.py --repetitions 1000 --walks  # steps one after the other: visits are random

For each: in how many repetitions the true model lies outside the sets, in how many V* of some state lies outside the
bounds, and the probability of so many or more where a repetition misses with the probability 1 - confidence exactly.
The claim is refuted where that is tiny.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from planners.learning.estimated_sets import SETS
from tests.oracles import sampling

CONFIDENCE = 0.95


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=50, help="of each pair; or steps of each pair of a walk")
    parser.add_argument("--walks", action="store_true")
    options = parser.parse_args()
    refuted = 0
    print(f"{'world':<20}{'sets':<11}{'model outside':>14}{'V* outside':>12}{'p-value':>9}  of {options.repetitions}")
    for number, world in enumerate(sampling.worlds()):
        rng, began = np.random.default_rng(number), time.process_time()
        missed = dict.fromkeys(SETS, 0), dict.fromkeys(SETS, 0)
        for _ in range(options.repetitions):
            steps = options.samples * world.model.rewards.size
            seen = (
                sampling.walked(world, steps, rng) if options.walks else sampling.sampled(world, options.samples, rng)
            )
            for sets in SETS:
                found = sampling.is_outside(world, seen, sets, "random" if options.walks else "fixed", CONFIDENCE)
                for counts, outside in zip(missed, found, strict=True):
                    counts[sets] += outside
        for sets in SETS:
            test = binomtest(missed[0][sets], options.repetitions, 1.0 - CONFIDENCE, alternative="greater")
            refuted += test.pvalue < 1e-6
            print(f"{world.name:<20}{sets:<11}{missed[0][sets]:>14}{missed[1][sets]:>12}{test.pvalue:>9.2g}")
        print(f"  {time.process_time() - began:.0f} s of processor time", flush=True)
    print("refuted" if refuted else f"no claim of confidence {CONFIDENCE} is refuted")
    return int(refuted > 0)


if __name__ == "__main__":
    sys.exit(main())
