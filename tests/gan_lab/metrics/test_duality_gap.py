"""The largest score of a discriminator, for the gap: it is sought uphill from the best points that are known."""

import numpy as np
import torch
from torch import Tensor, nn

from gan_lab.games import ring
from gan_lab.metrics.duality_gap import highest_score
from gan_lab.players import Discriminator


class Hill(nn.Module):
    """Minus the squared distance from a peak of height 0."""

    def __init__(self, peak: tuple[float, float]) -> None:
        super().__init__()
        self.peak = nn.Parameter(torch.tensor(peak))

    def forward(self, points: Tensor) -> Tensor:
        return -(points - self.peak).square().sum(dim=1, keepdim=True)


def test_the_highest_score_is_found_uphill(rng: np.random.Generator) -> None:
    """No point that is known scores more than -.04 but by chance; 50 steps of a hundredth of the scale go further."""
    game, peak = ring(), np.array([0.3, -0.2])
    angles = rng.uniform(0, 2 * np.pi, 20)
    samples = (peak + 0.2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype(np.float32)
    found = highest_score(game, Discriminator(Hill((0.3, -0.2))), samples, game.real(20, rng), rng)
    assert -1e-3 < found <= 0.0


def test_the_highest_score_stays_in_the_box(rng: np.random.Generator) -> None:
    """The peak lies outside: the largest score is that of the nearest corner."""
    game = ring()
    peak = (game.bound + 1.0, game.bound + 1.0)
    samples = np.full((20, 2), game.bound - 0.1, dtype=np.float32)
    found = highest_score(game, Discriminator(Hill(peak)), samples, game.real(20, rng), rng)
    np.testing.assert_allclose(found, -2.0, atol=1e-5)
