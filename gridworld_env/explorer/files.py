"""Maps in and out, and pictures out. Nothing is overwritten by half a file, and nothing is lost by a wrong name."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.errors import MapError
from gridworld_env.explorer.map_document import MapDocument, empty_document, make_document
from gridworld_env.explorer.scenarios import has_scenarios, map_of, scenario_document, scenario_text
from gridworld_env.explorer.session import Session, Snapshot
from gridworld_env.maps.files import IMAGES, SUFFIXES, read_map_file
from gridworld_env.maps.images import load_image
from gridworld_env.maps.movingai import load_movingai
from gridworld_env.maps.options import place_option, refuse_options_of_files
from gridworld_env.maps.textbook_worlds import WORLDS
from gridworld_env.ui.files.whole_file import write_whole
from gridworld_env.ui.widgets.animations import animation_steps, picture_path
from gridworld_env.ui.widgets.jobs import Job
from planners.options import check_discount

GIF_SIDE: Final = 640  # pixels of the longest side of an animation
GIF_CELL: Final = 144  # pixels of a square, at most: the caption of a map of four columns is not cut then
GIF_RATE: Final = 8.0  # pictures a second
PAGE_RATE: Final = 4.0


def read_document(name: str, discount: float, **places: Any) -> tuple[MapDocument, Path | None]:
    """The document of a named map or of a file, and the file if saving can write to it.

    Raises:
        MapError: There is no such map, or it cannot be used.
        OSError: The file cannot be read.
    """
    if name not in WORLDS and (Path(name).exists() or Path(name).suffix.lower() in SUFFIXES):
        path = map_of(Path(name))
        if places.get("goal") is None and has_scenarios(path):
            return scenario_document(path, 0), None
        return make_document(read_map_file(path, **places), discount), path if path.suffix.lower() == ".json" else None
    refuse_options_of_files(name, places)
    return make_document({"map_name": name}, discount), None


def asked_document(
    name: str, discount: float, *, start: str | None, goal: str | None, empty: str | None
) -> tuple[MapDocument, Path | None]:
    """The document that the options of `gridworld explore` ask for, and the file if saving can write to it.

    Raises:
        MapError: There is no such map, or it cannot be used.
        InvalidOptionError: The discount is no number from 0 to 1.
        OSError: The file cannot be read.
    """
    check_discount(discount)
    if empty is not None:
        refuse_options_of_files(f"--empty {empty}", {"start": start, "goal": goal})
        rows, columns = place_option("empty", empty) or (0, 0)
        return empty_document(rows, columns).with_discount(discount), None
    return read_document(name, discount, start=place_option("start", start), goal=place_option("goal", goal))


def load(session: Session, name: str) -> None:
    """Show another map; undoing leads back to the one before.

    A MovingAI map shows its first scenario where it has some. One without, and an image, is shown without a goal: the
    user paints it.
    """
    path = Path(name)
    if name not in WORLDS and path.is_file() and path.suffix.lower() in IMAGES:
        show_document(session, make_document(load_image(path), session.document.discount), None, name)
    elif name not in WORLDS and path.is_file() and path.suffix.lower() == ".map" and not has_scenarios(path):
        show_document(session, make_document(load_movingai(path), session.document.discount), None, name)
    else:
        show_document(session, *read_document(name, session.document.discount), name)
        if has_scenarios(map_of(path)):
            session.scenarios = map_of(path)
            session.say(f"{name}: the first scenario; Shift+O chooses another one")


def load_scenario(session: Session, path: Path, number: int) -> None:
    """Show a scenario of a MovingAI map."""
    document, told = scenario_document(path, number), scenario_text(path, number)
    show_document(session, document, None, f"{path.name}, scenario {number}")
    session.scenarios = path
    session.say(told)


def show_document(session: Session, document: MapDocument, path: Path | None, name: str) -> None:
    """Show another map, which came from the file `path`, or from none that saving can write to."""
    session.stop()
    session.agent.lift()
    session.change(document)
    session.path, session.saved, session.scenarios = path, document, None
    session.saved_at = None if path is None else _time_of(path)
    session.planning.reset()
    session.forget()
    session.changed()
    grid = document.grid
    ends = "" if grid.terminal.any() else "; it has no terminal square, so no episode ends: paint one with T"
    session.say(f"{name}: {grid.height} rows, {grid.width} columns{ends}")


def save(session: Session, name: str) -> None:
    """Write the map and its rules as JSON, for `gridworld` and `gridworld_env.read_map_file`.

    Raises:
        MapError: Another suffix.
        OSError: It cannot be written; a file that was there before is then as it was.
    """
    path = Path(name)
    if path.suffix.lower() != ".json":
        raise MapError(f"{name!r} is not a name for a map file; expected one that ends in .json")
    arguments = session.document.arguments()
    text = json.dumps({"desc": arguments.pop("desc"), **arguments}, indent=1, ensure_ascii=False) + "\n"
    write_whole(path, text.encode())
    session.path, session.saved = path, session.document
    session.saved_at = _time_of(path)
    session.say(f"wrote {path}")


def changed_elsewhere(session: Session, path: Path) -> bool:
    """Whether a file is another one than the session read or wrote last."""
    return session.saved_at is not None and path.is_file() and _time_of(path) != session.saved_at


def _time_of(path: Path) -> int:
    return path.stat().st_mtime_ns


def export_png(session: Session, name: str) -> None:
    """Write what is shown as a picture.

    Raises:
        DependencyNotInstalled: Pillow is missing.
        ValueError: Another suffix.
        OSError: It cannot be written.
    """
    from gridworld_env.ui.files.pictures import save_png

    snapshot = session.snapshot(f"{session.view}: {session.planning.counts}")
    save_png(name, next(_frames([snapshot], None)))
    session.say(f"wrote {name}")


def export_gif(session: Session, name: str) -> None:
    """Begin to write what was shown since the reset as an animation.

    Raises:
        DependencyNotInstalled: Pillow is missing.
        MapError: There is nothing to animate.
        ValueError: Another suffix.
        OSError: There is no such folder.
    """
    from gridworld_env.ui.files.pictures import save_gif

    path = picture_path(name, ".gif")
    _export_run(session, path, lambda drawn, snapshots: save_gif(path, drawn, GIF_RATE))


def export_page(session: Session, name: str) -> None:
    """Begin to write what was shown since the reset as a page for browsers.

    Raises:
        DependencyNotInstalled: Pillow is missing.
        MapError: There is nothing to show.
        ValueError: Another suffix.
        OSError: There is no such folder.
    """
    from gridworld_env.ui.pages.seen_page import write_seen

    path, title = picture_path(name, ".html"), f"{session.name.removesuffix(' *')}: what was seen in gridworld explore"

    def write(drawn: list[NDArray[np.uint8]], snapshots: list[Snapshot]) -> None:
        write_seen(path, title, drawn, [snapshot.caption for snapshot in snapshots], PAGE_RATE)

    _export_run(session, path, write)


def _export_run(session: Session, path: Path, write: Callable[[list[NDArray[np.uint8]], list[Snapshot]], Any]) -> None:
    if not session.recording.frames:
        raise MapError("nothing has been done since the reset that could be shown: press N, Space or L first")
    snapshots = list(session.recording.frames)
    cell = max(1, min(GIF_CELL, GIF_SIDE // max(snapshots[0].grid.kind.shape)))
    frames, count = _frames(snapshots, cell), len(snapshots)
    steps = animation_steps(session, path, frames, count, lambda drawn: write(drawn, snapshots))
    session.begin(Job("animation", steps, paced=False, recorded=False))


def _frames(snapshots: list[Snapshot], cell: int | None) -> Iterator[NDArray[np.uint8]]:
    from gridworld_env.rendering.pygame_canvas import Canvas
    from gridworld_env.rendering.scene import build_scene

    canvas: Canvas | None = None
    for one in snapshots:
        tables = (one.overlay.action_values, one.overlay.policy)
        wide = any(table is not None and table.shape[1] >= 8 for table in tables)
        if canvas is None or canvas.num_actions != (8 if wide else 4):
            canvas = Canvas(one.grid, 8 if wide else 4, cell_size=cell)
        yield canvas.frame(build_scene(one.grid, one.agent, one.trail, one.overlay, one.caption))
