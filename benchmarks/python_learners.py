"""Q-learning step by step in Python, beside rlberry-scool, msdm and MushroomRL, on RiverSwim of six states.

    python3.11 -m venv a && a/bin/pip install rlberry-scool==0.7.3
    python3.11 -m venv b && b/bin/pip install msdm==0.11
    python3.11 -m venv c && c/bin/pip install mushroom-rl==1.10.2
    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/python_learners.py {a,b,c}/bin/python     half a minute; one table

Steps a second, in processor time of one thread, the best of five; the libraries by turns. Ours and rlberry-scool step
the same Gymnasium environment, MushroomRL the same steps behind its own interface; msdm draws from its own model. Ours
also keeps every step and every change of the greedy policy, from which exact regret and V^pi are worked out.
"""

import contextlib
import os
import random
import subprocess
import sys
import time
from typing import Any

STATES, DISCOUNT, RATE, EPSILON = 6, 0.95, 0.1, 0.1
TIMES, STEPS = 5, 100_000


def river_step(s: int, a: int) -> tuple[int, float]:
    """The next state and the reward; Strehl and Littman (2008), with the currents of Osband (2013)."""
    if a == 0:
        return max(s - 1, 0), 0.005 if s == 0 else 0.0
    back = 0.0 if s == 0 else 0.4 if s == STATES - 1 else 0.05
    on = 0.6 if s == 0 else 0.35
    u, reward = random.random(), 1.0 if s == STATES - 1 else 0.0
    if u < back:
        return s - 1, reward
    return (s + 1 if s < STATES - 1 and u >= 1.0 - on else s), reward


def gymnasium_env() -> Any:
    import gymnasium

    class River(gymnasium.Env):
        observation_space = gymnasium.spaces.Discrete(STATES)
        action_space = gymnasium.spaces.Discrete(2)

        def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[int, dict[str, Any]]:
            super().reset(seed=seed)
            self.s = 0
            return 0, {}

        def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
            self.s, reward = river_step(self.s, int(action))
            return self.s, reward, False, False, {}

    return River()


def ours() -> Any:
    import planners

    env, agent = gymnasium_env(), planners.QLearning(rate=RATE, exploration=EPSILON)
    return lambda steps: planners.learn(env, agent, steps=steps, discount=DISCOUNT, seed=1)


def rlberry_scool() -> Any:
    from rlberry_scool.agents.tabular_rl.qlearning import QLAgent

    options = {"gamma": DISCOUNT, "alpha": RATE, "exploration_type": "epsilon", "exploration_rate": EPSILON}
    agent = QLAgent(gymnasium_env(), **options)
    agent._writer = None  # or each step of an endless episode is written down
    return lambda steps: agent.fit(budget=steps)


def msdm() -> Any:
    from msdm.algorithms.tdlearning import QLearning
    from msdm.core.distributions import DictDistribution
    from msdm.core.mdp.quickmdp import QuickTabularMDP

    class EnoughError(Exception):
        pass

    class Counter:
        left = 0

        def end_of_timestep(self, _: Any) -> None:
            Counter.left -= 1
            if Counter.left <= 0:
                raise EnoughError

    last = STATES - 1
    rows: dict[Any, Any] = {(s, 0): DictDistribution({max(s - 1, 0): 1.0}) for s in range(STATES)}
    rows |= {(s, 1): DictDistribution({s - 1: 0.05, s: 0.6, s + 1: 0.35}) for s in range(1, last)}
    rows |= {(0, 1): DictDistribution({0: 0.4, 1: 0.6}), (last, 1): DictDistribution({last - 1: 0.4, last: 0.6})}
    pays = {(0, 0): 0.005, (last, 1): 1.0}
    model = QuickTabularMDP(
        lambda s, a: rows[s, a],
        reward=lambda s, a, _: pays.get((s, a), 0.0),
        actions=[0, 1],
        initial_state=0,
        is_absorbing=lambda _: False,
        discount_rate=DISCOUNT,
    )
    agent = QLearning(episodes=1, step_size=RATE, rand_choose=EPSILON, seed=1, event_listener_class=Counter)

    def run(steps: int) -> None:
        Counter.left = steps
        with contextlib.suppress(EnoughError):
            agent.train_on(model)

    return run


def mushroom_rl() -> Any:
    import numpy as np
    from mushroom_rl.algorithms.value import QLearning
    from mushroom_rl.core import Core, Environment, MDPInfo
    from mushroom_rl.policy import EpsGreedy
    from mushroom_rl.utils import spaces
    from mushroom_rl.utils.parameters import Parameter

    class River(Environment):
        def __init__(self) -> None:
            super().__init__(MDPInfo(spaces.Discrete(STATES), spaces.Discrete(2), DISCOUNT, np.inf))

        def reset(self, state: Any = None) -> Any:
            self.s = 0
            return np.array([0])

        def step(self, action: Any) -> Any:
            self.s, reward = river_step(self.s, int(action[0]))
            return np.array([self.s]), reward, False, {}

    env = River()
    core = Core(QLearning(env.info, EpsGreedy(Parameter(EPSILON)), Parameter(RATE)), env)
    return lambda steps: core.learn(n_steps=steps, n_steps_per_fit=1, quiet=True)


LIBRARIES = {"planners": ours, "rlberry_scool": rlberry_scool, "msdm": msdm, "mushroom_rl": mushroom_rl}


def answer(name: str) -> None:
    """Seconds of so many steps, for each line read."""
    told, sys.stdout = sys.stdout, sys.stderr
    run = LIBRARIES[name]()
    run(100)
    for line in sys.stdin:
        begin = time.process_time()
        run(int(line))
        print(time.process_time() - begin, file=told, flush=True)


def main(pythons: list[str]) -> None:
    loops: dict[str, Any] = {}
    others = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for python in [sys.executable, *pythons]:
        found = f"import importlib.util as i; print(*[n for n in {list(LIBRARIES)} if i.find_spec(n)])"
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        pipes["env"] = dict(os.environ) if python == sys.executable else others
        looked = subprocess.run([python, "-c", found], text=True, env=pipes["env"], capture_output=True, check=True)
        for name in looked.stdout.split():
            if name not in loops:
                loops[name] = subprocess.Popen([python, __file__, "--answer", name], **pipes)
    best = dict.fromkeys(loops, float("inf"))
    for _ in range(TIMES):
        for name, loop in loops.items():
            print(STEPS, file=loop.stdin, flush=True)
            best[name] = min(best[name], float(loop.stdout.readline()))
    print("| library | thousand steps a second | of planners |\n|---|---|---|")
    for name, loop in loops.items():
        loop.stdin.close()
        loop.wait()
        print(f"| {name} | {STEPS / best[name] / 1e3:.0f} | {best['planners'] / best[name]:.2f} |")


if __name__ == "__main__":
    answer(sys.argv[2]) if sys.argv[1:2] == ["--answer"] else main(sys.argv[1:])
