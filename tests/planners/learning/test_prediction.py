"""Predictors: their updates, ends of episodes, their exact errors, and the book's figures."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import planners
from planners.learning.prediction import Prediction
from tests.oracles.learners import drawn_model

EVERY = [
    planners.TD(rate=0.3),
    planners.TD(rate=0.3, n=3),
    planners.TDLambda(rate=0.3, trace_decay=0.7),
    planners.TDLambda(rate=0.3, trace_decay=0.7, replacing=True),
    planners.TrueOnlineTD(rate=0.3, trace_decay=0.7),
    planners.MonteCarloPrediction(),
    planners.MonteCarloPrediction(first_visit=False),
]
each = pytest.mark.parametrize("agent", EVERY, ids=[f"{n}-{type(a).__name__}" for n, a in enumerate(EVERY)])


def walk(states: int = 5) -> planners.TabularMDP:
    """Sutton and Barto (2018), Example 6.2: V is 1/6 ... 5/6."""
    last = states - 1
    P = {s: {0: [(0.5, max(s - 1, 0), 0.0, s == 0), (0.5, min(s + 1, last), float(s == last), s == last)]}
         for s in range(states)}  # fmt: skip
    return planners.TabularMDP.from_gym_dict(P, initial=np.eye(states)[states // 2])


@each
def test_no_predictor_takes_the_end_for_a_state_or_a_cut_for_an_end(agent: Prediction) -> None:
    for cut in (False, True):
        learner = agent.begin((2, 1), discount=0.5, seed=0)
        for _ in range(60):
            learner.learn(1, 0, 100.0, 1, terminated=True)
        for _ in range(60):
            learner.learn(0, 0, 1.0, 1, terminated=not cut, truncated=cut)
        knows = 0.0 if isinstance(agent, planners.MonteCarloPrediction) else 51.0  # its return is not known
        assert learner.state_values == pytest.approx([knows if cut else 1.0, 100.0], abs=1e-6)


@each
def test_the_error_is_that_of_every_step(agent: Prediction, rng: np.random.Generator) -> None:
    model = drawn_model(rng, 6, 3)
    policy = planners.TabularPolicy(model.feasible / model.feasible.sum(axis=1, keepdims=True))
    run: Any = planners.learn(model, agent, steps=300, discount=0.9, seed=4, max_episode_steps=20)
    truth = planners.evaluate(model, policy, discount=0.9)
    seen = np.isfinite(run.true_values)
    np.testing.assert_allclose(run.true_values[seen], truth[seen], rtol=1e-9, atol=1e-9)
    states, _ = np.nonzero(run.visits)
    assert seen[states].all()
    assert run.policy_values[7] == pytest.approx(float(model.initial @ truth))  # pyright: ignore[reportOptionalOperand]
    again = agent.begin(model, discount=0.9, seed=4)
    record = run._played[0].record
    for step, s in enumerate(record.states.tolist()):
        again.learn(
            s,
            int(record.actions[step]),
            float(record.rewards[step]),
            int(record.next_states[step]),
            bool(record.terminated[step]),
            bool(record.truncated[step]),
        )
        off = (again.state_values - run.true_values)[seen]
        assert run.errors[step] == pytest.approx(np.sqrt(np.mean(off**2)), rel=1e-9)
    np.testing.assert_array_equal(run.state_values, again.state_values)
    many: Any = planners.learn(model, agent, steps=300, discount=0.9, seeds=[1, 4], max_episode_steps=20)
    np.testing.assert_array_equal(many.errors[1], run.errors)
    assert "root mean square error" in many.report()


@pytest.mark.parametrize("other", [planners.TDLambda(trace_decay=0.0), planners.TrueOnlineTD(trace_decay=0.0)])
def test_without_traces_it_is_td(other: Any, rng: np.random.Generator) -> None:
    model = drawn_model(rng, 6, 3)
    options: dict[str, Any] = {"steps": 400, "discount": 0.9, "seed": 5, "max_episode_steps": 9}
    runs: list[Any] = [planners.learn(model, agent, **options) for agent in (planners.TD(), other)]
    np.testing.assert_allclose(runs[0].errors, runs[1].errors, rtol=1e-12)


def online_lambda_return(
    steps: list[tuple[int, float, int]], alpha: float, decay: float, discount: float
) -> list[float]:
    """Sutton and Barto (2018), Section 12.4: at each step the episode so far anew, by lambda-returns that end there."""
    history = [[0.0] * 3]  # V after each step; a return that ends at step k uses V of step k - 1
    for horizon in range(1, len(steps) + 1):
        V = [0.0] * 3
        for t in range(horizon):
            G, paid = 0.0, 0.0
            for n in range(1, horizon - t + 1):
                _, r, after = steps[t + n - 1]
                paid += discount ** (n - 1) * r
                later = 0.0 if t + n == len(steps) else history[t + n - 1][after]
                share = decay ** (n - 1) * (1.0 - decay if n < horizon - t else 1.0)
                G += share * (paid + discount**n * later)
            V[steps[t][0]] += alpha * (G - V[steps[t][0]])
        history.append(V)
    return history[-1]


def test_true_online_is_the_online_lambda_return() -> None:
    """Section 12.5: V at the end is what the online lambda-return algorithm says, to rounding."""
    generator = np.random.default_rng(3)
    for _ in range(20):
        length = int(generator.integers(2, 9))
        states = generator.integers(0, 3, size=length + 1).tolist()
        steps = [(states[t], float(generator.normal()), states[t + 1]) for t in range(length)]
        learner = planners.TrueOnlineTD(rate=0.3, trace_decay=0.7).begin((3, 1), discount=0.9, seed=1)
        for t, (s, r, s2) in enumerate(steps):
            learner.learn(s, 0, r, s2, terminated=t == length - 1)
        np.testing.assert_allclose(learner.state_values, online_lambda_return(steps, 0.3, 0.7, 0.9), atol=1e-12)


def test_n_steps_to_the_end_are_monte_carlo() -> None:
    """Where no state comes twice in an episode."""
    P = {s: {0: [(0.5, s + 1, 1.0, s > 4), (0.5, min(s + 2, 6), -2.0, s > 3)]} for s in range(6)}
    P[6] = {0: [(1.0, 6, 0.0, True)]}
    model = planners.TabularMDP.from_gym_dict(P, initial=np.eye(7)[0])
    agents = planners.TD(n=99), planners.MonteCarloPrediction(rate=0.1), planners.TDLambda(trace_decay=1.0)
    runs: list[Any] = [planners.learn(model, agent, episodes=30, discount=0.9, seed=5) for agent in agents]
    np.testing.assert_allclose(runs[0].state_values, runs[1].state_values, rtol=1e-12)
    np.testing.assert_allclose(runs[2].state_values, runs[1].state_values, rtol=1e-12)


@pytest.mark.parametrize("rate", [0.05, 0.1])
def test_the_random_walk_of_the_book(rate: float) -> None:
    """Example 6.2, right: after 100 episodes of TD(0), the squared errors of 100 runs beside the exact expected ones.

    Six standard errors: the seeds are the same each time.
    """
    rule = planners.TD(rate=rate, initial=0.5)
    run: Any = planners.learn(walk(), rule, episodes=100, discount=1.0, seeds=range(100))
    assert run.true_values == pytest.approx(np.arange(1, 6) / 6, abs=1e-12)
    squares = np.array([errors[-1] ** 2 for errors in run.errors])
    exact = planners.value_error(walk(), [0] * 5, rule, discount=1.0, episodes=100)
    expected = np.nanmean(exact.mean_squared_error[-1])
    assert squares.mean() == pytest.approx(expected, abs=6 * squares.std() / 10)
    assert squares.std() / 10 < 0.1 * expected


def test_importance_sampling_of_blackjack() -> None:
    """Example 5.4: stick on 20 and 21, while b plays at random; from 13 with a usable ace, dealer 2."""
    pytest.importorskip("gymnasium")
    from gridworld_env.models import find_model
    from gridworld_env.models.blackjack import blackjack_state

    model = find_model("blackjack", {})
    start = blackjack_state(13, 2, True)
    model = replace(model, initial=np.eye(model.num_states)[start])
    target = [1] * model.num_states
    for dealer in range(1, 11):
        for ace in (False, True):
            for total in (20, 21):
                target[blackjack_state(total, dealer, ace)] = 0
    exact = Fraction(-1956066435357007749067864557, 7056410014866816666030739693)
    assert planners.evaluate(model, target, discount=1.0)[start] == pytest.approx(float(exact), abs=1e-12)
    random = np.full((model.num_states, 2), 0.5)
    off = {}
    for weighted in (True, False):
        agent = planners.MonteCarloPrediction(target, behaviour_policy=random, weighted=weighted)
        run: Any = planners.learn(model, agent, episodes=700, discount=1.0, seeds=range(5))
        assert run.true_values[start] == pytest.approx(float(exact), abs=1e-12)
        off[weighted] = np.sqrt(np.mean((run.state_values[:, start] - float(exact)) ** 2))
    assert off[True] < 0.12  # Figure 5.3: of 1,000 episodes a mean square error of about .003; of 700 here
    assert off[True] < off[False]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: planners.TD(n=0), planners.InvalidOptionError, "n is 0"),
        (lambda: planners.TDLambda(trace_decay=2.0), planners.InvalidOptionError, "trace_decay is 2"),
        (lambda: planners.TD(rate=7.0), planners.InvalidOptionError, "rate is 7"),
        (lambda: planners.TD(initial=np.inf), planners.InvalidOptionError, "initial is inf"),
        (lambda: planners.TD([0, 0]), planners.InvalidPolicyError, "the policy has 2 states"),
        (lambda: planners.TD([1] * 5), planners.InvalidPolicyError, "takes action 1 in state 0"),
        (
            lambda: planners.MonteCarloPrediction([0] * 5, behaviour_policy=[1] * 5),
            planners.InvalidPolicyError,
            "in state 0, where only",
        ),
    ],
)
def test_what_is_refused(make: Any, error: type[Exception], words: str) -> None:
    table: Any = {s: {0: [(1.0, s, 0.0, True)]} for s in range(5)}
    table[4][1] = [(1.0, 4, 0.0, True)]
    model = planners.TabularMDP.from_gym_dict(table, initial=np.eye(5)[0])
    with pytest.raises(error, match=words):
        planners.learn(model, make(), steps=3, discount=0.9)


def test_what_a_predictor_does_not_know() -> None:
    run = planners.learn(walk(), planners.TD(), steps=50, discount=1.0, seed=1)
    with pytest.raises(planners.MissingModelError, match="learns V"):
        _ = run.action_values
    never = planners.TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}}, initial=[1.0])
    endless: Any = planners.learn(never, planners.TD(), steps=50, discount=1.0, seed=1)
    with pytest.raises(planners.InvalidOptionError, match="goes on for ever from states 0"):
        _ = endless.errors


def test_a_plot_of_the_error() -> None:
    pytest.importorskip("matplotlib")
    run = planners.learn(walk(), planners.TD(), steps=50, discount=1.0, seeds=[1, 2])
    assert run.plot().get_ylabel() == "root mean square error (reward)"


def test_textbook_models_are_learned_on() -> None:
    gym = pytest.importorskip("gymnasium")
    import gridworld_env  # noqa: F401

    env = gym.make("Tabular-v0", world="random_walk", num_states=5)
    run = planners.learn(env, planners.QLearning(), steps=500, discount=1.0, seed=1)
    other = planners.learn(env.unwrapped.mdp, planners.QLearning(), steps=500, discount=1.0, seed=1, compiled=False)
    np.testing.assert_array_equal(run.rewards, other.rewards)
