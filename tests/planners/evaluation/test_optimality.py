"""Is this policy optimal, and how far from V* are these values: what has to be proven first, and what is said."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import planners
from planners import InvalidOptionError, NotConvergedError, TabularMDP

MODEL = TabularMDP.from_gym_dict(  # V* = (6, 10) at discount 1/2; action 0 of state 0 is worth 1 + V(0) / 2
    {
        0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 1, 1.0, False)]},
        1: {0: [(1.0, 1, 5.0, False)]},
    }
)


@pytest.mark.parametrize(("part", "enough"), [(0.49, True), (0.51, False), (1.0, False), (40.0, False)])
def test_v_star_has_to_be_known_to_half_of_the_tolerance(
    part: float, enough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other half is for the value of the policy: what is proven of V* is asked for, and looked at."""
    module, asked = sys.modules["planners.solve"], []
    solve = module.solve  # pyright: ignore[reportAttributeAccessIssue]

    def solved(model: Any, **options: Any) -> planners.Plan:
        asked.append(options["tolerance"])
        plan = replace(solve(model, **options), error_bound=part * 1e-3)
        if options.get("throw", True) and plan.error_bound > options["tolerance"]:
            raise NotConvergedError(plan)
        return plan

    monkeypatch.setattr(module, "solve", solved)
    if enough:
        assert planners.is_optimal(MODEL, [1, 0], discount=0.5, tolerance=1e-3)
    else:
        with pytest.raises(NotConvergedError):
            planners.is_optimal(MODEL, [1, 0], discount=0.5, tolerance=1e-3)
    assert asked == ([0.5e-3] if enough else [0.5e-3, 0.5e-3])  # it asks again where rounding was in the way


def test_the_default_tolerance_is_a_part_of_the_largest_value() -> None:
    assert planners.is_optimal(MODEL, [1, 0], discount=0.5).tolerance == pytest.approx(1e-9 * 10, rel=1e-6)
    small = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1e-3, False)]}})
    assert planners.is_optimal(small, [0], discount=0.5).tolerance == 1e-9


def test_a_loss_of_the_tolerance_itself_counts_as_none() -> None:
    """Action 0 of state 0 loses 6 - 2 = 4 for ever."""
    found = planners.is_optimal(MODEL, [0, 0], discount=0.5)
    assert not found
    assert (found.optimal, found.verdict, found.worst_state, found.better_action) == (False, False, 0, 1)
    assert found.regret == pytest.approx(4.0, abs=1e-6)
    assert found.regrets == pytest.approx([4.0, 0.0], abs=1e-6)
    assert repr(found) == "not optimal: state 0 loses 4; action 1 is better there"
    loose = planners.is_optimal(MODEL, [0, 0], discount=0.5, tolerance=found.regret + 1e-6)
    assert loose
    assert (loose.optimal, loose.verdict, loose.worst_state, loose.better_action) == (True, True, None, None)
    assert repr(loose) == "optimal: no state loses more than 4"


def test_the_distance_of_given_values_by_hand() -> None:
    """Gains of V = (6, 9): 1 + 4.5 - 6 = -1/2 and 5 + 4.5 - 9 = 1/2; with margins of 1/2, V* is V + 1 or V - 1."""
    found = planners.certify(MODEL, [6.0, 9.0], discount=0.5)
    assert found.lower == pytest.approx([5.0, 8.0], abs=1e-12)
    assert found.upper == pytest.approx([7.0, 10.0], abs=1e-12)
    assert found.error_bound == pytest.approx(1.0, abs=1e-12)
    assert found.residual == 0.5


def test_an_infinite_value_is_named_where_v_star_is_finite() -> None:
    """At discount 1 state 0 is a trap: -inf is right there, and wrong in state 2."""
    rows = {
        0: {0: [(1.0, 0, -1.0, False)]},
        1: {0: [(1.0, 1, -1.0, True)]},
        2: {0: [(1.0, 1, -1.0, False)]},
        3: {0: [(1.0, 2, -1.0, False)]},
    }
    model = TabularMDP.from_gym_dict(rows)
    right = planners.certify(model, [-np.inf, -1.0, -2.0, -3.0], discount=1.0)
    assert right.lower.tolist() == pytest.approx([-np.inf, -1.0, -2.0, -3.0])
    assert right.error_bound < 1e-12
    with pytest.raises(InvalidOptionError, match="values are infinite in state 2, where V"):
        planners.certify(model, [-np.inf, -1.0, -np.inf, -np.inf], discount=1.0)


def test_a_certificate_and_a_verdict_are_short_sentences() -> None:
    """Before, a certificate printed both arrays, and a verdict said "loses inf" without the reason."""
    rows = {0: {0: [(1.0, 0, -1.0, False)], 1: [(1.0, 0, -1.0, True)]}}
    model = TabularMDP.from_gym_dict(rows)
    assert repr(planners.certify(model, [0.0], discount=0.5)) == "Certificate(1 states, error_bound=2, residual=1)"
    with pytest.raises(
        InvalidOptionError, match=r"values is a dict, which has no order of its own; expected an array of numbers"
    ):
        planners.certify(model, {0: 1.0}, discount=0.5)  # pyright: ignore[reportArgumentType]
    verdict = planners.is_optimal(model, [0], discount=1)
    assert (
        repr(verdict)
        == "not optimal: state 0 loses inf (the policy pays from there for ever); action 1 is better there"
    )
