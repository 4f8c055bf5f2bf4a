"""Bounds of probabilities as tables: from arrays, around a model, and checked.

The columns are the S next states, and one more, S, for the end of the episode.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.arguments import check_choice, check_sequence
from planners.arrays import LARGEST_INT32, SUM_TOLERANCE, scaled_rows
from planners.errors import InvalidModelError
from planners.models.convert import ModelLike, as_model
from planners.models.tabular import TabularMDP
from planners.readers.arrays import ended
from planners.readers.layouts import Axes, read_entries
from planners.readers.transitions import PairEntries, as_mask, as_numbers

Tables = dict[str, Any]
SETS = ("low", "high", "centre")


def read_bounds(
    P_lower: Any,
    P_upper: Any,
    R_lower: ArrayLike,
    R_upper: ArrayLike,
    terminal: ArrayLike | None,
    feasible: ArrayLike | None,
    axes: Axes | None,
) -> Tables:
    """Tables of `IntervalMDP` from arrays; see `IntervalMDP.from_arrays`."""
    lower, upper = (_entries(name, P, axes) for name, P in (("P_lower", P_lower), ("P_upper", P_upper)))
    if lower.shape != upper.shape:
        raise InvalidModelError(
            f"P_lower is of {lower.shape} states and actions, P_upper of {upper.shape}; expected the same"
        )
    shape = upper.shape
    rewards = {"rewards_lower": as_numbers("R_lower", R_lower), "rewards_upper": as_numbers("R_upper", R_upper)}
    for name, table in rewards.items():
        if table.shape != shape:
            raise InvalidModelError(
                f"{name.replace('rewards', 'R')} has shape {table.shape}; expected (S, A) = {shape}"
            )
    ends = np.zeros(shape[0], dtype=bool) if terminal is None else as_mask("terminal", terminal, shape[:1])
    exists = np.ones(shape, dtype=bool) if feasible is None else as_mask("feasible", feasible, shape)
    upper.of_pairs(exists & ~ends[:, None]).check_none_empty(exists & ~ends[:, None])
    exists[ends & ~exists.any(axis=1)] = True
    rewards = {name: np.where(exists & ~ends[:, None], table, 0.0) for name, table in rewards.items()}
    low, high = (
        with_end(**_going_on(ended(entries.of_pairs(exists & ~ends[:, None]), rewards["rewards_lower"], exists, ends)))
        for entries in (lower, upper)
    )
    several = (high.indices == shape[0]) & (high.data > 1.0)  # ends are one outcome
    high.data[several] = 1.0
    return {"low": aligned(low, high, shape[1]), "high": high, **rewards, "feasible": exists}


def bounds_around(model: ModelLike, radius: ArrayLike, norm: Literal["l1", "max"], reward_radius: ArrayLike) -> Tables:
    """Tables of `IntervalMDP` around a model; see `IntervalMDP.around`."""
    check_choice("norm", norm, ("l1", "max"))
    mdp = as_model(model).tabular
    shape, centre = mdp.rewards.shape, with_end(mdp.transitions, mdp.termination)
    far, paid = _radii("radius", radius, shape), _radii("reward_radius", reward_radius, shape)
    tables = {
        "rewards_lower": mdp.rewards - paid,
        "rewards_upper": mdp.rewards + paid,
        "feasible": mdp.feasible,
        "initial": mdp.initial,
        "states": mdp.states,
        "centre": centre,
    }
    width = np.repeat(far.ravel(), np.diff(centre.indptr))
    if norm == "l1":  # as much as one probability gains, others lose
        width, tables["radius"] = 0.5 * width, far
    low, high = np.maximum(centre.data - width, 0.0), np.minimum(centre.data + width, 1.0)
    return {**tables, "low": like(centre, low), "high": like(centre, high)}


def bounds_containing(models: Sequence[ModelLike]) -> Tables:
    """Tables of `IntervalMDP` that contain some models; see `IntervalMDP.containing`."""
    found = [as_model(model).tabular for model in check_sequence("models", models, "models")]
    if not found or len({mdp.rewards.shape for mdp in found}) > 1:
        sizes = ", ".join(str(mdp.rewards.shape) for mdp in found) or "none"
        raise InvalidModelError(
            f"the models have these numbers of states and actions: {sizes}; expected the same of all"
        )
    if any(not np.array_equal(mdp.feasible, found[0].feasible) for mdp in found):
        raise InvalidModelError("the models differ in which actions exist; expected the same in all")
    matrices = [with_end(mdp.transitions, mdp.termination) for mdp in found]
    pattern = sparse.csr_array(sum(matrices[1:], matrices[0]))
    pattern.sort_indices()
    data = [aligned(matrix, pattern, found[0].num_actions).data for matrix in matrices]
    rewards = [mdp.rewards for mdp in found]
    return {
        "low": like(pattern, np.minimum.reduce(data)),
        "high": like(pattern, np.maximum.reduce(data)),
        "rewards_lower": np.minimum.reduce(rewards),
        "rewards_upper": np.maximum.reduce(rewards),
        "feasible": found[0].feasible,
        "initial": found[0].initial,
        "states": found[0].states,
    }


def completed(tables: Tables, shape: tuple[int, int]) -> Tables:
    """The three matrices with one pattern and a centre, where some distribution fits each row.

    Raises:
        InvalidModelError: A bound outside [0, 1], a lower bound above the upper one, a row that no distribution fits.
    """
    low, high, centre = (tables[name] for name in SETS)
    for name, matrix in (("low", low), ("high", high)):
        _refuse_where(
            ~((matrix.data >= 0.0) & (matrix.data <= 1.0)), matrix, shape, name, "expected a number in [0, 1]"
        )
    above = low.data > high.data
    _refuse_where(above, low, shape, "low", "which is above the upper bound; expected lower <= upper")
    least, most = (np.asarray(matrix.sum(axis=1)).reshape(shape) for matrix in (low, high))
    wrong = tables["feasible"] & ((least > 1.0 + SUM_TOLERANCE) | (most < 1.0 - SUM_TOLERANCE))
    if wrong.any():
        state, action = (int(i) for i in np.argwhere(wrong)[0])
        raise InvalidModelError(
            f"no distribution fits the bounds of state {state}, action {action}: the lower bounds sum to "
            f"{least[state, action]:.12g}, the upper ones to {most[state, action]:.12g}; expected at most 1, and at "
            "least 1. Widen the bounds, or add the missing outcome",
            state,
            action,
        )
    point = np.repeat(((least >= 1.0) | (most <= 1.0)).ravel(), np.diff(low.indptr))
    if centre is None:
        part = np.divide(1.0 - least, most - least, out=np.zeros(shape), where=most > least)
        part = np.repeat(np.clip(part, 0.0, 1.0).ravel(), np.diff(low.indptr))
        middle = np.where((most <= 1.0).ravel().repeat(np.diff(low.indptr)), high.data, low.data)
        centre = like(low, np.where(point, middle, low.data + part * (high.data - low.data)))
    centre, _ = scaled_rows(centre, np.zeros(shape), tables["feasible"])
    inside = np.where(point, centre.data, np.clip(centre.data, low.data, high.data))
    return {
        "low": like(low, np.where(point, inside, low.data)),
        "high": like(low, np.where(point, inside, high.data)),
        "centre": like(low, inside),
    }


def with_end(transitions: sparse.csr_array, termination: NDArray[np.float64]) -> sparse.csr_array:
    """(S*A, S + 1) CSR: the transitions, and in the last column the end, where it has a probability."""
    ends = sparse.csr_array(termination.reshape(-1, 1))
    joined = sparse.csr_array(sparse.hstack((transitions, ends), format="csr"))
    if max(joined.nnz, joined.shape[1]) <= LARGEST_INT32:
        joined.indices, joined.indptr = joined.indices.astype(np.int32), joined.indptr.astype(np.int32)
    joined.sort_indices()
    return joined


def _going_on(tables: Tables) -> Tables:
    return {name: tables[name] for name in ("transitions", "termination")}


def tabular(
    matrix: sparse.csr_array, rewards: NDArray[np.float64], feasible: NDArray[np.bool_], **more: Any
) -> TabularMDP:
    """The model of (S*A, S + 1) probabilities."""
    return TabularMDP(
        transitions=sparse.csr_array(matrix[:, :-1]),
        termination=matrix[:, -1:].toarray().reshape(rewards.shape),
        rewards=rewards,
        feasible=feasible,
        **more,
    )


def _entries(name: str, P: Any, axes: Axes | None) -> PairEntries:
    try:
        entries = read_entries(P, axes)
        entries.check()
    except InvalidModelError as error:
        raise InvalidModelError(f"{name}: {error}", error.state, error.action) from None
    return entries


def _radii(name: str, radius: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float64]:
    given = as_numbers(name, radius)
    if given.shape not in ((), shape) or not (given >= 0).all() or (name != "radius" and not np.isfinite(given).all()):
        raise InvalidModelError(
            f"{name} is {given!r:.80}; expected a number of at least 0, or one for each pair, (S, A) = {shape}"
        )
    return np.broadcast_to(given, shape).copy()


def like(pattern: sparse.csr_array, data: NDArray[np.float64] | float) -> sparse.csr_array:
    """A matrix with the same places and other numbers."""
    numbers = np.broadcast_to(np.asarray(data, dtype=np.float64), pattern.data.shape).copy()
    return sparse.csr_array((numbers, pattern.indices, pattern.indptr), shape=pattern.shape)


def aligned(low: sparse.csr_array, high: sparse.csr_array, num_actions: int) -> sparse.csr_array:
    """The lower bounds at the places of the upper ones, 0 where there is none.

    Raises:
        InvalidModelError: One is not 0 where there is no upper one.
    """
    width, places = high.shape[1], []
    for matrix in (low, high):
        rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
        places.append(rows * width + matrix.indices)
    at = np.minimum(np.searchsorted(places[1], places[0]), max(len(places[1]) - 1, 0))
    missing = np.flatnonzero(places[1][at] != places[0]) if len(places[1]) else np.arange(len(places[0]))
    if len(missing):
        row, column = divmod(int(places[0][missing[0]]), width)
        _refuse(
            row,
            column,
            float(low.data[missing[0]]),
            width,
            num_actions,
            "and the upper bound is 0; expected lower <= upper",
        )
    found = like(high, 0.0)
    found.data[at] = low.data
    return found


def _refuse_where(
    wrong: NDArray[np.bool_], matrix: sparse.csr_array, shape: tuple[int, int], name: str, what: str
) -> None:
    if wrong.any():
        entry = int(np.flatnonzero(wrong)[0])
        row = int(np.searchsorted(matrix.indptr, entry, side="right")) - 1
        bound = "upper" if name == "high" else "lower"
        _refuse(row, int(matrix.indices[entry]), matrix.data[entry], matrix.shape[1], shape[1], what, bound)


def _refuse(
    row: int, column: int, number: float, width: int, num_actions: int, what: str, bound: str = "lower"
) -> None:
    state, action = divmod(row, num_actions)
    outcome = "the end of the episode" if column == width - 1 else f"next state {column}"
    raise InvalidModelError(
        f"state {state}, action {action} has the {bound} bound {number:.12g} for {outcome}, {what}", state, action
    )
