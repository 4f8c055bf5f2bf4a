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
    """At discount 1, a total reward that may go to both infinities."""


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
    """V of one policy; `Undefined` where at discount 1 some state may both win and pay for ever."""
    values = values_where_defined(P, policy, discount)
    if None in values:
        raise Undefined
    return [value for value in values if value is not None]


def values_where_defined(P: Tables, policy: Sequence[Distribution], discount: Fraction) -> list[Number | None]:
    """V of one policy; None where at discount 1 it may both win and pay for ever."""
    chain, rewards = chain_of(P, policy)
    if discount < 1:
        return [*_solve_within(chain, rewards, list(range(len(P))), discount).values()]
    means = recurrent_classes(chain, rewards)
    values: list[Number | None] = [*limit_values(P, policy)]
    for state in range(len(P)):
        way = _reachable(chain, state)
        if len({mean > 0 for states, mean in means.items() if mean and states[0] in way}) > 1:
            values[state] = None
    return values


def swings(P: Tables) -> bool:
    """Whether some policy pays and is paid for ever, and nothing on average."""
    return any(
        mean == 0 and any(rewards[i] for i in states)
        for chain, rewards in (chain_of(P, policy) for policy in deterministic_policies(P))
        for states, mean in recurrent_classes(chain, rewards).items()
    )


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


def limit_values(P: Tables, policy: Sequence[Distribution]) -> list[Number]:
    """V of a policy at discount 1, as the limit of discounts that go up to 1, but for one thing.

    Who may win for ever has +inf, even if he may also pay for ever. In a class that pays and is paid 0 on
    average, the values are those whose average over the class is 0: the average over time of what goes up and down.
    """
    chain, rewards = chain_of(P, policy)
    everything = range(len(chain))
    values: dict[int, Number] = {}
    reach = [_reachable(chain, state) for state in everything]
    classes = recurrent_classes(chain, rewards)
    for end, wins in ((PLUS, True), (MINUS, False)):
        for states, mean in classes.items():
            if mean and (mean > 0) == wins:
                values |= {state: end for state in everything if states[0] in reach[state] and state not in values}
    for states, mean in classes.items():
        if not mean:
            rest = list(states[1:])
            h = {states[0]: Fraction(0), **_solve_within(chain, rewards, rest, Fraction(1))}
            shares = _stationary(chain, list(states))
            average = sum((share * h[state] for share, state in zip(shares, states, strict=True)), Fraction())
            values |= {state: h[state] - average for state in states}
    others = [state for state in everything if state not in values]
    known = {state: Fraction(value) for state, value in values.items() if not math.isinf(value)}
    paid = [rewards[i] + sum((chain[i][j] * v for j, v in known.items()), Fraction()) for i in everything]
    values |= _solve_within(chain, paid, others, Fraction(1))
    return [values[state] for state in everything]


def optimal_values(P: Tables, discount: Fraction) -> list[Number]:
    """V* as the best of all deterministic policies in each state; at discount 1 by their `limit_values`."""
    best: list[Number] = [MINUS] * len(P)
    for policy in deterministic_policies(P):
        values = limit_values(P, policy) if discount == 1 else values_of(P, policy, discount)
        best = [max(pair) for pair in zip(best, values, strict=True)]
    return best


def action_value(P: Tables, state: int, action: int, values: Sequence[Number], discount: Fraction) -> Number:
    """Q(s, a) of the given values; an infinite value counts wherever it can be reached, and +inf before -inf."""
    row = P[state][action]
    infinite = [values[t] for p, t, _, ends in row if p and discount and not ends and math.isinf(values[t])]
    if infinite:
        return max(infinite)
    return sum((p * (r if ends else r + discount * values[t]) for p, t, r, ends in row if p), Fraction())
