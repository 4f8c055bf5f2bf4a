"""A progress line for long work, by rich; on standard error, so that output can be piped."""

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from planners.result import Iteration

Progress = bool | Callable[[Iteration], object]


@contextmanager
def reporting(progress: Progress, title: str, tolerance: float) -> Iterator[Callable[[Iteration], object]]:
    """A function to call with each `Iteration`: the caller's own, a progress bar, or one that does nothing.

    The bar shows the iterations and the proven error bound; it fills as the logarithm of the bound
    falls to the tolerance.
    """
    if callable(progress):
        yield progress
        return
    if not progress:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), refresh_per_second=8) as bar:
        task = bar.add_task(title, total=None, note="")
        start: list[float] = []

        def show(step: Iteration) -> None:
            note = f"iteration {step.iteration}, error at most {step.error_bound:.2e}"
            if math.isfinite(step.error_bound) and step.error_bound > 0:
                start.append(step.error_bound) if not start else None
                whole = max(math.log(start[0] / tolerance), 1e-9)
                done = min(max(math.log(start[0] / step.error_bound), 0.0), whole)
                bar.update(task, total=whole, completed=done, note=note)
            else:
                bar.update(task, note=note)

        yield show
