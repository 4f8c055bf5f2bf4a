"""Finite horizons as they occur: a model for each step, final values in any form, impossible ends, plans in files."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planners
from planners import InvalidModelError, InvalidOptionError, InvalidPlanFileError, InvalidPolicyError, TabularMDP
from tests.oracles.exact import Tables, action_value, as_floats
from tests.oracles.models import tables

INF = float("inf")


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(tables(), min_size=1, max_size=4), st.lists(st.sampled_from([0, -3, 5, -INF]), min_size=5, max_size=5))
def test_a_model_for_each_step_against_fractions(drawn: list[Tables], final: list[float]) -> None:
    """Sizes fall or rise; what leads to a state that the next model lacks is refused."""
    models = [TabularMDP.from_gym_dict(as_floats(P)) for P in drawn]
    leads_on = all(
        to in later
        for P, later in pairwise(drawn)
        for row in P.values()
        for entries in row.values()
        for probability, to, _, ends in entries
        if probability and not ends
    )
    if not leads_on:
        with pytest.raises(InvalidModelError, match=r"leads to state \d+, which the model of step \d+ does not have"):
            planners.backward_induction(models)
        return
    ending = final[: len(drawn[-1])]
    plan = planners.backward_induction(models, horizon=len(models), discount=0.5, final_values=ending)
    best: list[Any] = [Fraction(x) if x > -INF else x for x in ending]
    achieved = best
    for step in range(len(models) - 1, -1, -1):
        P, policy = drawn[step], plan.policy_at(step).actions
        padded = best + [Fraction(0)] * 5
        q = {(s, a): worth(P, s, a, padded) for s in P for a in P[s]}
        best = [max(q[s, a] for a in P[s]) for s in P]
        achieved = [worth(P, s, int(policy[s]), achieved + [Fraction(0)] * 5) for s in P]
        bound = Fraction(plan.error_bound)
        assert len(plan.values[step]) == len(P)
        for s in P:
            near(plan.values[step][s], best[s], bound)
            near(plan.values[step][s], achieved[s], bound)
            for a in range(models[step].num_actions):
                if (s, a) in q:
                    near(plan.action_values(step)[s, a], q[s, a], 2 * bound + Fraction(1, 10**12))
                    assert plan.optimal_actions(step)[s, a] or q[s, a] < best[s]
                else:
                    assert plan.action_values(step)[s, a] == -INF
                    assert not plan.optimal_actions(step)[s, a]
    evaluated = planners.evaluate(models, plan, discount=0.5, final_values=ending)
    for s, value in enumerate(achieved):
        near(evaluated[s], value, Fraction(1, 10**9))


def worth(P: Tables, state: int, action: int, values: list[Any]) -> Any:
    if any(p and not ends and values[to] == -INF for p, to, _, ends in P[state][action]):
        return -INF
    finite = [0 if value == -INF else value for value in values]
    return Fraction(action_value(P, state, action, finite, Fraction(1, 2)))


def near(found: float, exact: Any, bound: Fraction) -> None:
    if exact == -INF:
        assert found == -INF
    else:
        assert abs(Fraction(float(found)) - exact) <= bound


def shop(demand: float) -> TabularMDP:
    """Stock 0 to 2, named; one is sold for 5 with probability `demand`; ordering one costs 2."""

    def outcomes(s: str, a: str) -> list[tuple[float, str, float]]:
        stock, pays = int(s[0]) + (a == "order"), -2.0 * (a == "order")
        sold = [(demand, f"{stock - 1} left", pays + 5.0)] if stock else []
        return [*sold, (1.0 - demand * (stock > 0), f"{stock} left", pays)]

    return TabularMDP.from_functions("0 left", lambda s: ["wait", "order"] if s < "2" else ["wait"], outcomes)


def test_states_are_the_same_by_their_names() -> None:
    first, second = shop(0.5), shop(0.25)
    turned = TabularMDP.from_functions(
        "2 left", lambda s: ["wait"] if s == "2 left" else ["wait", "order"],
        lambda s, a: [(p, f"{t} left", r) for p, t, r in by_hand(int(s[0]), a)],
    )  # fmt: skip
    assert second.states is not None
    assert turned.states is not None
    assert turned.states.keys != second.states.keys
    one = planners.backward_induction([first, second])
    other = planners.backward_induction([first, turned])
    for name in ("0 left", "1 left", "2 left"):
        assert one.value(name) == other.value(name)
        assert one.value(name, 1) == other.value(name, 1)
    # by hand: with one step to go never order to sell at 1/4: v1 = 5/4 s > 0; order now: -2 + 1/2 5 + 1/2 v1(1)
    assert one.value("0 left") == max(0.0, -2.0 + 0.5 * 5.0 + 0.5 * 1.25)


def by_hand(stock: int, action: str) -> list[tuple[float, int, float]]:
    pays = -2.0 * (action == "order")
    stock += action == "order"
    return [(0.25, stock - 1, pays + 5.0), (0.75, stock, pays)] if stock else [(1.0, 0, pays)]


@pytest.mark.parametrize(
    "final", [[0.0, 7.0, -INF], lambda name: [0.0, 7.0, -INF][int(name[0])], {"1 left": 7.0, "2 left": -INF}]
)
def test_final_values_in_any_form(final: Any) -> None:
    model = shop(0.5)
    assert model.states is not None
    listed = list(model.states.keys)
    if isinstance(final, list):
        final = [final[int(str(name)[0])] for name in listed]
    plan = planners.backward_induction(model, horizon=1, final_values=final)
    # from 2 nothing can be done that surely does not end at 2; from 1 never order
    assert plan.value("2 left") == -INF
    assert plan.value("1 left") == 0.5 * 5.0 + 0.5 * 7.0
    assert plan.value("0 left") == -2.0 + 0.5 * 5.0 + 0.5 * 7.0
    assert plan.optimal_actions(0)[listed.index("1 left")].tolist() == [True, False]
    costs = planners.backward_induction(
        model, horizon=1, final_values={name: -plan.values[1][s] for s, name in enumerate(listed)}, minimise=True
    )
    assert costs.value("2 left") == INF
    assert costs.action_values(0)[listed.index("1 left"), 1] == INF


def ending(minimise: bool = False) -> TabularMDP:
    """Stay and earn 1, or end in "sold", which pays 3; where the episode is over, nobody earns a final value."""
    sign = -1.0 if minimise else 1.0
    return TabularMDP.from_functions(
        "held",
        lambda s: ["stay", "sell"],
        lambda s, a: [(1.0, "held", sign)] if a == "stay" else [(1.0, "sold", 3.0 * sign)],
        terminal={"sold"},
    )


@pytest.mark.parametrize("minimise", [False, True])
def test_final_values_are_of_episodes_that_go_on(minimise: bool) -> None:
    model, sign = ending(minimise), -1.0 if minimise else 1.0
    options: dict[str, Any] = {"horizon": 2, "minimise": minimise}
    asked: list[Any] = []

    def worth(state: Any) -> float:
        asked.append(state)
        return 1.5 * sign

    plan = planners.backward_induction(model, final_values=worth, **options)
    assert asked == ["held"]
    assert plan.values.tolist() == [[4.0 * sign, 0.0], [3.0 * sign, 0.0], [1.5 * sign, 0.0]]
    same = planners.backward_induction(model, final_values=[1.5 * sign, 9.0], **options)
    assert same.values[:2].tolist() == plan.values[:2].tolist()  # to have sold is worth no 9
    for final in ({"sold": 9.0}, {"held": 1.0, "sold": np.inf if minimise else -np.inf}):
        with pytest.raises(InvalidOptionError, match=r"in state 'sold', and the episode ends on entering it"):
            planners.backward_induction(model, final_values=final, **options)
    with pytest.raises(InvalidOptionError, match=r"final_values are 9\.0 in state 'sold'"):
        planners.evaluate(model, [0, 0], discount=1.0, horizon=2, final_values={"sold": 9.0})


def test_states_in_which_the_episode_goes_on_have_final_values() -> None:
    """A state that stays where it is; one that pays once after it was entered; one that a warm end leads to."""
    stays = TabularMDP.from_arrays([[[0.0, 1.0], [0.0, 1.0]]], [[2.0], [0.0]])
    assert planners.backward_induction(stays, horizon=3, final_values={1: 9.0}).values[0].tolist() == [11.0, 9.0]
    pays = TabularMDP.from_arrays([[[0.0, 1.0], [0.0, 1.0]]], [2.0, 5.0], terminal=[False, True])
    assert planners.backward_induction(pays, horizon=1, final_values={1: 9.0}).values[0].tolist() == [11.0, 5.0]
    taxi = TabularMDP.from_gym_dict(
        {0: {0: [(0.5, 1, 2.0, True), (0.5, 0, 0.0, False)]}, 1: {0: [(1.0, 0, 1.0, False)]}}
    )
    assert planners.backward_induction(taxi, horizon=1, final_values=[4.0, 8.0]).values[0].tolist() == [3.0, 5.0]


def test_a_saved_plan_is_the_same_plan(tmp_path: Path) -> None:
    same = planners.backward_induction(shop(0.5), horizon=4, discount=0.9, final_values=[1.0, 2.0, 3.0])
    different = planners.backward_induction(
        [TabularMDP.from_gym_dict({s: {0: [(1.0, 0, 1.0 + s, False)]} for s in range(n)}) for n in (3, 1, 2)],
        minimise=True,
    )
    for plan in (same, different):
        plan.save(tmp_path / "plan.npz")
        models = plan.model if plan is same else list(plan.models)
        loaded: Any = planners.load_plan(tmp_path / "plan.npz", models)
        bare: Any = planners.load_plan(tmp_path / "plan.npz")
        for found in (loaded, bare):
            assert (found.horizon, found.discount, found.error_bound, found.minimise) == (
                plan.horizon, plan.discount, plan.error_bound, plan.minimise,
            )  # fmt: skip
            for step in range(plan.horizon):
                assert found.values[step].tolist() == plan.values[step].tolist()
                assert found.actions[step].tolist() == plan.actions[step].tolist()
        for step in range(plan.horizon):
            assert (loaded.action_values(step) == plan.action_values(step)).all()
        assert str(loaded.table()) == str(plan.table())
        with pytest.raises(InvalidPlanFileError, match="of another model"):
            planners.load_plan(tmp_path / "plan.npz", shop(0.75))
        whole = (tmp_path / "plan.npz").read_bytes()
        (tmp_path / "plan.npz").write_bytes(whole[: len(whole) // 2] + b"x" + whole[len(whole) // 2 + 1 :])
        with pytest.raises(InvalidPlanFileError):
            planners.load_plan(tmp_path / "plan.npz")


def test_the_table_and_questions_about_one_state() -> None:
    plan = planners.backward_induction(shop(0.5), horizon=2)
    assert plan.table().columns == ("step", "state", "action", "value")
    assert len(plan.table()) == 6
    assert plan.table()[0][:2] == (0, "0 left")
    assert str(plan.table()).splitlines()[0] == "step  state   action  value"
    assert plan.action("0 left") == "order"
    for call, error in (
        (lambda: plan.value("9 left"), InvalidPolicyError), (lambda: plan.action("0 left", 2), InvalidOptionError),
        (lambda: plan.value("0 left", 3), InvalidOptionError), (lambda: plan.action_values(-1), InvalidOptionError),
    ):  # fmt: skip
        with pytest.raises(error):
            call()


def test_evaluate_over_a_horizon(rng: np.random.Generator) -> None:
    P = {s: {a: [(0.25, (s + a) % 3, 1.0 * s, False), (0.75, 2, -1.0, s == 1)] for a in range(2)} for s in range(3)}
    model = TabularMDP.from_gym_dict(P)
    weights = [[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]]
    values = [Fraction(0)] * 3
    for _ in range(5):
        values = [
            sum(
                Fraction(w) * Fraction(p) * (Fraction(r) + (0 if ends else Fraction(1, 2) * values[t]))
                for a, w in enumerate(weights[s])
                for p, t, r, ends in P[s][a]
            )
            for s in range(3)
        ]
    found = planners.evaluate(model, weights, discount=0.5, horizon=5)
    assert found == pytest.approx([float(value) for value in values], rel=1e-14)
    every = [planners.TabularPolicy(weights)] * 5
    assert (planners.evaluate(model, every, discount=0.5, horizon=5) == found).all()


def test_refusals() -> None:
    model = shop(0.5)
    for call, message in (
        (lambda: planners.backward_induction([]), "there are no models"),
        (lambda: planners.backward_induction(model), "horizon is None"),
        (lambda: planners.backward_induction([model, model], horizon=3), "horizon is 3 and there are 2 models"),
        (lambda: planners.evaluate(model, [0, 0, 0], discount=1, final_values=[0, 0, 0]), "without a horizon"),
        (lambda: planners.evaluate(model, [0, 0, 0], discount=1, horizon=0), "horizon is 0"),
        (
            lambda: planners.evaluate(model, planners.backward_induction(model, horizon=2), discount=1, horizon=3),
            "is for 2 steps",
        ),
    ):
        with pytest.raises(InvalidOptionError, match=message):
            call()
    with pytest.raises(InvalidPolicyError, match="of 2 models"):
        planners.simulate(model, planners.backward_induction([model, shop(0.25)]))
