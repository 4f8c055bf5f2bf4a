"""The documentation: its site, its pictures, its notebook, and what its pages promise."""

import importlib
import importlib.util
import io
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium as gym
import markdown
import nbformat
import numpy as np
import pytest
from PIL import Image

import planners
from tests.oracles.once import once

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
LECTURE = [(DOCS / f"lecture_{part}.md").read_text(encoding="utf-8") for part in ("planning", "gans")]
PACKAGES = ("planners", "gridworld_env", "gan_lab", "gan_lab.games", "gan_lab.updates", "gan_lab.vae")
PUBLIC = [
    (package, name)
    for package in PACKAGES
    for name in importlib.import_module(package).__all__
    # what gan_lab hands on from its subpackages is there under its short name
    if "." not in package or name not in importlib.import_module("gan_lab").__all__
]
STATEMENTS = [
    row
    for page in LECTURE
    for row in re.findall(
        r"^\| (?!statement|---)([^|]+) \| ([^|]+) \| ([^|]+) \|$", page.split("## From statement")[1], re.M
    )
]


def load(name: str) -> ModuleType:
    """A script of docs/."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "site", build_site)


def build_site(folder: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")


def environment() -> dict[str, str]:
    """Any request that the build made would go to an address where nobody answers."""
    import os

    nowhere = "http://127.0.0.1:9"
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1", "http_proxy": nowhere, "https_proxy": nowhere}


def test_the_site_fetches_nothing(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 10
    fetched = re.compile(
        r"""(?:<link[^>]*\bhref|<(?:script|img|iframe|source)[^>]*\bsrc)=["']?(?:https?:)?//[^"'> ]*"""
    )
    for page in pages:
        assert not fetched.findall(page.read_text(encoding="utf-8")), page.name
    for style in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", style.read_text(encoding="utf-8")), style.name


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=[".".join(pair) for pair in PUBLIC])
def test_every_public_name_is_in_the_reference(site: Path, package: str, name: str) -> None:
    """As itself; a function that shares its name with its module as module.function."""
    name_of_page = package.partition(".")[0]
    page = (site / "reference" / f"{name_of_page}.html").read_text(encoding="utf-8")
    found = sys.modules.get(f"{package}.{name}")
    own = f"{package}.{name}.{name}" if found is not None and hasattr(found, name) else f"{package}.{name}"
    assert f'id="{own}"' in page, f"add the line `::: {own}` to docs/reference/{name_of_page}.md"


def test_doctests_are_code_in_the_reference(site: Path) -> None:
    for page in (site / "reference").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<blockquote>" not in text, page.name
        assert "&gt;&gt;&gt;" in text, page.name


# Emphasis of a formula: it begins within a word, as in V<em>. So</em>, or next to a blank, or it holds a bracket.
STARS_OF_FORMULAS = r"\w<(?:em|strong)>|<(?:em|strong)>[\s.,;:)]|<(?:em|strong)>[^<]*[(=][^<]*</"


def test_stars_of_formulas_are_no_emphasis(site: Path) -> None:
    """Two of V* in one paragraph would be: write them as V\\* or as `V*`."""
    for page in site.rglob("*.html"):
        assert not re.findall(STARS_OF_FORMULAS, page.read_text(encoding="utf-8")), page.name


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))], ids=str)
def test_stars_of_formulas_are_no_emphasis_in_a_page(page: Path) -> None:
    """The same without the site, which takes a while to build and does not have the first two."""
    text = markdown.markdown(page.read_text(encoding="utf-8"), extensions=["tables", "pymdownx.superfences"])
    found = re.search(STARS_OF_FORMULAS, text)
    assert found is None, f"write V\\*, not V*: {text[found.start() - 80 : found.end() + 80]!r}"


@pytest.mark.parametrize(
    "page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.relative_to(DOCS).with_suffix("").as_posix()
)
def test_pictures_and_pages_that_are_linked_exist(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).is_file(), f"{page.name} links {target}"


def test_every_page_is_in_the_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    missing = [page.name for page in DOCS.rglob("*.md") if f": {page.relative_to(DOCS).as_posix()}\n" not in menu]
    assert not missing


@pytest.mark.long
@pytest.mark.visual
@pytest.mark.parametrize(
    "page", ["lecture_planning.md", "lecture_gans.md", "gallery.md", "unknown.md", "choosing.md", "howto/trade_offs.md"]
)
def test_pictures_are_those_that_the_code_draws(page: str) -> None:
    """With tolerance: another build of the drawing library may smooth an edge otherwise, but not move an arrow."""
    drawn = 0
    for name, figure in load("figures").draw_page(page):
        data = io.BytesIO()
        figure.savefig(data)
        fresh, stored = (
            np.asarray(Image.open(source).convert("RGB")) for source in (data, DOCS / f"figures/{name}.png")
        )
        assert fresh.shape == stored.shape, name
        assert largest_patch(fresh, stored) < 50, f"run: python docs/figures.py {name}"
        drawn += 1
    assert drawn == (DOCS / page).read_text(encoding="utf-8").count("figures/")


def largest_patch(one: np.ndarray, other: np.ndarray) -> float:
    """The largest mean difference, of 255, of 8 x 8 pixels."""
    apart = np.abs(one.astype(float) - other).max(axis=2)
    apart = np.pad(apart, [(0, -length % 8) for length in apart.shape])
    height, width = apart.shape
    return float(apart.reshape(height // 8, 8, width // 8, 8).mean(axis=(1, 3)).max())


def test_one_arrow_more_is_noticed() -> None:
    page = {"flips": [(-0.04, env := gym.make("GridWorld-v0", slip=0.2), planners.solve(env, discount=1))] * 6}
    figures = load("figures")
    pictures = []
    for changed in (False, True):
        figure = figures.DRAWN["flips"](page)
        if changed:
            figure.axes[0].plot([2.0], [0.3], marker="^", markersize=8, color="black")
        figure.savefig(data := io.BytesIO())
        pictures.append(np.asarray(Image.open(data).convert("RGB")))
    assert largest_patch(pictures[0], pictures[0]) == 0
    assert largest_patch(*pictures) > 50


def test_every_picture_is_shown() -> None:
    shown = {name for page in DOCS.rglob("*.md") for name in re.findall(r"figures/(\w+)\.png", page.read_text("utf-8"))}
    assert {path.stem for path in (DOCS / "figures").glob("*.png")} == shown


@pytest.mark.parametrize("part", ["planning", "gans"])
def test_the_notebook_is_the_page(part: str) -> None:
    maker = load("notebook")
    page = (DOCS / f"lecture_{part}.md").read_text(encoding="utf-8")
    path = maker.path_of(DOCS / f"lecture_{part}.md")
    stored = path.read_text(encoding="utf-8")
    assert stored == maker.text_of(maker.notebook_of(page)), "run: python docs/notebook.py"
    notebook = nbformat.reads(stored, as_version=4)
    nbformat.validate(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    drawing = r"^(?:```python|<!-- notebook)\n(.*?)^(?:```|-->)$"
    assert code == "\n".join(block.strip("\n") for block in re.findall(drawing, page, re.M | re.S))
    outputs = [output.text for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs == re.findall(r"^```text\n(.*?)^```$", page, re.M | re.S)
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", stored)
    drawn = len(re.findall(r"^-->\n\n!\[", page, re.M))  # in the notebook, in place of the page's picture
    assert drawn > 4
    assert len(pictures) == page.count("![") - drawn
    assert all((path.parent / picture).is_file() for picture in pictures)


def test_a_block_may_print_nothing() -> None:
    made = load("notebook").notebook_of("# Title\n\n```python\nx = 1\n```\n\nMore [here](maps.md).\n")
    assert [cell["cell_type"] for cell in made["cells"]] == ["markdown", "code", "markdown"]
    assert made["cells"][1]["outputs"] == []
    assert made["cells"][2]["source"] == ["More [here](../docs/maps.md)."]


@pytest.mark.parametrize(("statement", "functions", "tests"), STATEMENTS, ids=[row[0] for row in STATEMENTS])
def test_statements_lead_to_functions_and_tests(statement: str, functions: str, tests: str) -> None:
    paths, named = re.findall(r"`([^`]+)`", functions), re.findall(r"`([^`:]+)::(\w+)`", tests)
    assert paths, statement
    assert named, statement
    for path in paths:
        assert exists(path), f"there is no {path}"
    for file, test in named:
        assert f"\ndef {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file} has no {test}"


def exists(path: str) -> bool:
    """Whether a dotted path leads to something: an attribute, or an annotated field of a class."""
    package, *middle, last = path.split(".")
    found = importlib.import_module(package)
    for name in middle:
        found = getattr(found, name) if hasattr(found, name) else importlib.import_module(f"{found.__name__}.{name}")
    return hasattr(found, last) or last in getattr(found, "__annotations__", {})


def test_paths_that_lead_nowhere_are_noticed() -> None:
    assert exists("planners.Plan.policy")
    assert not exists("planners.Plan.polixy")
    assert not exists("gan_lab.lecture.theorem_3")


def test_the_table_names_every_statement() -> None:
    assert len(STATEMENTS) >= 20


@pytest.mark.parametrize("n", [9, 16])
def test_the_table_of_the_car_moves_as_the_car_does(n: int, rng: np.random.Generator) -> None:
    """On average over the nodes it leads to, from nodes that are drawn, against Gymnasium's own car."""
    (code,) = (
        block
        for block in re.findall(r"^```python\n(.*?)^```$", LECTURE[0], re.M | re.S)
        if "def car_on_a_grid" in block
    )
    names: dict[str, Any] = {"np": np, "gym": gym, "planners": planners}
    exec(code.partition("\nfor n in")[0], names)
    table = names["car_on_a_grid"](n)
    places, speeds = np.linspace(-1.2, 0.6, n), np.linspace(-0.07, 0.07, n)
    nodes = np.stack([part.ravel() for part in np.meshgrid(places, speeds, indexing="ij")], axis=1)
    hill: Any = gym.make("MountainCar-v0").unwrapped
    hill.reset(seed=0)
    for state in rng.choice(np.flatnonzero(nodes[:, 0] < 0.5), 40, replace=False):
        for action in range(3):
            hill.state = tuple(nodes[state])
            (x, v), *_ = hill.step(action)
            row = table.transitions[[state * 3 + action]].toarray()[0]
            ends = 1.0 - row.sum()
            if ends == pytest.approx(0.0):
                assert row @ nodes == pytest.approx([x, v], abs=1e-6)
            else:
                assert x > 0.5 - (places[1] - places[0])


def test_the_map_of_the_house_names_what_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) <= 80
    package = ""
    for line in page.splitlines():
        if line.startswith("## "):
            package = line.removeprefix("## ") if line.removeprefix("## ") in PACKAGES else ""
        for name in re.findall(r"`([a-z_/]+(?:/|\.py))`", line):
            assert any((ROOT / start / name).exists() for start in ("", package)), name
    for package in ("planners", "gridworld_env", "gan_lab"):
        rooms = {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
        missing = {room for room in rooms if f"`{room}/`" not in page}
        assert not missing, f"{package}: the page has no {missing}"
