"""All papers' files, one after the other, and the page of what they found.

    python examples/papers/all_papers.py --page docs/papers.md            (make papers)

Ends with status 1 where a measured number is not near enough to the given one. The page is written between two marks.
"""

import argparse
import importlib
import os
import re
import sys
import time
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parent
MARKS = re.compile(r"(<!-- the tables: make papers -->\n).*?(<!-- their end -->)", re.DOTALL)
NAMES = sorted(path.stem for path in FOLDER.glob("*_20[0-9][0-9]*.py"))


def table(header: list[str], lines: list[list[str]]) -> str:
    lines = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, ["---"] * len(header), *lines]) + "\n"


def page(found: list[tuple[ModuleType, list, float]]) -> str:
    """A line for each paper, then a line for each number."""
    first = []
    for paper, rows, seconds in found:
        what, given, measured, _ = rows[0].cells()
        first.append([paper.PAPER, f"{what}: {given}", measured, str(len(rows)), paper.DIFFERS, f"{seconds:.1f}"])
    text = table(["paper", "printed there, or derived", "measured", "numbers", "what differs", "seconds"], first)
    for paper, rows, _ in found:
        text += f"\n### {paper.PAPER}: {paper.TITLE}\n\n`python examples/papers/{paper.__name__}.py`\n\n"
        text += table(["number", "printed or derived", "measured", ""], [row.cells() for row in rows])
    return text + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--page", type=Path, help="where the tables are written")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    importlib.import_module("playing")  # PyTorch is loaded before the clock of the first paper starts
    found = []
    for name in arguments.only:
        began, paper = time.process_time(), importlib.import_module(name)
        found.append((paper, paper.rows(), time.process_time() - began))
    text = page(found)
    print(text)
    if arguments.page:
        before = arguments.page.read_text(encoding="utf-8")
        arguments.page.write_text(MARKS.sub(lambda mark: mark[1] + text + mark[2], before), encoding="utf-8")
    numbers = [(paper, row) for paper, rows, _ in found for row in rows]
    wrong = [f"{paper.PAPER}: {row.what}" for paper, row in numbers if not (row.right or row.apart)]
    print(f"{len(found)} papers, {len(numbers)} numbers, {len(wrong)} wrong", *wrong, sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
