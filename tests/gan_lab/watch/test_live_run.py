"""The match that `gan-lab watch` plays, without a window: the updates of `train`, lone moves, changed rules."""

from typing import Any

import numpy as np
import pytest
import torch

import gan_lab
from gan_lab.errors import DivergedError, WiringError
from gan_lab.games import MixtureGame
from gan_lab.watch import sample_picture
from gan_lab.watch.drawn_data import DrawnData
from gan_lab.watch.live_run import LiveRun
from gan_lab.watch.watchable_games import WATCHED, watched_game, watched_recipe

SMALL = {"recipe": "plain", "batch_size": 16}


def parameters(players: Any) -> list[torch.Tensor]:
    return [p.detach().clone() for player in (players.discriminator, players.generator) for p in player.parameters()]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def _with_blob(pad: DrawnData) -> DrawnData:
    pad.dab((0.2, 0.3))
    return pad


@pytest.mark.parametrize(
    ("game", "options"),
    [
        ("ring8", {**SMALL, "loss": "minimax", "penalty": "r1"}),
        ("ring8", {"recipe": gan_lab.RECIPES["ring8"].with_(batch_size=16), "steps": 9}),
        ("dirac", {"update": "optimistic"}),
    ],
)
def test_updates_are_those_of_train_bit_by_bit(game: str, options: dict[str, Any], rng: np.random.Generator) -> None:
    seed = int(rng.integers(1000))
    run = gan_lab.train(game, seed=seed, **{"steps": 9, **options})
    match = LiveRun(game, options.pop("recipe", None), seed, **options)
    for number in range(9):
        match.update()
        if game == "ring8" and number == 4:
            list(sample_picture.draw(match))  # looking changes nothing
    assert same(parameters(match.run), parameters(run))


def test_a_lone_move_moves_one_player_up_its_own_payoff(rng: np.random.Generator) -> None:
    match = LiveRun("ring8", seed=int(rng.integers(1000)), **SMALL)
    count = len(list(match.run.discriminator.parameters()))
    for role, moved in (("discriminator", slice(0, count)), ("generator", slice(count, None))):
        before = parameters(match.run)
        match.move(role)
        after = parameters(match.run)
        changed = [not torch.equal(a, b) for a, b in zip(before, after, strict=True)]
        assert all(changed[moved])
        assert sum(changed) == len(changed[moved])
    assert match.run.steps == 0
    dirac = LiveRun("dirac")
    dirac.move("discriminator")  # psi' = psi + h dV/dpsi = 1 - 0.2 theta sigmoid(psi theta)
    assert dirac.place == pytest.approx((1 - 0.2 / (1 + np.exp(-1.0)), 1.0))


def test_rules_change_between_two_updates_and_refusals_change_nothing(rng: np.random.Generator) -> None:
    match = LiveRun("ring8", seed=int(rng.integers(1000)), **SMALL)
    match.update()
    before = parameters(match.run)
    match.change(loss="hinge", penalty="r2", penalty_weight=0.25, generator_rate=3e-4, update="extragradient")
    assert same(before, parameters(match.run))
    board: Any = match.pair.env.game_state
    assert (board.loss.name, board.penalty.name, board.penalty_weight) == ("hinge", "r2", 0.25)
    assert (match.rate("generator"), match.rule.name) == (3e-4, "extragradient")
    real = board.real.clone()
    match.update()
    assert not torch.equal(real, board.real)
    assert match.run.steps == 2
    for changes in ({"loss": "hing"}, {"update": "implicit"}, {"penalty_weight": -1.0}, {"rate": 0.1}):
        pair = match.pair
        with pytest.raises(WiringError):
            match.change(**changes)
        assert match.pair is pair
        assert match.run.settings["loss"] == "hinge"
    with pytest.raises(WiringError, match="for V"):
        LiveRun("bilinear").change(loss="hinge")


def test_a_rate_chosen_by_hand_ends_its_schedule() -> None:
    match = LiveRun("ring8", gan_lab.RECIPES["ring8"].with_(batch_size=8, steps=10))
    for _ in range(3):
        match.update()
    scheduled = match.rate("generator")
    assert scheduled < gan_lab.RECIPES["ring8"].generator_rate.start
    match.change(generator_rate=0.002)
    match.update()
    match.update()
    assert match.rate("generator") == 0.002
    assert match.run.average is match.assembly.annealing.average is not None


def test_a_broken_run_says_so_and_can_be_restarted() -> None:
    match = LiveRun("ring8", seed=1, **SMALL)
    match.change(generator_rate=1e30, discriminator_rate=1e30)

    def play() -> None:
        for _ in range(20):
            match.update()

    with pytest.raises(DivergedError, match="Take a smaller rate"):
        play()
    with pytest.raises(DivergedError, match="Restart"):
        match.update()
    with pytest.raises(DivergedError):
        match.move("generator")
    assert "Diverged" in match.report()
    assert "updates" in LiveRun("ring8", seed=1, **SMALL).report()


def test_players_of_two_numbers_are_put_anywhere() -> None:
    match = LiveRun("bilinear", update="simultaneous")
    match.update()
    match.put(0.5, -2.0)
    assert (match.place, match.run.steps, match.trajectory) == ((0.5, -2.0), 0, [(0.5, -2.0)])
    match.update()  # w' = w + 0.2 (theta, -psi)
    assert match.place == pytest.approx((0.5 - 0.4, -2.0 - 0.1))
    with pytest.raises(WiringError, match="cannot be put"):
        LiveRun("ring8", **SMALL).put(0, 0)


def test_games_are_named_and_the_others_refused() -> None:
    assert {watched_game(name).name for name in WATCHED} == set(WATCHED)
    wide = watched_game("ring8", width=0.05, noise=3)
    assert isinstance(wide, MixtureGame)
    assert (wide.std, wide.noise_size) == (0.05, 3)
    for name in ("finite", "gaussian"):
        with pytest.raises(WiringError, match="cannot be watched; expected a mixture in the plane"):
            watched_game(name)
    with pytest.raises(WiringError, match="unknown game 'rin8'; did you mean 'ring8'"):
        watched_game("rin8")
    with pytest.raises(WiringError, match="neither modes nor noise"):
        watched_game("dirac", width=0.1)
    with pytest.raises(WiringError, match="std"):
        watched_game("ring8", width=0.0)
    assert watched_recipe(watched_game("dirac")) is None
    assert watched_recipe(watched_game("ring8")) == gan_lab.RECIPES["ring8"]
    drawn = watched_recipe(DrawnData.game(_with_blob(DrawnData())))
    assert drawn is not None
    assert drawn.generator.gains
