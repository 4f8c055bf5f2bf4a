"""The duality gap: what the players could gain by leaving.

    gap(D, G) = max_D' V(D', G) - min_G' V(D, G')        0 at an equilibrium, and only there

On games of strategies it is exact. On mixtures both sides are bounded by what can be found: the best D' is worth
at least -log 4 + 2 JSD of binned samples, and the worst G' puts all its mass where the score is largest. So the
estimate is a lower bound of the gap, up to the error of counting samples that is shown beside it.

Source: Grnarova et al. 2019, section 3.
"""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import brentq
from torch.nn.functional import logsigmoid, softplus

from gan_lab.players import scores_of
from gan_lab.truth import LOG_4

if TYPE_CHECKING:
    from gan_lab.games.sample_game import SampleGame

CLIMB: Final = 50  # steps uphill on the score, from the best points found


def evaluate_samples(
    game: "SampleGame", discriminator: Any, samples: NDArray[Any], rng: np.random.Generator, *, relative: bool = False
) -> dict[str, float]:
    """V of fresh samples, its gap to -log 4, what the game knows, and an estimate of the duality gap.

    Scores that are known up to a constant (`relative`) are shifted by the one that makes V largest.
    """
    real = game.real(len(samples), rng)
    with torch.no_grad():
        scores = [scores_of(discriminator, torch.from_numpy(part)) for part in (real, samples)]
        shift = best_shift(*scores) if relative else 0.0
        on_real = float(logsigmoid(scores[0] + shift).mean())
        value = on_real + float(logsigmoid(-scores[1] - shift).mean())
    found = {"value": value, "gap_to_minus_log_4": value + LOG_4, **game.truth(samples, rng)}
    if "jsd" in found:
        best = -LOG_4 + 2 * found["jsd"]
        found["duality_gap"] = best - (on_real + worst_case(game, discriminator, samples, real, rng, shift))
        found["duality_gap_error"] = 2 * found["jsd_error"]
    return found


def best_shift(real: torch.Tensor, fake: torch.Tensor) -> float:
    """The constant b that maximises E log sigmoid(s(x) + b) + E log sigmoid(-s(G(z)) - b), which is concave in b.

    >>> best_shift(torch.tensor([3.0]), torch.tensor([3.0]))
    -3.0
    """

    def slope(shift: float) -> float:
        return float(torch.sigmoid(-real - shift).mean() - torch.sigmoid(fake + shift).mean())

    ends = -float(torch.cat([real, fake]).max()) - 1.0, -float(torch.cat([real, fake]).min()) + 1.0
    return float(brentq(slope, *ends))


def worst_case(
    game: "SampleGame",
    discriminator: Any,
    samples: NDArray[Any],
    real: NDArray[Any],
    rng: np.random.Generator,
    shift: float = 0.0,
) -> float:
    """The least log(1 - D(x)) that is found: from samples, data and the box, uphill on the score."""
    box = rng.uniform(-game.bound, game.bound, samples.shape).astype(np.float32)
    points = torch.from_numpy(np.concatenate([samples.astype(np.float32), real, box]))
    points = points.to(getattr(discriminator, "device", "cpu"))
    with torch.no_grad():
        scores = scores_of(discriminator, points)
    best = points[scores.topk(min(16, len(points))).indices].clone().requires_grad_()
    optimizer = torch.optim.Adam([best], lr=0.01 * game.scale, maximize=True)
    highest = float(scores.max())
    for _ in range(CLIMB):
        climbed = scores_of(discriminator, best)
        highest = max(highest, float(climbed.detach().max()))
        (best.grad,) = torch.autograd.grad(climbed.sum(), best)
        optimizer.step()
        with torch.no_grad():
            best.clamp_(-game.bound, game.bound)
    return -float(softplus(torch.tensor(highest + shift, dtype=torch.float64)))
