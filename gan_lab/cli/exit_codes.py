"""How a command ends: 0 done, 1 a statement did not hold, 2 bad input, 3 training diverged."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from gan_lab.errors import DivergedError, GameError
from gan_lab.launched import is_first

PATIENCE = 10.0  # seconds in which rank 0 may speak for all


@contextmanager
def exit_codes(*refusals: type[Exception]) -> Iterator[None]:
    """End the command with a one-line message if a game error, or one of `refusals`, is raised inside."""
    try:
        yield
    except (GameError, *refusals) as error:
        if not is_first():  # nearly always all have failed alike: rank 0 says so, and its exit ends the others
            time.sleep(PATIENCE)
        diverged = isinstance(error, DivergedError)
        say(f"{'Diverged' if diverged else 'Error'}: {error}")
        raise typer.Exit(3 if diverged else 2) from None


def say(text: str, style: str = "red") -> None:
    """A line on stderr."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False, style=style)
