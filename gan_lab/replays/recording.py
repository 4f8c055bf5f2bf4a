"""What the options `--html` and `--gif` of a command add to a run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from gan_lab.games import make_game
from gan_lab.replays.replay import Replay
from gridworld_env.ui.files.whole_file import check_place
from gridworld_env.ui.pages.page import size_text

USUAL: Final = 20  # evaluations of a run that nobody records
OF_SAMPLES: Final = 60  # of one that is recorded; one of samples takes as long as some updates
OF_STRATEGIES: Final = 200


class Recording:
    """Arguments of `train` for a run that is recorded, or not.

    Args:
        wanted: Whether it is.

    Attributes:
        replay: The replay; None: not wanted.
        looks: How many evaluations.
    """

    def __init__(self, *, wanted: bool) -> None:
        """Begin with an empty recording."""
        self.replay: Replay | None = Replay() if wanted else None
        self.looks: int = USUAL

    @property
    def callbacks(self) -> tuple[Callable[[Any], Any], ...]:
        """Of `train`."""
        return () if self.replay is None else (self.replay,)

    def suits(self, game: Any) -> Any:
        """The game; as many evaluations as suit it."""
        if self.replay is None:
            return game
        found = make_game(game)
        self.looks = OF_SAMPLES if found.of_samples else OF_STRATEGIES
        return found


@contextmanager
def recorded(html: Path | None, gif: Path | None, say: Callable[[str, str], Any]) -> Iterator[Recording]:
    """A recording that is written at the end of the block, also of a run that was interrupted or has diverged.

    Raises:
        ValueError: A name with another ending, before the block begins.
        OSError: A place where nothing can be written, before the block begins.
    """
    for path, suffix in ((html, ".html"), (gif, ".gif")):
        if path is not None:
            check_place(path, suffix)
    recording = Recording(wanted=html is not None or gif is not None)
    try:
        yield recording
    finally:
        replay = recording.replay
        if replay is not None and replay.looks.seen:
            for path, write in ((html, replay.html), (gif, replay.gif)):
                if path is not None:
                    say(f"wrote {path}, {size_text(write(path))}: {replay}", "")
