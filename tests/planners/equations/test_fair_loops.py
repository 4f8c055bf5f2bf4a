"""At discount 1 the outcomes of a row decide whether a loop is fair, also where they are moves or lead to one state."""

import dataclasses
import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planners
from planners import TabularMDP


def test_shaping_over_slips_changes_nothing_in_a_model_of_moves(rng: np.random.Generator) -> None:
    """Two moves may lead to one square, and .8 + .1 is rounded."""
    refused = 0
    for _ in range(10):
        potential, successor = rng.integers(-5, 6, 4).astype(float), rng.integers(4, size=(4, 3)).astype(np.int32)
        difference = potential[successor] - potential[:, None]
        amounts, outcome = np.unique(difference, return_inverse=True)
        model = planners.MoveMDP(
            successor=successor,
            outcome=outcome.reshape(4, 3).astype(np.uint8),
            outcome_reward=amounts,
            outcome_ends=np.zeros(len(amounts), dtype=bool),
            mixture=np.array([[np.roll([0.8, 0.1, 0.1], a) for a in range(3)]]),
        )
        for minimise in (False, True):
            assert planners.solve(model, discount=1, minimise=minimise).converged
        assert np.isfinite(planners.evaluate(model, [0] * 4, discount=1)).all()
        without = dataclasses.replace(model.tabular, told=None)
        refused += not np.isfinite(planners.evaluate(without, [0] * 4, discount=1)).all()
    assert refused  # each with a chance of a half or more


@pytest.mark.parametrize("read", ["dictionary", "csv"])
def test_several_rewards_on_the_way_to_one_state(read: str, tmp_path: Path, rng: np.random.Generator) -> None:
    """A step of .8 and two slips of .1 to one state, which pay more and less than the potential: fair on average."""
    for _ in range(10):
        potential, more = rng.integers(-5, 6, 4).astype(float), float(rng.integers(1, 9))
        P: Any = {s: {} for s in range(4)}
        for s, a in itertools.product(range(4), range(2)):
            t, u = rng.permutation(4)[:2].tolist()
            P[s][a] = [(0.8, t, potential[t] - potential[s], False)]
            P[s][a] += [(0.1, u, potential[u] - potential[s] + extra, False) for extra in (more, -more)]
        model = TabularMDP.from_gym_dict(P)
        if read == "csv":
            path, lines = tmp_path / "model.csv", ["idstatefrom,idaction,idstateto,probability,reward"]
            for s, a in itertools.product(range(4), range(2)):
                lines += [f"{s},{a},{t},{p},{r}" for p, t, r, _ in P[s][a]]
            path.write_text("\n".join(lines))
            model = TabularMDP.from_csv(path)
        for minimise in (False, True):
            assert planners.solve(model, discount=1, minimise=minimise).converged
        assert np.isfinite(planners.evaluate(model, [0] * 4, discount=1)).all()


def test_a_transition_of_no_probability_does_not_shift_what_others_pay() -> None:
    row = [(0.0, 1, 7.0, False), (0.25, 0, 0.5, False), (0.75, 1, -0.5, False)]
    model = TabularMDP.from_gym_dict({0: {0: row}, 1: {0: [(1.0, 0, 0.0, False)]}})
    assert model.paid is not None
    assert model.paid[[0]].toarray().tolist() == [[0.5, -0.5]]


@pytest.mark.parametrize("short", [0.0, 3.6e-10, -2e-10])
@pytest.mark.parametrize("parts", [1, 3])
def test_rows_gain_or_lose_as_they_were_read(short: float, parts: int, rng: np.random.Generator) -> None:
    """Outcomes whose rewards cancel to a rounding, in a row that is scaled or whose entries are added up on the way."""
    for _ in range(30):
        p, amount = float(rng.uniform(0.1, 0.9)), float(rng.uniform(1e4, 1e6))
        shares = rng.dirichlet(np.ones(parts)) * ((1.0 - p) * (1.0 - short) - p * short)
        costs = rng.uniform(0.5, 1.5, size=parts)
        costs *= -p * amount / (shares @ costs)
        row = [(p, 1, amount, False)] + [(float(q), 0, float(c), False) for q, c in zip(shares, costs, strict=True)]
        mean = sum(Fraction(q) * Fraction(reward) for q, _, reward, _ in row)
        stay = [(1.0, 0, 0.0, False)]
        large = [(1.0, 0, -1e6, False)]  # beside which floats cannot tell the sign of the mean
        model = planners.TabularMDP.from_gym_dict(
            {0: {0: row, 1: stay}, 1: {0: stay, 1: [(1.0, 1, 0.0, False)], 2: large}}
        )
        plan = planners.solve(model, discount=1.0, throw=False)
        assert plan.values.tolist() == ([np.inf, np.inf] if mean > 0 else [0.0, 0.0])
