"""Models whose states have choices, numbered from 0 in each state, as explicit files of model checkers list them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_switch
from planners.arrays import SUM_TOLERANCE
from planners.memory import check_memory
from planners.readers.text_lines import TextLines
from planners.readers.transitions import PairEntries, check_size, nearly_positive, pair_rows


class Choices(NamedTuple):
    """L transitions: of which state, of which of its choices, to where, how likely.

    Attributes:
        states: (L,) state of each transition.
        actions: (L,) number of the choice in its state.
        next_states: (L,) where it leads.
        probabilities: (L,) how likely.
        lines: (L,) the line to name if something is wrong with it.
    """

    states: NDArray[np.int64]
    actions: NDArray[np.int64]
    next_states: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    lines: NDArray[np.int64]

    def entries(self, file: TextLines, num_states: int, normalise: bool = False) -> PairEntries:
        """All transitions, checked; with `normalise`, rows that are off 1 by no more than .01 are scaled to it.

        Raises:
            InvalidModelError: A probability out of range, or ones that do not sum to 1; with the line.
            NotEnoughMemoryError: The tables do not fit.
        """
        states, actions, next_states, probabilities, lines = self
        self._check_numbers(file, num_states)
        if check_switch("normalise", normalise):
            probabilities = nearly_positive(probabilities)
        wrong = ~((probabilities >= 0) & (probabilities <= 1 + SUM_TOLERANCE))
        if wrong.any():
            first = int(np.argmax(wrong))
            found = f"a probability is {probabilities[first]:.12g}"
            file.refuse(f"{found}; expected a number from 0 to 1", int(lines[first]))
        num_actions = int(actions.max()) + 1
        check_size(num_states, num_actions, len(states))
        rows = pair_rows(states, actions, num_states, num_actions)
        entries = PairEntries(rows, next_states, probabilities, num_states, num_actions).normalised(normalise)
        sums = entries.totals().ravel()
        wrong = np.abs(sums[rows] - 1.0) > SUM_TOLERANCE
        if wrong.any():
            first = int(np.argmax(wrong))
            place = f"choice {actions[first]} of state {states[first]}"
            found = f"the probabilities of {place} sum to {sums[rows[first]]:.12g}"
            file.refuse(f"{found}; expected 1 within {SUM_TOLERANCE:g}", int(lines[first]))
        return entries

    def _check_numbers(self, file: TextLines, num_states: int) -> None:
        """Refuse states without a transition, and choices with gaps: these would be tables without an end."""
        states, actions = self.states, self.actions
        if num_states < 1 or num_states > len(states):
            file.refuse(
                f"there are {num_states} states and {len(states)} transitions; expected one or more of each state"
            )
        without = np.flatnonzero(np.bincount(states, minlength=num_states) == 0)
        if len(without):
            file.refuse(f"state {without[0]} has no transition; a state that is never left has one to itself")
        width, most = int(actions.max()) + 1, int(np.argmax(actions))
        gaps = width > len(states)
        if not gaps:
            owner, number = np.divmod(np.unique(states * width + actions), width)
            gaps = bool((number != np.arange(len(number)) - np.searchsorted(owner, owner)).any())
        if gaps:
            found = f"choices have gaps in their numbers; the largest is {actions[most]}, of state {states[most]}"
            file.refuse(f"{found}. Expected 0, 1, 2, ... in each state", int(self.lines[most]))


def tables(
    entries: PairEntries, rewards: NDArray[np.float64], labels: Mapping[str, NDArray[np.int64]]
) -> dict[str, Any]:
    """Tables of `TabularMDP` in which no episode ends, with labels; `init`, where it is one state, is the first one."""
    check_memory(float(entries.num_states) * len(labels), f"{len(labels)} labels of {entries.num_states} states")
    masks = {name: np.zeros(entries.num_states, dtype=bool) for name in labels}
    for name, states in labels.items():
        masks[name][states] = True
    feasible = np.zeros(entries.shape, dtype=bool)
    feasible.flat[entries.rows] = True
    first = masks.get("init")
    return {
        "transitions": entries.kept(np.ones(len(entries.rows), dtype=bool)).matrix(),
        "termination": np.zeros(entries.shape),
        "rewards": np.where(feasible, rewards, 0.0),
        "feasible": feasible,
        "initial": first.astype(np.float64) if first is not None and first.sum() == 1 else None,
        "labels": masks,
        "rescaled": entries.rescaled,
    }
