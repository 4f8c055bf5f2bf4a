"""Numbers that change while a run goes on: learning rates, and the weight of a penalty."""

from dataclasses import dataclass
from math import isfinite

from gan_lab.errors import WiringError


@dataclass(frozen=True)
class Schedule:
    """From `start` to `end` in equal ratios, between two moments of a run.

        value(t) = start (end / start)^u,    u = (t - first) / (last - first), kept within 0 and 1

    Args:
        start: Value until `first`, above 0; or 0 throughout.
        end: Value from `last` on, above 0; None: `start` throughout.
        first: Share of the run, in [0, 1], at which the value begins to change.
        last: Share of the run at which it has arrived.
        then: What follows from `last` on: a schedule that starts at `end` and begins to change no earlier.

    Raises:
        WiringError: Values that are not above 0, or moments that are not in order.

    >>> rate = Schedule(1e-2, 1e-4, first=0.5)
    >>> [round(rate.at(share), 6) for share in (0.0, 0.5, 0.75, 1.0)]
    [0.01, 0.01, 0.001, 0.0001]
    >>> twice = Schedule(1.0, 0.5, last=0.5, then=Schedule(0.5, 2.0, first=0.5))
    >>> [round(twice.at(share), 6) for share in (0.0, 0.5, 0.75, 1.0)]
    [1.0, 0.5, 1.0, 2.0]
    """

    start: float
    end: float | None = None
    first: float = 0.0
    last: float = 1.0
    then: "Schedule | None" = None

    def __post_init__(self) -> None:
        """Refuse what has no ratio."""
        if self.end is None and self.start == 0:
            return
        for name, value in (("start", self.start), ("end", self.end)):
            if value is not None and not (isfinite(value) and value > 0):
                raise WiringError(f"the {name} of a schedule is {value!r}; expected a number above 0")
        if not 0.0 <= self.first < self.last <= 1.0:
            raise WiringError(
                f"a schedule changes from {self.first!r} to {self.last!r} of a run; expected 0 <= first < last <= 1"
            )
        if self.then is not None and (self.then.start != self.end or self.then.first < self.last):
            raise WiringError(
                f"a schedule ends with {self.end!r} at {self.last!r} of a run, and the next starts with "
                f"{self.then.start!r} and changes from {self.then.first!r} on; expected the same number, and no earlier"
            )

    def at(self, share: float) -> float:
        """The value after a share of the run."""
        if self.end is None:
            return self.start
        if self.then is not None and share > self.last:
            return self.then.at(share)
        moved = min(1.0, max(0.0, (share - self.first) / (self.last - self.first)))
        return self.start * (self.end / self.start) ** moved

    @property
    def constant(self) -> bool:
        """Whether it never changes."""
        return self.end is None or (self.end == self.start and (self.then is None or self.then.constant))
