"""Checkpoints: the values of all parts after a sweep, from which the same run goes on.

    FOLDER/sweep-00000200/part-00007.f64    values of the part's states, and how much it may still change
    FOLDER/sweep-00000200/complete.json     written last, by process 0, with the checksum of every part

A set without `complete.json` was torn by whatever ended the job, and is not read; one whose checksums do not
agree is refused. What was saved is what the sweeps go on from, bit by bit, whatever the number of processes: a
run that was ended and started again ends with the values and bounds of one that was not.
"""

import contextlib
import json
import os
import shutil
import warnings
import zlib
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.atomic_file import flush_names, write_atomically
from planners.distributed.blocks import Blocks
from planners.distributed.lock import Lock
from planners.errors import InvalidOptionError, InvalidPlanFileError
from planners.options import Tolerance
from planners.plans.plan import Status

FORMAT: Final = "gridworld-lab checkpoint 1"
MARKER: Final = "complete.json"
KEPT: Final = 2  # sets; the newest may have been committed without its folder being on disk


class Checkpoints:
    """The checkpoints of one run in a folder that all its processes can reach."""

    folder: Path
    every: int
    tolerance: Tolerance

    def __init__(self, folder: str | os.PathLike[str], every: int, tolerance: Tolerance, lock: Lock) -> None:
        """Save to `folder` after every so many sweeps; 0: never."""
        self.folder, self.every, self.tolerance, self._lock = Path(folder), every, tolerance, lock

    def after_sweep(self, blocks: Blocks) -> None:
        """Save, if it is time."""
        if self.every and blocks.sweeps % self.every == 0:
            self.save(blocks)

    def save(self, blocks: Blocks) -> None:
        """Write every part, each process its own, and commit the set when all of them are on disk."""
        processes = blocks.processes
        here = self.folder / f"sweep-{blocks.sweeps:08d}"

        def write() -> dict[str, int]:
            self._lock.check()
            here.mkdir(parents=True, exist_ok=True)
            sums = {
                str(number): _write_part(here, number, blocks.own(index), blocks.pending[index])
                for index, number in enumerate(blocks.mine)
            }
            flush_names(here)
            return sums

        sums = processes.together(write, f"writing the checkpoint {here}")
        told = processes.gather(sums)
        if processes.rank == 0:
            marker = {
                **self._run(blocks),
                "sweeps": blocks.sweeps,
                "tolerance": self.tolerance.absolute,
                "relative_tolerance": self.tolerance.relative,
                "threshold": blocks.threshold,
                "apart": None if blocks.apart is None else blocks.forever,
                "checksums": {number: crc for one in told for number, crc in one.items()},
            }
            write_atomically(here / MARKER, lambda file: file.write(json.dumps(marker).encode()))
            for old in self._sets()[KEPT:]:
                shutil.rmtree(old, ignore_errors=True)

    def resume(self, blocks: Blocks) -> bool:
        """Take up the newest complete checkpoint that is whole; False if there is none.

        Damaged ones are put aside, and kept until a plan is finished: a job that is started again by itself would
        otherwise end with the same error for ever.

        Raises:
            InvalidOptionError: It is of another model, or was made with another discount.
        """
        processes = blocks.processes
        names = processes.gather([folder.name for folder in self._sets() if (folder / MARKER).exists()])[0]
        for name in names:
            try:
                self._take_up(blocks, self.folder / name)
            except InvalidPlanFileError as error:
                if processes.rank == 0:  # aside, so that it is not counted among those that are kept
                    (self.folder / name).rename(self._unused(f"damaged-{name}"))
                    on = "from the beginning, as there is no older one" if name == names[-1] else "from an older one"
                    warnings.warn(f"{error}. Going on {on}", stacklevel=2)
            else:
                return True
        return False

    def _unused(self, name: str) -> Path:
        """A folder of this name, or, where there is one already, of a name that is like it."""
        numbers = (self.folder / (name if number == 0 else f"{name}-{number}") for number in count())
        return next(path for path in numbers if not path.exists())

    def _take_up(self, blocks: Blocks, here: Path) -> None:
        processes = blocks.processes
        found = processes.together(
            lambda: self._marker(here, blocks) if processes.rank == 0 else None, "reading a checkpoint"
        )
        marker: dict[str, Any] = processes.gather(found)[0]

        def read() -> list[NDArray[np.float64]]:
            own = enumerate(blocks.mine)
            return [_read_part(here, n, len(blocks.own(i)), marker["checksums"][str(n)]) for i, n in own]

        for index, saved in enumerate(processes.together(read, f"reading the checkpoint {here}")):
            blocks.own(index)[:], blocks.pending[index] = saved[:-1], saved[-1]
        blocks.refresh()
        blocks.sweeps = int(marker["sweeps"])
        if (marker["tolerance"], marker.get("relative_tolerance", 0.0)) == self.tolerance:
            blocks.threshold = float(marker["threshold"])
        if marker.get("apart") is not None:
            blocks.set_apart(float(marker["apart"]))

    def end(self, blocks: Blocks, status: Status) -> None:
        """After the run: delete what is left if it is done; save where it stands if it can go on from there."""
        if status in (Status.INTERRUPTED, Status.ITERATION_LIMIT) and blocks.sweeps % self.every:
            self.save(blocks)
        elif status is Status.CONVERGED and blocks.processes.rank == 0:
            for old in [*self._sets(), *self.folder.glob("damaged-*")]:
                shutil.rmtree(old, ignore_errors=True)
            if self.folder.is_dir() and not any(self.folder.iterdir()):
                self.folder.rmdir()

    def _sets(self) -> list[Path]:
        """Folders of complete sets, the newest first, and then those that were torn."""
        sets = sorted(self.folder.glob("sweep-*"), reverse=True)
        return sorted(sets, key=lambda folder: not (folder / MARKER).exists())

    def _marker(self, here: Path, blocks: Blocks) -> dict[str, Any]:
        marker: Any = None
        with contextlib.suppress(ValueError):
            marker = json.loads((here / MARKER).read_bytes())
        if not _is_marker(marker, len(blocks.borders) - 1):
            raise InvalidPlanFileError(f"{here / MARKER} is damaged")
        for name, wanted in self._run(blocks).items():
            if marker.get(name) != wanted:
                raise InvalidOptionError(
                    f"{here} is a checkpoint of another run: its {name} is {str(marker.get(name))[:80]}, and this "
                    f"one's {wanted}. Choose another folder, or delete this one"
                )
        return marker

    def _run(self, blocks: Blocks) -> dict[str, Any]:
        """What has to be the same for a run to go on."""
        return {
            "format": FORMAT,
            "discount": blocks.discount,
            "states": blocks.num_states,
            "parts": len(blocks.borders) - 1,
            "model": blocks.model.digest,
        }


def _write_part(folder: Path, number: int, values: NDArray[np.float64], pending: float) -> int:
    """Write one part; its checksum."""
    content = np.append(values, pending).astype("<f8").tobytes()
    with (folder / f"part-{number:05d}.f64").open("wb") as file:  # the marker, written later, is what makes it count
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return zlib.crc32(content)


def _is_marker(found: Any, parts: int) -> bool:
    """Whether what a marker holds is what `Checkpoints.save` writes; its run is compared afterwards."""
    if not isinstance(found, dict) or not isinstance(sums := found.get("checksums"), dict):
        return False
    numbers = [found.get("sweeps"), *sums.values()]
    whole = all(isinstance(number, int) and 0 <= number < 2**63 for number in numbers)
    real = all(isinstance(found.get(name), int | float) for name in ("tolerance", "threshold"))
    real = real and isinstance(found.get("apart"), int | float | None)
    return whole and real and (found.get("parts") != parts or set(sums) == set(map(str, range(parts))))


def _read_part(folder: Path, number: int, count: int, checksum: int) -> NDArray[np.float64]:
    path = folder / f"part-{number:05d}.f64"
    content = path.read_bytes() if path.is_file() else b""
    if len(content) != 8 * (count + 1) or zlib.crc32(content) != checksum:
        raise InvalidPlanFileError(f"{path} is damaged: its checksum is wrong")
    return np.frombuffer(content, dtype="<f8").astype(np.float64)
