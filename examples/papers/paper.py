"""What the papers' files share: a row of the table, recorded runs, and the command line.

Each file has `PAPER`, `DIFFERS` and `rows()`. A row is right if the measured number is near enough to the given one:

    is          |measured - given| <= within
    at least    measured >= given
    at most     measured <= given

A row with `apart` does not reproduce the paper's number, and says why; no nearness is asked of it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gan_lab.studies.json_rows import numbers

RECORDS = Path(__file__).resolve().parents[2] / "benchmarks"


@dataclass(frozen=True)
class Row:
    """One result: what it is, the paper's or the derived number, and the measured one.

    Attributes:
        what: What the number is.
        given: The number, real or complex, that is printed in the paper or follows from the formula in the docstring.
        measured: The number that was computed here.
        within: How far apart the two may be.
        origin: "derived", "printed", or "from memory": compare it with the paper before you quote it.
        kind: One of the above.
        apart: Why the paper's number is not reproduced; "" where it is.
    """

    what: str
    given: complex
    measured: complex
    within: float = 1e-6
    origin: str = "derived"
    kind: str = "is"
    apart: str = ""

    @property
    def right(self) -> bool:
        """Whether the measured number is near enough to the given one."""
        off = np.real(self.measured) - np.real(self.given)
        if self.kind != "is":
            return bool(off >= 0 if self.kind == "at least" else off <= 0)
        return bool(abs(self.measured - self.given) <= self.within)

    def cells(self) -> list[str]:
        """The cells of its line: what, given and where from, measured, and whether they agree."""
        given = {"is": "", "at least": "at least ", "at most": "at most "}[self.kind] + number(self.given)
        words = self.apart or ("agrees" if self.right else "WRONG")
        return [self.what, f"{given} ({self.origin})", number(self.measured), words]


def number(value: complex) -> str:
    """Six digits, and the imaginary part where there is one."""
    return f"{complex(value):.6g}" if complex(value).imag else f"{complex(value).real:.6g}"


def recorded(name: str, **wanted: Any) -> list[dict[str, Any]]:
    """The runs in a file of benchmarks/ that have these settings."""
    lines = (RECORDS / name).read_text(encoding="utf-8").splitlines()
    runs = [json.loads(line, object_hook=numbers) for line in lines]
    return [run for run in runs if all(run.get(key) == value for key, value in wanted.items())]


def main(rows: Callable[[], list[Row]]) -> None:
    """Print the rows of a file."""
    for row in rows():
        print(*row.cells(), sep=" | ")
