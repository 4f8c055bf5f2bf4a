"""Hypothesis strategies for small dyadic MDPs, whose floats are exactly their fractions."""

from fractions import Fraction

from hypothesis import strategies as st

from tests.oracles.exact import Distribution, Entry, Tables

MAX_POLICIES = 81  # the oracle looks at every one of them
DISCOUNTS = [Fraction(0), Fraction(1, 2), Fraction(7, 8), Fraction(15, 16), Fraction(127, 128)]
COSTS = [Fraction(0), Fraction(-1, 8), Fraction(-1), Fraction(-5, 2)]
REWARDS = [Fraction(0), Fraction(0), Fraction(1, 4), Fraction(1), Fraction(3), Fraction(-1, 4), Fraction(-1)]


@st.composite
def splits(draw: st.DrawFn) -> list[Fraction]:
    """Probabilities of up to three outcomes, in eighths, sixteenths or very unequal."""
    whole = draw(st.sampled_from([1, 1, 8, 16, 128]))
    if whole == 1:
        return [Fraction(1)]
    first = draw(st.integers(1, whole - 1))
    second = draw(st.integers(0, whole - first))
    parts = [first, second, whole - first - second]
    return [Fraction(part, whole) for part in parts]


@st.composite
def tables(draw: st.DrawFn, going_on: list[Fraction] = REWARDS, at_end: list[Fraction] = REWARDS) -> Tables:
    """Gymnasium's dictionary: duplicates, zero probabilities, missing actions, endings into states that live on.

    Args:
        draw: Given by Hypothesis.
        going_on: Rewards of transitions after which the episode goes on.
        at_end: Rewards of transitions that end it.
    """
    count = draw(st.integers(1, 5))
    ending = draw(st.sampled_from([0, 1, 3, 6]))  # of ten transitions, so many end the episode
    P: Tables = {}
    policies = 1
    for state in range(count):
        most = 3 if policies * 3 ** (count - state) <= MAX_POLICIES else 2
        actions = draw(st.sets(st.integers(0, 2), min_size=1, max_size=most))
        policies *= len(actions)
        P[state] = {action: draw(entries(count, ending, going_on, at_end)) for action in sorted(actions)}
    return P


@st.composite
def entries(draw: st.DrawFn, count: int, ending: int, going_on: list[Fraction], at_end: list[Fraction]) -> list[Entry]:
    row = []
    for probability in draw(splits()):
        ends = draw(st.integers(1, 10)) <= ending
        reward = draw(st.sampled_from(at_end if ends else going_on))
        row.append((probability, draw(st.integers(0, count - 1)), reward, ends))
    return row


@st.composite
def policies(draw: st.DrawFn, P: Tables) -> list[Distribution]:
    """A policy of the model: deterministic, or a dyadic mixture in each state."""
    mixed = draw(st.booleans())
    policy: list[Distribution] = []
    for state in range(len(P)):
        actions = sorted(P[state])
        if not mixed:
            policy.append({draw(st.sampled_from(actions)): Fraction(1)})
            continue
        weights = [draw(st.sampled_from([0, 1, 2, 3])) for _ in actions]
        weights[0] = 8 - sum(weights[1:]) if sum(weights[1:]) <= 8 else 0
        whole = sum(weights)
        usable = whole and whole & (whole - 1) == 0
        pairs = zip(actions, weights, strict=True)
        policy.append({a: Fraction(w, whole) for a, w in pairs if w} if usable else {actions[-1]: Fraction(1)})
    return policy
