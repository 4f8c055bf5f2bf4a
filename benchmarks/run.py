"""Run the benchmarks, each beside its peer in one run, and write benchmarks/README.md."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import environment

PACKAGES = ("numpy", "scipy", "gymnasium")


def main() -> None:
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Seconds depend on the machine; the ratios less so.",
        "",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "",
        "## Environment",
        "",
        "| what | ours | beside it | ratio |",
        "|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in environment.rows()),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (Path(__file__).parent / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
