"""Chapter 13: policy gradients in the short corridor, whose states look alike: RIGHT with the same probability p."""

from pathlib import Path

import numpy as np
from book import BLUE, GREEN, GREY, ORANGE, Row, from_start, label, main, panels
from scipy.optimize import minimize_scalar

import planners
from gridworld_env.models import short_corridor

BEST, VALUE = 2.0 - 2.0**0.5, -(6.0 + 4.0 * 2.0**0.5)  # of p; and what it earns, -11.65685

MOST = np.log(0.95 / 0.05)  # p is kept from .05 to .95: with p = 0 or 1 an episode would not end


def value(p: float) -> float:
    """The exact value of the start where every state goes RIGHT with probability p."""
    corridor = short_corridor()
    return from_start(corridor, planners.evaluate(corridor, [[1.0 - p, p]] * 3, discount=1.0))


def reinforce(rate: float, baseline: float, episodes: int, runs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(episodes,) mean return, and exact value of the present policy, averaged over the runs; it begins at p = .05.

    The book's boxes: one preference for RIGHT over LEFT, w the value that all states share (0 without a baseline).
    """
    rng = np.random.default_rng(seed)
    theta, w = np.full(runs, np.log(0.05 / 0.95)), np.zeros(runs)
    returns, values = np.empty(episodes), np.empty(episodes)
    for episode in range(episodes):
        p = 1.0 / (1.0 + np.exp(-theta))
        values[episode] = np.mean((2 * p - 4) / (p * (1 - p)))
        s, took, alive = np.zeros(runs, dtype=int), [], []
        while (s < 3).any() and len(took) < 1000:
            right = rng.random(runs) < p
            took.append(right)
            alive.append(s < 3)
            forward = right != (s == 1)
            s = np.where(s < 3, np.maximum(s + np.where(forward, 1, -1), 0), s)
        lengths = np.sum(alive, axis=0)
        returns[episode] = -lengths.mean()
        for t, (right, on) in enumerate(zip(took, alive, strict=True)):
            delta = -(lengths - t) - w
            w = w + on * baseline * delta
            theta = theta + on * rate * delta * (right - 1.0 / (1.0 + np.exp(-theta)))
            theta = np.clip(theta, -MOST, MOST)
    return returns, values


def chapter(full: bool, picture: Path | None) -> list[Row]:
    runs, episodes = (100, 1000) if full else (20, 30)
    found = minimize_scalar(lambda p: -value(p), bounds=(0.05, 0.95), method="bounded", options={"xatol": 1e-9})
    curves = {}
    for name, rate, baseline in (
        ("REINFORCE, 2^-13", 2.0**-13, 0.0),
        ("REINFORCE, 2^-14", 2.0**-14, 0.0),
        ("with baseline", 2.0**-9, 2.0**-6),
    ):
        curves[name] = reinforce(2 * rate, baseline, episodes, runs, 1)  # the preferences of LEFT and RIGHT move alike
    rows = [
        Row("Example 13.1", "best probability of RIGHT", ".59", found.x, BEST, 1e-6, note="exact: 2 - sqrt 2"),
        Row("Example 13.1", "its value", "-11.6", -found.fun, VALUE, 1e-9),
        Row("Example 13.1", "epsilon-greedy, RIGHT", "-44", value(0.95), -44.2105, 1e-4, "solved"),
        Row("Example 13.1", "epsilon-greedy, LEFT", "-82", value(0.05), -82.1053, 1e-4, "solved"),
    ]
    noise = 6 * 12 / (runs * (episodes // 10)) ** 0.5
    for figure, name in (("13.1", "REINFORCE, 2^-13"), ("13.1", "REINFORCE, 2^-14"), ("13.2", "with baseline")):
        late = curves[name][0][-episodes // 10 :].mean()
        rows.append(
            Row(
                f"Figure {figure}",
                f"{name}: return, late",
                "towards -11.6",
                late,
                VALUE,
                noise,
                "below",
                "noisy; exact: best value",
            )
        )
    if full:
        plain, based = (curves[name][0][:200].mean() for name in ("REINFORCE, 2^-13", "with baseline"))
        rows.append(
            Row(
                "Figure 13.2",
                "first 200 episodes: without a baseline, against with",
                "slower",
                plain,
                based,
                0,
                "below",
                "beside the other, measured too",
            )
        )
    if picture:
        figure, axes = panels("Example 13.1: v of the start", "Figures 13.1 and 13.2: REINFORCE")
        ps = np.linspace(0.03, 0.97, 200)
        axes[0].plot(ps, (2 * ps - 4) / (ps * (1 - ps)), color=BLUE, lw=1, label="(2p - 4) / (p (1 - p))")
        axes[0].plot(BEST, VALUE, "o", color=GREEN, label="p = .5858, -11.657")
        axes[0].plot([0.05, 0.95], [value(0.05), value(0.95)], "o", color=ORANGE, label="epsilon-greedy: -82.1, -44.2")
        axes[0].set_ylim(-100, 0)
        label(axes[0], "probability of RIGHT", "value")
        for (name, (returns, values)), color in zip(curves.items(), (BLUE, ORANGE, GREEN), strict=True):
            axes[1].plot(returns, color=color, lw=0.4, alpha=0.5)
            axes[1].plot(values, color=color, lw=1.5, label=name)
        axes[1].axhline(VALUE, color=GREY, ls="--", lw=1, label="best possible, -11.657")
        axes[1].set_ylim(-90, -5)
        label(axes[1], "episode (thick: exact value of the policy)", "return")
        figure.savefig(picture)
    return rows


if __name__ == "__main__":
    main(chapter)
