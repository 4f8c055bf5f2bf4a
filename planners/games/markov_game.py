"""Games of two players who move at the same time; one wins what the other loses.

In each state the row player chooses an action a and the opponent, without seeing it, an action b. The row player
earns r(s,a,b), the opponent loses it, and the game goes on in s' with probability P(s'|s,a,b) or ends. The row player
maximises the expected discounted total, the opponent minimises it. If in each state one of the players has only one
action, they take turns. If the opponent has only one action everywhere, the game is an MDP. A game of one move is a
matrix game.

Source: Shapley (1953), "Stochastic games", PNAS 39; Littman (1994), "Markov games as a framework for multi-agent
reinforcement learning", ICML.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.arrays import seal, sealed, take_rows
from planners.errors import InvalidModelError, InvalidOptionError
from planners.models.convert import ModelLike, as_model
from planners.models.state_names import StateNames
from planners.models.tabular import TabularMDP
from planners.names import checked_names
from planners.readers.returned import listed
from planners.readers.transitions import as_mask, as_numbers


@dataclass(frozen=True, eq=False, repr=False)
class MarkovGame:
    """A zero-sum game of S states, A actions of the row player and B of the opponent.

    Attributes:
        joint: The tables, a `TabularMDP` whose action a*B + b is the pair (a, b).
        shape: (S, A, B).
        actions: The names of the row player's actions; None: actions are numbers.
        opponent_actions: The names of the opponent's actions.

    >>> pennies = MarkovGame.from_matrix([[1, -1], [-1, 1]])
    >>> pennies, pennies.rewards.tolist()
    (MarkovGame(1 states, 2 x 2 actions, 0 transitions), [[[1.0, -1.0], [-1.0, 1.0]]])
    """

    joint: TabularMDP
    shape: tuple[int, int, int]
    actions: tuple[Hashable, ...] | None = None
    opponent_actions: tuple[Hashable, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse what is no game: the actions of one player do not depend on those of the other."""
        S, A, B = self.shape
        if self.joint.feasible.shape != (S, A * B):
            raise InvalidModelError(
                f"the tables are of {self.joint.feasible.shape} states and pairs; expected (S, A*B) = {(S, A * B)}"
            )
        for name, count in (("actions", A), ("opponent_actions", B)):
            given = getattr(self, name)
            object.__setattr__(self, name, given if given is None else checked_names(name, given, count))
        exists: Any = self.joint.feasible.reshape(self.shape)
        wrong = exists != (exists.any(axis=2)[:, :, None] & exists.any(axis=1)[:, None, :])
        if wrong.any():
            state, a, b = (int(i) for i in np.argwhere(wrong)[0])
            raise InvalidModelError(
                f"state {self.state_name(state)!r} has the row player's action {self.action_name(a)!r} and the "
                f"opponent's {self.opponent_action_name(b)!r}, and not the two together; expected every action of one "
                "with every action of the other, as neither sees what the other chooses",
                state,
            )

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The arrays of a copy are closed for writing too."""
        self.__dict__.update(state)
        seal(self)

    @property
    def num_states(self) -> int:
        """Number of states S."""
        return self.shape[0]

    @property
    def num_actions(self) -> int:
        """Number of actions A of the row player."""
        return self.shape[1]

    @property
    def num_opponent_actions(self) -> int:
        """Number of actions B of the opponent."""
        return self.shape[2]

    @property
    def states(self) -> StateNames | None:
        """The names of the states; None: states are numbers."""
        return self.joint.states

    @property
    def initial(self) -> NDArray[np.float64] | None:
        """(S,) probabilities of the first state, or None if not known."""
        return self.joint.initial

    @property
    def rescaled(self) -> float:
        """The largest distance of a row's sum from 1, before `normalise=True` scaled it."""
        return self.joint.rescaled

    @property
    def rewards(self) -> NDArray[np.float64]:
        """(S, A, B) what the row player earns and the opponent loses."""
        return self.joint.rewards.reshape(self.shape)

    @cached_property
    def feasible(self) -> NDArray[np.bool_]:
        """(S, A) bool, the row player's actions that exist."""
        return sealed(np.asarray(self.joint.feasible.reshape(self.shape).any(axis=2)))

    @cached_property
    def opponent_feasible(self) -> NDArray[np.bool_]:
        """(S, B) bool, the opponent's."""
        return sealed(np.asarray(self.joint.feasible.reshape(self.shape).any(axis=1)))

    def state_name(self, state: int) -> Any:
        """The name of a state, or its number."""
        return self.states.keys[state] if self.states else state

    def action_name(self, action: int) -> Any:
        """The name of the row player's action of a number, or the number."""
        return self.actions[action] if self.actions else action

    def opponent_action_name(self, action: int) -> Any:
        """The name of the opponent's action of a number, or the number."""
        return self.opponent_actions[action] if self.opponent_actions else action

    def __repr__(self) -> str:
        """Sizes in one line."""
        S, A, B = self.shape
        return f"MarkovGame({S} states, {A} x {B} actions, {self.joint.transitions.nnz} transitions)"

    @classmethod
    def from_arrays(
        cls,
        P: Any,
        R: ArrayLike,
        terminal: Any = None,
        feasible: ArrayLike | None = None,
        opponent_feasible: ArrayLike | None = None,
        *,
        initial: Any = None,
        states: Any = None,
        actions: Any = None,
        opponent_actions: Any = None,
        normalise: bool = False,
    ) -> Self:
        """Read probabilities and rewards.

        Args:
            P: (S, A, B, S') probabilities; or a sparse (S*A*B, S') matrix whose row (s*A + a)*B + b is of (s, a, b).
            R: (S, A, B) what the row player earns and the opponent loses; or (S, A, B, S'), by the next state.
            terminal: (S,) bool, or a list of names: states that end the game when they are entered; None: none does.
            feasible: (S, A) bool, the row player's actions that exist; None: all.
            opponent_feasible: (S, B) bool, the opponent's.
            initial: (S,) probabilities of the first state; a dictionary of them; or the name of one state.
            states: S names.
            actions: A names of the row player's actions.
            opponent_actions: B names of the opponent's.
            normalise: Scale rows whose sum differs from 1 by at most .01.

        Raises:
            InvalidModelError: Shapes that do not fit, a row that is no distribution, a reward that is not finite, with
                the state and the pair of actions.

        >>> game = MarkovGame.from_arrays([[[[0.5], [1.0]]]], [[[2.0, 3.0]]])
        Traceback (most recent call last):
        planners.errors.InvalidModelError: the probabilities of state 0, actions (0, 0) sum to 0.5; expected 1 ...
        """
        rewards = as_numbers("R", R)
        if rewards.ndim not in (3, 4) or 0 in rewards.shape:
            raise InvalidModelError(f"R has shape {rewards.shape}; expected (S, A, B), or (S, A, B, S')")
        S, A, B = rewards.shape[:3]
        found: Any = P.shape if sparse.issparse(P) else as_numbers("P", P).shape  # pyright: ignore
        expected = (S * A * B, S) if sparse.issparse(P) else (S, A, B, S)
        if tuple(found) != expected or rewards.shape[3:] not in ((), (S,)):
            raise InvalidModelError(
                f"P has shape {tuple(found)} and R {rewards.shape}; expected {expected} and {(S, A, B)}"
            )
        own, other = np.ones((S, A, 1), dtype=bool), np.ones((S, 1, B), dtype=bool)
        if feasible is not None:
            own = as_mask("feasible", feasible, (S, A))[:, :, None]
        if opponent_feasible is not None:
            other = as_mask("opponent_feasible", opponent_feasible, (S, B))[:, None, :]
        given = P if sparse.issparse(P) else np.asarray(P).reshape(S, A * B, S)  # of its own type: float32 rounds more
        with _in_pairs(B, actions, opponent_actions):
            joint = TabularMDP.from_arrays(
                given, rewards.reshape(S, A * B, *rewards.shape[3:]), terminal, (own & other).reshape(S, A * B),
                axes="SAS", initial=initial, states=states, normalise=normalise,
            )  # fmt: skip
        return cls(joint, (S, A, B), actions, opponent_actions)

    @classmethod
    def from_functions(
        cls,
        start: Any,
        actions: Callable[[Any], Iterable[Any]],
        opponent_actions: Callable[[Any], Iterable[Any]],
        outcomes: Callable[[Any, Any, Any], Iterable[tuple[Any, Any, Any]]],
        terminal: Any = None,
        **options: Any,
    ) -> Self:
        """Follow functions from the first states; states and actions are any objects that can be hashed.

        Args:
            start: The first state, several, or a dictionary of their probabilities.
            actions: A function of a state: the row player's actions.
            opponent_actions: A function of a state: the opponent's actions; one, such as ["wait"], where it is the row
                player's turn.
            outcomes: A function of a state and an action of each player: a list of (probability, next state, reward of
                the row player).
            terminal: A function of a state: whether the game ends on entering it; or a set of those states.
            **options: `terminal_reward`, `max_states`, `progress`, `normalise`, as for `TabularMDP.from_functions`.

        Raises:
            InvalidModelError: A function returned a value that is no action, no outcome or no distribution.
            InvalidOptionError: More than `max_states` states, or arguments of another kind.

        >>> game = MarkovGame.from_functions("even", lambda s: [0, 1], lambda s: [0, 1],
        ...     lambda s, a, b: [(0.5, "even", float(a == b)), (0.5, "over", float(a == b))], {"over"})
        >>> game.shape, game.states.keys
        ((2, 2, 2), ('even', 'over'))
        """
        for name, function in (("actions", actions), ("opponent_actions", opponent_actions)):
            if not callable(function):
                raise InvalidOptionError(f"{name} is {function!r:.80}; expected a function, {name}=lambda s: [...]")
        joint: Any = TabularMDP.from_functions(
            start,
            lambda s: list(product(listed(actions, s), listed(opponent_actions, s))),
            lambda s, pair: outcomes(s, *pair),
            terminal,
            **options,
        )
        pairs = [pair if isinstance(pair, tuple) else (pair, pair) for pair in joint.actions]  # or every state ends
        own, other = (_numbered(label) for label in zip(*pairs, strict=True))
        place = np.full((len(own), len(other)), -1)
        for number, (a, b) in enumerate(pairs):
            place[own[a], other[b]] = number
        return cls(on_grid(joint.tabular, place), (joint.num_states, *place.shape), _names(own), _names(other))

    @classmethod
    def from_matrix(cls, R: ArrayLike, *, actions: Any = None, opponent_actions: Any = None) -> Self:
        """A matrix game: one state, and the game is over after one move of each.

        Args:
            R: (A, B) what the row player earns and the opponent loses.
            actions: A names of the rows.
            opponent_actions: B names of the columns.

        Raises:
            InvalidModelError: `R` is no matrix of finite numbers.
        """
        rewards = as_numbers("R", R)
        if rewards.ndim != 2 or not rewards.size:
            raise InvalidModelError(f"R has shape {rewards.shape}; expected (A, B)")
        pairs = (1, rewards.size)
        with _in_pairs(rewards.shape[1], actions, opponent_actions):
            joint = TabularMDP(
                transitions=sparse.csr_array((rewards.size, 1)), termination=np.ones(pairs),
                rewards=rewards.reshape(pairs).astype(np.float64), feasible=np.ones(pairs, dtype=bool),
                initial=np.ones(1),
            )  # fmt: skip
        return cls(joint, (1, *rewards.shape), actions, opponent_actions)

    @classmethod
    def from_turns(cls, model: ModelLike, opponent_moves: ArrayLike) -> Self:
        """A game in which one player moves in each state: an MDP in which the opponent moves in some states.

        Args:
            model: A model of S states, or an environment that has one.
            opponent_moves: (S,) bool, where the opponent chooses the action; elsewhere the row player does.

        >>> from planners import TabularMDP
        >>> tug = TabularMDP.from_arrays([[[0, 1], [0, 1]], [[1, 0], [0, 1]]], [[1, 5], [0, 2]], axes="SAS")
        >>> MarkovGame.from_turns(tug, [False, True]).opponent_feasible.tolist()
        [[True, False], [True, True]]
        """
        mdp: TabularMDP = as_model(model).tabular
        S, A = mdp.feasible.shape
        theirs = as_mask("opponent_moves", opponent_moves, (S,))
        place = np.full((A, A), -1)
        place[:, 0] = place[0] = np.arange(A)
        joint = on_grid(mdp, place)
        exists = np.zeros((S, A, A), dtype=bool)
        exists[~theirs, :, 0], exists[theirs, 0] = mdp.feasible[~theirs], mdp.feasible[theirs]
        return cls(replace(joint, feasible=exists.reshape(S, A * A)), (S, A, A), mdp.actions, mdp.actions)


def on_grid(mdp: TabularMDP, place: NDArray[np.int64]) -> TabularMDP:
    """The tables of an MDP in the order of pairs: action a*B + b is number place[a, b]; -1: there is none."""
    S, before = mdp.feasible.shape
    there, taken = place.ravel() >= 0, np.maximum(place.ravel(), 0)

    def rows(matrix: sparse.csr_array) -> sparse.csr_array:
        chosen = take_rows(matrix, (np.arange(S)[:, None] * before + taken[there]).ravel())
        lengths = np.zeros((S, len(there)), dtype=chosen.indptr.dtype)
        lengths[:, there] = np.diff(chosen.indptr).reshape(S, -1)
        indptr = np.concatenate(([0], np.cumsum(lengths))).astype(chosen.indptr.dtype)
        return sparse.csr_array((chosen.data, chosen.indices, indptr), shape=(S * len(there), S))

    def table(numbers: NDArray[Any]) -> NDArray[Any]:
        return np.where(there, numbers[:, taken], np.zeros((), numbers.dtype))

    return TabularMDP(
        transitions=rows(mdp.transitions), termination=table(mdp.termination), rewards=table(mdp.rewards),
        feasible=table(mdp.feasible), initial=mdp.initial, states=mdp.states, rescaled=mdp.rescaled,
        endings=None if mdp.endings is None else rows(mdp.endings),
    )  # fmt: skip


@contextmanager
def _in_pairs(B: int, *names: Any) -> Iterator[None]:
    """In errors, the number of a joint action becomes the pair of its names."""
    try:
        yield
    except InvalidModelError as error:
        if error.action is not None:
            places = zip(names, divmod(error.action, B), strict=True)
            a, b = (place if given is None else given[place] for given, place in places)
            error.args = (str(error).replace(f"action {error.action}", f"actions ({a!r}, {b!r})"),)
        raise


def _numbered(labels: Iterable[Any]) -> dict[Any, int]:
    """The number of each name: by size where all are whole numbers, else as they were found."""
    found = list(dict.fromkeys(labels))
    whole = all(isinstance(label, int | np.integer) and not isinstance(label, bool) for label in found)
    return {label: number for number, label in enumerate(sorted(found) if whole else found)}


def _names(numbers: dict[Any, int]) -> tuple[Any, ...] | None:
    """The names, unless each is its own number."""
    return None if all(label == number for label, number in numbers.items()) else tuple(numbers)
