"""A game of samples whose payoffs are of whole turns, of two players or more.

Who has a payoff of scores plays as in any game of samples. Who has one of a turn is paid by `gan_lab.payoffs.turns`:
players who learn answer whatever the payoff asks them, and others play numbers for the rows that they have observed.
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
        self._seen_shapes = {f"{seat}_0": self._shape_of_view(seat) for seat in loss.sees}

    @property
    def agents(self) -> list[str]:
        """Who plays."""
        return [DISCRIMINATOR, GENERATOR, *self.game.further_agents(self.loss)]

    def answers_itself(self, agent: str) -> bool:
        """Whoever is paid by a whole turn, where players learn."""
        return self.own_payoffs and agent in self._paid

    def begin(self, rng: np.random.Generator) -> None:
        """Start a game."""
        super().begin(rng)
        self._made_from = self.noise
        self._views: dict[str, Tensor] = {}

    def observation_space(self, agent: str) -> Box:
        """Noise for the generator, samples for all others, unless the loss says what they see."""
        if agent in self._seen_shapes:
            return Box(-np.inf, np.inf, self._seen_shapes[agent], np.float32)
        return super().observation_space(agent if agent == GENERATOR else DISCRIMINATOR)

    def action_space(self, agent: str) -> Box:
        """Samples from the generator; from others, for each row that they see, a probability or so many numbers."""
        if agent == GENERATOR:
            return super().action_space(agent)
        rows = self.observation_space(agent).shape[0]
        if agent == DISCRIMINATOR:
            return Box(0.0, 1.0, (rows,), np.float32)
        noise = self.game.observation_space(GENERATOR, self.batch_size)
        size = self.loss.plays.get(agent.removesuffix("_0"), self.game.noise_size)
        return Box(noise.low.min(), noise.high.max(), (rows, size), np.float32)

    def check_players(self, players: Mapping[str, Any]) -> None:
        """Refuse players whose moves do not fit; what a payoff shows its players is its own affair."""
        super().check_players({k: v for k, v in players.items() if k == GENERATOR or k not in self._paid})

    def observation(self, agent: str) -> Tensor:
        """What the agent sees on its turn: drawn anew for every turn; learners who are paid by turns need not look."""
        if agent not in self._paid:
            return super().observation(agent)
        self.noise = self._here(self.game.noise(self.batch_size, self.rng))
        self.real = self._here(self.game.data(self.batch_size, self.rng))
        if self.own_payoffs or agent == GENERATOR:
            return self.noise
        self._show()
        return self._view(agent)

    def observations(self) -> dict[str, Tensor]:
        """What all see who move at once: the same noise and the same samples."""
        super().observation(DISCRIMINATOR)
        return {agent: self._view(agent) for agent in self.agents}

    def glimpse(self, agent: str) -> Tensor:
        """What the agent saw last."""
        if agent in self._views:
            return self._views[agent]
        return super().glimpse(agent if agent == GENERATOR else DISCRIMINATOR)

    def move(self, agent: str, action: Any) -> Payoffs:
        """Play a move, and say what it was worth; for rules that say `joint`, what it was worth to all."""
        return self._pay(agent, {agent: action})

    def at_once(self, moves: Mapping[str, Any]) -> Payoffs:
        """Play all moves at once: who is not seated answers by its move, for the samples that were shown."""
        first, *rest = [self._pay(agent, moves) for agent in self.agents if agent != GENERATOR]
        last = self._pay(GENERATOR, moves)
        judged = GENERATOR in self._paid or DISCRIMINATOR in self.seated
        generator = last.generator if judged else first.generator
        others = {agent: value for found in rest for agent, value in found.others.items()}
        penalties = {agent: value for found in (first, *rest, last) for agent, value in found.penalties.items()}
        return Payoffs(first.discriminator, generator, first.penalty, others, penalties)

    def _pay(self, agent: str, moves: Mapping[str, Any]) -> Payoffs:
        """What an agent's move is worth, beside the moves of those who play at the same time."""
        of_scores = agent not in self._paid
        if of_scores and agent == GENERATOR and DISCRIMINATOR in self._paid and DISCRIMINATOR not in self.seated:
            raise WiringError(
                f"{GENERATOR} is paid for scores of its samples: let {DISCRIMINATOR} answer, "
                f"env.seat({DISCRIMINATOR}=...)"
            )
        found = super().move(agent, moves[agent]) if of_scores else NOTHING
        turn = self._turn(agent, moves, of_scores)
        asked = self.agents if self.joint else [agent]
        paid = {who: one_number(f"the payoff of {who}", self._paid[who](turn)) for who in asked if who in self._paid}
        taken = {
            who: self.penalty_weight * one_number(f"the penalty of {who}", self._penalties[who](turn))
            for who in asked
            if who in self._penalties
        }
        if agent == GENERATOR:
            self._made_from = self.noise
        if agent == GENERATOR and not isinstance(moves[agent], Player):
            self.generated = finite(self._played(moves[agent])).detach()
        elif turn.shown is not None:
            self.generated = finite(turn.shown).detach()
        discriminator, generator = (
            paid.pop(who, NOTHING.paid(who) if who in self._paid else found.paid(who)) for who in self.agents[:2]
        )
        return Payoffs(discriminator, generator, found.penalty, paid, taken)

    def _turn(self, agent: str, moves: Mapping[str, Any], of_scores: bool) -> Turn:
        """The turn of an agent, as payoffs see it."""
        players = self._players(moves)
        answers = {
            who.removesuffix("_0"): (self._views.get(who, self.judged), self._answers(who, move))
            for who, move in moves.items()
            if players[who.removesuffix("_0")] is None or (who == agent and not of_scores)
            if who != GENERATOR and not isinstance(move, Player)
        }
        fake, noise = self.generated, self._made_from if players["generator"] is None else self.noise
        if agent == GENERATOR and not isinstance(moves[agent], Player):
            if not answers:
                fake, noise = self._played(moves[agent]), self.noise
        elif agent == GENERATOR or (self.own_payoffs and players["generator"] is not None):
            fake = fake if of_scores and agent == DISCRIMINATOR else None  # which a payoff may ask for
        learner = None if self.joint else agent.removesuffix("_0")
        return Turn(players, self.real, noise, self._more_noise, learner=learner, fake=fake, answers=answers)

    def _players(self, moves: Mapping[str, Any]) -> dict[str, Any]:
        """Who answers by itself, by seat."""
        return {
            name.removesuffix("_0"): move if isinstance(move := moves.get(name), Player) else self.seated.get(name)
            for name in self.agents
        }

    def _played(self, action: Any) -> Tensor:
        """What the generator plays."""
        found = action if isinstance(action, Tensor) else real_numbers(GENERATOR, action).to(torch.float32)
        self._check_shape(GENERATOR, found, (len(self.noise), self.game.dimension))
        return found

    def _view(self, agent: str) -> Tensor:
        """What an agent sees of what was drawn."""
        if agent == GENERATOR:
            return self.noise
        self._views[agent] = self.judged
        if (sees := self.loss.sees.get(agent.removesuffix("_0"))) is not None:
            players = self._players({})
            noise = self._made_from if players["generator"] is None else self.noise
            with torch.no_grad():
                self._views[agent] = sees(Turn(players, self.real, noise, self._more_noise, fake=self.generated))
        return self._views[agent]

    def _shape_of_view(self, seat: str) -> tuple[int, ...]:
        """The shape of what a seat sees, where all players answer 0."""
        n, game = self.batch_size, self.game
        sizes = {"discriminator": (), "generator": (game.dimension,)}
        sizes |= {name: (self.loss.plays.get(name, game.noise_size),) for name in seats_of(self.loss)}
        players = {name: _Zeros(size) for name, size in sizes.items()}
        noise = torch.zeros(n, game.noise_size)
        turn = Turn(players, torch.zeros(n, game.dimension), noise, noise.clone)
        try:
            found = self.loss.sees[seat](turn)
        except (RuntimeError, AttributeError, TypeError, ValueError) as error:
            raise WiringError(
                f"what {seat} sees cannot be computed from what the players answer: {str(error).splitlines()[0]}"
            ) from error
        if not isinstance(found, Tensor) or found.dim() != 2:
            what = f"a tensor of shape {tuple(found.shape)}" if isinstance(found, Tensor) else repr(found)
            raise WiringError(f"what {seat} sees is {what}; expected a tensor of (m, k) rows")
        return tuple(found.shape)

    def _answers(self, agent: str, action: Any) -> Tensor:
        """What an agent plays instead of answering itself."""
        shape = self.action_space(agent).shape
        if agent == DISCRIMINATOR:
            return self._scores(action, shape[0])
        found = action.scores if isinstance(action, Verdict) else real_numbers(agent, action)
        if not torch.isfinite(found).all():
            raise NonFiniteMoveError(f"{agent} plays numbers that are not finite", agent)
        if tuple(found.shape) != shape:
            raise WiringError(
                f"{agent} plays an array of shape {tuple(found.shape)}; expected {shape}, a row for each row that it "
                "observes; `plays` of the loss says how many numbers"
            )
        return found.to(torch.float32)

    def _more_noise(self) -> Tensor:
        return self._here(self.game.noise(self.batch_size, self.rng))


class _Zeros:
    """A player whose answer is 0.

    Args:
        size: Of the answer to one row.
    """

    def __init__(self, size: tuple[int, ...]) -> None:
        self.size = size

    def act(self, observation: Tensor) -> Tensor:
        return torch.zeros(len(observation), *self.size)
