"""Packing: the same game, in which a move is a pack of m samples, and the discriminator judges packs.

A pack is m independent samples side by side, so the game is the one between the products p^m and q^m: a missing mode is
easier to see in several samples than in one. Each pack has one score and counts once, in losses and penalties alike.

Source: Lin et al. 2018, sections 2 and 3.
"""

from copy import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gan_lab.errors import whole_number
from gan_lab.games.fingerprint import fingerprint
from gan_lab.games.sample_game import SampleGame


class PackedGame(SampleGame):
    """A game of samples, m at a time.

    Args:
        single: The game.
        packing: m.

    >>> from gan_lab.games import make_game
    >>> packed = PackedGame(make_game("ring8"), packing=4)
    >>> packed.dimension, packed.noise_size, packed.real(3, np.random.default_rng(7)).shape
    (8, 32, (3, 8))
    """

    def __init__(self, single: SampleGame, packing: int) -> None:
        """Take the game and the size of a pack."""
        self.packing = whole_number("packing", packing, 1)
        self.inner, self.made_of = single, fingerprint(single)
        self.name, self.bound, self.scale = single.name, single.bound, single.scale
        self.dimension, self.noise_size = self.packing * single.dimension, self.packing * single.noise_size

    @property
    def single(self) -> SampleGame:
        """The game of one sample at a time."""
        return self.inner

    def real(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, m d) packs of the data."""
        return self.inner.real(count * self.packing, rng).reshape(count, self.dimension)

    def singles(self, samples: NDArray[Any]) -> NDArray[Any]:
        """(n m, d) samples of (n, m d) packs."""
        return np.asarray(samples).reshape(-1, self.inner.dimension)

    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """What the samples tell, in packs or not; without JSD, which is not that of packs, so that no gap follows."""
        found = self.inner.truth(self.singles(samples), rng)
        return {name: value for name, value in found.items() if not name.startswith("jsd")}


class Packed(nn.Module):
    """A generator of packs: the same network for each of the m samples.

    Args:
        network: Maps (n, noise_size) to (n, d).
        packing: m.
    """

    def __init__(self, network: nn.Module, packing: int) -> None:
        """Take the network and the size of a pack."""
        super().__init__()
        self.network, self.packing = network, packing

    def forward(self, noise: Tensor) -> Tensor:
        """(n, m d) packs for (n, m noise_size) noise."""
        samples = self.network(noise.reshape(len(noise) * self.packing, -1))
        return torch.as_tensor(samples).reshape(len(noise), -1)


def as_played(game: SampleGame, packing: int, noise_size: int | None) -> SampleGame:
    """A game with another size of noise, and in packs, where these are asked for."""
    if noise_size is not None and noise_size != game.noise_size:
        game = copy(game)
        game.noise_size = whole_number("noise_size", noise_size, 1)
    return game if packing == 1 else PackedGame(game, packing)
