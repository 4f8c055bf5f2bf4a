"""Chapter 7: n-step TD on the walk of 19 states: the mean error of the first ten episodes."""

from pathlib import Path

import numpy as np
from book import BLUE, GREEN, GREY, ORANGE, PURPLE, Row, label, main, panels
from walks import runs_of_walk

import planners
from gridworld_env.models import random_walk

RATES = np.arange(1, 11) / 10.0
STEPS = (1, 2, 4, 8, 16, 512)  # 512 is Monte Carlo


def exact(rule: object) -> float:
    """The root mean squared error, averaged over ten episodes, of infinitely many runs."""
    curves = planners.value_error(random_walk(19), [0] * 19, rule, discount=1.0, episodes=10)
    return float(curves.root_mean_squared_error[1:].mean())


def chapter(full: bool, picture: Path | None) -> list[Row]:
    runs, rates = (100, RATES) if full else (40, RATES[3:4])
    sampled = {(n, a): runs_of_walk(19, a, n=n, runs=runs)[1:] for n in STEPS for a in rates}
    mean = {key: float(errors.mean()) for key, errors in sampled.items()}
    root = {key: float(np.sqrt((errors**2).mean(axis=1)).mean()) for key, errors in sampled.items()}
    one = {a: exact(planners.TD(rate=a)) for a in rates}
    last = {a: exact(planners.LambdaReturn(a, 1.0)) for a in rates}
    rows = []
    for a in rates[[3, 7]] if full else rates:
        spread = 6 * sampled[1, a].mean(axis=0).std() / runs**0.5
        rows.append(Row("Figure 7.2", f"n = 1, alpha {a:g}", "curve", root[1, a], one[a], spread, note="exact: TD(0)"))
    a = rates[1] if full else rates[0]
    spread = 6 * sampled[512, a].mean(axis=0).std() / runs**0.5
    rows.append(
        Row("Figure 7.2", f"n = 512, alpha {a:g}", "curve", root[512, a], last[a], spread, note="exact: Monte Carlo")
    )
    if full:
        best = min(mean, key=mean.__getitem__)
        rows.append(Row("Figure 7.2", "best n", "4", best[0], 4, 0, "book"))
        rows.append(Row("Figure 7.2", "best alpha", ".4", best[1], 0.4, 0.1, "book"))
        rows.append(Row("Figure 7.2", "least error", "about .25", mean[best], 0.25, 0.02, "book"))
    if picture:
        figure, (ax,) = panels("Figure 7.2: n-step TD, mean of ten episodes", width=6.5, height=4.2)
        for n, color in zip(STEPS, (BLUE, GREEN, "black", PURPLE, GREY, ORANGE), strict=True):
            ax.plot(rates, [mean[n, a] for a in rates], color=color, lw=1, label=f"n = {n}")
        for curve, color, name in ((one, BLUE, "n = 1, exactly"), (last, ORANGE, "Monte Carlo, exactly")):
            ax.plot(rates, [curve[a] for a in rates], color=color, ls="--", lw=1.5, label=name)
        ax.set_ylim(0.2, 0.6)
        ax.axhline(mean[min(mean, key=mean.__getitem__)], color=GREY, lw=0.5)
        label(ax, "alpha", "root mean squared error", legend=False)
        figure.legend(*ax.get_legend_handles_labels(), frameon=False, fontsize="small", loc="outside right center")
        figure.savefig(picture)
    return rows


if __name__ == "__main__":
    main(chapter)
