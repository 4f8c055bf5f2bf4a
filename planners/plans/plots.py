"""`Plan.plot`: values and optimal actions on a map, or the proven bound against sweeps.

The only file of this package that imports matplotlib, and only when a plot is asked for. A map is anything with
the attributes of `gridworld_env.Grid` that are used here; this package does not import that one.
"""

from dataclasses import replace
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidOptionError
from planners.plans.model_identity import MissingModel, is_same_model

if TYPE_CHECKING:
    from planners.plans.plan import Plan

# The heat map of the gridworld's pictures: orange below zero, blue above, evenly spaced in lightness.
HEAT: Final = ("#a75300", "#cf946c", "#fafafa", "#74a7e0", "#156ec0")
WALL: Final = "#3e414a"
NOT_FINITE: Final = "#acaeb4"
INK: Final = "#181b24"
NUMBERED_STATES: Final = 200
PLAIN: Final = ".#+-"  # squares whose glyph says no more than their colour and number
SMALLEST_DECIMAL: Final = 0.1  # if all numbers are below it, such as proven errors, two decimals say too little
SMALLEST_NUMBERED: Final = 30.0  # points along a square; a number in a smaller one is not legible
ARROWED_STATES: Final = 2500
STEPS: Final = {"UP": (-1, 0), "RIGHT": (0, 1), "DOWN": (1, 0), "LEFT": (0, -1)}  # row, column


def plot_plan(plan: "Plan", grid: Any = None, axes: Any = None, values: Any = None) -> Any:
    """Matplotlib axes with the plan on a map, or else with the history of its bound.

    Args:
        plan: A plan of S states.
        grid: A gridworld environment, wrapped or not, or its `grid`; arrows need the environment, which names the
            actions. None: the history.
        axes: Matplotlib axes to draw on; None: new ones.
        values: (S,) other numbers to show on the map, such as the visits of each state; None: V.

    Raises:
        ModuleNotFoundError: matplotlib is missing.
        InvalidOptionError: `grid` is no map, or one of another number of states, or there are not so many values.
    """
    numbers = plan.values if values is None else np.asarray(values, dtype=np.float64)
    if numbers.shape != plan.values.shape or (values is not None and grid is None):
        raise InvalidOptionError(
            f"values have shape {numbers.shape}; expected {plan.values.shape}, and grid= with the map to show them on"
        )
    world = getattr(grid, "unwrapped", grid)
    cells = getattr(world, "grid", world)
    if grid is not None:
        _check_map(plan, cells)
        plan = _with_model(plan, getattr(world, "mdp", None))
    if axes is None:
        axes = import_pyplot().subplots(layout="constrained")[1]
    if grid is None:
        _draw_history(plan, axes)
    else:
        _draw_values(numbers, cells, axes)
        side = _side(cells, axes)
        numbered = side >= SMALLEST_NUMBERED and len(plan.values) <= NUMBERED_STATES
        if numbered:
            _draw_numbers(numbers, cells, axes, float(np.clip(0.2 * side, 6.0, 14.0)))
            draw_glyphs(cells, axes, side)
        else:
            draw_scale(_colored(numbers, cells)[1], axes, "V" if values is None else "")
        names = getattr(world, "action_names", None)
        if names is not None and len(plan.values) <= ARROWED_STATES:
            _draw_arrows(plan, cells, [_step_of(name) for name in names], axes, numbered)
    return axes


def import_pyplot() -> Any:
    """matplotlib.pyplot; `ModuleNotFoundError` with what to install where it is missing."""
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "plots need matplotlib, which is not installed here: pip install matplotlib (80 MB)", name="matplotlib"
        ) from error
    return pyplot


def plot_sweep(parameters: Any, values: NDArray[np.float64], changes: list[int], axes: Any = None) -> Any:
    """Matplotlib axes with V against a parameter; a dotted line where the policy changes.

    Args:
        parameters: (k,) numbers, or anything else, which is then written below.
        values: (k,) V.
        changes: Numbers of the parameters at which the policy is another one than before.
        axes: Matplotlib axes to draw on; None: new ones.

    Raises:
        ModuleNotFoundError: matplotlib is missing.
    """
    if axes is None:
        axes = import_pyplot().subplots(layout="constrained")[1]
    numeric = all(isinstance(each, int | float | np.number) for each in parameters)
    places = np.array(parameters, dtype=np.float64) if numeric else np.arange(len(parameters), dtype=np.float64)
    axes.plot(places, values, marker="o", markersize=3.0, color=HEAT[-1])
    for number in changes:
        between = (places[number - 1] + places[number]) / 2.0
        label = None if number != changes[0] else "the policy changes"
        axes.axvline(between, color=INK, linestyle=":", linewidth=1.0, label=label)
    if changes:
        axes.legend(frameon=False)
    if not numeric:
        axes.set_xticks(places, [str(each) for each in parameters])
    axes.set_xlabel("parameter")
    axes.set_ylabel("value")
    return axes


def _check_map(plan: "Plan", cells: Any) -> None:
    if not all(hasattr(cells, name) for name in ("cell_of_state", "wall", "terminal", "cell_reward")):
        raise InvalidOptionError(
            f"grid is a {type(cells).__name__}; expected a gridworld environment, or its `grid`. "
            "Without grid= the plot shows the bound against sweeps"
        )
    if len(cells.cell_of_state) != len(plan.values):
        raise InvalidOptionError(
            f"grid has {len(cells.cell_of_state)} states and the plan {len(plan.values)}; "
            "expected the map that was planned on"
        )


def _with_model(plan: "Plan", model: Any) -> "Plan":
    """The plan; if it was loaded without its model, and the environment has this model, with it."""
    found = isinstance(plan.model, MissingModel) and model is not None and is_same_model(plan.model, model)
    return replace(plan, model=model) if found else plan


def _draw_history(plan: "Plan", axes: Any) -> None:
    """What is proven, and the change of the last backup, on a logarithmic scale."""
    steps = [line.iteration for line in plan.history]
    for name, label in (("error_bound", "proven error"), ("residual", "largest change")):
        numbers = np.array([getattr(line, name) for line in plan.history], dtype=np.float64)
        numbers[~((numbers > 0) & np.isfinite(numbers))] = np.nan  # no place on a logarithmic scale
        axes.plot(steps, numbers, marker="o", markersize=3, label=label)
    axes.axhline(plan.tolerance, color=INK, linewidth=0.8, linestyle=":", label="tolerance")
    axes.set(yscale="log", xlabel="sweeps or policies", ylabel="units of reward", title=fill(plan.method, 48))
    axes.locator_params(axis="x", integer=True)
    if len(steps) == 1:
        axes.set_xticks(steps)
    axes.legend(frameon=False)


def _side(cells: Any, axes: Any) -> float:
    """Points along the side of a square, at most: what the axes had before the layout."""
    height, width = cells.wall.shape
    place, figure = axes.get_position(), axes.figure
    return 72 * min(figure.get_figwidth() * place.width / width, figure.get_figheight() * place.height / height)


def _colored(values: NDArray[np.float64], cells: Any) -> tuple[NDArray[np.float64], float]:
    """(S,) numbers that colour the states, and the end of their symmetric scale; terminal squares by their reward."""
    live = ~cells.terminal
    finite = np.isfinite(values)
    limit = float(np.abs(values[finite & live]).max(initial=0.0)) or 1.0
    rewards = np.sign(np.nan_to_num(cells.cell_reward))
    return np.where(live, np.where(finite, values, 0.0), 0.6 * limit * rewards), limit


def _draw_values(values: NDArray[np.float64], cells: Any, axes: Any) -> None:
    """The heat map, symmetric around 0."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    height, width = cells.wall.shape
    rows, columns = cells.cell_of_state.T
    colored, limit = _colored(values, cells)
    never = ~(np.isfinite(values) | cells.terminal)
    colors = np.empty((height, width, 4))
    colors[:] = to_rgba(WALL)
    colors[rows, columns] = LinearSegmentedColormap.from_list("heat", HEAT)((colored / limit + 1) / 2)
    colors[rows[never], columns[never]] = to_rgba(NOT_FINITE)
    axes.imshow(colors)
    axes.set(xticks=np.arange(width + 1) - 0.5, yticks=np.arange(height + 1) - 0.5, xticklabels=[], yticklabels=[])
    axes.tick_params(length=0)


def _draw_numbers(values: NDArray[np.float64], cells: Any, axes: Any, size: float) -> None:
    """The value in each square, and the reward in those that end the episode."""
    axes.grid(color="white", linewidth=1)
    colored, limit = _colored(values, cells)
    rewards = np.nan_to_num(cells.cell_reward)
    for state, (row, column) in enumerate(cells.cell_of_state):
        text = f"{values[state]:z.2f}" if limit >= SMALLEST_DECIMAL else f"{values[state]:z.2g}"
        if cells.terminal[state]:
            text = f"{rewards[state]:+g}" if rewards[state] else "0"
        ink = "white" if abs(colored[state]) > 0.7 * limit else INK
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)


def draw_glyphs(cells: Any, axes: Any, side: float) -> None:
    """In the corner of starts and other squares that are not plain, the glyph of the map, or arrows for wind."""
    size = float(np.clip(0.13 * side, 5.0, 10.0))
    behind = {"facecolor": "white", "alpha": 0.6, "linewidth": 0, "pad": 0.8}
    for row, line in enumerate(getattr(cells, "rows", ())):
        for column, glyph in enumerate(line):
            if glyph not in PLAIN and not cells.wall[row, column]:
                down, right = getattr(cells.kinds[cells.kind[row, column]], "wind", (0, 0))
                wind = "\u2191" * -down + "\u2193" * down + "\u2190" * -right + "\u2192" * right
                axes.text(column - 0.44, row - 0.44, wind or glyph, ha="left", va="top", color=INK, fontsize=size,
                          bbox=behind)  # fmt: skip


def draw_scale(limit: float, axes: Any, label: str) -> None:
    """A colour bar of the heat map, from -limit to limit."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    colors = ScalarMappable(Normalize(-limit, limit), LinearSegmentedColormap.from_list("heat", HEAT))
    axes.figure.colorbar(colors, ax=axes, label=label, shrink=0.8)


def _draw_arrows(plan: "Plan", cells: Any, steps: list[tuple[int, int]], axes: Any, numbered: bool) -> None:
    """A small arrow for every optimal action, beside the number or through the middle where there is none."""
    optimal = plan.optimal_actions & (~cells.terminal & np.isfinite(plan.values))[:, None]
    states, actions = np.nonzero(optimal)
    down, right = np.array(steps, dtype=np.float64)[actions].T
    rows, columns = cells.cell_of_state[states].T
    begin, length = (0.3, 0.17) if numbered else (0.0, 0.42)
    axes.quiver(
        columns + begin * right, rows + begin * down, length * right, length * down,
        angles="xy", scale_units="xy", scale=1.0, units="xy", width=0.035 if numbered else 0.07, color=INK,
        headwidth=5 if numbered else 4, headlength=4, headaxislength=4, minlength=0,
    )  # fmt: skip


def _step_of(name: str) -> tuple[int, int]:
    """(rows, columns) of an action by name: "UP_RIGHT" is up and right; others, such as "STAY", go nowhere."""
    parts = [STEPS.get(part, (0, 0)) for part in name.split("_")]
    return sum(step[0] for step in parts), sum(step[1] for step in parts)
