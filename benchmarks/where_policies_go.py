"""Visits, hitting and returns of random models, against fractions, simulated episodes and Storm.

    python benchmarks/where_policies_go.py exact --models 1000        # bounds against exact rationals
    python benchmarks/where_policies_go.py simulated --models 1000 --episodes 1000000
    python benchmarks/where_policies_go.py storm --stormpy PYTHON_OF_STORMPY     # visiting times and steady states

Each prints one line with what was found wrong; `simulated` counts what is more than 4 standard errors off, beside how
many that should be, and distributions that no sample should leave (Dvoretzky, Kiefer and Wolfowitz, with Massart's
constant, at 1e-6 a model).
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import planners
from planners import TabularMDP
from tests.oracles.exact import Tables, as_floats
from tests.oracles.moments import Rows, distribution, hitting, moments, rows_of

DISCOUNTS = (Fraction(1, 2), Fraction(7, 8), Fraction(127, 128), Fraction(1))


def drawn_model(rng: np.random.Generator, *, by_pair: bool) -> tuple[Tables, list[dict[int, Fraction]]]:
    """A dyadic model of 2 to 6 states whose episodes may end anywhere, and a policy of it."""
    count = int(rng.integers(2, 7))
    P: Tables = {}
    for s in range(count):
        P[s] = {}
        for a in range(2):
            parts = rng.multinomial(16, rng.dirichlet(np.full(count + 1, 0.5)))
            if by_pair and parts[-1] == 0:
                parts[np.argmax(parts)] -= 1
                parts[-1] += 1
            reward = Fraction(int(rng.integers(-8, 9)), 4)
            pays = [reward if by_pair else Fraction(int(rng.integers(-8, 9)), 4) for _ in parts]
            P[s][a] = [(Fraction(int(k), 16), t % count, pays[t], t == count) for t, k in enumerate(parts) if k]
    policy = []
    for _ in range(count):
        weight = Fraction(int(rng.integers(0, 9)), 8)
        policy.append({a: w for a, w in ((0, weight), (1, 1 - weight)) if w})
    return P, policy


def as_array(policy: list[dict[int, Fraction]]) -> Any:
    return np.array([[float(weights.get(a, 0)) for a in range(2)] for weights in policy])


def off(value: float, error: float, exact: Fraction) -> bool:
    return not abs(Fraction(float(value)) - exact) <= Fraction(float(error))


def exactly(models: int, rng: np.random.Generator) -> None:
    """Bounds against fractions."""
    wrong: Counter[str] = Counter()
    largest: Counter[str] = Counter()
    for _ in range(models):
        P, policy = drawn_model(rng, by_pair=False)
        rows, start, discount = rows_of(P, policy), int(rng.integers(len(P))), DISCOUNTS[int(rng.integers(4))]
        model, table = TabularMDP.from_gym_dict(as_floats(P)), as_array(policy)
        wrong.update(_wrong_hits(rows, P, policy, model, table))
        exact = moments(rows, discount, 3)
        raw = exact[start]
        try:
            found = planners.returns(model, table, discount=float(discount), start=start)
        except planners.ImproperPolicyError:
            wrong["refused"] += raw is not None
            continue
        if raw is None:
            wrong["not refused"] += 1
            continue
        _, m, second, third = raw
        truths = {"mean": m, "variance": second - m**2, "third_moment": third - 3 * m * second + 2 * m**3}
        for name, truth in truths.items():
            error = getattr(found, f"{name}_error")
            wrong[name] += off(getattr(found, name), error, truth)
            largest[name] = max(largest[name], error / max(1.0, abs(float(truth))))
        wrong.update(_wrong_visits(rows, model, table, discount, start))
        ended, longer = distribution(rows, start, discount, 5)
        known = found.distribution(atoms=int(rng.choice([5, 500])), steps=300)
        for x in list(ended)[:30]:
            low, high = known.at_most(float(x))
            below = sum((mass for value, mass in ended.items() if value <= x), Fraction(0))
            wrong["distribution"] += not (Fraction(low) <= below + longer and Fraction(high) >= below)
    bounds = ", ".join(f"{name} {float(error):.1g}" for name, error in largest.items())
    print(
        f"{models} models against fractions: {dict(+wrong) or 'no bound is wrong'}; largest relative bounds: {bounds}"
    )


def _wrong_hits(rows: Rows, P: Tables, policy: Any, model: TabularMDP, table: Any) -> Counter[str]:
    inside = {len(P) - 1}
    ended = [
        [(w * p, t if not ends or t in inside else -1, r) for a, w in policy[s].items() for p, t, r, ends in P[s][a]]
        for s in P
    ]
    chances, times = hitting(ended, inside)
    found, wrong = planners.hitting(model, table, sorted(inside)), Counter[str]()
    for s, (chance, steps) in enumerate(zip(chances, times, strict=True)):
        wrong["hitting"] += not Fraction(float(found.lower[s])) <= chance <= Fraction(float(found.upper[s]))
        late = found.times_lower[s], found.times_upper[s]
        wrong["time"] += not (
            np.isinf(late).all() if steps is None else Fraction(float(late[0])) <= steps <= Fraction(float(late[1]))
        )
    return wrong


def _wrong_visits(rows: Rows, model: TabularMDP, table: Any, discount: Fraction, start: int) -> Counter[str]:
    """The visits of a state are the mean return where each step in it pays 1."""
    found, wrong = planners.visits(model, table, discount=float(discount), start=start), Counter[str]()
    for s in range(len(rows)):
        paid = [[(p, t, Fraction(u == s)) for p, t, _ in row] for u, row in enumerate(rows)]
        exact = moments(paid, discount, 1)[start]
        lower, upper = float(found.lower[s].sum()), float(found.upper[s].sum())
        slack = 1e-15 * (upper if math.isfinite(upper) else 0.0)  # of the sums over actions here
        if exact is not None:
            wrong["visits"] += not Fraction(lower - slack) <= exact[1] <= Fraction(upper + slack)
    return wrong


def simulated(models: int, episodes: int, rng: np.random.Generator) -> None:
    """Moments, visits and distributions against episodes."""
    away: Counter[str] = Counter()
    looked: Counter[str] = Counter()
    left = 0
    for number in range(models):
        P, policy = drawn_model(rng, by_pair=True)
        model, table = TabularMDP.from_gym_dict(as_floats(P)), as_array(policy)
        discount = float(DISCOUNTS[int(rng.integers(4))])
        found = planners.returns(model, table, discount=discount)
        played = planners.simulate(model, table, episodes=episodes, discount=discount, steps=10_000, seed=number)
        sample = played.returns
        centred = sample - found.mean
        for name, value, each in (
            ("mean", found.mean, sample), ("variance", found.variance, centred**2),
            ("third moment", found.third_moment, centred**3),
        ):  # fmt: skip
            error = float(each.std()) / math.sqrt(episodes)
            looked[name] += 1
            away[name] += bool(abs(float(each.mean()) - value) > 4 * error + 1e-9)
        steps = planners.visits(model, table, discount=1).values.sum()  # the number of steps, whose spread is unknown
        ring = planners.returns(_counting(model), table, discount=1)
        looked["visits"] += 1
        spread = ring.standard_deviation / math.sqrt(episodes)
        away["visits"] += bool(abs(played.steps / episodes - steps) > 4 * spread)
        known, reach = found.distribution(atoms=2_000), math.sqrt(math.log(2 / 1e-6) / (2 * episodes))
        ranks = np.quantile(sample, np.linspace(0.02, 0.98, 25))
        low, high = known.at_most(ranks - 1e-9)[0], known.at_most(ranks + 1e-9)[1]  # returns are rounded as they add up
        share = np.array([np.count_nonzero(sample <= x) for x in ranks]) / episodes
        left += bool((share < low - reach).any() or (share > high + reach).any())
    expected = {name: round(count * 6.3e-5, 2) for name, count in looked.items()}
    print(
        f"{models} models, {episodes} episodes each: more than 4 standard errors off {dict(away)}, expected "
        f"{expected}; {left} distributions outside"
    )


def _counting(model: TabularMDP) -> TabularMDP:
    """The model that pays 1 for each step."""
    return TabularMDP(
        transitions=model.transitions, termination=model.termination, feasible=model.feasible,
        rewards=np.ones_like(model.rewards), initial=model.initial,
    )  # fmt: skip


def beside_storm(python: str) -> None:
    """Storm's expected visiting times and steady states of two of its models."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, str(Path(__file__).with_name("visits_storm.py")), folder], check=True)
        for path in sorted(Path(folder).glob("*.drn")):
            told = json.loads(path.with_suffix(".json").read_text())
            mine = TabularMDP.from_drn(path, reward="in0")
            sets = [np.asarray(mine.labels[f"at{k}"], dtype=np.float64) for k in range(len(told["visits"]))]
            actions = np.zeros(mine.num_states, dtype=np.int64)
            began = time.process_time()
            visits = planners.visits(mine, actions, discount=1, start=told["start"])
            middle = time.process_time()
            steady = planners.stationary(mine, actions, start=told["start"])
            seconds = middle - began, time.process_time() - middle
            paid = ~np.asarray(
                mine.labels.get("deadlock", np.zeros(mine.num_states, dtype=bool))
            )  # Storm pays nothing there
            ours = np.array([visits.states[(here > 0) & paid].sum() for here in sets])
            theirs, shares = np.array(told["visits"], dtype=np.float64), np.array(told["shares"])
            both = np.isfinite(theirs) & np.isfinite(ours)
            print(f"{path.stem}, {mine.num_states} states; processor time of theirs {told['seconds']}, ours {seconds}")
            alike = np.array_equal(np.isinf(theirs), np.isinf(ours))
            apart = np.abs(theirs[both] - ours[both]).max()
            print(f"  visits of {both.sum()} sets of states: {apart:.2g} apart; the others infinite in both: {alike}")
            print(f"  long run: {np.abs(shares - [here @ steady.values for here in sets]).max():.2g} apart")
            print(f"  our bounds: {visits.error_bound:.1g} and {steady.error_bound:.1g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("against", choices=("exact", "simulated", "storm"))
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--episodes", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stormpy", default="python", help="a Python that has stormpy")
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    if given.against == "storm":
        beside_storm(given.stormpy)
    elif given.against == "exact":
        exactly(given.models, rng)
    else:
        simulated(given.models, given.episodes, rng)


if __name__ == "__main__":
    main()
