"""The spectrum of a game: how its players turn around an equilibrium, and how fast an update rule arrives there.

With v(w) = (grad_psi u_D, grad_theta u_G) and J = v'(w*), gradient flow near w* is w' = J (w - w*). Eigenvalues
with negative real parts pull in; imaginary parts make the players circle. A rule with the step h multiplies the
distance by its own matrix, whose largest eigenvalue is the rate.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import block_diag, null_space

from gan_lab.errors import WiringError, number_of_at_least_0
from gan_lab.games import GameLike, game_of
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.games.strategy_game import StrategyGame
from gan_lab.payoffs.losses import find_loss
from gan_lab.payoffs.penalties import find_penalty
from gan_lab.updates import Update, find_update

NEUTRAL = 1e-9  # a radius this near to 1 neither arrives nor leaves


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues of a game at an equilibrium, and of an update rule there.

    Attributes:
        game: Name of the game.
        update: Name of the rule.
        rate: Its step h.
        jacobian: (n, n) J, the discriminator's parameters first; without directions that change no strategy.
        eigenvalues: (n,) of J.
        operator_eigenvalues: (n,) or (2n,) of the rule's matrix, the largest first.
    """

    game: str
    update: str
    rate: float
    jacobian: NDArray[np.float64]
    eigenvalues: NDArray[np.complex128]
    operator_eigenvalues: NDArray[np.complex128]

    @property
    def radius(self) -> float:
        """The predicted rate: what an update multiplies the distance to the equilibrium by, in the long run."""
        return float(np.abs(self.operator_eigenvalues).max())

    @property
    def verdict(self) -> str:
        """What the radius means."""
        if self.radius < 1 - NEUTRAL:
            return f"converges: a digit in {np.log(10) / -np.log(self.radius):.0f} updates"
        if self.radius <= 1 + NEUTRAL:
            return "neutral: circles, and does not converge"
        return f"diverges: doubles in {np.log(2) / np.log(self.radius):.0f} updates"

    def __repr__(self) -> str:
        """Both spectra and the verdict."""
        shown = ", ".join(f"{value:.4g}" for value in self.eigenvalues[:6])
        more = ", ..." if len(self.eigenvalues) > 6 else ""
        return (
            f"Spectrum of {self.game} under {self.update}, step {self.rate:g}\n"
            f"  eigenvalues of the game  {shown}{more}\n"
            f"  spectral radius          {self.radius:.6f}\n"
            f"  {self.verdict}"
        )


def spectrum(
    game: GameLike,
    update: "str | Update" = "alternating",
    *,
    rate: float = 0.2,
    at: tuple[Any, Any] | None = None,
    loss: Any = "minimax",
    penalty: Any = None,
    penalty_weight: float = 1.0,
    **options: Any,
) -> Spectrum:
    """The spectrum of a game of strategies, and the rate of an update rule near its equilibrium.

    Args:
        game: Name of a game of strategies, or the game.
        update: Name of a rule, or the rule; `options` are the rule's.
        rate: Step h of plain gradient ascent of both players.
        at: (discriminator, generator) strategies; None: the equilibrium.
        loss: What the players want.
        penalty: Of the discriminator's slope, times `penalty_weight`.
        penalty_weight: Times the penalty.
        **options: Of the rule, such as `discriminator_steps`.

    Raises:
        WiringError: A game of samples, which has no known equilibrium, an unknown name, or a loss or penalty for which
            the rule's matrix is not known.

    Source: Mescheder, Nowozin and Geiger 2017, section 3; Mescheder, Geiger and Nowozin 2018, section 3.

    >>> spectrum("dirac", "simultaneous")
    Spectrum of dirac under simultaneous, step 0.2
      eigenvalues of the game  0+0.5j, 0-0.5j
      spectral radius          1.004988
      diverges: doubles in 139 updates
    """
    rule = find_update(update, **options)
    found = game_of(StrategyGame, game, "is a game of samples, whose field is random; take a game of strategies")
    if not number_of_at_least_0("rate", rate) > 0:
        raise WiringError(f"rate is {rate!r}; expected a number above 0")
    penalty_weight = number_of_at_least_0("penalty_weight", penalty_weight)
    if rule.zero_sum_only and not (find_loss(loss).zero_sum and penalty is None):
        raise WiringError(
            f"the matrix of the update {rule.name!r} is known where payoffs add up to 0: take loss='minimax' and no "
            "penalty"
        )
    matrix, split = jacobian(found, at, find_loss(loss), find_penalty(penalty), penalty_weight)
    moved = np.linalg.eigvals(rule.operator(matrix, split, rate)).astype(np.complex128)
    eigenvalues = np.linalg.eigvals(matrix).astype(np.complex128)
    return Spectrum(found.name, rule.name, rate, matrix, eigenvalues, moved[np.argsort(-np.abs(moved))])


def jacobian(
    game: StrategyGame, at: tuple[Any, Any] | None, loss: Any, penalty: Any, penalty_weight: float
) -> tuple[NDArray[np.float64], int]:
    """(n, n) J of the field at two strategies, by automatic differentiation, and the number of D's parameters.

    Directions in which a move changes no strategy are left out: they would be neutral, and mean nothing.
    """
    game.check_loss(loss, penalty)
    where = zip((DISCRIMINATOR, GENERATOR), game.equilibrium if at is None else at, strict=True)
    d, g = (torch.from_numpy(game.exact(agent, strategy)) for agent, strategy in where)

    def field(w: torch.Tensor) -> torch.Tensor:
        return torch.cat(gradients(game, w[: len(d)], w[len(d) :], loss, penalty, penalty_weight))

    found = np.asarray(torch.autograd.functional.jacobian(field, torch.cat([d, g])), dtype=np.float64)
    bases = [
        null_space(idle) if len(idle := game.idle_directions(agent, strategy.numpy())) else np.eye(len(strategy))
        for agent, strategy in ((DISCRIMINATOR, d), (GENERATOR, g))
    ]
    kept = block_diag(*bases)
    return kept.T @ found @ kept, bases[0].shape[1]


def gradients(
    game: StrategyGame, psi: torch.Tensor, theta: torch.Tensor, loss: Any, penalty: Any, penalty_weight: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The field v(psi, theta): the gradient of each player's payoff by its own strategy, with its graph."""
    moves = game.projected(DISCRIMINATOR, psi), game.projected(GENERATOR, theta)
    up, down = game.payoffs(loss, *moves)
    if penalty is not None:
        up = up - penalty_weight * game.slope_penalty(penalty, *moves)
    found = [
        torch.autograd.grad(payoff, player, create_graph=True, retain_graph=True, allow_unused=True)[0]
        for payoff, player in ((up, psi), (down, theta))
    ]
    of_psi, of_theta = (torch.zeros_like(own) if v is None else v for v, own in zip(found, (psi, theta), strict=True))
    return of_psi, of_theta
