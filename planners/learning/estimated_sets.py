"""From counts to an `IntervalMDP` that contains the true model with a probability that is proven.

Each pair whose next outcome is not certain, and each expected reward that is not known, makes claims. Every claim has
the same share of what may go wrong, so that all of them hold together (the union bound).

    "bernstein"  one interval for each outcome of a pair, by empirical Bernstein: two claims
    "kl"         the same by Chernoff's bound: the tightest of the three where a pair has few outcomes
    "l1"         one ball for each pair, by Weissman's inequality: one claim

Expected rewards always have empirical Bernstein intervals, two claims.
"""

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.arguments import as_float
from planners.errors import InvalidModelError, InvalidOptionError
from planners.interval.bounds_of_rows import aligned, like, with_end
from planners.interval.interval_mdp import IntervalMDP
from planners.learning.confidence import bernstein, kullback_leibler, level, weissman
from planners.memory import check_memory
from planners.models.convert import ModelLike, as_model
from planners.readers.transitions import as_numbers

if TYPE_CHECKING:
    from planners.learning.experience import Experience

Sets = Literal["bernstein", "l1", "kl"]
SETS: Final = ("bernstein", "l1", "kl")


def estimated_sets(
    experience: "Experience",
    confidence: float,
    sets: Sets,
    reward_range: tuple[float, float] | None,
    rewards: ArrayLike | None,
    support: ModelLike | ArrayLike | None,
    visits: Literal["random", "fixed"],
) -> IntervalMDP:
    """See `Experience.interval_mdp`."""
    for name, given, known in (("sets", sets, SETS), ("visits", visits, ("random", "fixed"))):
        if given not in known:
            raise InvalidOptionError(f"{name} is {given!r}; expected {', '.join(map(repr, known))}")
    if not 0.0 < as_float(confidence) < 1.0:
        raise InvalidOptionError(f"confidence is {confidence!r}; expected a probability between 0 and 1")
    shape = experience.num_states, experience.num_actions
    pattern = _pattern(experience, support)
    count = np.diff(pattern.indptr)
    claims = int((count > 1).sum())
    if sets != "l1":
        claims = 2 * int(np.where(count == 2, 1, count)[count > 1].sum())  # of two outcomes one tells the other
    claims += 2 * shape[0] * shape[1] if rewards is None else 0
    steps = 0 if visits == "fixed" else experience.steps
    least = most = as_numbers("rewards", 0.0 if rewards is None else rewards)
    if least.shape not in ((), shape):
        raise InvalidModelError(f"rewards has shape {least.shape}; expected (S, A) = {shape}")
    if rewards is None:
        least, most = _rewards(experience, reward_range, level(claims, 1.0 - confidence, steps))
    return IntervalMDP(
        rewards_lower=np.broadcast_to(least, shape).copy(),
        rewards_upper=np.broadcast_to(most, shape).copy(),
        feasible=np.ones(shape, dtype=bool),
        **_probabilities(experience, pattern, sets, level(claims, 1.0 - confidence, steps, peeled=sets == "kl")),
    )


def _probabilities(experience: "Experience", pattern: sparse.csr_array, sets: Sets, exponent: float) -> dict[str, Any]:
    """The tables of `IntervalMDP` for the probabilities."""
    frequencies, shape, count = experience.outcomes(), experience.visits.shape, np.diff(pattern.indptr)
    row = np.repeat(np.arange(len(count)), count)
    n = experience.visits.ravel().astype(np.float64)[row]
    frequencies.sort_indices()
    try:
        mean = aligned(frequencies, pattern, shape[1]).data / np.maximum(n, 1.0)
    except InvalidModelError as error:
        raise InvalidModelError(f"`support` excludes an outcome that was seen: {error}") from None
    tables: dict[str, Any] = {}
    if sets == "l1":
        radius = weissman(experience.visits.ravel().astype(np.float64), count, exponent)
        tables = {"radius": radius.reshape(shape), "centre": like(pattern, np.where(n == 0, 1.0 / count[row], mean))}
        low, high = mean - 0.5 * radius[row], mean + 0.5 * radius[row]
    elif sets == "kl":
        low, high = kullback_leibler(n, mean, exponent)
    else:
        low, high = bernstein(n, mean, mean * (1.0 - mean) * n / np.maximum(n - 1.0, 1.0), exponent)
    sure = count[row] == 1
    low, high = np.where(sure, 1.0, np.maximum(low, 0.0)), np.where(sure, 1.0, np.minimum(high, 1.0))
    return {"low": like(pattern, low), "high": like(pattern, high), **tables}


def _rewards(
    experience: "Experience", reward_range: tuple[float, float] | None, exponent: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(S, A) lower and upper bounds of the expected rewards."""
    least, most = experience.reward_extremes
    if reward_range is None and least > most:
        raise InvalidOptionError("nothing was seen: expected reward_range=(low, high), which every reward lies in")
    reward_range = (least, most) if reward_range is None else reward_range
    low, high = (float(end) for end in reward_range)
    if not (np.isfinite(high - low) and low <= high):
        raise InvalidOptionError(f"reward_range is {reward_range!r}; expected two finite numbers, low <= high")
    n, mean, variance = experience.visits, experience.mean_rewards, experience.reward_variances
    if least < low or most > high:
        raise InvalidModelError(f"rewards from {least:g} to {most:g} were seen; expected all of them in {reward_range}")
    found = bernstein(n.astype(np.float64), mean, variance, exponent, high - low)
    slack = 1e-12 * max(abs(low), abs(high))  # rounding of the sums
    return np.clip(found.low - slack, low, high), np.clip(found.high + slack, low, high)


def _pattern(experience: "Experience", support: ModelLike | ArrayLike | None) -> sparse.csr_array:
    """(S*A, S + 1) CSR with an entry for each outcome that is possible, the end last."""
    S, A = experience.num_states, experience.num_actions
    if support is None:
        check_memory(60.0 * S * A * (S + 1), f"sets of {S * A} pairs, each with {S + 1} outcomes", "Give support=")
        possible = np.ones((S * A, S + 1), dtype=bool)
    elif isinstance(support, np.ndarray | list):
        possible = np.asarray(support)
        if possible.shape != (S, A, S + 1) or possible.dtype != np.bool_:
            raise InvalidModelError(
                f"support has shape {possible.shape} of {possible.dtype}; expected {(S, A, S + 1)} of bool, the end of "
                "the episode last; or a model, whose outcomes are the possible ones"
            )
        possible = possible.reshape(S * A, S + 1)
    else:
        mdp = as_model(support).tabular  # pyright: ignore[reportArgumentType] - no array
        if mdp.rewards.shape != (S, A):
            raise InvalidModelError(f"support is of {mdp.rewards.shape} states and actions; expected {(S, A)}")
        found = with_end(mdp.transitions, mdp.termination)
        return like(found, np.ones(found.nnz))
    found = sparse.csr_array(possible.astype(np.float64))
    found.indices, found.indptr = found.indices.astype(np.int32), found.indptr.astype(np.int32)
    return found
