"""Recipes: all that a training run needs besides the game and the seed, as data.

A recipe names the loss, the penalty, the update and the rates of both players, and says how their networks are built.
What changes during a run is a `Schedule`, in shares of the run, so that a recipe keeps its shape in fewer steps.
"""

from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any

import torch
from torch import nn

from gan_lab.errors import WiringError, number_above_0, number_of_at_least_0, whole_number
from gan_lab.errors.argument_names import refusal
from gan_lab.games.sample_game import SampleGame
from gan_lab.networks.convolutional import ConvolutionalDiscriminator, ConvolutionalGenerator, is_convolvable
from gan_lab.networks.perceptrons import FourierFeatures, Gain, Output, Scaled, Shortcut, perceptron
from gan_lab.payoffs.penalties import WEIGHT as PENALTY_WEIGHT
from gan_lab.players import Discriminator, Generator, adam
from gan_lab.recipes.schedule import Schedule

RATE = Schedule(1e-3)  # of Adam
WEIGHT = Schedule(PENALTY_WEIGHT)
PARTS: dict[type[nn.Module], str] = {Gain: "gains", Shortcut: "shortcut", Output: "output"}  # can have their own rates
RATES = (
    "generator_rate", "discriminator_rate", "gain_rate", "last_gain_rate", "shortcut_rate", "output_rate",
    "penalty_weight",
)  # fmt: skip
UNATTENDED = 0.05  # of its usual size: a weight at first for noise that a generator does not attend to


@dataclass(frozen=True)
class GeneratorShape:
    """Settings from which a generator is built: a perceptron on noise or, for square images, transposed convolutions.

    Attributes:
        channels: Width of the convolutions.
        hidden: Width of each hidden layer.
        bounded: Whether tanh is between the layers; otherwise leaky ReLU is.
        gains: First value of the gains, learned numbers that multiply the inputs of each activation; None: there are no
            gains.
        octaves: Number of frequencies 1, 2, 4, ...; the network sees their sines and cosines of the noise beside the
            noise.
        shortcut: Whether a linear map of the noise is added to the output.
        attends: How many numbers of the noise the perceptron attends to at first: its weights for the others begin at a
            twentieth of their usual size. The shortcut uses those others.
    """

    hidden: tuple[int, ...] = (128, 128, 128)
    bounded: bool = False
    gains: float | None = None
    octaves: int = 0
    shortcut: bool = False
    attends: int | None = None
    channels: int = 32

    def __post_init__(self) -> None:
        """Refuse values of `attends` and of `gains` that are out of range."""
        if self.attends is not None:
            whole_number("attends", self.attends, 1)
        if self.gains is not None and not (isfinite(self.gains) and self.gains > 0):
            raise WiringError(f"gains is {self.gains!r}; expected a number above 0 that they start at, or None")

    def network(self, game: SampleGame) -> nn.Module:
        """A network from (n, noise_size) noise to (n, d) samples."""
        if game.image_shape is not None and is_convolvable(game.image_shape):
            return ConvolutionalGenerator(game.noise_size, game.image_shape, self.channels)
        features = FourierFeatures(self.octaves, lowest=1.0)
        sizes = [features.size(game.noise_size), *self.hidden, game.dimension]
        found: Any = perceptron(sizes, bounded=self.bounded, gains=self.gains)
        if self.attends is not None:
            with torch.no_grad():
                found[0].weight[:, features.sources(game.noise_size) >= self.attends] *= UNATTENDED
        if self.octaves:
            found = nn.Sequential(features, found)
        if self.shortcut:
            found = Shortcut(found, game.noise_size, game.dimension)
        return Scaled(found, game.scale)


@dataclass(frozen=True)
class DiscriminatorShape:
    """Settings from which a discriminator is built: a perceptron on samples or, for square images, convolutions.

    Attributes:
        channels: Width of the convolutions.
        hidden: Width of each hidden layer.
        octaves: Number of frequencies pi, 2 pi, 4 pi, ... of sines and cosines of the samples, divided by the game's
            scale.
    """

    hidden: tuple[int, ...] = (128, 128, 128)
    octaves: int = 5
    channels: int = 32

    def network(self, game: SampleGame) -> nn.Module:
        """A network from (m, d) samples to (m, 1) scores."""
        if game.image_shape is not None and is_convolvable(game.image_shape):
            return ConvolutionalDiscriminator(game.image_shape, self.channels)
        features = FourierFeatures(self.octaves, scale=game.scale)
        return nn.Sequential(features, perceptron([features.size(game.dimension), *self.hidden, 1]))


def _as_schedule(name: str, value: Any) -> Schedule | None:
    """A schedule; of a number, the constant one; of a text or a function, what it says."""
    if isinstance(value, Schedule) or (value is None and name in ("last_gain_rate", "shortcut_rate", "output_rate")):
        return value
    if callable(value) or isinstance(value, str):
        found = Schedule.of(value, name)
        if not (isinstance(value, str) and found.constant):
            return found
        value = found.start
    return Schedule(number_of_at_least_0(name, value) if name == "penalty_weight" else number_above_0(name, value))


@dataclass(frozen=True)
class Recipe:
    """Settings for training a game of samples. Rates and the weight of the penalty are schedules or numbers.

    Attributes:
        about: Purpose of the recipe, in a sentence.
        loss: A loss, or its name.
        penalty: A penalty, its name, or None.
        penalty_weight: Factor of the penalty.
        generator_rate: Learning rate of the generator's Adam.
        gain_rate: Learning rate of the generator's gains, if it has gains.
        last_gain_rate: Learning rate of the last gain, which makes all steps steep and moves none; None: that of the
            others.
        shortcut_rate: Learning rate of the generator's shortcut; None: that of the generator.
        output_rate: Learning rate of the last layer of its perceptron; None: that of the generator.
        discriminator_rate: Learning rate of the discriminator's Adam.
        betas: The betas of both Adams.
        update: An update rule, or its name.
        batch_size: Number of samples in a turn.
        steps: Number of updates in a run.
        averaging: Decay of the average of the generator's parameters; None: no average is kept.
        generator: Settings from which the generator is built.
        discriminator: Settings from which the discriminator is built.
        packing: Number of samples that the discriminator judges at once; the batch size counts packs.
        noise_size: Length of a noise vector; None: that of the game.
        own_steps: Number of updates for which the schedules were made, if it is not `steps`; None: `steps`. Ignored by
            ==.

    >>> Recipe("few steps", steps=100).with_(loss="minimax").loss
    'minimax'
    """

    about: str
    loss: Any = "relativistic"
    penalty: Any = "r1r2"
    penalty_weight: Schedule = WEIGHT
    generator_rate: Schedule = RATE
    gain_rate: Schedule = RATE
    last_gain_rate: Schedule | None = None
    shortcut_rate: Schedule | None = None
    output_rate: Schedule | None = None
    discriminator_rate: Schedule = RATE
    betas: tuple[float, float] = (0.0, 0.99)
    update: Any = "alternating"
    batch_size: int = 256
    steps: int = 20_000
    averaging: float | None = 0.999
    generator: GeneratorShape = GeneratorShape()
    discriminator: DiscriminatorShape = DiscriminatorShape()
    packing: int = 1
    noise_size: int | None = None
    own_steps: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse numbers that are out of range, and an average that never changes."""
        for name, least in (("batch_size", 1), ("steps", 0), ("packing", 1)):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), least))
        if self.noise_size is not None:
            whole_number("noise_size", self.noise_size, 1)
        for name in RATES:
            object.__setattr__(self, name, _as_schedule(name, getattr(self, name)))
        if self.averaging is not None and not 0.0 <= self.averaging < 1.0:
            raise WiringError(f"averaging is {self.averaging!r}; expected at least 0 and below 1, or None")

    def with_(self, **changes: Any) -> "Recipe":
        """A copy of the recipe with these attributes changed; `WiringError` for what is none."""
        known = [part.name for part in fields(self)]
        if strange := [name for name in changes if name not in known]:
            raise refusal("Recipe", strange, known)
        return replace(self, **changes)

    @property
    def stretched(self) -> str:
        """A sentence that the schedules are squeezed or stretched to another number of updates; "" if they are not."""
        if not self.changes or self.own_steps is None or self.own_steps == self.steps:
            return ""
        how = "squeezed into" if self.steps < self.own_steps else "stretched to"
        return (
            f"The recipe's schedules of rates and penalty were made for {self.own_steps:,} updates, and are {how} "
            f"{self.steps:,}: this is not the state of a longer run at its update {self.steps:,}."
        )

    @property
    def changes(self) -> bool:
        """Whether any schedule changes during a run, so that the run depends on its number of steps."""
        schedules = (self.penalty_weight, self.discriminator_rate, self.generator_rate, *self.part_rates.values())
        return not all(schedule.constant for schedule in schedules)

    @property
    def part_rates(self) -> dict[str, Schedule]:
        """Rates of those parts of a generator that have their own."""
        own = {
            "gains": self.gain_rate,
            "last gain": self.last_gain_rate,
            "shortcut": self.shortcut_rate,
            "output": self.output_rate,
        }
        return {name: rate for name, rate in own.items() if rate is not None}

    def players(self, game: SampleGame) -> tuple[Discriminator, Generator]:
        """(discriminator, generator) with Adam at the first rate; parameters are drawn with torch's random numbers."""
        discriminator = Discriminator(self.discriminator.network(game), adam(self.discriminator_rate.start, self.betas))
        network: nn.Module = self.generator.network(game.single)
        parts: dict[str, list[nn.Parameter]] = {name: [] for name in self.part_rates}
        for module in network.modules():
            name = PARTS.get(type(module))
            if name in parts:
                parts[name] += (module.straight if isinstance(module, Shortcut) else module).parameters()
        if "last gain" in parts and parts["gains"]:
            parts["last gain"] = [parts["gains"].pop()]
        parts = {name: part for name, part in parts.items() if part}

        def optimizer(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
            apart = {id(parameter) for part in parts.values() for parameter in part}
            others = [parameter for parameter in parameters if id(parameter) not in apart]
            made = adam(self.generator_rate.start, self.betas)(others)
            for name, part in parts.items():
                made.add_param_group({"params": part, "lr": self.part_rates[name].start, "part": name})
            return made

        return discriminator, Generator(game.of_moves(network), optimizer)
