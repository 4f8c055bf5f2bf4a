"""A program in a window: its content on the left, a panel on the right, a line of status below. No pygame here."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.commands import Command, CommandTable, stroke_label
from gridworld_env.ui.widgets.controls import Button, Buttons
from gridworld_env.ui.widgets.events import Closed, Dropped, Event, Key, Pointer
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.help_sheet import paint_help
from gridworld_env.ui.widgets.painter import Painter
from gridworld_env.ui.widgets.panel import Panel
from gridworld_env.ui.widgets.questions import Questions, S
from gridworld_env.ui.widgets.text_flow import wrapped

SIZES: Final = (1.0, 1.25, 1.5, 2.0)  # of everything in the window, beside what `--scale` says


SCROLLS: Final = {"up": -40.0, "down": 40.0, "pageup": -400.0, "pagedown": 400.0}  # points, of the sheet of keys


class Shell(Questions[S]):
    """Maps events to commands, and paints; the content is the subclass's affair.

    Args:
        session: What the commands act on.
        commands: All of them.
        help_title: Headline of the sheet of keys.

    Attributes:
        panel: Given by whoever makes the shell, as its controls ask the shell.
        content: Where the content is.
        density: Pixels a point.
        full_screen: Whether the window fills the screen.
        enlarged: How many times larger everything is than `--scale` says.
    """

    panel: Panel

    def __init__(self, session: S, commands: CommandTable[Any], help_title: str) -> None:
        """Keep the session; the layout is made when the window is open."""
        super().__init__(session)
        self._commands, self._help_title = commands, help_title
        self.content: Rect = Rect(0, 0, 1, 1)
        self.density: float = 1.0
        self.help_open = self.full_screen = False
        self.help_scrolled, self._help_hidden = 0.0, 0.0
        self.enlarged: float = SIZES[0]
        self._hinted: tuple[str, bool] | None = None  # the status when the mouse last moved

    @property
    def title(self) -> str:
        """What the window's frame says."""
        return self._help_title

    @property
    def busy(self) -> bool:
        """Whether something goes on that needs `advance` without an event."""
        return self.session.busy

    @property
    def stamp(self) -> object:
        """Another one when the window has to be painted again."""
        return self.session.stamp, self._changes

    @property
    def hint(self) -> str:
        """What is under the mouse, until there is something newer to say."""
        return self.panel.hint() if self.session.status is self._hinted else ""

    @property
    def holds(self) -> bool:
        """Whether the mouse is held and went down on the content."""
        return False

    def point(self, event: Pointer) -> None:
        """Answer the mouse over the content, or where it went down there."""

    def leave(self) -> None:
        """The mouse is over the panel now."""

    def drop(self, path: str) -> None:
        """Answer a file that was dropped on the window."""

    def paint_content(self, painter: Any, rect: Rect) -> None:
        """Paint the content."""

    def place_content(self) -> None:
        """The content has another place or size."""

    def run(self, command: Command[Any]) -> None:
        """Run a command; what cannot be done is said."""
        self.session.attempt(lambda: command.run(self))
        self.changed()

    def button(
        self, name: str, lit: Callable[[], bool] = lambda: False, title: Callable[[], str] | None = None
    ) -> Button:
        """A button that runs the command of that name; its title is the command's where there is no other."""
        command = self._commands[name]
        keys = " or ".join(map(stroke_label, command.keys))
        return Button(title or command.title, lambda: self.run(command), f"{command.help} ({keys})", lit)

    def buttons(self, names: Sequence[str], columns: int, lit: Callable[[str], bool] = lambda name: False) -> Buttons:
        """Buttons that run commands; `lit` says by name which of them are on."""
        return Buttons([self.button(name, lambda name=name: lit(name)) for name in names], columns)

    def handle(self, event: Event) -> None:
        """Answer an event."""
        if isinstance(event, Closed):
            self.quit()
        elif isinstance(event, Dropped):
            self.session.attempt(lambda: self.drop(event.path))
        elif isinstance(event, Key):
            self._key(event)
        else:
            self._pointer(event)

    def _key(self, key: Key) -> None:
        self.changed()
        if self.overlay is not None:
            self.answer_overlay(lambda overlay: overlay.key(key))
            return
        if self.prompt is not None:
            prompt = self.prompt
            self.session.attempt(lambda: prompt.key(key))
            if not prompt.open and self.prompt is prompt:
                self.prompt = None
            return
        command = self._commands.of_stroke(key.stroke) or self._commands.of_stroke(key.other)
        if self.help_open and key.stroke in SCROLLS:
            self._scroll_help(SCROLLS[key.stroke])
            return
        if self.help_open and (command is None or command.name != "help"):
            self.help_open: bool = False
            if command is None or command.name == "stop":
                return
        if key.stroke == "escape" and self.full_screen and not self.session.busy:
            self.toggle_full_screen()
        elif command is not None:
            self.run(command)

    def _scroll_help(self, by: float) -> None:
        self.help_scrolled = min(self._help_hidden, max(0.0, self.help_scrolled + by))
        self.changed()

    def _pointer(self, event: Pointer) -> None:
        if self.overlay is not None:
            self.answer_overlay(lambda overlay: overlay.pointer(event))
            return
        if self.help_open:
            if event.kind == "press":
                self.toggle_help()
            elif event.kind == "wheel":
                self._scroll_help(-3 * style.LINE_HEIGHT * event.wheel)
            return
        hint, status = self.hint, self.session.status
        if not self.holds and self.panel.pointer(event):
            self.changed()
            if event.kind == "press" or not event.button:  # else the hint would hide what a slider has just done
                self._hinted = status
            self.leave()
            return
        self._hinted = status
        self._changes += hint != self.hint
        self.point(event)

    def advance(self, now: float) -> None:
        """Go on with what runs."""
        self.session.advance(now)

    def paint(self, painter: Painter, rect: Rect) -> None:
        """Paint everything."""
        self.lay_out(rect, getattr(painter, "scale", 1.0))
        painter.fill(self.content, style.BACKGROUND)
        self.paint_content(painter, self.content)
        self.panel.paint(painter)
        self._paint_status(painter, Rect(0, self.content.bottom, rect.width, rect.height - self.content.bottom))
        if self.help_open:
            self._help_hidden = paint_help(painter, rect, self._help_title, self._commands, self.help_scrolled)
        if self.overlay is not None:
            self.overlay.paint(painter, rect)

    def lay_out(self, rect: Rect, density: float) -> None:
        """Give the content, the panel and the status line their places."""
        self.density = density
        wide, high = rect.width - style.PANEL_WIDTH, rect.height - style.STATUS_HEIGHT
        self.content = Rect(0, 0, wide, high)
        self.panel.rect = Rect(wide, 0, style.PANEL_WIDTH, high)
        self.panel.scroll(0)
        self.place_content()

    def _paint_status(self, painter: Painter, rect: Rect) -> None:
        text, refusal = self.session.status
        problem = self.session.problem
        if self.prompt is not None:
            text, refusal = f"{self.prompt.question} {self.prompt.answer}|   (Enter: yes, Escape: no)", False
        elif self.hint:
            text, refusal = self.hint, False
        elif problem and not refusal:
            text, refusal = problem, True
        ink, room = style.ERROR if refusal else style.INK, rect.inset(6)
        told = ("Cannot: " if refusal else "") + text
        lines = wrapped(told, room.width, lambda part: painter.text_width(part, style.TEXT))
        line = style.LINE_HEIGHT
        grown = line * (len(lines) - 1)  # what takes more lines lies over the content for as long as it is said
        rect = Rect(rect.x, rect.y - grown, rect.width, rect.height + grown)
        painter.fill(rect, style.PAPER)
        painter.fill(Rect(rect.x, rect.y, rect.width, 1), style.EDGE)
        for number, part in enumerate(lines):
            place = Rect(room.x, room.y - grown + number * line, room.width, line)
            painter.text(part, place, style.TEXT, ink, "left")

    def toggle_help(self) -> None:
        """Show or close the sheet of keys."""
        self.help_open, self.help_scrolled = not self.help_open, 0.0
        self.changed()

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to a window."""
        self.full_screen = not self.full_screen
        self.session.say("F11 or Escape leaves the full screen" if self.full_screen else "in a window again")

    def enlarge(self) -> None:
        """Everything in the next larger size, and after the largest in the first again: for a projector."""
        self.enlarged = next((size for size in SIZES if size > self.enlarged), SIZES[0])
        self.session.say(f"everything is {self.enlarged:g} times as large as at first")
