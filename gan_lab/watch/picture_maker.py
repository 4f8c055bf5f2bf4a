"""Where the pictures of a live run are made: in parts, between the frames of a window, and not too often."""

import time
from collections.abc import Generator
from typing import Final

from gan_lab.errors import DivergedError
from gan_lab.games import Game, MixtureGame
from gan_lab.watch import line_picture, sample_picture
from gan_lab.watch.line_picture import Line
from gan_lab.watch.live_run import LiveRun
from gan_lab.watch.phase_portrait import Phase, Portrait
from gan_lab.watch.sample_picture import Plane

PAUSE: Final = 0.07  # seconds from one picture to the next, at least


class PictureMaker:
    """Makes the pictures of one live run.

    Args:
        live_run: The game; nobody may learn while a picture is being made.

    Attributes:
        picture: The last one that was finished.
    """

    def __init__(self, live_run: LiveRun) -> None:
        """Begin without a picture."""
        self._live_run, self._portrait = live_run, Portrait()
        self._artist: Generator[None, None, Plane | Line | Phase] | None = None
        self._begun, self._finished, self._step = 0.0, 0.0, -1
        self.picture: Plane | Line | Phase | None = None

    @property
    def busy(self) -> bool:
        """Whether a picture is being made."""
        return self._artist is not None

    def is_due(self, now: float) -> bool:
        """Whether there is something new to draw, and the last picture was as long ago as it took to make."""
        pause = max(PAUSE, self._finished - self._begun)
        return self._step != self._live_run.run.steps and now - self._finished >= pause

    def begin(self, *, fine: bool) -> None:
        """Begin a picture; one that is being made is dropped. Fine ones take longer."""
        live_run = self._live_run
        if live_run.diverged:
            self._artist = None
        elif is_on_a_line(live_run.game):
            self._artist = line_picture.draw(live_run)
        elif live_run.of_samples:
            self._artist = sample_picture.draw(live_run, sample_picture.FINE if fine else sample_picture.COARSE)
        else:
            self._artist = self._portrait.draw(live_run)
        self._step, self._begun = live_run.run.steps, time.perf_counter()

    def work(self, deadline: float) -> Plane | Line | Phase | None:
        """Go on until a time of `time.perf_counter`; the picture, when it is finished.

        Raises:
            DivergedError: There is nothing finite to draw; from then on the live run counts as diverged.
        """
        artist = self._artist
        try:
            while artist is not None:
                next(artist)  # one part at least, however late it is
                if time.perf_counter() >= deadline:
                    break
        except StopIteration as done:
            self._artist, self._finished = None, time.perf_counter()
            self.picture = done.value
            return self.picture
        except DivergedError as error:
            self._artist = None
            self._live_run.diverged = f"{error}, update {self._live_run.run.steps}"
            raise
        return None


def is_on_a_line(game: Game) -> bool:
    """Whether a game is one of samples of one number."""
    return isinstance(game, MixtureGame) and game.dimension == 1
