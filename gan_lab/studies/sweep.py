"""The same game by several choices and seeds, to one table: `gan_lab.sweep({"rate": [1e-3, 1e-2]}, seeds=8)`."""

import hashlib
import json
import math
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from copy import deepcopy
from dataclasses import dataclass
from inspect import signature
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np

from gan_lab.errors import SIZE, WiringError, file_path, number_between, seed_number, shown, switch, whole_number
from gan_lab.errors.argument_names import instead_of, takes_own_names
from gan_lab.games import make_game
from gan_lab.studies.json_rows import finite, numbers
from gan_lab.studies.sweep_process import SweepProcesses, can_copy, packed, play
from gan_lab.training.exports import write_rows
from gan_lab.training.loop import train
from gan_lab.training.progress import Progress
from gan_lab.training.stored import PLAIN, stored
from gridworld_env.ui.files.whole_file import write_whole

OURS: Final = ("seed", "checkpoint", "resume", "progress", "distributed", "callbacks")  # not to be chosen
SHOWN: Final = 12  # rows that are printed
WIDEST: Final = 40  # characters of a cell
Row = dict[str, Any]
Results = Generator[tuple[int, dict[str, Any]], None, None]


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """The results of runs over choices and seeds.

    Attributes:
        names: Names of the arguments that were varied.
        rows: One row for each run that ended: the choices, seed, steps, seconds, status, error (None, or why there is
            no result), and the last truth; `averaged_...` is the truth of the averaged generator.
        curves: The truth at each evaluation, for each row.
        planned: Number of planned runs; there are fewer rows if the sweep was interrupted.
    """

    names: tuple[str, ...]
    rows: list[Row]
    curves: list[list[Row]]
    planned: int

    def table(self) -> list[Row]:
        """The rows, all with the same names; None if a run does not have this number."""
        names = dict.fromkeys(name for row in self.rows for name in row)
        return [{name: row.get(name) for name in names} for row in self.rows]

    def to_pandas(self) -> Any:
        """The table as a DataFrame.

        Raises:
            ModuleNotFoundError: pandas is missing.
        """
        import pandas as pd  # pyright: ignore[reportMissingImports] - only where it is asked for

        return pd.DataFrame(self.table())

    def to_csv(self, path: str | PathLike[str]) -> Path:
        """Write the table.

        Raises:
            OSError: The file cannot be written.
        """
        return write_rows(self.table(), path)

    def bands(self, *measures: str, low: float = 0.25, high: float = 0.75) -> list[Row]:
        """Statistics over seeds for each choice: number of runs and of failed runs, median and quantiles of measures.

        Args:
            measures: Names of columns; if none are given, V and the quantities that fall to 0 at an equilibrium.
            low: The lower quantile.
            high: The upper quantile.

        Returns:
            Rows with the choices, `runs`, `failed`, and for each measure its median under its own name and the
            quantiles as `... low` and `... high`.

        Raises:
            WiringError: No run has a measure.
        """
        for name, share in (("low", low), ("high", high)):
            number_between(name, share, 0.0, 1.0)
        played = [row for row in self.rows if row["error"] is None]
        if unknown := [name for name in measures if played and not any(name in row for row in self.rows)]:
            raise WiringError(f"no run knows {unknown[0]!r}; they have {', '.join(self._numbers())}")
        wanted = measures or tuple(name for name in self._numbers() if name not in (*self.names, "seed", "steps"))
        found = []
        for choice, members in self._groups().items():
            row = {**dict(choice), "runs": len(members)}
            row["failed"] = sum(self.rows[number]["error"] is not None for number in members)
            for name in wanted:
                values = [self.rows[number][name] for number in members if name in self.rows[number]]
                for title, quantile in ((name, 0.5), (f"{name} low", low), (f"{name} high", high)):
                    row[title] = float(np.quantile(values, quantile)) if values else math.nan
            found.append(row)
        return found

    def plot(self, measure: str = "value", axes: Any = None) -> Any:
        """Plot a measure over updates for each choice: its median over seeds, and the middle half as a band.

        Args:
            measure: Name of a number in the truth of the game.
            axes: Matplotlib axes to draw on; None: new ones.

        Raises:
            ModuleNotFoundError: matplotlib is missing.
            WiringError: No run has this measure.
        """
        from gan_lab.studies.plots import plot_bands

        groups = {
            ", ".join(f"{name} {value}" for name, value in choice): [self.curves[number] for number in members]
            for choice, members in self._groups().items()
        }
        return plot_bands(groups, measure, axes)

    def _numbers(self) -> list[str]:
        names = dict.fromkeys(
            name for row in self.rows for name, value in row.items() if isinstance(value, int | float)
        )
        return [name for name in names if name != "seconds"]

    def _groups(self) -> dict[tuple[tuple[str, Any], ...], list[int]]:
        found: dict[tuple[tuple[str, Any], ...], list[int]] = {}
        for number, row in enumerate(self.rows):
            found.setdefault(tuple((name, row[name]) for name in self.names), []).append(number)
        return found

    def __repr__(self) -> str:
        """The number of runs, and the first rows."""
        failed = sum(row["error"] is not None for row in self.rows)
        said = f"Sweep of {len(self.rows)} runs" + (f", {failed} of them without a result" if failed else "")
        if len(self.rows) < self.planned:
            said += f"; interrupted: {self.planned} were planned"
        return "\n".join([said, *_lines(self.table()[:SHOWN])])


def _lines(rows: list[Row]) -> list[str]:
    """Rows in columns."""
    if not rows:
        return []
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _cell(value: Any) -> str:
    found = f"{value:.6g}" if isinstance(value, float) else str(value)
    return found if len(found) <= WIDEST else f"{found[: WIDEST - 3]}..."


@dataclass(frozen=True)
class _Job:
    """A run that is to be played: what its row begins with, the arguments of `train`, and the name of its file."""

    begin: Row
    arguments: dict[str, Any]
    file: Path | None

    def kept(self) -> dict[str, Any] | None:
        """The row and the curve, where it was played before."""
        if self.file is None or not self.file.is_file():
            return None
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"), object_hook=numbers)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return None  # it is played again
        return found if isinstance(found, dict) and {"row", "curve"} <= set(found) else None

    def keep(self, found: dict[str, Any]) -> None:
        """Write the row and the curve."""
        if self.file is not None:
            write_whole(self.file, json.dumps(finite(found), allow_nan=False).encode())


@takes_own_names
def sweep(
    choices: Mapping[str, Sequence[Any]],
    game: Any = "ring8",
    *,
    seeds: int | Sequence[int] = 1,
    processes: int = 1,
    threads: int = 1,
    out: str | PathLike[str] | None = None,
    progress: bool = False,
    **arguments: Any,
) -> Sweep:
    """Train a game with every combination of choices and every seed.

    If a run fails, its row holds the error, and the other runs go on. After Ctrl-C, the result has the rows of the runs
    that ended.

    Args:
        choices: From names of arguments of `gan_lab.train` to lists of values, such as {"penalty": ["r1", "none"]}.
        game: Name of a game, or the game; unless "game" is among the choices.
        seeds: Number of seeds, from 0 on; or the seeds.
        processes: Number of runs at the same time, each in a process of its own; the table does not depend on it.
        threads: Number of PyTorch threads for each run.
        out: Folder in which each run that ended is kept, created if it does not exist: the same call then continues
            from there. Functions and objects of your own are recognised only by their names.
        progress: Whether to show on stderr how many runs have ended.
        **arguments: Arguments of `gan_lab.train` that are the same for all runs.

    Returns:
        A `Sweep`, which has `rows`, a `table()`, `bands()` over seeds and a `plot()`.

    Raises:
        WiringError: There are no choices, `train` does not have an argument, or an object cannot be sent to processes.

    >>> found = sweep({"rate": [0.1, 0.2]}, "dirac", seeds=2, steps=50, update="extragradient")
    >>> [(row["rate"], row["seed"], round(row["distance"], 3)) for row in found.rows]
    [(0.1, 0, 1.348), (0.1, 1, 1.348), (0.2, 0, 1.116), (0.2, 1, 1.116)]
    """
    threads, progress = whole_number("threads", threads, 1, SIZE), switch("progress", progress)
    make_game(game)
    jobs = _jobs(choices, _seeds(seeds), {"game": game, **arguments, "threads": threads}, out)
    count = whole_number("processes", processes, 1)
    found: dict[int, dict[str, Any]] = {number: row for number, job in enumerate(jobs) if (row := job.kept())}
    left = [number for number in range(len(jobs)) if number not in found]
    copies = min(count, len(left)) if count > 1 and can_copy([jobs[number].arguments for number in left]) else 0
    with SweepProcesses(copies) as players, Progress(f"{len(jobs)} runs", len(jobs), progress) as bar:
        results = _here(jobs, left) if count == 1 else _apart(jobs, left, count, players)
        with suppress(KeyboardInterrupt), closing(results):
            for number, result in results:
                found[number] = {"row": jobs[number].begin | result["row"], "curve": result["curve"]}
                if not result.get("lost"):
                    jobs[number].keep(found[number])
                bar.beat(len(found), {})
    ended = [found[number] for number in sorted(found)]
    return Sweep(tuple(choices), [one["row"] for one in ended], [one["curve"] for one in ended], len(jobs))


def _here(jobs: list[_Job], left: list[int]) -> Results:
    for number in left:
        yield number, play(deepcopy(jobs[number].arguments))  # players that are given begin anew


def _apart(jobs: list[_Job], left: list[int], count: int, players: SweepProcesses) -> Results:
    """The same in several processes, as they end."""
    bundles = {number: packed(jobs[number].arguments) for number in left}
    with ThreadPoolExecutor(count) as pool:
        waiting: dict[Future[Any], int] = {pool.submit(players.play, bundles[number]): number for number in left}
        try:
            while waiting:
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(done), done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            players.close()


def _jobs(choices: Any, seeds: list[int], arguments: dict[str, Any], out: Any) -> list[_Job]:
    """All runs, in order; what cannot be played is refused before the work begins."""
    if not isinstance(choices, Mapping) or not choices:
        raise WiringError(f"choices is {choices!r}; expected lists of values by name, such as {{'rate': [1e-3, 1e-2]}}")
    known = set(signature(train).parameters) - set(OURS)
    for name in (*choices, *arguments):
        if name not in known:
            what = "sweep sets it for each run" if name in OURS else instead_of(name, sorted(known))
            raise WiringError(f"{name!r} cannot be chosen: {what}")
    for name, values in choices.items():
        listed = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str | bytes)
        if not listed or not getattr(values, "ndim", 1) or not len(values):
            raise WiringError(f"the choices of {name!r} are {shown(values)}; expected a list of values")
    folder = None if out is None else file_path("out", out)
    if folder is not None and folder.exists() and not folder.is_dir():
        raise WiringError(f"out is {str(folder)!r}, which is a file; expected a folder")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    found, labels = [], {name: _labels(list(values)) for name, values in choices.items()}
    for places in product(*(range(len(values)) for values in choices.values())):
        chosen = {name: list(choices[name])[place] for name, place in zip(choices, places, strict=True)}
        said = {name: labels[name][place] for name, place in zip(choices, places, strict=True)}
        for seed in seeds:
            asked = {**arguments, **chosen, "seed": seed}
            file = None if folder is None else folder / f"{_digest(asked)}.json"
            found.append(_Job({**said, "seed": seed}, asked, file))
    return found


def _seeds(seeds: Any) -> list[int]:
    listed = isinstance(seeds, Sequence | np.ndarray) and not isinstance(seeds, str | bytes)
    if listed and getattr(seeds, "ndim", 1) and len(seeds):
        return [seed_number(seed, "a seed of seeds") for seed in seeds]
    return list(range(whole_number("seeds", seeds, 1, SIZE)))


def _digest(asked: Mapping[str, Any]) -> str:
    forms = {name: stored(value, name) for name, value in sorted(asked.items())}
    forms["numbers"] = getattr(asked["game"], "fingerprint", str)()  # of data that are too large for a form, too
    return hashlib.sha256(json.dumps(forms, sort_keys=True).encode()).hexdigest()[:20]


def _labels(values: list[Any]) -> list[Any]:
    """The choices in a table; objects that would have the same label are numbered."""
    found = [_said(value) for value in values]
    return [
        f"{label} #{number}" if found.count(label) > 1 and not isinstance(value, PLAIN) else label
        for number, (value, label) in enumerate(zip(values, found, strict=True), 1)
    ]


def _said(value: Any) -> Any:
    """A choice in a table."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, PLAIN):
        return value
    found = stored(value, "choice")
    if isinstance(found, dict) and "schedule" in found:
        return found["schedule"]
    settings = ", ".join(map(repr, found.get("arguments", ()))) if isinstance(found, dict) else ""
    name = getattr(value, "name", None) or getattr(value, "__name__", None) or str(value)[:60]
    return f"{name}({settings})" if settings and len(settings) < 40 else name
