"""The command `gan-lab bench`: train methods on mixtures, and keep each run when it ends."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gan_lab.cli.exit_codes import exit_codes
from gan_lab.errors import GameError
from gan_lab.studies.json_rows import finite, numbers

WIDE = 150  # columns of a terminal in which the widest table is not folded

out: Console = Console(highlight=False)


def bench(
    games: Annotated[str, typer.Option(help="Names of games, separated by commas.")] = "ring8,grid25",
    methods: Annotated[str, typer.Option(help="Separated by commas; `all`: all but those as published.")] = "ours",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method on each game, drawn anew.")] = 1,
    steps: Annotated[int | None, typer.Option(min=1, help="Number of updates; default: each recipe's own.")] = None,
    radius: Annotated[float, typer.Option(help="Radius of the ring; 2 in the self-conditioned GAN's protocol.")] = 1.0,
    results: Annotated[Path, typer.Option(help="File: each run adds a line of JSON.")] = Path("gan-bench.jsonl"),
    report: Annotated[bool, typer.Option(help="Only show the results in the file; train nothing.")] = False,
) -> None:
    """Train methods on mixtures, and compare modes, shares and widths with the best possible and published ones."""
    with exit_codes(OSError):
        if not report:
            _run(_names(games), methods, seeds, steps, radius, results)
        _show(_rows(results))


def _run(games: list[str], methods: str, seeds: int, steps: int | None, radius: float, results: Path) -> None:
    import numpy as np

    from gan_lab.studies.bench import METHODS, make_case, measure_apart
    from gan_lab.studies.bench.cases import recipe_of

    chosen = list(METHODS) if methods == "all" else _names(methods)
    for game in games:  # all names are looked up before the work begins
        for method in chosen:
            recipe_of(method, make_case(game, radius))
    results.touch()
    try:
        for seed in np.random.SeedSequence().generate_state(seeds) % 2**31:
            for game in games:
                for method in chosen:
                    row = measure_apart(game, method, int(seed), steps, radius)
                    with results.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(finite(row), allow_nan=False) + "\n")
                    out.print(_sentence(row), markup=False)
    except KeyboardInterrupt:
        out.print(f"Interrupted: the runs that ended are in {results}.", markup=False)


def _sentence(row: dict[str, Any]) -> str:
    start = f"{row['game']}, {row['method']}, seed {row['seed']}: "
    if "diverged" in row:
        return start + row["diverged"]
    best = row.get("averaged", row["live"])
    widths = f"{best['narrowest']:.2f} to {best['widest']:.2f}"
    return start + (
        f"{best['modes']} modes, {100 * best['high_quality']:.2f} % good, excess reverse KL "
        f"{best['excess_reverse_kl']:.5f}, widths {widths}, {row['seconds']:.0f} s"
    )


def _show(rows: list[dict[str, Any]]) -> None:
    """Print the results as tables or, if these do not fit, as Markdown."""
    from gan_lab.studies.bench.summary import HEADER, PROTOCOL_HEADER, by_protocol, markdown, summarise

    for title, header, lines in (
        ("50,000 samples, for widths 2,000 a mode; the data's own good share is 98.89 %", HEADER, summarise(rows)),
        ("The same runs by published protocols, beside what papers print", PROTOCOL_HEADER, by_protocol(rows)),
    ):
        if not out.is_terminal or out.width < WIDE:
            out.print(f"{title}\n\n{markdown(header, lines)}\n", markup=False, soft_wrap=True)
            continue
        table = Table(*header, title=title)
        for line in lines:
            table.add_row(*line)
        out.print(table)


def _names(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _rows(results: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(results.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            rows.append(json.loads(line, object_hook=numbers))
        except json.JSONDecodeError as error:
            raise GameError(f"line {number} of {results} is not JSON: {error}") from None
    return rows
