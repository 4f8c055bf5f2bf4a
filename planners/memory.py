"""Whether something fits in memory, asked before it is allocated.

An operating system that overcommits hands out memory that it does not have, and ends the process when it
is used. So what is free is asked first: of the system, and of the control group, which in a container or
a batch job allows less.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from planners.errors import NotEnoughMemoryError

UNITS: Final = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
ANYWHERE: Final = 2.0**20  # bytes that are free on any machine: to ask for the rest takes longer than solving so little
CGROUPS: Final = Path("/sys/fs/cgroup")


def check_memory(bytes_needed: float, what: str, advice: str = "Use a smaller model, or a machine with more") -> None:
    """Refuse what does not fit in the memory that is free.

    Args:
        bytes_needed: Estimate of what `what` will take, in bytes.
        what: What is to be allocated, as the subject of a sentence.
        advice: What to do instead.

    Raises:
        NotEnoughMemoryError: It does not fit.

    >>> check_memory(2.0**60, "a table of all pairs", "Use sparse tables")
    Traceback (most recent call last):
    planners.errors.NotEnoughMemoryError: a table of all pairs needs about 1.2 EB of memory, and ...
    """
    if bytes_needed <= ANYWHERE:
        return
    free = available_bytes()
    if bytes_needed > free:
        raise NotEnoughMemoryError(
            f"{what} needs about {readable(bytes_needed)} of memory, and {readable(free)} are free. {advice}"
        )


def available_bytes() -> float:
    """Bytes that can be allocated now: the least of what the system and the control groups have left."""
    return min((_system_bytes(), *_group_bytes()))


def resident_bytes() -> float:
    """Bytes of memory that this process holds now; 0 where the system does not tell."""
    try:
        return float(int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError, IndexError):
        return 0.0


def tabular_bytes(model: Any) -> int:
    """Most bytes that making `model.tabular` of a `MoveMDP` takes, the tables themselves included.

    Every move of every action can be an entry of the tables; while they are sorted an entry exists in
    three copies. A `TabularMDP` has its tables already: 0.
    """
    if not hasattr(model, "successor"):
        return 0
    states, actions = model.num_states, model.num_actions
    mixed = np.count_nonzero(model.mixture, axis=(1, 2))
    squares = np.array([states]) if model.kind is None else np.bincount(model.kind, minlength=len(mixed))
    entries = int((mixed * squares).sum())
    return 68 * entries + 34 * states * actions + 8 * states * model.num_moves


def readable(count: float) -> str:
    """A number of bytes for people.

    >>> readable(1_234_000_000)
    '1.2 GB'
    """
    if not np.isfinite(count):
        return "unlimited bytes"
    unit = 0
    while count >= 999.95 and unit < len(UNITS) - 1:
        count /= 1000.0
        unit += 1
    return f"{count:.0f} bytes" if unit == 0 else f"{count:.1f} {UNITS[unit]}"


def _system_bytes() -> float:
    """What the system can give without swapping."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    except (OSError, ValueError):
        pass
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return float("inf")


def _group_bytes() -> Iterator[float]:
    """What each control group that this process is in has left; cached files count as free."""
    for folder in _groups():
        for limit, usage, cached in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            try:
                most = float((folder / limit).read_text(encoding="ascii"))  # "max" is no number: no limit
                used = float((folder / usage).read_text(encoding="ascii"))
                parts = (line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
                reclaimable = sum(float(part[1]) for part in parts if part[0] == cached)
            except (OSError, ValueError, IndexError):
                continue
            yield max(most - used + reclaimable, 0.0)


def _groups() -> Iterator[Path]:
    """Folders of this process's control groups and of all that they are in."""
    yield from (CGROUPS, CGROUPS / "memory")
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        root = CGROUPS / controllers
        folder = root / path.lstrip("/")
        while folder != root and root in folder.parents:
            yield folder
            folder = folder.parent
