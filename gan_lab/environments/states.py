"""From the name of a game to a board to play it on."""

from typing import Any

from gymnasium.spaces import Box

from gan_lab.environments.sample_state import SampleState
from gan_lab.environments.strategy_state import StrategyState
from gan_lab.errors import WiringError, number_of_at_least_0, whole_number
from gan_lab.games import make_game
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR, SampleGame
from gan_lab.payoffs.losses import Loss, find_loss
from gan_lab.payoffs.penalties import find_penalty

Board = SampleState | StrategyState
RENDER_MODES = ["human", "rgb_array", "ansi"]


def make_state(game: Any, loss: Any, penalty: Any, penalty_weight: float, batch_size: int) -> Board:
    """A board for a game, by its name or itself.

    Raises:
        WiringError: Something has no such name, or a number is out of range.
    """
    batch_size, penalty_weight = (
        whole_number("batch_size", batch_size, 1),
        number_of_at_least_0("penalty_weight", penalty_weight),
    )
    found, chosen, slope = make_game(game), find_loss(loss), find_penalty(penalty)
    if isinstance(found, SampleGame):
        return SampleState(found, chosen, batch_size, slope, penalty_weight)
    return StrategyState(found, chosen, slope, penalty_weight)


def metadata_of(game: Any, loss: Loss, render_mode: str | None, *, is_parallelizable: bool) -> dict[str, Any]:
    """What PettingZoo and the players should know: names, and whether the payoffs add up to 0."""
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise WiringError(f"render_mode is {render_mode!r}; expected one of {RENDER_MODES} or None")
    return {
        "name": f"gan_{game.name}_v0",
        "render_modes": RENDER_MODES,
        "render_fps": 10,
        "is_parallelizable": is_parallelizable,
        "loss": loss.name,
        "zero_sum": loss.zero_sum,
    }


def spaces_of(board: Board) -> dict[str, tuple[Box, Box]]:
    """(observation space, action space) of each agent."""
    return {agent: (board.observation_space(agent), board.action_space(agent)) for agent in (DISCRIMINATOR, GENERATOR)}
