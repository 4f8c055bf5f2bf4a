"""A run as an HTML table for a notebook: the last truth, and the verdicts in words."""

from html import escape
from typing import TYPE_CHECKING

from gan_lab.gauge import verdicts

if TYPE_CHECKING:
    from gan_lab.run import Run


def run_html(run: "Run") -> str:
    """What is known after the last update, and whether it has converged."""
    last = run.truth[-1] if run.truth else {"step": float(run.steps), **run.look(0)}
    rows = [(name, f"{value:.4g}") for name, value in last.items()]
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows)
    caption = escape(f"{run.game.name}, {run.steps} updates. {run.status.value}")
    words = "".join(f"<p>{escape(line)}</p>" for line in verdicts(run.game, last))
    return f"<table><caption>{caption}</caption>{cells}</table>{words}"
