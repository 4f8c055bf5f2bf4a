"""A stand-in for `numpy.random.Generator` whose draws are enumerated: each is one of `Choices`."""

import math
from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, Final, NamedTuple

import numpy as np

from planners.enumeration.choices import Choices
from planners.enumeration.drawn_number import DrawnNumber, UndecidedNumber

CONTINUOUS: Final = (
    "standard_normal", "normal", "lognormal", "exponential", "standard_exponential", "gamma", "standard_gamma", "beta",
    "chisquare", "noncentral_chisquare", "f", "noncentral_f", "standard_cauchy", "standard_t", "vonmises", "pareto",
    "weibull", "power", "laplace", "gumbel", "logistic", "rayleigh", "wald", "triangular",
)  # fmt: skip
ENDLESS: Final = (
    "poisson", "geometric", "negative_binomial", "zipf", "logseries", "bytes", "spawn", "bit_generator", "dirichlet",
    "multivariate_normal", "multivariate_hypergeometric",
)  # fmt: skip


PLAIN: Final = (int, float, bool, str)


class EnumeratedGenerator(np.random.Generator):
    """Draws as `numpy.random.Generator` does, one outcome a replay.

    >>> choices = Choices(most=10)
    >>> rng = EnumeratedGenerator(choices)
    >>> [(path.probability, path.result) for path in choices.paths(lambda: int(rng.choice(2, p=[0.75, 0.25])))]
    [(0.75, 0), (0.25, 1)]
    >>> [(path.probability, path.result) for path in choices.paths(lambda: rng.random() < 0.125)]
    [(0.125, True), (0.875, False)]
    """

    def __init__(self, choices: Choices) -> None:
        """A generator whose draws are made by `choices`."""
        super().__init__(np.random.PCG64(0))
        self._choices = choices
        self._pools: dict[int, _Pool] = {}

    def __deepcopy__(self, _: Any) -> "EnumeratedGenerator":
        """Itself: copies of an environment share it."""
        return self

    def __reduce__(self) -> Any:
        """Always the same, as it has no state that matters."""
        return EnumeratedGenerator, (Choices(1),)

    def _undecided(self, name: str) -> Callable[..., Any]:
        def draw(*_: Any, size: Any = None, **__: Any) -> Any:
            return _filled(size, lambda: UndecidedNumber(self._choices, f"{name}()"), object)

        return draw

    def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Numbers that are decided as far as they are compared."""
        if out is not None:
            self._choices.refuse("draws by random(out=); only what random() returns can be followed")
        return _filled(size, lambda: DrawnNumber.between_0_and_1(self._choices), object)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Numbers between bounds that are decided as far as they are compared."""
        return self._elementwise(
            lambda least, most: least + (most - least) * DrawnNumber.between_0_and_1(self._choices, "uniform()"),
            (low, high), size, object,
        )  # fmt: skip

    def integers(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, low: Any, high: Any = None, size: Any = None, dtype: Any = np.int64, endpoint: bool = False
    ) -> Any:
        """Whole numbers, all as likely."""
        low, high = (0, low) if high is None else (low, high)

        def draw(least: Any, most: Any) -> int:
            count = int(most) - int(least) + bool(endpoint)
            if count < 1:
                raise ValueError("low >= high")
            return int(least) + self._equally(count)

        return self._elementwise(draw, (low, high), size, dtype)

    def choice(
        self, a: Any, size: Any = None, replace: bool = True, p: Any = None, axis: int = 0, shuffle: bool = True
    ) -> Any:
        """Entries, by their probabilities; equal ones are one outcome."""
        if type(a) is list and size is None and replace and p is None:  # as cards are drawn: again and again
            known = self._pools.get(id(a))
            if known is None or not known.has(a):
                known = self._pools[id(a)] = _Pool.of(a)
            if known.values:
                return known.values[self._choices.choose(known.weights)]
        pool = np.arange(a) if isinstance(a, int | np.integer) else np.asarray(a)
        weights = self._weights(len(np.moveaxis(pool, axis, 0)), p)
        count = 1 if size is None else int(np.prod(size))
        if replace:
            same = _same(pool, weights)
            places = [same[self._choices.choose([weight for _, weight in same])][0] for _ in range(count)]
        else:
            places = self._without_replacement(weights, count, shuffle)
        taken = places[0] if size is None else np.reshape(np.array(places, dtype=np.int64), size)
        chosen = np.take(pool, taken, axis=axis)
        return chosen[()] if isinstance(chosen, np.ndarray) and chosen.ndim == 0 else chosen

    def _weights(self, count: int, p: Any) -> list[float]:
        if p is None:
            return [1.0] * count
        weights = np.asarray(p, dtype=np.float64)
        if weights.shape != (count,) or not (weights >= 0).all() or not abs(weights.sum() - 1.0) < 1e-7:
            raise ValueError(f"p is {p!s:.200}; expected {count} probabilities that sum to 1")
        return weights.tolist()

    def _without_replacement(self, weights: list[float], count: int, shuffle: bool) -> list[int]:
        left = list(weights)
        if count > sum(weight > 0 for weight in left):
            raise ValueError("Cannot take a larger sample than population when replace is False")
        if not shuffle and count > 1:
            self._choices.refuse("draws by choice(replace=False, shuffle=False), whose order NumPy does not define")
        places = []
        for _ in range(count):
            places.append(self._choices.choose(left))
            left[places[-1]] = 0.0
        return places

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """The entries in each order."""
        pool = np.arange(x) if isinstance(x, int | np.integer) else np.asarray(x)
        return np.take(pool, self._order(pool.shape[axis]), axis=axis)

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Put the entries into each order, in place."""
        if isinstance(x, np.ndarray):
            x[...] = np.take(x, self._order(x.shape[axis]), axis=axis)
        else:
            x[:] = [x[place] for place in self._order(len(x))]

    def permuted(self, x: Any, *, axis: Any = None, out: Any = None) -> Any:
        """The entries in each order; along an axis, each line of them in an order of its own."""
        mixed = np.array(x)
        lines = mixed.reshape(1, -1) if axis is None else np.moveaxis(mixed, axis, -1).reshape(-1, mixed.shape[axis])
        drawn = np.array([line[self._order(len(line))] for line in lines])
        moved = mixed.shape if axis is None else np.moveaxis(mixed, axis, -1).shape
        result = drawn.reshape(moved) if axis is None else np.moveaxis(drawn.reshape(moved), -1, axis)
        if out is None:
            return result
        out[...] = result
        return out

    def binomial(self, n: Any, p: Any, size: Any = None) -> Any:
        """Numbers of successes."""
        return self._elementwise(
            lambda tries, chance: self._successes(int(tries), float(chance)), (n, p), size, np.int64
        )

    def hypergeometric(self, ngood: Any, nbad: Any, nsample: Any, size: Any = None) -> Any:
        """Numbers of good ones among those drawn."""

        def draw(good: Any, bad: Any, drawn: Any) -> int:
            counts = range(int(drawn) + 1)
            ways = math.comb(int(good) + int(bad), int(drawn))
            weights = [math.comb(int(good), k) * math.comb(int(bad), int(drawn) - k) / ways for k in counts]
            return self._choices.choose(weights)

        return self._elementwise(draw, (ngood, nbad, nsample), size, np.int64)

    def multinomial(self, n: Any, pvals: Any, size: Any = None) -> Any:
        """How often each outcome came, one outcome after the other."""
        chances = np.asarray(pvals, dtype=np.float64)
        if chances.ndim != 1 or np.ndim(n):
            self._choices.refuse("draws by multinomial() with arrays of numbers of tries or of probabilities")
        rows = []
        for _ in range(1 if size is None else int(np.prod(size))):
            left, row = int(n), []
            for place, chance in enumerate(chances[:-1].tolist()):
                rest = math.fsum(chances[place:].tolist())
                row.append(self._successes(left, min(1.0, chance / rest) if rest > 0 else 0.0))
                left -= row[-1]
            rows.append([*row, left])
        shape = () if size is None else tuple(np.atleast_1d(size))
        return np.array(rows, dtype=np.int64).reshape(*shape, len(chances))

    def _successes(self, tries: int, chance: float) -> int:
        if tries < 0 or not 0 <= chance <= 1:
            raise ValueError(f"n={tries} and p={chance}; expected n >= 0 and p from 0 to 1")
        counts = range(tries + 1)
        return self._choices.choose([math.comb(tries, k) * chance**k * (1 - chance) ** (tries - k) for k in counts])

    def _equally(self, count: int) -> int:
        return self._choices.choose([1.0] * count) if count > 1 else 0

    def _order(self, count: int) -> list[int]:
        left, order = list(range(count)), []
        while left:
            order.append(left.pop(self._equally(len(left))))
        return order

    def _elementwise(self, draw: Callable[..., Any], given: tuple[Any, ...], size: Any, dtype: Any) -> Any:
        """Draw once for each entry of the arguments, or of `size`."""
        shape = np.broadcast_shapes(*(np.shape(each) for each in given))
        if size is None and shape == ():
            return draw(*given) if dtype is object else np.dtype(dtype).type(draw(*given))
        spread = [np.broadcast_to(np.asarray(each), shape if size is None else size).ravel() for each in given]
        entries = [draw(*(each[place] for each in spread)) for place in range(spread[0].size)]
        return _as_array(entries, shape if size is None else size, dtype)


class _Pool(NamedTuple):
    """A list that entries are chosen from: what was in it, what `choice` returns of it, and with which weights."""

    entries: list[Any]
    values: list[Any]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, entries: list[Any]) -> "_Pool":
        """Those of a list; there are no values where it holds more than numbers and words."""
        if not entries or not all(type(entry) in PLAIN for entry in entries):
            return cls(list(entries), [], ())
        pool = np.asarray(entries)
        same = _same(pool, [1.0] * len(entries))
        return cls(list(entries), [pool[place] for place, _ in same], tuple(weight for _, weight in same))

    def has(self, entries: list[Any]) -> bool:
        """Whether a list still holds the same."""
        return len(entries) == len(self.entries) and all(map(is_, entries, self.entries))


def _filled(size: Any, draw: Callable[[], Any], dtype: Any) -> Any:
    if size is None:
        return draw()
    return _as_array([draw() for _ in range(int(np.prod(size)))], size, dtype)


def _as_array(entries: Sequence[Any], shape: Any, dtype: Any) -> Any:
    array = np.empty(len(entries), dtype=dtype)
    array[:] = entries
    return array.reshape(shape)


def _same(pool: Any, weights: Sequence[float]) -> list[tuple[int, float]]:
    """The first place of each different number or word, and the weight of all that are equal."""
    if pool.ndim != 1 or pool.dtype == object:
        return list(enumerate(weights))
    places: dict[Any, list[int]] = {}
    for place, entry in enumerate(pool.tolist()):
        places.setdefault(entry, []).append(place)
    return [(equal[0], math.fsum(weights[place] for place in equal)) for equal in places.values()]


def _refusing(name: str) -> property:
    """What has endlessly many outcomes, refused as soon as somebody asks for it."""

    def refuse(generator: EnumeratedGenerator) -> Any:
        generator._choices.refuse(f"draws by {name}, which has endlessly many outcomes. Pass samples= for an estimate")

    return property(refuse)


for _name in ENDLESS:
    setattr(EnumeratedGenerator, _name, _refusing(_name))
for _name in CONTINUOUS:
    setattr(EnumeratedGenerator, _name, property(lambda generator, name=_name: generator._undecided(name)))
