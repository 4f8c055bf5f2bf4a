"""The models of `no_cliff.py`: one of every kind that people solve, with the discount at which they are solved.

Each is built by arrays or from a map, in some milliseconds to a second. The order is by kind, not by difficulty.
"""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from models import forest, open_grid, perfect_maze, random_walls, without_pockets
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import poisson

from gridworld_env.dynamics.rules_to_tables import Rules, make_mdp
from gridworld_env.grid.grid import parse_grid
from planners import MoveMDP, TabularMDP

Build = Callable[[], MoveMDP | TabularMDP]
SEED = 31
TOLERANCES = {"inventory of 200, to 1e-4": 1e-4}  # where it is not the default one


def cases() -> list[tuple[str, float, Build]]:
    """Name, discount and builder of each model."""
    return [
        ("lecture, 11 squares", 0.9, lambda: make_mdp(lecture(), Rules(slip=0.2, step_reward=-0.04))),
        ("FrozenLake 8x8", 0.99, lambda: TabularMDP.from_env(gym.make("FrozenLake-v1", map_name="8x8"))),
        ("Taxi", 0.99, lambda: TabularMDP.from_env(gym.make("Taxi-v4"))),
        ("Taxi", 1.0, lambda: TabularMDP.from_env(gym.make("Taxi-v4"))),
        ("open map 20x20", 0.99, lambda: squares(open_grid("20", SEED))),
        ("snake 27x27", 0.99, lambda: squares(snake(27))),
        ("snake 27x27", 0.999, lambda: squares(snake(27))),
        ("row of 400", 0.999, lambda: squares(row(400))),
        ("maze 29x29", 0.999, lambda: squares(perfect_maze("14", SEED))),
        ("open map 60x60", 0.5, lambda: squares(open_grid("60", SEED))),
        ("open map 60x60", 0.999, lambda: squares(open_grid("60", SEED))),
        ("open map 60x60", 1.0, lambda: squares(open_grid("60", SEED))),
        ("walls 95x95", 0.99999, lambda: squares(random_walls("95", SEED))),
        ("walls 300x300", 0.999, lambda: squares(random_walls("300", SEED))),
        ("king's moves 60x60", 0.999, lambda: squares(open_grid("60", SEED), moves="king")),
        ("maze 139x139", 0.999, lambda: squares(perfect_maze("69", SEED))),
        ("maze 139x139", 1.0, lambda: squares(perfect_maze("69", SEED))),
        ("maze 143x143", 0.999, lambda: squares(perfect_maze("71", SEED))),
        ("maze 143x143", 1.0, lambda: squares(perfect_maze("71", SEED))),
        ("maze 41x41, no slip", 0.99, lambda: squares(perfect_maze("20", SEED), slip=0.0)),
        ("row of 5,000", 0.999, lambda: squares(row(5_000))),
        ("row of 10,000", 0.999, lambda: squares(row(10_000))),
        ("row of 10,000", 1.0, lambda: squares(row(10_000))),
        ("row of 12,000", 0.99999, lambda: squares(row(12_000))),
        ("snake 81x81", 0.999, lambda: squares(snake(81))),
        ("snake 81x81", 1.0, lambda: squares(snake(81))),
        ("entangled 3,000x4x40", 0.999, lambda: entangled(3_000, 4, 40, ends=0.01)),
        ("entangled 3,000x4x40", 1.0, lambda: entangled(3_000, 4, 40, ends=0.01)),
        ("random 2,000x5x5", 0.9999, lambda: entangled(2_000, 5, 5, ends=0.0)),
        ("random 20,000x4x5", 0.999, lambda: entangled(20_000, 4, 5, ends=0.0)),
        ("dense random 500", 0.9, lambda: entangled(500, 4, 500, ends=0.0)),
        ("dense random 800", 0.999, lambda: entangled(800, 4, 800, ends=0.0)),
        ("forest 10,000", 0.999, lambda: forest(10_000)),
        ("stopping, walk of 5,000", 0.999, lambda: stopping(5_000)),
        ("inventory of 200", 0.99, lambda: inventory(200)),
        ("inventory of 200, to 1e-4", 0.9999, lambda: inventory(200)),
        ("queue of 2,000", 0.999, lambda: queue(2_000)),
        ("gambler, 1,000", 1.0, lambda: gambler(1_000)),
        ("shared coin 40x300", 1.0, lambda: shared_coin(40, 300)),
        ("protocol of 60,000", 1.0, lambda: protocol(60_000)),
    ]


def lecture() -> Any:
    """The lecture's map of 4 x 3 squares."""
    return parse_grid(["...+", ".#.-", "S..."])


def squares(glyphs: NDArray[np.bytes_], slip: float = 0.2, moves: Any = "cardinal") -> MoveMDP:
    """The map, without the squares from which no terminal one can be reached."""
    lines = [line.tobytes().decode() for line in without_pockets(glyphs)]
    return make_mdp(parse_grid(lines), Rules(slip=slip, step_reward=-0.04, moves=moves))


def row(length: int) -> NDArray[np.bytes_]:
    """One row of squares, +1 at its right end."""
    glyphs = np.full((1, length), b".", dtype="S1")
    glyphs[0, -1] = b"+"
    return glyphs


def snake(side: int) -> NDArray[np.bytes_]:
    """One corridor that winds through the whole square, +1 at its end."""
    glyphs = np.full((side, side), b".", dtype="S1")
    glyphs[1::2] = b"#"
    glyphs[1::4, -1] = b"."
    glyphs[3::4, 0] = b"."
    glyphs[-1, -1 if (side // 2) % 2 == 0 else 0] = b"+"
    return glyphs


def table(columns: Any, weights: Any, rewards: Any, ends: Any) -> TabularMDP:
    """A model from (S*A, k) next states and their probabilities, (S, A) rewards and endings; equal states add up."""
    states, actions = rewards.shape
    rows = np.repeat(np.arange(states * actions), columns.shape[1])
    entries = sparse.coo_array((weights.ravel(), (rows, columns.ravel())), shape=(states * actions, states))
    return TabularMDP(entries.tocsr(), ends, rewards, np.ones((states, actions), dtype=bool))


def entangled(states: int, actions: int, entries: int, ends: float) -> TabularMDP:
    """Every pair leads to `entries` random states, or ends the episode with probability `ends`; costs of 0 to 1."""
    rng = np.random.default_rng(SEED)
    if entries == states:
        columns = np.tile(np.arange(states), (states * actions, 1))
    else:
        columns = rng.integers(0, states, size=(states * actions, entries))
    weights = rng.exponential(size=columns.shape)
    weights *= (1.0 - ends) / weights.sum(axis=1, keepdims=True)
    return table(columns, weights, -rng.random((states, actions)), np.full((states, actions), ends))


def stopping(states: int) -> TabularMDP:
    """A price walks up and down; one may take it, which ends the episode, or wait, which costs a little."""
    at = np.arange(states)
    wait = np.column_stack([np.maximum(at - 1, 0), np.minimum(at + 1, states - 1)])
    columns = np.stack([wait, wait], axis=1).reshape(2 * states, 2)
    weights = np.tile([[0.5, 0.5], [0.0, 0.0]], (states, 1))
    price = np.maximum(100.0 * np.sin(at / 40.0), 0.0)
    return table(columns, weights, np.column_stack([np.full(states, -0.1), price]), np.tile([0.0, 1.0], (states, 1)))


def inventory(capacity: int) -> TabularMDP:
    """Order up to the capacity, at 10 and 1 a piece; demand is Poisson of half the capacity; 3 a piece sold."""
    stock, level = np.arange(capacity + 1), np.arange(capacity + 1)
    demand = poisson.pmf(np.arange(capacity + 1), capacity / 2.0)
    demand[-1] += max(1.0 - demand.sum(), 0.0)
    demand /= demand.sum()
    after = np.zeros((capacity + 1, capacity + 1))  # from a level after ordering to the stock of the next day
    sold = np.zeros(capacity + 1)
    for up_to in level:
        left = np.maximum(up_to - np.arange(capacity + 1), 0)
        np.add.at(after[up_to], left, demand)
        sold[up_to] = ((up_to - left) * demand).sum()
    feasible = level[None, :] >= stock[:, None]
    cost = np.where(level > stock[:, None], 10.0 + 1.0 * (level - stock[:, None]), 0.0) + 0.1 * level
    P = sparse.csr_array(np.where(feasible.ravel()[:, None], np.tile(after, (capacity + 1, 1)), 0.0))
    rewards = np.where(feasible, 3.0 * sold[None, :] - cost, 0.0)
    return TabularMDP(P, np.zeros(rewards.shape), rewards, feasible)


def queue(length: int) -> TabularMDP:
    """Serve slowly or fast, at 0 or 5 a step, while customers who wait cost .01 each."""
    at = np.arange(length)
    columns = np.column_stack([np.maximum(at - 1, 0), at, np.minimum(at + 1, length - 1)])
    columns = np.repeat(columns, 2, axis=0)
    weights = np.tile([[0.30, 0.25, 0.45], [0.50, 0.05, 0.45]], (length, 1))
    return table(columns, weights, -0.01 * at[:, None] - np.array([0.0, 5.0]), np.zeros((length, 2)))


def gambler(goal: int, heads: float = 0.4) -> TabularMDP:
    """Sutton and Barto, Example 4.3: stake what one likes until one has nothing or `goal`."""
    pairs = [(s, a) for s in range(1, goal) for a in range(1, min(s, goal - s) + 1)]
    state, stake = np.array(pairs).T
    actions = goal // 2
    number = (state - 1) * actions + stake - 1
    ends, rewards = np.zeros((goal - 1) * actions), np.zeros((goal - 1) * actions)
    won, lost = state + stake, state - stake
    ends[number] = heads * (won == goal) + (1.0 - heads) * (lost == 0)
    rewards[number] = heads * (won == goal)
    rows = np.concatenate((number[won < goal], number[lost > 0]))
    columns = np.concatenate((won[won < goal], lost[lost > 0])) - 1
    weights = np.concatenate((np.full((won < goal).sum(), heads), np.full((lost > 0).sum(), 1.0 - heads)))
    feasible = np.zeros((goal - 1) * actions, dtype=bool)
    feasible[number] = True
    P = sparse.coo_array((weights, (rows, columns)), shape=((goal - 1) * actions, goal - 1)).tocsr()
    shape = (goal - 1, actions)
    return TabularMDP(P, ends.reshape(shape), rewards.reshape(shape), feasible.reshape(shape))


def shared_coin(width: int, rounds: int) -> TabularMDP:
    """As in the consensus protocols: a counter walks until it leaves its range, in one round after the other."""
    states = width * rounds
    at, where = np.arange(states), np.arange(states) % width
    up, down = np.where(where < width - 1, at + 1, at + width), np.where(where > 0, at - 1, at + width)
    middle: Any = lambda s: np.where(np.abs(s - at) >= width, (s // width) * width + width // 2, s)  # noqa: E731
    columns, weights, ends = [], [], []
    for chance in (0.5, 0.45, 0.55):
        pair = np.column_stack([middle(up), middle(down)])
        leaves = pair >= states
        weight = np.where(leaves, 0.0, [chance, 1.0 - chance])
        ends.append(1.0 - weight.sum(axis=1))
        columns.append(np.where(leaves, 0, pair))
        weights.append(weight)
    pairs, chances = (np.stack(part, axis=1).reshape(3 * states, 2) for part in (columns, weights))
    return table(pairs, chances, np.full((states, 3), -0.001), np.column_stack(ends).clip(0.0, 1.0).round(12))


def protocol(states: int) -> TabularMDP:
    """As in csma and wlan: layers of 100 states, each action goes to the next layer, and a few start again ten back."""
    rng = np.random.default_rng(SEED)
    at, width = np.repeat(np.arange(states), 2), 100
    layer = at // width
    onward = (layer + 1) * width + rng.integers(0, width, size=len(at))
    again = np.maximum(layer - 10, 0) * width + rng.integers(0, width, size=len(at))
    retry = np.where(rng.random(len(at)) < 0.2, 0.25, 0.0)
    leaves = onward >= states
    weights = np.column_stack([np.where(leaves, 0.0, 1.0 - retry), retry])
    columns = np.column_stack([np.where(leaves, 0, onward), again])
    ends = np.where(leaves, 1.0 - retry, 0.0).reshape(states, 2)
    return table(columns, weights, -rng.integers(1, 5, size=(states, 2)).astype(float), ends)
