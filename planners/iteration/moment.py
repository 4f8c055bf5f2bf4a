"""The argument of a `progress` function: an `Iteration` that can compute the values at its moment."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from planners.arrays import sealed
from planners.errors import InvalidOptionError
from planners.models.backups import backup
from planners.plans.plan import Iteration

if TYPE_CHECKING:
    from planners.equations.certificates import Bounds
    from planners.iteration.iterates import Solving
    from planners.iteration.sweep_forecast import Outlook


class Moment(Iteration):
    """An `Iteration` while planning goes on: its numbers, and S values that are computed on request.

    Only methods that hold the values of all states at once give these values: ordered Gauss-Seidel does not, nor does
    modified policy iteration where it is compiled for many states.

    >>> import planners
    >>> path = planners.TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 0, 1.0, True)]}})
    >>> swept = []
    >>> plan = planners.value_iteration(
    ...     path, discount=0.5, progress=lambda moment: swept.append(moment.values.tolist()))
    >>> swept
    [[0.0, 0.0], [0.0, 1.0], [0.5, 1.0]]
    """

    _solved: "Solving"
    _values: NDArray[np.float64] | None
    _bounds: "Bounds | None"

    @classmethod
    def of(
        cls, iteration: Iteration, solved: "Solving", values: NDArray[np.float64] | None, bounds: "Bounds | None"
    ) -> "Moment":
        """The moment of an iterate, with its (n,) values and the bounds that were proven of it, if any."""
        moment = cls(*iteration)
        moment._solved, moment._values, moment._bounds = solved, values, bounds
        return moment

    def _known_values(self) -> NDArray[np.float64]:
        if self._values is None:
            raise InvalidOptionError(
                "this method never holds the values of all states at once, so `progress` cannot read them; "
                "use value_iteration or policy_iteration"
            )
        return self._values

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """(S,) V of this sweep, or of this policy.

        Raises:
            InvalidOptionError: The method holds no such values.
        """
        return sealed(self._solved.expand(self._known_values()).copy())

    @cached_property
    def action_values(self) -> NDArray[np.float64]:
        """(S, A) Q(s,a) of `values`: one backup."""
        return sealed(backup(self._solved.model, self.values, self._solved.discount))

    @property
    def lower(self) -> NDArray[np.float64]:
        """(S,) proven lower bounds of V*; -inf where nothing is proven yet."""
        return self._bound("lower", -np.inf)

    @property
    def upper(self) -> NDArray[np.float64]:
        """(S,) proven upper bounds of V*; inf where nothing is proven yet."""
        return self._bound("upper", np.inf)

    def outlook(self) -> "Outlook | None":
        """The sweeps' forecast of their end, after they have looked at all values; None: they have none."""
        ask = getattr(self._solved, "outlook", None)
        return None if ask is None else ask()

    def _bound(self, name: str, unknown: float) -> NDArray[np.float64]:
        self._known_values()
        if self._bounds is None or not np.isfinite(self._bounds.error):
            return np.full(self._solved.model.num_states, unknown)
        return self._solved.expand(getattr(self._bounds, name), unknown)
