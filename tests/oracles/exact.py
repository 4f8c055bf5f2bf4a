"""Brute force on small MDPs with `fractions.Fraction`: every deterministic policy, solved exactly.

Nothing here is shared with `planners`. A model is Gymnasium's dictionary with fractions in it; when they
are dyadic, `as_floats` loses nothing, and proven bounds must hold to the last bit.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product

Entry = tuple[Fraction, int, Fraction, bool]
Tables = dict[int, dict[int, list[Entry]]]
Number = Fraction | float  # a float only for the two infinities
Distribution = Mapping[int, Fraction]

MINUS, PLUS = -math.inf, math.inf


class Undefined(Exception):  # noqa: N818 - a result, not a mistake
    """At discount 1, a total reward that neither converges nor goes to one infinity."""


def as_floats(P: Tables) -> dict[int, dict[int, list[tuple[float, int, float, bool]]]]:
    return {
        state: {action: [(float(p), t, float(r), ends) for p, t, r, ends in row] for action, row in actions.items()}
        for state, actions in P.items()
    }


def exact_value(number: float) -> Number:
    """A float as a fraction, or as itself where it is infinite."""
    return number if math.isinf(number) else Fraction(float(number))


def deterministic_policies(P: Tables) -> Iterator[list[Distribution]]:
    for actions in product(*(sorted(P[state]) for state in range(len(P)))):
        yield [{action: Fraction(1)} for action in actions]


def chain_of(P: Tables, policy: Sequence[Distribution]) -> tuple[list[list[Fraction]], list[Fraction]]:
    """Continuing probabilities (S, S) and expected rewards (S,) of a policy."""
    count = len(P)
    chain = [[Fraction(0)] * count for _ in range(count)]
    rewards = [Fraction(0)] * count
    for state, distribution in enumerate(policy):
        for action, weight in distribution.items():
            for probability, next_state, reward, ends in P[state][action]:
                rewards[state] += weight * probability * reward
                if not ends:
                    chain[state][next_state] += weight * probability
    return chain, rewards


def solve_linear(matrix: list[list[Fraction]], right: Sequence[Fraction]) -> list[Fraction]:
    """Gauss-Jordan elimination of a regular system."""
    size = len(matrix)
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = next(i for i in range(column, size) if rows[i][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        lead = rows[column][column]
        rows[column] = [x / lead for x in rows[column]]
        for i in range(size):
            factor = rows[i][column]
            if i != column and factor:
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[column], strict=True)]
    return [row[-1] for row in rows]


def values_of(P: Tables, policy: Sequence[Distribution], discount: Fraction) -> list[Number]:
    """V of one policy; `Undefined` as soon as one state has none."""
    values = values_where_defined(P, policy, discount)
    if None in values:
        raise Undefined
    return [value for value in values if value is not None]


def values_where_defined(P: Tables, policy: Sequence[Distribution], discount: Fraction) -> list[Number | None]:
    chain, rewards = chain_of(P, policy)
    if discount < 1:
        everything = range(len(P))
        return [*_solve_within(chain, rewards, list(everything), discount).values()]
    return _total_rewards(chain, rewards)


def _solve_within(
    chain: list[list[Fraction]], rewards: Sequence[Fraction], states: list[int], discount: Fraction
) -> dict[int, Fraction]:
    matrix = [[Fraction(i == j) - discount * chain[i][j] for j in states] for i in states]
    return dict(zip(states, solve_linear(matrix, [rewards[i] for i in states]), strict=True))


def recurrent_classes(chain: list[list[Fraction]], rewards: Sequence[Fraction]) -> dict[tuple[int, ...], Fraction]:
    """The sets of states that a chain stays in for ever, with their mean reward a step."""
    found = {}
    reach = [_reachable(chain, state) for state in range(len(chain))]
    for state, group in enumerate(reach):
        if all(sum(chain[i]) == 1 and state in reach[i] for i in group):  # it never ends, and always comes back
            states = sorted(group)
            shares = _stationary(chain, states)
            found[tuple(states)] = sum(
                (share * rewards[i] for share, i in zip(shares, states, strict=True)), Fraction()
            )
    return found


def _total_rewards(chain: list[list[Fraction]], rewards: Sequence[Fraction]) -> list[Number | None]:
    """Total reward of a Markov chain: each class that never ends decides by its mean reward."""
    everything = range(len(chain))
    fate: list[set[Number | None]] = [set() for _ in everything]
    resting: set[int] = set()
    for states, mean in recurrent_classes(chain, rewards).items():
        if not any(rewards[i] for i in states):
            resting |= set(states)
            continue
        outcome = PLUS if mean > 0 else MINUS if mean < 0 else None
        for start in everything:
            if states[0] in _reachable(chain, start):
                fate[start].add(outcome)
    finite = [state for state in everything if not fate[state] and state not in resting]
    solved = _solve_within(chain, rewards, finite, Fraction(1))
    values: list[Number | None] = []
    for state in everything:
        if fate[state]:
            values.append(next(iter(fate[state])) if len(fate[state]) == 1 else None)
        else:
            values.append(solved.get(state, Fraction(0)))
    return values


def expected_steps(P: Tables, policy: Sequence[Distribution], discount: Fraction) -> Fraction:
    """The most discounted steps expected from any state until a policy ends, or stays where nothing is left to gain."""
    chain, rewards = chain_of(P, policy)
    staying = {state for states in recurrent_classes(chain, rewards) for state in states} if discount == 1 else set()
    moving = [state for state in range(len(chain)) if state not in staying]
    return max(_solve_within(chain, [Fraction(1)] * len(chain), moving, discount).values(), default=Fraction(0))


def _reachable(chain: list[list[Fraction]], start: int) -> set[int]:
    found, waiting = {start}, [start]
    while waiting:
        for state, probability in enumerate(chain[waiting.pop()]):
            if probability and state not in found:
                found.add(state)
                waiting.append(state)
    return found


def _stationary(chain: list[list[Fraction]], states: list[int]) -> list[Fraction]:
    balance = [[Fraction(i == j) - chain[j][i] for j in states] for i in states]
    balance[-1] = [Fraction(1)] * len(states)
    return solve_linear(balance, [Fraction(0)] * (len(states) - 1) + [Fraction(1)])


def optimal_values(P: Tables, discount: Fraction) -> list[Number]:
    """V* as the best of all deterministic policies in each state.

    Where a policy has no value, because it may win for ever or pay for ever, it is left out: the states
    in which it wins have +inf. But if some policy `swings`, the best may be no policy's value.
    """
    best: list[Number] = [MINUS] * len(P)
    for policy in deterministic_policies(P):
        values = values_where_defined(P, policy, discount)
        best = [b if v is None or v <= b else v for b, v in zip(best, values, strict=True)]
    return best


def swings(P: Tables) -> bool:
    """Whether some policy pays and is paid for ever, and nothing on average."""
    return any(
        mean == 0 and any(rewards[i] for i in states)
        for chain, rewards in (chain_of(P, policy) for policy in deterministic_policies(P))
        for states, mean in recurrent_classes(chain, rewards).items()
    )


def has_mean_of_zero(P: Tables) -> bool:
    """Whether some policy stays somewhere for ever for nothing on average, be it at rest."""
    return any(
        mean == 0
        for chain, rewards in (chain_of(P, policy) for policy in deterministic_policies(P))
        for mean in recurrent_classes(chain, rewards).values()
    )


def action_value(P: Tables, state: int, action: int, values: Sequence[Number], discount: Fraction) -> Number:
    """Q(s, a) of the given values; an infinite value counts wherever it can be reached."""
    total: Number = Fraction(0)
    for probability, next_state, reward, ends in P[state][action]:
        total += probability * reward
        if not ends and probability and discount:
            value = values[next_state]
            total += value if math.isinf(value) else discount * probability * value
    return total
