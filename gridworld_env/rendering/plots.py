"""`plot_values`: any V or Q on a map, for a report: `axes.figure.savefig("values.pdf")`, or .svg, or .png."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.errors import MapError
from planners.plans.plots import HEAT, INK, NOT_FINITE, WALL, draw_glyphs, draw_scale, import_pyplot

CORNERS: Final = {"UP": (-1, -1, -1, 1), "RIGHT": (-1, 1, 1, 1), "DOWN": (1, 1, 1, -1), "LEFT": (1, -1, -1, -1)}
READABLE: Final = 30.0  # points along a square, for a number in it; a triangle needs twice as many


def plot_values(env: Any, values: Any, *, label: str | None = None, axes: Any = None) -> Any:
    """Plot numbers on a map: V as a heat map, or Q as four triangles in each square, with a colour bar.

    The numbers may come from a plan, a network or a learner's table. Colours are symmetric around 0. It returns the
    matplotlib axes.

    Args:
        env: A gridworld environment, wrapped or not.
        values: (S,) numbers, one for each state, or (S, A) numbers, one for each state and action; actions are UP,
            RIGHT, DOWN and LEFT in any order.
        label: Label of the colour bar; None: V or Q.
        axes: Matplotlib axes to draw on; None: new ones.

    Raises:
        MapError: The environment has no map, or the values do not have one of the two shapes.
        ModuleNotFoundError: matplotlib is missing.

    >>> import gymnasium as gym, planners
    >>> env = gym.make("GridWorld-v0")
    >>> axes = plot_values(env, planners.solve(env, discount=0.9).action_values)
    >>> axes.figure.axes[-1].get_ylabel()
    'Q'
    """
    world = getattr(env, "unwrapped", env)
    grid, names = getattr(world, "grid", None), tuple(getattr(world, "action_names", ()))
    if grid is None:
        raise MapError(f"{type(world).__name__} has no map; expected a gridworld environment")
    numbers = np.asarray(values, dtype=np.float64)
    one_each, four_each = (grid.num_states,), (grid.num_states, len(names))
    if numbers.shape not in (one_each, four_each):
        raise MapError(f"values have shape {numbers.shape}; expected {one_each} for V, or {four_each} for Q")
    if numbers.ndim == 2 and set(names) != set(CORNERS):
        raise MapError(f"Q is drawn for UP, RIGHT, DOWN and LEFT, and the actions are {names}; draw values.max(axis=1)")
    axes = import_pyplot().subplots(layout="constrained")[1] if axes is None else axes
    limit = float(np.abs(numbers[np.isfinite(numbers) & ~_of(grid.terminal, numbers)]).max(initial=0.0)) or 1.0
    height, width = grid.wall.shape
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal", xticks=[], yticks=[], facecolor=WALL)
    draw_scale(limit, axes, label or ("V" if numbers.ndim == 1 else "Q"))
    axes.figure.canvas.draw()  # the layout, which says how large a square is
    box = axes.get_window_extent()
    side = 72 / axes.figure.dpi * min(box.width / width, box.height / height)
    _draw(grid, numbers, names, limit, side, axes)
    if side >= READABLE:
        draw_glyphs(grid, axes, side)
    return axes


def _draw(
    grid: Any, numbers: NDArray[np.float64], names: tuple[str, ...], limit: float, side: float, axes: Any
) -> None:
    """Every state as a square or, of Q, as triangles; numbers where they can be read."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    heat = LinearSegmentedColormap.from_list("heat", HEAT)
    shapes, colors, texts = [], [], []
    for state, (row, column) in enumerate(grid.cell_of_state):
        pieces = [((0.0, 0.0), SQUARE, float(np.max(numbers[state])))]
        if grid.terminal[state]:
            reward = float(np.nan_to_num(grid.cell_reward[state]))
            pieces = [((0.0, 0.0), SQUARE, reward)]
        elif numbers.ndim == 2:
            pieces = [_triangle(name, number) for name, number in zip(names, numbers[state], strict=True)]
        for (down, right), corners, number in pieces:
            share = 0.3 * np.sign(number) if grid.terminal[state] else number / limit / 2
            shapes.append([(column + x, row + y) for y, x in corners])
            colors.append(heat(0.5 + share) if np.isfinite(number) else to_rgba(NOT_FINITE))
            text = f"{number:z.2f}" if not grid.terminal[state] else f"{number:+g}" if number else "0"
            texts.append((column + right, row + down, text, "white" if abs(share) > 0.35 else INK))
    axes.add_collection(PolyCollection(shapes, facecolors=colors, edgecolors="white", linewidths=0.8))
    if side >= READABLE * numbers.ndim:
        size = float(np.clip((0.2 if numbers.ndim == 1 else 0.12) * side, 5.0, 14.0))
        for x, y, text, ink in texts:
            axes.text(x, y, text, ha="center", va="center", color=ink, fontsize=size)


SQUARE: Final = ((-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5))


def _triangle(name: str, number: float) -> tuple[tuple[float, float], Any, float]:
    """(where its number stands, its corners, the number), as (down, right) of the middle of a square."""
    one_down, one_right, other_down, other_right = CORNERS[name]
    middle = ((one_down + other_down) / 6, (one_right + other_right) / 6)
    return middle, ((0.0, 0.0), (one_down / 2, one_right / 2), (other_down / 2, other_right / 2)), float(number)


def _of(states: NDArray[np.bool_], numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(S,) or (S, 1), to go with the numbers."""
    return states if numbers.ndim == 1 else states[:, None]
