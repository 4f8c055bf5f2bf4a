"""How far a run is: a bar on standard error, or a function of the caller's."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from planners.arguments import check_progress


@contextmanager
def reporting_steps(progress: Any, title: str, total: int) -> Iterator[Callable[[int], object]]:
    """A function to call with the number of steps made: the caller's own, that of a bar, or one that does nothing."""
    check_progress(progress, "a number of steps")
    if callable(progress):
        yield progress
        return
    if not progress:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("steps"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(file=sys.stderr), refresh_per_second=8) as bar:
        task = bar.add_task(title, total=total)
        yield lambda steps: bar.update(task, completed=steps)
