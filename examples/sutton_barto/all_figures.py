"""All chapters, in two processes: the pictures, and one table of what the book prints, what is measured, what is exact.

    python examples/sutton_barto/all_figures.py --out out/book            (make figures)

Ends with status 1 where a measured number is not as near to the exact one as it has to be. With `--page` the table is
written into that page, between two marks, and some of the pictures beside it.
"""

import argparse
import importlib
import os
import re
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from book import Row, table

# The longest first, so that the two processes end at about the same time.
CHAPTERS = (10, 9, 6, 12, 8, 7, 5, 2, 13, 3, 4, 11)
MARKS = re.compile(r"(<!-- the table: make figures -->\n).*?(<!-- its end -->)", re.DOTALL)


def run(number: int, small: bool, out: Path) -> tuple[int, list[Row], float]:
    """The rows of a chapter, and its seconds of processor time."""
    began, name = time.process_time(), f"chapter_{number:02d}"
    rows = importlib.import_module(name).chapter(not small, out / f"{name}.png")
    return number, rows, time.process_time() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", action="store_true", help="few runs, as in the tests")
    parser.add_argument("--out", type=Path, default=Path("out/book"), help="folder of the pictures")
    parser.add_argument("--page", type=Path, help="a page that the table is written into")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(threads, "1")  # one a process
    began, found = time.perf_counter(), {}
    with ProcessPoolExecutor(2) as pool:
        futures = [pool.submit(run, number, arguments.small, arguments.out) for number in CHAPTERS]
        for future in futures:
            number, rows, seconds = future.result()
            found[number] = rows
            print(f"chapter {number}: {len(rows)} rows, {seconds:.0f} s of processor time", flush=True)
    rows = [row for number in sorted(found) for row in found[number]]
    text = table(rows)
    (arguments.out / "table.md").write_text(text, encoding="utf-8")
    if arguments.page:
        page = arguments.page.read_text(encoding="utf-8")
        arguments.page.write_text(MARKS.sub(lambda mark: mark[1] + text + mark[2], page), encoding="utf-8")
        for name in set(re.findall(r"figures/book_(\w+)\.png", page)):
            shutil.copy(arguments.out / f"{name}.png", arguments.page.parent / f"figures/book_{name}.png")
    wrong = [row for row in rows if not row.right]
    print(text)
    print(f"{len(rows)} rows, {len(wrong)} wrong, {time.perf_counter() - began:.0f} s; pictures in {arguments.out}")
    for row in wrong:
        print("wrong:", *row.cells(), sep=" | ")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
