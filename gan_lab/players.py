"""The two players: they act like every agent of this project, and learn by the gradient of their own payoff.

    generator.act(noise) -> samples             G is a deterministic map of noise: an implicit model
    discriminator.act(samples) -> Verdict       whose probabilities are those that the samples are real
    player.learn(payoff)                        one step up the gradient, by the player's own optimizer

A `Strategist` plays the games in which a move is the whole strategy (`FiniteGame` and its like).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gan_lab.errors import DivergedError, WiringError, number_between, real_array, two_betas
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.fused_adam import Adam
from gan_lab.random_numbers import seeded

LARGEST = 2**20  # numbers of the samples that are evaluated at once
FEWEST = 16  # samples that are evaluated at once, however large
SUM_OFF = 1e-4  # of probabilities whose sum should be 1, such as a softmax of float32
SMALLEST = 1e-6  # probabilities are kept this far from 0 and 1, so that their logarithms are finite
LARGEST_RATE = 3e38  # which float32 holds
MakeOptimizer = Callable[[list[nn.Parameter]], torch.optim.Optimizer]


@takes_own_names
def ascent(rate: float = 1e-3, momentum: float = 0.0) -> MakeOptimizer:
    """Plain gradient ascent, with momentum as in Algorithm 1; negative momentum helps in games (Gidel et al. 2019).

    A momentum that is not between -1 and 1 is refused by a `WiringError`: steps would grow without end.

    >>> player = Strategist("generator_0", [0.5], ascent(rate=0.1, momentum=-0.25))
    """
    rate, momentum = number_between("rate", rate, 0.0, LARGEST_RATE), number_between("momentum", momentum, -1.0, 1.0)
    if abs(momentum) == 1.0:
        raise WiringError(f"momentum is {momentum:g}; expected a number between -1 and 1, such as 0.8")

    def make(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        optimizer = torch.optim.SGD(parameters, lr=rate, momentum=max(momentum, 0.0), maximize=True)
        for group in optimizer.param_groups:  # which PyTorch's constructor alone would refuse
            group["momentum"] = momentum
        return optimizer

    return make


@takes_own_names
def adam(rate: float = 1e-3, betas: tuple[float, float] = (0.0, 0.99)) -> MakeOptimizer:
    """Adam for gradient ascent, fused to one kernel (a third of the time); the first beta is 0, as usual in games."""
    rate, betas = number_between("rate", rate, 0.0, LARGEST_RATE), two_betas(betas)
    return lambda parameters: Adam(parameters, lr=rate, betas=betas, maximize=True, fused=True)


def give_gradient(parameters: Sequence[nn.Parameter], gradient: Sequence[Tensor]) -> None:
    """Each parameter's part of a gradient, in the memory layout of the parameter, as a fused optimizer takes it to be.

    A convolution may give a gradient in another layout; `backward` would copy it, too.
    """
    for parameter, part in zip(parameters, gradient, strict=True):
        alike = part.stride() == parameter.stride()
        parameter.grad = part if alike else torch.empty_like(parameter).copy_(part)


@dataclass(frozen=True, eq=False)
class Verdict:
    """The verdict of a discriminator on m samples.

    Attributes:
        scores: (m,) logits, with their graph; from them log(1 - D) is exact even where D rounds to 1.
    """

    scores: Tensor

    @property
    def probabilities(self) -> Tensor:
        """(m,) D(x), the probability that each sample is real."""
        return torch.sigmoid(self.scores)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """The probabilities, for users of NumPy."""
        return np.asarray(self.probabilities.detach().cpu().numpy(), dtype=dtype)


@contextmanager
def evaluating(player: Any, seed: int = 0) -> Iterator[None]:
    """Let a player act without leaving a trace: evaluation mode and random numbers of torch from a seed, inside alone.

    Dropout drops nothing, and BatchNorm takes its running statistics and does not move them. A module that was in
    evaluation mode before stays in it afterwards.
    """
    modes = [(module, module.training) for module in player.modules()] if isinstance(player, nn.Module) else []
    with seeded(seed):
        try:
            for module, _ in modes:
                module.training = False
            yield
        finally:
            for module, training in modes:
                module.training = training


def parts_of(samples: Tensor, numbers: int = 0) -> Sequence[Tensor]:
    """The same samples in parts that a network can be evaluated on in little memory.

    Args:
        samples: (m, k).
        numbers: Of what the network makes of a sample, where they are more than k.

    >>> [len(part) for part in parts_of(torch.zeros(5000, 2))], len(parts_of(torch.zeros(100, 3 * 128 * 128)))
    ([5000], 5)
    """
    return samples.split(max(FEWEST, LARGEST // max(samples[0].numel(), numbers, 1))) if len(samples) else [samples]


def scores_of(discriminator: Any, samples: Tensor) -> Tensor:
    """(m,) scores of a discriminator that acts with a verdict, or with probabilities; in evaluation mode.

    One that ties samples together even then, as minibatch discrimination does, judges as many at once as in a turn.
    """
    with evaluating(discriminator):
        size = discriminator.apart if getattr(discriminator, "ties", False) else None
        if size is not None and len(samples) > size:
            found = [_scores(discriminator.act(part)) for part in samples[: len(samples) // size * size].split(size)]
            if rest := len(samples) % size:  # judged beside the samples before them, as a batch of n
                found.append(_scores(discriminator.act(samples[-size:]))[-rest:])
        else:
            found = [_scores(discriminator.act(part)) for part in parts_of(samples)]
    return found[0] if len(found) == 1 else torch.cat(found)


def _scores(verdict: Any) -> Tensor:
    return verdict.scores if isinstance(verdict, Verdict) else torch.logit(torch.as_tensor(verdict), eps=SMALLEST)


def move_of(player: Any, observation: Tensor, numbers: int = 0) -> NDArray[Any]:
    """What a player makes of an observation, as an array; in evaluation mode.

    Args:
        player: The player.
        observation: (n, k) tensor.
        numbers: Of a move, where they are more than k.
    """
    with evaluating(player), torch.no_grad():
        return np.concatenate([np.asarray(player.act(part).cpu().numpy()) for part in parts_of(observation, numbers)])


class Player(nn.Module, ABC):
    """Base class of the players, who learn by the gradient of a payoff.

    Attributes:
        name: "discriminator_0" or "generator_0".
        optimizer: Optimizer made by `set_optimizer`; it maximises (`maximize=True`).
        trained: The parameters that learning changes.
    """

    optimizer: torch.optim.Optimizer
    trained: list[nn.Parameter]

    def __init__(self, name: str) -> None:
        """Name the player."""
        super().__init__()
        self.name = name

    def set_optimizer(self, make: MakeOptimizer) -> None:
        """Use this optimizer for learning from now on."""
        self.trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        if not self.trained:
            raise WiringError(f"{self.name} has no parameters that require gradients: nothing in it can learn")
        if not callable(make) or isinstance(make, torch.optim.Optimizer | type):
            raise WiringError(
                f"the optimizer of {self.name} is {make!r}; expected a function that makes one of parameters, such as "
                "gan_lab.adam(1e-3), or lambda parameters: torch.optim.RMSprop(parameters, 1e-3, maximize=True)"
            )
        self.optimizer = make(self.trained)
        if not self.optimizer.defaults.get("maximize"):
            raise WiringError(f"the optimizer of {self.name} minimises, but players maximise: give it maximize=True")

    @property
    def device(self) -> torch.device:
        """The device of the player, to which its observations are moved."""
        return self.trained[0].device

    def seen(self, observation: Any) -> Tensor:
        """An observation on the player's device, with the floating-point type of its parameters."""
        like = self.trained[0]
        if isinstance(observation, Tensor) and observation.dtype == like.dtype and observation.device == like.device:
            return observation
        return torch.as_tensor(observation, device=like.device).to(like.dtype)

    def settle(self, device: torch.device) -> None:
        """Move the player and the state of its optimizer to a device."""
        self.to(device)
        self.optimizer.load_state_dict(self.optimizer.state_dict())  # which casts to where the parameters are

    @abstractmethod
    def act(self, observation: Any, /) -> Any:
        """The player's move for an observation."""

    def gradient(self, payoff: Tensor, create_graph: bool = False, keep: bool = False) -> list[Tensor]:
        """The gradient of a payoff with respect to the player's parameters; `keep` keeps the graph for another use."""
        if not payoff.requires_grad:  # no parameter has to do with it
            return [torch.zeros_like(parameter) for parameter in self.trained]
        found = torch.autograd.grad(
            payoff,
            self.trained,
            create_graph=create_graph,
            retain_graph=keep or create_graph,
            allow_unused=True,
            materialize_grads=True,
        )
        return list(found)

    def move(self, gradient: Sequence[Tensor]) -> None:
        """One step of the optimizer along a gradient."""
        give_gradient(self.trained, gradient)
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
    """An agent that maps noise to samples, deterministically.

    Args:
        network: Maps (n, noise_size) to (n, d).
        optimizer: Optimizer by which it learns.
    """

    @takes_own_names
    def __init__(self, network: nn.Module, optimizer: MakeOptimizer | None = None) -> None:
        """Take a network and an optimizer (Adam by default)."""
        super().__init__("generator_0")
        self.network = network
        self.set_optimizer(adam() if optimizer is None else optimizer)

    def act(self, observation: Tensor | NDArray[Any], /) -> Tensor:
        """(n, d) samples for (n, noise_size) noise."""
        return self.network(self.seen(observation))


class Discriminator(Player):
    """An agent that tells real samples from generated ones.

    Args:
        network: Maps (m, d) to (m, 1) or (m,) scores.
        optimizer: Optimizer by which it learns.

    Attributes:
        apart: Number of samples that it judges at once, for a network whose output for a sample depends on the other
            samples of the batch, as with BatchNorm. A game sets it to n, so that the n real and the n generated samples
            of a turn are judged apart, as in the generator's turn; batches of any other size than 2n are judged at
            once. None: it judges all samples at once.
        ties: Whether its output depends on the other samples in evaluation mode too.
    """

    apart: int | None = None
    ties: bool = False

    @takes_own_names
    def __init__(self, network: nn.Module, optimizer: MakeOptimizer | None = None) -> None:
        """Take a network and an optimizer (Adam by default)."""
        super().__init__("discriminator_0")
        self.network = network
        self.set_optimizer(adam() if optimizer is None else optimizer)

    def act(self, observation: Tensor | NDArray[Any], /) -> Verdict:
        """The verdict on (m, d) samples, each judged by itself."""
        return Verdict(self.judge(self.seen(observation)))

    def judge(self, samples: Tensor) -> Tensor:
        """(m,) scores of (m, d) samples."""
        if self.apart is None or len(samples) != 2 * self.apart:
            return self.network(samples).flatten()
        return torch.cat([self.network(part).flatten() for part in samples.split(self.apart)])


class Seat(Player):
    """One more player: VEEGAN's reconstructor, InfoGAN's Q, an encoder. The loss defines its payoff.

    Args:
        seat: Its name in the payoffs of `gan_lab.turn_loss`; as an agent it is called `NAME_0`.
        network: Maps the input that the payoffs give it.
        optimizer: Optimizer by which it learns.

    >>> Seat("reconstructor", nn.Linear(2, 8)).name
    'reconstructor_0'
    """

    @takes_own_names
    def __init__(self, seat: str, network: nn.Module, optimizer: MakeOptimizer | None = None) -> None:
        """Take a name, a network and an optimizer (Adam by default)."""
        super().__init__(f"{seat}_0")
        self.network = network
        self.set_optimizer(adam() if optimizer is None else optimizer)

    def act(self, observation: Tensor | NDArray[Any], /) -> Tensor:
        """The output of the network for an observation."""
        return self.network(self.seen(observation))


class Strategist(Player):
    """A player for exact games: it plays a whole strategy, whatever it observes.

    Args:
        name: "discriminator_0" or "generator_0".
        strategy: The first strategy.
        optimizer: Optimizer by which it learns; plain ascent by default.
        form: "plain": the parameters are the strategy; "logits": D = sigmoid(parameters);
            "softmax": q = softmax(parameters). The last two start at the parameters of `strategy`.

    Attributes:
        box: (low, high) of plain strategies, set by the game: a step that leads out of the box ends at its edge. None:
            there is no box.

    Raises:
        WiringError: The form is unknown, or it needs probabilities and the strategy has other numbers.
    """

    box: tuple[Tensor, Tensor] | None = None
    FORMS = ("plain", "logits", "softmax")

    @takes_own_names
    def __init__(
        self, name: str, strategy: Sequence[float], optimizer: MakeOptimizer | None = None, form: str = "plain"
    ) -> None:
        """Take a first strategy and an optimizer."""
        super().__init__(name)
        if form not in self.FORMS:
            raise WiringError(f"form is {form!r}; expected one of {', '.join(map(repr, self.FORMS))}")
        start = torch.as_tensor(real_array("strategy", strategy)).clone()
        if form != "plain" and not ((start >= 0) & (start <= 1)).all():
            raise WiringError(f"{name} starts at {start.tolist()}; expected probabilities for form={form!r}")
        if form == "softmax" and abs(float(start.sum()) - 1) > SUM_OFF:
            raise WiringError(f"{name} starts at {start.tolist()}, whose sum is {float(start.sum()):g}; expected 1")
        self.form = form
        self.strategy: nn.Parameter = nn.Parameter(
            {"plain": start, "logits": torch.logit(start), "softmax": torch.log(start)}[form]
        )
        self.set_optimizer(ascent() if optimizer is None else optimizer)

    def act(self, observation: Any = None, /) -> Tensor:
        """The strategy."""
        return self.shown(self.strategy)

    def shown(self, parameters: Tensor) -> Tensor:
        """The strategy that parameters stand for."""
        if self.form == "plain":
            return parameters * 1.0  # not the parameter itself, which the optimizer changes in place
        return torch.sigmoid(parameters) if self.form == "logits" else torch.softmax(parameters, dim=0)

    def move(self, gradient: Sequence[Tensor]) -> None:
        """Take one step of the optimizer along a gradient, then go to the nearest strategy that the game allows."""
        super().move(gradient)
        if self.box is not None:
            with torch.no_grad():
                self.strategy.clamp_(*self.box)

    def is_broken(self) -> bool:
        """Whether the strategy is NaN or infinite; a logit may be infinite, as its probability is then 0 or 1."""
        return not bool(torch.isfinite(self.act()).all())
