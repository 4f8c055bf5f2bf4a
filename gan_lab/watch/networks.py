"""The layers of a network as rows of a diagram: what each is called, the shape of its output, its parameters."""

from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

from gan_lab.networks.perceptrons import FourierFeatures, Gain, Scaled, Shortcut
from gan_lab.players import evaluating

WORDS: Final[dict[type[nn.Module], str]] = {
    nn.LeakyReLU: "leaky ReLU",
    nn.ReLU: "ReLU",
    nn.Tanh: "tanh",
    Gain: "times a gain",
    FourierFeatures: "sines, cosines",
}
WHOLE: Final = (Scaled, FourierFeatures)  # that are rows though they hold others, or compute by themselves


@dataclass(frozen=True)
class Layer:
    """A row of the diagram.

    Attributes:
        name: What the layer does.
        size: Numbers that it puts out for one sample.
        parameters: Learned numbers in it.
    """

    name: str
    size: int
    parameters: int


@dataclass(frozen=True)
class Network:
    """A player's network.

    Attributes:
        player: "generator" or "discriminator".
        inputs: Numbers that it observes of one sample.
        layers: From the input to the output.
    """

    player: str
    inputs: int
    layers: tuple[Layer, ...]

    @property
    def parameters(self) -> int:
        """Learned numbers in all layers."""
        return sum(layer.parameters for layer in self.layers)


def network_of(player: Any, name: str, inputs: int) -> Network:
    """The layers of a player's network in the order in which they compute; nothing of the player changes.

    Args:
        player: With a `network`.
        name: How it is called.
        inputs: Numbers that it observes of one sample.

    >>> from gan_lab.players import Generator
    >>> found = network_of(Generator(nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 2))), "generator", 1)
    >>> [(layer.name, layer.size, layer.parameters) for layer in found.layers], found.parameters
    ([('linear', 8, 16), ('tanh', 8, 0), ('linear', 2, 18)], 34)
    """
    rows: list[Layer] = []
    shortcuts = {id(one.straight) for one in player.network.modules() if isinstance(one, Shortcut)}

    def note(module: nn.Module, _: Any, output: Any) -> None:
        size = output.shape[1:].numel() if isinstance(output, Tensor) else 0
        own = sum(parameter.numel() for parameter in module.parameters(recurse=not isinstance(module, Scaled)))
        rows.append(Layer(_words(module, straight=id(module) in shortcuts), size, own))

    leaves = [one for one in player.network.modules() if isinstance(one, WHOLE) or not list(one.children())]
    hooks = [leaf.register_forward_hook(note) for leaf in leaves]
    try:
        with evaluating(player), torch.no_grad():
            player.act(torch.zeros(2, inputs))
    finally:
        for hook in hooks:
            hook.remove()
    return Network(name, inputs, tuple(rows))


def _words(module: nn.Module, *, straight: bool) -> str:
    if straight:
        return "+ linear of z"
    if isinstance(module, nn.Linear):
        return "linear"
    if isinstance(module, Scaled):
        return f"times {module.scale:g}"
    return WORDS.get(type(module), type(module).__name__)
