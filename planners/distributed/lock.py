"""The lock of a folder: one job at a time writes to it, and a lock whose job is gone is taken over.

The job that holds the lock adds 1 to a count in it every few seconds. Another job that finds the lock looks at the
count for some time: it moves while the first job lives. Clocks are never compared, as those of two machines may differ.
"""

import contextlib
import json
import os
import secrets
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from planners.distributed.processes import Processes
from planners.errors import InvalidOptionError, LostProcessError

NAME: Final = "lock"
JOBS: Final = ("SLURM_JOB_ID", "TORCHELASTIC_RUN_ID")  # that a restarted job has again
BEAT: Final = 2.0  # seconds after which the count moves
LOOK: Final = 1.0  # seconds from one look at the count of another job to the next
LOOKS: Final = 30  # after which a count that has not moved shows that its job is gone
DIGITS: Final = 12  # of the count


class Lock:
    """The lock of this job, or, without a folder or on the other processes, a view of it."""

    folder: Path | None
    token: str

    def __init__(self, folder: Path | None, token: str) -> None:
        """Know the folder, and the token that the lock of this job has."""
        self.folder, self.token = folder, token

    def check(self) -> None:
        """See that the folder is still this job's, before something is written to it.

        Raises:
            InvalidOptionError: Another job has taken it over, because this one stood still.
        """
        if self.folder is None:
            return
        found = _read(self.folder / NAME)
        if found.get("token") != self.token:
            raise InvalidOptionError(
                f"this job stood still, and {_by_whom(found)} took {self.folder} over meanwhile. Nothing more is "
                "written to it; wait for the other job, or choose another folder"
            )

    def is_first_to_speak(self) -> bool:
        """Whether no process of this job has said before that the job lost one of its processes."""
        if self.folder is None:
            return True
        try:
            (self.folder / f".lost-{self.token}").open("x").close()
        except FileExistsError:
            return False
        except OSError:
            return True
        return True


@contextmanager
def held(folder: Path | None, processes: Processes) -> Iterator[Lock]:
    """The folder is this job's while the block runs, and all processes have been seen to write to the same one.

    Raises:
        InvalidOptionError: On all processes: another job writes to it, or it is another folder on some machine.
        OSError: Some process cannot write to it.
    """
    lock = Lock(folder, processes.gather(secrets.token_hex(8))[0])
    if folder is None:
        yield lock
        return
    file = _taken(folder, lock.token, processes)
    try:
        with _moving(file):
            _see_that_it_is_shared(folder, processes)
            yield lock
    except LostProcessError as error:
        error.is_first = lock.is_first_to_speak()
        raise
    finally:
        if file is not None:
            file.close()
            if _read(folder / NAME).get("token") == lock.token:
                (folder / NAME).unlink(missing_ok=True)


def _taken(folder: Path, token: str, processes: Processes) -> BinaryIO | None:
    """The file of the lock, opened, on process 0; the others wait for it, never longer than a look at a time."""
    before: dict[str, Any] = {}
    for left in range(LOOKS, -1, -1):

        def attempt(last: bool = left == 0) -> BinaryIO | None:
            return _attempt(folder, token, before, last) if processes.rank == 0 else None

        file = processes.together(attempt, f"making the folder {folder}")
        if processes.gather(file is not None)[0]:
            return file
        time.sleep(LOOK if left else 0.0)
    raise InvalidOptionError(f"another job takes {folder} over at the same time. Choose another folder")


def _attempt(folder: Path, token: str, before: dict[str, Any], last: bool) -> BinaryIO | None:
    """Take the lock, if it is free or its job is gone; None: look again. `before` has what was found the first time."""
    folder.mkdir(parents=True, exist_ok=True)
    mine = {"host": _machine(), "process": os.getpid(), "jobs": [os.environ.get(name) for name in JOBS], "token": token}
    lock = folder / NAME
    with contextlib.suppress(FileExistsError):
        return _write(lock, mine)
    found = _read(lock)
    own = _is_of_the_same_job(found, mine)
    if not (own or _has_ended(found, mine)):
        unknown = found and "count" not in found  # as earlier versions wrote it
        if unknown or found != before.setdefault("lock", found):
            raise InvalidOptionError(
                f"another job writes to {folder}: {_by_whom(found)}. Wait for it, or choose another folder; if it is "
                f"gone, delete {lock}"
            )
        if not last:
            return None
    aside = folder / f".{NAME}-{token}"
    with contextlib.suppress(FileNotFoundError):  # of two jobs that do this at once, one moves the file
        lock.rename(aside)
    if _read(aside).get("token") != found.get("token"):
        return None
    for old in (aside, *folder.glob(".lost-*")):
        old.unlink(missing_ok=True)
    if not own:
        warnings.warn(f"the job that held {folder} is gone: {_by_whom(found)}. This job takes it over", stacklevel=2)
    with contextlib.suppress(FileExistsError):
        return _write(lock, mine)
    return None


@contextmanager
def _moving(file: BinaryIO | None) -> Iterator[None]:
    """The count of the lock moves while the block runs.

    It is written to the open file, so that a lock that somebody else has made instead stays as it is.
    """
    if file is None:
        yield
        return
    place = file.tell() - DIGITS - len('"}')  # the count is written last
    done = threading.Event()

    def move() -> None:
        count = 0
        while not done.wait(BEAT):
            count += 1
            with contextlib.suppress(OSError):
                file.seek(place)
                file.write(f"{count:0{DIGITS}}".encode("ascii"))
                os.fsync(file.fileno())

    thread = threading.Thread(target=move, name="lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def tried(folder: Path, processes: Processes) -> Path:
    """The folder, or where it does not exist the next one above it that does, after all processes have written there.

    Nothing stays there.

    Raises:
        InvalidOptionError: On all processes: one is a file, or it is another folder on some machine.
        OSError: Some process cannot write to it.
    """

    def find() -> Path:
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not there.is_dir():
            raise InvalidOptionError(f"{there} is a file; expected a folder for the plan")
        return there

    there = processes.gather(processes.together(find, f"looking for {folder}"))[0]
    _see_that_it_is_shared(there, processes)
    return there


def _see_that_it_is_shared(folder: Path, processes: Processes) -> None:
    token = folder / f".{processes.gather(secrets.token_hex(8))[0]}"
    processes.together(lambda: token.touch() if processes.rank == 0 else None, f"writing to {folder}")

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


def _machine() -> str:
    """The host, and the space in which its process numbers hold: two containers of one name have two of them."""
    with contextlib.suppress(OSError):
        return f"{socket.gethostname()}, {os.readlink('/proc/self/ns/pid')}"
    return socket.gethostname()


def _by_whom(found: dict[str, Any]) -> str:
    return f"process {found.get('process')} on {str(found.get('host')).split(',')[0]}"


def _write(lock: Path, mine: dict[str, Any]) -> BinaryIO:
    file = lock.open("xb", buffering=0)
    try:
        file.write(json.dumps({**mine, "count": "0" * DIGITS}).encode("ascii"))
    except OSError:  # the disk is full
        file.close()
        lock.unlink(missing_ok=True)
        raise
    return file


def _read(lock: Path) -> dict[str, Any]:
    with contextlib.suppress(ValueError, OSError):
        found = json.loads(lock.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def _is_of_the_same_job(found: dict[str, Any], mine: dict[str, Any]) -> bool:
    """Whether a scheduler has started the job that wrote the lock again, as this one."""
    jobs = zip(found.get("jobs") or (), mine["jobs"], strict=False)
    return any(job == own and job not in (None, "", "none") for job, own in jobs)


def _has_ended(found: dict[str, Any], mine: dict[str, Any]) -> bool:
    """Whether the process that wrote the lock ran on this machine and is gone."""
    number = found.get("process")
    if found.get("host") != mine["host"] or not isinstance(number, int) or number <= 0:
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it runs, as somebody else
        return False
    return False
