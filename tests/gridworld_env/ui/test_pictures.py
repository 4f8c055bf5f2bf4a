"""PNG and GIF files, read back by Pillow."""

import re
import sys
from pathlib import Path

import gymnasium.error
import numpy as np
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from gridworld_env.grid.grid import parse_grid
from gridworld_env.rendering import build_scene, make_overlay
from gridworld_env.rendering.pygame_canvas import Canvas
from gridworld_env.ui.files.pictures import save_gif, save_png


def flat(*color: int) -> np.ndarray:
    return np.full((8, 12, 3), color, dtype=np.uint8)


def test_png_round_trip(tmp_path: Path, rng: np.random.Generator) -> None:
    frame = rng.integers(0, 256, (9, 7, 3), dtype=np.uint8)
    path = save_png(tmp_path / "frame.PNG", frame)
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), frame)


def test_gif_round_trip(tmp_path: Path) -> None:
    frames = [flat(255, 0, 0), flat(0, 255, 0), flat(0, 0, 255)]
    path = save_gif(str(tmp_path / "run.gif"), iter(frames), fps=5)
    assert path == tmp_path / "run.gif"
    with GifImageFile(path) as image:
        assert image.n_frames == 3
        assert image.info["loop"] == 0
        durations = []
        for index, frame in enumerate(frames):
            image.seek(index)
            durations.append(image.info["duration"])
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), frame)
    assert durations == [200, 200, 1000]


def test_equal_frames_are_shown_longer(tmp_path: Path) -> None:
    path = save_gif(tmp_path / "run.gif", [flat(9, 9, 9), flat(9, 9, 9), flat(99, 9, 9)], fps=4)
    with GifImageFile(path) as image:
        assert image.n_frames == 2
        assert image.info["duration"] == 500


def test_frames_of_a_canvas_keep_their_colors(tmp_path: Path) -> None:
    grid = parse_grid(["...+", ".#.-", "S..."])
    canvas = Canvas(grid)
    overlay = make_overlay(11, 4, values=np.linspace(-1, 1, 11), policy=[1] * 11)
    walk = [7, 4, 0, 1, 2]
    scenes = [build_scene(grid, state, walk[: step + 1], overlay) for step, state in enumerate(walk)]
    frames = [canvas.frame(scene) for scene in scenes]
    with GifImageFile(save_gif(tmp_path / "walk.gif", frames)) as image:
        assert image.n_frames == 5
        for index, frame in enumerate(frames):
            image.seek(index)
            shown = np.asarray(image.convert("RGB")).astype(int)
            error = np.abs(shown - frame.astype(int)).max(axis=-1)
            assert (error == 0).mean() > 0.95  # all flat areas; the rest are smoothed edges
            assert error.max() < 48
            x, y = (int(part) for part in canvas.layout.center(*scenes[index].agent or (0, 0)))
            assert error[y, x] == 0


def test_more_than_a_palette_of_colors(tmp_path: Path) -> None:
    ramp = np.stack(np.broadcast_arrays(np.arange(256)[:, None], np.arange(256)[None, :], 128), axis=-1)
    with Image.open(save_gif(tmp_path / "ramp.gif", [ramp.astype(np.uint8)])) as image:
        shown = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(shown - ramp).mean() < 8


@pytest.mark.parametrize("name", ["frame.jpg", "frame"])
def test_a_wrong_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"frame.*expected a name ending in '\.png'"):
        save_png(tmp_path / name, flat(0, 0, 0))
    with pytest.raises(ValueError, match=r"frame.*expected a name ending in '\.gif'"):
        save_gif(tmp_path / name, [flat(0, 0, 0)])
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    for save, name, what in ((save_png, "a.png", flat(0, 0, 0)), (save_gif, "a.gif", [flat(0, 0, 0)])):
        with pytest.raises(FileNotFoundError, match=r"nowhere' does not exist; make it first"):
            save(tmp_path / "nowhere" / name, what)  # type: ignore[operator]


def test_wrong_frames_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.gif"
    with pytest.raises(ValueError, match="frames is empty; a GIF needs at least one frame"):
        save_gif(path, [])
    with pytest.raises(ValueError, match=re.escape("frame 1 has shape (4, 4, 3), frame 0 has (8, 12, 3)")):
        save_gif(path, [flat(0, 0, 0), np.zeros((4, 4, 3), np.uint8)])
    message = "frame 0 is float64 of shape (8, 12, 3); expected uint8 of shape (H, W, 3)"
    with pytest.raises(ValueError, match=re.escape(message)):
        save_gif(path, [np.zeros((8, 12, 3))])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=re.escape("frame 0 is uint8 of shape (8, 12)")):
        save_png(tmp_path / "a.png", np.zeros((8, 12), np.uint8))


@pytest.mark.parametrize("fps", [0, -1, 51, float("nan")])
def test_speeds_that_no_viewer_plays_are_refused(tmp_path: Path, fps: float) -> None:
    with pytest.raises(ValueError, match=f"fps is {fps}; a GIF plays more than 0 and at most 50 frames a second"):
        save_gif(tmp_path / "run.gif", [flat(0, 0, 0)], fps=fps)


def test_missing_pillow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    for save, name, what in ((save_png, "a.png", flat(0, 0, 0)), (save_gif, "a.gif", [flat(0, 0, 0)])):
        with pytest.raises(gymnasium.error.DependencyNotInstalled, match="pip install pillow"):
            save(tmp_path / name, what)  # type: ignore[operator]
