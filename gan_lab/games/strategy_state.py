"""A game of whole strategies in progress: each player's last strategy holds until it moves again."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import NDArray
from torch import Tensor

from gan_lab.errors import WiringError
from gan_lab.games.game import DISCRIMINATOR, GENERATOR, GameState, Payoffs
from gan_lab.payoffs.losses import Loss
from gan_lab.payoffs.penalties import Penalty
from gan_lab.players import Strategist

if TYPE_CHECKING:
    from gan_lab.games.strategy_game import StrategyGame


class StrategyState(GameState):
    """A game of strategies in progress; arguments and attributes are those of `GameState`.

    Attributes:
        standing: The strategy of each player.
    """

    joint = True

    def __init__(self, game: "StrategyGame", loss: Loss, penalty: Penalty | None, penalty_weight: float) -> None:
        """Set up a game that has not begun."""
        super().__init__(loss, penalty, penalty_weight, batch_size=1)
        self.game: StrategyGame = game
        if loss.payoffs or (penalty is not None and penalty.payoffs):
            raise WiringError(
                f"payoffs of a whole turn need samples, which the game of strategies {game.name!r} does not have: "
                "write a game with `payoffs` of its own"
            )
        game.check_loss(loss, penalty)

    def begin(self, rng: np.random.Generator) -> None:
        """Start at the game's first strategies."""
        self.standing: dict[str, Tensor] = {agent: torch.from_numpy(self.game.start(agent)) for agent in self.agents}

    def check_players(self, players: Mapping[str, Any]) -> None:
        """Refuse strategies that are not of the game."""
        for agent, player in players.items():
            try:
                strategy = player.act(None)
            except (RuntimeError, TypeError, AttributeError) as error:
                raise WiringError(
                    f"{agent} cannot play the game of strategies {self.game.name!r}, where a player answers with its "
                    f"whole strategy, such as a Strategist does: {str(error).splitlines()[0]}"
                ) from error
            self.game.checked(agent, strategy)
            if isinstance(player, Strategist) and player.form == "plain":
                self._give_box(agent, player)

    def _give_box(self, agent: str, player: Strategist) -> None:
        """Let a player know where its strategies end; refuse one that starts outside, where it has no gradient."""
        space = self.game.space(agent)
        start = player.strategy.detach().numpy()
        outside = np.flatnonzero((start < space.low) | (start > space.high))
        if outside.size:
            at = outside[0]
            raise WiringError(
                f"the strategy of {agent} starts with {start[at]:g} at {at}; expected {space.low[at]:g} to "
                f"{space.high[at]:g} in the game {self.game.name!r}"
            )
        player.box = torch.from_numpy(space.low), torch.from_numpy(space.high)

    @property
    def agents(self) -> list[str]:
        """Who plays."""
        return self.game.agents

    def observation(self, agent: str) -> Tensor:
        """All standing strategies, the discriminator's first."""
        return torch.from_numpy(self.state())

    def observation_space(self, agent: str) -> Box:
        """All strategies, flat."""
        spaces = [self.game.space(name) for name in self.agents]
        low, high = (np.concatenate([getattr(space, end) for space in spaces]) for end in ("low", "high"))
        return Box(low, high, dtype=np.float64)

    def action_space(self, agent: str) -> Box:
        """The strategies of the agent."""
        return self.game.space(agent)

    def at_once(self, moves: Mapping[str, Any]) -> Payoffs:
        """Play all moves at once."""
        played = {agent: torch.as_tensor(self.game.checked(agent, moves[agent])) for agent in self.agents}
        self.standing = {agent: move.detach() for agent, move in played.items()}
        return self.worth(played)

    def move(self, agent: str, action: Any) -> Payoffs:
        """Play a move, and say what it was worth."""
        move = torch.as_tensor(self.game.checked(agent, action))
        self.standing[agent] = move.detach()
        return self.worth({name: move if name == agent else self._standing(name) for name in self.standing})

    def worth(self, strategies: Mapping[str, Tensor]) -> Payoffs:
        """What strategies are worth to each player."""
        discriminator, generator, *further = self.game.payoffs(self.loss, *strategies.values())
        others = dict(zip(self.agents[2:], further, strict=True)) if further else {}
        if self.penalty is None:
            return Payoffs(discriminator, generator, None, others)
        slope = self.game.slope_penalty(self.penalty, strategies[DISCRIMINATOR], strategies[GENERATOR])
        return Payoffs(discriminator, generator, self.penalty_weight * slope, others)

    def state(self) -> NDArray[np.float64]:
        """All standing strategies, flat, the discriminator's first."""
        return np.concatenate([strategy.numpy() for strategy in self.standing.values()])

    def _standing(self, agent: str) -> Tensor:
        if agent in self.seated:
            return torch.as_tensor(self.game.checked(agent, self.seated[agent].act(None)))
        return self.standing[agent]
