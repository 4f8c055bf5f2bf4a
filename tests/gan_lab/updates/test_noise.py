"""Gradient noise near an equilibrium: the stationary covariance against matrices by hand, and against play."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from typer.testing import CliRunner

import gan_lab
from gan_lab import WiringError, ascent, spectrum, train
from gan_lab.cli import app
from gan_lab.games import BilinearGame, DiracGame, FiniteGame, NoisyGame, StrategyGame
from gan_lab.updates import Unrolled

H = 0.3
COVARIANCE = np.array([[0.04, 0.01], [0.01, 0.02]])


class Pairs(StrategyGame):
    """So many games side by side: V = sum x y - x^2 / 2 + y^2 / 2, with J = [[-1, 1], [-1, -1]] for each pair."""

    name, known_value = "pairs", 0.0

    def __init__(self, count: int = 1) -> None:
        self.count = count

    def space(self, agent: str) -> Box:
        return Box(-10.0, 10.0, (self.count,), np.float64)

    def value(self, discriminator: Any, generator: Any) -> Any:
        return (discriminator * generator - discriminator**2 / 2 + generator**2 / 2).sum()

    def exploitability(self, discriminator: Any, generator: Any) -> float:
        return 0.0

    @property
    def equilibrium(self) -> Any:
        return np.zeros(self.count), np.zeros(self.count)


J = np.array([[-1.0, 1.0], [-1.0, -1.0]])
EYE, NONE = np.eye(2), np.zeros((2, 2))
FIRST, SECOND = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
MOMENTUM = -0.3
# (A, B), written out by hand: of z' = A z + B xi, with the draws of an update side by side in xi
BY_HAND: dict[str, Any] = {
    "simultaneous": (EYE + H * J, H * EYE),
    # one draw for both turns; the generator sees the discriminator that has moved by it
    "alternating": ((EYE + H * SECOND @ J) @ (EYE + H * FIRST @ J), H * ((EYE + H * SECOND @ J) @ FIRST + SECOND)),
    "extragradient": (EYE + H * J @ (EYE + H * J), np.hstack([H * H * J, H * EYE])),
    # on (w, m), where m = h (v(w) + xi) is the step before: w' = w + 2 m' - m
    "optimistic": (np.block([[EYE + 2 * H * J, -EYE], [H * J, NONE]]), np.vstack([2 * H * EYE, H * EYE])),
    # on (w, m): m' = beta m + h (v(w) + xi), w' = w + m'
    "momentum": (np.block([[EYE + H * J, MOMENTUM * EYE], [H * J, MOMENTUM * EYE]]), np.vstack([H * EYE, H * EYE])),
}


def by_hand(name: str, covariance: Any) -> np.ndarray:
    """S from (I - A (x) A) vec S = vec(B C B^T)."""
    a, b = BY_HAND[name]
    noise = b @ np.kron(np.eye(b.shape[1] // 2), covariance) @ b.T
    found = np.linalg.solve(np.eye(len(a) ** 2) - np.kron(a, a), noise.ravel())
    return found.reshape(a.shape)[:2, :2]


def covariance_of(found: gan_lab.Spectrum) -> np.ndarray:
    assert found.covariance is not None
    return found.covariance


def options(name: str) -> dict[str, Any]:
    if name == "momentum":
        return {"update": "simultaneous", "optimizer": ascent(H, MOMENTUM)}
    return {"update": name, "rate": H}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_covariance_is_that_of_matrices_by_hand(name: str) -> None:
    found = spectrum(NoisyGame(Pairs(), COVARIANCE), **options(name))
    expected = by_hand(name, COVARIANCE)
    assert np.abs(covariance_of(found) - expected).max() < 1e-9
    assert found.distance == pytest.approx(np.trace(expected) ** 0.5, rel=1e-8)
    assert f"distance under noise     {found.distance:.4g}" in repr(found)
    assert found.radius == pytest.approx(spectrum(Pairs(), **options(name)).radius, abs=1e-8)


@pytest.mark.parametrize("name", ["alternating", "momentum"])
def test_played_noise_agrees(name: str, rng: np.random.Generator) -> None:
    """200 pairs, 20 times: 4,000 draws of a Gaussian pair with the predicted covariance.

    The radius is below 0.8, so that after 20 updates 1 % is left of what was before. The entries of a covariance of n
    draws have standard deviations of at most sqrt(2 / n) of the largest variance, 2.2 %; 15 % are more than 6 of them:
    a false alarm has a probability below 1e-8 for each of the three entries.
    """
    pairs, every, times = 200, 20, 20
    seen: list[Any] = []

    def keep(run: Any) -> None:
        if run.steps % every == 0 and run.steps > 2 * every:
            seen.append(np.stack(run.strategies))

    game = NoisyGame(Pairs(pairs), np.kron(COVARIANCE, np.eye(pairs)))
    chosen = options(name)
    make = chosen.pop("optimizer", ascent(H))
    chosen.pop("rate", None)
    players = [gan_lab.Strategist(agent, [0.0] * pairs, make) for agent in ("generator_0", "discriminator_0")]
    steps, seed = every * (times + 2), int(rng.integers(2**31))
    train(game, *players, steps=steps, seed=seed, looks=1, each_update=keep, trajectory=False, **chosen)
    draws = np.concatenate(seen, axis=1)
    assert draws.shape == (2, pairs * times)
    found = spectrum(NoisyGame(Pairs(), COVARIANCE), **options(name))
    assert found.radius < 0.8
    assert (
        np.abs(draws @ draws.T / draws.shape[1] - covariance_of(found)).max()
        < 0.15 * np.abs(covariance_of(found)).max()
    )


def test_where_a_rule_does_not_converge_noise_has_no_bound() -> None:
    for game, rule in ((BilinearGame(), "simultaneous"), (DiracGame(), "alternating")):
        found = spectrum(NoisyGame(game, 0.01), rule)
        assert found.distance == np.inf
        assert "under noise" not in repr(found)
    assert spectrum("dirac", "extragradient").distance == 0.0
    assert np.isnan(spectrum(NoisyGame(DiracGame(), 0.01), at=([1.0], [2.0])).distance)


def test_free_directions_are_left_out() -> None:
    """Of the two numbers of the generator, only the one along (1, 2) is pulled: the rest is a game of 1 x 1."""
    found = spectrum(NoisyGame(BilinearGame([[1.0, 2.0]]), 0.01), "optimistic", rate=0.1)
    alone = spectrum(NoisyGame(BilinearGame([[5**0.5]]), 0.01), "optimistic", rate=0.1)
    assert found.free == 1
    assert found.distance == pytest.approx(alone.distance, rel=1e-7)
    assert np.abs(covariance_of(found) @ [0, 2, -1]).max() < 1e-9


def test_idle_directions_are_left_out() -> None:
    """The numbers of q are divided by their sum, so that noise along q moves nothing."""
    game = FiniteGame([0.3, 0.7])
    found = spectrum(NoisyGame(game, 1e-4), "simultaneous", rate=0.1)
    assert np.isfinite(found.distance)
    assert np.abs(covariance_of(found) @ [0, 0, 0.3, 0.7]).max() < 1e-9


def test_a_noisy_run_is_repeated_resumed_and_stored(tmp_path: Path) -> None:
    game, file = NoisyGame(DiracGame(5.0), [[0.02, 0.01], [0.01, 0.01]]), tmp_path / "run.safetensors"
    chosen: Any = {"update": "extragradient", "rate": 0.1, "seed": 3}
    run = train(game, steps=20, **chosen)
    again = train(**json.loads(json.dumps(run.settings)))
    train(game, steps=8, **chosen, checkpoint=file)
    resumed = train(game, steps=20, **chosen, resume=file)
    for other in (again, resumed):
        assert np.array_equal(other.trajectory["generator"], run.trajectory["generator"])
    assert gan_lab.load(file).game.fingerprint() == game.fingerprint()
    assert not np.array_equal(train(game, steps=20, **chosen | {"seed": 4}).strategies, run.strategies)


def test_payoffs_are_tilted_and_still_add_up_to_0() -> None:
    """At (2, 3): V + 2 xi_D - 3 xi_G, of one draw for both turns and for both who move at once."""
    game = NoisyGame(BilinearGame(), COVARIANCE)
    envs: list[Any] = [gan_lab.env(game), gan_lab.parallel_env(game)]
    for env in envs:
        env.reset(seed=5)
        assert env.metadata["zero_sum"]
        if hasattr(env, "agent_selection"):
            env.step(np.array([2.0]))
            env.step(np.array([3.0]))
            rewards = env.rewards
        else:
            rewards = env.step({"discriminator_0": np.array([2.0]), "generator_0": np.array([3.0])})[1]
        of_d, of_g = env.game_state.noise.tolist()
        assert rewards["discriminator_0"] == pytest.approx(6 + 2 * of_d - 3 * of_g)
        assert rewards["generator_0"] == -rewards["discriminator_0"]
    draws = torch.stack([game.drawn(np.random.default_rng(seed)) for seed in range(3)])
    assert len(draws.unique()) == 6


def tiny_adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=0.1, betas=(0.5, 0.9), eps=50.0, maximize=True)


def test_adam_where_noise_is_far_below_its_eps() -> None:
    found = spectrum(NoisyGame(Pairs(), COVARIANCE), "simultaneous", optimizer=tiny_adam)
    alike = spectrum(
        NoisyGame(Pairs(), COVARIANCE),
        "simultaneous",
        optimizer=lambda parameters: torch.optim.SGD(
            parameters, lr=0.1 / 50, momentum=0.5, dampening=0.5, maximize=True
        ),
    )
    assert found.distance == pytest.approx(alike.distance, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NoisyGame("dirac", 1.0), "base is 'dirac'; expected a game of strategies"),  # pyright: ignore[reportArgumentType]
        (lambda: NoisyGame(NoisyGame(DiracGame(), 1.0), 1.0), "expected a game of strategies without noise"),
        (lambda: NoisyGame(DiracGame(), -1), "covariance is -1; expected a number of at least 0"),
        (lambda: NoisyGame(DiracGame(), np.eye(3)), r"has shape \(3, 3\); expected a number, or \(2, 2\)"),
        (lambda: NoisyGame(DiracGame(), [[1, 2], [2, 1]]), "has the eigenvalue -1; expected a covariance"),
        (lambda: NoisyGame(DiracGame(), [[1, 2], [0, 1]]), "not a symmetric matrix"),
        (lambda: NoisyGame(DiracGame(), [[1, np.nan], [np.nan, 1]]), "not a symmetric matrix of finite numbers"),
        (lambda: NoisyGame(DiracGame(), [[1, 2], [3]]), "covariance is not an array of numbers"),
        (lambda: spectrum(NoisyGame(DiracGame(), 1.0), "implicit"), "'implicit' solves for its own end point"),
        (lambda: train(NoisyGame(DiracGame(), 1.0), update="implicit"), "whose field is random"),
        (
            lambda: spectrum(NoisyGame(DiracGame(), 1e-4), "extragradient", optimizer=gan_lab.adam(1e-3)),
            "noise in the gradients has the standard deviation 0.01",
        ),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()


def test_rules_that_play_several_fields_draw_for_each() -> None:
    """Unrolled, whose own formula `operator` is, with noise: the covariance is symmetric and finite."""
    found = spectrum(NoisyGame(Pairs(), COVARIANCE), Unrolled(2), rate=0.1)
    assert np.isfinite(covariance_of(found)).all()
    assert np.abs(covariance_of(found) - covariance_of(found).T).max() < 1e-15


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", lambda: spectrum("dirac")),
        ("dirac --update extragradient --rate 0.1 --generator-rate 0.05 --loss hinge", lambda: spectrum(
            "dirac", "extragradient", rate=(0.05, 0.1), loss="hinge")),
        ("bilinear --momentum -0.3", lambda: spectrum(
            "bilinear", optimizer=(ascent(0.2, -0.3), ascent(0.2, -0.3)))),
        ("dirac --penalty r1 --penalty-weight 0.5 --noise 0.01", lambda: spectrum(
            NoisyGame(DiracGame(), 0.01), penalty="r1", penalty_weight=0.5)),
    ],
)  # fmt: skip
def test_the_command_spectrum(options: str, expected: Any) -> None:
    found = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["spectrum", *options.split()])
    assert found.output.split() == repr(expected()).split()
    assert found.exit_code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("ring8", "is a game of samples"),
        ("dirac --noise -1", "noise is -1.0; expected a number of at least 0"),
        ("dirac --rate 0", "rate is 0.0"),
    ],
)
def test_the_command_spectrum_refuses(options: str, message: str) -> None:
    found = CliRunner().invoke(app, ["spectrum", *options.split()])
    assert found.exit_code == 2
    assert message in found.output
