"""The contract of update rules: every rule here keeps it, and each way to break it is found and said."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from gan_lab import WiringError
from gan_lab.checks import check_update
from gan_lab.updates import UPDATES, Alternating, Consensus, Extragradient, Optimistic, Simultaneous, Unrolled, Update
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix

pytestmark = pytest.mark.usefixtures("brief_looks")  # what is asked is how rules play
RULES: dict[str, Callable[[], Update]] = {
    **UPDATES,
    "alternating, 5 steps": partial(Alternating, 5),
    "unrolled once": partial(Unrolled, 1),
    "consensus, half": partial(Consensus, 0.5),
}


@pytest.mark.parametrize("make", RULES.values(), ids=RULES.keys())
def test_every_rule_keeps_the_contract(make: Callable[[], Update]) -> None:
    check_update(make)


# Rules that break it.


class Downhill(Simultaneous):
    def step(self, pair: PlayerPair) -> None:
        discriminator, generator = pair.field()
        pair.move(([-part for part in discriminator], [-part for part in generator]))


class TwiceAsFast(Simultaneous):
    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        return super().operator(jacobian, split, 2.0 * rate)


class GeneratorUpTheOtherHill(Simultaneous):
    def step(self, pair: PlayerPair) -> None:
        discriminator, generator = pair.field()
        pair.move((discriminator, [-part for part in generator]))


class SameOperator(Extragradient):
    """Takes plain steps, and says that it looks ahead."""

    def step(self, pair: PlayerPair) -> None:
        pair.move(pair.field())


class Late(Simultaneous):
    """Right in its first step only."""

    taken = 0

    def step(self, pair: PlayerPair) -> None:
        super().step(pair)
        self.taken += 1
        if self.taken > 1:
            pair.put([1.0001 * part for part in pair.where()])


class Forgetful(Optimistic):
    def state(self) -> dict[str, torch.Tensor]:
        return {}


class Haunted(Optimistic):
    """Remembers the run before."""

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        if state or self.last is None:
            super().restore(state)


class Nervous(Simultaneous):
    def step(self, pair: PlayerPair) -> None:
        super().step(pair)
        pair.put([part * (1.0 + 1e-15 * np.random.default_rng().integers(8)) for part in pair.where()])


class OneTurnTooMany(Simultaneous):
    def step(self, pair: PlayerPair) -> None:
        super().step(pair)
        pair.turn()


class Braking(Simultaneous):
    def step(self, pair: PlayerPair) -> None:
        super().step(pair)
        for player in pair.players.values():
            player.optimizer.param_groups[0]["lr"] *= 0.5


class Freezing(Simultaneous):
    def step(self, pair: PlayerPair) -> None:
        super().step(pair)
        pair.generator.eval()


class OfWords(Simultaneous):
    def state(self) -> Any:
        return {"last": "a step"}


class OfOneNumber(Simultaneous):
    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        return np.ones((1, 1))


class Nameless(Simultaneous):
    source = ""


class OfOneShare(Simultaneous):
    """Goes by what it sees of the batch, which is a share of it."""

    def step(self, pair: PlayerPair) -> None:
        seen = len(pair.env.observe("discriminator_0"))
        pace = seen / 16 if pair.discriminator.trained[0].ndim > 1 else 1.0
        pair.move(tuple([pace * part for part in field] for field in pair.field()))  # type: ignore[arg-type]


class OfItsOwnGradient(Simultaneous):
    """Asks the payoff for its gradient, which has none where a batch is shared."""

    def step(self, pair: PlayerPair) -> None:
        fields = []
        for _ in range(2):
            player, payoff = pair.turn()
            fields.append(torch.autograd.grad(payoff, player.trained))
        pair.move((fields[0], fields[1]))


class Tacit(Simultaneous):
    def check(self, pair: PlayerPair) -> None:
        if pair.discriminator.trained[0].ndim > 1:
            raise WiringError("no")


class Exploding(Simultaneous):
    def step(self, pair: PlayerPair) -> None:
        super().step(pair)
        if pair.discriminator.trained[0].ndim > 1:
            pair.put([torch.full_like(part, torch.nan) for part in pair.where()])


BROKEN: dict[str, tuple[Callable[[], Any], str]] = {
    "wrong sign": (Downhill, r"^step 1 of 'simultaneous' on 'bilinear': expected \[.*\], as its operator says; found"),
    "one player's sign": (GeneratorUpTheOtherHill, r"^step 1 .* as its operator says; found"),
    "wrong operator": (TwiceAsFast, r"^step 1 .* as its operator says; found"),
    "operator of another rule": (SameOperator, r"^step 1 of 'extragradient' .* as its operator says; found"),
    "a later step": (Late, r"^step 2 .* as its operator says; found"),
    "forgets its state": (Forgetful, r"^the update 'optimistic', resumed from a checkpoint: expected .* found"),
    "keeps its state": (
        Haunted,
        r"^the update 'optimistic', a rule that has played before: expected .* forgets; found",
    ),
    "not the same twice": (Nervous, r"run again: expected the same bits, .* found|^step 1 .* operator"),
    "half a cycle": (OneTurnTooMany, r"^step 1 .*: expected whole cycles of turns, .*; found generator_0 next"),
    "another rate": (Braking, r"^step 1 .*: expected players as they were, but for what they train; found"),
    "another mode": (Freezing, r"^step 1 .*: expected players as they were, but for what they train; found"),
    "state in words": (OfWords, r"state 'last' of 'simultaneous': expected a tensor; found str"),
    "wrong shape": (OfOneNumber, r"expected a shape of \(4, 4\) or \(8, 8\); found \(1, 1\)"),
    "no source": (Nameless, r"^of Nameless: expected words as its source; found ''"),
    "no update": (dict, r"expected an Update; found dict"),
    "of one share": (OfOneShare, r"in two shares: expected the same parameters within 1e-4, .*; found .* between them"),
    "not shareable": (OfItsOwnGradient, r"in two shares: expected the same parameters .*; found element 0"),
    "refuses without words": (Tacit, r"on samples: expected a refusal that names 'simultaneous'; found no"),
    "not finite": (Exploding, r"on samples: expected finite payoffs; found generator_0 plays"),
}


@pytest.mark.parametrize(("make", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_breaks_the_contract_is_said(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_update(make)
