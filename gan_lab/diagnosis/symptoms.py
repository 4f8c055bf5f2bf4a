"""The ways in which GAN training fails, each recognised by numbers of the run, under the name by which it is known.

A symptom is a function of a run that returns what it saw, or None. The thresholds are far from what healthy runs show
and from what failing ones show; `docs/failures.md` has both, over drawn seeds, with the causes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import torch
from torch import Tensor

from gan_lab.diagnosis.verdicts import SETTLED, UNEVEN
from gan_lab.games import SampleGame
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.metrics.duality_gap import log_odds
from gan_lab.payoffs.losses import LOSSES
from gan_lab.payoffs.penalties import PENALTIES
from gan_lab.players import scores_of
from gan_lab.truth import LOG_4

if TYPE_CHECKING:
    from gan_lab.training.run import Run

SAMPLES: Final = 1000  # of each kind that are judged
CROSSINGS: Final = 2  # of V at the equilibrium, as far as evaluations see them: a full turn has four
FEWEST: Final = 4  # evaluations from which a trend can be read
STANDING: Final = 0.9  # share of the distance that is left, above which nothing has been gained
WON: Final = 0.9  # difference of D(x) and D(G(z)) from which the discriminator makes hardly a mistake
VANISHED: Final = 0.01  # share of the non-saturating gradient that is left to the generator
RECOGNISED: Final = 0.8  # share of pairs in which training data score higher than unseen data; 0.5 without memory
OVERFITTED: Final = 0.5  # of the way from the training data to the generated ones, where unseen data score
LOPSIDED: Final = 3.0  # slope where nothing is penalised, divided by the slope where it is
STEEP: Final = 100.0  # of a critic, whose slope should be 1; with a gradient penalty it is 1 to 3 on ring8, without 1e6
AHEAD: Final = 0.15  # V above -log 4, in nats: the discriminator tells the two apart

RELATIVISTIC: Final = LOSSES["relativistic"]
BOTH: Final = PENALTIES["r1r2"]


def advice(*cures: tuple[str, bool]) -> str:
    """What to do: of several cures, those that the run does not have already.

    >>> advice(("a penalty", True), ("a smaller rate", False), ("more updates", False))
    'a smaller rate, or more updates.'
    """
    return ", or ".join(words for words, is_taken in cures if not is_taken) + "."


@dataclass(frozen=True)
class Symptom:
    """A recognised failure of training.

    Attributes:
        name: Name of the failure, a key of `gan_lab.diagnosis.symptoms.SYMPTOMS`.
        evidence: The numbers by which it was recognised.
        says: The observation, in words.
        fix: What to do.

    >>> print(Symptom("divergence", {"broken players": 1.0}, "A number is not finite.", "a smaller rate."))
    Symptom: divergence. A number is not finite. Fix: a smaller rate.
    """

    name: str
    evidence: dict[str, float]
    says: str
    fix: str

    def __str__(self) -> str:
        """The name, the evidence and the fix in two sentences."""
        return f"Symptom: {self.name}. {self.says} Fix: {self.fix}"


@dataclass(frozen=True, eq=False)
class Judged:
    """What the discriminator says of samples.

    Attributes:
        scores: (m,) logits.
        slopes: (m,) norms of the score's gradient, times the scale of the game.
    """

    scores: Tensor
    slopes: Tensor


def _game(run: "Run") -> SampleGame:
    """The game of a run in which samples are judged."""
    return cast(SampleGame, run.game)


def judged(run: "Run", samples: Any) -> Judged:
    """Scores and slopes of (m, d) samples."""
    points = torch.as_tensor(np.asarray(samples, dtype=np.float32)).requires_grad_()
    scores = scores_of(run.discriminator, points)
    slopes = torch.zeros_like(points)
    if scores.requires_grad:
        (slopes,) = torch.autograd.grad(scores.sum(), points, allow_unused=True, materialize_grads=True)
    return Judged(scores.detach(), slopes.flatten(1).norm(dim=1) * _game(run).scale)


def divergence(run: "Run") -> Symptom | None:
    """A player's numbers are not finite: its parameters, its samples or its scores."""
    broken = [name for name, player in run.players.items() if player.is_broken()]
    if not broken and run.game.of_samples:
        samples = run.sample(SAMPLES, run.steps)
        if not np.isfinite(samples).all():
            broken = [GENERATOR]
        elif not all(torch.isfinite(part.scores).all() for part in _both(run)):
            broken = [DISCRIMINATOR]
    if not broken:
        return _endless_critic(run) if run.game.of_samples and run.loss.is_unbounded else None
    return Symptom(
        "divergence",
        {"broken players": float(len(broken))},
        f"The numbers of {' and '.join(broken)} are not finite.",
        advice(("a smaller rate", False), ("penalty='r1r2'", run.penalty == BOTH)),
    )


def _endless_critic(run: "Run") -> Symptom | None:
    """A critic whose slope grows: nothing holds it at 1, where its payoff would be W1.

    Source: Arjovsky, Chintala and Bottou 2017, section 3.
    """
    slope = float(torch.cat([part.slopes for part in _both(run)]).square().mean().sqrt()) / _game(run).scale
    if slope < STEEP:
        return None
    return Symptom(
        "divergence",
        {"slope of the critic": slope},
        f"The slope of the critic is {slope:.2g} at data and samples; its payoff is a distance where it is at most 1.",
        advice(
            ("penalty='gradient_penalty'", run.penalty == PENALTIES["gradient_penalty"]),
            ("a larger penalty_weight", run.penalty is None),
            ("a smaller rate", False),
        ),
    )


def cycling(run: "Run") -> Symptom | None:
    """On games of strategies: V passes its value at the equilibrium again and again, and the distance stays.

    Source: Mescheder, Geiger and Nowozin 2018, section 2: the eigenvalues of the field are imaginary.
    """
    if len(run.truth) < FEWEST:
        return None
    key = "distance" if "distance" in run.truth[0] else "exploitability"
    distances = np.array([row[key] for row in run.truth])
    signs = np.sign([row["value"] - run.game.known_value for row in run.truth])
    crossings = int((signs[1:] * signs[:-1] < 0).sum())
    quarter = max(len(distances) // 4, 1)
    first, last = float(distances[:quarter].mean()), float(distances[-quarter:].mean())
    if crossings < CROSSINGS or last < STANDING * first or run.truth[-1]["exploitability"] < SETTLED:
        return None
    grows = "grew" if last > first / STANDING else "stayed"
    return Symptom(
        "cycling",
        {"crossings": float(crossings), f"{key} at first": first, f"{key} at last": last},
        f"V passed its value at the equilibrium {crossings} times, and the {key} {grows}: {first:.3g} at first, "
        f"{last:.3g} at last.",
        advice(
            ("penalty='r1r2' where the game has a slope", run.penalty is not None),
            ("update='extragradient'", run.settings.facts.get("update") == "extragradient"),
            ("a smaller rate", run.settings.facts.get("update") != "extragradient"),
        ),
    )


def mode_collapse(run: "Run") -> Symptom | None:
    """Some modes get far more samples than their share, others none.

    Counted by nearest mode, wherever the samples are: a generator that has not arrived yet covers evenly.
    """
    modes = run.game.origin.mode_count
    if modes is None or modes < 2 or not run.truth or run.is_young:
        return None
    excess = [row["reverse_kl"] - row["reverse_kl_floor"] for row in run.truth]
    lasting = min(excess[-1], float(np.median(excess[len(excess) // 2 :])))
    if lasting < UNEVEN:
        return None
    served = modes * math.exp(-excess[-1])
    return Symptom(
        "mode collapse",
        {"excess reverse KL": excess[-1], "modes served": served, "modes": float(modes)},
        f"The samples are as unevenly spread over {modes} modes as if {served:.1f} were served evenly (reverse KL "
        f"{excess[-1]:.2g} above that of fresh data).",
        advice(
            ("loss='relativistic' with penalty='r1r2'", run.loss == RELATIVISTIC and run.penalty == BOTH),
            ("the game's own recipe", not run.has_better_recipe),
            ("more updates", False),
        ),
    )


def vanishing_gradient(run: "Run") -> Symptom | None:
    """The discriminator has won, and the generator's payoff is flat where its samples are.

    Compared with what the non-saturating payoff E log D(G(z)) would pull with, against the same discriminator.

    Source: Goodfellow et al. 2014, section 3; Arjovsky and Bottou 2017, Theorem 2.4.
    """
    real, fake = _both(run)
    odds = log_odds(run.loss, real.scores, fake.scores)
    apart = float(torch.sigmoid(odds(real.scores)).mean() - torch.sigmoid(odds(fake.scores)).mean())
    pull = _pull(real, fake, run.loss.generator)
    other = _pull(real, fake, LOSSES["non_saturating"].generator)
    if apart < WON or pull > VANISHED * other:
        return None
    share = pull / other if other > 0 else 0.0
    return Symptom(
        "vanishing generator gradient",
        {"D(x) - D(G(z))": apart, "gradient": pull, "non-saturating gradient": other},
        f"D tells data and samples apart (D(x) - D(G(z)) is {apart:.3f} on average), and the payoff of the generator "
        f"has the slope {pull:.2g} at its samples: {share:.1g} of the {other:.2g} of the non-saturating payoff.",
        advice(
            ("loss='non_saturating'", run.loss == LOSSES["non_saturating"]),
            ("loss='relativistic'", run.loss == RELATIVISTIC),
        ),
    )


def memorising(run: "Run") -> Symptom | None:
    """The discriminator knows the training data by heart: unseen data score like generated ones.

    r = (E s(training) - E s(unseen)) / (E s(training) - E s(G(z))) is 0 without memory and 1 where unseen data count
    as generated.

    Source: Karras et al. 2020 (ADA), equation 1.
    """
    rng = np.random.default_rng([run.steps, 3])
    unseen = _game(run).unseen(SAMPLES, rng)
    if unseen is None:
        return None
    known, fake = _both(run)
    fresh = judged(run, unseen)
    order = float((known.scores[:, None] > fresh.scores[None, :]).float().mean())
    lost = float(known.scores.mean() - fresh.scores.mean())
    reach = float(known.scores.mean() - fake.scores.mean())
    if order < RECOGNISED or lost < OVERFITTED * reach:
        return None
    return Symptom(
        "memorising discriminator",
        {"pairs": order, "lost": lost, "reach": reach},
        f"Of a training point and an unseen one of the same kind it scores the training point higher in {order:.0%} of "
        f"pairs (50% without memory); mean scores: training {known.scores.mean():.3g}, unseen "
        f"{fresh.scores.mean():.3g}, generated {fake.scores.mean():.3g}.",
        "more data, or penalty='r1r2' with a larger penalty_weight.",
    )


def one_penalty(run: "Run") -> Symptom | None:
    """With R1 or R2 alone, the discriminator is steep where nothing is penalised, and has run away.

    Source: Huang et al. 2024 (R3GAN), section 2.
    """
    if run.penalty is None or not run.penalty.on or not run.truth:
        return None
    real, fake = (part.slopes.square().mean().sqrt().item() for part in _both(run))
    on_real = run.penalty.on == "real"
    free, held = (fake, real) if on_real else (real, fake)
    ahead = run.truth[-1]["value"] + LOG_4
    if free < LOPSIDED * held or ahead < AHEAD:
        return None
    where, other = ("generated", "real") if on_real else ("real", "generated")
    return Symptom(
        "one-penalty divergence",
        {"slope where free": free, "slope where penalised": held, "V + log 4": ahead},
        f"{run.penalty.name.upper()} alone leaves the slope on {where} samples free: it is {free:.3g} there and "
        f"{held:.3g} on {other} ones, and V is {ahead:.2g} above -log 4.",
        "penalty='r1r2'.",
    )


SYMPTOMS: Final[dict[str, Callable[["Run"], Symptom | None]]] = {
    "divergence": divergence,
    "cycling": cycling,
    "mode collapse": mode_collapse,
    "vanishing generator gradient": vanishing_gradient,
    "memorising discriminator": memorising,
    "one-penalty divergence": one_penalty,
}


def find_symptoms(run: "Run") -> list[Symptom]:
    """All symptoms of its game that a run shows; of a player that broke down nothing else can be said."""
    found: list[Symptom] = []
    judged = run.loss.judges_samples  # otherwise nobody knows what the scores mean
    for name in [name for name in run.game.symptoms if judged or name == "mode collapse"]:
        if (symptom := SYMPTOMS[name](run)) is not None:
            found.append(symptom)
            if name == "divergence":
                break
    return found


def _both(run: "Run") -> tuple[Judged, Judged]:
    """What the discriminator says of data that it has seen the like of, and of generated samples."""
    real = _game(run).real(SAMPLES, np.random.default_rng([run.steps, 2]))
    return judged(run, real), judged(run, run.sample(SAMPLES, run.steps))


def _pull(real: Judged, fake: Judged, payoff: Any) -> float:
    """The mean norm of the gradient of a payoff by a sample, times their number and the scale of the game."""
    scores = fake.scores.clone().requires_grad_()
    (weights,) = torch.autograd.grad(payoff(real.scores, scores, None, None), scores)
    return float((weights.abs() * fake.slopes).sum())
