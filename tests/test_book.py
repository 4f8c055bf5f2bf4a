"""The book's figures in a small size: every number is as near to the exact one as the table says.

The runs have fixed seeds: they are claims about these runs. The full size is `make figures`.
"""

import importlib
import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.long

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "sutton_barto"
CHAPTERS = tuple(range(2, 14))


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a file of that folder, whose files import each other by their short names."""
    monkeypatch.syspath_prepend(str(FOLDER))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == FOLDER:
            del sys.modules[name]


@pytest.mark.parametrize("number", CHAPTERS)
def test_every_number_is_near_the_exact_one(number: int, load: Any) -> None:
    rows = load(f"chapter_{number:02d}").chapter(False, None)
    assert rows
    for row in rows:
        assert math.isfinite(row.measured)
        assert row.right, " | ".join(row.cells())


def test_a_wrong_number_is_noticed(load: Any) -> None:
    book: ModuleType = load("book")

    def right(measured: float, kind: str) -> bool:
        return bool(book.Row("", "", "", measured, 1.0, 0.1, kind).right)

    assert [right(value, "is") for value in (0.8, 0.95, 1.05, 1.2)] == [False, True, True, False]
    assert [right(value, "below") for value in (0.5, 1.05, 1.2)] == [True, True, False]
    assert [right(value, "above") for value in (0.8, 0.95, 2.0)] == [False, True, True]
    assert not right(math.nan, "is")
    assert "not known" in book.table([book.Row("Figure 1", "a", "2", 2.1, 2.0, 0.2, "book")])


def test_a_picture_and_the_table(load: Any, tmp_path: Path) -> None:
    load("chapter_11").chapter(False, tmp_path / "eleven.png")
    assert (tmp_path / "eleven.png").stat().st_size > 10_000


def test_the_page_has_the_rows_of_every_chapter() -> None:
    page = (FOLDER.parents[1] / "docs" / "book_figures.md").read_text(encoding="utf-8")
    table = page.split("<!-- the table: make figures -->")[1].split("<!-- its end -->")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 40
    chapters = {int(line.split()[2].partition(".")[0]) for line in rows}
    assert chapters == set(CHAPTERS)
