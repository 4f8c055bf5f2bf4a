"""Known methods as recipes: played, resumed, with the networks of their papers, and in packs."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

import gan_lab
from gan_lab import Recipe, WiringError, train
from gan_lab.games import MixtureGame, PackedGame, make_game
from gan_lab.games.sample_game import Packed
from gan_lab.networks.perceptrons import perceptron
from gan_lab.payoffs.losses import find_loss
from gan_lab.recipes.choose import RECIPES
from gan_lab.recipes.known import AS_PUBLISHED, KNOWN
from gan_lab.recipes.published_shapes import Maxout


def small(recipe: Recipe) -> Recipe:
    """The same method with few samples and narrow networks; those of the papers keep their kind of layers."""
    generator, discriminator = (replace(shape, hidden=(8, 8)) for shape in (recipe.generator, recipe.discriminator))
    return recipe.with_(generator=generator, discriminator=discriminator, batch_size=8, steps=4)


@pytest.mark.parametrize("name", [*KNOWN, *AS_PUBLISHED])
def test_known_methods_play_and_resume_bit_by_bit(name: str, rng: np.random.Generator, tmp_path: Path) -> None:
    recipe, seed, file = small(RECIPES[name]), int(rng.integers(2**31)), tmp_path / "run.safetensors"
    whole = train("ring8", recipe=recipe, seed=seed, truth_every=1)
    train("ring8", recipe=recipe, seed=seed, truth_every=1, callbacks=[lambda run: run.steps == 2], checkpoint=file)
    again = train("ring8", recipe=recipe, seed=seed, truth_every=1, resume=file)
    for player in ("generator", "discriminator"):
        for key, value in getattr(whole, player).state_dict().items():
            assert torch.equal(value, getattr(again, player).state_dict()[key]), key
    assert whole.truth == again.truth
    assert whole.sample(7, seed=1).shape == (7, 2)
    assert "Mode collapse?" in whole.report()
    before = {key: value.clone() for key, value in whole.generator.state_dict().items()}
    assert np.array_equal(whole.sample(5, seed=3), whole.sample(5, seed=3))
    assert all(torch.equal(value, before[key]) for key, value in whole.generator.state_dict().items())


def test_published_networks_are_as_published() -> None:
    """Counted by hand from the tables of layers: weights, biases, and scale and shift of the normalisation."""

    def sizes(name: str) -> list[int]:
        recipe = RECIPES[name]
        game = cast(MixtureGame, make_game("grid25")).as_played(recipe.packing, recipe.noise_size)
        return [sum(p.numel() for p in player.parameters()) for player in recipe.players(game)]

    generator = 2 * 400 + 3 * 400 * 400 + 4 * 2 * 400 + 400 * 2 + 2
    assert sizes("pacgan_published") == [(8 + 1) * 1000 + 2 * (200 + 1) * 1000 + 201, generator]
    assert sizes("gan_published") == [(2 + 1) * 1000 + 2 * (200 + 1) * 1000 + 201, generator]
    assert sizes("self_conditioned_baseline_published")[1] == generator + 4 * 400
    assert sizes("unrolled_published") == [3 * 128 + 129 * 128 + 129, 257 * 128 + 129 * 128 + 129 * 2]
    maxout = Maxout(2, 3, 4)
    x = torch.randn(5, 2)
    pieces = maxout.linear(x).detach().numpy()
    assert maxout(x).tolist() == [[row[i : i + 4].max() for i in (0, 4, 8)] for row in pieces]


@pytest.mark.parametrize("penalty", ["r1", "r2", "r1r2", "gradient_penalty"])
@pytest.mark.parametrize("loss", ["minimax", "relativistic", "wasserstein"])
def test_a_pack_is_judged_once(loss: str, penalty: str, rng: np.random.Generator) -> None:
    """The payoff and the penalty of packs, from the same packs written out sample by sample."""
    torch.manual_seed(int(rng.integers(2**31)))
    single = cast(MixtureGame, make_game("ring8"))
    game, network = PackedGame(single, 3), perceptron([8, 16, 2])
    env = gan_lab.env(game, loss=loss, penalty=penalty, penalty_weight=0.7, batch_size=5, tensors=True)
    judge = gan_lab.Discriminator(perceptron([6, 16, 1]))
    generator = gan_lab.Generator(Packed(network, 3))
    env.seat(discriminator_0=judge, generator_0=generator)
    env.reset(seed=int(rng.integers(2**31)))
    packs = env.observe("discriminator_0")
    assert packs.shape == (10, 6)
    noise = env.game_state.glimpse("generator_0").reshape(5, 3, 8)
    for pack, shown in zip(noise, packs[5:], strict=True):
        assert torch.allclose(network(pack).flatten(), shown, atol=1e-6)
    nearest = np.linalg.norm(packs[:5].detach().numpy().reshape(15, 1, 2) - single.means, axis=2)
    assert nearest.min(axis=1).max() < 0.1  # every single sample of a real pack is one of the data
    env.step(judge.act(packs))
    scores = judge.judge(packs)
    slopes = torch.autograd.grad(scores.sum(), packs)[0].square().sum(dim=1)
    halves = {"r1": slopes[:5].mean() / 2, "r2": slopes[5:].mean() / 2, "r1r2": slopes.mean()}
    bare = find_loss(loss).discriminator(scores[:5], scores[5:], None, None).item()
    assert env.rewards["discriminator_0"] == pytest.approx(bare, rel=1e-5)
    charged = bare - env.infos["discriminator_0"]["payoff"].item()
    if penalty in halves:
        assert charged == pytest.approx(0.7 * halves[penalty].item(), rel=1e-3, abs=1e-6)
    else:
        assert charged > 0


def test_packs_have_no_gap_of_single_samples(rng: np.random.Generator) -> None:
    """Their JSD is another one, so that nothing is said of it; modes and shares are those of the samples."""
    single = cast(MixtureGame, make_game("ring8"))
    packs = PackedGame(single, 4).real(500, rng)
    found = PackedGame(single, 4).truth(packs, rng)
    expected = single.truth(packs.reshape(-1, 2), rng)
    assert found == {name: value for name, value in expected.items() if not name.startswith("jsd")}
    with pytest.raises(WiringError, match="packing is 0; expected a whole number of at least 1"):
        PackedGame(single, 0)
    assert single.as_played(1, None) is single
    wider = single.as_played(1, 3)
    assert (wider.noise_size, single.noise_size) == (3, 8)
