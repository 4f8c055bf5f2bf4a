"""What a long run shows while it goes on."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

MOVED: Final = 0.2  # seconds after which the bar moves again
TOLD: Final = 8.0  # seconds after which a line is printed where there is no terminal, and payoffs stand for the truth
LEAST_WIDTH: Final = 62  # columns of a terminal that the bar takes without the truth
SHOWN = ("value", "elbo", "gap_to_minus_log_4", "jsd", "exploitability", "modes", "high_quality")


class Progress:
    """A bar on stderr with the time to the end and the last evaluation; nothing where it is not wanted.

    Where stderr is no terminal, a line every eight seconds and one at the end. Until the first evaluation there are
    the payoffs.

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
        self._said, self._first = "", 0

    def __enter__(self) -> "Progress":
        """Start the bar."""
        self._begun = self._last = time.monotonic()
        if self.wanted:
            from rich.console import Console

            self._console: Any = Console(stderr=True, highlight=False)
            if self._console.is_terminal or self._console.is_jupyter:
                self._start()
        return self

    def _start(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = [TextColumn("{task.description}"), BarColumn(10), MofNCompleteColumn(), TimeRemainingColumn()]
        self._bar = Bar(*columns, TextColumn("{task.fields[truth]}"), console=self._console)
        self._bar.start()
        self._task = self._bar.add_task(self.name, total=self.steps, truth="")

    def beat(self, steps: int, payoffs: Mapping[str, float]) -> None:
        """After an update: move the bar, at times; and say the payoffs, as long as there is no evaluation."""
        if not self.wanted or (now := time.monotonic()) - self._last < (MOVED if self._bar is not None else TOLD):
            return
        self._last = now
        said = self._said or "  ".join(f"payoff of {name} {value:.3g}" for name, value in payoffs.items())
        if self._bar is not None:
            self._bar.update(self._task, completed=steps, truth=said)
        else:
            left = (now - self._begun) / max(steps - self._first, 1) * (self.steps - steps)
            line = f"{self.name}: update {steps:,} of {self.steps:,}, about {duration(left)} to the end. {said}"
            self._say(line)

    def tell(self, line: str) -> None:
        """Say a line above the bar; nothing where there is nothing to say."""
        if line:
            self._say(line)

    def start_at(self, steps: int) -> None:
        """Updates that were played before, which took no time here."""
        self._first = steps

    def show(self, run: Any) -> None:
        """Say the run's last evaluation."""
        last = run.truth[-1]
        texts = [f"{name} {last[name]:.3g}" for name in [*SHOWN, *run.metrics] if name in last]
        if self._bar is not None:
            room = self._console.width - LEAST_WIDTH
            while len(texts) > 1 and len("  ".join(texts)) > room:
                texts.pop()
            self._bar.update(self._task, completed=run.steps, truth="  ".join(texts))
        self._said = "  ".join(texts)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the bar; or say how long it took."""
        if self._bar is not None:
            self._bar.stop()
        elif self.wanted and kind is None:
            self._say(f"{self.name}: ended after {duration(time.monotonic() - self._begun)}. {self._said}")

    def _say(self, line: str) -> None:
        self._console.print(line.strip(), markup=False, soft_wrap=True)


def duration(seconds: float) -> str:
    """A time in words.

    >>> duration(42), duration(250), duration(9000)
    ('42 s', '4 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
