"""What a method hands to the loop after each iteration, and what the loop knows of the thing that is solved."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds
from planners.equations.ways_out import nearest_ways_out
from planners.options import Target


class Solving(Protocol):
    """What is solved: the equations of a model, or sweeps over them; its n states may stand in an order of its own."""

    @property
    def model(self) -> Any:
        """The model, of S states."""

    @property
    def discount(self) -> float:
        """The discount."""
        ...

    @property
    def num_states(self) -> int:
        """Number of states n."""
        ...

    def expand(self, values: NDArray[np.float64], towards: float = 0.0) -> NDArray[np.float64]:
        """(S,) numbers of the model's states from (n,) of these."""
        ...

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(S,) actions of the model's states from the `rows` of `Bounds`."""
        ...


class Iterate(Protocol):
    """What the loop asks of an iterate, whatever method it comes from."""

    @property
    def residual(self) -> float:
        """Largest change that may still come."""
        ...

    @property
    def is_finite(self) -> bool:
        """Whether the method can go on from here: no value became infinite or NaN."""
        ...

    @property
    def values(self) -> NDArray[np.float64] | None:
        """(n,) V; None where the method does not hold the values of all states at once."""

    @property
    def proof_is_due(self) -> bool:
        """Whether this is the time to compute the bounds."""
        ...

    @property
    def final(self) -> bool:
        """Whether the method has nothing better to come, so that it may end here if the bounds are good."""
        ...

    def bounds(self) -> Bounds:
        """Proven bounds of V*."""
        ...

    def unproven(self) -> Bounds:
        """The values with infinite bounds, which take no proof."""
        ...

    def target(self, bounds: Bounds) -> Target:
        """What error of these bounds ends the run, and what is allowed."""
        ...

    def at_floor(self, bounds: Bounds) -> bool:
        """Whether rounding keeps the bounds, which are those of this iterate, from getting any better."""
        ...


class Backup(NamedTuple):
    """V and its Bellman backup: what a method yields that leaves the proof to `planners.iteration.certified_backups`.

    Attributes:
        values: (n,) V.
        action_values: (L,) r + discount * P V.
        rows: (n,) the policy that V is the value of, or None.
        final: Whether the method has nothing better to come.
        greedy: (n,) the best rows by these action values, where the method knows them.
    """

    values: NDArray[np.float64]
    action_values: NDArray[np.float64]
    rows: NDArray[np.int64] | None = None
    final: bool = True
    greedy: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class SweepIterate:
    """The `Iterate` of sweeps that prove their own bounds.

    Attributes:
        residual: Largest change that may still come.
        prove: Computes the bounds.
        find_target: What error ends the run, and what is allowed.
        final: Whether this is the time to prove them.
        stuck: Whether rounding keeps the bounds from getting any better.
        guess: The values with infinite bounds; None: they take no less than a proof.
    """

    residual: float
    prove: Callable[[], Bounds]
    find_target: Callable[[Bounds], Target]
    final: bool
    stuck: bool = False
    guess: Callable[[], Bounds] | None = None

    @property
    def is_finite(self) -> bool:
        """Whether the residual is a number; it is infinite where no sweep has been."""
        return not np.isnan(self.residual)

    @property
    def values(self) -> None:
        """Not told: they stand in another order, and some of them may not be known yet."""

    @property
    def proof_is_due(self) -> bool:
        """As the sweeps say."""
        return self.final

    def bounds(self) -> Bounds:
        """What `prove` computes."""
        return self.prove()

    def unproven(self) -> Bounds:
        """What `guess` says."""
        return self.prove() if self.guess is None else self.guess()

    def target(self, bounds: Bounds) -> Target:
        """What `find_target` says."""
        return self.find_target(bounds)

    def at_floor(self, bounds: Bounds) -> bool:
        """As the sweeps say, whatever the bounds."""
        return self.stuck


def told_of_model(solved: Solving, bounds: Bounds) -> Bounds:
    """Bounds of the model's S states from those of what is solved, with the actions of a policy as `rows`.

    At discount 1 the error includes what is rounded on the way, and the actions lead to ways out. What is not a number
    is not told: as a bound it is infinite, as a value the nearest to 0 within the bounds.
    """
    values = solved.expand(bounds.values)
    lower, upper = solved.expand(bounds.lower, -np.inf), solved.expand(bounds.upper, np.inf)
    actions, error = solved.expand_policy(bounds.rows), bounds.error
    if solved.discount == 1.0:
        error = max(error, _widest(lower, values, upper))
        actions = nearest_ways_out(solved.model.tabular, lower, actions)
    if not error < np.inf:
        lower, upper = np.where(np.isnan(lower), -np.inf, lower), np.where(np.isnan(upper), np.inf, upper)
        values, error = np.where(np.isnan(values), np.clip(0.0, lower, upper), values), np.inf
    return Bounds(lower, upper, values, error, actions)


def _widest(lower: NDArray[np.float64], values: NDArray[np.float64], upper: NDArray[np.float64]) -> float:
    """The largest distance from a value to one of its bounds, where they are finite."""
    with np.errstate(invalid="ignore"):
        widest = np.fmax.reduce(np.maximum(upper - values, values - lower), initial=0.0, where=np.isfinite(values))
    return float(np.nextafter(widest, np.inf)) if widest else 0.0
