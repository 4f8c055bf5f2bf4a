"""`gridworld explore --html`: those options of the window that a page has too."""

from pathlib import Path

from gridworld_env.errors import MapError
from gridworld_env.explorer.files import asked_document
from gridworld_env.explorer.page.write import write_explorer
from gridworld_env.ui.files.whole_file import check_place

MOST_STEPS = 1_000_000


def write_page_of(
    path: Path,
    name: str,
    discount: float,
    *,
    agent: str | None,
    steps: int,
    seed: int | None,
    scale: float,
    start: str | None,
    goal: str | None,
    empty: str | None,
) -> int:
    """Write the page of a map, and return its size in bytes.

    Raises:
        MapError: There is no such map, the page cannot show it, or an option is only for the window.
        ValueError: The name of the file does not end in .html.
        OSError: A file cannot be read or written.
    """
    check_place(path, ".html")
    if agent not in (None, "q-learning"):
        raise MapError(f"--agent is {agent!r}, but the page has only q-learning; leave out --html for the window")
    if agent is None and steps:
        raise MapError(f"--steps is {steps}, without an agent that makes them; expected --agent q-learning too")
    if steps > MOST_STEPS:
        raise MapError(f"--steps is {steps}; the page begins with at most {MOST_STEPS}")
    if scale != 1.0:
        raise MapError(f"--scale is {scale:g}, but it is only for the window; zoom the page in the browser")
    document, _ = asked_document(name, discount, start=start, goal=goal, empty=empty)
    called = f"{len(document.rows)} by {len(document.rows[0])}" if empty is not None else Path(name).name
    begun = None if agent is None else steps
    return write_explorer(path, document, called, seed=1 if seed is None else seed, steps=begun)
