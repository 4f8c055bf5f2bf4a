"""The command `gan-lab`: check the lecture's statements, train a game, watch one, list them."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperCommand

from gan_lab.cli.atlas import atlas
from gan_lab.cli.bench import bench
from gan_lab.cli.beside_vae import beside_vae
from gan_lab.cli.exit_codes import exit_codes, say
from gan_lab.cli.watch import watch
from gan_lab.errors import WiringError, whole_number
from gan_lab.launched import is_first, is_launched
from gridworld_env.ui.listing import listing
from gridworld_env.ui.versions import version_option

if TYPE_CHECKING:
    from gan_lab.updates import Update


def names() -> dict[str, Iterable[str]]:
    """What the help of the options names."""
    from gan_lab.payoffs.losses import LOSSES
    from gan_lab.payoffs.penalties import PENALTIES
    from gan_lab.recipes.choose import RECIPES
    from gan_lab.training.device import DEVICES
    from gan_lab.updates import UPDATES
    from gan_lab.watch.watchable_games import WATCHED

    return {
        "losses": LOSSES, "penalties": PENALTIES, "recipes": RECIPES, "devices": DEVICES, "updates": UPDATES,
        "watched": WATCHED,
    }  # fmt: skip


app: typer.Typer = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
)
Listing: type[TyperCommand] = listing(names)
app.command()(bench)
app.command(cls=Listing)(beside_vae)
app.command(cls=Listing)(watch)
app.command()(atlas)
VERSION = version_option("torch", "pettingzoo", "gymnasium", "numpy", "safetensors", "pygame-ce")
out: Console = Console(highlight=False, quiet=not is_first())  # of several processes only the first one speaks

Seed = Annotated[int | None, typer.Option(help="Draws the same numbers again.", show_default=False)]


@app.callback()
def gan_lab(version: Annotated[bool, VERSION] = False) -> None:
    """GAN training as a two-player game, each learned quantity beside its exact value."""


@app.command()
def verify(seed: Seed = None) -> None:
    """Measure each statement of the lecture: what is exact, what is found, pass or fail."""
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


@app.command(cls=Listing)
def train(
    game: Annotated[str | None, typer.Argument(help="See `gan-lab games`; ring8 if not said.")] = None,
    data: Annotated[Path | None, typer.Option(help="Images instead of a game: a folder, or an .npy file.")] = None,
    recipe: Annotated[str | None, typer.Option(help="Where nothing below is chosen: the game's own. {recipes}")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Updates; schedules are squeezed into them.")] = None,
    update: Annotated[str | None, typer.Option(help="{updates}")] = None,
    discriminator_steps: Annotated[int | None, typer.Option(min=1, help="k of Algorithm 1.")] = None,
    loss: Annotated[str | None, typer.Option(help="{losses}", show_default=False)] = None,
    penalty: Annotated[str | None, typer.Option(help="{penalties}, none", show_default=False)] = None,
    penalty_weight: Annotated[float | None, typer.Option(help="Times the penalty.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Samples of a turn.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same run, with as many threads.")] = 0,
    checkpoint: Annotated[Path | None, typer.Option(help="Write what there is after each evaluation.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on from a checkpoint.")] = None,
    device: Annotated[str, typer.Option(help="Where networks and samples live: {devices}.")] = "cpu",
    shares: Annotated[int | None, typer.Option(help="Parts in which a batch is played.", show_default=False)] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page that replays the run.")] = None,
    gif: Annotated[Path | None, typer.Option(help="Write the same as an animation.")] = None,
) -> None:
    """Train a game, and say in words whether it has converged and whether modes are missing.

    Several processes share each batch: torchrun --nproc-per-node=2 -m gan_lab train ...
    """
    from gan_lab.replays.recording import recorded
    from gan_lab.training.loop import train as train_game

    choices: dict[str, Any] = dict(loss=loss, penalty=penalty, penalty_weight=penalty_weight, batch_size=batch_size)
    place: dict[str, Any] = dict(device=device, distributed=is_launched(), shares=shares)
    with exit_codes(OSError, ValueError), recorded(html, gif, say) as recording:
        run = train_game(
            recording.suits(_chosen(game, data)),
            recipe=recipe,
            update=_rule(update, discriminator_steps),
            **choices,
            steps=steps,
            seed=seed,
            looks=recording.looks,
            callbacks=recording.callbacks,
            progress=sys.stderr.isatty(),
            checkpoint=checkpoint,
            resume=resume,
            **place,
        )
    out.print(run.report(), markup=False)


@app.command()
def games() -> None:
    """List the games, and what is exact in each."""
    from gan_lab.games import GAMES, make_game

    table = Table("name", "moves", "what is known")
    for name in GAMES:
        game = make_game(name)
        table.add_row(name, "samples and verdicts" if game.of_samples else "whole strategies", game.known())
    out.print(table)


def _chosen(game: str | None, data: Path | None) -> Any:
    if data is None:
        return game or "ring8"
    if game is not None:
        raise WiringError(f"train either a game or --data, not both: {game!r} and {data}")
    from gan_lab.games import read_images

    return read_images(data)


def _rule(update: str | None, discriminator_steps: int | None) -> "str | Update | None":
    if discriminator_steps is None:
        return update
    from gan_lab.updates import find_update

    return find_update(update or "alternating", discriminator_steps=discriminator_steps)


if __name__ == "__main__":
    app()
