"""A game of samples whose payoffs are of whole turns, of two players or more.

Who has a payoff of scores plays as in any game of samples. Who has one of a turn is paid by `gan_lab.payoffs.turns`:
players who learn answer whatever the payoff asks them, and others play numbers, row by row.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium.spaces import Box
from torch import Tensor

from gan_lab.errors import NonFiniteMoveError, WiringError
from gan_lab.games.game import DISCRIMINATOR, GENERATOR, NOTHING, Payoffs, real_numbers
from gan_lab.games.sample_state import SampleState, finite
from gan_lab.payoffs.losses import Loss
from gan_lab.payoffs.penalties import Penalty
from gan_lab.payoffs.turns import Turn, one_number, seats_of
from gan_lab.players import Player, Verdict

if TYPE_CHECKING:
    from gan_lab.games.sample_game import SampleGame


class TurnState(SampleState):
    """A game of samples with payoffs of turns; arguments and attributes are those of `GameState`.

    Raises:
        WiringError: A penalty of slopes, where the discriminator's payoff is not one of scores.
    """

    def __init__(
        self, game: "SampleGame", loss: Loss, penalty: Penalty | None, penalty_weight: float, batch_size: int
    ) -> None:
        """Set up a game that has not begun."""
        super().__init__(game, loss, penalty, penalty_weight, batch_size)
        self._penalties = {} if penalty is None else {f"{seat}_0": of for seat, of in penalty.payoffs.items()}
        self._paid = {f"{seat}_0": payoff for seat, payoff in loss.payoffs.items()}
        if penalty is not None and not penalty.payoffs and DISCRIMINATOR in self._paid:
            raise WiringError(
                f"the penalty {penalty.name!r} is one of scores of samples, and the loss {loss.name!r} pays the "
                "discriminator by a whole turn: subtract the penalty there, in its payoff"
            )
        if strange := [agent for agent in self._penalties if agent not in self.agents]:
            raise WiringError(f"there is no player {strange[0]!r} to penalise; there are {', '.join(self.agents)}")

    @property
    def agents(self) -> list[str]:
        """Who plays."""
        return [DISCRIMINATOR, GENERATOR, *(f"{seat}_0" for seat in seats_of(self.loss))]

    def answers_itself(self, agent: str) -> bool:
        """Whoever is paid by a whole turn, where players learn."""
        return self.own_payoffs and agent in self._paid

    def observation_space(self, agent: str) -> Box:
        """Noise for the generator, samples for all others."""
        return super().observation_space(agent if agent == GENERATOR else DISCRIMINATOR)

    def action_space(self, agent: str) -> Box:
        """That of the game; of a further player, so many numbers for each sample."""
        if agent in (DISCRIMINATOR, GENERATOR):
            return super().action_space(agent)
        noise = self.game.observation_space(GENERATOR, self.batch_size)
        size = self.loss.plays.get(agent.removesuffix("_0"), self.game.noise_size)
        return Box(noise.low.min(), noise.high.max(), (2 * self.batch_size, size), np.float32)

    def check_players(self, players: Mapping[str, Any]) -> None:
        """Refuse players whose moves do not fit; what a payoff shows its players is its own affair."""
        super().check_players({k: v for k, v in players.items() if k == GENERATOR or k not in self._paid})

    def observation(self, agent: str) -> Tensor:
        """What the agent sees on its turn: drawn anew for every turn; learners who are paid by turns need not look."""
        if agent not in self._paid:
            return super().observation(agent)
        if not self.own_payoffs:
            return super().observation(agent if agent == GENERATOR else DISCRIMINATOR)
        self.noise = self._here(self.game.noise(self.batch_size, self.rng))
        self.real = self._here(self.game.data(self.batch_size, self.rng))
        return self.noise

    def move(self, agent: str, action: Any) -> Payoffs:
        """Play a move, and say what it was worth; for rules that say `joint`, what it was worth to all."""
        of_scores = agent not in self._paid
        found = super().move(agent, action) if of_scores else NOTHING
        turn = self._turn(agent, action, of_scores)
        asked = self.agents if self.joint else [agent]
        paid = {who: one_number(f"the payoff of {who}", self._paid[who](turn)) for who in asked if who in self._paid}
        taken = {
            who: self.penalty_weight * one_number(f"the penalty of {who}", self._penalties[who](turn))
            for who in asked
            if who in self._penalties
        }
        if turn.shown is not None:
            self.generated = finite(turn.shown).detach()
        discriminator, generator = paid.pop(DISCRIMINATOR, found.discriminator), paid.pop(GENERATOR, found.generator)
        return Payoffs(discriminator, generator, found.penalty, paid, taken)

    def both(self, discriminator: Any, generator: Any) -> Payoffs:
        """Refused: players who are paid by turns take turns."""
        raise WiringError(f"the loss {self.loss.name!r} pays by whole turns: play in turns, by gan_lab.env(...)")

    def _turn(self, agent: str, action: Any, of_scores: bool) -> Turn:
        """The turn of an agent, as payoffs see it."""
        players = {name.removesuffix("_0"): self.seated.get(name) for name in self.agents}
        fake, answers = None, {}
        if of_scores and agent == DISCRIMINATOR:
            fake = self.generated
        elif agent == GENERATOR and not isinstance(action, Player):
            fake = action if isinstance(action, Tensor) else real_numbers(agent, action).to(torch.float32)
            self._check_shape(agent, fake, (len(self.noise), self.game.dimension))
        elif not isinstance(action, Player):
            answers = {agent.removesuffix("_0"): self._answers(agent, action)}
        if fake is None and self.seated.get(GENERATOR) is None:
            fake = self.generated
        learner = None if self.joint else agent.removesuffix("_0")
        return Turn(players, self.real, self.noise, self._more_noise, learner=learner, fake=fake, answers=answers)

    def _answers(self, agent: str, action: Any) -> Tensor:
        """What an agent plays instead of answering itself."""
        if agent == DISCRIMINATOR:
            return self._scores(action, 2 * self.batch_size)
        found = action.scores if isinstance(action, Verdict) else real_numbers(agent, action)
        if not torch.isfinite(found).all():
            raise NonFiniteMoveError(f"{agent} plays numbers that are not finite", agent)
        if tuple(found.shape) != self.action_space(agent).shape:
            raise WiringError(
                f"{agent} plays an array of shape {tuple(found.shape)}; expected {self.action_space(agent).shape}, a "
                f"row for each of {2 * self.batch_size} samples; `plays` of the loss says how many numbers"
            )
        return found.to(torch.float32)

    def _more_noise(self) -> Tensor:
        return self._here(self.game.noise(self.batch_size, self.rng))
