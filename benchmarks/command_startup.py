"""What `--version` and `--help` of every command cost, beside `python -c pass`: seconds of the processor.

    python benchmarks/command_startup.py

prints the median of five processes of each, taken in turn, and what it is beyond Python's own start.
"""

import os
import resource
import statistics
import subprocess
import sys

COMMANDS = {
    "gridworld_env": ["", *["plan", "play", "learn", "explore", "maps", "continuous", "random"]],
    "gan_lab": ["", *["bench", "beside-vae", "watch", "train", "atlas", "sample", "verify", "games"]],
    "planners": [""],
}
REPEATS = 5


def seconds(arguments: list[str]) -> float:
    """Processor time, user and system, of one process of Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *arguments], capture_output=True, env=os.environ, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr.decode()[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure in turn and print."""
    asked = {"python -c pass": ["-c", "pass"]}
    for package, commands in COMMANDS.items():
        for command in commands:
            for option in ["--help"] if command or package == "planners" else ["--help", "--version"]:
                arguments = ["-m", package, *([command] if command else []), option]
                asked[" ".join(arguments[1:])] = arguments
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(REPEATS):
        for name, arguments in asked.items():
            times[name].append(seconds(arguments))
    start = statistics.median(times["python -c pass"])
    for name, found in times.items():
        print(f"{name:32} {statistics.median(found):6.3f} s, {statistics.median(found) - start:6.3f} s beyond Python")


if __name__ == "__main__":
    main()
