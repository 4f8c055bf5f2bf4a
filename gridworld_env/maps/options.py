"""A map and its options as text, as the commands and `open_map` take them."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from gridworld_env.errors import MapError
from gridworld_env.maps.files import RULES, SUFFIXES, checked_limit, read_map_file
from gridworld_env.maps.textbook_worlds import WORLDS

PLACES: Final = ("start", "goal")
FOR_FILES: Final = (*PLACES, "scenario", "walls_below")
# What other environments call it, and what to write here.
ELSEWHERE: Final = {
    "is_slippery": "slip=2/3 moves as is_slippery=True does, and slip=0 as is_slippery=False",
    "success_rate": "slip=1 - success_rate has the same moves",
    "reward_schedule": "step_reward= is the reward of a step, and legend= has the rewards of squares",
    "living_reward": "it is step_reward= here",
    "living_penalty": "it is step_reward= here, with its sign",
    "step_penalty": "it is step_reward= here, with its sign",
    "noise": "it is slip= here",
    "gamma": "the discount belongs to the planner: planners.solve(env, discount=...)",
    "discount": "it belongs to the planner: planners.solve(env, discount=...)",
    "size": "desc= has a map of your own, and gridworld_env.random_map(height, width) draws one",
    "goal": "mark it with + in desc=",
    "start": "mark it with S in desc=, or begin with reset(options={'cell': (row, column)})",
    "seed": "give it to reset(seed=...)",
}
OPTIONS: Final = tuple(sorted({*RULES, *FOR_FILES, "max_episode_steps"}))


def map_arguments(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for `gym.make`: those of a map or a file, and the rules given instead.

    Raises:
        MapError: There is no such file, it is no map, or it does not take one of the options.
    """
    rules, files = given_rules(options), options_of_files(options)
    if name not in WORLDS and (Path(name).exists() or Path(name).suffix.lower() in SUFFIXES):
        return {**read_map_file(name, **files), **rules}
    refuse_options_of_files(name, files)
    return {"map_name": name, **rules}


def refuse_unknown(names: Iterable[str], known: Iterable[str]) -> None:
    """`TypeError` for the first argument that `GridWorld-v0` does not have, with what to write instead."""
    for name in names:
        near = get_close_matches(name, known, 1, 0.6)
        hint = ELSEWHERE.get(name) or (f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}")
        raise TypeError(f"GridWorld-v0 got an unexpected keyword argument {name!r}: {hint}.")


def refuse_options_of_files(name: str, options: Mapping[str, Any]) -> None:
    """`MapError` for an option that only files take, given with the name of a map."""
    for option, value in options.items():
        if value is not None:
            raise MapError(f"--{option.replace('_', '-')} is for files, and {name!r} is no file; leave it out")


def given_rules(options: Mapping[str, Any]) -> dict[str, Any]:
    """The rules among the options that were given, in place of the map's own."""
    rules = {name: options[name] for name in RULES if options.get(name) is not None}
    if options.get("max_episode_steps") is not None:
        rules["max_episode_steps"] = checked_limit(options["max_episode_steps"])
    if options.get("actions") is not None:
        actions = options["actions"]
        names = actions.split(",") if isinstance(actions, str) else actions
        rules["actions"] = [name.strip().upper() for name in names]
    return rules


def options_of_files(options: Mapping[str, Any]) -> dict[str, Any]:
    """What only the files of some kinds take; None where it was not given."""
    given = {name: options.get(name) for name in FOR_FILES}
    return given | {name: place_option(name, given[name]) for name in PLACES}


def place_option(name: str, place: str | Sequence[int] | None) -> tuple[int, int] | None:
    """A place such as "3,0" or (3, 0)."""
    if place is None:
        return None
    try:
        row, column = (int(part) for part in (place.split(",") if isinstance(place, str) else place))
    except (TypeError, ValueError):
        raise MapError(f"--{name} is {place!r}; expected ROW,COLUMN, two whole numbers from 0, such as 3,0") from None
    return row, column
