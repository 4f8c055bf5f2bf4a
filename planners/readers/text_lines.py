"""The lines of a text file, one after the other, and the numbers in them, refused with the file and the line."""

from collections.abc import Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import Final, NoReturn

from planners.errors import InvalidModelError
from planners.memory import check_memory

MOST_DIGITS: Final = 4000  # of a fraction; Python turns no more digits into an integer
BYTES_A_BYTE: Final = 6.0  # in memory for each in the file: a transition is written in eight bytes or more


class TextLines:
    """Lines of a file without their blanks at both ends; empty ones and comments are left out.

    Attributes:
        path: The file.
        number: Number of the line that was read last, from 1.
    """

    path: str
    comment: str

    def __init__(self, path: str | PathLike[str], comment: str) -> None:
        """Check the size; `NotEnoughMemoryError` if what is read would not fit."""
        self.path, self.comment, self.number = fspath(path), comment, 0
        check_memory(BYTES_A_BYTE * Path(self.path).stat().st_size, f"reading {self.path}")

    def __iter__(self) -> Iterator[str]:
        """Each line that says something; what is no UTF-8 in it is replaced, and then no number."""
        with open(self.path, encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(file, 1):
                text = line.strip()
                if text and not text.startswith(self.comment):
                    self.number: int = number
                    yield text

    def refuse(self, what: str, line: int | None = None) -> NoReturn:
        """`InvalidModelError` with the file and the line, by default the last one."""
        raise InvalidModelError(f"{self.path}, line {self.number if line is None else line}: {what}")

    def whole(self, text: str, what: str, below: int | None = None) -> int:
        """A whole number from 0, and below a limit if there is one."""
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
        if number < 0 or (below is not None and number >= below):
            expected = "a whole number from 0" if below is None else f"a whole number from 0 to {below - 1}"
            self.refuse(f"{what} is {text!r:.60}; expected {expected}")
        return number

    def real(self, text: str, what: str) -> float:
        """A finite number: 0.25, 2.5e-1 or 1/4."""
        try:
            number = float(text)
        except ValueError:
            number = self._quotient(text)
        if not -float("inf") < number < float("inf"):  # NaN too
            self.refuse(f"{what} is {text!r:.60}; expected a finite number, such as 0.25 or 1/4")
        return number

    def _quotient(self, text: str) -> float:
        above, slash, below = text.partition("/")
        try:
            if slash and max(len(above), len(below)) <= MOST_DIGITS:
                return int(above) / int(below)
        except (ValueError, ZeroDivisionError, OverflowError):
            pass
        return float("nan")
