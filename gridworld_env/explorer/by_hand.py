"""A policy painted by hand, evaluated exactly: is this policy optimal?"""

from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

import planners
from gridworld_env.errors import MapError
from gridworld_env.explorer.map_document import MapDocument
from gridworld_env.explorer.planning import Planning, carried

LARGEST: Final = 10_000  # states


class ByHand:
    """One action a square, and what that policy is worth.

    Args:
        planning: Has the map and its model.

    Attributes:
        actions: (S,) int64, at first the map's first action everywhere; never changed in place.
    """

    def __init__(self, planning: Planning) -> None:
        """Begin with the same action everywhere."""
        self._planning = planning
        self.actions: NDArray[np.int64] = np.zeros(planning.document.grid.num_states, dtype=np.int64)

    def take(self, actions: NDArray[np.int64]) -> None:
        """Make other actions one's own."""
        self.actions = actions.copy()
        self._forget()

    def turn(self, state: int, by: int = 1) -> int:
        """The next action in a square, clockwise from up; returns it."""
        return self.set(state, (int(self.actions[state]) + by) % self._planning.num_actions)

    def set(self, state: int, action: int) -> int:
        """Another action in a square; returns it."""
        actions = self.actions.copy()
        actions[state] = action
        self.take(actions)
        return action

    def move_to(self, old: MapDocument, new: MapDocument) -> None:
        """Follow the map, which `planning` has taken: squares keep their arrows as far as they are still there."""
        if len(new.rules.action_moves) != len(old.rules.action_moves):
            self.take(np.zeros(new.grid.num_states, dtype=np.int64))
        elif new.grid is not old.grid:
            self.take(carried(old.grid.cell_of_state, new.grid.state_of_cell, self.actions, 0))
        self._forget()

    def _forget(self) -> None:
        for known in ("values", "verdict", "plan"):
            self.__dict__.pop(known, None)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """(S, A) 1 for the action of each square."""
        return np.eye(self._planning.num_actions)[self.actions]

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """(S,) V^pi, exactly.

        Raises:
            MapError: The map is too large.
        """
        self._check_size()
        policy = planners.TabularPolicy(self.probabilities)
        return planners.evaluate(self._planning.mdp, policy, discount=self._planning.document.discount)

    @cached_property
    def verdict(self) -> planners.Verdict:
        """The answer of `planners.is_optimal`."""
        self._check_size()
        policy = planners.TabularPolicy(self.probabilities)
        return planners.is_optimal(self._planning.mdp, policy, discount=self._planning.document.discount)

    @cached_property
    def plan(self) -> planners.Plan:
        """V* and all optimal actions, proven."""
        self._check_size()
        return planners.solve(self._planning.mdp, discount=self._planning.document.discount)

    @property
    def loses(self) -> NDArray[np.bool_]:
        """(S,) the squares in which it earns less than V*."""
        return (self.verdict.regrets > self.verdict.tolerance) & ~self._planning.document.grid.terminal

    def says(self) -> list[str]:
        """The answer in lines."""
        verdict, grid = self.verdict, self._planning.document.grid
        start = self._planning.mdp.initial
        assert start is not None  # every map's model knows where episodes begin
        earns, best = (float(start[start > 0] @ values[start > 0]) for values in (self.values, self.plan.values))
        worth = f"V of the start: {_number(earns)}, V* is {_number(best)}"
        if verdict.optimal or verdict.worst_state is None:
            return ["Yes: V equals V* in every square", worth]
        row, column = grid.cell_of_state[verdict.worst_state].tolist()
        count = int(self.loses.sum())
        better = self._planning.document.rules.action_moves[verdict.better_action or 0].name.lower().replace("_", " ")
        return [
            f"No: it loses in {count} square{'s' * (count != 1)}, framed red",
            f"Most at row {row}, column {column}: {_number(verdict.regret)}",
            f"Better there: {better}",
            worth,
        ]

    def _check_size(self) -> None:
        states = len(self.actions)
        if states > LARGEST:
            raise MapError(f"the map has {states} squares; a policy by hand is judged on at most {LARGEST}")


def _number(number: float) -> str:
    return f"{number:.6g}" if np.isfinite(number) else "-infinite" if number < 0 else "infinite"
