"""One picture of a game, by render mode: the samples over D's field, or both strategies as bars."""

from typing import Any, Final

import numpy as np
import torch

from gan_lab.environments.rendering.raster import GENERATED, REAL, Picture, bars, blank, dots, tint
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.games.sample_state import SampleState
from gan_lab.players import scores_of

SIZE: Final = 400
CELLS: Final = 50  # of D's field, in each direction
BINS: Final = 50


def show(env: Any) -> Picture | str | None:
    """The picture of an environment's game; None for a window."""
    if env.render_mode == "ansi":
        return as_text(env)
    picture = as_array(env.game_state)
    if env.render_mode == "rgb_array":
        return picture
    from gan_lab.environments.rendering.pygame_window import Window

    if getattr(env, "window", None) is None:
        env.window = Window(env.metadata["name"], SIZE, env.metadata["render_fps"])
    env.window.show(picture)
    return None


def as_text(env: Any) -> str:
    """Turn, payoffs, and what the samples or the strategies are like."""
    rewards = ", ".join(f"{agent} {reward:+.4f}" for agent, reward in env.rewards.items())
    lines = [f"{env.game_state.game.name}, turn {env.turn}: {rewards}"]
    if isinstance(env.game_state, SampleState):
        for name, batch in (("real", env.game_state.real), ("generated", env.game_state.generated.detach())):
            mean, spread = batch.mean(dim=0).tolist(), batch.std(dim=0, correction=0).tolist()
            numbers = ", ".join(f"{m:.2f} +- {s:.2f}" for m, s in zip(mean[:4], spread[:4], strict=True))
            lines.append(f"  {name:<10}{numbers}{', ...' if len(mean) > 4 else ''}")
    else:
        for agent, strategy in env.game_state.standing.items():
            numbers = ", ".join(f"{value:.3f}" for value in strategy[:8].tolist())
            lines.append(f"  {agent:<16}{numbers}{', ...' if len(strategy) > 8 else ''}")
    return "\n".join(lines)


def as_array(state: Any) -> Picture:
    """(400, 400, 3) pixels: samples over D's field, histograms, or both strategies as bars."""
    if not isinstance(state, SampleState):
        return _strategies(state)
    real, generated = state.real.cpu().numpy(), state.generated.detach().cpu().numpy()
    if state.game.dimension == 1:
        return _histograms(real[:, 0], generated[:, 0], state.game.bound)
    picture = blank(SIZE)
    bound = 1.25 * state.game.scale
    if state.game.dimension == 2 and DISCRIMINATOR in state.seated and state.loss.judges_samples:
        picture[:] = np.kron(tint(_field(state, bound)), np.ones((SIZE // CELLS, SIZE // CELLS, 1), dtype=np.uint8))
    dots(picture, real[:, :2], bound, REAL)
    dots(picture, generated[:, :2], bound, GENERATED)
    return picture


def _field(state: SampleState, bound: float) -> Any:
    """(CELLS, CELLS) D(x) of the seated discriminator, from the upper left."""
    line = (np.arange(CELLS, dtype=np.float32) + 0.5) / CELLS * 2 * bound - bound
    x, y = np.meshgrid(line, -line)
    with torch.no_grad():
        scores = scores_of(state.seated[DISCRIMINATOR], torch.from_numpy(np.stack([x.ravel(), y.ravel()], axis=1)))
    return torch.sigmoid(scores).numpy().reshape(CELLS, CELLS)


def _histograms(real: Any, generated: Any, bound: float) -> Picture:
    picture = blank(SIZE)
    for number, (batch, colour) in enumerate(((real, REAL), (generated, GENERATED))):
        counts, _ = np.histogram(batch, bins=BINS, range=(-bound, bound))
        bars(picture, number * SIZE // 2 + 20, SIZE // 2 - 30, counts / max(counts.max(), 1), colour)
    return picture


def _strategies(state: Any) -> Picture:
    """The discriminator's numbers above, the generator's below, as shares of the largest."""
    picture = blank(SIZE)
    for number, (agent, colour) in enumerate(((DISCRIMINATOR, REAL), (GENERATOR, GENERATED))):
        strategy = state.standing[agent].numpy()
        largest = max(float(np.abs(strategy).max()), 1.0)
        bars(picture, number * SIZE // 2 + 20, SIZE // 2 - 30, strategy / largest, colour)
    return picture
