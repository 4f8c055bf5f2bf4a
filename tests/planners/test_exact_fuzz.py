"""A small sample of `benchmarks/exact_fuzz.py`: always the same seeds, so that it never fails by chance."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from exact_fuzz import METHODS, check_model  # pyright: ignore[reportMissingImports]

CHEAP = {name: METHODS[name] for name in ("value_iteration", "policy_iteration", "gauss_seidel", "solve", "parts")}


@pytest.mark.parametrize("seed", range(40))
def test_nothing_false_is_proven(seed: int) -> None:
    assert list(check_model(seed, CHEAP)) == []
