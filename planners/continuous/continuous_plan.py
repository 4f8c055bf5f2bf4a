"""The result of planning on a continuous system: bounds of V* at every state, and a policy for the lower bounds."""

from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_choice
from planners.continuous.bounds import Bounds
from planners.continuous.cells import Cells
from planners.continuous.driver import Driver
from planners.continuous.guaranteed import Guide
from planners.continuous.programs import chunks
from planners.continuous.system import System
from planners.errors import InvalidOptionError
from planners.plans.plan import Status


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ContinuousPlan:
    """Bounds of V* at every state, and a policy.

    The policy is `act`, for `planners.rollout` and any loop. From every state of a cell it earns at least the cell's
    `lower`, if it is given each state of the episode in order; `reset` begins a new episode.

    Attributes:
        system: The system that was planned on.
        below: Lower bounds of V*, cell by cell.
        above: Upper bounds of V*, on smaller cells.
        discount: The discount of the rewards.
        guide: The actions that the policy tries first, which are a guess; None if planning was interrupted before it
            had any.
        status: How planning ended.
        seconds: How long planning took.
    """

    system: System
    below: Bounds = field(repr=False)
    above: Bounds = field(repr=False)
    discount: float
    guide: Guide | None = field(repr=False)
    status: Status
    seconds: float

    def __post_init__(self) -> None:
        """Close the arrays for writing, and seat the driver."""
        for each in (self.below, self.above):
            each.values.setflags(write=False)
            each.excess.setflags(write=False)
        object.__setattr__(self, "_driver", Driver(self.below, self.guide, self.discount))

    @property
    def cells(self) -> Cells:
        """The cells of `lower`."""
        return self.below.cells

    @property
    def lower(self) -> NDArray[np.float64]:
        """(N,) lower bounds: V* of every state of a cell is at least this; -inf: nothing is known."""
        return self.below.values

    @property
    def finer(self) -> Cells:
        """The cells of `upper`."""
        return self.above.cells

    @property
    def upper(self) -> NDArray[np.float64]:
        """(M,) upper bounds: V* of every state of a cell is at most this."""
        return self.above.values

    def bounds(self, state: ArrayLike) -> Any:
        """Proven bounds of V*: (lower, upper), two floats; two arrays of (...) for (..., n) states.

        Both are 0 at a state where the episode would be over.

        Raises:
            InvalidOptionError: The states have another number of axes, or one lies outside `system.low` and
                `system.high`.
        """
        points = self.system.checked_state(state)
        flat = points.reshape(-1, self.system.dimension).T
        over = np.broadcast_to(self.system.ended(tuple(flat)), flat.shape[1:])
        lower = np.where(over, 0.0, self.below.at(flat))
        upper = np.where(over, 0.0, self.above.at(flat))
        if points.ndim == 1:
            return float(lower[0]), float(upper[0])
        return lower.reshape(points.shape[:-1]), upper.reshape(points.shape[:-1])

    def act(self, observation: Any) -> Any:
        """The action to take, as Gymnasium's environment takes it.

        Raises:
            InvalidOptionError: The observation is no state of the system, or planning was interrupted before there was
                a policy.
        """
        return self.system.action_for(self.action(self.system.state_of(observation)))

    def action(self, state: ArrayLike) -> Any:
        """The action to take in a state, (n,) numbers, as `system.step` takes it."""
        return self._driver.act(self.system.checked_state(state))  # pyright: ignore[reportAttributeAccessIssue]

    def reset(self) -> None:
        """Forget the drive that is under way; `planners.rollout` calls this when an episode begins."""
        self._driver.reset()  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def mean_gap(self) -> float:
        """The mean of upper - lower at the middles of all cells not at the end; inf if nothing is known of a cell."""
        lower, upper = self._all_bounds()
        live = lower != 0.0
        return float(np.mean((upper - lower)[live])) if live.any() else 0.0

    def _all_bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both bounds at the middles of all the finer cells."""
        lower, upper = np.empty((2, self.finer.count))
        for part in chunks(np.arange(self.finer.count)):
            middles = np.stack([x.middle for x in self.finer.boxes(part)])
            lower[part], upper[part] = self.below.at(middles), self.above.at(middles)
        return lower.reshape(self.finer.shape), upper.reshape(self.finer.shape)

    def field(self, what: str = "lower") -> NDArray[np.float64]:
        """An array with a number for each cell: "lower", "upper" or "gap".

        Raises:
            InvalidOptionError: `what` is none of these words.
        """
        lower, upper = self._all_bounds()
        fields = {"lower": lower, "upper": upper, "gap": upper - lower}
        return fields[check_choice("what", what, fields)]

    def plot(self, what: str = "lower", axes: Any = None, *, drives: Any = ()) -> Any:
        """Matplotlib axes with a map of "lower", "upper" or "gap" over two axes, and drives on it.

        Args:
            what: Which of the three.
            axes: Matplotlib axes to draw on; None: new ones.
            drives: (K, 2) states of each drive.

        Raises:
            InvalidOptionError: `what` is none of these words, or the system does not have two axes.
            ModuleNotFoundError: matplotlib is missing.
        """
        from planners.plans.continuous_plots import plot_field

        shown = self.field(what)
        if self.system.dimension != 2:
            raise InvalidOptionError(f"{type(self.system).__name__} has {self.system.dimension} axes; a map shows two")
        return plot_field(shown, self.system, what, axes, drives)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the plan to a file, which `planners.continuous.load_plan` reads with the same system.

        Args:
            path: The file's name, best with the ending .npz.
        """
        from planners.continuous.save_plan import save_plan

        save_plan(self, path)

    def figure(self) -> Any:
        """A Matplotlib figure: maps of both bounds and of the gap, and drives of the policy.

        Raises:
            InvalidOptionError: The system does not have two axes.
            ModuleNotFoundError: matplotlib is missing.
        """
        from planners.plans.continuous_plots import bounds_figure

        return bounds_figure(self)

    def __repr__(self) -> str:
        """A small table."""
        lower, upper = self._all_bounds()
        known = np.isfinite(lower) & np.isfinite(upper)
        live = known & (lower != 0.0)
        rows = {
            "system": f"{type(self.system).__name__}, {' x '.join(map(str, self.cells.shape))} cells",
            "status": self.status.value if self.status is Status.INTERRUPTED else "done: the bounds are proven",
            "discount": f"{self.discount:g}",
            "known": f"{100.0 * known.mean():.4g} % of the states have two finite bounds",
            "V*": f"{lower[known].min(initial=0.0):.6g} to {upper[known].max(initial=0.0).round(9):.6g}",
            "gap": f"{(upper - lower)[live].mean():.3g} on average" if live.any() else "nothing is known",
            "time": f"{self.seconds:.1f} s",
        }
        return "ContinuousPlan\n" + "\n".join(f"  {name:<9}{text}" for name, text in rows.items())
