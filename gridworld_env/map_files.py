"""Maps in files: text, JSON with a legend and rules, MovingAI's `.map`, and images."""

import difflib
import inspect
import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from gridworld_env.errors import MapError
from gridworld_env.grid import parse_grid


def read_map_file(
    path: str | PathLike[str], *, start: Sequence[int] | None = None, goal: Sequence[int] | None = None
) -> dict[str, Any]:
    r"""A file as keyword arguments for `gym.make("GridWorld-v0", **arguments)`, by its ending.

    Args:
        path: `.json`: an object with those arguments, `desc` among them. `.map`: MovingAI's format. `.png`, `.jpg`,
            `.bmp`, `.gif`: an image, dark pixels are walls. Anything else: a text of the five glyphs.
        start: (row, column) where episodes begin; of a `.map` file alone.
        goal: (row, column) where they end; of a `.map` file alone.

    Raises:
        MapError: What is in the file cannot be used; with its name, and row and column or line.
        OSError: The file cannot be read.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "icy.json")
    ...     _ = file.write_text('{"desc": ["Si+"], "legend": {"i": {"slip": 0.5}}}')
    ...     read_map_file(file)
    {'desc': ['Si+'], 'legend': {'i': {'slip': 0.5}}}
    """
    file = Path(path)
    ending = file.suffix.lower()
    if ending == ".map":
        from gridworld_env.movingai import load_movingai

        if goal is None:
            raise MapError(f"{file.name} does not say where episodes end: give the goal as row and column")
        return load_movingai(file, start=start, goal=goal)
    if start is not None or goal is not None:
        raise MapError(f"start and goal are for .map files; in {file.name} mark them as S and +")
    if ending == ".json":
        return _from_json(file)
    if ending in (".png", ".jpg", ".jpeg", ".bmp", ".gif"):
        from gridworld_env.images import load_image

        return load_image(file)
    try:
        rows = file.read_text(encoding="utf-8").strip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise MapError(
            f"{file.name} is no text (byte {error.start}); expected rows of glyphs, or .json, .png"
        ) from None
    _checked(file, rows, None)
    return {"desc": rows}


def _from_json(file: Path) -> dict[str, Any]:
    from gridworld_env.env import GridWorldEnv

    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise MapError(f"{file.name} is no JSON at {where}: {error.msg}") from None
    if not isinstance(found, dict) or "desc" not in found:
        raise MapError(f'{file.name} has no "desc"; expected {{"desc": ["...+", "S..-"], "legend": {{...}}, ...}}')
    known = [
        name for name in inspect.signature(GridWorldEnv.__init__).parameters if name not in ("self", "render_mode")
    ]
    for name in found:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise MapError(f"{file.name} has the entry {name!r}; {hint}expected {', '.join(known)}")
    _checked(file, found["desc"], found.get("legend"))
    return found


def _checked(file: Path, rows: Any, legend: Any) -> None:
    try:
        parse_grid(rows, legend)
    except MapError as error:
        raise MapError(f"{file.name}: {error}") from None
