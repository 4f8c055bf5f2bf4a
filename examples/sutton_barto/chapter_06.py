"""Chapter 6: temporal differences: the walk of five states, the windy grid, the cliff, maximisation bias."""

from pathlib import Path

import gymnasium as gym
import numpy as np
from batches import batch_curves, batch_rows
from book import BLUE, GREEN, GREY, ORANGE, Row, from_start, label, main, panels, soft
from walks import runs_of_walk

import gridworld_env  # noqa: F401 - registers the environments
import planners
from gridworld_env.models import random_walk

RULES = [(planners.TD, rate) for rate in (0.05, 0.1, 0.15)]
RULES += [(planners.LambdaReturn, rate) for rate in (0.01, 0.02, 0.03, 0.04)]  # lambda = 1: Monte Carlo


def control(name: str, agent: planners.Sarsa, episodes: int, seeds: int) -> planners.LearningRun:
    """Many learners on a map."""
    model = planners.as_model(gym.make("GridWorld-v0", map_name=name))
    return planners.learn(model, agent, episodes=episodes, discount=1.0, seeds=range(seeds))


def mean_reward(run: planners.LearningRun, first: int, last: int) -> float:
    return float(np.mean([rewards[first:last].mean() for rewards in run.total_rewards]))


def left_at_first(double: bool, runs: int, episodes: int) -> np.ndarray:
    """(episodes,) share of LEFT in state A of Example 6.7; LEFT leads to B, whose ten actions pay N(-.1, 1)."""
    rng, found = np.random.default_rng(6), np.zeros(episodes)
    P = {0: {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 0, 0.0, True)]}}
    for _ in range(runs):
        kind = planners.DoubleQLearning if double else planners.QLearning
        agent = kind(rate=0.1, exploration=0.1).begin((2, 10), discount=1.0, seed=int(rng.integers(2**31)))
        agent.options[0] = list(P[0])  # A has two actions
        for episode in range(episodes):
            action = agent.act(0)
            found[episode] += action == 0
            agent.learn(0, action, 0.0, 1 if action == 0 else 0, action == 1)
            if action == 0:
                arm = agent.act(1)
                agent.learn(1, arm, rng.normal(-0.1, 1.0), 1, True)
    return found / runs


def walk_rows(full: bool) -> tuple[list[Row], list[tuple[str, np.ndarray, np.ndarray]]]:
    walk, (runs, episodes), rows, curves = random_walk(5, left_end=0.0), (100, 100) if full else (40, 20), [], []
    for kind, rate in RULES:
        offline = kind is planners.LambdaReturn
        exact = planners.value_error(walk, [0] * 5, kind(rate=rate), discount=1.0, episodes=episodes, initial=0.5)
        sampled = runs_of_walk(
            5, rate, decay=float(offline), left=0.0, initial=0.5, episodes=episodes, runs=runs, offline=offline
        )
        name = f"{'MC' if offline else 'TD'}, alpha {rate:g}"
        root, last = exact.root_mean_squared_error, np.sqrt((sampled[-1] ** 2).mean())
        spread = 6.0 * np.std(sampled[-1] ** 2) / runs**0.5 / (2.0 * root[-1])
        rows.append(Row("Example 6.2", f"{name}: error after {episodes} episodes", "curve", last, root[-1], spread))
        curves.append((name, root, sampled.mean(axis=1)))
    return rows, curves


def chapter(full: bool, picture: Path | None) -> list[Row]:
    rows, curves = walk_rows(full)
    batches = batch_curves(100 if full else 30, 100 if full else 20)
    rows += batch_rows(batches)
    cliff = planners.as_model(gym.make("GridWorld-v0", map_name="sutton-barto-6.6")).tabular
    best, careful = planners.solve(cliff, discount=1.0), planners.solve(soft(cliff, 0.1), discount=1.0)
    actions = np.full((cliff.num_states, 4), 0.025)
    actions[np.arange(cliff.num_states), best.policy.actions] += 0.9
    risky = from_start(cliff, planners.evaluate(cliff, actions, discount=1.0))
    noise = 1.5 if full else 5.0  # of the mean of 10,000 episodes, or 1,000
    safe, seeds = from_start(cliff, careful.values), 100 if full else 10
    agents = {"Sarsa": planners.Sarsa, "Q-learning": planners.QLearning, "Expected Sarsa": planners.ExpectedSarsa}
    runs = {
        name: control("sutton-barto-6.6", kind(rate=0.5, exploration=0.1), 500, seeds) for name, kind in agents.items()
    }
    late = {name: mean_reward(run, 400, 500) for name, run in runs.items()}
    windy = planners.as_model(gym.make("GridWorld-v0", map_name="sutton-barto-6.5")).tabular
    moves = control("sutton-barto-6.5", planners.Sarsa(rate=0.5, exploration=0.1), 400, seeds)
    wind = -mean_reward(moves, 300, 400)
    wind_soft = -from_start(windy, planners.solve(soft(windy, 0.1), discount=1.0).values)
    share = {name: left_at_first(name == "Double Q", 1000 if full else 60, 300) for name in ("Q", "Double Q")}
    rows += [
        Row(
            "Example 6.5",
            "windy grid: shortest way",
            "15",
            -from_start(windy, planners.solve(windy, discount=1.0).values),
            15,
            1e-6,
            "solved",
        ),
        Row(
            "Example 6.5",
            "Sarsa: moves late, epsilon .1",
            "17",
            wind,
            wind_soft,
            0.1,
            "above",
            "exact: best epsilon-soft policy",
        ),
        Row(
            "Example 6.6",
            "shortest way along the cliff",
            "13 moves",
            -from_start(cliff, best.values),
            13,
            1e-6,
            "solved",
        ),
        Row(
            "Example 6.6",
            "Sarsa: reward late",
            "about -25",
            late["Sarsa"],
            safe,
            noise,
            "below",
            "exact: best epsilon-soft policy; printed is noisy",
        ),
        Row(
            "Example 6.6",
            "Q-learning: reward late",
            "about -50",
            late["Q-learning"],
            risky,
            6.0 if full else 15.0,
            "is",
            "exact: epsilon-greedy on Q*; alpha .5 keeps it moving",
        ),
        Row(
            "Figure 6.3",
            "Expected Sarsa, alpha .5: reward late",
            "about -25",
            late["Expected Sarsa"],
            safe,
            noise,
            "below",
        ),
        Row(
            "Figure 6.5",
            "Double Q: LEFT, late",
            "5 %",
            share["Double Q"][-50:].mean(),
            0.05,
            0.02 if full else 0.1,
            "is",
            "exact: half of epsilon",
        ),
        Row("Figure 6.5", "Q-learning: LEFT, late", "above 5 %", share["Q"][-50:].mean(), 0.05, 0.01, "above"),
    ]
    if picture:
        figure, axes = panels(
            "Example 6.2: error of the walk",
            "Figure 6.2: batches",
            "Example 6.6: the cliff",
            "Figure 6.5: maximisation bias",
        )
        for k, (name, exact, sampled) in enumerate(curves):
            color = (BLUE, ORANGE)[k > 2]
            axes[0].plot(sampled, color=color, lw=0.5, alpha=0.6)
            axes[0].plot(exact, color=color, lw=1.2, ls=("-", "--", ":", "-.")[k % 4 if k < 3 else k - 3], label=name)
        label(axes[0], "episode (thin: runs, their mean root)", "root mean squared error")
        for name, errors in batches.items():
            style = {"lw": 2.5, "ls": ":"} if "exact" in name else {"lw": 1}
            axes[1].plot(errors.mean(axis=1), color=(BLUE, ORANGE)["MC" in name], label=name, **style)
        label(axes[1], "episode", "root mean squared error")
        for (name, run), color in zip(runs.items(), (BLUE, ORANGE, GREEN), strict=True):
            mean = np.mean([rewards[:500] for rewards in run.total_rewards], axis=0)
            axes[2].plot(np.convolve(mean, np.ones(10) / 10, "valid"), color=color, lw=1, label=name)
        for value, name in ((safe, "best epsilon-soft, -20.71"), (risky, "epsilon-greedy on Q*, -45.80")):
            axes[2].axhline(value, color=GREY, ls="--", lw=1)
            axes[2].text(500, value + 1, name, ha="right", fontsize=8)
        axes[2].set_ylim(-100, 0)
        label(axes[2], "episode", "reward of the episode")
        for (name, curve), color in zip(share.items(), (BLUE, ORANGE), strict=True):
            axes[3].plot(curve, color=color, lw=1, label=name)
        axes[3].axhline(0.05, color=GREY, ls="--", lw=1, label="best possible, .05")
        label(axes[3], "episode", "share of LEFT")
        figure.savefig(picture)
    return rows


if __name__ == "__main__":
    main(chapter)
