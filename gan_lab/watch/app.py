"""The window's program: what is shown, and what the mouse does there. No pygame here."""

from collections.abc import Callable
from typing import Any

from gan_lab.errors import WiringError
from gan_lab.games import MixtureGame
from gan_lab.updates import Alternating
from gan_lab.watch import files
from gan_lab.watch.drawing.layout import Layout
from gan_lab.watch.drawn_data import REACH
from gan_lab.watch.phase_portrait import Phase
from gan_lab.watch.sample_picture import bound_of
from gan_lab.watch.scene import Scene
from gan_lab.watch.session import Session
from gan_lab.watch.views import LAYERS, LINE_LAYERS, VIEWS
from gridworld_env.ui.widgets.commands import CommandTable
from gridworld_env.ui.widgets.events import Pointer
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.shell import Shell

PAGES = ("Game", "Rules", "View")  # of the panel
Drawing = Callable[[Any, Rect, Scene], None]


class WatchApp(Shell[Session]):
    """The shell around a session.

    Args:
        session: What the commands act on.
        commands: All of them.
        paint_content: Paints a scene into a rectangle; the only part that depends on a drawing library.
    """

    def __init__(self, session: Session, commands: CommandTable["WatchApp"], paint_content: Drawing) -> None:
        """Keep the session; the layout is made when the window is open."""
        super().__init__(session, commands, "gan-lab watch: every key (click a small picture to enlarge it)")
        self.painter = paint_content
        self.page = PAGES[1]  # of the panel, where the window is too low for all of it
        self.panel_height: float = 0.0
        self._button = 0  # the button that draws
        self._drew = False

    @property
    def title(self) -> str:
        """What the window's frame says."""
        return f"{self.session.live_run.game.name} - gan-lab watch"

    @property
    def holds(self) -> bool:
        """Whether the mouse is held and went down on the content."""
        return self._button > 0

    @property
    def is_low(self) -> bool:
        """Whether the window is too low for the whole panel."""
        return self.panel.rect.height < self.panel_height

    def turn_page(self, name: str | None = None) -> None:
        """Show a page of the panel, or the next one.

        Raises:
            WiringError: Everything is shown.
        """
        if not self.is_low:
            raise WiringError("the window is high enough for the whole panel: there is no other page")
        self.page = name or PAGES[(PAGES.index(self.page) + 1) % len(PAGES)]
        self.panel.scrolled = 0.0
        self.changed()

    @property
    def places(self) -> Layout:
        """Where the parts of the run are that commands change."""
        return Layout(self.content, self.session.chosen if len(self.session.sides) > 1 else None)

    def paint_content(self, painter: Any, rect: Rect) -> None:
        """Paint the scene."""
        self.painter(painter, rect, self.session.scene)

    def at(self, point: Point) -> Point | None:
        """The numbers of the plane under a point of the main picture; None: beside it."""
        main = self.places.main
        if not main.holds(point):
            return None
        bound = self._bound()
        x, y = ((p - c) / (main.width / 2) * bound for p, c in zip(point, main.center, strict=True))
        return x, -y

    def _bound(self) -> float:
        game, picture = self.session.live_run.game, self.session.picture_maker.picture
        if self.session.drawing:
            return REACH
        if isinstance(game, MixtureGame) and game.dimension == 2:
            return bound_of(game)
        return picture.bound if isinstance(picture, Phase) else 1.0

    def point(self, event: Pointer) -> None:
        """Draw, choose a view, or put the players somewhere."""
        if event.kind == "press":
            self._press(event)
        elif event.kind == "move" and self._button:
            self._dab(event.position)
        elif event.kind == "release" and self._button:
            self._button = 0
            if self._drew:
                self.play_drawing()

    def _press(self, event: Pointer) -> None:
        session = self.session
        if len(session.sides) > 1:
            pressed = next((side for side in (0, 1) if Layout(self.content, side).half.holds(event.position)), 0)
            if pressed != session.chosen:
                session.choose(pressed)
                return
        where = self.at(event.position)
        if session.drawing and where is not None:
            self._button, self._drew = event.button, False
            self._dab(event.position)
        elif where is not None and session.live_run.is_planar and event.button == 1:
            session.attempt(lambda: self._put(*where))
        elif isinstance(session.live_run.game, MixtureGame):
            for name, place in self.places.small.items():
                if place.holds(event.position):
                    self.show(name)

    def _put(self, psi: float, theta: float) -> None:
        self.session.put(psi, theta)
        self.session.say(f"from here: psi {psi:.3f}, theta {theta:.3f}")

    def _dab(self, position: Point) -> None:
        where, drawn = self.at(position), self.session.drawn_data
        if where is not None and (drawn.erase(where) if self._button == 3 else drawn.dab(where)):
            self._drew = True
            self.changed()

    def play_drawing(self) -> None:
        """Play for what was drawn, if anything was."""
        if self.session.drawing:
            self.session.attempt(self.session.play_drawing)

    def toggle_drawing(self) -> None:
        """Begin to draw, or end it.

        Raises:
            WiringError: There are two runs.
        """
        session = self.session
        if len(session.sides) > 1:
            raise WiringError("data are drawn for one run: B keeps the chosen one alone")
        session.drawing = not session.drawing
        if session.drawing:
            session.running = False
            if session.drawn_data.blobs:
                session.play_drawing()
            session.say("drag over the picture: data appear there; the right button erases; Space trains on them")
        else:
            session.say("the mouse does not draw any more")

    def clear_drawing(self) -> None:
        """Nothing drawn, and the mouse draws."""
        self.session.drawn_data.blobs = []
        if not self.session.drawing:
            self.toggle_drawing()
        self.session.say("nothing is drawn now; Ctrl+Z brings the drawing back")

    def set_width(self, width: float) -> None:
        """Another width of the blobs."""
        self.session.drawn_data.width = width
        self.changed()

    def show(self, view: str) -> None:
        """Look at something else.

        Raises:
            WiringError: The game has one picture only.
        """
        game = self.session.live_run.game
        if not isinstance(game, MixtureGame):
            raise WiringError(f"{game.name} has one picture, and no networks: the six views are of games of samples")
        if len(self.session.sides) > 1 and view == "networks":
            raise WiringError("the networks are shown of one run: B keeps the chosen one alone")
        self.session.view = view
        is_figure = game.dimension == 1 and view != "networks"
        self.session.say(
            "The figure: a game on a line has one picture beside the networks" if is_figure else VIEWS[view].help
        )

    def toggle_layer(self, name: str) -> None:
        """Show something over it, or hide it.

        Raises:
            WiringError: The game has nothing that can be hidden.
        """
        game = self.session.live_run.game
        if not isinstance(game, MixtureGame):
            raise WiringError(f"everything in the picture of {game.name} is always shown: it has no samples and arrows")
        self.session.layers ^= {name}
        words = (LINE_LAYERS if game.dimension == 1 else LAYERS)[name]
        self.session.say(f"{words}: {'shown' if name in self.session.layers else 'hidden'}")

    def attempt_change(self, change: Callable[[], Any]) -> None:
        """Change something; what cannot be is said."""
        self.session.attempt(change)
        self.changed()

    def set_rate(self, role: str, rate: float) -> None:
        """Another learning rate of a player; of both, in a game of two numbers."""
        name = f"{role}_rate" if self.session.live_run.of_samples else "rate"
        self.session.change(**{name: rate})

    def set_weight(self, weight: float) -> None:
        """Another weight of the penalty."""
        self.session.change(penalty_weight=weight)

    def set_k(self, steps: int) -> None:
        """Another number of steps of the discriminator."""
        if not isinstance(self.session.live_run.rule, Alternating):
            raise WiringError(f"the update {self.session.live_run.rule.name!r} has no k: that is alternating's")
        self.session.change(update=Alternating(steps))

    def change_k(self, by: int) -> None:
        """More or fewer steps of the discriminator."""
        self.set_k(max(1, self.session.live_run.rule.discriminator_steps + by))

    def scale_weight(self, by: float) -> None:
        """The penalty counts more or less."""
        self.set_weight(self.session.live_run.pair.env.game_state.penalty_weight * by)

    def scale_rates(self, by: float) -> None:
        """Both players learn faster or slower."""
        live_run = self.session.live_run
        if live_run.of_samples:
            rates = {f"{role}_rate": by * live_run.rate(role) for role in ("discriminator", "generator")}
            self.session.change(**rates)
        else:
            self.session.change(rate=by * live_run.rate("generator"))

    def ask_players(self) -> None:
        """Ask where the players go."""
        self.ask("Write the players to", self._file_name, files.save_players, writes=True)

    @property
    def _file_name(self) -> str:
        return f"{self.session.live_run.game.name}.safetensors"

    def save_work(self, then: Callable[[], Any]) -> None:
        """Ask where the players go, and go on when they are written."""

        def write(session: Session, name: str) -> None:
            files.save_players(session, name)
            then()

        self.ask("Write the players to", self._file_name, write, writes=True)

    def ask_page(self) -> None:
        """Ask where the page goes."""
        self.ask("Write the page to", "watch.html", files.export_page, writes=True)

    def ask_png(self) -> None:
        """Ask where the picture goes."""
        self.ask("Write the picture to", "watch.png", files.export_png, writes=True)

    def ask_gif(self) -> None:
        """Ask where the animation goes."""
        self.ask("Write the animation to", "watch.gif", files.export_gif, writes=True)
