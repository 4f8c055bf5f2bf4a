"""The matrix game of each state, and what strategies prove of the value of the whole game.

Q(s,a,b) = r(s,a,b) + discount * sum over s' of P(s'|s,a,b) V(s') are the payoffs of the game of state s. Let h > 0 be
weights and m(s,a,b) = h(s) - discount * P(s,a,b) h. If the row player's strategies x satisfy, in every state, for every
action b of the opponent,

    sum over a of x(a) (Q(a, b) - V)  >=  l sum over a of x(a) m(a, b),

then x earns at least V + l h, whatever the opponent does: V + l h is no more than its own backup, which is monotone. If
for one b in each state the opposite holds with k, x earns at most V + k h against that answer. The opponent's y prove
the same of what they concede. So two strategies and one sweep prove V + l h <= value <= V + k h, l of x and k of y.

Below discount 1 the weights are 1; at 1 the most steps that any two strategies can take to the end, so that every play
has to end. All numbers are widened by the bound of their rounding errors; see `planners.equations.certificates`.

Source: Shapley (1953); for the weights Bertsekas (2012), "Dynamic Programming and Optimal Control II", Section 3.3.
"""

from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.certificates import most_steps_by_policies
from planners.equations.linear_systems import EvaluationSystem, KrylovSystem
from planners.equations.problem import UNIT_ROUNDOFF, Problem
from planners.errors import InvalidOptionError
from planners.games.markov_game import MarkovGame

Floats = NDArray[np.float64]
MOST_POLICIES: Final = 200
MOST_FACTORED: Final = 2000  # states
CLOSEST: Final = 1e-13  # residual of the linear systems of more, as a part of the largest |V| that there can be


class Stage(NamedTuple):
    """Values, and what their matrix games say.

    Attributes:
        values: (S,) V.
        payoffs: (L,) Q.
        rows: (S, A) strategies of the row player, of the actions that exist, in front.
        columns: (S, B) strategies of the opponent.
        backup: (S,) the values of the matrix games, estimated.
    """

    values: Floats
    payoffs: Floats
    rows: Floats
    columns: Floats
    backup: Floats


class Stages:
    """The matrix games of a Markov game at one discount; the `Solving` of the loop."""

    def __init__(self, game: MarkovGame, discount: float) -> None:
        """Prepare the rows of all triples (s, a, b) that exist."""
        mdp, pairs = game.joint, np.flatnonzero(game.joint.feasible.ravel())
        self.game, self.discount, self.model = game, discount, mdp
        self.num_states: int = game.num_states
        self.m: NDArray[np.int64] = game.feasible.sum(axis=1)
        self.n: NDArray[np.int64] = game.opponent_feasible.sum(axis=1)
        everything = len(pairs) == mdp.feasible.size
        self.problem = Problem(
            model=mdp, discount=discount, transitions=mdp.transitions if everything else mdp.transitions[pairs],
            rewards=mdp.rewards.ravel()[pairs], termination=mdp.termination.ravel()[pairs],
            row_state=pairs // mdp.num_actions, row_pair=pairs,
        )  # fmt: skip
        self.first: NDArray[np.int64] = np.cumsum(self.m * self.n) - self.m * self.n

    @cached_property
    def weights(self) -> tuple[Floats, Floats]:
        """(S,) h and (L,) m.

        Raises:
            InvalidOptionError: At discount 1 two strategies may play for ever.
        """
        problem = self.problem
        if self.discount < 1.0:
            return np.ones(self.num_states), (1.0 - self.discount) + self.discount * problem.termination
        endless = endless_states(problem)
        if endless.any():
            name = self.game.state_name(int(np.argmax(endless)))
            raise InvalidOptionError(
                f"at discount 1 every play has to end, whatever the players do; in {endless.sum()} states, such as "
                f"{name!r}, the two can go on for ever. Use a discount below 1, or let the game end with a chance"
            )
        every = np.ones(len(problem.rewards), dtype=bool)
        found = most_steps_by_policies(problem, self.first, every, rounds=MOST_POLICIES)
        if found is None:
            raise InvalidOptionError(
                "at discount 1 the largest number of steps of a play is too large for float64; use a discount below 1"
            )
        return found

    def solve(self, values: Floats) -> Stage:
        """The matrix games of (S,) values."""
        from planners.kernels.matrix_games import solve_stages

        payoffs, (S, A, B) = self.problem.action_values(values), self.game.shape
        x, y, backup = np.empty((S, A)), np.empty((S, B)), np.empty(S)
        solve_stages(self.first, self.m, self.n, payoffs, x, y, backup)
        return Stage(values, payoffs, x, y, backup)

    def mixed(self, table: Floats, strategies: Floats, *, of_rows: bool) -> Floats:
        """(L,) numbers averaged by (S, .) strategies of one player: one for each action of the other."""
        from planners.kernels.matrix_games import left_to_other

        counts = self.n if of_rows else self.m
        at = np.cumsum(counts) - counts
        out = np.empty(int(counts.sum()))
        left_to_other(self.first, self.m, self.n, table, strategies, of_rows, at, out)
        return out

    def proven(self, values: Floats, payoffs: Floats, strategies: Floats, *, of_rows: bool) -> tuple[float, float]:
        """(l, k): with the best answer of the other, the strategies are worth from V + l h to V + k h."""
        (h, margin), problem = self.weights, self.problem
        own, sense = values[problem.row_state], 1.0 if of_rows else -1.0
        terms = max(self.game.shape[1:]) + 8.0
        doubt = problem.rounding(values) * (1.0 + 1e-9) + terms * UNIT_ROUNDOFF * (np.abs(payoffs) + np.abs(own))
        gain = sense * self.mixed(payoffs - own, strategies, of_rows=of_rows)
        doubt = self.mixed(doubt, strategies, of_rows=of_rows) * (1.0 + 1e-9)
        margin = self.mixed(margin, strategies, of_rows=of_rows)
        unsure = (2.0 * problem.rounding_terms + terms) * UNIT_ROUNDOFF * 2.0 * float(h.max(initial=1.0))
        if not np.isfinite(gain).all():
            return -np.inf, np.inf
        answer = least_of_each(gain, self.n if of_rows else self.m)
        with np.errstate(all="ignore"):
            low, high = gain - doubt, gain[answer] + doubt[answer]
            l = float((low / (margin + np.where(low > 0.0, unsure, -unsure))).min())
            k = float((high / (margin[answer] + np.where(high > 0.0, -unsure, unsure))).max())
        if not (margin > unsure).all() or not np.isfinite(l) or not np.isfinite(k):
            l, k = -np.inf, np.inf
        return (l, k) if of_rows else (-k, -l)

    def moved(self, values: Floats, by: float, outwards: float) -> Floats:
        """(S,) V + by * h, rounded outwards."""
        step = by * self.weights[0] if np.isfinite(by) else np.full(self.num_states, by)
        return np.nextafter(values + step * (1.0 + np.sign(step) * np.sign(outwards) * 8.0 * UNIT_ROUNDOFF), outwards)

    def value_of(self, rows: Floats, columns: Floats, near: Floats | None = None, residual: float = 0.0) -> Floats:
        """(S,) V of two strategies, by one linear system; of many states, from values near by, to a residual."""
        from planners.kernels.matrix_games import chances

        problem, weights = self.problem, np.empty(len(self.problem.rewards))
        chances(self.first, self.m, self.n, rows, columns, weights)
        used = np.flatnonzero(weights)
        state = problem.row_state[used]
        indptr = np.searchsorted(state, np.arange(self.num_states + 1))
        mixing = sparse.csr_array((weights[used], used, indptr), shape=(self.num_states, len(weights)))
        chain = sparse.csr_array(mixing @ problem.transitions)
        earned = np.asarray(mixing @ problem.rewards)
        if near is None or self.num_states <= MOST_FACTORED:
            return EvaluationSystem(chain, self.discount).solve(earned)
        return KrylovSystem(chain, self.discount).solve(earned, start=near, residual=max(residual, self.closest))

    @cached_property
    def closest(self) -> float:
        """What the residual of a linear system of many states may be: well above what rounding leaves of it."""
        most = 1.0 / (1.0 - self.discount) if self.discount < 1.0 else float(self.weights[0].max(initial=1.0))
        return max(CLOSEST * most * self.problem.largest_reward, 1e-300)

    def answered(self, strategies: Floats, start: Floats, *, of_rows: bool) -> Floats:
        """(S,) V of one player's strategies against the other's best answer, by policy iteration from (S, .) answers.

        Source: Howard (1960), "Dynamic Programming and Markov Processes".
        """
        counts, sense = (self.n, 1.0) if of_rows else (self.m, -1.0)
        first, value = np.cumsum(counts) - counts, np.zeros(self.num_states)
        answer, close = start.argmax(axis=1), 4.0 * self.closest if self.num_states > MOST_FACTORED else 0.0
        for _ in range(MOST_POLICIES):
            pure = np.zeros(start.shape)
            pure[np.arange(self.num_states), answer] = 1.0
            both = (strategies, pure) if of_rows else (pure, strategies)
            value = self.value_of(*both, value)
            if not np.isfinite(value).all():
                break
            left = sense * self.mixed(self.problem.action_values(value), strategies, of_rows=of_rows)
            if not np.isfinite(left).all():
                break
            best = least_of_each(left, counts)
            doubt = 8.0 * float(self.problem.rounding(value).max(initial=0.0))
            gains = left[best] < left[first + answer] - max(doubt, close)
            if not gains.any():
                break
            answer = np.where(gains, best - first, answer)
        return value

    def in_front(self, probabilities: Any, *, of_rows: bool) -> Floats:
        """(S, .) strategies with the actions that exist in front, from those in the game's order."""
        exists = self.game.feasible if of_rows else self.game.opponent_feasible
        return np.take_along_axis(np.asarray(probabilities), np.argsort(~exists, axis=1, kind="stable"), axis=1)

    def in_order(self, strategies: Floats, *, of_rows: bool) -> Floats:
        """(S, .) strategies in the game's order."""
        exists, table = self.game.feasible if of_rows else self.game.opponent_feasible, np.zeros(strategies.shape)
        np.put_along_axis(table, np.argsort(~exists, axis=1, kind="stable"), strategies, axis=1)
        return table

    def expand(self, values: Floats, towards: float = 0.0) -> Floats:
        """The same: the states are the game's."""
        return values

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """The same."""
        return rows


def least_of_each(numbers: Floats, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """(S,) where the least of the next `counts` numbers stands, for each state; of several, the first."""
    first = np.cumsum(counts) - counts
    least = np.flatnonzero(numbers == np.repeat(np.minimum.reduceat(numbers, first), counts))
    return least[np.searchsorted(least, first)]


def endless_states(problem: Problem) -> NDArray[np.bool_]:
    """(n,) bool, the largest set of states that some rows never leave, and never end in."""
    inside = np.ones(problem.num_states, dtype=bool)
    while True:
        outside = problem.transitions @ (~inside).astype(np.float64) > 0.0
        stays = (problem.termination == 0.0) & ~outside
        kept = inside & np.logical_or.reduceat(stays, problem.first_row)
        if np.array_equal(kept, inside):
            return inside
        inside = kept
