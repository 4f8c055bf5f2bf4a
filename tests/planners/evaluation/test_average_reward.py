"""Gain and bias beside exact rationals, in all forms of models, and beside numbers that others have printed.

More random models: python -m tests.planners.evaluation.test_average_reward COUNT [SEED]
"""

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planners
from planners import TabularMDP
from tests.oracles.rationals import Exact
from tests.planners.textbook.test_first_models import TAXI

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from fuzz_models import make_case  # pyright: ignore[reportMissingImports]


def outside(case: Any) -> tuple[str, bool]:
    """What lies outside its bounds, of the best policy of a model and of another one; and whether all was proven."""
    minimise = bool(len(case.rows) % 2)
    exact = Exact(case.rows, 1.0, negate=minimise)
    best, _ = exact.gains()
    sign = -1 if minimise else 1
    plan = planners.average_reward(case.model, minimise=minimise, throw=False)
    actions = [min(row) for row in case.rows.values()]
    wrong = _compared(plan, [sign * g for g in best], None, plan.error_bound)
    given = planners.average_reward(case.model, actions, throw=False)
    for found, chosen in ((plan, plan.policy.actions.tolist()), (given, actions)):
        g, h = ([sign * x for x in numbers] for numbers in exact.gains(chosen))
        if found is plan:  # its policy earns the proven bound
            bound = plan.upper if minimise else plan.lower
            wrong += "".join(
                f"policy {x} {b}; " for x, b in zip(g, bound, strict=True) if (x > b if minimise else x < b)
            )
            wrong += _compared(plan, None, h, 0.0)
        else:
            wrong += _compared(given, g, h, given.error_bound)
    return wrong, plan.converged and given.converged


def _compared(plan: Any, g: list[Fraction] | None, h: list[Fraction] | None, error: float) -> str:
    wrong = ""
    for s, x in enumerate(g or ()):
        near = error == np.inf or abs(Fraction(float(plan.gain[s])) - x) <= Fraction(error)
        if not (plan.lower[s] <= x <= plan.upper[s] and near):
            wrong += f"gain {s}: {float(x)} not in [{plan.lower[s]}, {plan.upper[s]}]; "
    for s, x in enumerate(h or ()):
        if np.isfinite(plan.bias_error[s]) and abs(Fraction(float(plan.bias[s])) - x) > Fraction(
            float(plan.bias_error[s])
        ):
            wrong += f"bias {s}: {float(x)} is not {plan.bias[s]} +- {plan.bias_error[s]}; "
    return wrong


def fuzz(count: int, first: int) -> tuple[list[str], int]:
    """The models whose bounds do not hold, and how many were not proven."""
    wrong, unproven = [], 0
    for seed in range(first, first + count):
        case = make_case(seed, undiscounted=seed % 2 == 0)
        if case.form.startswith("moves") and len(case.rows[0]) > 20:
            continue
        found, proven = outside(case)
        unproven += not proven
        if found:
            wrong.append(f"{seed} {case.form}: {found[:200]}")
    return wrong, unproven


def test_bounds_hold_in_every_form_of_model() -> None:
    found, unproven = fuzz(40, 1)  # always the same models
    assert (found, unproven) == ([], 0)
    assert fuzz(1, 3335)[0] == []  # rewards near the smallest float


def river_swim() -> TabularMDP:
    P = np.zeros((6, 2, 6))
    for s in range(6):
        P[s, 0, max(s - 1, 0)] = 1.0
        P[s, 1, [max(s - 1, 0), s, min(s + 1, 5)]] = (0.05, 0.6, 0.35)
    P[0, 1], P[5, 1] = [0.4, 0.6, 0, 0, 0, 0], [0, 0, 0, 0, 0.4, 0.6]
    R = np.zeros((6, 2))
    R[0, 0], R[5, 1] = 0.005, 1.0
    return TabularMDP.from_arrays(P, R, initial=np.eye(6)[0])


def test_printed_gains() -> None:
    """RiverSwim by its stationary distribution; Sutton and Barto, Exercise 10.2; Howard (1960), Table 4.2."""
    swim = planners.average_reward(river_swim())
    share = np.cumprod([1.0, *[0.6 / 0.05, *[0.35 / 0.05] * 3, 0.35 / 0.4]])  # of each state: it is a birth-death chain
    assert swim.gain == pytest.approx(share[-1] / share.sum(), abs=1e-12)
    assert swim.policy.actions.tolist() == [1] * 6
    taxi = TabularMDP.from_functions("A", lambda s: [a for t, a in TAXI if t == s], lambda s, a: TAXI[s, a])
    plan = planners.average_reward(taxi)
    assert plan.gain == pytest.approx(13.34454, abs=5e-6)
    assert [plan.action(town) for town in "ABC"] == ["stand"] * 3
    bias = plan.bias - plan.bias[2]
    assert bias[:2] == pytest.approx([-1.18, 12.66], abs=0.005)  # his relative values
    assert "13.3445 a step from everywhere" in repr(plan)
    assert plan.table()[0][:2] == ("A", "stand")


def test_access_control() -> None:
    pytest.importorskip("gymnasium")
    from gridworld_env.models import find_model

    plan = planners.average_reward(find_model("access_control", {}))
    assert plan.gain == pytest.approx(2.747642, abs=5e-7)
    assert plan.error_bound < 1e-10


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_tour_that_comes_round_is_no_trap(sign: float) -> None:
    """Of period 2, where plain sweeps never settle."""
    P = {0: {0: [(1.0, 1, sign * 3.0, False)]}, 1: {0: [(1.0, 0, sign * 1.0, False)]}}
    plan = planners.average_reward(TabularMDP.from_gym_dict(P), minimise=sign < 0)
    assert plan.gain.tolist() == [2.0 * sign] * 2
    assert plan.bias.tolist() == [0.5 * sign, -0.5 * sign]


def test_the_gain_may_depend_on_the_state() -> None:
    """A gamble: 3 a step with probability 1/4, else 1; or 1.25 for sure, a little more or less."""
    for extra, best in ((0.25, 1), (-0.25, 0)):
        rows: Any = {0: {0: [(0.25, 1, 0.0, False), (0.75, 2, 0.0, False)], 1: [(1.0, 3, 9.0, False)]}}
        rows |= {s: {0: [(1.0, s, r, False)]} for s, r in ((1, 3.0), (2, 1.0), (3, 1.5 + extra))}
        plan = planners.average_reward(TabularMDP.from_gym_dict(rows))
        assert plan.gain.tolist() == pytest.approx([max(1.5, 1.5 + extra), 3.0, 1.0, 1.5 + extra])
        assert plan.policy.actions[0] == best
        assert "depending on the state" in repr(plan)
        assert plan.error_bound <= 1e-6 * 9.0


def test_a_policy_that_draws_its_actions() -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 2.0, False)]}})
    plan = planners.average_reward(model, [[0.3, 0.7]])
    assert plan.gain[0] == pytest.approx(1.7, abs=1e-15)
    assert plan.lower[0] < 1.7 < plan.upper[0]  # .3 and .7 are rounded
    assert plan.table()[0][1] == "drawn"
    ends = TabularMDP.from_gym_dict({0: {0: [(0.5, 0, 8.0, True), (0.5, 0, 0.0, False)]}})
    plan = planners.average_reward(ends)
    assert (plan.gain[0], plan.error_bound) == (0.0, 0.0)
    assert plan.bias[0] == pytest.approx(8.0)  # until the end


def test_bad_input() -> None:
    model = river_swim()
    with pytest.raises(planners.InvalidOptionError, match="minimise is 'cost'"):
        planners.average_reward(model, minimise="cost")  # pyright: ignore[reportArgumentType]
    with pytest.raises(planners.InvalidPolicyError, match="the policy has 2 states"):
        planners.average_reward(model, [0, 1])
    with pytest.raises(planners.InvalidModelError, match="no tables to plan on"):
        planners.average_reward(3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(planners.NotConvergedError, match="proven error bound"):
        planners.average_reward(model, tolerance=1e-300)
    assert not planners.average_reward(model, tolerance=1e-300, throw=False).converged


if __name__ == "__main__":
    found = fuzz(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    print(f"{len(found[0])} models outside their bounds, {found[1]} not proven")
    print("\n".join(found[0][:5]))
