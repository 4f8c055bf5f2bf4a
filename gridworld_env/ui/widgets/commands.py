"""Commands as data: one table makes the key bindings, the buttons' hints and the help sheet.

A stroke is written as modifiers and a key, in this order and in lower case: "ctrl+shift+z", "alt+left", "space",
"f1". A key that types a sign is written as that sign, whatever had to be held to type it: "?", "+", "<".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
SHORT: Final = {"pageup": "PgUp", "pagedown": "PgDn", "return": "Enter", "escape": "Esc"}


@dataclass(frozen=True)
class Command(Generic[T]):
    """Something that a program of type `T` can be told to do.

    Attributes:
        name: By which buttons and tests find it.
        keys: Strokes that run it, the first one shown.
        title: Two or three words, for a button.
        help: One line that says what it does.
        group: Heading in the help sheet.
        run: What it does.
    """

    name: str
    keys: tuple[str, ...]
    title: str
    help: str
    group: str
    run: Callable[[T], Any]


Row = tuple[str, str, str, str, Callable[[T], Any]]  # name, strokes with spaces between, title, help, what it does


class CommandTable(Generic[T]):
    """Commands by name and by stroke.

    Raises:
        ValueError: A name or a stroke is there twice, or a command has no title, help or group.

    >>> table = CommandTable([Command("stop", ("escape",), "Stop", "Stop it.", "Run", print)])
    >>> table.of_stroke("escape").name, table["stop"].title, table.of_stroke("x")
    ('stop', 'Stop', None)
    """

    def __init__(self, commands: Sequence[Command[T]]) -> None:
        """Check and index the commands."""
        self._by_name: dict[str, Command[T]] = {}
        self._by_stroke: dict[str, Command[T]] = {}
        for command in commands:
            if not (command.title and command.help and command.group):
                raise ValueError(f"command {command.name!r} lacks a title, a help line or a group")
            if command.name in self._by_name:
                raise ValueError(f"command {command.name!r} is there twice")
            self._by_name[command.name] = command
            for stroke in command.keys:
                if stroke in self._by_stroke:
                    raise ValueError(f"{stroke!r} runs both {self._by_stroke[stroke].name!r} and {command.name!r}")
                self._by_stroke[stroke] = command

    @classmethod
    def of_groups(cls, groups: Mapping[str, Sequence[Row[T]]]) -> "CommandTable[T]":
        """The table of rows under their headings."""
        return cls(
            [
                Command(name, tuple(strokes.split()), title, text, group, run)
                for group, rows in groups.items()
                for name, strokes, title, text, run in rows
            ]
        )

    def __getitem__(self, name: str) -> Command[T]:
        """The command of this name."""
        return self._by_name[name]

    def __iter__(self) -> Iterator[Command[T]]:
        """All commands, in order."""
        return iter(self._by_name.values())

    def of_stroke(self, stroke: str) -> Command[T] | None:
        """The command that a stroke runs."""
        return self._by_stroke.get(stroke)

    def groups(self) -> dict[str, list[Command[T]]]:
        """The commands under their headings, in order."""
        groups: dict[str, list[Command[T]]] = {}
        for command in self:
            groups.setdefault(command.group, []).append(command)
        return groups


def on(act: Callable[..., Any], *given: Any, **named: Any) -> Callable[[Any], Any]:
    """What a program does to do `act` to its session, with further arguments."""
    return lambda program: act(program.session, *given, **named)


def stroke_label(stroke: str) -> str:
    """A stroke as it is shown.

    >>> stroke_label("ctrl+z"), stroke_label("shift+left"), stroke_label("+")
    ('Ctrl+Z', 'Shift+Left', '+')
    """
    *modifiers, key = stroke.split("+") if len(stroke) > 1 else [stroke]
    return "+".join([*(part.capitalize() for part in modifiers), SHORT.get(key, key.capitalize())])
