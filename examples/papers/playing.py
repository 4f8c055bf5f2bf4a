"""How an update that was played is measured: by the matrix that explains its path."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from paper import Row

import gan_lab


class Places(list):
    """Both strategies after each update, as a callback."""

    def beat(self, run: gan_lab.Run) -> None:
        self.append(np.concatenate(run.strategies))

    def __call__(self, run: gan_lab.Run) -> None:
        """After an evaluation: nothing."""


def path(game: Any, update: Any, rate: Any, start: Any = ([1e-4], [2e-4]), steps: int = 40, **wants: Any) -> np.ndarray:
    """(steps + 1, n) strategies after each update, the discriminator's first; `rate` may be one for each player."""
    first, second = rate if isinstance(rate, Sequence) else (rate, rate)
    discriminator = gan_lab.Strategist("discriminator_0", start[0], gan_lab.ascent(first))
    generator = gan_lab.Strategist("generator_0", start[1], gan_lab.ascent(second))
    keep = Places([np.concatenate(start)])
    run = gan_lab.train(
        game, generator, discriminator, update=update, steps=steps, truth_every=steps, callbacks=[keep], **wants
    )
    if run.status is gan_lab.Status.INTERRUPTED:
        raise KeyboardInterrupt
    return np.array(keep)


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
