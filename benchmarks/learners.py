"""Q-learning and Sarsa beside mdplib, whose loops are C++, on RiverSwim of six states; and what the exact truth costs.

    python3.11 -m venv peers && peers/bin/pip install mdplib==1.0.4
    BENCH_PYTHON=peers/bin/python OMP_NUM_THREADS=1 .venv/bin/python benchmarks/learners.py     a minute; three tables

Each number is the best of five, the libraries by turns, in processor time of one thread. mdplib starts with epsilon 1
and lets it fall on a line; so do we. It has the first of ties, knows no end of episodes and records nothing.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np

STEPS, TIMES, SEEDS = 4_000_000, 5, 8
PEER = """
import os, sys, time
import numpy as np
from mdp import MDP
P, R = np.load(sys.argv[1]), np.load(sys.argv[2])
os.chdir(os.path.dirname(sys.argv[1]))
sys.stdout, told = open(os.devnull, "w"), sys.stdout
model = MDP(list(range(6)), [0, 1], lambda s, a, t: P[s, a, t], lambda s, a, t: R[s, a])
for name in sys.stdin:
    begin = time.process_time()
    getattr(model, name.strip())(0.95, 0.1, 0.1, s0=0, max_iter=int(sys.argv[3]), verbose=False)
    print(time.process_time() - begin, file=told, flush=True)
"""


def river_swim() -> tuple[Any, Any]:
    """(6, 2, 6) probabilities and (6, 2) rewards; Strehl and Littman (2008), with the currents of Osband (2013)."""
    P, R = np.zeros((6, 2, 6)), np.zeros((6, 2))
    for s in range(6):
        P[s, 0, max(s - 1, 0)] = 1.0
        P[s, 1, [max(s - 1, 0), s, min(s + 1, 5)]] = (0.05, 0.6, 0.35)
    P[0, 1], P[5, 1] = [0.4, 0.6, 0, 0, 0, 0], [0, 0, 0, 0, 0.4, 0.6]
    R[0, 0], R[5, 1] = 0.005, 1.0
    return P, R


class Peer:
    """mdplib in a process of its own."""

    def __init__(self, python: str, P: Any, R: Any) -> None:
        self.folder = tempfile.TemporaryDirectory()
        names = [os.path.join(self.folder.name, name) for name in ("P.npy", "R.npy")]
        for name, table in zip(names, (P, R), strict=True):
            np.save(name, table)
        arguments = [python, "-c", PEER, *names, str(STEPS)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(arguments, **pipes)

    def seconds(self, name: str) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(name, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


def seconds(work: Callable[[], Any]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def truth(run: Any) -> tuple[Any, ...]:
    return run.regret, run.visits, run.policy_values


def beside_mdplib(python: str) -> None:
    import planners

    P, R = river_swim()
    model = planners.TabularMDP.from_arrays(P, R, initial=np.eye(6)[0])
    peer = Peer(python, P, R)
    print("| learner | mdplib | one seed | eight seeds | one seed, with regret, visits and V^pi of every step |")
    print("|---|---|---|---|---|")
    falling = planners.Decay(1.0, 0.1, over=STEPS)
    for name, theirs, agent in (
        ("Q-learning", "QLearning", planners.QLearning(rate=0.1, exploration=falling)),
        ("Sarsa", "SARSA", planners.Sarsa(rate=0.1, exploration=falling)),
    ):

        def learn(agent: Any = agent, **options: Any) -> Any:
            return planners.learn(model, agent, steps=STEPS, discount=0.95, **options)

        ways: dict[str, Callable[[], float]] = {
            "mdplib": lambda theirs=theirs: peer.seconds(theirs),
            "one": lambda learn=learn: seconds(lambda: learn(seed=1)),
            "eight": lambda learn=learn: seconds(lambda: learn(seeds=range(SEEDS))) / SEEDS,
            "truth": lambda learn=learn: seconds(lambda: truth(learn(seed=1))),
        }
        truth(learn(seed=1)), learn(seeds=range(SEEDS))  # compiled before the clock runs
        best = dict.fromkeys(ways, np.inf)
        for _ in range(TIMES):
            for way, work in ways.items():
                best[way] = min(best[way], work())
        cells = [f"{STEPS / best[w] / 1e6:.1f} M/s, {best['mdplib'] / best[w]:.2f}" for w in ("one", "eight", "truth")]
        print(f"| {name} | {STEPS / best['mdplib'] / 1e6:.1f} M/s | {' | '.join(cells)} |", flush=True)
    assert peer.process.stdin is not None
    peer.process.stdin.close()
    peer.process.wait()


def what_the_truth_costs() -> None:
    import gymnasium as gym

    import gridworld_env  # noqa: F401 - registers GridWorld-v0
    import planners

    P, R = river_swim()
    empty = ["S" + "." * 9, *["." * 10] * 8, "." * 9 + "+"]
    worlds = {
        "RiverSwim, 6 states": (planners.TabularMDP.from_arrays(P, R, initial=np.eye(6)[0]), 0.95),
        "lecture, 11 states": (gym.make("GridWorld-v0", map_name="lecture", slip=0.2), 0.9),
        "empty map, 100 states": (gym.make("GridWorld-v0", desc=empty, slip=0.2, step_reward=-0.04), 0.95),
    }
    print("\n| world | rate | M steps/s | changes of the policy | V^pi of every step | regret of every step |")
    print("|---|---|---|---|---|---|")
    for name, (world, discount) in worlds.items():
        for rate in (0.1, planners.Decay(1.0)):
            agent = planners.QLearning(rate=rate, exploration=0.1)
            best = np.full(3, np.inf)
            for _ in range(TIMES):
                run = None
                begin = time.process_time()
                run = planners.learn(world, agent, steps=STEPS, discount=discount, seed=1)
                spent = [time.process_time() - begin]
                _ = run.plan
                spent += [seconds(lambda run=run: run.policy_values), seconds(lambda run=run: run.regret)]
                best = np.minimum(best, spent)
            changes = len(run._played[0].changes.steps)
            more = " | ".join(f"+{100 * part / best[0]:.0f} %" for part in best[1:])
            shown, speed = "0.1" if rate == 0.1 else "1 / (n + 1)", f"{STEPS / best[0] / 1e6:.1f}"
            print(f"| {name} | {shown} | {speed} | {changes:,} | {more} |", flush=True)


def on_two_threads() -> None:
    """How much sooner many seeds are done on two threads, in alternating runs.

    Where other work is on the machine, wall time says little. Processor time says more: that of the main thread is what
    cannot be shared, the rest is; so two free cores need main + rest / 2.
    """
    import planners
    from planners.kernels.threads import at_most

    P, R = river_swim()
    model = planners.TabularMDP.from_arrays(P, R, initial=np.eye(6)[0])

    def learn(threads: int) -> tuple[float, float, float]:
        with at_most(threads):
            begin = time.perf_counter(), time.process_time(), time.thread_time()
            planners.learn(model, planners.QLearning(), steps=STEPS // 4, discount=0.95, seeds=range(8 * SEEDS))
            return time.perf_counter() - begin[0], time.process_time() - begin[1], time.thread_time() - begin[2]

    learn(1), learn(2)
    taken = np.array([[learn(1), learn(2)] for _ in range(TIMES)])
    (wall, cpu, _), (wall_of_two, cpu_of_two, main) = taken.min(axis=0)
    print("\n| seeds | best wall time, one thread / two | processor time, two / one | one / (main + rest / 2) |")
    print("|---|---|---|---|")
    ideal = cpu / (main + (cpu_of_two - main) / 2)
    print(f"| {8 * SEEDS} | {wall / wall_of_two:.2f} | {cpu_of_two / cpu:.2f} | {ideal:.2f} |")


if __name__ == "__main__":
    if "BENCH_PYTHON" in os.environ:
        beside_mdplib(os.environ["BENCH_PYTHON"])
    else:
        print("BENCH_PYTHON is not set: without mdplib", file=sys.stderr)
    what_the_truth_costs()
    on_two_threads()
