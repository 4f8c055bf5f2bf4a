"""Values and a policy of a map, changed a step at a time: what Algorithms 4 and 5 do, piece by piece.

sweep      V(s) <- max over a of Q(s,a), in all squares at once; the policy becomes greedy    (value iteration)
backup     the same in one square
evaluate   V <- the value of the policy, by |S| linear equations                              (policy iteration)
improve    the policy becomes greedy for V                                                    (policy iteration)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import planners
from gridworld_env.dynamics.rules_to_tables import make_mdp, vary_mdp
from gridworld_env.explorer.map_document import MapDocument
from planners.equations.ways_out import optimal_actions
from planners.evaluation.optimality import Certificate
from planners.iteration.loop import refuse_unbounded
from planners.models.backups import backup, backup_state, greedy_actions
from planners.models.moves import MoveMDP

DIRECT_LIMIT: Final = 4_000  # states; more are evaluated by sweeps, which can be watched
SOLVE_LIMIT: Final = 400  # states that are solved within a frame
SETTLED: Final = 1e-10  # a change of V, as a part of its size, that is not worth another sweep
MOST_SWEEPS: Final = 20_000


@dataclass
class Counts:
    """What has been done since the reset."""

    sweeps: int = 0
    backups: int = 0
    evaluations: int = 0
    improvements: int = 0
    solutions: int = 0

    def __str__(self) -> str:
        """The counts that are not zero."""
        named = {"sweep": self.sweeps, "backup": self.backups, "evaluation": self.evaluations}
        named |= {"improvement": self.improvements, "solution": self.solutions}
        done = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in named.items() if count]
        return ", ".join(done) or "V = 0, every action alike"


class Planning:
    """(S,) values V and an (S, A) policy of a map.

    Args:
        document: The map and the rules that are planned on.

    Attributes:
        values: (S,) V, at first 0; never changed in place.
        policy: (S, A) float32 probabilities, at first all alike.
        counts: What has been done.
        flipped: (S,) True where the last step changed the set of actions that the policy takes.
    """

    def __init__(self, document: MapDocument) -> None:
        """Begin at V = 0."""
        self._known: tuple[tuple[Any, ...], NDArray[np.float64]] | None = None
        self._take(document)
        self.reset()

    def _take(self, document: MapDocument) -> None:
        self.document: MapDocument = document
        self.__dict__.pop("mdp", None)

    def reset(self) -> None:
        """V = 0, and the policy that takes every action alike."""
        self.values: NDArray[np.float64] = np.zeros(self.document.grid.num_states)
        self.policy: NDArray[np.float32] = np.full(
            (len(self.values), self.num_actions), 1 / self.num_actions, dtype=np.float32
        )
        self.counts: Counts = Counts()
        self.flipped: NDArray[np.bool_] = np.zeros(len(self.values), dtype=bool)
        self.greedy = False  # whether the policy was made of V at all

    @property
    def num_actions(self) -> int:
        """A."""
        return len(self.document.rules.action_moves)

    @cached_property
    def mdp(self) -> MoveMDP:
        """The model of the map and its rules, made when first asked for."""
        return make_mdp(self.document.grid, self.document.rules)

    def move_to(self, document: MapDocument) -> None:
        """Go on with another map or other rules: squares keep their V and policy, as far as they are still there."""
        old, new, discount = self.document.grid, document.grid, self.document.discount
        same_tables = document.grid is old and document.rules == self.document.rules
        actions = self.num_actions
        if same_tables:
            self.document = document
        else:
            self._take(document)
        if new is not old or self.num_actions != actions:
            self.values = carried(old.cell_of_state, new.state_of_cell, self.values, 0.0)
            self.flipped = carried(old.cell_of_state, new.state_of_cell, self.flipped, False)
            fresh = 1 / self.num_actions
            if self.num_actions == actions:
                self.policy = carried(old.cell_of_state, new.state_of_cell, self.policy, fresh)
            else:
                self.policy = np.full((new.num_states, self.num_actions), fresh, dtype=np.float32)
        if document.discount != discount and not np.isfinite(self.values).all():
            self.values = np.where(np.isfinite(self.values), self.values, 0.0)  # the others were values of discount 1

    def action_values(self) -> NDArray[np.float64]:
        """(S, A) Q of V, kept until V or the model is another one."""
        key = (self.values, self.mdp, self.document.discount)
        if self._known is None or any(old is not new for old, new in zip(self._known[0], key, strict=True)):
            # Column by column in memory: a maximum over the few actions is then one over whole columns, and fast.
            q = np.asfortranarray(backup(self.mdp, self.values, self.document.discount))
            self._known = (key, q)
        return self._known[1]

    def residuals(self) -> NDArray[np.float64]:
        """(S,) how much one backup would change V."""
        return self._distances(self.action_values().max(axis=1))

    def sweep(self) -> float:
        """One sweep of value iteration; the largest change of V."""
        best = self.action_values().max(axis=1)
        change = float(self._distances(best).max(initial=0.0))
        self.values = best
        self.counts.sweeps += 1
        self._be_greedy()
        return change

    def backup(self, state: int) -> float:
        """One backup of one square; the change of V there."""
        q = backup_state(self.mdp, state, self.values, self.document.discount)
        change = float(q.max() - self.values[state]) if q.max() != self.values[state] else 0.0
        values = self.values.copy()
        values[state] = q.max()
        self.values = values
        self.policy = self.policy.copy()
        self.flipped = np.zeros(len(self.values), dtype=bool)
        weights = _alike(greedy_actions(q[None]))[0]
        self.flipped[state] = ((weights > 0) != (self.policy[state] > 0)).any() and not self.policy[state].all()
        self.policy[state] = weights
        self.counts.backups += 1
        return change

    def improve(self) -> int:
        """The policy becomes greedy for V; in how many squares that changed it."""
        before = self.policy
        self.counts.improvements += 1
        self._be_greedy()
        # In all squares, also those in which every action was alike: only they say that there is nothing left to do.
        return int((((self.policy > 0) != (before > 0)).any(axis=1) & ~self.document.grid.terminal).sum())

    def evaluate(self) -> None:
        """V becomes the value of the policy, by one linear solve.

        Raises:
            ImproperPolicyError: At discount 1 the policy has no value.
        """
        self.values = planners.evaluate(self.mdp, self._exact_policy(), discount=self.document.discount).copy()
        self.counts.evaluations += 1
        self.flipped = np.zeros(len(self.values), dtype=bool)

    def visits(self) -> NDArray[np.float64]:
        """(S,) how often the policy is in each square, discounted.

        Raises:
            PlannerError: That cannot be proven, as episodes hardly end.
        """
        return planners.visits(self.mdp, self._exact_policy(), discount=self.document.discount).states

    def _exact_policy(self) -> planners.TabularPolicy:
        probabilities = self.policy.astype(np.float64)
        return planners.TabularPolicy(probabilities / probabilities.sum(axis=1, keepdims=True))

    def evaluation_sweeps(self) -> Iterator[float]:
        """The same by sweeps, for maps whose equations are too many; yields the largest change of each."""
        for _ in range(MOST_SWEEPS):
            q = self.action_values()
            with np.errstate(invalid="ignore"):
                values = np.where(self.policy > 0, self.policy * q, 0.0).sum(axis=1)
            change = float(self._distances(values).max(initial=0.0))
            self.values = values
            yield change
            if self.is_settled(change):
                break
        self.counts.evaluations += 1

    @property
    def endless(self) -> str:
        """Why sweeping is given up, in words."""
        return (
            f"V still changes after {MOST_SWEEPS} sweeps at discount {self.document.discount:.15g}; "
            "lower the discount, or give the map a terminal square that can be reached"
        )

    def solve(self) -> planners.Plan:
        """V and all optimal actions, proven, at once.

        Raises:
            PlannerError: At discount 1, reward without an end.
        """
        plan = planners.solve(
            self.mdp.tabular, discount=self.document.discount, tolerance=1e-9 * self._scale(), throw=False
        )
        refuse_unbounded(plan)
        self.values = plan.values.copy()
        self.counts.solutions += 1
        self._follow(_alike(plan.optimal_actions))
        return plan

    def solving(self) -> Callable[[Callable[[planners.Iteration], None]], planners.Plan]:
        """What solves the map as it is now, in any thread, and calls a function with each iteration."""
        model, discount, tolerance = self.mdp, self.document.discount, 1e-9 * self._scale()

        def solve(progress: Callable[[planners.Iteration], None]) -> planners.Plan:
            plan = planners.solve(model, discount=discount, tolerance=tolerance, progress=progress, throw=False)
            refuse_unbounded(plan)
            return plan

        return solve

    def take_solution(self, values: NDArray[np.float64]) -> None:
        """V becomes V*, solved elsewhere; the policy becomes greedy for it."""
        self.values = values.copy()
        self.counts.solutions += 1
        self._be_greedy()

    def flips_between(self, first: float, last: float) -> list[float]:
        """The step rewards from `first` to `last` at which the optimal actions change, by bisection.

        Each is within a millionth of its size of where they do; two that are closer than ten of these count as one.
        """
        living = ~self.document.grid.terminal

        def optimal(reward: float) -> bytes:
            model = vary_mdp(self.mdp, self.document.grid, replace(self.document.rules, step_reward=reward))
            plan = planners.solve(
                model.tabular, discount=self.document.discount, tolerance=1e-10 * self._scale(), throw=False
            )
            return plan.optimal_actions[living].tobytes()

        found: list[float] = []

        def search(low: float, at_low: bytes, high: float, at_high: bytes) -> None:
            if at_low == at_high:
                return
            middle = (low + high) / 2
            if abs(high - low) > 1e-6 * abs(middle):
                at_middle = optimal(middle)
                search(low, at_low, middle, at_middle)
                search(middle, at_middle, high, at_high)
            elif not found or abs(found[-1] - middle) > 1e-5 * abs(middle):
                found.append(middle)

        search(first, optimal(first), last, optimal(last))
        return found

    def _scale(self) -> float:
        """Size of the rewards, at least 1: what a tolerance is a part of."""
        return max(1.0, float(np.abs(self.mdp.outcome_reward).max(initial=1.0)))

    def certify(self) -> Certificate:
        """Proven bounds of V* from V.

        Raises:
            PlannerError: V is infinite where V* is not.
        """
        return planners.certify(self.mdp, self.values, discount=self.document.discount)

    def possible_actions(self) -> NDArray[np.bool_]:
        """(S, A) True for the actions that the bounds proven from V do not rule out as optimal.

        At first all; in the end the set of all optimal actions, at discount 1 without those that go round for free.
        """
        proof = self.certify()
        return optimal_actions(self.mdp.tabular, proof.lower, proof.upper, self.document.discount)

    @property
    def proven(self) -> str:
        """The proof of the error, in words, where there is one."""
        try:
            bound = self.certify().error_bound
        except ValueError:
            return ""
        return f", error proven at most {bound:.1g}" if np.isfinite(bound) else ", but nothing is proven"

    def is_settled(self, change: float) -> bool:
        """Whether a change of V is lost in rounding."""
        finite = self.values[np.isfinite(self.values)]
        return change <= SETTLED * max(1.0, float(np.abs(finite).max(initial=0.0)))

    def changed_from(self, old: NDArray[np.float32], new: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(S,) where one policy takes other actions than another; not where the old one took any, which is none."""
        different = ((new > 0) != (old > 0)).any(axis=1) & ~self.document.grid.terminal
        return different & ~(old > 0).all(axis=1)

    def _distances(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S,) how far other values are from V; 0 where both are infinite."""
        with np.errstate(invalid="ignore"):
            return np.where(values == self.values, 0.0, np.abs(values - self.values))

    def _be_greedy(self) -> None:
        self._follow(_alike(greedy_actions(self.action_values())))

    def _follow(self, policy: NDArray[np.float32]) -> None:
        self.flipped = self.changed_from(self.policy, policy)
        self.policy = policy


def _alike(actions: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(S, A) the policy that takes all given actions of a state alike."""
    weights = actions.astype(np.float32)
    return weights / weights.sum(axis=1, keepdims=True)


def policy_changed(squares: int) -> str:
    """In how many squares, in words."""
    return f"the policy changed in {squares} square{'s' * (squares != 1)}"


def carried(
    cell_of_state: NDArray[np.int32], state_of_cell: NDArray[np.int32], old: NDArray[Any], fresh: float | bool
) -> NDArray[Any]:
    """(S', ...) what was known of the squares of one map, (S, ...), for the squares of another.

    Args:
        cell_of_state: (S, 2) row and column of each state of the old map.
        state_of_cell: (H, W) state of each square of the new map, -1 on walls.
        old: (S, ...) what was known.
        fresh: What squares get that were none.
    """
    rows, columns = state_of_cell.shape
    inside = (cell_of_state[:, 0] < rows) & (cell_of_state[:, 1] < columns)
    states = np.full(len(old), -1, dtype=np.int64)
    states[inside] = state_of_cell[tuple(cell_of_state[inside].T)]
    new = np.full((int(state_of_cell.max()) + 1, *old.shape[1:]), fresh, dtype=old.dtype)
    new[states[states >= 0]] = old[states >= 0]
    return new
