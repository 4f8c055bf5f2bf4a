"""Chapter 9: prediction with approximation: the walk of 1000 states in groups, under tiles, and by least squares."""

from pathlib import Path

import numpy as np
from book import BLUE, GREEN, GREY, ORANGE, Row, label, main, panels

import planners
from gridworld_env.models import random_walk
from planners import LSTD, LinearTD, StateAggregation, TileCoding


def walk(agents: list, rng: np.random.Generator, states: int, reach: int, episodes: int) -> None:
    """Show the same steps to all of them."""
    for _ in range(episodes):
        s, over = states // 2 - 1, False
        while not over:
            to = s + int(rng.integers(1, reach + 1)) * (1 if rng.random() < 0.5 else -1)
            over = not 0 <= to < states
            reward = float(np.sign(to)) if over else 0.0
            for agent in agents:
                agent.learn(s, 0, reward, min(max(to, 0), states - 1), over)
            s = to


class Scaled:
    """Tiles over the numbers of the states."""

    def __init__(self, states: int, tilings: int) -> None:
        self.tiles = TileCoding([0.0], [states - 1.0], tiles=5, tilings=tilings)
        self.size = self.tiles.size

    def __call__(self, state: int) -> np.ndarray:
        return self.tiles([float(state)])


def chapter(full: bool, picture: Path | None) -> list[Row]:
    states, reach, episodes = (1000, 100, 10_000) if full else (100, 10, 150)
    model, groups = random_walk(states, reach=reach), StateAggregation(states, 10)
    options = {"discount": 1.0}
    features, alone = groups.matrix(range(states)), [0] * states
    td, mc = (planners.linear_values(model, alone, features, trace_decay=k, **options) for k in (0.0, 1.0))
    agents = [LinearTD(groups, rate=2e-3 if full else 0.02, **options), LSTD(groups, **options)]
    agents.append(LinearTD(groups, rate=1e-4 if full else 4e-3, trace_decay=1.0, **options))
    walk(agents, np.random.default_rng(1), states, reach, episodes)
    fitted = {}
    for tilings in (1, 50) if full else (1, 4):
        tiles = Scaled(states, tilings)
        matrix = np.array([np.bincount(tiles(s), minlength=tiles.size) for s in range(states)], dtype=float)
        fitted[tilings] = planners.linear_values(model, alone, matrix, trace_decay=1.0, **options)
    one, many = (each.value_error**0.5 for each in fitted.values())
    rows = []
    for figure, learned, limit, name in (
        ("9.1", agents[2], mc, "gradient Monte Carlo"),
        ("9.2", agents[0], td, "TD(0)"),
        ("9.2", agents[1], td, "LSTD"),
    ):
        off = float(np.abs(learned.weights - limit.weights).max())
        rows.append(
            Row(
                f"Figure {figure}",
                f"{name}: farthest of ten weights from the limit",
                "curve",
                off,
                0.0,
                0.12 if full else 0.5,
            )
        )
    if full:
        rows += [
            Row("Figure 9.1", "first group, Monte Carlo's limit", "curve", mc.weights[0], -0.830, 5e-4, "solved"),
            Row("Figure 9.2", "first group, TD's limit", "curve", td.weights[0], -0.693, 5e-4, "solved"),
            Row("Figure 9.2", "last group, TD's limit", "curve", td.weights[-1], 0.731, 5e-4, "solved"),
            Row("Figure 9.1", "root of VE of Monte Carlo's limit", "-", mc.value_error**0.5, 0.0544, 5e-5, "solved"),
            Row("Figure 9.2", "root of VE of TD's limit", "-", td.value_error**0.5, 0.1167, 5e-5, "solved"),
            Row("Figure 9.10", "one tiling of 5 tiles: root of VE, limit", "about .1", one, 0.1, 0.02, "solved"),
        ]
    rows.append(
        Row("Figure 9.10", "many tilings: root of VE, limit", "lower", many, one, 0, "below", "exact: of one tiling")
    )
    if picture:
        figure, axes = panels("Figure 9.1: Monte Carlo", "Figure 9.2: TD(0) and LSTD", "Figure 9.10: limits with tiles")
        for ax, limit, shown in ((axes[0], mc, agents[2:]), (axes[1], td, agents[:2])):
            ax.plot(limit.true_values, color=GREY, lw=1, label="true values")
            ax.plot(limit.values, color=ORANGE, lw=2, label=f"limit, root of VE {limit.value_error**0.5:.4f}")
            for agent, color in zip(shown, (BLUE, GREEN), strict=False):
                ax.plot(
                    features @ agent.weights, color=color, lw=1, label=f"{type(agent).__name__}, {episodes:,} episodes"
                )
            label(ax, "state", "value")
        for (tilings, each), color in zip(fitted.items(), (ORANGE, BLUE), strict=True):
            axes[2].plot(
                each.values - each.true_values,
                color=color,
                lw=1,
                label=f"{tilings} tilings: {each.value_error**0.5:.4f}",
            )
        label(axes[2], "state", "limit minus true value")
        figure.savefig(picture)
    return rows


if __name__ == "__main__":
    main(chapter)
