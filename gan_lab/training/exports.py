"""A generator in a file, for programs that do not know this package."""

from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_bytes
from torch import nn

from gan_lab.errors import WiringError
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
    file, network = Path(path), generator.network
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
