"""The command `gan-lab spectrum`: the predicted rate of an update rule near an equilibrium."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from gan_lab.cli.exit_codes import exit_codes
from gan_lab.cli.known_names import LOSSES, PENALTIES, UPDATES

if TYPE_CHECKING:
    from gan_lab.games import Game


def spectrum(
    game: Annotated[str, typer.Argument(help="dirac, bilinear, finite, gaussian")] = "dirac",
    update: Annotated[str, typer.Option(help=UPDATES)] = "alternating",
    rate: Annotated[float, typer.Option(help="Rate of both players.")] = 0.2,
    generator_rate: Annotated[
        float | None, typer.Option(help="Rate of the generator alone.", show_default=False)
    ] = None,
    momentum: Annotated[float, typer.Option(help="Momentum of both players; it may be negative.")] = 0.0,
    loss: Annotated[str, typer.Option(help=LOSSES)] = "minimax",
    penalty: Annotated[str, typer.Option(help=f"{PENALTIES}, none")] = "none",
    penalty_weight: Annotated[float, typer.Option(help="Factor of the penalty.")] = 0.1,
    noise: Annotated[float, typer.Option(help="Variance of Gaussian noise in each component of the gradients.")] = 0.0,
) -> None:
    """Print the eigenvalues of a game of strategies, and predict whether and how fast an update rule converges."""
    from gan_lab.errors import number_of_at_least_0
    from gan_lab.players import ascent
    from gan_lab.updates.spectrum import spectrum as predicted

    of_generator = rate if generator_rate is None else generator_rate
    how: dict[str, Any] = {"rate": rate if generator_rate is None else (of_generator, rate)}
    with exit_codes():
        if momentum:
            how = {"optimizer": (ascent(of_generator, momentum), ascent(rate, momentum))}
        found = predicted(
            _noisy(game, number_of_at_least_0("noise", noise)),
            update, loss=loss, penalty=penalty, penalty_weight=penalty_weight, **how,
        )  # fmt: skip
    Console(highlight=False).print(repr(found), markup=False)


def _noisy(game: str, variance: float) -> "Game":
    """The game, with noise if the variance is above 0."""
    from gan_lab.games import NoisyGame, StrategyGame, make_game

    found = make_game(game)
    return NoisyGame(found, variance) if variance and isinstance(found, StrategyGame) else found
