"""What perfect players are told on mixtures drawn at random, and what those are told that lack a mode.

A mixture has 1 to 50 dimensions and 2 to 200 modes, weights down to 1e-4, and modes whose nearest neighbours lie 2 to
30 standard deviations away. Perfect players are to be told that they have converged and that no mode is missing;
players that never sample one mode of share .02, that a mode is.

    nice -n 19 python benchmarks/gan_verdicts.py --count 100 --seed 1

On the pictures of known factors, the same: perfect players, and players that never show one pair of values of two
factors, drawn at random; both told by 2,000 samples.

    nice -n 19 python benchmarks/gan_verdicts.py --count 0 --shapes 100 --seed 1
"""

import argparse
import time
from typing import Any

import numpy as np
import torch
from scipy.spatial.distance import pdist, squareform

from gan_lab import Verdict
from gan_lab.diagnosis.verdicts import verdicts
from gan_lab.games import MixtureGame, ShapesGame
from gan_lab.games.shape_pictures import pairs_of_values
from gan_lab.metrics.duality_gap import evaluate_samples
from gan_lab.payoffs.losses import LOSSES

SHARE = 0.02
LEAST = 1e-4


class Undecided:
    """D = 1/2 everywhere: the best there is against p_g = p."""

    def act(self, samples: Any) -> Verdict:
        """(m,) scores of 0."""
        return Verdict(torch.zeros(len(samples)))


def drawn(rng: np.random.Generator) -> tuple[MixtureGame, int]:
    """A mixture, and the mode of share .02 in it."""
    dimension = int(np.exp(rng.uniform(0, np.log(50.99))))
    modes = int(np.exp(rng.uniform(np.log(2), np.log(200.99))))
    means = rng.normal(size=(modes, dimension))
    weights = rng.dirichlet(np.full(modes, rng.choice([0.3, 1.0, 10.0])))
    weights = np.maximum(weights, LEAST)
    lacking = int(rng.integers(modes))
    weights[lacking] = 0.0
    weights *= (1 - SHARE) / weights.sum()
    weights[lacking] = SHARE
    nearest = (squareform(pdist(means)) + np.diag(np.full(modes, np.inf))).min(axis=1)
    std = float(np.median(nearest) / np.exp(rng.uniform(np.log(2), np.log(30))))
    # one mode exactly over another cannot be missed: the one in question is at least two widths from its neighbour
    std = min(std, float(nearest[lacking]) / 2)
    return MixtureGame(means, std, weights / weights.sum()), lacking


def told(game: MixtureGame, samples: Any, seed: int) -> list[str]:
    """The verdicts on samples beside D = 1/2."""
    row = evaluate_samples(game, Undecided(), samples, np.random.default_rng([seed, 3]), LOSSES["minimax"])
    return verdicts(game, row)


def of_shapes(count: int, first: int) -> str:
    """What is said on pictures, in a sentence."""
    game, pairs = ShapesGame(), pairs_of_values()
    right = [0, 0]
    for seed in range(first, first + count):
        rng = np.random.default_rng([20261130, seed])
        converged, values, collapsed = verdicts(game, game.truth(game.real(game.evaluated, rng), rng))
        yes = converged.startswith("Converged? yes"), "there? yes" in values, collapsed.startswith("Mode collapse? no")
        if not all(yes):
            print(f"seed {seed}; the data themselves: {converged} {values} {collapsed}", flush=True)
        kept = game.images[pairs[rng.integers(len(pairs))][game.shown] == 0]
        samples = kept[rng.integers(len(kept), size=game.evaluated)]
        converged, values, _ = verdicts(game, game.truth(samples, rng))
        no = converged.startswith("Converged? no"), "there? no" in values
        if not all(no):
            print(f"seed {seed}; without a pair: {converged} {values}", flush=True)
        right = [right[0] + all(yes), right[1] + all(no)]
    return (
        f"of {count} draws of pictures the data were told converged, with nothing missing, on {right[0]}, and players "
        f"without a pair of values not converged, with a pair missing, on {right[1]}"
    )


def main() -> None:
    """Draw mixtures, and count what is said."""
    parser = argparse.ArgumentParser(description="Verdicts on mixtures drawn at random.")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the first")
    parser.add_argument("--shapes", type=int, default=0, help="draws of pictures")
    options = parser.parse_args()
    if options.shapes:
        print(of_shapes(options.shapes, options.seed))
    started, right = time.perf_counter(), [0, 0]
    for seed in range(options.seed, options.seed + options.count):
        rng = np.random.default_rng([20261129, seed])
        game, lacking = drawn(rng)
        words = f"seed {seed}: {game.dimension} dimensions, {len(game.means)} modes"
        converged, collapsed = told(game, game.real(game.evaluated, rng), seed)
        fine = converged.startswith("Converged? yes") and collapsed.startswith("Mode collapse? no")
        if not fine:
            print(f"{words}; the data themselves: {converged} {collapsed}", flush=True)
        weights = np.where(np.arange(len(game.means)) == lacking, 0.0, game.weights)
        without = MixtureGame(game.means, game.std, weights / weights.sum())
        missed = told(game, without.real(game.evaluated, rng), seed)[-1]
        if not missed.startswith("Mode collapse? yes"):
            print(f"{words}; without a mode: {missed}", flush=True)
        right = [right[0] + fine, right[1] + missed.startswith("Mode collapse? yes")]
    seconds = time.perf_counter() - started
    print(
        f"of {options.count} mixtures the data were told converged on {right[0]}, and players without a mode of share "
        f"{SHARE} told so on {right[1]}; {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
