"""What every game answers for itself, and what is common to the states of all games between two turns."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import NDArray
from torch import Tensor

from gan_lab.errors import WiringError
from gan_lab.made_by import MadeBy
from gan_lab.payoffs.losses import Loss
from gan_lab.payoffs.penalties import Penalty
from gan_lab.payoffs.turns import seats_of
from gan_lab.players import Player

if TYPE_CHECKING:
    from gan_lab.recipes.recipe import Recipe

DISCRIMINATOR: Final = "discriminator_0"
GENERATOR: Final = "generator_0"


class Payoffs(NamedTuple):
    """What a move was worth to each player; and the penalties that the payoffs lack: of the slope, and of the turn."""

    discriminator: Tensor
    generator: Tensor
    penalty: Tensor | None = None
    others: Mapping[str, Tensor] = MappingProxyType({})
    penalties: Mapping[str, Tensor] = MappingProxyType({})

    def paid(self, agent: str) -> Tensor:
        """What the agent is paid, without penalties; 0 where that was not asked for."""
        if agent in (DISCRIMINATOR, GENERATOR):
            return self.generator if agent == GENERATOR else self.discriminator
        return self.others.get(agent, torch.zeros(()))

    def of(self, agent: str) -> Tensor:
        """What the agent learns from: its payoff, less its penalties."""
        payoff = self.paid(agent)
        if agent == DISCRIMINATOR and self.penalty is not None:
            payoff = payoff - self.penalty
        return payoff - self.penalties[agent] if agent in self.penalties else payoff


NOTHING = Payoffs(torch.zeros(()), torch.zeros(()))


class GameState(ABC):
    """A game in progress: what each turn shows, and what each move is worth.

    Attributes:
        game: The game.
        loss: What the players want.
        penalty: Subtracted from the discriminator's payoff, times `penalty_weight`.
        penalty_weight: May be changed while playing.
        batch_size: Samples n of a turn.
        seated: The players that answer by themselves.
        joint: Whether payoffs keep the graph of both players, which rules such as consensus need.
        own_payoffs: Whether only the payoff of the player who moves is asked for, as players who learn do: what the
            other's would cost is saved, and it is 0.
        rows: Which of the n samples are played here; all, unless a batch is shared.
        device: Where the samples live.
    """

    loss: Loss
    penalty: Penalty | None
    penalty_weight: float
    batch_size: int
    rows: slice
    device: torch.device
    game: Any  # each state knows its own kind
    joint = False
    own_payoffs = False

    def __init__(self, loss: Loss, penalty: Penalty | None, penalty_weight: float, batch_size: int) -> None:
        """Set up a game that has not begun."""
        self.loss, self.penalty, self.penalty_weight, self.batch_size = loss, penalty, penalty_weight, batch_size
        self.seated: dict[str, Any] = {}
        self.rows, self.device = slice(None), torch.device("cpu")

    @property
    def agents(self) -> list[str]:
        """Who plays: the discriminator, the generator, and whom else the loss has payoffs for."""
        return [DISCRIMINATOR, GENERATOR]

    def answers_itself(self, agent: str) -> bool:
        """Whether a learner is paid by what its network makes of whatever the payoff asks, not by one move."""
        return False

    @abstractmethod
    def begin(self, rng: np.random.Generator) -> None:
        """Start a game."""

    def seat(self, players: Mapping[str, Any]) -> None:
        """Let players answer by themselves; refuses players who do not fit the game or each other."""
        for agent in players:
            if agent not in self.agents:
                there = " and ".join(map(repr, self.agents))
                raise WiringError(f"there is no player {agent!r}; the players are {there}")
        self.check_players({**self.seated, **players})
        self.seated = {**self.seated, **players}

    @abstractmethod
    def check_players(self, players: Mapping[str, Any]) -> None:
        """Refuse players who do not fit the game or each other."""

    @abstractmethod
    def observation_space(self, agent: str) -> Box:
        """What the agent can see."""

    @abstractmethod
    def action_space(self, agent: str) -> Box:
        """What the agent can play."""

    @abstractmethod
    def observation(self, agent: str) -> Tensor:
        """What the agent sees on its turn."""

    def observations(self) -> dict[str, Tensor]:
        """What all agents see who move at once."""
        return {agent: self.observation(agent) for agent in self.agents}

    def glimpse(self, agent: str) -> Tensor:
        """What the agent saw last."""
        return self.observation(agent)

    @abstractmethod
    def move(self, agent: str, action: Any) -> Payoffs:
        """Play a move, and say what it was worth."""

    @abstractmethod
    def at_once(self, moves: Mapping[str, Any]) -> Payoffs:
        """Play the moves of all agents at once."""

    @abstractmethod
    def state(self) -> NDArray[Any]:
        """A flat array of everything that the next turns depend on."""


class Game(MadeBy, ABC):
    """A two-player game; the discriminator maximises V(D, G), the generator minimises it.

    Attributes:
        name: Name of the game.
        known_value: V at the equilibrium.
        of_samples: Whether moves are batches of samples and verdicts on them, made by networks that recipes build.
            Otherwise moves are whole strategies, and everything known is exact.
        own_loss: The default loss of the game; None: that of the recipe.
        symptoms: Names of the failures in `gan_lab.diagnosis.symptoms` that the game can show.
        picture: The scene that a replay of training shows, a key of `gan_lab.replays.replay.SCENES`.
    """

    name: str
    known_value: float
    of_samples: bool
    own_loss: str | None = None
    symptoms: tuple[str, ...]
    picture: str

    @property
    def is_planar(self) -> bool:
        """Whether each strategy is one number, so that a run is a path in the plane."""
        return False

    @property
    def own_recipes(self) -> tuple[str, ...]:
        """Names of recipes that suit the game; the first one that exists is used."""
        return ("plain",)

    @property
    def mode_count(self) -> int | None:
        """The number of modes; None if it is not known."""
        return None

    @property
    def distances(self) -> dict[str, str]:
        """The quantities that fall to 0 at an equilibrium: from the name in `truth` to the label of a curve."""
        return {}

    @property
    def single(self) -> "Game":
        """The game of one sample at a time: itself, unless a move is a pack of samples."""
        return self

    @property
    def origin(self) -> "Game":
        """The game whose truth is used: itself, unless it shows a few points of another game."""
        return self

    def as_played(self, packing: int, noise_size: int | None) -> "Game":
        """The game with packs of samples and another size of noise; itself if it has no noise and samples."""
        return self

    @abstractmethod
    def state(self, loss: Loss, penalty: Penalty | None, penalty_weight: float, batch_size: int) -> GameState:
        """The state of a game that has not begun."""

    def further_agents(self, loss: Loss) -> list[str]:
        """The agents beside the discriminator and the generator, in the order in which they move."""
        return [f"{seat}_0" for seat in seats_of(loss)]

    @abstractmethod
    def default_players(self, recipe: "Recipe") -> tuple[Player, ...]:
        """The (discriminator, generator) that are used if none are given; in games of strategies, all players."""

    @abstractmethod
    def evaluate(self, discriminator: Any, generator: Any, seed: int, loss: Loss, *others: Any) -> dict[str, float]:
        """V and everything else that is known of the players, exactly or estimated from fresh samples.

        Args:
            discriminator: The player.
            generator: The player.
            seed: Seed of the samples.
            loss: Loss for which the players play.
            *others: The further players of a game of strategies.

        Raises:
            NonFiniteMoveError: A move is NaN or infinite.
        """

    def is_zero_sum(self, loss: Loss) -> bool:
        """Whether the payoffs of the two players always add up to 0."""
        return loss.zero_sum

    def truth_of_samples(self, generator: Any, seed: int) -> dict[str, float]:
        """What is known of the samples of a generator without a discriminator; empty if it makes no samples."""
        return {}

    def samples(self, generator: Any, count: int, seed: int | None) -> NDArray[np.float32]:
        """(count, d) samples of a generator."""
        raise WiringError(f"the generator of {self.name!r} plays a strategy, not samples: see `strategies`")

    def strategies(self, *players: Any) -> tuple[NDArray[np.float64], ...]:
        """The strategies of all players, the discriminator's first."""
        raise WiringError(f"the players of {self.name!r} are networks: see `sample`")

    def known(self) -> str:
        """What is known of the game, in words."""
        return ""

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits, a hash of all numbers that define the game: its public arrays and numbers.

        >>> from gan_lab.games import FiniteGame
        >>> FiniteGame([0.5, 0.5]).fingerprint() == FiniteGame([0.5, 0.5]).fingerprint()
        True
        >>> FiniteGame([0.5, 0.5]).fingerprint() == FiniteGame([0.9, 0.1]).fingerprint()
        False
        """
        digest = hashlib.sha256()
        for name, value in sorted(vars(self).items()):
            if not name.startswith("_") and isinstance(value, np.ndarray | int | float | str):
                array = np.asarray(value)
                digest.update(f"{name} {array.dtype} {array.shape} ".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:12]


def real_numbers(agent: str, move: Any) -> Tensor:
    """A move as a tensor of real numbers; a tensor stays one, with its graph.

    Raises:
        WiringError: It is something else, complex numbers too.
    """
    if isinstance(move, Tensor) and not move.is_complex():
        return move
    try:
        found = np.asarray(move.detach() if isinstance(move, Tensor) else move)
    except ValueError as error:
        raise WiringError(f"{agent} plays a {type(move).__name__} of no one shape: {error}") from None
    if found.dtype.kind not in "fiub":
        raise WiringError(f"{agent} plays {type(move).__name__} of {found.dtype}; expected an array of real numbers")
    return torch.as_tensor(found.astype(found.dtype.newbyteorder("="), copy=False))
