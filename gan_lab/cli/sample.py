"""The command `gan-lab sample`: write samples of the generator of a checkpoint."""

from pathlib import Path
from typing import Annotated

import typer

from gan_lab.cli.exit_codes import exit_codes, say


def sample(
    checkpoint: Annotated[Path, typer.Argument(help="A file that `gan-lab train --checkpoint` wrote.")],
    count: Annotated[int, typer.Option(min=1, help="Number of samples.")] = 1000,
    out: Annotated[Path, typer.Option(help="An .npy or .csv file; or a .png file for pictures.")] = Path("samples.npy"),
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same samples.")] = 0,
    averaged: Annotated[bool, typer.Option(help="Use the average of the generator's parameters.")] = False,
) -> None:
    """Write samples of a trained generator."""
    from gan_lab.training.exports import write_samples
    from gan_lab.training.loop import load

    with exit_codes(OSError):
        run = load(checkpoint)
        file = write_samples(run, count, out, seed=seed, averaged=averaged)
    say(f"{count} samples of {run.game.name} after {run.steps} updates: {file}", style="")
