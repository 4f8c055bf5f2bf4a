"""Replays of training runs: what is in the pages and the animations."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import gan_lab
from gan_lab.cli.commands import app as gan_app
from gan_lab.games import MixtureGame
from gridworld_env.ui.pages.packing import unpacked
from gridworld_env.ui.pages.page import page_text
from tests.oracles.pages import document_in


@pytest.mark.parametrize("game", ["dirac", "bilinear", "finite", "gaussian"])
def test_strategies_are_recorded_as_they_were(game: str, tmp_path: Path) -> None:
    seen: list[Any] = []
    replay = gan_lab.Replay()
    run = gan_lab.train(game, steps=12, looks=6, callbacks=[replay, lambda run: seen.append(run.strategies)])
    replay.html(tmp_path / "a.html")
    document = document_in((tmp_path / "a.html").read_text(encoding="utf-8"))
    (scene,) = document["scenes"]
    assert document["at"] == [2, 4, 6, 8, 10, 12]
    if scene["kind"] == "path":
        assert unpacked(scene["x"]) == pytest.approx([d[0] for d, _ in seen])
        assert unpacked(scene["y"]) == pytest.approx([g[0] for _, g in seen])
    else:
        by_name = {one["name"]: unpacked(one["y"]) for one in scene["series"]}
        if game == "finite":
            q = np.array([g / g.sum() for _, g in seen])
            p = np.array([0.1, 0.2, 0.3, 0.4])
            assert by_name["q: the generator"] == pytest.approx(q)
            assert by_name["D*, exact"] == pytest.approx(p / (p + q))
        width = unpacked(scene["x"])[1] - unpacked(scene["x"])[0]
        assert by_name["q: the generator"].sum(axis=1) * width == pytest.approx(np.ones(6), abs=0.02)
    value = document["charts"][0]
    assert unpacked(value["series"][0]["y"]) == pytest.approx([row["value"] for row in run.truth])
    assert value["lines"][0]["y"] == pytest.approx(0.0 if game == "bilinear" else -np.log(4))


def test_the_field_of_the_dirac_game_is_its_gradient(rng: np.random.Generator) -> None:
    """V = log(1/2) + log sigmoid(-psi theta), whose slopes are -theta sigmoid(psi theta), and for G +psi sigmoid."""
    from gan_lab.replays.strategy_scenes import PathScene

    scene = PathScene(gan_lab.train("dirac", steps=1))
    psi, theta, up, over = scene.field(float(rng.uniform(0.5, 3))).T
    sigmoid = 1 / (1 + np.exp(-psi * theta))
    assert up == pytest.approx(-theta * sigmoid)
    assert over == pytest.approx(psi * sigmoid)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_samples_are_recorded_as_they_were(dimension: int, tmp_path: Path) -> None:
    game, seen, replay = MixtureGame(np.eye(dimension), std=0.2), [], gan_lab.Replay()
    keep = [replay, lambda run: seen.append(run.sample(2000 if dimension == 1 else 500, 0))]
    gan_lab.train(game, recipe="plain", steps=2, looks=2, callbacks=keep)
    replay.html(tmp_path / "a.html")
    replay.gif(tmp_path / "a.gif")
    document = document_in((tmp_path / "a.html").read_text(encoding="utf-8"))
    (scene,) = document["scenes"]
    if dimension == 1:
        x, y = unpacked(scene["x"]), unpacked(scene["series"][1]["y"])
        assert y[1] @ np.ones(80) * (x[1] - x[0]) == pytest.approx(np.mean(np.abs(seen[1]) <= 1.25 * game.scale))
    else:
        points = unpacked(scene["generated"]) / 32767 * scene["bound"]
        inside = np.abs(seen[1][:, :2]) <= scene["bound"]
        assert np.abs(points[1] - seen[1][:, :2])[inside].max() < 1e-3
        assert (scene["field"] is None) == (dimension == 3)
    assert [chart["title"] for chart in document["charts"]][2:] == [
        "Modes that have a good sample",
        "Shares of the samples",
    ]
    with Image.open(tmp_path / "a.gif") as animation:
        assert animation.size == (768, 416)


def test_the_field_is_what_d_says_from_the_upper_left(tmp_path: Path) -> None:
    """Of a discriminator that is sure of what lies to the right and above, and doubts the rest."""
    import torch

    from gan_lab.players import Verdict
    from gan_lab.replays.sample_scenes import PlaneScene

    game = MixtureGame([[1.0, 0.0]], std=0.2)
    run = gan_lab.train(game, recipe="plain", steps=1)

    class Corner(torch.nn.Module):
        def act(self, x: torch.Tensor) -> Verdict:
            return Verdict(torch.where((x[:, 0] > 0) & (x[:, 1] > 0), 20.0, -20.0))

    run.discriminator = Corner()  # pyright: ignore[reportAttributeAccessIssue]
    field = PlaneScene(game).frame(run)["field"]
    assert (field[:20, 20:] == 255).all()
    assert field.sum() == 255 * 20 * 20


def test_images_are_recorded(tmp_path: Path) -> None:
    game = gan_lab.games.ImagesGame(np.linspace(-1, 1, 20 * 64).reshape(20, 1, 8, 8))
    replay = gan_lab.Replay()
    run = gan_lab.train(game, recipe="plain", steps=1, callbacks=[replay])
    (scene,) = document_in(page_text(replay.document()))["scenes"]
    expected = np.clip((run.sample(36, 0) + 1) / 2, 0, 1).reshape(1, 36, 1, 8, 8) * 255
    assert np.abs(unpacked(scene["generated"]) - expected).max() <= 0.51
    replay.gif(tmp_path / "a.gif")


def test_a_run_that_diverges_leaves_its_replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gan_lab.training import loop

    train = gan_lab.train

    def diverging(*_: Any, **options: Any) -> None:
        train("dirac", steps=3, looks=3, callbacks=options["callbacks"])
        raise gan_lab.DivergedError("the payoff is nan")

    monkeypatch.setattr(loop, "train", diverging)
    result = CliRunner().invoke(gan_app, ["train", "dirac", "--html", str(tmp_path / "a.html")])
    assert result.exit_code == 3
    assert "wrote" in result.stderr
    assert document_in((tmp_path / "a.html").read_text(encoding="utf-8"))["at"] == [1, 2, 3]


def test_gan_lab_train_writes_both(tmp_path: Path) -> None:
    page, gif = tmp_path / "a.html", tmp_path / "a.gif"
    arguments = ["train", "dirac", "--steps", "4", "--html", str(page), "--gif", str(gif)]
    result = CliRunner().invoke(gan_app, arguments)
    assert result.exit_code == 0
    assert result.stderr.count("wrote ") == 2
    assert document_in(page.read_text(encoding="utf-8"))["title"] == "dirac, trained"
    with Image.open(gif) as animation:
        assert animation.n_frames == 4  # pyright: ignore[reportAttributeAccessIssue]
