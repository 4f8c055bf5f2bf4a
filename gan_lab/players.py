"""The two players: they act like every agent of this project, and learn by the gradient of their own payoff.

    generator.act(noise) -> samples             G is a deterministic map of noise: an implicit model
    discriminator.act(samples) -> Verdict       whose probabilities are those that the samples are real
    player.learn(payoff)                        one step up the gradient, by the player's own optimizer

A `Strategist` plays the games in which a move is the whole strategy (`FiniteGame` and its like).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gan_lab.errors import DivergedError, WiringError

SMALLEST = 1e-6  # probabilities are kept this far from 0 and 1, so that their logarithms are finite
MakeOptimizer = Callable[[list[nn.Parameter]], torch.optim.Optimizer]


def ascent(rate: float = 1e-3, momentum: float = 0.0) -> MakeOptimizer:
    """Plain gradient ascent, with momentum as in Algorithm 1.

    >>> player = Strategist("generator_0", [0.5], ascent(rate=0.1))
    """
    return lambda parameters: torch.optim.SGD(parameters, lr=rate, momentum=momentum, maximize=True)


def adam(rate: float = 1e-3, betas: tuple[float, float] = (0.0, 0.99)) -> MakeOptimizer:
    """Adam, going up; the first beta is 0 by default, as is usual in games."""
    return lambda parameters: torch.optim.Adam(parameters, lr=rate, betas=betas, maximize=True)


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a discriminator says of m samples.

    Attributes:
        scores: (m,) logits, with their graph; log(1 - D) of them is exact where D itself rounds to 1.
    """

    scores: Tensor

    @property
    def probabilities(self) -> Tensor:
        """(m,) D(x), that each sample is real."""
        return torch.sigmoid(self.scores)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """The probabilities, for users of NumPy."""
        return np.asarray(self.probabilities.detach().cpu().numpy(), dtype=dtype)


def scores_of(discriminator: Any, samples: Tensor) -> Tensor:
    """(m,) scores of a discriminator that acts with a verdict, or with probabilities."""
    verdict = discriminator.act(samples)
    if isinstance(verdict, Verdict):
        return verdict.scores
    return torch.logit(torch.as_tensor(verdict), eps=SMALLEST)


def move_of(player: Any, observation: Any) -> NDArray[Any]:
    """What a player makes of an observation, as an array, without learning: batch statistics stay as they are."""
    learning = player.training
    player.eval()
    with torch.no_grad():
        move = np.asarray(player.act(observation).cpu().numpy())
    player.train(learning)
    return move


class Player(nn.Module, ABC):
    """What both players have in common: learning by the gradient of a payoff.

    Attributes:
        name: "discriminator_0" or "generator_0".
        optimizer: Made by `set_optimizer`; goes up (`maximize=True`).
        trained: The parameters that learning moves.
    """

    optimizer: torch.optim.Optimizer
    trained: list[nn.Parameter]

    def __init__(self, name: str) -> None:
        """Name the player."""
        super().__init__()
        self.name = name

    def set_optimizer(self, make: MakeOptimizer) -> None:
        """Learn by this optimizer from now on."""
        self.trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        if not self.trained:
            raise WiringError(f"{self.name} has no parameters that require gradients: nothing in it can learn")
        self.optimizer = make(self.trained)
        if not self.optimizer.defaults.get("maximize"):
            raise WiringError(f"the optimizer of {self.name} goes down; players climb: give it maximize=True")

    @property
    def device(self) -> torch.device:
        """Where the player lives, and to where it takes what it sees."""
        return self.trained[0].device

    def settle(self, device: torch.device) -> None:
        """Move to a device, with all that the optimizer remembers."""
        self.to(device)
        self.optimizer.load_state_dict(self.optimizer.state_dict())  # which casts to where the parameters are

    @abstractmethod
    def act(self, observation: Any, /) -> Any:
        """The player's move on what it sees."""

    def gradient(self, payoff: Tensor, create_graph: bool = False, keep: bool = False) -> list[Tensor]:
        """The gradient of a payoff by the player's parameters; `keep` the graph for another use."""
        return list(
            torch.autograd.grad(payoff, self.trained, create_graph=create_graph, retain_graph=keep or create_graph)
        )

    def move(self, gradient: Sequence[Tensor]) -> None:
        """One step of the optimizer along a gradient."""
        for parameter, part in zip(self.trained, gradient, strict=True):
            parameter.grad = part
        self.optimizer.step()

    def is_broken(self) -> bool:
        """Whether a parameter is NaN or infinite, so that no further move can be made."""
        return any(not torch.isfinite(parameter).all() for parameter in self.parameters())

    def learn(self, payoff: Tensor) -> None:
        """One step up the gradient of the payoff.

        Raises:
            DivergedError: The payoff is not finite.
        """
        if not torch.isfinite(payoff):
            raise DivergedError(f"the payoff of {self.name} is {payoff.item()}", player=self.name)
        self.move(self.gradient(payoff))


class Generator(Player):
    """A deterministic map of noise to samples, as an agent.

    Args:
        network: Maps (n, noise_size) to (n, d).
        optimizer: How it learns.
    """

    def __init__(self, network: nn.Module, optimizer: MakeOptimizer | None = None) -> None:
        """Take a network and an optimizer (Adam by default)."""
        super().__init__("generator_0")
        self.network = network
        self.set_optimizer(optimizer or adam())

    def act(self, observation: Tensor | NDArray[Any], /) -> Tensor:
        """(n, d) samples for (n, noise_size) noise."""
        return self.network(torch.as_tensor(observation, device=self.device))


class Discriminator(Player):
    """Tells real from generated samples, as an agent.

    Args:
        network: Maps (m, d) to (m, 1) or (m,) scores.
        optimizer: How it learns.
    """

    def __init__(self, network: nn.Module, optimizer: MakeOptimizer | None = None) -> None:
        """Take a network and an optimizer (Adam by default)."""
        super().__init__("discriminator_0")
        self.network = network
        self.set_optimizer(optimizer or adam())

    def act(self, observation: Tensor | NDArray[Any], /) -> Verdict:
        """The verdict on (m, d) samples, each judged by itself."""
        return Verdict(self.judge(torch.as_tensor(observation, device=self.device)))

    def judge(self, samples: Tensor) -> Tensor:
        """(m,) scores of (m, d) samples."""
        return self.network(samples).flatten()


class Strategist(Player):
    """Plays a whole strategy, whatever it observes: the player of games with exact answers.

    Args:
        name: "discriminator_0" or "generator_0".
        strategy: Where it starts.
        optimizer: How it learns; plain ascent by default.
        form: "plain": the parameters are the strategy; "logits": D = sigmoid(parameters);
            "softmax": q = softmax(parameters). The last two start at the parameters of `strategy`.
    """

    FORMS = ("plain", "logits", "softmax")

    def __init__(
        self, name: str, strategy: Sequence[float], optimizer: MakeOptimizer | None = None, form: str = "plain"
    ) -> None:
        """Take a first strategy and an optimizer."""
        super().__init__(name)
        if form not in self.FORMS:
            raise WiringError(f"form is {form!r}; expected one of {', '.join(map(repr, self.FORMS))}")
        start = torch.as_tensor(np.asarray(strategy, dtype=np.float64)).clone()
        self.form = form
        self.strategy = nn.Parameter({"plain": start, "logits": torch.logit(start), "softmax": torch.log(start)}[form])
        self.set_optimizer(optimizer or ascent())

    def act(self, observation: Any = None, /) -> Tensor:
        """The strategy."""
        if self.form == "plain":
            return self.strategy * 1.0  # not the parameter itself, which the optimizer changes in place
        return torch.sigmoid(self.strategy) if self.form == "logits" else torch.softmax(self.strategy, dim=0)

    def is_broken(self) -> bool:
        """Whether the strategy is NaN or infinite; a logit may be infinite, where its probability is 0 or 1."""
        return not bool(torch.isfinite(self.act()).all())
