"""The one loop that trains games: updates, evaluations, progress, interruption and checkpoints."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from os import PathLike
from typing import Any, Final, cast

import numpy as np
import torch

from gan_lab.errors import DivergedError, NonFiniteMoveError, WiringError, seed_number, shown, switch, whole_number
from gan_lab.errors.argument_names import refusal, takes_own_names
from gan_lab.games import GameLike, SampleGame, make_game
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.players import Player, scores_of
from gan_lab.random_numbers import RunNumbers
from gan_lab.recipes.choose import choose_recipe
from gan_lab.recipes.recipe import Recipe
from gan_lab.recipes.schedule import Schedule
from gan_lab.training import checkpoint as checkpoints
from gan_lab.training import memory
from gan_lab.training import settings as run_settings
from gan_lab.training.assembly import Assembly, Place, assemble, shares_of
from gan_lab.training.device import find_device
from gan_lab.training.own_metrics import checked_metrics, measured
from gan_lab.training.progress import Progress
from gan_lab.training.ranks import join_ranks
from gan_lab.training.run import Run, Status
from gan_lab.training.settings import given_again, settings_of
from gan_lab.training.trajectory import Trajectory
from gan_lab.updates import Update

FAR = 1e6  # a score on the data beyond which the discriminator has broken down
Callback = Callable[[Run], Any]
Path = str | PathLike[str]
Rate = float | str | Schedule | Callable[[float], float]
LOOKS: Final = ("truth_every", "looks", "callbacks", "each_update", "progress", "checkpoint")
CHANGES: Final = ("update", "loss", "penalty", "penalty_weight", "batch_size", "steps")  # of a recipe


@takes_own_names
def train(
    game: GameLike = "ring8",
    generator: Player | None = None,
    discriminator: Player | None = None,
    *,
    others: Sequence[Player] = (),
    recipe: "str | Recipe | None" = None,
    update: "str | Update | None" = None,
    loss: Any = None,
    penalty: Any = None,
    penalty_weight: Rate | None = None,
    rate: Rate | None = None,
    generator_rate: Rate | None = None,
    discriminator_rate: Rate | None = None,
    batch_size: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    truth_every: int | None = None,
    looks: int = 20,
    callbacks: Sequence[Callback] = (),
    each_update: Callback | None = None,
    trajectory: "Mapping[str, Callback] | bool | None" = None,
    metrics: "Mapping[str, Callable[..., Any]] | None" = None,
    progress: bool = False,
    checkpoint: Path | None = None,
    resume: Path | None = None,
    device: str = "cpu",
    distributed: bool = False,
    shares: int | None = None,
    threads: int | None = None,
    versions: Any = None,
) -> Run:
    """Train both players of a game for `steps` updates.

    The same seed gives the same run, bit by bit, on one machine with the same versions and the same number of PyTorch
    threads (`threads`). Runs in a pool of threads take turns, update by update; processes run side by side.
    `run.settings` holds all settings: `gan_lab.train(**run.settings)` plays the run again.

    The recipe sets what is not chosen here. It is the game's own in `gan_lab.RECIPES` if only the game, the seed and
    the number of steps are chosen; otherwise it is "plain", in which nothing changes during the run.

    Args:
        game: Name of a game, or the game.
        generator: The player `generator_0`; None: that of the recipe, or the default of the game.
        discriminator: The player `discriminator_0`; None: that of the recipe, or the default of the game.
        others: Players of the further seats of a `gan_lab.turn_loss`: `gan_lab.Seat("reconstructor", network)`.
        recipe: Name of a recipe, or the recipe.
        update: Name of an update rule, or the rule: `Alternating(5)` is Algorithm 1 with k = 5.
        loss: Loss that defines the payoffs; in "plain", "non_saturating" on samples and "minimax" on strategies.
        penalty: "r1", "r2", "r1r2", "gradient_penalty" or "none".
        penalty_weight: Factor of the penalty; it may follow a schedule, as rates may.
        rate: Learning rate of the players that are made here: that of their Adam or, in games of strategies, of plain
            ascent. It is a number; a `gan_lab.Schedule`; a text, "cosine(1e-3, 1e-5)", "linear(1e-3, 0)",
            "exponential(1e-3, 1e-5)", "steps([1e-3, 1e-4], [0.5])"; or a function of the share of the run, from 0 to 1.
            A given player has its own optimizer.
        generator_rate: Learning rate of the generator alone.
        discriminator_rate: Learning rate of the discriminator alone.
        batch_size: Number n of samples in a turn.
        steps: Total number of updates, including those before a resumption.
        seed: Seed of the game, and of the first parameters if players are not given.
        truth_every: Number of updates between evaluations; None: chosen so that there are `looks` evaluations.
        looks: Number of evaluations of the players: of V and of everything else known, exactly or as an estimate.
        callbacks: Called with the run after each evaluation; one that returns True stops the run. If a callback has a
            method `beat`, `beat(run)` is also called after each update, as for `gan_lab.SampleGrid`.
        each_update: Called with the run after each update, before an evaluation; one that returns True stops the run.
        trajectory: What `run.trajectory` keeps of every update. None: payoffs, and strategies if they take less than 64
            MB. {"name": f}: also f(run), a number or an array. True: also strategies of any size. False: nothing.
        metrics: Functions by name, called at each evaluation: f(samples, data) with two (n, d) arrays, in games of
            strategies f(discriminator, generator); or f(run). Their numbers are in `run.truth` and `run.history`.
        progress: Whether to show V, its gap to -log 4 and the divergence on stderr.
        checkpoint: File that is written after each evaluation and its callbacks.
        resume: Checkpoint from which to continue: the run is then the same, bit by bit, as one without a break.
        device: Device of networks and samples: "cpu", "cuda", or "auto" (a GPU if there is one).
        distributed: Whether the processes that `torchrun` started, or those of the existing process group, share each
            batch. Only rank 0 evaluates, calls callbacks, shows progress and writes checkpoints.
        shares: Number of parts in which a batch is played. The sums over the batch equal those of as many processes, to
            the last bit, and take the memory of one part. None: that of the checkpoint, or one for each process.
        threads: Number of PyTorch threads during this run; None: the present number.
        versions: Versions of a run that is played again, from its settings: a warning names those that are different
            here.

    Returns:
        The `Run`; after Ctrl-C, the run until then.

    Raises:
        WiringError: Names or shapes do not fit, or the checkpoint is of another game.
        DivergedError: A payoff became infinite or NaN; the error names the player and the step and has the `run`.

    Source: Goodfellow et al. 2014, Algorithm 1, for the default update.

    >>> run = train("dirac", update="extragradient", steps=2000)
    >>> run.strategies[1].round(3)
    array([0.])
    """
    return _trained(locals())


def load(path: Path, **again: Any) -> Run:
    """Load the run of a checkpoint: players, settings and history as they were written; nothing is played.

    To continue it, call `gan_lab.train(**run.settings, resume=path)`, with more `steps` if needed.

    Args:
        path: A file that `train(..., checkpoint=path)` wrote.
        **again: Arguments of `train` that a file cannot keep, such as a loss or a network of your own.

    Raises:
        WiringError: The file is not a checkpoint; or an object of your own in its settings is not given again: the
            message names it.
        OSError: The file cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = train("dirac", steps=20, checkpoint=f"{folder}/run.safetensors")
    ...     found = load(f"{folder}/run.safetensors")
    >>> found.strategies[1] == run.strategies[1], found.settings["seed"], found.report() == run.report()
    (array([ True]), 0, True)
    """
    asked = {name: part.default for name, part in signature(train).parameters.items()}
    asked |= checkpoints.arguments_of(path)
    if strange := [name for name in again if name not in asked]:
        raise refusal("train()", strange, asked)
    asked |= again | {"resume": path, "threads": None, "device": again.get("device", "cpu")}
    run = _trained(asked, play=False)
    run.status = Status.FINISHED if run.steps == run.settings["steps"] else Status.INTERRUPTED
    return run


def _trained(asked: dict[str, Any], play: bool = True) -> Run:
    """The run of what `train` was asked for; as a checkpoint has it, where it is not to be played."""
    whole, asked = isinstance(asked["recipe"], Mapping), given_again(asked)
    generator, discriminator = players = asked["generator"], asked["discriminator"]
    changes = {name: asked[name] for name in CHANGES}
    changes |= _rates(asked["rate"], asked["generator_rate"], asked["discriminator_rate"], *players)
    game = make_game(asked["game"])
    chosen = choose_recipe(game, asked["recipe"], players=players != (None, None), changes=changes, whole=whole)
    found = game.as_played(chosen.packing, chosen.noise_size)
    seed, evaluations = seed_number(asked["seed"]), _Evaluations.at(*(asked[name] for name in LOOKS))
    resume, shared = asked["resume"], switch("distributed", asked["distributed"])
    where = find_device(asked["device"], distributed=shared, useful=found.of_samples)
    with run_settings.threads(asked["threads"], asked["versions"]), join_ranks(shared, where) as ranks:
        place, numbers = Place(where, ranks, shares_of(asked["shares"], ranks, resume)), RunNumbers(seed, where)
        ranks.first(lambda: checkpoints.check_place(asked["checkpoint"]))
        with numbers:
            made = assemble(found, chosen, discriminator, generator, seed, place, None, asked["others"])
            made.run.metrics = checked_metrics(asked["metrics"])
            made.run.settings = settings_of(made, asked, evaluations.interval(chosen.steps))
            made.run.trajectory = Trajectory(asked["trajectory"], chosen.steps)
            if resume is not None:
                checkpoints.load(resume, made)
        made.run.trajectory.begin(made.run)
        if play:
            _play(made, chosen.steps, evaluations, numbers)
    return made.run


def _rates(
    rate: Any, generator_rate: Any, discriminator_rate: Any, generator: Player | None, discriminator: Player | None
) -> dict[str, Any]:
    """The rates that were chosen; of a player that is given, none can be."""
    found = {"generator_rate": generator_rate, "discriminator_rate": discriminator_rate}
    for (name, own), player in zip(found.items(), (generator, discriminator), strict=True):
        if player is not None and own is not None:
            raise WiringError(
                f"{name} is {own!r}, but the player was given, which has an optimizer of its own: give it the rate "
                "there, as in Generator(network, gan_lab.adam(1e-4))"
            )
        found[name] = rate if own is None and player is None else own
    if rate is not None and None not in (generator, discriminator):
        raise WiringError(f"rate is {rate!r}, but both players were given, which have optimizers of their own")
    return found


@dataclass(frozen=True)
class _Evaluations:
    """When to stop playing for an evaluation, and what to do then."""

    every: int | None
    count: int
    callbacks: tuple[Callback, ...]
    each_update: Callback | None
    progress: bool
    file: Path | None

    @classmethod
    def at(cls, every: int | None, looks: int, callbacks: Sequence[Callback], *rest: Any) -> "_Evaluations":
        """As `train` was asked for them."""
        every = None if every is None else whole_number("truth_every", every, 1)
        each_update, progress, file = rest
        if not isinstance(callbacks, Sequence) or not all(map(callable, callbacks)):
            raise WiringError(f"callbacks is {shown(callbacks)}; expected a list of functions of the run")
        if each_update is not None and not callable(each_update):
            raise WiringError(f"each_update is {shown(each_update)}; expected a function of the run, or None")
        return cls(
            every, whole_number("looks", looks, 1), tuple(callbacks), each_update, switch("progress", progress), file
        )

    def interval(self, steps: int) -> int:
        """Updates from one to the next."""
        return max(1, -(-steps // self.count)) if self.every is None else self.every

    def of(self, made: Assembly, bar: Progress) -> bool:
        """Evaluate the players, show it, keep what there is; whether a callback asks to stop.

        The checkpoint has what callbacks change, such as rates, so that a resumed run goes on with it.
        """
        evaluate(made)
        bar.show(made.run)
        try:
            return self._called(made)
        finally:
            if self.file is not None:
                checkpoints.save(self.file, made)

    @property
    def beats(self) -> list[Callback]:
        """What callbacks want to see after each update."""
        found = (getattr(callback, "beat", None) for callback in self.callbacks)
        return [beat for beat in found if callable(beat)]

    def updated(self, made: Assembly) -> bool:
        """After an update: keep a row, and let the callback see the run; whether it asks to stop."""
        made.run.trajectory.record(made.run, made.pair.payoffs)
        stops = self.each_update is not None and is_true(self.each_update(made.run))
        if stops and made.place.ranks.count > 1:
            raise WiringError("each_update cannot stop a run of several processes: let one of `callbacks` do it")
        return stops

    def _called(self, made: Assembly) -> bool:
        return any([is_true(callback(made.run)) for callback in self.callbacks])


def is_true(answer: Any) -> bool:
    """Whether a callback said True, as Python or NumPy has it."""
    return isinstance(answer, bool | np.bool_) and bool(answer)


def _play(made: Assembly, steps: int, evaluations: _Evaluations, numbers: RunNumbers) -> None:
    run, pair, every = made.run, made.pair, evaluations.interval(steps)
    step, is_first, beats = run.steps, made.place.ranks.rank == 0, evaluations.beats
    pair.begin(run, {"steps": steps, "truth_every": every, "shares": made.place.shares})
    with Progress(run.game.name, steps, evaluations.progress and is_first) as bar, pair.listening():
        if bar.wanted:
            bar.tell(memory.sentence(run))
        try:
            while run.steps < steps:
                step = run.steps + 1
                with numbers:
                    _play_update(made)
                if pair.interrupted:
                    raise KeyboardInterrupt
                stops = is_first and evaluations.updated(made)
                if stops or run.steps % every == 0 or run.steps == steps:
                    with numbers:
                        stops = pair.together(run, lambda: evaluations.of(made, bar)) or stops
                if stops:
                    run.status = Status.STOPPED
                    return
                bar.beat(run.steps, pair.payoffs, lambda: _glance(run))
                if is_first:
                    for beat in beats:
                        beat(run)
            run.status = Status.FINISHED
        except KeyboardInterrupt:
            run.status = Status.INTERRUPTED
        except DivergedError as error:
            raise explained(error, run, step) from None


def _play_update(made: Assembly) -> None:
    """Play an update; say in words where a network lacks a derivative, or samples, that it asks for."""
    try:
        made.play_update()
    except (NotImplementedError, RuntimeError, ValueError) as error:
        if str(error).startswith("Expected more than 1 value per channel"):
            raise WiringError(
                "batch_size is 1, and a network has batch normalisation, which needs at least 2 samples at once: take "
                "a larger batch_size"
            ) from error
        if "derivative for" not in str(error):
            raise
        raise WiringError(
            f"a penalty of the slope, and rules such as consensus and unrolled, differentiate twice, and a network has "
            f"an operation that forbids it ({str(error).splitlines()[0][:100]}): take another operation, or train "
            "without them"
        ) from error


def explained(error: DivergedError, run: Run, step: int) -> DivergedError:
    """The same with the update in which it was, the player who broke down first, and what to do."""
    who, why = error.player, ""
    if who == GENERATOR and run.game.of_samples and _out_of_bounds(run) != who:
        who, why = DISCRIMINATOR, f": {DISCRIMINATOR} is out of all bounds"
    advice = "Take a smaller rate or momentum, a penalty, or another update"
    return DivergedError(f"{error}{why}, update {step}. {advice}", player=who, step=step, run=run)


def evaluate(made: Assembly) -> None:
    """Add a row to the history and to the truth.

    Raises:
        DivergedError: The last update broke a player.
    """
    run, pair = made.run, made.pair
    pair.check_players()
    if missing := [agent for agent in pair.players if agent not in pair.payoffs]:
        raise WiringError(
            f"the update {made.rule.name!r} played no turn of {' and '.join(missing)}: its `step` has to call "
            "pair.turn() or pair.field(), which let the players move and be paid"
        )
    payoffs = {agent: pair.payoffs[agent] for agent in pair.players}
    try:
        truth = run.look(run.steps)
    except NonFiniteMoveError as error:
        raise DivergedError(str(error), player=error.player) from None
    if run.game.of_samples and not math.isfinite(truth.get("value", 0.0)):
        who = _out_of_bounds(run)
        raise DivergedError(f"V of fresh samples is {truth['value']}: {who} is out of all bounds", player=who)
    own = measured(run, run.steps, truth)
    run.history.append({"step": float(run.steps), **payoffs, **own})
    run.truth.append({"step": float(run.steps), **truth, **own})
    if run.average is not None:
        of_average = run.game.truth_of_samples(run.average.module, run.steps)
        if of_average := of_average | measured(run, run.steps, {}, averaged=True):
            run.averaged_truth.append({"step": float(run.steps), **of_average})


def _glance(run: Run) -> dict[str, float]:
    """An evaluation for the eye, as `look`; nothing where the players are broken, which the run itself will say."""
    try:
        return run.look(run.steps)
    except NonFiniteMoveError:
        return {}


def _out_of_bounds(run: Run) -> str:
    """Whose numbers make V infinite: the discriminator's, if it says the like of the data, else the generator's."""
    if not run.loss.judges_samples:
        return GENERATOR
    real = cast(SampleGame, run.game).real(100, np.random.default_rng(run.steps))
    with torch.no_grad():
        largest = scores_of(run.discriminator, torch.from_numpy(real)).abs().max()
    return GENERATOR if largest < FAR else DISCRIMINATOR
