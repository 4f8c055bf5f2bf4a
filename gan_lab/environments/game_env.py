"""What both forms of the game as a PettingZoo environment have in common."""

import warnings
from collections.abc import Callable
from typing import Any

from gymnasium.spaces import Box
from numpy.typing import NDArray

from gan_lab.errors import SIZE, WiringError, choose, number_of_at_least_0, shown, switch, whole_number
from gan_lab.games import GameLike, make_game
from gan_lab.games.game import GameState, Payoffs
from gan_lab.payoffs.losses import find_loss
from gan_lab.payoffs.penalties import find_penalty

RENDER_MODES = ["human", "rgb_array", "ansi"]


class GameEnv:
    """Spaces, players that answer by themselves, pictures, and errors that say at which turn they were.

    Attributes:
        game_state: The game between two turns.
        turn: Number of turns played.
    """

    tensors: bool
    render_mode: str | None
    agents: list[str]
    turn: int

    def _set_up(
        self, state: GameState, max_cycles: int | None, tensors: bool, render_mode: str | None, *, parallel: bool
    ) -> None:
        if render_mode is not None and not (isinstance(render_mode, str) and render_mode in RENDER_MODES):
            raise WiringError(f"render_mode is {shown(render_mode)}; expected one of {RENDER_MODES} or None")
        self.game_state = state
        self.metadata: dict[str, Any] = {
            "name": f"gan_{state.game.name}_v0",
            "render_modes": RENDER_MODES,
            "render_fps": 10,
            "is_parallelizable": parallel,
            "loss": state.loss.name,
            "zero_sum": state.game.is_zero_sum(state.loss),
        }
        self.max_cycles: int | None = None if max_cycles is None else whole_number("max_cycles", max_cycles, 1)
        self.tensors, self.render_mode = switch("tensors", tensors), render_mode
        self.possible_agents: list[str] = state.agents
        self.agents = []
        self.window: Any = None
        self._spaces = {
            agent: (state.observation_space(agent), state.action_space(agent)) for agent in self.possible_agents
        }

    def observation_space(self, agent: str) -> Box:
        """The observation space of the agent: noise or samples; in exact games, both strategies."""
        return choose(agent, self._spaces, "agent")[0]

    def action_space(self, agent: str) -> Box:
        """The action space of the agent: samples or probabilities; in exact games, its strategy."""
        return choose(agent, self._spaces, "agent")[1]

    def seat(self, **players: Any) -> None:
        """Let players answer by themselves when the other's turn needs them: `env.seat(generator_0=...)`."""
        self.game_state.seat(players)

    def state(self) -> NDArray[Any]:
        """A flat array of everything that the next turns depend on."""
        self._check_begun()
        return self.game_state.state()

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


def make_state(game: GameLike, loss: Any, penalty: Any, penalty_weight: float, batch_size: int) -> GameState:
    """The state of a game that has not begun, from names or from what they name.

    Raises:
        WiringError: Something has no such name, or a number is out of range.
    """
    batch_size = whole_number("batch_size", batch_size, 1, SIZE)
    penalty_weight = number_of_at_least_0("penalty_weight", penalty_weight)
    return make_game(game).state(find_loss(loss), find_penalty(penalty), penalty_weight, batch_size)
