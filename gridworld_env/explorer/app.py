"""The explorer as a program in a window: what is shown, and what the mouse does there. No pygame here."""

from collections.abc import Callable
from typing import Any, Final

from gridworld_env.errors import MapError
from gridworld_env.explorer import files
from gridworld_env.explorer.drawing.curves import paint_curves
from gridworld_env.explorer.drawing.formula_strip import FORMULA_HEIGHT, paint_formula
from gridworld_env.explorer.drawing.viewport import Viewport
from gridworld_env.explorer.menus import agents_menu, maps_menu, scenarios_menu
from gridworld_env.explorer.mouse import Mouse
from gridworld_env.explorer.session import Session
from gridworld_env.explorer.views import HAND, LEARN, PLAN
from gridworld_env.ui.widgets.commands import Command, CommandTable
from gridworld_env.ui.widgets.events import Pointer
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.shell import Shell

CURVES_HEIGHT: Final = 170.0  # points, below the map
Drawing = Callable[["ExplorerApp", Any, Rect], None]


class ExplorerApp(Shell[Session]):
    """The shell around a session.

    Args:
        session: What the commands act on.
        commands: All of them.
        paint_content: Paints the map into a rectangle; the only part that depends on a drawing library.
    """

    def __init__(self, session: Session, commands: CommandTable["ExplorerApp"], paint_content: Drawing) -> None:
        """Keep the session; the layout is made when the window is open."""
        super().__init__(session, commands, "gridworld explore: every key (the mouse paints, its wheel zooms)")
        self.viewport: Viewport = Viewport(1, 1)
        self.hover: tuple[int, int] | None = None
        self._drawing = paint_content
        self.mouse: Mouse = Mouse(session, self.zoom, self.pan)

    @property
    def title(self) -> str:
        """What the window's frame says."""
        return f"{self.session.name} - gridworld explore"

    @property
    def busy(self) -> bool:
        """Whether something runs, or a stroke of a tool waits to be painted."""
        return super().busy or self.mouse.waits

    @property
    def holds(self) -> bool:
        """Whether the mouse is held and went down on the map."""
        return self.mouse.holds

    def point(self, event: Pointer) -> None:
        """Answer the mouse over the map."""
        square = self.square_at(event.position)
        if square != self.hover:
            self.hover = square
            self.changed()
        self.mouse.answer(event, square)

    def leave(self) -> None:
        """No square is under the mouse."""
        self.hover = None

    def drop(self, path: str) -> None:
        """Show the map of a file."""
        self.if_may_lose(lambda: files.load(self.session, path))

    def run(self, command: Command[Any]) -> None:
        """Run a command; one of planning, or of its agent, shows planning."""
        mode, an_arrow = self.session.mode, command.name.startswith("act ")
        if command.group in ("Plan", "Agent") and mode != PLAN and not (mode == HAND and an_arrow):
            self.session.enter(PLAN)
        super().run(command)

    def advance(self, now: float) -> None:
        """Paint the stroke so far, and go on with what runs."""
        self.mouse.flush()
        super().advance(now)

    def paint_content(self, painter: Any, rect: Rect) -> None:
        """Paint the map, and the curves of a learner below it."""
        self._drawing(self, painter, self.map_rect)
        top = self.map_rect.bottom
        below = Rect(rect.x, top, rect.width, rect.bottom - top)
        if self.session.mode == LEARN:
            paint_curves(painter, below, self.session)
        elif self.session.tool == "look":
            paint_formula(painter, below, self.session)

    @property
    def map_rect(self) -> Rect:
        """Where the map is: above the curves or the formula, where there are some."""
        strip = CURVES_HEIGHT if self.session.mode == LEARN else FORMULA_HEIGHT if self.session.tool == "look" else 0.0
        below = min(strip, self.content.height / 3)
        return Rect(self.content.x, self.content.y, self.content.width, self.content.height - below)

    def place_content(self) -> None:
        """Fit the map in."""
        grid, density, room = self.session.document.grid, self.density, self.map_rect
        self.viewport.show(grid.height, grid.width, round(room.width * density), round(room.height * density), density)

    def square_at(self, point: Point) -> tuple[int, int] | None:
        """(row, column) of the map under a point."""
        if not self.map_rect.holds(point):
            return None
        return self.viewport.square(point[0] * self.density, point[1] * self.density)

    def move_cursor(self, rows: int, columns: int) -> None:
        """Move the keyboard's cursor."""
        grid, (row, column) = self.session.document.grid, self.session.cursor
        row, column = min(grid.height - 1, max(0, row + rows)), min(grid.width - 1, max(0, column + columns))
        self.session.cursor = (row, column)
        self.viewport.reveal(row, column)

    def use_cursor(self, tool: str | None = None) -> None:
        """Use a tool on the cursor's square."""
        self.session.use([self.session.cursor], tool)

    def pan(self, right: float, down: float) -> None:
        """Push the map, by points."""
        self.viewport.pan(round(right * self.density), round(down * self.density))
        self.changed()

    def zoom(self, notches: int, point: Point | None = None) -> None:
        """Larger or smaller squares, around a point."""
        x, y = self.map_rect.center if point is None else point
        self.viewport.zoom(notches, round(x * self.density), round(y * self.density))
        self.changed()

    def fit(self) -> None:
        """Show the whole map."""
        self.viewport.fit()

    def save(self, *, ask: bool = False, then: Callable[[], Any] = lambda: None) -> None:
        """Save to the file that the map came from, or ask for a name; and go on."""
        path = self.session.path

        def write(session: Session, name: str) -> None:
            files.save(session, name)
            then()

        if ask or path is None:
            self.ask("Save the map as", str(path or "map.json"), write, writes=True)
        elif files.changed_elsewhere(self.session, path):
            self.if_may_replace(str(path), lambda: write(self.session, str(path)))
        else:
            write(self.session, str(path))

    def save_work(self, then: Callable[[], Any]) -> None:
        """Save the map before it would be lost."""
        self.save(then=then)

    def ask_open(self) -> None:
        """Ask for a map by its name."""
        self.if_may_lose(lambda: self.ask("Open map or file", "", files.load))

    def choose_map(self) -> None:
        """Show every map with its picture."""
        menu = maps_menu(self.session, lambda: self.ask("Open map or file", "", files.load))
        self.if_may_lose(lambda: self.lay_over(menu))

    def choose_scenario(self) -> None:
        """Show the scenarios of a MovingAI map."""
        path = self.session.scenarios
        if path is None:
            raise MapError("this map has no scenarios; open a MovingAI .map file that has a .scen file beside it")

        def ask() -> None:
            self.ask(
                "Number of the scenario", "0", lambda session, text: files.load_scenario(session, path, _int(text))
            )

        self.lay_over(scenarios_menu(self.session, path, ask))

    def choose_agent(self) -> None:
        """Show the agents that can learn."""
        self.lay_over(agents_menu(self.session))

    def ask_png(self) -> None:
        """Ask where the picture goes."""
        self.ask("Write the picture to", "explore.png", files.export_png, writes=True)

    def ask_gif(self) -> None:
        """Ask where the animation goes."""
        self.ask("Write the animation to", "explore.gif", files.export_gif, writes=True)

    def ask_page(self) -> None:
        """Ask where the page goes."""
        self.ask("Write the page to", "explore.html", files.export_page, writes=True)


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise MapError(f"{text!r} is no number of a scenario; expected a whole number from 0") from None
