"""The command `gan-lab`: check the lecture's statements, train a game, watch a game, list the games."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gan_lab.cli.atlas import atlas
from gan_lab.cli.bench import bench
from gan_lab.cli.beside_vae import beside_vae
from gan_lab.cli.exit_codes import exit_codes
from gan_lab.cli.sample import sample
from gan_lab.cli.spectrum import spectrum
from gan_lab.cli.train import train
from gan_lab.cli.watch import watch
from gan_lab.errors import whole_number
from gan_lab.launched import is_first
from gridworld_env.ui.versions import version_option

app: typer.Typer = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
)
app.command()(bench)
app.command()(beside_vae)
app.command()(watch)
app.command()(train)
app.command()(atlas)
app.command()(sample)
app.command()(spectrum)
VERSION = version_option("torch", "pettingzoo", "gymnasium", "numpy", "safetensors", "pygame-ce")
out: Console = Console(highlight=False, quiet=not is_first())  # of several processes only the first one speaks

Seed = Annotated[int | None, typer.Option(help="The same seed draws the same random numbers.", show_default=False)]


@app.callback()
def gan_lab(version: Annotated[bool, VERSION] = False) -> None:
    """GAN training as a two-player game, with the exact value beside each learned quantity."""


@app.command()
def verify(seed: Seed = None) -> None:
    """Check each statement of the lecture: print the exact value, the measured value, and pass or fail."""
    from gan_lab.studies.lecture import verify as statements

    failed = 0
    with exit_codes():
        seed = seed if seed is None else whole_number("seed", seed, 0)
    for finding in statements(seed):
        mark = "[green]pass[/green]" if finding.passed else "[red]FAIL[/red]"
        out.print(f"{mark}  [bold]{finding.name}[/bold]: {finding.says}")
        out.print(f"      exact: {finding.exact}; measured: {finding.measured}", markup=False)
        failed += not finding.passed
    out.print("All statements hold." if not failed else f"{failed} statements do not hold.")
    raise typer.Exit(1 if failed else 0)


@app.command()
def games() -> None:
    """List the games and what is known exactly in each."""
    from gan_lab.games import GAMES, make_game

    table = Table("name", "moves", "what is known")
    for name in GAMES:
        game = make_game(name)
        table.add_row(name, "samples and verdicts" if game.of_samples else "whole strategies", game.known())
    out.print(table)


if __name__ == "__main__":
    app()
