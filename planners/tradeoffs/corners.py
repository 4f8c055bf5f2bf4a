"""The totals that one policy has of several tables at once, and the policies that are best for weighted sums of them.

    V_k = E[sum over t of discount^t r_k(s_t, a_t)]  from where episodes begin
    best(w) = max over policies of sum over k of w_k V_k

What all policies can have together, (V_1, ..., V_K), is a convex set. An ordinary solve with the rewards sum_k w_k r_k
gives a policy at its border in the direction w, a corner, and a proven upper bound of best(w).

Sources: Altman (1999), "Constrained Markov Decision Processes", Chapters 3 and 4; Roijers and Whiteson (2017),
"Multi-Objective Decision Making", Chapter 3.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import next_towards, recurrent_classes
from planners.equations.linear_systems import EvaluationSystem
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF
from planners.equations.proven_systems import total_reward
from planners.errors import ImproperPolicyError
from planners.models.tabular import TabularMDP
from planners.options import Tolerance, named_states
from planners.plans.plan import Plan, Status
from planners.plans.policy import TabularPolicy
from planners.plans.policy_chain import policy_chain

Floats = NDArray[np.float64]


class Corner(NamedTuple):
    """The best policy for some weights.

    Attributes:
        policy: Deterministic.
        totals: (K,) its totals from the start, in float64; not finite where, at discount 1, they are not.
        bound: Proven: no policy's weighted sum of totals is more.
        size: The largest |V| of a state, of that weighted sum.
    """

    policy: TabularPolicy
    totals: Floats
    bound: float
    size: float


class Walk(NamedTuple):
    """The chain of a policy from the start.

    Attributes:
        way: The states that it comes to, without those where it stays for ever at discount 1.
        rests: (S,) bool, these.
        chain: (n, n) CSR, of the states on the way.
        leaves: (n,) probability to end there, or to come to rest.
    """

    way: NDArray[np.int64]
    rests: NDArray[np.bool_]
    chain: sparse.csr_array
    leaves: Floats


@dataclass(frozen=True, eq=False)
class Objectives:
    """K tables of rewards of one model, from one start.

    Attributes:
        model: A model of S states and A actions, whose rewards are the first table.
        begin: (S,) probabilities of the first state.
        discount: The discount.
        tables: (K, S, A) rewards, 0 for pairs that do not exist.
        off: (K, S, A) the most that each is off.
        plan_of: Makes the proven plan that maximises, of a model.
    """

    model: TabularMDP
    begin: Floats
    discount: float
    tables: Floats
    off: Floats
    plan_of: Callable[..., Plan]

    def best(self, weights: Floats, tolerance: Tolerance) -> Corner:
        """The best policy for (K,) weights, with its totals and the proven bound of all policies."""
        plan = self.plan_of(self._weighted(weights), discount=self.discount, tolerance=tolerance)
        if plan.status is Status.INTERRUPTED:
            raise KeyboardInterrupt
        finite = plan.values[np.isfinite(plan.values)]
        return Corner(
            plan.policy,
            self.totals(plan.policy),
            self.above(plan.upper, np.arange(len(self.begin))),
            float(np.abs(finite).max(initial=0.0)),
        )

    def _weighted(self, weights: Floats) -> TabularMDP:
        """The model whose rewards are the weighted sum, rounded up: no policy earns less there."""
        if weights[0] == 1.0 and not weights[1:].any():
            return self.model
        used = weights != 0
        total = np.tensordot(weights[used], self.tables[used], 1)
        sizes = np.tensordot(np.abs(weights[used]), np.abs(self.tables[used]) + 2.0 * self.off[used], 1)
        doubt = (
            np.tensordot(np.abs(weights[used]), self.off[used], 1) + 4.0 * (len(weights) + 2) * UNIT_ROUNDOFF * sizes
        )
        doubt += len(weights) * SMALLEST_SUBNORMAL * (self.tables[used] != 0).any(axis=0)
        return replace(self.model, rewards=total + doubt, told=None, paid=None)

    def above(self, values: Floats, states: NDArray[np.int64]) -> float:
        """A number that is not below the expectation of (n,) values in these states, where episodes begin."""
        weights = self.begin[states]
        parts = weights[weights > 0] * values[weights > 0]
        if not np.isfinite(parts).all():
            return float(parts.sum())
        slack = 4.0 * UNIT_ROUNDOFF * math.fsum(np.abs(parts)) + len(parts) * SMALLEST_SUBNORMAL * bool(parts.any())
        return math.fsum(parts) + slack

    def walk(self, policy: TabularPolicy) -> Walk:
        """Where a policy comes from the start."""
        chain, _, termination = policy_chain(self.model, policy)
        each, every = np.arange(len(self.begin)), np.ones(len(self.begin), dtype=bool)
        reached = next_towards(sparse.csr_array(chain.T), each, every, self.begin > 0) >= 0
        rests = np.zeros(len(every), dtype=bool)
        if self.discount == 1.0:
            closed = next_towards(chain, each, every, termination > 0) < 0
            rests = reached & (recurrent_classes(chain, closed) >= 0)
        way = np.flatnonzero(reached & ~rests)
        onward = chain[way]
        leaves = termination[way] + onward @ rests.astype(np.float64)
        return Walk(way, rests, sparse.csr_array(onward[:, way]), leaves)

    def visits(self, walk: Walk) -> Floats:
        """(n,) expected discounted visits to the states on the way, in float64."""
        if not len(walk.way):
            return np.zeros(0)
        system = EvaluationSystem(sparse.csr_array(walk.chain.T), self.discount)
        return np.maximum(system.solve(self.begin[walk.way]), 0.0)

    def totals(self, policy: TabularPolicy) -> Floats:
        """(K,) totals of a policy in float64; infinite, or NaN, where it is paid for ever at discount 1."""
        walk = self.walk(policy)
        pays = _chosen(policy, self.tables)
        return pays[:, walk.way] @ self.visits(walk) + _for_ever(pays, walk)

    def proven(self, policy: TabularPolicy) -> tuple[Floats, Floats]:
        """(K,) proven lower and upper bounds of the totals of a policy, drawn actions or not."""
        walk = self.walk(policy)
        way = walk.way
        pays, off = _chosen(policy, self.tables), _chosen(policy, self.off)
        roundings = 0 if policy.is_deterministic else policy.num_actions + 1
        sizes = _chosen(policy, np.abs(self.tables))
        off = off + 2.0 * roundings * UNIT_ROUNDOFF * sizes + roundings * SMALLEST_SUBNORMAL * (sizes > 0)
        added = int(np.diff(walk.chain.indptr).max(initial=0)) + 2 if walk.rests.any() else 0
        bounds = np.zeros((2, len(pays)))
        for k, rewards in enumerate(pays):
            if not len(way):
                continue
            found = total_reward(
                walk.chain, walk.leaves, rewards[way], self.discount, off=off[k, way], roundings=roundings + added
            )
            with np.errstate(invalid="ignore"):
                bounds[0, k] = -self.above(found.error - found.values, way)
                bounds[1, k] = self.above(found.values + found.error, way)
        lower, upper = bounds + _for_ever(pays, walk)
        return np.where(np.isnan(lower), -np.inf, lower), np.where(np.isnan(upper), np.inf, upper)

    def mixture(self, policies: Sequence[TabularPolicy], weights: Floats) -> TabularPolicy:
        """The policy that has the weighted means of the totals of deterministic policies: it takes actions as often.

        Raises:
            ImproperPolicyError: At discount 1 one of them stays for ever in a state that another one leaves.
        """
        if len(policies) == 1:
            return policies[0]
        S, A = self.model.rewards.shape
        table, rest = np.zeros((S, A)), np.full(S, -1)
        conflict = np.zeros(S, dtype=bool)
        for policy, weight in zip(policies, weights, strict=True):
            walk = self.walk(policy)
            table[walk.way, policy.actions[walk.way]] += weight * self.visits(walk)
            conflict |= walk.rests & (rest >= 0) & (rest != policy.actions)
            rest[walk.rests] = policy.actions[walk.rests]
        conflict |= (rest >= 0) & table.any(axis=1)
        if conflict.any():
            states = np.flatnonzero(conflict)
            raise ImproperPolicyError(
                f"at discount 1 the best policy within the bounds stays for ever in states {named_states(states)} in "
                "some episodes and leaves them in others. No policy that draws every action independently does so. Use "
                "a discount below 1",
                states.tolist(),
            )
        here = table.sum(axis=1)
        alone = np.where(rest >= 0, rest, policies[0].actions)
        table[here == 0] = np.eye(A)[alone[here == 0]]
        return TabularPolicy(table / table.sum(axis=1, keepdims=True))


def _chosen(policy: TabularPolicy, tables: Floats) -> Floats:
    """(K, S) what a policy has of (K, S, A) tables in each state."""
    if policy.is_deterministic:
        return tables[:, np.arange(policy.num_states), policy.actions]
    return (tables * policy.probabilities).sum(axis=2)


def _for_ever(pays: Floats, walk: Walk) -> Floats:
    """(K,) 0, or the infinite total of what is paid where a policy stays for ever; NaN for both signs."""
    there = pays[:, walk.rests]
    gains, losses = (there > 0).any(axis=1), (there < 0).any(axis=1)
    return np.where(gains & losses, np.nan, np.where(gains, np.inf, np.where(losses, -np.inf, 0.0)))
