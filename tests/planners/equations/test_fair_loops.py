"""At discount 1 the outcomes of a row decide whether a loop is fair, also where they are moves or lead to one state."""

import dataclasses
import itertools
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
