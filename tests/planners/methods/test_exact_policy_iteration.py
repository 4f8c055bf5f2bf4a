"""`solve(..., exact=True)`: V* in fractions is what policy iteration in rationals finds, to the last bit."""

import copy
import pickle
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy import sparse

import gridworld_env  # noqa: F401 - registers the environments
import planners
from planners import InvalidOptionError, MoveMDP, TabularMDP, UnboundedValueError, UnprovenValueError
from planners.equations import integer_systems
from planners.equations.integer_rows import integer_rows
from planners.equations.integer_systems import solve_exactly
from planners.equations.integer_tables import IntegerRow, IntegerRows, objects
from tests.oracles.examples import times
from tests.oracles.rationals import Exact, Given

DISCOUNTS = (0.0, 0.5, 0.9, 0.999, 1 - 2.0**-40, 1.0)


def drawn(rng: np.random.Generator, rewards: tuple[float, ...]) -> Given:
    """Up to five states; probabilities that do not sum to 1 exactly, several rewards a row, ends in live states."""
    states = int(rng.integers(1, 6))
    rows: dict[int, dict[int, list[tuple[float, int, float, bool]]]] = {}
    for state in range(states):
        rows[state] = {}
        for action in range(int(rng.integers(1, 4))):
            parts = [[1.0], [0.25, 0.75], [1 / 3] * 3, [0.8, 0.1, 0.1], [0.7, 0.3]][int(rng.integers(5))]
            nexts = rng.integers(states, size=len(parts))
            if len(parts) <= states:  # else entries are merged, in dyadic numbers if nothing is to be rounded
                nexts = rng.permutation(states)[: len(parts)]
            else:
                parts = [0.5, 0.5]
            rows[state][action] = [
                (p, int(t), float(rng.choice(rewards)), bool(rng.random() < 0.2))
                for p, t in zip(parts, nexts, strict=False)
            ]
    return rows


@pytest.mark.parametrize("rewards", [(-1.0, 0.0, 0.0, 1.0, 0.5), (-0.04, 0.1, 0.3, -1e9), (-1.0, -0.1, 0.0)])
@pytest.mark.parametrize("discount", DISCOUNTS)
def test_values_are_those_of_rationals(rng: np.random.Generator, discount: float, rewards: tuple[float, ...]) -> None:
    """Refused are only, at discount 1, rounds on which one is paid and pays; every policy of the plan earns V*."""
    for _ in range(times(24)):
        given, minimise = drawn(rng, rewards), bool(rng.random() < 0.3)
        exact = Exact(given, discount, negate=minimise)
        best = [-value for value in exact.best()] if minimise else exact.best()
        model = TabularMDP.from_gym_dict(given)
        try:
            plan = planners.solve(model, discount=discount, exact=True, minimise=minimise, throw=False)
        except (UnprovenValueError, UnboundedValueError):
            assert discount == 1.0
            assert len(set(np.sign(_rewards(given)))) > 1
            continue
        assert plan.values.tolist() == best, given
        if not any(isinstance(value, float) for value in best):
            earned = exact.achieved(plan.policy.actions.tolist())
            assert [-value for value in earned] == best if minimise else earned == best
            assert all(plan.optimal_actions[s, a] for s, a in enumerate(plan.policy.actions))
            near = plan.rounded
            assert all(Fraction(l) <= v <= Fraction(u) for l, v, u in zip(near.lower, best, near.upper, strict=True))


def test_a_plan_in_float64_has_them_within_its_bounds(rng: np.random.Generator) -> None:
    P = rng.random((30, 2, 30)) ** 8
    P /= P.sum(axis=-1, keepdims=True)
    model = TabularMDP.from_arrays(P, rng.normal(size=(30, 2)))
    for discount in (0.9, 0.9999):
        plan = planners.solve(model, discount=discount)
        exact = planners.solve(model, discount=discount, exact=True)
        bounds = zip(plan.lower, exact.values, plan.upper, strict=True)
        assert all(Fraction(lower) <= value <= Fraction(upper) for lower, value, upper in bounds)
        assert all((exact.optimal_actions <= plan.optimal_actions).ravel())


def test_every_form_of_a_model_has_the_same_values() -> None:
    env = gym.make("GridWorld-v0", slip=0.25, step_reward=-0.0625)
    inner: Any = env.unwrapped
    moves = inner.mdp
    assert isinstance(moves, MoveMDP)
    expected = planners.solve(env, discount=Fraction(7, 8), exact=True).values.tolist()
    assert expected == Exact(inner.P, 0.875).best()
    for model in (moves, moves.tabular, TabularMDP.from_gym_dict(inner.P)):
        assert planners.solve(model, discount=0.875, exact=True).values.tolist() == expected
        table = np.full((moves.num_states, moves.num_actions), 0.875)
        assert planners.solve(model, discount=table, exact=True).values.tolist() == expected


def test_a_discount_may_be_a_fraction_and_an_action_only_just_better() -> None:
    third = planners.solve(_stay(1.0), discount=Fraction(1, 3), exact=True)
    assert third.values[0] == Fraction(3, 2)
    near = {0: {0: [(1.0, 0, 1.0, True)], 1: [(1.0, 0, 1.0 + 2.0**-52, True)], 2: [(1.0, 0, 1.0, True)]}}
    plan = planners.solve(TabularMDP.from_gym_dict(near), discount=0.5, exact=True)
    assert plan.optimal_actions.tolist() == [[False, True, False]]
    ties = {0: {0: [(1.0, 0, 0.1, True)], 1: [(0.5, 0, 0.1, True), (0.5, 0, 0.1, True)]}}
    assert planners.solve(TabularMDP.from_gym_dict(ties), discount=0.5, exact=True).optimal_actions.all()


def test_policy_iteration_goes_on_from_a_policy_that_is_not_optimal(monkeypatch: pytest.MonkeyPatch) -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    expected = planners.solve(env, discount=0.9, exact=True)
    rough = planners.solve(env, discount=0.9, exact=True, method="value_iteration", max_iterations=1)
    assert rough.iterations > expected.iterations == 1
    assert rough.values.tolist() == expected.values.tolist()


def test_infinite_values_and_rest() -> None:
    closed = gym.make("GridWorld-v0", desc=["S.+", "###", "..."])
    plan = planners.solve(closed, discount=1, exact=True)
    assert plan.values[:3].tolist() == [1 - Fraction(0.04), 1, 0]
    assert plan.values[3:].tolist() == [-np.inf] * 3
    assert planners.solve(_stay(-1.0), discount=1, exact=True).values.tolist() == [-np.inf]
    with pytest.raises(UnboundedValueError, match="collected for ever"):
        planners.solve(_stay(1.0), discount=1, exact=True)
    assert planners.solve(_stay(1.0), discount=1, exact=True, throw=False).values.tolist() == [np.inf]
    rest = {0: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 0, -1.0, True)]}}
    assert planners.solve(TabularMDP.from_gym_dict(rest), discount=1, exact=True).values.tolist() == [0]


def test_the_probability_of_a_goal_is_that_of_the_gambler() -> None:
    """(3^i - 1) / (3^4 - 1), where a bet of 1 is won with probability 1/4: Feller (1968), Section XIV.2."""
    walk = {i: {0: [(0.25, i + 1, 0.0, i == 3), (0.75, i - 1, 0.0, i == 1)]} for i in range(1, 4)}
    walk |= {i: {0: [(1.0, i, 0.0, True)]} for i in (0, 4)}
    model = planners.reachability(TabularMDP.from_gym_dict(walk), [4]).model
    for minimise in (False, True):
        plan = planners.solve(model, discount=1, exact=True, minimise=minimise)
        assert plan.values.tolist() == [Fraction(3**i - 1, 80) for i in range(5)]


def test_a_round_on_which_one_is_paid_and_pays_is_refused() -> None:
    swing = {0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, -1.0, False)]}}
    with pytest.raises(
        UnprovenValueError, match=r"the value of staying in 0, 1 .*the policy goes round.*discount below 1"
    ):
        planners.solve(TabularMDP.from_gym_dict(swing), discount=1, exact=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"exact": "yes"}, "exact is 'yes'; expected True or False"),
        ({"temperature": 0.1}, "leave out temperature"),
        ({"at_most": {}}, "leave out at_most"),
        ({"device": "cuda"}, "leave out device"),
        ({"discount": Fraction(10**20 - 1, 10**20)}, "discount is 1 - 1e-20; expected 1, or at most"),
        ({"discount": Fraction(3, 2)}, "expected a number from 0 to 1"),
        ({"discount": [[1.0]]}, "a table with a 1 in it; with exact=True expected numbers below 1"),
        ({"discount": [[1.5]]}, "expected a number from 0 to 1"),
        ({"discount": "much"}, "discount is 'much'; expected a number from 0 to 1"),
        ({"metod": "policy_iteration"}, "metod"),
    ],
)
def test_what_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidOptionError, match=words):
        planners.solve(_stay(1.0), **{"discount": 0.5, "exact": True, **options})  # pyright: ignore[reportArgumentType]


def test_a_large_model_is_refused_before_work_starts() -> None:
    count = 20_001
    line = MoveMDP(
        successor=np.zeros((count, 1), dtype=np.int32),
        outcome=np.zeros((count, 1), dtype=np.uint8),
        outcome_reward=np.array([1.0]),
        outcome_ends=np.array([False]),
        mixture=np.array([[[1.0]]]),
    )
    with pytest.raises(InvalidOptionError, match="up to 20000 states; this one has 20001"):
        planners.solve(line, discount=0.5, exact=True)


def test_a_plan_is_copied_named_and_printed() -> None:
    names = TabularMDP.from_arrays([[[0.0, 1.0], [1.0, 0.0]]], [1.0, 0.0], states=["high", "low"], actions=["go"])
    plan = planners.solve(names, discount=0.5, exact=True)
    for same in (plan, copy.deepcopy(plan), pickle.loads(pickle.dumps(plan))):
        assert (same.value("high"), same.action("low"), same.error_bound) == (Fraction(4, 3), "go", 0)
        assert not same.optimal_actions.flags.writeable
        assert "4/3" in repr(same)
        assert "1.33333" in str(same.table())
        assert same.rounded.value("high") == 4 / 3
    tiny = planners.solve(_stay(1.0), discount=Fraction(10**40 - 1, 10**41), exact=True)
    assert "a fraction of 13" in repr(tiny)


def test_systems_that_floats_cannot_approach_are_eliminated(rng: np.random.Generator) -> None:
    """1 - P cancels to nothing in float64; and the same where floats can: both ways give one solution."""
    big = 10**40
    rows = [IntegerRow(0, big, 1, ((1, big - 1),), True), IntegerRow(1, big, 0, ((0, big - 1),), True)]
    numerators, denominator = solve_exactly(IntegerRows.of(rows))
    assert Fraction(numerators[0], denominator) == Fraction(big, big**2 - (big - 1) ** 2)
    for _ in range(times(20)):
        count = int(rng.integers(1, 9))
        weights = rng.integers(0, 50, size=(count, count))
        some = [
            IntegerRow(
                s, int(weights[s].sum()) + 1, int(rng.integers(-9, 9)), tuple(enumerate(weights[s].tolist())), True
            )
            for s in range(count)
        ]
        rows_of_some = IntegerRows.of(some)
        one, other = integer_systems._by_floats(rows_of_some), integer_systems._by_elimination(rows_of_some)
        assert one is not None
        assert [Fraction(a, one[1]) for a in one[0]] == [Fraction(a, other[1]) for a in other[0]]


def test_stored_rows_are_the_fractions_that_the_tables_are(rng: np.random.Generator) -> None:
    """Short numbers and long ones: those that fit into 64 bits, and those that do not."""
    for _ in range(times(40)):
        states, actions = int(rng.integers(1, 5)), int(rng.integers(1, 3))
        parts = rng.choice([0.0, 0.0, 1.0, 3.0, 2.0**-60, 0.1], size=(states * actions, states + 1))
        parts[:, 0] += 0.25 if rng.random() < 0.5 else 1e-300
        parts[:, -1] += 1.0
        if rng.random() < 0.5:  # dyadic
            parts[:] = rng.multinomial(8, np.full(states + 1, 1 / (states + 1)), size=len(parts)) / 8.0
        parts /= parts.sum(axis=1, keepdims=True)
        model = TabularMDP(
            transitions=sparse.csr_array(parts[:, :-1]),
            termination=parts[:, -1].reshape(states, actions),
            rewards=rng.choice([0.0, 1.0, -0.5, 0.1, 1e9, -1e-30], size=(states, actions)),
            feasible=np.ones((states, actions), dtype=bool),
        )
        table = rng.choice([0.5, 0.9, 0.0, 1.0 - 2.0**-40], size=(states, actions))
        discount = table if rng.random() < 0.5 else Fraction(float(table[0, 0]))
        rows = integer_rows(model, discount)
        values = [Fraction(int(n), 7) for n in rng.integers(-9, 9, size=states)]
        backups = rows.reward * 7 + rows.onward(objects([int(7 * value) for value in values]))
        for pair in range(states * actions):
            given = [Fraction(p) for p in [*model.transitions[[pair]].toarray()[0], model.termination.ravel()[pair]]]
            onward = sum(p * value for p, value in zip(given, values, strict=False)) / sum(given)
            truth = Fraction(model.rewards.ravel()[pair]) + Fraction(table.ravel()[pair]) * onward
            if isinstance(discount, Fraction):
                truth = Fraction(model.rewards.ravel()[pair]) + discount * onward
            assert Fraction(backups[pair], 7 * rows.scale[pair]) == truth
            assert rows.ends[pair] == (given[-1] > 0)


def test_states_that_lead_each_other_on_are_as_without(rng: np.random.Generator) -> None:
    """Chains of states that only lead on, into a core of other states or to the end; and a singular ring of them."""
    for _ in range(times(20)):
        count = int(rng.integers(2, 12))
        some = [IntegerRow(s, 1, int(rng.integers(-5, 5)), ((s - 1, 1),), False) for s in range(count)]
        for s in {0, *rng.integers(count, size=2).tolist()}:
            some[s] = IntegerRow(s, 4, int(rng.integers(-5, 5)), ((int(rng.integers(count)), 3),), True)
        rows = IntegerRows.of(some)
        (one, below), (other, unit) = solve_exactly(rows), integer_systems._by_elimination(rows)
        assert [Fraction(a, below) for a in one] == [Fraction(a, unit) for a in other]
    with pytest.raises((UnprovenValueError, ZeroDivisionError)):
        solve_exactly(IntegerRows.of([IntegerRow(s, 1, 1, (((s + 1) % 3, 1),), False) for s in range(3)]))


@pytest.mark.parametrize("minimise", [False, True])
def test_an_exact_plan_goes_on_from_a_plan_of_a_goal(minimise: bool) -> None:
    model = TabularMDP.from_env(gym.make("FrozenLake-v1"))
    near = planners.reachability(model, 15, minimise=minimise)
    exact = planners.solve(near.model, discount=1, exact=True, minimise=minimise, start=near)
    assert exact.near is near
    assert (
        exact.values.tolist() == planners.solve(near.model, discount=1, exact=True, minimise=minimise).values.tolist()
    )
    for other in (near.values, planners.solve(near.model, discount=0.5, minimise=minimise)):
        again = planners.solve(near.model, discount=1, exact=True, minimise=minimise, start=other)
        assert again.near is not near
        assert again.values.tolist() == exact.values.tolist()


def _rewards(given: Given) -> list[float]:
    return [reward for row in given.values() for entries in row.values() for _, _, reward, _ in entries]


def _stay(reward: float) -> TabularMDP:
    return TabularMDP.from_gym_dict({0: {0: [(1.0, 0, reward, False)]}})
