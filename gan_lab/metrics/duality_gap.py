"""The duality gap: what the players could gain by other strategies.

    gap(D, G) = max_D' V(D', G) - min_G' V(D, G')        0 at an equilibrium, and only there

On games of strategies it is exact. On mixtures both sides are bounded by what can be found: the best D' is worth
at least -log 4 + 2 JSD of binned samples, and the worst G' puts all its mass where the score is largest. So the
estimate is a lower bound of the gap, up to the error of counting samples that is shown beside it.

Losses whose scores are no log-odds of D, such as hinge and Wasserstein, are not judged in V: their gap is what the
players could gain in their own payoffs; where these have no bound, W1 of samples stands for it. V beside it is that of
D = sigmoid(a s + b), with the a and b that make it largest (Platt 1999), which says how well the scores tell the two
kinds of samples apart.

Source: Grnarova et al. 2019, section 3.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import expit
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from gan_lab.fused_adam import Adam
from gan_lab.metrics.wasserstein import w1_beside_data
from gan_lab.payoffs.losses import Loss, mean, uses_weights
from gan_lab.players import scores_of
from gan_lab.truth import LOG_4

if TYPE_CHECKING:
    from gan_lab.games.sample_game import SampleGame

UNBOUNDED: Final = 50.0  # scores within which the best payoff of a loss is looked for
DRAWN: Final = 20  # samples of the data, to see what counting adds to the best payoff
REPEATED: Final = 5000  # samples that stand for a distribution on atoms, for a loss of samples only
FEW: Final = 6  # the same, for a loss of samples only, whose best payoff takes longer
CLIMB: Final = 50  # steps uphill on the score, from the best points found


def evaluate_samples(
    game: "SampleGame", discriminator: Any, samples: NDArray[Any], rng: np.random.Generator, loss: Loss
) -> dict[str, float]:
    """V of fresh samples, its gap to -log 4, what the game knows, and an estimate of the duality gap.

    Scores that are known up to a constant are shifted by the one that makes V largest.
    """
    real = game.data(len(samples), rng)
    with torch.no_grad():
        scores = [scores_of(discriminator, torch.from_numpy(part)).detach() for part in (real, samples)]
    odds = log_odds(loss, *scores)
    on_real = float(logsigmoid(odds(scores[0])).mean())
    value = on_real + float(logsigmoid(-odds(scores[1])).mean())
    known = game.known_of(samples, rng)
    found = {"value": value, "gap_to_minus_log_4": value + LOG_4, **known}
    if "jsd" in found:
        highest = highest_score(game, discriminator, samples, real, rng)
        if loss.log_odds is not None:
            worst = -float(softplus(odds(torch.tensor([highest]).double()))[0])
            divergence = max(found["jsd"] - found.get("jsd_floor", 0.0), 0.0)
            found["duality_gap"] = -LOG_4 + 2 * divergence - (on_real + worst)
            found["duality_gap_error"] = 2 * (found["jsd_error"] - found.get("jsd_floor", 0.0))
        elif hasattr(game, "binned"):
            found |= _gap_of_samples(game, loss, scores, samples, highest)
    if loss.is_unbounded:
        found |= w1_beside_data(game, samples, rng)
    return found


def log_odds(
    loss: Loss, real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None
) -> Callable[[Tensor], Tensor]:
    """Scores as log D / (1 - D), judged by those of real and of generated samples.

    Args:
        loss: The loss that the scores are of.
        real: (m,) scores of the data.
        fake: (m,) those of the generator.
        p: (m,) weights of the first; None: alike.
        q: (m,) weights of the second; None: alike.

    >>> from gan_lab.payoffs.losses import LOSSES
    >>> log_odds(LOSSES["hinge"], torch.tensor([2.0, 2.0]), torch.tensor([2.0, 2.0]))(torch.tensor([2.0]))
    tensor([0.])
    """
    if loss.log_odds is None:
        steepness, shift = _calibration(real, fake, p, q)
        return lambda scores: steepness * scores + shift
    of_loss = loss.log_odds
    constant = best_shift(of_loss(real), of_loss(fake), p, q) if loss.relative else 0.0
    return lambda scores: of_loss(scores) + constant


def _calibration(real: Tensor, fake: Tensor, p: Tensor | None, q: Tensor | None) -> tuple[float, float]:
    """(a, b) of D = sigmoid(a s + b), a >= 0, that make V largest; a is at most 1e3 over the spread of the scores."""
    both = torch.cat([real, fake]).double()
    centre, spread = float(both.mean()), float(both.std())
    if not (np.isfinite(spread) and spread > 1e-9 * (1 + abs(centre))):
        return 0.0, 0.0
    parts = [((part.double() - centre) / spread).numpy() for part in (real, fake)]
    weights = [
        np.full(len(part), 1 / len(part)) if given is None else given.numpy()
        for part, given in zip(parts, (p, q), strict=True)
    ]

    def below(at: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        """-V and its slope."""
        odds = [at[0] * part + at[1] for part in parts]
        lost = weights[0] @ np.logaddexp(0.0, -odds[0]) + weights[1] @ np.logaddexp(0.0, odds[1])
        pulls = [-weights[0] * expit(-odds[0]), weights[1] * expit(odds[1])]
        return float(lost), np.array(
            [sum(w @ part for w, part in zip(pulls, parts, strict=True)), sum(map(np.sum, pulls))]
        )

    steepness, shift = minimize(below, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(0.0, 1e3), (-1e3, 1e3)]).x
    return float(steepness / spread), float(shift - steepness * centre / spread)


def _gap_of_samples(
    game: Any, loss: Loss, scores: Sequence[Tensor], samples: NDArray[Any], highest: float
) -> dict[str, float]:
    """What the players could gain in the payoffs of a loss, and its error; nothing where D could gain without bound.

    The best D is bounded from below by the best on the bins by which JSD is counted, less what counting adds to it.
    """
    real, fake = scores
    p, q = game.binned(samples)
    if (best := best_payoff(loss, p, q)) is None:
        return {}
    drawn = np.random.default_rng(0).multinomial(
        len(samples), p / p.sum(), size=DRAWN if uses_weights(loss) else FEW
    ) / len(samples)
    of_data = [found for row in drawn if (found := best_payoff(loss, p, row)) is not None]
    counting = float(np.mean(of_data)) - (best_payoff(loss, p, p) or 0.0)
    with torch.no_grad():
        now = float(loss.discriminator(real, fake, None, None))
        top = torch.full_like(fake, highest)
        of_generator = float(loss.generator(real, top, None, None) - loss.generator(real, fake, None, None))
    return {"duality_gap": best - counting - now + of_generator, "duality_gap_error": 2 * float(np.std(of_data))}


def best_payoff(loss: Loss, p: NDArray[Any], q: NDArray[Any]) -> float | None:
    """max_s u_D(s) of a loss over all scores of n atoms, for p and q; None where it has no bound.

    Args:
        loss: The loss; its payoff is taken to be concave in the scores, as are those of the field.
        p: (n,) probabilities of the data.
        q: (n,) those of the generator.

    >>> from gan_lab.payoffs.losses import LOSSES
    >>> best_payoff(LOSSES["hinge"], np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    -1.0
    >>> best_payoff(LOSSES["wasserstein"], np.array([0.5, 0.5]), np.array([0.6, 0.4])) is None
    True
    """
    if loss.best is not None:
        found = loss.best(p, q)
        return found if np.isfinite(found) else None
    payoff_of = _payoff_on_atoms(loss, p, q)

    def down(at: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        scores = torch.from_numpy(at.copy()).requires_grad_()
        payoff = payoff_of(scores)
        if not payoff.requires_grad:
            return -float(payoff), np.zeros_like(at)
        (slope,) = torch.autograd.grad(payoff, scores)
        return -float(payoff.detach()), -slope.numpy()

    ends, grows = [], 1e-6
    near: Any = {"ftol": 1e-14, "gtol": 1e-10}
    if not uses_weights(loss):  # sums over thousands of samples: less exact, and in reasonable time
        near, grows = {"ftol": 1e-8, "gtol": 1e-6}, 1e-2
    for bound in (UNBOUNDED, 2 * UNBOUNDED):  # without a bound the payoff grows with that of the scores
        box = [(-bound, bound)] * len(p)
        start = np.full(len(p), loss.neutral)
        found = minimize(down, start, jac=True, method="L-BFGS-B", bounds=box, options=near)
        ends.append(-float(found.fun))
    return None if ends[1] - ends[0] > grows * (1 + abs(ends[0])) else max(ends)


def _payoff_on_atoms(loss: Loss, p: NDArray[Any], q: NDArray[Any]) -> Callable[[Tensor], Tensor]:
    """(n,) scores of atoms to the discriminator's payoff.

    A loss that ignores probabilities gets samples instead: each atom as often as it is probable, in random order, as
    some losses compare the i-th real sample with the i-th generated one.
    """
    if uses_weights(loss):
        weights = torch.from_numpy(p), torch.from_numpy(q)
        return lambda scores: loss.discriminator(scores, scores, *weights)
    rng, drawn = np.random.default_rng(0), list[Tensor]()
    for weights in (p, q):
        ends = np.rint(np.cumsum(weights) / weights.sum() * REPEATED).astype(np.int64)
        drawn.append(torch.from_numpy(rng.permutation(np.repeat(np.arange(len(p)), np.diff(ends, prepend=0)))))
    return lambda scores: loss.discriminator(scores[drawn[0]], scores[drawn[1]], None, None)


def best_shift(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> float:
    """The constant b that maximises E log sigmoid(s(x) + b) + E log sigmoid(-s(G(z)) - b), which is concave in b.

    >>> best_shift(torch.tensor([3.0]), torch.tensor([3.0]))
    -3.0
    """

    def slope(shift: float) -> float:
        return float(mean(torch.sigmoid(-real - shift), p) - mean(torch.sigmoid(fake + shift), q))

    ends = -float(torch.cat([real, fake]).max()) - 1.0, -float(torch.cat([real, fake]).min()) + 1.0
    return float(brentq(slope, *ends))


def highest_score(
    game: "SampleGame", discriminator: Any, samples: NDArray[Any], real: NDArray[Any], rng: np.random.Generator
) -> float:
    """The largest score that is found: from samples, data and the box, uphill."""
    box = rng.uniform(-game.bound, game.bound, samples.shape).astype(np.float32)
    points = torch.from_numpy(np.concatenate([samples.astype(np.float32), real, box]))
    points = points.to(getattr(discriminator, "device", "cpu"))
    with torch.no_grad():
        scores = scores_of(discriminator, points)
    best = points[scores.topk(min(16, len(points))).indices].clone().requires_grad_()
    optimizer = Adam([best], lr=0.01 * game.scale, maximize=True, fused=True)
    highest = float(scores.detach().max())
    for _ in range(CLIMB):
        climbed = scores_of(discriminator, best)
        highest = max(highest, float(climbed.detach().max()))
        if not climbed.requires_grad:  # of a score that is the same everywhere
            break
        (best.grad,) = torch.autograd.grad(climbed.sum(), best, allow_unused=True, materialize_grads=True)
        optimizer.step()
        with torch.no_grad():
            best.clamp_(-game.bound, game.bound)
    return highest
