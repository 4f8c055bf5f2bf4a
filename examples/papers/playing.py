"""A game of two numbers, and how an update that was played is measured: by the matrix that explains its path."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from paper import Row

import gan_lab


class QuadraticGame(gan_lab.games.StrategyGame):
    """V(psi, theta) = turn psi theta - hold psi^2 / 2 + pull theta^2 / 2, with the equilibrium 0.

    The field is (turn theta - hold psi, -turn psi - pull theta), and its Jacobian [[-hold, turn], [-turn, -pull]].
    """

    name, known_value = "quadratic", 0.0
    equilibrium = np.zeros(1), np.zeros(1)

    def __init__(self, turn: float = 1.0, hold: float = 0.0, pull: float = 0.0) -> None:
        self.turn, self.hold, self.pull = turn, hold, pull

    def space(self, agent: str) -> Box:
        return Box(-10.0, 10.0, (1,), np.float64)

    def value(self, psi: Any, theta: Any) -> Any:
        return (self.turn * psi * theta - self.hold * psi**2 / 2 + self.pull * theta**2 / 2).sum()

    def exploitability(self, psi: Any, theta: Any) -> float:
        answers = np.array([-10.0, 10.0])
        up = np.append(answers, np.clip(self.turn * theta / self.hold, -10, 10) if self.hold > 0 else theta * 0)
        down = np.append(answers, np.clip(-self.turn * psi / self.pull, -10, 10) if self.pull > 0 else psi * 0)
        return float(max(self.value(x, theta) for x in up) - min(self.value(psi, x) for x in down))


def path(game: Any, update: Any, rate: Any, start: Any = ([1e-4], [2e-4]), steps: int = 40, **wants: Any) -> np.ndarray:
    """(steps + 1, n) strategies after each update, the discriminator's first; `rate` may be one for each player."""
    first, second = rate if isinstance(rate, Sequence) else (rate, rate)
    discriminator = gan_lab.Strategist("discriminator_0", start[0], gan_lab.ascent(first))
    generator = gan_lab.Strategist("generator_0", start[1], gan_lab.ascent(second))
    places = [np.concatenate(start)]
    keep = [lambda run: places.append(np.concatenate(run.strategies))]
    gan_lab.train(game, generator, discriminator, update=update, steps=steps, truth_every=1, callbacks=keep, **wants)
    return np.array(places)


def played(places: np.ndarray, memory: int = 0) -> np.ndarray:
    """Eigenvalues, the largest first, of the matrix A that explains a path best: w(t + 1) = A w(t), least squares.

    A rule that remembers steps has the state (w(t), w(t - 1), ...), with `memory` places from before. Directions in
    which the path hardly moves are left out.
    """
    states = np.hstack([places[memory - k : len(places) - k] for k in range(memory + 1)])
    size = np.linalg.norm(states[:-1], axis=1, keepdims=True)
    found = np.linalg.eigvals(np.linalg.lstsq(states[:-1] / size, states[1:] / size, 1e-10)[0])
    return found[np.argsort(-np.abs(found), kind="stable")]


def radius(places: np.ndarray, memory: int = 0) -> float:
    """What an update multiplied the distance to the equilibrium by, in the long run."""
    return float(np.abs(played(places, memory)[0]))


def both(what: str, factor: float, game: Any, update: Any, rate: float, memory: int = 0, **wants: Any) -> list[Row]:
    """Two rows: the factor of an update by its formula, beside the one that was played, and beside the spectrum's."""
    order = {name: wants.pop(name) for name in ("start", "steps") if name in wants}
    places = path(game, update, rate, **order, **wants)
    predicted = gan_lab.spectrum(game, update, rate=rate, **wants).radius
    verdict = "converges" if factor < 1 - 1e-9 else "diverges" if factor > 1 + 1e-9 else "circles"
    return [
        Row(f"{what}: factor of an update ({verdict})", factor, radius(places[memory:], memory)),
        Row(f"{what}: gan_lab.spectrum", factor, predicted, 1e-9),
    ]
