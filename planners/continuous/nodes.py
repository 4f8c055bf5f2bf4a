"""A table of nodes: values at the nodes of a grid, interpolated between them. Not proven, but good.

V(s) = max_a r(s,a) + discount * sum_i w_i(s') V(node i),  where s' = step(s, a) and w_i(s') are its weights

The weights are probabilities, so this is a `TabularMDP`, and every planner proves bounds of the table's own solution. A
table does not tell how far this solution is from that of the system; `planners.continuous.solve` does.

Source: Munos and Moore (2002), "Variable resolution discretization in optimal control"; Kuhn's triangulation there.
"""

import math
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arguments import check_choice, check_whole
from planners.continuous.cells import Cells
from planners.continuous.interval import Interval, truth
from planners.continuous.system import System, check_system
from planners.errors import InvalidOptionError
from planners.memory import check_memory
from planners.models.tabular import TabularMDP

Scheme = Literal["multilinear", "simplex"]


def nodes(system: System, shape: Any, *, actions: int = 9, scheme: Scheme = "multilinear") -> TabularMDP:
    """The system on a grid of nodes, as a table.

    Args:
        system: A system without noise.
        shape: (n,) nodes along each axis, at least 2; state s of the table is node s in the order of `node_states`.
        actions: How many actions to try where the system has a range of them, evenly spaced, both ends among them.
        scheme: "multilinear": a step leads to the 2^n nodes around its next state. "simplex": to n + 1 of them, which
            is less work where there are many axes.

    Returns:
        A model of as many states as nodes; those at which the episode is over are terminal.

    Raises:
        InvalidOptionError: Bad numbers, an unknown scheme, or a system with noise.
        NotEnoughMemoryError: The table would not fit.

    >>> import planners
    >>> hill = planners.continuous.nodes(planners.continuous.MountainCar(), (40, 40))
    >>> hill.num_states, hill.num_actions
    (1600, 3)
    """
    check_choice("scheme", scheme, ("multilinear", "simplex"))
    check_system(system)
    if system.noise is not None:
        raise InvalidOptionError(f"{type(system).__name__} has noise; nodes() is for systems without")
    tried = action_numbers(system, actions)
    points = node_states(system, shape)
    check_memory(points.shape[1] * len(tried) * 2.0 ** len(points) * 60.0, "the table of nodes", "Use fewer nodes")
    over = np.broadcast_to(truth(system.ended(tuple(points))).surely, points.shape[1:])
    rows, rewards = [], []
    for action in tried:
        after = system.step(tuple(points), action)
        rewards.append(np.broadcast_to(system.reward(tuple(points), action, after), over.shape))
        rows.append(weights(system, shape, np.stack(after), scheme))
    R = np.where(over[:, None], 0.0, np.stack(rewards, axis=1))
    return TabularMDP.from_arrays(rows, R, terminal=over if over.any() else None)


def node_states(system: System, shape: Any) -> NDArray[np.float64]:
    """(n, S) the state at each node, in the order of the table; a circle has no node twice."""
    counts = Cells.checked(system, shape).shape
    if min(counts) < 2:
        raise InvalidOptionError(f"shape is {shape!r}; expected at least 2 nodes along each axis")
    check_memory(8.0 * len(counts) * math.prod(counts), "the list of nodes", "Use fewer nodes")
    lines = [
        np.linspace(low, high, count, endpoint=not wraps)
        for low, high, count, wraps in zip(system.low, system.high, counts, system.wraps, strict=True)
    ]
    return np.stack([each.ravel() for each in np.meshgrid(*lines, indexing="ij")])


def action_numbers(system: System, count: int) -> NDArray[Any]:
    """The actions of a system, or `count` of its range."""
    count = check_whole("actions", count, 2)
    if not isinstance(system.actions, Interval):
        return np.array(system.actions)
    check_memory(8.0 * count, f"a list of {count} actions", "Try fewer")
    return np.linspace(system.actions.low, system.actions.high, count)


def weights(system: System, shape: Any, points: NDArray[np.float64], scheme: Scheme = "multilinear") -> Any:
    """(N, S) sparse weights of the nodes at (n, N) points; points outside count as at the border."""
    counts = Cells.checked(system, shape).shape
    axes, count = points.shape
    base, part = np.empty((axes, count), dtype=np.int64), np.empty((axes, count))
    for axis, size in enumerate(counts):
        low, high, wraps = system.low[axis], system.high[axis], system.wraps[axis]
        place = (points[axis] - low) * ((size if wraps else size - 1) / (high - low))
        place = np.mod(place, size) if wraps else np.clip(place, 0.0, size - 1.0)
        base[axis] = np.minimum(np.floor(place), size - 1 if wraps else size - 2)
        part[axis] = place - base[axis]
    corners = _simplex(part) if scheme == "simplex" else _cube(part)
    numbers = [np.ravel_multi_index(tuple((base + step) % np.array(counts)[:, None]), counts) for step, _ in corners]
    entries = np.stack([weight for _, weight in corners], axis=1)
    indptr = np.arange(count + 1) * len(corners)
    columns = np.stack(numbers, axis=1).ravel()
    found = sparse.csr_array((entries.ravel(), columns, indptr), shape=(count, int(np.prod(counts))))
    found.eliminate_zeros()
    return found


def _cube(part: NDArray[np.float64]) -> list[tuple[Any, NDArray[np.float64]]]:
    """The corners of the cube around points, (n, 1) steps, and their weights."""
    corners = []
    for corner in product((0, 1), repeat=len(part)):
        step = np.array(corner)[:, None]
        corners.append((step, np.where(step == 1, part, 1.0 - part).prod(axis=0)))
    return corners


def _simplex(part: NDArray[np.float64]) -> list[tuple[Any, NDArray[np.float64]]]:
    """The corners of the simplex around points: from the base, one axis after the other, the furthest first."""
    order = np.argsort(-part, axis=0, kind="stable")
    sorted_parts = np.take_along_axis(part, order, axis=0)
    step, corners = np.zeros(part.shape, dtype=np.int64), [(np.zeros_like(order), 1.0 - sorted_parts[0])]
    for k in range(len(part)):
        step = step.copy()
        np.put_along_axis(step, order[k : k + 1], 1, axis=0)
        following = sorted_parts[k + 1] if k + 1 < len(part) else 0.0
        corners.append((step, sorted_parts[k] - following))
    return corners
