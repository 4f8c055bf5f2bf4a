"""The loop that trains a VAE, with evaluations, progress and interruption; and the run that it leaves behind."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.errors import DivergedError, WiringError, whole_number
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games import GameLike, SampleGame, game_of
from gan_lab.networks.picture_pairs import ResidualDiscriminator, ResidualGenerator
from gan_lab.players import parts_of
from gan_lab.random_numbers import RunNumbers
from gan_lab.training.loop import is_true
from gan_lab.training.progress import Progress
from gan_lab.training.run import Status
from gan_lab.vae.neural_vae import NeuralVAE


@dataclass(eq=False)
class VAERun:
    """A training run of a VAE.

    Attributes:
        game: The game whose data the VAE learned from.
        vae: The VAE as it is now.
        settings: Batch size and seed.
        steps: Number of updates made.
        status: How the run ended.
        truth: A row for each evaluation: step, `elbo` of fresh data and its two terms `reconstruction` and `kl`, the
            decoder's `std`, and what the game knows of the samples.
    """

    game: SampleGame
    vae: NeuralVAE
    settings: dict[str, Any]
    steps: int = 0
    status: Status = Status.RUNNING
    truth: list[dict[str, float]] = field(default_factory=list)

    def sample(self, count: int, seed: int | None = None) -> NDArray[np.float32]:
        """(count, d) samples, the decoder's noise included."""
        with torch.no_grad():
            return np.concatenate([self.vae.act(part).numpy() for part in parts_of(self._noise(count, seed))])

    def means(self, count: int, seed: int | None = None) -> NDArray[np.float32]:
        """(count, d) means f(z) of the same samples, without the decoder's noise."""
        with torch.no_grad():
            parts = parts_of(self._noise(count, seed))
            return np.concatenate([self.vae.decode(part[:, : self.vae.latent_size]).numpy() for part in parts])

    def _noise(self, count: int, seed: int | None) -> torch.Tensor:
        size = self.vae.latent_size + self.vae.dimension
        return torch.from_numpy(np.random.default_rng(seed).standard_normal((count, size), dtype=np.float32))

    def look(self, seed: int, count: int | None = None) -> dict[str, float]:
        """The ELBO of fresh data and the truth of fresh samples; by default as many as the game evaluates."""
        rng, count = np.random.default_rng(seed), self.game.evaluated if count is None else count
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            drawn = parts_of(torch.from_numpy(self.game.real(count, rng)))
            terms = [torch.cat(part) for part in zip(*map(self.vae.terms, drawn), strict=True)]
        reconstruction, kl = (float(term.mean()) for term in terms)
        found = {"elbo": reconstruction - kl, "reconstruction": reconstruction, "kl": kl, "std": self.vae.std}
        return {**found, **self.game.truth(self.sample(count, seed), rng)}

    def report(self) -> str:
        """The last evaluation, in words and numbers."""
        last = self.truth[-1] if self.truth else {"step": float(self.steps), **self.look(0)}
        figures = ", ".join(f"{name} {value:.4g}" for name, value in last.items() if name != "step")
        return f"VAE on {self.game.name}, {self.steps} updates. {self.status.value}\n  {figures}"

    def __repr__(self) -> str:
        """The report."""
        return self.report()


Callback = Callable[[VAERun], Any]


def default_vae(game: SampleGame) -> NeuralVAE:
    """Two hidden layers each way, and as many latent numbers as the generator has noise.

    On pictures of 32 x 32 and more, residual networks, without batch normalisation.
    """
    networks = None
    if "pictures" in game.own_recipes:
        shape: Any = game.image_shape
        networks = (
            ResidualDiscriminator(shape, outputs=2 * game.noise_size),
            ResidualGenerator(game.noise_size, shape),
        )
    return NeuralVAE(game.dimension, game.noise_size, scale=game.scale, networks=networks)


@takes_own_names
def train_vae(
    game: GameLike = "ring8",
    vae: NeuralVAE | None = None,
    *,
    batch_size: int = 256,
    steps: int = 1000,
    seed: int = 0,
    truth_every: int | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = False,
) -> VAERun:
    """Maximise the ELBO of a game's data.

    Args:
        game: Name of a game of samples, or the game.
        vae: The VAE to train; None: the default of the game.
        batch_size: Number of points in an update.
        steps: Number of updates.
        seed: Seed of the data, of the draws of z, and of the first parameters if no VAE is given.
        truth_every: Number of updates between evaluations; None: chosen so that there are twenty evaluations.
        callbacks: Called with the run after each evaluation; one that returns True stops the run.
        progress: Whether to show the ELBO and the modes on stderr.

    Returns:
        The `VAERun`; after Ctrl-C, the run until then.

    Raises:
        WiringError: The game is one of strategies, sizes do not fit, or numbers are not whole.
        DivergedError: The ELBO became infinite or NaN; the error names the update and has the `run`.

    >>> run = train_vae("ring8", steps=4, batch_size=16)
    >>> run.steps, run.sample(3, seed=1).shape
    (4, (3, 2))
    """
    found = game_of(SampleGame, game, "is a game of strategies; a VAE learns from samples: ring8, grid25, ...")
    steps, batch_size = whole_number("steps", steps, 0), whole_number("batch_size", batch_size, 1)
    every = max(1, math.ceil(steps / 20)) if truth_every is None else whole_number("truth_every", truth_every, 1)
    numbers = RunNumbers(seed)
    with numbers:
        vae = vae or default_vae(found)
    if vae.dimension != found.dimension:
        raise WiringError(f"the VAE has samples of {vae.dimension} numbers; {found.name!r} has {found.dimension}")
    run = VAERun(found, vae, {"game": found.name, "batch_size": batch_size, "seed": seed})
    _climb(run, numbers, steps, every, callbacks, progress)
    return run


def _climb(
    run: VAERun, numbers: RunNumbers, steps: int, every: int, callbacks: Sequence[Callback], progress: bool
) -> None:
    rng = np.random.default_rng(run.settings["seed"])
    with Progress(f"VAE on {run.game.name}", steps, progress) as bar:
        try:
            while run.steps < steps:
                with numbers:
                    run.vae.learn(run.game.real(run.settings["batch_size"], rng))
                    run.steps += 1
                    if run.steps % every == 0 or run.steps == steps:
                        run.truth.append({"step": float(run.steps), **run.look(run.steps)})
                        bar.show(run)
                        if any([is_true(callback(run)) for callback in callbacks]):
                            run.status = Status.STOPPED
                            return
                bar.beat(run.steps, {})
            run.status = Status.FINISHED
        except KeyboardInterrupt:
            run.status = Status.INTERRUPTED
        except DivergedError as error:
            raise DivergedError(
                f"{error}, update {run.steps + 1}. Take a smaller rate, or a larger fixed std",
                player=error.player,
                step=run.steps + 1,
                run=run,
            ) from None
