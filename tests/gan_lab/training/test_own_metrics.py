"""Metrics of one's own: where their numbers arrive, and what is refused."""

import json
import pickle
from copy import copy, deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_lab import Scalars, WiringError, load, train
from gan_lab.games import SampleGame


@pytest.fixture(autouse=True)
def looks_of_this_room() -> None:
    """Whole looks: how many samples they take is asked here."""


class Flat(SampleGame):
    """Uniform numbers on [-1, 1]."""

    name, dimension, noise_size, bound, scale = "flat", 1, 2, 4.0, 1.0

    def real(self, count: int, rng: np.random.Generator) -> Any:
        return rng.uniform(-1.0, 1.0, (count, 1)).astype(np.float32)

    def truth(self, samples: Any, rng: np.random.Generator) -> dict[str, float]:
        return {"w1": float(np.abs(np.sort(samples[:, 0]) - np.linspace(-1, 1, len(samples))).mean())}


SMALL: Any = {"recipe": "plain", "steps": 4, "truth_every": 2, "batch_size": 8}


def means(samples: Any, data: Any) -> Any:
    torch.rand(3)  # a trace that would be seen
    assert samples.shape == data.shape == (5000, 1)
    return np.float32(abs(samples.mean() - data.mean()))


def test_runs_with_lambdas_are_pickled_copied_and_loaded(tmp_path: Path) -> None:
    """Pickled, a run keeps the numbers of metrics and leaves out the functions, which no other process may know."""
    metrics: Any = {"spread": lambda samples, data: float(samples.std())}
    run = train(Flat(), metrics=metrics, checkpoint=tmp_path / "run", **SMALL)
    again = pickle.loads(pickle.dumps(run))
    assert (again.truth, again.metrics, again.report()) == (run.truth, {}, run.report())
    for copied in (copy(run), deepcopy(run)):
        assert copied.metrics == metrics
        assert copied.truth == run.truth
    assert deepcopy(run).generator is not run.generator
    with pytest.raises(WiringError, match=r"'metrics' was the functions spread, .* gan_lab.load\(path, metrics="):
        load(tmp_path / "run", game=Flat())
    assert load(tmp_path / "run", game=Flat(), metrics=metrics).truth == run.truth
    header = run.to_csv(tmp_path / "run.csv").read_text().splitlines()[0].split(",")
    assert header == ["step", "payoff_discriminator_0", "payoff_generator_0", *list(run.truth[0])[1:]]


def test_what_cannot_be_pickled_is_named() -> None:
    run = train("dirac", rate=lambda share: 0.1 * (1 - share), steps=2)
    with pytest.raises(WiringError, match=r"the recipe of this run cannot be pickled .* at the top of a module"):
        pickle.dumps(run)
    assert deepcopy(run).steps == 2


class Written:
    def __init__(self) -> None:
        self.names: list[str] = []

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.names.append(name)


def test_a_metric_arrives_everywhere_and_changes_nothing(tmp_path: Path) -> None:
    file, writer = tmp_path / "run", Written()
    metrics: Any = {"means": means, "size": lambda run: run.sample(10, seed=0).std()}
    run = train(Flat(), metrics=metrics, checkpoint=file, callbacks=[Scalars(writer)], **SMALL)
    plain = train(Flat(), **SMALL)
    for rows in (run.truth, run.history):
        assert [{"means", "size"} <= row.keys() for row in rows] == [True, True]
    assert [row["w1"] for row in run.truth] == [row["w1"] for row in plain.truth]
    assert all(torch.equal(a, b) for a, b in zip(run.generator.parameters(), plain.generator.parameters(), strict=True))
    assert "means" in run.report()
    assert "means" in run._repr_html_()
    assert "truth/means" in writer.names
    assert "means" in [line.get_label() for line in run.plot()[1].lines]
    resumed = train(Flat(), metrics=metrics, resume=file, **SMALL | {"steps": 6})
    assert resumed.truth[:2] == run.truth
    assert len([row["means"] for row in resumed.truth]) == 3
    assert json.loads(json.dumps(resumed.truth)) == resumed.truth


def test_by_hand() -> None:
    run = train(Flat(), metrics={"means": means}, **SMALL)
    samples = run.sample(5000, seed=4)
    assert run.truth[-1]["means"] == pytest.approx(abs(float(samples.mean())), abs=0.05)  # 8 standard errors of .0082
    of_strategies = train("dirac", metrics={"sum": lambda d, g: d + 2 * g}, steps=3)
    d, g = of_strategies.strategies
    assert of_strategies.truth[-1]["sum"] == d[0] + 2 * g[0]


def test_the_averaged_generator_has_them_too() -> None:
    run = train("ring8", metrics={"x": lambda samples, data: samples.mean()}, steps=1, batch_size=8, recipe="ring8")
    assert "x" in run.averaged_truth[-1]


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ([means], "expected functions by name"),
        ({"value": means}, "has the name 'value'"),
        ({"w1": means}, "'w1', which is a name in the truth of 'flat'"),
        ({"x": 3}, r"the metric 'x' is 3; expected a function of \(samples, data\)"),
        ({"x": lambda a, b, c: 0}, "or of the run"),
        ({"x": lambda samples, data: samples}, "expected a number for each name"),
    ],
)
def test_what_is_no_metric(metrics: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        train(Flat(), metrics=metrics, **SMALL)
