"""The curves of a replay of training: what each evaluation measured."""

from typing import Any, Final

import numpy as np

from gan_lab.training.run import Run
from gan_lab.training.run_plot import known_value
from gridworld_env.ui.pages.packing import packed

MOST_CURVES: Final = 4  # that can be told apart
SHARES: Final = {"high_quality": "good samples", "memorised": "memorised samples"}


def charts_of(run: Run) -> list[dict[str, Any]]:
    """V beside its value at the equilibrium, what should fall to 0, the modes, and shares of samples."""
    known, name = known_value(run)
    found = [_chart(run, "The value V", {"value": "V(D, G)"}, lines=[{"y": known, "name": f"{name}, at equilibrium"}])]
    if len(run.players) > 2 or "value" not in run.truth[-1]:
        paid = {agent: f"payoff of {agent}" for agent in run.players}
        title = f"What {'the' if len(paid) <= MOST_CURVES else f'the first {MOST_CURVES}'} players are paid"
        found.append(_chart(run, title, paid, rows=run.history))
    found.append(_chart(run, "Zero at an equilibrium", run.game.distances, log=True))
    if "modes" in run.truth[-1]:
        count = run.game.mode_count
        lines = [{"y": float(count), "name": f"all {count}"}] if count else []
        found.append(_chart(run, "Modes that have a good sample", {"modes": "modes"}, lines=lines, whole=True))
    found.append(_chart(run, "Shares of the samples", SHARES, whole=True))
    return [chart for chart in found if chart["series"]]


def caption_of(run: Run, row: dict[str, float]) -> str:
    """One evaluation in words."""
    known, name = known_value(run)
    said = []
    if "value" in row:
        said.append(f"V = {row['value']:.4g}" + (f" ({name} = {known:.4g})" if name == "-log 4" else ""))
    for key in ("jsd", "distance", "exploitability"):
        if key in row:
            said.append(f"{run.game.distances.get(key, key)} {row[key]:.3g}")
    if "modes" in row:
        count = run.game.mode_count
        found = f"{row['modes']:.0f} of {count} modes" if count else f"{row['modes']:.0f} modes"
        good = f", {row['high_quality']:.1%} of the samples are good" if "high_quality" in row else ""
        said.append(f"{found} have a good sample{good}")
    return f"After update {row['step']:.0f}: {', '.join(said)}"


def _chart(
    run: Run,
    title: str,
    names: dict[str, str],
    *,
    log: bool = False,
    lines: Any = (),
    whole: bool = False,
    rows: Any = (),
) -> dict[str, Any]:
    rows = rows or run.truth
    keys = [key for key in names if any(key in row for row in rows)][:MOST_CURVES]
    return {
        "title": title,
        "log": log,
        "whole": whole,
        "x": packed([row["step"] for row in rows]),
        "x_label": "update",
        "series": [{"name": names[key], "y": packed([row.get(key, np.nan) for row in rows])} for key in keys],
        "lines": list(lines),
    }
