"""A Markov game of `planners` as a PettingZoo parallel environment, whose `step` draws from the game's own tables."""

import operator
from typing import Any

import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.spaces import Discrete

from gridworld_env.dynamics.row_sampler import RowSampler
from gridworld_env.errors import MapError
from planners.games.markov_game import MarkovGame

try:
    from pettingzoo import ParallelEnv
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "gridworld_env.parallel_game needs PettingZoo, which is not installed here: pip install pettingzoo",
        name="pettingzoo",
    ) from error

ROW, OPPONENT = "player_0", "player_1"


class ParallelGame(ParallelEnv[str, int, int]):
    """A game of two agents who move at the same time: `player_0` plays the rows, its opponent `player_1` the columns.

    Observations are numbers of states, actions numbers of actions; the rewards of the two add up to 0. `infos` has the
    `action_mask` of each agent, 1 for actions that exist. If one agent has only one action, it is the other's turn.

    Args:
        game: A `planners.MarkovGame` that says where it begins, such as `planners.games.soccer()`.
        max_cycles: Number of steps after which the game is truncated; None: never.

    Raises:
        MapError: It is not a game, the game has no `initial`, or `max_cycles` is out of range.
        ModuleNotFoundError: PettingZoo is missing.

    >>> import planners
    >>> env = ParallelGame(planners.games.matching_pennies())
    >>> observations, infos = env.reset(seed=1)
    >>> env.step({"player_0": 0, "player_1": 1})[1]
    {'player_0': -1.0, 'player_1': 1.0}
    """

    metadata: dict[str, Any] = {"name": "markov_game_v0", "render_modes": [], "is_parallelizable": True}

    def __init__(self, game: MarkovGame, *, max_cycles: int | None = 1000) -> None:
        """Prepare the sampling."""
        if not isinstance(game, MarkovGame) or game.initial is None:
            raise MapError(f"game is {game!r:.80}; expected a planners.MarkovGame that says where it begins (initial=)")
        if max_cycles is not None and (
            isinstance(max_cycles, bool) or not isinstance(max_cycles, int) or max_cycles < 1
        ):
            raise MapError(f"max_cycles is {max_cycles!r:.80}; expected a whole number of at least 1, or None")
        self.game, self.max_cycles, self.render_mode = game, max_cycles, None
        self.possible_agents: list[str] = [ROW, OPPONENT]
        self.agents: list[str] = []
        self._sampler, self._masks = RowSampler(game.joint), (game.feasible, game.opponent_feasible)
        self._observations = {agent: Discrete(game.num_states) for agent in self.possible_agents}
        self._actions = {ROW: Discrete(game.num_actions), OPPONENT: Discrete(game.num_opponent_actions)}
        self._state, self._cycle, self._rng = -1, 0, np.random.default_rng()

    def observation_space(self, agent: str) -> Any:
        """The numbers of states."""
        return self._observations[agent]

    def action_space(self, agent: str) -> Any:
        """The numbers of the agent's actions."""
        return self._actions[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """Begin a game, in a state drawn by its probability: (observations, infos).

        Args:
            seed: Seed for new random numbers.
            options: Ignored, as there are no options and PettingZoo's tests pass any.
        """
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        assert self.game.initial is not None
        self._state = int(self._rng.choice(self.game.num_states, p=self.game.initial))
        self.agents, self._cycle = list(self.possible_agents), 0
        return self._seen(), self._infos()

    def step(self, actions: dict[str, int]) -> tuple[Any, Any, Any, Any, Any]:
        """Play the moves of both: (observations, rewards, terminations, truncations, infos).

        Raises:
            ResetNeeded: There is no game.
            InvalidAction: An agent gives no action, or an action that does not exist.
        """
        if not self.agents:
            raise ResetNeeded("step() without a game: call env.reset() first, which begins one")
        a, b = (self._checked(place, actions) for place in (0, 1))
        pair = a * self.game.num_opponent_actions + b
        move = self._sampler.draw(self._state, pair, self._rng.random())
        self._state, reward, over = self._sampler.result(self._state, move)
        self._cycle += 1
        truncated = self.max_cycles is not None and self._cycle >= self.max_cycles and not over
        rewards = {ROW: reward, OPPONENT: 0.0 - reward}
        found = (
            self._seen(),
            rewards,
            dict.fromkeys(self.agents, over),
            dict.fromkeys(self.agents, truncated),
            self._infos(),
        )
        self.agents = [] if over or truncated else self.agents
        return found

    def state(self) -> np.ndarray:
        """(1,) the number of the state."""
        return np.array([self._state])

    def _seen(self) -> dict[str, int]:
        return dict.fromkeys(self.agents, self._state)

    def _infos(self) -> dict[str, Any]:
        masks = zip(self.agents, self._masks, strict=True)
        return {agent: {"action_mask": exist[self._state].astype(np.int8)} for agent, exist in masks}

    def _checked(self, place: int, actions: dict[str, int]) -> int:
        agent, exist = self.possible_agents[place], self._masks[place][self._state]
        try:
            action = operator.index(actions[agent])
        except (KeyError, TypeError):
            action = -1
        if not 0 <= action < len(exist) or not exist[action]:
            raise InvalidAction(
                f"the action of {agent} is {actions.get(agent)!r:.80} in state {self._state}; expected one of "
                f"{', '.join(map(str, np.flatnonzero(exist)))}"
            )
        return action
