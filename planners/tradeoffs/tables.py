"""What is to be bounded or traded: tables of costs, or sets of states to enter, in whatever form they are named."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.arguments import as_float, shown
from planners.equations.problem import UNIT_ROUNDOFF
from planners.errors import InvalidOptionError
from planners.models.goals import entering, goal_states
from planners.models.tabular import TabularMDP

Floats = NDArray[np.float64]


class Costs(NamedTuple):
    """(S, A) expected costs, and the most that rounding has put each of them off."""

    table: Floats
    off: Floats


class Limit(NamedTuple):
    """A cost by its name, and the most that it may be."""

    name: str
    costs: Costs
    bound: float


def read_limits(source: Any, mdp: TabularMDP, at_most: Any) -> list[Limit]:
    """The bounds of `at_most`; see `planners.solve`.

    Args:
        source: What the user handed over: a model, or an environment, which may know its squares by coordinates.
        mdp: Its tables.
        at_most: From names to bounds, or to pairs of a cost and a bound.

    Raises:
        InvalidOptionError: No such state, no such shape, or a bound that is no number.

    >>> model = TabularMDP.from_gym_dict({0: {0: [(0.75, 1, 0.0, True), (0.25, 0, 0.0, False)]},
    ...                                   1: {0: [(1.0, 1, 0.0, True)]}})
    >>> [limit] = read_limits(model, model, {1: 0.5})
    >>> limit.name, limit.costs.table.tolist(), limit.bound
    ('1', [[0.75], [0.0]], 0.5)
    """
    if not isinstance(at_most, Mapping) or not at_most:
        raise InvalidOptionError(
            f"at_most is {at_most!r:.80}; expected a dictionary of bounds, such as {{'pit': 0.05}}, or "
            "{'fuel': (costs, 12.0)} with (S, A) costs"
        )
    limits = []
    for key, given in at_most.items():
        pair: Any = given if isinstance(given, tuple) and len(given) == 2 else (key, given)
        what, bound = pair
        place = f"at_most[{key!r:.80}]"
        number = as_float(bound)
        if not np.isfinite(number):
            raise InvalidOptionError(f"{place} is {shown(bound)}; expected a number, or a pair of costs and a number")
        limits.append(Limit(key if isinstance(key, str) else repr(key), costs_of(source, mdp, what, place), number))
    return limits


def costs_of(source: Any, mdp: TabularMDP, what: Any, place: str) -> Costs:
    """(S, A) costs of a table, or of entering a set of states.

    Args:
        source: A model or an environment.
        mdp: Its tables.
        what: An array (S,), paid in each step from a state, (S, A), or (S, A, S'); or states, as of
            `planners.models.goals.goal_states`, or (row, column) of a square of a map. To enter them from outside, on
            going on or with the end of the episode, costs 1.
        place: Where the user said so, for errors.
    """
    table = _numbers(what)
    if table is not None:
        return _given(mdp, table, place)
    square = isinstance(what, tuple) and len(what) == 2 and all(isinstance(part, int | np.integer) for part in what)
    world = getattr(source, "unwrapped", source)
    if square and mdp.states is None and hasattr(world, "cell_to_state"):
        what = world.cell_to_state(what)
    try:
        inside = goal_states(mdp, what)
    except InvalidOptionError as error:
        raise InvalidOptionError(f"{place}: {error}; costs of another kind are an array") from None
    onward, _ = entering(mdp, inside)
    into = np.asarray(onward @ inside.astype(np.float64)).reshape(mdp.rewards.shape)
    into[inside] = 0.0
    return Costs(np.where(mdp.feasible, into, 0.0), (mdp.longest_row + 2) * 2.0 * UNIT_ROUNDOFF * into)


def _numbers(what: Any) -> Floats | None:
    """The array of a table of costs; None for what names states: a list of whole numbers does."""
    if isinstance(what, str | bytes | tuple | set | frozenset) or callable(what) or np.isscalar(what):
        return None
    try:
        array = np.asarray(what)
    except ValueError:  # ragged
        return None
    listed = isinstance(what, list) and array.ndim < 2 and array.dtype.kind in "iu"
    return None if array.dtype.kind not in "iuf" or listed else array.astype(np.float64)


def _given(mdp: TabularMDP, table: Floats, place: str) -> Costs:
    S, A = mdp.rewards.shape
    if table.shape not in ((S,), (S, A), (S, A, S)):
        raise InvalidOptionError(
            f"{place} has shape {table.shape}; expected ({S},), {(S, A)} or {(S, A, S)}, of {S} states and {A} actions"
        )
    off: Any = np.zeros((S, A))
    if table.ndim == 1:
        table = np.repeat(table[:, None], A, axis=1)
    elif table.ndim == 3:
        onward, _ = entering(mdp, np.ones(S, dtype=bool))
        row = np.repeat(np.arange(S * A), np.diff(onward.indptr))
        paid = onward.data * table.reshape(S * A, S)[row, onward.indices]
        table = np.bincount(row, paid, minlength=S * A).reshape(S, A).astype(np.float64)
        sizes = np.bincount(row, np.abs(paid), minlength=S * A).reshape(S, A)
        off = (mdp.longest_row + 3) * 2.0 * UNIT_ROUNDOFF * sizes
    wrong = np.argwhere(mdp.feasible & ~np.isfinite(table))
    if len(wrong):
        s, a = wrong[0].tolist()
        raise InvalidOptionError(f"{place} is {table[s, a]} in state {s}, action {a}; expected finite numbers")
    return Costs(np.where(mdp.feasible, table, 0.0), off)
