"""Learners with a model of their own: their plans beside other planners, RiverSwim, and the truth of H steps."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import planners
from planners.kernels.small_plans import hoped, plan_dense, plan_gain, plan_steps
from tests.oracles.learners import drawn_model
from tests.planners.learning.test_agents import corridor, river_swim

OPTIMISTS = [
    planners.UCRL2(horizon=20, scale=0.1),
    planners.UCBVI(horizon=20, bonus=0.05),
    planners.PosteriorSampling(horizon=20, noise=0.1),
    planners.RMax(horizon=20, known_after=30),
]
NAMES = ["UCRL2", "UCBVI", "PSRL", "R-max"]


def tables(model: planners.TabularMDP) -> tuple[np.ndarray, np.ndarray]:
    """(S, A, S + 1) probabilities, the end last, and (S, A) rewards, -inf where there is no action."""
    S, A = model.rewards.shape
    P = model.transitions.toarray().reshape(S, A, S)
    R = np.where(model.feasible, model.rewards, -np.inf)
    return np.concatenate((P, model.termination[:, :, None]), axis=2), R


def test_plans_are_those_of_solve(rng: np.random.Generator) -> None:
    for _ in range(20):
        model = drawn_model(rng, int(rng.integers(1, 30)), 3)
        P, R = tables(model)
        S = len(R)
        Q, V = np.empty(R.shape), rng.normal(size=S) * 10.0
        plan_dense(np.ascontiguousarray(P[:, :, :S]), R, 0.99, Q, V, 1e-9, 1000)
        plan = planners.solve(model, discount=0.99, tolerance=1e-7)
        np.testing.assert_allclose(V, plan.values, atol=2e-7)
        np.testing.assert_allclose(Q[model.feasible], plan.action_values[model.feasible], atol=2e-7)


def test_plans_along_a_long_river(rng: np.random.Generator) -> None:
    """Narrow rows, full ones of a chain that forgets slowly, and full ones of one that forgets at once."""
    S = 40
    P, R = np.zeros((S, 2, S)), np.zeros((S, 2))
    for s in range(S):
        P[s, 0, max(s - 1, 0)] = 1.0
        for to, share in ((s - 1, 0.05), (s, 0.6), (s + 1, 0.35)):
            P[s, 1, min(max(to, 0), S - 1)] += share
    R[0, 0], R[-1, 1] = 0.005, 1.0
    drawn, mixed = rng.standard_gamma(200.0 * P + 1.0 / S), rng.dirichlet(np.ones(S), size=(S, 2))
    for rows in (P, drawn / drawn.sum(axis=2, keepdims=True), mixed):
        plan = planners.solve(planners.TabularMDP.from_arrays(rows, R), discount=0.99, tolerance=1e-7)
        for begin in (np.zeros(S), plan.values + rng.normal(size=S)):
            Q, V = np.empty(R.shape), begin.copy()
            plan_dense(rows, R, 0.99, Q, V, 1e-9, 30)  # policies: far fewer than states
            np.testing.assert_allclose(V, plan.values, atol=2e-7)
            np.testing.assert_allclose(Q, plan.action_values, atol=2e-7)


def test_plans_of_steps_are_those_of_backward_induction(rng: np.random.Generator) -> None:
    model = drawn_model(rng, 7, 3)
    P, R = tables(model)
    Q, V = np.empty((9, 7, R.shape[1])), np.zeros((10, 8))
    plan_steps(P, R, np.zeros(R.shape), np.inf, 0.9, Q, V)
    plan = planners.backward_induction(model, horizon=9, discount=0.9)
    np.testing.assert_allclose(V[:9, :7], plan.values[:9], atol=1e-12)
    plan_steps(P, R, np.zeros(R.shape), 0.5, 0.9, Q, V)
    assert (V[:9, :7] <= 0.5 * np.arange(9, 0, -1)[:, None]).all()


def test_hope_is_a_linear_program(rng: np.random.Generator) -> None:
    for _ in range(30):
        n, radius = int(rng.integers(2, 7)), float(rng.uniform(0.0, 2.5))
        p, V = rng.dirichlet(np.ones(n)), rng.normal(size=n)
        # maximise q V: |q - p| <= radius, with q - p = up - down
        cost, ones = np.concatenate((-V, V)), np.ones(n)
        found = linprog(
            cost,
            A_ub=np.concatenate((ones, ones))[None],
            b_ub=[radius],
            A_eq=np.concatenate((ones, -ones))[None],
            b_eq=[0.0],
            bounds=[(0, None)] * n + [(0, q) for q in p],
        )
        assert hoped(p, V, np.argsort(-V), radius) == pytest.approx(float(p @ V) - float(found.fun or 0.0), abs=1e-9)


def test_the_gain_of_no_doubt_is_the_average_reward() -> None:
    model = river_swim()
    P, R = tables(model)
    Q, V = np.empty(R.shape), np.zeros(7)
    plan_gain(P, R, np.zeros(R.shape), Q, V, 1e-10, 100_000)
    gain = planners.average_reward(model).gain[0]
    assert Q.max(axis=1) - V[:6] == pytest.approx(gain, abs=1e-8)
    doubtful = np.full(R.shape, 0.4)
    plan_gain(P, R, doubtful, Q, V, 1e-10, 100_000)
    assert Q[:, 1].argmax() == 5


@pytest.mark.parametrize("agent", OPTIMISTS, ids=NAMES)
def test_they_swim_up_the_river_in_twenty_steps(agent: Any) -> None:
    """V* is 3.397264 (Osband, Russo and Van Roy's TabulaRL); whoever stays below earns a tenth."""
    runs: Any = planners.learn(river_swim(), agent, steps=5000, discount=1.0, seeds=range(2))
    assert runs.optimal_value == pytest.approx(3.397264, abs=5e-7)
    assert runs.policy_values[:, -1].mean() > 3.0
    assert "steps from the start" in runs.report()
    last = planners.evaluate(river_swim(), runs.policy, discount=1.0, horizon=20)
    assert runs.policy_values[0, -1] == pytest.approx(last[0], abs=1e-9)
    half = runs.regret.shape[1] // 2
    assert runs.regret[:, half:].sum() < runs.regret[:, :half].sum()


def test_ucrl2_goes_on_for_ever() -> None:
    runs = planners.learn(river_swim(), planners.UCRL2(scale=0.1), steps=8000, discount=0.99, seeds=range(3))
    late = runs.rewards[:, -2000:].mean()  # the gain is .4286; whoever stays below earns .005
    assert late > 0.3


@pytest.mark.parametrize("agent", OPTIMISTS, ids=NAMES)
def test_the_truth_of_steps(agent: Any, rng: np.random.Generator) -> None:
    model = drawn_model(rng, 5, 2)
    agent = agent.begin((1, 1), discount=0.9)  # a copy, with other settings
    agent.horizon, agent.largest_reward = 6, 3.0
    run: Any = planners.learn(model, agent, steps=400, discount=0.9, seed=3)
    plan, record, age = run.plan, run._played[0].record, 0
    for step in range(400):
        s, a = int(record.states[step]), int(record.actions[step])
        lost = plan.values[age, s] - plan.action_values(age)[s, a]
        assert run.regret[step] == pytest.approx(max(lost, 0.0), abs=1e-12)
        age += 1
        if record.terminated[step] or record.truncated[step]:
            assert age <= 6
            age = 0
    assert (run.policy_values <= run.optimal_value + 1e-9).all()
    begins = planners.evaluate(model, run.policy, discount=0.9, horizon=6)
    assert model.initial is not None
    assert run.policy_values[-1] == pytest.approx(float(model.initial @ begins), abs=1e-9)


def test_after_the_end_nothing_is_hoped_for() -> None:
    for agent in (*OPTIMISTS, planners.UCRL2(scale=0.1)):
        run = planners.learn(corridor(), agent, steps=1500, discount=0.9, seed=1)
        assert run.total_rewards[-20:].mean() > 0.9
        learner = agent.begin((2, 1), discount=0.9, seed=0)
        for _ in range(400):
            learner.learn(1, 0, 1.0, 1, terminated=True)
            learner.learn(0, 0, 0.2, 1, terminated=False, truncated=True)
        if agent.horizon:
            assert learner.action_values[1, 0] < 1.6  # state 1 ends: not 20 times 1
            assert 1.0 < learner.action_values[0, 0] < 2.2


@pytest.mark.parametrize(
    ("make", "discount", "limit", "words"),
    [
        (lambda: planners.UCBVI(), 1.0, None, "horizon is None; expected the number of steps"),
        (lambda: planners.UCBVI(horizon=5, delta=2.0), 1.0, None, "delta is 2.0"),
        (lambda: planners.UCRL2(scale=-1.0), 0.9, None, "scale is -1"),
        (lambda: planners.UCRL2(horizon=5), 1.0, 7, "cut off after 7 steps"),
        (lambda: planners.PosteriorSampling(horizon=0), 1.0, None, "horizon is 0"),
        (lambda: planners.PosteriorSampling(), 1.0, None, "discount is 1"),
    ],
)
def test_what_is_refused(make: Any, discount: float, limit: Any, words: str) -> None:
    with pytest.raises(planners.InvalidOptionError, match=words):
        planners.learn(river_swim(), make(), steps=5, discount=discount, max_episode_steps=limit)
