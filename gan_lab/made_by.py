"""What an object was made of, so that settings can make it again."""

from typing import Any, Final, Self

from gan_lab.errors.argument_names import ArgumentError, names_of, refusal, takes_any

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
        """Keep the arguments before `__init__` uses them; refuse those that it does not have."""
        _check_names(cls, arguments, keywords)
        made = super().__new__(cls)
        large = any(getattr(value, "nbytes", 0) > MOST for value in (*arguments, *keywords.values()))
        made._made_by = None if large else (arguments, keywords)
        return made


def _check_names(kind: type, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    known, has_none = names_of(kind.__init__), kind.__init__ is object.__init__  # which would take any, and forget them
    if has_none and arguments:
        raise ArgumentError(f"{kind.__name__}() has no arguments; found {', '.join(map(repr, arguments))}")
    if (has_none or not takes_any(kind.__init__)) and (strange := [name for name in keywords if name not in known]):
        raise refusal(f"{kind.__name__}()", strange, known)


def made_by(made: Any) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The arguments by place, and those by name; None: they were too large, or are not known."""
    return getattr(made, "_made_by", None)
