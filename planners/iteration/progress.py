"""A progress line for long work, by rich; on standard error, so that output can be piped."""

import math
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from planners.iteration.moment import Moment
from planners.iteration.sweep_forecast import SweepForecast
from planners.plans.plan import Iteration

Progress = bool | Callable[[Moment], object]

FIRST_LINE, FURTHEST_APART = 2.0, 60.0  # seconds


@contextmanager
def reporting(
    progress: Progress, title: str, tolerance: Callable[[], float], states: int = 0
) -> Iterator[Callable[[Moment], object]]:
    """A function to call with each `Moment`: the caller's own, a progress bar, or one that does nothing.

    In a terminal the bar fills as the logarithm of the proven bound falls to the tolerance, which a function tells;
    beside it stand iterations, residual, bound, states a second (of `states` in each iteration) and the time left.
    Where standard error is a file, a line is written now and then.
    """
    if callable(progress):
        yield progress
        return
    if not progress:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    forecast, console = Forecast(tolerance(), states), Console(file=sys.stderr)
    if not console.is_terminal:
        lines = LogLines(title, forecast)

        def write(step: Iteration) -> None:
            forecast.tolerance = tolerance()
            lines.show(step)

        try:
            yield write
        finally:
            lines.end()
        return
    note = TextColumn("{task.fields[note]}", table_column=Column(ratio=1))  # the one to wrap where the window is narrow
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=16), note, TimeElapsedColumn())
    with Progress(*columns, console=console, refresh_per_second=8) as bar:
        task = bar.add_task(title, total=None, note="")

        def show(step: Iteration) -> None:
            forecast.tolerance = tolerance()
            forecast.take(step)
            total = None if forecast.done is None else 1.0
            bar.update(task, total=total, completed=forecast.done or 0.0, note=forecast.note(step))

        yield show


class LogLines:
    """Progress as lines of a log: after 2 seconds, then less and less often, at most a minute apart, and at the end."""

    def __init__(self, title: str, forecast: "Forecast") -> None:
        """Nothing is written yet."""
        self._title, self._forecast = title, forecast
        self._due, self._apart = FIRST_LINE, FIRST_LINE
        self._last: Iteration | None = None

    def show(self, step: Iteration) -> None:
        """Write a line, if it is time."""
        self._forecast.take(step)
        self._last = step
        if step.seconds >= self._due:
            self.end()
            self._apart: float = min(1.5 * self._apart, FURTHEST_APART)
            self._due: float = step.seconds + self._apart

    def end(self) -> None:
        """Write how it stands, unless that was written already."""
        if self._last is not None:
            note = self._forecast.note(self._last)
            print(f"{self._title}: {note}, {self._last.seconds:.1f} s so far", file=sys.stderr, flush=True)
            self._last = None


class Forecast:
    """How far it is and how long it will take, if what moved of late goes on moving so.

    Where every iteration proves a bound, its logarithm goes on falling as it did. Sweeps prove one now and then: see
    `SweepForecast` for those.
    """

    tolerance: float
    states: int

    def __init__(self, tolerance: float, states: int) -> None:
        """Nothing is known yet."""
        self.tolerance, self.states = tolerance, states
        self.done: float | None = None  # 0 to 1
        self._first = math.nan
        self._late: deque[tuple[float, float]] = deque(maxlen=200)  # (seconds, log of the bound)
        self._sweeps = SweepForecast()

    def take(self, step: Iteration) -> None:
        """Note one iteration."""
        self._sweeps.take(step)
        if not (math.isfinite(step.error_bound) and step.error_bound > 0):
            return
        height = math.log(step.error_bound / self.tolerance)
        self._late.append((step.seconds, height))
        self._first = height if math.isnan(self._first) else max(self._first, height)
        self.done = 1.0 if self._first <= 0 else min(max(1.0 - height / self._first, 0.0), 1.0)

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the seconds to the tolerance; None where the bound does not fall."""
        if self._sweeps.knows:
            return self._sweeps.seconds_left
        if len(self._late) < 2:
            return None
        (began, high), (now, low) = self._late[0], self._late[-1]
        if low <= 0:
            return 0.0
        return low * (now - began) / (high - low) if high > low else None

    def note(self, step: Iteration) -> str:
        """The text beside the bar.

        >>> Forecast(1e-6, 1000).note(Iteration(50, 0.25, 2.0, 4.0))
        'iteration 50, residual 2.5e-01, error at most 2.0e+00, 12 500 states/s'
        """
        parts = [f"iteration {step.iteration}, residual {step.residual:.1e}, error at most {step.error_bound:.1e}"]
        if self.states and step.seconds > 0:
            parts.append(f"{self.states * step.iteration / step.seconds:,.0f} states/s".replace(",", " "))
        if self.seconds_left:
            left = round(self.seconds_left)
            parts.append(f"about {left} s left" if left < 120 else f"about {left / 60:.0f} min left")
        return ", ".join(parts)
