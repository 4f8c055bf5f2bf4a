"""`GridWorld-v0`: an environment whose `step()` samples from the tables that it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.rules_to_tables import RewardOn, Rules, make_mdp, order_of_draws, vary_mdp
from gridworld_env.dynamics.sampled_env import SampledEnv
from gridworld_env.dynamics.sampler import Sampler
from gridworld_env.dynamics.trace import Trace
from gridworld_env.grid.actions import Moves, keys_to_action
from gridworld_env.grid.grid import Grid
from gridworld_env.maps.options import refuse_unknown
from gridworld_env.maps.textbook_worlds import read_map
from gridworld_env.rendering.display import Display, png_of
from planners.models.moves import MoveMDP

ARGUMENTS = (
    "map_name", "desc", "legend", "slip", "step_reward", "reward_on", "moves", "bump_reward", "actions",
    "exploring_starts", "render_mode",
)  # fmt: skip


class GridWorldEnv(SampledEnv):
    """A gridworld with open tables.

    States are the squares that are not walls, numbered row by row from the upper left corner; actions are
    `Action.UP, RIGHT, DOWN, LEFT` = 0..3, and with `moves="king"` or `"octile"` the four diagonals
    4..7. A move into a wall or off the map leaves the agent where it is.

    Args:
        map_name: A map of `gridworld_env.WORLDS`, whose rules are the defaults of the other arguments; None: `desc`, or
            "lecture" if there is none.
        desc: A map of your own: a list of strings, `#` wall, `.` free, `S` start, `+` and `-` terminal squares
            worth +1 and -1; or an (H, W) array of glyphs, or of bool, True on walls.
        legend: Meaning of further glyphs: `{"X": {"reward": -5.0, "terminal": True}}`; fields as in `Cell`.
        slip: Probability, 0 to 1, of sliding to one of the two perpendicular moves, half each.
        step_reward: Reward of a move onto a square that has no reward of its own.
        reward_on: "enter": a square's reward is paid on entering it; "exit": on leaving it (AIMA 3rd edition, CS188),
            so that a terminal square is a state with one more step.
        moves: "cardinal", "king" (diagonals too) or "octile" (diagonals cost sqrt 2 and cut no corner).
        bump_reward: Reward of a move that a wall, the edge, a corner or a one-way square stops; None: that of any other
            move.
        actions: Names of the actions in their order, such as ("LEFT", "DOWN", "RIGHT", "UP") of toy_text, or
            with "STAY" among them; None: all moves, as above.
        exploring_starts: Whether episodes begin on any square that is not terminal, all equally likely, whatever the
            map marks.
        render_mode: "human", "rgb_array", "ansi" or None.

    Attributes:
        P: `P[s][a]` = [(probability, next_state, reward, terminated), ...], with equal outcomes merged;
            `np.asarray(P)` is (S, A, S').
        R: (S, A) expected immediate reward.
        mdp: The `planners` model from which `step()` samples.
        grid: The map as arrays.
        action_names: (A,) name of each action.

    Every `info` has `prob`, the probability P(s'|s,a) of the reached state (1.0 after `reset`), and
    `action_mask`, (A,) int8, 1 for actions that may leave the square, end the episode or be paid (all 1 if none may).

    Raises:
        MapError: A map, a legend or an option that cannot be used; the message says where and why.
        TypeError: An argument does not exist; the message names the argument that other environments call by this name.
    """

    mdp: MoveMDP
    grid: Grid
    places: ClassVar[dict[str, str]] = {"state": "s", "cell": "(row, column)"}
    metadata: dict[str, Any] = {"render_modes": ["human", "rgb_array", "ansi"], "render_fps": 4}

    def __init__(
        self,
        *,
        map_name: str | None = None,
        desc: Sequence[str] | None = None,
        legend: Mapping[str, Any] | None = None,
        slip: float | None = None,
        step_reward: float | None = None,
        reward_on: RewardOn | None = None,
        moves: Moves | None = None,
        bump_reward: float | None = None,
        actions: Sequence[str] | None = None,
        exploring_starts: bool | None = None,
        render_mode: str | None = None,
        **unknown: Any,
    ) -> None:
        """Read the map and make the tables."""
        refuse_unknown(unknown, ARGUMENTS)
        self.grid, defaults = read_map(map_name, desc, legend)
        given = {
            "slip": slip,
            "step_reward": step_reward,
            "reward_on": reward_on,
            "moves": moves,
            "bump_reward": bump_reward,
            "actions": actions,
            "exploring_starts": exploring_starts,
        }
        self.rules: Rules = Rules(**{**defaults, **{name: value for name, value in given.items() if value is not None}})
        mdp = make_mdp(self.grid, self.rules)
        super().__init__(mdp, Sampler(mdp, order_of_draws(self.rules, mdp.num_moves)), render_mode)
        self.action_names = tuple(move.name for move in self.rules.action_moves)
        self._display = Display(self.grid, self.rules.action_moves, self.metadata["render_fps"])

    def variant(self, **rules: float) -> MoveMDP:
        """The model of this map at another `slip` or `step_reward`, for `planners.solve_many`."""
        return vary_mdp(self.mdp, self.grid, replace(self.rules, **rules))

    def state_to_cell(self, state: int) -> tuple[int, int]:
        """(row, column) of a state; `MapError` for a number that is not a state."""
        row, column = self.grid.cell_of_state[self.grid.checked_state(state)]
        return int(row), int(column)

    @property
    def labels(self) -> dict[str, NDArray[np.bool_]]:
        """From "goal", "pit" and each glyph of the map to (S,) bool of its squares; `planners` takes these names."""
        return self.grid.labels

    def cell_to_state(self, cell: Sequence[int]) -> int:
        """The state at (row, column); `MapError` outside the map and on walls."""
        return self.grid.cell_to_state(cell)

    def picture(self, trace: Trace, mode: str | None = None) -> NDArray[np.uint8] | str | None:
        """The picture of any episode on this map, not only of this environment's own; by default in `render_mode`."""
        states = tuple(trace.states)
        state = states[-1] if states else None
        return self._display.show(mode or self.render_mode or "rgb_array", state, states, trace.caption(self.rules))

    def _repr_png_(self) -> bytes | None:
        """The picture of the present state, in a notebook, whatever the render mode."""
        return png_of(lambda: self.picture(self.trace, "rgb_array"))

    def set_overlay(
        self,
        *,
        values: Any = None,
        policy: Any = None,
        action_values: Any = None,
        trajectory: Sequence[int] | None = None,
    ) -> None:
        """Draw planning results under the agent, in every render mode; without arguments, remove them.

        Args:
            values: (S,) values, drawn as a heat map, with numbers if they fit.
            policy: Policy, drawn as arrows: a `TabularPolicy`, (S,) actions, (S, A) probabilities, or (S, A) bool such
                as `plan.optimal_actions`, which shows every tied action.
            action_values: (S, A) Q, drawn as coloured triangles.
            trajectory: States of a path to draw.

        Raises:
            MapError: An array has the wrong shape, or a state or action is out of range.
        """
        self._display.set_overlay(values=values, policy=policy, action_values=action_values, trajectory=trajectory)

    def get_keys_to_action(self) -> dict[tuple[int, ...], int]:
        """The keys for `gymnasium.utils.play`: arrows and WASD; Q, E, C and Z for diagonals, X to stay."""
        return keys_to_action(self.rules.action_moves)

    def close(self) -> None:
        """Close the window of this environment; others stay open."""
        self._display.close()

    def place(self, name: str, place: Any) -> int:
        """The state that a reset option names, by `state` or by `cell`, (row, column); `MapError` if there is none."""
        return self.grid.checked_state(place, "reset option 'state'") if name == "state" else self.cell_to_state(place)
