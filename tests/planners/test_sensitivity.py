"""`planners.sweep`: the plans of single solves, in a table and a plot."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import planners
from planners import InvalidOptionError, TabularMDP
from planners.readers import state_action_pairs
from tests.oracles.drawn import drawn_rows


@pytest.mark.parametrize("discount", [0.5, 0.99, 1.0])
def test_the_plans_of_single_solves(rng: np.random.Generator, discount: float) -> None:
    base = drawn_rows(rng, states=60, ends=0.4)
    other = np.where(base.feasible, rng.normal(size=base.rewards.shape), 0.0)

    def model(k: float) -> TabularMDP:
        return replace(base, rewards=base.rewards + k * other)

    found = planners.sweep(model, [0.0, 0.5, 0.75, 3.0, -1.0], discount=discount, tolerance=1e-8)
    for k, plan in zip(found.parameters, found.plans, strict=True):
        alone = planners.solve(model(k), discount=discount, tolerance=1e-8)
        assert plan.converged
        assert (np.abs(plan.values - alone.values) <= plan.error_bound + alone.error_bound).all()
    assert found.values[0] == pytest.approx(found.plans[0].values.mean())


@pytest.mark.parametrize("minimise", [False, True])
@pytest.mark.parametrize("pairs", [False, True])
def test_rows_that_stay_the_same_are_not_solved_anew(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, minimise: bool, pairs: bool
) -> None:
    """Their plans are proven by their own rewards; other rows or another discount are never taken for the same."""
    monkeypatch.setattr(state_action_pairs, "is_scattered", lambda *_: pairs)
    base = drawn_rows(rng, states=40, ends=0.4)
    listed = np.flatnonzero(base.feasible)
    Q = base.transitions[listed]
    ends = sparse.csr_array(base.termination.ravel()[listed][:, None])
    state, action = np.divmod(listed, base.num_actions)
    first, second = rng.normal(size=(2, len(listed)))

    def model(k: float, tilt: float = 0.0) -> Any:
        rows = sparse.hstack([Q * (1.0 - tilt), sparse.csr_array(ends.toarray() * (1.0 - tilt) + tilt)])
        last = np.arange(41) == 40
        return TabularMDP.from_state_action_pairs(first + k * second, rows.tocsr(), state, action, terminal=last)

    options: dict[str, Any] = {"minimise": minimise, "relative_tolerance": 1e-9}
    values = [0.0, 0.1, 0.1001, 0.2, 0.5, 2.0]
    found = planners.sweep(model, values, discount=0.95, **options)
    assert any(plan.method.endswith("on the same rows") for plan in found.plans[1:])
    tilted = planners.sweep(lambda k: model(0.3, tilt=k), [0.0, 0.01], discount=0.95, **options)
    other = planners.sweep(lambda k: model(0.3), [0.95, 0.5], discount=lambda g: g, **options)
    assert not any(plan.method.endswith("on the same rows") for plan in (*tilted.plans, *other.plans))
    models = [*map(model, values), model(0.3), model(0.3, tilt=0.01), model(0.3), model(0.3)]
    discounts = [0.95] * 9 + [0.5]
    for plan, same, discount in zip((*found.plans, *tilted.plans, *other.plans), models, discounts, strict=True):
        alone = planners.value_iteration(same, discount=discount, **options)
        assert plan.converged
        assert plan.minimise == minimise
        assert (plan.lower <= alone.upper).all()
        assert (alone.lower <= plan.upper).all()
        assert planners.is_optimal(same, plan.policy, discount=discount, tolerance=1e-6, minimise=minimise)


def gamble(prize: float) -> TabularMDP:
    stay, leave = [(1.0, "in", 1.0)], [(1.0, "out", prize)]
    return TabularMDP.from_functions(
        "in", lambda s: ["stay", "leave"], lambda s, a: stay if a == "stay" else leave, {"out"}
    )


def test_the_table_the_changes_and_the_plot(tmp_path: Path) -> None:
    found = planners.sweep(gamble, [3.0, 4.0, 6.0, 7.0], discount=0.8, state="in")
    assert found.changes == [2]
    assert found.values == pytest.approx([5.0, 5.0, 6.0, 7.0])
    assert found.table().columns == ("parameter", "value", "error", "actions changed", "action")
    assert [row[4] for row in found.table()] == ["stay", "stay", "leave", "leave"]
    assert [row[3] for row in found.table()] == [0, 0, 1, 0]
    found.table().to_csv(tmp_path / "sweep.csv")
    assert (tmp_path / "sweep.csv").read_text().splitlines()[0] == "parameter,value,error,actions changed,action"
    pyplot = pytest.importorskip("matplotlib.pyplot")
    axes = found.plot()
    assert axes.lines[0].get_ydata() == pytest.approx(found.values)
    assert axes.lines[1].get_xdata()[0] == 5.0  # between 4 and 6
    pyplot.close(axes.figure)


def test_models_of_other_sizes_and_infinite_values_start_anew() -> None:
    def chain(length: int) -> TabularMDP:
        return TabularMDP.from_functions(0, lambda s: [0], lambda s, a: [(1.0, s + 1, -1.0)], {length})

    assert planners.sweep(chain, [3, 5, 5, 2], discount=1.0).values.tolist() == [-3.0, -5.0, -5.0, -2.0]

    def trap(cost: float) -> TabularMDP:
        return TabularMDP.from_gym_dict({0: {0: [(1.0, 0, -cost, False)]}, 1: {0: [(1.0, 1, cost, True)]}})

    found = planners.sweep(trap, [1.0, 2.0, 3.0], discount=1.0)
    assert [plan.values.tolist() for plan in found.plans] == [[-math.inf, 1.0], [-math.inf, 2.0], [-math.inf, 3.0]]
    by_discount = planners.sweep(lambda g: gamble(0.0), [0.5, 0.75], discount=lambda g: g, state="in")
    assert by_discount.values == pytest.approx([2.0, 4.0])


@pytest.mark.parametrize(
    ("arguments", "message"), [((3, [1.0]), "model is 3; expected a function"), ((gamble, []), "values is empty")]
)
def test_refusals(arguments: Any, message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        planners.sweep(*arguments, discount=0.5)


def test_rows_that_were_checked_are_checked_again_where_they_are_others() -> None:
    """`replace` of rewards does not look at the rows; `replace` of rows does."""
    model = gamble(1.0)
    assert replace(model, rewards=model.rewards + 1.0).transitions is model.transitions
    with pytest.raises(planners.InvalidModelError, match="sum to"):
        replace(model, termination=model.termination + 0.5)
    with pytest.raises(planners.InvalidModelError, match="reward nan"):
        replace(model, rewards=model.rewards * np.nan)
    tampered = model.transitions.copy()
    tampered.data = tampered.data * 0.5
    with pytest.raises(planners.InvalidModelError, match="sum to"):
        replace(model, transitions=tampered)
