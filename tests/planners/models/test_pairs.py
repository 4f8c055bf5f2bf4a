"""Models stored as pairs: the same answers as the table of all pairs, and what needs that table says so."""

import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import planners
from planners import InvalidModelError, InvalidPolicyError, NotEnoughMemoryError, PairMDP, TabularMDP, memory
from planners.readers import functions, state_action_pairs
from tests.oracles.drawn import drawn_rows


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every list of pairs is stored as pairs."""
    for place in (functions, state_action_pairs):
        monkeypatch.setattr(place, "is_scattered", lambda *_: True)


def as_pairs(model: TabularMDP, terminal: Any = None) -> PairMDP:
    """The same model by its list of pairs, whose ends are those of a terminal state more."""
    pairs = np.flatnonzero(model.feasible)
    S, A = model.rewards.shape
    Q = sparse.hstack([model.transitions[pairs], sparse.csr_array(model.termination.ravel()[pairs][:, None])])
    last = np.arange(S + 1) == S
    found: Any = TabularMDP.from_state_action_pairs(
        model.rewards.ravel()[pairs], sparse.csr_array(Q), pairs // A, pairs % A, num_actions=A, terminal=last
    )
    assert isinstance(found, PairMDP)
    return found


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("method", ["auto", *planners.METHODS])
@pytest.mark.parametrize("minimise", [False, True])
def test_every_planner_finds_the_same(rng: np.random.Generator, method: str, minimise: bool) -> None:
    model = drawn_rows(rng)
    pairs = as_pairs(model)
    options: dict[str, Any] = {"discount": 0.9, "method": method, "tolerance": 1e-8, "minimise": minimise}
    one, other = planners.solve(model, **options), planners.solve(pairs, **options)
    assert isinstance(other.model, PairMDP)
    assert (np.abs(one.values - other.values[:-1]) <= one.error_bound + other.error_bound).all()
    assert other.values[-1] == 0.0
    assert planners.evaluate(pairs, other.policy, discount=0.9)[:-1] == pytest.approx(one.values, abs=1e-7)
    assert planners.is_optimal(pairs, other.policy, discount=0.9, tolerance=1e-6, minimise=minimise)
    certificate = planners.certify(pairs, other.values, discount=0.9, minimise=minimise)
    assert (certificate.lower <= other.values).all()
    assert (other.values <= certificate.upper).all()
    table = pairs.tabular
    assert other.action_values == pytest.approx(planners.solve(table, **options).action_values, abs=1e-6)
    assert (other.optimal_actions[np.arange(31), other.policy.actions]).all()


@pytest.mark.usefixtures("always")
def test_what_needs_all_pairs_makes_the_table(rng: np.random.Generator) -> None:
    model = drawn_rows(rng)
    pairs = as_pairs(model)
    one, other = planners.solve(model, discount=1.0), planners.solve(pairs, discount=1.0)
    assert other.values[:-1] == pytest.approx(one.values, abs=2e-6)
    plan = planners.solve(pairs, discount=0.9)
    assert abs(planners.simulate(pairs, plan, episodes=20_000).standard_errors_off) < 7.0
    weights = model.feasible / model.feasible.sum(axis=1, keepdims=True)
    mixed = np.vstack([weights, [[1.0, 0.0, 0.0]]])
    assert planners.evaluate(pairs, mixed, discount=0.9)[:-1] == pytest.approx(
        planners.evaluate(model, weights, discount=0.9)
    )
    finite = planners.backward_induction(pairs, horizon=5)
    assert finite.values[:, :-1] == pytest.approx(planners.backward_induction(model, horizon=5).values)
    discounts = np.where(pairs.tabular.feasible, 0.9, 0.5)
    assert planners.solve(pairs, discount=discounts).values == pytest.approx(plan.values, abs=2e-6)


@pytest.mark.usefixtures("always")
def test_functions_files_and_names(tmp_path: Path) -> None:
    def outcomes(s: int, a: int) -> list[tuple[float, int, float]]:
        return [(0.5, (s * 7 + a) % 20, 1.0 * a), (0.5, 20, 2.0 - s)]

    options: dict[str, Any] = {"terminal": {20}, "terminal_reward": lambda s: 3.0}
    model: Any = TabularMDP.from_functions(range(20), lambda s: range(s % 3 + 1), outcomes, **options)
    assert isinstance(model, PairMDP)
    table = model.tabular
    plan = planners.solve(model, discount=0.9)
    assert plan.value(20) == 3.0
    assert plan.values == pytest.approx(planners.solve(table, discount=0.9).values, abs=2e-6)
    plan.save(tmp_path / "plan.npz")
    assert planners.load_plan(tmp_path / "plan.npz", model).values.tolist() == plan.values.tolist()
    with pytest.raises(planners.InvalidPlanFileError, match="another model"):
        planners.load_plan(tmp_path / "plan.npz", as_pairs(TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})))
    assert len(plan.table()) == 21
    with pytest.raises(InvalidPolicyError, match=r"takes action 2 in state 0, where only \[0\] are feasible"):
        planners.evaluate(model, np.full(21, 2), discount=0.9)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize(
    ("R", "Q", "message"),
    [
        ([1.0, 2.0], [[0.5, 0.4], [0.0, 1.0]], "state 0, action 0 has probabilities that do not sum to 1"),
        ([1.0, 2.0], [[1.5, -0.5], [0.0, 1.0]], "state 0, action 0 has a probability that is negative"),
        ([1.0, np.nan], [[1.0, 0.0], [0.0, 1.0]], "state 1, action 3 has a reward that is not finite"),
        ([1.0, -np.inf], [[1.0, 0.0], [0.0, 1.0]], "state 1 has no feasible action"),
        ([1.0, 2.0], [[np.nan, 0.0], [0.0, 1.0]], "state 0, action 0 has a probability that is negative or not"),
    ],
)
def test_refusals(R: Any, Q: Any, message: str) -> None:
    with pytest.raises(InvalidModelError, match=message):
        TabularMDP.from_state_action_pairs(R, Q, [0, 1], [0, 3])


@pytest.mark.usefixtures("always")
def test_printed_tables_are_scaled_and_terminal_rewards_refused() -> None:
    Q, R = [[0.333, 0.333, 0.333], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]], [1.0, 2.0, 0.0]
    model: Any = TabularMDP.from_state_action_pairs(R, Q, [0, 1, 2], [0, 0, 0], normalise=True)
    assert model.rescaled == pytest.approx(0.001)
    assert model.transitions.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-15)
    with pytest.raises(InvalidModelError, match="state 1 is terminal, and action 0 has reward 2"):
        TabularMDP.from_state_action_pairs(R, Q, [0, 1, 2], [0, 0, 0], terminal=[False, True, False])


@pytest.mark.usefixtures("always")
def test_pairs_know_in_which_state_an_episode_ends() -> None:
    """As tables do, also where rows are scaled, and where terminal states pay one step later."""
    Q = [[0.5, 0.2, 0.299], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    model: Any = TabularMDP.from_state_action_pairs(
        [1.0], Q[:1], [0], [0], terminal=[False, True, True], state_names=["on", "won", "lost"], normalise=True
    )
    assert type(model) is PairMDP
    assert model.tabular.endings.toarray().sum(axis=1) == pytest.approx(model.tabular.termination.ravel(), abs=1e-15)
    won = planners.reachability(model, goal=["won"])
    assert won.values == pytest.approx([0.2 / 0.499, 1.0, 0.0], abs=1e-9)
    again: Any = pickle.loads(pickle.dumps(model))
    assert planners.reachability(again, goal=["won"]).values.tolist() == won.values.tolist()
    outcomes = [(0.5, 0, 1.0), (0.2, 1, 0.0), (0.3, 2, 0.0)]
    for pays in (None, lambda s: 0.0):
        found: Any = TabularMDP.from_functions(0, lambda s: [0], lambda s, a: outcomes, {1, 2}, pays)
        assert planners.reachability(found, goal=[1]).values == pytest.approx([0.4, 1.0, 0.0])


def test_many_actions_in_one_state_among_many_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of all pairs would take 34 GB; the pairs take some megabytes."""
    states, prices = 100_002, 10_000
    state = np.concatenate([np.zeros(prices, dtype=np.int64), np.arange(1, states)])
    action = np.concatenate([np.arange(prices), np.zeros(states - 1, dtype=np.int64)])
    price = np.arange(prices) / prices
    rows = np.concatenate([np.repeat(np.arange(prices), 2), np.arange(prices, prices + states - 1)])
    columns = np.concatenate([np.tile([1, 0], prices), np.minimum(np.arange(2, states + 1), states - 1)])
    data = np.concatenate([np.stack([1 - price, price], axis=1).ravel(), np.ones(states - 1)])
    Q = sparse.csr_array((data, (rows, columns)), shape=(len(state), states))
    R = np.concatenate([price * (1 - price), np.zeros(states - 1)])
    model: Any = TabularMDP.from_state_action_pairs(R, Q, state, action)
    assert model.nbytes < 10e6
    tracemalloc.start()
    plan = planners.solve(model, discount=0.9)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 3.5 * model.nbytes  # it took 4.2 times before it solved without copies, and takes 2.8
    best = (1 - np.sqrt(0.1)) / 0.9  # of p (1 - p) / (1 - .9 p)
    assert plan.values[0] == pytest.approx(best * (1 - best) / (1 - 0.9 * best), abs=1e-6)
    assert plan.action(0) / prices == pytest.approx(best, abs=1e-3)
    monkeypatch.setattr(memory, "available_bytes", lambda: 1e9)
    with pytest.raises(NotEnoughMemoryError, match=r"needs about 34\.0 GB .* Below discount 1 the planners"):
        _ = plan.action_values
