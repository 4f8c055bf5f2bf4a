"""What an object was made of, so that settings can make it again."""

from typing import Any, Final, Self

MOST: Final = 2**22  # bytes of an argument that is kept: more would weigh on memory, and on each checkpoint


class MadeBy:
    """Remembers the arguments of its constructor, as they were given.

    >>> class Game(MadeBy):
    ...     def __init__(self, size, name="mine"):
    ...         pass
    >>> made_by(Game(3, name="other"))
    ((3,), {'name': 'other'})
    """

    __slots__ = ("_made_by",)  # beside `vars`, in which others read settings

    def __new__(cls, *arguments: Any, **keywords: Any) -> Self:
        """Keep the arguments before `__init__` uses them."""
        made = super().__new__(cls)
        large = any(getattr(value, "nbytes", 0) > MOST for value in (*arguments, *keywords.values()))
        made._made_by = None if large else (arguments, keywords)
        return made


def made_by(made: Any) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The arguments by place, and those by name; None: they were too large, or are not known."""
    return getattr(made, "_made_by", None)
