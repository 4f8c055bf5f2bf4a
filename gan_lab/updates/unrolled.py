"""Unrolled GAN: the generator learns from what the discriminator will be in K steps, and takes back all but one.

    psi^0 = psi,    psi^(k+1) = psi^k + h grad_psi u_D(psi^k, theta)
    psi'   = psi^1
    theta' = theta + h d/dtheta u_G(psi^K(theta), theta)        through all K steps

With more than two players, psi^K depends on the parameters of all of them, and all others than the discriminator learn
as the generator does.

Every step sees a fresh batch. Its size is that of the discriminator's own optimizer: plain ascent, or Adam with what it
remembers, which the look ahead leaves as it was.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import SGD, Adam

from gan_lab import fused_adam
from gan_lab.errors import WiringError, whole_number
from gan_lab.players import Player
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix, Update


class Unrolled(Update):
    """Unrolled ascent: an update costs K turns of the discriminator, each differentiated twice.

    Args:
        unrolled_steps: Number K of turns that the generator looks ahead, at least 1.
    """

    name = "unrolled"
    equation = "psi' = psi + h v_D(psi, theta); theta' = theta + h d/dtheta u_G(psi^K(theta), theta)"
    source = "Metz et al. 2017, equations 7 to 11"
    joint = True
    zero_sum_only = True

    def __init__(self, unrolled_steps: int = 5) -> None:
        """Set K, which is also the number of turns of the discriminator."""
        self.unrolled_steps: int = whole_number("unrolled_steps", unrolled_steps, 1, 10**6)
        self.discriminator_steps: int = self.unrolled_steps

    def check(self, pair: PlayerPair) -> None:
        """Refuse optimizers through which it cannot look ahead."""
        super().check(pair)
        optimizer = pair.discriminator.optimizer
        unfollowed = ("momentum", "dampening", "nesterov", "weight_decay", "amsgrad")
        extras = any(group.get(setting) for setting in unfollowed for group in optimizer.param_groups)
        if type(optimizer) not in (SGD, Adam, fused_adam.Adam) or extras or len(optimizer.param_groups) != 1:
            raise WiringError(
                f"the update 'unrolled' looks ahead by plain ascent or by Adam at one rate; {pair.discriminator.name} "
                f"learns by {type(optimizer).__name__}, with momentum, decay, amsgrad or groups of rates, or by "
                "another rule: take gan_lab.ascent(rate) or gan_lab.adam(rate)"
            )

    def step(self, pair: PlayerPair) -> None:
        """Look K turns of the discriminator ahead, play the others' turns, and take one step of each player."""
        turn, ahead = _Turn(pair), _Ahead(pair.discriminator)
        first: list[Tensor] = []
        for _ in range(self.unrolled_steps):
            payoff = functional_call(turn, turn.named(ahead.parameters), ())
            gradient = torch.autograd.grad(
                payoff, ahead.parameters, create_graph=True, allow_unused=True, materialize_grads=True
            )
            first = first or [part.detach() for part in gradient]
            ahead.climb(gradient)
        field = [first]
        followers = list(pair.players.values())[1:]
        for player in followers:
            payoff = functional_call(turn, turn.named(ahead.parameters), ())
            field.append(player.gradient(payoff, keep=player is not followers[-1]))
        pair.move(field)

    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """The matrix for a zero-sum game: theta' also has the slope of psi^K, and u_G falls as u_D rises.

        With A, B the rows of the discriminator in J, psi^K = P psi + Q theta, P = (I + h A)^K,
        Q = h (I + ... + (I + h A)^(K-1)) B, and dtheta = h (v_G(psi^K, theta) - Q^T v_D(psi^K, theta)).
        """
        identity, zero = np.eye(len(jacobian)), np.zeros_like(jacobian)
        climb, ahead = identity.copy(), identity.copy()
        climb[:split] += rate * jacobian[:split]
        ahead = np.linalg.matrix_power(climb, self.unrolled_steps)
        pull = zero.copy()
        pull[split:, :split] = -ahead[:split, split:].T
        moved = climb.copy()
        moved[split:] = identity[split:] + rate * ((jacobian + pull @ jacobian) @ ahead)[split:]
        return moved


class _Turn(nn.Module):
    """The next turn of a pair, as a module that has the discriminator's parameters: so they can be lent to it."""

    def __init__(self, pair: PlayerPair) -> None:
        super().__init__()
        self.discriminator, self.pair = pair.discriminator, pair

    def named(self, parameters: list[Tensor]) -> dict[str, Tensor]:
        names = {id(parameter): name for name, parameter in self.named_parameters()}
        return {names[id(own)]: lent for own, lent in zip(self.discriminator.trained, parameters, strict=True)}

    def forward(self) -> Tensor:
        return self.pair.turn()[1]


class _Ahead:
    """Where a player's optimizer would take it, with the graph of every step."""

    def __init__(self, player: Player) -> None:
        self.parameters: list[Tensor] = [own.detach().clone().requires_grad_() for own in player.trained]
        self.settings = player.optimizer.param_groups[0]
        self.is_adam = isinstance(player.optimizer, Adam)
        kept = [player.optimizer.state.get(own, {}) for own in player.trained]
        self.taken = float(kept[0].get("step", 0.0))
        self.first, self.second = (
            [sign * state.get(name, torch.zeros_like(own)) for state, own in zip(kept, player.trained, strict=True)]
            for name, sign in (("exp_avg", -1), ("exp_avg_sq", 1))  # Adam that climbs remembers the way down
        )

    def climb(self, gradient: tuple[Tensor, ...]) -> None:
        """One step of the optimizer along a gradient."""
        rate, self.taken = self.settings["lr"], self.taken + 1
        steps = list(gradient)
        if self.is_adam:
            one, two = self.settings["betas"]
            self.first = [one * old + (1 - one) * new for old, new in zip(self.first, gradient, strict=True)]
            self.second = [two * old + (1 - two) * new**2 for old, new in zip(self.second, gradient, strict=True)]
            # eps inside the root: the slope of a root at 0, where a unit has never been used, is infinite
            steps = [
                (m / (1 - one**self.taken)) / (v / (1 - two**self.taken) + self.settings["eps"] ** 2).sqrt()
                for m, v in zip(self.first, self.second, strict=True)
            ]
        self.parameters = [own + rate * step for own, step in zip(self.parameters, steps, strict=True)]
