"""Checkpoints in one safetensors file: parameters, optimizers, random numbers, history; no pickle."""

import json
from itertools import zip_longest
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

from gan_lab.errors import WiringError, file_path
from gan_lab.training.kept_values import described, given_back, kept, rules_in
from gan_lab.training.settings import Settings
from gridworld_env.ui.files.whole_file import write_whole

if TYPE_CHECKING:
    from gan_lab.training.assembly import Assembly

VERSION = "3"
ROWS = "trajectory."


def save(path: "str | PathLike[str]", made: "Assembly") -> None:
    """Write all that the next update depends on; the file is replaced at once, or not at all."""
    run, pair = made.run, made.pair
    tensors: dict[str, torch.Tensor] = {"torch_rng": torch.get_rng_state()}
    if made.place.device.type == "cuda":
        tensors["cuda_rng"] = torch.cuda.get_rng_state(made.place.device)
    parts: dict[str, Any] = {name: rule.state() for name, rule in rules_in(made.rule).items()}
    for agent, player in pair.players.items():
        parts |= {agent: player.state_dict(), f"{agent}.optimizer": player.optimizer.state_dict()}
    if run.average is not None:
        parts["average"] = run.average.state_dict()
    forms = {name: kept(part, name, tensors) for name, part in parts.items()}
    first, rows = run.trajectory.state()
    tensors |= {f"{ROWS}{name}": value for name, value in rows.items()}
    about = {
        "version": VERSION,
        "settings": json.dumps(run.settings.facts),
        "arguments": json.dumps(run.settings),
        "parts": json.dumps(forms),
        "steps": str(run.steps),
        "first_row": str(first),
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
    target = file_path("checkpoint", path)
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
    forms, here = json.loads(about["parts"]), {k: v.to(made.place.device) for k, v in tensors.items()}
    parts = {part: given_back(form, tensors) for part, form in forms.items()}
    before = json.loads(about["settings"])
    _check_settings(name, before, run.settings.facts, parts)
    for agent, player in pair.players.items():
        _load_player(name, agent, player, parts[agent])
        _check_network(
            name, agent, *(text[f"network of {agent}"].splitlines() for text in (before, run.settings.facts))
        )
        _load_optimizer(player.optimizer, parts[f"{agent}.optimizer"])
    for place, rule in rules_in(made.rule).items():
        rule.restore(given_back(forms[place], here))
    if run.average is not None:
        run.average.load_state_dict(parts["average"])
        run.averaged_truth = json.loads(about["averaged_truth"])
    run.steps, run.history, run.truth = int(about["steps"]), json.loads(about["history"]), json.loads(about["truth"])
    rows = {key.removeprefix(ROWS): value for key, value in tensors.items() if key.startswith(ROWS)}
    run.trajectory.restore(first := int(about.get("first_row", "0")), rows, run.steps - first + 1)
    begun = json.loads(about.get("arguments", "{}")) | {key: run.settings[key] for key in ("steps", "truth_every")}
    run.settings = Settings({**run.settings, **begun}, run.settings.facts)
    pair.env.np_random.bit_generator.state = json.loads(about["rng"])
    torch.set_rng_state(tensors["torch_rng"])
    if made.place.device.type == "cuda" and "cuda_rng" in tensors:
        torch.cuda.set_rng_state(tensors["cuda_rng"], made.place.device)


def arguments_of(path: "str | PathLike[str]") -> dict[str, Any]:
    """The arguments of `train` that played a checkpoint's run.

    Raises:
        WiringError: The file is no checkpoint, or one from before they were kept.
        OSError: The file cannot be read.
    """
    about, _ = _read(path)
    if "arguments" not in about:
        raise WiringError(
            f"{Path(path).name} was written by an earlier version, and does not have all settings: go on from it by "
            "gan_lab.train(..., resume=path), with the game and the players that it had"
        )
    found = json.loads(about["arguments"])
    if not isinstance(found, dict):
        raise WiringError(f"{Path(path).name} is damaged: its settings cannot be read")
    return found


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
    path = file_path("path", path)
    name = path.name
    if path.is_dir():
        raise WiringError(f"{name} is not a checkpoint: it is a folder")
    try:
        with safe_open(path, framework="pt") as file:
            about: dict[str, str] = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    except SafetensorError as error:
        raise WiringError(f"{name} is not a checkpoint: {error}") from None
    if about.get("version") != VERSION:
        raise WiringError(f"{name} is a checkpoint of version {about.get('version')}; expected {VERSION}")
    return about, tensors


def _check_settings(name: str, before: Any, now: dict[str, Any], parts: dict[str, Any]) -> None:
    """Refuse a checkpoint of other settings; optimizers may be as they were at first, or as they were last."""
    if not isinstance(before, dict):
        raise ValueError("its settings cannot be read")
    for key, value in now.items():
        if key == "versions" or key.startswith("network of "):  # networks are compared layer by layer
            continue
        if (found := _difference(key, before.get(key), value)) is None:
            continue
        if key == "numbers of the game":
            raise WiringError(f"{name} is a checkpoint of another game that is called {now['game']!r} too")
        agent = key.removeprefix("optimizer of ")
        if agent != key and value["groups"] == [described(part) for part in _groups(parts[f"{agent}.optimizer"])]:
            continue
        what, was, wanted = found
        why = ", as what changes during the run is planned in shares of all updates" if key == "steps" else ""
        raise WiringError(f"{name} is a checkpoint with {what} {was!r}; this run has {wanted!r}{why}")


def _groups(optimizer: dict[str, Any]) -> list[dict[str, Any]]:
    return [{key: value for key, value in group.items() if key != "params"} for group in optimizer["param_groups"]]


def _difference(name: str, before: Any, now: Any) -> tuple[str, Any, Any] | None:
    """Where two settings differ first: the name of the place, and what is in either."""
    if isinstance(before, dict) and isinstance(now, dict):
        pairs = [(f"{key} in the {name}", before.get(key), now.get(key)) for key in {**before, **now}]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = [(name, *pair) for pair in zip(before, now, strict=True)]
    else:
        return None if json.dumps(before) == json.dumps(now) else (name, before, now)
    return next((found for pair in pairs if (found := _difference(*pair)) is not None), None)


def _load_player(name: str, agent: str, player: Any, parameters: Any) -> None:
    try:
        player.load_state_dict(parameters)
    except RuntimeError as error:
        raise WiringError(f"{name} has another {agent}: {str(error).splitlines()[-1].strip()}") from None


def _check_network(name: str, agent: str, before: list[str], now: list[str]) -> None:
    """Refuse a network that has the same parameters and does something else with them."""
    for one, other in zip_longest(before, now, fillvalue="nothing"):
        if one != other:
            raise WiringError(f"{name} has another {agent}: {one.strip()}; this run has {other.strip()}")


def _load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """All of it, with the kinds of numbers that it had: PyTorch alone would make of whole numbers floats."""
    optimizer.load_state_dict(state)
    owners = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for number, own in state["state"].items():
        loaded = optimizer.state[owners[number]]
        for key, value in own.items():
            loaded[key] = value.to(loaded[key].device).clone() if isinstance(value, torch.Tensor) else value
