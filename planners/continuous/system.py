"""A continuous system: numbers for its state, a step, a reward and an end.

A system is a subclass of `System` whose formulas are written once, in the arithmetic of `planners.continuous.interval`.
They then work for a point (floats, as an environment steps), for many points (arrays) and for boxes (intervals), which
the proofs use. `planners.continuous.systems.mountain_car` is the one to read first.
"""

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_numbers, shown
from planners.continuous.interval import Interval, Number, above, below
from planners.errors import InvalidOptionError

State = tuple[Number, ...]  # one number, array or Interval for each axis


class Noise(NamedTuple):
    """The noise that is added to the state after each step, independent on each axis and in each step.

    Attributes:
        kind: "bounded": anything from -size to size. "gaussian": normal, of standard deviation size.
        sizes: (n,) one for each axis.
    """

    kind: Literal["bounded", "gaussian"]
    sizes: tuple[float, ...]


class System:
    """A system in discrete time, whose state is n real numbers.

    A subclass sets the attributes and defines `step` and its other formulas. No formula may look inside its arguments:
    formulas compute with `+ - * /`, `square`, `cos`, `sin`, `clip` and `choose`, and they compare with numbers.

    Attributes:
        low: (n,) least state.
        high: (n,) largest state.
        wraps: (n,) whether the axis is a circle: `low` and `high` are the same point. `step` need not wrap.
        axes: (n,) names of the axes, for pictures.
        actions: The finite actions, as the numbers that `step` takes; or an `Interval` of all that are allowed.
        noise: What is added after each step; None: nothing.
        beyond: Bounds of V* of states outside `low` and `high`, if steps can lead there.
        ends: Whether episodes can end; if not, a discount is needed.
        most: No total of rewards exceeds this, discounted or not.
        first_adds: Whether the first number of a state changes only itself: a state that is moved along the first axis
            has the same steps, moved by as much, and this number does not bring a state within the bounds to the end.
        start: A box of states in which episodes begin, as (low, high) of (n,) each.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    wraps: tuple[bool, ...]
    axes: tuple[str, ...]
    actions: tuple[float, ...] | Interval
    noise: Noise | None = None
    beyond: tuple[float, float] = (-np.inf, np.inf)
    ends: bool = True
    most: float = np.inf
    start: tuple[tuple[float, ...], tuple[float, ...]]
    first_adds: bool = False
    step_cost: ClassVar[bool] = False  # whether every reward is -1, so that -V is a number of steps

    def step(self, state: State, action: Number) -> State:
        """The next state, without noise."""
        raise NotImplementedError

    def reward(self, state: State, action: Number, next_state: State) -> Number:
        """The reward of a step."""
        raise NotImplementedError

    def ended(self, state: State) -> Any:
        """Whether the episode ends on arriving in a state: a bool, or an array of them; for boxes, a `Truth`."""
        raise NotImplementedError

    def reward_slope(self, state: State, action: Number) -> list[Number] | None:
        """(n,) derivatives of `reward` by the state, through the next state too, for every point of the box.

        Where the reward bends, an interval that holds the derivatives on both sides. None: not known, or episodes end;
        otherwise the bounds use a guess of V, and are closer where it is smooth.
        """
        return None

    def action_slope(self, state: State, action: Number) -> list[Number] | None:
        """(n,) derivatives of `step` by the action, for every point of the box and every action of the range.

        None: not known; the effect of a range of actions is then bounded less closely.
        """
        return None

    def jacobian(self, state: State, action: Number) -> list[list[Number]] | None:
        """(n, n) derivatives of `step` by the state, for every point of the box; NaN where it has none.

        None: not known; sets are then followed as boxes, which grow faster.
        """
        return None

    def state_of(self, observation: Any) -> NDArray[np.float64]:
        """(n,) the state that Gymnasium's observation shows."""
        found = check_numbers("observation", observation)
        if found.shape[-1:] != (self.dimension,) or found.ndim > 2:
            raise InvalidOptionError(f"observation is {shown(observation)}; expected {self.dimension} numbers")
        return found

    def action_for(self, action: float) -> Any:
        """The argument that the environment's `step` takes for an action."""
        return np.array([action], dtype=np.float32) if isinstance(self.actions, Interval) else int(action)

    @property
    def dimension(self) -> int:
        """The number n of axes."""
        return len(self.low)

    def box_step(self, box: State, action: Number) -> State:
        """A box that holds every state that one step leads to from `box`, bounded noise included.

        Raises:
            InvalidOptionError: The noise has no bounds.
        """
        after = self.step(box, action)
        if self.noise is None:
            return after
        if self.noise.kind != "bounded":
            raise InvalidOptionError(
                f"the noise of {type(self).__name__} is {self.noise.kind}: no box holds every next state; expected "
                "bounded noise, or a model of probabilities between cells"
            )
        return tuple(x + Interval(-size, size) for x, size in zip(after, self.noise.sizes, strict=True))

    def draw_noise(self, rng: np.random.Generator) -> tuple[float, ...]:
        """(n,) the noise of one step: uniform between the bounds, or normal."""
        if self.noise is None:
            return (0.0,) * self.dimension
        drawn = rng.standard_normal if self.noise.kind == "gaussian" else lambda count: rng.uniform(-1.0, 1.0, count)
        return tuple(size * float(x) for size, x in zip(self.noise.sizes, drawn(self.dimension), strict=True))

    def sample(self, state: State, action: Number, rng: np.random.Generator) -> State:
        """The next state, with noise drawn at random."""
        noise = self.draw_noise(rng)
        return tuple(x + w for x, w in zip(self.step(state, action), noise, strict=True))

    def checked_state(self, state: Any) -> NDArray[np.float64]:
        """(..., n) finite numbers between `low` and `high`, wrapped where an axis is a circle.

        Raises:
            InvalidOptionError: Another shape, a number that is not finite, or a state outside the bounds.
        """
        try:
            given = np.array(check_numbers("state", state))
        except InvalidOptionError:
            raise InvalidOptionError(f"state is {shown(state)}; expected {self.dimension} numbers") from None
        if given.shape[-1:] != (self.dimension,):
            named = ", ".join(self.axes)
            raise InvalidOptionError(f"state is {shown(state)}; expected {self.dimension} numbers: {named}")
        low, high = np.array(self.low), np.array(self.high)
        turned = np.where(self.wraps, low + np.mod(given - low, high - low), given)
        bad = ~((turned >= below(low - 1e-6 * (high - low))) & (turned <= above(high + 1e-6 * (high - low))))
        if bad.any():
            axis = int(np.argwhere(bad)[0][-1])
            raise InvalidOptionError(
                f"state has {given[bad][0]:g} as {self.axes[axis]}; expected a number from {low[axis]:g} to "
                f"{high[axis]:g}"
            )
        return np.clip(turned, low, high)


def check_system(system: Any) -> None:
    """`InvalidOptionError` for what is no `System`.

    >>> check_system("CartPole")
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: system is 'CartPole'; expected a planners.continuous.System, such as ...
    """
    if not isinstance(system, System):
        kind = f"the class {system.__name__}" if isinstance(system, type) else f"a {type(system).__name__}"
        found = shown(system) if isinstance(system, str) else kind
        raise InvalidOptionError(
            f"system is {found}; expected a planners.continuous.System, such as planners.continuous.MountainCar()"
        )


def box(low: Any, high: Any) -> State:
    """The box from corner to corner, or many boxes: (n,) or (n, k) arrays."""
    return tuple(Interval(one, two) for one, two in zip(np.asarray(low), np.asarray(high), strict=True))
