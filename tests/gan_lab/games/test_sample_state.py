"""A game of samples, turn by turn: data drawn anew for every turn, and what a penalty takes from the payoff."""

from typing import Any

import numpy as np
import pytest
import torch

import gan_lab
from gan_lab import Discriminator, Generator
from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.environments.game_env import make_state
from gan_lab.networks import perceptron


def seated(rng: np.random.Generator, **options: Any) -> tuple[Discriminator, Any]:
    torch.manual_seed(int(rng.integers(2**31)))
    discriminator = Discriminator(perceptron([2, 16, 1]))
    env = gan_lab.env("ring8", batch_size=5, tensors=True, **options)
    env.seat(discriminator_0=discriminator, generator_0=Generator(perceptron([8, 16, 2])))
    env.reset(seed=int(rng.integers(2**31)))
    return discriminator, env


def test_every_turn_of_the_discriminator_shows_other_data(rng: np.random.Generator) -> None:
    _, env = seated(rng, discriminator_steps=3)
    shown = []
    for agent in env.agent_iter(12):
        seen = env.observe(agent)
        if agent == "discriminator_0":
            shown.append(seen.detach().clone())
        env.step(env.game_state.seated[agent].act(seen))
    real, fake = ({samples[part].numpy().tobytes() for samples in shown} for part in (slice(0, 5), slice(5, 10)))
    assert len(shown) == len(real) == len(fake) == 9


@pytest.mark.parametrize("weight", [0.25, 3.0])
@pytest.mark.parametrize("penalty", ["r1", "r2", "r1r2"])
def test_a_penalty_is_taken_from_the_payoff_by_its_weight(
    penalty: str, weight: float, rng: np.random.Generator
) -> None:
    """And not from the reward, which is the loss's own."""
    discriminator, env = seated(rng, penalty=penalty, penalty_weight=weight)
    samples = env.observe("discriminator_0")
    env.step(discriminator.act(samples))
    (slopes,) = torch.autograd.grad(discriminator.judge(samples).sum(), samples)
    squares = slopes.square().sum(dim=1)
    parts = {"r1": squares[:5].mean() / 2, "r2": squares[5:].mean() / 2, "r1r2": squares.mean()}
    charged = env.rewards["discriminator_0"] - env.infos["discriminator_0"]["payoff"].item()
    assert charged == pytest.approx(weight * parts[penalty].item(), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("loss", ["minimax", "non_saturating", "relativistic", "wasserstein", "least_squares", "hinge"])
def test_players_who_learn_are_paid_the_same_and_real_samples_judged_only_where_they_count(
    loss: str, rng: np.random.Generator
) -> None:
    """In the generator's turn: the payoff and its gradient as in the game of both payoffs, from as few verdicts."""
    seed, found = int(rng.integers(2**31)), []
    for alone in (False, True):
        torch.manual_seed(seed)
        discriminator, generator = Discriminator(perceptron([2, 16, 1])), Generator(perceptron([8, 16, 2]))
        env = AlternatingEnv.of_state(make_state("ring8", loss, None, 0.0, 5), 1)
        env.game_state.own_payoffs = alone
        env.seat(discriminator_0=discriminator, generator_0=generator)
        env.reset(seed=seed)
        judged: list[int] = []
        discriminator.network.register_forward_hook(lambda _, inputs, __, judged=judged: judged.append(len(inputs[0])))
        env.step(discriminator.act(env.observe("discriminator_0")))
        judged.clear()
        env.step(generator.act(env.observe("generator_0")))
        payoff = env.infos["generator_0"]["payoff"]
        found.append((payoff.item(), [part.tolist() for part in generator.gradient(payoff)], sum(judged)))
    assert found[0][:2] == found[1][:2]
    assert found[0][2] == 10
    assert found[1][2] == (10 if loss in ("minimax", "relativistic", "wasserstein") else 5)
