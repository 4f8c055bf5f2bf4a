"""The document of a replay of learning, for `gridworld_env.ui.pages.page`."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.grid.actions import Action
from gridworld_env.rendering.heat import heat_limit
from gridworld_env.replays.learning_frame import LearningFrame, frame_caption
from gridworld_env.replays.page import LONGEST, MOST_POINTS, THEME, about_map, map_parts
from gridworld_env.ui.pages.packing import packed

if TYPE_CHECKING:
    from gridworld_env.replays.learning_replay import LearningReplay

GREEN: Final = (0, 117, 90)


def document_of(replay: "LearningReplay") -> dict[str, Any]:
    """What the page shows."""
    frames, best = replay.frames.frames, replay.run.optimal_value
    return {
        "title": replay.title,
        "subtitle": about_map(replay.env.grid, replay.env.rules),
        "facts": _facts(replay),
        "unit": "step",
        "at": [frame.step for frame in frames],
        "captions": [frame_caption(frame, best) for frame in frames],
        "phases": [],
        "rate": min(max(len(frames) / LONGEST, 2.0), 15.0),
        "scenes": [_scene(replay, frames)],
        "charts": _charts(replay),
        "theme": THEME,
    }


def _facts(replay: "LearningReplay") -> list[tuple[str, str]]:
    run = replay.run
    return [
        ("Agent", type(run.agent).__name__),
        ("Discount", f"{replay.discount:.15g}"),
        ("Seed", str(replay.seed)),
        ("Steps", f"{run.steps:,}, in which {run.episodes:,} episodes ended"),
        ("Regret", f"{run.regret:.6g}: the sum of V*(s) - Q*(s, a) over all steps, exact"),
        ("Greedy policy", f"worth {run.policy_value:.6g} at the start, exactly; V* is {run.optimal_value:.6g}"),
        ("Frames", f"{replay.frames}"),
        ("Numbers", "those of the map have seven digits"),
    ]


def _bits(actions: NDArray[np.bool_], moves: tuple[Action, ...]) -> NDArray[np.uint16]:
    """(S,) bit `Action.UP` and so on set for each action."""
    return (actions * np.array([1 << move for move in moves], dtype=np.uint16)).sum(axis=1, dtype=np.uint16)


def _scene(replay: "LearningReplay", frames: list[LearningFrame]) -> dict[str, Any]:
    grid, moves = replay.env.grid, tuple(replay.env.rules.action_moves)
    alive = ~grid.terminal[:, None]
    q = np.stack([frame.q for frame in frames])
    return {
        "kind": "learner",
        "title": "What was learned",
        **map_parts(grid),
        "moves": [int(move) for move in moves],
        "q": packed(q),
        "visits": packed(np.stack([frame.visits for frame in frames]), "int32"),
        "arrows": packed(np.stack([_bits(frame.greedy & alive, moves) for frame in frames]), "uint16"),
        "optimal": packed(_bits(replay.run.plan.optimal_actions & alive, moves), "uint16"),
        "agent": [frame.agent for frame in frames],
        "limit": heat_limit(q[:, ~grid.terminal].astype(np.float64)),
        "green": GREEN,
    }


def _charts(replay: "LearningReplay") -> list[dict[str, Any]]:
    steps, regret, values = replay.curves
    chosen = np.unique(np.linspace(0, len(steps) - 1, MOST_POINTS).round().astype(int))

    def chart(title: str, name: str, numbers: NDArray[np.float64], lines: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "title": title,
            "log": False,
            "x": packed(steps[chosen]),
            "x_label": "step",
            "series": [{"name": name, "y": packed(numbers[chosen])}],
            "lines": lines,
        }

    best = [{"y": replay.run.optimal_value, "name": "V*"}]
    return [
        chart("Exact regret so far", "sum of V*(s) - Q*(s, a)", regret, []),
        chart("Exact value of the greedy policy", "V at the start", values, best),
    ]
