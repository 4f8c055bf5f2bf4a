"""Several runs in one figure: what they were paid and how far they are, over updates, and their paths in the plane."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

import numpy as np

from gan_lab.errors import WiringError
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.training.run import Run
from gan_lab.training.run_plot import import_pyplot, known_value

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#181b24")  # Okabe and Ito 2008
DASHES: Final = ("-", "--", "-.", ":")
STYLES: Final = [{"color": colour, "linestyle": dash} for dash, colour in product(DASHES, COLOURS)]
SAID: Final = ("game", "update", "discriminator_steps", "loss", "penalty", "penalty_weight", "batch_size", "averaging",
               "steps", "seed")  # fmt: skip
PARTS: Final = 12  # characters of a label's number


@takes_own_names
def plot(runs: Sequence[Run], labels: Sequence[str] | None = None, *, measure: str | None = None) -> Any:
    """Plot several runs: V and a quantity that falls to 0 at an equilibrium, over updates; and paths in the plane.

    Args:
        runs: Runs that were evaluated at least once.
        labels: One label for each run; None: the settings in which they differ.
        measure: Name, in the truth of all runs, of the quantity in the second picture; None: the first that should fall
            to 0.

    Returns:
        The matplotlib figure: `figure.savefig("runs.png")`.

    Raises:
        ModuleNotFoundError: matplotlib is missing.
        WiringError: There are no runs, a run has no evaluation, or there is not one label for each run.

    >>> from gan_lab.training.loop import train
    >>> runs = [train("dirac", update=rule, steps=50) for rule in ("alternating", "extragradient")]
    >>> labels_of(runs)
    ['alternating', 'extragradient']
    >>> [len(axes.get_lines()) for axes in plot(runs).axes]
    [3, 2, 4, 4]
    """
    found = [run for run in runs if isinstance(run, Run)] if isinstance(runs, Sequence) else []
    if not found or len(found) < len(runs):
        raise WiringError(f"runs is {runs!r:.80}; expected a list of runs, as gan_lab.train gives them")
    if without := [run.game.name for run in found if not run.truth]:
        raise WiringError(f"the run of {without[0]!r} has not been evaluated yet; train it for a step or more")
    names = labels_of(found) if labels is None else list(labels) if isinstance(labels, Sequence) else []
    if len(names) != len(found):
        raise WiringError(f"there are {len(names)} labels for {len(found)} runs; expected one for each")
    planar = [number for number, run in enumerate(found) if run.game.is_planar and "generator" in run.trajectory]
    pyplot = import_pyplot()
    figure = pyplot.figure(figsize=(max(9.0, 3.2 * len(planar)), 7.0 if planar else 4.0), layout="constrained")
    parts = figure.subfigures(2 if planar else 1, 1, squeeze=False)[:, 0]
    _curves(parts[0].subplots(1, 2), found, names, measure)
    if planar:
        axes = parts[1].subplots(1, len(planar), squeeze=False, sharex=True, sharey=True)[0]
        for place, number in zip(axes, planar, strict=True):
            _portrait(place, found[number], names[number], STYLES[number % len(STYLES)])
        axes[0].set_ylabel("strategy of the generator")
        parts[1].supxlabel("a circle is the start, a disc the end, a cross the equilibrium", fontsize="small")
    return figure


def _curves(axes: Any, runs: list[Run], names: list[str], measure: str | None) -> None:
    """V, and the measure, of all runs."""
    common = [name for name in runs[0].game.distances if all(name in run.truth[-1] for run in runs)]
    shown = next(iter(common), None) if measure is None else measure
    if measure is not None and not isinstance(measure, str):
        raise WiringError(f"measure is {measure!r:.80}; expected one of {', '.join(common)}")
    if measure is not None and not all(measure in run.truth[-1] for run in runs):
        raise WiringError(f"not every run knows {measure!r}; they have {', '.join(common)}")
    for number, (run, name) in enumerate(zip(runs, names, strict=True)):
        steps = [row["step"] for row in run.truth]
        axes[0].plot(steps, [row.get("value", np.nan) for row in run.truth], label=name, **STYLES[number % len(STYLES)])
        if shown is not None:
            values = np.array([row.get(shown, np.nan) for row in run.truth])
            positive = np.where((values > 0) & np.isfinite(values), values, np.nan)
            axes[1].plot(steps, positive, **STYLES[number % len(STYLES)])
    for known, what in dict.fromkeys(known_value(run) for run in runs if "value" in run.truth[-1]):
        axes[0].axhline(known, color="#888888", linewidth=0.8, label=f"{what}, at the equilibrium")
    axes[0].set(xlabel="updates", ylabel="V (nats)")
    axes[0].ticklabel_format(useOffset=False)
    axes[0].figure.legend(loc="outside upper center", ncols=4, frameon=False, fontsize="small")
    title = "" if shown is None else runs[0].game.distances.get(shown, shown)
    axes[1].set(xlabel="updates", ylabel=title)
    heights = [y for line in axes[1].get_lines() for y in line.get_ydata() if np.isfinite(y)]
    if heights and max(heights) >= 10 * min(heights):
        axes[1].set_yscale("log")
    for each in axes:
        each.locator_params(axis="x", integer=True)


def _portrait(axes: Any, run: Run, name: str, style: Mapping[str, Any]) -> None:
    """The path of both strategies, its start, its end, and the equilibrium."""
    x, y = (run.trajectory[part][:, 0] for part in ("discriminator", "generator"))
    axes.plot(x, y, linewidth=0.8, color=style["color"])
    axes.plot(x[0], y[0], "o", color=style["color"], fillstyle="none")
    axes.plot(x[-1], y[-1], "o", color=style["color"])
    best = run.game.equilibrium_under(run.loss)  # pyright: ignore[reportAttributeAccessIssue] - strategies
    axes.plot(best[0][0], best[1][0], "+", color="#181b24", markersize=10)
    axes.set(title=name, xlabel="strategy of the discriminator", aspect="equal", adjustable="box")


def labels_of(runs: Sequence[Run]) -> list[str]:
    """The settings in which runs differ, as a label for each; their numbers where they differ in none."""
    said = [_said(run) for run in runs]
    names = dict.fromkeys(name for each in said for name in each)
    differ = [name for name in names if len({str(each.get(name)) for each in said}) > 1]
    found = [", ".join(_part(name, each[name]) for name in differ if each.get(name) is not None) for each in said]
    alike = len(set(found)) < len(found)
    return [f"{name}, run {number}".removeprefix(", ") if alike else name for number, name in enumerate(found, start=1)]


def _said(run: Run) -> dict[str, Any]:
    facts, settings = run.settings.facts, run.settings
    found = {name: facts[name] for name in SAID if name in facts} | {"steps": run.steps}
    rates = {}
    for role, agent in (("generator", GENERATOR), ("discriminator", DISCRIMINATOR)):
        group = facts.get(f"optimizer of {agent}", {}).get("groups", [{}])[0]
        rates[role] = settings.get(f"{role}_rate", group.get("lr"))
    same = str(rates["generator"]) == str(rates["discriminator"])
    found |= {"rate": rates["generator"]} if same else {f"rate of the {role}": value for role, value in rates.items()}
    own = {
        name.removesuffix(" of the update"): value for name, value in facts.items() if name.endswith(" of the update")
    }
    return found | {name: value for name, value in own.items() if isinstance(value, int | float | str)}


def _part(name: str, value: Any) -> str:
    if name in ("game", "update", "loss"):
        return str(value)
    shown = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{name.replace('_', ' ')} {shown}"


def plot_bands(groups: Mapping[str, Sequence[Sequence[Mapping[str, float]]]], measure: str, axes: Any = None) -> Any:
    """The median of a measure over runs, and their middle half as a band, for each group of curves.

    Args:
        groups: Curves by label; each is a list of rows with `step` and measures.
        measure: Which.
        axes: Matplotlib axes to draw on; None: new ones.

    Raises:
        ModuleNotFoundError: matplotlib is missing.
        WiringError: No run has this measure.
    """
    if not any(measure in row for curves in groups.values() for curve in curves for row in curve):
        known = dict.fromkeys(name for curves in groups.values() for curve in curves for row in curve for name in row)
        raise WiringError(f"no run knows {measure!r}; they have {', '.join(name for name in known if name != 'step')}")
    if axes is None:
        axes = import_pyplot().subplots(layout="constrained")[1]
    for style, (label, curves) in zip(STYLES * len(groups), groups.items(), strict=False):
        steps = sorted({row["step"] for curve in curves for row in curve})
        at = {step: [row[measure] for curve in curves for row in curve if row["step"] == step] for step in steps}
        low, middle, high = (np.array([np.nanquantile(at[step], q) for step in steps]) for q in (0.25, 0.5, 0.75))
        axes.plot(steps, middle, label=label, **style)
        axes.fill_between(steps, low, high, color=style["color"], alpha=0.2, linewidth=0)
    seeds = max(map(len, groups.values()))
    band = "" if seeds == 1 else f"median of {seeds} seeds, with the middle half as a band"
    axes.set(xlabel="updates", ylabel=measure.replace("_", " "), title=band)
    axes.locator_params(axis="x", integer=True)
    axes.legend(frameon=False, fontsize="small")
    return axes
