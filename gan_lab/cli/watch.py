"""The command `gan-lab watch`: show a game in a window while it is played."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from gan_lab.cli.exit_codes import exit_codes
from gan_lab.cli.known_names import LOSSES, PENALTIES, RECIPES, UPDATES, WATCHED

out: Console = Console(highlight=False)


def watch(
    game: Annotated[str, typer.Argument(help=WATCHED)] = "ring8",
    recipe: Annotated[
        str | None, typer.Option(help=f"Default without the options below: the game's own. {RECIPES}")
    ] = None,
    update: Annotated[str | None, typer.Option(help=UPDATES)] = None,
    loss: Annotated[str | None, typer.Option(help=LOSSES, show_default=False)] = None,
    penalty: Annotated[str | None, typer.Option(help=f"{PENALTIES}, none", show_default=False)] = None,
    penalty_weight: Annotated[float | None, typer.Option(help="Factor of the penalty.")] = None,
    width: Annotated[float | None, typer.Option(help="Standard deviation of a mixture's modes.")] = None,
    noise: Annotated[int | None, typer.Option(min=1, help="Length of a noise vector.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same players.")] = 0,
    beside: Annotated[
        str | None,
        typer.Option(help="Show a second run beside the first, of the same seed: what is different in it."),
    ] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Start paused; the space bar starts the run.")] = False,
    scale: Annotated[float, typer.Option(min=0.5, max=4, help="Size of everything, for dense screens.")] = 1.0,
    html: Annotated[Path | None, typer.Option(help="Write dirac or bilinear as a page, and open no window.")] = None,
) -> None:
    """Open a window: watch a GAN learn step by step beside the exact truth, and change its rules meanwhile.

    To see modes go missing: gan-lab watch ring8 --recipe plain --width 0.05 --noise 2

    Two losses side by side: gan-lab watch two_modes --beside loss=wasserstein
    """
    from gridworld_env.ui.widgets.display import has_display

    with exit_codes(ValueError, OSError, ImportError):
        if html is not None:
            only_a_window = {
                "recipe": recipe, "width": width, "noise": noise, "seed": seed, "beside": beside, "scale": scale != 1.0,
            }  # fmt: skip
            _write(html, game, only_a_window, update=update, loss=loss, penalty=penalty, penalty_weight=penalty_weight)
            return
        if not has_display():
            raise ValueError(
                "there is no display here for a window; `gan-lab train` needs none, and `gan-lab watch dirac --html "
                "FILE` writes a page for a browser"
            )
        _show(
            game, recipe, seed, paused, scale, beside, width=width, noise=noise, update=update, loss=loss,
            penalty=penalty, penalty_weight=penalty_weight,
        )  # fmt: skip


def _write(html: Path, game: str, only_a_window: Mapping[str, object], **rules: Any) -> None:
    from gan_lab.watch.page.write import write_game
    from gridworld_env.ui.pages.page import size_text

    for option, value in only_a_window.items():
        if value:
            raise ValueError(f"--{option} is only for the window; leave it out, or leave out --html")
    size = write_game(html, game, **rules)
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        f"wrote {html}, {size_text(size)}: open it in a browser", markup=False
    )


def _show(
    game: str,
    recipe: str | None,
    seed: int,
    paused: bool,
    scale: float,
    beside: str | None,
    **options: str | float | int | None,
) -> None:
    """Show the window until it is closed, or until Ctrl-C in the terminal; then print the report of the run."""
    import torch

    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # a library has no business printing
    try:
        from gan_lab.watch.launch import differences, open_watch, opening
    except ImportError as error:
        raise ImportError("a window needs pygame-ce, which is not installed here: pip install pygame-ce") from error
    # Networks as small as these are slowed down by threads, which would also take the processor from the window.
    torch.set_num_threads(1)
    session = opening(game, recipe, seed, None if beside is None else differences(beside), **options)
    window = open_watch(session, scale=scale)
    if not paused:
        session.toggle_run()
    try:
        window.run()
    except KeyboardInterrupt:
        pass
    finally:
        window.close()
    for number, side in enumerate(session.sides):
        out.print(f"{session.name_of(number)}{side.live_run.report()}", markup=False)
