"""The game as a PettingZoo Parallel environment: both players move at the same time."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from gan_lab.environments.sample_state import Payoffs
from gan_lab.environments.states import make_state, metadata_of, spaces_of
from gan_lab.errors import WiringError, choose, whole_number
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR
from gan_lab.payoffs.losses import find_loss


class SimultaneousEnv(ParallelEnv[str, Any, Any]):
    """GAN training as a game in which both players move at once.

    Arguments and `infos` are those of `AlternatingEnv`, without `discriminator_steps`. The discriminator judges
    the samples that its observation shows: those of the generator's last move, or of a seated generator. Learners
    take both gradients before either moves: the generator's payoff is worth what the discriminator was.

    >>> env = SimultaneousEnv("ring8", batch_size=4)
    >>> observations, infos = env.reset(seed=1)
    >>> observations["generator_0"].shape, observations["discriminator_0"].shape
    ((4, 8), (8, 2))
    """

    def __init__(
        self,
        game: Any = "ring8",
        *,
        loss: Any = "minimax",
        penalty: Any = None,
        penalty_weight: float = 1.0,
        batch_size: int = 64,
        max_cycles: int | None = 1000,
        tensors: bool = False,
        render_mode: str | None = None,
    ) -> None:
        """Set up the game."""
        self.board = make_state(game, loss, penalty, penalty_weight, batch_size)
        self.metadata = metadata_of(self.board.game, find_loss(loss), render_mode, is_parallelizable=True)
        self.zero_sum = self.metadata["zero_sum"]
        self.max_cycles = None if max_cycles is None else whole_number("max_cycles", max_cycles, 1)
        self.tensors, self.render_mode = tensors, render_mode
        self.possible_agents = [DISCRIMINATOR, GENERATOR]
        self.agents = []
        self.window: Any = None
        self._spaces = spaces_of(self.board)

    def observation_space(self, agent: str) -> Box:
        """Of the agent: noise, or samples; in exact games both strategies."""
        return choose(agent, self._spaces, "agent")[0]

    def action_space(self, agent: str) -> Box:
        """Of the agent: samples, or probabilities; in exact games its strategy."""
        return choose(agent, self._spaces, "agent")[1]

    def seat(self, **players: Any) -> None:
        """Let players answer by themselves when the other's move needs them: `env.seat(generator_0=...)`."""
        self.board.seat(players)

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Start a game; a seed starts the random numbers anew."""
        if seed is not None or not hasattr(self, "np_random"):
            self.np_random = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self.turn = 0
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self.board.begin(self.np_random)
        return self._observations(), {agent: {} for agent in self.agents}

    def step(
        self, actions: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Play both moves."""
        if not self.agents:
            raise WiringError("step() before reset(), or after the end of the game: call env.reset() first")
        if missing := [agent for agent in self.agents if agent not in actions]:
            raise WiringError(f"no move of {' and '.join(missing)}; both players move at once")
        payoffs = self._located(self.board.both, actions[DISCRIMINATOR], actions[GENERATOR])
        agents = self.agents
        value = payoffs.discriminator.item()
        self.rewards = {DISCRIMINATOR: value, GENERATOR: -value if self.zero_sum else payoffs.generator.item()}
        self.turn += 1
        over = self.max_cycles is not None and self.turn >= self.max_cycles
        infos = {agent: {"payoff": payoffs.of(agent)} if self.tensors else {} for agent in agents}
        observations = self._observations()
        if over:
            self.agents = []
        if self.render_mode == "human":
            self.render()
        return observations, self.rewards, dict.fromkeys(agents, False), dict.fromkeys(agents, over), infos

    def _check_begun(self) -> None:
        if not hasattr(self, "turn"):
            raise WiringError("the game has not begun: call env.reset() first")

    def _located(self, move: Callable[..., Payoffs], *moves: Any) -> Payoffs:
        """What a move is worth; an error says at which turn it was."""
        try:
            return move(*moves)
        except WiringError as error:
            error.args = (f"{error}, at turn {self.turn}",)
            raise

    def state(self) -> NDArray[Any]:
        """The whole board, flat."""
        self._check_begun()
        return self.board.state()

    def render(self) -> Any:
        """The picture of the game, by `render_mode`."""
        self._check_begun()
        if self.render_mode is None:
            warnings.warn("render() without a render mode shows nothing: render_mode='rgb_array'", stacklevel=2)
            return None
        from gan_lab.environments.rendering.display import show

        return show(self)

    def close(self) -> None:
        """Close the window, if there is one."""
        if self.window is not None:
            self.window.close()
            self.window = None

    def _observations(self) -> dict[str, Any]:
        seen = self.board.observations()
        return seen if self.tensors else {agent: view.detach().cpu().numpy() for agent, view in seen.items()}
