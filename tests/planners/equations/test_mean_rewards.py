"""The sign of the best mean reward of small components, beside every deterministic policy in fractions."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.mean_rewards import (
    Component,
    _by_floats,
    _by_fractions,
    _fractions,
    balance,
    class_values,
    least_mean,
)
from tests.oracles.exact import solve_linear

Chain = list[list[Fraction]]


def drawn(rng: np.random.Generator, most_rows: int = 3) -> Component:
    """2 to 4 states; the first row of each may lead to the next state, and rewards are often those of a potential."""
    states = int(rng.integers(2, 5))
    counts = rng.integers(1, most_rows + 1, states)
    row_state = np.repeat(np.arange(states), counts)
    transitions = np.zeros((len(row_state), states))
    for row, state in enumerate(row_state):
        np.add.at(transitions[row], rng.integers(0, states, rng.choice([1, 2, 4])), 1.0)
        if row == 0 or row_state[row - 1] != state:
            transitions[row] = rng.integers(0, 2) * transitions[row]
            transitions[row, (state + 1) % states] += 2.0 ** rng.integers(0, 2) * max(transitions[row].sum(), 1.0)
        total = transitions[row].sum()
        transitions[row, state] += 2.0 ** np.ceil(np.log2(total)) - total
        transitions[row] /= transitions[row].sum()
    h = rng.integers(-3, 4, states).astype(float)
    slack = rng.choice([0.0, 0.0, 0.0, -0.5, -1.0, 0.25], len(row_state)) * (rng.random() < 0.8)
    rewards = h[row_state] - transitions @ h + slack + rng.choice([0.0, 0.0, 2.0**-30, -(2.0**-60)])
    if (rewards <= 0).all():  # components are looked at only where some reward is positive
        rewards[int(rng.integers(len(rewards)))] = 1.0
    return Component(sparse.csr_array(transitions), row_state, rewards)


def chain_of(component: Component, policy: NDArray[np.int64]) -> Chain:
    return [[Fraction(p) for p in row] for row in component.transitions.toarray()[policy].tolist()]


def class_means(chain: Chain, numbers: list[Fraction]) -> list[Fraction]:
    """The mean of the numbers of the states in each recurrent class, by its stationary distribution."""
    count = len(chain)
    reach = np.linalg.matrix_power(np.eye(count) + (np.array(chain, dtype=float) > 0), count) > 0
    closed = {tuple(np.flatnonzero(reach[s])) for s in range(count) if (reach[reach[s], s]).all()}
    means = []
    for members in closed:
        matrix = [[chain[s][t] - (s == t) for s in members] for t in members]
        weights = solve_linear(
            [*matrix[:-1], [Fraction(1)] * len(members)], [Fraction()] * (len(members) - 1) + [Fraction(1)]
        )
        means.append(sum((w * numbers[s] for w, s in zip(weights, members, strict=True)), Fraction()))
    return means


def means_of(component: Component, policy: NDArray[np.int64]) -> list[Fraction]:
    return class_means(chain_of(component, policy), [Fraction(r) for r in component.rewards[policy].tolist()])


def policies(component: Component) -> list[NDArray[np.int64]]:
    count = component.transitions.shape[1]
    return [np.array(rows) for rows in product(*(np.flatnonzero(component.row_state == s) for s in range(count)))]


def test_the_sign_its_policy_and_its_potential_are_right(rng: np.random.Generator) -> None:
    seen = set()
    for _ in range(150):
        component = drawn(rng)
        best = max(mean for policy in policies(component) for mean in means_of(component, policy))
        by_floats = _by_floats(component)
        by_fractions = _by_fractions(component, _fractions(component, component.rewards))
        for found in (balance(component), by_fractions, *([by_floats] if by_floats else [])):
            assert found.sign == (best > 0) - (best < 0) or (found.sign == 0 and best < 0)
            if found.sign > 0:
                assert (component.row_state[found.policy] == np.arange(len(found.policy))).all()
                assert min(means_of(component, found.policy)) > 0
            if found.sign == 0:
                h, P = list(found.potential), component.transitions.toarray().tolist()
                assert h[0] == 0
                for row, state in enumerate(component.row_state.tolist()):
                    onward = Fraction(component.rewards[row]) + sum(
                        Fraction(p) * x for p, x in zip(P[row], h, strict=True)
                    )
                    assert h[state] >= onward
                    assert found.level[row] == (h[state] == onward)
                uneven = [[Fraction(int(not found.level[row])) for row in rows] for rows in policies(component)]
                chains = [chain_of(component, rows) for rows in policies(component)]
                least = min(min(class_means(*each)) for each in zip(chains, uneven, strict=True))
                assert (least == 0) == (best == 0)  # one can stay on level rows for ever
        seen.add(by_floats.sign if by_floats else 0)
    assert seen == {-1, 0, 1}  # each has a chance of more than 0.15: 0.85**150 < 1e-10


@pytest.mark.parametrize(("rewards", "sign"), [([3.0, -1.0], 1), ([1.0, -3.0], -1)])
def test_floats_decide_what_goes_to_and_fro(rewards: list[float], sign: int) -> None:
    """Whole steps would swing between the same two gains for ever."""
    found = _by_floats(Component(sparse.csr_array([[0.0, 1.0], [1.0, 0.0]]), np.arange(2), np.array(rewards)))
    assert found is not None
    assert found.sign == sign


def test_the_rounding_of_the_longest_row_is_a_doubt_of_every_sign() -> None:
    """A mean of 1e-14 lies above the rounding of a row of one state, and below that of a row of 500 states."""
    count = 500
    P = np.zeros((count + 1, count + 1))
    P[0, 1:], P[1:, 0] = 1.0 / count, 1.0
    rewards = np.array([1.0, *[-1.0 + 1e-13] * count])
    assert _by_floats(Component(sparse.csr_array(P), np.arange(count + 1), rewards)) is None
    short = Component(sparse.csr_array([[0.0, 1.0], [1.0, 0.0]]), np.arange(2), rewards[:2])
    found = _by_floats(short)
    assert found is not None
    assert found.sign == 1


def test_the_least_mean_cost_and_a_policy_that_has_it_everywhere(rng: np.random.Generator) -> None:
    for _ in range(60):
        component = drawn(rng)
        costs = [Fraction(int(c), 2) for c in rng.integers(-3, 4, component.transitions.shape[1])]
        least, policy = least_mean(component, costs)
        assert least == min(
            mean for rows in policies(component) for mean in class_means(chain_of(component, rows), costs)
        )
        assert (component.row_state[policy] == np.arange(len(policy))).all()
        assert set(class_means(chain_of(component, policy), costs)) == {least}


def test_values_of_a_class_whose_mean_is_0(rng: np.random.Generator) -> None:
    signs = set()
    for _ in range(120):
        component = drawn(rng, most_rows=1)
        policy = np.arange(len(component.rewards))
        (mean,) = means_of(component, policy)
        sign, values = class_values(component, lambda component=component: _fractions(component, component.rewards))
        assert sign == (mean > 0) - (mean < 0)
        signs.add(sign)
        if sign == 0:
            chain = chain_of(component, policy)
            assert class_means(chain, values) == [0]
            for state, row in enumerate(chain):
                onward = sum(p * v for p, v in zip(row, values, strict=True))
                assert values[state] == Fraction(component.rewards[state]) + onward
        else:
            assert values == []
    assert signs == {-1, 0, 1}  # each has a chance of more than 0.15: 0.85**120 < 1e-8
