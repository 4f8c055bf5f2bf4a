"""GANs beside a VAE on the same data: what covers and blurs, what is sharp and misses, and what needs a density.

    python examples/gan_beside_vae.py --out .

Draws three pictures. `gan_beside_vae.png`: samples of five models of eight modes; the VAE's decoder and the GANs'
generators are the same network. `two_directions.png`: one Gaussian for two modes, by the ELBO and by the game, both
trained, beside the minimisers of the two divergences. `vanishing_noise.png`: a VAE whose decoder's noise goes to 0,
until it is the deterministic x = G(z) of a GAN.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

import gan_lab
from gan_lab.games import MixtureGame, ring
from gan_lab.metrics.mode_fits import GRID, TwoModes, fit_gaussian, log_gaussian
from gan_lab.networks.perceptrons import FourierFeatures, Scaled, perceptron
from gan_lab.vae import NeuralVAE
from gan_lab.vae.vanishing_noise import VanishingNoise, vanishing_noise, vanishing_noise_trained

EIGHT = ring(8, std=0.05, name="eight modes")
TWO = MixtureGame([[-5.0], [5.0]], std=1.0, name="two modes", noise_size=1)
STDS = (0.3, 0.1, 0.03, 0.01, 0.003)
HIDDEN, OCTAVES = (64, 64), 3
BLUE, ORANGE = "#0072b2", "#d55e00"
GANS: dict[str, dict[str, Any]] = {
    "GAN, minimax": {"loss": "minimax", "penalty": None},
    "GAN, relativistic, R1 + R2": {"loss": "relativistic", "penalty": "r1r2", "penalty_weight": 0.02},
}
SHOWN = ("log_likelihood", "kl", "reconstruction", "missed", "far", "distance", "precision", "recall", "coverage")


def players(seed: int) -> dict[str, Any]:
    """A generator of the VAE's decoder network, and a discriminator that sees detail."""
    torch.manual_seed(seed)
    features, momenta = FourierFeatures(OCTAVES, scale=EIGHT.scale), (0.5, 0.999)
    judge = torch.nn.Sequential(features, perceptron([features.size(2), *HIDDEN, 1]))
    generator = Scaled(perceptron([EIGHT.noise_size, *HIDDEN, 2]), EIGHT.scale)
    return {
        "generator": gan_lab.Generator(generator, gan_lab.adam(1e-3, momenta)),
        "discriminator": gan_lab.Discriminator(judge, gan_lab.adam(1e-3, momenta)),
    }


def compare(steps: int, seed: int) -> dict[str, tuple[Any, dict[str, float]]]:
    """(samples, figures) of the data, the linear VAE, the VAE and both GANs."""
    found = {}
    for name, settings in GANS.items():
        both = gan_lab.beside_vae(EIGHT, steps=steps, seed=seed, truth_every=steps, **players(seed), **settings)
        for column, figures in both.columns.items():
            found[name if column == "GAN" else column] = both.samples[column], figures
    return found


def fit_vae(steps: int, seed: int) -> tuple[float, float]:
    """(mean, standard deviation) of the samples of a trained x = a z + b + noise of width 1."""
    torch.manual_seed(seed)
    vae = NeuralVAE(1, 1, (), scale=5.0, std=1.0, optimizer=gan_lab.adam(2e-2, (0.9, 0.999)))
    drawn = gan_lab.train_vae(TWO, vae, steps=steps, seed=seed, truth_every=steps).sample(50_000, seed)
    return float(drawn.mean()), float(drawn.std())


def fit_gan(steps: int, seed: int) -> tuple[float, float]:
    """(mean, standard deviation) of the samples of a trained x = a z + b."""
    torch.manual_seed(seed)
    generator = gan_lab.Generator(torch.nn.Linear(1, 1), gan_lab.adam(5e-3))
    discriminator = gan_lab.Discriminator(perceptron([1, *HIDDEN, 1]), gan_lab.adam(5e-3))
    run = gan_lab.train(TWO, generator, discriminator, penalty="r1", penalty_weight=0.02, steps=steps, seed=seed,
                        truth_every=steps)  # fmt: skip
    drawn = run.sample(50_000, seed)
    return float(drawn.mean()), float(drawn.std())


def take_noise_away(steps: int, seed: int) -> tuple[VanishingNoise, VanishingNoise]:
    """The linear VAE, exact, and the neural one, trained at each level of noise."""
    data = EIGHT.real(5000, np.random.default_rng(seed))
    return vanishing_noise(data, 1, STDS), vanishing_noise_trained(EIGHT, STDS, steps=steps, seed=seed)


def new_figure(width: float, height: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", dpi=100)
    FigureCanvasAgg(figure)
    return figure


def draw_samples(found: dict[str, tuple[Any, dict[str, float]]]) -> Any:
    from matplotlib.patches import Circle

    figure = new_figure(12, 3.2)
    for axes, (name, (samples, figures)) in zip(figure.subplots(1, len(found)), found.items(), strict=True):
        for mean in EIGHT.means:
            axes.add_patch(Circle(mean, 3 * EIGHT.std, facecolor="none", edgecolor=BLUE, linewidth=1.2, zorder=3))
        axes.scatter(*samples.T, s=2.5, color=ORANGE, alpha=0.4, linewidths=0, rasterized=True)
        axes.set_title(name, fontsize=11)
        missed = f"misses {figures['missed']:.0f} of 8" if figures["missed"] else "misses none"
        axes.set_xlabel(f"{missed}; {figures['far']:.0%} outside", fontsize=11)
        axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=[], yticks=[])
        axes.spines[:].set_color("0.8")
    return figure


def draw_directions(trained: dict[str, tuple[float, float]]) -> Any:
    figure = new_figure(9, 2.9)
    two = TwoModes(5.0)
    titles = {"kl": "a VAE: KL(data || model) covers", "jsd": "a GAN: Jensen-Shannon misses"}
    for axes, (by, fit) in zip(figure.subplots(1, 2, sharey=True), trained.items(), strict=True):
        mean, std = fit_gaussian(two, by)
        if mean * fit[0] < 0:
            mean = -mean  # both modes are as good; the best one is shown where the trained one is
        axes.fill_between(GRID, np.exp(two.log_density()), color=BLUE, alpha=0.3, linewidth=0, label="data")
        axes.plot(GRID, np.exp(log_gaussian(*fit)), color=ORANGE, label=f"trained: {named(*fit)}")
        axes.plot(GRID, np.exp(log_gaussian(mean, std)), "--", color="0.2", label=f"best: {named(mean, std)}")
        axes.set(title=titles[by], xlim=(-14, 14), ylim=(0, 0.5), xlabel="x")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper right" if fit[0] < 0 else "upper left", fontsize=9)
    figure.supylabel("density")
    return figure


def named(mean: float, std: float) -> str:
    return f"N({round(mean, 1) + 0.0:.1f}, {std:.1f}$^2$)"  # no -0.0


def draw_noise(linear: VanishingNoise, neural: VanishingNoise) -> Any:
    figure = new_figure(9, 3.1)
    left, right = figure.subplots(1, 2)
    for rows, name, marker in ((linear, "linear, exact", "o"), (neural, "neural, trained", "s")):
        stds = rows.column("std")
        left.plot(stds, rows.column("log_p_data"), f"{marker}-", color=BLUE, label=f"of the data ({name})")
        left.plot(stds, rows.column("log_p_manifold"), f"{marker}--", color=ORANGE, label=f"of points f(z) ({name})")
        right.plot(stds, rows.column("gradient"), f"{marker}-", color=BLUE, label=f"|x - f(z)| / std$^2$ ({name})")
        right.plot(stds, rows.column("posterior_std"), f"{marker}--", color=ORANGE, label=f"std of z given x ({name})")
    left.set_yscale("symlog", linthresh=10)
    left.set(title="log p(x), nats a point", ylim=(-5e6, 300))
    right.set(yscale="log", title="what the encoder and the decoder feel", ylim=(1e-3, 1e8))
    for axes in (left, right):
        axes.set(xscale="log", xlabel="the decoder's noise, towards x = G(z)")
        axes.invert_xaxis()
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="lower left" if axes is left else "upper left")
    return figure


def table(found: dict[str, tuple[Any, dict[str, float]]]) -> str:
    """A line for each model; what a model does not have is a dash."""
    lines = [f"{'':<28}" + "".join(f"{name:>15}" for name in SHOWN)]
    for name, (_, figures) in found.items():
        lines.append(f"{name:<28}" + "".join(f"{figures[k]:>15.4g}" if k in figures else f"{'-':>15}" for k in SHOWN))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description="GANs beside a VAE on the same data.")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(), help="Folder of the pictures.")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    models = compare(options.steps, options.seed)
    print(table(models))
    trained = {"kl": fit_vae(options.steps, options.seed), "jsd": fit_gan(options.steps, options.seed)}
    for by, name in (("kl", "VAE"), ("jsd", "GAN")):
        print(f"one Gaussian for modes at -5 and 5, {name}: mean {trained[by][0]:.2f}, deviation {trained[by][1]:.2f}")
    linear, neural = take_noise_away(options.steps, options.seed)
    print("linear VAE, exact", linear, "neural VAE, trained", neural, sep="\n")
    for name, figure in (
        ("gan_beside_vae", draw_samples(models)),
        ("two_directions", draw_directions(trained)),
        ("vanishing_noise", draw_noise(linear, neural)),
    ):
        figure.savefig(options.out / f"{name}.png")
        print(f"wrote {options.out / name}.png")
    return {"models": models, "trained": trained, "linear": linear, "neural": neural}


if __name__ == "__main__":
    main()
