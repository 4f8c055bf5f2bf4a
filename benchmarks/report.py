"""The tables of benchmarks/README.md, and of benchmarks/cases.md with every case."""

from typing import Any

from planning import OURS, Profile, Results, versions

Record = dict[str, Any]
SMALL = 10_000  # states below which the overhead of a first call counts
SHORT = {"missing": "not installed", "unsupported": "-", "memory": "no memory"}


def cost(record: Record) -> float:
    """Seconds that count: of the best call, and for small models of building and the first call together."""
    if record["states"] < SMALL:
        return record["build_seconds"] + record["first_seconds"]
    return record["seconds"]


def ratio(record: Record, ours: Record | None) -> float | None:
    """How many times our seconds a peer took; None where one of the two has no time."""
    if ours is None or ours["status"] != "ok" or record["status"] != "ok":
        return None
    return cost(record) / cost(ours)


def cell(record: Record | None, ours: Record | None, peer: bool) -> str:
    """Seconds, and how many times ours; a loss of ours is bold."""
    if record is None:
        return ""
    if record["status"] not in ("ok", "inaccurate"):
        short = SHORT.get(record["status"], record["status"])
        return f"> {record['limit']:g}" if record["status"] == "timeout" else short
    if record["status"] == "inaccurate":
        return f"{seconds(cost(record))}, error {record['error']:.0e}"
    times = ratio(record, ours)
    if record is ours or times is None:
        return seconds(cost(record))
    text = f"{seconds(cost(record))} ({times:.2g}x)"
    return f"**{text}**" if peer and times < 1.0 else text


def seconds(value: float) -> str:
    return f"{value:.3g} s" if value >= 0.01 else f"{value * 1000:.2g} ms"


def model_table(results: Results, profile: Profile, name: str) -> list[str]:
    """A row for each solver, a column for each discount."""
    discounts = [d for d in profile.discounts if results.get(name, d, OURS[0]) is not None]
    first = [results.get(name, d, OURS[0]) for d in discounts]
    if not discounts:
        return []
    states = next((r["states"] for r in first if r and "states" in r), 0)
    what = "building and first call" if states < SMALL else "solving"
    lines = [
        "",
        f"### {name}: {states:,} states, seconds of {what}",
        "",
        f"| solver | {' | '.join(f'discount {d:g}' for d in discounts)} |",
        f"|---|{'---|' * len(discounts)}",
    ]
    for solver in profile.solvers:
        records = [results.get(name, d, solver) for d in discounts]
        if any(record and record["status"] not in ("unsupported", "missing") for record in records):
            cells = [cell(record, ours, solver not in OURS) for record, ours in zip(records, first, strict=True)]
            lines.append(f"| {solver} | {' | '.join(cells)} |")
    return lines


def losses(results: Results, profile: Profile) -> list[str]:
    """Every case in which a peer is faster at the same error than ours given the same tables."""
    lines = []
    for name in profile.names:
        for discount in profile.discounts:
            ours = results.get(name, discount, OURS[0])
            for solver in (s for s in profile.solvers if s not in OURS):
                record = results.get(name, discount, solver)
                times = None if record is None else ratio(record, ours)
                if times is not None and times < 1.0:
                    theirs, mine = seconds(cost(record)), seconds(cost(ours))
                    lines.append(f"| {name} | {discount:g} | {solver} | {theirs} | {mine} | {1 / times:.2g} |")
    head = ["| model | discount | solver | theirs | ours (tables) | times faster |", "|---|---|---|---|---|---|"]
    return [*head, *lines] if lines else ["None in this run."]


def planning_section(results: Results, left_out: list[str]) -> list[str]:
    profile = results.covered()
    packages = sorted({solver.split()[0] for solver in profile.solvers} - {"ours"})
    missing = [name for name in packages if name not in versions()]
    peers = ", ".join(f"{name} {versions()[name]}" for name in packages if name in versions())
    lines = [
        "",
        "## Planning",
        "",
        f"Peers: {peers or 'none installed'}.",
        *([f"Not installed: {', '.join(missing)}; `pip install -r benchmarks/requirements.txt`."] if missing else []),
        "",
        "Every solver is given a smaller tolerance until its values are within 1e-6 of the truth, judged by one",
        "referee; the seconds are those of the call that was, and beside them how many times the seconds of",
        "`ours tables` they are: bold is faster than ours. `> 60` took longer than 60 seconds, `skipped` would",
        "have, as an easier case did, and `error` is what no tolerance improved. Under 10,000 states the first call",
        "in a fresh process counts, with handing over the model; above, the best call. `ours tables` has the tables",
        "of probabilities that the peers have, `ours moves` the `MoveMDP` of a gridworld.",
        "Build time, memory, tolerance and error of each case: `cases.md`; all figures: `results.json`.",
        "",
        "### Where we lose",
        "",
        "Some of these were measured again since: small models in `small.md`, large ones in `large.md`, verification",
        "models in `storm.md`.",
        "",
        *losses(results, profile),
    ]
    for name in profile.names:
        lines += model_table(results, profile, name)
    if left_out:
        lines += ["", f"Not run, for want of time: {len(left_out)} cases, from {left_out[0]} on."]
    return lines


def cases(results: Results) -> list[str]:
    """One row for each case, with everything that was measured."""
    lines = [
        "# Every case",
        "",
        "| model | discount | solver | status | build s | first s | solve s | peak MB | tolerance | error | claimed "
        "| own tolerance | own s | own error |",
        "|" + "---|" * 14,
    ]
    for key, record in results.cases.items():
        if "error" not in record:
            lines.append(f"| {' | '.join(key.split('|'))} | {record['status']} {record.get('text', '')} |" + " |" * 10)
            continue
        own = record.get("default")
        claimed = f"{record['claimed']:.1e}" if "claimed" in record else ""
        figures = [
            f"{record['build_seconds']:.3f}",
            *(f"{record['first_seconds']:.4f}", f"{record['seconds']:.4f}", f"{record['peak_mb']:.0f}"),
            *(f"{record['tolerance']:.1e}", f"{record['error']:.1e}", claimed),
            *((f"{own['tolerance']:g}", f"{own['seconds']:.4f}", f"{own['error']:.1e}") if own else ("", "", "")),
        ]
        lines.append(f"| {' | '.join(key.split('|'))} | {record['status']} | {' | '.join(figures)} |")
    return lines


def broken_bounds(results: Results) -> list[str]:
    """Ours that claimed a smaller error than the referee found: there must be none."""
    return [
        f"{key}: claimed {record['claimed']:.3e}, error {record['error']:.3e} +- {record['doubt']:.1e}"
        for key, record in results.cases.items()
        if "claimed" in record and record["error"] - record["doubt"] > record["claimed"] * (1 + 1e-9)
    ]
