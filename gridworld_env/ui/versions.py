"""What `--version` prints, for both commands."""

import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import typer


def version_option(*libraries: str) -> Any:
    """The option `--version` of a command: it prints the versions that a report of a fault needs, and ends.

    Args:
        libraries: Names of the distributions on which results depend.
    """
    return typer.Option("--version", is_eager=True, callback=_printer(libraries), help="Print the versions, and end.")


def _printer(libraries: tuple[str, ...]) -> Callable[[bool], None]:
    def show(asked: bool) -> None:
        if asked:
            typer.echo(version_text(libraries))
            raise typer.Exit

    return show


def version_text(libraries: tuple[str, ...]) -> str:
    """Versions of gridworld-lab, of Python and of some libraries, in a line.

    >>> version_text(("numpy", "no-such-library"))  # doctest: +ELLIPSIS
    'gridworld-lab ... (Python ..., numpy ..., no-such-library missing)'
    """
    found = [f"Python {platform.python_version()}", *(f"{name} {_version(name)}" for name in libraries)]
    return f"gridworld-lab {_version('gridworld-lab')} ({', '.join(found)})"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
