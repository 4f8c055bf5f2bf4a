"""A VAE and a GAN on the same data: what is blurred, what is missed, and how likely the data are under each.

Four columns: fresh samples of the data themselves (what a perfect model would score), the linear VAE (exact), the
VAE, and the GAN, which has no likelihood: it is an implicit model.
"""

from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.errors import WiringError
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games import GameLike, MixtureGame, SampleGame, game_of
from gan_lab.metrics.blur import measure_blur
from gan_lab.metrics.precision_recall import precision_recall
from gan_lab.players import parts_of
from gan_lab.training.loop import train
from gan_lab.training.run import Run
from gan_lab.training.sheets import sheet
from gan_lab.vae import LinearVAE, NeuralVAE, VAERun, importance_bound, train_vae
from gridworld_env.ui.files.pictures import save_png

DATA_OF_LINEAR: Final = 20_000  # points from which the linear VAE is computed
MOST_OF_LINEAR: Final = 1024  # numbers of a point, beyond which its eigenvectors would take longer than both runs
GAP: Final = 5  # pixels beside the samples of a column
DECODED: Final = 2**26  # numbers that are decoded for the bound of the VAE's likelihood
LABELS: Final = {
    "log_likelihood": "log p of fresh data, nats a point",
    "kl": "KL(data || model), nats",
    "reconstruction": "reconstruction, root mean square",
    "missed": "modes missed",
    "modes": "modes found",
    "modes_expected": "modes that so many data show",
    "values_missed": "values of factors missed",
    "high_quality": "good samples",
    "new": "of these never shown",
    "blur": "blur, pixels",
    "from_picture": "distance to nearest true picture, root mean square",
    "far": "share beyond 3 std of every mode",
    "distance": "distance to nearest mode, std",
    "core_smallest": "covariance within 3 std, smallest",
    "core_largest": "covariance within 3 std, largest",
    "spread": "covariance of all, median",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
}
LOWER_BOUNDS, UPPER_BOUNDS = {("VAE", "log_likelihood")}, {("VAE", "kl")}


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `beside_vae` finds.

    Attributes:
        game: Whose data.
        linear: The linear VAE of greatest likelihood; None for data of one dimension, and of more than 1,024.
        vae: The run of the VAE.
        gan: The run of the GAN.
        columns: For "data", "linear VAE", "VAE" (of pictures "VAE, means", without the decoder's noise, too) and "GAN"
            the figures by name, as in `LABELS`; a name with "_error" is a standard error. What a model does not have is
            not there.
        samples: For the same four, (n, d) samples.
        settings: Samples, neighbours and importance samples, as counted.
    """

    game: SampleGame
    linear: LinearVAE | None
    vae: VAERun
    gan: Run
    columns: dict[str, dict[str, float]]
    samples: dict[str, NDArray[Any]]
    settings: dict[str, int]

    def table(self) -> list[list[str]]:
        """Rows of text: a label, and a cell for each column."""
        names = [name for name in LABELS if any(name in column for column in self.columns.values())]
        return [[LABELS[name], *(self._cell(column, name) for column in self.columns)] for name in names]

    def grid(self, path: "str | PathLike[str]", rows: int = 6, columns: int = 6) -> Path:
        """Write samples of each column of the table side by side as a PNG, where samples are pictures.

        Raises:
            WiringError: They are none.
        """
        shape = self.game.image_shape
        if shape is None:
            raise WiringError(f"samples of {self.game.name!r} are no pictures: see `samples`")
        parts = [sheet(part[: rows * columns].reshape(-1, *shape), columns) for part in self.samples.values()]
        between = np.full((len(parts[0]), 2 * GAP, 3), 255, dtype=np.uint8)
        return save_png(Path(path), np.hstack([each for part in parts for each in (part, between)][:-1]))

    def _cell(self, column: str, name: str) -> str:
        found = self.columns[column]
        if name not in found:
            return "none: implicit" if column == "GAN" and name in ("log_likelihood", "kl") else ""
        sign = ">= " if (column, name) in LOWER_BOUNDS else "<= " if (column, name) in UPPER_BOUNDS else ""
        error = f" +- {found[f'{name}_error']:.2g}" if f"{name}_error" in found else ""
        return f"{sign}{found[name]:.4g}{error}"

    def __repr__(self) -> str:
        """The table."""
        rows = [["", *self.columns], *self.table()]
        widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
        title = f"{self.game.name}: {self.vae.steps} updates of the VAE, {self.gan.steps} of the GAN; " + ", ".join(
            f"{name} {number}" for name, number in self.settings.items()
        )
        lines = [
            row[0].ljust(widths[0])
            + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
            for row in rows
        ]
        return "\n".join([title, *(line.rstrip() for line in lines)])


@takes_own_names
def beside_vae(
    game: GameLike = "ring8",
    *,
    vae: NeuralVAE | None = None,
    steps: int = 1500,
    vae_steps: int | None = None,
    seed: int = 0,
    samples: int = 2000,
    neighbours: int = 3,
    importance_samples: int = 100,
    progress: bool = False,
    **gan: Any,
) -> Comparison:
    """Train a VAE and a GAN on the same data, and measure both.

    Args:
        game: Name of a game of samples, or the game; blur and missed modes are measured if the modes are known.
        vae: The VAE to train; None: the default.
        steps: Number of updates of each model.
        vae_steps: Number of updates of the VAE, if it is not `steps`; on pictures its batches are as large as those of
            the GAN.
        seed: Seed of both runs and of all measurements.
        samples: Number of samples of each model, and of fresh data, that are compared.
        neighbours: k of precision and recall.
        importance_samples: K of the bound on the VAE's likelihood.
        progress: Whether to show both runs on stderr.
        **gan: Further arguments of `train`: generator, discriminator, loss, penalty, ...

    Raises:
        WiringError: As in `train` and `train_vae`, or there are too few samples.
        DivergedError: One of the two runs diverged.

    >>> found = beside_vae("ring8", steps=2, samples=50)
    >>> list(found.columns), "log_likelihood" in found.columns["GAN"]
    (['data', 'linear VAE', 'VAE', 'GAN'], False)
    """
    if isinstance(samples, bool) or not isinstance(samples, int | np.integer) or samples <= max(neighbours, 1):
        raise WiringError(f"samples is {samples!r}; expected more than {max(neighbours, 1)}, the nearest neighbours")
    found = game_of(SampleGame, game, "is a game of strategies; a VAE learns from samples: ring8, grid25, ...")
    rng = np.random.default_rng([seed, 1])
    fresh, others = found.real(samples, rng), found.real(samples, rng)
    linear: LinearVAE | None = None
    drawn: dict[str, NDArray[Any]] = {"data": others}
    if 1 < found.dimension <= MOST_OF_LINEAR:  # before the others are trained, as it may refuse the data
        linear = _linear(found, found.real(DATA_OF_LINEAR, rng))
        drawn["linear VAE"] = linear.act(rng.standard_normal((samples, linear.noise_size)))
    gan_run = train(found, steps=steps, seed=seed, progress=progress, **gan)
    batches = {} if found.image_shape is None else {"batch_size": gan_run.settings["batch_size"]}
    vae_run = train_vae(
        found, vae, steps=steps if vae_steps is None else vae_steps, seed=seed, progress=progress, **batches
    )
    drawn["VAE"] = vae_run.sample(samples, seed)
    if found.image_shape is not None:  # what is shown of a VAE as a rule
        drawn["VAE, means"] = vae_run.means(samples, seed)
    drawn["GAN"] = gan_run.sample(samples, seed)
    columns = {name: _quality(found, fresh, part, neighbours) for name, part in drawn.items()}
    for name, figures in _likelihoods(found, fresh, linear, vae_run.vae, importance_samples, seed).items():
        columns[name] = figures | columns[name]
    settings = {"samples": samples, "neighbours": neighbours, "importance samples": importance_samples, "seed": seed}
    return Comparison(found, linear, vae_run, gan_run, columns, drawn, settings)


def _linear(game: SampleGame, data: NDArray[Any]) -> LinearVAE:
    """The best linear VAE of as many latent numbers as the noise of the game."""
    try:
        return LinearVAE.fit(data, min(game.noise_size, game.dimension - 1))
    except WiringError as error:
        raise WiringError(
            f"the linear VAE cannot be fitted to {game.name!r}, {game.dimension} numbers a sample, with "
            f"{game.noise_size} latent ones: {error}, that is a game with a smaller noise_size, or more different data"
        ) from None


def _quality(game: SampleGame, fresh: NDArray[Any], samples: NDArray[Any], neighbours: int) -> dict[str, float]:
    """What samples alone tell."""
    found: dict[str, float] = {}
    if isinstance(game, MixtureGame):
        blur = measure_blur(game, samples)
        found = {"missed": float(blur.missed), "far": blur.far, "distance": blur.distance}
        for name, numbers in (("core", blur.core), ("spread", blur.spread)):
            known = numbers[np.isfinite(numbers)]
            if known.size and name == "core":
                found |= {"core_smallest": float(known.min()), "core_largest": float(known.max())}
            elif known.size:
                found["spread"] = float(np.median(known))
    elif game.image_shape is not None:
        truth = game.truth(samples, np.random.default_rng(0))
        truth |= {"from_picture": truth.pop("distance")} if "distance" in truth else {}
        found = {name: value for name, value in truth.items() if name in LABELS}
    return found | asdict(precision_recall(fresh, samples, neighbours))


def _likelihoods(
    game: SampleGame, fresh: NDArray[Any], linear: LinearVAE | None, vae: NeuralVAE, draws: int, seed: int
) -> dict[str, dict[str, float]]:
    """Log p of fresh data, what it lacks of the data's own density, and reconstruction errors."""
    points = {"VAE": importance_bound(vae, fresh[: max(2, DECODED // (draws * game.dimension))], draws, seed).points}
    with torch.no_grad():
        back = {"VAE": np.concatenate([vae.reconstruct(part).numpy() for part in parts_of(torch.from_numpy(fresh))])}
    if linear is not None:
        points["linear VAE"] = linear.log_density(fresh)
        back["linear VAE"] = linear.decode(linear.posterior().means(fresh))
    if (exact := game.log_density(fresh)) is not None:
        points["data"] = exact
    found = {name: _mean("log_likelihood", numbers) for name, numbers in points.items()}
    for name, decoded in back.items():
        if "data" in points:
            found[name] |= _mean("kl", points["data"] - points[name])
        found[name]["reconstruction"] = float(((fresh - decoded) ** 2).sum(axis=1).mean() ** 0.5)
    return found


def _mean(name: str, numbers: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(numbers.mean()), f"{name}_error": float(numbers.std(ddof=1) / len(numbers) ** 0.5)}
