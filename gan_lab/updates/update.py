"""What every update rule is: one step of the game, and its linearisation at an equilibrium.

With w = (psi, theta), psi of the discriminator and theta of the generator, each player's gradient of its own
payoff makes the field v(w) = (grad_psi u_D, grad_theta u_G), with the Jacobian J = v'(w*) at an equilibrium.
Near it a rule multiplies the distance to w* by a matrix; it converges when that matrix has a spectral radius
below 1, and then at that rate.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import SGD

from gan_lab.errors import WiringError
from gan_lab.made_by import MadeBy
from gan_lab.updates.player_pair import PlayerPair

Matrix = NDArray[np.float64]


class Update(MadeBy, ABC):
    """An update rule.

    Attributes:
        name: Name by which the rule is chosen.
        equation: The equation as text, with the step h.
        source: The source, such as a paper.
        discriminator_steps: Turns of the discriminator before each turn of the generator.
        joint: Whether it needs each payoff's gradient with respect to both players' parameters.
        zero_sum_only: Whether `operator` holds only if the payoffs add up to 0.
        shareable: Whether processes may share a batch. They may if the rule moves by `pair.field()`, by
            `pair.gradient()` right after `pair.turn()`, and by nothing else that depends on samples.
    """

    name: str
    equation: str
    source: str
    discriminator_steps: int = 1
    joint: bool = False
    zero_sum_only: bool = False
    shareable: bool = False

    @abstractmethod
    def step(self, pair: PlayerPair) -> None:
        """Play one update of both players."""

    @abstractmethod
    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """The matrix by which an update multiplies the distance to an equilibrium.

        Args:
            jacobian: (n, n) J of the field, the discriminator's parameters first.
            split: Number of the discriminator's parameters.
            rate: Step h of plain gradient ascent.

        Returns:
            (n, n), or (2n, 2n) for rules that remember one step.
        """

    def check(self, pair: PlayerPair) -> None:
        """Refuse a pair for which the rule has no meaning, such as one whose game has another order of turns."""
        if pair.env.discriminator_steps != self.discriminator_steps:
            raise WiringError(
                f"the update {self.name!r} plays {self.discriminator_steps} turns of the discriminator before each of "
                f"the generator, the environment {pair.env.discriminator_steps}: use the same number for both"
            )

    def state(self) -> dict[str, Tensor]:
        """What the rule remembers from step to step, for a checkpoint."""
        return {}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Restore what `state` returned."""
        if state:
            raise WiringError(f"the update {self.name!r} remembers nothing, the checkpoint has {', '.join(state)}")

    def __repr__(self) -> str:
        """Name and equation."""
        return f"{type(self).__name__}: {self.equation}"


def plain_rate(pair: PlayerPair, name: str = "") -> float:
    """The common rate of all players, who climb by plain gradient ascent.

    Args:
        pair: The players.
        name: Of the rule that asks, for the message.

    Raises:
        WiringError: The players learn by something else, or at different rates.
    """
    groups: list[dict[str, Any]] = [group for p in pair.players.values() for group in p.optimizer.param_groups]
    rates = {group["lr"] for group in groups}
    plain = all(type(player.optimizer) is SGD for player in pair.players.values())
    extras = any(group.get("momentum") or group.get("weight_decay") for group in groups)
    if len(rates) != 1 or not plain or extras:
        who = f"the update {name!r}" if name else "this update"
        raise WiringError(f"{who} is for plain gradient ascent at one rate for both: optimizer=ascent(rate)")
    return float(rates.pop())
