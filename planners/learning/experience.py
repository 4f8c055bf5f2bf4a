"""Counts of the steps of an unknown model: the next states and the rewards of each pair of a state and an action.

From the counts come an estimate of the model (certainty equivalence: plan as if it were the truth), and sets that
contain the true model with a probability that is proven.
"""

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.errors import InvalidModelError, InvalidOptionError
from planners.interval.interval_mdp import IntervalMDP
from planners.learning.estimated_sets import Sets, estimated_sets
from planners.models.convert import ModelLike
from planners.models.tabular import TabularMDP
from planners.readers.npz_file import read_arrays, write_arrays

FORMAT = "gridworld-lab experience"


class _Seen(NamedTuple):
    """What was seen: for each (s, a, s', terminated) how often, and of the rewards sums, squares, least and most."""

    key: NDArray[np.int64]
    times: NDArray[np.int64]
    total: NDArray[np.float64]
    square: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]


class Experience:
    """Counts of the transitions (s, a, s', terminated) that were seen, and sums of their rewards.

    Args:
        num_states: S.
        num_actions: A.

    >>> experience = Experience(num_states=2, num_actions=1)
    >>> experience.add(0, 0, 1.0, 1, False)
    >>> experience.add(0, 0, 0.0, 0, False)
    >>> experience.add(1, 0, 5.0, 1, True)
    >>> experience.visits.ravel()
    array([2, 1])
    >>> experience.mdp().transitions.toarray()
    array([[0.5, 0.5],
           [0. , 0. ]])
    """

    def __init__(self, num_states: int, num_actions: int) -> None:
        """Begin with an empty model."""
        if num_states < 1 or num_actions < 1:
            raise InvalidOptionError(
                f"there are {num_states} states and {num_actions} actions; expected at least one each"
            )
        self.num_states, self.num_actions = int(num_states), int(num_actions)
        empty = np.zeros(0)
        self._seen = _Seen(empty.astype(np.int64), empty.astype(np.int64), empty, empty, empty, empty)
        self._new: list[Any] = []

    @classmethod
    def from_episodes(
        cls, episodes: Iterable[Any], num_states: int | None = None, num_actions: int | None = None
    ) -> Self:
        """Count the transitions of episodes: those of `planners.rollout`, or lists of (s, a, r, s', terminated, ...).

        Args:
            episodes: The episodes.
            num_states: S; None: the largest state number that was seen, plus 1.
            num_actions: A; None: the largest action number that was seen, plus 1.
        """
        steps = [step[:5] for episode in episodes for step in getattr(episode, "transitions", episode)]
        states = 1 + max((max(int(step[0]), int(step[3])) for step in steps), default=0)
        actions = 1 + max((int(step[1]) for step in steps), default=0)
        found = cls(num_states or states, num_actions or actions)
        for step in steps:
            found.add(*step)
        return found

    def add(
        self,
        state: ArrayLike,
        action: ArrayLike,
        reward: ArrayLike,
        next_state: ArrayLike,
        terminated: ArrayLike,
        times: ArrayLike = 1,
    ) -> None:
        """Count one step, or many at once: numbers, or arrays of one length.

        Args:
            state: The state s.
            action: The action a.
            reward: The reward r.
            next_state: The state s' where the step arrived.
            terminated: Whether the episode ended there. A limit of steps that cut it off (`truncated`) does not count.
            times: How often this happened.

        Raises:
            InvalidModelError: A state or an action that does not exist, or a reward that is not finite. The error is
                raised when the counts are used next.
        """
        step: tuple[Any, ...] = (state, action, reward, next_state, terminated, times)
        self._new.append(np.broadcast_arrays(*step) if np.ndim(state) else step)
        if len(self._new) >= 100_000:
            self._count()

    def _count(self) -> _Seen:
        """All that was seen, the new steps counted."""
        if not self._new:
            return self._seen
        columns, self._new = zip(*self._new, strict=True), []
        joined = [np.concatenate([np.atleast_1d(np.asarray(each)) for each in column]) for column in columns]
        state, action, reward, after, ended, times = joined
        S, A = self.num_states, self.num_actions
        for name, numbers, most in (("state", state, S), ("action", action, A), ("next_state", after, S)):
            wrong = ~((numbers >= 0) & (numbers < most) & (numbers == np.floor(numbers)))
            if wrong.any():
                raise InvalidModelError(
                    f"{name} is {numbers[wrong][0].item()!r:.40}; expected a number from 0 to {most - 1}"
                )
        reward = reward.astype(np.float64)
        if not np.isfinite(reward).all() or (times < 0).any():
            raise InvalidModelError("a reward is not finite, or something happened a negative number of times")
        key = ((state.astype(np.int64) * A + action.astype(np.int64)) * S + after.astype(np.int64)) * 2 + (ended != 0)
        new = _Seen(key.astype(np.int64), times.astype(np.int64), reward * times, reward**2 * times, reward, reward)
        self._take(new)
        return self._seen

    def _take(self, new: _Seen) -> None:
        """Add what was seen."""
        kept = new.times > 0
        parts: list[NDArray[Any]] = [
            np.concatenate((old, more[kept])) for old, more in zip(self._seen, new, strict=True)
        ]
        keys, of = np.unique(parts[0], return_inverse=True)
        times, total, square = (np.bincount(of, part, minlength=len(keys)) for part in parts[1:4])
        least, most = np.full(len(keys), np.inf), np.full(len(keys), -np.inf)
        np.minimum.at(least, of, parts[4])
        np.maximum.at(most, of, parts[5])
        sums: list[Any] = [times.astype(np.int64), total, square]
        self._seen = _Seen(keys.astype(np.int64), *sums, least=least, most=most)

    def __add__(self, other: "Experience") -> "Experience":
        """What both have seen."""
        sizes = (self.num_states, self.num_actions), (other.num_states, other.num_actions)
        if sizes[0] != sizes[1]:
            raise InvalidModelError(f"experiences of {sizes[0]} and {sizes[1]} states and actions; expected the same")
        both = Experience(*sizes[0])
        for each in (self, other):
            both._take(each._count())
        return both

    def _of_pairs(self, numbers: NDArray[Any]) -> NDArray[Any]:
        pairs = self._count().key // (2 * self.num_states)
        size = self.num_states * self.num_actions
        return np.bincount(pairs, numbers, minlength=size).reshape(self.num_states, self.num_actions)

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(self._count().times.sum())

    @property
    def visits(self) -> NDArray[np.int64]:
        """(S, A) how often each pair was tried."""
        return self._of_pairs(self._count().times).astype(np.int64)

    @property
    def mean_rewards(self) -> NDArray[np.float64]:
        """(S, A) mean reward of each pair; 0 where it was never tried."""
        return self._of_pairs(self._count().total) / np.maximum(self.visits, 1)

    @property
    def reward_variances(self) -> NDArray[np.float64]:
        """(S, A) variance of the rewards of each pair, with n - 1 in the denominator, rounded up; 0 for one sample."""
        n, squares = self.visits, self._of_pairs(self._count().square)
        spread = squares - n * self.mean_rewards**2 + 1e-12 * squares  # the difference may lose digits
        return np.maximum(spread, 0.0) / np.maximum(n - 1, 1)

    @property
    def reward_extremes(self) -> tuple[float, float]:
        """The smallest and the largest reward; inf and -inf if nothing was seen."""
        seen = self._count()
        return float(seen.least.min(initial=np.inf)), float(seen.most.max(initial=-np.inf))

    def outcomes(self) -> sparse.csr_array:
        """(S*A, S + 1) CSR, how often each pair led to each next state; the last column counts ends of the episode."""
        seen, S = self._count(), self.num_states
        column = np.where(seen.key % 2 == 1, S, seen.key // 2 % S)
        places = (seen.key // (2 * S), column)
        shape = (S * self.num_actions, S + 1)
        return sparse.csr_array(sparse.coo_array((seen.times.astype(np.float64), places), shape=shape))

    def mdp(self, unvisited: Literal["end", "stay", "absent"] | float = "end") -> TabularMDP:
        """The model whose probabilities are the frequencies, with the mean rewards (certainty equivalence).

        Args:
            unvisited: How pairs that were never tried are modelled. "end": they end the episode with reward 0. "stay":
                they stay in the state with reward 0. "absent": they do not exist (a state where nothing was tried keeps
                its first action, which ends the episode). A number: they end the episode and pay it; a large number
                makes a planner try them (optimism).
        """
        S, A, visits = self.num_states, self.num_actions, self.visits
        pays = isinstance(unvisited, int | float) and not isinstance(unvisited, bool) and np.isfinite(unvisited)
        if unvisited not in ("end", "stay", "absent") and not pays:
            raise InvalidOptionError(f"unvisited is {unvisited!r}; expected 'end', 'stay', 'absent' or a number")
        never = visits == 0
        feasible = ~never if unvisited == "absent" else np.ones((S, A), dtype=bool)
        feasible[~feasible.any(axis=1), 0] = True
        frequencies = sparse.diags_array(1.0 / np.maximum(visits.ravel(), 1)) @ self.outcomes()
        chances = sparse.csr_array(frequencies)
        termination = chances[:, -1:].toarray().reshape(S, A)
        transitions = sparse.csr_array(chances[:, :-1])
        alone = never & feasible
        if unvisited == "stay":
            rows = np.flatnonzero(alone)
            here = sparse.coo_array((np.ones(len(rows)), (rows, rows // A)), shape=transitions.shape)
            transitions = sparse.csr_array(transitions + here)
        else:
            termination = np.where(alone, 1.0, termination)
        rewards = np.where(alone, float(unvisited) if pays else 0.0, self.mean_rewards)
        return TabularMDP(transitions=transitions, termination=termination, rewards=rewards, feasible=feasible)

    def interval_mdp(
        self,
        confidence: float = 0.95,
        sets: Sets = "bernstein",
        reward_range: tuple[float, float] | None = None,
        *,
        rewards: ArrayLike | None = None,
        support: ModelLike | ArrayLike | None = None,
        visits: Literal["random", "fixed"] = "random",
    ) -> IntervalMDP:
        """Bounds that contain the true model with a probability of at least `confidence`.

        These are the claims for n samples of a pair, and their theorems, with L = log(claims / (1 - confidence)), where
        `claims` is the number of claims about all outcomes of all pairs and about their expected rewards:

        - "bernstein": |p - frequency| <= sqrt(2 v (L + log 2) / n) + 7 (L + log 2) / (3 (n - 1)) for each outcome, v
          the sample variance (Maurer and Pontil, 2009, Theorem 4);
        - "l1": the sum of the absolute differences of a pair is <= sqrt(2 (log(2^k - 2) + L) / n) for k outcomes
          (Weissman et al., 2003, Theorem 2.1);
        - "kl": n kl(frequency, p) <= L for each outcome (Chernoff; Garivier and Cappe, 2011, Section 2);
        - expected rewards: as "bernstein", times the width of `reward_range`.

        Args:
            confidence: The probability that all claims hold, at least.
            sets: "bernstein", "l1" or "kl".
            reward_range: (low, high) that every reward lies in. None: from the least to the largest that was seen; the
                bounds then hold if no reward lies outside, which the data cannot tell.
            rewards: (S, A) expected rewards, where they are known.
            support: The possible outcomes of each pair: a model, of which only the places of its probabilities count,
                or (S, A, S + 1) bool, the end of the episode last. None: anything.
            visits: "random": the total number of steps was decided beforehand, and the number of samples of a pair is
                random. It costs a factor of the number of steps in the claims, or, for "kl", of e ceil(L log(steps))
                (Garivier and Cappe, 2011, Theorem 10). "fixed": the samples of each pair were decided beforehand, as
                from a simulator that can be set to any state.

        Returns:
            An `IntervalMDP`; pairs that were never tried may do anything that `support` allows.

        Raises:
            InvalidOptionError: An argument outside its range.
            InvalidModelError: What was seen contradicts `support` or `reward_range`.
        """
        return estimated_sets(self, confidence, sets, reward_range, rewards, support, visits)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the counts to a file of exactly that name, for `Experience.load`: npz, without pickle."""
        sizes = np.array([self.num_states, self.num_actions])
        write_arrays(path, FORMAT, {"sizes": sizes, **self._count()._asdict()})

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: No such file.
            InvalidModelError: Not such a file, or a damaged one.
        """
        arrays = read_arrays(path, FORMAT)
        try:
            found = cls(*arrays.pop("sizes").tolist())
            found._take(_Seen(**arrays))
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidModelError(f"{path} is damaged: {error}") from None
        return found

    def __repr__(self) -> str:
        """Sizes in one line."""
        tried = int((self.visits > 0).sum())
        pairs = self.num_states * self.num_actions
        return f"Experience({self.steps} steps, {tried} of {pairs} pairs tried)"
