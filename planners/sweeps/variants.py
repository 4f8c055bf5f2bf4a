"""The models that `planners.solve_many` solves: one model at many discounts, step rewards or slips, or a list."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from planners.arguments import check_number, check_sequence
from planners.errors import InvalidModelError, InvalidOptionError
from planners.models.convert import Model, as_model
from planners.models.moves import MoveMDP
from planners.options import check_discount


class Variant(NamedTuple):
    """One of the models, and its discount."""

    model: Model
    discount: float


def read_variants(
    source: Any,
    discount: Any = None,
    discounts: Iterable[Any] | None = None,
    step_rewards: Iterable[Any] | None = None,
    slips: Iterable[Any] | None = None,
) -> list[Variant]:
    """The models and discounts, in the order of the lists, which go together like the columns of a table.

    Raises:
        InvalidOptionError: Lists of different lengths, or none; no discount, or two.
        InvalidModelError: Step rewards or slips for what is not an environment that can vary them.
    """
    lists = {"discounts": discounts, "step_rewards": step_rewards, "slips": slips}
    given = {name: _as_list(name, numbers) for name, numbers in lists.items() if numbers is not None}
    if isinstance(source, list | tuple):
        given["models"] = list(source)
    if not given:
        raise InvalidOptionError(
            "there is nothing to vary; expected discounts, step_rewards, slips or a list of models"
        )
    if (discount is None) == (discounts is None):
        raise InvalidOptionError("expected a discount for all, or discounts, one for each; found both or neither")
    lengths = {name: len(numbers) for name, numbers in given.items()}
    if len(set(lengths.values())) > 1 or not all(lengths.values()):
        found = ", ".join(f"{length} {name}" for name, length in lengths.items())
        raise InvalidOptionError(f"found {found}; expected as many of each, and at least one")
    count = next(iter(lengths.values()))
    gammas = [check_discount(number) for number in given.get("discounts", [discount] * count)]
    models = given.get("models", [source] * count)
    rules = {"step_reward": given.get("step_rewards"), "slip": given.get("slips")}
    varied = {name: numbers for name, numbers in rules.items() if numbers is not None}
    if not varied:
        return [Variant(*pair) for pair in zip(_read_once(models), gammas, strict=True)]
    return [
        Variant(_vary(each, {name: numbers[number] for name, numbers in varied.items()}), gamma)
        for number, (each, gamma) in enumerate(zip(models, gammas, strict=True))
    ]


def _read_once(models: Sequence[Any]) -> list[Model]:
    """The models; one that is named several times is read once."""
    read = {id(each): each for each in models}
    found = {key: as_model(each) for key, each in read.items()}
    return [found[id(each)] for each in models]


def groups(variants: Sequence[Variant]) -> list[list[int]]:
    """Indices of the models that can be swept together."""
    together: list[list[int]] = []
    for index, variant in enumerate(variants):
        for group in together:
            if share_tables(variants[group[0]], variant):
                group.append(index)
                break
        else:
            together.append([index])
    return together


def share_tables(one: Variant, other: Variant) -> bool:
    """Whether two models lead from state to state by the same tables, and both discounts are below 1."""
    first, second = one.model, other.model
    if max(one.discount, other.discount) == 1.0:
        return False
    if first is second or not (isinstance(first, MoveMDP) and isinstance(second, MoveMDP)):
        return first is second
    return first.mixture.shape == second.mixture.shape and all(
        _are_equal(getattr(first, name), getattr(second, name))
        for name in ("successor", "outcome", "outcome_ends", "kind")
    )


def _are_equal(one: Any, other: Any) -> bool:
    return one is other or np.array_equal(one, other)


def _as_list(name: str, numbers: Any) -> list[Any]:
    return [check_number(f"{name}[{i}]", each) for i, each in enumerate(check_sequence(name, numbers, "numbers"))]


def _vary(source: Any, rules: dict[str, Any]) -> MoveMDP:
    vary = getattr(getattr(source, "unwrapped", source), "variant", None)
    if vary is None:
        raise InvalidModelError(
            f"a {type(source).__name__} does not say what its {' or '.join(rules)} is; expected an environment with a "
            "method variant(step_reward=, slip=), as GridWorld-v0 has. Or pass a list of models"
        )
    return vary(**{name: float(number) for name, number in rules.items()})
