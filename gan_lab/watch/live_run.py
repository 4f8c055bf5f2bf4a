"""A game under way: an update or one player's move at a time, and its rules may be changed between two of them."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.errors import DivergedError, NonFiniteMoveError, WiringError, number_of_at_least_0
from gan_lab.games import Game, SampleGame, make_game
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR
from gan_lab.players import Player
from gan_lab.random_numbers import RunNumbers
from gan_lab.recipes.choose import choose_recipe
from gan_lab.recipes.recipe import Recipe
from gan_lab.recipes.schedule import Schedule
from gan_lab.training import checkpoint
from gan_lab.training.assembly import Assembly, assemble
from gan_lab.training.loop import explained
from gan_lab.training.run import Run, Status
from gan_lab.training.settings import Settings, settings_of
from gan_lab.updates import Update
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.watch.networks import Network, network_of

MOST_PLACES = 20_000  # of the trajectory that is kept
ROLES = {"discriminator": DISCRIMINATOR, "generator": GENERATOR}


class LiveRun:
    """A training run that is played by hand.

    Updates are those of `gan_lab.train`, number by number, as long as nothing is changed.

    Args:
        game: The game.
        recipe: Name of a recipe, or the recipe; None: as `train` chooses.
        seed: Of the players and the game.
        changes: What else `train` takes: loss, update, penalty, penalty_weight, batch_size, steps.

    Attributes:
        assembly: The run, its players, and the rule by which they learn now.
        recipe: As it is now; what was changed by hand is constant in it.
        trajectory: Both strategies after each move, in a game of strategies.
        diverged: Why no further update can be played; empty while it can.

    Raises:
        WiringError: Something does not fit.

    >>> live_run = LiveRun("dirac", seed=1)
    >>> live_run.update()
    >>> live_run.run.steps
    1
    """

    seed: int
    asked: str | Recipe | None
    asked_changes: dict[str, Any]

    def __init__(self, game: Any, recipe: "str | Recipe | None" = None, seed: int = 0, **changes: Any) -> None:
        """Make new players."""
        found = make_game(game)
        self.seed, self.asked, self.asked_changes = seed, recipe, changes
        self.recipe: Recipe = choose_recipe(found, recipe, players=False, changes=changes)
        if self.recipe.packing > 1:
            raise WiringError(
                f"in this recipe D judges packs of {self.recipe.packing} samples, so that D(x) of one sample is not "
                "known: the window cannot show it. gan-lab train plays it"
            )
        found = found.as_played(1, self.recipe.noise_size) if isinstance(found, SampleGame) else found
        with RunNumbers(seed):
            self.assembly: Assembly = assemble(found, self.recipe, None, None, seed)
        self.diverged: str = ""
        self.trajectory: list[tuple[float, float]] = []
        self._note_place()

    def again(self, later: int = 0) -> "LiveRun":
        """New players, by the rules as they are now, with this seed or a later one."""
        changes = {} if self.of_samples else {"loss": self.recipe.loss}
        made = LiveRun(self.game, self.recipe, self.seed + later, **changes)
        if not self.of_samples:
            made.change(rate=self.rate("generator"))
        return made

    @property
    def run(self) -> Run:
        """The run so far."""
        return self.assembly.run

    @property
    def pair(self) -> PlayerPair:
        """The players, and the game that they play now."""
        return self.assembly.pair

    @property
    def rule(self) -> Update:
        """The rule by which they learn now."""
        return self.assembly.rule

    @property
    def game(self) -> Game:
        """What is played."""
        return self.run.game

    @property
    def of_samples(self) -> bool:
        """Whether the players are networks that play samples and verdicts."""
        return self.game.of_samples

    def update(self) -> None:
        """Both players learn once.

        Raises:
            DivergedError: A payoff or a parameter is not finite any more; from then on nothing can be played.
        """
        self._check()
        try:
            self.assembly.play_update()
            self.pair.check_players()
        except DivergedError as error:
            self._broken(explained(error, self.run, self.run.steps + 1))
        self._note_place()

    def move(self, role: str) -> float:
        """One player alone observes, acts and learns; its payoff. The other, and the count of updates, stand still.

        Raises:
            DivergedError: The payoff or a parameter is not finite any more.
        """
        self._check()
        agent, state = ROLES[role], self.pair.env.game_state
        player = self.pair.players[agent]
        payoff = torch.zeros(())
        try:
            self.assembly.annealing.before(self.run.steps)
            payoff = state.move(agent, player.act(state.observation(agent))).of(agent)
            player.learn(payoff)
            self.pair.check_players()
        except NonFiniteMoveError as error:
            self._broken(explained(DivergedError(str(error), player=error.player), self.run, self.run.steps + 1))
        except DivergedError as error:
            self._broken(explained(error, self.run, self.run.steps + 1))
        self._note_place()
        return float(payoff.detach())

    def _check(self) -> None:
        if self.diverged:
            raise DivergedError(f"{self.diverged}. Restart it")

    def _broken(self, error: DivergedError) -> None:
        self.diverged = str(error)
        raise error

    def change(self, **changes: Any) -> None:
        """Go on by other rules: loss, update, penalty, penalty_weight, generator_rate, discriminator_rate, or rate.

        The players stay as they are; `rate` is that of both in a game of strategies.

        Raises:
            WiringError: It does not fit the game; then nothing has changed.
        """
        if "rate" in changes:
            self._set_rate(changes.pop("rate"))
        if not changes:
            return
        if changes.get("penalty") == "none":
            changes["penalty"] = None
        for name in ("penalty_weight", "generator_rate", "discriminator_rate"):
            if name in changes:
                changes[name] = Schedule(number_of_at_least_0(name, changes[name]))  # 0: the player stands still
        recipe = self.recipe.with_(**changes)
        # The same players in a new pair: whatever refuses does so before anything here is another one.
        annealed = (DISCRIMINATOR, GENERATOR) if self.of_samples else ()
        made = assemble(self.game, recipe, self.pair.discriminator, self.pair.generator, self.seed, annealed=annealed)
        env, before = made.pair.env, self.pair.env
        env.np_random = before.np_random
        env.game_state.begin(env.np_random)
        if "penalty_weight" not in changes:
            env.game_state.penalty_weight = before.game_state.penalty_weight
        made.annealing.average = self.run.average
        for name in ("settings", "loss", "penalty", "recipe", "rule"):  # by which the run is judged and written
            setattr(self.run, name, getattr(made.run, name))
        self.assembly, self.recipe = replace(made, run=self.run), recipe
        made.annealing.before(self.run.steps)

    def _set_rate(self, rate: float) -> None:
        if self.of_samples:
            raise WiringError("the players of this game have rates of their own: generator_rate, discriminator_rate")
        if not number_of_at_least_0("rate", rate) > 0:
            raise WiringError(f"rate is {rate!r}; expected a number above 0")
        for player in self.pair.players.values():
            for group in player.optimizer.param_groups:
                group["lr"] = rate

    def rate(self, role: str) -> float:
        """The rate at which a player learns now."""
        player: Player = self.pair.players[ROLES[role]]
        return float(player.optimizer.param_groups[0]["lr"])

    def put(self, discriminator: float, generator: float) -> None:
        """Begin again at two strategies of one number each.

        Raises:
            WiringError: The game is another one.
        """
        if not self.is_planar:
            raise WiringError(f"the players of {self.game.name!r} cannot be put anywhere")
        self.pair.put([torch.tensor([value], dtype=torch.float64) for value in (discriminator, generator)])
        self.rule.restore({})
        self.run.steps, self.run.truth, self.run.history = 0, [], []
        self.trajectory, self.diverged = [], ""
        self._note_place()

    @property
    def is_planar(self) -> bool:
        """Whether both strategies are one number, so that a game is a path in the plane."""
        return self.game.is_planar

    @property
    def place(self) -> tuple[float, float]:
        """(psi, theta) of a planar game."""
        d, g = (player.trained[0].item() for player in self.pair.players.values())
        return float(d), float(g)

    def _note_place(self) -> None:
        if self.is_planar:
            self.trajectory.append(self.place)
            if len(self.trajectory) > MOST_PLACES:
                del self.trajectory[: MOST_PLACES // 4]

    def noise(self, count: int, seed: int = 0) -> NDArray[np.float32]:
        """(count, noise_size) noise that no update is trained on."""
        return cast(SampleGame, self.game).noise(count, np.random.default_rng([seed, 2]))

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """Those of generator and discriminator; none in a game of strategies."""
        if not isinstance(self.game, SampleGame):
            return ()
        sizes = {"generator": self.game.noise_size, "discriminator": self.game.dimension}
        return tuple(network_of(self.pair.players[ROLES[name]], name, size) for name, size in sizes.items())

    @property
    def headline(self) -> str:
        """The game, and how far it is."""
        return f"{self.game.name}, update {self.run.steps:,}, seed {self.seed}"

    @property
    def rules(self) -> str:
        """By what it is played, in words."""
        recipe, state, rule = self.recipe, self.pair.env.game_state, self.rule
        steps = f" (k = {rule.discriminator_steps})" if rule.discriminator_steps > 1 else ""
        parts = [f"loss {named(recipe.loss).replace('_', '-')}", f"update rule {rule.name}{steps}"]
        if recipe.penalty is None:
            return ", ".join([*parts, "no penalty"])
        return ", ".join(
            [*parts, f"penalty {named(recipe.penalty).replace('_', ' ')}, weight {state.penalty_weight:.3g}"]
        )

    def save(self, path: Path) -> None:
        """Write a checkpoint: `gan_lab.load` has the run back, and `gan-lab sample` draws from its generator.

        Raises:
            WiringError: Nothing can be written there.
            OSError: It cannot be written.
        """
        checkpoint.check_place(path)
        asked = dict.fromkeys(("generator", "discriminator", "others", "metrics")) | {"game": self.game}
        with RunNumbers(self.seed):  # a run by the rules of now: whoever reads the file makes such a one first
            facts = assemble(self.game, self.recipe, None, None, self.seed).run.settings.facts
        self.run.settings = Settings({}, facts)
        self.run.settings = settings_of(self.assembly, asked, every=1)
        checkpoint.save(path, self.assembly)

    def report(self) -> str:
        """How the run went, in words, with the truth about the players as they are now."""
        run = self.run
        if run.status is Status.RUNNING:
            run.status = Status.STOPPED if self.diverged else Status.INTERRUPTED
        if self.diverged:
            return f"{self.game.name}, {run.steps} updates. Diverged: {self.diverged}"
        if not run.truth or run.truth[-1]["step"] != run.steps:
            try:
                run.truth.append({"step": float(run.steps), **run.look(run.steps)})
            except NonFiniteMoveError as error:
                return f"{self.game.name}, {run.steps} updates. Diverged: {error}"
        return run.report()


def named(value: Any) -> str:
    """A loss, a rule or a number, as it is shown."""
    return str(getattr(value, "name", f"{value:g}" if isinstance(value, float) else value))
