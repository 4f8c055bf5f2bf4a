"""What a glyph of a map means."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

from gridworld_env.errors import MapError
from gridworld_env.grid.actions import Action
from planners.arrays import SUM_TOLERANCE

RewardLaw = tuple[tuple[float, float], ...]  # (probability, reward) of each reward that can be drawn


@dataclass(frozen=True, slots=True)
class Cell:
    """The properties of the squares of one glyph.

    Attributes:
        wall: Whether it is a wall, which is not a state: a move into it leaves the agent where it is.
        terminal: Whether the episode ends here.
        start: Whether an episode can begin here.
        start_weight: Weight of beginning here, relative to the other starts.
        reward: Reward of this square in place of `step_reward`; None: it has none of its own. This and the two other
            rewards are numbers, or distributions `[(probability, reward), ...]`.
        slip: Probability of sliding sideways out of this square; None: the `slip` of the environment.
        teleport: (row, column) to which every action from this square leads; None: no teleport.
        teleport_reward: Reward of being teleported; None: the reward of an ordinary move.
        teleport_on_entry: Whether the agent moves to `teleport` at once when it enters this square, instead of when it
            leaves it. An agent that arrives by a teleport is not teleported again.
        wind: (rows, columns) by which the wind moves the agent after every move from this square; (-1, 0) is one square
            up.
        gust: Probability that the wind moves it one square more, and also the probability that it moves it one square
            less.
        one_way: The only direction, such as "RIGHT", in which this square can be left; it cannot be entered against
            this direction, by a move or by wind. None: any direction.
        bump_reward: Reward of a move from this square that was stopped, wherever the wind then takes the agent; None:
            the `bump_reward` of the environment.
    """

    wall: bool = False
    terminal: bool = False
    start: bool = False
    start_weight: float = 1.0
    reward: float | RewardLaw | None = None
    slip: float | None = None
    teleport: tuple[int, int] | None = None
    teleport_reward: float | RewardLaw | None = None
    teleport_on_entry: bool = False
    wind: tuple[int, int] = (0, 0)
    gust: float = 0.0
    one_way: str | None = None
    bump_reward: float | RewardLaw | None = None


DEFAULT_LEGEND: Final[dict[str, Cell]] = {
    "#": Cell(wall=True),
    ".": Cell(),
    "S": Cell(start=True),
    "+": Cell(terminal=True, reward=1.0),
    "-": Cell(terminal=True, reward=-1.0),
}


def read_legend(legend: Mapping[str, Any] | None) -> dict[str, Cell]:
    """The `Cell` of every glyph: the five known ones, and those of `legend`, which may also redefine them.

    Args:
        legend: From a glyph to a `Cell`, or to a mapping with the fields of one, which is what JSON can hold.

    Raises:
        MapError: A key that is not one character, an unknown field, or a value out of range.
    """
    if legend is not None and not isinstance(legend, Mapping):
        raise MapError(f"legend is {legend!r}; expected a mapping such as {{'X': {{'reward': -5.0}}}}")
    return {**DEFAULT_LEGEND, **{glyph: _checked_cell(glyph, cell) for glyph, cell in (legend or {}).items()}}


def mean_reward(reward: float | RewardLaw | None) -> float | None:
    """The expectation of a reward that is drawn; any other as it is.

    >>> mean_reward(((0.25, 8.0), (0.75, 0.0)))
    2.0
    """
    return math.fsum(p * amount for p, amount in reward) if isinstance(reward, tuple) else reward


MOST: Final = 2**31 - 1  # of squares along a side, of states, of copies


def is_finite_number(value: object) -> bool:
    """Whether a value is a real number, Python's or NumPy's, that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def is_probability(value: Any) -> bool:
    """Whether a value is a number from 0 to 1."""
    return is_finite_number(value) and 0 <= value <= 1


def at_least_one(name: str, value: Any) -> int:
    """The value as an int; `MapError` under its name for what is no whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise MapError(f"{name} is {value!r:.80}; expected a whole number of at least 1")
    if value > MOST:
        raise MapError(f"{name} is {value!r:.80}; expected a whole number of at most {MOST}")
    return int(value)


def _checked_cell(glyph: object, cell: Any) -> Cell:
    if not isinstance(glyph, str) or len(glyph) != 1:
        raise MapError(f"legend key {glyph!r} is not one character")
    if isinstance(cell, Mapping):
        known = [field.name for field in fields(Cell)]
        for name in cell:
            if name not in known:
                raise MapError(f"legend[{glyph!r}] has no field {name!r}; the fields are {', '.join(known)}")
        cell = Cell(**cell)
    if not isinstance(cell, Cell):
        raise MapError(f"legend[{glyph!r}] is {cell!r}; expected a Cell or a mapping such as {{'reward': 1.0}}")
    for name in ("wall", "terminal", "start", "teleport_on_entry"):
        value = getattr(cell, name)
        if not isinstance(value, bool):
            raise MapError(f"legend[{glyph!r}]: {name} is {value!r}; expected True or False")
    for name in ("reward", "teleport_reward", "bump_reward"):
        value = getattr(cell, name)
        if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
            cell = replace(cell, **{name: _checked_law(f"legend[{glyph!r}]: {name}", value)})
        elif value is not None and not is_finite_number(value):
            raise MapError(
                f"legend[{glyph!r}]: {name} is {value!r}; expected a finite number, or [(probability, reward), ...] "
                "where it is drawn"
            )
    if cell.slip is not None and not is_probability(cell.slip):
        raise MapError(f"legend[{glyph!r}]: slip is {cell.slip!r}; expected a probability from 0 to 1")
    _check_weather(glyph, cell)
    if cell.start + cell.terminal + cell.wall > 1:
        raise MapError(f"legend[{glyph!r}] is more than one of wall, terminal and start; expected one")
    if cell.teleport is None and (cell.teleport_reward is not None or cell.teleport_on_entry):
        field = "teleport_on_entry" if cell.teleport_on_entry else "a teleport_reward"
        raise MapError(f"legend[{glyph!r}] has {field} but no teleport; expected teleport=(row, column) too")
    if cell.teleport is not None and (cell.terminal or not _is_place(cell.teleport)):
        raise MapError(
            f"legend[{glyph!r}]: teleport is {cell.teleport!r}; expected (row, column), and not on a terminal square"
        )
    return cell


def _checked_law(where: str, law: Any) -> RewardLaw:
    """The rewards that can be drawn, and how likely they are."""
    found: list[tuple[float, float]] = []
    for place, entry in enumerate(law):
        pair = tuple(entry) if isinstance(entry, Sequence | np.ndarray) and not isinstance(entry, str) else ()
        if len(pair) != 2 or not is_probability(pair[0]) or not is_finite_number(pair[1]):
            raise MapError(f"{where}[{place}] is {entry!r}; expected (probability, reward), a probability first")
        found.append((float(pair[0]), float(pair[1])))
    total = math.fsum(probability for probability, _ in found)
    if abs(total - 1.0) > SUM_TOLERANCE:
        raise MapError(f"{where} is {law!r}, whose probabilities sum to {total:.12g}; expected 1")
    return tuple(pair for pair in found if pair[0] > 0.0)


def _check_weather(glyph: str, cell: Cell) -> None:
    if not (is_finite_number(cell.start_weight) and cell.start_weight > 0):
        raise MapError(f"legend[{glyph!r}]: start_weight is {cell.start_weight!r}; expected a positive number")
    if not _is_place(cell.wind) or (cell.wind[0] and cell.wind[1]):
        raise MapError(f"legend[{glyph!r}]: wind is {cell.wind!r}; expected (rows, columns), one of them 0")
    if not (is_probability(cell.gust) and cell.gust <= 0.5):
        raise MapError(f"legend[{glyph!r}]: gust is {cell.gust!r}; expected a probability from 0 to 0.5")
    if cell.gust and not any(cell.wind):
        raise MapError(f"legend[{glyph!r}]: gust is {cell.gust!r}, without a wind; expected wind=(rows, columns) too")
    names = [action.name for action in list(Action)[:8]]
    if cell.one_way is not None and not (isinstance(cell.one_way, str) and cell.one_way in names):
        raise MapError(f"legend[{glyph!r}]: one_way is {cell.one_way!r}; expected one of {', '.join(names)}")


def _is_place(place: Any) -> bool:
    return (
        isinstance(place, Sequence)
        and len(place) == 2
        and all(isinstance(part, int | np.integer) and not isinstance(part, bool) for part in place)
    )
