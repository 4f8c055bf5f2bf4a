"""Chapter 8: planning and learning: the Dyna maze, mazes that change, prioritised sweeping, and sample updates."""

from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
from book import BLUE, GREEN, GREY, ORANGE, Row, from_start, label, main, panels, soft

import gridworld_env  # noqa: F401 - registers the environments
import planners

ROWS, COLUMNS, START, GOAL = 6, 9, (5, 3), (0, 8)
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))


def shortest(walls: set[tuple[int, int]]) -> int:
    """Moves from the start to the goal."""
    seen, edge, moves = {START}, [START], 0
    while GOAL not in seen:
        edge = [to for at in edge for a in range(4) if (to := moved(at, a, walls)) not in seen and not seen.add(to)]
        moves += 1
    return moves


def moved(at: tuple[int, int], action: int, walls: set[tuple[int, int]]) -> tuple[int, int]:
    to = at[0] + MOVES[action][0], at[1] + MOVES[action][1]
    return to if 0 <= to[0] < ROWS and 0 <= to[1] < COLUMNS and to not in walls else at


def changing(kappa: float, before: set, after: set, change: int, steps: int, runs: int, planning: int) -> np.ndarray:
    """(steps,) reward so far of Dyna-Q (kappa = 0) or Dyna-Q+ where the walls change after so many steps."""
    total = np.zeros(steps)
    for seed in range(runs):
        agent = planners.DynaQ(rate=1.0, exploration=0.1, planning_steps=planning, kappa=kappa)
        agent, at = agent.begin((ROWS * COLUMNS, 4), discount=0.95, seed=seed), START
        for t in range(steps):
            s = at[0] * COLUMNS + at[1]
            action = agent.act(s)
            to = moved(at, action, before if t < change else after)
            won = to == GOAL
            agent.learn(s, action, float(won), to[0] * COLUMNS + to[1], won)
            total[t] += won
            at = START if won else to
    return total.cumsum() / runs


def maze(planning: int, episodes: int, seeds: int) -> np.ndarray:
    """(episodes,) mean number of steps."""
    model = planners.as_model(gym.make("GridWorld-v0", map_name="sutton-barto-8.1"))
    agent = planners.DynaQ(rate=0.1, exploration=0.1, planning_steps=planning)
    run = planners.learn(model, agent, episodes=episodes, discount=0.95, seeds=range(seeds))
    ends = [np.flatnonzero(rewards) for rewards in run.rewards]  # the goal alone pays
    return np.mean([np.diff(each, prepend=-1) for each in ends], axis=0)


def steps_until_best(agent: planners.DynaQ, seeds: int) -> float:
    """Mean number of steps until the greedy policy takes the shortest way."""
    model = planners.as_model(gym.make("GridWorld-v0", map_name="sutton-barto-8.1"))
    run = planners.learn(model, agent, steps=6000, discount=0.95, seeds=range(seeds))
    return float(np.mean([np.argmax(values > run.optimal_value - 1e-9) for values in run.policy_values]))


def chapter(full: bool, picture: Path | None) -> list[Row]:
    episodes, seeds = (50, 30) if full else (6, 2)
    mdp = planners.as_model(gym.make("GridWorld-v0", map_name="sutton-barto-8.1")).tabular
    goes_on = (mdp.termination < 1.0).any(axis=1, keepdims=True)
    costs = replace(mdp, rewards=-1.0 * (goes_on & mdp.feasible))  # a step costs 1
    way = -from_start(costs, planners.solve(costs, discount=1.0).values)
    soft_way = -from_start(costs, planners.solve(soft(costs, 0.1), discount=1.0).values)
    curves = {n: maze(n, episodes, seeds) for n in (0, 5, 50)}
    b, t, rng = 10, 20, np.random.default_rng(1)
    values = rng.normal(size=(20_000 if full else 4000, b))
    picked = np.take_along_axis(values, rng.integers(b, size=(len(values), t)), axis=1).mean(axis=1)
    error, formula = np.sqrt(((picked - values.mean(axis=1)) ** 2).mean()), ((b - 1) / (b * t)) ** 0.5
    rows = [
        Row("Example 8.1", "Dyna maze: shortest way", "14", way, 14, 1e-6, "solved"),
        Row(
            "Figure 8.2",
            "n = 50: steps of an episode, late",
            "about 14",
            curves[50][-3:].mean(),
            soft_way,
            1.5,
            "above",
            "exact: best epsilon-soft policy",
        ),
        Row(
            "Figure 8.7",
            "b = 10, 20 sample updates: error",
            "curve",
            error,
            formula,
            0.03 * formula + 0.02 * (not full),
            note="sqrt((b - 1) / (b t))",
        ),
    ]
    mazes = {}
    if full:
        low = {(3, c) for c in range(8)}
        high, both = {(3, c) for c in range(1, 9)}, {(3, c) for c in range(1, 8)}
        for name, before, after, change, steps, kappa, planning in (
            ("8.4", low, high, 1000, 3000, 1e-4, 10),
            ("8.5", high, both, 3000, 6000, 1e-3, 50),
        ):
            mazes[name] = [changing(k, before, after, change, steps, 5, planning) for k in (0.0, kappa)]
            most = change / shortest(before) + (steps - change) / shortest(after)
            for curve, who in zip(mazes[name], ("Dyna-Q", "Dyna-Q+"), strict=True):
                rows.append(
                    Row(
                        f"Figure {name}",
                        f"{who}: reward of {steps} steps",
                        "curve",
                        curve[-1],
                        most,
                        0,
                        "below",
                        "exact: the shortest ways",
                    )
                )
        rows.append(
            Row(
                "Figure 8.5",
                "Dyna-Q never finds the shortcut: reward of the last 1000 steps",
                "flat slope",
                np.diff(mazes["8.5"][0][[-1001, -1]])[0],
                1000 / 16,
                0,
                "below",
            )
        )
        for n, printed in ((0, 25), (5, 5), (50, 3)):
            settled = 1 + int(np.argmax(curves[n] <= 1.3 * soft_way))
            rows.append(
                Row(
                    "Figure 8.2",
                    f"n = {n}: first episode near the best",
                    f"about {printed}",
                    settled,
                    printed,
                    max(2, 0.3 * printed),
                    "book",
                )
            )
        sweeping = steps_until_best(planners.PrioritizedSweeping(rate=0.5, exploration=0.1, planning_steps=5), 10)
        dyna = steps_until_best(planners.DynaQ(rate=0.5, exploration=0.1, planning_steps=5), 10)
        rows.append(
            Row(
                "Example 8.4",
                "prioritised sweeping: steps to the best policy",
                "fewer",
                sweeping,
                dyna,
                0,
                "below",
                "beside Dyna-Q's, measured too",
            )
        )
    if picture:
        draw(curves, mazes, soft_way, picture)
    return rows


def draw(curves: dict[int, np.ndarray], mazes: dict[str, list[np.ndarray]], best: float, picture: Path) -> None:
    titles = [f"Figure {name}: {what}" for name, what in (("8.4", "blocking maze"), ("8.5", "shortcut maze")) if mazes]
    figure, axes = panels("Figure 8.2: Dyna maze", *titles)
    for (n, curve), color in zip(curves.items(), (GREY, ORANGE, BLUE), strict=True):
        axes[0].semilogy(np.arange(1, len(curve) + 1), curve, color=color, lw=1, label=f"{n} planning steps")
    axes[0].axhline(best, color=GREEN, ls="--", lw=1, label=f"best epsilon-soft policy, {best:.2f}")
    label(axes[0], "episode", "steps")
    for ax, pair in zip(axes[1:], mazes.values(), strict=False):
        for curve, who, color in zip(pair, ("Dyna-Q", "Dyna-Q+"), (ORANGE, BLUE), strict=True):
            ax.plot(curve, color=color, lw=1, label=who)
        label(ax, "step", "reward so far")
    figure.savefig(picture)


if __name__ == "__main__":
    main(chapter)
