"""`Run.spectrum`: the eigenvalues of the next update of a run, as it would be played."""

from typing import TYPE_CHECKING

import torch

from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.errors import SIZE, WiringError, seed_number, whole_number
from gan_lab.games.sample_state import SampleState
from gan_lab.updates.played_update import PlayedSpectrum, PlayedUpdate

if TYPE_CHECKING:
    from gan_lab.training.run import Run


def spectrum_of(run: "Run", count: int, updates: int, batch_size: int | None, seed: int) -> PlayedSpectrum:
    """See `Run.spectrum`."""
    return played_update(run, updates, batch_size, seed).spectrum(count)


def played_update(run: "Run", updates: int, batch_size: int | None, seed: int) -> PlayedUpdate:
    """The next update of a run as a map of all that it changes; arguments as of `Run.spectrum`."""
    rule, recipe = run.rule, run.recipe
    if rule is None or recipe is None:
        raise WiringError(
            "the rule of this run is not known, as it was not made by gan_lab.train: there is no spectrum"
        )
    size = recipe.batch_size if batch_size is None else whole_number("batch_size", batch_size, 1, SIZE)
    weight = recipe.penalty_weight.at(run.steps / max(recipe.steps, 1))
    state = run.game.state(run.loss, run.penalty, weight, size)
    state.joint = state.joint or rule.joint
    if isinstance(state, SampleState):
        state.dtype, state.device = torch.float64, run.discriminator.device
    env = AlternatingEnv.of_state(state, rule.discriminator_steps)
    env.reset(seed=seed_number(seed))
    return PlayedUpdate(env, list(run.players.values()), rule, updates, seed)
