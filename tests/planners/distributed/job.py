"""What the processes of test_solving.py run, started by torchrun; and the models they run it on.

torchrun --nproc-per-node=2 tests/planners/distributed/job.py suite FOLDER SEED
torchrun --nproc-per-node=3 tests/planners/distributed/job.py killed FOLDER SWEEP PROCESS DELAY SIGNAL
"""

import json
import os
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from scipy import sparse

import planners
from gridworld_env.maps import slices
from gridworld_env.maps.textbook_worlds import WORLDS
from planners import Iteration, TabularMDP, memory
from planners.distributed import Rows, foresee, foreseen, process_group, solve_in_parts

RULES: list[dict[str, Any]] = [
    {"slip": 0.2},
    {"slip": 0.0},
    {"slip": 0.2, "moves": "king"},
    {"slip": 0.1, "moves": "octile", "step_reward": -1.0},
    {"slip": 0.3, "reward_on": "exit"},
    {"slip": 0.2, "bump_reward": -0.5},
    {"slip": 0.2, "step_reward": 0.0},
    {"slip": 0.9, "step_reward": -2.0},
    {"slip": 0.2, "actions": ["LEFT", "STAY", "UP"]},
]
LADDER = 3000
FORESEEN = ("map.txt", "entangled", "rows")


def write_for_all(path: Path, text: str) -> None:
    """Write a file that the other processes may be reading: all of them write the same, and none sees a part of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="ascii")
    draft.replace(path)


def models(folder: Path, seed: int) -> dict[str, tuple[Any, float]]:
    """Every world, toy_text's, maps under every rule, maps in files, entangled tables and a function of rows."""
    rng = np.random.default_rng(seed)
    found: dict[str, tuple[Any, float]] = {world: (gym.make("GridWorld-v0", map_name=world), 0.95) for world in WORLDS}
    found |= {name: (gym.make(name), 0.97) for name in ("FrozenLake-v1", "CliffWalking-v1", "Taxi-v4")}
    squares = np.where(rng.random((15, 14)) < 0.15, "#", ".")
    squares[0, 0], squares[7, 7], squares[-1, -1] = "+", "-", "S"
    desc = ["".join(row) for row in squares]
    found |= {str(rules): (gym.make("GridWorld-v0", desc=desc, **rules), 0.99) for rules in RULES}
    write_for_all(folder / "map.txt", "\n".join(desc) + "\n")
    found["map.txt"] = slices.open_map(str(folder / "map.txt"), slip=0.2), 0.99
    glyphs = "\n".join(row.replace("#", "@").replace("+", ".").replace("-", ".").replace("S", ".") for row in desc)
    write_for_all(folder / "arena.map", f"type octile\nheight 15\nwidth 14\nmap\n{glyphs}\n")
    found["arena.map"] = slices.open_map(str(folder / "arena.map"), slip=0.1, goal=(0, 0)), 0.99
    found["walled in"] = gym.make("GridWorld-v0", desc=walled_in(), slip=0.2), 0.99999
    found["entangled"] = entangled(rng, 90, 3, 0.0), 0.9
    found["entangled, ending"] = entangled(rng, 90, 3, 0.2), 0.999
    found["three states"] = entangled(rng, 3, 2, 0.1), 0.9
    found["one state"] = entangled(rng, 1, 2, 0.0), 0.5
    found["rows"] = Rows(ladder, num_states=LADDER, num_actions=2), 0.99
    return found


def walled_in(side: int = 24) -> list[str]:
    """A room without a door through nearly all rows, so that it lies in many parts, and a pillar in it."""
    squares = np.full((side, side), ".")
    squares[1 : side - 1, 1:6], squares[2 : side - 2, 2:5], squares[9, 3], squares[0, 0] = "#", ".", "#", "+"
    return ["".join(row) for row in squares]


def entangled(rng: np.random.Generator, states: int, actions: int, ends: float) -> TabularMDP:
    """Every state may lead to states all over the model; some actions do not exist."""
    P = rng.random((states, actions, states)) * (rng.random((states, actions, states)) < 0.2)
    P[..., 0] += 1e-3
    termination = rng.random((states, actions)) * ends
    P *= ((1.0 - termination) / P.sum(axis=2))[..., None]
    feasible = rng.random((states, actions)) < 0.8
    feasible[np.arange(states), rng.integers(actions, size=states)] = True
    return TabularMDP(
        transitions=sparse.csr_array(P.reshape(states * actions, states)),
        termination=termination,
        rewards=rng.normal(size=(states, actions)),
        feasible=feasible,
    )


def ladder(first: int, last: int) -> tuple[Any, ...]:
    """Step down for -1, or jump down ten rungs for -4 and perhaps fall; the episode ends below the lowest rung."""
    states = np.arange(first, last)
    rows, columns, probabilities = [], [], []
    for action, (steps, likely) in enumerate([(1, 1.0), (10, 0.75), (-3, 0.25)]):
        there = states - steps
        goes_on = (there >= 0) & (there < LADDER)
        rows.append(((states - first) * 2 + min(action, 1))[goes_on])
        columns.append(there[goes_on])
        probabilities.append(np.full(int(goes_on.sum()), likely))
    P = sparse.csr_array(
        (np.concatenate(probabilities), (np.concatenate(rows), np.concatenate(columns))),
        shape=(2 * len(states), LADDER),
    )
    termination = 1.0 - np.asarray(P.sum(axis=1)).reshape(-1, 2)
    return P, np.broadcast_to([-1.0, -4.0], (len(states), 2)), termination


def ladder_model(rungs: int) -> TabularMDP:
    """The lowest rungs, for the command line; up from the highest leads off."""
    P, R, termination = ladder(0, rungs)
    inside = P[:, :rungs]
    return TabularMDP(inside, 1.0 - np.asarray(inside.sum(axis=1)).reshape(-1, 2), np.array(R), termination >= 0)


class SentBytes:
    """Counts the bytes of values that this process hands to torch.distributed."""

    def __init__(self) -> None:
        import torch
        import torch.distributed as dist

        self.count, send = 0, dist.isend

        def counting(tensor: Any, *arguments: Any, **options: Any) -> Any:
            self.count += tensor.nbytes if tensor.dtype == torch.float64 else 0
            return send(tensor, *arguments, **options)

        dist.isend = counting


def suite(folder: Path, seed: int) -> None:
    """Enter two groups, and a third, in which every model is solved, and then what must fail on all processes alike."""
    import torch.distributed as dist

    twice(folder / "groups")
    dist.init_process_group("gloo")
    rank, sent, arrays, facts = dist.get_rank(), SentBytes(), {}, {}
    for name, (model, discount) in models(folder, seed).items():
        sent.count = 0
        plan = solve_in_parts(model, discount=discount, distributed=True, out=folder / "plans" / name)
        for what in ("values", "lower", "upper"):
            arrays[f"{name}/{what}"] = getattr(plan, what)
        arrays[f"{name}/actions"] = plan.policy.actions
        facts[name] = {"error": plan.error_bound, "sweeps": plan.iterations, "sent": sent.count}
    setattr(foreseen, "LOOK", np.inf)  # noqa: B010 - a constant; here a look is long enough on any machine
    again = {name: each for name, each in models(folder, seed).items() if name in FORESEEN}
    said = {name: foresee(model, discount=discount, distributed=True) for name, (model, discount) in again.items()}
    facts["foreseen"] = {name: asdict(each) for name, each in said.items()}
    whole, discount = models(folder, seed)["entangled"]
    plan = planners.solve(whole, discount=discount, distributed=True)
    arrays["whole/values"], arrays["whole/actions"] = plan.values, plan.policy.actions
    facts["whole"] = {"optimal": int(plan.optimal_actions.sum()), "converged": plan.converged}
    facts["failures"] = failures(rank)
    np.savez(folder / f"rank-{rank}.npz", **arrays)
    (folder / f"rank-{rank}.json").write_text(json.dumps(facts), encoding="ascii")


def failures(rank: int) -> dict[str, str]:
    """What each process is told of what goes wrong in one of them."""

    def wrong_row(first: int, last: int) -> tuple[Any, ...]:
        P, R, termination = ladder(first, last)
        return P, R, termination + 0.5 * (np.arange(first, last) == LADDER - 7)[:, None]

    def too_large(first: int, last: int) -> tuple[Any, ...]:
        if rank == 0:
            raise MemoryError("Unable to allocate 3 GiB")
        return ladder(first, last)

    told = {}
    for name, rows in (("wrong row", wrong_row), ("no memory", too_large)):
        told[name] = failure(Rows(rows, LADDER, 2))
    before, memory.available_bytes = memory.available_bytes, lambda: 1e12 if rank == 0 else 1e5
    free, memory.ANYWHERE = memory.ANYWHERE, 0.0
    told["little memory"] = failure(Rows(ladder, LADDER, 2))
    memory.available_bytes, memory.ANYWHERE = before, free

    def sleep(step: Iteration) -> None:
        if rank == 1 and step.iteration == 2:
            time.sleep(6.0)

    told |= disagreements(rank)
    told["silence"] = failure(Rows(ladder, LADDER, 2), progress=sleep, timeout=2.0)
    return told


def disagreements(rank: int) -> dict[str, str]:
    """What each process is told where they were given different things."""
    mine = Path(tempfile.mkdtemp())
    (mine / "map.txt").write_text(f"..+\n.{'.#'[rank]}.\nS..\n", encoding="ascii")
    (mine / f"only-{rank}.txt").write_text("..+\n", encoding="ascii")
    return {
        "another discount": failure(Rows(ladder, LADDER, 2), discount=[0.9, 0.95][rank]),
        "another tolerance": failure(Rows(ladder, LADDER, 2), tolerance=[1e-6, 1e-3][rank]),
        "no such tolerance": failure(Rows(ladder, LADDER, 2), tolerance=[1e-6, -1.0][rank]),
        "another map": failure(slices.open_map(str(mine / "map.txt"))),
        "other rules": failure(slices.open_map(str(mine / f"only-{rank}.txt"), slip=[0.2, 0.3][rank])),
        "another model": failure(TabularMDP.from_gym_dict({0: {0: [(1.0, 0, float(rank), True)]}})),
        "another folder": failure(Rows(ladder, LADDER, 2), out=mine / "plan"),
        "no folder": failure(Rows(ladder, LADDER, 2), out=mine / "map.txt"),
    }


def failure(model: Any, **options: Any) -> str:
    try:
        solve_in_parts(model, **{"discount": 0.9, "distributed": True, **options})
    except (planners.PlannerError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


KILLED = {"slip": 0.2}
KILLED_OPTIONS: dict[str, Any] = {"discount": 0.99, "tolerance": 1e-6, "checkpoint_every": 5}


def killed(folder: Path, sweep: int, process: int, delay: float, number: int) -> None:
    """Solve a map; the first time, one process is sent a signal some seconds after a sweep."""
    done, rank = folder / "killed", int(os.environ["RANK"])

    def kill(step: Iteration) -> None:
        if rank == process and step.iteration == sweep and not done.exists():
            done.touch()
            threading.Timer(delay, os.kill, (os.getpid(), number)).start()

    source = slices.open_map(str(folder / "map.txt"), **KILLED)
    with process_group(timeout=20.0):
        solve_in_parts(source, distributed=True, out=folder / "plan", progress=kill, timeout=20.0, **KILLED_OPTIONS)


def twice(folder: Path) -> None:
    """Two groups, one after the other."""
    for number in range(2):
        with process_group(timeout=60.0):
            solve_in_parts(Rows(ladder, LADDER, 2), discount=0.9, distributed=True, out=folder / str(number))


if __name__ == "__main__":
    if sys.argv[1] == "suite":
        suite(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        killed(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6]))
