"""A run in the window with its pictures and curves. There is one; or there are two, side by side."""

from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from gan_lab.games.strategy_game import StrategyGame
from gan_lab.replays.replay import Replay
from gan_lab.training.run import Status
from gan_lab.watch.curves import Curves
from gan_lab.watch.live_run import LiveRun
from gan_lab.watch.picture_maker import PictureMaker
from gan_lab.watch.scene import Scene
from gridworld_env.ui.pages.thinning import Thinning

MOST_PICTURES = 160  # of an animation
OF_PICTURES = ("agreement", "on_real", "on_fake")  # numbers that a run's own evaluations do not have


class Side:
    """A live run, its pictures, and its curves.

    Args:
        live_run: The run.

    Attributes:
        curves: The numbers so far.
        picture_maker: Makes the pictures.
        began: The update since which the rules are those of now.
        saved: The update at which the players were written last.
    """

    def __init__(self, live_run: LiveRun) -> None:
        """Show the run as it is."""
        self.live_run = live_run
        self.curves, self.picture_maker = Curves(), PictureMaker(live_run)
        self.began: int = live_run.run.steps
        self.saved: int = live_run.run.steps
        self._replay = Replay()

    def update(self) -> None:
        """Let both players learn once.

        Raises:
            DivergedError: They cannot.
        """
        self.live_run.update()
        self.note()

    def change(self, **changes: object) -> None:
        """Go on by other rules."""
        self.live_run.change(**changes)
        self.began = self.live_run.run.steps

    def note(self) -> None:
        """In a game of two numbers the truth costs next to nothing: it is a curve update by update."""
        game, run = self.live_run.game, self.live_run.run
        if isinstance(game, StrategyGame):
            self.curves.add(run.steps, game.truth(*run.strategies))

    def work(self, deadline: float) -> bool:
        """Go on with the picture until a time of `time.perf_counter`; whether it is finished now."""
        picture = self.picture_maker.work(deadline)
        if picture is not None:
            self.curves.add(picture.step, picture.numbers)
            self._replay.record(self.live_run.run, {"step": float(picture.step), **picture.numbers})
        return picture is not None

    def page(self) -> Replay:
        """What was seen, for a page."""
        run, found = self.live_run.run, copy(self._replay)
        rows = [{name: row[name] for name in row if name not in OF_PICTURES} for row in self.curves.rows]
        found.run = replace(run, truth=rows, status=Status.INTERRUPTED)
        return found

    def scene(self, name: str, view: str, layers: frozenset[str], *, chosen: bool) -> Scene:
        """What there is to see; with a name where there are two."""
        live_run = self.live_run
        return Scene(
            live_run.game, f"{name}: {live_run.headline}" if name else live_run.headline, live_run.rules,
            self.picture_maker.picture, tuple(self.curves.rows), view, layers, live_run.networks, self.began,
            chosen=chosen,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Played:
    """What can be gone back to: one run or two, and what was seen of them.

    Attributes:
        sides: The runs.
        recording: The pictures so far.
    """

    sides: tuple[Side, ...]
    recording: Thinning[Scene]

    @property
    def parts(self) -> list[Any]:
        """The arrays and tensors that take its memory."""
        pictures = [vars(scene.picture) for scene in self.recording.frames if scene.picture is not None]
        found: list[Any] = [part for one in pictures for part in one.values() if hasattr(part, "nbytes")]
        for player in (player for side in self.sides for player in side.live_run.pair.players.values()):
            found += player.parameters()
            found += [value for state in player.optimizer.state.values() for value in state.values()]
        return found


def played(*live_runs: LiveRun) -> Played:
    """Live runs, of which nothing has been seen."""
    return shown(*map(Side, live_runs))


def shown(*sides: Side) -> Played:
    """Runs, whose pictures from now on are kept for the animation."""
    return Played(sides, Thinning(lambda scene: 0, most_frames=MOST_PICTURES))
