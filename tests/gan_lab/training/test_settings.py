"""`gan_lab.train(**run.settings)` plays the same run; what no file can keep is named; checkpoints give runs back."""

import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from pickle import dumps, loads
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import gan_lab
from gan_lab.errors import WiringError
from gan_lab.payoffs.losses import LOSSES, Loss
from gan_lab.training.settings import Settings
from gan_lab.updates import Alternating, Update

SMALL: dict[str, Any] = {"batch_size": 16, "looks": 2}


def network(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 6), nn.BatchNorm1d(6), nn.LeakyReLU(0.1), nn.Linear(6, outputs, bias=False))


def same(one: Any, other: Any) -> bool:
    """Whether two runs ended with the same bits, and had the same evaluations."""
    states = [
        [value for player in run.players.values() for value in player.state_dict().values()] for run in (one, other)
    ]
    return all(map(torch.equal, *states)) and (one.history, one.truth) == (other.history, other.truth)


class Around(Update):
    """A rule of one's own around another one, for a loss."""

    name = "around"

    def __init__(self, inner: Update, loss: Loss) -> None:
        self.inner, self.loss, self.discriminator_steps, self.joint = (
            inner,
            loss,
            inner.discriminator_steps,
            inner.joint,
        )

    def step(self, pair: Any) -> None:
        self.inner.step(pair)

    def operator(self, jacobian: np.ndarray, split: int, rate: float) -> np.ndarray:
        return self.inner.operator(jacobian, split, rate)


CASES: dict[str, Any] = {
    "a rule around another": lambda: dict(
        game="dirac", steps=4, update=Around(gan_lab.updates.Simultaneous(), LOSSES["minimax"])
    ),
    "a strategy game": lambda: dict(game="dirac", steps=8, update="extragradient", rate=0.3),
    "another rate": lambda: dict(game="finite", steps=6, rate="cosine(0.3, 0.1)", update=Alternating(2)),
    "a recipe": lambda: dict(game="ring8", steps=4),
    "a game with arguments": lambda: dict(game=gan_lab.games.ring(5, std=0.1), steps=3, recipe="pacgan4", **SMALL),
    "own networks": lambda: dict(
        game="ring8",
        generator=gan_lab.Generator(network(8, 2), gan_lab.ascent(1e-2, 0.5)),
        discriminator=gan_lab.Discriminator(network(2, 1)),
        steps=4,
        penalty="r1",
        penalty_weight="linear(1, 0)",
        **SMALL,
    ),
    "one own player": lambda: dict(game="dirac", generator=gan_lab.Strategist("generator_0", [2.0]), steps=5),
    "points": lambda: dict(
        game=gan_lab.games.PointsGame(np.random.default_rng(0).normal(size=(300, 2))), steps=3, recipe="plain", **SMALL
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_settings_play_the_same_run(name: str) -> None:
    run = gan_lab.train(**CASES[name](), seed=5)
    torch.rand(3)  # somebody else draws numbers in between
    before = torch.get_rng_state()
    again = gan_lab.train(**json.loads(json.dumps(run.settings)))
    assert torch.equal(torch.get_rng_state(), before)
    assert same(run, again)
    assert run.settings == again.settings


def test_players_that_have_learned_begin_with_what_their_optimizers_remember() -> None:
    generator = gan_lab.Generator(network(8, 2))
    gan_lab.train("ring8", generator, steps=3, **SMALL)
    run = gan_lab.train("ring8", generator, steps=3, **SMALL)
    assert same(run, gan_lab.train(**run.settings))


def mine(name: str = "mine") -> Loss:
    return replace(LOSSES["hinge"], name=name)


def test_what_cannot_be_kept_is_named_and_given_again() -> None:
    run = gan_lab.train("ring8", loss=mine(), rate=lambda share: 1e-3 * (1 - share / 2), steps=2, **SMALL)
    with pytest.raises(WiringError, match=r"the setting 'generator_rate' was the function .*<lambda>, .*give it again"):
        gan_lab.train(**{**run.settings, "loss": mine(), "discriminator_rate": 1e-3})
    with pytest.raises(WiringError, match=r"the setting 'discriminator_rate' was the function .*<lambda>"):
        gan_lab.train(**{**run.settings, "loss": mine(), "generator_rate": 1e-3})
    with pytest.raises(WiringError, match="the setting 'loss' was the loss 'mine' of your own"):
        gan_lab.train(**{**run.settings, "generator_rate": 1e-3, "discriminator_rate": 1e-3})


def test_an_own_loss_with_the_name_of_another_is_not_taken_for_it() -> None:
    run = gan_lab.train("ring8", loss=mine("minimax"), steps=2, **SMALL)
    with pytest.raises(WiringError, match="the setting 'loss' was the Loss minimax"):
        gan_lab.train(**run.settings)
    assert same(run, gan_lab.train(**{**run.settings, "loss": mine("minimax")}))


class Tied(nn.Module):
    """One layer, used twice: its classes and arguments would make two of it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.layers = nn.Sequential(self.first, self.first, nn.Linear(8, 2))

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        return self.layers(noise)


class Wide(nn.Module):
    """Its argument is kept under another name."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, width), nn.Linear(width, 2))

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        return self.layers(noise)


@pytest.mark.parametrize("make", [lambda: Wide(3), lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(8, 2))])
def test_networks_that_cannot_be_made_again_are_refused(make: Any) -> None:
    run = gan_lab.train("ring8", gan_lab.Generator(make()), steps=1, **SMALL)
    with pytest.raises(WiringError, match=r"the setting 'generator' was .*give it again"):
        gan_lab.train(**run.settings)


def test_layers_that_are_used_twice_stay_one_or_are_refused() -> None:
    run = gan_lab.train("ring8", gan_lab.Generator(Tied()), steps=2, **SMALL)
    again = nn.Sequential(shared := nn.Linear(8, 8), shared, nn.Linear(8, 2))
    assert same(run, gan_lab.train(**run.settings))  # its class makes it again as it is
    run = gan_lab.train("ring8", gan_lab.Generator(again), steps=2, **SMALL)
    with pytest.raises(WiringError, match="which its arguments alone do not make again"):
        gan_lab.train(**run.settings)


def test_a_game_whose_data_changed_is_refused() -> None:
    points = np.random.default_rng(0).normal(size=(300, 2))
    game = gan_lab.games.PointsGame(points)
    points += 1.0
    run = gan_lab.train(game, recipe="plain", steps=1, **SMALL)
    with pytest.raises(WiringError, match="the game 'points' with other numbers"):
        gan_lab.train(**run.settings)


def test_only_classes_of_known_kinds_are_made() -> None:
    for path in ("os.system", "gan_lab.training.loop.train", "torch.nn.functional.relu", "subprocess.Popen"):
        with pytest.raises(WiringError, match=f"the setting 'game' was of the class {path}, which is not"):
            gan_lab.train({"class": path, "arguments": ["true"], "keywords": {}})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "form",
    [{"class": 3}, {"class": "gan_lab.games.dirac.DiracGame", "keywords": {"bond": 1}}, {"tensor": "?"}, {"dict": 1}],
)
def test_damaged_settings_are_refused_by_a_sentence(form: Any) -> None:
    with pytest.raises(WiringError, match="the setting 'game' cannot be made again as it stands there"):
        gan_lab.train(form)


def test_other_versions_are_said() -> None:
    settings = gan_lab.train("dirac", steps=1).settings
    with pytest.warns(UserWarning, match="was played by numpy 0.1"):
        gan_lab.train(**{**settings, "versions": {"numpy": "0.1"}})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gan_lab.train(**settings)


def test_threads_are_those_of_the_settings() -> None:
    before = torch.get_num_threads()
    seen: list[int] = []
    run = gan_lab.train(
        "dirac", steps=1, threads=before + 1, callbacks=[lambda run: seen.append(torch.get_num_threads())]
    )
    assert (seen, torch.get_num_threads(), run.settings["threads"]) == ([before + 1], before, before + 1)


@pytest.mark.long
def test_threads_and_processes_have_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # whole looks: the processes know nothing of brief ones
    asked: dict[str, Any] = {"batch_size": 512, "steps": 2, "recipe": "plain", "looks": 2, "threads": 2}
    alone = gan_lab.train("ring8", **asked)
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: gan_lab.train(**alone.settings), range(2)))
    assert all(same(alone, run) for run in runs)
    apart = gan_lab.sweep({"game": ["ring8"]}, seeds=[0], processes=2, **asked)
    assert apart.curves == [alone.truth]


def test_load_gives_run_players_and_settings(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    run = gan_lab.train("ring8", gan_lab.Generator(network(8, 2)), steps=4, recipe="r3gan", checkpoint=file, **SMALL)
    found = gan_lab.load(file)
    assert found.settings == run.settings
    assert same(run, found)
    assert np.array_equal(found.sample(5, seed=1), run.sample(5, seed=1))
    assert np.array_equal(found.sample(5, seed=1, averaged=True), run.sample(5, seed=1, averaged=True))
    assert found.report() == run.report()
    assert np.array_equal(found.trajectory["payoff_generator"], run.trajectory["payoff_generator"], equal_nan=True)
    assert same(run, gan_lab.train(**found.settings))


def test_a_resumed_run_has_the_settings_of_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    whole = gan_lab.train("dirac", steps=9)
    first = gan_lab.train("dirac", steps=4, checkpoint=file)
    longer = gan_lab.train(**{**first.settings, "steps": 9, "truth_every": 1}, resume=file)
    assert np.array_equal(longer.trajectory["generator"], whole.trajectory["generator"])
    assert same(gan_lab.train(**longer.settings), gan_lab.train(**whole.settings, looks=9))


def test_load_asks_for_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    gan_lab.train("ring8", gan_lab.Generator(Wide(3)), steps=1, checkpoint=file, **SMALL)
    with pytest.raises(WiringError, match=r"the setting 'generator' .* or gan_lab.load\(path, generator=...\)"):
        gan_lab.load(file)
    assert gan_lab.load(file, generator=gan_lab.Generator(Wide(3))).steps == 1
    with pytest.raises(WiringError, match=r"train\(\) has no argument 'generatr': did you mean generator="):
        gan_lab.load(file, generatr=1)


def test_settings_are_copied_with_their_facts() -> None:

    settings = Settings({"game": "dirac"}, {"network of generator_0": "Linear"})
    for other in (deepcopy(settings), loads(dumps(settings))):
        assert other["network of generator_0"] == "Linear"
        assert other == {"game": "dirac"}
