"""README's first block, run by somebody who has only README: when the first plan is there, and what it cost.

    python benchmarks/newcomer.py FOLDER [--seconds 60] [--replace OLD NEW]

clones this repository into FOLDER, which must not exist, and runs each line of the first `sh` block of README.md there.
After each line it prints the clock since the clone began, the time to read README up to that line at 200 words a
minute, both together, the processor time of the line, and the load of the machine. A line that opens a window gets
`--seconds`, on a screen of its own (Xvfb), and is then ended by Ctrl-C; what it printed is shown. `--replace` changes a
part of the block: a machine without the index of PyTorch replaces its address.

Measured on two cores, of which one was busy with another run (wheels from a near index, PyTorch without CUDA):

    until                 clock    read    both    processor of the lines so far
    the first plan         24 s    35 s    59 s     23 s
    the flipped policy     24 s    41 s    66 s     24 s
    the own map            25 s    52 s    78 s     25 s
    the lost mode         118 s    63 s   181 s    116 s: the window was open for 60 s, and 6 of 8 modes were missed

On the same cores, wanted by 17 other processes, the clock showed 155, 159, 164 and 590 s: it is mostly waiting then.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORDS_A_MINUTE = 200
WINDOWS = ("gan-lab watch", "gridworld explore")


def lines_of(readme: str) -> list[tuple[str, float]]:
    """The lines of the first `sh` block, each with the seconds to read README up to its end."""
    block = re.search(r"```sh\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    found, end = [], block.start(1)
    for line in block.group(1).splitlines(keepends=True):
        end += len(line)
        found.append((line.partition(" #")[0].strip(), 60 * len(readme[:end].split()) / WORDS_A_MINUTE))
    return found


def run(line: str, folder: Path, seconds: int) -> str:
    """Run a line where the environment is active, once there is one; what it printed."""
    if line.startswith(WINDOWS):
        line = f"xvfb-run -a timeout -s INT {seconds} {line}"
    activate = "true" if "venv" in line else ". .venv/bin/activate"
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        ["bash", "-c", f"{activate}; {line}"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode and not line.startswith("xvfb-run"):
        sys.exit(f"{line} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def main() -> None:
    """Clone, run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--replace", nargs=2, metavar=("OLD", "NEW"), default=("", ""))
    options = parser.parse_args()
    begin = time.monotonic()
    subprocess.run(["git", "clone", "-q", str(ROOT), str(options.folder)], check=True)
    print(f"{'clock':>7} {'read':>6} {'both':>6} {'processor':>9} {'load':>5}")
    for line, reading in lines_of((options.folder / "README.md").read_text(encoding="utf-8")):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        printed = run(line.replace(*options.replace) if options.replace[0] else line, options.folder, options.seconds)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        clock = time.monotonic() - begin
        numbers = f"{clock:6.0f}s {reading:5.0f}s {clock + reading:5.0f}s {used:8.1f}s {os.getloadavg()[0]:5.1f}"
        print(f"{numbers}  {line}", flush=True)
        if "pip" not in line:
            print("".join(f"        {part}\n" for part in printed.splitlines()[:7]), end="", flush=True)


if __name__ == "__main__":
    main()
