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
from torch import nn

from gan_lab.errors import WiringError, number_above_0, number_of_at_least_0
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games import GameLike, game_of
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.games.noisy import NoisyGame
from gan_lab.games.strategy_game import StrategyGame
from gan_lab.payoffs.losses import find_loss
from gan_lab.payoffs.penalties import WEIGHT, Penalty, find_penalty
from gan_lab.updates import Update, find_update
from gan_lab.updates.equilibria import Surroundings, surroundings
from gan_lab.updates.near_equilibrium import NEUTRAL, PlayedNear, climbers, complement, eigenvalues_of

FAST = 1e-6  # a radius below arrives within rounding in an update or two


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues of a game at an equilibrium, and those of an update rule there.

    Attributes:
        game: Name of the game.
        update: Name of the rule.
        rate: Step h of the rule; in words if the players differ or do not use plain ascent.
        jacobian: (n, n) J, with the discriminator's parameters first and without directions that change no strategy.
        eigenvalues: (n,) eigenvalues of J; NaN if the field has no derivative.
        operator_eigenvalues: (m,) or (2m,) eigenvalues of the rule's matrix, the largest first, on the m of the n
            directions that are not `free`.
        free: Directions along which all points are equilibria, so that the distance to the nearest of them counts.
        unknown: Why no rate follows, in a sentence; "" if one follows.
        covariance: (n, n) stationary covariance of the strategies around the equilibrium in a `NoisyGame`, the
            discriminator's first, to first order in the noise; infinite if the rule does not converge. Free directions
            are left out: noise leads the players along them without end. None if the game has no noise.
    """

    game: str
    update: str
    rate: float | str
    jacobian: NDArray[np.float64]
    eigenvalues: NDArray[np.complex128]
    operator_eigenvalues: NDArray[np.complex128]
    free: int = 0
    unknown: str = ""
    covariance: NDArray[np.float64] | None = None

    @property
    def distance(self) -> float:
        """The root mean square of the distance from the equilibria in the long run, to first order in the noise.

        0 without noise if the rule converges; infinite if it does not converge; NaN if no rate follows.
        """
        if self.unknown:
            return float("nan")
        if self.covariance is None:
            return 0.0 if self.radius < 1 - NEUTRAL else float("inf")
        return float(np.sqrt(np.trace(self.covariance)))

    @property
    def radius(self) -> float:
        """The predicted rate: the factor by which an update multiplies the distance to the equilibria, in the long run.

        NaN if no rate follows; 0 if all points are equilibria.
        """
        if self.unknown:
            return float("nan")
        return float(np.abs(self.operator_eigenvalues).max(initial=0.0))

    @property
    def verdict(self) -> str:
        """The meaning of the radius, in words."""
        if self.unknown:
            return self.unknown
        if not len(self.operator_eigenvalues):
            return "stays: every point near by is an equilibrium"
        if self.radius < 1 - NEUTRAL:
            if self.radius < FAST:
                return "converges: in an update or two"
            return f"converges: a digit in {np.log(10) / -np.log(self.radius):.0f} updates"
        if self.radius > 1 + NEUTRAL:
            return f"diverges: doubles in {np.log(2) / np.log(self.radius):.0f} updates"
        if (np.abs(self.operator_eigenvalues - 1) <= NEUTRAL).any():
            return "cannot be told: along some direction the field has no part of first order, and the rest decides"
        return "neutral: circles, and does not converge"

    def __repr__(self) -> str:
        """Both spectra and the verdict."""
        shown = ", ".join(f"{value:.4g}" for value in self.eigenvalues[:6])
        more = ", ..." if len(self.eigenvalues) > 6 else ""
        how = self.rate if isinstance(self.rate, str) else f"step {self.rate:g}"
        lines = [f"Spectrum of {self.game} under {self.update}, {how}"]
        if np.isfinite(self.eigenvalues).all():
            lines.append(f"  eigenvalues of the game  {shown}{more}")
        if self.free:
            lines.append(f"  equilibria               fill {self.free} dimensions; the rate is that of coming nearer")
        if not self.unknown:
            lines.append(f"  spectral radius          {self.radius:.6f}")
        if self.covariance is not None and np.isfinite(self.distance):
            lines.append(f"  distance under noise     {self.distance:.4g} (root mean square)")
        return "\n".join([*lines, f"  {self.verdict}"])


@takes_own_names
def spectrum(
    game: GameLike,
    update: "str | Update" = "alternating",
    *,
    rate: "float | tuple[float, float]" = 0.2,
    optimizer: Any = None,
    updates: int = 1,
    at: tuple[Any, Any] | None = None,
    loss: Any = "minimax",
    penalty: Any = None,
    penalty_weight: float = WEIGHT,
    **options: Any,
) -> Spectrum:
    """The spectrum of a game of strategies, and the rate of an update rule near its equilibrium.

    Args:
        game: Name of a game of strategies, or the game. Of a `gan_lab.games.NoisyGame`, the result has the distance at
            which the noise keeps the players, too.
        update: Name of a rule, or the rule; `options` are those of the rule.
        rate: Step h of plain gradient ascent for both players; or (the generator's, the discriminator's).
        optimizer: Optimizer of both instead, such as `gan_lab.ascent(0.1, momentum=-0.3)`, or (the generator's, the
            discriminator's). For Adam, the limit near the equilibrium is used, where gradients are far below its eps:
            ascent with the momentum beta_1 and the step h / eps.
        updates: Number of updates taken together, for rules that do something else at every k-th update.
        at: (discriminator, generator) strategies; None: the equilibrium for this loss. If they are not an equilibrium,
            no rate follows, and the verdict says so; the eigenvalues are those of the update at this point.
        loss: Loss that defines the payoffs.
        penalty: Penalty of the discriminator's slope, multiplied by `penalty_weight`.
        penalty_weight: Factor of the penalty; by default that of `train`.
        **options: Options of the rule, such as `discriminator_steps`.

    Raises:
        WiringError: The game is one of samples, which has no known equilibrium; a name is unknown; or the rule's matrix
            is not known for the loss or penalty.

    Source: Mescheder, Nowozin and Geiger 2017, section 3; Mescheder, Geiger and Nowozin 2018, section 3.

    >>> spectrum("dirac", "simultaneous")
    Spectrum of dirac under simultaneous, step 0.2
      eigenvalues of the game  0+0.5j, 0-0.5j
      spectral radius          1.004988
      diverges: doubles in 139 updates
    """
    rule = find_update(update, **options)
    found = _of_two_players(game)
    penalty_weight = number_of_at_least_0("penalty_weight", penalty_weight)
    wanted, slope = find_loss(loss), find_penalty(penalty)
    found.check_loss(wanted, slope)
    given = found.equilibrium_under(wanted) if at is None else at
    d, g = (found.exact(agent, strategy) for agent, strategy in zip((DISCRIMINATOR, GENERATOR), given, strict=True))
    check_sum(rule, slope is None and found.adds_up(wanted, d, g))
    kept, split = directions(found, d, g)

    def field(moved: torch.Tensor) -> torch.Tensor:
        w = torch.from_numpy(np.concatenate([d, g])) + torch.from_numpy(kept) @ moved
        both = gradients(found, w[: len(d)], w[len(d) :], wanted, slope, penalty_weight)
        return torch.from_numpy(kept.T) @ torch.cat(both)

    def near() -> PlayedNear:
        state, climb = found.state(wanted, slope, penalty_weight, 1), climbers(rate, optimizer, found)
        return PlayedNear(state, rule, (d, g), climb, updates, kept, around.free)

    around = surroundings(field, np.zeros(kept.shape[1]))
    unknown, free = what_is_unknown(around, slope), around.free.shape[1]
    own = np.full(kept.shape[1], np.nan + 0j) if around.jumps else eigenvalues_of(around.jacobian)
    is_plain = updates == 1 and optimizer is None and not isinstance(rate, tuple)
    operator = operator_of(rule, around, split, rate) if is_plain else None
    moved = near().eigenvalues() if operator is None else eigenvalues_of(across(operator, around.free))
    covariance = near().covariance() if isinstance(found, NoisyGame) and not unknown else None
    return Spectrum(found.name, rule.name, how(rate, optimizer), around.jacobian, own, moved, free, unknown, covariance)


def check_sum(rule: Update, adds_up: bool) -> None:
    """Refuse a rule whose matrix is known where payoffs add up to 0 alone, where they do not."""
    if rule.zero_sum_only and not adds_up:
        raise WiringError(
            f"the matrix of the update {rule.name!r} is known where payoffs add up to 0: take loss='minimax' and no "
            "penalty, in a game whose payoffs do"
        )


def operator_of(rule: Update, around: Surroundings, split: int, rate: Any) -> NDArray[np.float64] | None:
    """The rule's matrix near an equilibrium; None where it says none, and elsewhere."""
    step = number_above_0("rate", rate)
    try:
        return np.asarray(rule.operator(around.jacobian, split, step)) if around.is_equilibrium else None
    except NotImplementedError:
        return None


def how(rate: Any, optimizer: Any) -> "float | str":
    """How the players climb, in words; plain ascent at one rate is its step."""
    if optimizer is not None:
        makes = optimizer if isinstance(optimizer, tuple) else (optimizer,)
        known = [make([nn.Parameter(torch.zeros(1))]) for make in makes]
        return "by " + " and ".join(f"{type(one).__name__}, step {one.param_groups[0]['lr']:g}" for one in known)
    return f"steps {rate[0]:g} of G and {rate[1]:g} of D" if isinstance(rate, tuple) else float(rate)


def _of_two_players(game: GameLike) -> StrategyGame:
    """A game of strategies of two players."""
    found = game_of(
        StrategyGame, game, "is a game of samples, whose field is random; take one of strategies, such as 'dirac'"
    )
    if len(found.agents) > 2:
        raise WiringError(
            f"the spectrum of a game is for two players; {found.name!r} has {len(found.agents)}: see `run.spectrum()` "
            "of a run of it, which is for any number of players"
        )
    return found


def what_is_unknown(around: Surroundings, penalty: Penalty | None) -> str:
    """Why no rate follows from a point, in a sentence; "" where one does."""
    if not around.is_equilibrium:
        return f"no verdict: this is no equilibrium, as the players move from here (the field is {around.field:.3g})"
    if around.jumps:
        kink = "" if penalty is None else f" (the penalty {penalty.equation} has a kink where the slope is 0)"
        return f"no verdict: the field jumps at the equilibrium{kink}: it has no derivative, from which a rate follows"
    return ""


def across(matrix: NDArray[np.float64], free: NDArray[np.float64]) -> NDArray[np.float64]:
    """A rule's matrix without the free directions, along which it moves nothing: what it does to the distance.

    Args:
        matrix: (n, n), or (2n, 2n) of a rule that remembers one step.
        free: (n, k) orthonormal directions.
    """
    if not free.shape[1]:
        return matrix
    kept = block_diag(*[complement(free)] * (len(matrix) // len(free)))
    return kept.T @ matrix @ kept


def directions(game: StrategyGame, d: Any, g: Any) -> tuple[NDArray[np.float64], int]:
    """(m, n) orthonormal directions in which a move changes a strategy, and how many of them are the discriminator's.

    Others would be neutral, and mean nothing.
    """
    bases = [
        null_space(idle) if len(idle := game.idle_directions(agent, strategy)) else np.eye(len(strategy))
        for agent, strategy in ((DISCRIMINATOR, d), (GENERATOR, g))
    ]
    return block_diag(*bases), bases[0].shape[1]


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
