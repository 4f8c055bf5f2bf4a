"""The rows of probabilities of a `MoveMDP`, beside its outcomes added up in fractions."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from planners import MoveMDP
from planners.models import tables_of_moves


def any_moves(rng: np.random.Generator) -> MoveMDP:
    """Few states and many moves, so that several lead to the same state, with endings and without."""
    states, moves, actions, outcomes, kinds = (int(rng.integers(1, most)) for most in (6, 8, 4, 4, 4))
    weights = rng.dirichlet(np.ones(moves), size=(kinds, actions)) * (rng.random((kinds, actions, moves)) < 0.7)
    weights[..., int(rng.integers(moves))] += 1e-3
    return MoveMDP(
        successor=rng.integers(0, states, size=(states, moves)).astype(np.int32),
        outcome=rng.integers(0, outcomes, size=(states, moves)).astype(np.uint8),
        outcome_reward=rng.normal(size=outcomes) * 10.0 ** rng.integers(-3, 4, size=outcomes),
        outcome_ends=rng.random(outcomes) < 0.4,
        mixture=weights / weights.sum(axis=2, keepdims=True),
        kind=rng.integers(0, kinds, size=states).astype(np.uint8) if kinds > 1 else None,
    )


def added_up(model: MoveMDP, state: int, action: int) -> tuple[dict[tuple[int, bool], float], float, float]:
    """The entries of a row, its reward and its termination, each rounded once."""
    mixture = model.mixture[0 if model.kind is None else int(model.kind[state]), action]
    entries: dict[tuple[int, bool], Fraction] = {}
    total, earned, ended = Fraction(), Fraction(), Fraction()
    for move, weight in enumerate(map(Fraction, mixture.tolist())):
        outcome = int(model.outcome[state, move])
        ends = bool(model.outcome_ends[outcome])
        if weight:
            key = int(model.successor[state, move]), ends
            entries[key] = entries.get(key, Fraction()) + weight
        total, ended = total + weight, ended + weight * ends
        earned += weight * Fraction(float(model.outcome_reward[outcome]))
    return {key: float(p) for key, p in entries.items()}, float(earned / total), float(ended / total)


@pytest.mark.parametrize("chunk", [1, 1 << 14])
def test_the_tables_are_the_outcomes_rounded_once(
    chunk: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables_of_moves, "CHUNK", chunk)
    for _ in range(60):
        model = any_moves(rng)
        onward, ending = tables_of_moves.tables_of_moves(model)
        for state in range(model.num_states):
            for action in range(model.num_actions):
                entries, reward, termination = added_up(model, state, action)
                row = state * model.num_actions + action
                found: dict[tuple[int, bool], float] = {}
                for ends, table in ((False, onward), (True, ending)):
                    part = slice(table.indptr[row], table.indptr[row + 1])
                    columns: Any = table.indices[part].tolist()
                    assert columns == sorted(set(columns))
                    found |= {(s, ends): p for s, p in zip(columns, table.data[part].tolist(), strict=True)}
                assert found == entries
                assert model.rewards[state, action] == reward
                assert model.termination[state, action] == termination
                assert model.mean_rewards(np.array([state, state]))[1, action] == reward
