"""Our Adam beside PyTorch's: the same bits, whatever it is asked for, and no compiler is imported for it."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import nn

from gan_lab.fused_adam import Adam

OPTIONS: list[dict[str, Any]] = [
    {"fused": True},
    {"fused": True, "maximize": True, "betas": (0.0, 0.99)},
    {"fused": True, "weight_decay": 0.1, "amsgrad": True},
    {"fused": True, "lr": torch.tensor(0.02)},
    {"fused": None},
]


def parameters() -> list[nn.Parameter]:
    torch.manual_seed(7)
    return [nn.Parameter(torch.randn(shape)) for shape in ((3, 4), (4,), (2, 3, 2, 2))]


def climb(kind: Callable[..., Any], options: dict[str, Any], change: Callable[[Any], Any] = lambda own: own) -> Any:
    """Numbers after five steps; after the second, the optimizer is changed."""
    own = parameters()
    optimizer = kind([{"params": own[:1]}, {"params": own[1:], "eps": 1e-4}], **{"lr": 0.05, **options})
    draw = torch.Generator().manual_seed(8)
    for step in range(5):
        for part in own:
            part.grad = torch.randn(part.shape, generator=draw)
        optimizer.step()
        if step == 1:
            optimizer = change(optimizer)
            own = [part for group in optimizer.param_groups for part in group["params"]]
    return [part.detach() for part in own]


def again(optimizer: Any) -> Any:
    """Another one of the same kind that goes on from the state of the first."""
    found = type(optimizer)([{**group} for group in optimizer.param_groups], lr=1.0)
    found.load_state_dict(optimizer.state_dict())
    return found


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ", ".join(options))
@pytest.mark.parametrize(
    "change",
    [lambda own: own, deepcopy, lambda own: pickle.loads(pickle.dumps(own)), again],
    ids=["", "copy", "pickle", "state"],
)
def test_the_bits_are_those_of_pytorch(options: dict[str, Any], change: Any) -> None:
    ours, theirs = climb(Adam, options, change), climb(torch.optim.Adam, options, change)
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))
    assert not any(torch.equal(one, before) for one, before in zip(ours, parameters(), strict=True))


def test_parameters_of_two_types_are_moved_as_pytorch_does() -> None:
    def moved(kind: Any) -> list[torch.Tensor]:
        own = [nn.Parameter(torch.ones(2, dtype=dtype)) for dtype in (torch.float32, torch.float64)]
        optimizer = kind(own, lr=0.1, fused=True)
        for part in own:
            part.grad = torch.full_like(part, 0.3)
        optimizer.step()
        return [part.detach() for part in own]

    assert all(torch.equal(one, other) for one, other in zip(moved(Adam), moved(torch.optim.Adam), strict=True))


def test_hooks_and_closures_are_called() -> None:
    own, seen = nn.Parameter(torch.ones(2)), []
    optimizer = Adam([own], lr=0.1, fused=True)
    own.grad = torch.ones(2)
    before = optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    after = optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    optimizer.step()
    before.remove()
    after.remove()
    optimizer.step()
    assert seen == ["before", "after"]
    assert optimizer.step(lambda: 3.5) == 3.5
    assert optimizer.state[own]["step"] == 3


@pytest.mark.long
def test_training_does_not_import_the_compiler() -> None:
    code = "import sys, gan_lab; gan_lab.train('ring8', steps=2); assert 'torch._dynamo' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
