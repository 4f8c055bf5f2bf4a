"""How good a run's samples are, by measures that need no known density: each beside what fresh data have."""

from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import seed_number, whole_number
from gan_lab.games import SampleGame, game_of
from gan_lab.metrics.features import frechet_distance, kernel_distance
from gan_lab.metrics.precision_recall import precision_recall

FEWEST: Final = 10


def quality_of(game: Any, samples: NDArray[Any], seed: int, neighbours: int) -> dict[str, tuple[float, float]]:
    """Measures of (n, d) samples, and of as many data beside them; both compared with as many other data.

    Where the data are rows that are drawn again and again, each row counts once, and as many samples as there are rows
    of either kind: two copies of a row are no neighbours. Precision, recall, density and coverage by nearest
    neighbours; where the game has features of samples, such as what the digit classifier says, the distances of Frechet
    and of a kernel by them, named after the game: they are no FID.

    Raises:
        WiringError: A game of strategies, or fewer than ten samples.
    """
    found = game_of(SampleGame, game, "is a game of strategies, whose generator makes no samples").single
    whole_number("count", len(samples), FEWEST)
    rng = np.random.default_rng([seed_number(seed), 4])
    unseen = found.unseen(len(samples), rng)
    data = found.data(len(samples), rng)
    others = found.data(len(samples), rng) if unseen is None else unseen
    data, others = _distinct(data, rng), _distinct(others, rng)
    count = min(len(data), len(others), len(samples))
    whole_number(f"different data among {len(samples)}", count, FEWEST)
    measured = [_measured(found, data[:count], part[:count], neighbours) for part in (samples, others)]
    return {name: (measured[0][name], measured[1][name]) for name in measured[0]}


def _measured(game: SampleGame, data: NDArray[Any], samples: NDArray[Any], neighbours: int) -> dict[str, float]:
    measures = asdict(precision_recall(data, samples, neighbours))
    features = [game.features(part) for part in (data, samples)]
    if features[0] is None:
        return measures
    return measures | {
        f"frechet_{game.name}": frechet_distance(*features),
        f"kernel_{game.name}": kernel_distance(*features),
    }


def _distinct(rows: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Each row once, in an order by chance; as they are where none is there twice."""
    found = np.unique(rows, axis=0)
    return rows if len(found) == len(rows) else found[rng.permutation(len(found))]
