"""Continuous time: rates of transitions, and rewards that are earned while time passes.

    b(s,a) = sum over s' of q(s'|s,a)            the rate of leaving s, or of any event there
    V(s) = max over a of  k(s,a) + c(s,a) / (alpha + b) + sum over s' of q(s'|s,a) / (alpha + b) V(s')

where k is earned at once, c a unit of time, and what is earned at time t counts e^(-alpha t). As b / (alpha + b) is the
expected discount until the next event, this is a model that goes on with probability q / (alpha + b) and ends with
alpha / (alpha + b). With events at one rate L everywhere, of which those beyond b change nothing (uniformisation):

    V(s) = max over a of  (k (alpha + b) + c + sum over s' of q(s'|s,a) V(s') + (L - b) V(s)) / (alpha + L)

Source: Puterman (2005), Sections 11.3 and 11.5; Lippman (1975).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidModelError, InvalidOptionError
from planners.exact_sums import exact_sums
from planners.readers.layouts import Axes, read_entries
from planners.readers.terminal import check_unpaid, with_terminal
from planners.readers.transitions import PairEntries, as_mask, as_numbers


def read_rates(
    rates: Any,
    reward_rates: Any = None,
    rewards: Any = None,
    *,
    discount_rate: float,
    feasible: Any = None,
    axes: Axes | None = None,
    uniform_rate: float | None = None,
    terminal: NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """Tables of `TabularMDP` for `discount=1`; arguments as of `TabularMDP.from_rates` and `.uniformised`.

    >>> tables = read_rates([[[0.0, 3.0]], [[2.0, 0.0]]], [[1.0], [0.0]], discount_rate=1.0, axes="SAS")
    >>> tables["transitions"].toarray().round(3).tolist(), tables["rewards"].tolist()
    ([[0.0, 0.75], [0.667, 0.0]], [[0.25], [0.0]])
    """
    alpha = _non_negative("discount_rate", discount_rate)
    entries = read_entries(rates, axes)
    shape = entries.shape
    exists = np.ones(shape, dtype=bool) if feasible is None else as_mask("feasible", feasible, shape)
    lasts = exists if terminal is None else exists & ~terminal[:, None]
    entries = entries.of_pairs(lasts)
    entries = entries.kept(entries.rows // shape[1] != entries.next_states)  # to stay is no event
    _check(entries)
    events = exact_sums(entries.probabilities, entries.rows, exists.size).reshape(shape)
    while_waiting = _earned("reward_rates", reward_rates, exists, terminal)
    at_once = _earned("rewards", rewards, exists, terminal)
    if uniform_rate is None:
        rate = events
        _check_ends(alpha, events, lasts)
    else:
        rate = np.full(shape, _uniform(uniform_rate, events))
        own = np.flatnonzero((lasts & (rate > events)).ravel())
        staying = entries._replace(rows=own, next_states=own // shape[1], probabilities=(rate - events).ravel()[own])
        entries = entries.and_also(staying)
        at_once = at_once * (alpha + events) / (alpha + rate)
    total = np.where(lasts, alpha + rate, 1.0)
    scaled = entries._replace(probabilities=entries.probabilities / total.ravel()[entries.rows])
    tables = {
        "transitions": scaled.matrix(),
        "termination": np.where(exists, alpha / total, 0.0),
        "rewards": np.where(exists, at_once + while_waiting / total, 0.0),
        "feasible": exists,
    }
    return tables if terminal is None else with_terminal(tables, terminal)


def _earned(
    name: str, given: Any, exists: NDArray[np.bool_], terminal: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """(S, A) numbers, from (S, A) or (S,); None: 0. In terminal states they are 0, or refused."""
    table = np.zeros(exists.shape) if given is None else as_numbers(name, given)
    if table.shape == exists.shape[:1]:
        table = np.repeat(table[:, None], exists.shape[1], axis=1)
    if table.shape != exists.shape:
        raise InvalidModelError(f"{name} has shape {table.shape}; expected {exists.shape}, or {exists.shape[:1]}")
    wrong = np.argwhere(exists & ~np.isfinite(table))
    if len(wrong):
        state, action = (int(i) for i in wrong[0])
        found = table[state, action]
        raise InvalidModelError(
            f"{name} is {found} in state {state}, action {action}; expected a finite number", state, action
        )
    table = np.where(exists, table, 0.0)
    if terminal is not None:
        check_unpaid(table, terminal)
    return table


def _check(entries: PairEntries) -> None:
    wrong = np.flatnonzero(~(np.isfinite(entries.probabilities) & (entries.probabilities >= 0)))
    if len(wrong):
        state, action = divmod(int(entries.rows[wrong[0]]), entries.num_actions)
        raise InvalidModelError(
            f"state {state}, action {action} leads to state {entries.next_states[wrong[0]]} at the rate "
            f"{entries.probabilities[wrong[0]]}; expected a finite number, 0 or more, in events a unit of time",
            state,
            action,
        )


def _check_ends(alpha: float, events: NDArray[np.float64], exists: NDArray[np.bool_]) -> None:
    stays = np.argwhere(exists & (events == 0.0))
    if alpha == 0.0 and len(stays):
        state, action = (int(i) for i in stays[0])
        raise InvalidModelError(
            f"state {state}, action {action} is never left, as all its rates are 0, and discount_rate is 0; expected a "
            "rate above 0, or a discount rate above 0",
            state,
            action,
        )


def _uniform(rate: Any, events: NDArray[np.float64]) -> float:
    largest = float(events.max())
    chosen = largest if rate == "largest" else _non_negative("uniform_rate", rate)
    if chosen < largest or chosen == 0.0:
        state, action = np.unravel_index(int(events.argmax()), events.shape)
        raise InvalidOptionError(
            f"uniform_rate is {chosen:g}; expected at least {largest:g}, the rate of state {state}, action {action}, "
            "and more than 0"
        )
    return chosen


def _non_negative(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | np.number) or not 0.0 <= float(given) < np.inf:
        raise InvalidOptionError(f"{name} is {given!r:.80}; expected a number, 0 or more, for each unit of time")
    return float(given)
