r"""Maps in files: text of glyphs, JSON with a legend and rules, MovingAI's `.map`, and images.

map.txt     lines of the five glyphs `# . S + -`, a glyph a square
world.json  {"desc": ["S.X", "..+"], "legend": {"X": {"reward": -5}}, "slip": 0.1}: the keyword arguments of
            `gym.make("GridWorld-v0", ...)`
arena.map   a MovingAI map, with a goal or the number of a scenario of the `.scen` file beside it
floor.png   an image, a square a pixel, dark ones walls, with a goal
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any, Final

from gridworld_env.dynamics.rules_to_tables import Rules
from gridworld_env.errors import MapError
from gridworld_env.grid.grid import parse_grid
from gridworld_env.grid.legend import DEFAULT_LEGEND
from gridworld_env.maps.images import load_image
from gridworld_env.maps.movingai import Scenario, load_movingai, read_scenarios
from gridworld_env.maps.textbook_worlds import read_map

IMAGES: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pbm", ".pgm", ".ppm", ".tif", ".tiff", ".webp"})
SUFFIXES: Final = IMAGES | {".txt", ".json", ".map", ".scen"}
RULES: Final = tuple(rule.name for rule in fields(Rules))
ARGUMENTS: Final = ("map_name", "desc", "legend", *RULES, "max_episode_steps")
_JSON_EXAMPLE: Final = '{"desc": ["S.X", "..+"], "legend": {"X": {"reward": -5}}, "slip": 0.1}'
_ONLY_FOR: Final = {
    "start": "MovingAI maps and images; here an S marks it",
    "goal": "MovingAI maps and images; here a + marks it",
    "scenario": "MovingAI maps",
    "walls_below": "images",
}


def read_map_file(
    path: str | PathLike[str],
    *,
    start: Sequence[int] | None = None,
    goal: Sequence[int] | None = None,
    scenario: int | None = None,
    walls_below: int | None = None,
) -> dict[str, Any]:
    r"""Read any map file, by its ending, as keyword arguments for `gym.make("GridWorld-v0", **arguments)`.

    `.json`, `.map` and images are read as above; every other file is text. The map is checked here, so that an error
    names the file.

    Args:
        path: The file to read.
        start: (row, column) where episodes begin, for a `.map` file or an image; None: any free square.
        goal: (row, column) where episodes end, for a `.map` file or an image, as these mark no goal of their own.
        scenario: For a `.map` file, instead of start and goal: the number, from 0, of a scenario in the `.scen` file
            beside it (`arena.map.scen` or `arena.scen`), as `read_scenarios` numbers them. A scenario of length 0 marks
            only its goal. If its places are for another size, the map is scaled to that size, as the format says.
        walls_below: Pixels of an image that are darker than this grey, 0 to 256, are walls; None: 128.

    Raises:
        MapError: The file is not a map; the message has its name and, if there is one, the place.
        OSError: The file cannot be read.
        DependencyNotInstalled: The file is an image, and Pillow is missing.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "world.json")
    ...     _ = file.write_text('{"desc": ["S.X", "..+"], "legend": {"X": {"reward": -5}}, "slip": 0.1}')
    ...     read_map_file(file)
    {'desc': ['S.X', '..+'], 'legend': {'X': {'reward': -5}}, 'slip': 0.1}
    """
    file = Path(path)
    _check_path(file)
    kind = "image" if file.suffix.lower() in IMAGES else file.suffix.lower()
    taken = {".map": ("start", "goal", "scenario"), "image": ("start", "goal", "walls_below")}.get(kind, ())
    given = {"start": start, "goal": goal, "scenario": scenario, "walls_below": walls_below}
    for name, value in given.items():
        if value is not None and name not in taken:
            raise MapError(f"{file.name}: {name} is {value!r}, and is only for {_ONLY_FOR[name]}. Leave it out")
    if kind == ".map":
        return _read_movingai(file, start, goal, scenario)
    if kind == "image":
        return _read_image(file, start, goal, 128 if walls_below is None else walls_below)
    return _read_json(file) if kind == ".json" else _read_glyphs(file)


def _check_path(file: Path) -> None:
    if file.is_dir():
        raise IsADirectoryError(f"{str(file)!r} is a folder; expected a file with a map")
    if not file.exists():
        raise FileNotFoundError(f"there is no file {str(file)!r}; expected a map, such as map.txt or world.json")
    if file.suffix.lower() == ".scen":
        raise MapError(f"{file.name} is a list of scenarios; expected the .map file, with scenario=N to choose one")


def _read_glyphs(file: Path) -> dict[str, Any]:
    text = _read_text(file)
    rows = text.strip("\n").split("\n")
    for row, glyphs in enumerate(rows):
        unknown = next((column for column, glyph in enumerate(glyphs) if glyph not in DEFAULT_LEGEND), None)
        if unknown is not None:
            line = row + 1 + len(text) - len(text.lstrip("\n"))
            raise MapError(
                f"{file.name} line {line}: unknown glyph {glyphs[unknown]!r} at row {row}, column {unknown}; expected "
                f"# wall, . free, S start, + or - terminal. For other glyphs write a .json file: {_JSON_EXAMPLE}"
            )
    with _naming(file):
        parse_grid(rows)
    return {"desc": rows}


def _read_json(file: Path) -> dict[str, Any]:
    with _naming(file):
        try:
            arguments = json.loads(_read_text(file), object_pairs_hook=_each_key_once)
        except RecursionError:
            raise MapError(f"too many brackets inside one another; expected JSON such as {_JSON_EXAMPLE}") from None
        except json.JSONDecodeError as error:
            line = error.doc.split("\n")[error.lineno - 1].strip()
            raise MapError(
                f"line {error.lineno}, column {error.colno}: {error.msg}; found {line[:60]!r}; expected JSON such as "
                f"{_JSON_EXAMPLE}"
            ) from None
        except ValueError as error:  # a number of thousands of digits
            raise MapError(f"{error}; expected JSON such as {_JSON_EXAMPLE}") from None
        if not isinstance(arguments, dict):
            raise MapError(f"a JSON {type(arguments).__name__}; expected an object such as {_JSON_EXAMPLE}")
        for name in arguments:
            if name not in ARGUMENTS:
                near = get_close_matches(name.lower(), ARGUMENTS, n=2, cutoff=0.5)
                hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ";"
                raise MapError(f"unknown key {name!r}{hint} The keys are {', '.join(ARGUMENTS)}")
        arguments = {name: value for name, value in arguments.items() if value is not None}
        _, defaults = read_map(arguments.get("map_name"), arguments.get("desc"), arguments.get("legend"))
        Rules(**{**defaults, **{name: arguments[name] for name in RULES if name in arguments}})
        checked_limit(arguments.get("max_episode_steps", 1))
    return arguments


def checked_limit(steps: Any) -> int:
    """The steps of an episode as `gym.make` takes them; `MapError` for any other number."""
    if isinstance(steps, bool) or not isinstance(steps, int) or (steps < 1 and steps != -1):
        raise MapError(f"max_episode_steps is {steps!r}; expected a whole number of at least 1, or -1 for no limit")
    return steps


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of the file; JSON itself would let the last of two equal keys win."""
    names = [name for name, _ in pairs]
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice is not None:
        raise MapError(f"the key {twice!r} is there twice in one object; expected each key once")
    return dict(pairs)


def _read_movingai(
    file: Path, start: Sequence[int] | None, goal: Sequence[int] | None, scenario: int | None
) -> dict[str, Any]:
    if scenario is None:
        if goal is None:
            raise MapError(
                f"{file.name}: a MovingAI map marks no start and no goal; expected goal (and start) as row,column, or "
                "scenario=N, a line of the .scen file beside it"
            )
        return load_movingai(file, start, goal)
    if start is not None or goal is not None:
        raise MapError(f"{file.name}: scenario={scenario} has a start and a goal of its own; leave the others out")
    found, chosen = find_scenario(file, scenario)
    with _naming(found, f" scenario {scenario}"):
        begin = None if chosen.start == chosen.goal else chosen.start  # there is no way to go
        return load_movingai(file, begin, chosen.goal, size=chosen.size)


def find_scenario(file: Path, scenario: int) -> tuple[Path, Scenario]:
    """The `.scen` file beside a `.map` file, and one scenario of it."""
    beside = [file.with_name(file.name + ".scen"), file.with_suffix(".scen")]
    found = next((candidate for candidate in beside if candidate.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"there is neither {beside[0].name} nor {beside[1].name} beside {str(file)!r}")
    scenarios = read_scenarios(found)
    if not scenarios:
        raise MapError(f"{found.name} has no scenarios; expected lines of them after the version")
    if isinstance(scenario, bool) or not isinstance(scenario, int) or not 0 <= scenario < len(scenarios):
        raise MapError(f"scenario is {scenario!r}; expected 0 to {len(scenarios) - 1}, the scenarios of {found.name}")
    return found, scenarios[scenario]


def _read_image(
    file: Path, start: Sequence[int] | None, goal: Sequence[int] | None, walls_below: int
) -> dict[str, Any]:
    rows = list(load_image(file, walls_below=walls_below)["desc"])
    if goal is None:
        raise MapError(f"{file.name}: an image marks no start and no goal; expected goal (and start) as row,column")
    with _naming(file, f", walls darker than {walls_below}"):
        grid, marked = parse_grid(rows), {"goal": goal} | ({} if start is None else {"start": start})
        for what, place in marked.items():
            try:
                grid.cell_to_state(place)
            except MapError as error:
                raise MapError(f"{what}: {error}; expected a free square") from None
            row, column = place
            glyph = "+" if what == "goal" else "S"
            rows[row] = rows[row][:column] + glyph + rows[row][column + 1 :]
        if start is not None and tuple(start) == tuple(goal):
            raise MapError(f"start and goal are both (row, column) {tuple(goal)}; expected two places")
        parse_grid(rows)
    return {"desc": tuple(rows)}


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise MapError(
            f"{file.name}: byte {error.start} is no UTF-8; expected a text, or the suffix of an image"
        ) from None


@contextmanager
def _naming(file: Path, where: str = "") -> Iterator[None]:
    """Put the file's name before what is refused."""
    try:
        yield
    except MapError as error:
        text = str(error)
        raise MapError(text if text.startswith(file.name) else f"{file.name}{where}: {text}") from None
