"""`TabularMDP.from_functions`: the model that the functions describe, or a sentence that names what they returned."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import planners
from planners import InvalidModelError, InvalidOptionError, PlannerError, TabularMDP
from planners.readers import functions


def test_states_are_found_by_following_them_and_keep_their_names() -> None:
    model = TabularMDP.from_functions(
        "high",
        actions=lambda s: ["search", "wait"] if s == "high" else ["wait", "recharge"],
        outcomes=lambda s, a: {
            "search": [(0.75, "high", 4.0), (0.25, "low", 4.0)],
            "wait": [(1.0, s, 1.0)],
            "recharge": [(1.0, "high", 0.0)],
        }[a],
    )
    assert model.states is not None
    assert model.states.keys == ("high", "low")
    assert model.feasible.tolist() == [[True, True, False], [False, True, True]]
    plan = planners.solve(model, discount=0.5, tolerance=1e-9)
    # search, then recharge: h = 4 + (3/4 h + 1/4 l) / 2 and l = h / 2, so that 9/16 h = 4
    assert plan.values == pytest.approx([64 / 9, 32 / 9], abs=1e-9)
    assert [plan.policy.act("high"), plan.policy.act("low")] == [0, 2]


@dataclass(frozen=True)
class Stock:
    shelf: int
    ordered: int


@pytest.mark.parametrize("name", [lambda n: n, str, lambda n: (n, "x"), lambda n: Stock(n, 2 * n), lambda n: n + 0.5])
def test_any_hashable_is_a_state(name: Any) -> None:
    number = {name(n): n for n in range(6)}
    model = TabularMDP.from_functions(
        name(0), lambda s: [-1, 1], lambda s, a: [(1.0, name((number[s] + a) % 6), float(number[s]))]
    )
    assert set(model.states.keys) == set(number)  # pyright: ignore[reportOptionalMemberAccess]
    assert planners.evaluate(model, np.zeros(6, dtype=int), discount=0.0)[3] == number[model.states.keys[3]]  # pyright: ignore[reportOptionalMemberAccess]


def test_the_same_model_as_the_dictionary_that_the_functions_read(rng: np.random.Generator) -> None:
    for _ in range(20):
        S, A = int(rng.integers(1, 8)), int(rng.integers(1, 5))
        table = {
            s: {
                int(a): [
                    (k / 8, int(rng.integers(S)), float(rng.integers(-4, 5)), False)
                    for k in np.diff([0, *sorted(rng.integers(1, 8, 2)), 8])
                    if k
                ]
                for a in sorted(rng.choice(A, int(rng.integers(1, A + 1)), replace=False))
            }
            for s in range(S)
        }
        model = TabularMDP.from_functions(
            range(S), lambda s, P=table: P[s], lambda s, a, P=table: ((p, t, r) for p, t, r, _ in P[s][a])
        )
        labels = sorted({a for here in table.values() for a in here})
        other = TabularMDP.from_gym_dict(
            {s: {labels.index(a): row for a, row in here.items()} for s, here in table.items()}
        )
        assert model.states is not None
        assert model.states.keys == tuple(range(S))
        assert (model.transitions.toarray() == other.transitions.toarray()).all()
        for field in ("rewards", "termination", "feasible"):
            assert (getattr(model, field) == getattr(other, field)).all()


def test_terminal_states_by_function_or_set_and_what_they_pay() -> None:
    def actions(s: int) -> range:
        return range(1, min(s, 5 - s) + 1)

    def outcomes(s: int, a: int) -> list[tuple[float, int, float]]:
        return [(0.4, s + a, float(s + a == 5)), (0.6, s - a, 0.0)]

    by_set = TabularMDP.from_functions(range(1, 5), actions, outcomes, {0, 5})
    by_function = TabularMDP.from_functions(range(1, 5), actions, outcomes, terminal=lambda s: s in (0, 5))
    at_the_end = TabularMDP.from_functions(
        range(1, 5), actions, lambda s, a: [(p, t, 0.0) for p, t, _ in outcomes(s, a)], {0, 5}, lambda s: s / 5
    )
    for model in (by_set, by_function, at_the_end):
        plan = planners.solve(model, discount=1.0, tolerance=1e-9)
        values = dict(zip(model.states.keys, plan.values, strict=True))  # pyright: ignore[reportOptionalMemberAccess]
        # bold play: v(4) = .4 + .6 v(3), v(3) = .4 + .6 v(1), v(1) = .4 v(2), v(2) = .4 v(4), so v(1) = .0256/(1 - ...)
        v4 = Fraction(2, 5) + Fraction(3, 5) * Fraction(2, 5)
        v4 /= 1 - Fraction(3, 5) * Fraction(3, 5) * Fraction(4, 25)
        assert values[4] == pytest.approx(float(v4), abs=1e-9)
        assert values[5] == (1.0 if model is at_the_end else 0.0)
        assert model.initial is not None
        assert model.initial[:4].tolist() == [0.25] * 4


def test_starts_of_every_kind() -> None:
    def initial(start: Any) -> dict[Any, float]:
        model = TabularMDP.from_functions(start, lambda s: [0], lambda s, a: [(1.0, s, 0.0)])
        assert model.states is not None
        assert model.initial is not None
        return dict(zip(model.states.keys, model.initial.tolist(), strict=True))

    assert initial(3) == initial((3,)[0]) == {3: 1.0}
    assert initial((1, 2)) == {(1, 2): 1.0}
    assert (
        initial([1, 2])
        == initial(iter([1, 2]))
        == initial(range(1, 3))
        == initial(np.array([1, 2]))
        == {1: 0.5, 2: 0.5}
    )
    assert initial({1: 0.25, "b": 0.75}) == {1: 0.25, "b": 0.75}
    assert initial([1, 1, 2, 2]) == {1: 0.5, 2: 0.5}


def test_costs_are_minimised() -> None:
    model = TabularMDP.from_functions(
        4, lambda s: [1, 2], lambda s, a: [(1.0, max(s - a, 0), 3.0 * a - 1.0)], lambda s: s == 0
    )
    assert planners.solve(model, discount=1.0, minimise=True).values[0] == pytest.approx(8.0)


def test_endless_models_stop_at_the_limit_and_progress_is_told() -> None:
    with pytest.raises(InvalidOptionError, match="more than max_states=50 states; the last ones are 49 and 50"):
        TabularMDP.from_functions(0, lambda s: [0], lambda s, a: [(1.0, s + 1, 0.0)], max_states=50)
    told: list[tuple[int, int]] = []
    TabularMDP.from_functions(
        0,
        lambda s: [0],
        lambda s, a: [(1.0, (s + 1) % 9000, 0.0)],
        progress=lambda done, found: told.append((done, found)),
    )
    assert told == [(4096, 4097), (8192, 8193), (9000, 9000)]


def test_errors_of_the_functions_say_where_they_arose() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        TabularMDP.from_functions("high", lambda s: ["wait"], lambda s, a: [(1.0, 1 / 0, 0.0)])
    assert "outcomes('high', 'wait')" in caught.value.__notes__[0]


WRONG_OUTCOMES: list[Any] = [
    [(0.5, "high", 1.0)], [(0.5, "high", 1.0), (0.6, "low", 1.0)], [(-0.5, "high", 1.0), (1.5, "low", 1.0)],
    [(math.nan, "high", 1.0)], [(1.0, "high", math.nan)], [(1.0, "high", math.inf)], [(1.0, "high", -math.inf)],
    [(math.inf, "high", 1.0)], [(1.0, "high", "much")], [("all", "high", 1.0)], [(1.0, ["high"], 1.0)],
    [(1.0, ("high", []), 1.0)], [(1.0, "high")], [(1.0, "high", 1.0, True)], (1.0, "high", 1.0), [], None, 3, "wait",
    [None], [1.0], {1.0: "high"}, [(None, "high", 1.0)], [(1.0, "high", None)], [(1.0, "high", 1j)],
    [(1j, "high", 1.0)], [(np.ones(2), "high", 1.0)], [(1.0, "high", np.ones(2))], [(1.0, {}, 1.0)],
    [(10**400, "high", 1.0)],
]  # fmt: skip


@pytest.mark.parametrize("returned", WRONG_OUTCOMES, ids=lambda returned: repr(returned)[:40])
@pytest.mark.parametrize("as_generator", [False, True])
def test_wrong_outcomes_are_named(returned: Any, as_generator: bool) -> None:
    given = (lambda s, a: iter(returned)) if as_generator and isinstance(returned, list) else (lambda s, a: returned)
    with pytest.raises(InvalidModelError, match=r"outcomes\('high', 'wait'\) .*expected"):
        TabularMDP.from_functions("high", lambda s: ["wait"], given)


@pytest.mark.parametrize("returned", [[], None, 3, "wait", [["wait"]], ["wait", "wait"], iter([]), {}])
def test_wrong_actions_are_named(returned: Any) -> None:
    with pytest.raises(InvalidModelError, match=r"actions\('high'\) .*expected"):
        TabularMDP.from_functions("high", lambda s: returned, lambda s, a: [(1.0, s, 0.0)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": []}, "start holds no state"),
        ({"start": {"high": 0.5}}, "sum to 0.5"),
        ({"start": {"high": -1.0, "low": 2.0}}, "expected numbers from 0 to 1"),
        ({"start": {"high": "all"}}, "numbers"),
        ({"start": [["high"]]}, "start gives the state"),
        ({"actions": ["wait"]}, "expected a function"),
        ({"outcomes": {}}, "expected a function"),
        ({"terminal": 7}, "expected a function of a state, or a set"),
        ({"terminal": "high"}, "expected a function of a state, or a set"),
        ({"terminal": [[1]]}, "hashed"),
        ({"terminal": lambda s: None}, r"terminal\('high'\) returned None"),
        ({"terminal": {"high"}, "terminal_reward": lambda s: math.nan}, r"terminal_reward\('high'\) returned nan"),
        ({"terminal_reward": 3.0}, "terminal_reward is 3.0"),
        ({"max_states": 0}, "max_states is 0"),
        ({"max_states": 2.5}, "max_states is 2.5"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    given = {"start": "high", "actions": lambda s: ["wait"], "outcomes": lambda s, a: [(1.0, s, 0.0)], **arguments}
    with pytest.raises(PlannerError, match=message):
        TabularMDP.from_functions(**given)


def test_probabilities_in_float32_and_fractions_are_judged_by_their_type() -> None:
    third = np.float32(1.0) / np.float32(3.0)
    model = TabularMDP.from_functions(0, lambda s: [0], lambda s, a: [(third, t, 0.0) for t in range(3)])
    assert model.transitions.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-15)
    TabularMDP.from_functions(0, lambda s: [0], lambda s, a: [(Fraction(1, 3), t, Fraction(1)) for t in range(3)])
    TabularMDP.from_functions(0, lambda s: [0], lambda s, a: [(1.0, 0, 0.0), (1.0 - 0.9 - 0.1, 1, 0.0)])


@pytest.mark.parametrize("pairs", [False, True])
def test_printed_probabilities_are_scaled_where_somebody_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, pairs: bool
) -> None:
    monkeypatch.setattr(functions, "is_scattered", lambda *_: pairs)

    def read(normalise: Any, *probabilities: float) -> Any:
        outcomes = [(p, number, float(number)) for number, p in enumerate(probabilities)]
        return TabularMDP.from_functions(0, lambda s: [0], lambda s, a: outcomes, normalise=normalise)

    model = read(True, 0.333, 0.333, 0.333, -1e-10)
    assert model.rescaled == pytest.approx(0.001)
    assert model.transitions.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-15)
    assert model.rewards.ravel() == pytest.approx(np.ones(3))
    assert "rows were scaled" in repr(planners.solve(model, discount=0.5))
    with pytest.raises(InvalidModelError, match=r"sum to 0\.999; .* normalise=True"):
        read(False, 0.333, 0.333, 0.333)
    with pytest.raises(InvalidModelError, match=r"sum to 0\.9; expected 1"):
        read(True, 0.3, 0.6)
    with pytest.raises(InvalidModelError, match=r"holds \(-1e-06, 1, 1\.0\)"):
        read(True, 1.0, -1e-6)
    with pytest.raises(InvalidOptionError, match="normalise is 1; expected True or False"):
        read(1, 1.0)
