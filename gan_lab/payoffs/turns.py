"""Payoffs of a whole turn: of samples, features and every network, for two players or more.

A loss of scores knows what the discriminator says and nothing else. A payoff of a turn is a function of a `Turn`,
which has the samples, the noise, and all players, whom it may ask what they make of anything:

    matched = turn_loss("feature_matching", {"generator": lambda turn: -distance(turn.real, turn.fake)})

A seat that is neither the discriminator's nor the generator's is made by its payoff: `turn_loss("veegan", {...,
"reconstructor": payoff})` is a game of three, in which `reconstructor_0` moves after the generator.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gan_lab.errors import WiringError
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.payoffs.losses import Loss, find_loss
from gan_lab.payoffs.penalties import Penalty

SEATS = ("discriminator", "generator")  # that every game has
TAKEN = ("real", "fake", "noise", "shown", "more_noise", "ask")  # by what else a turn has
TurnPayoff = Callable[["Turn"], Tensor]


class Turn:
    """The data of a turn from which a payoff is computed.

    Each player is also an attribute with the name of its seat: `turn.discriminator(samples)` are (m,) scores,
    `turn.generator(noise)` are (m, d) samples, and `turn.reconstructor(samples)` is the output of its network.
    `turn.discriminator.network` is the network itself, whose layers give features: `network[:-1](samples)`.

    Args:
        players: Players by seat; None for a player who does not answer by itself.
        real: (n, d) samples of the data.
        noise: (n, k) noise that the generator sees.
        draw: Function without arguments that returns other noise.
        learner: Player whose payoff this is; the outputs of the other players for plain numbers have no graph. None:
            all outputs have a graph.
        fake: (n, d) samples that are played; None: the generator's samples for the noise.
        answers: By seat, (seen, said): (m, k) rows that an agent has observed, and the (m, ...) numbers that it plays.
            A question about some of these rows is answered by these numbers.

    Attributes:
        real: (n, d) samples of the data.
        noise: (n, k) noise that the generator sees.
    """

    def __init__(
        self,
        players: Mapping[str, Any],
        real: Tensor,
        noise: Tensor,
        draw: Callable[[], Tensor],
        *,
        learner: str | None = None,
        fake: Tensor | None = None,
        answers: Mapping[str, tuple[Tensor, Tensor]] | None = None,
    ) -> None:
        """Keep the data of the turn."""
        self.real, self.noise = real, noise
        self._players, self._draw, self._learner, self._fake = players, draw, learner, fake
        self._answers = answers or {}

    @property
    def fake(self) -> Tensor:
        """(n, d) samples of the generator for the noise of this turn."""
        if self._fake is None:
            self._fake: Tensor | None = self.generator(self.noise)
        return self._fake

    @property
    def shown(self) -> Tensor | None:
        """`fake` if it was given or asked for, otherwise None."""
        return self._fake

    def more_noise(self) -> Tensor:
        """(n, k) other noise, drawn with the random numbers of the game, so that a seed fixes it."""
        return self._draw()

    def __getattr__(self, seat: str) -> "Asked":
        """The player of a seat."""
        if seat.startswith("_") or seat not in self._players:
            there = ", ".join(self._players) or "none"
            raise AttributeError(f"a payoff asks for turn.{seat}; a turn has real, noise, fake, more_noise(), {there}")
        return Asked(self, seat)

    def ask(self, seat: str, observation: Tensor) -> Tensor:
        """The output of a player for an observation: scores, samples, or the output of its network."""
        if seat in self._answers and (said := _said(*self._answers[seat], observation)) is not None:
            return said
        if self._players[seat] is None:
            raise WiringError(
                f"a payoff asks {seat}_0 about rows that it has not observed: let it answer, env.seat({seat}_0=...), "
                "or let it observe them, turn_loss(..., sees={...})"
            )
        tracked = self._learner in (None, seat) or observation.requires_grad
        with torch.set_grad_enabled(tracked and torch.is_grad_enabled()):
            found = self._players[seat].act(observation)
        return torch.as_tensor(getattr(found, "scores", found))  # of a verdict, its scores


class Asked:
    """A player whom a payoff asks; its attributes, such as `network`, are the player's."""

    def __init__(self, turn: Turn, seat: str) -> None:
        """Keep the turn and the player."""
        self._turn, self._seat = turn, seat

    def __call__(self, observation: Tensor) -> Tensor:
        """The output of the player for an observation."""
        return self._turn.ask(self._seat, observation)

    def __getattr__(self, name: str) -> Any:
        """An attribute of the player."""
        return getattr(self._turn._players[self._seat], name)


@takes_own_names
def turn_loss(
    name: str,
    payoffs: Mapping[str, TurnPayoff],
    base: "str | Loss" = "non_saturating",
    *,
    equation: str = "",
    source: str = "mine",
    plays: Mapping[str, int] | None = None,
    sees: Mapping[str, TurnPayoff] | None = None,
) -> Loss:
    """A loss in which the payoffs of some or all players depend on a whole turn.

    Args:
        name: Its name.
        payoffs: From each seat to a function of the `Turn` that returns one number, which this player maximises. A seat
            other than "discriminator" and "generator" adds one more player, who moves after the generator.
        base: Loss whose payoffs of scores are used for the discriminator or the generator if `payoffs` has none.
        equation: The equation as text.
        source: The source, such as a paper.
        plays: How many numbers a further player outputs for each row in the environment; by default the size of the
            noise.
        sees: From some seats to a function of the `Turn` that returns the (m, k) rows that this player observes in the
            environment. By default these are the n real samples and the n generated ones.

    Raises:
        WiringError: There are no payoffs, a payoff is not a function, a seat cannot have this name, or `plays` or
            `sees` name a seat that has no payoff.

    Source: Salimans et al. 2016, section 3.1, for one of features; Srivastava et al. 2017 for one of three players.

    >>> loss = turn_loss("nearest", {"generator": lambda turn: -(turn.fake - turn.real).square().mean()})
    >>> loss.discriminator is find_loss("non_saturating").discriminator, seats_of(loss)
    (True, [])
    """
    _check("the payoffs of a turn", payoffs)
    for what, given in (("plays", plays), ("sees", sees)):
        if strange := [seat for seat in given or {} if seat not in payoffs or seat == "generator"]:
            raise WiringError(f"{what} has {strange[0]!r}; expected seats that observe samples: {', '.join(payoffs)}")
    found = replace(
        find_loss(base), name=name, equation=equation or ", ".join(payoffs), source=source, zero_sum=False,
        payoffs=dict(payoffs), plays=dict(plays or {}), sees=dict(sees or {}),
    )  # fmt: skip
    return replace(found, log_odds=None, best=None, relative=False) if "discriminator" in payoffs else found


@takes_own_names
def turn_penalty(
    name: str, penalties: Mapping[str, TurnPayoff], *, equation: str = "", source: str = "mine"
) -> Penalty:
    """A penalty of a whole turn: `penalty_weight` times it is subtracted from the payoffs of some players.

    Args:
        name: Its name.
        penalties: From each seat to a function of the `Turn` that returns one number.
        equation: The equation as text.
        source: The source, such as a paper.

    Raises:
        WiringError: There are no penalties, a penalty is not a function, or a seat cannot have this name.

    >>> small = turn_penalty("small", {"generator": lambda turn: turn.fake.square().mean()})
    >>> list(small.payoffs)
    ['generator']
    """
    _check("the penalties of a turn", penalties)
    return Penalty(name, _nothing, equation or ", ".join(penalties), source, payoffs=dict(penalties))


def seats_of(loss: Loss) -> list[str]:
    """The seats of a loss beside the discriminator's and the generator's, in the order in which they move."""
    return [seat for seat in loss.payoffs if seat not in SEATS]


def one_number(of: str, paid: Any) -> Tensor:
    """A payoff as a scalar tensor.

    Raises:
        WiringError: It is something else.
    """
    if not isinstance(paid, Tensor) or paid.numel() != 1:
        what = f"a tensor of shape {tuple(paid.shape)}" if isinstance(paid, Tensor) else repr(paid)
        raise WiringError(f"{of} is {what}; expected a tensor of one number, such as the mean over the samples")
    return paid.reshape(())


def _said(seen: Tensor, said: Tensor, observation: Tensor) -> Tensor | None:
    """What was said of those rows of `seen` that an observation consists of; None if it is something else."""
    if observation.shape[1:] != seen.shape[1:] or not 0 < len(observation) <= len(seen):
        return None
    starts = (seen == observation[0]).flatten(1).all(dim=1).nonzero().flatten().tolist()
    for start in starts:
        if torch.equal(seen[start : start + len(observation)], observation):
            return said[start : start + len(observation)]
    return None


def _nothing(samples: Tensor, scores: Tensor, n: int, judge: Any) -> Tensor:
    return scores.new_zeros(())


def _check(what: str, payoffs: Any) -> None:
    if not isinstance(payoffs, Mapping) or not payoffs:
        raise WiringError(f"{what} are {payoffs!r}; expected functions of a turn by seat, such as {{'generator': f}}")
    for seat, payoff in payoffs.items():
        if not isinstance(seat, str) or not seat.isidentifier() or seat.startswith("_") or seat in TAKEN:
            raise WiringError(f"{what} have one of {seat!r}; expected the name of a seat, such as 'reconstructor'")
        if not callable(payoff):
            raise WiringError(f"{what} have {payoff!r} for {seat}; expected a function of a turn")
