"""What a long run shows while it goes on."""

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final

MOVED: Final = 0.2  # seconds after which the bar moves again
LOOKED: Final = 2.0  # seconds after which there is a first evaluation for the eye, which the run does not keep
TOLD: Final = 8.0  # seconds after which a line is printed where there is no terminal, and payoffs stand for the truth
LEAST_WIDTH: Final = 62  # columns of a terminal that the bar takes without the truth
SHOWN = ("value", "elbo", "gap_to_minus_log_4", "jsd", "exploitability", "modes", "high_quality")


class Progress:
    """A bar on stderr with the time to the end and the last evaluation; nothing where it is not wanted.

    Where stderr is no terminal, a line every eight seconds and one at the end. After two seconds it evaluates the
    players once for itself, where the run has not done so; until then there are the payoffs.

    Args:
        name: Of the game.
        steps: In all.
        wanted: Whether to show anything.
    """

    name: str
    steps: int
    wanted: bool

    def __init__(self, name: str, steps: int, wanted: bool) -> None:
        """Keep the quantities to show."""
        self.name, self.steps, self.wanted = name, steps, wanted
        self._bar: Any = None
        self._said, self._looked = "", False
        self._timed: tuple[float, int] | None = None  # when the first update of this process had ended, and its number

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

    def beat(
        self, steps: int, payoffs: Mapping[str, float], look: Callable[[], Mapping[str, float]] | None = None
    ) -> None:
        """After an update: move the bar, at times; and say the payoffs, as long as there is no evaluation.

        Args:
            steps: Played so far.
            payoffs: Of the last turns.
            look: Evaluates the players, and leaves no trace.
        """
        if not self.wanted:
            return
        now, wait = time.monotonic(), MOVED if self._bar is not None else TOLD
        self._timed = self._timed or (now, steps)
        if look is not None and not (self._said or self._looked) and now - self._begun >= LOOKED:
            self._looked, wait = True, 0.0
            self._said = "  ".join(self._texts(look()))
        if now - self._last < wait:
            return
        self._last = now
        said = self._said or "  ".join(f"payoff of {name} {value:.3g}" for name, value in payoffs.items())
        if self._bar is not None:
            self._bar.update(self._task, completed=steps, truth=said)
        else:
            self._say(f"{self.name}: update {steps:,} of {self.steps:,}{self._left(now, steps)}. {said}")

    def tell(self, line: str) -> None:
        """Say a line above the bar; nothing where there is nothing to say."""
        if line:
            self._say(line)

    def _left(self, now: float, steps: int) -> str:
        """About how long the other updates will take; nothing after the first, which also loads what all need."""
        begun, first = self._timed or (now, steps)
        if steps == first:
            return ""
        return f", about {duration((now - begun) / (steps - first) * (self.steps - steps))} to the end"

    def show(self, run: Any) -> None:
        """Say the run's last evaluation."""
        self._said = "  ".join(self._texts(run.truth[-1], *getattr(run, "metrics", ())))  # a VAE has none
        if self._bar is not None:
            self._bar.update(self._task, completed=run.steps, truth=self._said)

    def _texts(self, row: Mapping[str, float], *others: str) -> list[str]:
        """What is said of an evaluation, with these further names; on a terminal as much as a line has room for."""
        texts = [f"{name} {row[name]:.3g}" for name in (*SHOWN, *others) if name in row]
        if self._bar is not None:
            room = self._console.width - LEAST_WIDTH
            while len(texts) > 1 and len("  ".join(texts)) > room:
                texts.pop()
        return texts

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the bar, or print how long the run took."""
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
