"""How the pairs of `gan_lab.networks.picture_pairs` are built for a game of pictures."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from gan_lab.errors import WiringError
from gan_lab.games.sample_game import SampleGame
from gan_lab.networks.convolutional import is_convolvable
from gan_lab.networks.picture_pairs import (
    DCGANDiscriminator,
    DCGANGenerator,
    ResidualDiscriminator,
    ResidualGenerator,
    SpectralDiscriminator,
)
from gan_lab.recipes.recipe import DiscriminatorShape, GeneratorShape


def _shape_of(game: SampleGame) -> Any:
    """(channels, side, side) of the game's pictures."""
    if game.image_shape is None or not is_convolvable(game.image_shape):
        found = "no pictures" if game.image_shape is None else f"pictures of shape {game.image_shape}"
        raise WiringError(
            f"samples of {game.name!r} are {found}; the networks of this recipe are for square pictures whose side is "
            "a multiple of 4"
        )
    return game.image_shape


@dataclass(frozen=True)
class DCGANGeneratorShape(GeneratorShape):
    """DCGAN's; `channels` at half the side."""

    channels: int = 16

    def network(self, game: SampleGame) -> nn.Module:
        """From (n, noise_size) to (n, d)."""
        return DCGANGenerator(game.noise_size, _shape_of(game), self.channels)


@dataclass(frozen=True)
class DCGANDiscriminatorShape(DiscriminatorShape):
    """DCGAN's; `channels` at half the side."""

    channels: int = 16

    def network(self, game: SampleGame) -> nn.Module:
        """From (m, d) to (m, 1) scores."""
        return DCGANDiscriminator(_shape_of(game), self.channels)


@dataclass(frozen=True)
class SpectralDiscriminatorShape(DiscriminatorShape):
    """Convolutions that are normalised spectrally; `channels` at half the side."""

    channels: int = 16

    def network(self, game: SampleGame) -> nn.Module:
        """From (m, d) to (m, 1) scores."""
        return SpectralDiscriminator(_shape_of(game), self.channels)


@dataclass(frozen=True)
class ResidualGeneratorShape(GeneratorShape):
    """Residual blocks without normalisation, as R3GAN's; `channels` at half the side."""

    channels: int = 16

    def network(self, game: SampleGame) -> nn.Module:
        """From (n, noise_size) to (n, d)."""
        return ResidualGenerator(game.noise_size, _shape_of(game), self.channels)


@dataclass(frozen=True)
class ResidualDiscriminatorShape(DiscriminatorShape):
    """Residual blocks without normalisation, as R3GAN's; `channels` at half the side."""

    channels: int = 16

    def network(self, game: SampleGame) -> nn.Module:
        """From (m, d) to (m, 1) scores."""
        return ResidualDiscriminator(_shape_of(game), self.channels)
