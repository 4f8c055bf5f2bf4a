"""Textbook problems, continued: queues, options, bandits, inventories in continuous time and for ever."""

from fractions import Fraction
from functools import cache
from math import exp, sqrt

import numpy as np
import pytest
from scipy.stats import poisson

import planners
from planners import TabularMDP
from tests.oracles.examples import times


@pytest.mark.long
def test_car_rental() -> None:
    # Sutton and Barto, Example 4.2: Figure 4.2 moves 5 cars at (20, 0) and -4 at (0, 20); V is that of plain sweeps
    @cache
    def place(cars: int, rent: float, back: float) -> tuple[list[float], float]:
        lent = np.append(poisson.pmf(range(cars), rent), poisson.sf(cars - 1, rent))
        left = np.convolve(lent[::-1], np.asarray(poisson.pmf(range(60), back), dtype=np.float64))
        return [*left[:20].tolist(), float(left[20:].sum())], float(lent @ np.arange(cars + 1))

    def night(s: tuple[int, int], a: int) -> list[tuple[float, tuple[int, int], float]]:
        (one, first), (two, second) = place(min(s[0] - a, 20), 3, 3), place(min(s[1] + a, 20), 4, 2)
        earned = 10 * (first + second) - 2 * abs(a)
        return [(p * q, (x, y), earned) for x, p in enumerate(one) for y, q in enumerate(two)]

    model = TabularMDP.from_functions((20, 0), lambda s: range(-min(5, s[1]), min(5, s[0]) + 1), night)
    plan = planners.solve(model, discount=0.9, tolerance=1e-6)
    assert (plan.action((20, 0)), plan.action((0, 20))) == (5, -4)
    laws = [np.array([place(n, *rates)[0] for n in range(21)]) for rates in ((3, 3), (4, 2))]
    incomes = [np.array([place(n, *rates)[1] for n in range(21)]) for rates in ((3, 3), (4, 2))]
    (i, j), values = np.indices((21, 21)), np.zeros((21, 21))
    for _ in range(200):
        evening = 10 * np.add.outer(incomes[0], incomes[1]) + 0.9 * (laws[0] @ values @ laws[1].T)
        moved = [np.where((i >= a) & (j >= -a), evening[np.minimum(i - a, 20), np.minimum(j + a, 20)] - 2 * abs(a), 0.0)
                 for a in range(-5, 6)]  # fmt: skip
        values = np.max(moved, axis=0)  # all are above 0
    assert [plan.value((x, y)) for x in range(21) for y in range(21)] == pytest.approx(values.ravel(), abs=1e-5)


def test_optimal_stopping_of_a_walk(rng: np.random.Generator) -> None:
    # Dynkin and Yushkevich: of a symmetric walk V is the least concave function above the reward of stopping
    reward = rng.integers(0, 50, 31).astype(float).tolist()
    model = TabularMDP.from_functions(
        range(1, 30), lambda s: ["stop", "go"],
        lambda s, a: [(1, "stopped", reward[s])] if a == "stop" else [(0.5, s - 1, 0), (0.5, s + 1, 0)],
        terminal=lambda s: s in ("stopped", 0, 30), terminal_reward=lambda s: 0.0 if s == "stopped" else reward[s],
    )  # fmt: skip
    plan = planners.solve(model, discount=1.0)
    hull = [max(reward[s], *(reward[i] + (reward[j] - reward[i]) * (s - i) / (j - i) for i in range(s)
                             for j in range(s + 1, 31))) for s in range(1, 30)]  # fmt: skip
    assert [plan.value(s) for s in range(1, 30)] == pytest.approx(hull)


def test_american_put() -> None:
    # Cox, Ross and Rubinstein: S = K = 100, r = 5 %, sigma = 20 %, one year: 6.0904 in the limit of many steps
    steps, rate = 500, exp(-0.05 / 500)
    up = exp(0.2 * sqrt(1 / steps))
    p = (1 / rate - 1 / up) / (up - 1 / up)
    model = TabularMDP.from_functions(
        0, lambda k: ["hold", "exercise"],
        lambda k, a: [(1, "paid", 100 - 100 * up**k)] if a == "exercise"
        else [(p, min(k + 1, steps), 0), (1 - p, max(k - 1, -steps), 0)], terminal={"paid"},
    )  # fmt: skip
    plan = planners.backward_induction(
        model, horizon=steps, discount=rate, final_values=lambda k: 0.0 if k == "paid" else max(100 - 100 * up**k, 0)
    )
    assert plan.value(0) == pytest.approx(6.0904, abs=5e-3)


def test_zheng_and_federgruen() -> None:
    # Zheng and Federgruen (1991), Table 1, Poisson demand of 10, K = 64, h = 1, p = 9: s = 6, S = 40, 35.022 a period
    demand = poisson.pmf(np.arange(40), 10) / poisson.cdf(39, 10)
    held = {y: sum(p * (max(y - d, 0) + 9 * max(d - y, 0)) for d, p in enumerate(demand)) for y in range(-60, 61)}
    model = TabularMDP.from_functions(
        20, lambda x: [y for y in range(max(x, -20), 61) if y == x or y >= 20],
        lambda x, y: [(p, y - d, 64 * (y > x) + held[y]) for d, p in enumerate(demand)],
    )  # fmt: skip
    plan = planners.average_reward(model, minimise=True)
    assert plan.gain == pytest.approx(35.022, abs=5e-4)
    assert {plan.action(x) for x in range(0, 7)} == {40}
    assert all(plan.action(x) == x for x in range(7, 40))


def test_gittins_index_by_restart() -> None:
    # Katehakis and Veinott (1987): (1 - g) V of the arm that may restart; Gittins' table has .7029 for (1, 1) at .9.
    # A state is (successes + 1, pulls + 2); to restart is to pull from the first one
    model = TabularMDP.from_functions(
        (1, 2), lambda s: ["go on", "restart"],
        lambda s, a: [(x / n, (x + 1, n + 1) if n < 150 else s, 1), (1 - x / n, (x, n + 1) if n < 150 else s, 0)]
        if (n := s[1] if a == "go on" else 2) and (x := s[0] if a == "go on" else 1) else [],
    )  # fmt: skip
    assert planners.solve(model, discount=0.9).value((1, 2)) * 0.1 == pytest.approx(0.7029, abs=5e-5)


def test_bernoulli_bandit() -> None:
    # two arms with uniform priors; by the recursion in fractions: over 2 pulls 1/2 + 1/2 (2/3 + 1/2) = 13/12
    @cache
    def best(a: int, b: int, c: int, d: int, left: int) -> Fraction:
        one = Fraction(a, a + b), (a + 1, b, c, d), (a, b + 1, c, d)
        two = Fraction(c, c + d), (a, b, c + 1, d), (a, b, c, d + 1)
        return max(
            (p * (1 + best(*won, left - 1)) + (1 - p) * best(*lost, left - 1) for p, won, lost in (one, two) if left),
            default=Fraction(0),
        )

    model = TabularMDP.from_functions(
        (1, 1, 1, 1), lambda s: ["left", "right"],
        lambda s, a: [(s[k] / (s[k] + s[k + 1]), (*s[:k], s[k] + 1, *s[k + 1:]), 1),
                      (s[k + 1] / (s[k] + s[k + 1]), (*s[:k + 1], s[k + 1] + 1, *s[k + 2:]), 0)]
        if (k := 0 if a == "left" else 2) >= 0 and sum(s) < 14 else [(1, s, 0)],
    )  # fmt: skip
    plan = planners.solve(model, discount=1.0)
    assert plan.value((1, 1, 1, 1)) == pytest.approx(float(best(1, 1, 1, 1, 10)))
    assert best(1, 1, 1, 1, 2) == Fraction(13, 12)


@pytest.mark.parametrize(("defective", "tests"), [(0.1, 1.29), (0.4, 2.0)])
def test_group_testing(defective: float, tests: float) -> None:
    # two items: 3 - q - q^2 tests if both go into the first, 2 if each has its own (Derman; Ungar 1960: best above .38)
    q = 1 - defective
    model = TabularMDP.from_functions(
        "2 unknown", lambda s: ["pool", "single"] if s == "2 unknown" else ["single"],
        lambda s, a: {
            ("2 unknown", "pool"): [(q * q, "done", 1), (1 - q * q, "one is bad", 1)],
            ("2 unknown", "single"): [(1, "1 unknown", 1)], ("1 unknown", "single"): [(1, "done", 1)],
            ("one is bad", "single"): [(q / (1 + q), "done", 1), (1 / (1 + q), "1 unknown", 1)],
        }[s, a], terminal={"done"},
    )  # fmt: skip
    assert planners.solve(model, discount=1.0, minimise=True).value("2 unknown") == pytest.approx(tests)


def test_the_c_mu_rule() -> None:
    # Cox and Smith (1961): serve the class with the larger c mu, whatever is waiting; 3 * 1 against 1 * 2.5
    n, serve, arrive, cost = 9, (1.0, 2.5), (0.3, 0.5), (3.0, 1.0)
    states = [(i, j) for i in range(n) for j in range(n)]
    rates, waits = np.zeros((n * n, 2, n * n)), np.zeros(n * n)
    for s, (i, j) in enumerate(states):
        waits[s] = cost[0] * i + cost[1] * j
        for a in range(2):
            rates[s, a, min(i + 1, n - 1) * n + j] += arrive[0]
            rates[s, a, i * n + min(j + 1, n - 1)] += arrive[1]
            rates[s, a, s - (n, 1)[a] if (i, j)[a] else s] += serve[a]
    model = TabularMDP.uniformised(rates, waits, discount_rate=0.01, axes="SAS", states=states, actions=["one", "two"])
    plan = planners.solve(model, discount=1.0, minimise=True)
    assert {plan.action((i, j)) for i in range(1, 6) for j in range(1, 6)} == {"one"}  # away from the truncation


def test_admission_control_and_its_semi_markov_twin() -> None:
    # by hand, with room for one: V(0) = (5 + a V(1)) / (g + a), V(1) = (-1 + m V(0)) / (g + m); a = 1, m = 1.2, g = .1
    rates, earned = np.zeros((2, 2, 2)), np.array([[0.0, 5.0], [-1.0, -1.0]])
    rates[0, 1, 1], rates[1, :, 0] = 1.0, 1.2
    first = TabularMDP.from_rates(rates, earned, discount_rate=0.1, axes="SAS", actions=["refuse", "admit"])
    second = TabularMDP.uniformised(rates, earned, discount_rate=0.1, axes="SAS", actions=["refuse", "admit"])
    value = (5 / 1.1 - 1 / (1.1 * 1.3)) / (1 - 1.2 / (1.1 * 1.3))
    for plan in (planners.solve(first, discount=1.0), planners.solve(second, discount=1.0)):
        assert plan.value(0) == pytest.approx(value)
        assert plan.value(1) == pytest.approx((-1 + 1.2 * value) / 1.3)
        assert plan.action(0) == "admit"


@pytest.mark.long
def test_two_products_of_many_states() -> None:
    # nothing joins the two, so that V(x, y) = V(x) + V(y), each from a model of 316 states; or a quarter as many
    most = times(316) - 1

    def one(x: int, order: int, price: float) -> list[tuple[float, int, float]]:
        stock = min(x + order, most)
        return [
            (0.6, max(stock - 1, 0), price * (stock > 0) - 0.01 * x - 2 * order),
            (0.4, stock, -0.01 * x - 2 * order),
        ]

    model = TabularMDP.from_functions(
        (0, 0), lambda s: [(0, 0), (0, 1), (1, 0), (1, 1)],
        lambda s, a: [(p * q, (x, y), r + t) for p, x, r in one(s[0], a[0], 5) for q, y, t in one(s[1], a[1], 7)],
    )  # fmt: skip
    alone = [
        planners.solve(TabularMDP.from_functions(0, lambda s: [0, 1], lambda s, a, w=w: one(s, a, w)), discount=0.95)
        for w in (5, 7)
    ]
    plan = planners.solve(model, discount=0.95, tolerance=1e-4)
    for x, y in [(0, 0), (3, 1), (most // 3, 2 * most // 3), (most, most)]:
        assert plan.value((x, y)) == pytest.approx(alone[0].value(x) + alone[1].value(y), abs=3e-4)


def test_simulation_against_the_value() -> None:
    # the mean of 20,000 episodes lies within 7 standard errors of V (a normal deviate: 3e-12)
    model = TabularMDP.from_functions(
        range(4), lambda stock: range(4 - stock),
        lambda s, a: [(p, max(s + a - d, 0), 8 * min(s + a, d) - (4 + 2 * a) * (a > 0) - (s + a))
                      for d, p in ((0, 0.25), (1, 0.5), (2, 0.25))],
    )  # fmt: skip
    plan = planners.solve(model, discount=0.9)
    result = planners.simulate(model, plan, episodes=20_000, seed=3)
    assert result.value == pytest.approx(plan.values.mean(), abs=1e-6)
    assert abs(result.mean - result.value) < 7 * result.standard_error + 1e-4
