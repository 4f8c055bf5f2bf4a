"""Every scenario of a MovingAI map: V*(start) at discount 1 beside the published length of the shortest path.

    .venv/bin/python benchmarks/movingai.py MAPS_FOLDER                the .map files there, with their .map.scen
    .venv/bin/python benchmarks/movingai.py MAPS_FOLDER --every 10     each tenth scenario

Prints a line for each map: scenarios, the largest relative difference, seconds each. Fails above 1e-5.
Ctrl-C prints what is finished.
"""

import argparse
import sys
import time
from pathlib import Path

import gymnasium as gym
from rich.progress import track

import planners
from gridworld_env import load_movingai, read_scenarios

ALLOWED = 1e-5


def difference(map_file: Path, scenario) -> float:
    """Relative difference of -V*(start) and the published length."""
    env = gym.make("GridWorld-v0", **load_movingai(map_file, scenario.start, scenario.goal))
    start = env.unwrapped.cell_to_state(scenario.start)
    plan = planners.solve(env, discount=1.0, tolerance=1e-6)
    return abs(-plan.values[start] - scenario.length) / scenario.length


def check(map_file: Path, every: int) -> float:
    """The largest difference of a map; prints its line."""
    scenarios = [s for s in read_scenarios(Path(f"{map_file}.scen")) if s.length > 0][::every]
    found: list[float] = []
    begin = time.perf_counter()
    try:
        for scenario in track(scenarios, description=map_file.name, disable=not sys.stderr.isatty()):
            found.append(difference(map_file, scenario))
    except KeyboardInterrupt:
        print("Interrupted", file=sys.stderr)
    seconds = (time.perf_counter() - begin) / max(len(found), 1)
    worst = max(found, default=0.0)
    print(f"{map_file.name}: {len(found)} of {len(scenarios)} scenarios, worst {worst:.1e}, {seconds:.2f} s each")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description="V*(start) beside the published lengths of MovingAI scenarios.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    maps = [file for file in sorted(options.folder.glob("*.map")) if Path(f"{file}.scen").exists()]
    if not maps:
        sys.exit(f"no .map file with a .map.scen beside it in {options.folder}")
    if max(check(file, options.every) for file in maps) > ALLOWED:
        sys.exit(f"a value differs from the published length by more than {ALLOWED:g}")


if __name__ == "__main__":
    main()
