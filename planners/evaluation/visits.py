"""Where a policy goes: how often it is in each state and takes each action, and where its episodes end.

    d(s) = start(s) + discount * sum over s' of d(s') P_policy(s|s')        |S| equations, the transposed ones of V

d(s) is the expected discounted number of visits to s, and the policy's value is the sum of d(s) r_policy(s). For any
estimate x of d, with the residual e = start + discount * P' x - x,

    sum over s of |d(s) - x(s)|  <=  sum over s of |e(s)| w(s)

where w(s) is the expected discounted number of steps from s on, which `planners.equations.proven_systems` bounds.

Sources: Puterman (2005), "Markov Decision Processes", Section 6.9 and Appendix A; Kemeny and Snell (1960), "Finite
Markov Chains", Chapters 3 and 4.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import next_towards, recurrent_classes
from planners.equations.linear_systems import EvaluationSystem
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF
from planners.equations.proven_systems import total_reward
from planners.errors import UnprovenValueError
from planners.models.convert import ModelLike, labelled
from planners.models.goals import Goal, entering, goal_states
from planners.models.state_names import errors_in_names
from planners.models.tabular import TabularMDP
from planners.options import check_discount
from planners.plans.beginnings import starting_distribution
from planners.plans.policy import TabularPolicy, as_policy
from planners.plans.policy_chain import policy_chain
from planners.plans.table import Table

DIGITS: Final = 1e-6  # largest error, as a part of all visits

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Visits:
    """How often a policy takes each action in each state.

    Attributes:
        values: (S, A) expected number of times, discounted. At discount 1 +inf where the policy goes round for ever.
        lower: (S, A) proven: not above the true number.
        upper: (S, A) proven: not below it.
        error_bound: Largest error of any of these finite numbers, and of any sum of them.
        policy: The policy.
        discount: The discount.
        model: The model.
    """

    values: Floats
    lower: Floats
    upper: Floats
    error_bound: float
    policy: TabularPolicy
    discount: float
    model: TabularMDP = field(repr=False)

    def __post_init__(self) -> None:
        """Close the arrays for writing."""
        for array in (self.values, self.lower, self.upper):
            array.setflags(write=False)

    @property
    def states(self) -> Floats:
        """(S,) visits of each state, with any action."""
        return self.values.sum(axis=1)

    @property
    def transitions(self) -> sparse.csr_array:
        """(S*A, S) CSR, of each transition after which the episode goes on; finite visits only."""
        finite = np.where(np.isfinite(self.values), self.values, 0.0)
        return sparse.csr_array(sparse.diags_array(finite.ravel()) @ self.model.transitions)

    def entries(self, goal: Goal) -> float:
        """How often a step leads into a set of states, from outside or inside; ends of episodes count too.

        At discount 1, for a state that ends the episode, it is the probability of ending there.

        Args:
            goal: A label of the model, a state, a list of states, an (S,) bool mask, or a function of a state.

        Raises:
            InvalidOptionError: There is no such state.
            InvalidModelError: Episodes end, and the model does not say in which states.
        """
        inside = goal_states(self.model, goal)
        onward, _ = entering(self.model, inside)
        into = np.asarray(onward @ inside.astype(np.float64))
        return float(np.sum(self.values.ravel()[into > 0] * into[into > 0]))

    def table(self) -> Table:
        """Each pair that is visited, with its number; `print` it, `to_csv(path)`, `to_pandas()`."""
        where, names = np.argwhere(self.values > 0), self.model.states
        keys, actions = (names.keys if names is not None else ()), self.model.actions

        def row(number: int) -> tuple[Any, ...]:
            s, a = where[number].tolist()
            return keys[s] if keys else s, actions[a] if actions else a, float(self.values[s, a])

        return Table(("state", "action", "visits"), len(where), row)

    def __repr__(self) -> str:
        """The number of steps and where most of them are taken."""
        return (
            f"Visits({self.values.sum():.6g} at discount {self.discount:g}, off by at most {self.error_bound:.2g}; "
            f"{_most(self.model, self.states)})"
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Stationary:
    """The long-run share of steps in each state.

    Attributes:
        values: (S,) the shares; they sum to the probability that the episode goes on for ever.
        lower: (S,) proven: not above the true share.
        upper: (S,) proven: not below it.
        error_bound: Largest error of any of these, and of any sum of them.
        policy: The policy.
        model: The model.
    """

    values: Floats
    lower: Floats
    upper: Floats
    error_bound: float
    policy: TabularPolicy
    model: TabularMDP = field(repr=False)

    def __post_init__(self) -> None:
        """Close the arrays for writing."""
        for array in (self.values, self.lower, self.upper):
            array.setflags(write=False)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        """The shares."""
        return np.array(self.values, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        """The sum of the shares and the largest."""
        return (
            f"Stationary({self.values.sum():.6g} of all steps, off by at most {self.error_bound:.2g}; "
            f"{_most(self.model, self.values)})"
        )


def _most(model: TabularMDP, states: Floats) -> str:
    most = int(np.argmax(states))
    return f"most in state {model.states[most] if model.states is not None else most!r:.40}, {states[most]:.6g}"


@errors_in_names
def visits(model: ModelLike, policy: Any, *, discount: float, start: Any = None) -> Visits:
    """The expected discounted number of times that a policy takes each action in each state, with proven bounds.

    Args:
        model: A model of S states and A actions, or an environment that has one.
        policy: A `Plan`, a `TabularPolicy`, (S,) actions, or (S, A) probabilities.
        discount: 0 to 1.
        start: The state, or its name, in which episodes begin; (S,) probabilities of it; None: those of the model's
            `initial`; if it has none, every state is equally likely.

    Raises:
        InvalidPolicyError: The policy does not fit the model.
        UnprovenValueError: Rounding keeps float64 from proving six digits, as the policy hardly ends the episode.

    Cost: two sparse LU of (S, S) matrices.

    >>> from planners import TabularMDP
    >>> half = [(0.5, 1, 0.0, False), (0.5, 0, 0.0, False)]
    >>> walk = TabularMDP.from_gym_dict({0: {0: half}, 1: {0: [(1.0, 1, 1.0, True)]}})
    >>> found = visits(walk, [0, 0], discount=1, start=0)
    >>> found.values.round(9), round(found.entries(1), 9)  # on entering 1 the episode goes on, on leaving it ends there
    (array([[2.],
           [1.]]), 2.0)
    """
    mdp, chosen, chain, termination = _chain_of(model, policy)
    rate = check_discount(discount)
    begin = starting_distribution(mdp, start)
    if rate < 1.0:
        found = _counted(chain, termination, begin, rate, _roundings(mdp, chosen))
        return _visits(mdp, chosen, rate, found, np.zeros(mdp.num_states, dtype=bool))
    parts = _parts(chain, termination, begin)
    counts = np.zeros(mdp.num_states)
    found = _on_the_way(chain, termination, begin, parts, _roundings(mdp, chosen))
    counts[parts.way] = found.counts
    return _visits(mdp, chosen, rate, _Counted(counts, found.error), parts.label >= 0)


@errors_in_names
def stationary(model: ModelLike, policy: Any, *, start: Any = None) -> Stationary:
    """The share of all steps, in the long run, that a policy spends in each state, with proven bounds.

    The shares sum to the probability that the episode goes on for ever. If the policy may come to several classes of
    states that it never leaves, the shares of a class sum to the probability of coming there. If a class is periodic,
    as a ring is, the share is the average over time.

    Args:
        model: A model of S states and A actions, or an environment that has one.
        policy: A `Plan`, a `TabularPolicy`, (S,) actions, or (S, A) probabilities.
        start: As for `visits`.

    Raises:
        InvalidPolicyError: The policy does not fit the model.
        UnprovenValueError: Rounding keeps float64 from proving six digits.

    >>> from planners import TabularMDP
    >>> half = [(0.5, 1, 0.0, False), (0.5, 0, 0.0, False)]
    >>> coin = TabularMDP.from_gym_dict({0: {0: half}, 1: {0: [(1.0, 0, 1.0, False)]}})
    >>> stationary(coin, [0, 0]).values.round(9)
    array([0.66666667, 0.33333333])
    """
    mdp, chosen, chain, termination = _chain_of(model, policy)
    begin, roundings = starting_distribution(mdp, start), _roundings(mdp, chosen)
    parts = _parts(chain, termination, begin)
    way = _on_the_way(chain, termination, begin, parts, roundings)
    arrives = begin + chain[parts.way].T @ way.counts
    shares, error = np.zeros(mdp.num_states), 0.0
    for number in np.unique(parts.label[parts.label >= 0]):
        states = np.flatnonzero(parts.label == number)
        probability = float(arrives[states].sum())
        found = _class_shares(sparse.csr_array(chain[states][:, states]), roundings)
        shares[states] = probability * found.counts
        error += probability * found.error
    error = float(np.nextafter(error + way.error + (mdp.num_states + 8) * 4.0 * UNIT_ROUNDOFF, np.inf))
    return Stationary(
        values=shares, lower=np.maximum(shares - error, 0.0), upper=shares + error, error_bound=error, policy=chosen,
        model=mdp,
    )  # fmt: skip


class _Counted(NamedTuple):
    """(n,) expected numbers of visits, and the most that all of them together are off."""

    counts: Floats
    error: float


class _Parts(NamedTuple):
    """(S,) the class of each state that is reached and never left again, else -1; and the other states reached."""

    label: NDArray[np.int64]
    way: NDArray[np.int64]


def _chain_of(model: Any, policy: Any) -> tuple[TabularMDP, TabularPolicy, sparse.csr_array, Floats]:
    mdp = labelled(model)
    chosen = as_policy(policy, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
    chain, _, termination = policy_chain(mdp, chosen)
    return mdp, chosen, chain, termination


def _roundings(mdp: TabularMDP, policy: TabularPolicy) -> int:
    """How often the probabilities of the chain were rounded."""
    return 0 if policy.is_deterministic else mdp.num_actions + 1


def _parts(chain: sparse.csr_array, termination: Floats, begin: Floats) -> _Parts:
    count = len(begin)
    each, everything = np.arange(count), np.ones(count, dtype=bool)
    reached = next_towards(sparse.csr_array(chain.T), each, everything, begin > 0) >= 0
    closed = next_towards(chain, each, everything, termination > 0) < 0
    label = np.where(reached, recurrent_classes(chain, closed), -1)
    return _Parts(label, np.flatnonzero(reached & (label < 0)))


def _on_the_way(chain: sparse.csr_array, termination: Floats, begin: Floats, parts: _Parts, roundings: int) -> _Counted:
    """Visits to the states on the way, before the episode ends or goes round for ever."""
    way = parts.way
    if not len(way):
        return _Counted(np.zeros(0), 0.0)
    onward = chain[way]
    leaves = termination[way] + onward @ (parts.label >= 0).astype(np.float64)
    added = int(np.diff(onward.indptr).max()) + 2
    return _counted(sparse.csr_array(onward[:, way]), leaves, begin[way], 1.0, roundings + added)


def _counted(chain: sparse.csr_array, termination: Floats, begin: Floats, discount: float, roundings: int) -> _Counted:
    """Expected discounted visits of a chain that surely ends, or is discounted."""
    steps = total_reward(chain, termination, np.ones(len(begin)), discount, roundings=roundings)
    backward = sparse.csr_array(chain.T)
    terms = int(np.diff(backward.indptr).max(initial=0)) + 8 + roundings
    with np.errstate(all="ignore"):
        counts = np.maximum(EvaluationSystem(backward, discount).solve(begin), 0.0)
        arrives = begin + discount * (backward @ counts)
        off = np.abs(arrives - counts) + 2.0 * terms * UNIT_ROUNDOFF * (arrives + counts) + terms * SMALLEST_SUBNORMAL
        error = float((off * (steps.values + steps.error)).sum()) * (1.0 + 1e-9)
    if not error <= DIGITS * max(1.0, float(counts.sum())):  # NaN too
        raise UnprovenValueError(
            f"at discount {discount:.15g} the visits of this policy cannot be proven to {DIGITS:g} of their sum: "
            f"float64 gives {counts.sum():.3g} steps, off by up to {error:.3g}. Its episodes hardly end. Use "
            "a smaller discount, or another policy",
            [],
        )
    return _Counted(counts, error)


def _class_shares(chain: sparse.csr_array, roundings: int) -> _Counted:
    """The share of steps in each state of a class: visits until the chain comes back to one state, of all steps."""
    count = chain.shape[0]
    if count == 1:
        return _Counted(np.ones(1), 0.0)
    pinned = int(np.argmax(chain.sum(axis=0)))
    way = np.flatnonzero(np.arange(count) != pinned)
    inner, back = sparse.csr_array(chain[way][:, way]), chain[way][:, [pinned]].toarray().ravel()
    first = chain[[pinned]][:, way].toarray().ravel()
    found = _counted(inner, back, first, 1.0, roundings)
    counts = np.ones(count)
    counts[way] = found.counts
    total = float(counts.sum())
    error = found.error + (count + 8 + roundings) * 4.0 * UNIT_ROUNDOFF * total
    return _Counted(counts / total, 2.0 * error / (total - error) if total > error else np.inf)


def _visits(
    mdp: TabularMDP, policy: TabularPolicy, discount: float, found: _Counted, forever: NDArray[np.bool_]
) -> Visits:
    weights = np.eye(mdp.num_actions)[policy.actions] if policy.is_deterministic else np.asarray(policy.probabilities)
    values = found.counts[:, None] * weights
    error = float(np.nextafter(found.error * (1.0 + 1e-9) + 4.0 * UNIT_ROUNDOFF * float(values.sum()), np.inf))
    lower, upper = np.maximum(values - error, 0.0), np.where(weights > 0, values + error, 0.0)
    for table in (values, lower, upper):
        table[forever[:, None] & (weights > 0)] = np.inf
    return Visits(
        values=values, lower=lower, upper=upper, error_bound=error, policy=policy, discount=discount, model=mdp
    )
