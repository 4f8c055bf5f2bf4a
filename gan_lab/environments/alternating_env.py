"""The game as a PettingZoo AEC environment, in the order of Algorithm 1: k turns of D, then one of G."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray
from pettingzoo import AECEnv

from gan_lab.environments.sample_state import NOTHING, Payoffs
from gan_lab.environments.states import make_state, metadata_of, spaces_of
from gan_lab.errors import WiringError, choose, whole_number
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR
from gan_lab.payoffs.losses import find_loss


class AlternatingEnv(AECEnv[str, Any, Any]):
    """GAN training as a game in which the players take turns.

    Args:
        game: Name of a game, or the game.
        discriminator_steps: Turns k of the discriminator before each one of the generator.
        loss: What the players want; "minimax" is V(D, G) and its negative.
        penalty: "r1", "r2", "r1r2", "gradient_penalty" or None; for players who learn.
        penalty_weight: Times the penalty.
        batch_size: Samples of a turn.
        max_cycles: Cycles of k + 1 turns after which the game is truncated; None: never.
        tensors: Whether observations are torch tensors; otherwise NumPy arrays.
        render_mode: "human", "rgb_array", "ansi" or None.

    After each move `rewards` has the players' payoffs as floats, and `infos[agent]["payoff"]` what the agent
    learns from, a tensor with the graph of its move.

    Raises:
        WiringError: An unknown game, loss or penalty, or numbers out of range.

    Source: Goodfellow et al. 2014, Algorithm 1.

    >>> env = AlternatingEnv("ring8", batch_size=4)
    >>> env.reset(seed=1)
    >>> env.agent_selection, env.last()[0].shape
    ('discriminator_0', (8, 2))
    """

    def __init__(
        self,
        game: Any = "ring8",
        discriminator_steps: int = 1,
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
        super().__init__()
        discriminator_steps = whole_number("discriminator_steps", discriminator_steps, 1)
        self.board = make_state(game, loss, penalty, penalty_weight, batch_size)
        self.metadata = metadata_of(self.board.game, find_loss(loss), render_mode, is_parallelizable=False)
        self.discriminator_steps = discriminator_steps
        self.max_cycles = None if max_cycles is None else whole_number("max_cycles", max_cycles, 1)
        self.tensors, self.render_mode = tensors, render_mode
        self.possible_agents = [DISCRIMINATOR, GENERATOR]
        self.agents = []
        self.window: Any = None
        self._order = [DISCRIMINATOR] * discriminator_steps + [GENERATOR]
        self._spaces = spaces_of(self.board)

    def observation_space(self, agent: str) -> Box:
        """Of the agent: noise, or samples; in exact games both strategies."""
        return choose(agent, self._spaces, "agent")[0]

    def action_space(self, agent: str) -> Box:
        """Of the agent: samples, or probabilities; in exact games its strategy."""
        return choose(agent, self._spaces, "agent")[1]

    def seat(self, **players: Any) -> None:
        """Let players answer by themselves when the other's turn needs them: `env.seat(generator_0=...)`."""
        self.board.seat(players)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start a game; a seed starts the random numbers anew."""
        if seed is not None or not hasattr(self, "np_random"):
            self.np_random = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos = {agent: {} for agent in self.agents}
        self.turn = 0
        self.board.begin(self.np_random)
        self._seen: Any = None
        self._payoffs: Payoffs = NOTHING
        self.agent_selection = self._order[0]

    def observe(self, agent: str) -> Any:
        """What an agent sees: on its turn what was drawn for it, otherwise the board as it is."""
        self._check_begun()
        choose(agent, self._spaces, "agent")
        if agent != self.agent_selection:
            seen = self.board.glimpse(agent)
        else:
            if self._seen is None:
                self._seen = self.board.observation(agent)
            seen = self._seen
        return seen if self.tensors else seen.detach().cpu().numpy()

    def step(self, action: Any) -> None:
        """Play the move of `agent_selection`; None when its game is over."""
        self._check_begun()
        if self.terminations[self.agent_selection] or self.truncations[self.agent_selection]:
            self._was_dead_step(action)
            return
        agent = self.agent_selection
        if self._seen is None:
            self._seen = self.board.observation(agent)
        self._cumulative_rewards[agent] = 0.0
        self._payoffs = payoffs = self._located(self.board.move, agent, action)
        self._seen = None
        self.rewards = {
            DISCRIMINATOR: float(payoffs.discriminator.detach()),
            GENERATOR: float(payoffs.generator.detach()),
        }
        self.infos = {name: {"payoff": payoffs.of(name)} if self.tensors else {} for name in self.agents}
        self.turn += 1
        if self.max_cycles is not None and self.turn >= self.max_cycles * len(self._order):
            self.truncations = dict.fromkeys(self.agents, True)
        self.agent_selection = self._order[self.turn % len(self._order)]
        self._accumulate_rewards()
        if self.render_mode == "human":
            self.render()

    def last(self, observe: bool = True) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Observation, reward since its last move, ended, cut off, and info of `agent_selection`."""
        self._check_begun()
        return super().last(observe)

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
            warnings.warn(
                "render() without a render mode shows nothing: env(..., render_mode='rgb_array')", stacklevel=2
            )
            return None
        from gan_lab.environments.rendering.display import show

        return show(self)

    def close(self) -> None:
        """Close the window, if there is one."""
        if self.window is not None:
            self.window.close()
            self.window = None
