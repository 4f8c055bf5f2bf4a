"""How long `gan-lab train` takes from the start of its process to the first evaluation that it prints.

    nice -n 5 python benchmarks/gan_first_output.py

Each game is started three times, with its own recipe, and ended after that line. Printed: the median of the time on
the clock and of the processor's, with the load of the machine beside it; the limit is 10 seconds.

Measured on two cores at load 6, seconds on the clock: ring8 3.9, digits 6.3. With two threads of PyTorch digits took
12.3: its networks are too small for them, so that `gan-lab train` takes one.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

MARK = "value "  # what an evaluation says and a line of payoffs does not


def processor_seconds(pid: int) -> float:
    """What a process of Linux has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(game: str) -> tuple[float, float, str]:
    """(seconds on the clock, seconds of the processor, the line)."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "gan_lab", "train", game]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if MARK in line:
                return time.perf_counter() - begin, processor_seconds(process.pid), line.strip()
        raise RuntimeError(f"{game} ended without an evaluation")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def main() -> None:
    """Start each game, and say how long it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--games", nargs="+", default=["ring8", "digits", "shapes"])
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    for game in options.games:
        found = [measure(game) for _ in range(options.repeat)]
        clock, processor = statistics.median(row[0] for row in found), statistics.median(row[1] for row in found)
        print(f"{game}: {clock:.1f} s on the clock, {processor:.1f} s of the processor; load {os.getloadavg()[0]:.1f}")
        print(f"    {found[-1][2]}", flush=True)


if __name__ == "__main__":
    main()
