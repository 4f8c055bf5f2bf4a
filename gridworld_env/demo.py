"""The main job in one run: `python -m gridworld_env.demo`.

Solves the lecture's gridworld by value iteration and by policy iteration, prints values, policy and
certificate, and plays an episode in the renderer: in a window where there is a display, and as a GIF
beside it always. `--first-step` stops after the plans.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import DependencyNotInstalled

import gridworld_env  # noqa: F401  (registers GridWorld-v0)
import planners
from gridworld_env.cli.commands import check_libraries, show_episodes, show_plan

OPTIONS: dict[str, Any] = {"map_name": "lecture", "slip": 0.2, "step_reward": -0.04}
DISCOUNT = 0.9


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(prog="gridworld_env.demo", description="Solve and play the lecture's gridworld.")
    parser.add_argument("--first-step", action="store_true", help="only plan; do not play")
    parser.add_argument("--gif", type=Path, default=Path("lecture.gif"), help="where the animation goes")
    arguments = parser.parse_args()
    if not arguments.first_step:
        try:
            check_libraries()
        except DependencyNotInstalled as error:
            sys.exit(f"{error}; or only plan: python -m gridworld_env.demo --first-step")

    plan = solve_both_ways()
    if not arguments.first_step:
        play_one_episode(plan, arguments.gif)


def solve_both_ways() -> planners.Plan:
    """Algorithm 4 and Algorithm 5 on one map: they agree, and each proves how exact it is."""
    env = gym.make("GridWorld-v0", **OPTIONS)
    print(f"The lecture's gridworld: slip {OPTIONS['slip']}, {OPTIONS['step_reward']} a step, discount {DISCOUNT}\n")
    by_values = planners.value_iteration(env, discount=DISCOUNT, tolerance=1e-8)
    print("Value iteration (Algorithm 4): V* and every optimal action")
    show_plan(OPTIONS, by_values)
    by_policies = planners.policy_iteration(env, discount=DISCOUNT, tolerance=1e-8)
    print("\nPolicy iteration (Algorithm 5)", by_policies, sep="\n")
    apart = float(np.abs(by_values.values - by_policies.values).max())
    print(
        f"\nThe two differ by {apart:.1e}; their proven errors add up to "
        f"{by_values.error_bound + by_policies.error_bound:.1e}."
    )
    return by_policies


def play_one_episode(plan: planners.Plan, gif: Path) -> None:
    """The policy in the renderer."""
    print("\nOne episode:")
    show_episodes(OPTIONS, plan, episodes=1, seed=7, gif=gif)


if __name__ == "__main__":
    main()
