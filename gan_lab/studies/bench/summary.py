"""From rows of runs to a table: mean and worst over seeds, ceilings and floors beside them, and what papers print."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gan_lab.studies.bench.cases import make_case
from gan_lab.studies.bench.protocol import PROTOCOLS, Protocol
from gan_lab.studies.bench.published import PUBLISHED

HEADER = (
    "game", "method", "weights", "seeds", "modes (least)", "good % (worst)", "excess reverse KL (worst)",
    "widths", "JSD", "steps", "seconds", "processor s", "MB",
)  # fmt: skip
PROTOCOL_HEADER = ("game", "method", "protocol", "modes", "good %", "reverse KL", "updates", "where from")


def summarise(rows: Iterable[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Lines of the benchmark's own table: of every game, method, number of updates and kind of weights, as rows come.

    The good share of the data itself is 98.89 % in two dimensions; the worst is the one farthest from it. Widths are
    the narrowest and the widest of all modes of all seeds, as `score` says.
    """
    lines = []
    for (game, method), runs in _grouped(rows, "game", "method"):
        for _, alike in _grouped([run for run in runs if "diverged" not in run], "steps"):
            for weights in ("live", "averaged"):
                if scored := [run for run in alike if weights in run]:
                    lines.append(_line(game, method, weights, scored))
        if fallen := sum("diverged" in run for run in runs):
            lines.append((game, method, "-", str(fallen), "diverged", *["-"] * (len(HEADER) - 5)))
    return lines


def _line(game: str, method: str, weights: str, runs: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    scores = [run[weights] for run in runs]
    all_modes = len(make_case(game).means)
    ceiling = PROTOCOLS["ours"].ceiling()
    good = np.array([score["high_quality"] for score in scores])
    excess = np.array([score["excess_reverse_kl"] for score in scores])
    modes = np.array([score["modes"] for score in scores])
    worked = [run["processor_seconds"] for run in runs if "processor_seconds" in run]  # earlier rows have none
    peaks = [run["megabytes"] for run in runs if "megabytes" in run]
    worst = good[np.abs(good - ceiling).argmax()]
    return (
        game,
        method,
        weights,
        str(len(runs)),
        f"{modes.mean():.1f} ({modes.min()}) of {all_modes}",
        f"{100 * good.mean():.2f} ({100 * worst:.2f})",
        f"{excess.mean():.5f} ({excess.max():.5f})",
        f"{min(s['narrowest'] for s in scores):.2f} to {max(s['widest'] for s in scores):.2f}",
        f"{np.mean([s['jsd'] for s in scores]):.4f}",
        f"{runs[0]['steps']:,}",
        f"{np.mean([run['seconds'] for run in runs]):.0f}",
        f"{np.mean(worked):.0f}" if worked else "-",
        f"{max(peaks)}" if peaks else "-",
    )


def by_protocol(rows: Iterable[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Lines that score the same runs as each paper does, where the ring has its radius; then what papers print."""
    lines = []
    ended = [row for row in rows if "diverged" not in row]
    for (game, method, _), runs in _grouped(ended, "game", "method", "steps"):
        for protocol in list(PROTOCOLS.values())[1:]:
            fitting = [run for run in runs if game == "grid25" or run["radius"] == protocol.radius]
            for weights in ("live", "averaged"):
                scored = [run for run in fitting if weights in run]
                if scored and game in ("ring8", "grid25"):
                    lines.append(_measured(game, method, protocol, weights, scored))
    for line in PUBLISHED:
        kl = "-" if line.reverse_kl is None else f"{line.reverse_kl:.4g}"
        steps = PROTOCOLS[line.protocol].published_steps
        lines.append((
            line.game, line.method, line.protocol, f"{line.modes:g}", f"{line.high_quality:g}", kl, steps,
            f"published: {line.source}",
        ))  # fmt: skip
    return lines


def _measured(
    game: str, method: str, protocol: Protocol, weights: str, runs: Sequence[dict[str, Any]]
) -> tuple[str, ...]:
    scores = [run[weights][protocol.name] for run in runs]
    mean = {key: float(np.mean([score[key] for score in scores])) for key in scores[0]}
    return (
        game, method, protocol.name, f"{mean['modes']:.1f}",
        f"{100 * mean['high_quality']:.2f} of {100 * protocol.ceiling():.2f}",
        f"{mean['reverse_kl']:.4f} (floor {protocol.floor(len(make_case(game).means)):.4f})",
        f"{runs[0]['steps']:,}",
        f"measured, {len(scores)} seed{'s' if len(scores) > 1 else ''}, {weights} weights",
    )  # fmt: skip


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown.

    >>> print(markdown(("a", "b"), [("1", "2")]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    rows = [header, *lines]
    text = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([text[0], "|" + "---|" * len(header), *text[1:]])


def _grouped(rows: Iterable[dict[str, Any]], *keys: str) -> list[tuple[tuple[Any, ...], list[dict[str, Any]]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return list(found.items())
