"""Chapter 10: control with approximation: Mountain Car with tiles, and the access-control queue."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from book import BLUE, GREEN, GREY, ORANGE, Row, label, main, panels, soft

import planners
from gridworld_env.models import access_control
from planners import LinearSarsa, TileCoding


def pushing() -> float:
    """Mean steps, over the starts, of always pushing the way the car moves: a rule that needs no learning."""
    x, v = np.linspace(-0.6, -0.4, 2001), np.zeros(2001)
    steps, on = np.zeros(2001), np.ones(2001, dtype=bool)
    while on.any():
        v = np.clip(v + np.where(v < 0, -0.001, 0.001) - 0.0025 * np.cos(3 * x), -0.07, 0.07)
        x = np.where(on, np.clip(x + v, -1.2, 0.6), x)
        v = np.where((x <= -1.2) & (v < 0), 0.0, v)
        steps, on = steps + on, on & (x < 0.5)
    return float(steps.mean())


def drive(
    episodes: int, rate: float, decay: float, seed: int, replacing: bool = True
) -> tuple[np.ndarray, LinearSarsa]:
    """(episodes,) steps of each episode, with 8 tilings of 8 by 8 tiles; `rate` is of all tilings together."""
    env = gym.make("MountainCar-v0", max_episode_steps=10_000)
    box: Any = env.observation_space
    tiles = TileCoding(box.low, box.high, tiles=8, tilings=8)
    agent = LinearSarsa(tiles, 3, rate=rate / 8, trace_decay=decay, discount=1.0, replacing=replacing, seed=seed)
    steps = np.zeros(episodes)
    for episode in range(episodes):
        state, _ = env.reset(seed=1000 * seed + episode)
        over = False
        while not over:
            action = agent.act(state)
            seen, reward, terminated, truncated, _ = env.step(action)
            agent.learn(state, action, float(reward), seen, terminated, truncated)
            state, over = seen, terminated or truncated
            steps[episode] += 1
    return steps, agent


def differential_sarsa(model: planners.TabularMDP, steps: int, seed: int) -> tuple[float, float]:
    """R-bar at the end, and what was earned on average in the second half: alpha = beta = .01, epsilon = .1."""
    rng = np.random.default_rng(seed)
    Q, average, earned = np.zeros(model.rewards.shape), 0.0, 0.0
    rows = model.transitions.toarray().cumsum(axis=1)
    draws = rng.random((steps, 2))
    act = lambda s, u: int(u * 20) % 2 if u < 0.1 else int(Q[s].argmax())  # noqa: E731
    s, a = model.num_states - 1, 0
    for t in range(steps):
        r = model.rewards[s, a]
        s2 = min(int(np.searchsorted(rows[2 * s + a], draws[t, 0])), model.num_states - 1)
        a2 = act(s2, draws[t, 1])
        delta = r - average + Q[s2, a2] - Q[s, a]
        average += 0.01 * delta
        Q[s, a] += 0.01 * delta
        earned += r * (t >= steps // 2)
        s, a = s2, a2
    return average, earned / (steps - steps // 2)


def chapter(full: bool, picture: Path | None) -> list[Row]:
    rates, (runs, episodes) = (0.1, 0.2, 0.5), (3, 500) if full else (1, 20)
    found = [[drive(episodes, rate, 0.0, seed) for seed in range(runs)] for rate in (rates if full else rates[2:])]
    curves = [np.mean([steps for steps, _ in each], axis=0) for each in found]
    queue = access_control()
    best = planners.average_reward(queue, tolerance=1e-9)
    best_soft = planners.average_reward(soft(queue, 0.1), tolerance=1e-9).gain[0]
    average, earned = differential_sarsa(queue, 1_000_000 if full else 20_000, 1)
    accepted = best.policy.actions.reshape(-1, 4)
    rows = [
        Row("Example 10.2", "best gain", "-", best.gain[0], 2.747642, 1e-6, "solved"),
        Row(
            "Example 10.2",
            "earned in the second half",
            "2.31",
            earned,
            best_soft,
            0.03,
            "below",
            "exact: best epsilon-soft; 2.31 is R-bar, a noisy number",
        ),
        Row(
            "Figure 10.5",
            "priority 8 is always accepted",
            "yes (1)",
            float(accepted[1:, 3].min()),
            1,
            0,
            "solved",
            "of the best policy",
        ),
    ]
    if full:
        rows.append(
            Row(
                "Example 10.2",
                "R-bar of this run",
                "2.31",
                average,
                earned,
                0.6,
                "is",
                "noisy; exact: what it earned meanwhile",
            )
        )
        rule = pushing()
        for rate, curve in zip(rates, curves, strict=True):
            name, late = f"alpha {rate:g}/8: steps, late", curve[-100:].mean()
            rows.append(
                Row("Figure 10.2", name, "110 to 150", late, 130, 30, "book", f"pushing as it moves: {rule:.2f}")
            )
    if picture:
        draw(rates[-len(curves) :], curves, found[-1][0][1], accepted, picture)
    return rows


def draw(rates: tuple, curves: list[np.ndarray], agent: LinearSarsa, accepted: np.ndarray, picture: Path) -> None:
    figure, axes = panels(
        "Figure 10.2: Mountain Car", "Figure 10.1: cost to go, learned", "Figure 10.5: best queue policy"
    )
    for rate, curve, color in zip(rates, curves, (GREEN, ORANGE, BLUE), strict=False):
        axes[0].semilogy(curve, color=color, lw=1, label=f"alpha {rate:g}/8")
    axes[0].axhline(pushing(), color=GREY, ls="--", lw=1, label=f"pushing the way it moves, {pushing():.2f}")
    label(axes[0], "episode", "steps")
    places, speeds = np.linspace(-1.2, 0.6, 60), np.linspace(-0.07, 0.07, 60)
    cost = [[-agent.values([x, v]).max() for x in places] for v in speeds]
    shown = axes[1].imshow(cost, origin="lower", aspect="auto", extent=(-1.2, 0.6, -0.07, 0.07), cmap="viridis")
    figure.colorbar(shown, ax=axes[1], label="steps")
    label(axes[1], "position", "velocity", legend=False)
    axes[2].imshow(accepted[1:].T, origin="lower", aspect="auto", extent=(0.5, 10.5, -0.5, 3.5), cmap="Blues")
    axes[2].set_yticks(range(4), ["1", "2", "4", "8"])
    label(axes[2], "free servers (dark: accept)", "priority of the customer", legend=False)
    figure.savefig(picture)


if __name__ == "__main__":
    main(chapter)
