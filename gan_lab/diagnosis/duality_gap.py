"""Has it converged, and is it mode collapse: the duality gap, and the answers in words.

    gap(D, G) = max_D' V(D', G) - min_G' V(D, G')        0 at an equilibrium, and only there

On games of strategies it is exact. On mixtures both sides are bounded by what can be found: the best D' is worth
at least -log 4 + 2 JSD of binned samples, and the worst G' puts all its mass where the score is largest. So the
estimate is a lower bound of the gap, up to the error of counting samples that is shown beside it.

Source: Grnarova et al. 2019, section 3.
"""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import brentq
from torch.nn.functional import logsigmoid, softplus

from gan_lab.environments.sample_state import SMALLEST
from gan_lab.games import DigitsGame, Game, MixtureGame, SampleGame
from gan_lab.players import Verdict
from gan_lab.truth import LOG_4

CLIMB: Final = 50  # steps uphill on the score, from the best points found
SETTLED: Final = 0.02  # a gap, in nats, below which neither player has much to gain


def look_at_samples(
    game: SampleGame, discriminator: Any, samples: NDArray[Any], rng: np.random.Generator, *, relative: bool = False
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
    game: SampleGame,
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


def scores_of(discriminator: Any, samples: torch.Tensor) -> torch.Tensor:
    """(m,) scores of a discriminator that acts with a verdict, or with probabilities."""
    verdict = discriminator.act(samples)
    if isinstance(verdict, Verdict):
        return verdict.scores
    return torch.logit(torch.as_tensor(verdict), eps=SMALLEST)


def verdicts(game: Game, truth: dict[str, float]) -> list[str]:
    """The two questions that people ask most, answered."""
    answers = [_converged(truth)]
    if isinstance(game, MixtureGame | DigitsGame) and "modes" in truth:
        answers.append(_collapsed(len(game.weights), truth))
    return answers


def _converged(truth: dict[str, float]) -> str:
    if "exploitability" in truth:
        gap, answer = truth["exploitability"], "yes, nearly"
        return (
            f"Converged? {answer if gap < SETTLED else 'no'}: the players could gain {gap:.3g} by leaving (exact; "
            + ("0 at an equilibrium).")
        )
    if "duality_gap" not in truth:
        return "Converged? Cannot be told: this game has no known truth. Losses alone do not say."
    gap, error = truth["duality_gap"], truth["duality_gap_error"]
    could = f"the players could gain {max(gap, 0.0):.3g} by leaving, or more (counting is off by up to {error:.2g})."
    if gap - error >= SETTLED:
        return f"Converged? no: {could}"
    if gap + error < SETTLED:
        return f"Converged? yes, nearly, as far as samples tell: {could}"
    return f"Converged? cannot be told from so few samples: {could}"


def _collapsed(modes: int, truth: dict[str, float]) -> str:
    shown = truth.get("modes_expected", modes)  # fewer than all where samples are few
    missed = round(shown - truth["modes"])
    excess = truth["reverse_kl"] - truth["reverse_kl_floor"]
    if missed:
        return f"Mode collapse? yes: {missed} of {modes} modes have no good sample."
    if excess > 0.05:
        return f"Mode collapse? partly: all {modes} modes are there, at wrong shares (excess reverse KL {excess:.3g})."
    return (
        f"Mode collapse? no: all {modes} modes are there, at about the right shares (excess reverse KL {excess:.2g})."
    )
