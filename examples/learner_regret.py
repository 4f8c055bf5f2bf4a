"""Two learners beside the exact optimum: what tabular Q-learning and Stable-Baselines3's PPO lose, step by step.

    python examples/learner_regret.py --learner both --map lecture --steps 20000 --seed 3 --out regret.png

The lecture's open question, unknown models: the learner sees samples alone, while the planner knows the tables.
Because the tables are open, what not knowing them costs is measured exactly, not against another estimate.

PPO needs stable-baselines3 (`pip install stable-baselines3`), the picture matplotlib.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import gridworld_env
import planners

CHECKS = 40  # greedy policies evaluated during a run


class QLearner:
    """Tabular Q-learning with an epsilon-greedy policy; an agent like every other: `act`, and `learn`.

    Source: Sutton and Barto, 2nd ed., section 6.5.
    """

    def __init__(
        self,
        states: int,
        actions: int,
        discount: float,
        rng: np.random.Generator,
        rate: float = 0.2,
        epsilon: float = 0.1,
    ) -> None:
        self.Q = np.zeros((states, actions))
        self.discount, self.rate, self.epsilon, self.rng = discount, rate, epsilon, rng

    def act(self, observation: int, /) -> int:
        if self.rng.random() < self.epsilon:
            return int(self.rng.integers(self.Q.shape[1]))
        best = np.flatnonzero(self.Q[observation] == self.Q[observation].max())
        return int(self.rng.choice(best))  # ties at random: argmax would walk into the same wall for ever

    def learn(self, state: int, action: int, reward: float, next_state: int, terminated: bool) -> None:
        # An episode that was cut off (truncated) would have gone on: its last state keeps its value. Only a
        # terminated one is worth nothing more. Mixing the two up teaches that far away is bad.
        future = 0.0 if terminated else self.discount * self.Q[next_state].max()
        self.Q[state, action] += self.rate * (reward + future - self.Q[state, action])


@dataclass
class Record:
    """What a run showed: the regret of every step taken, and the exact one of the greedy policy now and then."""

    name: str
    discount: float
    exact: Callable[[NDArray[np.intp]], float]  # the start's regret of a policy
    every: int
    given_away: list[float] = field(default_factory=list)
    checked_at: list[int] = field(default_factory=list)
    greedy: list[float] = field(default_factory=list)

    def step(self, regret: float, policy: Callable[[], NDArray[np.intp]]) -> None:
        if len(self.given_away) % self.every == 0:
            self.check(policy())
        self.given_away.append(regret)

    def check(self, policy: NDArray[np.intp]) -> None:
        self.checked_at.append(len(self.given_away))
        self.greedy.append(self.exact(policy))


def make_env(map_name: str, discount: float, slip: float) -> gridworld_env.GroundTruth:
    """The world with the truth in its `info`; planner and learner use the same discount."""
    return gridworld_env.GroundTruth(gym.make("GridWorld-v0", map_name=map_name, slip=slip), discount=discount)


def new_record(name: str, env: gridworld_env.GroundTruth, steps: int) -> Record:
    def exact(policy: NDArray[np.intp]) -> float:
        return max(planners.regret(env, policy, discount=env.plan.discount, plan=env.plan).value, 0.0)

    return Record(name, env.plan.discount, exact, max(1, steps // CHECKS))


def run_q_learning(env: gridworld_env.GroundTruth, steps: int, seed: int) -> Record:
    """The loop of every agent in this project: act, step, learn."""
    record = new_record("Q-learning", env, steps)
    states, actions = env.plan.action_values.shape
    learner = QLearner(states, actions, env.plan.discount, np.random.default_rng(seed))

    def greedy() -> NDArray[np.intp]:
        return learner.Q.argmax(axis=1)

    state, _ = env.reset(seed=seed)
    for _ in range(steps):
        action = learner.act(state)
        next_state, reward, terminated, truncated, info = env.step(action)
        learner.learn(state, action, float(reward), next_state, terminated)
        record.step(info["regret"], greedy)
        state = env.reset()[0] if terminated or truncated else next_state
    record.check(greedy())
    return record


def run_ppo(env: gridworld_env.GroundTruth, steps: int, seed: int) -> Record:
    """Stable-Baselines3's PPO on one-hot states, at the planner's discount."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback

    record = new_record("PPO", env, steps)
    states = np.arange(len(env.plan.values))

    class Watch(BaseCallback):
        def _on_step(self) -> bool:
            record.step(self.locals["infos"][0]["regret"], lambda: model.predict(states, deterministic=True)[0])
            return True

    model = PPO("MlpPolicy", env, n_steps=256, batch_size=64, gamma=env.plan.discount, seed=seed, device="cpu")
    model.learn(total_timesteps=steps, callback=Watch())
    record.check(model.predict(states, deterministic=True)[0])
    return record


def summary(env: gridworld_env.GroundTruth, records: list[Record]) -> Table:
    start = env.get_wrapper_attr("initial_state_distrib") @ env.plan.values
    table = Table(title=f"V* of the start: {start:.4f} (proven to {env.plan.error_bound:.0e})")
    for column in ("learner", "steps", "regret of all steps", "first greedy policy", "last greedy policy"):
        table.add_column(column, justify="left" if column == "learner" else "right")
    for r in records:
        numbers = (f"{sum(r.given_away):.1f}", f"{r.greedy[0]:.4f}", f"{r.greedy[-1]:.4f}")
        table.add_row(r.name, f"{len(r.given_away):,}", *numbers)
    return table


def draw(records: list[Record], file: Path) -> None:
    """Left: what the steps gave away, added up. Right: the exact regret of the greedy policy."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for record, colour in zip(records, ("#0072b2", "#d55e00"), strict=False):
        left.plot(np.cumsum(record.given_away), color=colour, label=record.name)
        right.step(record.checked_at, record.greedy, where="post", color=colour, label=record.name)
    left.set(xlabel="steps", ylabel="regret so far (reward)", title="What the steps taken gave away")
    right.set(xlabel="steps", ylabel="regret of the start (reward)", title="The greedy policy, exactly")
    right.axhline(0.0, color="black", linewidth=0.8, linestyle=":")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.locator_params(axis="x", nbins=5)
    left.legend(frameon=False)
    figure.savefig(file, dpi=100)


LEARNERS = {"q-learning": run_q_learning, "ppo": run_ppo}


def main(arguments: list[str] | None = None) -> list[Record]:
    parser = argparse.ArgumentParser(description="The regret of learners beside the exact optimum.")
    parser.add_argument("--learner", choices=[*LEARNERS, "both"], default="both")
    parser.add_argument("--map", default="lecture", metavar="NAME")
    parser.add_argument("--slip", type=float, default=0.2)
    parser.add_argument("--discount", type=float, default=0.95)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("regret.png"))
    options: Any = parser.parse_args(arguments)
    env = make_env(options.map, options.discount, options.slip)
    names = LEARNERS if options.learner == "both" else [options.learner]
    records = [LEARNERS[name](env, options.steps, options.seed) for name in names]
    Console().print(summary(env, records))
    draw(records, options.out)
    print(f"wrote {options.out}")
    return records


if __name__ == "__main__":
    main()
