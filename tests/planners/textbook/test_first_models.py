"""Textbook problems as a modeller writes them, beside their published values: no helper, at most 15 lines each.

Where no book prints a value, the comment says what else it is derived from; nothing of `planners` is in that.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse.csgraph import dijkstra

import planners
from planners import TabularMDP
from tests.oracles.exact import values_of


def test_puterman_section_3_1() -> None:
    # V(s2) = -1 / .05, V(s1) = 5 + .95 (V(s1) + V(s2)) / 2: QuantEcon prints -8.57 and -20
    model = TabularMDP.from_functions(
        "s1", lambda s: ["a11", "a12"] if s == "s1" else ["a21"],
        lambda s, a: {"a11": [(0.5, "s1", 5), (0.5, "s2", 5)], "a12": [(1, "s2", 10)], "a21": [(1, "s2", -1)]}[a],
    )  # fmt: skip
    plan = planners.solve(model, discount=0.95)
    assert plan.value("s1") == pytest.approx(-60 / 7)
    assert plan.value("s2") == pytest.approx(-20)
    assert plan.action("s1") == "a11"


def test_puterman_section_3_2_inventory() -> None:
    # Puterman, Section 4.6.1: u_1* = 67/16, 129/16, 194/16, 227/16; order 3, 0, 0, 0
    demand = {0: 0.25, 1: 0.5, 2: 0.25}
    model = TabularMDP.from_functions(
        range(4), lambda stock: range(4 - stock),
        lambda s, a: [(p, max(s + a - d, 0), 8 * min(s + a, d) - (4 + 2 * a) * (a > 0) - (s + a))
                      for d, p in demand.items()],
    )  # fmt: skip
    plan = planners.backward_induction(model, horizon=3)
    assert [plan.value(stock) * 16 for stock in range(4)] == pytest.approx([67, 129, 194, 227])
    assert [plan.action(stock) for stock in range(4)] == [3, 0, 0, 0]


TAXI = {  # Howard (1960), Chapter 4: towns A, B, C; cruise, go to a stand, wait for a radio call
    ("A", "cruise"): ((1 / 2, "A", 10), (1 / 4, "B", 4), (1 / 4, "C", 8)),
    ("A", "stand"): ((1 / 16, "A", 8), (3 / 4, "B", 2), (3 / 16, "C", 4)),
    ("A", "radio"): ((1 / 4, "A", 4), (1 / 8, "B", 6), (5 / 8, "C", 4)),
    ("B", "cruise"): ((1 / 2, "A", 14), (1 / 2, "C", 18)),
    ("B", "stand"): ((1 / 16, "A", 8), (7 / 8, "B", 16), (1 / 16, "C", 8)),
    ("C", "cruise"): ((1 / 4, "A", 10), (1 / 4, "B", 2), (1 / 2, "C", 8)),
    ("C", "stand"): ((1 / 8, "A", 6), (3 / 4, "B", 4), (1 / 8, "C", 2)),
    ("C", "radio"): ((3 / 4, "A", 4), (1 / 16, "B", 0), (3 / 16, "C", 8)),
}


def test_howard_taxicab() -> None:
    model = TabularMDP.from_functions("A", lambda s: [a for t, a in TAXI if t == s], lambda s, a: TAXI[s, a])
    plan = planners.solve(model, discount=0.9)
    assert [plan.action(town) for town in "ABC"] == ["stand"] * 3  # Howard's answer
    stand = {i: {0: [(Fraction(p), "ABC".index(t), Fraction(r), False) for p, t, r in TAXI[s, "stand"]]}
             for i, s in enumerate("ABC")}  # fmt: skip
    exact = values_of(stand, [{0: Fraction(1)}] * 3, Fraction(9, 10))  # V of that policy, in fractions
    assert [plan.value(town) for town in "ABC"] == pytest.approx([float(value) for value in exact], abs=1e-5)
    assert planners.average_reward(model).gain == pytest.approx(13.34454, abs=5e-6)  # Howard prints 13.34


def test_howard_toymaker() -> None:
    # Howard (1960), Chapters 3 and 7: over n weeks 6, 8.2, 10.22, 12.222 and -3, -1.7, .23, 2.223; at .9 22.2 and 12.3
    model = TabularMDP.from_arrays(
        {"plain": [[0.5, 0.5], [0.4, 0.6]], "effort": [[0.8, 0.2], [0.7, 0.3]]}, [[6, 4], [-3, -5]],
        states=["liked", "disliked"],
    )  # fmt: skip
    plan = planners.backward_induction(model, horizon=4)
    assert plan.values[::-1, 0] == pytest.approx([0, 6, 8.2, 10.22, 12.222])
    assert plan.values[::-1, 1] == pytest.approx([0, -3, -1.7, 0.23, 2.223])
    forever = planners.solve(model, discount=0.9)
    assert forever.values == pytest.approx([22.2, 12.3], abs=0.05)
    assert forever.action("liked") == forever.action("disliked") == "effort"


def test_gambler() -> None:
    # Sutton and Barto, Example 4.3; bold play at 25, 50, 75 of 100: .16, .4, .64 (Dubins and Savage)
    model = TabularMDP.from_functions(
        50, lambda s: range(1, min(s, 100 - s) + 1),
        lambda s, stake: [(0.4, s + stake, float(s + stake == 100)), (0.6, s - stake, 0.0)], terminal={0, 100},
    )  # fmt: skip
    plan = planners.solve(model, discount=1.0)
    assert [plan.value(s) for s in (25, 50, 75)] == pytest.approx([0.16, 0.4, 0.64])


def test_forest_of_pymdptoolbox() -> None:
    # pymdptoolbox prints 26.244, 29.484, 33.484 for forest() at .9
    grow = [[0.1, 0.9, 0.0], [0.1, 0.0, 0.9], [0.1, 0.0, 0.9]]
    model = TabularMDP.from_arrays([grow, [[1, 0, 0]] * 3], [[0, 0], [0, 1], [4, 2]], axes="ASS")
    assert planners.solve(model, discount=0.9).values == pytest.approx([26.244, 29.484, 33.484])


def test_replacement_at_a_limit_of_age() -> None:
    # replacing at age n costs (sum over t < n of g^t t + g^n 10) / (1 - g^(n + 1)) from new: the least over n, by hand
    model = TabularMDP.from_functions(
        0, lambda age: ["keep", "replace"], lambda age, a: [(1, age + 1, age) if a == "keep" else (1, 0, 10)],
        terminal=lambda age: age == 60,
    )  # fmt: skip
    plan = planners.solve(model, discount=0.9, minimise=True)
    costs = [(sum(0.9**t * t for t in range(n)) + 0.9**n * 10) / (1 - 0.9 ** (n + 1)) for n in range(1, 50)]
    assert plan.value(0) == pytest.approx(min(costs), abs=1e-5)
    first = next(age for age in range(60) if plan.action(age) == "replace")
    assert first == 1 + int(np.argmin(costs))


def test_growth_of_quantecon() -> None:
    # QuantEcon, "Discrete State Dynamic Programming", the growth model, prints these
    model = TabularMDP.from_functions(
        range(16), lambda s: range(min(s, 5) + 1), lambda s, a: [(1 / 11, a + u, (s - a) ** 0.5) for u in range(11)]
    )
    plan = planners.solve(model, discount=0.9)
    assert [plan.value(s) for s in (0, 1, 2, 15)] == pytest.approx(
        [19.01740222, 20.01740222, 20.43161578, 23.27761762], abs=1e-6
    )
    assert [plan.action(s) for s in range(16)] == [0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 5, 5, 5]


def test_asset_selling() -> None:
    # Bertsekas, "Dynamic Programming and Optimal Control", Section 4.4: sell above the root of a = g E[max(w, a)]
    model = TabularMDP.from_functions(
        range(1, 101), lambda offer: ["sell", "wait"],
        lambda offer, a: [(1, "sold", offer)] if a == "sell" else [(1 / 100, w, 0) for w in range(1, 101)],
        terminal={"sold"},
    )  # fmt: skip
    plan = planners.solve(model, discount=0.95, tolerance=1e-9)
    limit = Fraction(0)
    for _ in range(400):
        limit = Fraction(round(Fraction(95, 100) * sum(max(w, limit) for w in range(1, 101)) / 100 * 10**15), 10**15)
    assert plan.value(1) == pytest.approx(float(limit), abs=1e-8)
    assert [plan.action(w) for w in range(1, 101)] == ["sell" if w > limit else "wait" for w in range(1, 101)]


def test_storage_buys_low_and_sells_high() -> None:
    # Bellman's warehouse: with prices known, each unit of space earns the rises of the price, one by one
    prices = [5, 3, 8, 6, 4, 9, 2]
    models = [
        TabularMDP.from_functions(
            range(4), lambda stock: range(-stock, 4 - stock), lambda stock, a, price=price: [(1, stock + a, -price * a)]
        )
        for price in prices
    ]
    plan = planners.backward_induction(models)
    assert plan.value(0) == 3 * sum(max(after - before, 0) for before, after in pairwise(prices))
    assert plan.value(2) == plan.value(0) + 2 * prices[0]


def test_shortest_paths(rng: np.random.Generator) -> None:
    # SciPy's Dijkstra
    lengths = np.where(rng.random((40, 40)) < 0.2, rng.integers(1, 20, (40, 40)), 0).astype(float)
    lengths[np.arange(40), (np.arange(40) + 1) % 40] = 30.0
    model = TabularMDP.from_functions(
        range(40), lambda s: np.flatnonzero(lengths[s]).tolist(), lambda s, a: [(1, a, lengths[s, a])], terminal={0}
    )
    plan = planners.solve(model, discount=1.0, minimise=True)
    assert [plan.value(s) for s in range(40)] == pytest.approx(dijkstra(lengths.T, indices=np.array(0)))


@pytest.mark.parametrize(
    ("candidates", "wins", "passed"), [(10, 0.398690, 3), (100, 0.371043, 37), (1000, 0.368196, 368)]
)
def test_secretary(candidates: int, wins: float, passed: int) -> None:
    # Gilbert and Mosteller (1966), Table 2; candidate n is the best so far with probability 1 / n
    model = TabularMDP.from_functions(
        (1, True), lambda s: ["take", "pass"] if s[1] else ["pass"],
        lambda s, a: [(1, "end", s[0] / candidates)] if a == "take" or (s[0] == candidates and s[1])
        else [(1, "end", 0)] if s[0] == candidates
        else [(1 / (s[0] + 1), (s[0] + 1, True), 0), (s[0] / (s[0] + 1), (s[0] + 1, False), 0)],
        terminal={"end"},
    )  # fmt: skip
    plan = planners.solve(model, discount=1.0)
    assert plan.value((1, True)) == pytest.approx(wins, abs=5e-7)
    assert next(n for n in range(1, candidates + 1) if plan.action((n, True)) == "take") == passed + 1


def test_pricing_with_ten_thousand_prices() -> None:
    # a buyer pays up to v, uniform on 0 to 1, until one buys: sell at p for p (1 - p) / (1 - g p), best at a root
    model = TabularMDP.from_functions(
        "unsold", lambda s: range(1, 10_001),
        lambda s, a: [(1 - a / 10_000, "sold", a / 10_000), (a / 10_000, "unsold", 0)], terminal={"sold"},
    )  # fmt: skip
    plan = planners.solve(model, discount=0.9, tolerance=1e-9)
    best = (1 - np.sqrt(1 - 0.9)) / 0.9  # of p (1 - p) / (1 - .9 p)
    assert plan.value("unsold") == pytest.approx(best * (1 - best) / (1 - 0.9 * best), abs=1e-7)
    assert plan.action("unsold") / 10_000 == pytest.approx(best, abs=1e-4)
