"""The equations of any model in the order in which values reach its states."""

from copy import copy
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds, Certifier, Weights, most_steps_by_policies
from planners.equations.ends import NEVER, delays, typical_step, until_the_end
from planners.equations.problem import Problem
from planners.iteration.starting_points import ending_policy
from planners.models.tabular import TabularMDP
from planners.sweeps.certified_values import CertifiedValues
from planners.sweeps.ordered_sweeps import arrange, closed_value, sorted_seeds

if TYPE_CHECKING:
    from planners.kernels.rows import Rows


MOST_AGAINST: Final = (
    0.1  # of the entries; on maps and in walks it is a quarter to a half, in protocols 0 to a thirtieth
)

MOST_SWEEPS: Final = 60  # for the weights of a proof


class RowSweeps(CertifiedValues):
    """Any `Problem`, in order."""

    closed: NDArray[np.integer]
    finals: NDArray[np.intp]
    indptr: NDArray[np.signedinteger]
    indices: NDArray[np.int32]
    probability: NDArray[np.float64]
    first: NDArray[np.int64]
    row_of: NDArray[np.integer]
    problem: Problem
    model: TabularMDP
    discount: float

    def __init__(self, problem: Problem) -> None:
        """Find the order and arrange the rows in it."""
        from planners.kernels import ordering

        transitions, first = problem.transitions, np.append(problem.first_row, len(problem.row_state))
        goes_on = np.diff(transitions.indptr) > 0
        best = problem.maximise(problem.rewards)
        ending = problem.termination > 0
        step = typical_step(problem, ending)
        value = until_the_end(problem, ending)
        joins = np.full(problem.num_states, NEVER, dtype=np.int32)
        np.minimum.at(joins, problem.row_state[ending], delays(value, value == value, step, problem.discount))
        final = ~np.logical_or.reduceat(goes_on, problem.first_row)
        seeds = sorted_seeds(joins)
        order, reached, layers = ordering.order_rows(transitions.indptr, transitions.indices, first, *seeds)
        closed = order[reached:]
        order, layers, self.with_the_flow = _with_the_flow(problem, first, order, reached, layers)
        known = final.copy()
        known[closed] |= closed_value(best[closed], problem.discount) is not None
        arranged = arrange(order, known, layers)
        self.closed, self.finals = closed[known[closed]], np.flatnonzero(final)
        roundings = problem.rounding_terms - 10
        super().__init__(arranged, np.full(problem.num_states, np.nan), roundings, transitions.nnz)
        self._take(problem)
        self.per_step: float = float(min(problem.rewards[problem.termination == 0].min(initial=0.0), 0.0))
        self.indptr, self.indices, self.probability, self.first, self.row_of = ordering.permute_rows(
            transitions.indptr, transitions.indices, transitions.data, first, arranged.order, arranged.rank
        )
        self.reward: NDArray[np.float64] = problem.rewards[self.row_of]
        row_here = np.empty_like(self.row_of)
        row_here[self.row_of] = np.arange(len(self.row_of))
        self.known_rows: NDArray[np.integer] = row_here[
            problem.greedy(problem.rewards)[arranged.order[arranged.computed :]]
        ]
        self.span: NDArray[np.int32] = ordering.rows_between_blocks(
            self.indptr, self.indices, self.first, self.block, self.blocks, self.order.computed
        )

    def _first_rows(self) -> NDArray[np.int64]:
        return self.first[:-1].astype(np.int64)

    def sibling(self, problem: Problem) -> "RowSweeps":
        """The sweeps of the same model at another discount below 1, with the same tables."""
        other = copy(self)
        other.values = np.full_like(self.values, np.nan)
        other._take(problem)
        return other

    def _take(self, problem: Problem) -> None:
        """Numbers of one discount: the values that are known beforehand, and what the best end is worth."""
        self.problem, self.model, self.discount = problem, problem.model, problem.discount
        best, rank = problem.maximise(problem.rewards), self.order.rank
        lasting = closed_value(best[self.closed], problem.discount)
        self.values[rank[self.closed]] = np.nan if lasting is None else lasting
        self.values[rank[self.finals]] = best[self.finals]
        ending = problem.termination > 0
        self.best_end: float = float(until_the_end(problem, ending).max(initial=0.0))

    def reward_size(self) -> float:
        """Largest |r| of any row."""
        return self.problem.largest_reward

    @property
    def tables(self) -> "Rows":
        """The tables in the order of the sweeps."""
        from planners.kernels.rows import Rows

        return Rows(self.indptr, self.indices, self.probability, self.reward, self.first, self.discount)

    def prove(self, tolerance: float = 0.0) -> Bounds:
        """As any sweeps; at discount 1, where steps that cost nothing prove nothing, by expected steps.

        Those weights take sparse linear solves; see `planners.equations.certificates`.
        """
        if self.problem.sizes is None or not len(self.values):  # the compiled proof knows no other sizes than |r|
            bounds = super().prove(tolerance)
            if self.discount < 1.0 or np.isfinite(bounds.error) or not len(self.values):
                return bounds
        self.fill()
        problem, values = self.problem, self.values[self.order.rank]
        action_values = problem.action_values(values)
        policy = ending_policy(problem, problem.greedy(action_values))
        certifier = Certifier(problem, self._most_steps if self.with_the_flow else None)
        bounds = certifier.bounds(values, action_values, policy)
        row_here = np.empty_like(self.row_of)
        row_here[self.row_of] = np.arange(len(self.row_of))
        return bounds._replace(rows=row_here[policy[self.order.order]])

    def _most_steps(self, problem: Problem, policy: NDArray[np.int64], rows: NDArray[np.bool_]) -> Weights | None:
        """The weights of discount 1 by sweeps, which rise to them; by factors where they do not settle soon.

        After a sweep that changed no h by more than 1/4, h - P h is at least 3/4 for each of the rows.
        """
        from planners.kernels.rows import sweep_rows

        tables = self.tables._replace(reward=np.where(rows[self.row_of], 1.0, -np.inf))
        steps = np.zeros(problem.num_states)
        for _ in range(MOST_SWEEPS):
            if sweep_rows(tables, steps, 0, len(steps)) <= 0.25:
                break
        h = steps[self.order.rank]
        margin = h[problem.row_state] - problem.transitions @ h
        return (h, margin) if (margin[rows] >= 0.5).all() else most_steps_by_policies(problem, policy, rows)

    def expand(self, values: NDArray[np.float64], towards: float = 0.0) -> NDArray[np.float64]:
        """(S,) for the model's states, from bounds, which are in the order of the equations."""
        return self.problem.expand(values, towards)

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(S,) actions in the model's own numbering."""
        return self.problem.expand_policy(self.row_of[rows][self.order.rank])


def _with_the_flow(
    problem: Problem, first: NDArray[np.int64], order: NDArray[np.int32], reached: int, layers: int
) -> tuple[NDArray[np.int32], int, bool]:
    """The order, in how many layers, and whether it is depth-first, in one layer: where few ways then lead back.

    So it is in most models of protocols, where a sweep in this order does what no front could do: all that a state
    leads to is known before it, but for the few ways back.

    Source: Dai and Goldsmith (2007), "Topological Value Iteration Algorithm for Markov Decision Processes".
    """
    from planners.kernels.ordering import order_depth_first

    transitions = problem.transitions
    most = int(MOST_AGAINST * transitions.nnz)
    deep, few = order_depth_first(transitions.indptr, transitions.indices, first, most)
    if not few:
        return order, layers, False
    arrives = np.zeros(len(order), dtype=bool)
    arrives[order[:reached]] = True
    return np.concatenate((deep[arrives[deep]], order[reached:])), 1, True
