"""The command `gan-lab train`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console

from gan_lab.cli.exit_codes import exit_codes, say
from gan_lab.cli.known_names import DEVICES, LOSSES, PENALTIES, RECIPES, UPDATES
from gan_lab.errors import WiringError
from gan_lab.launched import is_first, is_launched, is_restarted
from gridworld_env.ui.files.whole_file import check_place

if TYPE_CHECKING:
    from gan_lab.updates import Update

LARGE: Final = 1024  # numbers of a sample from which on a second thread of PyTorch is worth its waiting

Rate = Annotated[
    str | None, typer.Option(help='Rate of both players: 1e-3, or "cosine(1e-3, 1e-5)".', show_default=False)
]
RateOfG = Annotated[str | None, typer.Option(help="Learning rate of the generator alone.", show_default=False)]
Html = Annotated[Path | None, typer.Option(help="Write a page that replays the run.")]
Data = Annotated[Path | None, typer.Option(help="A folder of images, an .npy file of images or points, or a CSV.")]


def train(
    game: Annotated[str | None, typer.Argument(help="A name from `gan-lab games`; default: ring8.")] = None,
    data: Data = None,
    recipe: Annotated[
        str | None, typer.Option(help=f"Default without the options below: the game's own. {RECIPES}")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Number of updates; schedules are fitted to it.")] = None,
    update: Annotated[str | None, typer.Option(help=UPDATES)] = None,
    discriminator_steps: Annotated[int | None, typer.Option(min=1, help="k of Algorithm 1.")] = None,
    loss: Annotated[str | None, typer.Option(help=LOSSES, show_default=False)] = None,
    penalty: Annotated[str | None, typer.Option(help=f"{PENALTIES}, none", show_default=False)] = None,
    penalty_weight: Annotated[str | None, typer.Option(help='Factor of the penalty: 1, or "linear(1, 0.1)".')] = None,
    rate: Rate = None,
    generator_rate: RateOfG = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Number of samples in a turn.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed and number of threads give the same run.")] = 0,
    checkpoint: Annotated[Path | None, typer.Option(help="File to write after each evaluation.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Continue from a checkpoint.")] = None,
    device: Annotated[str, typer.Option(help=f"Device of networks and samples: {DEVICES}.")] = "cpu",
    shares: Annotated[int | None, typer.Option(help="Number of parts of a batch.", show_default=False)] = None,
    grid: Annotated[
        Path | None, typer.Option(help="Write a PNG of samples during training, if they are pictures.")
    ] = None,
    html: Html = None,
    gif: Annotated[Path | None, typer.Option(help="Write the replay as an animation.")] = None,
) -> None:
    """Train a game, and report in words whether it has converged and whether modes are missing.

    Several processes share each batch: torchrun --nproc-per-node=2 -m gan_lab train ...
    """
    choices: dict[str, Any] = dict(
        recipe=recipe, steps=steps, loss=loss, penalty=penalty, penalty_weight=penalty_weight, rate=rate,
        generator_rate=generator_rate, batch_size=batch_size, seed=seed, checkpoint=checkpoint, resume=resume,
        device=device, shares=shares,
    )  # fmt: skip
    _train(game, data, update, discriminator_steps, grid, html, gif, choices)


def _train(
    game: str | None,
    data: Path | None,
    update: str | None,
    discriminator_steps: int | None,
    grid: Path | None,
    html: Path | None,
    gif: Path | None,
    choices: dict[str, Any],
) -> None:
    """Train, and print the report."""
    from gan_lab.replays.recording import recorded
    from gan_lab.training.loop import train as train_game
    from gan_lab.training.sample_grid import SampleGrid

    with exit_codes(OSError, ValueError), recorded(html, gif, say) as recording:
        found = recording.suits(_chosen(game, data))
        run = train_game(
            found if grid is None else _of_pictures(found, grid),
            update=_rule(update, discriminator_steps),
            looks=recording.looks,
            callbacks=[*recording.callbacks, *([] if grid is None else [SampleGrid(grid)])],
            progress=True,
            distributed=is_launched(),
            threads=_threads(found),
            **_restarted(choices),
        )
    out = Console(highlight=False, quiet=not is_first())  # of several processes only the first one speaks
    out.print(run.report(), markup=False)


def _restarted(choices: dict[str, Any]) -> dict[str, Any]:
    """The same choices; if torchrun or Slurm restarts the run, it resumes from its own checkpoint."""
    written = choices["checkpoint"]
    if is_restarted() and written is not None and written.is_file():
        return {**choices, "resume": written}
    return choices


def _threads(game: Any) -> int | None:
    """One where samples are small: two threads would wait for one another longer than they compute.

    None, the number that PyTorch chooses, for pictures of 32 x 32 and more, and where the user has chosen.
    """
    from gan_lab.games import make_game

    found: Any = make_game(game)
    small = not found.of_samples or found.dimension < LARGE
    return 1 if small and "OMP_NUM_THREADS" not in os.environ else None


def _chosen(game: str | None, data: Path | None) -> Any:
    if data is None:
        return game or "ring8"
    if game is not None:
        raise WiringError(f"train either a game or --data, not both: {game!r} and {data}")
    from gan_lab.games import read_data

    return read_data(data)


def _of_pictures(game: Any, grid: Path) -> Any:
    """The game; refuses a game whose samples cannot be written as this picture."""
    from gan_lab.games import make_game

    check_place(grid, ".png")
    found: Any = make_game(game)
    if not found.of_samples or found.image_shape is None:
        raise WiringError(f"--grid writes pictures, but samples of {found.name!r} are not pictures: leave it out")
    return found


def _rule(update: str | None, discriminator_steps: int | None) -> "str | Update | None":
    if discriminator_steps is None:
        return update
    from gan_lab.updates import find_update

    return find_update(update or "alternating", discriminator_steps=discriminator_steps)
