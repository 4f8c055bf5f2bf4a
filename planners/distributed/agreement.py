"""What all processes must share before the first sweep: versions, options, the model and the folder.

Otherwise each would prove something of a problem of its own, and the numbers that they exchange would belong to none.
"""

import contextlib
import json
import os
import platform
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from planners.distributed.processes import Processes
from planners.errors import InvalidOptionError

LOCK: Final = "lock"
JOBS: Final = ("SLURM_JOB_ID", "TORCHELASTIC_RUN_ID")  # that a restarted job has again


def agree(processes: Processes, facts: Mapping[str, Any]) -> None:
    """Refuse to go on where some process was given something else than process 0, or runs another version.

    Raises:
        InvalidOptionError: On all processes: what differs, on which process, and what it is there.
    """
    told = processes.gather({name: str(value) for name, value in {**_versions(), **facts}.items()})
    for name, wanted in told[0].items():
        for rank, found in enumerate(told):
            if found.get(name) != wanted:
                raise InvalidOptionError(
                    f"the processes do not agree: {name} is {wanted} on {processes.named(0)}, and {found.get(name)} on "
                    f"{processes.named(rank)}. Start all of them with the same versions, options and files"
                )


def _versions() -> dict[str, str]:
    found = {"the version of Python": platform.python_version()}
    for package in ("gridworld-lab", "numpy", "numba"):
        with contextlib.suppress(PackageNotFoundError):
            found[f"the version of {package}"] = version(package)
    return found


@contextmanager
def held(folder: Path | None, processes: Processes) -> Iterator[None]:
    """The folder is this job's while the block runs, and all processes have been seen to write to the same one.

    Raises:
        InvalidOptionError: On all processes: another job writes to it, or it is another folder on some machine.
        OSError: Some process cannot write to it.
    """
    if folder is None:
        yield
        return
    processes.together(lambda: _take(folder) if processes.rank == 0 else None, f"making the folder {folder}")
    try:
        _see_that_it_is_shared(folder, processes)
        yield
    finally:
        if processes.rank == 0:
            (folder / LOCK).unlink(missing_ok=True)


def _see_that_it_is_shared(folder: Path, processes: Processes) -> None:
    token = folder / f".{processes.gather(secrets.token_hex(8))[0]}"
    if processes.rank == 0:
        token.touch()
    processes.gather(None)

    def look() -> None:
        if not token.exists():
            raise InvalidOptionError(
                f"{folder.absolute()} is not the folder that process 0 writes to. Give all machines a folder on a file "
                "system that they share"
            )
        own = token.with_name(f"{token.name}.{processes.rank}")
        own.touch()
        own.unlink()

    try:
        processes.together(look, f"looking into {folder}")
    finally:
        if processes.rank == 0:
            token.unlink(missing_ok=True)


def _take(folder: Path) -> None:
    """Make the folder and write the lock, unless a job that may still run has written one."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / LOCK
    mine = {"host": socket.gethostname(), "process": os.getpid(), "jobs": [os.environ.get(name) for name in JOBS]}
    try:
        _write(lock, mine)
    except FileExistsError:
        found = _read(lock)
        if not _is_over(found, mine):
            raise InvalidOptionError(
                f"another job writes to {folder}: process {found.get('process')} on {found.get('host')}. Wait for it, "
                f"or choose another folder; if it is gone, delete {lock}"
            ) from None
        lock.unlink(missing_ok=True)
        _write(lock, mine)


def _write(lock: Path, mine: dict[str, Any]) -> None:
    with lock.open("x", encoding="utf-8") as file:
        json.dump(mine, file)


def _read(lock: Path) -> dict[str, Any]:
    with contextlib.suppress(ValueError, OSError):
        found = json.loads(lock.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def _is_over(found: dict[str, Any], mine: dict[str, Any]) -> bool:
    """Whether the job that wrote the lock has ended, or is this one, started again."""
    jobs = zip(found.get("jobs") or (), mine["jobs"], strict=False)
    if any(job == own and job not in (None, "", "none") for job, own in jobs):
        return True
    number = found.get("process")
    if found.get("host") != mine["host"] or not isinstance(number, int) or number <= 0:
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it runs, as somebody else
        return False
    return number == mine["process"]
