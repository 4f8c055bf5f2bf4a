"""Chapter 4: dynamic programming: the small gridworld, Jack's cars and the gambler."""

from pathlib import Path

import gymnasium as gym
import numpy as np
from book import BLUE, GREEN, ORANGE, Row, from_start, label, main, panels

import gridworld_env  # noqa: F401 - registers the environments
import planners
from gridworld_env.models import gambler, jacks_cars


def chapter(full: bool, picture: Path | None) -> list[Row]:
    grid = gym.make("GridWorld-v0", map_name="sutton-barto-4.1")
    mdp = planners.as_model(grid).tabular
    even = np.full((mdp.num_states, 4), 0.25)
    values, three = planners.evaluate(mdp, even, discount=1.0), planners.evaluate(mdp, even, discount=1.0, horizon=3)
    game = planners.simulate(mdp, even, episodes=40_000 if full else 4000, discount=1.0, seed=1)
    plans = {heads: planners.solve(gambler(heads), discount=1.0) for heads in (0.4, 0.25, 0.55)}
    fair = planners.solve(gambler(0.4), discount=1.0).values
    half = planners.simulate(gambler(0.4), plans[0.4], episodes=40_000 if full else 4000, discount=1.0, seed=1)
    rows = [
        Row("Figure 4.1", "random policy: v beside a corner", "-14", values[1], -14.0, 1e-6, "solved"),
        Row("Figure 4.1", "random policy: least v", "-22", values.min(), -22.0, 1e-6, "solved"),
        Row("Figure 4.1", "after 3 sweeps: v beside a corner", "-2.4", three[1], -2.4, 0.05, "solved"),
        Row("Figure 4.1", "mean over the states", "-", game.mean, from_start(mdp, values), 6 * game.standard_error),
        Row("Figure 4.3", "heads .4: v(25)", "-", fair[25], 0.16, 1e-6, "solved", "bold play: .4 times .4"),
        Row("Figure 4.3", "heads .4: v(50)", ".4", fair[50], 0.4, 1e-6, "solved"),
        Row(
            "Figure 4.3", "heads .4: mean over the capitals", "-", half.mean, fair[1:-1].mean(), 6 * half.standard_error
        ),
    ]
    cars = None
    if full:
        model = jacks_cars()
        cars = planners.solve(model, discount=0.9, method="policy_iteration")
        moves = moved(cars)
        rows += [
            Row("Figure 4.2", "Jack's cars: most cars moved", "5", moves.max(), 5.0, 0.0, "solved"),
            Row("Figure 4.2", "least cars moved", "-4", moves.min(), -4.0, 0.0, "solved"),
            Row("Figure 4.2", "least value", "420", cars.values.min(), 420.0, 2.0, "solved", "printed at an axis"),
            Row(
                "Figure 4.2", "largest value", "612", cars.values.max(), 636.9896, 1e-3, "solved", "612 is at the axis"
            ),
        ]
    if picture:
        draw(values, cars, plans, picture)
    return rows


def moved(cars: planners.Plan) -> np.ndarray:
    """(21, 21) cars that are moved; an action that asks for more than there are moves those."""
    first, second = np.mgrid[:21, :21]
    return np.clip(cars.policy.actions.reshape(21, 21) - 5, -second, first)


def draw(values: np.ndarray, cars: planners.Plan | None, plans: dict[float, planners.Plan], picture: Path) -> None:
    figure, axes = panels(
        "Figure 4.1: v of the random policy", "Figure 4.2: cars moved", "Figure 4.3: v of the capital"
    )
    for k, value in enumerate(values):
        axes[0].text(k % 4, k // 4, f"{value:.1f}", ha="center", va="center")
    axes[0].imshow(values.reshape(4, 4), cmap="Blues_r", alpha=0.5)
    axes[0].set_xticks([])
    axes[0].set_yticks([])
    if cars is not None:
        shown = axes[1].imshow(moved(cars), origin="lower", cmap="RdBu")
        figure.colorbar(shown, ax=axes[1], label="from the first place to the second")
        label(axes[1], "cars at the second place", "cars at the first place", legend=False)
    for (heads, plan), color in zip(plans.items(), (BLUE, ORANGE, GREEN), strict=True):
        axes[2].plot(np.arange(1, 100), plan.values[1:-1], color=color, lw=1, label=f"heads {heads:g}")
    label(axes[2], "capital", "probability of reaching 100")
    figure.savefig(picture)


if __name__ == "__main__":
    main(chapter)
