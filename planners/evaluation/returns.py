"""The mean, the variance and the third moment of the return of a policy, by three linear systems.

With d = r + discount * V(s') - V(s), the difference of an outcome from the mean:

    V(s)  = E[r]    + discount   * sum over s' of P(s'|s) V(s')          the mean
    W(s)  = E[d^2]  + discount^2 * sum over s' of P(s'|s) W(s')          the variance
    M(s)  = E[d^3 + 3 d discount^2 W(s')] + discount^3 * sum over s' of P(s'|s) M(s')     E[(return - V(s))^3]

These are moments about the mean, and not about 0, so that no digits cancel. They need each reward with its probability,
and not only the expected reward of a pair: see `planners.models.outcomes`.

Source: Sobel (1982), "The variance of discounted Markov decision processes".
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import next_towards, recurrent_classes
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF
from planners.equations.proven_systems import Total, total_reward
from planners.errors import ImproperPolicyError, UnprovenValueError
from planners.evaluation.policy_law import PolicyLaw
from planners.evaluation.return_distribution import ReturnDistribution, distribution_of
from planners.models.convert import ModelLike, as_model
from planners.models.state_names import errors_in_names
from planners.models.tabular import TabularMDP
from planners.options import check_discount, named_states
from planners.plans.beginnings import starting_distribution
from planners.plans.policy import TabularPolicy, as_policy
from planners.plans.policy_chain import policy_chain

DIGITS = 1e-6  # largest error, as a part of the number or of what the size of rewards makes of it

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Moment(NamedTuple):
    """A number, and the most that it is off."""

    value: float
    error: float


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Returns:
    """The return of a policy: its mean, variance and third moment, and its distribution.

    Attributes:
        mean: Expected return of an episode.
        variance: Variance of the return of an episode.
        third_moment: E[(return - mean)^3]: above 0 where few episodes earn far more than the mean.
        mean_error: Largest error of `mean`: proven, as the next two.
        variance_error: Largest error of `variance`.
        third_moment_error: Largest error of `third_moment`.
        means: (S,) expected return from each state, V; NaN where it is infinite or there is none.
        variances: (S,) variance of the return from each state.
        third_moments: (S,) third moment about the mean from each state.
        errors: (3, S) largest error of each of these.
        policy: The policy.
        discount: The discount.
        begin: (S,) probability that an episode begins there.
        model: The model.
    """

    mean: float
    variance: float
    third_moment: float
    mean_error: float
    variance_error: float
    third_moment_error: float
    means: Floats
    variances: Floats
    third_moments: Floats
    errors: Floats
    policy: TabularPolicy
    discount: float
    begin: Floats = field(repr=False)
    model: TabularMDP = field(repr=False)
    _law: tuple[PolicyLaw, Floats] = field(repr=False)

    def __post_init__(self) -> None:
        """Close the arrays for writing."""
        for array in (self.means, self.variances, self.third_moments, self.errors):
            array.setflags(write=False)

    @property
    def standard_deviation(self) -> float:
        """Square root of the variance."""
        return float(np.sqrt(self.variance))

    @property
    def skewness(self) -> float:
        """The third moment in standard deviations; NaN where the return does not vary."""
        spread = self.standard_deviation
        return self.third_moment / spread**3 if spread > 0 else np.nan

    def distribution(self, *, atoms: int = 20_000, steps: int = 5_000) -> ReturnDistribution:
        """The distribution of the return, followed from the start step by step, with proven bounds.

        Args:
            atoms: How many different pairs of state and return so far are kept apart: more give closer bounds, and take
                longer.
            steps: Steps after which an episode is cut off; fewer if the later ones hardly matter.

        Raises:
            InvalidOptionError: A number below 1.

        Cost: a sort of `atoms` numbers for each step.
        """
        law, begin = self._law
        return distribution_of(law, begin, self.discount, self.standard_deviation, atoms=atoms, steps=steps)

    def __repr__(self) -> str:
        """The moments."""
        return (
            f"Returns(mean {self.mean:.6g}, standard deviation {self.standard_deviation:.6g}, skewness "
            f"{self.skewness:.4g}; discount {self.discount:g}, proven to {self.mean_error:.1g}, "
            f"variance to {self.variance_error:.1g})"
        )


@errors_in_names
def returns(model: ModelLike, policy: Any, *, discount: float, start: Any = None) -> Returns:
    """The mean, the variance and the third moment of a policy's discounted return, with proven bounds.

    Each reward counts with its own probability if the model has it. It has it if it was read with a reward of each
    outcome or of each transition, or from an environment. If it was read with r(s, a), every step pays r(s, a).

    Args:
        model: A model of S states and A actions, or an environment that has one.
        policy: A `Plan`, a `TabularPolicy`, (S,) actions, or (S, A) probabilities.
        discount: 0 to 1.
        start: The state, or its name, in which episodes begin; (S,) probabilities of it; None: those of the model's
            `initial`; if it has none, every state is equally likely.

    Raises:
        InvalidPolicyError: The policy does not fit the model.
        InvalidModelError: The model's rewards were changed, so that only their expectations are known.
        ImproperPolicyError: At discount 1, an episode may go on for ever and be paid again and again.
        UnprovenValueError: Rounding keeps float64 from proving six digits, as the policy hardly ends the episode.

    Cost: six sparse LU of (S, S) matrices.

    >>> from planners import TabularMDP
    >>> coin = TabularMDP.from_gym_dict({0: {0: [(0.5, 0, 1.0, False), (0.5, 0, 0.0, True)]}})
    >>> heads = returns(coin, [0], discount=1)
    >>> round(heads.mean, 12), round(heads.variance, 12), round(heads.third_moment, 12)  # before the first tails
    (1.0, 2.0, 6.0)
    """
    source = as_model(model)
    mdp = source.tabular
    chosen = as_policy(policy, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
    rate, begin = check_discount(discount), starting_distribution(mdp, start)
    chain, rewards, termination = policy_chain(mdp, chosen)
    law = PolicyLaw.of(source, chosen)
    way, rest = _ways(chain, termination, law, rate, begin)
    inner = law.within(way)
    leaves = termination[way] + chain[way] @ (~way).astype(np.float64)
    terms = int(np.diff(chain.indptr).max(initial=0)) + 4
    system = _Systems(
        inner, sparse.csr_array(chain[way][:, way]), leaves, rate, terms + (0 if chosen.is_deterministic else
        mdp.num_actions + 1), np.flatnonzero(way),
    )  # fmt: skip
    found = system.moments(rewards[way])
    tables = [np.where(rest, 0.0, np.nan) for _ in range(6)]
    for table, numbers in zip(tables, [part for total in found for part in total], strict=True):
        table[way] = numbers
    start_at = np.flatnonzero(begin > 0)
    mean, variance, third = _mixed(begin[start_at], [table[start_at] for table in tables])
    return Returns(
        mean=mean.value, variance=variance.value, third_moment=third.value,
        mean_error=mean.error, variance_error=variance.error, third_moment_error=third.error,
        means=tables[0], variances=tables[2], third_moments=tables[4], errors=np.stack(tables[1::2]),
        policy=chosen, discount=rate, begin=begin, model=mdp, _law=(inner, begin[way]),
    )  # fmt: skip


def _ways(
    chain: sparse.csr_array, termination: Floats, law: PolicyLaw, discount: float, begin: Floats
) -> tuple[Mask, Mask]:
    """(S,) the states with a return that varies, and those that go round for ever and are never paid.

    Raises:
        ImproperPolicyError: An episode may be paid for ever.
    """
    count = len(begin)
    if discount < 1.0:
        return np.ones(count, dtype=bool), np.zeros(count, dtype=bool)
    each, everything = np.arange(count), np.ones(count, dtype=bool)
    closed = next_towards(chain, each, everything, termination > 0) < 0
    label = recurrent_classes(chain, closed)
    pays = np.bincount(law.state, law.reward != 0, minlength=count) > 0
    rest = (label >= 0) & ~np.isin(label, label[pays & (label >= 0)])
    endless = next_towards(chain, each, everything, (label >= 0) & ~rest) >= 0
    wrong = np.flatnonzero(endless & (begin > 0))
    if len(wrong):
        raise ImproperPolicyError(
            f"at discount 1 this policy may go on for ever, and be paid again and again, from states "
            f"{named_states(wrong)}: its return is infinite, or never settles. Use a discount below 1",
            wrong.tolist(),
        )
    return ~(endless | rest), rest


class _Systems(NamedTuple):
    """The three systems of n states.

    Attributes:
        law: The outcomes.
        chain: (n, n) continuing probabilities.
        leaves: (n,) probability of ending.
        discount: 0 to 1.
        roundings: How often each probability was rounded, with those of sums over outcomes.
        states: (n,) which states of the model these are.
    """

    law: PolicyLaw
    chain: sparse.csr_array
    leaves: Floats
    discount: float
    roundings: int
    states: NDArray[np.int64]

    def moments(self, rewards: Floats) -> tuple[Total, Total, Total]:
        """(n,) mean, variance and third moment about the mean."""
        count, square = len(self.leaves), self.discount**2
        sizes = self.law.sums(np.abs(self.law.reward), count)
        mean = self._solved(1, rewards, self._summed(sizes), "mean")
        later, later_off = (np.append(part, 0.0)[self.law.following] for part in mean)
        own, own_off = (part[self.law.state] for part in mean)
        d = self.law.reward + self.discount * later - own
        sizes = np.abs(self.law.reward) + self.discount * np.abs(later) + np.abs(own)
        off = own_off + later_off + 4.0 * UNIT_ROUNDOFF * sizes
        a = np.abs(d)
        squares = self.law.sums(d**2, count)
        doubt = self.law.sums(off * (2.0 * a + off), count) + self._summed(squares)
        variance = self._solved(2, squares, doubt, "variance")
        spread, spread_off = (np.append(part, 0.0)[self.law.following] for part in variance)
        cubes = self.law.sums(d**3 + 3.0 * d * square * spread, count)
        sizes = self.law.sums(a**3 + 3.0 * a * square * spread, count)
        doubt = self.law.sums(
            off * (3.0 * a * (a + off) + off**2) + 3.0 * square * ((a + off) * spread_off + off * spread), count
        )
        cube = np.maximum(variance.values, 0.0) ** 1.5  # the unit of skewness: the third moment itself may be 0
        third = self._solved(3, cubes, doubt + self._summed(sizes), "third moment", cube)
        return mean, variance, third

    def _summed(self, sizes: Floats) -> Floats:
        """What rounding makes of sums of numbers whose sizes sum to these."""
        return 2.0 * (self.roundings + 4) * UNIT_ROUNDOFF * sizes + self.roundings * SMALLEST_SUBNORMAL * bool(
            sizes.any()
        )

    def _solved(self, power: int, rewards: Floats, off: Floats, what: str, size: Floats | float = 0.0) -> Total:
        """The total of rewards at the discount to this power; its error counts beside itself, or beside (n,) `size`.

        The discount is a part of the chain here: what is left to end, 1 - discount^power, keeps its digits.
        """
        if not len(rewards):
            return Total(np.zeros(0), np.zeros(0))
        onward = self.discount**power
        ends = (1.0 - self.discount) * sum(self.discount**k for k in range(power))
        found = total_reward(
            sparse.csr_array(onward * self.chain), ends + onward * self.leaves, rewards, 1.0, off=off,
            roundings=self.roundings + 8,
        )  # fmt: skip
        unit = np.maximum(size, float(np.abs(self.law.reward).max(initial=0.0)) ** power)
        wrong = np.flatnonzero(~(found.relative(unit) <= DIGITS))
        if len(wrong):
            worst = int(wrong[0])
            raise UnprovenValueError(
                f"at discount {self.discount:.15g} the {what} of this policy's return cannot be proven to {DIGITS:g} "
                f"of itself in {len(wrong)} states ({named_states(self.states[wrong])}): float64 gives "
                f"{found.values[worst]:.3g} in state {self.states[worst]}, off by up to {found.error[worst]:.3g}. From "
                "there the policy hardly ends the episode. Use a smaller discount, or another policy",
                self.states[wrong].tolist(),
            )
        return found


def _mixed(weights: Floats, tables: list[Floats]) -> tuple[Moment, Moment, Moment]:
    """The moments of a return that begins in one of n states, from (n,) moments and their errors in turn."""
    means, means_off, spreads, spreads_off, thirds, thirds_off = tables
    slack = 4.0 * (len(weights) + 8) * UNIT_ROUNDOFF

    def mean(numbers: Floats, off: Floats, sizes: Floats) -> Moment:
        return Moment(float(weights @ numbers), float(weights @ (off + slack * sizes)) * (1.0 + 1e-9))

    centre = mean(means, means_off, np.abs(means))
    d = means - centre.value
    off, a = means_off + centre.error, np.abs(d)
    variance = mean(spreads + d**2, spreads_off + off * (2.0 * a + off), spreads + d**2)
    third = mean(
        thirds + 3.0 * spreads * d + d**3,
        thirds_off + 3.0 * (spreads_off * (a + off) + spreads * off) + off * (3.0 * a * (a + off) + off**2),
        np.abs(thirds) + 3.0 * spreads * a + a**3,
    )
    return centre, variance, third
