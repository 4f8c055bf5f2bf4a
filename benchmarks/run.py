"""Run the benchmarks, each beside its peers in one run, and write benchmarks/README.md.

    make bench                                      about ten minutes
    .venv/bin/python benchmarks/run.py --full       hours: all sizes, discounts and solvers
    .venv/bin/python benchmarks/run.py --only walls         these rows again, the others as they were
    .venv/bin/python benchmarks/run.py --full --resume      what is missing after an interruption

The peers may live in another environment: BENCH_PYTHON=/path/to/python, with benchmarks/requirements.txt.
"""

import argparse
import dataclasses
import os
import platform
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import environment
import gan
import planning
import report
import startup
import stream
import sweep

HERE = Path(__file__).parent
SCRATCH = HERE.parent / ".benchmarks"  # the referee's values
PACKAGES = ("numpy", "scipy", "gymnasium", "numba")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Benchmarks beside the peers; writes benchmarks/README.md.")
    parser.add_argument("--full", action="store_true", help="all sizes, discounts and solvers (hours)")
    parser.add_argument("--only", metavar="NAME", action="append", help="models named like this, or environment")
    parser.add_argument("--solver", metavar="NAME", action="append", help="solvers whose name contains this")
    parser.add_argument("--discount", metavar="G", type=float, action="append", help="these discounts alone")
    parser.add_argument("--models", metavar="NAME", nargs="+", help="these models, as in walls-10000")
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="for one call of a solver")
    parser.add_argument("--minutes", type=float, help="start no further case after these")
    parser.add_argument("--resume", action="store_true", help="keep the cases of benchmarks/results.json")
    return parser.parse_args()


def chosen(options: argparse.Namespace) -> planning.Profile:
    """The profile with what the command line changes."""
    profile = planning.FULL if options.full else planning.QUICK
    changes: dict[str, Any] = {}
    if options.models:
        changes["names"] = tuple(options.models)
    if options.only:
        changes["names"] = tuple(n for n in changes.get("names", profile.names) if any(o in n for o in options.only))
    if options.solver:
        changes["solvers"] = tuple(s for s in profile.solvers if any(o in s for o in options.solver))
    if options.discount:
        changes["discounts"] = tuple(options.discount)
    for name in ("limit", "minutes"):
        if getattr(options, name) is not None:
            changes[name] = getattr(options, name)
    return dataclasses.replace(profile, **changes)


def processor() -> str:
    """The model of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def machine_section() -> list[str]:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"{platform.system()} {platform.machine()}, {processor()}, {os.cpu_count()} cores, {memory:.0f} GiB; "
        f"STREAM triad {stream.triad_bandwidth():.1f} GB/s with 2 threads. "
        f"Python {platform.python_version()}, {packages}.",
    ]


def environment_section() -> list[str]:
    return [
        "",
        "## Environment",
        "",
        "| what | ours | beside it | ratio |",
        "|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in environment.rows()),
    ]


def startup_section() -> list[str]:
    return [
        "",
        "## First call",
        "",
        "Seconds of the processor of the first `planners.solve` of a process, discount .99.",
        "",
        "| model | nothing compiled yet | compiled by an earlier process |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in startup.rows()),
    ]


def sweep_section() -> list[str]:
    return [
        "",
        "## One sweep",
        "",
        "Over an open grid of 1000 x 1000 in breadth-first order, on one thread, in place.",
        "",
        "| form of the model | ns a state | bytes a state | GB/s | of the triad of 2 threads | of 1 thread |",
        "|---|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in sweep.rows()),
    ]


def gan_section() -> list[str]:
    return [
        "",
        "## GAN training through the game",
        "",
        "Milliseconds of the processor an update, one thread, beside bare loops of PyTorch with the same networks:",
        "one as it is written by hand, and one that does the same operations as `gan_lab.train`, to the same bits.",
        "Ratios are ours to theirs: the median of five rounds, the smallest and the largest. "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f} when it began.",
        "",
        "| what | ours | by hand | ratio | ratio to the loop of the same bits |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in gan.rows()),
    ]


SECTIONS = {
    "machine": machine_section,
    "environment": environment_section,
    "gan": gan_section,
    "startup": startup_section,
    "sweep": sweep_section,
}
HEAD = ["# Benchmarks", "", "Written by `make bench`. Seconds depend on the machine; the ratios less so.", ""]


def write(name: str, lines: list[str]) -> None:
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    options = arguments()
    profile = chosen(options)
    chosen_part = bool(options.only or options.models or options.solver or options.discount)
    results = planning.Results(HERE / "results.json")
    if options.resume or chosen_part:
        results.load()
    if not options.resume:
        shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(exist_ok=True)
    left_out: list[str] = []
    try:
        for name, section in SECTIONS.items():
            if name not in results.sections or name in (options.only or []):
                results.sections[name] = section()
                results.save()
        startup.warm_up()
        left_out = planning.run(profile, results, SCRATCH, options.resume, lambda line: print(line, flush=True))
    except KeyboardInterrupt:
        print("Interrupted: the tables have what is finished; --resume goes on from there", file=sys.stderr)
    results.save()
    lines = HEAD + [line for name in SECTIONS for line in results.sections.get(name, [])]
    if results.cases:
        lines += report.planning_section(results, left_out)
        write("cases.md", report.cases(results))
    write("README.md", lines)
    print("\n".join(lines))
    if broken := report.broken_bounds(results):
        sys.exit("Bounds that the referee contradicts:\n" + "\n".join(broken))


if __name__ == "__main__":
    main()
