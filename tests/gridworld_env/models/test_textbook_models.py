"""The textbook models against what the books print, closed forms, and the books' rules written down once more."""

from collections import defaultdict
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy.stats import poisson

import planners
from gridworld_env import MODELS, MapError, OutcomeMDP, models
from gridworld_env.dynamics.row_sampler import RowSampler
from gridworld_env.models import find_model
from planners import TabularMDP


@pytest.mark.parametrize("name", MODELS)
def test_each_is_a_model_that_says_where_it_is_from(name: str) -> None:
    model = MODELS[name]()
    assert isinstance(model, TabularMDP)
    assert model.initial is not None
    assert model.initial.sum() == pytest.approx(1.0)
    assert "Source: " in (MODELS[name].__doc__ or "")
    if isinstance(model, OutcomeMDP):
        sampler = RowSampler(model)
        for state in range(0, model.num_states, 17):
            for action in range(0, model.num_actions, 7):
                outcomes = sampler.outcomes(state, action)
                assert sum(outcome.probability for outcome in outcomes) == pytest.approx(1.0, abs=1e-12)
                mean = sum(outcome.probability * outcome.reward for outcome in outcomes)
                assert mean == pytest.approx(model.rewards[state, action], abs=1e-12)


def test_blackjack_sticking_on_20() -> None:
    """Example 5.4 has -0.27726 from 10^8 games; the fraction is exact."""
    model, policy = models.blackjack(), np.ones(200, dtype=int)
    for total in (20, 21):
        for dealer in range(1, 11):
            for ace in (False, True):
                policy[models.blackjack_state(total, dealer, ace)] = 0
    exact = Fraction(-1956066435357007749067864557, 7056410014866816666030739693)
    value = planners.evaluate(model, policy, discount=1)[models.blackjack_state(13, 2, True)]
    assert value == pytest.approx(float(exact), abs=1e-14)


def test_blackjack_best_policy() -> None:
    """Figure 5.2, and the value of the deal."""
    model = models.blackjack()
    plan = planners.solve(model, discount=1)
    assert model.initial is not None
    assert model.initial @ plan.values == pytest.approx(-0.0465560, abs=1e-6)
    least = {False: [17, 13, 13, 12, 12, 12, 17, 17, 17, 17], True: [19, 18, 18, 18, 18, 18, 18, 18, 19, 19]}
    for ace, sticks in least.items():
        for dealer, from_here in enumerate(sticks, 1):
            for total in range(12, 22):
                best = plan.policy.actions[models.blackjack_state(total, dealer, ace)]
                assert best == (0 if total >= from_here else 1), (total, dealer, ace)


def test_the_gamblers_bold_play() -> None:
    """Figure 4.3: V(25), V(50) and V(75); V satisfies the equations of bold play, which is best below p = 1/2."""
    values = planners.solve(models.gambler(), discount=1, tolerance=1e-9).values
    assert values[[25, 50, 75]] == pytest.approx([0.16, 0.4, 0.64], abs=1e-8)
    v = np.append(values[:100], 1.0)
    for s in range(1, 100):
        bold = 0.4 * v[2 * s] if s <= 50 else 0.4 + 0.6 * v[2 * s - 100]
        assert v[s] == pytest.approx(bold, abs=1e-8)


def test_jacks_cars() -> None:
    """Figure 4.2: moves from -4 to 5, values from 420; by loops over requests and returns up to 39 a day."""
    model = models.jacks_cars()
    plan = planners.solve(model, discount=0.9)
    values, R, P = np.zeros((21, 21)), [], []
    for request, back in ((3, 3), (4, 2)):
        table, earned = np.zeros((21, 21)), np.zeros(21)
        for n in range(21):
            for asked in range(40):
                rented, p = min(n, asked), poisson.pmf(asked, request)
                earned[n] += 10 * rented * p
                np.add.at(table[n], np.minimum(n - rented + np.arange(40), 20), p * poisson.pmf(np.arange(40), back))
        P.append(table)
        R.append(earned)
    for _ in range(250):  # .9^250 * 700 is below 1e-8
        best = np.full((21, 21), -np.inf)
        later = R[0][:, None] + R[1] + 0.9 * P[0] @ values @ P[1].T
        for moved in range(-5, 6):
            i, j = np.ix_(np.arange(max(moved, 0), 21), np.arange(max(-moved, 0), 21))  # enough cars to move
            earned = later[np.minimum(i - moved, 20), np.minimum(j + moved, 20)] - 2 * abs(moved)
            best[i, j] = np.maximum(best[i, j], earned)
        values = best
    np.testing.assert_allclose(plan.values, values.ravel(), atol=1e-5)
    assert plan.values.min() == pytest.approx(420, abs=2)
    number = np.abs(np.where(plan.optimal_actions, np.arange(-5, 6), 99)).argmin(axis=1) - 5
    assert (number.min(), number.max()) == (-4, 5)


def test_random_walks() -> None:
    """Examples 6.2 and 7.1, and Figure 9.1: the best constants of the ten groups begin at -.83 and end at .83."""
    five = planners.evaluate(models.random_walk(5, left_end=0.0), np.zeros(5, dtype=int), discount=1)
    assert five == pytest.approx([k / 6 for k in range(1, 6)], abs=1e-12)
    nineteen = planners.evaluate(models.random_walk(), np.zeros(19, dtype=int), discount=1)
    assert nineteen == pytest.approx([k / 10 for k in range(-9, 10)], abs=1e-12)
    thousand = planners.evaluate(models.random_walk(1000, reach=100), np.zeros(1000, dtype=int), discount=1)
    near = np.abs(np.subtract.outer(np.arange(1000), np.arange(1000)))
    P = np.where((near > 0) & (near <= 100), 1 / 200, 0.0)
    ends = np.array([max(s - 899, 0) - max(100 - s, 0) for s in range(1000)]) / 200  # right less left
    np.testing.assert_allclose(thousand, np.linalg.solve(np.eye(1000) - P, ends), atol=1e-10)
    visits = np.linalg.solve(np.eye(1000) - P.T, np.eye(1000)[499]).reshape(10, 100)
    groups = (visits * thousand.reshape(10, 100)).sum(axis=1) / visits.sum(axis=1)
    assert groups[[0, -1]] == pytest.approx([-0.830, 0.830], abs=2e-3)


def gain(model: TabularMDP, exploration: float = 0.0) -> float:
    """The best mean reward of a step, of policies that explore with that probability: relative value iteration."""
    values = np.zeros(model.num_states)
    for _ in range(5_000):
        q = model.rewards + model.expected_next(values)
        new = (1 - exploration) * q.max(axis=1) + exploration * q.mean(axis=1)
        low, high = (new - values).min(), (new - values).max()
        values = new - new[0]
        if high - low < 1e-10:
            return (low + high) / 2
    raise AssertionError("no gain was found")


def test_access_control() -> None:
    """Example 10.2: the gain, and that of the best policy that explores with probability .1."""
    model = models.access_control()
    assert gain(model) == pytest.approx(2.747642, abs=1e-6)
    assert gain(model, 0.1) == pytest.approx(2.646894, abs=1e-6)


def test_access_control_by_its_rules(rng: np.random.Generator) -> None:
    """The exact distribution of the next state, server by server."""
    model = models.access_control(servers=3, free=0.25)
    for idle in range(4):
        for customer in range(4):
            for accept in (0, 1):
                taken = min(accept, idle)
                expected: dict[int, float] = defaultdict(float)
                busy = 3 - idle + taken
                for freed in np.ndindex(*[2] * busy):
                    p = float(np.prod([0.25 if one else 0.75 for one in freed]))
                    for arrived in range(4):
                        expected[4 * (3 - busy + sum(freed)) + arrived] += p / 4
                found = {o.next_state: o.probability for o in RowSampler(model).outcomes(4 * idle + customer, accept)}
                assert found == pytest.approx(expected, abs=1e-15)
                assert model.rewards[4 * idle + customer, accept] == taken * [1, 2, 4, 8][customer]


@pytest.mark.parametrize("size", [1, 2, 10, 25])
def test_deep_sea(size: int) -> None:
    """bsuite: .99, and (1 - 1/N)^(N - 1) - .01 for whoever goes on to the right in the stochastic form."""
    calm = models.deep_sea(size)
    assert planners.solve(calm, discount=1).values[0] == pytest.approx(0.99, abs=1e-6)
    rough, always = models.deep_sea(size, stochastic=True), np.ones(size * size, dtype=int)
    works = 1 - 1 / size
    right = planners.evaluate(rough, always, discount=1)[0]
    assert right == pytest.approx(works ** (size - 1) - 0.01, abs=1e-12)
    stops = works ** (size - 1) - 0.01 / size * sum(works**k for k in range(size))  # pays no more once all is lost
    assert planners.solve(rough, discount=1).values[0] == pytest.approx(stops, abs=1e-6)


def test_short_corridor() -> None:
    """Example 13.1: the best policy that is the same everywhere, and the two that are greedy 95 times of 100."""
    model = models.short_corridor()
    for right, expected in ((2 - np.sqrt(2), -11.65685), (0.95, -44.2105), (0.05, -82.1053)):
        policy = np.tile([1 - right, right], (3, 1))
        assert planners.evaluate(model, policy, discount=1)[0] == pytest.approx(expected, abs=1e-4)
    assert planners.solve(model, discount=1).values == pytest.approx([-3, -2, -1], abs=1e-6)


def test_river_swim() -> None:
    """TabulaRL: 20 steps; the gain is near .428."""
    model = models.river_swim()
    assert planners.backward_induction(model, horizon=20).values[0][0] == pytest.approx(3.397264, abs=1e-6)
    assert gain(model) == pytest.approx(0.428, abs=1e-3)


def test_six_arms() -> None:
    """Closed form: try one arm until it works, then stay."""
    model, discount = models.six_arms(), 0.95
    works, pays = np.array([1, 0.15, 0.1, 0.05, 0.03, 0.01]), np.array([50, 133, 300, 800, 1666, 6000])
    arms = discount * works * pays / (1 - discount) / (1 - discount * (1 - works))
    plan = planners.solve(model, discount=discount, tolerance=1e-8)
    assert plan.values[0] == pytest.approx(arms.max(), abs=1e-7)
    assert plan.policy.actions[0] == arms.argmax()


@pytest.mark.parametrize(("spelt", "name"), [("RiverSwim", "river_swim"), ("Jack's cars", "jacks_cars")])
def test_names_as_people_spell_them(spelt: str, name: str) -> None:
    assert find_model(spelt, {}).num_states == MODELS[name]().num_states


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"world": "blackjak"}, r"unknown world 'blackjak'; did you mean 'blackjack'\? The models"),
        ({"world": 5}, "unknown world 5; The models are access_control, blackjack"),
        ({"world": "deep_sea", "depth": 3}, "deep_sea has no option 'depth'; it takes size, stochastic"),
        ({"world": "blackjack", "size": 3}, "blackjack has no option 'size'; it takes none"),
        ({"world": "deep_sea", "size": 0}, "size is 0; expected a whole number of at least 1"),
        ({"world": "gambler", "heads": 1.5}, "heads is 1.5"),
        ({"world": "gambler", "goal": 1}, "goal is 1"),
        ({"world": "access_control", "free": -1}, "free is -1; expected a probability"),
        ({"world": "river_swim", "num_states": "6"}, "num_states is '6'"),
    ],
)
def test_refusals(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MapError, match=message):
        gym.make("Tabular-v0", **options)


def test_states_of_blackjack() -> None:
    states = [
        models.blackjack_state(total, dealer, ace)
        for ace in (False, True)
        for dealer in range(1, 11)
        for total in range(12, 22)
    ]
    assert states == list(range(200))
    with pytest.raises(MapError, match="a total of 11 and the dealer's 2"):
        models.blackjack_state(11, 2, False)
