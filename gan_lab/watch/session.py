"""The state of the window: the game, what is shown of it, whether it runs, and what is being drawn by hand."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from gymnasium.error import DependencyNotInstalled

from gan_lab.errors import DivergedError, GameError
from gan_lab.games import Game, MixtureGame
from gan_lab.games.strategy_game import StrategyGame
from gan_lab.recipes.recipe import Recipe
from gan_lab.watch.curves import Curves
from gan_lab.watch.drawn_data import NAME, DrawnData
from gan_lab.watch.live_run import LiveRun, named
from gan_lab.watch.phase_portrait import Phase
from gan_lab.watch.picture_maker import PictureMaker
from gan_lab.watch.sample_picture import Plane
from gan_lab.watch.watchable_games import watched_game, watched_recipe
from gridworld_env.ui.pages.thinning import Thinning
from gridworld_env.ui.widgets.jobs import Pace
from gridworld_env.ui.widgets.session import FRAME_PART, BaseSession

SPEEDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 1e6)  # updates a second; the last: as many as there is time for
FULL_PART: Final = 0.025  # seconds of a frame that training may take at full speed
MOST_PICTURES: Final = 160  # of an animation


@dataclass(frozen=True, eq=False)
class Scene:
    """All that is shown; it is drawn when somebody wants it.

    Attributes:
        game: What is played.
        headline: The game, its rules, and how far it is.
        picture: The game as numbers; None before the first.
        rows: The numbers of the curves.
        view: Name of what lies behind the samples.
        layers: Names of what lies over it.
        blobs: Middles of what is being drawn by hand; None where nothing is.
        blob_width: Their standard deviation.
    """

    game: Game
    headline: str
    picture: Plane | Phase | None
    rows: Sequence[dict[str, float]]
    view: str
    layers: frozenset[str]
    blobs: Sequence[tuple[float, float]] | None = None
    blob_width: float = 0.0


class Session(BaseSession):
    """What the commands act on.

    Args:
        live_run: The game to begin with.

    Attributes:
        live_run: The game that is played.
        view: What lies behind the samples; see `views.VIEWS`.
        layers: What lies over it; see `views.LAYERS`.
        speed: Updates a second, at most.
        running: Whether updates are played one after the other.
        drawing: Whether the mouse draws data.
        drawn_data: What was drawn.
        curves: The numbers so far.
        recording: The pictures so far.
        picture_maker: Makes the pictures.
    """

    view: str
    layers: frozenset[str]
    stamp: int
    live_run: LiveRun
    curves: Curves
    picture_maker: PictureMaker
    refusals: ClassVar[tuple[type[Exception], ...]] = (GameError, ValueError, OSError, DependencyNotInstalled)

    def __init__(self, live_run: LiveRun) -> None:
        """Show the game as it is before the first update."""
        self.view, self.layers = "D", frozenset({"real", "generated", "learned", "exact"})
        super().__init__("Space runs and pauses, F1 shows all keys", speed=SPEEDS[-1])
        self.running = self.drawing = False
        self.drawn_data: DrawnData = DrawnData()
        self.take_up(live_run)

    def take_up(self, live_run: LiveRun) -> None:
        """Play another game."""
        self.live_run, self.curves, self.picture_maker = live_run, Curves(), PictureMaker(live_run)
        self.recording: Thinning[Scene] = Thinning[Scene](lambda scene: 0, most_frames=MOST_PICTURES)
        self._pace = Pace()
        self._begin_picture()

    @property
    def problem(self) -> str:
        """Why nothing can be played."""
        return f"diverged: {self.live_run.diverged}" if self.live_run.diverged else ""

    @property
    def busy(self) -> bool:
        """Whether something goes on that needs `advance` without an event."""
        return super().busy or self.running or self.picture_maker.busy

    def refuse(self, error: Exception) -> None:
        """Say why something cannot be done; a game that diverged does not go on."""
        super().refuse(error)
        if isinstance(error, DivergedError):
            self.running: bool = False

    def start(self, game: Any, recipe: "str | Recipe | None" = None, seed: int | None = None, **changes: Any) -> None:
        """Play a game from its beginning."""
        live_run = LiveRun(watched_game(game), recipe, self.live_run.seed if seed is None else seed, **changes)
        if live_run.game.name != NAME:
            self.drawing: bool = False
        self.take_up(live_run)
        self.say(
            f"{live_run.game.name}, seed {live_run.seed}"
            + (f": {live_run.recipe.about}" if live_run.of_samples else "")
        )

    def restart(self, *, new_seed: bool = True) -> None:
        """New players, by the rules as they are now."""
        old = self.live_run
        changes = {} if old.of_samples else {"loss": old.recipe.loss}
        rate = old.rate("generator")
        self.start(old.game, old.recipe, old.seed + int(new_seed), **changes)
        if not old.of_samples:
            self.live_run.change(rate=rate)
        self.say(f"{self.live_run.game.name}, seed {self.live_run.seed}: new players, by the rules as they were")

    def follow_recipe(self, *, own: bool) -> None:
        """Begin again by the game's own recipe, or by the plain one."""
        found = watched_recipe(self.live_run.game) if own else "plain"
        if found is None:
            raise ValueError(f"{self.live_run.game.name} has no recipe: its players learn by plain gradient ascent")
        self.start(self.live_run.game, found)

    def change(self, **changes: Any) -> None:
        """Go on by other rules."""
        self.live_run.change(**changes)
        said = ", ".join(f"{name.replace('_', ' ')} {named(value)}" for name, value in changes.items())
        self.say(f"from now on: {said}")
        self._begin_picture()

    def step(self, role: str) -> None:
        """One player alone learns once."""
        self.running = False
        payoff = self.live_run.move(role)
        self.say(f"{role} moved alone: its payoff was {payoff:+.4f}")
        self._begin_picture()

    def update(self) -> None:
        """Both players learn once."""
        self.running = False
        self.live_run.update()
        self._note()
        payoffs = ", ".join(f"{agent} {payoff:+.4f}" for agent, payoff in self.live_run.pair.payoffs.items())
        self.say(f"update {self.live_run.run.steps}: payoffs {payoffs}")
        self._begin_picture()

    def toggle_run(self) -> None:
        """Begin to play updates, or pause."""
        if not self.running and self.live_run.diverged:
            raise DivergedError(f"{self.live_run.diverged}. R restarts it")
        self.running = not self.running
        self._pace = Pace()
        self.say(
            "runs; Space pauses, F1 shows all keys"
            if self.running
            else f"paused after {self.live_run.run.steps} updates"
        )
        if not self.running:
            self._begin_picture()

    def stop(self) -> None:
        """End what takes a while, or else pause."""
        if self.job is None and self.running:
            self.toggle_run()
        super().stop()

    def play_drawing(self) -> None:
        """Play for the data that were drawn."""
        if self.drawn_data.blobs:
            recipe = self.live_run.recipe if self.live_run.of_samples else "plain"
            noise = self.live_run.game.noise_size if isinstance(self.live_run.game, MixtureGame) else 8
            self.start(self.drawn_data.game(noise), recipe if self.live_run.game.name == NAME else "plain")

    @property
    def scene(self) -> Scene:
        """All that is shown."""
        live_run, drawn = self.live_run, self.drawn_data
        return Scene(
            live_run.game, live_run.headline, self.picture_maker.picture, tuple(self.curves.rows),
            self.view, self.layers, tuple(drawn.blobs) if self.drawing else None, drawn.width,
        )  # fmt: skip

    def advance(self, now: float) -> None:
        """Go on with what goes on, for a small part of a frame."""
        full = self.running and self.speed == SPEEDS[-1]
        deadline = time.perf_counter() + (FULL_PART if full else FRAME_PART)
        if self.job is not None:
            super().advance(now)
            return
        try:
            if self.picture_maker.busy:
                self._draw(deadline)
            elif self.running:
                self._play(now, deadline)
        except self.refusals as error:
            self.refuse(error)

    def _play(self, now: float, deadline: float) -> None:
        for _ in range(self._pace.due(now, self.speed)):
            self.live_run.update()
            self._note()
            if time.perf_counter() > deadline:
                break
        if self.running and self.picture_maker.is_due(time.perf_counter()):
            self._begin_picture()

    def _note(self) -> None:
        """In a game of two numbers the truth costs next to nothing: it is a curve update by update."""
        game, run = self.live_run.game, self.live_run.run
        if isinstance(game, StrategyGame):
            self.curves.add(run.steps, game.truth(*run.strategies))

    def _begin_picture(self) -> None:
        self.picture_maker.begin(fine=not self.running)

    def _draw(self, deadline: float) -> None:
        picture = self.picture_maker.work(deadline)
        if picture is not None:
            self.curves.add(picture.step, picture.numbers)
            shown = self.scene
            self.recording.add(lambda: shown)
            self.stamp += 1
