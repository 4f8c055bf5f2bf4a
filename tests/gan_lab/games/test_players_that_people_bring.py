"""Networks, losses and kinds of numbers that this package did not make: the game is one game for all of them."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import gan_lab
from gan_lab import Discriminator, Generator, Strategist, WiringError, ascent, train
from gan_lab.games import MixtureGame, ring
from gan_lab.payoffs.losses import LOSSES, Loss
from gan_lab.players import adam
from gan_lab.recipes.choose import MIXTURES

PENALTIES = ("none", "r1r2", "gradient_penalty")
TWO = MixtureGame([[-1.0, 0.0], [1.0, 0.0]], 0.2)


def with_batch_norm() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 64), nn.BatchNorm1d(64), nn.LeakyReLU(), nn.Linear(64, 1))


class MeanOfBatch(nn.Module):
    """Scores that depend on the whole batch by no module that has a known name."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(2, 1)

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return self.line(samples - samples.mean(dim=0))


class WithUnusedPart(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused = nn.Linear(2, 1), nn.Linear(2, 1)

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return self.used(samples)


class OneScore(nn.Module):
    """The same score for every sample."""

    def __init__(self, score: float = 0.0) -> None:
        super().__init__()
        self.score = nn.Parameter(torch.tensor([score]))

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return self.score.expand(len(samples))


@pytest.mark.long
@pytest.mark.usefixtures("brief_looks")
@pytest.mark.parametrize("network", [with_batch_norm, MeanOfBatch])
@pytest.mark.parametrize("update", ["alternating", "simultaneous", "extragradient", "consensus"])
def test_both_turns_judge_the_same_way_where_a_batch_is_tied_together(network: Any, update: str) -> None:
    """Nobody learns any more, and V is minimax: what one turn pays is minus what the other does, up to the batch."""
    torch.manual_seed(7)
    generator = Generator(nn.Linear(8, 2), adam(1e-12))
    discriminator = Discriminator(network())
    train(TWO, generator, discriminator, steps=200, loss="minimax", looks=1, update="alternating")
    discriminator.set_optimizer(adam(1e-12))
    paid = []
    train(
        TWO, generator, discriminator, steps=6, loss="minimax", truth_every=1, batch_size=20_000, update=update,
        callbacks=[lambda run: paid.append(run.history[-1])],
    )  # fmt: skip
    means = [np.mean([row[agent] for row in paid]) for agent in ("discriminator_0", "generator_0")]
    # 6 batches of 20,000: a standard error below .01; mixed batches were apart by more than .3
    assert means[0] == pytest.approx(-means[1], abs=0.06)


def test_plain_networks_are_judged_all_at_once() -> None:
    run = train(TWO, steps=1)
    assert isinstance(run.discriminator, Discriminator)
    assert run.discriminator.apart is None


@pytest.mark.usefixtures("brief_looks")
@pytest.mark.parametrize("make", [WithUnusedPart, OneScore], ids=["a part is not used", "samples are ignored"])
@pytest.mark.parametrize(
    ("update", "penalty"),
    [
        ("unrolled", "none"),  # it is for payoffs that add up to 0
        *(
            (update, penalty)
            for update in ("alternating", "consensus", "extragradient", "optimistic")
            for penalty in PENALTIES
        ),
    ],
)
def test_what_a_payoff_does_not_use_has_no_gradient(make: Any, update: str, penalty: str) -> None:
    run = train(TWO, None, Discriminator(make()), steps=2, update=update, penalty=penalty, loss="minimax")
    assert "updates" in run.report()
    assert np.isfinite(run.last["value"])


@pytest.mark.usefixtures("brief_looks")
def test_evaluations_leave_no_trace() -> None:
    def played(looks: int) -> list[torch.Tensor]:
        torch.manual_seed(3)
        network = nn.Sequential(nn.Linear(2, 32), nn.BatchNorm1d(32), nn.Dropout(0.5), nn.LeakyReLU(), nn.Linear(32, 1))
        run = train(TWO, None, Discriminator(network), steps=20, looks=looks)
        run.report()
        return [value.clone() for value in run.discriminator.state_dict().values()]

    assert all(torch.equal(one, other) for one, other in zip(played(1), played(20), strict=True))


def test_looks_are_the_same_again() -> None:
    network = nn.Sequential(nn.Linear(2, 32), nn.Dropout(0.5), nn.BatchNorm1d(32), nn.Linear(32, 1))
    run = train(TWO, None, Discriminator(network), steps=3)
    before = {name: value.clone() for name, value in run.discriminator.state_dict().items()}
    assert run.look(3) == run.look(3)
    run.report()
    assert all(torch.equal(value, before[name]) for name, value in run.discriminator.state_dict().items())
    assert run.discriminator.training


def test_networks_of_double_precision() -> None:
    run = train(TWO, Generator(nn.Linear(8, 2).double()), Discriminator(with_batch_norm().double()), steps=3)
    assert run.discriminator.act(np.linspace(0.0, 1.0, 8).reshape(4, 2)).scores.dtype == torch.float64
    single = train(TWO, steps=1)
    assert single.discriminator.act(np.linspace(0.0, 1.0, 8).reshape(4, 2)).scores.dtype == torch.float32
    assert single.generator.act(np.random.default_rng(0).standard_normal((5, 8))).dtype == torch.float32
    assert run.sample(3, 1).dtype == np.float32


@pytest.mark.parametrize("game", ["ring8", "dirac", "finite", "gaussian"])
def test_runs_can_be_pickled(game: str) -> None:
    run = train(game, steps=2)
    again = pickle.loads(pickle.dumps(run))
    assert again.report() == run.report()


def test_the_recipe_of_a_mixture_follows_its_numbers() -> None:
    own = train(ring(5, radius=10.0, std=0.5), steps=0)
    assert own.game.name == "ring5"
    recipe = gan_lab.mixture_recipe(own.game, **MIXTURES["ring8"][1])  # pyright: ignore[reportArgumentType]
    assert own.settings["penalty_weight"] == str(recipe.penalty_weight)
    assert train("ring8", steps=0).settings["penalty_weight"] == str(gan_lab.RECIPES["ring8"].penalty_weight)


@pytest.mark.long
@pytest.mark.parametrize("name", ["minimax", "non_saturating", "least_squares", "relativistic"])
def test_convergence_is_told_for_a_loss_at_its_own_equilibrium(name: str) -> None:
    run = train("finite", loss=name, steps=1500)
    assert run.last["exploitability"] < 1e-3
    assert "Converged? yes" in run.report()


@pytest.mark.parametrize(("name", "score"), [("hinge", -1.0), ("hinge", 0.5), ("least_squares", 0.5)])
def test_an_equilibrium_of_samples_is_called_one(name: str, score: float) -> None:
    class Data(nn.Module):
        """Two points of the data, by the sign of a number."""

        def __init__(self) -> None:
            super().__init__()
            self.still = nn.Parameter(torch.zeros(1))

        def forward(self, noise: torch.Tensor) -> torch.Tensor:
            side = torch.where(noise[:, :1] > 0, 1.0, -1.0)
            return torch.cat([side + 0.2 * noise[:, 1:2], 0.2 * noise[:, 2:3]], dim=1) + 0 * self.still

    run = train(TWO, Generator(Data(), adam(1e-9)), Discriminator(OneScore(score), adam(1e-9)), steps=1, loss=name)
    assert "Converged? yes" in run.report()
    assert "Mode collapse? no" in run.report()


def test_an_own_loss_is_asked_for_its_own_facts() -> None:
    """A shift of all scores changes nothing for a relative loss, whatever its name."""
    of = LOSSES["relativistic"]
    own = Loss("mine", of.discriminator, of.generator, False, True, "as relativistic", "test", of.log_odds)
    runs = [train("finite", loss=loss, steps=100) for loss in (own, "relativistic")]
    assert runs[0].truth == runs[1].truth


@pytest.mark.parametrize("update", ["optimistic", "extragradient"])
def test_a_strategy_at_the_edge_of_the_box_comes_back(update: str) -> None:
    players = [Strategist(name, [9.9], ascent(0.3)) for name in ("generator_0", "discriminator_0")]
    run = train("bilinear", *players, update=update, steps=500)
    assert np.abs(run.strategies).max() < 1e-3


def test_a_strategy_that_starts_outside_of_the_box_is_refused() -> None:
    with pytest.raises(WiringError, match=r"generator_0 starts with 12 at 0; expected -10 to 10"):
        train("bilinear", Strategist("generator_0", [12.0]), steps=1)


def test_the_last_observations_of_a_game_that_is_cut_off_are_of_their_spaces() -> None:
    env = gan_lab.env("ring8", max_cycles=1, batch_size=4)
    env.reset(seed=0)
    seen = []
    for agent in env.agent_iter():
        observation, _, _, truncated, _ = env.last()
        seen.append((agent, truncated))
        assert observation.shape == env.observation_space(agent).shape
        env.step(None if truncated else env.action_space(agent).sample())
    assert seen[-2:] == [("discriminator_0", True), ("generator_0", True)]


def test_points_and_a_momentum_that_cannot_be_used_are_answered_with_what_to_do() -> None:
    """Before, the message held the whole array, and momentum 1.2 ended in infinite payoffs after 41 updates."""
    with pytest.raises(WiringError, match=r"game is a ndarray; for points: gan_lab.games.PointsGame\(points\)"):
        gan_lab.train(np.zeros((30, 2)), steps=1)  # pyright: ignore[reportArgumentType]
    for momentum in (1.2, 1.0, -1.0, float("nan")):
        with pytest.raises(WiringError, match=r"momentum is .* (between|from) -1 (and|to) 1"):
            gan_lab.ascent(0.1, momentum=momentum)
