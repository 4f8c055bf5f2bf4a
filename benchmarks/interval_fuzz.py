"""Random interval models, held against exact rationals over every policy and every choice of nature's vertices.

    python benchmarks/interval_fuzz.py --models 10000 --seed 0        # discounts 0, 1/2 and 15/16
    python benchmarks/interval_fuzz.py --models 300 --undiscounted

A violation is a bound that some model or policy breaks, or one that is further than twice the tolerance from the best.
"""

import argparse
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.oracles import nature

DISCOUNTS = [Fraction(0), Fraction(1, 2), Fraction(15, 16)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--undiscounted", action="store_true")
    options = parser.parse_args()
    began, wrong = time.process_time(), 0
    for number in range(options.seed, options.seed + options.models):
        sets = nature.random_sets(np.random.default_rng(number), 2, 2, ball=number % 4 == 0)
        discount = Fraction(1) if options.undiscounted else DISCOUNTS[number % 3]
        found = nature.violations(sets, discount)
        wrong += bool(found)
        if found:
            print(f"seed {number}, discount {discount}: {found}"[:300], flush=True)
    print(f"{options.models} models, {wrong} with violations, {time.process_time() - began:.0f} s of processor time")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
