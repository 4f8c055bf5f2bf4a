"""Has it converged, and is it mode collapse: the two questions that people ask most, answered in words."""

import math
from typing import Final

from gan_lab.games import Game

SETTLED: Final = 0.02  # a gap, in nats, below which neither player has much to gain

YOUNG: Final = 100  # updates, before which nothing is said of the modes of a generator that began at random
ARRIVED: Final = 0.1  # share of good samples, below which a mode without one is not missed yet
COVERED, UNCOVERED = 0.8, 0.4  # of the expected coverage: above, the data are covered; below, they are not
UNEVEN: Final = 0.1  # excess reverse KL, in nats: one mode in ten is empty


def verdicts(game: Game, truth: dict[str, float], young: bool = False) -> list[str]:
    """The answers, from a row of the truth; of a young generator, whose parameters are hardly learned, fewer."""
    answers = [_converged(game, truth)]
    if "coverage" in truth:
        answers.append(_covered(truth))
    if "pairs_missed" in truth:
        answers.append(_combined(truth))
    if (game.mode_count or 0) > 1 and "modes" in truth:
        answers.append(_collapsed(game.mode_count or 0, truth, young))
    return answers


def _converged(game: Game, truth: dict[str, float]) -> str:
    if "exploitability" in truth:
        gap, among = max(truth["exploitability"], 0.0), getattr(game, "deviations", "")
        if math.isnan(truth["exploitability"]):
            return "Converged? Cannot be told: the exploitability that the game says is not a number."
        return (
            f"Converged? {'yes, nearly' if gap < SETTLED else 'no'}: the players could gain {gap:.3g} by other "
            f"strategies (exact{f', among {among}' if among else ''}; 0 at an equilibrium)."
        )
    if "jsd_of_pictures" in truth:
        return _shown(truth)
    if "w1_error" in truth:
        return _near(truth)
    if "duality_gap" not in truth and "value" not in truth:
        return "Converged? Cannot be told: D is paid for something else than V, whose best value is not known."
    if "duality_gap" not in truth:
        return "Converged? Cannot be told: this game has no known truth. Losses alone do not say."
    gap, error = truth["duality_gap"], truth["duality_gap_error"]
    could = f"the players could gain {max(gap, 0.0):.3g} by other strategies, or more"
    return f"Converged? {_settled(gap, error)}: {could} (counting is off by up to {error:.2g})."


def _settled(gap: float, error: float) -> str:
    """Whether a gap, in nats, that is off by up to an error is nearly 0."""
    if gap - error >= SETTLED:
        return "no"
    if gap < SETTLED and error < SETTLED:
        return "yes, nearly, as far as samples tell"
    return "cannot be told from so few samples"


def _shown(truth: dict[str, float]) -> str:
    """Of pictures whose factors can be read: by what the samples show, whatever the loss."""
    floor, error = truth["jsd_of_pictures_floor"], 2 * truth["jsd_of_pictures_error"]
    gap = 2 * (truth["jsd_of_pictures"] - floor)
    answer = "no" if truth["pairs_missed"] else _settled(gap, error)
    return (
        f"Converged? {answer}: 2 JSD of what samples and data show is {max(gap, 0.0):.3g} nats above "
        f"that of data and other data (counting is off by up to {error:.2g}; 1.39 where they have nothing in common). "
        f"{1 - truth['high_quality']:.0%} of the samples show no picture beyond doubt; of the others "
        f"{truth['new']:.0%} show a combination that was never shown."
    )


def _combined(truth: dict[str, float]) -> str:
    """Whether values of factors, and pairs of them, are there."""
    missed, judged = round(truth["pairs_missed"]), round(truth["pairs_judged"])
    if not judged:
        return "Are all values of the factors there? Cannot be told: too few samples show a picture beyond doubt."
    if not missed:
        return f"Are all values of the factors there? yes: all {judged} pairs of values that so many samples can show."
    return (
        f"Are all values of the factors there? no: {missed} of {judged} pairs of values have far too few good samples; "
        f"{truth['values_missed']:.0f} single values have none. `run.game.factor_shares(run.sample(2000))` says which."
    )


def _covered(truth: dict[str, float]) -> str:
    share, expected = truth["coverage"], truth["coverage_expected"]
    answer = "yes" if share > COVERED * expected else "no" if share < UNCOVERED * expected else "partly"
    return (
        f"Does it cover the data? {answer}: {share:.0%} of the training data have a sample near by; with as many new "
        f"data of the same kind {expected:.0%} would."
    )


def _near(truth: dict[str, float]) -> str:
    """Of a critic, which could gain without bound: in the distance that it plays for."""
    w1, floor, error = truth["w1"], truth["w1_floor"], truth["w1_error"]
    answer = "no" if w1 - floor > error else "yes, nearly, as far as samples tell"
    return (
        f"Converged? {answer}: W1 of samples and data is {w1:.3g}, of data and other data {floor:.3g}, in units of the "
        f"data (the difference is off by up to {error:.2g})."
    )


def _collapsed(modes: int, truth: dict[str, float], young: bool) -> str:
    if young:
        return f"Mode collapse? Too early to tell, before {YOUNG} updates."
    shown = truth.get("modes_expected", modes)  # fewer than all where samples are few
    missed = round(truth.get("modes_missed", shown - truth["modes"]))
    excess = truth["reverse_kl"] - truth["reverse_kl_floor"]
    good = truth.get("high_quality", 1.0)
    if good < ARRIVED and "pairs_missed" in truth:
        return f"Mode collapse? Cannot be told yet: {good:.2%} of the samples show a picture beyond doubt."
    if good < ARRIVED and excess < UNEVEN:
        return (
            f"Mode collapse? Cannot be told yet: {good:.2%} of the samples are good; all of them lie about as evenly "
            f"around the modes as the data (excess reverse KL {excess:.2g})."
        )
    if missed:
        return f"Mode collapse? yes: {missed} of {modes} modes have no good sample, or far too few."
    seen = f"all {modes} modes are there"
    if truth["modes"] < modes:
        seen = f"{truth['modes']:.0f} of {modes} modes are seen, as many as chance shows in so many samples"
    if excess > 0.05:
        return f"Mode collapse? partly: {seen}, at wrong shares (excess reverse KL {excess:.3g})."
    return f"Mode collapse? no: {seen}, at about the right shares (excess reverse KL {excess:.2g})."
