"""Reading models that others wrote as dense or sparse arrays.

With R(s), a terminal state pays R(s) once, when the episode ends in it (the convention of AIMA, 3rd
edition); with r(s,a) and r(s,a,s') it pays nothing: what is earned on entering it is part of the
transition.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.readers.labels import Labels
from planners.readers.layouts import Axes, given_type, read_entries
from planners.readers.rewards import expected_rewards
from planners.readers.terminal import check_unpaid
from planners.readers.transitions import PairEntries, as_mask


def read_arrays(
    P: Any,
    R: Any,
    terminal: ArrayLike | None = None,
    feasible: ArrayLike | None = None,
    axes: Axes | None = None,
    labels: Labels | None = None,
    normalise: bool = False,
) -> dict[str, Any]:
    """Tables of `TabularMDP` from arrays.

    Args:
        P: Probabilities: (S, A, S') array; (A, S, S') array, as pymdptoolbox has them; a list of A matrices
            (S, S'), some or all of them sparse, of any format; or one (S*A, S') matrix, dense or sparse, whose
            row s*A + a is of the pair (s, a) with `axes="SAS"`, as madupite has it, or row a*S + s with `axes="ASS"`.
        R: Rewards, to be maximised: (S,) R(s); (S, A) r(s,a); (S, A, S') or (A, S, S') r(s,a,s'); or a list of A
            matrices (S, S'). Where r(s,a), or r(s,a,s') of a transition that may happen, is -inf, the action does not
            exist, as QuantEcon has it. In terminal states r(s,a) and r(s,a,s') are 0, or refused.
        terminal: (S,) bool, states that end the episode; None: no transition ends it. What `P` says of
            them is not read.
        feasible: (S, A) bool, the actions that exist; None: all, but those of reward -inf. What `P` and `R`
            say of the others is not read.
        axes: "SAS" or "ASS": the order of the axes of `P` and of an `R` with three. Needed only where shapes
            do not tell (and neither do sums: the last axis is s' in both): for one matrix of several actions,
            and where A equals S; a square `R` is then (S, A).
        labels: The names by which tables with labels are put in order.
        normalise: Whether rows that are off 1 by no more than .01 are scaled to it.

    Raises:
        InvalidModelError: Shapes that do not fit each other, with what was expected and found; shapes that
            fit in two ways; a row without a transition; a negative probability.
        InvalidOptionError: An unknown `axes`.

    >>> tables = read_arrays([[[0.5, 0.5], [0.0, 1.0]]], [[5.0], [-1.0]])  # (A, S, S')
    >>> tables["transitions"].toarray().tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    >>> read_arrays([[[0.5, 0.5], [0, 1]], [[0, 1], [0, 0]]], [[5, 10], [-1, -np.inf]], axes="SAS")["feasible"].tolist()
    [[True, True], [True, False]]
    """
    labels = labels or Labels()
    entries, dtype = read_entries(P, axes), given_type(P)
    shape = entries.shape
    R = labels.rewards(R, shape[0])
    terminal, feasible = labels.mask("terminal", terminal, shape[0]), labels.pairs("feasible", feasible)
    ends = np.zeros(shape[0], dtype=bool) if terminal is None else as_mask("terminal", terminal, shape[:1])
    exists = np.ones(shape, dtype=bool) if feasible is None else as_mask("feasible", feasible, shape)
    _refuse_paid_ends(R, entries.of_pairs(exists & ends[:, None]), ends, axes)
    entries = entries.rounded(dtype).of_pairs(exists & ~ends[:, None]).normalised(normalise)
    rewards, given_by, told = expected_rewards(R, entries, axes)
    if given_by != "state":
        exists &= rewards != -np.inf
        entries = entries.of_pairs(exists)
    exists[ends & ~exists.any(axis=1)] = True  # a terminal state needs no action of its own
    entries.check()
    entries.check_none_empty(exists & ~ends[:, None])
    entries = entries.scaled(dtype)
    rewards[~exists] = 0.0
    if given_by == "state":
        return ended(entries, rewards, exists, ends, into_terminal=False)
    rewards[ends] = 0.0
    return {**ended(entries, rewards, exists, ends), **told}


def _refuse_paid_ends(R: Any, entries: PairEntries, ends: NDArray[np.bool_], axes: Axes | None) -> None:
    """Refuse r(s,a) and r(s,a,s') that a terminal state pays for what `P` says of it."""
    if ends.any():
        with np.errstate(invalid="ignore"):  # what is not finite is not read
            rewards, given_by, _ = expected_rewards(R, entries, axes)
        if given_by != "state":
            check_unpaid(rewards, ends)


def ended(
    entries: PairEntries,
    rewards: NDArray[np.float64],
    feasible: NDArray[np.bool_],
    ends: NDArray[np.bool_],
    into_terminal: bool = True,
) -> dict[str, Any]:
    """Tables of `TabularMDP` in which the states `ends` end the episode.

    Args:
        entries: The transitions, without those of the states `ends`.
        rewards: (S, A) expected rewards.
        feasible: (S, A) bool, the actions that exist.
        ends: (S,) bool, the terminal states.
        into_terminal: Whether the episode ends on entering such a state, or only when leaving it.
    """
    termination, last = np.zeros(entries.shape), np.flatnonzero(feasible & ends[:, None])
    ending = entries._replace(
        rows=last, next_states=last // entries.num_actions, probabilities=np.ones(len(last))
    )  # in a terminal state nothing goes on
    if into_terminal and ends.any():
        entering = ends[entries.next_states]
        termination = entries.totals(entering)
        ending, entries = entries.kept(entering).and_also(ending), entries.kept(~entering)
    termination[ends] = feasible[ends]
    return {
        "transitions": entries.matrix(),
        "termination": termination,
        "rewards": rewards,
        "feasible": feasible,
        "endings": ending.matrix(),
        "rescaled": entries.rescaled,
    }
