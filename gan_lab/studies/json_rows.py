"""Rows of numbers as JSON, which has neither infinity nor NaN: they are text there, which `float` reads."""

import math
from typing import Any


def finite(value: Any) -> Any:
    """The same with infinity and NaN as text.

    >>> finite({"reverse_kl": float("inf"), "modes": [8]})
    {'reverse_kl': 'inf', 'modes': [8]}
    """
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list):
        return [finite(part) for part in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def numbers(row: dict[str, Any]) -> dict[str, Any]:
    """The row that `finite` was given; for `json.loads(text, object_hook=numbers)`."""
    return {name: float(value) if value in ("inf", "-inf", "nan") else value for name, value in row.items()}
