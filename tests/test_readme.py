"""Every Python block of README.md and docs/**/*.md runs and prints what the page says.

In a page the blocks fenced as `python` run in order, in one namespace and an empty working directory:
- a block with `>>>` in it is a doctest;
- any other block is executed; when the next fenced block of the page is a `text` block, that is the exact output.
"""

import contextlib
import doctest
import io
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]
MAX_README_LINES = 120

FENCED_BLOCK = re.compile(
    r"^(?P<indent>[ ]*)(?P<fence>`{3,})[ ]*(?P<language>[\w+-]*)[^\n`]*\n(?P<body>.*?)^(?P=indent)(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    language: str
    body: str
    first_line: int


@pytest.mark.parametrize("page", ["README.md", *(pytest.param(page, marks=pytest.mark.long) for page in PAGES[1:])])
def test_python_blocks_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_page((ROOT / page).read_text(encoding="utf-8"), page)


def test_readme_is_short() -> None:
    lines = len((ROOT / "README.md").read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_README_LINES, f"README.md has {lines} lines, at most {MAX_README_LINES}"


def test_blocks_share_a_namespace_and_the_right_output_passes() -> None:
    run_page(
        "```python\na = 2\n```\n```python\n>>> b = a + 1\n>>> b\n3\n```\n```python\nprint(b)\n```\n\n```text\n3\n```\n",
        "x",
    )


@pytest.mark.parametrize(
    "page",
    [
        "```python\nprint(1)\n```\nprints\n```text\n2\n```\n",
        "- in a list:\n\n  ```python\n  print(1)\n  ```\n\n  ```text\n  2\n  ```\n",
        "```python\n>>> 1 + 1\n3\n```\n",
    ],
    ids=["text block", "indented block", "doctest"],
)
def test_wrong_output_fails(page: str) -> None:
    with pytest.raises(pytest.fail.Exception, match="prints something else"):
        run_page(page, "page.md")


def test_an_error_names_the_line_of_the_page() -> None:
    with pytest.raises(ZeroDivisionError) as error:
        run_page("# Title\n\n```python\nx = 1\nx / 0\n```\n", "page.md")
    last = error.traceback[-1]
    assert (Path(last.path), last.lineno + 1) == (ROOT / "page.md", 5)


def run_page(text: str, name: str) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    page = list(blocks(text))
    for block, following in zip_longest(page, page[1:]):
        if block.language != "python":
            continue
        if re.search(r"^\s*>>>", block.body, re.MULTILINE):
            run_doctest(block, name, namespace)
            continue
        printed = execute(block, name, namespace)
        if following is not None and following.language == "text" and lines_of(printed) != lines_of(following.body):
            pytest.fail(
                f"{name}:{block.first_line} prints something else.\nExpected:\n{following.body}\nPrinted:\n{printed}"
            )


def blocks(text: str) -> Iterator[Block]:
    """What a page's readers see and, in comments, what only its notebook draws."""
    text = re.sub(r"^<!-- notebook\n(.*?)^-->", r"```python\n\1```", text, flags=re.MULTILINE | re.DOTALL)
    for match in FENCED_BLOCK.finditer(text):
        first_line = text.count("\n", 0, match.start("body")) + 1
        yield Block(match["language"], textwrap.dedent(match["body"]), first_line)


def execute(block: Block, name: str, namespace: dict[str, Any]) -> str:
    """Run the block and return its standard output; empty lines put before it make line numbers those of the page."""
    code = compile("\n" * (block.first_line - 1) + block.body, str(ROOT / name), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(code, namespace)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    return output.getvalue()


def run_doctest(block: Block, name: str, namespace: dict[str, Any]) -> None:
    test = doctest.DocTestParser().get_doctest(block.body, namespace, name, name, block.first_line - 1)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    report = io.StringIO()
    failed = runner.run(test, out=report.write, clear_globs=False).failed
    namespace.update(test.globs)  # the doctest ran in a copy
    if failed:
        pytest.fail(f"{name}:{block.first_line} prints something else.\n{report.getvalue()}")


def lines_of(text: str) -> list[str]:
    """Lines without the trailing blanks that editors strip."""
    return [line.rstrip() for line in text.rstrip().splitlines()]
