"""A small sample of `benchmarks/exact_fuzz.py`: always the same seeds, so that it never fails by chance."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from exact_fuzz import check_model  # pyright: ignore[reportMissingImports]

CHEAP = ["value_iteration", "policy_iteration", "gauss_seidel", "solve", "parts", "slices", "evaluate", "certify"]
UNDISCOUNTED = ["policy_iteration", "solve", "modified_policy_iteration", "evaluate", "is_optimal", "certify"]
WRONG = {"violation", "raw error", "refusal"}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_nothing_false_is_proven(seed: int) -> None:
    assert [found for found in check_model(seed, CHEAP) if found[0] in WRONG] == []


@pytest.mark.parametrize("seed", range(40))
def test_nothing_false_is_proven_without_a_discount(seed: int) -> None:
    assert [found for found in check_model(seed, UNDISCOUNTED, undiscounted=True) if found[0] in WRONG] == []


def test_a_policy_that_hardly_ends_raises_no_warning() -> None:
    assert [found for found in check_model(5538, ["is_optimal"], undiscounted=True) if found[0] in WRONG] == []


@pytest.mark.parametrize("seed", [208024, 201114, 203184, 204667, 204715, 205361])
def test_values_near_zero(seed: int) -> None:
    assert [found for found in check_model(seed, CHEAP) if found[0] in WRONG] == []


@pytest.mark.long
@pytest.mark.parametrize("seed", [201266, 205891])
def test_values_that_no_float_holds(seed: int) -> None:
    assert [found for found in check_model(seed, [*CHEAP, "is_optimal", "batch"]) if found[0] in WRONG] == []


@pytest.mark.long
def test_rewards_of_moves_that_cancel_are_those_of_the_mixture_as_given() -> None:
    assert [found for found in check_model(401559, ["gauss_seidel", "batch"]) if found[0] in WRONG] == []
