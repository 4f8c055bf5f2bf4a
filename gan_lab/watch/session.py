"""The state of the window: the runs, what is shown of them, whether they go on, and what is being drawn by hand."""

import time
from dataclasses import replace
from typing import Any, ClassVar, Final

from gymnasium.error import DependencyNotInstalled

from gan_lab.errors import DivergedError, GameError
from gan_lab.games import MixtureGame
from gan_lab.recipes.recipe import Recipe
from gan_lab.watch.curves import Curves
from gan_lab.watch.drawn_data import NAME, DrawnData
from gan_lab.watch.live_run import LiveRun, named
from gan_lab.watch.picture_maker import PictureMaker
from gan_lab.watch.scene import Scene
from gan_lab.watch.side import Played, Side, played, shown
from gan_lab.watch.watchable_games import first_recipe, watched_game, watched_recipe
from gridworld_env.ui.pages.thinning import Thinning
from gridworld_env.ui.widgets.history import History
from gridworld_env.ui.widgets.jobs import Pace
from gridworld_env.ui.widgets.session import FRAME_PART, BaseSession

SPEEDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 1e6)  # updates a second; the last: as many as there is time for
FULL_PART: Final = 0.025  # seconds of a frame that training may take at full speed
LONG: Final = 1000  # updates of players that are not lost without a question
NAMES: Final = "AB"  # of two runs side by side


class Session(BaseSession):
    """What the commands act on.

    Args:
        live_runs: What is played: one run, or two that are shown side by side.

    Attributes:
        view: What lies behind the samples; see `views.VIEWS`.
        layers: What lies over it; see `views.LAYERS`.
        speed: Updates a second, at most.
        running: Whether updates are played one after the other.
        drawing: Whether the mouse draws data.
        drawn_data: What was drawn.
        chosen: Which of two runs is changed by commands.
        history: The runs, those before them, and what was undone.
    """

    view: str
    layers: frozenset[str]
    stamp: int
    history: History[Played]
    refusals: ClassVar[tuple[type[Exception], ...]] = (GameError, ValueError, OSError, DependencyNotInstalled)

    def __init__(self, *live_runs: LiveRun) -> None:
        """Show the runs as they are before the first update."""
        self.view, self.layers = "D", frozenset({"real", "generated", "learned", "exact"})
        super().__init__("Space runs and pauses, F1 shows all keys", speed=SPEEDS[-1])
        self.running = self.drawing = False
        self.drawn_data: DrawnData = DrawnData()
        self.history = History(played(*live_runs), lambda state: state.parts)
        self._show(len(live_runs) - 1)

    def _show(self, chosen: int = 0) -> None:
        self.chosen: int = chosen
        self._pace = Pace()
        self._begin_picture()

    @property
    def sides(self) -> tuple[Side, ...]:
        """The runs: one, or two."""
        return self.history.present.sides

    @property
    def side(self) -> Side:
        """The run that commands change."""
        return self.sides[self.chosen]

    @property
    def live_run(self) -> LiveRun:
        """The game of this run."""
        return self.side.live_run

    @property
    def curves(self) -> Curves:
        """Its numbers so far."""
        return self.side.curves

    @property
    def picture_maker(self) -> PictureMaker:
        """Makes its pictures."""
        return self.side.picture_maker

    @property
    def recording(self) -> Thinning[Scene]:
        """The pictures so far, of all runs."""
        return self.history.present.recording

    @property
    def problem(self) -> str:
        """Why something cannot be played."""
        found = [
            f"{self.name_of(number)}diverged: {side.live_run.diverged}"
            for number, side in enumerate(self.sides)
            if side.live_run.diverged
        ]
        return "; ".join(found)

    @property
    def unsaved(self) -> str:
        """The question before players are lost that took long to train."""
        learned = max(side.live_run.run.steps - side.saved if side.live_run.of_samples else 0 for side in self.sides)
        if learned < LONG:
            return ""
        return f"The players have learned for {learned:,} updates that are not saved. Save the players?"

    def name_of(self, number: int) -> str:
        """What a message about a run begins with: nothing where there is one only."""
        return f"{NAMES[number]}: " if len(self.sides) > 1 else ""

    @property
    def drawing_pictures(self) -> bool:
        """Whether pictures are being made."""
        return any(side.picture_maker.busy for side in self.sides)

    @property
    def busy(self) -> bool:
        """Whether something goes on that needs `advance` without an event."""
        return super().busy or self.running or self.drawing_pictures

    def refuse(self, error: Exception) -> None:
        """Say why something cannot be done; a game that diverged does not go on."""
        super().refuse(error)
        if isinstance(error, DivergedError):
            self.running: bool = False

    def take_up(self, *live_runs: LiveRun) -> None:
        """Play other runs; Ctrl+Z goes back to those of now."""
        self.history.change(played(*live_runs))
        self._show(min(self.chosen, len(live_runs) - 1))

    def put(self, discriminator: float, generator: float) -> None:
        """Begin again at two strategies of one number each, in all runs."""
        for side in self.sides:
            side.live_run.put(discriminator, generator)
        self.history.present = played(*(side.live_run for side in self.sides))
        self._show(self.chosen)

    def go_back(self, *, forth: bool = False) -> None:
        """Show the run before this one again, as it was left; or the one after it; or a drawing that was taken away."""
        if not forth and self._take_drawing():
            self.say("the drawing is back")
            return
        if not (self.history.redo() if forth else self.history.undo()):
            raise ValueError(f"there is no run {'after' if forth else 'before'} this one")
        self.running = False
        self._take_drawing()
        self._show(min(self.chosen, len(self.sides) - 1))
        self.say(f"the run {'after' if forth else 'before'}: {self.live_run.headline}")

    def _take_drawing(self) -> bool:
        """Have as drawn what the present game's data were drawn as; whether that is something else."""
        game, before = self.sides[0].live_run.game, list(self.drawn_data.blobs)
        if isinstance(game, MixtureGame) and game.name == NAME:
            self.drawn_data.take(game)
        return before != self.drawn_data.blobs

    def start(self, game: Any, recipe: "str | Recipe | None" = None, seed: int | None = None, **changes: Any) -> None:
        """Play a game from its beginning; of two runs side by side there is one then."""
        found = watched_game(game)
        seed = self.live_run.seed if seed is None else seed
        live_run = LiveRun(found, recipe or first_recipe(found), seed, **changes)
        if live_run.game.name != NAME:
            self.drawing: bool = False
        self.take_up(live_run)
        self.say(
            f"{live_run.game.name}, seed {live_run.seed}"
            + (f": {live_run.recipe.about}" if live_run.of_samples else "")
        )

    def restart(self, *, new_seed: bool = True) -> None:
        """New players, by the rules as they are now."""
        self.take_up(*(side.live_run.again(int(new_seed)) for side in self.sides))
        self.say(f"{self.live_run.game.name}, seed {self.live_run.seed}: new players, by the rules as they were")

    def follow_recipe(self, *, own: bool) -> None:
        """Begin again by the game's own recipe, or by the plain one; of two runs, the chosen one does."""
        found = watched_recipe(self.live_run.game) if own else "plain"
        if found is None:
            raise ValueError(f"{self.live_run.game.name} has no recipe: its players learn by plain gradient ascent")
        made = LiveRun(self.live_run.game, found, self.live_run.seed)
        runs = [side.live_run.again() for side in self.sides]
        runs[self.chosen] = made
        self.take_up(*runs)
        self.say(f"{self.name_of(self.chosen)}{made.game.name}, seed {made.seed}: {made.recipe.about}")

    def toggle_beside(self) -> None:
        """Begin again with two runs side by side; or keep the chosen one of two."""
        if len(self.sides) > 1:
            self.history.change(shown(self.side))
            self._show()
            self.say("this run alone; Ctrl+Z shows both again")
            return
        self.drawing = False
        if self.view == "networks":
            self.view = "D"
        first, second = self.live_run.again(), self.live_run.again()
        self.take_up(first, second)
        self.choose(1)
        self.say("two runs with the same seed: what you change now is changed in B; click a run to change that one")

    def choose(self, number: int) -> None:
        """Let commands change this one of two runs."""
        self.chosen = number
        self.say(f"what you change now is changed in {NAMES[number]}: {self.live_run.rules}")

    def change(self, **changes: Any) -> None:
        """Go on by other rules."""
        self.side.change(**changes)
        said = ", ".join(f"{name.replace('_', ' ')} {named(value)}" for name, value in changes.items())
        self.say(f"{self.name_of(self.chosen)}from now on: {said}")
        self._begin_picture()

    def step(self, role: str) -> None:
        """One player alone learns once, in all runs."""
        self.running = False
        payoffs = [f"{self.name_of(number)}{side.live_run.move(role):+.4f}" for number, side in enumerate(self.sides)]
        self.say(f"{role} moved alone: its payoff was {', '.join(payoffs)}")
        self._begin_picture()

    def update(self) -> None:
        """Both players learn once, in all runs."""
        self.running = False
        self._update()
        payoffs = ", ".join(f"{agent} {payoff:+.4f}" for agent, payoff in self.live_run.pair.payoffs.items())
        self.say(f"update {self.live_run.run.steps}: payoffs {self.name_of(self.chosen)}{payoffs}")
        self._begin_picture()

    def _update(self) -> None:
        """An update of every run that has not diverged; `DivergedError` where none is left."""
        going = [found for found in enumerate(self.sides) if not found[1].live_run.diverged]
        if not going:
            raise DivergedError(f"{self.live_run.diverged}. R restarts it")
        for number, side in going:
            try:
                side.update()
            except DivergedError as error:
                self._broken(number, error)

    def _broken(self, number: int, error: DivergedError) -> None:
        """Say that a run has diverged; raise it where no other one goes on."""
        if all(side.live_run.diverged for side in self.sides):
            raise error
        self.say(f"{self.name_of(number)}diverged: {error}", refusal=True)

    def toggle_run(self) -> None:
        """Begin to play updates, or pause."""
        if not self.running and all(side.live_run.diverged for side in self.sides):
            raise DivergedError(f"{self.live_run.diverged}. R restarts it")
        self.running = not self.running
        self._pace = Pace()
        self.say(
            "runs; Space pauses, F1 shows all keys" if self.running else f"paused at update {self.live_run.run.steps}"
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
            game = self.live_run.game
            noise = game.noise_size if isinstance(game, MixtureGame) and game.dimension == 2 else 8
            self.start(self.drawn_data.game(noise), recipe if game.name == NAME else "plain")

    @property
    def scene(self) -> Scene:
        """All that is shown."""
        found = [
            side.scene(
                NAMES[number] if len(self.sides) > 1 else "", self.view, self.layers, chosen=number == self.chosen
            )
            for number, side in enumerate(self.sides)
        ]
        drawn = self.drawn_data
        blobs = tuple(drawn.blobs) if self.drawing else None
        return replace(found[0], beside=found[1] if found[1:] else None, blobs=blobs, blob_width=drawn.width)

    def advance(self, now: float) -> None:
        """Go on with what goes on, for a small part of a frame."""
        full = self.running and self.speed == SPEEDS[-1]
        deadline = time.perf_counter() + (FULL_PART if full else FRAME_PART)
        if self.job is not None:
            super().advance(now)
            return
        try:
            if self.drawing_pictures:
                self._draw(deadline)
            elif self.running:
                self._play(now, deadline)
        except self.refusals as error:
            self.refuse(error)

    def _play(self, now: float, deadline: float) -> None:
        for _ in range(self._pace.due(now, self.speed)):
            self._update()
            if time.perf_counter() > deadline:
                break
        going = [side.picture_maker for side in self.sides if not side.live_run.diverged]
        if self.running and all(maker.is_due(time.perf_counter()) for maker in going):
            self._begin_picture()

    def _begin_picture(self) -> None:
        for side in self.sides:
            side.picture_maker.begin(fine=not self.running)

    def _draw(self, deadline: float) -> None:
        """Go on with the pictures of all runs, one after the other; they are shown together."""
        number, side = next(found for found in enumerate(self.sides) if found[1].picture_maker.busy)
        try:
            finished = side.work(deadline)
        except DivergedError as error:
            finished = True
            self._broken(number, error)
        if finished and not self.drawing_pictures:
            shown = self.scene
            self.recording.add(lambda: shown)
            self.stamp += 1
