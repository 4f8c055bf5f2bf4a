"""Players that learn a game of two by playing it, each from its own side.

    minimax-Q        Q(s,a,b) <- Q + rate (r + discount * V(s') - Q),   V(s) = the value of the matrix game Q(s, ., .)
    fictitious play  the same, with V(s) = max over a of sum over b of belief(b|s) Q(s,a,b), where the belief is how
                     often the other has played b so far; and the best answer to it is played

Sources: Littman (1994), Section 3.3; Brown (1951) and Robinson (1951) for matrix games; Sayin, Parise and Ozdaglar
(2022), "Fictitious play in zero-sum stochastic games", SIAM J. Control Optim. 60, for the second in Markov games.
"""

import copy
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidOptionError
from planners.games.markov_game import MarkovGame


@dataclass(eq=False)
class GamePlayer:
    """What both have in common: Q from the player's own side, and how it is moved.

    Args:
        rate: How far Q is moved, from 0 to 1; None: n^-0.7 at the n-th visit of (s, a, b).
        exploration: The probability of any action that exists, instead of the player's choice.
    """

    rate: float | None = None
    exploration: float = 0.1
    discount: Any = field(default=None, init=False, repr=False)  # this and the following once it has begun
    rng: Any = field(default=None, init=False, repr=False)
    exists: Any = field(default=None, init=False, repr=False)
    others_exist: Any = field(default=None, init=False, repr=False)
    Q: Any = field(default=None, init=False, repr=False)
    V: Any = field(default=None, init=False, repr=False)
    visits: Any = field(default=None, init=False, repr=False)

    def begin(self, game: MarkovGame, player: int, discount: float, rng: np.random.Generator) -> Self:
        """A copy that has learned nothing, as player 0, of the rows, or 1, the opponent."""
        for name, given in (("rate", 1.0 if self.rate is None else self.rate), ("exploration", self.exploration)):
            if isinstance(given, bool) or not isinstance(given, int | float) or not 0.0 <= given <= 1.0:
                raise InvalidOptionError(f"{name} is {given!r:.80}; expected a number from 0 to 1")
        fresh, exists = copy.copy(self), (game.feasible, game.opponent_feasible)
        fresh.discount, fresh.rng = discount, rng
        fresh.exists, fresh.others_exist = exists[player], exists[1 - player]
        shape = (game.num_states, exists[player].shape[1], exists[1 - player].shape[1])
        fresh.Q, fresh.visits, fresh.V = np.zeros(shape), np.zeros(shape, dtype=np.int64), np.zeros(shape[0])
        fresh.prepare()
        return fresh

    def prepare(self) -> None:
        """Set up what is the player's own."""

    @property
    def policy(self) -> NDArray[np.float64]:
        """(S, A) the probabilities that the player would be measured by."""
        raise NotImplementedError

    def choice(self, state: int) -> int:
        """What the player thinks best."""
        raise NotImplementedError

    def settle(self, state: int, other: int) -> None:
        """Draw the conclusions from a new Q of a state, in which the other has played `other`."""
        raise NotImplementedError

    def act(self, state: int) -> int:
        """The action in a state."""
        if self.rng.random() < self.exploration:
            return int(self.rng.choice(np.flatnonzero(self.exists[state])))
        return self.choice(state)

    def learn(self, state: int, action: int, other: int, reward: float, next_state: int, terminated: bool) -> None:
        """Take note of a step: what both played, and what this player has earned."""
        self.visits[state, action, other] += 1
        rate = float(self.visits[state, action, other]) ** -0.7 if self.rate is None else self.rate
        later = 0.0 if terminated else self.V[next_state]
        self.Q[state, action, other] += rate * (reward + self.discount * later - self.Q[state, action, other])
        self.settle(state, other)


@dataclass(eq=False)
class MinimaxQ(GamePlayer):
    """Littman's minimax-Q: it plays the best strategy of the matrix game Q(s, ., .).

    >>> from planners.games import MinimaxQ, learn, matching_pennies
    >>> run = learn(matching_pennies(), (MinimaxQ(), MinimaxQ()), steps=200, discount=0.9, seed=1)
    >>> run.agents[0].policy
    array([[0.5, 0.5]])
    """

    def prepare(self) -> None:
        """Begin with the same probability for every action."""
        self._policy = self.exists / self.exists.sum(axis=1, keepdims=True)

    @property
    def policy(self) -> NDArray[np.float64]:
        """(S, A) strategies of the matrix games."""
        return self._policy

    def choice(self, state: int) -> int:
        """An action drawn from the strategy."""
        return int(self.rng.choice(len(self._policy[state]), p=self._policy[state]))

    def settle(self, state: int, other: int) -> None:
        """Solve the matrix game of the state."""
        from planners.kernels.matrix_games import solve_stages

        own, others = np.flatnonzero(self.exists[state]), np.flatnonzero(self.others_exist[state])
        m, n = len(own), len(others)
        x, y, value = np.empty((1, m)), np.empty((1, n)), np.empty(1)
        payoffs = self.Q[state][np.ix_(own, others)].ravel()
        solve_stages(np.array([0]), np.array([m]), np.array([n]), payoffs, x, y, value)
        self._policy[state], self.V[state] = 0.0, value[0]
        self._policy[state, own] = x[0]


@dataclass(eq=False)
class FictitiousPlay(GamePlayer):
    """Fictitious play: the best response to the other's past frequencies. Its policy is its own frequencies.

    >>> from planners.games import FictitiousPlay, learn, matching_pennies
    >>> run = learn(matching_pennies(), (FictitiousPlay(), FictitiousPlay()), steps=4000, discount=0.9, seed=1)
    >>> bool(run.exploitability[-1] < 0.2)
    True
    """

    def prepare(self) -> None:
        """Begin with an empty model."""
        self.played, self.seen = np.zeros(self.exists.shape), np.zeros(self.others_exist.shape)

    @property
    def policy(self) -> NDArray[np.float64]:
        """(S, A) frequencies of the actions that it has played; uniform in states where it has not been."""
        counts = np.where(self.played.any(axis=1, keepdims=True), self.played, self.exists)
        return counts / counts.sum(axis=1, keepdims=True)

    def _worth(self, state: int) -> NDArray[np.float64]:
        belief = self.seen[state] if self.seen[state].any() else self.others_exist[state]
        return np.where(self.exists[state], self.Q[state] @ (belief / belief.sum()), -np.inf)

    def choice(self, state: int) -> int:
        """The best response, the first one of several."""
        return int(self._worth(state).argmax())

    def learn(self, state: int, action: int, other: int, reward: float, next_state: int, terminated: bool) -> None:
        """Count what both have played, and move Q."""
        self.played[state, action] += 1.0
        self.seen[state, other] += 1.0
        super().learn(state, action, other, reward, next_state, terminated)

    def settle(self, state: int, other: int) -> None:
        """Set V to the value of the best response."""
        self.V[state] = self._worth(state).max()
