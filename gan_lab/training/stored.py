"""Objects as plain data, from which they are made again: games, rules, recipes, networks, optimizers, players.

form = stored(value, "generator")          JSON: classes by name, their arguments, arrays
restored(form, "generator")                the same again

No code is kept, and none is run but constructors of this package, of `torch.nn` and `torch.optim`, and of classes of
these kinds that the program has imported itself. What no file can keep becomes {"own": what it is}.
"""

import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from inspect import signature
from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gan_lab.errors import WiringError
from gan_lab.errors.argument_names import ArgumentError
from gan_lab.games import Game
from gan_lab.made_by import MOST, made_by
from gan_lab.payoffs.losses import LOSSES, Loss
from gan_lab.payoffs.penalties import PENALTIES, Penalty
from gan_lab.players import Discriminator, Generator, Player, Seat, Strategist
from gan_lab.random_numbers import seeded
from gan_lab.recipes.recipe import DiscriminatorShape, GeneratorShape, Recipe
from gan_lab.recipes.schedule import OwnSchedule, Schedule
from gan_lab.training.kept_values import described, given_back, kept
from gan_lab.updates import UPDATES, Update

READABLE: Final = 64  # numbers of an array that stand in words; more are bytes in base 64
PLAIN: Final = (bool, int, float, str, type(None))
KINDS: Final = (Game, Update, nn.Module, Optimizer, Recipe, GeneratorShape, DiscriminatorShape)
OWN_ROOMS: Final = ("gan_lab.", "torch.nn.", "torch.optim.")  # imported where a form names them
PLAYERS: Final = {"Generator": Generator, "Discriminator": Discriminator}


class NotStorableError(Exception):
    """Something that no file can keep."""


def stored(value: Any, name: str) -> Any:
    """A setting as plain data; {"own": what it is} where that cannot be.

    Args:
        value: The setting.
        name: How it is called.

    >>> from gan_lab.updates import Alternating
    >>> stored(Alternating(5), "update")
    {'class': 'gan_lab.updates.alternating.Alternating', 'arguments': [5], 'keywords': {}}
    >>> restored(stored(Alternating(5), "update"), "update").discriminator_steps
    5
    >>> stored(print, "callback")
    {'own': 'the builtin_function_or_method print'}
    """
    try:
        return _short(_form(value))
    except NotStorableError as error:
        return {"own": str(error)}


def _short(form: Any) -> Any:
    """What `train` takes by name, by its name; inside another object it is the object that is needed."""
    if isinstance(form, dict) and "of" in form:
        return form["name"]
    if isinstance(form, dict) and form.get("class") in NAMES and not (form["arguments"] or form["keywords"]):
        return NAMES[form["class"]]
    return form


def restored(form: Any, name: str) -> Any:
    """The value of a form that `stored` made; what is no form is given back as it is.

    Raises:
        WiringError: The setting is one that no file can keep, or a class is not known here.
    """
    try:
        with seeded(0):  # constructors draw first parameters, which are replaced
            return _value(form)
    except NotStorableError as error:
        raise WiringError(
            f"the setting {name!r} was {error}, which settings cannot keep: give it again, as in "
            f"gan_lab.train(**{{**run.settings, {name!r}: ...}}), or gan_lab.load(path, {name}=...)"
        ) from None
    except (LookupError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        if isinstance(error, WiringError) and not isinstance(error, ArgumentError):
            raise
        found = f"{type(error).__name__}, {str(error)[:120]}"
        raise WiringError(f"the setting {name!r} cannot be made again as it stands there: {found}") from error


def _form(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, OwnSchedule):
        raise NotStorableError(str(value))
    if isinstance(value, Schedule):
        return {"schedule": str(value)}
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, np.ndarray | Tensor):
        return _of_array(value)
    if isinstance(value, list | tuple):
        parts = [_form(part) for part in value]
        return {"tuple": parts} if isinstance(value, tuple) else parts
    if isinstance(value, Mapping):
        return {"dict": [[_form(key), _form(part)] for key, part in value.items()]}
    if isinstance(value, Loss | Penalty) and (LOSSES | PENALTIES).get(value.name) is value:
        return {"of": "losses" if isinstance(value, Loss) else "penalties", "name": value.name}
    return _of_object(value)


def _of_object(value: Any) -> Any:
    if isinstance(value, Player):
        return _of_player(value)
    if isinstance(value, nn.Module):
        return _of_module(value)
    if isinstance(value, Game | Update) and (how := made_by(value)) is not None:
        made = {"class": _path(type(value)), "arguments": [_form(part) for part in how[0]]}
        made["keywords"] = {key: _form(part) for key, part in how[1].items()}
        if isinstance(value, Game):
            return made | {"numbers": value.fingerprint()}
        if described(_value(made)) != described(value):
            raise NotStorableError(f"an update {value.name!r} that was changed after it was made")
        return made
    if isinstance(value, Recipe | GeneratorShape | DiscriminatorShape) and is_dataclass(value):
        values = {part.name: _form(getattr(value, part.name)) for part in fields(value) if part.init}
        return {"class": _path(type(value)), "keywords": values}
    named = getattr(value, "__qualname__", None) or getattr(value, "name", None)
    raise NotStorableError(f"the {type(value).__name__} {named}" if named else f"a {type(value).__name__}")


def _path(kind: type) -> str:
    """The name of a class that others can find."""
    if "<locals>" in kind.__qualname__:
        raise NotStorableError(f"of the class {kind.__name__}, which is made inside a function")
    return f"{kind.__module__}.{kind.__qualname__}"


def _class(path: str) -> type:
    module, _, name = path.rpartition(".")
    if any(f"{module}.".startswith(room) for room in OWN_ROOMS):
        import_module(module)
    if module not in sys.modules:
        raise NotStorableError(f"of the class {path}, which is not imported here: import {module} first, or")
    found = getattr(sys.modules[module], name, None)
    if not (isinstance(found, type) and issubclass(found, KINDS)):
        raise NotStorableError(f"of the class {path}, which is not there")
    return found


def _value(form: Any) -> Any:
    if isinstance(form, list):
        return [_value(part) for part in form]
    if not isinstance(form, dict):
        return form
    if "own" in form:
        raise NotStorableError(form["own"])
    for kind, read in READERS.items():
        if kind in form:
            return read(form)
    return form


def _made(form: Any) -> Any:
    arguments = [_value(part) for part in form.get("arguments", ())]
    made = _class(form["class"])(*arguments, **{key: _value(part) for key, part in form["keywords"].items()})
    if form.get("numbers") not in (None, getattr(made, "fingerprint", str)()):
        raise NotStorableError(f"the game {made.name!r} with other numbers than its arguments now make")
    return made


def _of_array(value: Any) -> Any:
    found = value.detach().cpu() if isinstance(value, Tensor) else value
    if (found.nbytes > MOST) or found.dtype in (torch.bfloat16, np.dtype(object)):
        raise NotStorableError(f"an array of {tuple(found.shape)} {found.dtype}, more than settings hold")
    array = np.ascontiguousarray(found)
    form = {"shape": list(array.shape), "dtype": str(array.dtype)}
    readable = array.size <= READABLE and np.isfinite(array).all()
    content = array.ravel().tolist() if readable else b64encode(array.tobytes()).decode("ascii")
    return {"tensor" if isinstance(value, Tensor) else "array": content} | form


def _array(form: Any, key: str = "array") -> Any:
    content = form[key]
    if isinstance(content, str):
        return np.frombuffer(b64decode(content), form["dtype"]).reshape(form["shape"]).copy()
    return np.array(content, form["dtype"]).reshape(form["shape"])


def _of_module(module: nn.Module) -> Any:
    """A network by its classes and their arguments, as far as these are attributes of the same names."""
    form, rebuilt = _structure(module), None
    with seeded(0):
        rebuilt = _value(form).to(next((part.dtype for part in module.parameters()), torch.float32))
    if not _alike(module, rebuilt):
        raise NotStorableError(f"a network of {type(module).__name__}, which its arguments alone do not make again")
    frozen = [name for name, part in module.named_parameters() if not part.requires_grad]
    waiting = [name for name, part in module.named_modules() if not part.training]
    state = {name: value for name, value in module.state_dict().items()}
    return {"network": form, "parameters": _table(state), "frozen": frozen, "evaluating": waiting}


def _structure(module: nn.Module) -> Any:
    kind = type(module)
    if isinstance(module, nn.Sequential | nn.ModuleList) and kind in (nn.Sequential, nn.ModuleList):
        parts = [[name, _structure(part)] for name, part in module.named_children()]
        return {"layers": parts, "class": _path(kind)}
    keywords: dict[str, Any] = {}
    for name, parameter in signature(kind).parameters.items():
        if name in ("device", "dtype") or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if hasattr(module, name):
            own = getattr(module, name)
            has = own is not None if name == "bias" else own  # of layers, whether there is one
            keywords[name] = _structure(has) if isinstance(has, nn.Module) else _form(has)
        elif parameter.default is parameter.empty:
            raise NotStorableError(f"a network of {kind.__name__}, which does not keep its argument {name!r}")
    return {"class": _path(kind), "keywords": keywords}


def _alike(one: nn.Module, other: nn.Module) -> bool:
    """Whether two networks are the same but for the values of their parameters."""
    counts = [
        [len(list(each)) for flag in (True, False) for each in (net.named_modules(remove_duplicate=flag),
                                                                net.named_parameters(remove_duplicate=flag))]
        for net in (one, other)
    ]  # fmt: skip
    if counts[0] != counts[1] or repr(one) != repr(other):  # layers and parameters that are used twice stay one
        return False
    shapes = [{key: (value.shape, value.dtype) for key, value in part.state_dict().items()} for part in (one, other)]
    if shapes[0] != shapes[1] or any(part._forward_hooks or part._forward_pre_hooks for part in one.modules()):
        return False
    pairs = list(zip(one.modules(), other.modules(), strict=True))
    fixed = [set(part._non_persistent_buffers_set) for part, _ in pairs]
    same = all(
        torch.equal(getattr(a, name), getattr(b, name).to(getattr(a, name).dtype))
        for (a, b), names in zip(pairs, fixed, strict=True)
        for name in names
    )
    return same and all(_own(a) == _own(b) for a, b in pairs)


def _own(module: nn.Module) -> Any:
    hidden = {name: value for name, value in vars(module).items() if not name.startswith("_") and name != "training"}
    return described(hidden)


def _layers(form: Any) -> nn.Module:
    found = _class(form["class"])()
    for name, part in form["layers"]:
        found.add_module(name, _value(part))
    return found


def _network(form: Any) -> nn.Module:
    found, parameters = _value(form["network"]), _value(form["parameters"])
    kinds = {value.dtype for value in parameters.values() if value.is_floating_point()}
    if len(kinds) == 1:
        found.to(kinds.pop())
    found.load_state_dict(parameters)
    for name in form["frozen"]:
        found.get_parameter(name).requires_grad_(False)
    for name in form["evaluating"]:
        found.get_submodule(name).training = False
    return found


def _table(values: Mapping[str, Tensor]) -> Any:
    if sum(value.nbytes for value in values.values()) > MOST:
        raise NotStorableError("a player with more parameters than settings hold")
    return _form(values)


def _of_player(player: Player) -> Any:
    form: dict[str, Any]
    if type(player) is Strategist:
        form = {"player": player.name, "form": player.form, "strategy": _form(player.strategy)}
    elif type(player) in (Seat, *PLAYERS.values()):
        name = player.name if isinstance(player, Seat) else type(player).__name__
        form = {"player": name, "network": _of_module(cast(Any, player).network)}
    else:
        raise NotStorableError(f"a {type(player).__name__}, a player of your own")
    return form | {"optimizer": _of_optimizer(player)}


def _of_optimizer(player: Player) -> Any:
    optimizer = player.optimizer
    places = {id(parameter): place for place, parameter in enumerate(player.trained)}
    groups: list[Any] = []
    for group in optimizer.param_groups:
        if any(id(parameter) not in places for parameter in group["params"]):
            raise NotStorableError("an optimizer of other parameters than the player's")
        options = {key: _form(value) for key, value in group.items() if key != "params"}
        groups.append([[places[id(parameter)] for parameter in group["params"]], options])
    taken = signature(type(optimizer)).parameters
    defaults = {key: _form(value) for key, value in optimizer.defaults.items() if key in taken}
    tensors: dict[str, Tensor] = {}
    try:
        state = kept(optimizer.state_dict()["state"], "state", tensors)
    except WiringError:
        raise NotStorableError(f"a {type(optimizer).__name__} that keeps more than numbers") from None
    kind = _path(type(optimizer))
    return {"class": kind, "defaults": defaults, "groups": groups, "state": state, "tensors": _table(tensors)}


def _player(form: Any) -> Player:
    optimizer = form["optimizer"]

    def make(parameters: list[nn.Parameter]) -> Optimizer:
        groups = [{"params": [parameters[place] for place in places], **_value({"dict": list(options.items())})}
                  for places, options in optimizer["groups"]]  # fmt: skip
        defaults = {key: _value(value) for key, value in optimizer["defaults"].items()}
        found: Any = _class(optimizer["class"])(groups, **defaults)
        tensors = {key: value.detach() for key, value in _value(optimizer["tensors"]).items()}
        if optimizer["state"] != {"dict": []}:
            now = found.state_dict()
            found.load_state_dict({**now, "state": given_back(optimizer["state"], tensors)})
        return found

    if "network" in form:
        name, network = form["player"], _value(form["network"])
        return PLAYERS[name](network, make) if name in PLAYERS else Seat(name.removesuffix("_0"), network, make)
    values = _value(form["strategy"])
    player = Strategist(form["player"], [1 / len(values)] * len(values), make, form["form"])
    with torch.no_grad():
        player.strategy.copy_(values)
    return player


NAMES: Final = {f"{kind.__module__}.{kind.__qualname__}": name for name, kind in UPDATES.items()}
READERS: Final = {
    "of": lambda form: {"losses": LOSSES, "penalties": PENALTIES}[form["of"]][form["name"]],
    "schedule": lambda form: Schedule.of(form["schedule"]),
    "tuple": lambda form: tuple(_value(form["tuple"])),
    "dict": lambda form: {_value(key): _value(part) for key, part in form["dict"]},
    "array": _array,
    "tensor": lambda form: torch.from_numpy(_array(form, "tensor")),
    "player": _player,
    "network": _network,
    "layers": _layers,
    "class": _made,
}
