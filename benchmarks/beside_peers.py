"""One table: `planners.solve` beside each peer, as ratios of their seconds with the spread over five runs.

    make bench-peers                                        a quarter of an hour; the peers are installed first
    make bench-peers ARGS="--models taxi walls-30 --solver stormpy"     a part of it

Each run is a process of its own, and a round runs ours and every peer once, so that what disturbs one disturbs the
others; a ratio is of two runs of one round. Every solver is given a smaller tolerance until its values are within
1e-6 of the truth, as in `run.py`, whose adapters and referee these are. Seconds are those of the clock. On a busy
machine they say little, so the table names the load.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import planning
import report
import startup

HERE = Path(__file__).parent
OURS = "ours tables"
MODELS = ("taxi", "walls-30", "random-2500-0.99", "walls-300")
DISCOUNTS = (0.9, 0.99, 0.999)
ROUNDS = 5
LIMIT = 5.0  # seconds for one call
HEAD = (
    "| model | states | discount | peer | theirs | ours | theirs / ours: median (smallest to largest) |",
    "|---|---|---|---|---|---|---|",
)


def measured(name: str, discount: float, peers: list[str], folder: Path) -> list[tuple[float, str]]:
    """A row for each peer: how many times our seconds it took, and the line of the table."""
    reference = folder / f"{name}-{discount}.npz"
    runs: dict[str, list[Any]] = {solver: [] for solver in (OURS, *peers)}
    profile = planning.Profile((name,), (discount,), tuple(runs), LIMIT, float("inf"))
    for number in range(ROUNDS):
        for solver, found in runs.items():
            if number and found[-1]["status"] != "ok":  # the same each time: not installed, too slow, no such model
                continue
            record = planning.one(profile, planning.Results(folder / "none"), (name, discount, solver), reference)
            print(f"{name:18} {discount:<8g} {solver:20} {planning.describe(record)}", flush=True)
            found.append(record)
    return [row(name, discount, solver, runs[OURS], runs[solver]) for solver in peers]


def row(name: str, discount: float, solver: str, ours: list[Any], theirs: list[Any]) -> tuple[float, str]:
    """What one peer took beside ours."""
    states = next((f"{record['states']:,}" for record in ours if "states" in record), "")
    mine = median(ours)
    if theirs[0]["status"] != "ok" or mine is None:
        return float(
            "inf"
        ), f"| {name} | {states} | {discount:g} | {solver} | {report.cell(theirs[0], None, True)} | | |"
    ratios = [times for times in map(report.ratio, theirs, ours) if times is not None]
    middle = statistics.median(ratios)
    text = f"{middle:.2g} ({min(ratios):.2g} to {max(ratios):.2g})"
    cells = [report.seconds(median(theirs) or 0.0), report.seconds(mine), f"**{text}**" if middle < 1 else text]
    return middle, f"| {name} | {states} | {discount:g} | {solver} | {' | '.join(cells)} |"


def median(records: list[Any]) -> float | None:
    """Seconds that count, as in `report.cost`."""
    found = [report.cost(record) for record in records if record["status"] == "ok"]
    return statistics.median(found) if found else None


def machine() -> str:
    """What ran, where and how busy."""
    peers = {solver.split()[0] for solver in planning.QUICK.solvers}
    packages = ", ".join(f"{name} {version}" for name, version in planning.versions().items() if name in peers)
    return f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {packages or 'no peer'}"


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--discounts", nargs="+", type=float, default=DISCOUNTS)
    parser.add_argument("--solver", help="peers whose name contains this")
    options = parser.parse_args()
    peers = [name for name in planning.QUICK.solvers if name not in planning.OURS and (options.solver or "") in name]
    rows: list[tuple[float, str]] = []
    startup.warm_up()  # compiles ours; the peers that compile keep what they compiled, too
    try:
        with tempfile.TemporaryDirectory() as folder:
            for discount in options.discounts:
                for name in options.models:
                    rows += measured(name, discount, peers, Path(folder))
    except KeyboardInterrupt:
        print("Interrupted: the table has what is finished", file=sys.stderr)
    lost = [line for times, line in sorted(rows) if times < 1]
    lines = [
        *("# Beside the peers", "", f"Written by `make bench-peers`: medians of {ROUNDS} runs; {machine()}.", ""),
        "Seconds: below 10,000 states of building the model and of the first call; above of the call. A ratio below 1",
        "is bold: the peer is faster.",
        *("", "## Where we lose", "", *(HEAD if lost else ()), *(lost or ["Nowhere in this run."])),
        *("", "## All", "", *HEAD, *(line for _, line in rows)),
    ]
    (HERE / "beside_peers.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
