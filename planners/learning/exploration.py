"""How a learner explores: epsilon-greedy or Boltzmann. Ties between greedy actions are broken at random.

Source: Sutton and Barto (2018), Sections 2.2 and 2.8.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from planners.errors import InvalidOptionError
from planners.learning.random_bits import LOW, one_of
from planners.learning.schedules import Decay, checked_schedule, value_at


class Threshold(NamedTuple):
    """What exploring means for 32 random bits: those below `threshold` explore.

    Attributes:
        threshold: epsilon * 2^32.
        unit: Makes 32 uniform bits of those below, `greedy_unit` of those that are not.
        greedy_unit: See `unit`.
    """

    threshold: int
    unit: float
    greedy_unit: float


def threshold_of(epsilon: float) -> Threshold:
    """The threshold of an epsilon.

    >>> threshold_of(0.5)
    Threshold(threshold=2147483648, unit=2.0, greedy_unit=2.0)
    """
    threshold = int(epsilon * 2.0**32)
    return Threshold(threshold, 2.0**32 / max(threshold, 1), 2.0**32 / max(2**32 - threshold, 1))


def best_of(values: list[float], options: list[int]) -> list[int]:
    """The actions of the largest value among `options`, several where they are tied.

    >>> best_of([1.0, 3.0, 3.0], [0, 1, 2])
    [1, 2]
    """
    most = max(values) if len(options) == len(values) else max([values[a] for a in options])
    return [values.index(most)] if values.count(most) == 1 else [a for a in options if values[a] == most]


@dataclass(frozen=True)
class EpsilonGreedy:
    """With probability epsilon a random action, all equally likely; otherwise a greedy one.

    Attributes:
        epsilon: 0 to 1, or a `Decay` of such numbers by steps.
    """

    epsilon: float | Decay = 0.1
    _fixed: ClassVar[Threshold | None] = None  # of an epsilon that does not change; each has its own

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        object.__setattr__(self, "epsilon", checked_schedule("exploration", self.epsilon))
        fixed = None if isinstance(self.epsilon, Decay) else threshold_of(self.epsilon)
        object.__setattr__(self, "_fixed", fixed)

    def choose(self, values: list[float], options: list[int], bits: int, step: int) -> int:
        """The action for 32 random bits, at a given step."""
        threshold, unit, greedy_unit = self._fixed or threshold_of(value_at(self.epsilon, step))
        if bits < threshold:
            return one_of(options, int(bits * unit) & LOW)
        best = best_of(values, options)
        return best[0] if len(best) == 1 else one_of(best, int((bits - threshold) * greedy_unit) & LOW)

    def expectation(self, values: list[float], options: list[int], step: int) -> float:
        """The expected value of the action that it would choose."""
        epsilon = threshold_of(value_at(self.epsilon, step)).threshold / 2**32
        return (1.0 - epsilon) * max([values[a] for a in options]) + epsilon * _sum(values, options) / len(options)

    def probabilities(self, values: list[float], options: list[int], step: int) -> list[float]:
        """The probability of each option."""
        epsilon, best = threshold_of(value_at(self.epsilon, step)).threshold / 2**32, best_of(values, options)
        return [epsilon / len(options) + (1.0 - epsilon) * (a in best) / len(best) for a in options]


@dataclass(frozen=True)
class Boltzmann:
    """Each action with a probability proportional to exp(Q / temperature).

    Attributes:
        temperature: Above 0, in units of reward, or a `Decay` of such numbers by steps.
    """

    temperature: float | Decay = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no temperature."""
        object.__setattr__(self, "temperature", checked_schedule("temperature", self.temperature, 0.0, math.inf))
        if value_at(self.temperature, 0) == 0.0:
            raise InvalidOptionError("temperature is 0; expected a number above 0, or EpsilonGreedy(0.0)")

    def choose(self, values: list[float], options: list[int], bits: int, step: int) -> int:
        """The action for 32 random bits, at a given step."""
        left = bits / 2**32
        for action, probability in zip(options, self.probabilities(values, options, step), strict=True):
            left -= probability
            if left < 0.0:
                return action
        return options[-1]

    def expectation(self, values: list[float], options: list[int], step: int) -> float:
        """The expected value of the action that it would choose."""
        probabilities = self.probabilities(values, options, step)
        return sum(p * values[a] for p, a in zip(probabilities, options, strict=True))

    def probabilities(self, values: list[float], options: list[int], step: int) -> list[float]:
        """The probability of each option."""
        temperature, most = max(value_at(self.temperature, step), 1e-300), max([values[a] for a in options])
        weights = [math.exp((values[a] - most) / temperature) for a in options]
        total = sum(weights)
        return [weight / total for weight in weights]


Exploration = EpsilonGreedy | Boltzmann


def exploration_of(given: Any) -> Exploration:
    """The exploration itself, or epsilon-greedy with that epsilon."""
    return given if isinstance(given, EpsilonGreedy | Boltzmann) else EpsilonGreedy(given)


def _sum(values: list[float], options: list[int]) -> float:
    total = 0.0
    for action in options:
        total += values[action]
    return total
