"""Draws docs/failures.png from the failure atlas: `python docs/failures_pictures.py`."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch

import gan_lab
from gan_lab.diagnosis.symptoms import judged
from gan_lab.training.run import Run

TARGET, SEED = Path(__file__).with_name("failures.png"), 1
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#9a9a9a"


def distances(axes: Any, run: Run) -> None:
    """How far from the equilibrium, over updates."""
    axes.semilogy([row["step"] for row in run.truth], [max(row["distance"], 1e-9) for row in run.truth], color=BLUE)
    axes.set(xlabel="updates", ylabel="distance to the equilibrium", ylim=(1e-9, 3))


def samples(axes: Any, run: Run) -> None:
    """Data and samples."""
    real, fake = run.game.real(500, np.random.default_rng(SEED)), run.sample(500, SEED)  # type: ignore[union-attr]
    axes.scatter(*real.T, s=3, color=GREY, label="data")
    axes.scatter(*fake.T, s=3, color=ORANGE, label="generated")
    axes.set(xlim=(-1.5, 2.6), ylim=(-1.5, 1.5), xlabel="x1", ylabel="x2")
    axes.legend(frameon=False, fontsize="x-small", loc="lower right")


def scores(axes: Any, run: Run) -> None:
    """What the discriminator says of training, unseen and generated points."""
    game: Any = run.game
    rng = np.random.default_rng(SEED)
    parts = {"training": game.points, "unseen": game.unseen(500, rng), "generated": run.sample(500, SEED)}
    for (name, points), color in zip(parts.items(), (BLUE, GREY, ORANGE), strict=True):
        found = torch.sigmoid(judged(run, points).scores).numpy()
        weights = np.full(len(found), 1 / len(found))
        axes.hist(found, np.linspace(0, 1, 21), weights=weights, histtype="step", color=color, label=name)
    axes.set(xlabel="D(x)", ylabel="share", ylim=(0, 1.05))
    axes.legend(frameon=False, fontsize="x-small", loc="upper center")


def slopes(axes: Any, run: Run) -> None:
    """How steep the discriminator is on data and on samples."""
    game: Any = run.game
    parts = game.real(500, np.random.default_rng(SEED)), run.sample(500, SEED)
    heights = [judged(run, part).slopes.square().mean().sqrt().item() for part in parts]
    axes.bar(["data", "generated"], heights, color=(GREY, ORANGE))
    axes.set(ylabel="slope of D's score", ylim=(0, 11))


PANELS = {
    "cycling": distances,
    "mode collapse": samples,
    "vanishing generator gradient": samples,
    "memorising discriminator": scores,
    "one-penalty divergence": slopes,
}


def main() -> None:
    """Run every failure and its cure, and draw them."""
    torch.set_num_threads(1)
    figure, axes = plt.subplots(2, len(PANELS), figsize=(16, 6), layout="constrained")
    for column, (name, draw) in zip(axes.T, PANELS.items(), strict=True):
        failure = gan_lab.ATLAS[name]
        for panel, make, title in zip(column, (failure.failing, failure.mended), (name, "mended"), strict=True):
            draw(panel, make(SEED))
            panel.set_title(title, fontsize="medium")
    figure.savefig(TARGET, dpi=80)


if __name__ == "__main__":
    main()
