"""The game as a PettingZoo AEC environment, in the order of Algorithm 1: k turns of D, then one of G."""

from typing import Any

import numpy as np
from pettingzoo import AECEnv

from gan_lab.environments.game_env import GameEnv, make_state
from gan_lab.errors import choose, seed_number, whole_number
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games import GameLike
from gan_lab.games.game import DISCRIMINATOR, NOTHING, GameState, Payoffs
from gan_lab.payoffs.penalties import WEIGHT


class AlternatingEnv(GameEnv, AECEnv[str, Any, Any]):
    """GAN training as a game in which the players take turns.

    Args:
        game: Name of a game, or the game.
        discriminator_steps: Turns k of the discriminator before each turn of the generator.
        loss: Loss that defines the payoffs. The default, "minimax", pays V(D, G) and its negative, so that rewards add
            up to 0 (the default of `train` on samples is "non_saturating").
        penalty: "r1", "r2", "r1r2", "gradient_penalty" or None; for players who learn.
        penalty_weight: Factor of the penalty.
        batch_size: Number of samples in a turn.
        max_cycles: Cycles of k + 1 turns after which the game is truncated; None: never.
        tensors: Whether observations are torch tensors; otherwise NumPy arrays.
        render_mode: "human", "rgb_array", "ansi" or None.

    After each move, `rewards` holds the players' payoffs as floats. `infos[agent]["payoff"]` is the payoff from which
    the agent learns: a tensor with the graph of its move.

    Raises:
        WiringError: An unknown game, loss or penalty, or numbers out of range.

    Source: Goodfellow et al. 2014, Algorithm 1.

    >>> env = AlternatingEnv("ring8", batch_size=4)
    >>> env.reset(seed=1)
    >>> env.agent_selection, env.last()[0].shape
    ('discriminator_0', (8, 2))
    """

    @takes_own_names
    def __init__(
        self,
        game: GameLike = "ring8",
        discriminator_steps: int = 1,
        *,
        loss: Any = "minimax",
        penalty: Any = None,
        penalty_weight: float = WEIGHT,
        batch_size: int = 64,
        max_cycles: int | None = 1000,
        tensors: bool = False,
        render_mode: str | None = None,
    ) -> None:
        """Set up the game."""
        discriminator_steps = whole_number("discriminator_steps", discriminator_steps, 1, 10**6)
        state = make_state(game, loss, penalty, penalty_weight, batch_size)
        self._take(state, discriminator_steps, max_cycles, tensors, render_mode)

    @classmethod
    def of_state(cls, state: GameState, discriminator_steps: int) -> "AlternatingEnv":
        """The environment of an existing game state, for learners: it uses tensors and has no limit of turns."""
        env = cls.__new__(cls)
        state.own_payoffs = True
        env._take(state, discriminator_steps, None, True, None)
        return env

    def _take(
        self, state: GameState, steps: int, max_cycles: int | None, tensors: bool, render_mode: str | None
    ) -> None:
        super().__init__()
        self._set_up(state, max_cycles, tensors, render_mode, parallel=False)
        self.discriminator_steps = steps
        self._order = [DISCRIMINATOR] * steps + self.possible_agents[1:]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start a game; a seed starts the random numbers anew."""
        if seed is not None or not hasattr(self, "np_random"):
            self.np_random: np.random.Generator = np.random.default_rng(None if seed is None else seed_number(seed))
        self.agents: list[str] = list(self.possible_agents)
        self.rewards: dict[str, float] = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations: dict[str, bool] = dict.fromkeys(self.agents, False)
        self.truncations: dict[str, bool] = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self.turn: int = 0
        self.game_state.begin(self.np_random)
        self._seen: Any = None
        self._payoffs: Payoffs = NOTHING
        self.agent_selection: str = self._order[0]

    def observe(self, agent: str) -> Any:
        """The observation of an agent: what was drawn for its turn, or its last observation if it is not its turn."""
        self._check_begun()
        choose(agent, self._spaces, "agent")
        if agent != self.agent_selection or self.truncations.get(agent, False):
            seen = self.game_state.glimpse(agent)
        else:
            if self._seen is None:
                self._seen = self.game_state.observation(agent)
            seen = self._seen
        return seen if self.tensors else seen.detach().cpu().numpy()

    def step(self, action: Any) -> None:
        """Play the move of `agent_selection`; pass None when the game is over for that agent."""
        self._check_begun()
        if self.terminations[self.agent_selection] or self.truncations[self.agent_selection]:
            self._was_dead_step(action)
            return
        agent = self.agent_selection
        if self._seen is None:
            self._seen = self.game_state.observation(agent)
        self._cumulative_rewards[agent] = 0.0
        self._payoffs = payoffs = self._located(self.game_state.move, agent, action)
        self._seen = None
        self.rewards = {name: payoffs.paid(name).item() for name in self.agents}
        self.infos = {name: {"payoff": payoffs.of(name)} if self.tensors else {} for name in self.agents}
        self.turn += 1
        if self.max_cycles is not None and self.turn >= self.max_cycles * len(self._order):
            self.truncations = dict.fromkeys(self.agents, True)
        self.agent_selection = self._order[self.turn % len(self._order)]
        self._accumulate_rewards()
        if self.render_mode == "human":
            self.render()

    def last(self, observe: bool = True) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Observation, reward since its last move, terminated, truncated, and info of `agent_selection`."""
        self._check_begun()
        return super().last(observe)
