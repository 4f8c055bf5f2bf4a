"""From the command line to the window."""

from typing import TYPE_CHECKING

from gridworld_env.agents import find_agent
from gridworld_env.explorer.app import Drawing, ExplorerApp
from gridworld_env.explorer.commands import COMMANDS
from gridworld_env.explorer.files import asked_document
from gridworld_env.explorer.session import Session
from gridworld_env.explorer.side_panel import make_panel
from gridworld_env.explorer.views import LEARN
from gridworld_env.rendering.pygame_canvas import import_pygame

if TYPE_CHECKING:
    from gridworld_env.ui.widgets.pygame_window import AppWindow


def launch(
    map_name: str,
    *,
    discount: float,
    start: str | None,
    goal: str | None,
    empty: str | None,
    scale: float,
    seed: int | None,
    agent: str | None = None,
    steps: int = 0,
) -> None:
    """Open the explorer on a map, and show it until it is closed; with an `agent`, in mode Learn after some steps.

    Raises:
        DependencyNotInstalled: pygame is missing.
        MapError: There is no such map or agent, or it cannot be used.
        OSError: The file cannot be read.
    """
    import_pygame()  # says what to install
    document, path = asked_document(map_name, discount, start=start, goal=goal, empty=empty)
    session = Session(document, path, seed)
    if agent is not None:
        watch_learner(session, agent, steps)
    open_explorer(session, scale=scale).run()


def watch_learner(session: Session, agent: str, steps: int) -> None:
    """Enter mode Learn with an agent that has made some steps.

    Raises:
        MapError: There is no such agent, or the map is too large for one.
    """
    find_agent(agent)
    session.learning.begin(agent)
    session.enter(LEARN)
    for _ in range(steps):
        session.learning.step()
    session.learned()


def open_explorer(session: Session, size: tuple[int, int] = (1240, 840), scale: float = 1.0) -> "AppWindow":
    """Open the window, without running it yet; `run` shows it until it is closed."""
    from gridworld_env.explorer.drawing.pygame_board import MapDrawing
    from gridworld_env.ui.widgets.pygame_window import AppWindow

    return AppWindow(make_app(session, MapDrawing()), size, scale)


def make_app(session: Session, drawing: Drawing) -> ExplorerApp:
    """The program of the window: commands, mouse and side panel around a session; `drawing` paints the map."""
    app = ExplorerApp(session, COMMANDS, drawing)
    app.panel = make_panel(app)
    return app
