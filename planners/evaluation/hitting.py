"""How likely a policy is to ever enter a set of states, and how many steps it takes.

    h(s) = 1 in the set,   sum over s' of P(s'|s) h(s')   elsewhere           the probability of hitting it
    k(s) = 0 in the set,   1 + sum over s' of P(s'|s) k(s')   elsewhere       the expected number of steps, where h = 1

The graph of transitions decides exactly where h is 0 and where it is 1. From every other state the policy surely enters
the set, enters a state from which the set is never hit, or ends the episode. So the equations have one solution there,
which is proven as any total reward is.

Source: Norris (1997), "Markov Chains", Section 1.3.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import next_towards
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF
from planners.equations.proven_systems import Total, total_reward
from planners.errors import UnprovenValueError
from planners.models.convert import ModelLike, labelled
from planners.models.goals import Goal, entering, goal_states
from planners.models.state_names import errors_in_names
from planners.models.tabular import TabularMDP
from planners.options import named_states
from planners.plans.beginnings import starting_distribution
from planners.plans.policy import TabularPolicy, as_policy
from planners.plans.policy_chain import policy_chain

DIGITS = 1e-6  # largest error, as a part of the number

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Hitting:
    """The probability that a policy ever enters a set of states, and the expected time until then.

    Attributes:
        values: (S,) probability from each state; 1 in the set.
        lower: (S,) proven: not above the true probability.
        upper: (S,) proven: not below it.
        times: (S,) expected number of steps until the set is entered; inf where it may never be.
        times_lower: (S,) proven: not above the true number.
        times_upper: (S,) proven: not below it.
        times_if_hit: (S,) the same over the episodes that enter the set; NaN where none does.
        begin: (S,) probability that an episode begins there.
        states: (S,) bool, the set.
        policy: The policy.
        model: The model.
    """

    values: Floats
    lower: Floats
    upper: Floats
    times: Floats
    times_lower: Floats
    times_upper: Floats
    times_if_hit: Floats
    begin: Floats = field(repr=False)
    states: Mask
    policy: TabularPolicy
    model: TabularMDP = field(repr=False)

    def __post_init__(self) -> None:
        """Close the arrays for writing."""
        for array in (self.values, self.lower, self.upper, self.times, self.times_lower, self.times_upper):
            array.setflags(write=False)

    @property
    def probability(self) -> float:
        """The probability that an episode ever enters the set."""
        return float(self.begin @ self.values)

    @property
    def probability_bounds(self) -> tuple[float, float]:
        """Proven bounds: it is at least the first number and at most the second."""
        return _widened(_mean(self.begin, self.lower), _mean(self.begin, self.upper), len(self.begin))

    @property
    def time(self) -> float:
        """Expected number of steps until an episode enters the set; inf if it may never."""
        return _mean(self.begin, self.times)

    @property
    def time_bounds(self) -> tuple[float, float]:
        """Proven bounds: it is at least the first number and at most the second."""
        times = _mean(self.begin, self.times_lower), _mean(self.begin, self.times_upper)
        return _widened(*times, len(self.begin), most=np.inf)

    @property
    def time_if_hit(self) -> float:
        """Expected number of steps of the episodes that enter the set."""
        weights = self.begin * self.values
        total = float(weights.sum())
        return _mean(weights / total, self.times_if_hit) if total > 0 else np.nan

    def __repr__(self) -> str:
        """The probability and the time."""
        low, high = self.probability_bounds
        time = "" if np.isnan(self.time_if_hit) else f", after {self.time_if_hit:.6g} steps on average"
        return f"Hitting(probability {self.probability:.6g}, proven to {high - low:.1g}{time})"


@errors_in_names
def hitting(model: ModelLike, policy: Any, states: Goal, *, start: Any = None) -> Hitting:
    """The probability that a policy ever enters a set of states, and the expected number of steps, with proven bounds.

    An episode that ends in a state of the set enters it, as for `planners.reachability`, which chooses the policy.

    Args:
        model: A model of S states and A actions, or an environment that has one.
        policy: A `Plan`, a `TabularPolicy`, (S,) actions, or (S, A) probabilities.
        states: A label of the model, a state or its name, a list of them, an (S,) bool mask, or a function of a state.
        start: The state, or its name, in which episodes begin; (S,) probabilities of it; None: those of the model's
            `initial`; if it has none, every state is equally likely.

    Raises:
        InvalidOptionError: There is no such state.
        InvalidModelError: Episodes end, and the model does not say in which states.
        InvalidPolicyError: The policy does not fit the model.
        UnprovenValueError: Rounding keeps float64 from proving six digits of a time.

    Cost: three sparse LU of matrices of up to (S, S).

    >>> from planners import TabularMDP
    >>> half = [(0.5, 1, 0.0, False), (0.5, 0, 0.0, False)]
    >>> out = [(0.5, 2, 0.0, True), (0.5, 0, 0.0, True)]
    >>> walk = TabularMDP.from_gym_dict({0: {0: half}, 1: {0: out}, 2: {0: half}})
    >>> found = hitting(walk, [0, 0, 0], 2, start=0)
    >>> round(found.probability, 12), found.time, round(found.time_if_hit, 12)
    (0.5, inf, 3.0)
    """
    mdp = labelled(model)
    chosen = as_policy(policy, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
    inside = goal_states(mdp, states)
    onward, elsewhere = entering(mdp, inside)
    chain, outside = _chain(mdp, chosen, onward, elsewhere)
    race = _Race.of(chain, outside, inside, 0 if chosen.is_deterministic else mdp.num_actions + 1)
    chance = race.probability()
    times, product = race.times(), race.product(chance)
    with np.errstate(invalid="ignore"):
        if_hit = np.where(race.surely, times.values, product.values / np.where(race.can, chance.values, np.nan))
    return Hitting(
        values=chance.values,
        lower=np.clip(chance.values - chance.error, 0.0, 1.0),
        upper=np.clip(chance.values + chance.error, 0.0, 1.0),
        times=times.values,
        times_lower=np.maximum(times.values - times.error, 0.0),
        times_upper=times.values + times.error,
        times_if_hit=if_hit,
        begin=starting_distribution(mdp, start),
        states=inside,
        policy=chosen,
        model=mdp,
    )


class _Race(NamedTuple):
    """A chain that is followed until it enters a set.

    Attributes:
        chain: (S, S) continuing probabilities, ends in the set among them.
        outside: (S,) probability of ending elsewhere.
        inside: (S,) the set.
        can: (S,) whether it may be entered from here.
        surely: (S,) whether it is, with probability 1.
        roundings: How often probabilities were rounded.
    """

    chain: sparse.csr_array
    outside: Floats
    inside: Mask
    can: Mask
    surely: Mask
    roundings: int

    @classmethod
    def of(cls, chain: sparse.csr_array, outside: Floats, inside: Mask, roundings: int) -> "_Race":
        """Ask the graph."""
        each = np.arange(len(inside))
        before = sparse.csr_array(sparse.diags_array((~inside).astype(np.float64)) @ chain)
        before.eliminate_zeros()
        everything = np.ones(len(inside), dtype=bool)
        can = next_towards(before, each, everything, inside) >= 0
        misses = ~inside & (~can | (outside > 0))
        surely = next_towards(before, each, everything, misses) < 0
        return cls(chain, outside, inside, can, surely, roundings)

    def probability(self) -> Total:
        """H of every state."""
        undecided = self.can & ~self.surely
        rewards = self.chain[undecided] @ self.surely.astype(np.float64)
        found = self._solved(undecided, rewards, 0.0)
        return Total(np.where(self.surely, 1.0, _spread(undecided, found.values)), _spread(undecided, found.error))

    def times(self) -> Total:
        """K of every state."""
        where = self.surely & ~self.inside
        found = self._solved(where, np.ones(int(where.sum())), 0.0, digits=DIGITS)
        values = np.where(self.surely, _spread(where, found.values), np.inf)
        return Total(values, _spread(where, found.error))

    def product(self, chance: Total) -> Total:
        """The expected number of steps, counted only in episodes that enter the set: m = h + P m outside it."""
        where = self.can & ~self.inside
        found = self._solved(where, chance.values[where], chance.error[where])
        return Total(_spread(where, found.values), _spread(where, found.error))

    def _solved(self, where: Mask, rewards: Floats, off: Floats | float, digits: float = np.inf) -> Total:
        """The total of rewards until these states are left, which surely happens."""
        if not where.any():
            return Total(np.zeros(0), np.zeros(0))
        onward = self.chain[where]
        terms = int(np.diff(onward.indptr).max()) + 2
        leaves = self.outside[where] + onward @ (~where).astype(np.float64)
        summed = off + 2.0 * (terms + self.roundings) * UNIT_ROUNDOFF * rewards + SMALLEST_SUBNORMAL
        found = total_reward(
            sparse.csr_array(onward[:, where]), leaves, rewards, 1.0, off=summed, roundings=self.roundings + terms
        )
        wrong = np.flatnonzero(~(found.error <= digits * found.values))
        if len(wrong):
            states = np.flatnonzero(where)[wrong]
            raise UnprovenValueError(
                f"the number of steps cannot be proven to {digits:g} of itself from {named_states(states)}: float64 "
                f"gives {found.values[wrong[0]]:.3g} steps, off by up to {found.error[wrong[0]]:.3g}. This "
                "policy needs too many steps; use another one",
                states.tolist(),
            )
        return found


def _chain(mdp: TabularMDP, policy: TabularPolicy, onward: Any, elsewhere: Any) -> tuple[sparse.csr_array, Floats]:
    """(S, S) probabilities of going to each state, ends in the set among them; (S,) of ending elsewhere."""
    policy_chain(mdp, policy)  # refuses actions that are not feasible
    S, A = mdp.num_states, mdp.num_actions
    weights = np.eye(A)[policy.actions] if policy.is_deterministic else np.asarray(policy.probabilities)
    averaging = sparse.csr_array((weights.ravel(), np.arange(S * A), np.arange(S + 1) * A), shape=(S, S * A))
    chain = sparse.csr_array(averaging @ onward)
    chain.eliminate_zeros()
    return chain, (weights * elsewhere).sum(axis=1)


def _spread(where: Mask, numbers: Floats) -> Floats:
    table = np.zeros(len(where))
    table[where] = numbers
    return table


def _mean(weights: Floats, numbers: Floats) -> float:
    """Their mean, inf where one is that counts."""
    return float(weights[weights > 0] @ numbers[weights > 0])


def _widened(low: float, high: float, terms: int, most: float = 1.0) -> tuple[float, float]:
    """Bounds of a mean, with the rounding of its sum."""
    slack = 4.0 * (terms + 2) * UNIT_ROUNDOFF
    return max(float(low) * (1.0 - slack), 0.0), min(float(high) * (1.0 + slack), most)
