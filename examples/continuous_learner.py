"""PPO of Stable-Baselines3 on the continuous gridworld: what does it lose? Bounded from both sides.

    python examples/continuous_learner.py [--steps 20000] [--episodes 1000] [--map lecture]

V* at the start lies between two proven bounds. What the learner's policy earns there is known within some distance from
the mean of its episodes, with probability .99: empirical Bernstein bounds (Maurer and Pontil, 2009, theorem 4). What it
loses is the difference.
"""

import argparse
import sys

import gymnasium as gym
import numpy as np

import gridworld_env
import planners

DISCOUNT, DOUBT = 0.95, 0.01


def main(arguments: list[str]) -> tuple[float, float]:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--steps", type=int, default=20_000)
    options.add_argument("--episodes", type=int, default=1000)
    options.add_argument("--map", default="lecture")
    given = options.parse_args(arguments)
    try:
        from stable_baselines3 import PPO
    except ModuleNotFoundError:
        raise SystemExit("this example needs Stable-Baselines3: pip install stable-baselines3") from None

    env = gym.make("ContinuousGridWorld-v0", map_name=given.map, noise=0.1, max_episode_steps=200)
    robot = env.unwrapped.system  # pyright: ignore[reportAttributeAccessIssue]
    plan = planners.continuous.solve(robot, cells=[16 * count for count in robot.squares.shape], discount=DISCOUNT)
    agent = PPO("MlpPolicy", env, gamma=DISCOUNT, n_steps=min(512, given.steps), batch_size=64, seed=1, device="cpu")
    agent.learn(given.steps)

    watched, totals = gridworld_env.ContinuousTruth(env, plan), []
    start = tuple((np.argwhere(robot.squares.starts)[0] + 0.5).tolist())
    bounds, reset = np.zeros(2), {"position": start}
    for episode in range(given.episodes):
        observation, info = watched.reset(seed=episode, options=reset)
        bounds, total, weight, over = info["optimal_value_bounds"], 0.0, 1.0, False
        while not over:
            action = agent.predict(observation, deterministic=True)[0]
            observation, reward, terminated, truncated, info = watched.step(int(action))
            total, weight, over = total + weight * float(reward), weight * DISCOUNT, terminated or truncated
        totals.append(total)
    paid = robot.squares.rewards[robot.squares.terminal]
    span = max(paid.max(), 0.0) - min(paid.min(), 0.0) + abs(robot.step_reward) / (1.0 - DISCOUNT)  # of a total
    count, words = len(totals), np.log(4.0 / DOUBT)
    luck = np.sqrt(2.0 * np.var(totals, ddof=1) * words / count) + 7.0 * span * words / (3.0 * (count - 1))
    low, high = max(bounds[0] - np.mean(totals) - luck, 0.0), bounds[1] - np.mean(totals) + luck
    print(f"{given.steps} steps of PPO on {given.map}; V* at the start is {bounds[0]:.3f} to {bounds[1]:.3f}")
    print(
        f"its episodes earn {np.mean(totals):.3f} on average, so it loses {low:.3f} to {high:.3f}, with probability .99"
    )
    return float(low), float(high)


if __name__ == "__main__":
    main(sys.argv[1:])
