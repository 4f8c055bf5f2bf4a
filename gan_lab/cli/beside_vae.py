"""The command `gan-lab beside-vae`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gan_lab.cli.exit_codes import exit_codes
from gan_lab.cli.known_names import LOSSES, PENALTIES


def beside_vae(
    game: Annotated[str, typer.Argument(help="A game of samples: see `gan-lab games`.")] = "ring8",
    steps: Annotated[int, typer.Option(min=1, help="Number of updates of the VAE and of the GAN.")] = 1500,
    vae_steps: Annotated[int | None, typer.Option(min=1, help="Those of the VAE alone.", show_default=False)] = None,
    samples: Annotated[int, typer.Option(min=10, help="Number of measured samples of each model.")] = 2000,
    loss: Annotated[str | None, typer.Option(help=f"Loss of the GAN: {LOSSES}", show_default=False)] = None,
    penalty: Annotated[str | None, typer.Option(help=f"Penalty of the GAN: {PENALTIES}", show_default=False)] = None,
    penalty_weight: Annotated[float | None, typer.Option(help="Factor of the penalty.", show_default="0.1")] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Recipe of the GAN; default: pictures' own, else plain.", show_default=False)
    ] = None,
    width: Annotated[float | None, typer.Option(help="Standard deviation of a mixture's modes.")] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Checkpoint from which the GAN continues.", show_default=False)
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Write a PNG of the samples, if they are pictures.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same table.")] = 0,
) -> None:
    """Train a VAE and a GAN on the same data; compare likelihood, blur, missed modes, precision and recall."""
    from gan_lab.games import make_game
    from gan_lab.studies.vae_comparison import beside_vae as compare
    from gan_lab.watch.watchable_games import watched_game

    choices: dict[str, Any] = dict(loss=loss, penalty=penalty, penalty_weight=penalty_weight, recipe=recipe)
    choices |= dict(resume=resume, vae_steps=vae_steps, samples=samples, progress=sys.stderr.isatty())
    with exit_codes(OSError):
        chosen = make_game(game) if width is None else watched_game(game, width=width)
        if recipe is None and getattr(chosen, "image_shape", None) is None:
            choices["recipe"] = "plain"
        found = compare(chosen, steps=steps, seed=seed, **choices)
        if picture is not None:
            found.grid(picture)
    updates = f"{found.gan.steps} updates of the GAN, {found.vae.steps} of the VAE"
    table = Table("", *found.columns, title=f"{found.game.name}, {updates}")
    for row in found.table():
        table.add_row(*row)
    Console(highlight=False).print(table)
