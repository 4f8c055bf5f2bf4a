"""The explorer as a program in a window: events become commands, and everything has its place. No pygame here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gridworld_env.explorer import files
from gridworld_env.explorer.commands import COMMANDS
from gridworld_env.explorer.desk import make_panel
from gridworld_env.explorer.explorer import Explorer
from gridworld_env.explorer.mouse import Mouse
from gridworld_env.explorer.viewport import Viewport
from gridworld_env.widgets import style
from gridworld_env.widgets.commands import Command
from gridworld_env.widgets.events import Closed, Dropped, Event, Key, Pointer
from gridworld_env.widgets.geometry import Point, Rect
from gridworld_env.widgets.help_sheet import paint_help
from gridworld_env.widgets.painter import Painter
from gridworld_env.widgets.prompt import Prompt

BoardPainter = Callable[["ExplorerApp", Any, Rect], None]


class ExplorerApp:
    """Maps events to commands, and paints.

    Args:
        explorer: What the commands act on.
        paint_board: Paints the map into a rectangle; the only part that depends on a drawing library.
    """

    def __init__(self, explorer: Explorer, paint_board: BoardPainter) -> None:
        """Lay out when the window is there."""
        self.explorer = explorer
        self.viewport = Viewport(1, 1)
        self.panel = make_panel(self)
        self.board = Rect(0, 0, 1, 1)
        self.density = 1.0
        self.hover: tuple[int, int] | None = None
        self.prompt: Prompt | None = None
        self.help_open = self.closing = False
        self._paint_board = paint_board
        self._changes = 0
        self._hinted: tuple[str, bool] | None = None  # the status when the mouse last moved
        self.mouse = Mouse(self)

    @property
    def title(self) -> str:
        """What the window's frame says."""
        return f"{self.explorer.name} - gridworld explore"

    @property
    def busy(self) -> bool:
        """Whether something runs, or a stroke of the brush waits to be painted."""
        return self.explorer.job is not None or self.mouse.waits

    @property
    def stamp(self) -> object:
        """Another one when the window has to be painted again."""
        return self.explorer.stamp, self._changes

    @property
    def hint(self) -> str:
        """What is under the mouse, until there is something newer to say."""
        return self.panel.hint() if self.explorer.status is self._hinted else ""

    def run(self, command: Command["ExplorerApp"]) -> None:
        """Run a command; what cannot be done is said."""
        self.explorer.attempt(lambda: command.run(self))
        self._changes += 1

    def handle(self, event: Event) -> None:
        """Answer an event."""
        if isinstance(event, Closed):
            self.closing = True
        elif isinstance(event, Dropped):
            self.explorer.attempt(lambda: files.load(self.explorer, event.path))
        elif isinstance(event, Key):
            self._key(event)
        else:
            self._pointer(event)

    def _key(self, key: Key) -> None:
        self._changes += 1
        if self.prompt is not None:
            prompt = self.prompt
            self.explorer.attempt(lambda: prompt.key(key))
            if not prompt.open and self.prompt is prompt:
                self.prompt = None
            return
        command = COMMANDS.of_stroke(key.stroke)
        if self.help_open and (command is None or command.name != "help"):
            self.help_open = False
            if command is None or command.name == "stop":
                return
        if command is not None:
            self.run(command)

    def _pointer(self, event: Pointer) -> None:
        if self.help_open:
            if event.kind == "press":
                self.toggle_help()
            return
        hint, status = self.hint, self.explorer.status
        if not self.mouse.holds and self.panel.pointer(event):
            self._changes += 1
            self.hover, self._hinted = None, status
            return
        self._hinted = status
        self._changes += hint != self.hint
        square = self.square_at(event.position)
        if square != self.hover:
            self.hover = square
            self._changes += 1
        self.mouse.answer(event, square)

    def advance(self, now: float) -> None:
        """Paint the stroke so far, and go on with what runs."""
        self.mouse.flush()
        self.explorer.advance(now)

    def paint(self, painter: Painter, rect: Rect) -> None:
        """Paint everything."""
        self.lay_out(rect, getattr(painter, "scale", 1.0))
        painter.fill(self.board, style.DESK)
        self._paint_board(self, painter, self.board)
        self.panel.paint(painter)
        self._paint_status(painter, Rect(0, self.board.bottom, rect.width, rect.height - self.board.bottom))
        if self.help_open:
            paint_help(painter, rect, "gridworld explore: every key (the mouse paints, its wheel zooms)", COMMANDS)

    def lay_out(self, rect: Rect, density: float) -> None:
        """Give the board, the panel and the status line their places."""
        self.density = density
        wide, high = rect.width - style.PANEL_WIDTH, rect.height - style.STATUS_HEIGHT
        self.board = Rect(0, 0, wide, high)
        self.panel.rect = Rect(wide, 0, style.PANEL_WIDTH, high)
        self.panel.scroll(0)
        grid = self.explorer.sketch.grid
        self.viewport.show(grid.height, grid.width, round(wide * density), round(high * density), density)

    def _paint_status(self, painter: Painter, rect: Rect) -> None:
        text, refusal = self.explorer.status
        problem = self.explorer.problem
        if self.prompt is not None:
            text, refusal = f"{self.prompt.question} {self.prompt.answer}|   (Enter: yes, Escape: no)", False
        elif self.hint:
            text, refusal = self.hint, False
        elif problem and not refusal:
            text, refusal = problem, True
        painter.fill(rect, style.PAPER)
        painter.fill(Rect(rect.x, rect.y, rect.width, 1), style.EDGE)
        ink = style.ERROR if refusal else style.INK
        painter.text(("Cannot: " if refusal else "") + text, rect.inset(6), style.TEXT, ink, "left")

    def square_at(self, point: Point) -> tuple[int, int] | None:
        """(row, column) of the map under a point."""
        if not self.board.holds(point):
            return None
        return self.viewport.square(point[0] * self.density, point[1] * self.density)

    def move_cursor(self, rows: int, columns: int) -> None:
        """Move the keyboard's cursor."""
        grid, (row, column) = self.explorer.sketch.grid, self.explorer.cursor
        row, column = min(grid.height - 1, max(0, row + rows)), min(grid.width - 1, max(0, column + columns))
        self.explorer.cursor = (row, column)
        self.viewport.reveal(row, column)

    def use_cursor(self, brush: str | None = None) -> None:
        """Use a tool on the cursor's square."""
        self.explorer.use([self.explorer.cursor], brush)

    def pan(self, right: float, down: float) -> None:
        """Push the map, by points."""
        self.viewport.pan(round(right * self.density), round(down * self.density))
        self._changes += 1

    def zoom(self, notches: int, point: Point | None = None) -> None:
        """Larger or smaller squares, around a point."""
        x, y = self.board.center if point is None else point
        self.viewport.zoom(notches, round(x * self.density), round(y * self.density))
        self._changes += 1

    def fit(self) -> None:
        """Show the whole map."""
        self.viewport.fit()

    def toggle_help(self) -> None:
        """Show or close the sheet of keys."""
        self.help_open = not self.help_open
        self._changes += 1

    def escape(self) -> None:
        """Stop what runs."""
        self.explorer.stop()

    def quit(self) -> None:
        """Close the window."""
        self.closing = True

    def ask(self, question: str, answer: str, then: Callable[[Explorer, str], Any]) -> None:
        """Ask for a name in the status line."""
        self.prompt = Prompt(question, answer, lambda name: then(self.explorer, name))

    def save(self, *, ask: bool = False) -> None:
        """Save to the file that the map came from, or ask for a name."""
        path = self.explorer.path
        if ask or path is None:
            self.ask("Save the map as", str(path or "map.json"), files.save)
        else:
            files.save(self.explorer, str(path))

    def ask_open(self) -> None:
        """Ask for a map."""
        self.ask("Open map or file", "", files.load)

    def ask_png(self) -> None:
        """Ask where the picture goes."""
        self.ask("Write the picture to", str(Path("explore.png")), files.export_png)

    def ask_gif(self) -> None:
        """Ask where the animation goes."""
        self.ask("Write the animation to", str(Path("explore.gif")), files.export_gif)
