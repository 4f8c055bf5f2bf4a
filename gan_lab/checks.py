"""What every update rule promises, checked on two small games: for whoever writes a new one.

    from gan_lab.checks import check_update
    check_update(MyRule)

On the bilinear game the field is linear, v(w) = J w, so that a rule moves exactly as its own `operator` says; on the
Dirac game it does near the equilibrium. Both matrices J are written out here.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import torch

from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.errors import DivergedError, GameError, WiringError
from gan_lab.games import BilinearGame, DiracGame, StrategyGame, ring
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR
from gan_lab.players import Discriminator, Generator, Player, Strategist, ascent
from gan_lab.random_numbers import seeded
from gan_lab.training.loop import Run, train
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix, Update

RATE: Final = 0.125
A: Final = np.array([[1.0, 0.5], [-0.25, 2.0]])
ZERO: Final = np.zeros((2, 2))
# (game, J, distance of the start from the equilibrium 0, relative error that a step may have)
GAMES: Final[tuple[tuple[StrategyGame, Matrix, float, float], ...]] = (
    (BilinearGame(A), np.block([[ZERO, A], [-A.T, ZERO]]), 1.0, 1e-12),  # v = (A theta, -A^T psi)
    (DiracGame(), np.array([[0.0, -0.5], [0.5, 0.0]]), 1e-4, 1e-6),  # v = (-theta, psi) / (1 + exp(-psi theta))
)


def check_update(make: Callable[[], Update]) -> None:
    """Check that an update rule keeps the promises of all update rules.

    Checked are its steps against its own `operator`, on the bilinear and the Dirac game; that equal starts give equal
    runs, bit by bit, also after a resumption from a checkpoint, and of a rule that has played before; that it plays
    whole cycles of turns and changes nothing of the players but what they train; that on a game of samples it learns
    or refuses in words; and where it says `shareable`, that shares of a batch are as good as the whole.

    Args:
        make: The class, or a function that makes a new rule at each call: `lambda: Alternating(5)`.

    Raises:
        AssertionError: A promise is not kept; the message says where, what was expected and what was found.

    Cost: some seconds.

    >>> from gan_lab.updates import Extragradient, Simultaneous
    >>> check_update(Extragradient)
    >>> class Backwards(Simultaneous):
    ...     name = "backwards"
    ...     def operator(self, jacobian, split, rate):
    ...         return super().operator(jacobian, split, -rate)
    >>> check_update(Backwards)
    Traceback (most recent call last):
        ...
    AssertionError: step 1 of 'backwards' on 'bilinear': expected [...], as its operator says; found [...]
    """
    rule = make()
    expect(isinstance(rule, Update), "what is made", "an Update", type(rule).__name__)
    for name in ("name", "equation", "source"):
        text = getattr(rule, name, None)
        expect(isinstance(text, str) and bool(text), f"of {type(rule).__name__}", f"words as its {name}", repr(text))
    for game, jacobian, distance, error in GAMES:
        check_steps(make, game, jacobian, distance, error)
    check_repetition(make)
    check_samples(make)


def check_steps(
    make: Callable[[], Update], game: StrategyGame, jacobian: Matrix, distance: float, error: float
) -> None:
    """Check two steps and more against the rule's `operator`, and that nothing else changes.

    A rule whose operator is (2n, 2n) remembers one step; its first step may be an ordinary one, and is not compared.

    Args:
        make: As `check_update`.
        game: Has its equilibrium at 0.
        jacobian: (n, n) J there.
        distance: Of the start from 0.
        error: Of a step, as a part of `distance`.

    Raises:
        AssertionError: As `check_update`.
    """
    rule, count = make(), len(jacobian)
    pair = pair_of(game, rule, distance)
    operator = np.asarray(rule.operator(jacobian, count // 2, RATE))
    of = f"of {rule.name!r} on {game.name!r}"
    once, twice = (count, count), (2 * count, 2 * count)
    expect(operator.shape in (once, twice), f"the operator {of}", f"a shape of {once} or {twice}", operator.shape)
    remembers = operator.shape == twice
    before, places = settings_of(pair), [place_of(pair)]
    for number in range(1, 5):
        rule.step(pair)
        places.append(place_of(pair))
        at = f"step {number} {of}"
        agent = pair.env.agent_selection
        expect(agent == DISCRIMINATOR, at, f"whole cycles of turns, {DISCRIMINATOR} next", f"{agent} next")
        expect(settings_of(pair) == before, at, "players as they were, but for what they train", settings_of(pair))
        if not remembers or number > 1:
            known = np.concatenate(places[-2:-4:-1]) if remembers else places[-2]
            expected = (operator @ known)[:count]
            off = float(np.abs(places[-1] - expected).max())
            expect(off <= error * distance, at, f"{expected}, as its operator says", places[-1])


def check_repetition(make: Callable[[], Update]) -> None:
    """Check that equal starts give equal runs: again, after a resumption, and of a rule that has played before.

    Raises:
        AssertionError: As `check_update`.
    """
    rule = make()
    game = BilinearGame(A)
    options: dict[str, Any] = {"steps": 6, "truth_every": 3}
    whole = strategies(train(game, update=rule, **options))
    for name, tensor in rule.state().items():
        expect(isinstance(tensor, torch.Tensor), f"state {name!r} of {rule.name!r}", "a tensor", type(tensor).__name__)
    where = f"the update {rule.name!r}"
    again = strategies(train(game, update=make(), **options))
    expect(np.array_equal(again, whole), f"{where}, run again", f"the same bits, {whole}", again)
    again = strategies(train(game, update=rule, **options))
    told = f"{whole}, as `restore({{}})` forgets"
    expect(np.array_equal(again, whole), f"{where}, a rule that has played before", told, again)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "half.safetensors"
        train(game, update=make(), steps=3, truth_every=3, checkpoint=file)
        resumed = strategies(train(game, update=make(), resume=file, **options))
    told = f"{whole}, as `state` and `restore` keep what it remembers"
    expect(np.array_equal(resumed, whole), f"{where}, resumed from a checkpoint", told, resumed)


def check_samples(make: Callable[[], Update]) -> None:
    """Check two steps on a game of samples, in one share and, where the rule allows that, in two.

    Raises:
        AssertionError: As `check_update`.
    """
    rule = make()
    where = f"the update {rule.name!r} on samples"
    options: dict[str, Any] = {"steps": 2, "batch_size": 8, "truth_every": 9}
    try:
        whole = parameters(train("ring8", *networks(), update=rule, **options))
    except WiringError as error:
        expect(repr(rule.name) in str(error), where, f"a refusal that names {rule.name!r}", error)
        return
    except DivergedError as error:
        raise broken(where, "finite payoffs", error) from error
    if not rule.shareable:
        return
    where, told = f"{where}, in two shares", "the same parameters within 1e-4, as it is shareable"
    try:
        shared = parameters(train("ring8", *networks(), update=make(), shares=2, **options))
    except (GameError, RuntimeError) as error:
        raise broken(where, told, error) from error
    off = float((shared - whole).abs().max())
    expect(off <= 1e-4, where, told, f"{off:.1e} between them")


# What is played, and what is looked at.


def pair_of(game: StrategyGame, rule: Update, distance: float) -> PlayerPair:
    """Two plain ascents at a game, near its equilibrium 0."""
    env = AlternatingEnv(game, rule.discriminator_steps, tensors=True, max_cycles=None)
    env.reset(seed=7)
    places = ((DISCRIMINATOR, (1.0, -0.75)), (GENERATOR, (0.5, 0.25)))
    players = [
        Strategist(agent, [distance * part for part in place[: game.space(agent).shape[0]]], ascent(RATE))
        for agent, place in places
    ]
    pair = PlayerPair(env, players[0], players[1])
    rule.check(pair)
    return pair


def networks() -> tuple[Player, Player]:
    """The same small generator and discriminator each time; by plain ascent, as Adam's first steps enlarge rounding."""
    with seeded(7):
        judge = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
        make = torch.nn.Linear(ring().noise_size, 2)
    return Generator(make, ascent(RATE)), Discriminator(judge, ascent(RATE))


def place_of(pair: PlayerPair) -> Matrix:
    """(n,) w, the discriminator's strategy first."""
    return np.concatenate([part.numpy() for part in pair.where()])


def settings_of(pair: PlayerPair) -> Any:
    """What a step leaves as it is: the parameters that there are, whether they are trained, and by which numbers."""
    return {
        agent: {
            "training": player.training,
            "parameters": [(id(own), own.requires_grad) for own in player.parameters()],
            "optimizer": [{k: v for k, v in group.items() if k != "params"} for group in player.optimizer.param_groups],
        }
        for agent, player in pair.players.items()
    }


def strategies(run: Run) -> Matrix:
    """(n,) both strategies of a run, the discriminator's first."""
    return np.concatenate(run.strategies)


def parameters(run: Run) -> torch.Tensor:
    """(n,) all that both players of a run have learned."""
    return torch.cat([own.detach().flatten() for player in run.players.values() for own in player.trained])


def expect(kept: bool, where: str, expected: str, found: object) -> None:
    """Raise `broken` unless a promise was kept."""
    if not kept:
        raise broken(where, expected, found)


def broken(where: str, expected: str, found: object) -> AssertionError:
    """The error that says where a promise was not kept, what was expected, and what was found."""
    return AssertionError(f"{where}: expected {expected}; found {found}")
