"""The result of planning in a game: its value, both players' policies, and the amounts that they guarantee."""

from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arrays import sealed
from planners.errors import InvalidOptionError
from planners.games.exploitability import Exploitability, exploitability
from planners.games.markov_game import MarkovGame
from planners.plans.plan import Plan, certificate_rows
from planners.plans.policy import TabularPolicy
from planners.plans.table import Table

SHOWN = 3  # actions of a strategy that are printed


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GamePlan(Plan):
    """The value of a zero-sum game of two, with proven bounds, and a policy of each player.

    `lower <= value <= upper` in every state. `policy`, the row player's, earns at least `lower`, whatever the opponent
    does; `opponent` loses at most `upper`, whatever the row player does.

    Attributes:
        opponent: The opponent's policy, a `TabularPolicy` over B actions.
        game: The game that was planned on, which is also `model`.
    """

    opponent: TabularPolicy
    game: MarkovGame = field(repr=False)

    @cached_property
    def action_values(self) -> NDArray[np.float64]:
        """(S, A, B) Q(s,a,b) of `values`: the matrix game of each state; NaN for pairs that do not exist."""
        joint = self.game.joint
        found = joint.rewards + self.discount * joint.expected_next(self.values)
        return sealed(np.where(joint.feasible, found, np.nan).reshape(self.game.shape))

    @cached_property
    def optimal_actions(self) -> NDArray[np.bool_]:
        """(S, A) True for every action that `policy` may draw."""
        return sealed(np.asarray(self.policy.probabilities) > 0.0)

    @cached_property
    def exploitability(self) -> Exploitability:
        """The value of both policies against their best responses; it costs two policy iterations."""
        return exploitability(self.game, self.policy, self.opponent, discount=self.discount)

    def strategy(self, state: Any) -> dict[Any, float]:
        """The row player's probabilities in one state, by the names of its actions, without zeros."""
        return self._strategies(self._number(state))[0]

    def opponent_strategy(self, state: Any) -> dict[Any, float]:
        """The opponent's probabilities in one state."""
        return self._strategies(self._number(state))[1]

    def _number(self, state: Any) -> int:
        from planners.plans.policy import state_of

        return state_of(state, self.policy.states, len(self.values))

    def _strategies(self, state: int) -> tuple[dict[Any, float], dict[Any, float]]:
        rows, columns = (np.asarray(each.probabilities)[state] for each in (self.policy, self.opponent))
        game = self.game
        return (
            {game.action_name(a): float(rows[a]) for a in np.flatnonzero(rows).tolist()},
            {game.opponent_action_name(b): float(columns[b]) for b in np.flatnonzero(columns).tolist()},
        )

    def table(self) -> Table:
        """Each state with both strategies, its value and proven bounds."""
        columns = ("state", "policy", "opponent", "value", "lower", "upper")
        return Table(columns, len(self.values), self._row, index=True)

    def _row(self, state: int) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        bounds = (float(array[state]) for array in (self.values, self.lower, self.upper))
        return (self.state_name(state), *map(in_words, self._strategies(state)), *bounds)

    @cached_property
    def policy_loss(self) -> NDArray[np.float64]:
        """(S,) proven: against its best opponent, `policy` earns less than the value of the game by at most this."""
        found = self.exploitability
        return sealed(np.nextafter(np.minimum(self.upper, found.conceded_upper) - found.guaranteed_lower, np.inf))

    @cached_property
    def opponent_loss(self) -> NDArray[np.float64]:
        """(S,) proven: against its best response, `opponent` concedes more than the value by at most this."""
        found = self.exploitability
        return sealed(np.nextafter(found.conceded_upper - np.maximum(self.lower, found.guaranteed_lower), np.inf))

    def report(self) -> str:
        """The result in sentences; it costs as much as `exploitability`."""
        lines, initial = [], self.game.initial
        if initial is not None and np.isfinite(self.error_bound):
            first = initial > 0.0
            low, high = (float(initial[first] @ each[first]) for each in (self.lower, self.upper))
            worth = f"From the start the game is worth between {low:.9g} and {high:.9g} to the row player."
            lines.append(worth)
        mixed = int((np.asarray(self.policy.probabilities).max(axis=1) < 1.0).sum())
        lines += [
            f"The row player's policy draws its actions in {mixed} of {len(self.values)} states.",
            f"Against its best opponent it loses at most {self.policy_loss.max():.2g} of the value;",
            f"the opponent's policy loses at most {self.opponent_loss.max():.2g}.",
        ]
        return " ".join(lines)

    def save(self, path: str | PathLike[str]) -> None:
        """Not possible: files of plans hold one action a state.

        Raises:
            InvalidOptionError: Always; the message says what to do.
        """
        raise InvalidOptionError(
            "a plan of a game holds two policies that draw their actions, and files of plans one action a state: save "
            "plan.values, plan.policy.probabilities and plan.opponent.probabilities by numpy.savez"
        )

    def __repr__(self) -> str:
        """What is proven, and the first states."""
        rows = [*certificate_rows(self), ("game", repr(self.game))]
        return "\n".join(["GamePlan", *(f"  {name:<12}{text}" for name, text in rows), *self.table().lines(5)])


def in_words(strategy: dict[Any, float]) -> str:
    """The actions of a strategy, the likeliest first.

    >>> in_words({"left": 0.25, "right": 0.75})
    'right .75, left .25'
    """
    ordered = sorted(strategy.items(), key=lambda item: -item[1])
    shown = [f"{name}" if p == 1.0 else f"{name} {p:.2g}".replace(" 0.", " .") for name, p in ordered[:SHOWN]]
    return ", ".join(shown) + (f" and {len(ordered) - SHOWN} more" if len(ordered) > SHOWN else "")
