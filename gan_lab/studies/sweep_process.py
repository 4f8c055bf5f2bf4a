"""Processes that play runs of a sweep, one after the other.

Where that is safe, each is a copy of this process (a fork), which has imported PyTorch already. Elsewhere it is a fresh
Python, which imports this package and no script: a call of `gan_lab.sweep` needs no guard `if __name__ == "__main__"`,
and what it sends must be importable.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final

from gan_lab.errors import WiringError
from gan_lab.training.loop import train
from gan_lab.training.run import Status

LENGTH: Final = 8  # bytes of the length before a bundle
START: Final = "from gan_lab.studies.sweep_process import serve; serve()"


def play(arguments: dict[str, Any]) -> dict[str, Any]:
    """The row and the curve of a run.

    Raises:
        KeyboardInterrupt: It was interrupted.
    """
    begin = time.perf_counter()
    row: dict[str, Any] = {"steps": 0, "seconds": 0.0, "status": "Failed.", "error": None}
    try:
        run = train(**arguments)
    except Exception as error:  # of one run: the others go on
        run, row["error"] = getattr(error, "run", None), f"{type(error).__name__}: {error}"
    if run is not None:
        row |= {"steps": run.steps, "status": run.status.value if row["error"] is None else row["status"]}
        if run.status is Status.INTERRUPTED:
            raise KeyboardInterrupt
    row["seconds"] = round(time.perf_counter() - begin, 3)
    if run is None or not run.truth:
        return {"row": row, "curve": []}
    row |= {name: value for name, value in run.truth[-1].items() if name != "step"}
    averaged = run.averaged_truth[-1] if run.averaged_truth else {}
    row |= {f"averaged_{name}": value for name, value in averaged.items() if name != "step"}
    return {"row": row, "curve": run.truth}


def packed(arguments: dict[str, Any]) -> bytes:
    """The arguments of a run as bytes.

    Raises:
        WiringError: Something in them cannot be sent to another process; it is named.

    >>> pickle.loads(packed({"steps": 3}))
    {'steps': 3}
    """
    for name, value in arguments.items():
        try:
            bundle = pickle.dumps(value)
        except Exception as error:  # pickle refuses by errors of many kinds
            raise WiringError(
                f"{name!r} cannot be sent to another process ({str(error)[:120]}): define what is in it at the top of "
                "a module, or take processes=1"
            ) from None
        if b"__main__" in bundle:
            raise WiringError(
                f"{name!r} has something that the script or notebook itself defines, which another process does not "
                "know: put it in a module and import it, or take processes=1"
            )
    return pickle.dumps(arguments)


def can_copy(runs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether copies of this process can play runs.

    A copy has the calling thread alone. So there must be no other thread of Python, and the runs must use one thread of
    PyTorch, as `torch.utils.data.DataLoader` does in its copies; a GPU cannot be used after copying.

    Args:
        runs: Arguments of `train`.
    """
    alone = sys.platform == "linux" and threading.active_count() == 1
    return alone and all(run.get("threads") == 1 and run.get("device", "cpu") == "cpu" for run in runs)


class Copy:
    """A copy of this process that serves; what is used of it is as in `subprocess.Popen`.

    Args:
        others: Copies that were made before, whose pipes the new one closes: they end when this process does.
    """

    def __init__(self, others: "Sequence[Copy]") -> None:
        """Copy this process."""
        runs, answers = os.pipe(), os.pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # so that the copy does not print it again
        self.returncode: int | None = None
        self.pid: int = os.fork()
        if self.pid == 0:
            _serve_as_copy(runs, answers, others)
        os.close(runs[0])
        os.close(answers[1])
        self.stdin, self.stdout = os.fdopen(runs[1], "wb"), os.fdopen(answers[0], "rb")

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        return self._waited(os.WNOHANG)

    def wait(self) -> int:
        """The exit code, when it has ended."""
        found = self._waited(0)
        assert found is not None
        return found

    def kill(self) -> None:
        """End it at once."""
        os.kill(self.pid, signal.SIGKILL)

    def _waited(self, how: int) -> int | None:
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, how)
            self.returncode = os.waitstatus_to_exitcode(status) if ended else None
        return self.returncode


Process = subprocess.Popen[bytes] | Copy


class SweepProcesses:
    """As many processes as threads ask for at once.

    Args:
        copies: Number of copies of this process to begin with; further processes are fresh.
    """

    def __init__(self, copies: int = 0) -> None:
        """Make the copies."""
        self._idle: SimpleQueue[Process] = SimpleQueue()
        made: list[Copy] = []
        for _ in range(copies):
            made.append(Copy(made))
            self._idle.put(made[-1])
        self._all: list[Process] = [*made]
        self._closed = False

    def play(self, bundle: bytes) -> dict[str, Any]:
        """The row and the curve of a run; where its process ended, that it did."""
        process = self._process()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(len(bundle).to_bytes(LENGTH, "big") + bundle)
            process.stdin.flush()
            answer = process.stdout.readline()
        except (BrokenPipeError, OSError, ValueError):
            answer = b""
        if not answer.endswith(b"\n"):
            code = _ended(process)
            error = f"its process ended with code {code}" + (
                ": perhaps there was too little memory" if code == -9 else ""
            )
            row = {"steps": 0, "seconds": 0.0, "status": "Failed.", "error": error}
            return {"row": row, "curve": [], "lost": True}
        self._idle.put(process)
        return json.loads(answer)

    def close(self) -> None:
        """End all, at once."""
        self._closed = True
        for process in self._all:
            if process.poll() is None:
                process.kill()
            _ended(process)

    def _process(self) -> Process:
        try:
            return self._idle.get_nowait()
        except Empty:
            pass
        if self._closed:
            raise KeyboardInterrupt
        paths = os.pathsep.join(path for path in sys.path if path)
        process = subprocess.Popen(
            [sys.executable, "-c", START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            start_new_session=True,  # Ctrl-C is for this process, which ends them
        )
        self._all.append(process)
        return process

    def __enter__(self) -> "SweepProcesses":
        """Return itself; processes start later."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """End all processes."""
        self.close()


def _ended(process: Process) -> int:
    """The exit code of a process that ends; its pipes are closed."""
    code = process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what it did not read
                pipe.close()
    return code


def serve(runs: int = 0, answers: int = 1) -> None:
    """Play the runs that come from one file descriptor, and answer on the other, until there are no more."""
    asked, answered = os.fdopen(os.dup(runs), "rb"), os.fdopen(os.dup(answers), "w")
    os.dup2(2, 1)  # what a run prints is no answer
    with suppress(BrokenPipeError), asked, answered:  # nobody waits for the answer
        while length := asked.read(LENGTH):
            bundle = asked.read(int.from_bytes(length, "big"))
            print(json.dumps(play(pickle.loads(bundle))), file=answered, flush=True)


def _serve_as_copy(runs: tuple[int, int], answers: tuple[int, int], others: Sequence[Copy]) -> None:
    """Serve on two pipes, and end."""
    code = 1
    try:
        os.setsid()  # Ctrl-C is for the process that was copied
        os.close(runs[1])
        os.close(answers[0])
        for other in others:
            other.stdin.close()
            other.stdout.close()
        serve(runs[0], answers[1])
        code = 0
    except BaseException:  # a copy never goes on with the work of the process that was copied
        traceback.print_exc()
    finally:
        os._exit(code)
