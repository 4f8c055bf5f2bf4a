"""Games in which a move is a player's whole strategy, so that everything about them is exact."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import NDArray
from torch import Tensor

from gan_lab.errors import NonFiniteMoveError, WiringError, row_of
from gan_lab.games.game import DISCRIMINATOR, GENERATOR, Game, real_numbers
from gan_lab.games.strategy_state import StrategyState
from gan_lab.payoffs.losses import Loss
from gan_lab.payoffs.penalties import Penalty
from gan_lab.players import Player, Strategist, ascent
from gan_lab.truth import LOG_4

if TYPE_CHECKING:
    from gan_lab.recipes.recipe import Recipe

RATE: Final = 0.2  # of plain ascent, where none is chosen
PAYOFFS_TRIED: Final = 4  # pairs of strategies at which payoffs are added up
BOUND: Final = 10.0  # of the numbers of a strategy, where there is no other
Strategy = NDArray[np.float64]


def box(bound: float, size: int) -> Box:
    """[-bound, bound]^size."""
    return Box(-bound, bound, (size,), np.float64)


def box_in_words(bound: float) -> str:
    """The same, in words.

    >>> box_in_words(10.0)
    'strategies of [-10, 10]'
    """
    return f"strategies of [-{bound:g}, {bound:g}]"


class StrategyGame(Game):
    """A two-player game of strategies; the discriminator maximises V(D, G), the generator minimises it.

    For more players: see `gan_lab.games.NPlayerGame`.

    Attributes:
        agents: Who plays, in the order in which they move.
        forms: Forms of the default players, the discriminator's first: see `Strategist`.
        deviations: The strategies among which best responses are searched, in words; empty if these are all.
        needed: What `truth` has to have; everything else is optional.
    """

    of_samples = False
    own_loss: str | None = "minimax"
    symptoms: tuple[str, ...] = ("divergence", "cycling")
    picture = "path"
    forms: tuple[str, ...] = ("plain", "plain")
    deviations: str = ""
    needed: tuple[str, ...] = ("value", "exploitability")

    @property
    def agents(self) -> list[str]:
        """Who plays."""
        return [DISCRIMINATOR, GENERATOR]

    def further_agents(self, loss: Loss) -> list[str]:
        """The agents beside the discriminator and the generator."""
        return self.agents[2:]

    def start(self, agent: str) -> Strategy:
        """The first strategy of an agent: all ones, or the nearest strategy to that."""
        return np.clip(np.ones(self.space(agent).shape), self.space(agent).low, self.space(agent).high)

    @abstractmethod
    def space(self, agent: str) -> Box:
        """The strategies of an agent: a bounded box of float64."""

    @abstractmethod
    def value(self, discriminator: Any, generator: Any, /) -> Any:
        """V(D, G): a float for arrays, a differentiable float64 scalar for tensors."""

    @abstractmethod
    def exploitability(self, discriminator: Any, generator: Any, /) -> float:
        """The duality gap max_D' V(D', G) - min_G' V(D, G'), at least 0, and 0 only at an equilibrium."""

    def truth(self, discriminator: Any, generator: Any, /) -> dict[str, float]:
        """Everything known exactly of two strategies: V, the distance to the equilibrium, and the exploitability."""
        d, g = self.exact(DISCRIMINATOR, discriminator), self.exact(GENERATOR, generator)
        return {
            "value": float(self.value(d, g)),
            "distance": self.distance(d, g),
            "exploitability": float(self.exploitability(d, g)),
        }

    def distance(self, *strategies: Strategy) -> float:
        """The Euclidean distance of the strategies of all players to the equilibrium."""
        away = [own - best for own, best in zip(strategies, self.equilibrium, strict=True)]
        return float(np.linalg.norm(np.concatenate(away)))

    @property
    @abstractmethod
    def equilibrium(self) -> tuple[Strategy, ...]:
        """Strategies, the discriminator's first, from which no player gains by deviating."""

    def equilibrium_under(self, loss: Loss) -> tuple[Strategy, ...]:
        """The equilibrium when the players play for a loss."""
        return self.equilibrium

    @property
    def distances(self) -> dict[str, str]:
        """The divergences of p and p_g, and what the players could gain."""
        within = f", within {self.deviations}" if self.deviations else ""
        return {
            "jsd": "JSD(p, p_g)",
            "kl": "KL(p || p_g)",
            "reverse_kl": "KL(p_g || p)",
            "distance": "distance to the equilibrium",
            "exploitability": f"exploitability{within}",
        }

    @property
    def is_planar(self) -> bool:
        """Whether both strategies are one number."""
        return all(self.space(agent).shape == (1,) for agent in (DISCRIMINATOR, GENERATOR))

    def state(self, loss: Loss, penalty: Penalty | None, penalty_weight: float, batch_size: int) -> StrategyState:
        """The state of a game that has not begun; a batch is one move."""
        return StrategyState(self, loss, penalty, penalty_weight)

    def default_players(self, recipe: "Recipe") -> tuple[Player, ...]:
        """Players that start at the first strategies and learn by plain ascent, the discriminator first."""
        return tuple(
            Strategist(
                agent,
                np.asarray(self.start(agent)).tolist(),
                ascent((recipe.discriminator_rate if agent == DISCRIMINATOR else recipe.generator_rate).start),
                form,
            )
            for agent, form in zip(self.agents, self.forms, strict=True)
        )

    def strategies(self, *players: Player) -> tuple[Strategy, ...]:
        """The strategies of all players, as the game takes them."""
        with torch.no_grad():
            return tuple(self.checked(player.name, player.act(None)).numpy() for player in players)

    def evaluate(
        self, discriminator: Player, generator: Player, seed: int, loss: Loss, *others: Player
    ) -> dict[str, float]:
        """Everything known exactly of all strategies; what the players could gain is in the payoffs of the loss."""
        found = self.truth_under(loss, *self.strategies(discriminator, generator, *others))
        found = row_of(found, f"truth() of the game {self.name!r}", self.needed)
        if (gap := found["exploitability"]) < -1e-6 * (1 + abs(found.get("value", 0.0))):
            raise WiringError(
                f"truth() of the game {self.name!r} says an exploitability of {gap:.3g}; expected at least 0, as a "
                "player can always keep its strategy: it is the sum of what each player could gain by its best one"
            )
        if self.known_value == -LOG_4:
            found["gap_to_minus_log_4"] = found["value"] + LOG_4
        return found

    def truth_under(self, loss: Loss, discriminator: Strategy, generator: Strategy, /) -> dict[str, float]:
        """The `truth` when the players play for a loss."""
        return self.truth(discriminator, generator)

    def known(self) -> str:
        """What is known of the game: V at the equilibrium, and what is exact."""
        exact = [key.replace("_", " ") for key in self.truth(*self.equilibrium) if not key.endswith("error")]
        return f"V = {self.known_value:.4g} at the equilibrium; exact: {', '.join(exact)}"

    def checked(self, agent: str, action: Any) -> Any:
        """A move as a strategy, clipped to the space; a tensor stays one, with its graph.

        Raises:
            WiringError: The strategy has the wrong shape, or is NaN or infinite.
        """
        move = real_numbers(agent, action)
        space = self.space(agent)
        if tuple(move.shape) != space.shape:
            raise WiringError(
                f"{agent} plays an array of shape {tuple(move.shape)}; expected a strategy of shape {space.shape} "
                f"in the game {self.name!r}"
            )
        if not torch.isfinite(move).all():
            found = move.detach().numpy()
            raise NonFiniteMoveError(f"{agent} plays {found}, which is not finite, in the game {self.name!r}", agent)
        return self.projected(agent, move.to(torch.float64))

    def projected(self, agent: str, move: Tensor) -> Tensor:
        """The strategy nearest to a finite move of the right shape."""
        space = self.space(agent)
        return torch.clamp(move, torch.from_numpy(space.low), torch.from_numpy(space.high))

    def idle_directions(self, agent: str, strategy: Strategy) -> Strategy:
        """(k, n) directions in which a move can change without changing the strategy; most games have none."""
        return np.zeros((0, len(strategy)))

    def exact(self, agent: str, strategy: Any) -> Strategy:
        """A strategy as a plain array, unchanged.

        Raises:
            WiringError: The strategy has the wrong shape, or is NaN or infinite.
        """
        found, shape = numbers(strategy), self.space(agent).shape
        if found.shape != shape:
            raise WiringError(
                f"the strategy of {agent} has shape {found.shape}; expected {shape} in the game {self.name!r}"
            )
        if not np.isfinite(found).all():
            raise NonFiniteMoveError(f"the strategy of {agent} is {found}; expected finite numbers", agent)
        return found

    def check_loss(self, loss: Loss, penalty: Penalty | None) -> None:
        """Refuse losses and penalties that have no meaning in this game."""
        if loss.name != "minimax" or penalty is not None:
            raise WiringError(
                f"the game {self.name!r} is played for V(D, G) alone: loss 'minimax' and no penalty, "
                f"not {loss.name!r} and {None if penalty is None else penalty.name!r}"
            )

    def payoffs(self, loss: Loss, discriminator: Tensor, generator: Tensor, /) -> tuple[Tensor, ...]:
        """The payoffs that the players maximise."""
        value = self.value(discriminator, generator)
        return value, -value

    def adds_up(self, loss: Loss, *strategies: Strategy) -> bool:
        """Whether the payoffs add up to 0 at some strategies and near them; a game of your own may pay otherwise."""
        if not loss.zero_sum:
            return False
        rng, all_of = np.random.default_rng(0), list(zip(self.agents, strategies, strict=True))
        for number in range(PAYOFFS_TRIED):
            moves = [
                self.projected(agent, torch.from_numpy(own + bool(number) * 0.1 * rng.standard_normal(len(own))))
                for agent, own in all_of
            ]
            paid = [float(payoff) for payoff in self.payoffs(loss, *moves)]
            if abs(sum(paid)) > 1e-9 * (1 + max(map(abs, paid))):
                return False
        return True

    def is_zero_sum(self, loss: Loss) -> bool:
        """Whether the payoffs of all players always add up to 0."""
        return self.adds_up(loss, *(self.start(agent) for agent in self.agents))

    def slope_penalty(self, penalty: Penalty, discriminator: Tensor, generator: Tensor) -> Tensor:
        """The penalty of the discriminator's slope, if the game has one."""
        raise WiringError(f"the game {self.name!r} has no slope to penalise")


def numbers(strategy: Any) -> Strategy:
    """A strategy as a plain array."""
    return strategy.detach().numpy() if isinstance(strategy, Tensor) else np.asarray(strategy, dtype=np.float64)
