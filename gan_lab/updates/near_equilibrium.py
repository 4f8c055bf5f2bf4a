"""What a rule does near an equilibrium as it is played, and how far from it gradient noise keeps the players.

    z' = A z + B xi        S = A S A^T + B C B^T

z is the distance from the equilibrium, with what optimizers and the rule remember. xi is the noise of all gradients of
an update, of covariance C. Updates leave the covariance S unchanged: the second equation, of Lyapunov, determines it.
"""

from itertools import count, product
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import block_diag, null_space, solve_discrete_lyapunov
from torch import nn
from torch.optim import Adam

from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.errors import WiringError, number_above_0
from gan_lab.games.game import DISCRIMINATOR, GENERATOR, GameState
from gan_lab.games.noisy import NoisyGame, NoisyState
from gan_lab.games.strategy_game import StrategyGame
from gan_lab.players import MakeOptimizer, Strategist, ascent
from gan_lab.updates.played_update import MOVED, PlayedUpdate
from gan_lab.updates.update import Update

Array = NDArray[np.float64]
FAR_BELOW: Final = 0.01  # gradients, over Adam's eps, from which on their roots count
NEUTRAL: Final = 1e-9  # a radius this near to 1 neither arrives nor leaves


class PlayedNear:
    """An update as it is played near an equilibrium.

    Args:
        state: The game; the noise of a noisy one is left out, except for `covariance`.
        rule: The rule.
        place: (discriminator, generator) strategies at the equilibrium.
        climb: Optimizers of the discriminator and of the generator.
        updates: Number of updates taken together.
        kept: (n, m) orthonormal directions in which a move changes a strategy, the discriminator's first.
        free: (m, k) orthonormal directions among these along which all points are equilibria.

    Attributes:
        matrix: A, without directions that change no strategy, and without those along equilibria.
    """

    def __init__(
        self, state: GameState, rule: Update, place: Any, climb: Any, updates: int, kept: Array, free: Array
    ) -> None:
        """Differentiate the update."""
        players = [
            Strategist(agent, own.tolist(), make)
            for agent, own, make in zip((DISCRIMINATOR, GENERATOR), place, climb, strict=True)
        ]
        env = AlternatingEnv.of_state(state, rule.discriminator_steps)
        env.reset(seed=0)
        self._state: Any = state
        self._size, self._updates = len(kept), updates
        if isinstance(state, NoisyState):
            state.draw = lambda: torch.zeros(len(kept), dtype=torch.float64)
        self._played = PlayedUpdate(env, list(players), rule, updates)
        rows, bases = len(place[0]), []
        for owner, size in self._played.owners:
            of = kept[:rows] if owner == 0 else kept[rows:]
            bases.append(np.eye(size) if owner is None else of[:, np.abs(of).any(axis=0)])
        basis = block_diag(*bases)
        self._basis: Array = basis @ block_diag(complement(free), np.eye(basis.shape[1] - len(free)))
        self.matrix: Array = self._basis.T @ self._played.jacobian() @ self._basis

    def eigenvalues(self) -> NDArray[np.complex128]:
        """(q,) those of one update, the largest first; of k updates taken together, the k-th root of their modulus."""
        found = eigenvalues_of(self.matrix)
        return (np.abs(found) ** (1 / self._updates)).astype(np.complex128) if self._updates > 1 else found

    def covariance(self) -> Array:
        """(n, n) the stationary covariance of the strategies in a noisy game; infinite where there is none.

        Source: Mandt, Hoffman and Blei 2017, section 3.2, for one player.
        """
        assert isinstance(self._state, NoisyState)
        self._played.rule.check(self._played.pair)
        if np.abs(eigenvalues_of(self.matrix)).max(initial=0.0) >= 1 - NEUTRAL:
            return np.full((self._size, self._size), np.inf)
        added = self._basis.T @ self._added_by_noise(self._state.game.root)
        found = solve_discrete_lyapunov(self.matrix, added @ added.T) if self.matrix.size else self.matrix
        strategies = self._basis[: self._size]
        return strategies @ found @ strategies.T

    def _added_by_noise(self, root: Array) -> Array:
        """(z, draws n) B R, with C = R R^T: the derivative of the update by the noise of each of its draws."""
        draws, columns = self._after(-1, np.zeros(len(root)))[1], []
        for draw, column in product(range(draws), root.T):
            largest = float(np.abs(column).max()) or 1.0
            step = MOVED / largest * column
            columns.append((self._after(draw, step)[0] - self._after(draw, -step)[0]) * (largest / (2 * MOVED)))
        return np.stack(columns, axis=1)

    def _after(self, draw: int, noise: Array) -> tuple[Array, int]:
        """The state after an update that has noise at one of its draws alone, and the number of its draws."""
        numbers, none, given = count(), torch.zeros(len(noise), dtype=torch.float64), torch.from_numpy(noise)
        self._state.draw = lambda: given if next(numbers) == draw else none
        return self._played.of(self._played.place).cpu().numpy(), next(numbers)


def complement(free: Array) -> Array:
    """(m, m - k) orthonormal directions across (m, k) ones."""
    return null_space(free.T) if free.shape[1] else np.eye(len(free))


def climbers(rate: Any, optimizer: Any, game: StrategyGame) -> tuple[MakeOptimizer, MakeOptimizer]:
    """The optimizers of the discriminator and of the generator near an equilibrium of a game.

    Raises:
        WiringError: No numbers above 0, no functions that make optimizers, or Adam with too much noise.
    """
    if optimizer is not None:
        noise = game.deviation if isinstance(game, NoisyGame) else 0.0
        of_generator, of_discriminator = optimizer if isinstance(optimizer, tuple) else (optimizer, optimizer)
        return near(of_discriminator, noise), near(of_generator, noise)
    both = rate if isinstance(rate, tuple) else (rate, rate)
    if len(both) != 2:
        raise WiringError(f"rate is {rate!r}; expected a number, or two: (the generator's, the discriminator's)")
    of_generator, of_discriminator = (ascent(number_above_0("rate", number)) for number in both)
    return of_discriminator, of_generator


def near(make: Any, noise: float) -> MakeOptimizer:
    """What an optimizer does near an equilibrium: of Adam, whose gradients are far below its eps there, momentum.

    Raises:
        WiringError: Noise keeps the gradients above Adam's eps.
    """

    def made(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        optimizer = make(parameters)
        if not isinstance(optimizer, Adam):
            return optimizer
        group = optimizer.param_groups[0]
        momentum, eps = float(group["betas"][0]), float(group["eps"])
        if noise > FAR_BELOW * eps:
            raise WiringError(
                f"the optimizer is Adam with eps {eps:g}, and the noise in the gradients has the standard deviation "
                f"{noise:.3g}: the prediction for Adam is that of gradients far below its eps. Take an eps of "
                f"{noise / FAR_BELOW:.3g} or more, or gan_lab.ascent(rate, momentum)"
            )
        step = float(group["lr"]) / eps
        found = torch.optim.SGD(parameters, lr=step, momentum=momentum, dampening=momentum, maximize=True)
        found.param_groups[0]["rate"] = float(group["lr"])  # Adam's own, for rules that go by it
        return found

    return made if callable(make) and not isinstance(make, type) else make


def eigenvalues_of(matrix: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Eigenvalues, the largest first."""
    found = np.linalg.eigvals(matrix).astype(np.complex128) if matrix.size else np.zeros(0, dtype=np.complex128)
    return found[np.argsort(-np.abs(found), kind="stable")]
