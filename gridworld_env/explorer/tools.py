"""What the mouse does to the squares that it is dragged over."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from gridworld_env.grid.legend import Cell

Painting = Callable[[Cell], Cell]  # a kind of square before and after
WINDS: Final = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1), "calm": (0, 0)}


@dataclass(frozen=True)
class Amounts:
    """What the tools paint with.

    Attributes:
        reward: Of terminals and of squares that pay.
        wind: A key of `WINDS`.
        strength: Squares that the wind blows.
    """

    reward: float = -1.0
    wind: str = "up"
    strength: int = 1


@dataclass(frozen=True)
class Tool:
    """A tool.

    Attributes:
        name: What it is called.
        key: The key that takes it up.
        help: One line that says what it does.
        paint: The new kind of a square; None: it does not paint, but backs up, drops the agent or turns an arrow.
        title: Of its button, if it is not its name.
    """

    name: str
    key: str
    help: str
    paint: Callable[[Cell, Amounts], Cell] | None = None
    title: str = ""


def _open(cell: Cell) -> Cell:
    """The square if it is one where things can be added, else a free one."""
    return Cell() if cell.wall or cell.terminal else cell


def _wind(cell: Cell, amounts: Amounts) -> Cell:
    rows, columns = WINDS[amounts.wind]
    blown = (rows * amounts.strength, columns * amounts.strength)
    return replace(_open(cell), wind=blown, gust=cell.gust if any(blown) else 0.0)


def _reward(cell: Cell, amounts: Amounts) -> Cell:
    return replace(Cell() if cell.wall else cell, reward=amounts.reward)


TOOLS: Final = {
    tool.name: tool
    for tool in (
        Tool("wall", "w", "Paint walls", lambda cell, amounts: Cell(wall=True)),
        Tool("free", "f", "Paint free squares: take everything away", lambda cell, amounts: Cell()),
        Tool("start", "s", "Paint squares on which episodes begin", lambda c, a: replace(_open(c), start=True)),
        Tool("plus 1", "+", "Paint terminal squares worth +1", lambda cell, a: Cell(terminal=True, reward=1.0), "+1"),
        Tool("minus 1", "-", "Paint terminal squares worth -1", lambda cell, a: Cell(terminal=True, reward=-1.0), "-1"),
        Tool(
            "end",
            "t",
            "Paint terminal squares worth the amount",
            lambda cell, amounts: Cell(terminal=True, reward=amounts.reward),
        ),
        Tool("reward", "r", "Give squares the amount as a reward of their own", _reward),
        Tool("wind", "v", "Let the wind blow on squares", _wind),
        Tool("backup", "b", "Back up squares that are clicked: V is max Q(s, a)"),
        Tool("agent", "a", "Drop the agent on the square that is clicked"),
        Tool("look", "shift+l", "Click a square: its Bellman backup with all numbers, below the map"),
        Tool("turn", "o", "Turn your own arrow on the square that is clicked"),
    )
}
