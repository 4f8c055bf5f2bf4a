"""Simulating a model by its own tables: many episodes, compiled, beside the exact value.

An episode begins in a state drawn from `model.initial`. In each step the policy draws an action, the action earns
r(s,a), and the next state, or the end, is drawn from P. The mean of the returns is an estimate of V, and its standard
error says how far off it may be; the exact value stands beside it.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_seed, check_whole
from planners.errors import InvalidOptionError
from planners.evaluation.drawn_outcomes import Outcomes, of_finite_plan, of_policy
from planners.memory import check_memory
from planners.models.convert import ModelLike, as_model, discount_of_pairs
from planners.models.state_names import errors_in_names
from planners.models.tabular import TabularMDP
from planners.options import check_discount
from planners.plans.beginnings import starting_distribution
from planners.plans.finite_plan import FinitePlan
from planners.plans.model_identity import is_same_model
from planners.plans.plan import Plan
from planners.plans.table import Table

LONGEST: Final = 10_000  # steps of an episode, where none are given
NEGLIGIBLE: Final = 1e-6  # what a reward may be discounted to before an episode is cut off
BLOCK: Final = 1024  # episodes of one sequence of random numbers
IN_A_CALL: Final = 1 << 26  # steps, after which Ctrl-C is heard
TRACED: Final = 1000  # steps of the first episode that are kept


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Simulation:
    """What many episodes earned.

    Attributes:
        mean: Mean discounted return of the episodes.
        standard_error: Standard error of the mean: the standard deviation of the returns over the square root of their
            number.
        value: The expected return from where episodes begin, from the model's equations; NaN where it has none.
        value_error: Largest error of `value`.
        returns: (N,) discounted return of each episode.
        visits: (S, A) how often an episode took each action in each state, on average.
        steps: Steps of all episodes together.
        truncated: How many episodes were cut off.
        truncation_bias: How much cutting episodes off lowered the mean: the discounted value of the states where they
            were cut off, on average. `mean + truncation_bias` has the expectation `value`. It is at most discount^steps
            max |V|; NaN where V is not known.
        standard_errors_off: Number of standard errors by which `mean + truncation_bias` lies above `value`: nearly
            always between -4 and 4.
        trace: The first episode, up to 1,000 steps of it, as a table; the next state is None where it ended.
        discount: The discount.
        seed: Seed of the random numbers.
    """

    mean: float
    standard_error: float
    value: float
    value_error: float
    returns: NDArray[np.float64]
    visits: NDArray[np.float64]
    steps: int
    truncated: int
    truncation_bias: float
    standard_errors_off: float
    trace: Table
    discount: float
    seed: int | None = field(default=None)

    @property
    def episodes(self) -> int:
        """Number of episodes N."""
        return len(self.returns)

    def __repr__(self) -> str:
        """A small table."""
        changed = f"{self.truncated:,} episodes, which changed the mean by {-self.truncation_bias:.2g}"
        rows = [
            ("episodes", f"{self.episodes:,}, of {self.steps:,} steps together; discount {self.discount:.15g}"),
            ("mean", f"{self.mean:.6g}, standard error {self.standard_error:.2g}"),
            ("exact value", f"{self.value:.6g}; the mean is {self.standard_errors_off:+.1f} standard errors away"),
            ("cut off", changed if self.truncated else "none"),
        ]
        return "Simulation\n" + "\n".join(f"  {name:<12}{text}" for name, text in rows)


@errors_in_names
@discount_of_pairs
def simulate(
    model: ModelLike,
    policy: Any,
    *,
    episodes: int = 10_000,
    steps: int | None = None,
    discount: float | NDArray[np.float64] | None = None,
    start: Any = None,
    seed: int | None = None,
) -> Simulation:
    """Play many episodes of a policy by the tables of a model, and put their mean return beside the exact value.

    Each step earns its expected reward r(s,a), as the tables of a model have no more than that. So the expected mean is
    the same as with rewards that vary, and its standard error is smaller.

    Args:
        model: A model of S states and A actions, or an environment that has one.
        policy: A `Plan`, a `FinitePlan`, a `TabularPolicy`, (S,) actions, or (S, A) probabilities.
        episodes: How many.
        steps: Steps after which an episode is cut off; None: the step at which a reward is discounted to 1e-6 of
            itself, and at most 10,000; for a `FinitePlan`, its horizon, after which its final values are earned.
        discount: 0 to 1, or (S, A) of them, one for each pair; None: that of the plan.
        start: The state, or its name, in which every episode begins; (S,) probabilities of it; None: those of the
            model's `initial`; if it has none, every state is equally likely.
        seed: The same seed gives the same numbers, on however many threads. None: another one each time.

    Returns:
        A `Simulation`; printed, it is a small table.

    Raises:
        InvalidOptionError: A number below 1, no discount, or a start that is no state.
        InvalidPolicyError: The policy does not fit the model.
        NotEnoughMemoryError: The returns of all episodes, or the table to draw from, do not fit.

    Source: Walker (1977) for the draws; see `planners.kernels.simulation`. Cost: about 15 ns a step on one core.

    >>> stay = TabularMDP.from_gym_dict({0: {0: [(0.9, 0, 1.0, False), (0.1, 0, 1.0, True)]}})
    >>> result = simulate(stay, [0], episodes=20_000, discount=1.0, seed=3)
    >>> round(result.value, 9), abs(result.mean - 10) < 5 * result.standard_error  # 10 steps on average
    (10.0, True)
    """
    source = as_model(model)
    mdp = source.tabular
    number, seed = check_whole("episodes", episodes), check_seed(seed)
    if discount is None and not isinstance(policy, Plan | FinitePlan):
        raise InvalidOptionError("discount is missing; expected a number from 0 to 1, or a plan that has one")
    if discount is None and isinstance(policy, Plan) and not is_same_model(policy.model, source):
        raise InvalidOptionError(
            "the plan is of another model, so that its discount may mean something else; pass discount=, or simulate "
            "plan.model (of discounts for each pair it goes on less often instead)"
        )
    chosen_discount = check_discount(policy.discount if discount is None else discount)
    begin = starting_distribution(mdp, start)
    if isinstance(policy, FinitePlan):
        drawn = of_finite_plan(mdp, policy, chosen_discount)
        limit = drawn.horizon if steps is None else min(check_whole("steps", steps), drawn.horizon)
    else:
        drawn = of_policy(mdp, policy, chosen_discount, begin)
        limit = _default_steps(chosen_discount) if steps is None else check_whole("steps", steps)
    return _Play(mdp, drawn, begin, chosen_discount, limit, seed).of(number)


class _Play:
    """Episodes of one chain."""

    def __init__(
        self, mdp: TabularMDP, drawn: Outcomes, begin: NDArray[np.float64], discount: float, limit: int, seed: Any
    ) -> None:
        """Make the tables to draw from; their last row is what an episode begins with."""
        from planners.kernels.simulation import Chain, alias_tables

        self.mdp, self.drawn, self.begin, self.discount, self.limit, self.seed = (
            mdp,
            drawn,
            begin,
            discount,
            limit,
            seed,
        )
        states = np.flatnonzero(begin)
        first = np.concatenate(([0], np.cumsum(drawn.length), [len(drawn.pair) + len(states)]))
        probability = np.concatenate((drawn.probability, begin[states]))
        threshold, alias = np.empty(len(probability), dtype=np.uint64), np.empty(len(probability), dtype=np.int64)
        alias_tables(first, probability, threshold, alias)
        following = np.concatenate((drawn.following, states))
        reward = np.concatenate((mdp.rewards.ravel()[drawn.pair], np.zeros(len(states))))
        self.chain = Chain(first, threshold, alias, following, reward)

    def of(self, episodes: int) -> Simulation:
        """Play them, block by block."""
        from planners.kernels.simulation import play_blocks
        from planners.kernels.threads import available

        check_memory(16.0 * episodes, f"the returns of {episodes} episodes")
        size = min(max(IN_A_CALL // self.limit, 8), BLOCK)  # does not depend on the number of threads
        bounds = np.append(np.arange(0, episodes, size), episodes)
        seeds = np.random.SeedSequence(self.seed).generate_state(2 * (len(bounds) - 1), np.uint64).reshape(-1, 2)
        threads = min(available(), len(seeds))
        check_memory(16.0 * episodes + 8.0 * threads * len(self.chain.alias), f"the returns of {episodes} episodes")
        counts = np.zeros((threads, len(self.chain.alias)), dtype=np.int64)
        returns, left = np.empty(episodes), np.zeros(episodes)
        trace, found = np.full(TRACED, -1, dtype=np.int64), np.zeros((len(seeds), 2), dtype=np.int64)
        at_once = threads * max(IN_A_CALL // (size * self.limit), 1)
        blocks = np.stack((bounds[:-1], bounds[1:]), axis=1)
        for block in range(0, len(seeds), at_once):
            part = slice(block, block + at_once)
            play_blocks(
                self.chain, seeds[part], blocks[part], self.limit, self.discount, self.drawn.worth, counts,
                returns, left, trace, found[part],
            )  # fmt: skip
        return self._result(returns, left, counts.sum(axis=0), trace[trace >= 0], found.sum(axis=0))

    def _result(
        self, returns: NDArray[Any], left: NDArray[Any], counts: NDArray[Any], trace: NDArray[Any], found: NDArray[Any]
    ) -> Simulation:
        pairs, closing = self.mdp.rewards.size, self.limit == self.drawn.horizon
        complete = returns + left
        returns = complete if closing else returns
        visits = np.bincount(self.drawn.pair, counts[: len(self.drawn.pair)], minlength=pairs) / len(returns)
        at_start = np.flatnonzero(self.begin)
        value = float(self.begin[at_start] @ self.drawn.worth[at_start])
        returns.setflags(write=False)
        return Simulation(
            mean=float(returns.mean()),
            standard_error=_standard_error(returns),
            value=value,
            value_error=self.drawn.error,
            returns=returns,
            visits=visits.reshape(self.mdp.rewards.shape),
            steps=int(found[0]),
            truncated=0 if closing else int(found[1]),
            truncation_bias=0.0 if closing else float(left.mean()),
            standard_errors_off=_off(complete, value, self.drawn.error),
            trace=Table(
                ("step", "state", "action", "reward", "next state"),
                len(trace),
                lambda step: (step, *self._traced(int(trace[step]))),
            ),
            discount=self.discount,
            seed=self.seed,
        )

    def _traced(self, outcome: int) -> tuple[Any, ...]:
        state, action = divmod(int(self.drawn.pair[outcome]), self.mdp.num_actions)
        after = int(self.drawn.following[outcome])
        names = range(self.mdp.num_states) if self.mdp.states is None else self.mdp.states.keys
        following = None if after < 0 else names[after % self.mdp.num_states]
        done = action if self.mdp.actions is None else self.mdp.actions[action]
        return names[state], done, float(self.chain.reward[outcome]), following


def _standard_error(returns: NDArray[np.float64]) -> float:
    if not np.isfinite(returns).all():
        return math.nan
    return float(returns.std(ddof=1) / math.sqrt(len(returns))) if len(returns) > 1 else math.inf


def _off(complete: NDArray[np.float64], value: float, error: float) -> float:
    """How many standard errors the mean lies above the value; what rounding does to either counts as none."""
    if not np.isfinite(complete).all():
        return math.nan
    away = float(complete.mean()) - value
    rounding = 1e-12 * max(abs(value), float(np.abs(complete).max())) + error
    return 0.0 if abs(away) <= rounding else away / max(_standard_error(complete), rounding)


def _default_steps(discount: float) -> int:
    if discount in (0.0, 1.0):
        return 1 if discount == 0.0 else LONGEST
    return min(math.ceil(math.log(NEGLIGIBLE) / math.log(discount)), LONGEST)
