"""Schedules of every kind, from numbers, texts and functions, and that runs follow them."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gan_lab
from gan_lab import Schedule
from gan_lab.errors import WiringError

positive = st.floats(1e-8, 1e3)
share = st.floats(0.0, 1.0)


@given(positive, positive, share)
def test_shapes_are_their_formulas(start: float, end: float, t: float) -> None:
    expected = {
        "linear": start * (1 - t) + end * t,
        "cosine": end + (start - end) * (1 + math.cos(math.pi * t)) / 2,
        "exponential": start ** (1 - t) * end**t,
    }
    for shape, value in expected.items():
        assert Schedule.of(f"{shape}({start!r}, {end!r})").at(t) == pytest.approx(value, rel=1e-9, abs=1e-12)


@given(st.sampled_from(["linear", "cosine", "exponential"]), positive, positive, st.floats(0, 0.4), st.floats(0.5, 1))
def test_texts_are_read_as_they_were_written(shape: str, start: float, end: float, first: float, last: float) -> None:
    schedule = Schedule(start, end, first, last, shape=shape)
    assert Schedule.of(str(schedule)) == schedule
    if last < 1:
        both = Schedule(end, start, first=last, shape="linear")
        chained = Schedule(start, end, first, last, then=both, shape=shape)
        assert Schedule.of(str(chained)) == chained


@given(st.lists(positive, min_size=1, max_size=5), st.data())
def test_steps(values: list[float], data: Any) -> None:
    moment = st.floats(0.01, 0.99)
    moments = sorted(data.draw(st.lists(moment, min_size=len(values) - 1, max_size=len(values) - 1, unique=True)))
    schedule = Schedule.of(f"steps({values}, {moments})")
    assert Schedule.of(str(schedule)) == schedule
    for number, begin in enumerate([0.0, *moments]):
        assert schedule.at(begin) == values[number]
    assert schedule.at(1.0) == values[-1]


@pytest.mark.parametrize(
    "bad",
    [
        "cosin(1, 2)", "cosine(1)(2)", "steps([1], [2])", "steps([1, 2], [0.5, 0.4])", "steps(1, 2)", "cosine('a', 2)",
        "exponential(1, 0)", "__import__('os').system('true')", "linear(1, 2, 3, 4, 5, 6, 7)", "",
        "cosine(1, 2, third=3)",
        "steps([], [])", "linear(-1, 2)", "1 +", "cosine(nan, 1)",
    ],
)  # fmt: skip
def test_bad_texts_are_refused(bad: str) -> None:
    with pytest.raises(WiringError, match=r"^rate is .*expected a number, or one of exponential\(1e-3, 1e-5\)"):
        Schedule.of(bad)


def test_a_function_that_says_no_number_is_refused() -> None:
    with pytest.raises(WiringError, match=r"the function of generator_rate says -1 at 0\.0 of the run"):
        gan_lab.train("dirac", generator_rate=lambda share: -1, steps=1)


@pytest.mark.parametrize("game", ["dirac", "ring8"])
@pytest.mark.parametrize("rate", ["linear(0.1, 0)", lambda share: 0.1 * (1 - share), Schedule(0.1, 0, shape="linear")])
def test_runs_of_all_games_follow_their_rates(game: str, rate: Any) -> None:
    seen: list[tuple[float, float]] = []

    def note(run: Any) -> None:
        seen.append(tuple(player.optimizer.param_groups[0]["lr"] for player in run.players.values()))

    size: dict[str, Any] = {"batch_size": 4} if game == "ring8" else {}
    gan_lab.train(game, rate=rate, discriminator_rate="steps([0.2, 0.1], [0.5])", steps=4, each_update=note, **size)
    assert np.allclose(seen, [(0.2, 0.1), (0.2, 0.075), (0.1, 0.05), (0.1, 0.025)], rtol=1e-12)


def test_the_weight_of_a_penalty_follows_its_schedule() -> None:
    one, other = (
        gan_lab.train("ring8", penalty="r1", penalty_weight=weight, steps=3, batch_size=4, looks=1)
        for weight in ("steps([1, 0], [0.5])", "steps([1, 5], [0.5])")
    )
    same = gan_lab.train("ring8", penalty="r1", penalty_weight=lambda t: float(t < 0.5), steps=3, batch_size=4, looks=1)
    assert one.history == same.history
    assert one.history != other.history
