"""Whether a discriminator judges each sample by itself, or ties the samples of a batch together, as BatchNorm does."""

from copy import deepcopy

import numpy as np
import torch

from gan_lab.players import Discriminator, evaluating


def ties_a_batch(discriminator: Discriminator, dimension: int, scale: float, learning: bool = True) -> bool:
    """Whether what a discriminator says of a sample, while it learns or not, depends on the other samples beside it.

    It judges eight points of random numbers together and four by four, as a copy, so that nothing in it changes. A
    network that draws random numbers, as dropout does, counts as one that does; judging apart does not hurt it.

    Args:
        discriminator: The player.
        dimension: Numbers of a sample.
        scale: About how large they are.
        learning: Whether it is asked in training mode.

    >>> from torch import nn
    >>> torch.manual_seed(7) and None
    >>> plain = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    >>> ties_a_batch(Discriminator(plain), 2, 1.0)
    False
    >>> ties_a_batch(Discriminator(nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))), 2, 1.0)
    True
    """
    points = np.random.default_rng(0).uniform(-scale, scale, (8, dimension))
    with evaluating(discriminator), torch.no_grad():
        network = deepcopy(discriminator.network).train(learning)
        samples = discriminator.seen(points)
        try:
            together = network(samples).flatten()
            apart = torch.cat([network(part).flatten() for part in samples.split(4)])
        except (RuntimeError, ValueError):  # of this many samples it can say nothing: its batches are its own affair
            return True
    return not torch.allclose(together, apart, rtol=1e-3, atol=1e-4 * max(1.0, float(together.abs().max())))
