"""Bounds that lean on a guess of V hold whatever the guess is, and its derivatives are those of the formulas."""

from typing import Any

import numpy as np
import pytest

from planners.continuous import DoubleIntegrator, Interval, Pendulum, System, box
from planners.continuous.bounds import Bounds
from planners.continuous.cells import Cells
from planners.continuous.interval import ends
from planners.continuous.potential import Potential
from planners.continuous.programs import Notes
from planners.continuous.walks import Walk

LEANING = [Pendulum(), DoubleIntegrator(size=2.0)]


def drawn(system: System, rng: np.random.Generator, count: int) -> tuple[Any, np.ndarray]:
    low, high = np.array(system.low)[:, None], np.array(system.high)[:, None]
    corner = rng.uniform(low, high, (2, count))
    other = np.minimum(corner + (high - low) * 10.0 ** rng.uniform(-5, -1, corner.shape), high)
    part = np.round(4.0 * rng.random(corner.shape)) / 4.0
    return box(corner, other), np.clip(corner + part * (other - corner), corner, other)


def some_potential(system: System, rng: np.random.Generator) -> Potential:
    shape = (7, 5)
    corners = tuple(count + (not wraps) for count, wraps in zip(shape, system.wraps, strict=True))
    return Potential.of(Cells(system, shape), rng.normal(size=int(np.prod(corners))) * 10.0)


@pytest.mark.parametrize("system", LEANING, ids=lambda s: type(s).__name__)
def test_shaped_totals_hold_those_of_every_point(system: System, rng: np.random.Generator) -> None:
    """Of ranges of actions too, over several steps, for a guess that is drawn, and worth nothing."""
    guess, cells, discount = some_potential(system, rng), Cells(system, (9, 9)), 0.9
    boxes, point = drawn(system, rng, 4_000)
    walks = [Walk.of(cells, boxes, discount, sign, guess) for sign in (-1.0, 1.0)]
    now, total = tuple(point), -guess.at(point)
    for k in range(6):
        one, two = np.sort(rng.uniform(-1.0, 1.0, 2))
        action = Interval(one, two) if rng.random() < 0.7 else one
        taken = rng.choice([one, two, 0.5 * (one + two)], len(total)) if isinstance(action, Interval) else one
        after = system.step(now, taken)
        total = total + discount**k * system.reward(now, taken, after)
        walks, now = [walk.step(action) for walk in walks], after
        whole = total + discount ** (k + 1) * guess.at(np.stack(now))
        least, most = (walk.shaped_total() for walk in walks)
        assert np.all((least <= whole) & (whole <= most))
        for x, y in zip(walks[0].box, now, strict=True):
            assert np.all((x.low <= y) & (y <= x.high))
        assert np.median(most - least) < 60.0


@pytest.mark.parametrize("system", LEANING, ids=lambda s: type(s).__name__)
def test_derivatives_hold_the_differences(system: System, rng: np.random.Generator) -> None:
    """The mean value theorem, of rewards by the state, and of steps by the action."""
    boxes, point = drawn(system, rng, 5_000)
    other = np.stack([rng.uniform(x.low, x.high) for x in boxes])
    slopes: Any = system.reward_slope(boxes, 0.3)
    low, high = np.zeros((2, point.shape[1]))
    for slope, step in zip(slopes, other - point, strict=True):
        products = np.array(ends(slope)) * step
        low, high = low + products.min(axis=0), high + products.max(axis=0)
    changed = system.reward(tuple(other), 0.3, tuple(other)) - system.reward(tuple(point), 0.3, tuple(point))
    assert np.all((low - 1e-12 <= changed) & (changed <= high + 1e-12))
    pushes: Any = system.action_slope(boxes, Interval(-0.5, 0.7))
    for push, one, two in zip(pushes, system.step(tuple(point), -0.4), system.step(tuple(point), 0.6), strict=True):
        least, most = np.broadcast_arrays(*ends(push), one)[:2]
        smooth = np.isfinite(least)
        assert smooth.mean() > 0.5
        assert np.all(((least - 1e-12 <= two - one) & (two - one <= most + 1e-12)) | ~smooth)


def test_a_guess_is_interpolated_within_its_bounds(rng: np.random.Generator) -> None:
    for system in LEANING:
        guess = some_potential(system, rng)
        boxes, point = drawn(system, rng, 5_000)
        between, found = guess.between(boxes), guess.at(point)
        assert np.all((between.low <= found) & (found <= between.high))
        corner = np.array(system.low)
        assert guess.at(corner[:, None])[0] == pytest.approx(guess.nodes[0, 0])


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("discount", [0.8, 1.0])
def test_sweeps_settle_at_the_values_of_the_game(sign: float, discount: float, rng: np.random.Generator) -> None:
    """Against plain iteration, in which a cell that its own image touches is not solved for, and nothing waits."""
    cells, count, programs = Cells(Pendulum(), (6, 5)), 30, 4
    bounds = Bounds.of(cells, sign, 0.0)
    bounds.values[:] = rng.normal(size=count) if discount == 1.0 else 0.0
    bounds.values[:] = np.where(np.arange(count) < 6, bounds.values, 0.0 if sign > 0 else -1000.0)
    live = np.arange(6, count)  # the others stay as they are
    notes = Notes(bounds, live, [1] * programs, discount)
    images = notes.images
    images.first[:] = rng.integers(0, (6, 5), (programs, len(live), 2)).transpose(0, 2, 1)
    images.last[:] = images.first + rng.integers(0, 2, images.first.shape)
    images.last[:, 1] = np.minimum(images.last[:, 1], 4)
    images.gain[:] = -rng.integers(1, 9, images.gain.shape)
    expected = bounds.values.copy()
    for _ in range(400):
        found = np.full((programs, len(live)), -np.inf)
        for k in range(programs):
            for n in range(len(live)):
                rows = np.arange(images.first[k, 0, n], images.last[k, 0, n] + 1) % 6
                columns = np.arange(images.first[k, 1, n], images.last[k, 1, n] + 1)
                touched = expected.reshape(6, 5)[np.ix_(rows, columns)]
                found[k, n] = images.gain[k, n] + discount * (touched.max() if sign > 0 else touched.min())
        best = found.max(axis=0)
        expected[live] = np.minimum(expected[live], best) if sign > 0 else np.maximum(expected[live], best)
    notes.settle(1e-9)
    far = np.abs(expected) > 300.0  # on the way to -inf
    assert np.allclose(bounds.values[~far], expected[~far], atol=1e-6)
    assert np.all(bounds.values[far] < -300.0)
