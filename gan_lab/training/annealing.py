"""What changes from update to update of a run: rates, the weight of the penalty, and the average of the generator."""

from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR
from gan_lab.recipes.recipe import Recipe
from gan_lab.updates.player_pair import PlayerPair


class Annealing:
    """The schedules of a recipe at a table.

    Args:
        recipe: With the schedules.
        table: Where they apply.
        steps: Updates of the whole run.
        annealed: The players whose rates the recipe sets: those that it made.

    Attributes:
        average: Follows the generator, average <- decay average + (1 - decay) parameters; None where the recipe keeps
            none. Source: Yazici et al. 2019, section 3.
    """

    def __init__(self, recipe: Recipe, table: PlayerPair, steps: int, annealed: tuple[str, ...]) -> None:
        """Note what changes."""
        rates = {DISCRIMINATOR: recipe.discriminator_rate, GENERATOR: recipe.generator_rate}
        self._rates = [(rates[name], table.players[name]) for name in annealed]
        self._part_rates = recipe.part_rates
        self._weight = None if recipe.penalty_weight.constant else recipe.penalty_weight
        self._boards, self._generator = [env.board for env in table.envs], table.generator
        self._steps = max(steps, 1)
        self.average = None
        if recipe.averaging is not None:
            self.average = AveragedModel(table.generator, multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging))

    def before(self, step: int) -> None:
        """Set what the next update learns by, after so many updates."""
        share = step / self._steps
        for rate, player in self._rates:
            for group in player.optimizer.param_groups:
                group["lr"] = self._part_rates.get(group.get("part", ""), rate).at(share)
        if self._weight is not None:
            for board in self._boards:
                board.penalty_weight = self._weight.at(share)

    def after(self) -> None:
        """Let the average follow the update."""
        if self.average is not None:
            self.average.update_parameters(self._generator)
