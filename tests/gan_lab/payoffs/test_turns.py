"""Payoffs of whole turns, with two players and more, against loops of plain PyTorch that know nothing of them."""

import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, logsigmoid, one_hot

import gan_lab
from gan_lab import Discriminator, Generator, Seat, WiringError, train, turn_loss, turn_penalty
from tests.oracles.turns import N, Networks, both, furthest, network, value

with warnings.catch_warnings():  # PettingZoo's checks import its own environments in a way that it warns of
    warnings.simplefilter("ignore", DeprecationWarning)
    from pettingzoo.test import api_test


def two(noise: int = 8) -> Networks:
    torch.manual_seed(5)
    return {"discriminator": network(2, 1), "generator": network(noise, 2)}


def features(judge: Any, samples: Tensor) -> Tensor:
    return judge[:-1](samples).mean(0)


def test_feature_matching() -> None:
    """The generator matches the means of D's last hidden layer (Salimans et al. 2016, section 3.1)."""
    networks = two()
    matched = turn_loss(
        "feature_matching",
        {
            "generator": lambda turn: (
                -(features(turn.discriminator.network, turn.real) - features(turn.discriminator.network, turn.fake))
                .square()
                .sum()
            )
        },
    )

    def turns(by_hand: Networks) -> Any:
        d, g = by_hand["discriminator"], by_hand["generator"]
        return {
            "discriminator": lambda real, noise, more: value(d(real), d(g(noise).detach())),
            "generator": lambda real, noise, more: (
                -(features(d, real) - features(d, g(noise))).square().sum()
            ),
        }  # fmt: skip

    by_hand, run = both(networks, gan_lab.games.ring(), turns, loss=matched)
    assert furthest(by_hand, networks) < 2e-6
    assert {"value", "duality_gap", "modes"} <= run.truth[-1].keys()  # D plays for V


def spread(one: Tensor, other: Tensor, noise: Tensor, more: Tensor) -> Tensor:
    return ((one - other).abs().mean(1) / (noise - more).abs().mean(1)).mean()


def test_mode_seeking() -> None:
    """A penalty of the generator's payoff (Mao et al. 2019, equation 2), beside R1, of the discriminator's."""
    networks = two()

    def seeking(turn: gan_lab.Turn) -> Tensor:
        more = turn.more_noise()
        return -spread(turn.fake, turn.generator(more), turn.noise, more)

    def turns(by_hand: Networks) -> Any:
        d, g = by_hand["discriminator"], by_hand["generator"]

        def of_generator(real: Tensor, noise: Tensor, more: Any) -> Tensor:
            other = more()
            return logsigmoid(d(g(noise))).mean() + 0.3 * spread(g(noise), g(other), noise, other)

        return {
            "discriminator": lambda real, noise, more: value(d(real), d(g(noise).detach())),
            "generator": of_generator,
        }

    penalty = turn_penalty("mode_seeking", {"generator": seeking})
    by_hand, run = both(
        networks,
        gan_lab.games.ring(),
        turns,
        ("generator",),
        loss="non_saturating",
        penalty=penalty,
        penalty_weight=0.3,
    )
    assert furthest(by_hand, networks) < 2e-6
    assert run.settings["penalty"] == "mode_seeking"


def slope(d: Any, real: Tensor) -> Tensor:
    real = real.clone().requires_grad_()
    (found,) = torch.autograd.grad(d(real).sum(), real, create_graph=True)
    return found.square().sum(1).mean() / 2


def test_a_penalty_of_the_discriminators_payoff_by_turns() -> None:
    """R1 written by hand is R1."""
    runs = []
    for penalty in ("r1", turn_penalty("mine", {"discriminator": lambda turn: slope(turn.discriminator, turn.real)})):
        networks = two()
        players = Generator(networks["generator"]), Discriminator(networks["discriminator"])
        train("ring8", *players, penalty=penalty, penalty_weight=0.5, steps=20, seed=3, batch_size=N, looks=1)
        runs.append(networks)
    assert furthest(*runs) < 2e-6


def test_veegan() -> None:
    """Three players; D judges pairs of a sample and its code (Srivastava et al. 2017, section 3)."""
    torch.manual_seed(5)
    networks: Networks = {"discriminator": network(10, 1), "generator": network(8, 2), "reconstructor": network(2, 8)}

    def pairs(turn: Any) -> tuple[Tensor, Tensor]:
        real = torch.cat([turn.real, turn.reconstructor(turn.real)], 1)
        return turn.discriminator(real), turn.discriminator(torch.cat([turn.fake, turn.noise], 1))

    def lost(turn: Any) -> Tensor:
        return (turn.noise - turn.reconstructor(turn.fake)).square().sum(1).mean()

    veegan = turn_loss(
        "veegan",
        {
            "discriminator": lambda turn: value(*pairs(turn)),
            "generator": lambda turn: pairs(turn)[1].mean() - lost(turn),
            "reconstructor": lambda turn: -pairs(turn)[0].mean() - lost(turn),
        },
        source="Srivastava et al. 2017",
    )

    def turns(by_hand: Networks) -> Any:
        d, g, f = by_hand["discriminator"], by_hand["generator"], by_hand["reconstructor"]

        def of_real(real: Tensor) -> Tensor:
            return d(torch.cat([real, f(real)], 1)).flatten()

        def of_fake(noise: Tensor) -> Tensor:
            return d(torch.cat([g(noise), noise], 1)).flatten()

        def lost(noise: Tensor) -> Tensor:
            return ((noise - f(g(noise))) ** 2).sum(1).mean()

        return {
            "discriminator": lambda real, noise, more: value(of_real(real), of_fake(noise)),
            "generator": lambda real, noise, more: of_fake(noise).mean() - lost(noise),
            "reconstructor": lambda real, noise, more: -of_real(real).mean() - lost(noise),
        }

    by_hand, run = both(networks, gan_lab.games.ring(), turns, loss=veegan)
    assert furthest(by_hand, networks) < 2e-6
    assert list(run.players) == ["discriminator_0", "generator_0", "reconstructor_0"]
    assert run.players.keys() <= run.history[-1].keys()
    assert "value" not in run.truth[-1]
    assert "D is paid for something else than V" in run.report()


CODES = 4


def info_loss() -> Any:
    """InfoGAN: of 8 numbers of noise the first four choose a code, which Q guesses (Chen et al. 2016, section 4)."""

    def guessed(turn: gan_lab.Turn) -> Tensor:
        return -cross_entropy(turn.classifier(turn.fake), turn.noise[:, :CODES].argmax(1))

    return turn_loss(
        "infogan",
        {
            "generator": lambda turn: logsigmoid(turn.discriminator(turn.fake)).mean() + guessed(turn),
            "classifier": guessed,
        },
        plays={"classifier": CODES},
    )


class OneOf(nn.Module):
    """A generator that sees a code and noise."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = network(8, 2)

    def forward(self, noise: Tensor) -> Tensor:
        return self.inner(torch.cat([one_hot(noise[:, :CODES].argmax(1), CODES).float(), noise[:, CODES:]], 1))


def three() -> Networks:
    torch.manual_seed(6)
    return {"discriminator": network(2, 1), "generator": OneOf(), "classifier": network(2, CODES)}


def test_infogan_with_its_q() -> None:
    networks = three()

    def turns(by_hand: Networks) -> Any:
        d, g, q = by_hand["discriminator"], by_hand["generator"], by_hand["classifier"]

        def guessed(noise: Tensor) -> Tensor:
            return -cross_entropy(q(g(noise)), noise[:, :CODES].argmax(1))

        return {
            "discriminator": lambda real, noise, more: value(d(real), d(g(noise).detach())),
            "generator": lambda real, noise, more: logsigmoid(d(g(noise))).mean() + guessed(noise),
            "classifier": lambda real, noise, more: guessed(noise),
        }

    by_hand, run = both(networks, gan_lab.games.ring(), turns, loss=info_loss())
    assert furthest(by_hand, networks) < 2e-6
    assert "value" in run.truth[-1]


@pytest.mark.long
@pytest.mark.parametrize("update", ["simultaneous", "extragradient", "optimistic", "consensus", "alternating"])
def test_every_rule_moves_three_players_and_goes_on_from_a_checkpoint(update: str, tmp_path: Path) -> None:
    def played(steps: int, **options: Any) -> Networks:
        networks = three()
        players = Generator(networks["generator"]), Discriminator(networks["discriminator"])
        others = [Seat("classifier", networks["classifier"])]
        options |= {"loss": info_loss(), "update": update, "batch_size": N, "truth_every": 3, "steps": steps}
        train("ring8", *players, others=others, **options)
        return networks

    whole, first = played(6), three()
    assert all(furthest({name: part}, {name: first[name]}) > 1e-5 for name, part in whole.items())  # everybody learned
    played(3, checkpoint=tmp_path / "run")
    assert furthest(played(6, resume=tmp_path / "run"), whole) == 0.0


def test_the_environment_has_three_agents() -> None:
    networks = three()
    env: Any = gan_lab.env("ring8", loss=info_loss(), batch_size=4, max_cycles=5)
    assert env.possible_agents == ["discriminator_0", "generator_0", "classifier_0"]
    assert env.action_space("classifier_0").shape == (8, CODES)
    env.reset(seed=1)
    env.step(np.full(8, 0.5, np.float32))
    with pytest.raises(WiringError, match=r"env.seat\(discriminator_0=...\)"):
        env.step(np.zeros((4, 2), np.float32))
    env.seat(
        discriminator_0=Discriminator(networks["discriminator"]),
        generator_0=Generator(networks["generator"]),
        classifier_0=Seat("classifier", networks["classifier"]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that players observe different things
        api_test(env, num_cycles=20)
    env.reset(seed=1)
    env.step(np.full(8, 0.5, np.float32))
    samples = np.ones((4, 2), np.float32)
    env.step(samples)
    codes = torch.from_numpy(env.game_state.noise.numpy())[:, :CODES].argmax(1)
    with torch.no_grad():
        guessed = -cross_entropy(networks["classifier"](torch.from_numpy(samples)), codes)
        fooled = logsigmoid(networks["discriminator"](torch.from_numpy(samples))).mean()
    assert env.rewards["generator_0"] == pytest.approx(float(guessed + fooled), abs=1e-6)
    answers = np.eye(CODES, dtype=np.float32)[[0, 0, 0, 0, 0, 1, 2, 3]] * 5
    env.step(answers)  # its payoff asks for the generated samples, the last four rows that it has seen
    codes = env.game_state.noise[:, :CODES].argmax(1)
    assert env.rewards["classifier_0"] == pytest.approx(-float(cross_entropy(torch.from_numpy(answers[4:]), codes)))


SOME: Any = abs  # a function that is never called
SOME_NUMBER: Any = lambda turn: 1.0  # noqa: E731


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: turn_loss("x", {}), "expected functions of a turn by seat"),
        (lambda: turn_loss("x", {"fake": SOME}), "have one of 'fake'; expected the name of a seat"),
        (lambda: turn_loss("x", {"generator": cast(Any, 3)}), "have 3 for generator; expected a function"),
        (lambda: train("ring8", loss=info_loss(), steps=1), "others is nobody; .* payoffs for classifier_0"),
        (lambda: train("ring8", others=[Seat("x", nn.Linear(2, 1))], steps=1), "payoffs for nobody beside"),
        (lambda: train("ring8", others=cast(Any, "x"), steps=1), "expected a list of players"),
        (lambda: train("dirac", loss=turn_loss("x", {"generator": SOME}), steps=1), "need samples, which the game of"),
        (lambda: train("ring8", loss=turn_loss("x", {"discriminator": SOME}), penalty="r1", steps=1), "subtract the"),
        (lambda: train("ring8", loss=turn_loss("x", {"generator": lambda turn: turn.fake}), steps=1), "of one number"),
        (lambda: train("ring8", loss=turn_loss("x", {"generator": SOME_NUMBER}), steps=1), "generator_0 is 1.0"),
        (lambda: train("ring8", penalty=turn_penalty("x", {"nobody": SOME}), steps=1), "no player 'nobody_0'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()


def test_a_payoff_that_asks_for_somebody_else_is_told_who_is_there() -> None:
    with pytest.raises(AttributeError, match=r"asks for turn\.encoder; a turn has .* discriminator, generator"):
        train("ring8", loss=turn_loss("x", {"generator": lambda turn: turn.encoder(turn.real).mean()}), steps=1)
