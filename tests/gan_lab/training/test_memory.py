"""What is said of memory before a run starts, beside what tensors take when counted by hand."""

import numpy as np
import pytest
import torch
from torch import nn

import gan_lab
from gan_lab import Discriminator, Generator
from gan_lab.games import ImagesGame
from gan_lab.training import memory


@pytest.fixture(autouse=True)
def looks_of_this_room() -> None:
    """Whole looks: how many samples they take is asked here."""


def test_the_parts_are_those_of_the_layers() -> None:
    """Two linear layers and an activation: 4 bytes for each number that they say."""
    game = ImagesGame(np.zeros((20, 1, 8, 8)))
    judge = Discriminator(nn.Sequential(nn.Linear(64, 5), nn.ReLU(), nn.Linear(5, 1)))
    maker = Generator(nn.Linear(32, 64))
    players = {"discriminator_0": judge, "generator_0": maker}
    data, samples = 20 * 64 * 4, 6 * 4 * 5000 * 64
    held = sum(part.nbytes for part in vars(game).values() if isinstance(part, np.ndarray))
    assert held >= data
    for penalty, times in ((None, 1), ("r1", 2)):
        turn = 2 * 1000 * (2 * 4 * (5 + 5 + 1) * times + 4 * 64)
        found = memory.memory_of(game, players, 1000, penalty)
        assert found == memory.BASE + held + max(samples, turn)
    assert memory.memory_of(game, players, 100_000, None) == memory.BASE + held + 2 * 100_000 * (2 * 44 + 256)


def test_it_is_said_before_a_large_run_and_not_before_a_small_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    options = {"steps": 1, "looks": 1, "progress": True}
    gan_lab.train("ring8", **options)
    assert "of memory" not in capsys.readouterr().err
    monkeypatch.setattr(memory, "WORTH_SAYING", 1000)
    gan_lab.train("ring8", **options)
    assert "ring8: about 0.2 GB of memory at most." in capsys.readouterr().err
