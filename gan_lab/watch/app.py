"""The window's program: what is shown, and what the mouse does there. No pygame here."""

from collections.abc import Callable
from typing import Any

from gan_lab.errors import WiringError
from gan_lab.games import MixtureGame
from gan_lab.updates import Alternating
from gan_lab.watch import files
from gan_lab.watch.drawing.layout import Layout
from gan_lab.watch.drawn_data import REACH
from gan_lab.watch.sample_picture import bound_of
from gan_lab.watch.session import Scene, Session
from gan_lab.watch.views import LAYERS, VIEWS
from gridworld_env.ui.widgets.commands import CommandTable
from gridworld_env.ui.widgets.events import Pointer
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.shell import Shell

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
    def places(self) -> Layout:
        """Where the parts of the content are."""
        return Layout(self.content)

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
        if isinstance(game, MixtureGame):
            return bound_of(game)
        return picture.bound if picture is not None else 1.0

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
        where = self.at(event.position)
        session = self.session
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
        self.session.live_run.put(psi, theta)
        self.session.take_up(self.session.live_run)
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
        """Begin to draw, or end it."""
        session = self.session
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

    def set_width(self, width: float) -> None:
        """Another width of the blobs."""
        self.session.drawn_data.width = width
        self.changed()

    def show(self, view: str) -> None:
        """Look at something else."""
        self.session.view = view
        self.session.say(VIEWS[view].help)

    def toggle_layer(self, name: str) -> None:
        """Show something over it, or hide it."""
        self.session.layers ^= {name}
        self.session.say(f"{LAYERS[name]}: {'shown' if name in self.session.layers else 'hidden'}")

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

    def ask_png(self) -> None:
        """Ask where the picture goes."""
        self.ask("Write the picture to", "watch.png", files.export_png)

    def ask_gif(self) -> None:
        """Ask where the animation goes."""
        self.ask("Write the animation to", "watch.gif", files.export_gif)
