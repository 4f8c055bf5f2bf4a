"""Srivastava et al. 2017, VEEGAN: tables of a ring, a grid and stacked digits, beside this package's recorded runs.

Nothing is trained here: the numbers are read from `benchmarks/gan_*.jsonl`, whose commands are in `gan_mixtures.md`.
The protocol is the paper's: 2,500 samples, a mode counts where a sample lies within three standard deviations, and a
sample is good there. Of a Gaussian in two dimensions 1 - exp(-9 / 2) = 98.89 % lies within three standard deviations,
so the data themselves have no more. Shares of K modes counted in n draws have a KL of about (K - 1) / (2 n) to the
true ones.
"""

import numpy as np
from paper import Row, main, recorded
from scipy.special import rel_entr

from gan_lab import RECIPES
from gan_lab.games import ring
from gan_lab.studies.bench.published import PUBLISHED, VEEGAN

PAPER = "Srivastava et al. 2017"
TITLE = "modes of a ring and a grid"
DIFFERS = "VEEGAN itself is not rebuilt: another method, network and number of updates stand beside its table."
KNOWN = {"GAN": "minimax", "Unrolled GAN": "unrolled5"}


def mean(runs: list[dict], name: str) -> float:
    """Of runs scored by the paper's protocol."""
    return float(np.mean([run["live"]["veegan"][name] for run in runs]))


def rows() -> list[Row]:
    found = []
    for line in PUBLISHED:
        if line.source != VEEGAN:
            continue
        name = f"{line.game}, {line.method}: modes"
        if line.method == "VEEGAN":
            runs = recorded("gan_mixtures.jsonl", game=line.game, method="ours", steps=RECIPES[line.game].steps)
            name += f", beside this package's recipe ({len(runs)} runs of {runs[0]['steps']:,} updates)"
            found.append(Row(name, line.modes, mean(runs, "modes"), origin="printed", kind="at least"))
            good = 100 * mean(runs, "high_quality")
            found.append(
                Row(f"{line.game}: good %, the same", line.high_quality, good, origin="printed", kind="at least")
            )
            found.append(Row(f"{line.game}: good %, beside 100 (1 - exp(-9 / 2))", 100 * (1 - np.exp(-4.5)), good, 1.0))
        elif runs := recorded("gan_methods.jsonl", game=line.game, method=KNOWN.get(line.method)):
            why = f"not reproduced: {runs[0]['steps']:,} updates at a rate of .001, runs: {len(runs)}"
            found.append(Row(name, line.modes, mean(runs, "modes"), origin="printed", apart=why))
    runs, why = (
        recorded("gan_digits.jsonl", game="stacked_digits"),
        "not comparable: digits of 8 x 8, another classifier",
    )
    for name, key, given in (("modes", "modes", 150.0), ("reverse KL", "reverse_kl", 2.95)):
        measured = float(np.mean([run["live"][key] for run in runs]))
        found.append(Row(f"1000 stacked digits, VEEGAN: {name}", given, measured, origin="printed", apart=why))
    rng, game = np.random.default_rng(3), ring()
    shares = rng.multinomial(2500, np.full(8, 1 / 8), size=4000) / 2500
    drawn = float(rel_entr(shares, 1 / 8).sum(axis=1).mean())
    exact = mixture_share(game.real(200_000, rng), game.means, 3 * 0.01)
    return [
        *sorted(found, key=lambda row: "VEEGAN" not in row.what),
        Row("KL of 2,500 draws of 8 equal modes: 7 / 5000", 7 / 5000, drawn, 6e-5),  # standard error 1.2e-5
        Row("good % of 200,000 data", 100 * (1 - np.exp(-4.5)), 100 * exact, 0.12),  # five standard errors
    ]


def mixture_share(samples: np.ndarray, means: np.ndarray, reach: float) -> float:
    """The share of samples within reach of a mean."""
    return float((np.linalg.norm(samples[:, None] - means, axis=2).min(axis=1) < reach).mean())


if __name__ == "__main__":
    main(rows)
