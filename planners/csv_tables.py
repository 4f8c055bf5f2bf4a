"""Reading and writing models as text: one line for each transition.

    idstatefrom,idaction,idstateto,probability,reward
    0,0,1,0.75,-1
    0,0,0,0.25,-1

This is the format of MDPs.jl and of the craam tools for robust MDPs. Columns may be in any order. Lines of
one (state, action, next state) are added up. A state that is reached but has no line of its own is
terminal: the episode ends on entering it, and nothing is earned after.

Source: https://github.com/RiskAverseRL/MDPs.jl, `load_mdp`.
"""

from os import PathLike
from typing import Any

import numpy as np

from planners.csv_file import COLUMNS, TransitionFile
from planners.entries import PairEntries, check_size, pair_rows
from planners.errors import InvalidOptionError
from planners.mdp import SUM_TOLERANCE, TabularMDP
from planners.tables import ended

LINES_AT_ONCE = 100_000


def read_csv(path: str | PathLike[str], base: int = 0, outcome: int | None = None) -> dict[str, Any]:
    """Tables of `TabularMDP` from a file of transitions.

    Args:
        path: The file, with a header that names the five columns. No other is allowed, as what it means
            would be lost, but `idoutcome` together with `outcome`.
        base: 0 or 1, the number of the first state and of the first action.
        outcome: Which model to read from a file that holds several, told apart by `idoutcome`, as those
            for robust and multi-model MDPs do.

    Raises:
        InvalidModelError: Columns missing or unknown, or a line that is not a transition, with the file
            and the line; probabilities that do not sum to 1 within 1e-9; states that are named nowhere.
        InvalidOptionError: `base` is neither 0 nor 1.

    Cost: a few seconds for 10^6 lines.
    """
    _check_base(base)
    table = TransitionFile(path, outcome)
    states, actions, next_states = (table.ids(name, base) for name in COLUMNS[:3])
    probabilities, rewards = table.column("probability"), table.column("reward")
    table.refuse(~((probabilities >= 0) & (probabilities <= 1 + SUM_TOLERANCE)), "probability", "a number from 0 to 1")
    table.refuse(~np.isfinite(rewards), "reward", "a finite number")
    num_states, num_actions = table.check_states(states, next_states, base), int(actions.max()) + 1
    check_size(num_states, num_actions, len(states))
    rows = pair_rows(states, actions, num_states, num_actions)
    entries = PairEntries(rows, next_states, probabilities, num_states, num_actions)
    table.check_sums(entries, base)
    feasible = np.zeros(entries.shape, dtype=bool)
    feasible.flat[rows] = True
    ends = np.logical_not(feasible.any(axis=1))
    feasible[ends] = True
    # Around one of the pair's rewards, so that a reward that all lines of a pair agree on is kept as it is.
    start = np.zeros(num_states * num_actions)
    start[rows] = rewards
    expected = start.reshape(entries.shape) + entries.totals(probabilities * (rewards - start[rows]))
    return ended(entries.kept(np.ones(len(rows), dtype=bool)), expected, feasible, ends)


def write_csv(model: TabularMDP, path: str | PathLike[str], base: int = 0) -> None:
    """Write a model as the lines that `read_csv` reads: continuing transitions, and endings into a terminal state.

    The format has terminal states instead of endings. Endings are written as transitions into the last
    terminal state (each of its actions ends the episode and pays nothing) or, where no state is terminal or
    nothing else ends, into an additional state, numbered S. Read back, every transition into that state
    ends the episode. Rewards are r(s,a) on each line of the pair; `initial` is lost, and so are the last
    actions where no state has them. Numbers are written so that they are read back as they were.

    Args:
        model: The model to write.
        path: The file to write, replaced if it exists.
        base: 0 or 1, the number of the first state and of the first action.

    Raises:
        InvalidOptionError: `base` is neither 0 nor 1.
    """
    _check_base(base)
    num_actions, flow = model.num_actions, model.transitions.tocoo()
    sink = _terminal_state(model)
    endings = np.where(model.feasible, model.termination, 0.0)
    endings[sink : sink + 1] = 0.0  # a terminal state has no lines; empty where the state is an additional one
    ending = np.flatnonzero(endings)
    rows = np.concatenate([flow.coords[0], ending])
    next_states = np.concatenate([flow.coords[1], np.full(len(ending), sink)])
    probabilities = np.concatenate([flow.data, endings.ravel()[ending]])
    order = np.lexsort((next_states, rows))
    order = order[model.feasible.ravel()[rows[order]]]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(COLUMNS) + "\n")
        for first in range(0, len(order), LINES_AT_ONCE):
            part = order[first : first + LINES_AT_ONCE]
            states, actions = np.divmod(rows[part], num_actions)
            columns = (states + base, actions + base, next_states[part] + base, probabilities[part])
            lines = zip(*(column.tolist() for column in (*columns, model.rewards[states, actions])), strict=True)
            file.write("".join([f"{s},{a},{to},{p!r},{r!r}\n" for s, a, to, p, r in lines]))


def _terminal_state(model: TabularMDP) -> int:
    """The state that endings are written as transitions into; S if it has to be added."""
    terminal = np.all((model.termination == 1.0) & (model.rewards == 0.0) & model.feasible, axis=1)
    ending = np.any((model.termination > 0) & model.feasible, axis=1)
    last = model.num_states - 1 - int(np.argmax(terminal[::-1]))
    is_entered = terminal[last] and ending[np.arange(model.num_states) != last].any()
    return last if is_entered else model.num_states


def _check_base(base: int) -> None:
    if base not in (0, 1):
        raise InvalidOptionError(f"base is {base!r}; expected 0 or 1, the number of the first state in the file")
