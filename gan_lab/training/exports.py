"""A generator, its samples, and a run's numbers in files, for programs that do not know this package."""

import csv
import io
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as to_bytes
from torch import nn

from gan_lab.errors import WiringError, file_path
from gan_lab.players import evaluating
from gridworld_env.ui.files.whole_file import write_whole


def export_generator(generator: Any, noise_size: int, path: str | PathLike[str]) -> Path:
    """Write the network of a generator, in evaluation mode.

    Args:
        generator: The player.
        noise_size: Numbers of one noise vector.
        path: `.safetensors`: its state dict, for `network.load_state_dict(safetensors.torch.load_file(path))`;
            `.pt2`: the program itself, for any number of noise vectors, for `torch.export.load(path).module()(noise)`.

    Returns:
        The file.

    Raises:
        WiringError: Another ending, or a network that `torch.export` cannot take.
    """
    file, network = file_path("path", path), generator.network
    if file.suffix == ".safetensors":
        state = {name: value.detach().cpu().clone().contiguous() for name, value in network.state_dict().items()}
        write_whole(file, to_bytes(state))
    elif file.suffix == ".pt2":
        _export_program(generator, network, noise_size, file)
    else:
        raise WiringError(
            f"the file of the generator is {file.name!r}; expected .safetensors, its state dict, or .pt2, a program of "
            "torch.export"
        )
    return file


def _export_program(generator: Any, network: nn.Module, noise_size: int, file: Path) -> None:
    parameter = next(network.parameters())
    noise = torch.zeros(2, noise_size, dtype=parameter.dtype, device=parameter.device)
    try:
        with evaluating(generator):
            program = torch.export.export(network, (noise,), dynamic_shapes=({0: torch.export.Dim("n")},))
        torch.export.save(program, file)
    except Exception as error:  # torch.export refuses by errors of many kinds
        raise WiringError(
            f"torch.export cannot take this network ({str(error).splitlines()[0][:150]}): take a file that ends in "
            ".safetensors, which holds its parameters"
        ) from error


def write_rows(rows: Sequence[Mapping[str, Any]], path: str | PathLike[str]) -> Path:
    """Write a CSV of rows, with a header of all their names.

    Raises:
        OSError: It cannot be written; a file that was there before is then as it was.
    """
    text = io.StringIO()
    names = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = file_path("path", path)
    write_whole(path, text.getvalue().encode())
    return path


def write_samples(run: Any, count: int, path: str | PathLike[str], *, seed: int = 0, averaged: bool = False) -> Path:
    """Write samples of a run.

    Args:
        run: The run.
        count: How many; of a picture, rounded up to whole rows.
        path: `.npy`, an (n, d) array, of pictures (n, channels, height, width); `.csv`, a row for each sample; `.png`,
            where samples are pictures, all of them in rows and columns.
        seed: Of the noise.
        averaged: Whether to use the average of the generator's parameters.

    Raises:
        WiringError: Another ending; samples that are no pictures as a picture.
        OSError: The file cannot be written.
    """
    file = file_path("path", path)
    if file.suffix == ".png":
        columns = max(1, round(count**0.5))
        return run.grid(file, -(-count // columns), columns, seed=seed, averaged=averaged)
    if file.suffix not in (".npy", ".csv"):
        raise WiringError(f"the file of samples is {file.name!r}; expected .npy, .csv or .png")
    samples = run.sample(count, seed, averaged=averaged)
    content = io.BytesIO()
    if file.suffix == ".npy":
        shape = getattr(run.game, "image_shape", None)
        np.save(content, samples if shape is None else samples.reshape(-1, *shape))
    else:
        names = ",".join(f"x{number}" for number in range(samples.shape[1]))
        np.savetxt(content, samples, fmt="%.9g", delimiter=",", header=names, comments="")
    write_whole(file, content.getvalue())
    return file
