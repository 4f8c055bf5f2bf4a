"""What a picture of the map shows, as arrays; no drawing library is needed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gridworld_env.errors import MapError
from gridworld_env.grid.grid import Grid
from gridworld_env.grid.legend import DEFAULT_LEGEND, RewardLaw, mean_reward
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import heat_colors, heat_knee, heat_limit
from gridworld_env.rendering.overlay import NO_OVERLAY, Overlay, checked_states
from planners.models.backups import greedy_actions


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture: a map of H rows and W columns, what lies over it, and what moves.

    The arrays that depend on the map and the overlay alone are computed when first asked for, so that a
    canvas which has drawn them before never asks again.

    Attributes:
        grid: The map.
        overlay: What lies over it.
        agent: (row, column) of the agent; None: no agent.
        trail: (N, 2) int32 rows and columns visited most recently, oldest first, repeats removed.
        trail_start: (row, column) where the trail began, also when `trail` no longer reaches back to it.
        caption: The line under the map; empty: none.
    """

    grid: Grid
    overlay: Overlay = NO_OVERLAY
    agent: tuple[int, int] | None = None
    trail: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int32))
    trail_start: tuple[int, int] | None = None
    caption: str = ""

    @cached_property
    def values(self) -> NDArray[np.float64] | None:
        """(S,) the number that colours each state: its value, or else its best action value."""
        if self.overlay.values is not None or self.overlay.action_values is None:
            return self.overlay.values
        return self.overlay.action_values.max(axis=1)

    @cached_property
    def limit(self) -> float:
        """End of the symmetric colour scale, over the states that are not terminal."""
        numbers = self.overlay.values if self.overlay.action_values is None else self.overlay.action_values
        return 0.0 if numbers is None else heat_limit(numbers[~self.grid.terminal])

    @cached_property
    def knee(self) -> float:
        """Up to which magnitude the colour scale is about linear; 0: all of it is."""
        numbers = self.overlay.values if self.overlay.action_values is None else self.overlay.action_values
        return 0.0 if numbers is None else heat_knee(numbers[~self.grid.terminal])

    @cached_property
    def pits(self) -> tuple[bool, ...]:
        """(kinds,) terminal squares to be avoided: they cost something, or pay nothing where others pay."""
        kinds, used = self.grid.kinds, set(np.unique(self.grid.state_kind).tolist())
        ends = [
            mean_reward(cell.reward) if cell.terminal and number in used else None for number, cell in enumerate(kinds)
        ]
        best = max((reward for reward in ends if reward is not None), default=0.0)
        return tuple(reward is not None and (reward < 0 or reward == 0 < best) for reward in ends)

    @cached_property
    def colors(self) -> NDArray[np.uint8]:
        """(H, W, 3) colour of each cell."""
        grid = self.grid
        colors = np.empty((grid.height, grid.width, 3), dtype=np.uint8)
        colors[grid.wall] = theme.WALL
        colors[~grid.wall] = (
            self._plain_colors() if self.values is None else heat_colors(self.values, self.limit, self.knee)
        )
        colors[tuple(self.terminals.T)] = self.terminal_colors
        return colors

    def color(self, row: int, column: int) -> theme.Color:
        """The colour of one cell."""
        red, green, blue = self.colors[row, column].tolist()
        return red, green, blue

    def _plain_colors(self) -> NDArray[np.uint8]:
        by_kind = np.empty((len(self.grid.kinds), 3), dtype=np.uint8)
        for index, cell in enumerate(self.grid.kinds):
            tint = theme.TELEPORT if cell.teleport else theme.SLIPPERY if cell.slip else theme.FREE
            if reward := mean_reward(cell.reward):
                tint = theme.HEAT_COLORS[6 if reward > 0 else 4]
            by_kind[index] = tint
        return by_kind[self.grid.state_kind]

    @cached_property
    def terminals(self) -> NDArray[np.int32]:
        """(T, 2) row and column of the terminal states."""
        return self.grid.cell_of_state[self.grid.terminal]

    @cached_property
    def terminal_rewards(self) -> NDArray[np.float64]:
        """(T,) reward of each terminal state, NaN for one that has none of its own."""
        return self.grid.cell_reward[self.grid.terminal]

    @cached_property
    def terminal_colors(self) -> NDArray[np.uint8]:
        """(T, 3) colour of each terminal state, by the sign of its reward."""
        palette = np.array([theme.TERMINAL_NEGATIVE, theme.TERMINAL_NEUTRAL, theme.TERMINAL_POSITIVE], dtype=np.uint8)
        return palette[np.sign(np.nan_to_num(self.terminal_rewards)).astype(np.intp) + 1]

    @cached_property
    def starts(self) -> NDArray[np.int32]:
        """(N, 2) row and column of the states marked as starts."""
        return self.grid.cell_of_state[self.grid.attribute("start", bool)]

    @cached_property
    def kind_labels(self) -> tuple[str, ...]:
        """(kinds,) what is written on a cell of each kind of the legend; empty for ordinary ones."""
        return tuple(_label(glyph, self.grid, index) for index, glyph in enumerate(_glyphs(self.grid)))

    @cached_property
    def shown_actions(self) -> NDArray[np.bool_] | None:
        """(S, A) True for the actions to point out: those of the policy, or else the best action values."""
        if self.overlay.policy is not None:
            return shown_weights(self.overlay.policy)
        return None if self.overlay.action_values is None else greedy_actions(self.overlay.action_values)

    @cached_property
    def glyphs(self) -> NDArray[np.str_]:
        """(H, W) the map's glyphs, one character each."""
        letters = np.frombuffer("".join(self.grid.rows).encode("utf-32-le"), dtype="<U1")
        return letters.reshape(self.grid.height, self.grid.width)


def build_scene(
    grid: Grid,
    agent: int | None = None,
    trail: Sequence[int] = (),
    overlay: Overlay | None = None,
    caption: str | None = None,
) -> Scene:
    """Describe one picture of the map.

    Args:
        grid: The map.
        agent: State the agent is in; None: draw no agent.
        trail: States visited so far, oldest first; the newest `theme.TRAIL_LENGTH` moves are shown.
        overlay: What `make_overlay` returned for this map; None: nothing.
        caption: One line of text under the map.

    Returns:
        The `Scene`.

    Raises:
        MapError: The agent or the trail is outside the states, or the overlay is for another map.
    """
    overlay = NO_OVERLAY if overlay is None else overlay
    for name in ("values", "action_values", "policy"):
        array = getattr(overlay, name)
        if array is not None and len(array) != grid.num_states:
            raise MapError(f"overlay: its {name} has {len(array)} states, the map has {grid.num_states}")
    if overlay.trajectory is not None and overlay.trajectory.max(initial=0) >= grid.num_states:
        raise MapError(
            f"overlay: its trajectory visits state {overlay.trajectory.max()}, the map has {grid.num_states}"
        )
    here = None if agent is None else checked_states("agent", [agent], grid.num_states)[0]
    visited = list(trail)
    recent = checked_states("trail", visited[-theme.TRAIL_LENGTH - 1 :], grid.num_states)
    first = checked_states("trail", visited[:1], grid.num_states)
    return Scene(
        grid=grid,
        overlay=overlay,
        agent=None if here is None else _cell(grid, here),
        trail=path_cells(grid, recent),
        trail_start=_cell(grid, first[0]) if first.size else None,
        caption=caption or "",
    )


def shown_weights(weights: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(S, A) True for the weights that are not negligible beside the largest of their state."""
    return (weights > 0) & (weights >= theme.SMALLEST_ARROW * weights.max(axis=1, keepdims=True))


def path_cells(grid: Grid, states: NDArray[np.int64]) -> NDArray[np.int32]:
    """(N, 2) row and column of each state of a path, with a state that follows itself left out."""
    moved = np.ones(len(states), dtype=bool)
    moved[1:] = states[1:] != states[:-1]
    return grid.cell_of_state[states[moved]]


def _cell(grid: Grid, state: np.integer) -> tuple[int, int]:
    row, column = grid.cell_of_state[state]
    return int(row), int(column)


def _glyphs(grid: Grid) -> list[str]:
    """A glyph of each kind, empty for the kinds that the map does not use."""
    used, first = np.unique(grid.kind, return_index=True)
    glyphs = [""] * len(grid.kinds)
    for index, place in zip(used, first, strict=True):
        glyphs[index] = grid.rows[place // grid.width][place % grid.width]
    return glyphs


def _label(glyph: str, grid: Grid, index: int) -> str:
    cell = grid.kinds[index]
    if cell.wall or not glyph:
        return ""
    if cell.reward is not None:
        return _amount(cell.reward)
    if cell.terminal:
        return glyph
    if cell.teleport_reward is not None:
        return f"{glyph} {_amount(cell.teleport_reward)}"
    ordinary = cell in (DEFAULT_LEGEND["."], DEFAULT_LEGEND["S"])
    return "" if ordinary else glyph


def _amount(reward: float | RewardLaw) -> str:
    """A reward; of one that is drawn the mean, with a tilde."""
    mean = mean_reward(reward)
    return ("~" if isinstance(reward, tuple) else "") + (f"{mean:+g}" if mean else "0")
