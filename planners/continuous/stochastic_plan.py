"""The result of planning on a system with random noise: bounds of expectations, and a policy for the lower bounds."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_choice
from planners.continuous.cells import Cells
from planners.continuous.system import System
from planners.plans.plan import Status

NEAR: Final = 1e-5  # how far a position may be inside a wall, or on a border between cells


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StochasticPlan:
    """Bounds of V* at every state, and a policy.

    The policy is `act`, and earns at least `lower` on average. If there is a limit of steps, the policy counts them;
    `reset` begins a new episode.

    Attributes:
        system: The system that was planned on.
        cells: The cells.
        lower: (N,) V* of every state of a cell is at least this; NaN inside walls.
        upper: (N,) V* of every state of a cell is at most this.
        discount: The discount of the rewards.
        status: How planning ended.
        seconds: How long planning took.
        steps: The limit of steps; None: no limit.
        live: (N,) the cells in which steps begin.
        choices: (A,) the actions that were tried.
        chosen: (K, N) numbers of the best actions: row k is for k + 1 steps left, and the last row also for more.
    """

    system: System
    cells: Cells
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    discount: float
    status: Status
    seconds: float
    steps: int | None
    live: NDArray[np.bool_]
    choices: tuple[Any, ...]
    chosen: NDArray[np.int16]

    def __post_init__(self) -> None:
        """Close the arrays for writing."""
        for array in (self.lower, self.upper, self.live, self.chosen):
            array.setflags(write=False)
        self.reset()

    def bounds(self, state: ArrayLike) -> Any:
        """Proven bounds of V*: (lower, upper), two floats; two arrays of (...) for (..., n) states.

        Raises:
            InvalidOptionError: The states have another number of axes, or the robot cannot be at one of them.
        """
        points = self.system.checked_state(state)
        numbers = self._numbers(points.reshape(-1, points.shape[-1]).T)
        lower, upper = (bound[numbers].reshape(points.shape[:-1]) for bound in (self.lower, self.upper))
        return (float(lower), float(upper)) if points.ndim == 1 else (lower, upper)

    def act(self, observation: Any) -> Any:
        """The action to take, as Gymnasium's environment takes it.

        Raises:
            InvalidOptionError: The observation is no state of the system.
        """
        return self.system.action_for(self.action(self.system.state_of(observation)))

    def action(self, state: ArrayLike) -> Any:
        """The action to take in a state, (n,) numbers, as `system.step` takes it."""
        number = self._numbers(self.system.checked_state(state)[:, None])[0]
        left = len(self.chosen) if self.steps is None else max(self.steps - self._taken, 1)  # pyright: ignore[reportAttributeAccessIssue]
        object.__setattr__(self, "_taken", self._taken + 1)  # pyright: ignore[reportAttributeAccessIssue]
        return self.choices[self.chosen[min(left, len(self.chosen)) - 1, number]]

    def reset(self) -> None:
        """Begin another episode."""
        object.__setattr__(self, "_taken", 0)

    @property
    def mean_gap(self) -> float:
        """The mean of upper - lower over all states that are not at the end."""
        return float(np.mean((self.upper - self.lower)[self.live]))

    def __repr__(self) -> str:
        """A small table."""
        lower, upper = self.lower[self.live], self.upper[self.live]
        limit = f"within {self.steps} steps" if self.steps is not None else f"discount {self.discount:g}"
        rows = {
            "system": f"{type(self.system).__name__}, {' x '.join(map(str, self.cells.shape))} cells",
            "status": self.status.value if self.status is Status.INTERRUPTED else "done: the bounds are proven",
            "asked": f"the largest {'probability of a goal' if self.steps is not None else 'value'}, {limit}",
            "V*": f"{lower.min():.6g} to {upper.max():.6g}",
            "gap": f"{self.mean_gap:.3g} on average",
            "time": f"{self.seconds:.1f} s",
        }
        return "StochasticPlan\n" + "\n".join(f"  {name:<9}{text}" for name, text in rows.items())

    def field(self, what: str = "lower") -> NDArray[np.float64]:
        """An array with a number for each cell: "lower", "upper" or "gap"; NaN inside walls.

        Raises:
            InvalidOptionError: `what` is none of these words.
        """
        fields = {"lower": self.lower, "upper": self.upper, "gap": self.upper - self.lower}
        return fields[check_choice("what", what, fields)].reshape(self.cells.shape)

    def plot(self, what: str = "lower", axes: Any = None, *, drives: Any = ()) -> Any:
        """Matplotlib axes with a map of "lower", "upper" or "gap", and drives on it; as for a `ContinuousPlan`."""
        from planners.plans.continuous_plots import plot_field

        return plot_field(self.field(what), self.system, what, axes, drives)

    def figure(self) -> Any:
        """A Matplotlib figure: maps of both bounds and of the gap, and drives of the policy."""
        from planners.plans.continuous_plots import bounds_figure

        return bounds_figure(self)

    def _numbers(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """(N,) the cell of each of (2, N) points; of one on the border of a wall, the one beside."""
        found = self.cells.number(points)
        if not np.isnan(self.lower[found]).any():
            return found
        for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)):
            beside = self.cells.number(points + NEAR * np.array([[x], [y]]))
            found = np.where(np.isnan(self.lower[found]), beside, found)
        return found
