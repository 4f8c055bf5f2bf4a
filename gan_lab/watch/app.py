"""The window's program: what is on the board, and what the mouse does there. No pygame here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan_lab.errors import WiringError
from gan_lab.games import MixtureGame
from gan_lab.updates import Alternating
from gan_lab.watch import files
from gan_lab.watch.commands import COMMANDS
from gan_lab.watch.drawing.layout import Layout
from gan_lab.watch.drawn_data import REACH
from gan_lab.watch.recording import Scene
from gan_lab.watch.sample_picture import bound_of
from gan_lab.watch.session import Session
from gan_lab.watch.side_panel import make_panel
from gan_lab.watch.views import LAYERS, VIEWS
from gridworld_env.ui.widgets.events import Pointer
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.shell import Shell

BoardPainter = Callable[[Any, Rect, Scene], None]


class WatchApp(Shell):
    """The shell around a watcher.

    Args:
        watcher: What the commands act on.
        paint_board: Paints a scene into a rectangle; the only part that depends on a drawing library.
    """

    def __init__(self, watcher: Session, paint_board: BoardPainter) -> None:
        """Lay out when the window is there."""
        super().__init__(watcher, COMMANDS, "gan-lab watch: every key (click a small picture to enlarge it)")
        self.watcher = watcher
        self.painter = paint_board
        self.panel = make_panel(self)
        self._brush = 0  # the button that draws
        self._drew = False

    @property
    def title(self) -> str:
        """What the window's frame says."""
        return f"{self.watcher.match.game.name} - gan-lab watch"

    @property
    def busy(self) -> bool:
        """Whether something goes on without an event."""
        return self.watcher.busy

    @property
    def holds(self) -> bool:
        """Whether the mouse is held and went down on the board."""
        return self._brush > 0

    @property
    def places(self) -> Layout:
        """Where the parts of the board are."""
        return Layout(self.board)

    def paint_board(self, painter: Any, rect: Rect) -> None:
        """Paint the scene."""
        self.painter(painter, rect, self.watcher.scene)

    def at(self, point: Point) -> Point | None:
        """The numbers of the plane under a point of the main picture; None: beside it."""
        main = self.places.main
        if not main.holds(point):
            return None
        bound = self._bound()
        x, y = ((p - c) / (main.width / 2) * bound for p, c in zip(point, main.center, strict=True))
        return x, -y

    def _bound(self) -> float:
        game, picture = self.watcher.match.game, self.watcher.studio.picture
        if self.watcher.drawing:
            return REACH
        if isinstance(game, MixtureGame):
            return bound_of(game)
        return picture.bound if picture is not None else 1.0

    def point(self, event: Pointer) -> None:
        """Draw, choose a view, or put the players somewhere."""
        if event.kind == "press":
            self._press(event)
        elif event.kind == "move" and self._brush:
            self._dab(event.position)
        elif event.kind == "release" and self._brush:
            self._brush = 0
            if self._drew:
                self.play_drawing()

    def _press(self, event: Pointer) -> None:
        where = self.at(event.position)
        watcher = self.watcher
        if watcher.drawing and where is not None:
            self._brush, self._drew = event.button, False
            self._dab(event.position)
        elif where is not None and watcher.match.is_planar and event.button == 1:
            watcher.attempt(lambda: self._put(*where))
        elif isinstance(watcher.match.game, MixtureGame):
            for name, place in self.places.small.items():
                if place.holds(event.position):
                    self.show(name)

    def _put(self, psi: float, theta: float) -> None:
        self.watcher.match.put(psi, theta)
        self.watcher.take_up(self.watcher.match)
        self.watcher.say(f"from here: psi {psi:.3f}, theta {theta:.3f}")

    def _dab(self, position: Point) -> None:
        where, pad = self.at(position), self.watcher.sketchpad
        if where is not None and (pad.erase(where) if self._brush == 3 else pad.dab(where)):
            self._drew = True
            self.changed()

    def play_drawing(self) -> None:
        """Play for what was drawn, if anything was."""
        if self.watcher.drawing:
            self.watcher.attempt(self.watcher.play_drawing)

    def toggle_drawing(self) -> None:
        """Take up the brush, or put it down."""
        watcher = self.watcher
        watcher.drawing = not watcher.drawing
        if watcher.drawing:
            watcher.running = False
            if watcher.sketchpad.blobs:
                watcher.play_drawing()
            watcher.say("drag over the picture: data appear there; the right button erases; Space trains on them")
        else:
            watcher.say("the brush is put down")

    def clear_drawing(self) -> None:
        """An empty paper, and the brush in hand."""
        self.watcher.sketchpad.blobs = []
        if not self.watcher.drawing:
            self.toggle_drawing()

    def set_width(self, width: float) -> None:
        """Another width of the blobs."""
        self.watcher.sketchpad.width = width
        self.changed()

    def show(self, view: str) -> None:
        """Look at something else."""
        self.watcher.view = view
        self.watcher.say(VIEWS[view].help)

    def toggle_layer(self, name: str) -> None:
        """Show something over it, or hide it."""
        self.watcher.layers ^= {name}
        self.watcher.say(f"{LAYERS[name]}: {'shown' if name in self.watcher.layers else 'hidden'}")

    def attempt_change(self, change: Callable[[], Any]) -> None:
        """Change something; what cannot be is said."""
        self.watcher.attempt(change)
        self.changed()

    def set_rate(self, role: str, rate: float) -> None:
        """Another learning rate of a player; of both, in a game of two numbers."""
        name = f"{role}_rate" if self.watcher.match.of_samples else "rate"
        self.watcher.change(**{name: rate})

    def set_weight(self, weight: float) -> None:
        """Another weight of the penalty."""
        self.watcher.change(penalty_weight=weight)

    def set_k(self, steps: int) -> None:
        """Another number of steps of the discriminator."""
        if not isinstance(self.watcher.match.rule, Alternating):
            raise WiringError(f"the update {self.watcher.match.rule.name!r} has no k: that is alternating's")
        self.watcher.change(update=Alternating(steps))

    def change_k(self, by: int) -> None:
        """More or fewer steps of the discriminator."""
        self.set_k(max(1, self.watcher.match.rule.discriminator_steps + by))

    def scale_weight(self, by: float) -> None:
        """The penalty counts more or less."""
        self.set_weight(self.watcher.match.pair.env.game_state.penalty_weight * by)

    def scale_rates(self, by: float) -> None:
        """Both players learn faster or slower."""
        match = self.watcher.match
        if match.of_samples:
            rates = {f"{role}_rate": by * match.rate(role) for role in ("discriminator", "generator")}
            self.watcher.change(**rates)
        else:
            self.watcher.change(rate=by * match.rate("generator"))

    def ask_png(self) -> None:
        """Ask where the picture goes."""
        self.ask("Write the picture to", str(Path("watch.png")), lambda name: files.export_png(self.watcher, name))

    def ask_gif(self) -> None:
        """Ask where the animation goes."""
        self.ask("Write the animation to", str(Path("watch.gif")), lambda name: files.export_gif(self.watcher, name))
