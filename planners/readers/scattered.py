"""Pairs of state and action that are stored as pairs, because few of all possible ones exist."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arrays import merge_rows
from planners.exact_sums import exact_sums

MANY: Final = 1_000_000  # rows of all pairs, below which they are stored anyway
SHARE: Final = 8  # so many rows for each that exists are too many


def is_scattered(num_states: int, num_actions: int, pairs: int) -> bool:
    """Whether so few of all pairs exist that they are stored as pairs; more actions than pairs are a mistake.

    >>> is_scattered(100_002, 10_000, 110_001), is_scattered(100, 100, 200)
    (True, False)
    """
    return num_actions <= pairs and num_states * num_actions > max(MANY, SHARE * pairs)


def scattered_tables(
    of_state: NDArray[np.int64],
    of_action: NDArray[np.int64],
    rewards: NDArray[np.float64],
    entries: tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]],
    ends: NDArray[np.bool_],
    terminal_rewards: NDArray[np.float64] | None = None,
) -> dict[str, Any]:
    """Tables of `PairMDP`: transitions, termination, rewards, pair_state, pair_action; and endings, if there are any.

    Args:
        of_state: (L,) state of each pair.
        of_action: (L,) action of each pair; no pair twice.
        rewards: (L,) expected reward of each pair.
        entries: Of each transition: its pair, its next state, its probability.
        ends: (S,) bool, the terminal states; their pairs are not read.
        terminal_rewards: (S,) what terminal states pay one step after they are entered; None: nothing, and the episode
            ends on entering them.
    """
    if not ends.any() and _in_order(of_state, of_action):
        return _as_they_are(of_state, of_action, rewards, entries, len(ends))
    last = np.flatnonzero(ends)
    alive = np.flatnonzero(~ends[of_state])
    state = np.concatenate((of_state[alive], last))
    action = np.concatenate((of_action[alive], np.zeros(len(last), dtype=np.int64)))
    order = np.lexsort((action, state))
    place = np.full(len(of_state), -1)
    at = np.empty(len(order), dtype=np.int64)
    at[order] = np.arange(len(order))
    place[alive] = at[: len(alive)]
    rows, next_states, probabilities = place[entries[0]], entries[1], entries[2]
    kept = rows >= 0
    entering = kept & ends[next_states] if terminal_rewards is None else np.zeros(len(rows), dtype=bool)
    termination = exact_sums(probabilities[entering], rows[entering], len(state))
    termination[at[len(alive) :]] = 1.0
    kept &= ~entering
    paid = np.zeros(len(ends)) if terminal_rewards is None else terminal_rewards
    over = np.concatenate((rows[entering], at[len(alive) :])), np.concatenate((next_states[entering], last))
    shape = len(state), len(ends)
    return {
        "transitions": merge_rows(rows[kept], next_states[kept], probabilities[kept], shape),
        "endings": merge_rows(*over, np.concatenate((probabilities[entering], np.ones(len(last)))), shape),
        "termination": termination,
        "rewards": np.concatenate((rewards[alive], paid[last]))[order],
        "pair_state": state[order],
        "pair_action": action[order],
    }


def _as_they_are(
    of_state: NDArray[np.int64],
    of_action: NDArray[np.int64],
    rewards: NDArray[np.float64],
    entries: tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]],
    num_states: int,
) -> dict[str, Any]:
    """The tables of pairs in order, none of which ends the episode: copies, as the model closes them for writing."""
    return {
        "transitions": merge_rows(*entries, (len(of_state), num_states)),
        "termination": np.zeros(len(of_state)),
        "rewards": rewards.copy(),
        "pair_state": of_state.astype(np.int64),
        "pair_action": of_action.astype(np.int64),
    }


def _in_order(of_state: NDArray[np.int64], of_action: NDArray[np.int64]) -> bool:
    """Whether pairs come by their states, and in each by their actions."""
    same = of_state[1:] == of_state[:-1]
    return bool(((of_state[1:] > of_state[:-1]) | (same & (of_action[1:] > of_action[:-1]))).all())
