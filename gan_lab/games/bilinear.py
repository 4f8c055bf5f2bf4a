"""The bilinear game V(psi, theta) = psi^T A theta, whose equilibrium 0 plain gradients circle without end."""

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from gan_lab.errors import WiringError, number_above_0, real_array
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.games.strategy_game import BOUND, Strategy, StrategyGame, box, box_in_words


class BilinearGame(StrategyGame):
    """V(psi, theta) = psi^T A theta, strategies in [-bound, bound]^m and [-bound, bound]^n.

    Args:
        matrix: (m, n) A; the discriminator has m numbers, the generator n.
        bound: Largest absolute value of a strategy's numbers; the exploitability grows with it.

    Raises:
        WiringError: A is not a finite matrix, or the bound is not a finite number above 0.

    Source: Daskalakis et al. 2018, section 1; Gidel et al. 2019, section 2.2.

    >>> BilinearGame([[2.0]]).value([1.5], [3.0])
    9.0
    """

    name = "bilinear"
    known_value: float = 0.0

    def __init__(self, matrix: ArrayLike = ((1.0,),), bound: float = BOUND) -> None:
        """Check and keep the matrix."""
        self.bound: float = number_above_0("bound", bound)
        self.matrix: NDArray[np.float64] = real_array("matrix", matrix)
        if self.matrix.ndim != 2 or not self.matrix.size or not np.isfinite(self.matrix).all():
            raise WiringError(f"matrix has shape {self.matrix.shape}; expected (m, n), finite")
        rows, columns = self.matrix.shape
        self._boxes = box(self.bound, rows), box(self.bound, columns)
        self.deviations = box_in_words(self.bound)

    def space(self, agent: str) -> Box:
        """A box with one number for each row of A (discriminator) or each column of A (generator)."""
        return self._boxes[0 if agent == DISCRIMINATOR else 1]

    def value(self, discriminator: Any, generator: Any) -> Any:
        """psi^T A theta."""
        if isinstance(discriminator, Tensor) or isinstance(generator, Tensor):
            return torch.as_tensor(discriminator) @ torch.from_numpy(self.matrix) @ torch.as_tensor(generator)
        return float(self.exact(DISCRIMINATOR, discriminator) @ self.matrix @ self.exact(GENERATOR, generator))

    def exploitability(self, discriminator: Any, generator: Any) -> float:
        """Bound times (|A theta|_1 + |A^T psi|_1): both best responses are corners of the boxes."""
        up = np.abs(self.matrix @ self.exact(GENERATOR, generator)).sum()
        return float(self.bound * (up + np.abs(self.matrix.T @ self.exact(DISCRIMINATOR, discriminator)).sum()))

    @property
    def equilibrium(self) -> tuple[Strategy, Strategy]:
        """(0, 0)."""
        return np.zeros(self.matrix.shape[0]), np.zeros(self.matrix.shape[1])
