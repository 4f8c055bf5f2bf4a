"""The scenarios of a MovingAI map: ways whose shortest length is published."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from gridworld_env.explorer.map_document import MapDocument, make_document
from gridworld_env.maps.files import read_map_file
from gridworld_env.maps.movingai import Scenario, read_scenarios

OFFERED = 59  # scenarios in the menu, evenly over all of them


def map_of(path: Path) -> Path:
    """The `.map` file that a `.scen` file is about, which lies beside it; every other file itself."""
    if path.suffix.lower() != ".scen":
        return path
    inner = path.with_suffix("")
    return inner if inner.suffix.lower() == ".map" else path.with_suffix(".map")


def has_scenarios(path: Path) -> bool:
    """Whether a file is a MovingAI map with a file of scenarios beside it."""
    beside = (path.with_name(path.name + ".scen"), path.with_suffix(".scen"))
    return path.suffix.lower() == ".map" and path.is_file() and any(one.is_file() for one in beside)


@lru_cache(maxsize=4)
def scenarios_of(path: Path) -> list[Scenario]:
    """The scenarios beside a `.map` file.

    Raises:
        MapError: A line is not a scenario.
        OSError: The file cannot be read.
    """
    beside = path.with_name(path.name + ".scen")
    return read_scenarios(beside if beside.is_file() else path.with_suffix(".scen"))


def scenario_document(path: Path, number: int) -> MapDocument:
    """The map with the start and the goal of a scenario, at discount 1, at which V* is minus a length.

    Raises:
        MapError: There is no such scenario, or it does not fit the map.
        OSError: A file cannot be read.
    """
    return make_document(read_map_file(path, scenario=number), 1.0)


def scenario_text(path: Path, number: int) -> str:
    """What a scenario is, and what solving it is to show, in words."""
    scenario, count = scenarios_of(path)[number], len(scenarios_of(path))
    return (
        f"scenario {number} of 0 to {count - 1}: the published length is {scenario.length:g}, "
        f"so V* of the start is {-scenario.length:.6g}"
    )


def scenario_title(scenario: Scenario) -> str:
    """Where a scenario leads, in words."""
    places = " to ".join(f"row {row}, column {column}" for row, column in (scenario.start, scenario.goal))
    return f"From {places}; length {scenario.length:g}"


def offered(path: Path) -> list[int]:
    """The numbers of the scenarios that are offered: all of them, or some that are evenly spread."""
    count = len(scenarios_of(path))
    return np.unique(np.linspace(0, count - 1, min(count, OFFERED)).round().astype(int)).tolist()
