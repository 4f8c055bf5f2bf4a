"""More than two players in environments, in shares of a batch, under every rule and on pages.

An agent may play numbers, or its player may answer by itself: what it is paid, and the gradient by its own parameters,
are the same. Turns in the environment, with learning, are those of `train`, bit by bit.
"""

import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

import gan_lab
from gan_lab import Discriminator, Generator, Seat, WiringError, adam, ascent, train, turn_loss, turn_penalty
from gan_lab.players import Player
from gan_lab.updates import Unrolled
from gridworld_env.ui.pages.packing import unpacked

with warnings.catch_warnings():  # PettingZoo's checks import its own environments in a way that it warns of
    warnings.simplefilter("ignore", DeprecationWarning)
    from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test

N = 6
THREE = ["discriminator_0", "generator_0", "reconstructor_0"]


def pairs(turn: Any) -> tuple[Tensor, Tensor]:
    """What VEEGAN's discriminator judges."""
    real = torch.cat([turn.real, turn.reconstructor(turn.real)], 1)
    return real, torch.cat([turn.fake, turn.noise], 1)


def told_apart(turn: Any) -> Tensor:
    real, fake = pairs(turn)
    return logsigmoid(turn.discriminator(real)).mean() + logsigmoid(-turn.discriminator(fake)).mean()


def lost(turn: Any) -> Tensor:
    return (turn.noise - turn.reconstructor(turn.fake)).square().sum(1).mean()


PAYOFFS: Any = {
    "discriminator": told_apart,
    "generator": lambda turn: turn.discriminator(pairs(turn)[1]).mean() - lost(turn),
    "reconstructor": lambda turn: -turn.discriminator(pairs(turn)[0]).mean() - lost(turn),
}
VEEGAN = turn_loss("veegan", PAYOFFS, sees={"discriminator": lambda turn: torch.cat(pairs(turn))})
SCORES = turn_loss("guesser", {"reconstructor": lambda turn: -lost(turn)})  # the other two are paid for scores


def network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 12), nn.Tanh(), nn.Linear(12, outputs))


def players(seen: int = 10, make: Any = None) -> dict[str, Player]:
    torch.manual_seed(5)
    return {
        "discriminator_0": Discriminator(network(seen, 1), make or adam(1e-2)),
        "generator_0": Generator(network(8, 2), make or adam(1e-2)),
        "reconstructor_0": Seat("reconstructor", network(2, 8), make or adam(1e-2)),
    }


def trained(given: dict[str, Player], **options: Any) -> Tensor:
    """All parameters after some updates of the given players."""
    discriminator, generator, *others = cast(Any, list(given.values()))
    options = {"loss": VEEGAN, "batch_size": N, "steps": 5, "seed": 3, "looks": 1} | options
    train("ring8", generator, discriminator, others=others, **options)
    return numbers(given)


def numbers(given: dict[str, Player]) -> Tensor:
    return torch.cat([own.detach().flatten() for player in given.values() for own in player.parameters()])


@pytest.mark.parametrize("loss", [VEEGAN, SCORES])
@pytest.mark.parametrize("steps", [1, 2])
def test_turns_of_the_environment_are_those_of_train(loss: Any, steps: int) -> None:
    seen, update = (10 if loss is VEEGAN else 2), gan_lab.updates.Alternating(steps)
    expected = trained(players(seen), loss=loss, update=update)
    given = players(seen)
    env = gan_lab.env("ring8", steps, loss=loss, batch_size=N, tensors=True, max_cycles=5)
    env.seat(**given)
    env.reset(seed=3)
    for agent in env.agent_iter(5 * (steps + 2)):
        paid_by_a_turn = agent.removesuffix("_0") in loss.payoffs
        env.step(given[agent] if paid_by_a_turn else given[agent].act(env.observe(agent)))
        given[agent].learn(env.infos[agent]["payoff"])
    assert torch.equal(numbers(given), expected)


def worth(env: Any, agent: str, given: dict[str, Player], itself: bool) -> tuple[float, Tensor]:
    """What an agent is paid at its first turn, and the gradient by its parameters."""
    env.reset(seed=3)
    while env.agent_selection != agent:
        env.step(given[env.agent_selection])
    seen = env.observe(agent)
    assert env.observation_space(agent).contains(seen.detach().numpy())
    env.step(given[agent] if itself else given[agent].act(seen))
    payoff = env.infos[agent]["payoff"]
    return float(payoff.detach()), torch.cat([part.flatten() for part in given[agent].gradient(payoff)])


@pytest.mark.parametrize("agent", THREE)
def test_numbers_are_worth_as_much_as_the_player(agent: str) -> None:
    """An answer counts for the row that the agent has seen, in whatever order its payoff asks."""
    given = players()
    env = gan_lab.env("ring8", loss=VEEGAN, batch_size=N, tensors=True)
    assert env.possible_agents == THREE
    env.seat(**given)
    (one, slope), (other, same) = (worth(env, agent, given, itself) for itself in (True, False))
    assert one == pytest.approx(other, abs=1e-6)
    torch.testing.assert_close(slope, same)
    assert float(slope.abs().max()) > 1e-4


def test_spaces_follow_what_is_seen_and_played() -> None:
    sees: Any = {"discriminator": lambda turn: pairs(turn)[0], "reconstructor": lambda turn: turn.fake}
    loss = turn_loss("veegan", PAYOFFS, sees=sees, plays={"reconstructor": 3})
    for env in (gan_lab.env("ring8", loss=loss, batch_size=N), gan_lab.parallel_env("ring8", loss=loss, batch_size=N)):
        shapes = {agent: (env.observation_space(agent).shape, env.action_space(agent).shape) for agent in THREE}
        assert shapes == {
            "discriminator_0": ((N, 5), (N,)),
            "generator_0": ((N, 8), (N, 2)),
            "reconstructor_0": ((N, 2), (N, 3)),
        }


def test_moves_at_once() -> None:
    """Nobody is seated: each is paid by the moves of all for the samples that were shown, and the noise behind them."""
    env = gan_lab.parallel_env("ring8", loss=SCORES, batch_size=N)
    rng = np.random.default_rng(1)
    observations, _ = env.reset(seed=1)
    noise = np.zeros(0)
    for step in range(3):
        d = rng.uniform(0.1, 0.9, 2 * N).astype(np.float32)
        codes, samples = rng.normal(size=(2 * N, 8)).astype(np.float32), rng.normal(size=(N, 2)).astype(np.float32)
        before, shown = noise, observations["discriminator_0"]
        noise = observations["generator_0"]
        assert np.array_equal(shown, observations["reconstructor_0"])
        observations, rewards, *_ = env.step(dict(zip(THREE, (d, samples, codes), strict=True)))
        assert rewards["discriminator_0"] == pytest.approx(np.log(d[:N]).mean() + np.log1p(-d[N:]).mean(), abs=1e-5)
        assert rewards["generator_0"] == pytest.approx(np.log(d[N:]).mean(), abs=1e-5)
        if step:
            assert rewards["reconstructor_0"] == pytest.approx(-((before - codes[N:]) ** 2).sum(1).mean(), rel=1e-5)
        assert np.array_equal(observations["discriminator_0"][N:], samples)


def test_learners_who_move_at_once() -> None:
    """With all players seated, payoffs and gradients are those of moves by the players themselves."""
    given = players()
    found = []
    for itself in (True, False):
        env = gan_lab.parallel_env("ring8", loss=VEEGAN, batch_size=N, tensors=True)
        env.seat(**given)
        observations, _ = env.reset(seed=5)
        moves = {agent: given[agent] if itself else given[agent].act(observations[agent]) for agent in THREE}
        _, rewards, _, _, infos = env.step(moves)
        slopes = [given[agent].gradient(infos[agent]["payoff"], keep=True) for agent in THREE]
        found.append((rewards, torch.cat([part.flatten() for own in slopes for part in own])))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-6)
    torch.testing.assert_close(found[0][1], found[1][1])


def test_pettingzoos_checks() -> None:
    def seated(make: Any) -> Any:
        env = make("ring8", loss=VEEGAN, batch_size=4)
        env.seat(**players())
        return env

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that players observe different things
        api_test(seated(gan_lab.env), num_cycles=5)
        parallel_api_test(seated(gan_lab.parallel_env), num_cycles=5)
        parallel_api_test(gan_lab.parallel_env("ring8", loss=SCORES, batch_size=4), num_cycles=5)
    seed_test(lambda: seated(gan_lab.env))
    parallel_seed_test(lambda: seated(gan_lab.parallel_env))


def test_shares_of_a_batch_are_the_batch() -> None:
    more = turn_penalty(
        "small", {"generator": lambda turn: (turn.fake - turn.generator(turn.more_noise())).abs().mean()}
    )
    options: Any = {"penalty": more, "penalty_weight": 0.2, "update": "simultaneous"}
    whole = trained(players(make=ascent(0.02)), **options)
    for shares in (2, 3):
        shared = trained(players(make=ascent(0.02)), shares=shares, **options)
        assert float((shared - whole).abs().max()) < 1e-6
    assert float((whole - numbers(players())).abs().max()) > 1e-3


def test_payoffs_that_are_no_means_are_not_shared() -> None:
    """Feature matching is the square of a mean."""
    matched = dict(PAYOFFS) | {"generator": lambda turn: -(turn.fake.mean(0) - turn.real.mean(0)).square().sum()}
    given = players()
    before = numbers(given)
    with pytest.raises(
        WiringError, match=r"payoff of generator_0 is .* from shares of 3 and 5 .* no mean over samples"
    ):
        trained(given, loss=turn_loss("matched", matched), shares=2)
    assert torch.equal(numbers(given), before)


def test_unrolled_with_three_players() -> None:
    """One look ahead, by hand: all but D are paid where one step of D would take it, and through that step."""
    given, by_hand = players(make=ascent(0.1)), players(make=ascent(0.1))
    moved = trained(given, update=Unrolled(1), steps=1)
    discriminator, generator, reconstructor = by_hand.values()
    rng, game = np.random.default_rng(3), gan_lab.games.ring()
    rng.uniform(size=(N, 2))  # what stands before the generator has moved
    game.real(N, rng)
    game.noise(N, rng)

    def turn(weights: list[Tensor]) -> Any:
        noise, real = torch.from_numpy(game.noise(N, rng)), torch.from_numpy(game.real(N, rng))

        def judge(samples: Any) -> Tensor:
            a, b, c, d = weights
            return (torch.tanh(torch.as_tensor(samples) @ a.T + b) @ c.T + d).flatten()

        class Now:
            pass

        now: Any = Now()
        now.real, now.noise, now.discriminator, now.reconstructor = real, noise, judge, reconstructor.act
        now.fake = generator.act(noise)
        return now

    own: Any = discriminator.trained
    first = torch.autograd.grad(told_apart(turn(own)), own, create_graph=True)
    ahead: Any = [weight + 0.1 * slope for weight, slope in zip(own, first, strict=True)]
    uphill = [
        torch.autograd.grad(PAYOFFS[name](turn(ahead)), player.trained, retain_graph=True)
        for name, player in (("generator", generator), ("reconstructor", reconstructor))
    ]
    expected = torch.cat([
        (weight + 0.1 * slope).detach().flatten()
        for player, slopes in zip(by_hand.values(), (first, *uphill), strict=True)
        for weight, slope in zip(player.trained, slopes, strict=True)
    ])  # fmt: skip
    torch.testing.assert_close(moved, expected, rtol=0, atol=2e-6)


def test_unrolled_moves_three_players_by_adam() -> None:
    before = numbers(players())
    after = trained(players(), update=Unrolled(2))
    assert torch.isfinite(after).all()
    sizes = [sum(own.numel() for own in player.parameters()) for player in players().values()]
    assert all(float(part.abs().max()) > 1e-4 for part in (after - before).split(sizes))


def test_pages_and_pictures_of_three_players(tmp_path: Path) -> None:
    """D judges pairs, so that there is no field of it and no V; the page has what each player was paid."""
    given, replay = cast(Any, players()), gan_lab.Replay()
    run = train(
        "ring8", given["generator_0"], given["discriminator_0"], others=[given["reconstructor_0"]], loss=VEEGAN,
        batch_size=N, steps=2, looks=2, callbacks=[replay], progress=True,
    )  # fmt: skip
    document = replay.document()
    (scene,) = document["scenes"]
    assert scene["field"] is None
    paid = document["charts"][0]
    assert paid["title"] == "What the players are paid"
    for one, agent in zip(paid["series"], THREE, strict=True):
        assert one["name"] == f"payoff of {agent}"
        assert unpacked(one["y"]) == pytest.approx([row[agent] for row in run.history])
    assert "V =" not in document["captions"][0]
    replay.html(tmp_path / "a.html")
    replay.gif(tmp_path / "a.gif")
    env: Any = gan_lab.env("ring8", loss=VEEGAN, batch_size=N, render_mode="rgb_array")
    env.seat(**given)
    env.reset(seed=1)
    assert env.render().shape == (400, 400, 3)


def stepped(loss: Any, *moves: Any, **seated: Any) -> None:
    env = gan_lab.env("ring8", loss=loss, batch_size=4)
    env.seat(**seated)
    env.reset(seed=1)
    for move in moves:
        env.step(move)


FORGOTTEN = turn_loss("veegan", PAYOFFS)
ONE_ROW = turn_loss("x", PAYOFFS, sees={"discriminator": lambda turn: turn.real[0]})
NETWORKS = turn_loss("x", PAYOFFS, sees={"discriminator": lambda turn: turn.reconstructor.network(turn.real)})
PAIRS_ONLY = turn_loss("pairs", {"discriminator": lambda turn: turn.discriminator(turn.real).mean()})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: turn_loss("x", PAYOFFS, plays={"encoder": 3}), "plays has 'encoder'; expected seats that observe"),
        (lambda: turn_loss("x", PAYOFFS, sees={"generator": lost}), "sees has 'generator'; expected seats"),
        (lambda: stepped(VEEGAN, np.zeros(8, np.float32)), r"asks reconstructor_0 about rows .* env.seat\(reconstr"),
        (
            lambda: stepped(FORGOTTEN, np.full(8, 0.5, np.float32), reconstructor_0=players()["reconstructor_0"]),
            r"asks discriminator_0 about rows that it has not observed.*sees",
        ),
        (
            lambda: stepped(PAIRS_ONLY, np.full(8, 0.5, np.float32), np.zeros((4, 2), np.float32)),
            r"generator_0 is paid for scores of its samples: let discriminator_0 answer",
        ),
        (lambda: gan_lab.GeneratorEnv("ring8", loss=VEEGAN), "'veegan' pays by whole turns"),
        (lambda: gan_lab.env("ring8", loss=ONE_ROW), r"sees is a tensor of shape \(2,\); expected .* rows"),
        (lambda: gan_lab.env("ring8", loss=NETWORKS), r"sees cannot be computed from what the players answer"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()
