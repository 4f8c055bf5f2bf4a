"""A plan as a small table: lines of text for a terminal, HTML for a notebook."""

from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planners.result import Plan

SHOWN_STATES = 12


def certificate_rows(plan: "Plan") -> list[tuple[str, str]]:
    """(name, text) of what was run, how it ended and what is proven."""
    return [
        ("method", plan.method),
        ("status", f"{plan.status.name.lower().replace('_', ' ')}: {plan.status.value}"),
        ("iterations", f"{plan.iterations}"),
        ("discount", f"{plan.discount:g}"),
        ("error bound", f"{plan.error_bound:.3g} (tolerance {plan.tolerance:.3g})"),
        ("values", f"{len(plan.values)} states, {plan.values.min():.6g} to {plan.values.max():.6g}"),
    ]


def certificate_html(plan: "Plan") -> str:
    """The certificate, and the first states with their values, proven bounds and optimal actions."""
    head = "".join(_row([name, text], "th") for name, text in certificate_rows(plan))
    shown = min(len(plan.values), SHOWN_STATES)
    states = "".join(_row(_state_cells(plan, state)) for state in range(shown))
    if shown < len(plan.values):
        states += _row([f"and {len(plan.values) - shown} more", "", "", ""])
    titles = _row(["state", "value", "upper - lower, proven", "optimal actions"], "th", "th")
    return f"<table><caption>Plan</caption>{head}</table><table>{titles}{states}</table>"


def _state_cells(plan: "Plan", state: int) -> list[str]:
    lower, upper = plan.lower[state], plan.upper[state]
    gap = 0.0 if lower == upper else upper - lower  # both may be -inf
    actions = ", ".join(map(str, np.flatnonzero(plan.optimal_actions[state])))
    return [str(state), f"{plan.values[state]:.6g}", f"{gap:.1e}", actions]


def _row(cells: list[str], first: str = "td", others: str = "td") -> str:
    tags = [first, *[others] * (len(cells) - 1)]
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for tag, cell in zip(tags, cells, strict=True)) + "</tr>"
