"""The loop that trains a VAE: batches of the game's data, evaluations, progress and interruption."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from gan_lab.errors import DivergedError, WiringError
from gan_lab.games import SampleGame, game_of
from gan_lab.training.progress import Progress
from gan_lab.training.run import Status
from gan_lab.vae.neural_vae import NeuralVAE
from gan_lab.vae.run import VAERun

Callback = Callable[[VAERun], Any]


def default_vae(game: SampleGame) -> NeuralVAE:
    """Two hidden layers each way, and as many latent numbers as the generator has noise."""
    return NeuralVAE(game.dimension, game.noise_size, scale=game.scale)


def train_vae(
    game: Any = "ring8",
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
        vae: What learns; None: the default of the game.
        batch_size: Points of one update.
        steps: Updates.
        seed: Of the first parameters, where no VAE is given, of the data and of the draws of z.
        truth_every: Updates between evaluations; None: twenty of them.
        callbacks: Called with the run after each evaluation; one that returns True stops the run.
        progress: Show the ELBO and the modes on stderr.

    Returns:
        The `VAERun`; after Ctrl-C with what there is.

    Raises:
        WiringError: A game of strategies, sizes that do not fit, numbers that are not whole.
        DivergedError: The ELBO became infinite or NaN; it names the update and has the `run`.

    >>> run = train_vae("ring8", steps=4, batch_size=16)
    >>> run.steps, run.sample(3, seed=1).shape
    (4, (3, 2))
    """
    found = game_of(SampleGame, game, "is a game of strategies; a VAE learns from samples: ring8, grid25, ...")
    for name, number, least in (("steps", steps, 0), ("batch_size", batch_size, 1), ("truth_every", truth_every, 1)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < least):
            raise WiringError(f"{name} is {number!r}; expected a whole number of at least {least}")
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers are left alone
        torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
        vae = vae or default_vae(found)
        if vae.dimension != found.dimension:
            raise WiringError(f"the VAE has samples of {vae.dimension} numbers; {found.name!r} has {found.dimension}")
        run = VAERun(found, vae, {"game": found.name, "batch_size": batch_size, "seed": seed})
        rng = np.random.default_rng(seed)
        _climb(run, rng, steps, truth_every or max(1, math.ceil(steps / 20)), callbacks, progress)
    return run


def _climb(
    run: VAERun, rng: np.random.Generator, steps: int, every: int, callbacks: Sequence[Callback], progress: bool
) -> None:
    with Progress(f"VAE on {run.game.name}", steps, progress) as bar:
        try:
            while run.steps < steps:
                run.vae.learn(run.game.real(run.settings["batch_size"], rng))
                run.steps += 1
                if run.steps % every == 0 or run.steps == steps:
                    run.truth.append({"step": float(run.steps), **run.look(run.steps)})
                    bar.show(run)
                    if any([callback(run) is True for callback in callbacks]):
                        run.status = Status.STOPPED
                        return
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
