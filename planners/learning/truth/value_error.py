"""The error of a rule of prediction after n episodes: exact bias and variance, without any run."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_numbers, check_whole
from planners.errors import InvalidModelError, InvalidOptionError
from planners.learning.lambda_return import LambdaReturn, rate_and_decay
from planners.learning.td_lambda import TDLambda
from planners.learning.temporal_difference import TD
from planners.learning.truth.chain import Chain, chain_of
from planners.learning.truth.lambda_return_moments import LambdaReturnMoments
from planners.learning.truth.td_moments import TDMoments

Array = NDArray[np.float64]
LONGEST: Final = 1e6  # steps of an episode, on average: what it adds up to is worked out step by step


@dataclass(frozen=True, eq=False, repr=False)
class ErrorCurves:
    """The exact error of each estimate, as an average over infinitely many runs would show it.

    States that the policy never reaches are NaN.

    Attributes:
        true_values: (S,) V of the policy.
        expectation: (n + 1, S) expected estimates, before the first episode (or step) and after each.
        variance: (n + 1, S) their variances.
        unit: "episodes" or "steps".
    """

    true_values: Array
    expectation: Array
    variance: Array
    unit: str

    @property
    def bias(self) -> Array:
        """(n + 1, S) expected estimate minus true value."""
        return self.expectation - self.true_values

    @property
    def mean_squared_error(self) -> Array:
        """(n + 1, S) bias^2 + variance."""
        return self.bias**2 + self.variance

    @property
    def root_mean_squared_error(self) -> Array:
        """(n + 1,) root of the mean over the states that are reached.

        The figures of Sutton and Barto average the root of each run; such an average is at most this number.
        """
        reached = np.isfinite(self.true_values)
        return np.sqrt(self.mean_squared_error[:, reached].mean(axis=1))

    def __repr__(self) -> str:
        """The first error and the last one."""
        first, *_, last = self.root_mean_squared_error
        return f"ErrorCurves({len(self.bias) - 1} {self.unit}: root mean squared error from {first:.4g} to {last:.4g})"


def value_error(
    env_or_model: Any,
    policy: Any,
    learner: Any,
    *,
    discount: float,
    episodes: int | None = None,
    steps: int | None = None,
    initial: ArrayLike | None = None,
) -> ErrorCurves:
    """Bias, variance and mean squared error of the values that a learner estimates, exactly.

    For online TD(0), after every episode or every step; for the offline lambda-return algorithm, which for lambda = 1
    is Monte Carlo, after every episode. Online TD(lambda) has no such equations: its traces multiply its estimates.

    Args:
        env_or_model: A model that says where episodes begin, or an environment that has one. If it has only the
            expected reward of a pair, every step pays that.
        policy: The policy to evaluate: a plan, (S,) actions or (S, A) probabilities.
        learner: `planners.TD(rate=0.1)`, whose own policy does not count, or `planners.LambdaReturn(rate=0.1,
            trace_decay=0.8)`.
        discount: 0 to 1.
        episodes: How many episodes; all of them have to end.
        steps: Instead of them, how many steps. Only for TD(0).
        initial: The first estimates, a number or (S,); None: the learner's own, or 0.

    Raises:
        InvalidOptionError: Not exactly one of `episodes` and `steps`, or a learner whose error has no such equations.
        InvalidModelError: Episodes may go on for ever, or for millions of steps; or the model does not say where they
            begin.
        NotEnoughMemoryError: S is too large.

    Source: Singh and Dayan (1998), "Analytical mean squared error curves for temporal difference learning".

    Cost: for TD(0) S^2 operations for each outcome and each step that an episode may have; for lambda-returns S^2
    systems of S unknowns, and S^4 operations an episode.

    >>> import planners
    >>> coin = planners.TabularMDP.from_gym_dict({0: {0: [(0.5, 0, 1.0, False), (0.5, 0, 1.0, True)]}}, initial=[1.0])
    >>> found = value_error(coin, [0], planners.TD(rate=0.5), discount=1.0, episodes=50)
    >>> found
    ErrorCurves(50 episodes: root mean squared error from 2 to 0.6455)
    >>> found.bias[-1].round(6), found.variance[-1].round(6)    # an episode's last step has just lowered it
    (array([-0.5]), array([0.166667]))
    """
    if (episodes is None) == (steps is None):
        raise InvalidOptionError("episodes and steps: expected exactly one of them, such as episodes=100")
    unit = "episodes" if steps is None else "steps"
    count = check_whole(unit, episodes if steps is None else steps)
    rate, decay = rate_and_decay(learner)
    online = not isinstance(learner, LambdaReturn)
    if online and not (isinstance(learner, TD | TDLambda) and decay == 0.0 and getattr(learner, "n", 1) == 1):
        raise InvalidOptionError(
            f"the error of {learner!r:.80} has no equations; expected planners.TD(rate=...), which is TD(0), or "
            "planners.LambdaReturn(rate=..., trace_decay=...), which learns when an episode is over"
        )
    if not online and steps is not None:
        raise InvalidOptionError("LambdaReturn learns when an episode is over; expected episodes=, not steps=")
    chain = chain_of(env_or_model, policy, discount)
    if steps is None:
        _refuse_long(chain)
    moments = _first(getattr(learner, "initial", 0.0) if initial is None else initial, chain)
    if not online:
        found = _by_episode(LambdaReturnMoments(chain, rate, decay), moments, count)
    elif steps is None:
        found = _by_episode(TDMoments(chain, rate), moments, count)
    else:
        found = _by_step(TDMoments(chain, rate), moments, count)
    return _curves(chain, found, unit)


def _refuse_long(chain: Chain) -> None:
    if not chain.always_ends:
        raise InvalidModelError("an episode of this policy may go on for ever; expected steps=, or one that ends")
    if (length := chain.expected_steps()) > LONGEST:
        raise InvalidModelError(
            f"an episode of this policy has {length:.3g} steps on average; expected at most {LONGEST:g}, or steps="
        )


def _first(initial: ArrayLike, chain: Chain) -> Array:
    """(n, n) the moments of the first estimates, with 1 appended."""
    S = chain.num_model_states
    given = check_numbers("initial", initial)
    if given.shape not in ((), (S,)) or not np.isfinite(given).all():
        raise InvalidOptionError(
            f"initial is of shape {given.shape}; expected a finite number, or ({S},) of them, in units of reward"
        )
    appended = np.append(np.broadcast_to(given, (S,))[chain.reached], 1.0)
    return np.outer(appended, appended)


def _by_episode(rule: TDMoments | LambdaReturnMoments, moments: Array, count: int) -> list[Array]:
    found = [moments]
    for _ in range(count):
        found.append(rule.after_episode(found[-1]))
    return found


def _by_step(rule: TDMoments, moments: Array, count: int) -> list[Array]:
    found, joint = [moments], rule.begin(moments)
    for _ in range(count):
        joint = rule.after_step(joint)
        found.append(joint.reshape(-1, *moments.shape).sum(axis=0))
    return found


def _curves(chain: Chain, moments: list[Array], unit: str) -> ErrorCurves:
    shape = len(moments), chain.num_model_states
    expectation, variance = np.full(shape, np.nan), np.full(shape, np.nan)
    for k, each in enumerate(moments):
        mean = each[:-1, -1]
        expectation[k, chain.reached], variance[k, chain.reached] = mean, np.maximum(np.diag(each)[:-1] - mean**2, 0.0)
    return ErrorCurves(chain.values(), expectation, variance, unit)
