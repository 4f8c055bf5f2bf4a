"""The worst, or the best, model of a set, and its value: policy iteration in which nature chooses the model.

    begin with the model of the centres
    repeat:  V = V* of the model, by any planner
             in each row, nature takes the distribution of the set that is worst (best) for V
    until V, backed up with these, proves bounds that are close enough

Nature's values only fall (rise) on the way, so that no model comes back. The proof is that of
`planners.equations.certificates`, for all models at once. Let Q(row) be the worst (best) backup of V, and m the least
margin of a row, (1 - discount) + discount * (least probability that the episode ends). If Q - V <= k m with k >= 0 for
all rows, then V + k bounds the worst (best) V* from above; if Q - V >= l m with l <= 0 for the rows of a policy, V + l
bounds it from below, and that policy earns V + l in every model (in the best one).

Source: Givan, Leach and Dean (2000), Section 4; Nilim and El Ghaoui (2005), "Robust control of Markov decision
processes"; for nature's policy iteration, Hoffman and Karp (1966), "On nonterminating stochastic games".
"""

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.certificates import Bounds
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF
from planners.interval.interval_mdp import IntervalMDP
from planners.iteration.iterates import SweepIterate
from planners.models.tabular import TabularMDP
from planners.options import Tolerance
from planners.plans.plan import Plan, Status
from planners.plans.policy import TabularPolicy

PlanOf = Callable[..., Plan]
WORST: Final = 1.0
BEST: Final = -1.0
LEAST_PART: Final = 1e-250  # of the tolerance
PATIENCE: Final = 6  # proofs that are no better than one before


class Nature:
    """Nature's answers to values, and what they prove; the `Solving` of the loop.

    Attributes:
        model: The model that answers the last values; with a policy, of one action, the policy's.
        probabilities: (entries,) its distributions.
    """

    model: TabularMDP

    def __init__(self, sets: IntervalMDP, discount: float, sense: float, policy: TabularPolicy | None = None) -> None:
        """Prepare the tables; `policy` is the only one, or None: any."""
        from planners.kernels.intervals import Sets

        centre = sets.centre_or_fail
        self.sets, self.discount, self.sense, self.policy = sets, discount, sense, policy
        self.num_states: int = sets.num_states
        self.rewards: NDArray[np.float64] = sets.rewards_lower if sense == WORST else sets.rewards_upper
        place = np.arange(centre.nnz, dtype=centre.indices.dtype)
        private: list[Any] = [table.copy() for table in (centre.indices, sets.low.data, sets.high.data, centre.data)]
        free: Any = 1.0 - np.asarray(sets.low.sum(axis=1)).ravel()
        self.tables = Sets(centre.indptr, *private, place=place, carried=sets.carried, free=free)
        self.probabilities: NDArray[np.float64] = centre.data.copy()
        self._goes_on = centre.indices < self.num_states
        rows = np.repeat(np.arange(centre.shape[0]), np.diff(centre.indptr))
        self._ending_rows: NDArray[np.int64] = rows[~self._goes_on]
        counts = np.bincount(rows[self._goes_on], minlength=centre.shape[0])
        self._indptr = np.concatenate(([0], np.cumsum(counts))).astype(centre.indptr.dtype)
        self._indices = centre.indices[self._goes_on]
        least: Any = np.bincount(self._ending_rows, sets.low.data[~self._goes_on], minlength=centre.shape[0])
        self.margins: NDArray[np.float64] = (1.0 - discount) + discount * least.reshape(sets.shape)
        self.longest = int(np.diff(centre.indptr).max(initial=0))
        self.model = self._model()
        # a backup of k outcomes: k products and sums, up to 3 roundings of each of 2 k amounts that are carried, and
        # the centre, which misses 1 by one rounding of each number
        self.rounding_terms: int = 8 * self.longest + 16

    def answer(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S, A) the worst, or best, backup of (S,) values; -inf where there is no action."""
        from planners.kernels.intervals import choose_rows

        backups, values = np.empty(self.rewards.size), self.sense * np.append(values, 0.0)
        scale, rewards = self.discount * self.sense, self.rewards.ravel()
        choose_rows(self.tables, values, self.longest, rewards, scale, self.probabilities, backups)
        self.model = self._model()
        return np.where(self.sets.feasible, backups.reshape(self.rewards.shape), -np.inf)

    def _model(self) -> TabularMDP:
        """The MDP of the distributions that were chosen last."""
        data, shape = self.probabilities[self._goes_on], self.rewards.shape
        matrix = sparse.csr_array((data, self._indices, self._indptr), shape=(shape[0] * shape[1], shape[0]))
        ends: Any = np.bincount(self._ending_rows, self.probabilities[~self._goes_on], minlength=matrix.shape[0])
        return TabularMDP(
            transitions=matrix,
            termination=ends.reshape(shape),
            rewards=self.rewards,
            feasible=self.sets.feasible,
            initial=self.sets.initial,
            states=self.sets.states,
        )

    def bounds(self, values: NDArray[np.float64], action_values: NDArray[np.float64]) -> Bounds:
        """Bounds of the worst, or best, V*, or of V of the policy; see above."""
        S = self.num_states
        sizes = np.abs(self.rewards) + 2.0 * float(np.abs(values).max(initial=0.0))
        doubt = self.rounding_terms * (UNIT_ROUNDOFF * (1 + 1e-9) * sizes + SMALLEST_SUBNORMAL)
        gain, margins = action_values - values[:, None], self.margins - self.rounding_terms * UNIT_ROUNDOFF
        actions = action_values.argmax(axis=1)
        if self.policy is not None:
            weights = self.policy.probabilities
            doubt = (weights * doubt).sum(axis=1, keepdims=True) * (1.0 + 1e-9)
            doubt += 4.0 * weights.shape[1] * UNIT_ROUNDOFF * sizes.max(axis=1, keepdims=True)
            gain = mixed(weights, action_values) - values[:, None]
            margins = (weights * self.margins).sum(axis=1, keepdims=True) - 2 * self.rounding_terms * UNIT_ROUNDOFF
            actions = self.policy.actions
        own = np.zeros(S, dtype=np.int64) if self.policy is not None else actions
        with np.errstate(all="ignore"):
            most = np.where(gain == -np.inf, 0.0, (gain + doubt) / margins)
            least = ((gain - doubt) / margins)[np.arange(S), own]
            k, l = max(float(most.max(initial=0.0)), 0.0), min(float(least.min(initial=0.0)), 0.0)
            if not ((margins > 0.0).all() and np.isfinite(k) and np.isfinite(l)):
                infinite = np.full(S, np.inf)
                return Bounds(-infinite, infinite, np.nan_to_num(values), np.inf, actions)
            lower = np.nextafter(values + l * (1 + 8 * UNIT_ROUNDOFF), -np.inf)
            upper = np.nextafter(values + k * (1 + 8 * UNIT_ROUNDOFF), np.inf)
        middle = np.clip(values + 0.5 * (l + k), lower, upper)
        error = float(np.nextafter(np.maximum(upper - middle, middle - lower).max(initial=0.0), np.inf))
        return Bounds(lower, upper, middle, error, actions)

    def backup(self, action_values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S,) the values of the best actions, or of the policy."""
        if self.policy is None:
            return reduce(np.maximum, action_values.T)  # NumPy is slow to go through many short rows
        return mixed(self.policy.probabilities, action_values)[:, 0]

    def expand(self, values: NDArray[np.float64], towards: float = 0.0) -> NDArray[np.float64]:
        """The same: the states are the model's."""
        return values

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """The same."""
        return rows


def mixed(weights: NDArray[np.float64], action_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(S, 1) the action values averaged with (S, A) weights; those of weight 0 do not count."""
    return (weights * np.where(weights > 0.0, action_values, 0.0)).sum(axis=1, keepdims=True)


def answers(nature: Nature, plan_of: PlanOf, tolerance: Tolerance) -> Iterator[SweepIterate]:
    """The iterates, from the values of the centres on; `plan_of(model, tolerance=, start=)` solves each model.

    A relative tolerance is a part of the values of the iterate: those of the centres may be 0. Values that do not prove
    enough are solved better the next time.
    """
    start, best, stalled, part = None, np.inf, 0, 0.25
    while True:
        model = nature.model if nature.policy is None else chain_of(nature)
        plan = plan_of(model, tolerance=tolerance.times(part), start=start)
        start, before = plan.values, nature.probabilities.copy()
        action_values = nature.answer(plan.values)
        change = float(np.abs(nature.backup(action_values) - plan.values).max(initial=0.0))
        bounds = nature.bounds(plan.values, action_values)
        best, stalled = (bounds.error, 0) if bounds.error < 0.9 * best else (best, stalled + 1)
        residual = change if np.isfinite(change) else np.nan
        yield SweepIterate(
            residual,
            lambda bounds=bounds: bounds,
            lambda bounds: tolerance.target(bounds.values),
            final=True,
            stuck=stalled >= PATIENCE,
        )
        if plan.status is Status.INTERRUPTED:
            raise KeyboardInterrupt  # on to the loop
        if stalled or np.abs(nature.probabilities - before).max(initial=0.0) <= 1e-12:
            part = max(0.1 * part, LEAST_PART)


def chain_of(nature: Nature) -> TabularMDP:
    """The model of one action that nature's policy makes of nature's model."""
    assert nature.policy is not None
    mdp, weights = nature.model, nature.policy.probabilities
    S, A = weights.shape
    averaging = sparse.csr_array((weights.ravel(), np.arange(S * A), np.arange(S + 1) * A), shape=(S, S * A))
    return TabularMDP(
        transitions=sparse.csr_array(averaging @ mdp.transitions),
        termination=mixed(weights, mdp.termination),
        rewards=mixed(weights, mdp.rewards),
        feasible=np.ones((S, 1), dtype=bool),
        initial=mdp.initial,
    )
