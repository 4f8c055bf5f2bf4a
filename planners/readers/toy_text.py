"""Reading Gymnasium's toy_text dictionaries, `P[s][a] = [(probability, next_state, reward, terminated), ...]`."""

from collections.abc import Mapping, Sequence, Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arguments import shown
from planners.arrays import rounding_of
from planners.errors import InvalidModelError
from planners.readers.transitions import PairEntries, check_size


def read_gym_dict(P: Mapping[int, Any] | Sequence[Any], normalise: bool = False) -> dict[str, Any]:
    """Tables of `TabularMDP` from a toy_text dictionary.

    Each transition's own flag decides whether values go on after it. Entries with one next state are
    added up, and so are their expected rewards. A state may lack actions: they are not feasible there.

    Args:
        P: `P[s][a]`, mappings or sequences, of lists (or iterators) of (probability, next_state, reward, terminated).
            A terminal state has a transition that ends: `P[s] = {0: [(1.0, s, 0.0, True)]}`.
        normalise: Whether rows that are off 1 by no more than .01 are scaled to it.

    Raises:
        InvalidModelError: A state or action that is missing, or a next state that does not exist.

    >>> tables = read_gym_dict({0: {0: [(0.75, 0, 2.0, False), (0.25, 0, 6.0, True)]}})
    >>> tables["transitions"].toarray().tolist(), tables["termination"].tolist(), tables["rewards"].tolist()
    ([[0.75]], [[0.25]], [[3.0]])
    """
    if not isinstance(P, Mapping | Sequence | np.ndarray) or isinstance(P, str | bytes) or not getattr(P, "ndim", 1):
        raise InvalidModelError(f"P is {shown(P)}; expected P[state][action] = [(...), ...]")
    num_states = len(P)
    actions = [_actions(P, state) for state in range(num_states)]
    num_actions = max((int(action) for here in actions for action in here), default=-1) + 1
    if not num_actions:
        where = "state 0 has no feasible action" if num_states else "P has no state"
        raise InvalidModelError(f"{where}; expected P[state][action] = [(...), ...]")
    empty = next((state for state, here in enumerate(actions) if not len(here)), None)
    if empty is not None:
        raise InvalidModelError(
            f"state {empty} has no feasible action: P[{empty}] is empty. If the episode ends there, write "
            f"P[{empty}] = {{0: [(1.0, {empty}, 0.0, True)]}}",
            empty,
        )
    check_size(num_states, num_actions, 0)
    pairs = [state * num_actions + int(action) for state, here in enumerate(actions) for action in here]
    lists = [_listed(P[state][action], state, action) for state, here in enumerate(actions) for action in here]
    feasible = np.zeros((num_states, num_actions), dtype=bool)
    feasible.flat[pairs] = True
    columns = _columns(lists, num_states)
    if columns is None:
        columns = _checked_columns(lists, pairs, feasible.shape)
    probabilities, next_states, rewards, ends = columns
    rows = np.repeat(pairs, [len(entries) for entries in lists])
    entries = PairEntries(rows, next_states, probabilities, num_states, num_actions).scaled(_given_type(lists))
    entries = entries.normalised(normalise)
    probabilities = entries.probabilities
    return {
        "transitions": entries.kept(~ends).matrix(),
        "termination": entries.totals(ends),
        "rewards": entries.expected(np.where(probabilities > 0, rewards, 0.0)),  # whatever 0 of them are
        "feasible": feasible,
        "endings": entries.kept(ends).matrix(),
        "rescaled": entries.rescaled,
        **entries.told(rewards, ends),
    }


def _listed(outcomes: Any, state: int, action: int) -> Any:
    """The outcomes of one pair, as often as they are asked for: an iterator gives them once."""
    if isinstance(outcomes, Sized):
        return outcomes
    try:
        return list(outcomes)
    except TypeError:
        raise InvalidModelError(
            f"state {state}, action {action} has the outcomes {outcomes!r:.60}; "
            "expected a list of (probability, next_state, reward, terminated)",
            state,
            action,
        ) from None


def _given_type(lists: list[Any]) -> np.dtype[Any]:
    """The type of the probabilities, which says how exact they are: the shortest of NumPy's that is among them."""
    types = {type(entry[0]) for entries in lists for entry in entries}
    floats = [np.dtype(kind) for kind in types if issubclass(kind, np.floating)]
    return min(floats, key=lambda dtype: dtype.itemsize, default=np.dtype(np.float64))


Columns = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]


def _columns(lists: list[Any], num_states: int) -> Columns | None:
    """All entries as four arrays; None if anything in them is not as it should be."""
    try:
        if not all(lists):
            return None
        flat = [entry for entries in lists for entry in entries]
        probabilities, next_states, rewards, terminated = zip(*flat, strict=True)
        if any(issubclass(kind, str | bytes) for kind in {*map(type, probabilities), *map(type, rewards)}):
            return None  # NumPy would read the numbers in them
        columns = (
            np.array(probabilities, dtype=np.float64),
            np.array(next_states),
            np.array(rewards, dtype=np.float64),
            np.array(terminated, dtype=bool),
        )
    except (TypeError, ValueError, OverflowError):
        return None
    if not {*map(type, terminated)} <= {bool, np.bool_}:
        return None
    below = (columns[0] < 0) & (columns[0] >= -rounding_of(np.float64))  # 1 - .9 - .1 is -2.8e-17
    columns[0][below] = 0.0
    if any(column.ndim != 1 for column in columns) or columns[1].dtype.kind not in "iu" or not (columns[0] >= 0).all():
        return None
    return columns if columns[1].min() >= 0 and columns[1].max() < num_states else None


def _checked_columns(lists: list[Any], pairs: list[int], shape: tuple[int, int]) -> Columns:
    """The same, an entry at a time, to name the place of what is wrong."""
    rows = []
    for pair, entries in zip(pairs, lists, strict=True):
        state, action = divmod(pair, shape[1])
        if not len(entries):
            raise InvalidModelError(
                f"state {state}, action {action} leads nowhere; expected at least one transition. "
                "Leave out an action that does not exist",
                state,
                action,
            )
        rows += [_checked_entry(entry, state, action, shape[0]) for entry in entries]
    probabilities, next_states, rewards, ends = zip(*rows, strict=True)
    return np.array(probabilities), np.array(next_states), np.array(rewards), np.array(ends)


def _actions(P: Any, state: int) -> Any:
    try:
        actions = P[state]
    except KeyError:
        raise InvalidModelError(f"P has {len(P)} states but no state {state}; number them from 0", state) from None
    if (
        isinstance(actions, Sequence | np.ndarray)
        and not isinstance(actions, str | bytes)
        and getattr(actions, "ndim", 1)
    ):
        return range(len(actions))
    if not isinstance(actions, Mapping):
        raise InvalidModelError(
            f"P[{state}] is {actions!r:.80}; expected the actions of the state: {{action: [(probability, next_state, "
            "reward, terminated), ...]}",
            state,
        )
    for action in actions:
        if not isinstance(action, int | np.integer) or action < 0:
            raise InvalidModelError(f"state {state} has an action {action!r}; expected integers from 0", state)
    return actions


def _number(value: Any) -> float:
    """A number, or an array of one number."""
    if isinstance(value, str | bytes):
        raise TypeError("a text, and no number")
    return float(value.item() if isinstance(value, np.ndarray) and value.size == 1 else value)


def _checked_entry(entry: Any, state: int, action: int, num_states: int) -> tuple[float, int, float, bool]:
    """(probability, next state, reward, terminated) of one entry of the table."""
    try:
        probability, next_state, reward, terminated = entry
        probability, reward = _number(probability), _number(reward)
    except (TypeError, ValueError, OverflowError):
        raise InvalidModelError(
            f"state {state}, action {action} has the entry {entry!r}; "
            "expected (probability, next_state, reward, terminated)",
            state,
            action,
        ) from None
    if not isinstance(next_state, int | np.integer) or not 0 <= next_state < num_states:
        raise InvalidModelError(
            f"state {state}, action {action} leads to state {next_state!r}; "
            f"expected a state from 0 to {num_states - 1}",
            state,
            action,
        )
    probability = 0.0 if -rounding_of(np.float64) <= probability < 0 else probability
    if not probability >= 0:
        raise InvalidModelError(
            f"state {state}, action {action} has probability {probability} of state {next_state}; "
            "expected a number from 0 to 1",
            state,
            action,
        )
    return probability, int(next_state), reward, _flag(terminated, state, action)


def _flag(value: Any, state: int, action: int) -> bool:
    """Whether the episode ends: True or False, or 1 or 0; a string would always be true."""
    found = value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value
    if not isinstance(found, bool | int | float) or found not in (0, 1):
        raise InvalidModelError(
            f"state {state}, action {action} has an entry that says {value!r:.40} for terminated; expected True where "
            "the episode ends, else False",
            state,
            action,
        )
    return bool(found)
