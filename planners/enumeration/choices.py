"""Every way in which the draws of a step can come out, one replay of the step after the other.

A path is the list of choices that one replay made: which outcome each draw had, among outcomes of which weight. The
next replay follows the path up to the last choice that has a further outcome, takes that one, and draws on from there.
The product of the weights is the probability of the path.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, NoReturn

from planners.errors import InvalidModelError

LEAST: Final = 2.0**-60  # a path of less probability is left out, such as a 30th failure in a row


class Path(NamedTuple):
    """One way in which the draws of a replay came out, and what the replay returned."""

    probability: float
    result: Any


class _Abandoned(BaseException):
    """Ends a replay whose path is too improbable to matter; `except Exception` does not catch it."""


@dataclass
class Choices:
    """The path that is being replayed.

    Attributes:
        most: How many paths a step may have.
        replays: How many there were in all: a drawn number belongs to one replay.

    >>> choices = Choices(most=10)
    >>> coins = lambda: ["heads", "tails"][choices.choose([0.5, 0.5])] + str(choices.choose([0.25, 0.75]))
    >>> [(path.probability, path.result) for path in choices.paths(coins)]
    [(0.125, 'heads0'), (0.375, 'heads1'), (0.125, 'tails0'), (0.375, 'tails1')]
    """

    most: int
    replays: int = 0
    _made: list[tuple[int, tuple[float, ...], float]] = field(default_factory=list)  # chosen, of which, its share
    _at: int = 0
    _probability: float = 1.0
    _refusal: InvalidModelError | None = None

    def choose(self, weights: Sequence[float]) -> int:
        """Which of the outcomes a draw has on this path; weights of 0 are never chosen."""
        if self._at == len(self._made):
            weights = tuple(weights)
            first = _next(weights, -1)
            self._made.append((first, weights, weights[first] / math.fsum(weights)))
        chosen, before, share = self._made[self._at]
        if before is not weights and before != tuple(weights):
            self.refuse(
                "drew among other outcomes when it was replayed: it depends on something that is not copied with the "
                "environment, such as a clock, a file or a generator of another kind"
            )
        self._at += 1
        self._probability *= share
        if self._probability < LEAST:
            raise _Abandoned
        return chosen

    def refuse(self, why: str) -> NoReturn:
        """Say what the step did that cannot be enumerated.

        Raises:
            InvalidModelError: Always; and once more after the step, in case the step caught it.
        """
        self._refusal = InvalidModelError(why)
        raise self._refusal

    def paths(self, replay: Callable[[], Any], *, complete: bool = False) -> Iterator[Path]:
        """Call a function once for every way in which its draws can come out.

        Args:
            replay: The function.
            complete: Refuse ways of a probability that is too small to matter; they are left out otherwise.

        Raises:
            InvalidModelError: What it draws cannot be enumerated, or comes out in more than `most` ways.
        """
        self._made = []
        for _ in range(self.most):
            self._at, self._probability, self._refusal = 0, 1.0, None
            self.replays += 1
            try:
                result = replay()
            except _Abandoned:
                if complete:
                    raise InvalidModelError("draws again and again until something fits") from None
            else:
                if self._refusal is not None:
                    raise self._refusal
                del self._made[self._at :]
                yield Path(self._probability, result)
            if not self._advance():
                return
        raise InvalidModelError(
            f"draws what can come out in more than max_outcomes={self.most} ways. A loop that draws until something "
            "fits has a way for each failure: draw only among the values that fit. Otherwise raise max_outcomes"
        )

    def _advance(self) -> bool:
        """Go to the next path; False: that was the last."""
        while self._made:
            chosen, weights, _ = self._made.pop()
            if (following := _next(weights, chosen)) < len(weights):
                self._made.append((following, weights, weights[following] / math.fsum(weights)))
                return True
        return False


def _next(weights: Sequence[float], after: int) -> int:
    """The next outcome that is possible; their number if there is none."""
    index = after + 1
    while index < len(weights) and not weights[index] > 0:
        index += 1
    return index
