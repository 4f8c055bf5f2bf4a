"""V* and V of a policy of small models in exact rationals, by policy iteration: thousands of models a minute.

`tests/oracles/exact.py` says the same by brute force, and a test compares the two. Here every row is whole numbers,
W V(s) = R + discount * sum of w(t) V(t), with rewards in units of 2^unit, and systems are eliminated without fractions.

At discount 1 a policy has V = g / (1 - discount) + h + terms that vanish as the discount goes up to 1. Policy
iteration by (g, h, w), compared one after the other, ends with the largest g and, among these, the largest h.
Where g is 0 that h is V*. Source: Puterman (2005), Sections 10.2 and 10.3; Bareiss (1968) for the elimination.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

Number = Fraction | float  # a float only for the two infinities
Entry = tuple[float, int, float, bool]  # (probability, next state, reward, whether it ends), as they are read
Given = Mapping[int, Mapping[int, Sequence[Entry]]]


def is_infinite(number: Number) -> bool:
    """Whether it is one of the two infinities; a fraction is not, also where it is too large for a float."""
    return isinstance(number, float) and math.isinf(number)


def nearest(number: Number) -> float:
    """The float nearest to it, for a message; infinite where it is too large for one."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


class Row(NamedTuple):
    """W V(s) = R + discount * sum of w(t) V(t), in whole numbers."""

    whole: int
    nexts: tuple[tuple[int, int], ...]
    reward: int


class Exact:
    """A model as it is read, its rows scaled to sum to 1.

    Attributes:
        rows: {state: {action: its row}}.
        unit: Rewards are whole numbers of 2^unit.
    """

    def __init__(self, given: Given, discount: float, *, negate: bool = False) -> None:
        """Make whole numbers of the rows."""
        every = (reward for actions in given.values() for entries in actions.values() for _, _, reward, _ in entries)
        self.unit = min((_exponent(reward) for reward in every if reward), default=0)
        sign = -1 if negate else 1
        self.rows = {
            state: {action: _row(entries, self.unit, sign) for action, entries in actions.items()}
            for state, actions in given.items()
        }
        self.discount = Fraction(discount)
        self._known: dict[tuple[int, ...], list[Number]] = {}

    def scaled(self, value: Number) -> Number:
        """A number of units as what it is."""
        return value * Fraction(2) ** self.unit if isinstance(value, Fraction) else value

    def achieved(self, policy: Sequence[int]) -> list[Number]:
        """V of one action a state; at discount 1 as `exact.limit_values` has it: who may win for ever has +inf."""
        key = tuple(policy)
        if key not in self._known:
            self._known[key] = [self.scaled(value) for value in self._achieved(key)]
        return self._known[key]

    def mixed(self, policy: Sequence[Mapping[int, Fraction]]) -> list[Number | None]:
        """V of a policy that mixes actions; None where at discount 1 it may both win and pay for ever."""
        rows = [_mixed(self.rows[state], weights) for state, weights in enumerate(policy)]
        if self.discount < 1:
            return [self.scaled(value) for value in _discounted(rows, self.discount)]
        chain = Chain(rows)
        return [None if i in chain.wins and i in chain.pays else self.scaled(v) for i, v in enumerate(chain.values())]

    def best(self, start: Sequence[int] | None = None) -> list[Number]:
        """V*, by policy iteration from any policy."""
        policy = [min(actions) for actions in self.rows.values()] if start is None else list(start)
        found = self._best_undiscounted(policy) if self.discount == 1 else self._best_discounted(policy)
        return [self.scaled(value) for value in found]

    def _achieved(self, policy: Sequence[int]) -> list[Number]:
        rows = [self.rows[state][action] for state, action in enumerate(policy)]
        return [*_discounted(rows, self.discount)] if self.discount < 1 else Chain(rows).values()

    def _best_discounted(self, policy: list[int]) -> list[Number]:
        gamma, below = self.discount.numerator, self.discount.denominator
        while True:
            values = _discounted([self.rows[state][action] for state, action in enumerate(policy)], self.discount)
            whole = math.lcm(*(value.denominator for value in values))
            V = [value.numerator * (whole // value.denominator) for value in values]
            better = list(policy)
            for state, actions in self.rows.items():
                most = Fraction(0)
                for action, (total, nexts, reward) in actions.items():
                    gain = reward * below * whole + gamma * sum(w * V[t] for t, w in nexts) - total * below * V[state]
                    if gain > 0 and gain > most * total:
                        most, better[state] = Fraction(gain, total), action
            if better == policy:
                return [*values]
            policy = better

    def gains(self, policy: Sequence[int] | None = None) -> tuple[list[Fraction], list[Fraction]]:
        """The gain g and the bias h of a policy, or of a best one, which has the largest g and then the largest h."""
        chain = (
            self._best_chain([min(actions) for actions in self.rows.values()])
            if policy is None
            else Chain([self.rows[state][action] for state, action in enumerate(policy)])
        )
        scale = Fraction(2) ** self.unit
        return [g * scale for g in chain.g], [h * scale for h in chain.h]

    def _best_undiscounted(self, policy: list[int]) -> list[Number]:
        chain = self._best_chain(policy)
        wins = {state for state, mean in enumerate(chain.g) if mean > 0}
        while True:
            more = {
                s for s, actions in self.rows.items() for row in actions.values() for t, _ in row.nexts if t in wins
            }
            if more <= wins:
                break
            wins |= more
        return [math.inf if s in wins else -math.inf if chain.g[s] < 0 else chain.h[s] for s in range(len(policy))]

    def _best_chain(self, policy: list[int]) -> "Chain":
        while True:
            chain = Chain([self.rows[state][action] for state, action in enumerate(policy)])
            better = list(policy)
            for state, actions in self.rows.items():
                most = (Fraction(0),) * 3
                for action, row in actions.items():
                    gain = chain.gain(state, row)
                    if gain > most:
                        most, better[state] = gain, action
            if better == policy:
                return chain
            policy = better


class Chain:
    """A Markov chain at discount 1: mean reward g, and h and w of V = g / (1 - discount) + h - (1 - discount) ...

    Attributes:
        g, h, w: One number a state each.
        wins: States from which it may win for ever.
        pays: States from which it may pay for ever.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        """Solve for g, h and w."""
        count = len(rows)
        self.rows = rows
        reach = [_reach(rows, state) for state in range(count)]
        never = [all(sum(w for _, w in rows[i].nexts) == rows[i].whole for i in group) for group in reach]
        self.g, self.h, self.w = ([Fraction(0)] * count for _ in range(3))
        closed = {tuple(sorted(reach[s])) for s in range(count) if never[s] and all(s in reach[i] for i in reach[s])}
        for states in closed:
            self._solve_class(states)
        inside = {state for states in closed for state in states}
        self.wins = {i for i in range(count) if any(self.g[s] > 0 for s in reach[i] & inside)}
        self.pays = {i for i in range(count) if any(self.g[s] < 0 for s in reach[i] & inside)}
        others = [state for state in range(count) if state not in inside]
        if others:
            self._solve_others(others)

    def values(self) -> list[Number]:
        """V as `exact.limit_values` has it."""
        return [
            math.inf if i in self.wins else -math.inf if i in self.pays else self.h[i] for i in range(len(self.rows))
        ]

    def gain(self, state: int, row: Row) -> tuple[Fraction, Fraction, Fraction]:
        """What is gained by one step with another row: of the mean, of h, and of w."""
        total, nexts, reward = row
        g = sum((w * self.g[t] for t, w in nexts), Fraction()) / total - self.g[state]
        h = (reward + sum((w * self.h[t] for t, w in nexts), Fraction())) / total - self.g[state] - self.h[state]
        w = sum((w * self.w[t] for t, w in nexts), Fraction()) / total - self.h[state] - self.w[state]
        return g, h, w

    def _solve_class(self, states: tuple[int, ...]) -> None:
        place = {state: number for number, state in enumerate(states)}
        size = len(states)
        balance = [[0] * size for _ in states]  # of the shares times their row sums: whole numbers
        for state in states:
            balance[place[state]][place[state]] += self.rows[state].whole
            for t, w in self.rows[state].nexts:
                balance[place[t]][place[state]] -= w
        balance[-1] = [self.rows[state].whole for state in states]
        shares = [
            share * self.rows[state].whole
            for share, state in zip(eliminated(balance, [0] * (size - 1) + [1]), states, strict=True)
        ]
        matrix = []
        for state in states:
            line = [0] * size
            line[place[state]] += self.rows[state].whole
            for t, w in self.rows[state].nexts:
                line[place[t]] -= w
            line[0] = self.rows[state].whole  # h of the first state is 0, and g takes its place
            matrix.append(line)
        for target, right in ((self.h, [self.rows[s].reward for s in states]), (self.w, None)):
            rights = [-self.rows[s].whole * self.h[s] for s in states] if right is None else right
            g, *rest = eliminated(matrix, rights)
            values = [Fraction(0), *rest]
            average = sum((share * value for share, value in zip(shares, values, strict=True)), Fraction())
            for state, value in zip(states, values, strict=True):
                target[state] = value - average
                if right is not None:
                    self.g[state] = g

    def _solve_others(self, states: list[int]) -> None:
        matrix = []
        for state in states:
            line = {s: 0 for s in states}
            line[state] += self.rows[state].whole
            for t, w in self.rows[state].nexts:
                if t in line:
                    line[t] -= w
            matrix.append([line[s] for s in states])
        for values, paid in ((self.g, None), (self.h, self.g), (self.w, self.h)):
            right = []
            for state in states:
                row = self.rows[state]
                b = sum((w * values[t] for t, w in row.nexts if t not in states), Fraction())
                if paid is not None:
                    b -= row.whole * paid[state]
                right.append(b + row.reward if paid is self.g else b)
            for state, value in zip(states, eliminated(matrix, right), strict=True):
                values[state] = value


def eliminated(matrix: Sequence[Sequence[int]], right: Sequence[int | Fraction]) -> list[Fraction]:
    """The solution of a regular system of whole numbers, by elimination without fractions."""
    size, common = len(matrix), math.lcm(*(Fraction(b).denominator for b in right))
    rows = [[*line, int(b * common)] for line, b in zip(matrix, right, strict=True)]
    before = 1
    for column in range(size):
        pivot = next(i for i in range(column, size) if rows[i][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        lead, first = rows[column][column], rows[column]
        for i in range(column + 1, size):
            line, factor = rows[i], rows[i][column]
            rows[i] = [0] * (column + 1) + [
                (lead * line[j] - factor * first[j]) // before for j in range(column + 1, size + 1)
            ]
        before = lead
    last, solution = rows[-1][size - 1], [0] * size  # each unknown is a whole number over the determinant
    for i in reversed(range(size)):
        rest = rows[i][size] * last - sum(rows[i][j] * solution[j] for j in range(i + 1, size))
        solution[i] = rest // rows[i][i]
    return [Fraction(x, last * common) for x in solution]


def _discounted(rows: Sequence[Row], discount: Fraction) -> list[Fraction]:
    gamma, below = discount.numerator, discount.denominator
    matrix = [[0] * len(rows) for _ in rows]
    for state, row in enumerate(rows):
        matrix[state][state] += row.whole * below
        for t, w in row.nexts:
            matrix[state][t] -= gamma * w
    return eliminated(matrix, [row.reward * below for row in rows])


def _reach(rows: Sequence[Row], start: int) -> set[int]:
    found, waiting = {start}, [start]
    while waiting:
        for state, _ in rows[waiting.pop()].nexts:
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found


def _exponent(number: float) -> int:
    """The largest e for which the number is a whole number of 2^e."""
    above, below = number.as_integer_ratio()
    return (above & -above).bit_length() - 1 if below == 1 else 1 - below.bit_length()


def _units(number: float, unit: int) -> int:
    """A float as a whole number of 2^unit."""
    above, below = number.as_integer_ratio()
    shift = 1 - below.bit_length() - unit
    return above << shift if shift >= 0 else above >> -shift


def _row(entries: Iterable[Entry], unit: int, sign: int) -> Row:
    possible = [entry for entry in entries if entry[0]]
    finest = min(_exponent(probability) for probability, *_ in possible)
    whole, reward, nexts = 0, 0, dict[int, int]()
    for probability, target, amount, ends in possible:
        weight = _units(probability, finest)
        whole += weight
        reward += weight * sign * _units(amount, unit)
        if not ends:
            nexts[target] = nexts.get(target, 0) + weight
    return Row(whole, tuple(nexts.items()), reward)


def _mixed(rows: Mapping[int, Row], weights: Mapping[int, Fraction]) -> Row:
    """The row of a mixture of actions, whose weights sum to 1."""
    total = math.lcm(*(rows[action].whole * weight.denominator for action, weight in weights.items() if weight))
    reward, nexts = 0, dict[int, int]()
    for action, weight in weights.items():
        if weight:
            share = total // rows[action].whole * weight.numerator // weight.denominator
            reward += share * rows[action].reward
            for t, w in rows[action].nexts:
                nexts[t] = nexts.get(t, 0) + share * w
    return Row(total, tuple(nexts.items()), reward)
