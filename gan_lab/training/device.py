"""Where networks and samples live: the processor's memory, or that of a graphics processor."""

import os
from typing import Any, Final

import torch

from gan_lab.errors import WiringError, shown

DEVICES: Final = ("cpu", "cuda", "auto")


def find_device(device: Any = "cpu", *, distributed: bool = False, useful: bool = True) -> torch.device:
    """The device of a run.

    Args:
        device: "cpu"; "cuda", a GPU of this machine; "auto", a GPU where there are enough, otherwise the CPU.
        distributed: Whether each process of this machine takes a GPU of its own, by the number that `torchrun` gave it.
        useful: Whether there is something to put on a GPU; where not, "auto" is the CPU.

    Raises:
        WiringError: Another word; or "cuda" where there are too few GPUs.

    >>> find_device("cpu")
    device(type='cpu')
    """
    if not isinstance(device, str) or device not in DEVICES:
        raise WiringError(f"device is {shown(device)}; expected one of {', '.join(map(repr, DEVICES))}")
    place, needed = _place_among_processes() if distributed else (0, 1)
    if device == "cpu" or (device == "auto" and not useful):
        return torch.device("cpu")
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if found >= needed:
        return torch.device("cuda", place)
    if device == "auto":
        return torch.device("cpu")
    built = "" if torch.backends.cuda.is_built() else ", and is built without CUDA"
    raise WiringError(
        f"device is 'cuda' for {needed} process{'es' if needed > 1 else ''}, but PyTorch {torch.__version__} sees "
        f"{found} GPUs here{built}: take device 'cpu', or 'auto'"
    )


def _place_among_processes() -> tuple[int, int]:
    """(number of this process on its machine, how many there are), as `torchrun` says."""
    return int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
