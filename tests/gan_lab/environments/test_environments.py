"""The game as PettingZoo and Gymnasium environments: their own checks, determinism, payoffs worked by hand."""

import functools
import os
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pettingzoo
import pytest
import torch
from gymnasium.utils.env_checker import check_env

import gan_lab
from gan_lab import Discriminator, Generator, WiringError
from gan_lab.games import GAMES, FiniteGame, MixtureGame
from gan_lab.networks.perceptrons import perceptron
from planners.agent import Agent, Learner

with warnings.catch_warnings():  # PettingZoo's checks import its own environments in a way that it warns of
    warnings.simplefilter("ignore", DeprecationWarning)
    from pettingzoo.test import (
        api_test,
        max_cycles_test,
        parallel_api_test,
        parallel_seed_test,
        render_test,
        seed_test,
    )

DIFFERENT_SHAPES = {
    "Observations are different shapes",
    "Agents have different observation space sizes",
    # samples are arrays of two axes; PettingZoo takes them for pictures
    "The observation contains negative numbers and is in the shape of a graphical observation. "
    "This might be a bad thing.",
}
PICTURES = ("digits", "shapes", "stacked_digits")
SAMPLES = ("ring8", "grid25", "grid100", *PICTURES)


def messages(check: Any) -> set[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check()
    return {str(warning.message) for warning in caught}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name in PICTURES else name for name in GAMES]
)
def test_pettingzoos_checks(name: str) -> None:
    """No warning but those that say that the two players observe different things."""
    allowed = DIFFERENT_SHAPES if name in SAMPLES else set()
    assert messages(lambda: api_test(gan_lab.env(name), num_cycles=30)) <= allowed
    assert not messages(lambda: parallel_api_test(gan_lab.parallel_env(name), num_cycles=30))
    seed_test(lambda: gan_lab.env(name))
    parallel_seed_test(lambda: gan_lab.parallel_env(name))


def test_pettingzoos_other_checks() -> None:
    max_cycles_test(gan_lab)
    for name in ("ring8", "finite"):
        make: Any = functools.partial(gan_lab.env, name, batch_size=8)
        render_test(make)


def episode(env: Any, seed: int, actions: np.random.Generator, turns: int = 40) -> list[Any]:
    env.reset(seed=seed)
    found: list[Any] = []
    for agent in env.agent_iter(turns):
        observation, reward, terminated, truncated, _ = env.last()
        found.append((agent, observation.tobytes(), reward, env.state().tobytes()))
        space = env.action_space(agent)
        env.step(None if terminated or truncated else actions.uniform(space.low, space.high).astype(space.dtype))
    return found


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("steps", [1, 3])
def test_many_steps_are_deterministic(name: str, steps: int, rng: np.random.Generator) -> None:
    """PettingZoo's own check of parallel environments stops after one step."""
    seed, other = (int(number) for number in rng.integers(2**31, size=2))
    runs = [
        episode(gan_lab.env(name, steps, batch_size=4), first, np.random.default_rng(second))
        for first, second in ((seed, 1), (seed, 1), (other, 1))
    ]
    assert runs[0] == runs[1]
    assert name not in SAMPLES or runs[0] != runs[2]


def test_parallel_games_are_deterministic(rng: np.random.Generator) -> None:
    def play(seed: int) -> list[Any]:
        env, actions = gan_lab.parallel_env("grid25", batch_size=4), np.random.default_rng(1)
        found: list[Any] = [env.reset(seed=seed)[0]["discriminator_0"].tobytes()]
        for _ in range(30):
            spaces = {agent: env.action_space(agent) for agent in env.agents}
            moves = {agent: actions.uniform(s.low, s.high).astype(np.float32) for agent, s in spaces.items()}
            observations, rewards, *_ = env.step(moves)
            found.append((rewards, observations["discriminator_0"].tobytes()))
        return found

    seed = int(rng.integers(2**31))
    assert play(seed) == play(seed)
    assert play(seed) != play(seed + 1)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_order_of_algorithm_1(steps: int) -> None:
    env = gan_lab.env("ring8", discriminator_steps=steps, max_cycles=2, batch_size=2)
    env.reset(seed=1)
    order = []
    for agent in env.agent_iter():
        over = env.truncations[agent]
        if not over:
            order.append(agent)
        env.step(None if over else env.action_space(agent).sample())
    assert order == (["discriminator_0"] * steps + ["generator_0"]) * 2


def test_rewards_are_the_value(rng: np.random.Generator) -> None:
    """V(D, G) of a batch by hand, zero-sum; the generator's samples are what the next turn shows."""
    env = gan_lab.env("grid25", batch_size=5)
    env.reset(seed=int(rng.integers(2**31)))
    env.step(rng.uniform(0.1, 0.9, 10).astype(np.float32))
    samples = rng.normal(size=(5, 2)).astype(np.float32)
    env.step(samples)
    observation = env.observe("discriminator_0")
    np.testing.assert_array_equal(observation[5:], samples)
    d = rng.uniform(0.1, 0.9, 10)
    env.step(d.astype(np.float32))
    value = np.log(d[:5]).mean() + np.log1p(-d[5:]).mean()
    assert env.rewards["discriminator_0"] == pytest.approx(value, abs=1e-5)
    assert env.rewards["generator_0"] == -env.rewards["discriminator_0"]


def players() -> tuple[Discriminator, Generator]:
    return Discriminator(perceptron([2, 16, 1])), Generator(perceptron([8, 16, 2]))


def test_a_seated_discriminator_pays_the_generator_through_its_samples() -> None:
    """The gradient of the generator's payoff by its own action is that of -V, through D."""
    discriminator, _ = players()
    env = gan_lab.env("ring8", batch_size=6, tensors=True)
    env.seat(discriminator_0=discriminator)
    env.reset(seed=3)
    env.step(discriminator.act(env.observe("discriminator_0")))
    samples = torch.randn(6, 2, requires_grad=True)
    env.step(samples)
    (found,) = torch.autograd.grad(env.infos["generator_0"]["payoff"], samples)
    (expected,) = torch.autograd.grad(-torch.log1p(-torch.sigmoid(discriminator.judge(samples))).mean(), samples)
    torch.testing.assert_close(found, expected)
    assert env.rewards["generator_0"] == -env.rewards["discriminator_0"] != 0


@pytest.mark.parametrize("loss", ["minimax", "non_saturating", "relativistic"])
def test_zero_sum_is_declared(loss: str) -> None:
    env = gan_lab.env("ring8", loss=loss, batch_size=4)
    env.reset(seed=3)
    env.step(np.full(8, 0.3, dtype=np.float32))
    assert env.metadata["zero_sum"] == (sum(env.rewards.values()) == 0)


def test_the_loop_is_that_of_every_agent() -> None:
    """Act, step, learn: the same interface as on the gridworld side."""
    discriminator, generator = players()
    assert all(isinstance(player, Agent) and isinstance(player, Learner) for player in (discriminator, generator))
    env = gan_lab.env("ring8", batch_size=32, tensors=True, loss="non_saturating")
    env.seat(discriminator_0=discriminator, generator_0=generator)
    env.reset(seed=5)
    before = [parameter.detach().clone() for parameter in generator.trained]
    for agent in env.agent_iter(20):
        player = env.game_state.seated[agent]
        env.step(player.act(env.last()[0]))
        player.learn(env.infos[agent]["payoff"])
    assert any(not torch.equal(old, new) for old, new in zip(before, generator.trained, strict=True))


def test_learners_at_a_parallel_table() -> None:
    discriminator, generator = players()
    env = gan_lab.parallel_env("ring8", batch_size=16, tensors=True)
    env.seat(discriminator_0=discriminator, generator_0=generator)
    observations, _ = env.reset(seed=5)
    for _ in range(5):
        moves = {agent: env.game_state.seated[agent].act(seen) for agent, seen in observations.items()}
        observations, rewards, _, _, infos = env.step(moves)
        assert sum(rewards.values()) == 0
        seated = env.game_state.seated.items()  # both gradients first: a move changes what the other's is taken through
        gradients = {agent: player.gradient(infos[agent]["payoff"], keep=True) for agent, player in seated}
        for agent, player in seated:
            player.move(gradients[agent])


def test_pettingzoos_registry() -> None:
    for kind, made in (("aec", gan_lab.env), ("parallel", gan_lab.parallel_env)):
        make: Any = pettingzoo.make
        env = make(kind, "gan_lab/GAN-v0", game="finite", max_cycles=3)
        assert isinstance(env.unwrapped, made)
        assert env.unwrapped.game_state.game.name == "finite"
        assert env.unwrapped.max_cycles == 3


def test_whole_strategies_as_moves() -> None:
    game = FiniteGame([0.25, 0.75])
    env = gan_lab.env(game)
    env.reset(seed=1)
    env.step(np.array([0.5, 0.25]))
    env.step(np.array([2.0, 6.0]) / 8)
    assert env.rewards["generator_0"] == pytest.approx(-game.value([0.5, 0.25], [0.25, 0.75]))
    assert env.state().tolist() == [0.5, 0.25, 0.25, 0.75]


def test_a_gymnasium_learner_plays_the_generator() -> None:
    check_env(gym.make("gan_lab/Generator-v0", disable_env_checker=True).unwrapped)
    env = gym.make("gan_lab/Generator-v0", batch_size=4, learning=True)
    env.reset(seed=1)
    rewards = [env.step(env.action_space.sample())[1] for _ in range(99)]
    assert np.isfinite(np.array(rewards, dtype=float)).all()
    assert env.step(env.action_space.sample())[3]  # cut off after a hundred


@pytest.mark.skipif(os.environ.get("SDL_VIDEODRIVER") != "dummy", reason="opens a window")
def test_pictures_show_the_players() -> None:
    env: Any = gan_lab.env("grid25", render_mode="rgb_array", batch_size=64)
    env.reset(seed=1)
    plain = env.render()
    env.seat(discriminator_0=Discriminator(perceptron([2, 16, 1])))
    assert plain.shape == env.render().shape == (400, 400, 3)
    assert not np.array_equal(plain, env.render())  # the field of D
    text: Any = gan_lab.env("dirac", render_mode="ansi")
    text.reset(seed=1)
    assert "dirac, turn 0" in text.render()
    assert "discriminator_0 1.000" in text.render().replace("  ", " ").replace("  ", " ")


def misfit(**players: Any) -> Any:
    env = gan_lab.env("ring8", tensors=True)
    env.reset(seed=1)
    env.seat(**players)
    return env


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gan_lab.env("ring9"), r"unknown game 'ring9'; did you mean 'ring8'\?"),
        (lambda: gan_lab.env("ring8", discriminator_steps=0), r"discriminator_steps is 0"),
        (lambda: gan_lab.env("ring8", batch_size=0), r"batch_size is 0"),
        (lambda: gan_lab.env("ring8", loss="minmax"), r"unknown loss 'minmax'; did you mean 'minimax'"),
        (lambda: gan_lab.env("ring8", render_mode="video"), r"render_mode is 'video'"),
        (lambda: gan_lab.env("ring8", penalty_weight=-1.0), r"penalty_weight is -1\.0"),
        (lambda: misfit(critic_0=None), r"no player 'critic_0'"),
        (
            lambda: misfit(generator_0=Generator(perceptron([8, 3]))),
            r"generator_0 plays .* \(2, 3\); expected samples for discriminator_0 of shape \(2, 2\)",
        ),
        (
            lambda: misfit(generator_0=Generator(perceptron([5, 2]))),
            r"generator_0 cannot act on \(2, 8\).*noise of 8 numbers",
        ),
        (
            lambda: misfit(discriminator_0=Discriminator(perceptron([3, 1]))),
            r"discriminator_0 cannot act on \(2, 2\).*generator_0 .*plays samples of 2",
        ),
        (lambda: gan_lab.GeneratorEnv("dirac"), r"'dirac' is a game of strategies"),
        (lambda: MixtureGame([[0.0]], -1.0), r"std is -1\.0"),
        (lambda: MixtureGame([[0.0], [1.0]], 0.1, [0.5, 0.6]), r"expected 2 numbers .* add up to 1"),
    ],
)
def test_bad_wiring(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()


@pytest.mark.parametrize(
    ("name", "move", "message"),
    [
        (
            "ring8",
            np.zeros(3, dtype=np.float32),
            r"discriminator_0 plays an array of shape \(3,\); expected .*\(128,\)",
        ),
        ("ring8", np.full(128, 1.5, dtype=np.float32), r"probabilities outside 0 to 1"),
        ("ring8", np.full(128, np.nan, dtype=np.float32), r"discriminator_0 plays .*not finite"),
        ("finite", np.zeros(3), r"expected a strategy of shape \(4,\)"),
        ("finite", np.full(4, np.nan), r"discriminator_0 plays .* not finite"),
    ],
)
def test_bad_moves(name: str, move: Any, message: str) -> None:
    env = gan_lab.env(name)
    env.reset(seed=1)
    with pytest.raises(WiringError, match=f"{message}.*, at turn 0"):
        env.step(move)
