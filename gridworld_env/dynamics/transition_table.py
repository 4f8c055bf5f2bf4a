"""`P` of the environment: Gymnasium's toy_text table, made row by row when asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.outcome_mdp import endings_of
from planners.models.convert import Model
from planners.models.moves import Outcome

Row = tuple[float, int, float, bool]  # probability, next state, reward, terminated
DENSE_LIMIT: Final = 2 * 1024**3


class TransitionTable(Mapping[int, dict[int, list[Row]]]):
    """`P[s][a]`, a list of (probability, next_state, reward, terminated); equal results are one entry.

    Reads like the dictionary of a toy_text environment, and takes no memory: rows are made from the
    model that `step()` samples from. `np.asarray(P)` is the (S, A, S') array of probabilities.
    """

    def __init__(self, mdp: Model, outcomes: Callable[[int, int], list[Outcome]]) -> None:
        """Read from `mdp`, whose `outcomes(state, action)` lists the outcomes."""
        self._mdp, self._outcomes = mdp, outcomes

    def __getitem__(self, state: int) -> dict[int, list[Row]]:
        """From each action to its outcomes in this state; `KeyError` for a number that is not a state."""
        if not (isinstance(state, int | np.integer) and 0 <= state < len(self)):
            raise KeyError(f"{state!r} is not a state; expected 0 to {len(self) - 1}")
        return {
            int(action): self._rows(int(state), int(action)) for action in np.flatnonzero(self._mdp.feasible[state])
        }

    def _rows(self, state: int, action: int) -> list[Row]:
        return [(p, next_state, reward, ends) for p, next_state, reward, ends in self._outcomes(state, action)]

    def __iter__(self) -> Iterator[int]:
        """The states."""
        return iter(range(len(self)))

    def __len__(self) -> int:
        """Number of states S."""
        return self._mdp.num_states

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """(S, A, S') probabilities of the next state, those of transitions that end the episode included.

        Raises:
            MemoryError: The array would take more than 2 GiB, with the size and what to use instead.
        """
        if copy is False:
            raise ValueError("P has no array of its own to share: leave out copy=False")
        S, A = self._mdp.num_states, self._mdp.num_actions
        if 8 * S * A * S > DENSE_LIMIT:
            raise MemoryError(
                f"the (S, A, S') array of {S} states and {A} actions would take {8 * S * A * S / 1024**3:,.1f} GiB "
                f"(more than {DENSE_LIMIT / 1024**3:.0f} GiB). Use P[s][a], or the sparse env.unwrapped.mdp.tabular"
            )
        tables = self._mdp.tabular
        table = (tables.transitions + endings_of(tables)).toarray().reshape(S, A, S)
        return table.astype(dtype, copy=False) if dtype is not None else table

    def __repr__(self) -> str:
        """Sizes in one line."""
        return f"TransitionTable({len(self)} states, {self._mdp.num_actions} actions)"
