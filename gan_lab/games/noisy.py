"""Games of strategies whose gradients are noisy, as those of a batch of samples are.

    u_D = V(psi, theta) + xi_D . psi - xi_G . theta        u_G = -u_D        xi ~ N(0, C), anew for each turn of D

The players climb by v(w) + xi. What is reported as the truth has no noise.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from gan_lab.errors import WiringError, number_of_at_least_0
from gan_lab.games.game import DISCRIMINATOR, GENERATOR, Payoffs
from gan_lab.games.strategy_game import Strategy, StrategyGame
from gan_lab.games.strategy_state import StrategyState
from gan_lab.payoffs.losses import Loss
from gan_lab.payoffs.penalties import Penalty

ROUNDING: Final = 1e-9  # over the largest eigenvalue: one that is this little below 0 counts as 0


class NoisyGame(StrategyGame):
    """A game of strategies with Gaussian noise in the gradients of both players.

    Each turn of the discriminator draws noise for both. The generator's turn after it has the noise of the same draw.

    Args:
        base: A game of strategies.
        covariance: (n, n) covariance C of the noise, the numbers of the discriminator's strategy first; or a number,
            the variance of each component.

    Raises:
        WiringError: The base is not a game of strategies, or C is not a covariance of its numbers.

    Source: Daskalakis et al. 2018, section 4.

    >>> from gan_lab.games.dirac import DiracGame
    >>> game = NoisyGame(DiracGame(), 0.01)
    >>> game.name, game.covariance.tolist()
    ('dirac with noise', [[0.01, 0.0], [0.0, 0.01]])
    """

    def __init__(self, base: StrategyGame, covariance: "float | ArrayLike") -> None:
        """Check and keep the covariance."""
        if not isinstance(base, StrategyGame) or isinstance(base, NoisyGame):
            raise WiringError(
                f"base is {base!r}; expected a game of strategies without noise, such as gan_lab.games.DiracGame()"
            )
        if len(base.agents) > 2:
            raise WiringError(f"the game {base.name!r} has {len(base.agents)} players; a noisy game has two")
        self.base, self.made_of = base, base.fingerprint()
        self.name, self.known_value, self.picture = f"{base.name} with noise", base.known_value, base.picture
        self.own_loss, self.symptoms = base.own_loss, base.symptoms
        self.forms, self.deviations = base.forms, base.deviations
        self.split: int = len(base.start(DISCRIMINATOR))
        size = self.split + len(base.start(GENERATOR))
        if np.isscalar(covariance):
            covariance = number_of_at_least_0("covariance", covariance) * np.eye(size)
        self.covariance: NDArray[np.float64] = _symmetric(covariance, size)
        values, vectors = np.linalg.eigh(self.covariance)
        if values[0] < -ROUNDING * max(values[-1], 0.0):
            raise WiringError(
                f"covariance has the eigenvalue {values[0]:.3g}; expected a covariance, with none below 0"
            )
        self._root: NDArray[np.float64] = vectors * np.sqrt(values.clip(0))

    @property
    def root(self) -> NDArray[np.float64]:
        """(n, n) R with R R^T = C."""
        return self._root

    @property
    def deviation(self) -> float:
        """The largest standard deviation of the noise in any direction."""
        return float(np.linalg.norm(self._root, 2))

    def drawn(self, rng: np.random.Generator) -> Tensor:
        """(n,) noise."""
        return torch.from_numpy(self._root @ rng.standard_normal(len(self._root)))

    def state(self, loss: Loss, penalty: Penalty | None, penalty_weight: float, batch_size: int) -> "NoisyState":
        """The state of a game that has not begun."""
        return NoisyState(self, loss, penalty, penalty_weight)

    # All else is as in the base.

    def start(self, agent: str) -> Strategy:
        """The first strategy."""
        return self.base.start(agent)

    def space(self, agent: str) -> Box:
        """The strategies."""
        return self.base.space(agent)

    def value(self, discriminator: Any, generator: Any) -> Any:
        """V(D, G) without noise."""
        return self.base.value(discriminator, generator)

    def exploitability(self, discriminator: Any, generator: Any) -> float:
        """The exploitability without noise."""
        return self.base.exploitability(discriminator, generator)

    def truth(self, discriminator: Any, generator: Any) -> dict[str, float]:
        """The truth without noise."""
        return self.base.truth(discriminator, generator)

    def truth_under(self, loss: Loss, discriminator: Strategy, generator: Strategy) -> dict[str, float]:
        """The truth without noise, when the players play for a loss."""
        return self.base.truth_under(loss, discriminator, generator)

    @property
    def equilibrium(self) -> tuple[Strategy, ...]:
        """The equilibrium without noise."""
        return self.base.equilibrium

    def equilibrium_under(self, loss: Loss) -> tuple[Strategy, ...]:
        """The equilibrium without noise, when the players play for a loss."""
        return self.base.equilibrium_under(loss)

    @property
    def distances(self) -> dict[str, str]:
        """The quantities that fall to 0 at an equilibrium."""
        return self.base.distances

    def projected(self, agent: str, move: Tensor) -> Tensor:
        """The strategy nearest to a move."""
        return self.base.projected(agent, move)

    def idle_directions(self, agent: str, strategy: Strategy) -> Strategy:
        """Directions in which a move can change without changing the strategy."""
        return self.base.idle_directions(agent, strategy)

    def check_loss(self, loss: Loss, penalty: Penalty | None) -> None:
        """Refuse losses and penalties that have no meaning in the base."""
        self.base.check_loss(loss, penalty)

    def payoffs(self, loss: Loss, discriminator: Tensor, generator: Tensor) -> tuple[Tensor, ...]:
        """The payoffs without noise."""
        return self.base.payoffs(loss, discriminator, generator)

    def slope_penalty(self, penalty: Penalty, discriminator: Tensor, generator: Tensor) -> Tensor:
        """The penalty of the discriminator's slope."""
        return self.base.slope_penalty(penalty, discriminator, generator)


class NoisyState(StrategyState):
    """A noisy game in progress.

    Attributes:
        draw: Called for the noise of each turn of the discriminator.
    """

    game: NoisyGame  # pyright: ignore[reportIncompatibleVariableOverride] - its own kind, as in every state

    def begin(self, rng: np.random.Generator) -> None:
        """Start at the game's first strategies."""
        super().begin(rng)
        self.draw: Any = lambda: self.game.drawn(rng)
        self.noise: Tensor = self.draw()

    def worth(self, strategies: Mapping[str, Tensor]) -> Payoffs:
        """What strategies are worth to each player, with noise."""
        found = super().worth(strategies)
        of_discriminator, of_generator = self.noise.tensor_split([self.game.split])
        more = of_discriminator @ strategies[DISCRIMINATOR] - of_generator @ strategies[GENERATOR]
        return found._replace(discriminator=found.discriminator + more, generator=found.generator - more)

    def at_once(self, moves: Mapping[str, Any]) -> Payoffs:
        """Play all moves at once."""
        self.noise = self.draw()
        return super().at_once(moves)

    def move(self, agent: str, action: Any) -> Payoffs:
        """Play a move, and say what it was worth."""
        if agent == DISCRIMINATOR:
            self.noise = self.draw()
        return super().move(agent, action)


def _symmetric(covariance: Any, size: int) -> NDArray[np.float64]:
    """(n, n) a symmetric matrix of finite numbers."""
    try:
        found = np.asarray(covariance, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise WiringError(f"covariance is not an array of numbers: {error}") from None
    if found.shape != (size, size):
        raise WiringError(
            f"covariance has shape {found.shape}; expected a number, or {(size, size)}: a row for each number of the "
            "discriminator's strategy, then of the generator's"
        )
    if not np.isfinite(found).all() or not np.allclose(found, found.T, rtol=1e-12, atol=0):
        raise WiringError("covariance is not a symmetric matrix of finite numbers, as every covariance is")
    return found
