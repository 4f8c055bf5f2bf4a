"""How long sweeps that prove their bounds only at the end will take: from the residual, and from how values spread.

On a map values spread from the ends, from state to state. A sweep that comes before they have reached a state does
nothing there. Afterwards the states take some sweeps more to settle. Where the discount makes changes so small that
they count as none before that, the sweeps end earlier.
"""

import math
from collections import deque
from itertools import pairwise
from typing import Final, NamedTuple

from planners.plans.plan import Iteration

SETTLING: Final = 4.0  # sweeps in which the residual falls by a factor of e, where values are everywhere: 3.5 on maps
LAST_WAYS: Final = 0.12  # settling takes at least this share of the sweeps in which values spread: .1 to .17 in mazes
GROWTH: Final = 1.2  # the share of the states that values have reached grows as this power of the sweeps: maps, mazes
LONGEST: Final = 100  # sweeps of that; where it takes longer, the residual falls as slowly as it does
SLOWEST: Final = 1e-4  # of the states in half of the sweeps: with fewer, values have reached all that they will
SMALL: Final = 0.01  # of the residual: a state whose value has moved by less is one that values have not reached


class Outlook(NamedTuple):
    """What sweeps tell of their end.

    Attributes:
        threshold: The residual that ends them.
        reached: The share of the states that values have reached.
        active: The share of the states that the last sweep swept.
        in_order: Whether states settle one after the other, as they are reached, and not all at the end.
    """

    threshold: float
    reached: float
    active: float = 1.0
    in_order: bool = False


class _Sample(NamedTuple):
    seconds: float
    sweep: int
    log_residual: float
    reached: float
    active: float


class SweepForecast:
    """The time that sweeps will take, from samples of their course so far."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._samples: deque[_Sample] = deque()
        self._due, self._in_order = 0.0, False
        self._first = _Sample(0.0, 0, 0.0, 1.0, 1.0)
        self._grew = 0  # the sweep at which values last reached new states

    def take(self, step: Iteration) -> None:
        """Note one sweep; as looking at all values takes time, at most a hundredth more each time."""
        ask = getattr(step, "outlook", None)
        if ask is None or step.seconds < self._due or not step.residual > 0.0:
            return
        outlook: Outlook | None = ask()
        if outlook is None or not (outlook.in_order or (outlook.threshold > 0.0 and step.residual < math.inf)):
            return
        self._in_order = outlook.in_order
        height = math.log(step.residual / outlook.threshold) if outlook.threshold > 0.0 else math.inf
        now = _Sample(step.seconds, step.iteration, height, outlook.reached, outlook.active)
        if not self._samples:
            self._first = now
        elif outlook.reached > self._samples[-1].reached + SLOWEST:
            self._grew = step.iteration
        self._samples.append(now)
        self._due = 1.01 * step.seconds
        while len(self._samples) > 2 and self._samples[1].sweep < 0.5 * step.iteration:
            self._samples.popleft()

    @property
    def knows(self) -> bool:
        """Whether there is something to go by."""
        return len(self._samples) > 1

    @property
    def sweeps_left(self) -> float:
        """Estimate of the sweeps to come."""
        return sum(self._to_come())

    def _to_come(self) -> tuple[float, float]:
        """Sweeps until values are everywhere, or until all changes count as none; and sweeps from then on."""
        then, now = self._samples[0], self._samples[-1]
        sweeps = max(now.sweep - then.sweep, 1)
        spreads = (now.reached - then.reached) / sweeps
        if self._in_order:
            return ((1.0 - now.reached) / spreads if spreads > 0.0 else math.inf), 0.0
        falls = (then.log_residual - now.log_residual) / sweeps
        by_residual = max(now.log_residual, 0.0) / falls if falls > 0.0 else math.inf
        if self._first.reached > 0.5:
            return by_residual, 0.0
        spreading, settling = 0.0, SETTLING * max(now.log_residual, 0.0)
        if spreads * sweeps > SLOWEST:
            spreading = self._until_everywhere()
            settling = max(settling, LAST_WAYS * (now.sweep + spreading))
        elif now.sweep - self._grew > LONGEST:
            settling = math.inf
        return (spreading, settling) if spreading + settling < by_residual else (by_residual, 0.0)

    def _until_everywhere(self) -> float:
        """Sweeps until values have reached all states, where their share grows as `GROWTH` says from the beginning."""
        first, now = self._first, self._samples[-1]
        before, here = first.reached ** (1.0 / GROWTH), now.reached ** (1.0 / GROWTH)
        return (1.0 - here) * (now.sweep - first.sweep) / (here - before) if here > before else math.inf

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the seconds to come; None where nothing falls.

        While values spread, the share of the states that are swept grows by half; then it falls to none.
        """
        then, now = self._samples[0], self._samples[-1]
        spreading, settling = self._to_come()
        if not spreading + settling < math.inf:
            return None
        swept = sum(b.active * (b.sweep - a.sweep) for a, b in pairwise(self._samples))
        spreads = spreading > 1.0
        level = swept / max(now.sweep - then.sweep, 1) if spreads else now.active
        most = min(1.5 * level, 1.0) if spreads and settling else level
        to_come = 0.5 * (level + most) * spreading + 0.5 * most * settling
        return to_come * (now.seconds - then.seconds) / max(swept, 1e-12)
