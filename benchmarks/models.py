"""The models that planners are measured on, by name; each is built by arrays, without a loop over states.

A name is a family and its size, as in `walls-300`: see `FAMILIES`. A gridworld comes as a `MoveMDP`, whose
`tabular` is the same model as tables of probabilities; the others are a `TabularMDP`.
"""

from pathlib import Path

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from gridworld_env.dynamics.rules_to_tables import Rules, make_mdp
from gridworld_env.grid.grid import parse_grid
from planners import MoveMDP, TabularMDP

MAPS = Path(__file__).resolve().parents[2] / "shared" / "data" / "movingai"
RULES = Rules(slip=0.2, step_reward=-0.04)
SEED = 31
Squares = NDArray[np.bytes_]  # (H, W) of one glyph each

# name of the family: does every state have a way to the end (so that discount 1 makes sense)?
FAMILIES = {"open": True, "walls": True, "maze": True, "map": True, "random": False, "forest": False, "taxi": True}


def family(name: str) -> str:
    return name.partition("-")[0]


def is_proper(name: str) -> bool:
    return FAMILIES[family(name)]


def build(name: str, discount: float = 0.99, seed: int = SEED) -> MoveMDP | TabularMDP:
    """The model of that name; at discount 1 the squares without a way to a terminal one are walled up."""
    kind, _, size = name.partition("-")
    if kind == "random":
        states, sparsity = size.split("-")
        return random_sparse(int(states), float(sparsity), seed)
    if kind == "forest":
        return forest(int(size))
    if kind == "taxi":
        return TabularMDP.from_env(gym.make("Taxi-v4"))
    if kind == "lecture":
        return TabularMDP.from_env(gym.make("GridWorld-v0", slip=0.2))
    squares = {"open": open_grid, "walls": random_walls, "maze": perfect_maze, "map": street_map}[kind](size, seed)
    if discount == 1.0:
        squares = without_pockets(squares)
    return make_mdp(parse_grid([row.tobytes().decode() for row in squares]), RULES)


def open_grid(side: str, seed: int) -> Squares:
    """No walls; +1 in the upper right corner, -1 at a third of the way."""
    squares = np.full((int(side), int(side)), b".", dtype="S1")
    squares[0, -1] = b"+"
    squares[int(side) // 3, int(side) // 3] = b"-"
    return squares


def random_walls(side: str, seed: int) -> Squares:
    """The open grid with a wall on every tenth square, at random."""
    squares = open_grid(side, seed)
    walls = np.random.default_rng(seed).random(squares.shape) < 0.1
    squares[walls & (squares == b".")] = b"#"
    return squares


def perfect_maze(rooms: str, seed: int) -> Squares:
    """A maze of rooms x rooms with one way between any two: a spanning tree of random weights."""
    n = int(rooms)
    at = np.arange(n * n).reshape(n, n)
    first = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    second = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    weights = np.random.default_rng(seed).random(len(first)) + 0.5
    tree = csgraph.minimum_spanning_tree(sparse.csr_array((weights, (first, second)), shape=(n * n, n * n))).tocoo()
    squares = np.full((2 * n + 1, 2 * n + 1), b"#", dtype="S1")
    squares[1::2, 1::2] = b"."
    (row, column), (to_row, to_column) = (np.divmod(end, n) for end in tree.coords)
    squares[row + to_row + 1, column + to_column + 1] = b"."  # the square between two rooms
    squares[1, -2] = b"+"
    squares[-2, 1] = b"-"
    return squares


def street_map(name: str, seed: int) -> Squares:
    """A map of the MovingAI set with cardinal moves: +1 on its first free square, -1 on its last."""
    rows = (MAPS / f"{name}.map").read_text(encoding="ascii").split("\n", 4)[4].split()
    glyphs = np.array(rows, dtype=bytes).view("S1").reshape(len(rows), -1)
    squares = np.where(np.isin(glyphs, [b".", b"G", b"S"]), b".", b"#")
    pieces, _ = ndimage.label(squares == b".")
    squares[pieces != np.bincount(pieces[pieces > 0]).argmax()] = b"#"
    free = np.flatnonzero(squares == b".")
    squares.ravel()[free[0]], squares.ravel()[free[-1]] = b"+", b"-"
    return squares


def street_maps() -> list[str]:
    """Names of the maps that are present."""
    return sorted(f"map-{path.stem}" for path in MAPS.glob("*.map"))


def without_pockets(squares: Squares) -> Squares:
    """The map with the squares that are cut off from every terminal one walled up."""
    pieces, _ = ndimage.label(squares != b"#")
    ending = np.unique(pieces[np.isin(squares, [b"+", b"-"])])
    return np.where(np.isin(pieces, ending), squares, b"#")


def random_sparse(states: int, sparsity: float, seed: int) -> TabularMDP:
    """MDPSolver's own benchmark: 2 to 10 actions, ceil(S (1 - sparsity)) random next states, Exp(1) weights.

    The rewards are a random walk with steps N(0, 1) over the pairs, as in its Benchmark/runtime_tests_vi.py.
    """
    rng = np.random.default_rng(seed)
    actions, jumps = 10, int(np.ceil(round(states * (1 - sparsity), 9)))
    feasible = np.arange(actions) < rng.integers(2, actions + 1, size=states)[:, None]
    pairs = np.flatnonzero(feasible)
    chunk = max(1, 20_000_000 // states)
    columns = np.concatenate(
        [
            np.sort(np.argpartition(rng.random((len(part), states), dtype=np.float32), jumps - 1)[:, :jumps])
            for part in np.split(pairs, range(chunk, len(pairs), chunk))
        ]
    )
    weights = rng.exponential(size=columns.shape)
    weights /= weights.sum(axis=1, keepdims=True)
    indptr = np.concatenate([[0], np.cumsum(np.where(feasible.ravel(), jumps, 0))])
    rewards = np.zeros((states, actions))
    rewards[feasible] = np.cumsum(rng.normal(size=len(pairs)))
    return TabularMDP(
        transitions=sparse.csr_array(
            (weights.ravel(), columns.ravel().astype(np.int32), indptr.astype(np.int32)),
            shape=(states * actions, states),
        ),
        termination=np.zeros((states, actions)),
        rewards=rewards,
        feasible=feasible,
    )


def forest(states: int, fire: float = 0.1, wait_reward: float = 4.0, cut_reward: float = 2.0) -> TabularMDP:
    """Forest management, pymdptoolbox's `example.forest`: wait until the forest is old, or cut it now."""
    age = np.arange(states)
    wait_columns = np.column_stack([np.zeros_like(age), np.minimum(age + 1, states - 1)])
    columns = np.column_stack([wait_columns, np.zeros_like(age)])
    data = np.tile([fire, 1.0 - fire, 1.0], (states, 1))
    indptr = np.concatenate([[0], np.cumsum(np.tile([2, 1], states))])
    rewards = np.zeros((states, 2))
    rewards[1:, 1] = 1.0
    rewards[-1] = wait_reward, cut_reward
    return TabularMDP(
        transitions=sparse.csr_array(
            (data.ravel(), columns.ravel().astype(np.int32), indptr.astype(np.int32)), shape=(2 * states, states)
        ),
        termination=np.zeros((states, 2)),
        rewards=rewards,
        feasible=np.ones((states, 2), dtype=bool),
    )
