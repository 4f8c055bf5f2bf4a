"""Chapter 12: eligibility traces: the walk of 19 states over the plane of lambda and alpha, and Mountain Car."""

from pathlib import Path

import numpy as np
from book import GREY, Row, label, main, panels
from chapter_10 import drive
from matplotlib import colormaps
from walks import runs_of_walk

import planners
from gridworld_env.models import random_walk

DECAYS = (0.0, 0.4, 0.8, 0.9, 0.95, 0.99, 1.0)
RATES = np.arange(1, 21) / 20.0


def exact(rate: float, decay: float) -> float:
    """The root mean squared error, averaged over ten episodes, of the lambda-return algorithm, exactly."""
    rule = planners.LambdaReturn(rate, decay)
    return float(
        planners.value_error(random_walk(19), [0] * 19, rule, discount=1.0, episodes=10)
        .root_mean_squared_error[1:]
        .mean()
    )


def grid(runs: int, decays: tuple, rates: np.ndarray, dutch: bool) -> dict[tuple[float, float], float]:
    """Mean errors of online TD(lambda), or of true online TD(lambda); some of them diverge."""
    found = {}
    with np.errstate(over="ignore", invalid="ignore"):
        for k in decays:
            for a in rates:
                errors = runs_of_walk(19, a, decay=k, dutch=dutch, runs=runs)[1:]
                found[k, a] = float(np.nan_to_num(errors, nan=10.0).clip(max=10.0).mean())
    return found


def chapter(full: bool, picture: Path | None) -> list[Row]:
    decays, rates, runs = (DECAYS, RATES, 100) if full else ((0.0, 0.8), RATES[[7]], 40)
    plane = {(k, a): exact(a, k) for k in decays for a in rates}
    rows = []
    best = min(plane, key=plane.__getitem__)
    for k, a in ((0.8, 0.4), (0.0, 0.4)) if not full else (best, (0.9, 0.2), (0.95, 0.3), (1.0, 0.1)):
        errors = runs_of_walk(19, a, decay=k, offline=True, runs=runs)[1:]
        root, spread = np.sqrt((errors**2).mean(axis=1)).mean(), 6 * errors.mean(axis=0).std() / runs**0.5
        note = "least of the plane" if full and (k, a) == best else ""
        rows.append(
            Row("Figure 12.3", f"lambda {k:g}, alpha {a:g}: error", "curve", root, plane[k, a], spread, note=note)
        )
    step = slice(1, None, 3) if full else slice(None)
    ways = {name: grid(runs, decays, rates[step], name == "true online") for name in ("TD(lambda)", "true online")}
    least = {name: min(each.values()) for name, each in ways.items()}
    if full:
        rows += [
            Row("Figure 12.6", "TD(lambda): least error", "about .25", least["TD(lambda)"], 0.25, 0.03, "book"),
            Row("Figure 12.8", "true online: least error", "about .25", least["true online"], 0.25, 0.03, "book"),
            Row(
                "Figure 12.8",
                "true online, against TD(lambda)",
                "a little better",
                least["true online"],
                least["TD(lambda)"],
                0.005,
                "below",
                "beside TD(lambda)'s, measured too",
            ),
        ]
        hill = {k: np.mean([drive(50, 0.5, k, seed)[0].mean() for seed in range(5)]) for k in (0.0, 0.84)}
        rows.append(
            Row(
                "Figure 12.10",
                "Mountain Car, 50 episodes: lambda .84 against 0",
                "fewer steps",
                hill[0.84],
                hill[0.0],
                0,
                "below",
                "beside lambda 0, measured too",
            )
        )
        rows.append(
            Row(
                "Figure 12.10",
                "lambda .84: steps of an episode",
                "about 200",
                hill[0.84],
                200,
                60,
                "book",
            )
        )
    if picture:
        draw(plane, ways, decays, rates, rates[step], picture)
    return rows


def draw(plane: dict, ways: dict, decays: tuple, rates: np.ndarray, fewer: np.ndarray, picture: Path) -> None:
    figure, axes = panels(
        "Figure 12.3: lambda-return, exactly", "Figure 12.6: TD(lambda), 100 runs", "Figure 12.8: true online, 100 runs"
    )
    for ax, errors, xs in zip(axes, (plane, *ways.values()), (rates, fewer, fewer), strict=True):
        for k, shade in zip(decays, np.linspace(0.0, 0.9, len(decays)), strict=True):
            color = colormaps["plasma"](shade)
            ax.plot(xs, [errors[k, a] for a in xs], color=color, lw=1.2, label=f"lambda {k:g}")
        ax.set_ylim(0.2, 0.6)
        ax.axhline(min(plane.values()), color=GREY, lw=0.6)
        label(ax, "alpha", "root mean squared error, ten episodes", legend=False)
    figure.legend(*axes[0].get_legend_handles_labels(), frameon=False, fontsize="small", loc="outside right center")
    figure.savefig(picture)


if __name__ == "__main__":
    main(chapter)
