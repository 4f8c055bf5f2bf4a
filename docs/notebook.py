"""Makes the notebooks in `examples/` of the two pages of the lecture: `python docs/notebook.py`.

Text becomes Markdown cells, a `python` block a code cell, and the `text` block after it the output of this cell. A
comment `<!-- notebook ... -->` becomes a code cell that draws, in place of the picture that follows it on the page.
"""

import json
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
PAGES = [DOCS / "lecture_planning.md", DOCS / "lecture_gans.md"]

BLOCK = re.compile(
    r"^```(?P<language>python|text)\n(?P<body>.*?)^```$\n?|^<!-- notebook\n(?P<drawing>.*?)^-->\n+(?:^!\[[^\n]*\n)?",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"(?P<before>!?\[[^\]]*\]\()(?P<target>(?!https?:|#)[^)]+)\)")


def notebook_of(page: str) -> dict[str, Any]:
    """The notebook of a page, as its file holds it."""
    cells: list[dict[str, Any]] = []
    position = 0
    for block in BLOCK.finditer(page):
        _add_text(cells, page[position : block.start()])
        position = block.end()
        if block["language"] != "text":
            source = block["body"] or block["drawing"]
            cells.append(
                {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
            )
        else:
            cells[-1]["outputs"] = [{"name": "stdout", "output_type": "stream", "text": block["body"]}]
    _add_text(cells, page[position:])
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
        cell["source"] = cell["source"].strip("\n").splitlines(keepends=True)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def text_of(notebook: dict[str, Any]) -> str:
    """A notebook as its file's text, always the same for the same notebook."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _add_text(cells: list[dict[str, Any]], text: str) -> None:
    """A Markdown cell for each heading, with links that lead from `examples/` to `docs/`."""
    for part in re.split(r"^(?=#{1,3} )", text, flags=re.MULTILINE):
        if part.strip():
            source = LINK.sub(r"\g<before>../docs/\g<target>)", part)
            cells.append({"cell_type": "markdown", "metadata": {}, "source": source})


def path_of(page: Path) -> Path:
    """The notebook's file."""
    return DOCS.parent / "examples" / f"{page.stem}.ipynb"


def main() -> None:
    for page in PAGES:
        path_of(page).write_text(text_of(notebook_of(page.read_text(encoding="utf-8"))), encoding="utf-8")
        print(f"wrote examples/{path_of(page).name}")


if __name__ == "__main__":
    main()
