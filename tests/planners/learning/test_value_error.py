"""The exact moments of what is learned, beside all ways that an episode can go."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import planners
from gridworld_env.dynamics.outcome_mdp import OutcomeMDP
from gridworld_env.models import MODELS
from planners import LambdaReturn, TabularMDP

Way = tuple[float, list[tuple[int, float, int, bool]]]


def small_chain(rng: np.random.Generator) -> tuple[OutcomeMDP, int]:
    """Three states that soon end, with rewards that differ by the outcome."""
    P: dict[int, Any] = {}
    for s in range(3):
        weights = rng.dirichlet(np.ones(3)) * [0.08, 0.07, 0.85]
        onward, ending = weights[:2], 1.0 - weights[:2].sum()
        to = rng.integers(3, size=2)
        P[s] = {0: [(p, int(t), float(rng.integers(-3, 4)), False) for p, t in zip(onward, to, strict=True)]}
        P[s][0] += [(ending, s, float(rng.integers(-3, 4)), True)]
    return OutcomeMDP.from_gym_dict(P, [0.6, 0.4, 0.0]), 8


def ways(P: Any, s: int, left: int) -> Iterator[Way]:
    """Every way of at most `left` steps from s to the end, with its probability."""
    for p, to, r, ends in P[s]:
        if ends:
            yield p, [(s, r, to, True)]
        elif left > 1:
            for q, rest in ways(P, to, left - 1):
                yield p * q, [(s, r, to, False), *rest]


def outcomes(model: OutcomeMDP) -> dict[int, list[tuple[float, int, float, bool]]]:
    results = model.results
    assert results is not None
    table: dict[int, list[tuple[float, int, float, bool]]] = {s: [] for s in range(3)}
    for pair, p, to, r, ends in zip(*results, strict=True):
        table[int(pair)].append((float(p), int(to), float(r), bool(ends)))
    return table


def learned(V: np.ndarray, way: Any, rule: Any, discount: float) -> np.ndarray:
    """The estimates after an episode, as the book's boxes have them."""
    V = V.copy()
    if isinstance(rule, planners.TD):
        for s, r, to, ends in way:
            V[s] += rule.rate * (r + (0.0 if ends else discount * V[to]) - V[s])
        return V
    returns, G = [], 0.0
    for _, r, to, ends in reversed(way):
        G = r if ends else r + discount * ((1 - rule.trace_decay) * V[to] + rule.trace_decay * G)
        returns.append(G)
    for (s, *_), G in zip(way, reversed(returns), strict=True):
        V[s] += rule.rate * (G - V[s])
    return V


@pytest.mark.parametrize(
    "rule", [planners.TD(rate=0.3), planners.TD(rate=1.0), LambdaReturn(0.4, 0.0), LambdaReturn(1.0, 0.6)]
)
@pytest.mark.parametrize("discount", [1.0, 0.7])
def test_all_ways_of_two_episodes(rule: Any, discount: float, rng: np.random.Generator) -> None:
    """What is cut off has a probability below .15^7, and numbers below 30."""
    model, longest = small_chain(rng)
    table, first = outcomes(model), np.array([0.5, -1.0, 2.0])
    every = [(q * p, way) for s, q in ((0, 0.6), (1, 0.4)) for p, way in ways(table, s, longest)]
    likely = [(p, way) for p, way in every if p > 1e-9]
    found = planners.value_error(model, [0, 0, 0], rule, discount=discount, episodes=2, initial=first)
    first_moments: dict[int, np.ndarray] = {0: first}
    second: dict[int, np.ndarray] = {0: first**2}
    once = [(p, learned(first, way, rule, discount)) for p, way in likely]
    twice = [
        (p * q, learned(V, way, rule, discount))
        for (p, V), (q, way) in itertools.product(once, likely)
        if p * q > 1e-10
    ]
    for k, points in ((1, once), (2, twice)):
        first_moments[k] = sum((p * V for p, V in points), np.zeros(3))
        second[k] = sum((p * V * V for p, V in points), np.zeros(3))
    reached = np.isfinite(found.true_values)
    for k in range(3):
        assert found.expectation[k][reached] == pytest.approx(first_moments[k][reached], abs=1e-4)
        assert (found.variance + found.expectation**2)[k][reached] == pytest.approx(second[k][reached], abs=1e-3)


def test_rates_of_the_walk_of_five_states() -> None:
    walk = MODELS["random_walk"](5, left_end=0.0)
    found = planners.spectrum(walk, [0] * 5, planners.TD(rate=0.1), discount=1.0)
    assert found.verdict == "converges: a digit in 839 steps"
    assert found.radius == pytest.approx(0.99726, abs=1e-5)
    assert planners.spectrum(walk, [0] * 5, planners.TD(rate=1.0), discount=1.0).radius < 1


def baird() -> tuple[TabularMDP, np.ndarray, np.ndarray]:
    """Model, features and behaviour of Baird's counterexample: Sutton and Barto (2018), Example 11.1."""
    P = np.zeros((7, 2, 7))
    P[:, 0, :6], P[:, 1, 6] = 1 / 6, 1.0
    features = np.zeros((7, 8))
    features[range(6), range(6)], features[:6, 7], features[6, 6:] = 2.0, 1.0, (1.0, 2.0)
    model = TabularMDP.from_arrays(P, np.zeros((7, 2)), axes="SAS", initial=np.full(7, 1 / 7))
    return model, features, np.tile([6 / 7, 1 / 7], (7, 1))


def test_bairds_counterexample() -> None:
    model, features, behaviour = baird()
    solid, options = [1] * 7, {"discount": 0.99, "features": features}
    found = planners.spectrum(model, solid, planners.TD(rate=0.01), behaviour=behaviour, **options)
    assert found.radius == pytest.approx(1.0023925, abs=1e-7)
    assert found.verdict == "diverges: doubles in 290 steps"
    on_policy = planners.spectrum(model, behaviour, planners.TD(rate=0.01), **options)
    assert on_policy.radius < 1  # Tsitsiklis and Van Roy


def test_steps_come_to_the_same_as_episodes() -> None:
    """An episode of exactly one step each."""
    coin = OutcomeMDP.from_gym_dict({0: {0: [(0.5, 0, 1.0, True), (0.5, 0, 0.0, True)]}}, [1.0])
    by_step = planners.value_error(coin, [0], planners.TD(rate=0.5), discount=1.0, steps=3)
    by_episode = planners.value_error(coin, [0], planners.TD(rate=0.5), discount=1.0, episodes=3)
    assert by_step.mean_squared_error == pytest.approx(by_episode.mean_squared_error, abs=1e-14)
    assert by_step.variance[:, 0] == pytest.approx([0.0, 1 / 16, 5 / 64, 21 / 256], abs=1e-14)
    assert by_step.unit == "steps"


def test_a_model_that_goes_on_for_ever() -> None:
    swim = MODELS["river_swim"]()
    found = planners.value_error(swim, [1] * 6, planners.TD(rate=0.1), discount=0.9, steps=2000)
    assert found.root_mean_squared_error[-1] < found.root_mean_squared_error[0]
    with pytest.raises(planners.InvalidModelError, match="may go on for ever"):
        planners.value_error(swim, [1] * 6, planners.TD(rate=0.1), discount=0.9, episodes=3)


def test_episodes_of_millions_of_steps_are_refused() -> None:
    hardly = OutcomeMDP.from_gym_dict({0: {0: [(1e-9, 0, 1.0, True), (1.0 - 1e-9, 0, 0.0, False)]}}, [1.0])
    with pytest.raises(planners.InvalidModelError, match=r"1e\+09 steps on average"):
        planners.value_error(hardly, [0], planners.TD(rate=0.1), discount=0.9, episodes=1)


@pytest.mark.parametrize(
    ("learner", "options", "message"),
    [
        (planners.TDLambda(rate=0.1, trace_decay=0.5), {"episodes": 3}, "has no equations"),
        (planners.TD(rate=0.1, n=2), {"episodes": 3}, "has no equations"),
        (planners.QLearning(), {"episodes": 3}, "has no equations"),
        (planners.TD(rate=planners.Decay(1.0)), {"episodes": 3}, "expected a constant one"),
        (object(), {"episodes": 3}, "has no step size"),
        (planners.TD(rate=0.1), {}, "exactly one"),
        (planners.TD(rate=0.1), {"episodes": 0}, "episodes is 0"),
        (LambdaReturn(0.1), {"steps": 5}, "learns when an episode is over"),
        (planners.TD(rate=0.1), {"episodes": 3, "initial": [1.0, 2.0]}, "initial is of shape"),
        (planners.TD(rate=0.1), {"episodes": 3, "initial": np.nan}, "finite number"),
    ],
)
def test_what_cannot_be_told_is_refused(learner: Any, options: dict[str, Any], message: str) -> None:
    walk = MODELS["random_walk"](5)
    with pytest.raises(planners.InvalidOptionError, match=message):
        planners.value_error(walk, [0] * 5, learner, discount=1.0, **options)


@pytest.mark.parametrize("learner", [planners.QLearning(), planners.TD, planners.TD(n=3), LambdaReturn(0.1), 0.1])
def test_a_spectrum_of_something_else_is_refused(learner: Any) -> None:
    with pytest.raises(planners.InvalidOptionError, match="is not known here"):
        planners.spectrum(MODELS["random_walk"](5), [0] * 5, learner, discount=1.0)


@pytest.mark.parametrize(("rate", "decay"), [(1.5, 0.0), (0.1, -0.1), (0.1, True), (planners.Decay(1.0), 0.0)])
def test_rules_refuse_numbers_out_of_range(rate: Any, decay: Any) -> None:
    with pytest.raises(planners.InvalidOptionError, match="expected"):
        LambdaReturn(rate, decay)


def test_memory_is_asked_for_first() -> None:
    with pytest.raises(planners.NotEnoughMemoryError):
        planners.value_error(MODELS["random_walk"](700), [0] * 700, LambdaReturn(0.1), discount=1.0, episodes=1)


@pytest.mark.parametrize("name", ["random_walk", "river_swim"])
def test_learners_play_models_that_know_their_results(name: str) -> None:
    run = planners.learn(MODELS[name](), planners.QLearning(), steps=50, discount=0.9, seed=1)
    assert run.rewards.shape == (50,)
