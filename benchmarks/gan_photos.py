"""A folder of 2,000 photos of 128 x 128: the peak of memory of reading them, of training and of evaluations.

    OMP_NUM_THREADS=1 nice -n 5 python benchmarks/gan_photos.py --steps 50 --looks 2

The photos are drawn at random, and lie in a temporary folder as JPEG: gradients, ellipses and noise, so that no two are
alike. The limit is 4 GB. Measured with the recipe "pictures": 1.50 GB after reading, 2.44 GB after 50 updates and two
evaluations, 2.91 GB after the report; 104 s of processor time.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

import gan_lab
from gan_lab.recipes.choose import own_recipe


def peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB"


def write_photos(folder: Path, count: int, side: int) -> None:
    rng = np.random.default_rng(7)
    across = np.linspace(0, 1, side)
    for number in range(count):
        ends = rng.uniform(0, 255, (4, 3))
        down = np.linspace(ends[0], ends[1], side)[:, None], np.linspace(ends[2], ends[3], side)[:, None]
        pixels = down[0] * (1 - across)[None, :, None] + down[1] * across[None, :, None]
        pixels += rng.normal(0, 8, pixels.shape)
        image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        draw = ImageDraw.Draw(image)
        for _ in range(int(rng.integers(1, 5))):
            x, y, w, h = rng.uniform(0, side, 4)
            draw.ellipse([x, y, x + w / 2 + 2, y + h / 2 + 2], fill=tuple(int(c) for c in rng.integers(0, 256, 3)))
        image.save(folder / f"{number:05}.jpg", quality=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--looks", type=int, default=1, help="evaluations")
    parser.add_argument("--recipe", help="the game's own, if not said")
    parser.add_argument("--batch", type=int, help="of the recipe, if not said")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        write_photos(Path(folder), options.count, options.side)
        print(f"begin: {peak()}", flush=True)
        begin = time.process_time()
        game = gan_lab.games.read_images(folder)
    print(f"read {len(game.rows) + len(game.held_out)} of {game.image_shape}: {peak()}", flush=True)
    run = gan_lab.train(
        game, recipe=options.recipe or own_recipe(game), steps=options.steps, seed=1, looks=options.looks,
        batch_size=options.batch,
        callbacks=[lambda run: print(f"after {run.steps} updates and an evaluation: {peak()}", flush=True)],
    )  # fmt: skip
    print(f"{time.process_time() - begin:.0f} s of processor time")
    run.quality(500)
    print(f"run.quality: {peak()}", flush=True)
    run.report()
    print(f"report: {peak()}")


if __name__ == "__main__":
    main()
