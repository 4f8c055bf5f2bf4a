"""Data in an array, a part of it held out, which tells learning from memorising: for games of points and of images."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import WiringError, as_float, seed_number, shown
from gan_lab.games.sample_game import SampleGame

CHUNK: Final = 2**22  # numbers of the rows whose distances are computed at once, on either side: 32 MB
QUANTILES: Final = (0.01, 0.99)  # of the distances of held-out data: what lies outside is too near or too far
NEIGHBOURS, REFERENCE = 5, 1000  # k of coverage, and of how many rows it is counted
FEWEST: Final = 10  # rows of a game: fewer cannot be split into two parts that say anything

Rows = NDArray[np.float32]


class RowsGame(SampleGame):
    """A game of samples that are rows of numbers, some of which are held out.

    Attributes:
        rows: (m, d) rows that the players see.
        held_out: (k, d) rows that the players never see.
    """

    rows: Rows
    held_out: Rows

    def _keep(self, rows: Rows, held_out: Rows, stack: int = 1) -> None:
        """Keep the two parts; each sample is a stack of `stack` rows."""
        self.rows, self.held_out, self._stack = rows, held_out, stack
        self.dimension: int = stack * rows.shape[1]
        self._held_out_distances = nearest_distances(held_out, rows)
        self._reference: tuple[Rows, NDArray[np.float64]] | None = None

    def real(self, count: int, rng: np.random.Generator) -> Rows:
        """(count, d) training data, drawn with replacement."""
        return self.rows[rng.integers(len(self.rows), size=count)]

    def unseen(self, count: int, rng: np.random.Generator) -> Rows:
        """(count, d) held-out data, drawn with replacement."""
        return self.held_out[rng.integers(len(self.held_out), size=(count, self._stack))].reshape(count, -1)

    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """How near samples are to the training data, compared with held-out data.

        `nearest` is the mean distance of a sample to its nearest row, `nearest_held_out` that of held-out data.
        `memorised` is the share of samples that are nearer than all but 1 % of the held-out data. `high_quality` is the
        share of samples that are not farther than 99 % of the held-out data. New data of the same kind would have about
        .01 and .99. One good new row, repeated, is of high quality and not memorised; `coverage` shows that it is
        repeated: see `covered`. New data of the same kind would have about `coverage_expected`.
        """
        found = self.checked(samples)
        distances = nearest_distances(found.reshape(len(found) * self._stack, -1), self.rows)
        near, far = np.quantile(self._held_out_distances, QUANTILES)
        whole = distances.reshape(len(found), self._stack)
        return {
            "high_quality": float((whole <= far).all(axis=1).mean()),
            "memorised": float((whole < near).all(axis=1).mean()),
            "nearest": float(distances.mean()),
            "nearest_held_out": float(self._held_out_distances.mean()),
            **self.covered(found, rng),
        }

    def covered(self, samples: Rows, rng: np.random.Generator) -> dict[str, float]:
        """Share of up to 1,000 training rows that have a sample nearer than their fifth nearest other row.

        `coverage_expected` is the share that as many new data of the same kind have on average: a row is covered unless
        the five nearest of all are training data. With as many samples as rows this is 1 - 2^-5 = .97.

        Source: Naeem et al. 2020, section 3 and Lemma 2.
        """
        if self._reference is None:
            rng_of_rows, count = np.random.default_rng(REFERENCE), min(len(self.rows) ** self._stack, REFERENCE)
            chosen = rng_of_rows.permutation(len(self.rows))[:count]  # each once, where samples are no stacks
            rows = self.rows[chosen] if self._stack == 1 else self.real(count, rng_of_rows)
            self._reference = rows, _radii(rows, min(NEIGHBOURS, len(rows) - 1))
        rows, radii = self._reference
        drawn = samples[rng.permutation(len(samples))[: len(rows)]]
        k, others = min(NEIGHBOURS, len(rows) - 1), len(rows) - 1
        uncovered = np.prod([(others - place) / (others + len(drawn) - place) for place in range(k)])
        share = float((nearest_distances(rows, drawn) <= radii).mean())
        return {"coverage": share, "coverage_expected": 1 - float(uncovered)}

    def checked(self, samples: Any) -> Rows:
        """(n, d) samples; refuses other shapes and numbers that are not finite."""
        found = np.asarray(samples, dtype=np.float32)
        if found.ndim != 2 or not len(found) or found.shape[1] != self.dimension:
            raise WiringError(f"samples have shape {found.shape}; expected (n, {self.dimension})")
        if not (finite := np.isfinite(found).all(axis=1)).all():
            raise WiringError(f"sample {int(np.flatnonzero(~finite)[0])} is not finite")
        return found


def nearest_distances(points: NDArray[Any], data: NDArray[Any]) -> NDArray[np.float64]:
    """(n,) Euclidean distances of (n, d) points to the nearest of (m, d) others.

    >>> nearest_distances(np.array([[0.0, 3.0]]), np.array([[0.0, 0.0], [4.0, 3.0]]))
    array([3.])
    """
    rows = max(1, CHUNK // max(data.shape[1], 1))
    nearest = np.full(len(points), np.inf)
    for first in range(0, len(data), rows):
        reference = np.asarray(data[first : first + rows], dtype=np.float64)
        squares = np.einsum("ij,ij->i", reference, reference)
        for start in range(0, len(points), rows):
            part = np.asarray(points[start : start + rows], dtype=np.float64)
            found = (squares - 2 * part @ reference.T).min(axis=1) + np.einsum("ij,ij->i", part, part)
            nearest[start : start + rows] = np.minimum(nearest[start : start + rows], found)
    return np.sqrt(np.maximum(nearest, 0.0))


def _radii(rows: Rows, neighbours: int) -> NDArray[np.float64]:
    """(n,) distance of each of (n, d) rows to its k-th nearest among the others."""
    found = np.empty(len(rows))
    whole = rows.astype(np.float64)
    squares = np.einsum("ij,ij->i", whole, whole)
    for start in range(0, len(rows), REFERENCE // 4):
        part = whole[start : start + REFERENCE // 4]
        distances = squares - 2 * part @ whole.T + squares[start : start + REFERENCE // 4, None]
        found[start : start + len(part)] = np.partition(distances, neighbours, axis=1)[:, neighbours]
    return np.sqrt(np.maximum(found, 0.0))


def split(count: int, held_out: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of n rows are shown, and which are held out: a share of them, one at least.

    Raises:
        WiringError: The share is not between 0 and 1.
    """
    if not 0 < as_float(held_out) < 1:
        raise WiringError(f"held_out is {shown(held_out)}; expected a share between 0 and 1")
    order = np.random.default_rng(seed_number(seed)).permutation(count)
    kept = min(max(round(float(held_out) * count), 1), count - 1)
    return np.sort(order[kept:]), np.sort(order[:kept])
