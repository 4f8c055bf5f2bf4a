"""What can be chosen from a menu: maps with their pictures, scenarios of a MovingAI map, agents."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from gridworld_env.agents import AGENTS
from gridworld_env.explorer import files
from gridworld_env.explorer.handlers import learn_again
from gridworld_env.explorer.scenarios import offered, scenario_title, scenarios_of
from gridworld_env.explorer.session import Session
from gridworld_env.grid.grid import Grid, parse_grid
from gridworld_env.maps.textbook_worlds import WORLDS
from gridworld_env.rendering import theme
from gridworld_env.rendering.scene import Scene
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.menu import Item, Menu
from gridworld_env.ui.widgets.painter import Painter

MOST_SQUARES: Final = 60  # along the longer side of a picture


def maps_menu(session: Session, open_file: Callable[[], None]) -> Menu:
    """Every map that has a name, and what else a map can be."""
    items = [
        Item("From a file ...", "A map as JSON or text, an image, or a MovingAI map with its scenarios.", open_file)
    ]
    for name, world in WORLDS.items():
        grid = parse_grid(world.desc, world.legend)
        size = f"{grid.height} by {grid.width}"
        run = lambda name=name: files.load(session, name)  # noqa: E731 - of this name
        items.append(Item(name, f"{size}. {world.source}", run, picture_of(grid)))
    return Menu("Choose a map: arrow keys and Enter, or a click. Escape goes back", items, 1)


def picture_of(grid: Grid) -> Callable[[Painter, Rect], None]:
    """What paints a map into a small rectangle: the colours of its squares."""
    step = -(-max(grid.height, grid.width) // MOST_SQUARES)
    colors = Scene(grid).colors[::step, ::step].tolist()

    def paint(painter: Painter, rect: Rect) -> None:
        side = max(1.0, min(rect.width / len(colors[0]), rect.height / len(colors)))
        left, top = rect.x + (rect.width - side * len(colors[0])) / 2, rect.y + (rect.height - side * len(colors)) / 2
        gap = 1.0 if side >= 5 else 0.0
        painter.fill(Rect(left - 1, top - 1, side * len(colors[0]) + 1, side * len(colors) + 1), theme.MUTED)
        for row, line in enumerate(colors):
            for column, (red, green, blue) in enumerate(line):
                square = Rect(left + column * side, top + row * side, side - gap, side - gap)
                painter.fill(square, (red, green, blue))

    return paint


def scenarios_menu(session: Session, path: Path, ask: Callable[[], None]) -> Menu:
    """Scenarios of a MovingAI map, and a way to ask for every other one."""
    known = scenarios_of(path)
    items = [Item("By its number ...", f"There are {len(known)}: from 0 to {len(known) - 1}.", ask)]
    for number in offered(path):
        run = lambda number=number: files.load_scenario(session, path, number)  # noqa: E731 - of this number
        items.append(Item(f"Scenario {number}", scenario_title(known[number]), run))
    return Menu(f"Scenarios of {path.name}. Escape goes back", items, min(1, len(items) - 1))


def agents_menu(session: Session) -> Menu:
    """The agents that learn."""
    items = [
        Item(offer.title, offer.about, lambda name=name: learn_again(session, name=name))
        for name, offer in AGENTS.items()
    ]
    return Menu("Choose an agent: arrow keys and Enter, or a click", items, list(AGENTS).index(session.learning.name))
