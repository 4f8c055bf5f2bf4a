"""The one loop that trains games: updates, looks at the truth, progress, interruption and checkpoints."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import Any

import numpy as np
import torch

from gan_lab import checkpoint as checkpoints
from gan_lab.alternating_env import AlternatingEnv
from gan_lab.default_players import default_discriminator, default_generator
from gan_lab.errors import DivergedError, NonFiniteMoveError, whole_number
from gan_lab.games import SampleGame, make_game
from gan_lab.games.fingerprint import fingerprint
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR
from gan_lab.gauge import scores_of
from gan_lab.players import Player
from gan_lab.progress import Progress
from gan_lab.run import Run, Status
from gan_lab.table import Table
from gan_lab.updates import Update, find_update

FAR = 1e6  # a score on the data beyond which the discriminator has broken down
Callback = Callable[[Run], Any]
Path = str | PathLike[str]


def train(
    game: Any = "ring8",
    generator: Player | None = None,
    discriminator: Player | None = None,
    *,
    update: "str | Update" = "alternating",
    loss: Any = None,
    penalty: Any = None,
    penalty_weight: float = 0.1,
    batch_size: int = 256,
    steps: int = 1000,
    seed: int = 0,
    truth_every: int | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = False,
    checkpoint: Path | None = None,
    resume: Path | None = None,
) -> Run:
    """Play a game until both players have learned for `steps` updates.

    Args:
        game: Name of a game, or the game.
        generator: Plays `generator_0`; None: the default of the game.
        discriminator: Plays `discriminator_0`; None: the default of the game.
        update: Name of an update rule, or the rule: `Alternating(5)` is Algorithm 1 with k = 5.
        loss: What the players want; None: "non_saturating" on samples, "minimax" on strategies.
        penalty: "r1", "r2", "r1r2", "gradient_penalty" or None.
        penalty_weight: Times the penalty.
        batch_size: Samples n of a turn.
        steps: Updates in all, those before a resumption included.
        seed: Of the first parameters, where players are not given, and of the game.
        truth_every: Updates between looks at the truth; None: twenty looks.
        callbacks: Called with the run after each look; one that returns True stops the run.
        progress: Show V, its gap to -log 4 and the divergence on stderr.
        checkpoint: File that is written after each look, and at the end.
        resume: File to go on from: the run is then the same, bit by bit, as one without a break.

    Returns:
        The `Run`; after Ctrl-C with what there is.

    Raises:
        WiringError: Something does not fit: names, shapes, a checkpoint of another game.
        DivergedError: A payoff became infinite or NaN; it names the player and the step and has the `run`.

    Source: Goodfellow et al. 2014, Algorithm 1, for the default update.

    >>> run = train("dirac", update="extragradient", steps=2000)
    >>> run.strategies[1].round(3)
    array([0.])
    """
    found, rule = make_game(game), find_update(update)
    steps, seed, callbacks = whole_number("steps", steps, 0), whole_number("seed", seed, 0), tuple(callbacks)
    every = max(1, math.ceil(steps / 20)) if truth_every is None else whole_number("truth_every", truth_every, 1)
    if checkpoint is not None:
        checkpoints.check_place(checkpoint)
    loss = loss or ("non_saturating" if isinstance(found, SampleGame) else "minimax")
    with _random_numbers(seed):
        generator, discriminator = generator or default_generator(found), discriminator or default_discriminator(found)
        wanted = {"loss": loss, "penalty": penalty, "penalty_weight": penalty_weight, "batch_size": batch_size}
        env = AlternatingEnv(found, rule.discriminator_steps, max_cycles=None, tensors=True, **wanted)
        env.board.joint = rule.joint or not isinstance(found, SampleGame)
        env.reset(seed=seed)
        table = Table(env, discriminator, generator)
        rule.check(table)
        run = Run(found, discriminator, generator, _settings(env, rule, penalty, seed))
        rule.restore({})  # a rule may have been at another table before
        if resume is not None:
            checkpoints.load(resume, run, table, rule)
        _play(run, table, rule, steps, every, callbacks, progress, checkpoint)
    return run


def _settings(env: AlternatingEnv, rule: Update, penalty: Any, seed: int) -> dict[str, Any]:
    """What a checkpoint has to agree on."""
    board = env.board
    return {
        "game": board.game.name,
        "numbers of the game": fingerprint(board.game),
        "update": rule.name,
        **{f"{key} of the update": value for key, value in vars(rule).items() if isinstance(value, int | float)},
        **{f"optimizer of {agent}": type(player.optimizer).__name__ for agent, player in board.seated.items()},
        "discriminator_steps": rule.discriminator_steps,
        "loss": env.metadata["loss"],
        "penalty": str(penalty),
        "penalty_weight": board.penalty_weight,
        "batch_size": board.batch_size,
        "seed": seed,
    }


def _play(
    run: Run,
    table: Table,
    rule: Update,
    steps: int,
    every: int,
    callbacks: Sequence[Callback],
    progress: bool,
    file: Path | None,
) -> None:
    step = run.steps
    with Progress(run.game.name, steps, progress) as bar:
        try:
            while run.steps < steps:
                step = run.steps + 1
                rule.step(table)
                run.steps += 1
                if run.steps % every == 0 or run.steps == steps:
                    look(run, table)
                    bar.show(run)
                    if file is not None:
                        checkpoints.save(file, run, table, rule)
                    if any([callback(run) is True for callback in callbacks]):
                        run.status = Status.STOPPED
                        return
            run.status = Status.FINISHED
        except KeyboardInterrupt:
            run.status = Status.INTERRUPTED
        except DivergedError as error:
            raise DivergedError(
                f"{error}, update {step}. Take a smaller rate, a penalty, or another update",
                player=error.player,
                step=step,
                run=run,
            ) from None


def look(run: Run, table: Table) -> None:
    """Add a row to the history and to the truth.

    Raises:
        DivergedError: The last update broke a player.
    """
    table.check_players()
    payoffs = {agent: table.payoffs[agent] for agent in (DISCRIMINATOR, GENERATOR)}
    try:
        truth = run.look(run.steps)
    except NonFiniteMoveError as error:
        raise DivergedError(str(error), player=error.player) from None
    if isinstance(run.game, SampleGame) and not math.isfinite(truth["value"]):
        who = _out_of_bounds(run.game, run)
        raise DivergedError(f"V of fresh samples is {truth['value']}: {who} is out of all bounds", player=who)
    run.history.append({"step": float(run.steps), **payoffs})
    run.truth.append({"step": float(run.steps), **truth})


def _out_of_bounds(game: SampleGame, run: Run) -> str:
    """Whose numbers make V infinite: the discriminator's, if it says the like of the data, else the generator's."""
    real = torch.from_numpy(game.real(100, np.random.default_rng(run.steps)))
    with torch.no_grad():
        largest = scores_of(run.discriminator, real).abs().max()
    return GENERATOR if largest < FAR else DISCRIMINATOR


@contextmanager
def _random_numbers(seed: int) -> Iterator[None]:
    """Torch's random numbers from a seed inside, and as they were outside."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
        yield
