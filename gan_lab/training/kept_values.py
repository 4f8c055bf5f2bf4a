"""What a checkpoint keeps of objects that others made: values in any nesting, and settings as plain data.

form = kept(optimizer.state_dict(), "generator_0.optimizer", tensors)      JSON, and a table of tensors
given_back(form, tensors)                                                  the same again
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from gan_lab.errors import WiringError
from gan_lab.updates import Update

LEFT_OUT: Final = object()  # what is no setting: tensors, and objects that are nobody's choice
NO_SETTINGS: Final = ("params", "fused", "foreach")  # of a group of parameters
PLAIN: Final = (bool, int, float, str, type(None))


def kept(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """A value as JSON; its tensors go into a table, under their places.

    Args:
        value: Numbers, text, None, tensors, and lists, tuples and dictionaries of them.
        name: Where it stands.
        tensors: The table.

    Raises:
        WiringError: Something else is in it, which a file cannot hold.

    >>> table = {}
    >>> form = kept({0: (1, torch.ones(2))}, "state", table)
    >>> given_back(form, table)
    {0: (1, tensor([1., 1.]))}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, Tensor):
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [kept(part, f"{name}.{place}", tensors) for place, part in enumerate(value)]}
    if isinstance(value, Mapping):
        return {"dict": [[key, kept(part, f"{name}.{key}", tensors)] for key, part in value.items()]}
    raise WiringError(
        f"{name} is a {type(value).__name__}; a checkpoint keeps numbers, text, tensors, and lists, tuples and "
        "dictionaries of them: keep it as one of these in the optimizer's state, or train without a checkpoint"
    )


def given_back(form: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The value of a form that `kept` made."""
    if not isinstance(form, dict):
        return form
    ((kind, inside),) = form.items()
    if kind == "tensor":
        return tensors[inside]
    if kind == "dict":
        return {key: given_back(part, tensors) for key, part in inside}
    parts = [given_back(part, tensors) for part in inside]
    return tuple(parts) if kind == "tuple" else parts


def described(value: Any) -> Any:
    """A setting as plain data, the same in every process; `LEFT_OUT` for what is none.

    >>> from gan_lab.updates import Alternating
    >>> described({"rule": Alternating(5), "share": (0.5, torch.ones(2))})
    {'rule': {'update': 'alternating', 'discriminator_steps': 5}}
    """
    if isinstance(value, np.generic) or (isinstance(value, Tensor) and value.dim() == 0):
        return value.item()
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, list | tuple):
        parts = [described(part) for part in value]
        return LEFT_OUT if any(part is LEFT_OUT for part in parts) else parts
    if isinstance(value, Mapping):
        return _settled({str(key): part for key, part in value.items()})
    if isinstance(value, Update):
        return {"update": value.name, **_settled(vars(value))}
    name = getattr(value, "__qualname__", None)  # of functions and classes
    return name if isinstance(name, str) else LEFT_OUT


def _settled(values: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: described(part) for name, part in values.items()}
    return {name: part for name, part in found.items() if part is not LEFT_OUT and part is not None}


def described_optimizer(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Its kind, and the settings of each group of parameters; not by which kernel they are moved."""
    groups = [_settled({k: v for k, v in group.items() if k not in NO_SETTINGS}) for group in optimizer.param_groups]
    return {"kind": type(optimizer).__name__, "groups": groups}


def rules_in(rule: Update, name: str = "update") -> dict[str, Update]:
    """A rule, and those that it is made of, by their places."""
    found = {name: rule}
    for attribute, value in vars(rule).items():
        if isinstance(value, Update):
            found |= rules_in(value, f"{name}.{attribute}")
    return found
