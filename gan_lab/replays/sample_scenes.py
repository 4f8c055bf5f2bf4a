"""Samples, real and generated, and what the discriminator makes of the space between them."""

from typing import Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.environments.rendering.raster import GENERATED, REAL, tint
from gan_lab.games import SampleGame
from gan_lab.metrics.duality_gap import log_odds
from gan_lab.players import scores_of
from gan_lab.replays.frames import Frame, Scene, stacked
from gan_lab.training.run import Run
from gridworld_env.ui.pages.packing import packed, quantised

DOTS: Final = 500  # samples of either kind
CELLS: Final = 40  # of D's field, in each direction
BINS: Final = 80
IMAGES: Final = 36
SEED: Final = 0  # of the noise: the same in all frames, so that each sample can be followed


def probabilities(run: Run, points: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) D(x); scores that are known up to a constant are shifted by the one that makes V largest."""
    with torch.no_grad():
        scores = scores_of(run.discriminator, torch.from_numpy(points))
        if not run.loss.is_value:
            pair = cast(SampleGame, run.game).real(DOTS, np.random.default_rng(SEED)), run.sample(DOTS, SEED)
            both = (scores_of(run.discriminator, torch.from_numpy(part)) for part in pair)
            scores = log_odds(run.loss, *both)(scores)
        return torch.sigmoid(scores).numpy().astype(np.float64)


def scene_of_samples(run: Run) -> Scene:
    """Images, counts along a line, or points in a plane: what suits the samples of a run."""
    game = cast(SampleGame, run.game)
    if game.image_shape is not None:
        return ImagesScene(game, game.image_shape)
    return LineScene(game) if game.dimension == 1 else PlaneScene(game, run.loss.judges_samples)


class PlaneScene:
    """Samples of two numbers over D's field, or the first two of more without it.

    Args:
        game: The game.
        judged: Whether D judges samples; if not, there is no field.
    """

    game: SampleGame
    bound: float

    def __init__(self, game: SampleGame, judged: bool = True) -> None:
        """Draw the real samples, once."""
        self.game, self.bound, self.shows_field = game, 1.25 * game.scale, judged and game.dimension == 2
        self.real: NDArray[np.float32] = game.real(DOTS, np.random.default_rng(SEED))[:, :2]

    def frame(self, run: Run) -> Frame:
        """(500, 2) generated samples, and (40, 40) D as bytes, from the upper left."""
        found: Frame = {"generated": run.sample(DOTS, SEED)[:, :2]}
        if self.shows_field:
            line = ((np.arange(CELLS) + 0.5) / CELLS * 2 - 1).astype(np.float32) * np.float32(self.bound)
            x, y = np.meshgrid(line, -line)
            d = probabilities(run, np.stack([x.ravel(), y.ravel()], axis=1)).reshape(CELLS, CELLS)
            found["field"] = np.rint(255 * np.nan_to_num(d, nan=0.5)).astype(np.uint8)
        return found

    def pieces(self, frames: list[Frame]) -> list[dict[str, Any]]:
        """For the page."""
        count = self.game.dimension
        title = f"Samples, the first two of {count} numbers" if count > 2 else "Samples"
        return [
            {
                "kind": "scatter",
                "title": "Samples, over what D says" if self.shows_field else title,
                "bound": self.bound,
                "real": quantised(self.real, self.bound),
                "generated": quantised(stacked(frames, "generated"), self.bound),
                "field": packed(stacked(frames, "field"), "uint8") if self.shows_field else None,
            }
        ]

    def draw(self, axes: Any, frames: list[Frame], index: int) -> None:
        """On matplotlib axes."""
        b, frame = self.bound, frames[index]
        if "field" in frame:
            axes.imshow(tint(frame["field"] / 255.0), extent=(-b, b, -b, b))
        axes.scatter(*self.real.T, s=12, facecolors="none", edgecolors=[_color(REAL)], linewidths=0.7, label="real")
        axes.scatter(*frame["generated"].T, s=5, color=[_color(GENERATED)], label="generated")
        axes.set(xlim=(-b, b), ylim=(-b, b), aspect="equal")
        axes.legend(loc="upper right", fontsize="small")


class LineScene:
    """Samples of one number, counted in bins, and D along the line.

    Args:
        game: The game.
    """

    def __init__(self, game: SampleGame) -> None:
        """Count the real samples, once."""
        self.edges: NDArray[np.float64] = np.linspace(-1.25, 1.25, BINS + 1) * game.scale
        self.middles: NDArray[np.float64] = (self.edges[1:] + self.edges[:-1]) / 2
        self.real: NDArray[np.float64] = self._density(game.real(20 * DOTS, np.random.default_rng(SEED)))

    def _density(self, samples: NDArray[Any]) -> NDArray[np.float64]:
        counts, _ = np.histogram(samples[:, 0], bins=self.edges)
        return counts / (len(samples) * np.diff(self.edges))

    def frame(self, run: Run) -> Frame:
        """(80,) density of the generated samples; and (80,) D, where it judges samples."""
        found = {"generated": self._density(run.sample(4 * DOTS, SEED)).astype(np.float32)}
        if run.loss.judges_samples:
            found["D"] = probabilities(run, self.middles[:, None].astype(np.float32)).astype(np.float32)
        return found

    def pieces(self, frames: list[Frame]) -> list[dict[str, Any]]:
        """For the page."""
        judged = "D" in frames[0]
        field = [{"name": "D", "y": packed(stacked(frames, "D")), "share": True}] if judged else []
        return [
            {
                "kind": "curves",
                "title": f"Densities of the samples, counted in 80 bins{', and D' if judged else ''}",
                "x": packed(self.middles),
                "x_label": "x",
                "bars": False,
                "series": [
                    {"name": "real", "y": packed(self.real), "share": False},
                    {"name": "generated", "y": packed(stacked(frames, "generated")), "share": False},
                    *field,
                ],
            }
        ]

    def draw(self, axes: Any, frames: list[Frame], index: int) -> None:
        """On matplotlib axes."""
        top = max(float(stacked(frames, "generated").max()), float(self.real.max()))
        axes.plot(self.middles, self.real, color=_color(REAL), label="real")
        axes.plot(self.middles, frames[index]["generated"], "--", color=_color(GENERATED), label="generated")
        if "D" in frames[index]:
            axes.plot(self.middles, top * frames[index]["D"], ":", color="#00755a", label="D, 0 to 1 over the height")
        axes.set(ylim=(0, 1.05 * top), xlabel="x")
        axes.legend(loc="upper right", fontsize="small")


class ImagesScene:
    """Images: those that the generator makes of the same noise in all frames, and real ones.

    Args:
        game: The game.
        shape: (channels, height, width).
    """

    def __init__(self, game: SampleGame, shape: tuple[int, int, int]) -> None:
        """Choose the real images, once."""
        self.shape = shape
        self.real: NDArray[np.uint8] = self._bytes(game.real(IMAGES, np.random.default_rng(SEED)))

    def _bytes(self, images: NDArray[Any]) -> NDArray[np.uint8]:
        grey = images.reshape(len(images), *self.shape)
        return np.rint(np.clip((grey + 1) / 2, 0, 1) * 255).astype(np.uint8)

    def frame(self, run: Run) -> Frame:
        """(36, channels, height, width) bytes."""
        return {"generated": self._bytes(run.sample(IMAGES, SEED))}

    def pieces(self, frames: list[Frame]) -> list[dict[str, Any]]:
        """For the page."""
        return [
            {
                "kind": "images",
                "shape": [3 if self.shape[0] == 3 else 1, *self.shape[1:]],
                "real": packed(self._shown(self.real), "uint8"),
                "generated": packed(self._shown(stacked(frames, "generated")), "uint8"),
            }
        ]

    def _shown(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Grey or red, green and blue; the mean where there are other channels."""
        if self.shape[0] in (1, 3):
            return images
        return np.rint(images.mean(axis=-3, keepdims=True)).astype(np.uint8)

    def draw(self, axes: Any, frames: list[Frame], index: int) -> None:
        """On matplotlib axes."""
        across = int(np.ceil(np.sqrt(IMAGES)))
        shown = np.moveaxis(self._shown(frames[index]["generated"]), 1, -1)
        padded = np.pad(shown, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=128)
        rows, height, width, channels = len(shown) // across, *padded.shape[1:]
        sheet = padded.reshape(rows, across, height, width, channels).swapaxes(1, 2)
        sheet = sheet.reshape(rows * height, across * width, channels)
        axes.imshow(sheet if channels == 3 else sheet[..., 0], cmap="gray", vmin=0, vmax=255)
        axes.set_axis_off()


def _color(rgb: tuple[int, int, int]) -> tuple[float, float, float]:
    red, green, blue = (part / 255 for part in rgb)
    return red, green, blue
