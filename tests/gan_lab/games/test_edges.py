"""Edges of the GAN laboratory: atoms without mass, players that break down, and input that is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gan_lab
from gan_lab import DivergedError, Strategist, WiringError, ascent, spectrum, train, truth
from gan_lab.games import BilinearGame, DiracGame, FiniteGame, GaussianGame, MixtureGame
from gan_lab.payoffs.losses import LOSSES, find_loss
from gan_lab.updates import Consensus, Optimistic

SMALL: Any = {"batch_size": 8, "truth_every": 5}


def test_gradients_where_atoms_have_no_mass() -> None:
    """D is 0 and 1 where only one of the two has mass: each slope is the limit, and never NaN."""
    game = FiniteGame([0.5, 0.5, 0.0])
    d = torch.tensor(game.best_discriminator([0.0, 0.5, 0.5]), requires_grad=True)
    q = torch.tensor([0.0, 0.5, 0.5], dtype=torch.float64, requires_grad=True)
    found = torch.autograd.grad(game.value(d, q), [d, q])
    expected = game.gradients(d.detach().numpy(), q.detach().numpy())
    np.testing.assert_allclose(found[0].numpy(), expected[0])
    np.testing.assert_allclose(found[1].numpy()[1:], expected[1][1:])
    for name in LOSSES:
        for payoff in game.payoffs(find_loss(name), d, q):
            parts = torch.autograd.grad(payoff, [d, q], retain_graph=True, allow_unused=True)
            assert all(part is None or torch.isfinite(part).all() for part in parts), name


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_training_where_atoms_have_no_mass(loss: str) -> None:
    players = [
        Strategist("generator_0", [0.0, 0.5, 0.5], ascent(0.01)),
        Strategist("discriminator_0", [0.9, 0.5, 0.0], ascent(0.01)),
    ]
    run = train(FiniteGame([0.5, 0.5, 0.0]), *players, loss=loss, steps=20)
    assert np.isfinite(list(run.history[-1].values())).all()
    assert all(np.isfinite(strategy).all() for strategy in run.strategies)


def test_endless_losses_pull_without_end() -> None:
    """-log D* is infinite where p has no mass: q leaves those atoms; where all are alike, nothing pulls."""
    p, q = [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]
    found = truth.generator_gradient(truth.optimal_discriminator(p, q), q, "non_saturating")
    assert found.tolist() == [-np.inf, np.inf, 0.0]
    nearly = [1 - 1e-200, 1e-200, 0.0]  # finite there, with the same signs
    assert np.sign(truth.generator_gradient(truth.optimal_discriminator(nearly, q), q, "non_saturating")).tolist() == [
        -1,
        1,
        0,
    ]
    assert truth.generator_gradient([1.0, 0.5], [0.5, 0.5]).tolist() == [-np.inf, np.inf]
    assert truth.generator_gradient([0.0, 0.0], [0.5, 0.5], "non_saturating").tolist() == [0.0, 0.0]


def test_one_rule_at_two_tables() -> None:
    """A rule that remembers starts anew with every run."""
    rule = Optimistic()
    one, other = (train("dirac", update=rule, steps=5) for _ in range(2))
    assert one.truth == other.truth


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (FiniteGame([0.5, 0.5]), FiniteGame([0.9, 0.1]), r"of another game that is called 'finite' too"),
        (MixtureGame([[0.0]], 1.0), MixtureGame([[2.0]], 1.0), r"of another game that is called 'mixture' too"),
    ],
)
def test_checkpoints_of_a_game_of_the_same_name(one: Any, other: Any, message: str, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    train(one, steps=1, checkpoint=file, **SMALL)
    train(one, steps=2, resume=file, **SMALL)
    with pytest.raises(WiringError, match=message):
        train(other, steps=2, resume=file, **SMALL)


def test_checkpoints_of_other_options(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    train("dirac", update=Consensus(1.0), steps=1, checkpoint=file)
    with pytest.raises(WiringError, match=r"weight of the update 1\.0; this run has 0\.5"):
        train("dirac", update=Consensus(0.5), steps=2, resume=file)
    adam = Strategist("generator_0", [1.0], gan_lab.adam())
    with pytest.raises(WiringError, match=r"optimizer of generator_0 'SGD'; this run has 'Adam'"):
        train("dirac", adam, update=Consensus(1.0), steps=2, resume=file)
    for place in (tmp_path, tmp_path / "none" / "run"):
        with pytest.raises(WiringError, match=r"checkpoint is .*folder"):
            train("dirac", steps=1, checkpoint=place)
    with pytest.raises(WiringError, match=r"is not a checkpoint: it is a folder"):
        train("dirac", steps=1, resume=tmp_path)


def test_who_broke_down_is_named() -> None:
    """A discriminator whose own step broke it spoils the generator's payoff, but it is not the generator."""

    def break_down(run: gan_lab.Run) -> None:
        with torch.no_grad():
            run.discriminator.trained[0].register_hook(lambda gradient: gradient * float("nan"))

    with pytest.raises(DivergedError, match=r"parameters of discriminator_0 .*update 6\.") as found:
        train("ring8", steps=20, callbacks=[break_down], **SMALL)
    assert (found.value.player, found.value.step) == ("discriminator_0", 6)


# A rate of 1e38 leaves the discriminator finite, often, and makes the payoff of the generator infinite.
@pytest.mark.parametrize(
    ("player", "rate"), [("discriminator_0", 1e38), ("discriminator_0", 3e38), ("generator_0", 3e38)]
)
def test_a_player_that_the_last_update_broke(player: str, rate: float) -> None:
    networks = {"generator_0": torch.nn.Linear(8, 2), "discriminator_0": torch.nn.Linear(2, 1)}
    rates = {name: ascent(rate if name == player else 0.01) for name in networks}
    players = [
        gan_lab.Generator(networks["generator_0"], rates["generator_0"]),
        gan_lab.Discriminator(networks["discriminator_0"], rates["discriminator_0"]),
    ]
    with pytest.raises(DivergedError, match=r"update 1\.") as found:
        train("ring8", *players, steps=1, **SMALL)
    assert found.value.player == player
    assert not found.value.run.truth


def test_the_gradient_penalty_draws_the_numbers_of_the_game() -> None:
    def payoff() -> float:
        torch.manual_seed(1)
        discriminator = gan_lab.Discriminator(
            torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        )
        torch.seed()
        env = gan_lab.env("ring8", penalty="gradient_penalty", tensors=True)
        env.seat(discriminator_0=discriminator)
        env.reset(seed=5)
        env.step(discriminator.act(env.observe("discriminator_0")))
        return env.infos["discriminator_0"]["payoff"].item()

    assert payoff() == payoff()


@pytest.mark.parametrize("make", [gan_lab.env, gan_lab.parallel_env])
def test_before_the_game_begins(make: Any) -> None:
    env = make("ring8", render_mode="ansi")
    for call in (env.state, env.render, lambda: env.step({})):
        with pytest.raises(WiringError, match=r"reset\(\)"):
            call()


FINITE, GAUSSIAN = FiniteGame([0.5, 0.5]), GaussianGame()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train("dirac", steps=1, seed=-1), r"seed is -1"),
        (lambda: train("dirac", steps=1, truth_every=0), r"truth_every is 0"),
        (lambda: train("dirac", steps=True), r"steps is True"),
        (lambda: train("dirac", "mlp", steps=1), r"generator_0 is 'mlp'; expected"),  # type: ignore[arg-type]
        (
            lambda: train("dirac", Strategist("discriminator_0", [1.0]), steps=1),
            r"discriminator_0 was given as generator_0",
        ),
        (
            lambda: train("dirac", gan_lab.Generator(torch.nn.Linear(8, 2)), steps=1),
            r"generator_0 cannot play the game of strategies 'dirac'",
        ),
        (lambda: gan_lab.Generator(torch.nn.Flatten()), r"generator_0 has no parameters"),
        (lambda: train("ring8", steps=0).sample(-1), r"count is -1"),
        (lambda: MixtureGame([[0.0], [1.0]], 1.0, [float("nan"), 1.0]), r"expected 2 numbers"),
        (lambda: MixtureGame([[0.0]], 1.0, noise_size=0), r"noise_size is 0"),
        (lambda: GAUSSIAN.kl([0.0, 1.0]), r"scale of generator_0 is 0\.0; expected a number above 0"),
        (lambda: GAUSSIAN.jsd([float("nan"), 1.0]), r"generator_0 is \[nan  1\.\]; expected finite"),
        (lambda: GAUSSIAN.value([1.0], [1.0, 0.0]), r"discriminator_0 has shape \(1,\); expected \(3,\)"),
        (lambda: FINITE.best_generator([float("nan"), 0.5]), r"d\[0\] is nan"),
        (lambda: FINITE.gradients([0.5], [0.5, 0.5]), r"d has shape \(1,\); expected \(2,\)"),
        (lambda: FINITE.gradients([0.5, 0.5], [1.0]), r"q has 1 atoms; expected 2"),
        (lambda: FINITE.value(torch.ones(3), torch.ones(2)), r"D has shape \(3,\); expected \(2,\)"),
        (lambda: BilinearGame([[1.0]]).value([1.0, 2.0], [1.0]), r"discriminator_0 has shape \(2,\)"),
        (lambda: BilinearGame([[1.0], [1.0, 2.0]]), r"not an array of numbers"),  # type: ignore[list-item]
        (lambda: DiracGame().exploitability([float("inf")], [1.0]), r"discriminator_0 is \[inf\]"),
        (lambda: spectrum("dirac", "consensus", gamma=2.0), r"'consensus' has no argument 'gamma': it is weight= here"),
        (lambda: spectrum("dirac", Consensus(), weight=2.0), r"takes no options"),
        (lambda: spectrum("dirac", penalty="r1", penalty_weight=-1.0), r"penalty_weight is -1\.0"),
        (lambda: spectrum("dirac", at=([1.0, 2.0], [0.0])), r"discriminator_0 has shape \(2,\)"),
        (lambda: gan_lab.env("ring8", max_cycles=0), r"max_cycles is 0"),
        (lambda: gan_lab.parallel_env("ring8", max_cycles=-1), r"max_cycles is -1"),
        (lambda: gan_lab.env("ring8").action_space("critic_0"), r"unknown agent 'critic_0'"),
        (lambda: gan_lab.env("ring8").last(), r"the game has not begun"),
        (lambda: gan_lab.GeneratorEnv(batch_size=0), r"batch_size is 0"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()


@pytest.mark.parametrize("move", [None, "abc", np.full(128, 0.5 + 1j)])
def test_moves_that_are_no_numbers(move: Any) -> None:
    env = gan_lab.env("ring8")
    env.reset(seed=1)
    with pytest.raises(WiringError, match=r"discriminator_0 plays .*expected an array of real numbers, at turn 0"):
        env.step(move)
    exact = gan_lab.env("finite")
    exact.reset(seed=1)
    with pytest.raises(WiringError, match=r"discriminator_0 plays .*, at turn 0"):
        exact.step(move)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_fixed_number_of_points_is_judged_under_every_loss_as_its_base_is(loss: str, brief_looks: None) -> None:
    """`gan_lab.games.DatasetGame(ring8)` counts by the bins of ring8; losses without log-odds need them."""
    base = gan_lab.games.ring()
    game = gan_lab.games.DatasetGame(base, points=64)
    of_points, of_base = (train(one, loss=loss, steps=1, seed=2, **SMALL).truth[-1] for one in (game, base))
    assert of_points.keys() == of_base.keys()
    assert ("duality_gap" in of_points) == ("duality_gap" in of_base)
