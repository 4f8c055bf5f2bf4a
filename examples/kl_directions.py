"""The two directions of KL: one Gaussian fitted to two modes covers them by maximum likelihood, and misses one by
reverse KL and as a GAN.

    python examples/kl_directions.py --out kl_directions.png

The first three fits minimise a divergence that is integrated numerically; the last is a GAN that was trained, with
an affine generator x = a z + b, so that its samples are Gaussian too.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import gan_lab
from gan_lab.games import MixtureGame
from gan_lab.metrics.mode_fits import GRID, TwoModes, fit_gaussian, log_gaussian
from gan_lab.networks.perceptrons import perceptron

DISTANCE = 5.0
FITS = {
    "kl": "KL(data || model): maximum likelihood covers",
    "reverse_kl": "KL(model || data) misses",
    "jsd": "Jensen-Shannon, a GAN's aim, misses",
}


def train_gan(seed: int, steps: int) -> tuple[float, float]:
    """(mean, standard deviation) of the samples of a trained affine generator."""
    game = MixtureGame([[-DISTANCE], [DISTANCE]], std=1.0, name="two modes", noise_size=1)
    torch.manual_seed(seed)
    generator = gan_lab.Generator(torch.nn.Linear(1, 1), gan_lab.adam(5e-3))
    discriminator = gan_lab.Discriminator(perceptron([1, 64, 64, 1]), gan_lab.adam(5e-3))
    run = gan_lab.train(game, generator, discriminator, penalty="r1", penalty_weight=0.02, steps=steps, seed=seed,
                        truth_every=steps)  # fmt: skip
    samples = run.sample(20_000, seed)
    return float(samples.mean()), float(samples.std())


def draw(fits: dict[str, tuple[float, float]], file: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    data = np.exp(TwoModes(DISTANCE).log_density())
    for axes, (title, (mean, std)) in zip(
        figure.subplots(2, 2, sharex=True, sharey=True).flat, fits.items(), strict=True
    ):
        axes.fill_between(GRID, data, color="#0072b2", alpha=0.3, linewidth=0, label="data")
        axes.plot(GRID, np.exp(log_gaussian(mean, std)), color="#d55e00", label=f"N({mean:.1f}, {std:.1f}$^2$)")
        axes.set(title=title, xlim=(-14, 14), ylim=(0, 0.45))
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper right")
    figure.supylabel("density")
    figure.savefig(file, dpi=100)


def main(arguments: list[str] | None = None) -> dict[str, tuple[float, float]]:
    parser = argparse.ArgumentParser(description="One Gaussian fitted to two modes, by each divergence.")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("kl_directions.png"))
    options = parser.parse_args(arguments)
    fits = {title: fit_gaussian(TwoModes(DISTANCE), by) for by, title in FITS.items()}
    fits["a GAN, trained, misses"] = train_gan(options.seed, options.steps)
    for title, (mean, std) in fits.items():
        print(f"{title:<48}mean {mean:6.2f}   standard deviation {std:5.2f}")
    draw(fits, options.out)
    print(f"wrote {options.out}")
    return fits


if __name__ == "__main__":
    main()
