"""A new planner, update rule or game is one new file and one line that registers it: written here, and run by name."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from typer.testing import CliRunner

import gan_lab
import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from gan_lab.checks import check_update
from gan_lab.cli.commands import app
from gan_lab.games import GAMES
from gan_lab.updates import UPDATES
from planners.checks import check_planner

MOST_LINES = 120
TABLES: tuple[dict[str, Any], ...] = (planners.METHODS, UPDATES, GAMES)

PLANNER = '''\
"""Asynchronous value iteration: each time a random part of the states is backed up.

    V_{k+1}(s) = max over a of  r(s,a) + discount * sum over s' of P(s'|s,a) V_k(s')    for the states drawn
    V_{k+1}(s) = V_k(s)                                                                 for the others

Source: Bertsekas (1982), "Distributed dynamic programming".
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from planners import Plan, as_model
from planners.equations.from_model import make_problem
from planners.equations.problem import Problem
from planners.iteration.iterates import Backup
from planners.iteration.loop import planner, run
from planners.iteration.progress import Progress
from planners.options import check_discount, check_run, check_tolerance


@planner
def asynchronous(
    model: Any,
    *,
    discount: float,
    share: float = 0.5,
    seed: int = 0,
    tolerance: float = 1e-6,
    max_iterations: int = 1_000_000,
    progress: Progress = False,
    throw: bool = True,
) -> Plan:
    """Optimal values and policy by backups of `share` of the states at a time."""
    tolerance = check_tolerance(tolerance)
    check_run(max_iterations, progress, throw)
    problem = make_problem(as_model(model).tabular, check_discount(discount))
    return run(
        problem,
        backups(problem, share, np.random.default_rng(seed)),
        method=f"asynchronous value iteration of {share:.0%} of the states",
        tolerance=tolerance,
        max_iterations=max_iterations,
        progress=progress,
        throw=throw,
    )


def backups(problem: Problem, share: float, rng: np.random.Generator) -> Iterator[Backup]:
    """The iterates from 0."""
    values = np.zeros(problem.num_states)
    while True:
        action_values = problem.action_values(values)
        yield Backup(values, action_values)
        drawn = rng.random(problem.num_states) < share
        values = np.where(drawn, problem.maximise(action_values), values)
'''

UPDATE = '''\
"""Simultaneous gradient ascent with momentum, which should be negative: each step takes back a part of the last one.

    w' = w + h v(w) + beta (w - w-)
"""

import numpy as np
import torch
from torch import Tensor

from gan_lab.updates import Update
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix


class NegativeMomentum(Update):
    """Remembers where it was before the last step."""

    name = "negative_momentum"
    equation = "w' = w + h v(w) + beta (w - w-)"
    source = "Gidel et al. 2019, Negative momentum for improved game dynamics, section 3"
    shareable = True

    def __init__(self, beta: float = -0.25) -> None:
        """Nothing to take back yet."""
        self.beta = beta
        self.last: list[Tensor] | None = None

    def step(self, pair: PlayerPair) -> None:
        """A plain step, and a part of the last one."""
        here = pair.where()
        pair.move(pair.field())
        last = here if self.last is None else self.last
        pair.put([w + self.beta * (now - then) for w, now, then in zip(pair.where(), here, last, strict=True)])
        self.last = here

    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """[[(1 + beta) I + h J, -beta I], [I, 0]] on (w, w-)."""
        identity, zero = np.eye(len(jacobian)), np.zeros_like(jacobian)
        return np.block([[(1 + self.beta) * identity + rate * jacobian, -self.beta * identity], [identity, zero]])

    def state(self) -> dict[str, Tensor]:
        """Where it was."""
        return {} if self.last is None else {str(number): place for number, place in enumerate(self.last)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Remember that again."""
        self.last = [torch.as_tensor(state[str(number)]) for number in range(len(state))] if state else None
'''

STRATEGY_GAME = '''\
"""The bilinear game with a price of large moves: V(psi, theta) = psi theta + (theta^2 - psi^2) / 2."""

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box

from gan_lab.games import StrategyGame

BOUND = 10.0


class PricedGame(StrategyGame):
    """One number each; the equilibrium is (0, 0), and gradients lead there."""

    name = "priced"
    known_value = 0.0

    def start(self, agent: str) -> np.ndarray:
        """1 for both."""
        return np.ones(1)

    def space(self, agent: str) -> Box:
        """[-10, 10] for either."""
        return Box(-BOUND, BOUND, (1,), np.float64)

    def value(self, discriminator: Any, generator: Any) -> Any:
        """V(psi, theta)."""
        if isinstance(discriminator, torch.Tensor) or isinstance(generator, torch.Tensor):
            psi, theta = torch.as_tensor(discriminator), torch.as_tensor(generator)
            return (psi * theta + (theta**2 - psi**2) / 2).sum()
        psi, theta = self._point(discriminator, generator)
        return psi * theta + (theta**2 - psi**2) / 2

    def exploitability(self, discriminator: Any, generator: Any) -> float:
        """theta^2 + psi^2: the best answers are psi' = theta and theta' = -psi."""
        psi, theta = self._point(discriminator, generator)
        return theta**2 + psi**2

    def truth(self, discriminator: Any, generator: Any) -> dict[str, float]:
        """V, the distance to (0, 0), and the exploitability."""
        gap = self.exploitability(discriminator, generator)
        value = self.value(np.asarray(discriminator), np.asarray(generator))
        return {"value": value, "distance": gap**0.5, "exploitability": gap}

    @property
    def equilibrium(self) -> tuple[np.ndarray, np.ndarray]:
        """(0, 0)."""
        return np.zeros(1), np.zeros(1)

    def _point(self, discriminator: Any, generator: Any) -> tuple[float, float]:
        return self.exact("discriminator_0", discriminator).item(), self.exact("generator_0", generator).item()
'''

SAMPLE_GAME = '''\
"""Samples of an interval: the data are uniform on [-1, 1]."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan_lab.games import SampleGame


class SegmentGame(SampleGame):
    """One number a sample; the Wasserstein distance to the data is known."""

    name, dimension, noise_size, bound, scale = "segment", 1, 2, 4.0, 1.0

    def real(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, 1) uniform numbers."""
        return rng.uniform(-1.0, 1.0, (count, 1)).astype(np.float32)

    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """The Wasserstein distance: of sorted samples to the quantiles of the interval."""
        count = len(samples)
        quantiles = (2.0 * np.arange(count) + 1.0) / count - 1.0
        return {"w1": float(np.abs(np.sort(samples[:, 0]) - quantiles).mean())}
'''


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """The tables as they were before, afterwards."""
    before = [dict(table) for table in TABLES]
    yield
    for table, entries in zip(TABLES, before, strict=True):
        table.clear()
        table.update(entries)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def written(folder: Path, name: str, text: str) -> ModuleType:
    """The module of one new file, which is no longer than a file may well be."""
    assert len(text.splitlines()) < MOST_LINES
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    return importlib.import_module(name)


def test_a_planner(folder: Path) -> None:
    new = written(folder, "new_planner", PLANNER)
    planners.METHODS["asynchronous"] = new.asynchronous
    check_planner(new.asynchronous)
    env = gym.make("GridWorld-v0", slip=0.2)
    beside = planners.policy_iteration(env, discount=0.9)
    plan = planners.solve(env, discount=0.9, method="asynchronous", share=0.25)
    assert plan.method == "asynchronous value iteration of 25% of the states"
    assert np.abs(plan.values - beside.values).max() <= plan.error_bound + beside.error_bound
    with pytest.raises(planners.InvalidOptionError, match="did you mean 'asynchronous'"):
        planners.solve(env, discount=0.9, method="asynchronuos")


def test_an_update_rule(folder: Path) -> None:
    new = written(folder, "new_update", UPDATE)
    UPDATES["negative_momentum"] = new.NegativeMomentum
    check_update(new.NegativeMomentum)
    run = gan_lab.train("dirac", update="negative_momentum", penalty="r1", penalty_weight=1.0, steps=400)
    assert run.truth[-1]["distance"] < 1e-6
    # with a positive one, the heavy ball, players leave the game faster than by plain ascent
    radii = [gan_lab.spectrum("bilinear", "negative_momentum", beta=beta, rate=0.2).radius for beta in (-0.2, 0.0, 0.2)]
    assert sorted(radii) == radii
    with pytest.raises(gan_lab.WiringError, match="did you mean 'negative_momentum'"):
        gan_lab.train("dirac", update="negative_momntum")


def test_a_game_of_strategies(folder: Path) -> None:
    new = written(folder, "new_game", STRATEGY_GAME)
    GAMES["priced"] = new.PricedGame
    run = gan_lab.train("priced", update="extragradient", steps=200)
    assert run.truth[-1]["exploitability"] < 1e-12
    assert gan_lab.spectrum("priced", "simultaneous", rate=0.5).radius == pytest.approx(0.5**0.5)  # |1 + h (-1 +- i)|
    done = CliRunner().invoke(app, ["train", "priced", "--steps", "50"])
    assert done.exit_code == 0, done.output
    assert "exploitability" in done.output


def test_a_game_of_samples(folder: Path) -> None:
    new = written(folder, "new_samples", SAMPLE_GAME)
    GAMES["segment"] = new.SegmentGame
    run = gan_lab.train("segment", steps=300, batch_size=64)
    assert run.truth[-1]["w1"] < run.truth[0]["w1"]
    assert np.abs(run.sample(100)).max() <= 4.0
    done = CliRunner().invoke(app, ["train", "segment", "--steps", "5"])
    assert done.exit_code == 0, done.output
    assert "w1" in done.output
