"""Scenarios of MovingAI of every size and length, names that people know, and options that a map does not take."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from gridworld_env import WORLDS, MapError, open_map, read_map_file
from gridworld_env.explorer.files import read_document
from gridworld_env.maps.textbook_worlds import ALIASES, find_world

MAP = "type octile\nheight 2\nwidth 3\nmap\n..@\n.T.\n"


def scenario(folder: Path, line: str) -> dict[str, Any]:
    (folder / "a.map").write_text(MAP)
    (folder / "a.map.scen").write_text(f"version 1\n{line}\n")
    return read_map_file(folder / "a.map", scenario=0)


def test_a_scenario_of_length_0_marks_its_goal(tmp_path: Path) -> None:
    found = scenario(tmp_path, "0\ta.map\t3\t2\t0\t1\t0\t1\t0")
    assert found["desc"] == ("..#", "*#.")
    env: Any = gym.make("GridWorld-v0", **found).unwrapped
    assert planners.solve(env, discount=1).values[env.cell_to_state((1, 0))] == 0.0


def test_a_map_is_scaled_to_the_size_of_the_scenario(tmp_path: Path) -> None:
    assert scenario(tmp_path, "0\ta.map\t6\t4\t0\t0\t5\t3\t9")["desc"] == ("S...##", "....##", "..##..", "..##.*")
    assert scenario(tmp_path, "0\ta.map\t2\t1\t0\t0\t1\t0\t1")["desc"] == ("S*",)
    with pytest.raises(
        MapError, match=r"scaled to \(rows, columns\) \(99999999, 99999999\); expected 1 to 100,000,000"
    ):
        scenario(tmp_path, "0\ta.map\t99999999\t99999999\t0\t0\t5\t3\t9")
    with pytest.raises(MapError, match=r"expected 1 to 100,000,000 squares"):
        scenario(tmp_path, "0\ta.map\t0\t4\t0\t0\t5\t3\t9")
    scenario(tmp_path, "0\ta.map\t6\t4\t0\t0\t5\t3\t9")
    with pytest.raises(MapError, match=r"is for \(rows, columns\) \(4, 6\), and a map that is read in slices"):
        open_map(str(tmp_path / "a.map"), scenario=0)


@pytest.mark.parametrize(
    ("name", "world"),
    [
        *(
            ("cliff-walking", "sutton-barto-6.6"),
            ("cliff", "sutton-barto-6.6"),
            ("CliffWalking-v1", "sutton-barto-6.6"),
        ),
        *(("windy", "sutton-barto-6.5"), ("Windy_Gridworld", "sutton-barto-6.5"), ("dyna-maze", "sutton-barto-8.1")),
        *(("GridWorld/KingsWindy-v0", "sutton-barto-6.9"), ("FrozenLake8x8-v1", "frozenlake-8x8")),
        *(("FourRooms", "four-rooms"), ("Lecture", "lecture"), ("BookGrid", "bookgrid")),
    ],
)
def test_names_that_people_know(name: str, world: str) -> None:
    assert find_world(name) is WORLDS[world]
    assert gym.make("GridWorld-v0", map_name=name).unwrapped.grid.rows == tuple(WORLDS[world].desc)  # pyright: ignore
    assert read_document(name, 0.9)[0].rows == tuple(WORLDS[world].desc)


def test_every_alias_leads_to_a_world() -> None:
    assert set(ALIASES.values()) <= set(WORLDS)
    with pytest.raises(MapError, match=r"for a file: gym.make\(.*read_map_file\('mine.txt'\)"):
        find_world("mine.txt")
    with pytest.raises(MapError, match=r"unknown map 'clif'; did you mean .*cliff"):
        find_world("clif")


@pytest.mark.parametrize("place", ["start", "goal"])
def test_a_named_map_takes_no_place(place: str) -> None:
    with pytest.raises(MapError, match=f"--{place} is for files, and 'lecture' is no file; leave it out"):
        read_document("lecture", 0.9, **{place: (0, 0)})


@pytest.mark.parametrize("command", [["gridworld_env", "plan", "mazegrid"], ["gridworld_env", "maps"]])
def test_a_reader_that_has_read_enough(command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-m", *command], stdout=writer, stderr=subprocess.PIPE, env=environment, text=True, timeout=300
    )
    os.close(writer)
    assert done.stderr == ""


def test_true_is_no_action_and_no_state() -> None:
    env = gym.make("GridWorld-v0").unwrapped
    env.reset(seed=0)
    for action in (True, np.True_, 1.0):
        with pytest.raises(gym.error.InvalidAction, match="expected an integer from 0 to 3"):
            env.step(action)
    with pytest.raises(MapError, match="reset option 'state' is True"):
        env.reset(options={"state": True})
    with pytest.raises(MapError, match=r"expected .row, column., two integers"):
        env.reset(options={"cell": (True, 0)})


def test_more_environments_than_there_is_memory_for() -> None:
    with pytest.raises(planners.NotEnoughMemoryError, match=r"num_envs=2000000000 needs about 300\.0 GB"):
        gym.make_vec("GridWorld-v0", num_envs=2 * 10**9)


def test_whole_numbers_of_planners() -> None:
    with pytest.raises(planners.InvalidOptionError, match="horizon is True; expected a whole number"):
        planners.backward_induction(gym.make("GridWorld-v0"), horizon=True)
    for count in (2.5, True, 0):
        with pytest.raises(
            planners.InvalidOptionError, match=r"num_actions is .*; expected a whole number of at least 1"
        ):
            planners.TabularMDP.from_state_action_pairs([1.0], [[1.0]], [0], [0], num_actions=count)  # pyright: ignore
