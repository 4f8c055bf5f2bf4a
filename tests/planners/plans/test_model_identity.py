"""Of which model a saved plan is: a `MoveMDP` and its tables are the same one, and any other is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy import sparse

import planners
from gridworld_env.dynamics.rules_to_tables import Rules, make_mdp
from gridworld_env.grid.grid import parse_grid
from planners import InvalidModelError, InvalidPlanFileError, MoveMDP, Plan, TabularMDP
from planners.plans import model_identity
from planners.plans.model_identity import fingerprint, weighted_sums
from tests.planners.plans.test_save import assert_same, rewritten


def one_kind(rng: np.random.Generator, side: int = 9) -> MoveMDP:
    squares = np.where(rng.random((side, side)) < 0.2, "#", ".")
    squares[0, 0], squares[-1, -1] = "+", "-"
    return make_mdp(parse_grid(["".join(row) for row in squares]), Rules(slip=0.3, step_reward=-0.1))


def two_kinds(rng: np.random.Generator) -> MoveMDP:
    """Every other square mixes the moves in its own way, with probabilities that are not dyadic."""
    mdp = one_kind(rng)
    mixture = rng.dirichlet(np.ones(mdp.num_moves), size=(2, mdp.num_actions))
    return replace(mdp, mixture=mixture, kind=(np.arange(mdp.num_states) % 2).astype(np.uint8))


def made_anew(tables: TabularMDP) -> TabularMDP:
    """The same tables from other code: rows are added up in another order, and so differ by rounding."""
    P: Any = {}
    for state in range(tables.num_states):
        P[state] = {}
        for action in range(tables.num_actions):
            reward = float(tables.rewards[state, action])
            entries = [(float(p), int(t), reward, False) for t, p in zip(*tables.row(state, action), strict=True)]
            ending = float(tables.termination[state, action])
            halves = [(p / 3, *rest) for p, *rest in entries] + [(p - p / 3, *rest) for p, *rest in entries]
            P[state][action] = [*halves, (ending, state, reward, True)]
    return TabularMDP.from_gym_dict(P)


def saved(model: Any, path: Path) -> Plan:
    """The plan of a model in exactly this form."""
    plan = planners.gauss_seidel(model, discount=0.9)
    assert plan.model is model
    plan.save(path)
    return plan


@pytest.mark.parametrize("make", [one_kind, two_kinds], ids=lambda make: make.__name__)
@pytest.mark.parametrize(
    ("written", "read"),
    [("moves", "moves"), ("moves", "tables"), ("moves", "anew"), ("tables", "moves"), ("anew", "moves")],
)
def test_both_forms_are_the_same_model(
    make: Any, written: str, read: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    moves = make(rng)
    forms = {"moves": moves, "tables": moves.tabular, "anew": made_anew(moves.tabular)}
    plan = saved(forms[written], tmp_path / "plan")
    loaded = planners.load_plan(tmp_path / "plan", forms[read])
    assert_same(loaded, plan)
    np.testing.assert_allclose(loaded.action_values, plan.action_values, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(loaded.optimal_actions, plan.optimal_actions)
    planners.load_plan(tmp_path / "plan").save(tmp_path / "again")  # it still knows its model
    assert_same(planners.load_plan(tmp_path / "again", forms[read]), plan)


def changed(moves: MoveMDP, what: str) -> MoveMDP:
    """A model that differs in one number or one square."""
    state = int(np.flatnonzero(~moves.outcome_ends[moves.outcome].any(axis=1))[5])
    successor, outcome, mixture = moves.successor.copy(), moves.outcome.copy(), moves.mixture.copy()
    reward = moves.outcome_reward.copy()
    if what == "a successor":
        successor[state, 0] = (successor[state, 0] + 1) % moves.num_states
    elif what == "two successors, in turn":
        successor[state, :2] = successor[state, 1::-1]
        mixture[:, :, :2] = mixture[:, :, 1::-1]  # all other squares change
    elif what == "an outcome":
        outcome[state, 0] = np.flatnonzero(moves.outcome_ends)[0]
    elif what == "a reward":
        reward[outcome[state, 0]] += 1e-9
    elif what == "a probability":
        mixture[0, 0, :2] += [1e-9, -1e-9]
    elif what == "its states, backwards":
        successor, outcome = (moves.num_states - 1 - successor)[::-1].copy(), outcome[::-1].copy()
    return replace(moves, successor=successor, outcome=outcome, mixture=mixture, outcome_reward=reward)


CHANGES = [
    "a successor",
    "two successors, in turn",
    "an outcome",
    "a reward",
    "a probability",
    "its states, backwards",
]


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("parts", [1, model_identity.PARTS])
def test_what_differs_in_one_place_is_another_model(
    what: str, parts: int, tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_identity, "PARTS", parts)
    moves = one_kind(rng)
    other = changed(moves, what)
    for written, read in ((moves, other.tabular), (moves.tabular, other), (moves, other)):
        saved(written, tmp_path / "plan")
        with pytest.raises(InvalidPlanFileError, match="a plan of another model"):
            planners.load_plan(tmp_path / "plan", read)


@pytest.mark.parametrize("parts", [1, 3, 256])
def test_the_sums_of_both_forms_agree_to_rounding(
    parts: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_identity, "PARTS", parts)
    for moves in (one_kind(rng, side=40), two_kinds(rng)):
        by_move, by_pair = weighted_sums(moves), weighted_sums(moves.tabular)
        assert by_move.shape == by_pair.shape == (3, min(parts, moves.num_states))
        np.testing.assert_allclose(by_move[0], by_pair[0], rtol=0, atol=1e-14 * by_move[1].max())
        np.testing.assert_allclose(by_move[2], by_pair[2], rtol=1e-14)


def test_files_of_before_are_still_read(tmp_path: Path, rng: np.random.Generator) -> None:
    """They have no sums: a `MoveMDP` finds the plan of its very tables, and tables not that of their `MoveMDP`."""
    moves = one_kind(rng)
    path = tmp_path / "plan"
    plan = saved(moves.tabular, path)
    rewritten(path, model_sums=None, model_form=None)
    for model in (moves, moves.tabular, None):
        assert_same(planners.load_plan(path, model), plan)
    planners.load_plan(path).save(tmp_path / "again")
    assert_same(planners.load_plan(tmp_path / "again", moves), plan)
    plan = saved(moves, path)
    rewritten(path, model_sums=None, model_form=None)
    assert_same(planners.load_plan(path, moves), plan)
    with pytest.raises(InvalidPlanFileError, match=r"another model: .*; an earlier release wrote it, so if"):
        planners.load_plan(path, moves.tabular)


def test_moves_that_are_written_in_another_way(tmp_path: Path, rng: np.random.Generator) -> None:
    """Outcomes and moves can be numbered as one likes; the numbers in the tables are the same, their order is not."""
    moves = one_kind(rng)
    plan = saved(moves, tmp_path / "plan")
    last = len(moves.outcome_reward) - 1
    other = MoveMDP(
        successor=moves.successor[:, ::-1].copy(),
        outcome=(last - moves.outcome)[:, ::-1].copy(),
        outcome_reward=moves.outcome_reward[::-1].copy(),
        outcome_ends=moves.outcome_ends[::-1].copy(),
        mixture=moves.mixture[:, :, ::-1].copy(),
    )
    assert fingerprint(other)[1] != fingerprint(moves)[1]
    loaded = planners.load_plan(tmp_path / "plan", other)
    assert loaded.model is other
    assert_same(loaded, plan)


@pytest.mark.parametrize("sums", [np.zeros(3), np.array("x"), np.zeros((3, 9)), np.full((3, 1), np.nan)], ids=repr)
def test_damaged_sums(sums: Any, tmp_path: Path, rng: np.random.Generator) -> None:
    moves = one_kind(rng)
    saved(moves, tmp_path / "plan")
    rewritten(tmp_path / "plan", model_sums=sums)
    with pytest.raises(InvalidPlanFileError, match="a plan of another model"):
        planners.load_plan(tmp_path / "plan", moves.tabular)


def test_another_model(tmp_path: Path) -> None:
    planners.solve(gym.make("GridWorld-v0", slip=0.2), discount=0.9).save(tmp_path / "plan")
    with pytest.raises(InvalidPlanFileError, match=r"another model: its sizes .*\[11, 4, .*given are \[16, 4, "):
        planners.load_plan(tmp_path / "plan", gym.make("FrozenLake-v1"))
    with pytest.raises(InvalidPlanFileError, match="the numbers in the tables differ"):
        planners.load_plan(tmp_path / "plan", gym.make("GridWorld-v0", slip=0.2, step_reward=-0.05))
    with pytest.raises(InvalidModelError, match="no tables to plan on"):
        planners.load_plan(tmp_path / "plan", 3)  # pyright: ignore[reportArgumentType]


def test_fingerprint_does_not_depend_on_how_the_tables_were_made(rng: np.random.Generator) -> None:
    P = rng.random((2, 3, 3))
    P /= P.sum(axis=2, keepdims=True)
    rewards = rng.random((3, 2))
    one = TabularMDP.from_arrays(P.transpose(1, 0, 2), rewards)
    table = one.transitions
    wide = sparse.csr_array((table.data, table.indices.astype(np.int64), table.indptr.astype(np.int64)), table.shape)
    backwards = wide[:, ::-1][:, ::-1]
    for transitions in (wide, backwards):
        other = TabularMDP(transitions, one.termination.copy(), one.rewards - 0.0, one.feasible.copy())
        assert fingerprint(other)[1] == fingerprint(one)[1]
    slightly = TabularMDP(table, one.termination, one.rewards + np.array([0, 1e-15]), one.feasible)
    assert fingerprint(slightly)[1] != fingerprint(one)[1]
