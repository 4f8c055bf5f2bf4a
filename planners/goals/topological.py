"""Topological value iteration: the states that the graph leaves open, one component of the graph after the other.

    in the order of the components, so that all that one leads to is known before it:
        sweep  V(s) = max over a of  r(s,a) + sum over s' of P(s'|s,a) V(s')  in the component, until V settles

In a model of a protocol most states cannot be reached again. Each of these is a component of its own, and one backup is
enough. The same sweeps find the expected number of steps h to the end, the most of all policies, and one backup of all
states proves bounds V + l h and V + k h (`planners.equations.certificates`).

It is for models in which every policy comes to an end, or to a state whose value is known. Elsewhere h is infinite, and
nothing is proven.

Source: Dai and Goldsmith (2007), "Topological Value Iteration Algorithm for Markov Decision Processes".
"""

import time
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.models.negated import negative
from planners.models.tabular import TabularMDP
from planners.options import Tolerance
from planners.plans.plan import Iteration, Plan, Status
from planners.sweeps.certified_values import bracket
from planners.sweeps.row_sweeps import MOST_AGAINST

# the change of a sweep that counts as none, a number and a part of the largest |V|
CLOSE: Final = 0.0, 1e-13
CLOSE_STEPS: Final = 0.25, 0.0  # h - P h is then at least 3/4
ROUNDINGS: Final = 18  # of a backup and its tables, beside those of the entries of a row; as of `OrderedSweeps`


class Rest(NamedTuple):
    """What was found of the n states that the graph leaves open: (n,) arrays, and the facts of a `Plan`."""

    values: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    actions: NDArray[np.integer]
    error_bound: float
    tolerance: float
    status: Status
    history: tuple[Iteration, ...]
    method: str

    @classmethod
    def of(cls, plan: Plan, states: NDArray[np.bool_]) -> "Rest":
        """Some states of a plan."""
        return cls(
            plan.values[states],
            plan.lower[states],
            plan.upper[states],
            plan.policy.actions[states],
            plan.error_bound,
            plan.tolerance,
            plan.status,
            plan.history,
            plan.method,
        )


def by_components(
    paying: TabularMDP, known: NDArray[np.float64], *, minimise: bool, tolerance: Tolerance
) -> Rest | None:
    """The open states of a model, those whose value is not known; None where another method has to find them.

    That is where some policy may never end, where many ways lead back, where a component settles slowly, and where the
    bounds miss the tolerance.

    Args:
        paying: A model of S states.
        known: (S,) the values that are known, NaN elsewhere.
        minimise: The direction.
        tolerance: What error is allowed.
    """
    from planners.kernels import components

    began, P, A, is_open = time.perf_counter(), paying.transitions, paying.num_actions, np.isnan(known)
    sign, rewards, feasible = -1.0 if minimise else 1.0, paying.rewards.ravel(), paying.feasible.ravel()
    order, begins = components.in_order(P.indptr, P.indices, A, is_open)
    packed, paid, row_of, back = components.pack((P.indptr, P.indices, P.data, A), rewards, sign, feasible, order)
    if back > MOST_AGAINST * P.nnz:
        return None
    values, steps = np.zeros(len(order) + len(known)), np.zeros(len(order) + len(known))
    values[len(order) :] = np.where(is_open, 0.0, sign * known)
    if not _settle(packed, np.ones_like(paid), begins, CLOSE_STEPS, steps):
        return None
    if not _settle(packed, paid, begins, CLOSE, values):
        return None
    best = np.zeros(len(order), dtype=np.int64)
    l, k = components.prove_by_steps(packed, paid, values, steps, paying.longest_row + ROUNDINGS, best)
    lower, upper, middle, error = bracket(values[: len(order)], steps[: len(order)], l, k)
    target = tolerance.target(middle)
    if not error <= target.aim:
        return None
    if minimise:
        lower, middle, upper = negative(upper), negative(middle), negative(lower)
    place = np.empty_like(order)  # of each open state, in their own order
    place[(np.cumsum(is_open) - 1)[order]] = np.arange(len(order))
    actions = row_of[best[place]] % A
    error = float(np.nextafter(error, np.inf))
    history = (Iteration(1, error, error, time.perf_counter() - began),)
    method = f"topological value iteration of {len(begins) - 1} components"
    return Rest(
        middle[place], lower[place], upper[place], actions, error, target.allowed, Status.CONVERGED, history, method
    )


def _settle(packed: Any, rewards: NDArray[np.float64], begins: Any, close: Any, values: NDArray[np.float64]) -> bool:
    """Sweep values until they have settled; False if they do so slowly, or are infinite."""
    from planners.kernels import components

    reached, found = np.zeros(3), components.BUSY
    while found == components.BUSY:
        found = components.settle(packed, rewards, begins, close, values, reached)
    return found == components.SETTLED
