"""Games of samples: the generator shows samples, the discriminator judges each of them, or packs of them.

A pack is m independent samples side by side, so that the game is the one between the products p^m and q^m: a missing
mode is easier to see in several samples than in one. Each pack has one score and counts once, in losses and penalties
alike (Lin et al. 2018, sections 2 and 3).
"""

from abc import abstractmethod
from copy import copy
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import NDArray
from torch import Tensor, nn

from gan_lab.errors import SIZE, NonFiniteMoveError, WiringError, row_of, seed_number, whole_number
from gan_lab.games.game import DISCRIMINATOR as DISCRIMINATOR
from gan_lab.games.game import GENERATOR, Game
from gan_lab.games.sample_state import SampleState
from gan_lab.games.turn_state import TurnState
from gan_lab.metrics.duality_gap import evaluate_samples
from gan_lab.payoffs.losses import Loss
from gan_lab.payoffs.penalties import Penalty
from gan_lab.players import Player, move_of
from gan_lab.truth import LOG_4

if TYPE_CHECKING:
    from gan_lab.recipes.recipe import Recipe

NOISE_BOUND: Final = 8.0  # beyond which a standard normal number is not drawn in practice
EVALUATED: Final = 5000  # samples of an evaluation, where they are not large
LEAST_EVALUATED: Final = 500
NUMBERS: Final = 2**26  # of the samples of an evaluation: 256 MB


class SampleGame(Game):
    """A game of samples: real samples, noise, and what is known of the truth.

    Attributes:
        name: Name of the game.
        dimension: Length d of a sample.
        noise_size: Length of a noise vector.
        bound: Samples lie in [-bound, bound]^d.
        scale: Typical size of a sample's numbers.
        image_shape: (channels, height, width) if samples are images, as flat vectors; None otherwise.
    """

    known_value: float = -LOG_4
    of_samples = True
    picture = "samples"
    symptoms: tuple[str, ...] = (
        "divergence",
        "mode collapse",
        "vanishing generator gradient",
        "memorising discriminator",
        "one-penalty divergence",
    )
    dimension: int
    noise_size: int
    bound: float
    scale: float
    image_shape: tuple[int, int, int] | None = None

    @property
    def single(self) -> "SampleGame":
        """The game of one sample at a time: itself, unless a move is a pack of samples."""
        return self

    @property
    def distances(self) -> dict[str, str]:
        """The divergences in bins, over modes and of samples; those of p and p_g themselves are not known."""
        return {
            "jsd": "JSD of bins",
            "reverse_kl": "KL of mode shares",
            "w1": "W1 of samples",
            "duality_gap": "duality gap, at least",
        }

    @property
    def evaluated(self) -> int:
        """Samples of an evaluation: 5,000; fewer if these would take more than 256 MB, but at least 500."""
        return max(LEAST_EVALUATED, min(EVALUATED, NUMBERS // self.dimension))

    def singles(self, samples: NDArray[Any]) -> NDArray[Any]:
        """The samples in moves: the moves themselves, unless a move is a pack of samples."""
        return samples

    def as_played(self, packing: int, noise_size: int | None) -> "SampleGame":
        """The game with packs of samples and another size of noise, if these are asked for."""
        game = self
        if noise_size is not None and noise_size != game.noise_size:
            game = copy(game)
            game.noise_size = noise_size
        return game if packing == 1 else PackedGame(game, packing)

    def of_moves(self, network: nn.Module) -> nn.Module:
        """The generator of moves, made from a generator of samples: itself, unless a move is a pack of samples."""
        return network

    def state(self, loss: Loss, penalty: Penalty | None, penalty_weight: float, batch_size: int) -> SampleState:
        """The state of a game that has not begun."""
        of_turns = loss.payoffs or (penalty is not None and penalty.payoffs)
        return (TurnState if of_turns else SampleState)(self, loss, penalty, penalty_weight, batch_size)

    def default_players(self, recipe: "Recipe") -> tuple[Player, ...]:
        """(discriminator, generator): networks that the recipe builds."""
        return recipe.players(self)

    @abstractmethod
    def real(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, d) samples of the data."""

    @abstractmethod
    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """What is known of (n, d) samples of a generator, beside the truth of the data."""

    def data(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """The result of `real`, checked.

        Raises:
            WiringError: The result is not a (count, d) array of finite numbers.
        """
        drawn = self.real(count, rng)
        found = drawn.detach().cpu().numpy() if isinstance(drawn, Tensor) else np.asarray(drawn)
        where = f"real({count}, rng) of the game {self.name!r}"
        if found.shape != (count, self.dimension) or found.dtype.kind not in "fiub":
            raise WiringError(
                f"{where} is an array of {found.dtype} of shape {found.shape}; expected numbers of shape "
                f"{(count, self.dimension)}, as its `dimension` is {self.dimension}"
            )
        if not np.isfinite(found).all():
            raise WiringError(f"{where} has NaN or infinity among its numbers: leave such data out")
        return found.astype(np.float32, copy=False)

    def known_of(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """The result of `truth`, checked.

        Raises:
            WiringError: The result is not a dictionary of numbers, or has a divergence without its error.
        """
        where = f"truth() of the game {self.name!r}"
        found = row_of(self.truth(samples, rng), where, reserved=("step", "value", "gap_to_minus_log_4"))
        return row_of(found, where, ("jsd_error",)) if "jsd" in found else found

    def log_density(self, points: NDArray[Any]) -> NDArray[np.float64] | None:
        """(n,) log p(x) of (n, d) points; None if it is not known."""
        return None

    def features(self, samples: NDArray[Any]) -> NDArray[np.float64] | None:
        """(n, k) features of what (n, d) samples show, for distances of features; None if there are none."""
        return None

    def unseen(self, count: int, rng: np.random.Generator) -> NDArray[np.float32] | None:
        """(count, d) samples of the data that the players never see; None if all that they see is new."""
        return None

    def noise(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, noise_size) standard normal numbers."""
        drawn = rng.standard_normal((count, self.noise_size), dtype=np.float32)
        return np.clip(drawn, -NOISE_BOUND, NOISE_BOUND, out=drawn)

    def observation_space(self, agent: str, batch_size: int) -> Box:
        """Noise for the generator; 2n samples for the discriminator, of which the first n are real."""
        if agent == GENERATOR:
            return Box(-NOISE_BOUND, NOISE_BOUND, (batch_size, self.noise_size), np.float32)
        return Box(-self.bound, self.bound, (2 * batch_size, self.dimension), np.float32)

    def action_space(self, agent: str, batch_size: int) -> Box:
        """Samples from the generator; probabilities from the discriminator."""
        if agent == GENERATOR:
            return Box(-self.bound, self.bound, (batch_size, self.dimension), np.float32)
        return Box(0.0, 1.0, (2 * batch_size,), np.float32)

    def moves(self, generator: Player, count: int, seed: int | None) -> NDArray[np.float32]:
        """(count, d) moves of a generator: samples, or packs of them."""
        noise = torch.from_numpy(self.noise(count, np.random.default_rng(None if seed is None else seed_number(seed))))
        return move_of(generator, noise, self.dimension).astype(np.float32, copy=False)

    def samples(self, generator: Player, count: int, seed: int | None) -> NDArray[np.float32]:
        """(count, d) samples of a generator."""
        packs = -(-whole_number("count", count, 1, SIZE) * self.single.dimension // self.dimension)
        return self.singles(self.moves(generator, packs, seed))[:count]

    def evaluate(self, discriminator: Any, generator: Player, seed: int, loss: Loss, *others: Any) -> dict[str, float]:
        """V, its gap to -log 4, what the game knows, and an estimate of the duality gap, from fresh samples."""
        samples = self.moves(generator, self.evaluated, seed_number(seed))
        if not np.isfinite(samples).all():
            raise NonFiniteMoveError(f"{GENERATOR} plays samples that are not finite", GENERATOR)
        rng = np.random.default_rng([seed_number(seed), 1])  # apart from the noise of the samples
        return evaluate_samples(self, discriminator, samples, rng, loss)

    def truth_of_samples(self, generator: Player, seed: int) -> dict[str, float]:
        """What is known of the samples of a generator without a discriminator."""
        return self.known_of(self.samples(generator, self.evaluated, seed), np.random.default_rng([seed, 1]))


class PackedGame(SampleGame):
    """A game of samples in packs of m. No symptoms are looked for, as the discriminator judges packs.

    Args:
        single: The game of single samples.
        packing: Number m of samples in a pack.

    >>> from gan_lab.games import ring
    >>> packed = PackedGame(ring(), packing=4)
    >>> packed.dimension, packed.noise_size, packed.real(3, np.random.default_rng(7)).shape
    (8, 32, (3, 8))
    """

    inner: SampleGame
    made_of: str
    name: str
    bound: float
    scale: float
    dimension: int
    noise_size: int
    symptoms: tuple[str, ...] = ()

    def __init__(self, single: SampleGame, packing: int) -> None:
        """Take the game and the size of a pack."""
        self.packing: int = whole_number("packing", packing, 1)
        self.inner, self.made_of = single, single.fingerprint()
        self.name, self.bound, self.scale = single.name, single.bound, single.scale
        self.dimension, self.noise_size = self.packing * single.dimension, self.packing * single.noise_size

    @property
    def single(self) -> SampleGame:
        """The game of one sample at a time."""
        return self.inner

    def of_moves(self, network: nn.Module) -> nn.Module:
        """A generator of packs, made from a generator of samples."""
        return Packed(network, self.packing)

    def real(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, m d) packs of the data."""
        return self.inner.real(count * self.packing, rng).reshape(count, self.dimension)

    def singles(self, samples: NDArray[Any]) -> NDArray[Any]:
        """(n m, d) samples of (n, m d) packs."""
        return np.asarray(samples).reshape(-1, self.inner.dimension)

    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """What is known of the samples, packed or single, without the JSD, which is not the JSD of packs."""
        found = self.inner.truth(self.singles(samples), rng)
        return {name: value for name, value in found.items() if not name.startswith("jsd")}


class Packed(nn.Module):
    """A generator of packs: the same network for each of the m samples.

    Args:
        network: Maps (n, noise_size) to (n, d).
        packing: Number m of samples in a pack.
    """

    network: nn.Module
    packing: int

    def __init__(self, network: nn.Module, packing: int) -> None:
        """Take the network and the size of a pack."""
        super().__init__()
        self.network, self.packing = network, packing

    def forward(self, noise: Tensor) -> Tensor:
        """(n, m d) packs for (n, m noise_size) noise."""
        samples = self.network(noise.reshape(len(noise) * self.packing, -1))
        return torch.as_tensor(samples).reshape(len(noise), -1)
