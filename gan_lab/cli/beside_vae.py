"""The command `gan-lab beside-vae`."""

import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gan_lab.cli.exit_codes import exit_codes


def beside_vae(
    game: Annotated[str, typer.Argument(help="A game of samples: see `gan-lab games`.")] = "ring8",
    steps: Annotated[int, typer.Option(min=1, help="Updates of the VAE, and of the GAN.")] = 1500,
    samples: Annotated[int, typer.Option(min=10, help="Samples of each that are measured.")] = 2000,
    loss: Annotated[str | None, typer.Option(help="The GAN's: {losses}", show_default=False)] = None,
    penalty: Annotated[str | None, typer.Option(help="The GAN's: {penalties}", show_default=False)] = None,
    penalty_weight: Annotated[float | None, typer.Option(help="Times the penalty.", show_default="0.1")] = None,
    recipe: Annotated[
        str | None, typer.Option(help="The GAN's; of pictures their own, else the plain one.", show_default=False)
    ] = None,
    width: Annotated[float | None, typer.Option(help="Standard deviation of a mixture's modes.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same table.")] = 0,
) -> None:
    """Train a VAE and a GAN on the same data: likelihood, blur, missed modes, precision and recall."""
    from gan_lab.games import make_game
    from gan_lab.studies.vae_comparison import beside_vae as compare
    from gan_lab.watch.watchable_games import watched_game

    choices: dict[str, Any] = dict(loss=loss, penalty=penalty, penalty_weight=penalty_weight, recipe=recipe)
    with exit_codes():
        chosen = make_game(game) if width is None else watched_game(game, width=width)
        if recipe is None and getattr(chosen, "image_shape", None) is None:
            choices["recipe"] = "plain"
        found = compare(chosen, steps=steps, samples=samples, seed=seed, progress=sys.stderr.isatty(), **choices)
    table = Table("", *found.columns, title=f"{found.game.name}, {steps} updates each")
    for row in found.table():
        table.add_row(*row)
    Console(highlight=False).print(table)
