"""Worlds with wind, cliffs, one-way squares and weights: against the books, toy_text and a slow twin."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_match import check_environments_match

import gridworld_env
import planners
from gridworld_env import MapError, Scenario, load_image, load_movingai, random_map, read_scenarios

MAPS = Path(__file__).resolve().parents[4] / "shared" / "data" / "movingai"


def start_value(name: str, discount: float = 1.0) -> float:
    env = gym.make("GridWorld-v0", map_name=name)
    return float(env.unwrapped.initial_state_distrib @ planners.solve(env, discount=discount).values)  # pyright: ignore


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("sutton-barto-6.5", 15),
        ("sutton-barto-6.9", 7),
        ("sutton-barto-6.6", 13),
        ("sutton-barto-6.6-terminate", 13),
    ],
)
def test_shortest_ways_of_the_book(name: str, moves: int) -> None:
    assert start_value(name) == pytest.approx(-moves, abs=1e-9)


def test_dyna_maze_takes_fourteen_moves() -> None:
    assert start_value("sutton-barto-8.1", 0.95) == pytest.approx(0.95**13, abs=1e-9)


def test_a_stay_action_does_not_help_in_the_wind() -> None:
    actions = [action.name for action in gridworld_env.Action]
    env = gym.make("GridWorld/KingsWindy-v0", actions=actions)
    assert env.unwrapped.action_names[8] == "STAY"  # pyright: ignore[reportAttributeAccessIssue]
    first = env.unwrapped.cell_to_state((3, 0))  # pyright: ignore[reportAttributeAccessIssue]
    assert planners.solve(env, discount=1.0).values[first] == pytest.approx(-7.0)


@pytest.mark.parametrize("row", range(7))
def test_stochastic_wind_is_the_sum_of_move_and_wind_kept_inside(row: int) -> None:
    """Exercise 6.10, by its definition: the wind of the square that is left, one more or less a third each."""
    env = gym.make("GridWorld/StochasticWindy-v0").unwrapped
    steps = [(-1, 0), (0, 1), (1, 0), (0, -1), (-1, 1), (1, 1), (1, -1), (-1, -1)]
    for column, wind in enumerate((0, 0, 0, 1, 1, 1, 2, 2, 1, 0)):
        if (row, column) == (3, 7):
            continue
        state = env.cell_to_state((row, column))  # pyright: ignore[reportAttributeAccessIssue]
        for action, (down, right) in enumerate(steps):
            if not wind and not (0 <= row + down < 7 and 0 <= column + right < 10):
                continue  # where no wind blows, a move off the map stays where it was
            expected: dict[int, float] = {}
            for blown in (wind - 1, wind, wind + 1) if wind else (0,):
                place = (min(max(row + down - blown, 0), 6), min(max(column + right, 0), 9))
                there = env.cell_to_state(place)  # pyright: ignore[reportAttributeAccessIssue]
                expected[there] = expected.get(there, 0.0) + (1 / 3 if wind else 1.0)
            found = {s: p for p, s, _, _ in env.P[state][action]}  # pyright: ignore[reportAttributeAccessIssue]
            assert found == pytest.approx(expected)


@pytest.mark.parametrize("size", ["4x4", "8x8"])
def test_frozen_lake_is_reproduced(size: str, rng: np.random.Generator) -> None:
    theirs = gym.make("FrozenLake-v1", map_name=size, reward_schedule=(1.0, 0.0, 0.0), max_episode_steps=100)
    ours = gym.make("GridWorld-v0", map_name=f"frozenlake-{size}", max_episode_steps=100)
    check_environments_match(theirs, ours, num_steps=2000, seed=int(rng.integers(2**31)), info_comparison="skip")
    for state, actions in theirs.unwrapped.P.items():  # pyright: ignore[reportAttributeAccessIssue]
        for action, branches in actions.items():
            merged: dict[Any, float] = {}
            for probability, there, reward, ends in branches:
                merged[there, float(reward), bool(ends)] = (
                    merged.get((there, float(reward), bool(ends)), 0) + probability
                )
            found = {(s, r, e): p for p, s, r, e in ours.unwrapped.P[state][action]}  # pyright: ignore
            assert found == pytest.approx(merged, abs=1e-15)


def test_a_cliff_sends_whoever_enters_it_back() -> None:
    env = gym.make("GridWorld/CliffWalking-v0")
    first, _ = env.reset(seed=0)
    state, reward, terminated, _, _ = env.step(gridworld_env.Action.RIGHT)
    assert (state, reward, terminated) == (first, -100.0, False)


def test_one_way_squares() -> None:
    env = gym.make("GridWorld-v0", desc=["S>.+"], legend={">": {"one_way": "RIGHT"}}).unwrapped
    reached = {(s, a): env.P[s][a][0][1] for s in range(3) for a in (1, 3)}  # pyright: ignore[reportAttributeAccessIssue]
    assert reached == {(0, 1): 1, (0, 3): 0, (1, 1): 2, (1, 3): 1, (2, 1): 3, (2, 3): 2}


def test_wind_stops_at_walls_and_a_square_has_its_own_price_of_bumping() -> None:
    legend = {"w": {"wind": (0, 2)}, "o": {"bump_reward": -9.0}}
    env = gym.make("GridWorld-v0", desc=["w..#S", "o...+"], legend=legend).unwrapped
    table = env.P  # pyright: ignore[reportAttributeAccessIssue]
    assert table[0][0] == [(1.0, 2, -0.04, False)]  # UP is stopped; blown two squares, to the wall
    assert table[0][1] == [(1.0, 2, -0.04, False)]
    assert table[0][3] == [(1.0, 1, -0.04, False)]  # against the wind
    assert table[4][3] == [(1.0, 4, -9.0, False)]


def test_weighted_and_exploring_starts() -> None:
    legend = {"T": {"start": True, "start_weight": 3.0}}
    env = gym.make("GridWorld-v0", desc=["ST.+"], legend=legend).unwrapped
    assert env.initial_state_distrib.tolist() == [0.25, 0.75, 0.0, 0.0]  # pyright: ignore[reportAttributeAccessIssue]
    env = gym.make("GridWorld-v0", desc=["ST.+"], legend=legend, exploring_starts=True).unwrapped
    np.testing.assert_allclose(env.initial_state_distrib, [1 / 3, 1 / 3, 1 / 3, 0])  # pyright: ignore


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"legend": {"w": {"wind": (1, 1)}}}, r"wind is \(1, 1\); expected \(rows, columns\), one of them 0"),
        ({"legend": {"w": {"gust": 0.2}}}, "gust is 0.2, without a wind"),
        ({"legend": {"w": {"wind": (1, 0), "gust": 0.7}}}, "gust is 0.7; expected a probability from 0 to 0.5"),
        ({"legend": {"w": {"one_way": "EAST"}}}, "one_way is 'EAST'; expected one of UP, RIGHT"),
        ({"legend": {"w": {"teleport_on_entry": True}}}, "teleport_on_entry but no teleport"),
        ({"legend": {"w": {"start": True, "start_weight": 0}}}, "start_weight is 0; expected a positive number"),
        ({"actions": "UP"}, "actions are 'UP'; expected a list of names: UP, RIGHT, DOWN, LEFT, STAY"),
        ({"actions": ["UP", "NORTH"]}, r"actions\[1\] is 'NORTH'; expected one of UP"),
        ({"actions": ["UP", "UP"]}, r"actions\[1\] is 'UP' once more"),
        ({"desc": np.zeros((0, 3), dtype=bool)}, "the map is empty"),
        ({"desc": np.array([["S", ""]])}, "the map has no glyph at row 0, column 1"),
        ({"desc": np.zeros((2, 2))}, "the map is an array of float64; expected single glyphs"),
    ],
)
def test_wrong_worlds(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MapError, match=message):
        gym.make("GridWorld-v0", **{"desc": ["S.+"], **options})


@pytest.mark.parametrize("kind", [str, bytes, bool])
def test_arrays_as_maps(kind: type) -> None:
    rows = ["S.", "#+"] if kind is not bool else ["..", "#."]
    squares = np.array([list(row) for row in rows])
    given = squares == "#" if kind is bool else squares.astype("S1" if kind is bytes else "U1")
    assert gym.make("GridWorld-v0", desc=given).unwrapped.grid.rows == tuple(rows)  # pyright: ignore


def test_random_maps_can_be_solved(rng: np.random.Generator) -> None:
    for _ in range(60):
        height, width = (int(size) for size in rng.integers(1, 9, size=2))
        if height * width < 2:
            continue
        seed = int(rng.integers(2**31))
        rows = random_map(height, width, walls=float(rng.random()), seed=seed)
        assert (len(rows), len(rows[0])) == (height, width)
        env = gym.make("GridWorld-v0", desc=rows, step_reward=-1.0)
        assert np.isfinite(planners.solve(env, discount=1.0).values).all()  # from everywhere to the goal
    assert random_map(5, 5, seed=3) == random_map(5, 5, seed=3)
    with pytest.raises(MapError, match="height is 0; expected a whole number"):
        random_map(0, 5)


def test_images_as_maps(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    image.fromarray(np.array([[255, 0], [200, 90]], dtype=np.uint8)).save(tmp_path / "plan.png")
    assert load_image(tmp_path / "plan.png")["desc"] == (".#", ".#")
    palette = {(255, 255, 255): "S", (0, 0, 0): "#", (200, 200, 200): "."}
    with pytest.raises(MapError, match=r"plan.png: the colour \(90, 90, 90\) at row 1, column 1 is not in the palette"):
        load_image(tmp_path / "plan.png", palette=palette)
    assert load_image(tmp_path / "plan.png", palette={**palette, (90, 90, 90): "+"})["desc"] == ("S#", ".+")
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(MapError, match=r"text\.png: not a picture; expected one of PNG, JPEG"):
        load_image(tmp_path / "text.png")


def test_transparent_and_deep_images(tmp_path: Path) -> None:
    """What is transparent is the paper; 16 bits of grey are scaled, not cut off."""
    image = pytest.importorskip("PIL.Image")
    layers = np.zeros((1, 3, 4), dtype=np.uint8)
    layers[0, 1] = 0, 0, 0, 255
    layers[0, 2] = 255, 255, 255, 255
    image.fromarray(layers).save(tmp_path / "plan.png")
    assert load_image(tmp_path / "plan.png")["desc"] == (".#.",)
    palette = {(255, 255, 255): ".", (0, 0, 0): "#"}
    assert load_image(tmp_path / "plan.png", palette=palette)["desc"] == (".#.",)
    image.fromarray(np.array([[65535, 33000, 32000, 0]], dtype=np.uint16)).save(tmp_path / "deep.png")
    assert load_image(tmp_path / "deep.png")["desc"] == ("..##",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"walls_below": 12.5}, r"walls_below is 12\.5; expected a grey from 0 to 256"),
        ({"palette": {}}, r"palette is \{\}; expected glyphs by colour"),
        ({"palette": {"white": "."}}, r"the palette has a colour 'white'; expected \(red, green, blue\)"),
        ({"palette": {(0, 0, 300): "."}}, r"a colour \(0, 0, 300\); .* from 0 to 255"),
        ({"palette": {(0, 0, 0): ".."}}, r"palette\[\(0, 0, 0\)\] is '\.\.'; expected one glyph"),
    ],
)
def test_wrong_options_of_images(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image").new("L", (2, 2)).save(tmp_path / "plan.png")
    with pytest.raises(MapError, match=message):
        load_image(tmp_path / "plan.png", **options)


def test_storms_and_weights_beyond_all_bounds() -> None:
    legend = {"w": {"wind": (0, 10**30), "gust": 0.25}}
    env = gym.make("GridWorld-v0", desc=["w...", "S..+"], legend=legend).unwrapped
    assert env.P[0][1] == [(1.0, 3, -0.04, False)]  # pyright: ignore[reportAttributeAccessIssue]
    heavy = {"T": {"start": True, "start_weight": 1e308}, "U": {"start": True, "start_weight": 1e308}}
    env = gym.make("GridWorld-v0", desc=["TU+"], legend=heavy).unwrapped
    assert env.initial_state_distrib.tolist() == [0.5, 0.5, 0.0]  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type octile\nheight 0\nwidth 2\nmap\n", "expected a map of at least one square"),
        ("type octile\nheight 1\nheight 2\nwidth 2\nmap\n..\n", "line 3: 'height 2'; expected .*each once"),
        ("type octile\nheight 2\nwidth 2\nmap\n..\n", "the header says height 2, and there are 1 rows"),
        ("type octile\nheight 1\nwidth 2\nmap\n...\n", "line 5: 3 squares; the header says width 2"),
        ("type octile\nheight 1\nwidth 2\nmap\n.x\n", "line 5, column 1: unknown glyph 'x'"),
        ("type octile\nwidth 2\nmap\n..\n", r"the header has \['width'\]; expected height and width"),
        ("hello\n", "line 1: 'hello'; expected 'type octile'"),
        ("", "no line 'map' after the header"),
    ],
)
def test_wrong_movingai_maps(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.map"
    file.write_text(text)
    with pytest.raises(MapError, match=message):
        load_movingai(file)


def test_wrong_scenarios_and_places(tmp_path: Path) -> None:
    file = tmp_path / "a.map"
    file.write_text("type octile\nheight 1\nwidth 3\nmap\n..@\n")
    with pytest.raises(MapError, match=r"goal \(row 0, column 2\) is blocked in a.map"):
        load_movingai(file, start=(0, 0), goal=(0, 2))
    with pytest.raises(MapError, match=r"start \(row 1, column 0\) is outside a.map, 1 x 3 squares"):
        load_movingai(file, start=(1, 0), goal=(0, 1))
    for place in ((0.5, 0), ("0", "0"), 0, (0,)):
        with pytest.raises(MapError, match=r"goal is .*; expected \(row, column\), two integers"):
            load_movingai(file, goal=place)  # pyright: ignore[reportArgumentType]
    with pytest.raises(MapError, match="expected two places"):
        load_movingai(file, start=(0, 1), goal=(0, 1))
    scenarios = tmp_path / "a.scen"
    scenarios.write_text("version 1\n0\ta.map\t3\t1\t0\t0\t1\n")
    with pytest.raises(MapError, match=r"a\.scen line 2: .*expected bucket, map"):
        read_scenarios(scenarios)
    for length in ("nan", "-1", "inf"):
        scenarios.write_text(f"version 1\n0\ta.map\t3\t1\t0\t0\t1\t0\t{length}\n")
        with pytest.raises(MapError, match=r"a\.scen line 2"):
            read_scenarios(scenarios)


def optimal_length(map_file: Path, scenario: Scenario) -> float:
    env = gym.make("GridWorld-v0", **load_movingai(map_file, scenario.start, scenario.goal))
    first = env.unwrapped.cell_to_state(scenario.start)  # pyright: ignore[reportAttributeAccessIssue]
    return -float(planners.solve(env, discount=1.0).values[first])


def test_lengths_of_a_map_in_the_format_of_movingai() -> None:
    """A map of this project. Its lengths are those of Dijkstra's algorithm on the squares, without cutting corners."""
    map_file = Path(__file__).with_name("rooms.map")
    scenarios = read_scenarios(map_file.with_suffix(".map.scen"))
    assert len(scenarios) == 11
    for scenario in scenarios:
        assert optimal_length(map_file, scenario) == pytest.approx(scenario.length, rel=1e-7)


@pytest.mark.long
@pytest.mark.skipif(not MAPS.exists(), reason="the published maps of MovingAI are not in this repository")
def test_published_lengths_of_movingai(rng: np.random.Generator) -> None:
    """All of the small map, and one of the large one; benchmarks/movingai.py does all."""
    for name, count in (("arena", None), ("maze512-8-0", 1)):
        scenarios = [s for s in read_scenarios(MAPS / f"{name}.map.scen") if s.start != s.goal]
        picked = range(len(scenarios)) if count is None else rng.choice(len(scenarios), size=count)
        for number in picked:
            s = scenarios[int(number)]
            assert optimal_length(MAPS / f"{name}.map", s) == pytest.approx(s.length, rel=1e-5)
