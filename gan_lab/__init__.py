"""GAN training as a two-player game, with the exact value beside each learned quantity.

env = gan_lab.env("ring8")              discriminator_0 moves k times, then generator_0 (Algorithm 1)
env = gan_lab.parallel_env("ring8")     both move at once

The public names are in `names`. They and PyTorch are imported when a name is first used, so that `gan-lab --help` does
not import PyTorch.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if _missing := [name for name in ("torch", "pettingzoo", "safetensors") if find_spec(name) is None]:
    _text = f"gan_lab needs {' and '.join(_missing)}, not installed here: pip install {' '.join(_missing)}"
    if "torch" in _missing:
        _text += " (3 GB; 1 GB after: pip install torch --index-url https://download.pytorch.org/whl/cpu)"
    if Path(sys.argv[0]).stem != "gan-lab":
        raise ModuleNotFoundError(_text, name=_missing[0])
    if sys.argv[1:] and not {"--help", "--version"} & set(sys.argv):
        sys.exit(_text)  # the command says so in a line

if TYPE_CHECKING:
    from gan_lab.names import *  # noqa: F403

if not _missing:
    from gan_lab.registry import register_ids

    register_ids()


def __getattr__(name: str) -> Any:
    """A module of this package, or a public name (PEP 562)."""
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    names = import_module(f"{__name__}.names")
    if not hasattr(names, name):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(names, name)  # asked for once
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *import_module(f"{__name__}.names").__all__})
