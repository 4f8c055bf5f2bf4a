"""What a run was played with: the arguments of `train`, as plain data, and what is said of players and game beside."""

import platform
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from gan_lab.errors import SIZE, WiringError, whole_number
from gan_lab.payoffs.losses import LOSSES
from gan_lab.payoffs.penalties import PENALTIES
from gan_lab.recipes.schedule import OwnSchedule, Schedule
from gan_lab.training.stored import restored, stored

if TYPE_CHECKING:
    from gan_lab.training.assembly import Assembly

PLAYERS: Final = ("generator", "discriminator", "others")
STORED: Final = ("game", *PLAYERS, "recipe", "update", "loss", "penalty")  # not plain by themselves
RATES: Final = ("generator_rate", "discriminator_rate", "penalty_weight")


class Settings(dict[str, Any]):
    """Arguments of `train` that play a run again: `gan_lab.train(**run.settings)`; `json.dumps` takes them.

    Attributes:
        facts: What a checkpoint has to agree on: settings of optimizers and of the rule, networks in words, versions.
            They can be asked for too, as in `settings["optimizer of generator_0"]`.

    >>> settings = Settings({"game": "dirac"}, {"network of generator_0": "Linear"})
    >>> settings["network of generator_0"], dict(**settings)
    ('Linear', {'game': 'dirac'})
    """

    facts: dict[str, Any]

    def __init__(self, arguments: Mapping[str, Any] = {}, facts: Mapping[str, Any] = {}) -> None:
        """Keep the settings and the facts."""
        super().__init__(arguments)
        self.facts = dict(facts)

    def __missing__(self, name: str) -> Any:
        """A fact of this name."""
        return self.facts[name]

    def __reduce__(self) -> Any:
        """The parts from which pickle and copy make the settings again."""
        return type(self), (dict(self), self.facts)


def settings_of(made: "Assembly", asked: Mapping[str, Any], every: int) -> Settings:
    """The settings of a run that has not begun.

    Args:
        made: The run.
        asked: What `train` was called with.
        every: Updates between evaluations.
    """
    run, recipe = made.run, made.run.recipe
    assert recipe is not None
    players = {name: stored(asked[name], name) for name in PLAYERS if asked[name]}
    if asked["metrics"]:
        players["metrics"] = {"own": f"the functions {', '.join(asked['metrics'])}"}
    chosen: dict[str, Any] = {"update": made.rule, "loss": run.loss, "penalty": run.penalty or "none"}
    found = {"game": stored(asked["game"], "game"), **players}
    said_once: dict[str, Any] = {"update": "alternating", "loss": "minimax", "penalty": None}
    functions = [name for name in RATES if isinstance(getattr(recipe, name), OwnSchedule)]
    said_once |= {name: Schedule(getattr(recipe, name).start) for name in functions}
    found["recipe"] = stored(recipe.with_(**said_once), "recipe")
    found |= {name: _named(value, name) for name, value in chosen.items()}
    found |= {name: text(getattr(recipe, name), name) for name in RATES if name in run.settings.facts}
    found |= {"batch_size": recipe.batch_size} if run.game.of_samples else {}
    found |= {"steps": recipe.steps, "seed": run.settings.facts["seed"], "truth_every": every}
    found |= {"device": made.place.device.type, "shares": made.place.shares, "threads": torch.get_num_threads()}
    return Settings(found | {"versions": run.settings.facts["versions"]}, run.settings.facts)


def _named(value: Any, name: str) -> Any:
    """A rule, a loss or a penalty; those of one's own by their names alone, where no other has it."""
    found = stored(value, name)
    own = isinstance(found, dict) and "own" in found
    return value.name if own and name != "update" and value.name not in {**LOSSES, **PENALTIES} else found


def text(schedule: Any, name: str) -> Any:
    """A rate or a weight as a text that `Schedule.of` reads; of a function, that it is one."""
    form = stored(schedule, name)
    return form.get("schedule", form)


def given_again(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What `train` was called with, where it comes from settings: games, players and rules made again.

    Raises:
        WiringError: A setting that no file can keep is not given again.
    """
    found = dict(asked)
    for name in STORED:
        found[name] = restored(found[name], name)
    for name in ("rate", *RATES, "metrics"):
        value = found[name]
        if isinstance(value, Mapping) and (name != "metrics" or isinstance(value.get("own"), str)):
            found[name] = restored(found[name], name)
    for name, known in (("loss", LOSSES), ("penalty", PENALTIES)):
        own = found["versions"] is not None and isinstance(found[name], str) and found[name] not in {*known, "none"}
        if own:
            restored({"own": f"the {name} {found[name]!r} of your own"}, name)
    return found


@contextmanager
def threads(number: Any, versions: Any) -> Iterator[None]:
    """Inside, PyTorch computes on so many threads; a warning where a run was played by other versions.

    Raises:
        WiringError: No whole number of at least 1.
    """
    if versions is not None:
        _compare(versions)
    before = torch.get_num_threads()
    wanted = before if number is None else whole_number("threads", number, 1, SIZE)
    if wanted != before:
        torch.set_num_threads(wanted)
    try:
        yield
    finally:
        if wanted != before:
            torch.set_num_threads(before)


def versions_here() -> dict[str, Any]:
    """What the last bits of a run depend on; sums in another order, by other threads, have other ones."""
    found: dict[str, Any] = {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
    try:
        found["gridworld-lab"] = version("gridworld-lab")
    except PackageNotFoundError:  # a folder of the sources
        found["gridworld-lab"] = "not installed"
    return found | {"threads": torch.get_num_threads()}


def _compare(versions: Any) -> None:
    if not isinstance(versions, Mapping):
        raise WiringError(f"versions is {versions!r}; expected those that `run.settings` say")
    here = versions_here()
    other = [f"{name} {versions[name]} (here {here[name]})" for name in ("torch", "numpy", "gridworld-lab")
             if versions.get(name) not in (None, here[name])]  # fmt: skip
    if other:
        warnings.warn(f"the run was played by {', '.join(other)}: its last bits may be others", stacklevel=4)


def network_in_words(player: Any) -> str:
    """What a player's network is made of, without the addresses of functions and objects."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(getattr(player, "network", player)))
