"""About how much memory a run will take at most, said before it starts: the data, an evaluation, and a turn."""

from typing import Any, Final

import numpy as np
import torch
from torch import nn

from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.players import evaluating

BASE: Final = 250_000_000  # bytes of Python and PyTorch themselves
EVALUATED: Final = 6  # copies of the samples of an evaluation: generated, real, from the box, and all of them together
KEPT: Final = 2  # times what the layers say: with what is computed from it for the gradient
TWICE: Final = 2  # times that, where a penalty is differentiated again
WORTH_SAYING: Final = 1_000_000_000


def memory_of(game: Any, players: Any, batch_size: int, penalty: Any) -> int:
    """Bytes, about: what the game holds, the samples of an evaluation, and what the layers say of a batch.

    Args:
        game: A game of samples.
        players: Its players, by name.
        batch_size: Samples n of a turn.
        penalty: What is differentiated twice, or None.

    >>> from gan_lab.games import ring
    >>> from gan_lab.recipes.choose import PLAIN
    >>> discriminator, generator = PLAIN.players(ring())
    >>> memory_of(ring(), {"discriminator_0": discriminator, "generator_0": generator}, 256, None) < 260_000_000
    True
    """
    data = sum(part.nbytes for part in vars(game.origin.single).values() if isinstance(part, np.ndarray))
    samples = EVALUATED * 4 * game.evaluated * game.dimension
    of_sample = _said(players[DISCRIMINATOR], game.dimension) * (TWICE if penalty is not None else 1)
    turn = KEPT * batch_size * (2 * of_sample + _said(players[GENERATOR], game.noise_size))
    return BASE + data + max(samples, turn)


def sentence(run: Any) -> str:
    """What a run will take, in words; nothing where that is little, or not known."""
    if not run.game.of_samples or run.recipe is None or not run.loss.judges_samples:
        return ""
    size = memory_of(run.game, run.players, run.recipe.batch_size, run.penalty)
    if size < WORTH_SAYING:
        return ""
    return f"{run.game.name}: about {size / 2**30:.1f} GB of memory at most."


def _said(player: Any, numbers: int) -> int:
    """Bytes of all that the layers of a network say of one sample; 0 where the player has none."""
    network, total = getattr(player, "network", None), 0
    if not isinstance(network, nn.Module):
        return 0

    def add(_: nn.Module, __: Any, said: Any) -> None:
        nonlocal total
        if isinstance(said, torch.Tensor):
            total += said.nbytes

    hooks = [part.register_forward_hook(add) for part in network.modules() if not list(part.children())]
    try:
        with evaluating(player), torch.no_grad():
            player.act(torch.zeros(2, numbers))
    finally:
        for hook in hooks:
            hook.remove()
    return total // 2
