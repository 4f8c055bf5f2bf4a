"""From a game and a recipe to a table at which two players sit, and what a checkpoint of it has to agree on."""

from typing import Any

from gan_lab.alternating_env import AlternatingEnv
from gan_lab.course import Course
from gan_lab.default_players import default_players
from gan_lab.games import Game, SampleGame
from gan_lab.games.fingerprint import fingerprint
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR
from gan_lab.players import Player
from gan_lab.recipe import Recipe
from gan_lab.table import Table
from gan_lab.updates import Update, find_update


def set_up(
    game: Game, recipe: Recipe, discriminator: Player | None, generator: Player | None, steps: int, seed: int
) -> tuple[Table, Update, Course]:
    """The table, the rule by which its players learn, and the course that the run takes.

    Raises:
        WiringError: Something does not fit.
    """
    rule = find_update(recipe.update)
    first, second = default_players(game, recipe)
    players = {DISCRIMINATOR: discriminator, GENERATOR: generator}
    made = tuple(name for name, player in players.items() if player is None and isinstance(game, SampleGame))
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
    env.reset(seed=seed)
    table = Table(env, discriminator or first, generator or second)
    rule.check(table)
    rule.restore({})  # a rule may have been at another table before
    return table, rule, Course(recipe, table, steps, made)


def settings_of(table: Table, rule: Update, recipe: Recipe, steps: int, seed: int) -> dict[str, Any]:
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
