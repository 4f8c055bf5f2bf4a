"""The game as a PettingZoo Parallel environment: all players move at the same time."""

from typing import Any

import numpy as np
from pettingzoo import ParallelEnv

from gan_lab.environments.game_env import GameEnv, make_state
from gan_lab.errors import WiringError, seed_number
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games import GameLike
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.payoffs.penalties import WEIGHT


class SimultaneousEnv(GameEnv, ParallelEnv[str, Any, Any]):
    """GAN training as a game in which all players move at once.

    The arguments and `infos` are those of `AlternatingEnv`, without `discriminator_steps`. The discriminator judges the
    samples that its observation shows: those of the generator's last move, or of a seated generator. Learners take both
    gradients before either player moves: the generator's payoff depends on the discriminator before its move.

    With more than two players, `gan_lab.turn_loss`, a player that is not seated is asked nothing: its move answers for
    the rows that it observed. The generator is then paid for the samples that were shown, as long as someone is not
    seated, and for its new samples otherwise.

    >>> env = SimultaneousEnv("ring8", batch_size=4)
    >>> observations, infos = env.reset(seed=1)
    >>> observations["generator_0"].shape, observations["discriminator_0"].shape
    ((4, 8), (8, 2))
    """

    @takes_own_names
    def __init__(
        self,
        game: GameLike = "ring8",
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
        state = make_state(game, loss, penalty, penalty_weight, batch_size)
        self._set_up(state, max_cycles, tensors, render_mode, parallel=True)
        self.zero_sum: bool = self.metadata["zero_sum"]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Start a game; a seed starts the random numbers anew."""
        if seed is not None or not hasattr(self, "np_random"):
            self.np_random: np.random.Generator = np.random.default_rng(None if seed is None else seed_number(seed))
        self.agents: list[str] = list(self.possible_agents)
        self.turn: int = 0
        self.rewards: dict[str, float] = dict.fromkeys(self.agents, 0.0)
        self.game_state.begin(self.np_random)
        return self._observations(), {agent: {} for agent in self.agents}

    def step(
        self, actions: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Play the moves of all agents."""
        if not self.agents:
            raise WiringError("step() before reset(), or after the end of the game: call env.reset() first")
        if missing := [agent for agent in self.agents if agent not in actions]:
            raise WiringError(f"no move of {' and '.join(missing)}; all players move at once")
        payoffs = self._located(self.game_state.at_once, actions)
        agents = self.agents
        self.rewards = {agent: payoffs.paid(agent).item() for agent in agents}
        if self.zero_sum and len(agents) == 2:
            self.rewards[GENERATOR] = -self.rewards[DISCRIMINATOR]
        self.turn += 1
        over = self.max_cycles is not None and self.turn >= self.max_cycles
        infos = {agent: {"payoff": payoffs.of(agent)} if self.tensors else {} for agent in agents}
        observations = self._observations()
        if over:
            self.agents = []
        if self.render_mode == "human":
            self.render()
        return observations, self.rewards, dict.fromkeys(agents, False), dict.fromkeys(agents, over), infos

    def _observations(self) -> dict[str, Any]:
        seen = self.game_state.observations()
        return seen if self.tensors else {agent: view.detach().cpu().numpy() for agent, view in seen.items()}
