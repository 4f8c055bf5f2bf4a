"""The state of the window: the match, what is shown of it, whether it runs, and what is being drawn by hand.

Whatever cannot be done raises one of `REFUSALS`; `attempt` turns it into a line of the status, and everything is as
it was before.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from gymnasium.error import DependencyNotInstalled

from gan_lab.errors import DivergedError, GameError
from gan_lab.games import MixtureGame
from gan_lab.games.strategy_game import StrategyGame
from gan_lab.recipes.recipe import Recipe
from gan_lab.watch.curves import Curves
from gan_lab.watch.drawn_data import NAME, DrawnData
from gan_lab.watch.live_run import LiveRun, named
from gan_lab.watch.picture_maker import PictureMaker
from gan_lab.watch.recording import Recording, Scene
from gan_lab.watch.watchable_games import own_recipe, watched_game
from gridworld_env.ui.widgets.pace import Pace

REFUSALS: Final = (GameError, ValueError, OSError, DependencyNotInstalled)
SPEEDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 1e6)  # updates a second; the last: as many as there is time for
FRAME_PART: Final = 0.009  # seconds of a frame that training may take
FULL_PART: Final = 0.025  # the same at full speed


class Session:
    """What the commands act on.

    Args:
        match: The game to begin with.

    Attributes:
        match: The game that is played.
        view: What lies behind the samples; see `views.VIEWS`.
        layers: What lies over it; see `views.LAYERS`.
        speed: Updates a second, at most.
        running: Whether updates are played one after the other.
        drawing: Whether the mouse draws data.
        sketchpad: What was drawn.
        curves: The numbers so far.
        reel: The pictures so far.
        studio: Makes the pictures.
        job: What takes a while, such as writing an animation; None: nothing.
        status: The last message, and whether it is a refusal.
        stamp: Counts whatever is seen to change.
    """

    def __init__(self, match: LiveRun) -> None:
        """Show the game as it is before the first update."""
        self.view, self.layers = "D", frozenset({"real", "generated", "learned", "exact"})
        self.speed, self.running, self.drawing = SPEEDS[-1], False, False
        self.sketchpad = DrawnData()
        self.status: tuple[str, bool] = ("Space runs and pauses, F1 shows all keys", False)
        self.stamp = 0
        self.job: Iterator[None] | None = None
        self.job_name = ""
        self.reel = Recording()
        self.take_up(match)

    def take_up(self, match: LiveRun) -> None:
        """Play another match."""
        self.match, self.curves, self.studio = match, Curves(), PictureMaker(match)
        self.reel.clear()
        self._pace = Pace()
        self._begin_picture()

    @property
    def problem(self) -> str:
        """Why nothing can be played."""
        return f"diverged: {self.match.diverged}" if self.match.diverged else ""

    @property
    def busy(self) -> bool:
        """Whether something goes on without an event."""
        return self.running or self.studio.busy or self.job is not None

    def say(self, text: str, *, refusal: bool = False) -> None:
        """Put a message into the status line."""
        self.status = (text, refusal)
        self.stamp += 1

    def attempt(self, action: Callable[[], Any]) -> bool:
        """Do something; what cannot be done is said in the status line. Whether it could."""
        if not self._could(action):
            return False
        self.stamp += 1
        return True

    def _could(self, action: Callable[[], Any]) -> bool:
        try:
            action()
        except REFUSALS as error:
            self.say(str(error), refusal=True)
            if isinstance(error, DivergedError):
                self.running = False
            return False
        return True

    def start(self, game: Any, recipe: "str | Recipe | None" = None, seed: int | None = None, **changes: Any) -> None:
        """Play a game from its beginning."""
        match = LiveRun(watched_game(game), recipe, self.match.seed if seed is None else seed, **changes)
        if match.game.name != NAME:
            self.drawing = False
        self.take_up(match)
        self.say(f"{match.game.name}, seed {match.seed}" + (f": {match.recipe.about}" if match.of_samples else ""))

    def restart(self, *, new_seed: bool = True) -> None:
        """New players, by the rules as they are now."""
        old = self.match
        changes = {} if old.of_samples else {"loss": old.recipe.loss}
        rate = old.rate("generator")
        self.start(old.game, old.recipe, old.seed + int(new_seed), **changes)
        if not old.of_samples:
            self.match.change(rate=rate)
        self.say(f"{self.match.game.name}, seed {self.match.seed}: new players, by the rules as they were")

    def follow_recipe(self, *, own: bool) -> None:
        """Begin again by the game's own recipe, or by the plain one."""
        found = own_recipe(self.match.game) if own else "plain"
        if found is None:
            raise ValueError(f"{self.match.game.name} has no recipe: its players climb by plain gradients")
        self.start(self.match.game, found)

    def change(self, **changes: Any) -> None:
        """Go on by other rules."""
        self.match.change(**changes)
        said = ", ".join(f"{name.replace('_', ' ')} {named(value)}" for name, value in changes.items())
        self.say(f"from now on: {said}")
        self._begin_picture()

    def step(self, role: str) -> None:
        """One player alone learns once."""
        self.running = False
        payoff = self.match.move(role)
        self.say(f"{role} moved alone: its payoff was {payoff:+.4f}")
        self._begin_picture()

    def update(self) -> None:
        """Both players learn once."""
        self.running = False
        self.match.update()
        self._note()
        payoffs = ", ".join(f"{agent} {payoff:+.4f}" for agent, payoff in self.match.pair.payoffs.items())
        self.say(f"update {self.match.run.steps}: payoffs {payoffs}")
        self._begin_picture()

    def toggle_run(self) -> None:
        """Begin to play updates, or pause."""
        if not self.running and self.match.diverged:
            raise DivergedError(f"{self.match.diverged}. R restarts it")
        self.running = not self.running
        self._pace = Pace()
        self.say(
            "runs; Space pauses, F1 shows all keys" if self.running else f"paused after {self.match.run.steps} updates"
        )
        if not self.running:
            self._begin_picture()

    def stop(self) -> None:
        """Pause, and end what takes a while."""
        if self.job is not None:
            self.say(f"{self.job_name}: stopped")
        elif self.running:
            self.toggle_run()
        self.job = None

    def begin(self, name: str, job: Iterator[None]) -> None:
        """Begin something that takes a while."""
        self.job, self.job_name = job, name
        self.stamp += 1

    def play_drawing(self) -> None:
        """Play for the data that are on the paper."""
        if self.sketchpad.blobs:
            recipe = self.match.recipe if self.match.of_samples else "plain"
            noise = self.match.game.noise_size if isinstance(self.match.game, MixtureGame) else 8
            self.start(self.sketchpad.game(noise), recipe if self.match.game.name == NAME else "plain")

    @property
    def scene(self) -> Scene:
        """All that the board shows."""
        pad = self.sketchpad
        return Scene(
            self.match.game, self.match.headline, self.studio.picture, tuple(self.curves.rows), self.view, self.layers,
            tuple(pad.blobs) if self.drawing else None, pad.width,
        )  # fmt: skip

    def advance(self, now: float) -> None:
        """Go on with what goes on, for a small part of a frame."""
        full = self.running and self.speed == SPEEDS[-1]
        deadline = time.perf_counter() + (FULL_PART if full else FRAME_PART)
        if self.job is not None:
            self._could(lambda: self._work(deadline))
        elif self.studio.busy:
            self._could(lambda: self._draw(deadline))
        elif self.running:
            self._could(lambda: self._play(now, deadline))

    def _work(self, deadline: float) -> None:
        job = self.job
        try:
            while job is not None:
                next(job)
                if time.perf_counter() >= deadline:
                    break
        except StopIteration:
            self.job = None
            self.stamp += 1
        except REFUSALS:
            self.job = None
            raise

    def _play(self, now: float, deadline: float) -> None:
        for _ in range(self._pace.due(now, self.speed)):
            self.match.update()
            self._note()
            if time.perf_counter() > deadline:
                break
        if self.running and self.studio.is_due(time.perf_counter()):
            self._begin_picture()

    def _note(self) -> None:
        """In a game of two numbers the truth costs next to nothing: it is a curve update by update."""
        game, run = self.match.game, self.match.run
        if isinstance(game, StrategyGame):
            self.curves.add(run.steps, game.truth(*run.strategies))

    def _begin_picture(self) -> None:
        self.studio.begin(fine=not self.running)

    def _draw(self, deadline: float) -> None:
        picture = self.studio.work(deadline)
        if picture is not None:
            self.curves.add(picture.step, picture.numbers)
            self.reel.add(self.scene)
            self.stamp += 1
