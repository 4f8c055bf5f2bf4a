"""A game of samples in progress: whose turn sees what, and what each move is worth.

A turn of the discriminator shows it n real samples and n generated ones. A turn of the generator shows it noise.
Players who were given to `seat` answer when the other's turn needs them: the generator makes fresh samples for every
turn of the discriminator (Algorithm 1), and the discriminator judges the samples of the generator's turn. Where
there are none, the discriminator sees the generator's last samples, and the generator is paid when they are
judged, at the discriminator's next turn.
"""

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import NDArray
from torch import Tensor

from gan_lab.errors import NonFiniteMoveError, WiringError
from gan_lab.games.game import DISCRIMINATOR, GENERATOR, NOTHING, GameState, Payoffs, real_numbers
from gan_lab.games.tied_batch import ties_a_batch
from gan_lab.payoffs.losses import Loss
from gan_lab.payoffs.penalties import Judge, Penalty
from gan_lab.players import SMALLEST, Discriminator, Verdict, evaluating
from gan_lab.random_numbers import seeded

if TYPE_CHECKING:
    from gan_lab.games.sample_game import SampleGame


NO_SCORES = torch.zeros(1)  # of the data, where nothing depends on them


class SampleState(GameState):
    """A game of samples in progress; arguments and attributes are those of `GameState`.

    Attributes:
        dtype: Of generated samples; where an update is differentiated by differences, float64.
    """

    dtype = torch.float32

    def __init__(
        self, game: "SampleGame", loss: Loss, penalty: Penalty | None, penalty_weight: float, batch_size: int
    ) -> None:
        """Set up a game that has not begun."""
        super().__init__(loss, penalty, penalty_weight, batch_size)
        self.game: SampleGame = game
        self._compares = loss.compares
        self._ties = False  # whether the discriminator's verdict on a sample depends on the others of its batch

    @property
    def _asks_own(self) -> bool:
        """Whether nobody asks what a move was worth to the other player."""
        return self.own_payoffs and not self.joint

    def begin(self, rng: np.random.Generator) -> None:
        """Start a game: until the generator moves, its samples are noise over the box of the data."""
        self.rng = rng
        corner, shape = self.game.bound / 2, (self.batch_size, self.game.dimension)
        self.generated: Tensor = self._here(rng.uniform(-corner, corner, shape).astype(np.float32))
        self.real: Tensor = self._here(self.game.data(self.batch_size, rng))
        self.noise: Tensor = self._here(self.game.noise(self.batch_size, rng))
        self.judged: Tensor = torch.cat([self.real, self.generated])

    def observation_space(self, agent: str) -> Box:
        """That of the game, for n samples."""
        return self.game.observation_space(agent, self.batch_size)

    def action_space(self, agent: str) -> Box:
        """That of the game, for n samples."""
        return self.game.action_space(agent, self.batch_size)

    def check_players(self, players: Mapping[str, Any]) -> None:
        """Refuse players whose moves have another shape than the game's."""
        with torch.no_grad():
            samples = torch.zeros(2, self.game.dimension)
            if (generator := players.get(GENERATOR)) is not None:
                samples = self._tried(GENERATOR, generator, torch.zeros(2, self.game.noise_size))
                self._check_shape(GENERATOR, samples, (2, self.game.dimension))
            if (discriminator := players.get(DISCRIMINATOR)) is not None:
                verdict = self._tried(DISCRIMINATOR, discriminator, samples)
                scores = verdict.scores if isinstance(verdict, Verdict) else torch.as_tensor(np.asarray(verdict))
                self._check_shape(DISCRIMINATOR, scores, (2,))
                self._check_scores(discriminator)
                self._ties = isinstance(discriminator, Discriminator) and ties_a_batch(
                    discriminator, self.game.dimension, self.game.scale
                )
                if self._ties:
                    discriminator.ties = ties_a_batch(discriminator, self.game.dimension, self.game.scale, False)

    def _check_scores(self, discriminator: Any) -> None:
        """Refuse a network that ends in probabilities, where scores are logits: it could never be sure of anything."""
        layers = list(discriminator.network.modules()) if isinstance(discriminator, Discriminator) else []
        if layers and isinstance(layers[-1], torch.nn.Sigmoid | torch.nn.LogSigmoid) and self.loss.is_value:
            raise WiringError(
                f"the network of {DISCRIMINATOR} ends in {layers[-1]}, and the loss {self.loss.name!r} takes what it "
                "says as a score, D(x) = sigmoid(score): leave the last layer out"
            )

    def observation(self, agent: str) -> Tensor:
        """What the agent sees on its turn: drawn anew for every turn."""
        if isinstance(discriminator := self.seated.get(DISCRIMINATOR), Discriminator) and self._ties:
            discriminator.apart = len(self.real)
        self.noise = self._here(self.game.noise(self.batch_size, self.rng))
        if agent == GENERATOR:
            return self.noise
        self.real = self._here(self.game.data(self.batch_size, self.rng))
        return self._show()

    def _show(self) -> Tensor:
        """The real samples, and the generated ones: those of a seated generator for this noise, or its last ones."""
        if (generator := self.seated.get(GENERATOR)) is not None:
            with torch.set_grad_enabled(self.joint):
                self.generated = finite(torch.as_tensor(generator.act(self.noise))).to(self.dtype)
        self.judged = torch.cat([self.real, self.generated])
        if self.penalty is not None:
            self.judged.requires_grad_()
        return self.judged

    def observations(self) -> dict[str, Tensor]:
        """What both see who move at once: a seated generator's samples are those of the noise that is shown."""
        return {DISCRIMINATOR: self.observation(DISCRIMINATOR), GENERATOR: self.noise}

    def glimpse(self, agent: str) -> Tensor:
        """What the agent saw last."""
        return self.noise if agent == GENERATOR else self.judged

    def move(self, agent: str, action: Any) -> Payoffs:
        """Play a move, and say what it was worth."""
        return self._samples(action) if agent == GENERATOR else self._verdict(action)

    def at_once(self, moves: Mapping[str, Any]) -> Payoffs:
        """Play all moves at once: what each is worth against what the other was before."""
        judged = self._verdict(moves[DISCRIMINATOR])
        shown = self._samples(moves[GENERATOR])
        of_generator = shown.generator if DISCRIMINATOR in self.seated else judged.generator
        return Payoffs(judged.discriminator, of_generator, judged.penalty)

    def state(self) -> NDArray[np.float32]:
        """All that the next turns depend on, flat: the real and the generated samples."""
        return np.concatenate([part.detach().cpu().numpy().ravel() for part in (self.real, self.generated)])

    def _here(self, drawn: NDArray[np.float32]) -> Tensor:
        """The rows of a whole batch that are played here."""
        return torch.from_numpy(np.asarray(drawn[self.rows], dtype=np.float32)).to(self.device)

    def _verdict(self, action: Any) -> Payoffs:
        n = len(self.real)
        scores = self._scores(action, 2 * n)
        real, fake = scores[:n], scores[n:]
        payoff = self.loss.discriminator(real, fake, None, None)
        penalty = None
        if self.penalty is not None and scores.requires_grad:
            judge = self._judge if DISCRIMINATOR in self.seated else _nobody
            penalty = self.penalty_weight * self._slope(self.penalty, scores, judge)
        if self._asks_own:
            return Payoffs(payoff, NOTHING.generator, penalty)
        if self.loss.zero_sum:
            return Payoffs(payoff, -payoff, penalty)
        with torch.set_grad_enabled(self.joint):
            return Payoffs(payoff, self.loss.generator(real, fake, None, None), penalty)

    def _slope(self, penalty: Penalty, scores: Tensor, judge: Judge) -> Tensor:
        if not penalty.draws:
            return penalty.slope(self.judged, scores, len(self.real), judge)
        with seeded(
            int(self.rng.integers(2**63))
        ):  # the numbers that it draws are the game's, so that a seed fixes them
            torch.rand(self.rows.start or 0, dtype=self.judged.dtype)  # those of the rows before these
            return penalty.slope(self.judged, scores, len(self.real), judge)

    def _samples(self, action: Any) -> Payoffs:
        samples = real_numbers(GENERATOR, action)
        samples = samples.to(self.dtype) if samples.dtype != self.dtype else samples
        self._check_shape(GENERATOR, samples, (len(self.noise), self.game.dimension))
        self.generated = finite(samples).detach()
        if DISCRIMINATOR not in self.seated:
            return NOTHING
        if self._asks_own and not self._compares:
            real, fake = NO_SCORES, self._judge(samples)
        elif self.joint:
            scores = self._judge(torch.cat([self.real, samples]))
            real, fake = scores[: len(self.real)], scores[len(self.real) :]
        else:
            fake = self._judge(samples)
            with torch.no_grad():  # constants in the generator's move, compared with or not
                real = self._judge(self.real)
        payoff = self.loss.generator(real, fake, None, None)
        if self._asks_own:
            return Payoffs(NOTHING.discriminator, payoff)
        if self.loss.zero_sum:
            return Payoffs(-payoff, payoff)
        with torch.no_grad():
            return Payoffs(self.loss.discriminator(real, fake, None, None), payoff)

    def _judge(self, samples: Tensor) -> Tensor:
        return self._scores(self.seated[DISCRIMINATOR].act(samples), len(samples))

    def _scores(self, action: Any, count: int) -> Tensor:
        """(count,) logits of a verdict, or of probabilities."""
        if isinstance(action, Verdict):
            scores = action.scores
        else:
            probabilities = real_numbers(DISCRIMINATOR, action)
            if not torch.isfinite(probabilities).all():
                raise NonFiniteMoveError(f"{DISCRIMINATOR} plays probabilities that are not finite", DISCRIMINATOR)
            if ((probabilities < 0) | (probabilities > 1)).any():
                raise WiringError(f"{DISCRIMINATOR} plays probabilities outside 0 to 1; a Verdict takes any scores")
            scores = torch.logit(probabilities, eps=SMALLEST)
        self._check_shape(DISCRIMINATOR, scores, (count,))
        return scores

    def _check_shape(self, agent: str, move: Tensor, expected: tuple[int, ...]) -> None:
        if tuple(move.shape) != expected:
            what = (
                f"samples for {DISCRIMINATOR}"
                if agent == GENERATOR
                else f"a probability for each sample, as of {GENERATOR},"
            )
            raise WiringError(
                f"{agent} plays an array of shape {tuple(move.shape)}; expected {what} of shape {expected} "
                f"in the game {self.game.name!r}"
            )

    def _tried(self, agent: str, player: Any, observation: Tensor) -> Any:
        try:
            with evaluating(player):
                return player.act(observation)
        except (RuntimeError, ValueError, TypeError) as error:
            raise WiringError(
                f"{agent} cannot act on {tuple(observation.shape)} in the game {self.game.name!r}, where {GENERATOR} "
                f"sees noise of {self.game.noise_size} numbers, and plays samples of {self.game.dimension}, which "
                f"{DISCRIMINATOR} judges: {str(error).splitlines()[0]}"
            ) from error


def finite(samples: Tensor) -> Tensor:
    """The samples; the sum, which is quicker, is finite only where all of them are."""
    if not isfinite(samples.detach().sum().item()) and not torch.isfinite(samples).all():
        raise NonFiniteMoveError(f"{GENERATOR} plays samples that are not finite", GENERATOR)
    return samples


def _nobody(samples: Tensor) -> Tensor:
    raise WiringError("this penalty asks for further verdicts: seat the discriminator, env.seat(discriminator_0=...)")
