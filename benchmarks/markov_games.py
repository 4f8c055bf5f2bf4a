"""Games of two: against exact rationals, soccer, pursuit on a large map, the finite GAN, and a peer.

    python benchmarks/markov_games.py fuzz --games 1000 --seed 0    # random games, held against exact rationals
    python benchmarks/markov_games.py soccer [--steps 300000]       # value, strategies; minimax-Q and fictitious play
    python benchmarks/markov_games.py pursuit [--squares 320]       # 10^5 states
    python benchmarks/markov_games.py gan
    python benchmarks/markov_games.py peer --python VENV/bin/python # matrix games beside nashpy and QuantEcon

A violation is a bound that the exact value breaks, or strategies that are worth less than what is said of them. Times
are of the processor.
"""

import argparse
import subprocess
import sys
import time
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

DISCOUNTS = [Fraction(0), Fraction(1, 2), Fraction(15, 16), Fraction(1)]
SHAPES = [(3, 2, 2), (2, 3, 3), (3, 3, 2), (2, 1, 3), (2, 2, 3)]
METHODS = ("newton", "policy_iteration", "value_iteration")


def fuzz(options: argparse.Namespace) -> int:
    from tests.oracles import games

    began, wrong = time.process_time(), 0
    for number in range(options.seed, options.seed + options.games):
        rng, floats = np.random.default_rng(number), number % 3 == 0
        discount = Fraction(0.9 * float(DISCOUNTS[number % 4])) if floats else DISCOUNTS[number % 4]
        game = games.random_game(rng, *SHAPES[number % 5], ends=discount == 1, floats=floats)
        found = games.violations(game, discount, method=METHODS[number % 7 % 3])
        wrong += bool(found)
        if found:
            print(f"seed {number}, discount {discount}: {found}"[:200], flush=True)
    print(f"{options.games} games, {wrong} with violations, {time.process_time() - began:.0f} s of processor time")
    return wrong


def timed(game, discount, tolerance, method="auto"):
    import planners

    began = time.process_time()
    plan = planners.solve(game, discount=discount, tolerance=tolerance, method=method)
    return plan, time.process_time() - began


def soccer(options: argparse.Namespace) -> int:
    import planners
    from planners.games import FictitiousPlay, MinimaxQ, learn

    planners.solve(planners.games.soccer(2, 3), discount=0.9)  # compiled
    game = planners.games.soccer()
    for method in METHODS:
        plan, seconds = timed(game, 0.9, 1e-9, method)
        print(f"{method}: {plan.iterations} sweeps, proven error {plan.error_bound:.1e}, {seconds:.2f} s")
    print(f"with the ball at the start {plan.values[0]:.9f}, without it {plan.values[1]:.9f}")
    print(plan.report())
    for player in (MinimaxQ(exploration=0.2), FictitiousPlay()) if options.steps else ():
        began = time.process_time()
        run = learn(game, (player, player), steps=options.steps, discount=0.9, seed=0, checks=4)
        seconds, lost = time.process_time() - began, run.exploitability.round(3).tolist()
        print(f"{run}; at {run.steps.tolist()}: {lost}, {seconds:.0f} s")
    return 0


def pursuit(options: argparse.Namespace) -> int:
    import gridworld_env
    import planners

    side, rng = 20, np.random.default_rng(0)
    free = np.ones(side * side, dtype=bool)
    free[rng.choice(side * side, side * side - options.squares, replace=False)] = False
    rows = ["".join(".#"[not each] for each in row) for row in free.reshape(side, side)]
    planners.solve(planners.games.soccer(2, 3), discount=0.9)
    for slip in (0.0, 0.1):
        began = time.process_time()
        env = gridworld_env.GridWorldEnv(desc=rows, slip=slip)
        game = planners.games.pursuit(env)
        made = time.process_time() - began
        plan, seconds = timed(game, 0.9, planners.options.BY_DEFAULT)
        print(f"slip {slip}: {game}: made in {made:.1f} s, solved in {seconds:.1f} s, {plan.iterations} sweeps, proven")
        print(f"  error {plan.error_bound:.1e}; values {plan.values.min():.6f} to {plan.values.max():.6f}", flush=True)
        began = time.process_time()
        mixed = int((np.asarray(plan.policy.probabilities).max(axis=1) < 1.0).sum())
        print(f"  drawn in {mixed} states; {plan.exploitability}, {time.process_time() - began:.1f} s", flush=True)
    return 0


def gan(options: argparse.Namespace) -> int:
    import planners

    worst = 0.0
    for seed in range(20):
        p = np.random.default_rng(seed).dirichlet(np.ones(4))
        tables = np.array(list(product([0.1, 0.3, 0.49, 0.5, 0.51, 0.7, 0.9], repeat=4)))
        game = planners.MarkovGame.from_matrix((np.log(tables) @ p)[:, None] + np.log(1 - tables))
        plan, seconds = timed(game, 0.9, 1e-9)
        worst = max(worst, plan.upper[0] + np.log(4), -np.log(4) - plan.lower[0])
    print(
        f"20 GANs of 4 points and {len(tables)} tables: all bounds within {worst:.1e} of -log 4; {seconds:.3f} s each"
    )
    return int(worst > 1e-9)


PEER = """
import json, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
games = np.load(sys.argv[1])
found = {}
try:
    import nashpy
    began = time.process_time()
    values = []
    for A in games:
        x, y = nashpy.Game(A).linear_program()
        values.append(float(x @ A @ y))
    found["nashpy " + nashpy.__version__ + " linear_program"] = (time.process_time() - began, values)
except ImportError:
    pass
try:
    import quantecon
    from quantecon.game_theory.lemke_howson import lemke_howson
    from quantecon.game_theory import NormalFormGame, Player
    lemke_howson(NormalFormGame((Player(games[0]), Player(-games[0].T.copy()))))
    began = time.process_time()
    values = []
    for A in games:
        x, y = lemke_howson(NormalFormGame((Player(A), Player(-A.T.copy()))))
        values.append(float(x @ A @ y))
    found["QuantEcon " + quantecon.__version__ + " lemke_howson"] = (time.process_time() - began, values)
except ImportError:
    pass
print(json.dumps(found))
"""


def peer(options: argparse.Namespace) -> int:
    import json
    import tempfile

    from planners.kernels.matrix_games import solve_stages

    for size, count in ((3, 2000), (5, 2000), (20, 200)):
        games = np.random.default_rng(size).normal(size=(count, size, size))
        counts = np.full(count, size)
        x, y, values = np.empty((count, size)), np.empty((count, size)), np.empty(count)
        solve_stages(np.arange(count) * size**2, counts, counts, games.ravel(), x, y, values)
        began = time.process_time()
        for _ in range(10):
            solve_stages(np.arange(count) * size**2, counts, counts, games.ravel(), x, y, values)
        own = (time.process_time() - began) / 10
        gap = (np.einsum("gij,gj->gi", games, y).max(axis=1) - np.einsum("gij,gi->gj", games, x).min(axis=1)).max()
        print(f"{size} x {size}: this package {1e6 * own / count:.2f} us a game, largest gap {gap:.1e}")
        with tempfile.TemporaryDirectory() as folder:
            np.save(Path(folder, "games.npy"), games)
            command = [options.python, "-c", PEER, str(Path(folder, "games.npy"))]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for name, (seconds, theirs) in found.items():
            off = np.abs(np.array(theirs) - values).max()
            print(
                f"  {name} {1e6 * seconds / count:.0f} us a game, {seconds / own:.0f} times; values differ by {off:.1e}"
            )
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fuzz", "soccer", "pursuit", "gan", "peer"))
    parser.add_argument("--games", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--squares", type=int, default=320)
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    return globals()[options.what](options)


if __name__ == "__main__":
    sys.exit(main())
