"""Images as data: folders and arrays that are read or refused by name, and the convolutional pair."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

import gan_lab
from gan_lab import Discriminator, Generator, WiringError
from gan_lab.cli.commands import app
from gan_lab.games import ImagesGame, read_images
from gan_lab.games.rows import nearest_distances
from gan_lab.networks.convolutional import ConvolutionalDiscriminator, ConvolutionalGenerator

SHAPES = [(1, 4, 4), (3, 8, 8), (2, 12, 12)]


def pictures(folder: Path, rng: np.random.Generator, count: int = 12, shape: tuple[int, ...] = (8, 8, 3)) -> Any:
    drawn = rng.integers(256, size=(count, *shape), dtype=np.uint8)
    for number, image in enumerate(drawn):
        Image.fromarray(image).save(folder / f"{number:02}.png")
    return drawn


def rows(game: ImagesGame) -> list[list[int]]:
    """All images of a game, in order, as whole numbers from 0 to 255."""
    return sorted(np.rint((np.concatenate([game.images, game.held_out]) + 1) * 127.5).astype(int).tolist())


def test_a_folder_of_colour(tmp_path: Path, rng: np.random.Generator) -> None:
    drawn = pictures(tmp_path, rng)
    (tmp_path / ".hidden").write_text("left out")
    game = read_images(tmp_path)
    assert game.image_shape == (3, 8, 8)
    assert game.name == tmp_path.name
    assert rows(game) == sorted(drawn.transpose(0, 3, 1, 2).reshape(12, -1).astype(int).tolist())


def test_a_folder_of_grey(tmp_path: Path, rng: np.random.Generator) -> None:
    drawn = pictures(tmp_path, rng, shape=(6, 5))
    game = read_images(str(tmp_path))
    assert game.image_shape == (1, 6, 5)
    assert rows(game) == sorted(drawn.reshape(12, -1).astype(int).tolist())


def test_what_is_transparent_lies_on_white(tmp_path: Path, rng: np.random.Generator) -> None:
    for number in range(10):
        image = rng.integers(256, size=(4, 4, 4), dtype=np.uint8)
        image[:, :, 3] = 0
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    assert (read_images(tmp_path).images == 1).all()


def test_sixteen_bits_of_grey(tmp_path: Path, rng: np.random.Generator) -> None:
    drawn = rng.integers(65536, size=(10, 4, 4), dtype=np.uint16)
    for number, image in enumerate(drawn):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    assert rows(read_images(tmp_path)) == sorted((drawn // 257).reshape(10, -1).astype(int).tolist())


@pytest.mark.parametrize(
    ("kind", "white", "ending"),
    [
        (np.float32, 1, "tif"),
        (np.int32, 255, "tif"),
        (np.uint16, 255, "png"),
        (np.uint16, 1023, "png"),
        (np.uint16, 4095, "png"),
        (np.uint16, 4095, "tif"),
        (np.uint8, 1, "png"),
        (np.uint8, 1, "npy"),
        (np.bool_, 1, "npy"),
    ],
)
def test_what_is_white_follows_the_numbers(
    kind: Any, white: int, ending: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    """Fewer bits than the file has room for; the brightest of all is in one picture alone."""
    share = rng.random((12, 6, 6))
    share[:3] *= 0.1
    share[5, 2, 2] = 1.0
    drawn = (share * white if kind == np.float32 else np.rint(share * white)).astype(kind)
    place = tmp_path / "mine.npy"
    if ending == "npy":
        np.save(place, drawn)
    else:
        place = tmp_path / "mine"
        place.mkdir()
        for number, image in enumerate(drawn):
            Image.fromarray(image).save(place / f"{number:02}.{ending}")
    game = read_images(place)
    assert game.image_shape == (1, 6, 6)
    shown = np.sort(np.random.default_rng(0).permutation(12)[2:])  # the others are held out
    expected = drawn.reshape(12, -1).astype(np.float64)[shown] / white
    np.testing.assert_allclose((game.images + 1) / 2, expected, atol=1 / 255)  # deep greys come in 256 steps


def test_white_can_be_said_and_is_asked_for_where_it_is_in_doubt(tmp_path: Path, rng: np.random.Generator) -> None:
    drawn = rng.integers(17, size=(12, 8, 8), dtype=np.uint8)  # digits from 0 to 16
    drawn[0, 0, 0] = 16
    file = tmp_path / "digits.npy"
    np.save(file, drawn)
    with pytest.raises(WiringError, match=r"brightest number is 16, and white would be 255.* white=16\)"):
        read_images(file)
    game = read_images(file, white=16)
    assert sorted(np.rint((np.concatenate([game.images, game.held_out]) + 1) * 8).astype(int).tolist()) == sorted(
        drawn.reshape(12, -1).astype(int).tolist()
    )
    with pytest.raises(WiringError, match=r"numbers from 0 to 16; expected 0 to 4, which is white"):
        read_images(file, white=4)


def test_floats_beyond_white_are_refused(tmp_path: Path) -> None:
    for number in range(10):
        Image.fromarray(np.full((4, 4), 25.0 * number, dtype=np.float32)).save(tmp_path / f"{number}.tif")
    with pytest.raises(WiringError, match=r"grey numbers from 0 to 225; expected 0 to 1; scale them, or say what"):
        read_images(tmp_path)
    assert read_images(tmp_path, white=255).images.max() <= 1


def test_colours_of_16_bits_that_are_lost_are_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for number in range(10):
        pixels = rng.integers(256, size=(4, 12)).astype(">u2")
        lines = b"".join(b"\0" + line.tobytes() for line in pixels)
        head = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
        whole = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b"")]
        (tmp_path / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(whole))
    with pytest.raises(WiringError, match=r"0\.png: colours of 16 bits of which only the lower 8 are used"):
        read_images(tmp_path)


def test_pictures_in_folders_of_their_classes(tmp_path: Path, rng: np.random.Generator) -> None:
    drawn = []
    for name in (".", "cats", "dogs/small"):
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        drawn += list(pictures(folder, rng, count=4, shape=(6, 5)))
    hidden = tmp_path / ".cache"
    hidden.mkdir()
    (hidden / "note").write_text("left out")
    assert rows(read_images(tmp_path)) == sorted(np.stack(drawn).reshape(12, -1).astype(int).tolist())


def test_photographs_are_turned(tmp_path: Path, rng: np.random.Generator) -> None:
    for number in range(10):
        exif = Image.Exif()
        exif[0x0112] = 6  # the camera was held upright
        Image.fromarray(rng.integers(256, size=(4, 6, 3), dtype=np.uint8)).save(tmp_path / f"{number}.jpg", exif=exif)
    assert read_images(tmp_path).image_shape == (3, 6, 4)


@pytest.mark.parametrize(("shape", "channels"), [((11, 8, 8), 1), ((11, 8, 8, 1), 1), ((11, 4, 6, 3), 3)])
@pytest.mark.parametrize("kind", ["uint8", "float32", "float64"])
def test_an_array(shape: Any, channels: int, kind: str, tmp_path: Path, rng: np.random.Generator) -> None:
    drawn = rng.integers(256, size=shape, dtype=np.uint8)
    file = tmp_path / "mine.npy"
    np.save(file, drawn if kind == "uint8" else (drawn / 255).astype(kind))
    game = read_images(file)
    assert (game.name, game.image_shape) == ("mine", (channels, *shape[1:3]))
    expected = np.moveaxis(drawn.reshape(*shape[:3], channels), 3, 1).reshape(11, -1)
    assert rows(game) == sorted(expected.astype(int).tolist())


ARRAYS: list[tuple[Any, str]] = [
    (np.zeros((12, 64)), r"an array of shape \(12, 64\); expected \(n, height, width\), or"),
    (np.zeros((12, 3, 8, 8)), r"an array of shape \(12, 3, 8, 8\); .* with 1 or 3 channels"),
    (np.zeros((0, 8, 8)), r"an array of shape \(0, 8, 8\)"),
    (np.zeros((12, 8, 8), dtype=np.int64), r"an array of int64; expected uint8 from 0 to 255, or floating-point"),
    (np.zeros((12, 8, 8), dtype=np.complex64), r"an array of complex64"),
    (np.full((12, 8, 8), "x"), r"an array of <U1"),
    (np.zeros((12, 8, 8), dtype=object), r"not an \.npy array of numbers \(Object arrays"),
    (np.full((12, 8, 8), 2.5), r"numbers from 2\.5 to 2\.5; expected 0 to 1, or uint8"),
    (np.full((12, 8, 8), -1.0), r"numbers from -1 to -1"),
    (np.where(np.arange(768).reshape(12, 8, 8) == 83, np.nan, 0.5), r"image 1 has nan in row 2, column 3"),
    (np.where(np.arange(768).reshape(12, 8, 8) == 767, np.inf, 0.5), r"image 11 has inf in row 7, column 7"),
    (np.zeros((9, 8, 8)), r"9 images; expected at least 10"),
]


@pytest.mark.parametrize(("array", "says"), ARRAYS)
def test_an_array_that_is_refused(array: Any, says: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.npy"
    np.save(file, array, allow_pickle=True)
    with pytest.raises(WiringError, match=says) as error:
        read_images(file)
    assert str(error.value).startswith(f"{file}: ")


def test_a_file_that_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.npy"
    file.write_bytes(b"\x93NUMPY no more than that")
    with pytest.raises(WiringError, match=r"mine\.npy: not an \.npy array"):
        read_images(file)
    file.write_bytes(b"")
    with pytest.raises(WiringError, match=r"mine\.npy: not an \.npy array"):
        read_images(file)
    np.savez(tmp_path / "many.npz", np.zeros((12, 8, 8)))
    (tmp_path / "many.npz").rename(file)
    with pytest.raises(WiringError, match=r"mine\.npy: an archive of arrays"):
        read_images(file)
    with pytest.raises(WiringError, match=r"nowhere: there is no such folder or file"):
        read_images(tmp_path / "nowhere")
    one = tmp_path / "one.png"
    Image.new("L", (8, 8)).save(one)
    with pytest.raises(WiringError, match=r"one\.png: .* put pictures into a folder"):
        read_images(one)


def test_a_folder_that_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    with pytest.raises(WiringError, match=r"there are no files in this folder"):
        read_images(tmp_path)
    pictures(tmp_path, rng, count=3)
    with pytest.raises(WiringError, match=r"3 images; expected at least 10"):
        read_images(tmp_path)
    pictures(tmp_path, rng)
    odd = tmp_path / "07.png"
    Image.new("RGB", (9, 7)).save(odd)
    with pytest.raises(WiringError, match=r"07\.png: 9 x 7 pixels, but 00\.png has 8 x 8"):
        read_images(tmp_path)
    odd.write_text("no picture")
    with pytest.raises(WiringError, match=r"07\.png: not a picture; expected one of PNG"):
        read_images(tmp_path)
    whole = tmp_path / "06.png"
    odd.unlink()
    whole.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(WiringError, match=r"06\.png: a damaged picture, which cannot be read"):
        read_images(tmp_path)


GAMES: list[tuple[Any, Any, str]] = [
    (np.zeros((12, 8, 8)), {}, r"float64 of shape \(12, 8, 8\); expected numbers, \(n, channels, height, width\)"),
    (np.zeros((3, 1, 8, 8)), {}, r"there are 3 images; expected at least 10"),
    (np.full((12, 1, 8, 8), 2.0), {}, r"numbers from 2 to 2; expected \[-1, 1\]"),
    (np.full((12, 1, 8, 8), np.nan), {}, r"image 0 has numbers that are not finite"),
    (np.zeros((12, 1, 8, 8)), {"held_out": 1.0}, r"held_out is 1\.0; expected a share between 0 and 1"),
]


@pytest.mark.parametrize(("images", "options", "says"), GAMES)
def test_a_game_that_is_refused(images: Any, options: Any, says: str) -> None:
    with pytest.raises(WiringError, match=says):
        ImagesGame(images, **options)


def test_the_split(rng: np.random.Generator) -> None:
    images = rng.uniform(-1, 1, (50, 1, 4, 4))
    one, other, third = (ImagesGame(images, 0.3, seed=seed) for seed in (1, 1, 2))
    assert (len(one.images), len(one.held_out)) == (35, 15)
    assert (one.held_out == other.held_out).all()
    assert not (one.held_out == third.held_out).all()
    assert {row.tobytes() for row in one.real(500, rng)} <= {row.tobytes() for row in one.images}


def test_nearest_distances(rng: np.random.Generator) -> None:
    points, images = rng.normal(size=(3000, 5)), rng.normal(size=(40, 5))
    by_hand = [min(np.linalg.norm(point - image) for image in images) for point in points[::50]]
    assert nearest_distances(points, images)[::50] == pytest.approx(by_hand)


def test_samples_are_clipped_as_a_picture_is(rng: np.random.Generator) -> None:
    game = ImagesGame(rng.choice([-1.0, 1.0], (20, 1, 4, 4)))
    assert game.truth(1.5 * game.images, rng)["nearest"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_and_gradients(shape: Any, rng: np.random.Generator) -> None:
    """The slopes are right, the second ones of a slope penalty too: compared with differences in double precision."""
    torch.manual_seed(int(rng.integers(2**31)))
    size = int(np.prod(shape))
    generator = ConvolutionalGenerator(5, shape, width=2).double()
    discriminator = ConvolutionalDiscriminator(shape, width=2).double()
    noise = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    samples = generator(noise)
    assert samples.shape == (2, size)
    assert discriminator(samples).shape == (2, 1)
    assert torch.autograd.gradcheck(lambda z: discriminator(generator(z)), noise)
    weight = next(discriminator.parameters())

    def penalty(kernel: torch.Tensor) -> torch.Tensor:
        names = dict(discriminator.named_parameters())
        points = samples.detach().requires_grad_()
        moved = {**names, next(iter(names)): kernel}
        scores = torch.func.functional_call(discriminator, moved, (points,))
        (slopes,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
        return slopes.square().sum()

    (found,) = torch.autograd.grad(penalty(weight), weight)
    direction, step = torch.randn_like(weight), 1e-6
    with torch.no_grad():
        ends = [weight + sign * step * direction for sign in (1, -1)]
    numeric = (penalty(ends[0]) - penalty(ends[1])).item() / (2 * step)
    assert (found * direction).sum().item() == pytest.approx(numeric, rel=1e-3, abs=1e-6)


def test_every_parameter_learns_and_each_sample_is_judged_by_itself(rng: np.random.Generator) -> None:
    torch.manual_seed(int(rng.integers(2**31)))
    networks = [ConvolutionalGenerator(6, (3, 8, 8)), ConvolutionalDiscriminator((3, 8, 8))]
    noise = torch.randn(4, 6)
    scores = networks[1](networks[0](noise))
    (scores.sum()).backward()
    for network in networks:
        assert not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules())
        assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())
    alone = torch.cat([networks[1](networks[0](one[None])) for one in noise])
    torch.testing.assert_close(scores, alone)


def test_a_pixel_keeps_its_place() -> None:
    """A flat sample is (channels, height, width): convolution moves with the image."""
    discriminator = ConvolutionalDiscriminator((1, 16, 16))
    first = discriminator.layers[:2]
    image = torch.zeros(2, 1, 16, 16)
    image[0, 0, 4, 5] = image[1, 0, 9, 8] = 1.0
    one, other = first(image.flatten(1)).detach()
    torch.testing.assert_close(one[:, 2:7, 3:8], other[:, 7:12, 6:11])


@pytest.mark.parametrize("shape", [(1, 8, 12), (3, 6, 6), (0, 8, 8)])
def test_images_that_do_not_fold(shape: Any) -> None:
    for make in (lambda: ConvolutionalGenerator(4, shape), lambda: ConvolutionalDiscriminator(shape)):
        with pytest.raises(WiringError, match=r"expected \(channels, side, side\), side a multiple of 4"):
            make()


@pytest.mark.long
@pytest.mark.parametrize(("shape", "convolves"), [((1, 8, 8), True), ((3, 12, 12), True), ((1, 6, 8), False)])
def test_default_players_of_images(shape: Any, convolves: bool, rng: np.random.Generator) -> None:
    game = ImagesGame(rng.uniform(-1, 1, (20, *shape)))
    run = gan_lab.train(game, steps=1, batch_size=4, seed=int(rng.integers(2**31)))
    assert isinstance(run.generator, Generator)
    assert isinstance(run.discriminator, Discriminator)
    assert isinstance(run.generator.network, ConvolutionalGenerator) == convolves
    assert isinstance(run.discriminator.network, ConvolutionalDiscriminator) == convolves
    assert run.sample(2).shape == (2, game.dimension)


def test_the_command_line_trains_on_a_file(tmp_path: Path, rng: np.random.Generator) -> None:
    file = tmp_path / "mine.npy"
    np.save(file, rng.uniform(0, 1, (20, 4, 4)))
    done = CliRunner().invoke(app, ["train", "--data", str(file), "--steps", "2", "--batch-size", "4"])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("mine, 2 updates.")
    assert "nearest_held_out" in done.stdout
    missing = CliRunner().invoke(app, ["train", "--data", str(tmp_path / "no.npy")])
    assert missing.exit_code == 2
    assert "no.npy: there is no such folder or file" in missing.stderr
    both = CliRunner().invoke(app, ["train", "ring8", "--data", str(file)])
    assert both.exit_code == 2
    assert "either a game or --data" in both.stderr
