"""Lin et al. 2018, PacGAN: why packs show what is missing, and the tables beside this package's recorded runs.

D sees m samples at once, so it compares P^m and Q^m. The section's example has P uniform on [0, 1] and two generators
at the same total variation of .2: Q1, uniform on [.2, 1], misses a fifth; Q2 has density .6 below 1/2 and 1.4 above.
Q1^m has no mass where a sample is below .2, and TV(P^m, Q1^m) = 1 - .8^m. Q2's density at a point with k samples below
1/2 is .6^k 1.4^(m - k), so TV(P^m, Q2^m) = sum C(m, k) 2^-m |1 - .6^k 1.4^(m - k)| / 2: packs tell Q1 from P much
sooner. Here both are computed anew from the products of distributions on two and three intervals, atom by atom.
"""

from functools import reduce
from math import comb

import numpy as np
from paper import Row, main, recorded

from gan_lab import RECIPES, truth
from gan_lab.studies.bench.published import PACGAN, PUBLISHED

PAPER = "Lin et al. 2018"
TITLE = "packing: total variation of packs, and the tables"
DIFFERS = (
    "Q1 and Q2 are from memory. Beside the tables stand recorded runs: other networks, 20 to 130 times fewer updates."
)
KNOWN = {"GAN": "minimax", "PacGAN4": "pacgan4"}


def packed(p: list[float], q: list[float], m: int) -> float:
    """TV of the distributions of m samples."""
    return truth.tv(*(reduce(np.kron, [np.array(part)] * m) for part in (p, q)))


def rows() -> list[Row]:
    found = []
    for m in (1, 2, 5, 10):
        even = sum(comb(m, k) * abs(1 - 0.6**k * 1.4 ** (m - k)) for k in range(m + 1)) / 2 ** (m + 1)
        found.append(
            Row(f"packs of {m}: TV of Q1, which misses a fifth", 1 - 0.8**m, packed([0.2, 0.8], [0.0, 1.0], m), 1e-12)
        )
        found.append(
            Row(f"packs of {m}: TV of Q2, which misses nothing", even, packed([0.5, 0.5], [0.3, 0.7], m), 1e-12)
        )
    for line in (line for line in PUBLISHED if line.source == PACGAN and line.method in KNOWN):
        runs = recorded("gan_methods.jsonl", game=line.game, method=KNOWN[line.method])
        modes = float(np.mean([run["live"]["pacgan"]["modes"] for run in runs]))
        why = f"not reproduced: {runs[0]['steps']:,} updates of the paper's 400,000, runs: {len(runs)}"
        found.append(Row(f"{line.game}, {line.method}: modes", line.modes, modes, origin="printed", apart=why))
    for line in (line for line in PUBLISHED if line.source == PACGAN and line.method == "PacGAN4"):
        runs = recorded("gan_mixtures.jsonl", game=line.game, method="ours", steps=RECIPES[line.game].steps)
        scores = {
            name: float(np.mean([run["live"]["pacgan"][name] for run in runs]))
            for name in ("modes", "high_quality", "reverse_kl")
        }
        beside = f"{line.game}, PacGAN4 beside this package's recipe:"
        found += [
            Row(f"{beside} modes", line.modes, scores["modes"], origin="printed", kind="at least"),
            Row(f"{beside} good %", line.high_quality, 100 * scores["high_quality"], origin="printed", kind="at least"),
            Row(f"{beside} reverse KL", line.reverse_kl or 0.0, scores["reverse_kl"], origin="printed", kind="at most"),
        ]
    runs = recorded("gan_digits.jsonl", game="stacked_digits")
    for name, key, given in (("modes", "modes", 1000.0), ("reverse KL", "reverse_kl", 0.06)):
        measured = float(np.mean([run["live"][key] for run in runs]))
        why = "not comparable: digits of 8 x 8, another classifier, no packing"
        found.append(Row(f"1000 stacked digits, PacGAN4: {name}", given, measured, origin="printed", apart=why))
    return found


if __name__ == "__main__":
    main(rows)
