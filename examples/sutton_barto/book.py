"""What the chapters share: a row of the table, the table, the pictures, and the command line.

Each chapter is a function `chapter(full, picture)`: it returns its rows, and draws if `picture` is a file. Not `full`
is a small size for tests. A row is right if the measured number is as far from the exact one as its kind allows:

    is        |measured - exact| <= within
    below     measured <= exact + within        exact is a limit that no learner passes, or a bound
    above     measured >= exact - within
    book      |measured - printed| <= within    nothing exact is known: the book's number, read from a noisy curve
    solved    |measured - printed| <= within    the number is exact here, and the book's is it, rounded
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import sparse

import planners

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#777777"
Chapter = Callable[[bool, Path | None], "list[Row]"]


@dataclass(frozen=True)
class Row:
    """One number of the book.

    Attributes:
        where: Its figure, example or equation.
        what: What it says.
        printed: What the book prints, or what can be read from its figure ("about ...").
        measured: What the runs here have given.
        exact: What is true.
        within: How far `measured` may be from it.
        kind: One of the above; of "book" and "solved", `exact` is the number that the book prints.
        note: Which of the numbers is a noisy one, or what the exact one is.
    """

    where: str
    what: str
    printed: str
    measured: Any
    exact: Any
    within: float
    kind: str = "is"
    note: str = ""

    @property
    def right(self) -> bool:
        """Whether the measured number is as near to the exact one as it has to be."""
        off = self.measured - self.exact
        if self.kind in ("below", "above"):
            return (off if self.kind == "below" else -off) <= self.within
        return abs(off) <= self.within

    def cells(self) -> list[str]:
        """The cells of its line."""
        limit = {"below": "at most ", "above": "at least "}.get(self.kind, "")
        if self.kind == "solved":
            return [self.where, self.what, self.printed, "solved", f"{self.measured:.7g}", self.note]
        exact = "not known" if self.kind == "book" else limit + f"{self.exact:.7g}"
        return [self.where, self.what, self.printed, f"{self.measured:.5g}", exact, self.note]


def table(rows: list[Row]) -> str:
    """A table in Markdown."""
    lines = [
        ["where", "what", "printed", "measured here", "exact", "note"],
        ["---"] * 6,
        *(row.cells() for row in rows),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def panels(*titles: str, width: float = 4.6, height: float = 3.6) -> tuple[Figure, list[Any]]:
    """A figure with one panel for each title."""
    figure = Figure(figsize=(width * len(titles), height), layout="constrained", dpi=100)
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(1, len(titles), k + 1) for k in range(len(titles))]
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title, fontsize=11)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def soft(mdp: planners.TabularMDP, epsilon: float) -> planners.TabularMDP:
    """The model in which actions go wrong with probability epsilon: its best policy is the best epsilon-soft one."""
    S, A = mdp.rewards.shape
    tables = mdp.transitions.toarray().reshape(S, A, S), mdp.termination, mdp.rewards
    P, ends, R = ((1.0 - epsilon) * x + epsilon * x.mean(axis=1, keepdims=True) for x in tables)
    rows = sparse.csr_array(P.reshape(S * A, S))
    return planners.TabularMDP(
        transitions=rows, termination=ends, rewards=R, feasible=mdp.feasible, initial=mdp.initial
    )


def from_start(mdp: planners.TabularMDP, values: np.ndarray) -> float:
    assert mdp.initial is not None
    return float(mdp.initial[mdp.initial > 0] @ values[mdp.initial > 0])


def label(ax: Any, x: str, y: str, legend: bool = True) -> None:
    """Name the axes."""
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    if legend:
        ax.legend(frameon=False, fontsize="small")


def main(chapter: Chapter) -> list[Row]:
    """Run one chapter from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="few runs, as in the tests")
    parser.add_argument("--out", type=Path, default=Path("out/book"), help="folder of the pictures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    rows = chapter(not arguments.small, arguments.out / f"{Path(sys.argv[0]).stem}.png")
    print(table(rows))
    wrong = [f"{row.where}, {row.what}" for row in rows if not row.right]
    print(f"{len(rows)} rows, {len(wrong)} wrong, {time.perf_counter() - began:.0f} s", *wrong, sep="\n")
    return rows
