"""Digests and sums by which a file of a plan knows its model again, and what stands for a model that is not at hand."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.errors import MissingModelError
from planners.models.convert import Model
from planners.models.moves import MoveMDP
from planners.models.state_names import ForgottenNames, StateNames
from planners.names import read_names, written_names

CHUNK: Final = 1 << 20  # numbers hashed at a time
NO_PART: Final = ("initial", "states", "actions", "endings", "paid", "told", "labels", "rescaled", "unscaled", "shares")
PARTS: Final = 256  # of the states, each with sums of its own


def fingerprint(model: Model) -> tuple[NDArray[np.int64], str]:
    """Sizes (S, A, entries) of a model, and the SHA-256 of its tables, a megabyte or so at a time."""
    digest = hashlib.sha256(type(model).__name__.encode())
    entries = 0
    for field in dataclasses.fields(model):
        table = getattr(model, field.name)
        if field.name in NO_PART or table is None:
            continue
        if not hasattr(table, "shape") and field.name != "may_rest":  # the number of actions of pairs
            digest.update(f"{field.name} {table}".encode() if isinstance(table, int) else b"")
            continue
        if field.name == "may_rest":
            digest.update(b"" if table else b"may_rest False")
            continue
        entries += table.nnz if isinstance(table, sparse.csr_array) else 0
        digest.update(f"{field.name} {table.shape}".encode())
        for chunk in _chunks(table):
            digest.update(np.ascontiguousarray(chunk).data)
    return np.array([model.num_states, model.num_actions, entries], dtype=np.int64), digest.hexdigest()


def sizes_of(model: Model) -> NDArray[np.int64]:
    """(S, A, entries) of a model."""
    return fingerprint(model)[0]


def identity(model: Any) -> dict[str, Any]:
    """What a file says of the model, by which it is known again."""
    if isinstance(model, MissingModel):
        return model.identity
    (sizes, sha256), form = fingerprint(model), type(model).__name__
    known = {"model_sizes": sizes, "model_sha256": sha256, "model_form": form, "model_sums": weighted_sums(model)}
    names = getattr(model, "states", None)
    return known if names is None else {**known, "model_samples": names.samples or 0}


def in_form(known: Mapping[str, Any], given: Model) -> Model:
    """The model given, or its tables, if those of that `identity` are tables."""
    form = str(known.get("model_form", "TabularMDP"))  # files of earlier releases do not say, and have no sums
    return given if form == "MoveMDP" else given.tabular


def known_again(known: Mapping[str, Any], given: Model) -> Model | None:
    """The model given, or its tables, if it is the one of that `identity`; else None."""
    if str(known.get("model_sha256")) == fingerprint(given)[1]:
        return given
    alike = in_form(known, given)
    if alike is not given and str(known.get("model_sha256")) == fingerprint(alike)[1]:
        return alike
    moves = "MoveMDP" in (str(known.get("model_form")), type(given).__name__)  # they can be written in many ways
    return alike if moves and _sums_agree(known.get("model_sums"), weighted_sums(given)) else None


def is_same_model(left: Any, right: Model) -> bool:
    """Whether a plan's model, or what stands for it, is the model `right`.

    Raises:
        MissingModelError: The plan was read from a folder without its model, and does not know it.
    """
    if left is right or left is vars(right).get("tabular"):
        return True
    if isinstance(left, BlockModel):
        raise MissingModelError("this plan was loaded from a folder without its model")
    return known_again(identity(left), right) is not None


def _sums_agree(saved: NDArray[Any] | None, found: NDArray[np.float64]) -> bool:
    """Whether `weighted_sums` are the same but for rounding, of which each leaves a part of 1e-13 or so."""
    if saved is None or (saved.shape, saved.dtype) != (found.shape, found.dtype):
        return False
    scale = np.maximum(saved[1:], found[1:])  # of r and of P
    return bool((np.abs(saved[::2] - found[::2]) <= 1e-12 * scale).all())


def _chunks(table: Any) -> Iterator[NDArray[Any]]:
    """The numbers of a table in an order and in types that do not depend on how it was made."""
    length = table.shape[0]
    size = table.nnz if isinstance(table, sparse.csr_array) else table.size
    rows = max(1, CHUNK * length // max(size, 1))
    for first in range(0, length, rows):
        part = table[first : first + rows]
        if isinstance(part, sparse.csr_array):
            part.sum_duplicates()  # sorts each row
            yield part.indptr.astype("<i8")
            yield part.indices.astype("<i8")
            yield part.data.astype("<f8") + 0.0
        else:
            yield part.astype("<f8") + 0.0  # + 0.0: no minus zero


def weighted_sums(model: Model) -> NDArray[np.float64]:
    """(3, parts) sums of r, |r| and P over parts of the states; but for rounding, a `MoveMDP` has those of its tables.

    Every state, action and next state counts with a weight of its own that looks random, and an end with the
    weight 3, so that what differs between two models does not cancel.
    """
    if hasattr(model, "pair_state"):  # stored as pairs, in one form only
        return np.zeros((3, 1))
    here, there = (_weights(model.num_states, factor) for factor in (2.0**0.5, 5.0**0.5))
    action, A = _weights(model.num_actions, 3.0**0.5), model.num_actions
    borders = np.linspace(0, model.num_states, min(PARTS, model.num_states) + 1).astype(np.int64)
    sums = np.empty((3, len(borders) - 1))
    for number, part in enumerate(map(slice, borders[:-1], borders[1:])):
        if isinstance(model, MoveMDP):  # by moves, (states, D): each has the weights of the actions that mix it in
            mixed, outcome = np.tensordot(model.mixture, action, axes=(1, 0)), model.outcome[part]
            weight = mixed[0 if model.kind is None else model.kind[part]]
            rewards = model.outcome_reward[outcome]
            arrival = np.where(model.outcome_ends[outcome], 3.0, there[model.successor[part]])
        else:  # by pairs, (states, A)
            weight, rewards, rows = action, model.rewards[part], slice(part.start * A, part.stop * A)
            arrival = (model.transitions[rows] @ there).reshape(-1, A) + 3.0 * model.termination[part]
        sums[:, number] = [(here[part] @ (weight * x)).sum() for x in (rewards, np.abs(rewards), arrival)]
    return sums


def _weights(count: int, factor: float) -> NDArray[np.float64]:
    """(count,) fixed numbers from 1 to 2 that look random; squares, so that no step has the mean of two others."""
    fraction = np.arange(count, dtype=np.float64) * factor % 1.0
    return 1.0 + fraction * fraction


def digest_of_parts(borders: NDArray[np.int64], digests: list[str]) -> str:
    """SHA-256 of a model from those of its parts and where they are cut."""
    return hashlib.sha256((" ".join(map(str, borders.tolist())) + " " + " ".join(digests)).encode()).hexdigest()


class _Placeholder:
    """What stands for the model of a plan where the model itself is not at hand."""

    def __init__(self, states: int, actions: int) -> None:
        self._states, self._actions = states, actions

    why = ""

    def __getattr__(self, name: str) -> Any:
        """Whatever is asked for: not here.

        Raises:
            MissingModelError: Always; the message says what to do.
        """
        raise MissingModelError(self.why.format(name=name))

    def __repr__(self) -> str:
        """Sizes in one line."""
        return f"{type(self).__name__}({self._states} states, {self._actions} actions)"


class MissingModel(_Placeholder):
    """The model of a plan that was loaded without one: it knows only which model it was."""

    why = (
        "this plan was loaded without its model, and {name!r} needs the model; "
        "planners.load_plan(path, model=env) loads it with the model"
    )

    def __init__(self, arrays: dict[str, Any]) -> None:
        """Keep what the file says of the model, so that the plan can be saved again."""
        sizes, _ = arrays["model_sizes"], arrays["model_sha256"]  # a file without them is damaged
        super().__init__(sizes[0], sizes[1])
        self.identity: dict[str, Any] = {name: array for name, array in arrays.items() if name.startswith("model_")}
        self.states: StateNames | ForgottenNames | None = _state_names(arrays)
        self.actions: tuple[Any, ...] | None = read_names(arrays.get("model_action_names"))
        self.rescaled = float(arrays.get("model_rescaled", 0.0))


def names_of(model: Any) -> dict[str, Any]:
    """What a file keeps of the names of a model; those that are not of text, numbers and tuples it cannot keep."""
    states, kept = getattr(model, "states", None), {}
    if isinstance(model, MissingModel):
        return {}  # its identity has them
    if getattr(model, "rescaled", 0.0):
        kept["model_rescaled"] = model.rescaled
    for name, names in (("state", states and states.keys), ("action", getattr(model, "actions", None))):
        written = None if names is None else written_names(names)
        if written is not None:
            kept[f"model_{name}_names"] = written
    if states is not None and "model_state_names" in kept:
        kept["model_has_key"] = states.identify is not None
    return kept


def _state_names(arrays: Mapping[str, Any]) -> StateNames | ForgottenNames | None:
    if "model_samples" not in arrays:
        return None
    samples, keys = int(arrays["model_samples"]) or None, read_names(arrays.get("model_state_names"))
    if keys is None:
        return ForgottenNames(samples)
    return StateNames(keys, ForgottenNames(samples).key if arrays["model_has_key"] else None, samples)


class BlockModel(_Placeholder):
    """The model in a plan of some of its states: its sizes, and which model it is."""

    num_states: int
    num_actions: int
    digest: str
    why = (
        "no process holds the whole model, and {name!r} needs it; planners.load_plan(folder, model=model) "
        "loads a plan with its model, where that fits in memory"
    )

    def __init__(self, num_states: int, num_actions: int, digest: str, names: Mapping[str, Any] | None = None) -> None:
        """Keep them, and the names of states and actions that `names_of` gave."""
        super().__init__(num_states, num_actions)
        self.num_states, self.num_actions, self.digest = num_states, num_actions, digest
        known = names or {}
        self.states: StateNames | ForgottenNames | None = _state_names(known)
        self.actions: tuple[Any, ...] | None = read_names(known.get("model_action_names"))
