"""Handwritten digits: a GAN of convolutional players, its samples beside real ones, and how true they are.

    python examples/digits.py --out digits.png
    python examples/digits.py --game stacked_digits --out stacked.png
    python examples/digits.py --data folder_of_pictures --out mine.png

The figures are those of the game's `truth`. Whatever acts on noise can be shown beside: `draw` takes any named sets of
images, and `samples_of` makes them.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import gan_lab
from gan_lab.games import ImagesGame, make_game, read_images

ROWS, COLUMNS = 8, 8
FIGURES = 26_000  # samples that the figures are of: the protocol of stacked digits


def samples_of(player: Any, game: ImagesGame, count: int, seed: int) -> NDArray[np.float32]:
    """(count, d) samples of anything that acts on noise."""
    noise = torch.from_numpy(game.noise(count, np.random.default_rng(seed)))
    with torch.no_grad():
        return np.asarray(torch.as_tensor(player.act(noise)).numpy())


def mosaic(images: NDArray[Any], shape: tuple[int, int, int]) -> NDArray[np.float64]:
    """(height, width, 3) in [0, 1]: the first 64 images in rows of eight, a pixel apart."""
    channels, height, width = shape
    whole = np.ones((ROWS * (height + 1) + 1, COLUMNS * (width + 1) + 1, 3))
    for number, image in enumerate(images[: ROWS * COLUMNS]):
        row, column = 1 + (number // COLUMNS) * (height + 1), 1 + (number % COLUMNS) * (width + 1)
        picture = np.moveaxis((np.clip(image.reshape(shape), -1, 1) + 1) / 2, 0, 2)
        if channels not in (1, 3):
            picture = picture[:, :, :1]
        whole[row : row + height, column : column + width] = picture
    return whole


def draw(sets: dict[str, NDArray[Any]], shape: tuple[int, int, int], file: Path) -> None:
    """A mosaic for each named set of images, side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2 * len(sets), 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (title, images) in zip(np.ravel(figure.subplots(1, len(sets))), sets.items(), strict=True):
        axes.imshow(mosaic(images, shape), interpolation="nearest")
        axes.set_title(title)
        axes.set_axis_off()
    figure.savefig(file, dpi=100)


def main(arguments: list[str] | None = None) -> gan_lab.Run:
    parser = argparse.ArgumentParser(description="A GAN of images, its samples beside real ones.")
    parser.add_argument("--game", choices=["digits", "stacked_digits"], default="digits")
    parser.add_argument("--data", type=Path, help="a folder of pictures, or an .npy file, instead")
    parser.add_argument("--steps", type=int, help="the recipe's own if not said")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("digits.png"))
    options = parser.parse_args(arguments)
    game = read_images(options.data) if options.data else make_game(options.game)
    assert isinstance(game, ImagesGame)
    assert game.image_shape is not None
    started = time.perf_counter()
    run = gan_lab.train(game, steps=options.steps, seed=options.seed)
    print(f"{game.name}: {run.steps} updates in {time.perf_counter() - started:.0f} s")
    rng = np.random.default_rng(options.seed)
    for name, value in game.truth(samples_of(run.generator, game, FIGURES, options.seed), rng).items():
        print(f"  {name:<20}{value:10.4g}")
    sets = {"training images": game.real(64, rng), "samples": samples_of(run.generator, game, 64, options.seed)}
    draw(sets, game.image_shape, options.out)
    print(f"wrote {options.out}")
    return run


if __name__ == "__main__":
    main()
