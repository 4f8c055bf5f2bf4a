"""`Run.plot`: V against its value at the equilibrium, and the divergences, over updates."""

from typing import TYPE_CHECKING, Any

import numpy as np

from gan_lab.errors import WiringError
from gan_lab.truth import LOG_4

if TYPE_CHECKING:
    from gan_lab.training.run import Run


def plot_run(run: "Run", axes: Any = None) -> Any:
    """A pair of matplotlib axes: V over updates, and under it what should fall to 0.

    Args:
        run: A run that was evaluated at least once.
        axes: Two matplotlib axes to draw on; None: new ones.

    Raises:
        ModuleNotFoundError: matplotlib is missing.
        WiringError: The run has not looked at the truth yet.
    """
    if not run.truth:
        raise WiringError(f"the run of {run.game.name!r} has not been evaluated yet; train it for a step or more")
    if axes is None:
        axes = import_pyplot().subplots(2, 1, sharex=True, layout="constrained")[1]
    upper, lower = axes
    steps = [row["step"] for row in run.truth]
    known, name = known_value(run)
    if "value" in run.truth[-1]:
        upper.plot(steps, [row["value"] for row in run.truth], color="#0072b2", label="V(D, G)")
        upper.axhline(known, color="#181b24", linewidth=0.8, linestyle=":", label=f"{name}, at the equilibrium")
    else:  # the discriminator is paid for something else
        for agent in run.players:
            upper.plot(steps, [row[agent] for row in run.history], label=f"payoff of {agent}")
    unit = "V (nats)" if "value" in run.truth[-1] else "payoffs"
    upper.set(ylabel=unit, title=f"{run.game.name}, {run.settings.facts.get('update', 'trained')}")
    upper.ticklabel_format(useOffset=False)
    for key, label in (run.game.distances | {name: name for name in run.metrics}).items():
        numbers = np.array([row.get(key, np.nan) for row in run.truth])
        positive = np.where((numbers > 0) & np.isfinite(numbers), numbers, np.nan)  # the others have no logarithm
        if not np.isnan(positive).all():
            lower.plot(steps, positive, label=label)
    lower.set(yscale="log", xlabel="updates", ylabel="0 at an equilibrium")
    for part in (upper, lower):
        part.legend(frameon=False, fontsize="small")
    return axes


def known_value(run: "Run") -> tuple[float, str]:
    """V at the equilibrium, and what it is called."""
    known = run.game.known_value
    return known, "-log 4" if known == -LOG_4 else f"{known:.3g}"


def import_pyplot() -> Any:
    """Matplotlib's pyplot; `ModuleNotFoundError` that says what to install."""
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "plots need matplotlib, which is not installed here: pip install matplotlib (80 MB)", name="matplotlib"
        ) from error
    return pyplot
