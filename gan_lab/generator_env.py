"""The game seen by a Gymnasium learner: it plays the generator, and the discriminator is its environment."""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.errors import SIZE, WiringError, switch, whole_number
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games import GameLike, SampleGame, game_of
from gan_lab.games.sample_state import SampleState
from gan_lab.payoffs.losses import find_loss
from gan_lab.players import Player
from gan_lab.random_numbers import seeded
from gan_lab.recipes.choose import PLAIN


class GeneratorEnv(gym.Env[Any, Any]):
    """An environment for the generator: observations are noise, actions are samples, the reward is its payoff.

    Args:
        game: Name of a game of samples, or the game.
        discriminator: Judges the samples, and learns from them if it has `learn`; None: the game's default.
        loss: Loss that defines the generator's payoff, the reward.
        batch_size: Number n of samples in a step.
        learning: Whether the discriminator learns: one step before each step of the generator.

    Raises:
        WiringError: The game is one of strategies, the loss pays by whole turns, or a name is unknown.

    Source: Pfau and Vinyals 2016: a GAN as an actor-critic whose actor cannot affect the data.

    >>> env = GeneratorEnv("ring8", batch_size=4)
    >>> noise, info = env.reset(seed=1)
    >>> noise.shape, env.action_space.shape
    ((4, 8), (4, 2))
    """

    learning: bool
    render_mode: str | None
    observation_space: gym.spaces.Box
    action_space: gym.spaces.Box
    metadata: dict[str, Any] = {"render_modes": []}

    @takes_own_names
    def __init__(
        self,
        game: GameLike = "ring8",
        discriminator: Any = None,
        *,
        loss: Any = "non_saturating",
        batch_size: int = 16,
        learning: bool = False,
        render_mode: str | None = None,
    ) -> None:
        """Make the discriminator, if none is given."""
        found = game_of(SampleGame, game, "is a game of strategies; a Gymnasium learner plays games of samples")
        wanted = find_loss(loss)
        if wanted.payoffs:
            raise WiringError(
                f"the loss {wanted.name!r} pays by whole turns, in which other players answer: play it by gan_lab.env"
            )
        if discriminator is None:
            with seeded(0):  # the same one each time
                discriminator = found.default_players(PLAIN)[0]
        self.discriminator: Player = discriminator
        self.game_state: SampleState = found.state(wanted, None, 1.0, whole_number("batch_size", batch_size, 1, SIZE))
        self.learning, self.render_mode = switch("learning", learning), render_mode
        self.observation_space = self.game_state.observation_space("generator_0")  # pyright: ignore[reportIncompatibleVariableOverride]
        self.action_space = self.game_state.action_space("generator_0")  # pyright: ignore[reportIncompatibleVariableOverride]
        self._begun = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Draw fresh noise; the discriminator keeps what it has learned."""
        super().reset(seed=seed)
        self.game_state.begin(self.np_random)
        self.game_state.seat({"discriminator_0": self.discriminator})
        self._begun = True
        return self.game_state.observation("generator_0").cpu().numpy(), {}

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Show samples to the discriminator; returns the generator's payoff as reward, and fresh noise."""
        if not self._begun:
            raise gym.error.ResetNeeded("step() before reset(): call env.reset() first")
        with torch.no_grad():
            reward = float(self.game_state.move("generator_0", np.asarray(action)).generator)
        if self.learning:
            seen = self.game_state.observation("discriminator_0")
            payoffs = self.game_state.move("discriminator_0", self.discriminator.act(seen))
            self.discriminator.learn(payoffs.of("discriminator_0"))
        return self.game_state.observation("generator_0").cpu().numpy(), reward, False, False, {}
