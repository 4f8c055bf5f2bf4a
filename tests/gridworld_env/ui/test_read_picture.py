"""Pictures that somebody else made: every format, damage, size, and files that would start a program."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from gridworld_env.ui.files import read_picture as reader
from gridworld_env.ui.files.read_picture import FORMATS, UnreadablePictureError, read_picture
from tests.oracles.damage import damaged

Image = pytest.importorskip("PIL.Image")

MODES = {"PNG": ("RGB", "RGBA", "L", "P", "I;16"), "GIF": ("P",), "JPEG": ("RGB", "L")}


def written(folder: Path, kind: str, mode: str, pixels: np.ndarray) -> Path:
    file = folder / f"{kind}-{mode.replace(';', '')}.{kind.lower()}"
    picture = Image.fromarray(pixels).convert("L").convert("I").convert(mode) if mode == "I;16" else None
    (picture or Image.fromarray(pixels).convert(mode)).save(file, kind)
    return file


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format(kind: str, tmp_path: Path, rng: np.random.Generator) -> None:
    pixels = np.repeat(rng.integers(0, 2, size=(6, 9, 1), dtype=np.uint8) * 255, 3, axis=2)
    for mode in MODES.get(kind, ("RGB",)):
        found = read_picture(written(tmp_path, kind, mode, pixels))
        assert (found.shape, found.dtype) == (pixels.shape, np.uint8)
        if kind not in ("JPEG", "WEBP") and mode != "I;16":
            np.testing.assert_array_equal(found, pixels)


def test_what_is_transparent_lies_on_white(tmp_path: Path) -> None:
    Image.fromarray(np.array([[[0, 0, 0, 0], [0, 0, 0, 255]]], dtype=np.uint8)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").tolist() == [[[255] * 3, [0] * 3]]


def test_files_that_would_start_a_program_are_no_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An EPS makes Pillow start Ghostscript, whatever the file's name is."""
    from PIL import EpsImagePlugin

    def ghostscript(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", ghostscript)
    Image.new("RGB", (3, 3)).save(tmp_path / "map.eps", "EPS")
    (tmp_path / "map.png").write_bytes((tmp_path / "map.eps").read_bytes())
    with pytest.raises(UnreadablePictureError, match=r"^map\.png: not a picture; expected one of PNG, JPEG, "):
        read_picture(tmp_path / "map.png")
    # So it would be, without the formats.
    with pytest.raises(AssertionError, match="a program was started"), Image.open(tmp_path / "map.png") as picture:
        picture.load()


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_a_picture_that_says_it_is_huge(side: int, tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    with pytest.raises(UnreadablePictureError, match=r"^bomb\.png: .*expected at most 120,000,000"):
        read_picture(tmp_path / "bomb.png")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "none.png")


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_are_refused_in_a_sentence(
    kind: str, tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes flipped, cut off, swapped and inserted: a picture, or `UnreadablePictureError`; never anything else."""
    monkeypatch.setattr(reader, "MOST_PIXELS", 1_000_000)
    pixels = rng.integers(0, 256, size=(8, 7, 3), dtype=np.uint8)
    whole = written(tmp_path, kind, "P" if kind == "GIF" else "RGB", pixels).read_bytes()
    file, refused = tmp_path / f"damaged.{kind.lower()}", 0
    for _ in range(400):
        file.write_bytes(damaged(whole, rng))
        try:
            found = read_picture(file)
        except UnreadablePictureError:
            refused += 1
        else:
            assert found.ndim == 3
            assert found.size <= 3_000_000
    assert refused > 20


def test_a_photograph_is_turned_as_it_says(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[[255, 0, 0], [0, 0, 255]]], dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    picture.save(tmp_path / "a.png", exif=exif)
    assert read_picture(tmp_path / "a.png").tolist() == [[[255, 0, 0]], [[0, 0, 255]]]


def test_a_picture_cut_off_anywhere_is_refused_or_whole(tmp_path: Path) -> None:
    pixels = np.zeros((40, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    whole, refused = (tmp_path / "a.png").read_bytes(), 0
    for length in range(len(whole)):
        (tmp_path / "a.png").write_bytes(whole[:length])
        try:  # without its last bytes, which are check sums
            np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), pixels)
        except UnreadablePictureError as error:
            refused += str(error).startswith("a.png: ")
    assert refused > len(whole) / 2
