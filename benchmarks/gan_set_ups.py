"""Set-ups as people bring them: networks, losses, penalties, optimizers, data and kinds of numbers, drawn at random.

Each trains, or is refused by a sentence (`gan_lab.errors.GameError`): no raw error, no warning.

    python benchmarks/gan_set_ups.py --count 200 --seed 1
"""

import argparse
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import gan_lab
from gan_lab import Discriminator, Generator
from gan_lab.errors import GameError
from gan_lab.games import ImagesGame, MixtureGame, SampleGame
from gan_lab.payoffs.losses import LOSSES, Loss
from gan_lab.payoffs.penalties import PENALTIES, Penalty
from gan_lab.updates import UPDATES

NORMS = (None, "batch", "layer", "dropout", "spectral", "minibatch")
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.ELU, nn.Sigmoid, nn.Softplus)


class Points(SampleGame):
    """A game of one's own: points in an array, in the numbers that NumPy gives."""

    name, noise_size, image_shape = "points", 3, None

    def __init__(self, points: Any) -> None:
        """Keep the points."""
        self.points = points
        self.dimension = points.shape[1]
        self.scale = float(np.abs(points).max())
        self.bound = 2 * self.scale

    def real(self, count: int, rng: np.random.Generator) -> Any:
        """Some of them."""
        return self.points[rng.integers(len(self.points), size=count)]

    def truth(self, samples: Any, rng: np.random.Generator) -> dict[str, float]:
        """The distance of the means."""
        return {"means": float(np.linalg.norm(samples.mean(axis=0) - self.points.mean(axis=0)))}


class Distances(nn.Module):
    """Features of a sample by its distances to the others of the batch."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(n, k) -> (n, k + 1)."""
        return torch.cat([features, torch.cdist(features, features).mean(dim=1, keepdim=True)], dim=1)


@dataclass(frozen=True)
class SetUp:
    """What is drawn, and how to play it."""

    words: str
    game: Any
    players: tuple[Any, Any]
    options: dict[str, Any]


def own_loss(rng: np.random.Generator) -> Loss:
    """A loss that is in no book."""
    power = float(rng.choice([1.0, 1.5, 2.0]))

    def up(real: Any, fake: Any, p: Any = None, q: Any = None) -> Any:
        return -((real - 1).abs() ** power).mean() - ((fake + 1).abs() ** power).mean()

    def down(real: Any, fake: Any, p: Any = None, q: Any = None) -> Any:
        return -((fake - 1).abs() ** power).mean()

    return Loss("mine", up, down, False, bool(rng.random() < 0.3), "mine", "mine")


def own_penalty() -> Penalty:
    """A penalty of the scores themselves."""
    return Penalty("drift", lambda samples, scores, n, judge: 1e-3 * scores.square().mean(), "E s^2", "Karras 2018")


def network(sizes: list[int], rng: np.random.Generator) -> nn.Module:
    """A perceptron with a norm of some kind."""
    norm, activation, layers = rng.choice(len(NORMS)), ACTIVATIONS[rng.integers(len(ACTIVATIONS))], []
    kind, size = NORMS[norm], sizes[0]
    for width in sizes[1:-1]:
        line: Any = nn.Linear(size, width)
        layers.append(nn.utils.parametrizations.spectral_norm(line) if kind == "spectral" else line)
        size = width
        if kind == "batch":
            layers.append(nn.BatchNorm1d(width))
        elif kind == "layer":
            layers.append(nn.LayerNorm(width))
        layers.append(activation())
        if kind == "dropout":
            layers.append(nn.Dropout(0.3))
    if kind == "minibatch":
        layers.append(Distances())
        size += 1
    layers.append(nn.Linear(size, sizes[-1]))
    if rng.random() < 0.15:
        layers.append(nn.Sigmoid() if rng.random() < 0.5 else nn.Tanh())
    return nn.Sequential(*layers)


def optimizer(rng: np.random.Generator) -> Any:
    """Any of PyTorch's; some go down by mistake."""
    rate, up = float(10 ** rng.uniform(-4, -1)), bool(rng.random() < 0.95)
    makes: list[Any] = [
        lambda own: torch.optim.SGD(own, rate, momentum=0.9, maximize=up),
        lambda own: torch.optim.SGD(own, rate, maximize=up),
        lambda own: torch.optim.Adam(own, rate, (0.5, 0.999), maximize=up),
        lambda own: torch.optim.AdamW(own, rate, maximize=up),
        lambda own: torch.optim.Adam(own, rate, amsgrad=True, weight_decay=1e-4, maximize=up),
        lambda own: torch.optim.RMSprop(own, rate, maximize=up),
        lambda own: torch.optim.Adagrad(own, rate, maximize=up),
        lambda own: torch.optim.NAdam(own, rate, maximize=up),
        lambda own: torch.optim.RAdam(own, rate, maximize=up),
        lambda own: torch.optim.Adadelta(own, rate, maximize=up),
    ]
    return makes[rng.integers(len(makes))]


def drawn_game(rng: np.random.Generator) -> Any:
    """Mixtures, points, pictures, and names."""
    kind = rng.integers(6)
    d = int(rng.choice([1, 2, 3, 7]))
    if kind == 0:
        return MixtureGame(rng.normal(size=(int(rng.integers(1, 6)), d)), float(10 ** rng.uniform(-2, 1)))
    if kind in (1, 2):
        points = rng.normal(size=(int(rng.integers(1, 200)), d)) * float(10 ** rng.uniform(-2, 2))
        return Points(points.astype(rng.choice(["float64", "float32", "float16"]) if kind == 1 else np.float64))
    if kind == 3:
        return ImagesGame(rng.uniform(-1, 1, (20, int(rng.choice([1, 3])), 4, int(rng.choice([4, 5])))))
    if kind == 4:
        return gan_lab.games.ring(int(rng.integers(1, 12)), radius=float(rng.uniform(0.5, 10)), std=0.1)
    return str(rng.choice(["ring8", "grid25"]))


def draw(seed: int) -> SetUp:
    """A set-up, from a seed."""
    rng = np.random.default_rng([20261128, seed])
    torch.manual_seed(seed)
    found = drawn_game(rng)
    game: Any = gan_lab.games.make_game(found)
    wrong = int(rng.random() < 0.05)  # of another width
    widths = [int(width) for width in rng.integers(2, 17, size=int(rng.integers(0, 3)))]
    g = network([game.noise_size, *widths, game.dimension + wrong], rng)
    d = network([game.dimension, *widths, 1], rng)
    kinds = [torch.float64 if rng.random() < 0.25 else torch.float32 for _ in range(2)]
    players = Generator(g.to(kinds[0]), optimizer(rng)), Discriminator(d.to(kinds[1]), optimizer(rng))
    if rng.random() < 0.2:
        players = (None, players[1]) if rng.random() < 0.5 else (players[0], None)
    losses, penalties = [*LOSSES, own_loss(rng)], [None, *PENALTIES, own_penalty()]
    options: dict[str, Any] = {
        "loss": losses[rng.integers(len(losses))],
        "penalty": penalties[rng.integers(len(penalties))],
        "update": str(rng.choice(sorted(UPDATES))),
        "batch_size": int(rng.choice([1, 2, 7, 16])),
        "steps": 3,
        "looks": 1,
        "seed": seed,
    }
    words = f"{game.name} d={game.dimension} {[getattr(v, 'name', v) for v in options.values()]} {g} {d} {kinds}"
    return SetUp(" ".join(words.split()), found, players, options)


def outcome(seed: int) -> tuple[str, str]:
    """("trained" | "refused" | "diverged" | "raw error", what was said)."""
    words, before = "", torch.get_default_dtype()
    if seed % 7 == 3:
        torch.set_default_dtype(torch.float64)
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("error")
            set_up = draw(seed)
            words = set_up.words[:600]
            run: Any = gan_lab.train(set_up.game, *set_up.players, checkpoint=Path(folder) / "run", **set_up.options)
            run.report()
            run.sample(5, 1)
            run.look(1)
            run.discriminator.act(np.linspace(-1, 1, 3 * run.game.dimension).reshape(3, -1))
    except gan_lab.DivergedError as error:
        return "diverged", str(error)
    except GameError as error:
        return "refused", str(error)
    except Exception as error:
        return "raw error", f"{type(error).__name__}: {str(error)[:300]} | {words}"
    finally:
        torch.set_default_dtype(before)
    return "trained", ""


def main() -> None:
    """Play many, and say how they ended."""
    parser = argparse.ArgumentParser(description="Play set-ups drawn at random.")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="of the first")
    options = parser.parse_args()
    started, ends = time.perf_counter(), Counter()
    for seed in range(options.seed, options.seed + options.count):
        end, said = outcome(seed)
        ends[end] += 1
        if end == "raw error":
            print(f"seed {seed}: {said}", flush=True)
    print(f"{options.count} set-ups in {time.perf_counter() - started:.0f} s: {dict(ends)}")


if __name__ == "__main__":
    main()
