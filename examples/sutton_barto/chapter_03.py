"""Chapter 3: the gridworld of Examples 3.5 and 3.8, its values under the random policy and its best ones."""

from pathlib import Path

import gymnasium as gym
import numpy as np
from book import BLUE, GREY, Row, label, main, panels

import gridworld_env  # noqa: F401 - registers the environments
import planners

EVEN = [[3.3, 8.8, 4.4, 5.3, 1.5], [1.5, 3.0, 2.3, 1.9, 0.5], [0.1, 0.7, 0.7, 0.4, -0.4]]
EVEN += [[-1.0, -0.4, -0.4, -0.6, -1.2], [-1.9, -1.3, -1.2, -1.4, -2.0]]
BEST = [[22.0, 24.4, 22.0, 19.4, 17.5], [19.8, 22.0, 19.8, 17.8, 16.0], [17.8, 19.8, 17.8, 16.0, 14.4]]
BEST += [[16.0, 17.8, 16.0, 14.4, 13.0], [14.4, 16.0, 14.4, 13.0, 11.7]]


def chapter(full: bool, picture: Path | None) -> list[Row]:
    env = gym.make("GridWorld-v0", map_name="sutton-barto-3.5")
    even, plan = np.full((25, 4), 0.25), planners.solve(env, discount=0.9, tolerance=1e-9)
    random = planners.evaluate(env, even, discount=0.9)
    learner = planners.QLearning(rate=planners.Decay(1.0, power=0.6), exploration=0.5)
    run = planners.learn(planners.as_model(env), learner, steps=400_000 if full else 50_000, discount=0.9, seed=1)
    learned = run.action_values.max(axis=1)
    rows = [
        Row("Figure 3.2", "random policy: v(A)", "8.8", random[1], 8.8, 0.05, "solved"),
        Row(
            "Figure 3.2",
            "largest difference of 25 printed values",
            "0 to one digit",
            abs(random - np.ravel(EVEN)).max(),
            0,
            0.05,
            "solved",
        ),
        Row("Figure 3.5", "best: v(A)", "24.4", learned[1], plan.values[1], 1.0, "is", "measured: Q-learning"),
        Row(
            "Figure 3.5",
            "largest difference of 25 printed values",
            "0 to one digit",
            abs(plan.values - np.ravel(BEST)).max(),
            0,
            0.05,
            "solved",
        ),
    ]
    if picture:
        figure, axes = panels("Figure 3.2: random policy", "Figure 3.5: best policy", "Q-learning on it")
        for ax, values in zip(axes, (random, plan.values), strict=False):
            ax.imshow(values.reshape(5, 5), cmap="Blues", alpha=0.6)
            for k, value in enumerate(values):
                ax.text(k % 5, k // 5, f"{value:.2f}", ha="center", va="center", fontsize=9)
            ax.set_xticks([])
            ax.set_yticks([])
        axes[2].plot(run.policy_values[::50], color=BLUE, lw=1, label="exact value of its greedy policy")
        axes[2].axhline(run.optimal_value, color=GREY, ls="--", lw=1, label=f"best possible, {run.optimal_value:.4f}")
        label(axes[2], "steps, in fifties", "value of the start")
        figure.savefig(picture)
    return rows


if __name__ == "__main__":
    main(chapter)
