"""From a game and a recipe to a table at which two players sit, and what a checkpoint of it has to agree on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.environments.sample_state import SampleState
from gan_lab.errors import WiringError, whole_number
from gan_lab.games import Game, SampleGame
from gan_lab.games.fingerprint import fingerprint
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR
from gan_lab.players import Player
from gan_lab.recipes.choose import default_players
from gan_lab.recipes.recipe import Recipe
from gan_lab.training import checkpoint as checkpoints
from gan_lab.training.annealing import Annealing
from gan_lab.training.ranks import Ranks
from gan_lab.training.shared_pair import SharedPair
from gan_lab.updates import UPDATES, Update, find_update
from gan_lab.updates.player_pair import PlayerPair


@dataclass(frozen=True)
class Place:
    """Where a run is played.

    Attributes:
        device: Where networks and samples live.
        ranks: The processes that play it.
        shares: Parts of a batch, a multiple of the number of processes.
    """

    device: torch.device
    ranks: Ranks
    shares: int

    def rows(self, batch_size: int) -> Sequence[slice]:
        """The rows of a batch in each share of this process."""
        ends = [batch_size * number // self.shares for number in range(self.shares + 1)]
        here = self.shares // self.ranks.count
        first = self.ranks.rank * here
        return [slice(*ends[number : number + 2]) for number in range(first, first + here)]


ALONE = Place(torch.device("cpu"), Ranks(), 1)


def assemble(
    game: Game,
    recipe: Recipe,
    discriminator: Player | None,
    generator: Player | None,
    steps: int,
    seed: int,
    place: Place = ALONE,
) -> tuple[PlayerPair, Update, Annealing]:
    """The table, the rule by which its players learn, and the course that the run takes.

    Raises:
        WiringError: Something does not fit.
    """
    rule = find_update(recipe.update)
    _check_place(game, recipe, rule, place)
    first, second = default_players(game, recipe)
    players = {DISCRIMINATOR: discriminator, GENERATOR: generator}
    made = tuple(name for name, player in players.items() if player is None and isinstance(game, SampleGame))
    seats = discriminator or first, generator or second
    for player in seats:
        if isinstance(player, Player) and player.device != place.device:  # the table refuses what is no player
            player.settle(place.device)
    if place.shares == 1:
        table = PlayerPair(_begun(game, recipe, rule, seed, place, slice(None)), *seats)
    else:
        envs = [_begun(game, recipe, rule, seed, place, rows) for rows in place.rows(recipe.batch_size)]
        table = SharedPair(envs, *seats, place.ranks)
    rule.check(table)
    rule.restore({})  # a rule may have been at another table before
    return table, rule, Annealing(recipe, table, steps, made)


def _begun(game: Game, recipe: Recipe, rule: Update, seed: int, place: Place, rows: slice) -> AlternatingEnv:
    """The game, or a share of it, at its first turn."""
    env = AlternatingEnv(
        game,
        rule.discriminator_steps,
        loss=recipe.loss,
        penalty=recipe.penalty,
        penalty_weight=recipe.penalty_weight.start,
        batch_size=recipe.batch_size,
        max_cycles=None,
        tensors=True,
    )
    env.board.joint = rule.joint or not isinstance(game, SampleGame)
    if isinstance(env.board, SampleState):
        env.board.rows, env.board.device = rows, place.device
    env.reset(seed=seed)
    return env


def _check_place(game: Game, recipe: Recipe, rule: Update, place: Place) -> None:
    """Refuse what cannot be shared, and games that have nothing to put on a device."""
    if not isinstance(game, SampleGame) and (place.shares > 1 or place.device.type != "cpu"):
        raise WiringError(
            f"the game {game.name!r} is one of strategies, a few numbers each: there is no batch to share, and nothing "
            "to gain from a GPU. Train it in one process, on device 'cpu'"
        )
    if place.shares > recipe.batch_size:
        raise WiringError(
            f"batch_size is {recipe.batch_size!r}, in {place.shares} shares: each needs a sample; take a larger batch"
        )
    if place.shares > 1 and not rule.shareable:
        others = ", ".join(repr(name) for name, kind in UPDATES.items() if kind.shareable)
        raise WiringError(
            f"the update {rule.name!r} needs the whole batch: it does not say `shareable = True`, as rules may that "
            f"move by means over samples alone. Train in one process and one share, or take one of {others}"
        )


def shares_of(shares: Any, ranks: Ranks, resume: Any) -> int:
    """In how many parts a batch is played: what was asked for, or as before a resumption, or one for each process.

    Raises:
        WiringError: No multiple of the number of processes.
    """
    if shares is None:
        before = 1 if resume is None else checkpoints.shares_of(resume)
        return before if before % ranks.count == 0 else ranks.count
    found = whole_number("shares", shares, 1)
    if found % ranks.count:
        raise WiringError(f"shares is {found} for {ranks.count} processes; expected a multiple of their number")
    return found


def settings_of(table: PlayerPair, rule: Update, recipe: Recipe, steps: int, seed: int) -> dict[str, Any]:
    """What a checkpoint has to agree on, as text and numbers."""
    board = table.env.board
    found = {
        "game": board.game.name,
        "numbers of the game": fingerprint(board.game),
        "update": rule.name,
        **{f"{key} of the update": value for key, value in vars(rule).items() if isinstance(value, int | float)},
        **{f"optimizer of {agent}": type(player.optimizer).__name__ for agent, player in board.seated.items()},
        "discriminator_steps": rule.discriminator_steps,
        "loss": table.env.metadata["loss"],
        "penalty": str(recipe.penalty),
        "penalty_weight": str(recipe.penalty_weight),
        "generator_rate": str(recipe.generator_rate),
        **{f"rate of the {part}": str(rate) for part, rate in recipe.part_rates.items()},
        "discriminator_rate": str(recipe.discriminator_rate),
        "averaging": recipe.averaging,
        "batch_size": board.batch_size,
        "seed": seed,
    }
    return found | ({"steps": steps} if recipe.changes else {})
