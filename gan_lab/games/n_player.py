"""Games of strategies of more than two players, each with a payoff of its own."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import null_space
from torch import Tensor

from gan_lab.errors import WiringError, number_above_0
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.games.strategy_game import BOUND, Strategy, StrategyGame, box, box_in_words
from gan_lab.payoffs.losses import Loss


class NPlayerGame(StrategyGame):
    """A game of n strategies: player i maximises u_i(s_1, ..., s_n), whether the payoffs add up to 0 or not.

    What the players could gain is NashConv, 0 only at a Nash equilibrium:

        exploitability(s) = sum_i gain_i(s)        gain_i(s) = max_s' u_i(s', s_-i) - u_i(s)

    A game defines `name`, `seats`, `space`, `payoffs`, `gains` and `equilibrium`. There is no V; `known_value` is NaN.

    Attributes:
        seats: Names of the players beside the discriminator and the generator, in the order in which they move.

    Source: Lanctot et al. 2017, section 2, for NashConv.
    """

    seats: tuple[str, ...]
    known_value: float = float("nan")
    symptoms: tuple[str, ...] = ("divergence",)
    needed: tuple[str, ...] = ("exploitability",)

    @property
    def is_planar(self) -> bool:
        """Never: a run is a path in as many dimensions as there are players, or more."""
        return False

    @property
    def agents(self) -> list[str]:
        """Who plays."""
        return [DISCRIMINATOR, GENERATOR, *(f"{seat}_0" for seat in self.seats)]

    @property
    def forms(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride] - as many as players
        """Forms of the default players."""
        return ("plain",) * len(self.agents)

    @abstractmethod
    def payoffs(self, loss: Loss, *strategies: Tensor) -> tuple[Tensor, ...]:
        """The payoff of each player, a differentiable float64 scalar."""

    @abstractmethod
    def gains(self, *strategies: Strategy) -> Sequence[float]:
        """What each player could gain by its best strategy, while the others keep theirs: at least 0."""

    def value(self, *strategies: Any) -> Any:
        """Refused: there is no V."""
        raise WiringError(f"the game {self.name!r} of {len(self.agents)} players has no V: see its `payoffs`")

    def exploitability(self, *strategies: Any) -> float:
        """NashConv, the sum of all gains."""
        return float(sum(self.gains(*strategies)))

    def truth(self, *strategies: Any) -> dict[str, float]:
        """The distance to the equilibrium, NashConv, and the gain of each player."""
        exact = [self.exact(agent, own) for agent, own in zip(self.agents, strategies, strict=True)]
        gains = [float(gain) for gain in self.gains(*exact)]
        if len(gains) != len(exact):
            raise WiringError(f"gains() of the game {self.name!r} has {len(gains)} numbers for {len(exact)} players")
        found = {"distance": self.distance(*exact), "exploitability": sum(gains)}
        names = (agent.removesuffix("_0") for agent in self.agents)
        return found | {f"gain_{name}": gain for name, gain in zip(names, gains, strict=True)}

    def truth_under(self, loss: Loss, *strategies: Strategy) -> dict[str, float]:
        """The `truth`."""
        return self.truth(*strategies)

    def known(self) -> str:
        """What is known of the game."""
        return f"{len(self.agents)} players; exact: {', '.join(self.truth(*self.equilibrium)).replace('_', ' ')}"


class PolymatrixGame(NPlayerGame):
    """Bilinear games between pairs of players, played at once with one strategy each.

        u_i(s) = sum_j s_i^T A_ij s_j        A_ji = -A_ij^T where only A_ij is given

    Strategies are in [-bound, bound]^k. With two players it is `BilinearGame`.

    Args:
        matrices: (k_i, k_j) matrices A_ij by the names of two players, such as ("generator", "third"). A pair without
            a matrix does not play.
        bound: Largest absolute value of a strategy's numbers; the exploitability grows with it.

    Raises:
        WiringError: A key is no pair of names, a matrix is not finite or its shape does not fit the others.

    Attributes:
        jacobian: (n, n) matrices A_ij of all players; the gradients of all payoffs are its product with the strategies.

    Source: Janovskaja 1968; Cai and Daskalakis 2011, for zero sums.

    >>> game = PolymatrixGame({("discriminator", "generator"): 1.0, ("generator", "third"): 2.0})
    >>> game.agents, game.truth([1.0], [1.0], [0.5])["gain_generator"]
    (['discriminator_0', 'generator_0', 'third_0'], 0.0)
    """

    name = "polymatrix"

    def __init__(self, matrices: Mapping[tuple[str, str], ArrayLike], bound: float = BOUND) -> None:
        """Check and keep the matrices."""
        self.bound: float = number_above_0("bound", bound)
        if not isinstance(matrices, Mapping):
            raise WiringError(f"matrices is {matrices!r}; expected matrices by pairs of players")
        given = {pair: self._checked(pair, matrix) for pair, matrix in matrices.items()}
        reverse = {(b, a): -matrix.T for (a, b), matrix in given.items() if (b, a) not in given}
        names = dict.fromkeys(["discriminator", "generator", *(name for pair in given for name in pair)])
        self.seats: tuple[str, ...] = tuple(names)[2:]
        sizes: dict[str, int] = {}
        for pair, matrix in (given | reverse).items():
            for who, size in zip(pair, matrix.shape, strict=True):
                if sizes.setdefault(who, size) != size:
                    raise WiringError(f"{who} has {sizes[who]} numbers in one matrix and {size} in another")
        if missing := [name for name in names if name not in sizes]:
            raise WiringError(f"{missing[0]} plays with nobody; expected a matrix of it and another player")
        self._ends = np.cumsum([sizes[name] for name in names])[:-1]
        self.jacobian: NDArray[np.float64] = np.block(
            [[(given | reverse).get((a, b), np.zeros((sizes[a], sizes[b]))) for b in names] for a in names]
        )
        self._kernel = null_space(self.jacobian)
        self._spaces = {f"{name}_0": box(self.bound, size) for name, size in sizes.items()}
        self.deviations = box_in_words(self.bound)

    @staticmethod
    def _checked(pair: Any, matrix: ArrayLike) -> NDArray[np.float64]:
        names = isinstance(pair, tuple) and all(isinstance(name, str) and name.isidentifier() for name in pair)
        if not names or len(pair) != 2 or pair[0] == pair[1]:
            raise WiringError(f"matrices has {pair!r}; expected the names of two players, ('generator', 'third')")
        try:
            found = np.atleast_2d(np.asarray(matrix, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise WiringError(f"the matrix of {' and '.join(pair)} is no array of numbers: {error}") from None
        if found.ndim != 2 or not found.size or not np.isfinite(found).all():
            raise WiringError(f"the matrix of {' and '.join(pair)} has shape {found.shape}; expected (m, n), finite")
        return found

    def space(self, agent: str) -> Box:
        """The box of the agent's strategies."""
        return self._spaces[agent]

    def payoffs(self, loss: Loss, *strategies: Tensor) -> tuple[Tensor, ...]:
        """s_i . slope_i, for each player."""
        slopes = torch.from_numpy(self.jacobian) @ torch.cat(strategies)
        parts = slopes.split([len(own) for own in strategies])
        return tuple(own @ slope for own, slope in zip(strategies, parts, strict=True))

    def gains(self, *strategies: Strategy) -> list[float]:
        """What the best corner of the box earns, bound |slope_i|_1, less s_i . slope_i."""
        slopes = np.split(self.jacobian @ np.concatenate(strategies), self._ends)
        both = zip(strategies, slopes, strict=True)
        return [float(self.bound * np.abs(slope).sum() - own @ slope) for own, slope in both]

    def distance(self, *strategies: Strategy) -> float:
        """The distance to the nearest strategies at which all slopes are 0, which may fill a line or more."""
        away = np.concatenate(strategies)
        return float(np.linalg.norm(away - self._kernel @ (self._kernel.T @ away)))

    @property
    def equilibrium(self) -> tuple[Strategy, ...]:
        """0 for all players."""
        return tuple(np.zeros(space.shape) for space in (self._spaces[agent] for agent in self.agents))
