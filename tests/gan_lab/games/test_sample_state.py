"""A game of samples, turn by turn: data drawn anew for every turn, and what a penalty takes from the payoff."""

from typing import Any

import numpy as np
import pytest
import torch

import gan_lab
from gan_lab import Discriminator, Generator
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
