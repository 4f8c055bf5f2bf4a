"""Constraints of the lowest versions that pyproject.toml allows: `python .ci/lowest.py > constraints.txt`.

PyTorch is left at the version of the project's own constraints: older ones for a CPU are not on every index.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def lowest() -> list[str]:
    """A line `name==version` for each requirement with a lower bound, of the packages and of their tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = [*project["project"]["dependencies"], *groups["test"], *groups["docs"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    found = [re.match(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?>=([0-9.]+(?:b[0-9]+)?)", line) for line in wanted]
    lines = {f"{match[1]}=={match[2]}" for match in found if match and match[1] != "torch"}
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return sorted(lines) + [line for line in pinned if line.startswith("torch==")]


if __name__ == "__main__":
    print("\n".join(lowest()))
