"""A second process that ends this one when it stands still: a process that is stopped cannot end itself.

torchrun waits for ever for a process of its machine that is stopped but not dead, while those of the other machines
have given up long ago. The guard counts its own waits, and asks no clock: a machine that slept, guard and all, goes on.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

LONGEST: Final = 1.0  # seconds from one sign of life to the next
WATCH: Final = """
import os, select, signal, sys
number, wait, patience = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_IGN)
silent = 0
while os.getppid() == number:
    if select.select([0], [], [], wait)[0]:
        if not os.read(0, 4096):
            break
        silent = 0
    elif (silent := silent + 1) > patience:
        os.kill(number, signal.SIGKILL)
        break
"""


@contextmanager
def guarded(timeout: float) -> Iterator[None]:
    """While the block runs, this process is killed if it stands still for `timeout` seconds, as in SIGSTOP.

    What is meant is the whole process: as long as it gives signs of life, the guard does nothing.
    """
    if not sys.executable or sys.platform == "win32":
        yield
        return
    wait, done = min(LONGEST, timeout / 10.0), threading.Event()
    command = [sys.executable, "-I", "-S", "-c", WATCH, str(os.getpid()), str(wait), str(int(timeout / wait))]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, bufsize=0) as guard:
        assert guard.stdin is not None
        pipe = guard.stdin

        def live() -> None:
            with contextlib.suppress(OSError):
                while not done.wait(wait):
                    pipe.write(b".")

        thread = threading.Thread(target=live, name="guard", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
