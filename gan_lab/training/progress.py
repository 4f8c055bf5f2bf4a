"""What a long run shows while it goes on."""

from types import TracebackType
from typing import Any

SHOWN = ("value", "elbo", "gap_to_minus_log_4", "jsd", "exploitability", "modes", "high_quality")


class Progress:
    """A bar on stderr with the last evaluation; nothing where it is not wanted.

    Args:
        name: Of the game.
        steps: In all.
        wanted: Whether to show anything.
    """

    name: str
    steps: int
    wanted: bool

    def __init__(self, name: str, steps: int, wanted: bool) -> None:
        """Keep what to show."""
        self.name, self.steps, self.wanted = name, steps, wanted
        self._bar: Any = None

    def __enter__(self) -> "Progress":
        """Start the bar."""
        if self.wanted:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = [TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn()]
            self._bar = Bar(*columns, TextColumn("{task.fields[truth]}"), console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task(self.name, total=self.steps, truth="")
        return self

    def show(self, run: Any) -> None:
        """Move on to the run's last evaluation."""
        if self._bar is not None:
            last = run.truth[-1]
            truth = "  ".join(f"{name} {last[name]:.3g}" for name in SHOWN if name in last)
            self._bar.update(self._task, completed=run.steps, truth=truth)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.stop()
