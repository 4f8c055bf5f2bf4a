# ruff: noqa: E501 - a case a line
"""What a stand-in for NumPy's generator draws: every outcome, with its probability."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import permutations, product
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.toy_text.utils import categorical_sample

from planners.enumeration.choices import Choices
from planners.enumeration.enumerated_generator import EnumeratedGenerator
from planners.errors import InvalidModelError

Law = dict[Any, Fraction]
Draw = Callable[[np.random.Generator], Any]


def drawn(draw: Draw, most: int = 100_000) -> dict[Any, float]:
    """The probability of each result."""
    choices = Choices(most)
    rng = EnumeratedGenerator(choices)
    found: dict[Any, float] = {}
    for probability, result in choices.paths(lambda: plain(draw(rng))):
        found[result] = found.get(result, 0.0) + probability
    return found


def plain(result: Any) -> Any:
    """A result that can be a key."""
    return tuple(map(plain, result.tolist() if isinstance(result, np.ndarray) else result)) if isinstance(
        result, np.ndarray | list | tuple
    ) else result.item() if isinstance(result, np.generic) else result  # fmt: skip


def shuffled(rng: np.random.Generator, entries: Any) -> Any:
    """Entries that were shuffled in place."""
    rng.shuffle(entries)
    return entries


def evenly(outcomes: Any) -> Law:
    """All as likely; those that are equal together."""
    listed = list(outcomes)
    law: Law = {}
    for outcome in listed:
        law[outcome] = law.get(outcome, Fraction(0)) + Fraction(1, len(listed))
    return law


def binomial(n: int, p: Fraction) -> Law:
    """By its formula."""
    return {k: math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)}


HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
KINDS: list[tuple[str, Draw, Law]] = [
    ("integers", lambda rng: rng.integers(3), evenly(range(3))),
    ("integers from, to", lambda rng: rng.integers(-1, 2, endpoint=True), evenly(range(-1, 3))),
    ("integers in an array", lambda rng: rng.integers(2, size=(2, 1)), evenly(((a,), (b,)) for a, b in product(range(2), repeat=2))),
    ("integers with bounds", lambda rng: rng.integers([1, 2, 3]), evenly(product(range(1), range(2), range(3)))),
    ("choice", lambda rng: rng.choice(["a", "b", "b"]), {"a": THIRD, "b": 2 * THIRD}),
    ("choice of number", lambda rng: rng.choice(4, p=[0.5, 0, 0.25, 0.25]), {0: HALF, 2: HALF / 2, 3: HALF / 2}),
    ("choices", lambda rng: rng.choice([1, 2], size=2, p=[0.25, 0.75]), {(a, b): Fraction((1, 3)[a - 1] * (1, 3)[b - 1], 16) for a in (1, 2) for b in (1, 2)}),
    ("choice of rows", lambda rng: rng.choice([[1, 2], [3, 4]]), evenly([(1, 2), (3, 4)])),
    ("without replacement", lambda rng: rng.choice(4, size=2, replace=False), evenly(permutations(range(4), 2))),
    ("without replacement, weighted", lambda rng: rng.choice(3, size=2, replace=False, p=[0.5, 0.25, 0.25]),
     {(0, 1): HALF / 2, (0, 2): HALF / 2, (1, 0): HALF / 3, (2, 0): HALF / 3, (1, 2): HALF / 6, (2, 1): HALF / 6}),
    ("permutation", lambda rng: rng.permutation(3), evenly(permutations(range(3)))),
    ("permutation of words", lambda rng: rng.permutation(["x", "y"]), evenly([("x", "y"), ("y", "x")])),
    ("permuted", lambda rng: rng.permuted([[1, 2], [3, 4]], axis=1), evenly((a, b) for a in ((1, 2), (2, 1)) for b in ((3, 4), (4, 3)))),
    ("shuffle of a list", lambda rng: shuffled(rng, [1, 2, 3]), evenly(permutations((1, 2, 3)))),
    ("shuffle of an array", lambda rng: shuffled(rng, np.array([[1, 2], [3, 4]])), evenly(permutations(((1, 2), (3, 4))))),
    ("binomial", lambda rng: rng.binomial(3, 0.25), binomial(3, Fraction(1, 4))),
    ("binomials", lambda rng: rng.binomial([1, 2], 0.5), {(a, b): HALF * binomial(2, HALF)[b] for a in range(2) for b in range(3)}),
    ("multinomial", lambda rng: rng.multinomial(2, [0.25, 0.25, 0.5]),
     {(a, b, 2 - a - b): Fraction(math.factorial(2), math.factorial(a) * math.factorial(b) * math.factorial(2 - a - b)) * Fraction(1, 4) ** (a + b) * HALF ** (2 - a - b)
      for a in range(3) for b in range(3 - a)}),
    ("hypergeometric", lambda rng: rng.hypergeometric(3, 2, 2), {k: Fraction(math.comb(3, k) * math.comb(2, 2 - k), 10) for k in range(3)}),
    ("random, compared", lambda rng: rng.random() < 0.125, {True: Fraction(1, 8), False: Fraction(7, 8)}),
    ("random, from the right", lambda rng: rng.random() <= 0.125, {True: Fraction(1, 8), False: Fraction(7, 8)}),
    ("random, twice", lambda rng: (lambda u: "low" if u < 0.25 else "middle" if u <= 0.75 else "high")(rng.random()), {"low": HALF / 2, "middle": HALF, "high": HALF / 2}),
    ("random, whole", lambda rng: int(rng.random() * 5), evenly(range(5))),
    ("random, rounded", lambda rng: round(4 * rng.random()), {0: Fraction(1, 8), 1: HALF / 2, 2: HALF / 2, 3: HALF / 2, 4: Fraction(1, 8)}),
    ("random, to a digit", lambda rng: round(rng.random() / 5, 1), {0.0: HALF / 2, 0.1: HALF, 0.2: HALF / 2}),
    ("random, negative", lambda rng: int(1 - 4 * rng.random()), {0: HALF, -1: HALF / 2, -2: HALF / 2}),
    ("random, remainder", lambda rng: (8 * rng.random()) % 2 < 0.5, {True: HALF / 2, False: 3 * HALF / 2}),
    ("random, floor of NumPy", lambda rng: int(np.floor(3 * rng.random() - 1)), evenly([-1, 0, 1])),
    ("random in an array", lambda rng: rng.random(2) < 0.25, {(a, b): Fraction(1 if a else 3, 4) * Fraction(1 if b else 3, 4) for a in (True, False) for b in (True, False)}),
    ("random of MultiDiscrete", lambda rng: (rng.random(2) * np.array([2, 3])).astype(np.int64), evenly(product(range(2), range(3)))),
    ("random in sorted numbers", lambda rng: np.searchsorted([0.25, 0.5], rng.random()), {0: HALF / 2, 1: HALF / 2, 2: HALF}),
    ("random in bins", lambda rng: np.digitize(rng.random(), np.array([0.5])), {0: HALF, 1: HALF}),
    ("uniform", lambda rng: rng.uniform(-1, 3) < 0, {True: HALF / 2, False: 3 * HALF / 2}),
    ("uniform, clipped by max", lambda rng: int(max(rng.uniform(-4, 4), 0)), {0: Fraction(5, 8), 1: Fraction(1, 8), 2: Fraction(1, 8), 3: Fraction(1, 8)}),
    ("uniform in an array", lambda rng: rng.uniform([0, -1], 1) > 0, {(True, True): HALF, (True, False): HALF}),
    ("categorical_sample", lambda rng: categorical_sample([0.1, 0.2, 0.7], rng), {0: Fraction(1, 10), 1: Fraction(2, 10), 2: Fraction(7, 10)}),
    ("a noise that nothing asks for", lambda rng: (rng.normal(), rng.integers(2))[1], evenly(range(2))),
]  # fmt: skip


@pytest.mark.parametrize(("draw", "law"), [case[1:] for case in KINDS], ids=[case[0] for case in KINDS])
def test_each_kind_of_draw(draw: Draw, law: Law, rng: np.random.Generator) -> None:
    found = drawn(draw)
    assert found.keys() == law.keys()
    assert all(abs(found[result] - float(law[result])) < 1e-15 for result in law)
    for _ in range(20):  # NumPy's own draws are among them
        assert plain(draw(rng)) in law


def test_spaces_of_gymnasium() -> None:
    def draw(rng: np.random.Generator) -> Any:
        space = gym.spaces.Discrete(3, start=5)
        space._np_random = rng
        return space.sample()

    assert drawn(draw) == pytest.approx({5: 1 / 3, 6: 1 / 3, 7: 1 / 3}, abs=1e-15)


REFUSED: list[tuple[Draw, str]] = [
    (lambda rng: float(rng.random()), r"uses the number that random\(\) drew as it is"),
    (lambda rng: math.sqrt(rng.random()), "as it is"),
    (lambda rng: np.sqrt(rng.random()), "as it is"),
    (lambda rng: {rng.random(): 1}, "as it is"),
    (lambda rng: np.array([rng.random()], dtype=np.float32), "as it is"),
    (lambda rng: rng.random() < rng.random(), "compares two numbers"),
    (lambda rng: rng.normal() < 0, r"the number that normal\(\) drew"),
    (lambda rng: rng.exponential(2.0) + 1, r"exponential\(\)"),
    (lambda rng: rng.poisson(3), "poisson"),
    (lambda rng: rng.bit_generator.state, "bit_generator"),
    (lambda rng: rng.choice(5, size=2, replace=False, shuffle=False), "whose order NumPy does not define"),
    (lambda rng: rng.permutation(9), "more than max_outcomes=1000 ways"),
]


@pytest.mark.parametrize(("draw", "words"), REFUSED)
def test_what_has_endlessly_many_outcomes_is_refused(draw: Draw, words: str) -> None:
    with pytest.raises(InvalidModelError, match=words):
        drawn(draw, most=1000)


def test_a_refusal_that_the_program_catches_is_raised_all_the_same() -> None:
    def draw(rng: np.random.Generator) -> int:
        try:
            return int(rng.normal())
        except Exception:
            return 0

    with pytest.raises(InvalidModelError, match="normal"):
        drawn(draw)


def test_a_number_of_an_earlier_step_is_refused() -> None:
    kept: list[Any] = []

    def draw(rng: np.random.Generator) -> bool:
        kept.append(rng.random())
        return bool(kept[0] < 0.5)

    with pytest.raises(InvalidModelError, match="in an earlier step"):
        drawn(draw)


def test_a_draw_until_it_fits() -> None:
    def draw(rng: np.random.Generator) -> int:
        while True:
            if number := int(rng.integers(4)):
                return number

    found = drawn(draw)
    total = sum(found.values())
    assert {number: weight / total for number, weight in found.items()} == pytest.approx(
        {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}, abs=1e-15
    )


def test_a_step_that_looks_at_a_clock_is_refused() -> None:
    ticks = iter(range(100))
    with pytest.raises(InvalidModelError, match="something that is not copied"):
        drawn(lambda rng: rng.integers(2 + next(ticks)))


# Random programs: each node draws in one way, and what is drawn says which node follows.


def node(rng: np.random.Generator, depth: int) -> Any:
    """A program: the number of a kind of draw, its argument, and what follows each outcome."""
    if not depth:
        return int(rng.integers(5))
    kind, count = int(rng.integers(6)), int(rng.integers(1, 4))
    weights = rng.integers(1, 5, size=count)
    return kind, count, weights, [node(rng, depth - 1) for _ in range(count)]


def played(program: Any, rng: np.random.Generator) -> int:
    """What the program returns."""
    while not isinstance(program, int):
        kind, count, weights, following = program
        shares = weights / weights.sum()
        match kind:
            case 0:
                place = rng.integers(count)
            case 1:
                place = rng.choice(count, p=shares)
            case 2:
                place = categorical_sample(shares, rng)
            case 3:
                place = int(rng.uniform(2, 2 + count)) - 2
            case 4:
                place = rng.permutation(count)[0]
            case _:
                place = rng.binomial(count - 1, float(weights[0]) / 5)
        program = following[int(place)]
    return program


def law_of(program: Any) -> Iterator[tuple[int, Fraction]]:
    """What it returns, with its probability, by fractions and without a generator."""
    if isinstance(program, int):
        yield program, Fraction(1)
        return
    kind, count, weights, following = program
    shares = [Fraction(int(weight), int(weights.sum())) for weight in weights]
    if kind in (0, 3, 4):
        shares = [Fraction(1, count)] * count
    elif kind == 5:
        shares = list(binomial(count - 1, Fraction(int(weights[0]), 5)).values())
    for share, then in zip(shares, following, strict=True):
        for result, probability in law_of(then):
            yield result, share * probability


def check_random_programs(count: int, rng: np.random.Generator) -> float:
    """The largest difference from full enumeration by fractions."""
    worst = 0.0
    for _ in range(count):
        program = node(rng, int(rng.integers(1, 4)))
        expected: Law = {}
        for result, probability in law_of(program):
            expected[result] = expected.get(result, Fraction(0)) + probability
        found = drawn(lambda generator, program=program: played(program, generator))
        assert found.keys() == {result for result, probability in expected.items() if probability}
        worst = max(worst, *(abs(found[result] - float(expected[result])) for result in found))
    return worst


def test_random_programs_of_draws(rng: np.random.Generator) -> None:
    assert check_random_programs(100, rng) < 1e-14


if __name__ == "__main__":  # python -m tests.planners.enumeration.test_draws
    print(check_random_programs(10_000, np.random.default_rng(1)))
