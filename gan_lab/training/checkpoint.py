"""Checkpoints in one safetensors file: parameters, optimizers, random numbers, history; no pickle."""

import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

from gan_lab.errors import WiringError
from gridworld_env.ui.files.whole_file import write_whole

if TYPE_CHECKING:
    from gan_lab.training.assembly import Assembly

VERSION = "2"


def save(path: "str | PathLike[str]", made: "Assembly") -> None:
    """Write all that the next update depends on; the file is replaced at once, or not at all."""
    run, pair = made.run, made.pair
    tensors = {"torch_rng": torch.get_rng_state()}
    for agent, player in pair.players.items():
        tensors |= {f"{agent}.parameters.{name}": value for name, value in player.state_dict().items()}
        for number, state in player.optimizer.state_dict()["state"].items():
            tensors |= {f"{agent}.optimizer.{number}.{k}": v for k, v in state.items() if isinstance(v, torch.Tensor)}
    tensors |= {f"update.{name}": value for name, value in made.rule.state().items()}
    if run.average is not None:
        tensors |= {f"average.{name}": value for name, value in run.average.state_dict().items()}
    about = {
        "version": VERSION,
        "settings": json.dumps(run.settings),
        "steps": str(run.steps),
        "shares": str(made.place.shares),
        "history": json.dumps(run.history),
        "truth": json.dumps(run.truth),
        "averaged_truth": json.dumps(run.averaged_truth),
        "rng": json.dumps(pair.env.np_random.bit_generator.state),
    }
    content = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    write_whole(Path(path), to_bytes(content, metadata=about))


def check_place(path: "str | PathLike[str] | None") -> None:
    """Refuse a place where no file can be written, before the work begins rather than after.

    Raises:
        WiringError: A folder, or a file in a folder that there is not.
    """
    if path is None:
        return
    target = Path(path)
    if target.is_dir():
        raise WiringError(f"checkpoint is {str(path)!r}, which is a folder; expected a file to write")
    if not target.parent.is_dir():
        raise WiringError(f"checkpoint is {str(path)!r}, but there is no folder {str(target.parent)!r}: make it first")


def load(path: "str | PathLike[str]", made: "Assembly") -> None:
    """Go on from a checkpoint.

    Raises:
        WiringError: The file is no checkpoint, or one of another game, other settings or other players.
        OSError: The file cannot be read.
    """
    about, tensors = _read(path)
    name = Path(path).name
    try:
        _restore(name, about, tensors, made)
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError) as error:
        if isinstance(error, WiringError):
            raise
        raise WiringError(f"{name} is damaged: {type(error).__name__}, {str(error)[:200]}") from error


def _restore(name: str, about: dict[str, str], tensors: dict[str, torch.Tensor], made: "Assembly") -> None:
    """Take over what a checkpoint holds; `WiringError` if it is one of something else."""
    run, pair = made.run, made.pair
    settings = json.loads(about["settings"])
    if not isinstance(settings, dict):
        raise ValueError("its settings are no settings")
    for key, value in run.settings.items():
        if settings.get(key) != value and key == "numbers of the game":
            raise WiringError(f"{name} is a checkpoint of another game that is called {run.game.name!r} too")
        if settings.get(key) != value:
            raise WiringError(f"{name} is a checkpoint with {key} {settings.get(key)!r}; this run has {value!r}")
    for agent, player in pair.players.items():
        _load_player(name, agent, player, tensors)
    made.rule.restore({key: value.to(pair.generator.device) for key, value in _part(tensors, "update.").items()})
    if run.average is not None:
        run.average.load_state_dict(
            {k.removeprefix("average."): v for k, v in tensors.items() if k.startswith("average.")}
        )
        run.averaged_truth = json.loads(about["averaged_truth"])
    run.steps, run.history, run.truth = int(about["steps"]), json.loads(about["history"]), json.loads(about["truth"])
    pair.env.np_random.bit_generator.state = json.loads(about["rng"])
    torch.set_rng_state(tensors["torch_rng"])


def shares_of(path: "str | PathLike[str]") -> int:
    """In how many shares the batches of a checkpoint's run were played.

    Raises:
        WiringError: The file is no checkpoint.
        OSError: The file cannot be read.
    """
    shares = _read(path)[0].get("shares", "1")
    if not (shares.isascii() and shares.isdigit() and 0 < len(shares) < 9):
        raise WiringError(f"{Path(path).name} is damaged: its number of shares is {shares[:40]!r}")
    return int(shares)


def _read(path: "str | PathLike[str]") -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    name = Path(path).name
    if Path(path).is_dir():
        raise WiringError(f"{name} is no checkpoint: it is a folder")
    try:
        with safe_open(path, framework="pt") as file:
            about: dict[str, str] = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    except SafetensorError as error:
        raise WiringError(f"{name} is no checkpoint: {error}") from None
    if about.get("version") != VERSION:
        raise WiringError(f"{name} is a checkpoint of version {about.get('version')}; expected {VERSION}")
    return about, tensors


def _part(tensors: dict[str, torch.Tensor], start: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}


def _load_player(name: str, agent: str, player: Any, tensors: dict[str, torch.Tensor]) -> None:
    parameters = _part(tensors, f"{agent}.parameters.")
    try:
        player.load_state_dict(parameters)
    except RuntimeError as error:
        raise WiringError(f"{name} has another {agent}: {str(error).splitlines()[-1].strip()}") from None
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith(f"{agent}.optimizer."):
            number, field = key.removeprefix(f"{agent}.optimizer.").split(".", 1)
            state.setdefault(int(number), {})[field] = value
    player.optimizer.load_state_dict({**player.optimizer.state_dict(), "state": state})
