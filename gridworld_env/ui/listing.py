"""Help that names what there is. The names are looked up when it is asked for, so that a command starts fast."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from typer.core import TyperCommand


def listing(names: Callable[[], Mapping[str, Iterable[str]]]) -> type[TyperCommand]:
    """A class of commands: `{what}` in the help of an argument or an option becomes the names of that kind.

    Args:
        names: By kind; called when help is asked for, and only then.

    >>> from typing import Annotated
    >>> import typer
    >>> from typer.testing import CliRunner
    >>> app = typer.Typer()
    >>> @app.command(cls=listing(lambda: {"games": ("chess", "go")}))
    ... def play(game: Annotated[str, typer.Argument(help="{games}.")]) -> None: ...
    >>> "chess, go." in CliRunner().invoke(app, ["--help"]).stdout
    True
    """

    class Listing(TyperCommand):
        def format_help(self, ctx: Any, formatter: Any) -> None:
            found = {kind: ", ".join(some) for kind, some in names().items()}
            for parameter in self.params:
                text = getattr(parameter, "help", None)
                if text:
                    parameter.help = text.format(**found)  # pyright: ignore[reportAttributeAccessIssue]
            super().format_help(ctx, formatter)

    return Listing
