"""From a game and a recipe to a run that can be played, and what a checkpoint of it has to agree on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.errors import WiringError, shown, whole_number
from gan_lab.games.game import DISCRIMINATOR, GENERATOR, Game, GameState
from gan_lab.payoffs.losses import Loss, find_loss
from gan_lab.payoffs.penalties import find_penalty
from gan_lab.players import Player
from gan_lab.recipes.recipe import Recipe
from gan_lab.training import checkpoint as checkpoints
from gan_lab.training.kept_values import LEFT_OUT, described, described_optimizer, rules_in
from gan_lab.training.ranks import Ranks
from gan_lab.training.run import Run
from gan_lab.training.settings import Settings, network_in_words, versions_here
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


@dataclass(frozen=True)
class MovingAverage:
    """average <- decay average + (1 - decay) parameters; unlike PyTorch's own function it can be pickled.

    Attributes:
        decay: At least 0 and below 1.
    """

    decay: float

    def __call__(self, averages: Any, parameters: Any, count: Any) -> None:
        """Update the averages in place."""
        get_ema_multi_avg_fn(self.decay)(averages, parameters, count)


class Annealing:
    """What changes from update to update of a run: rates, the weight of the penalty, and the average of the generator.

    A rate that a callback changes stays changed: the schedule goes on, times the same factor.

    Args:
        recipe: With the schedules.
        pair: The players, and their game.
        annealed: The players whose rates the recipe sets.

    Attributes:
        average: Follows the generator, average <- decay average + (1 - decay) parameters; None where the recipe keeps
            none. Source: Yazici et al. 2019, section 3.
    """

    def __init__(self, recipe: Recipe, pair: PlayerPair, annealed: Sequence[str]) -> None:
        """Keep the quantities that change."""
        rates = {DISCRIMINATOR: recipe.discriminator_rate, GENERATOR: recipe.generator_rate}
        self._rates = [(rates.get(name, recipe.generator_rate), pair.players[name]) for name in annealed]
        self._part_rates = recipe.part_rates
        self._weight = None if recipe.penalty_weight.constant else recipe.penalty_weight
        self._states, self._generator = [env.game_state for env in pair.envs], pair.generator
        self._steps = max(recipe.steps, 1)
        self.average: AveragedModel | None = None
        if recipe.averaging is not None:
            self.average = AveragedModel(pair.generator, multi_avg_fn=MovingAverage(recipe.averaging))

    def before(self, step: int) -> None:
        """Set what the next update learns by, after so many updates."""
        share = step / self._steps
        for rate, player in self._rates:
            for group in player.optimizer.param_groups:
                planned = self._part_rates.get(group.get("part", ""), rate).at(share)
                if (last := group.get("planned")) and group["lr"] != last:  # somebody else changed it, and it stays so
                    group["factor"] = group.get("factor", 1.0) * group["lr"] / last
                group["lr"] = group["planned"] = planned * group.get("factor", 1.0)
        if self._weight is not None:
            for state in self._states:
                state.penalty_weight = self._weight.at(share)

    def after(self) -> None:
        """Let the average follow the update."""
        if self.average is not None:
            self.average.update_parameters(self._generator)


@dataclass(frozen=True)
class Assembly:
    """A run that can be played.

    Attributes:
        run: What there is of it so far.
        pair: The players, and the game that they play.
        rule: The rule by which they learn.
        annealing: What changes from update to update.
        place: Where it is played.
    """

    run: Run
    pair: PlayerPair
    rule: Update
    annealing: Annealing
    place: Place

    def play_update(self) -> None:
        """Let both players learn once.

        Raises:
            DivergedError: A payoff is not finite.
        """
        self.annealing.before(self.run.steps)
        self.rule.step(self.pair)
        self.annealing.after()
        self.run.steps += 1


def assemble(
    game: Game,
    recipe: Recipe,
    discriminator: Player | None,
    generator: Player | None,
    seed: int,
    place: Place = ALONE,
    annealed: Sequence[str] | None = None,
    others: Sequence[Player] = (),
) -> Assembly:
    """Find what the recipe names, make the players that are not given, and let the game begin.

    Args:
        game: The game.
        recipe: What else is needed.
        discriminator: Plays `discriminator_0`; None: the recipe's, or the default of the game.
        generator: Plays `generator_0`; None: the recipe's, or the default of the game.
        seed: Of the game.
        place: Where it is played.
        annealed: The players whose rates the recipe sets; None: those that it makes.
        others: Play the further seats of the loss or of the game; of a game of strategies, by default its own players.

    Raises:
        WiringError: Something does not fit.
    """
    rule, loss, penalty = find_update(recipe.update), find_loss(recipe.loss), find_penalty(recipe.penalty)
    _check_place(game, recipe, rule, place)
    first, second, *rest = game.default_players(recipe)
    if annealed is None:
        made = [name for name, given in ((DISCRIMINATOR, discriminator), (GENERATOR, generator)) if given is None]
        annealed = _annealed(game, recipe, made + [player.name for player in rest if not others])
    players = (first if discriminator is None else discriminator), (second if generator is None else generator)
    if not isinstance(others, Sequence):
        raise WiringError(f"others is {shown(others)}; expected a list of players")
    others = in_order(others if len(others) else rest, game, loss)
    for player in (*players, *others):
        if isinstance(player, Player) and player.device != place.device:  # the pair refuses what is no player
            player.settle(place.device)
    shares = place.rows(recipe.batch_size)
    envs = [
        _begun(game.state(loss, penalty, recipe.penalty_weight.start, recipe.batch_size), rule, seed, place, rows)
        for rows in shares
    ]
    alone = place.shares == 1
    pair = PlayerPair(envs[0], *players, others) if alone else SharedPair(envs, *players, place.ranks, others)
    rule.check(pair)
    for each in rules_in(rule).values():
        each.restore({})  # a rule may have been of another pair before
    annealing = Annealing(recipe, pair, annealed)
    facts = _facts(pair, rule, recipe, seed, annealed)
    run = Run(game, *players, Settings({}, facts), average=annealing.average, loss=loss, penalty=penalty, recipe=recipe)
    run.rule = rule
    run.others = {player.name: player for player in others}
    run.began_at_random = generator is None and game.of_samples
    return Assembly(run, pair, rule, annealing, place)


def _annealed(game: Game, recipe: Recipe, made: Sequence[str]) -> list[str]:
    """Of the players that are made here, those whose rates the recipe sets: of strategies, where it changes them."""
    rates = {DISCRIMINATOR: recipe.discriminator_rate}
    return [name for name in made if game.of_samples or not rates.get(name, recipe.generator_rate).constant]


def _begun(state: GameState, rule: Update, seed: int, place: Place, rows: slice) -> AlternatingEnv:
    """The game, or a share of it, at its first turn."""
    state.joint, state.rows, state.device = state.joint or rule.joint, rows, place.device
    env = AlternatingEnv.of_state(state, rule.discriminator_steps)
    env.reset(seed=seed)
    return env


def _check_place(game: Game, recipe: Recipe, rule: Update, place: Place) -> None:
    """Refuse what cannot be shared, and games that have nothing to put on a device."""
    if not game.of_samples and (place.shares > 1 or place.device.type != "cpu"):
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


def in_order(others: Sequence[Player], game: Game, loss: Loss) -> list[Player]:
    """The further players in the order in which they move; refuses those who have no payoff, and payoffs of nobody."""
    if not isinstance(others, list | tuple) or not all(isinstance(player, Player) for player in others):
        raise WiringError(f"others is {others!r}; expected a list of players, such as [gan_lab.Seat(name, network)]")
    expected, found = game.further_agents(loss), {player.name: player for player in others}
    if sorted(player.name for player in others) != sorted(expected):
        there, wanted = (", ".join(names) or "nobody" for names in ([player.name for player in others], expected))
        of, kind = (f"loss {loss.name!r}", "Seat(name, network)") if game.of_samples else (
            f"game {game.name!r}", "Strategist(name, strategy)")  # fmt: skip
        raise WiringError(
            f"others is {there}; the {of} has payoffs for {wanted} beside discriminator and generator: "
            f"give one gan_lab.{kind} for each"
        )
    return [found[name] for name in expected]


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


def _facts(pair: PlayerPair, rule: Update, recipe: Recipe, seed: int, annealed: Sequence[str]) -> dict[str, Any]:
    """What is played, as plain data, on which a checkpoint has to agree."""
    state = pair.env.game_state
    found: dict[str, Any] = {
        "game": state.game.name,
        "numbers of the game": state.game.fingerprint(),
        "update": rule.name,
        **{f"{key} of the update": described(value) for key, value in vars(rule).items() if value is not None},
        **{f"optimizer of {agent}": described_optimizer(player.optimizer) for agent, player in pair.players.items()},
        **{f"network of {agent}": network_in_words(player) for agent, player in pair.players.items()},
        "discriminator_steps": rule.discriminator_steps,
        "loss": state.loss.name,
        "penalty": "None" if state.penalty is None else state.penalty.name,
    }
    if state.penalty is not None:
        found["penalty_weight"] = str(recipe.penalty_weight)
    if GENERATOR in annealed:
        found["generator_rate"] = str(recipe.generator_rate)
        found |= {f"rate of the {part}": str(rate) for part, rate in recipe.part_rates.items()}
    if DISCRIMINATOR in annealed:
        found["discriminator_rate"] = str(recipe.discriminator_rate)
    found |= {"averaging": recipe.averaging, "batch_size": state.batch_size, "seed": seed}
    found["versions"] = versions_here()
    return {key: value for key, value in found.items() if value is not LEFT_OUT} | (
        {"steps": recipe.steps} if recipe.changes else {}
    )
