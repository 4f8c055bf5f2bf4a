"""What no contract of `make lint` can say: no circles of imports, few floors, and pygame behind its own files.

The source is read, not imported, so that imports inside functions count. Types under TYPE_CHECKING do not.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("planners", "gridworld_env", "gan_lab")
MOST_FLOORS = {"planners": 12, "gridworld_env": 8, "gan_lab": 12}

Graph = Mapping[str, set[str]]


class Source:
    """The modules under a folder, and what each imports.

    Attributes:
        trees: The syntax tree of each module, by its dotted name.
        packages: The names of those that are packages; their `__init__` is not a place of its own: who imports from it
            imports from where the name comes.
    """

    def __init__(self, root: Path, packages: tuple[str, ...]) -> None:
        self.trees: dict[str, ast.Module] = {}
        self.packages: set[str] = set()
        for path in sorted(path for package in packages for path in (root / package).rglob("*.py")):
            name = path.relative_to(root).with_suffix("").as_posix().replace("/", ".")
            if path.stem == "__init__":
                name = name.removesuffix(".__init__")
                self.packages.add(name)
            self.trees[name] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        self.faces = {
            package: {name: module for module, name in imports(self.trees[package]) if name}
            for package in self.packages
        }

    def graph(self) -> Graph:
        """The modules that each module imports, without the packages' `__init__`."""
        found: dict[str, set[str]] = {}
        for module, tree in self.trees.items():
            if module not in self.packages:
                homes = (self.home(*imported) for imported in imports(tree))
                found[module] = {home for home in homes if home in self.trees} - self.packages - {module}
        return found

    def home(self, module: str, name: str | None) -> str:
        """The module that an imported name comes from, through any number of `__init__`s."""
        if f"{module}.{name}" in self.trees:
            return f"{module}.{name}"
        behind = self.faces.get(module, {}).get(name or "")
        return module if behind is None or behind == module else self.home(behind, name)


def imports(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """(module, name) of every import, those inside functions too, but not those for the type checker."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from (found for branch in node.orelse for found in imports(branch))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        else:
            yield from imports(node)


def circles(graph: Graph) -> list[list[str]]:
    """The groups of modules that can each be reached from the other."""

    @cache
    def reached(start: str) -> frozenset[str]:
        found, waiting = set(), [start]
        while waiting:
            new = graph[waiting.pop()] - found
            found |= new
            waiting += new
        return frozenset(found)

    groups = {tuple(sorted(m for m in reached(module) if module in reached(m))) for module in graph}
    return [list(group) for group in sorted(groups) if group]


def places(graph: Graph, package: str) -> Graph:
    """The same between the places of a package: a file, or a folder with all that is in it."""
    found: dict[str, set[str]] = {}
    for module, imported in graph.items():
        top, *below = module.split(".")
        if top == package and below:
            others = {m.split(".")[1] for m in imported if m.startswith(f"{package}.")}
            found.setdefault(below[0], set()).update(others - {below[0]})
    return found


def floors(graph: Graph) -> dict[str, int]:
    """A place stands one floor above the highest that it imports; without circles only."""

    @cache
    def floor(place: str) -> int:
        return 1 + max((floor(below) for below in graph[place]), default=0)

    return {place: floor(place) for place in graph}


def importers(source: Source, library: str) -> list[str]:
    """The modules that import a library."""
    return [
        module
        for module, tree in source.trees.items()
        if any(imported.split(".")[0] == library for imported, _ in imports(tree))
    ]


def is_named_after_pygame(module: str) -> bool:
    name = module.rpartition(".")[2]
    return name.startswith("pygame_") or name == "launch"


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(ROOT, PACKAGES)


@pytest.fixture(scope="module")
def graph(source: Source) -> Graph:
    return source.graph()


def test_no_circles(graph: Graph) -> None:
    assert circles(graph) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_few_floors(graph: Graph, package: str) -> None:
    within = places(graph, package)
    assert circles(within) == []
    found = floors(within)
    most = MOST_FLOORS[package]
    assert max(found.values()) <= most, f"{package} has more than {most} floors: {sorted(found.items(), key=str)}"


def test_pygame_stays_in_the_files_named_after_it(source: Source) -> None:
    assert [module for module in importers(source, "pygame") if not is_named_after_pygame(module)] == []


# Each rule finds what breaks it.


def written(root: Path, files: dict[str, str]) -> Source:
    """A made-up package `house`."""
    for name, text in {"__init__.py": "", **files}.items():
        path = root / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Source(root, ("house",))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.py": "from house.b import x", "b.py": "import house.a"}, [["house.a", "house.b"]]),
        ({"a.py": "def f():\n    from house import b", "b.py": "from house.a import f"}, [["house.a", "house.b"]]),
        (
            {"a.py": "from house.b import x", "b.py": "from house.c import x", "c.py": "from house.a import x"},
            [["house.a", "house.b", "house.c"]],
        ),
        (  # through the face of the package
            {"__init__.py": "from house.a import x", "a.py": "from house.b import y", "b.py": "from house import x"},
            [["house.a", "house.b"]],
        ),
        (  # a type may be named upwards
            {
                "a.py": "from house.b import x",
                "b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.a import T",
            },
            [],
        ),
        ({"a.py": "from house.b import x", "b.py": "import os"}, []),
    ],
)
def test_circles_are_found(tmp_path: Path, files: dict[str, str], expected: list[list[str]]) -> None:
    assert circles(written(tmp_path, files).graph()) == expected


def test_floors_are_counted(tmp_path: Path) -> None:
    house = written(
        tmp_path,
        {
            "ground.py": "",
            "first/__init__.py": "",
            "first/low.py": "from house.ground import x",
            "first/high.py": "from house.first.low import x",  # in the same place
            "second.py": "def f():\n    from house.first.high import x",
            "third.py": "from house import second, ground",
        },
    )
    assert floors(places(house.graph(), "house")) == {"ground": 1, "first": 2, "second": 3, "third": 4}


def test_places_that_import_each_other_are_found_where_files_do_not(tmp_path: Path) -> None:
    files = {"one/a.py": "from house.two.b import x", "two/b.py": "", "two/c.py": "from house.one.d import x"}
    graph = written(tmp_path, {**files, "one/d.py": ""}).graph()
    assert circles(graph) == []
    assert circles(places(graph, "house")) == [["one", "two"]]


def test_pygame_elsewhere_is_found(tmp_path: Path) -> None:
    house = written(
        tmp_path,
        {
            "pygame_window.py": "import pygame",
            "launch.py": "def f():\n    import pygame",
            "board.py": "def f():\n    from pygame.draw import circle",
            "about.py": '"""A file that speaks of pygame only."""',
        },
    )
    assert importers(house, "pygame") == ["house.board", "house.launch", "house.pygame_window"]
    assert [module for module in importers(house, "pygame") if not is_named_after_pygame(module)] == ["house.board"]
