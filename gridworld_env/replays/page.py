"""The document of a replay of planning, for `gridworld_env.ui.pages.page`."""

from dataclasses import fields
from typing import Any, Final

import numpy as np

import planners
from gridworld_env.dynamics.rules_to_tables import Rules
from gridworld_env.grid.grid import Grid
from gridworld_env.grid.legend import Cell
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import heat_limit
from gridworld_env.rendering.scene import Scene
from gridworld_env.replays.recording import Recording, Step, SweepFrame
from gridworld_env.ui.pages.packing import packed

MOST_POINTS: Final = 1000  # of a curve
LONGEST: Final = 20.0  # seconds that a replay takes at first
THEME: Final[dict[str, Any]] = {
    "heat": {"positions": theme.HEAT_POSITIONS, "colors": theme.HEAT_COLORS},
    "not_finite": theme.NOT_FINITE,
    "line": theme.LINE,
    "ink": theme.INK,
    "paper": theme.PAPER,
    "agent": theme.AGENT,
}


def document_of(recording: Recording) -> dict[str, Any]:
    """What the page shows."""
    frames = recording.sweeps.frames
    captions = [sweep_caption(recording, frame) for frame in frames]
    at = [count(recording, frame.iteration.iteration) for frame in frames]
    phases: list[tuple[str, int]] = [("planning", 0)]
    if recording.steps:
        phases.append(("episode", len(frames)))
        captions += ["The episode begins", *episode_captions(recording)]
        at += [at[-1]] * (len(recording.steps) + 1)
    return {
        "title": recording.title,
        "subtitle": about_map(recording.grid, recording.rules),
        "facts": _facts(recording),
        "unit": unit(recording),
        "at": at,
        "captions": captions,
        "phases": phases,
        "rate": min(max(len(captions) / LONGEST, 2.0), 15.0),
        "scenes": [_scene(recording, frames), *_visits(recording)],
        "charts": [_chart(recording)],
        "theme": THEME,
    }


def about_map(grid: Grid, rules: Rules) -> str:
    """Size and rules in a line."""
    said = f"slip {rules.slip:g}, step reward {rules.step_reward:g}, moves {rules.moves}"
    return f"{grid.height} rows, {grid.width} columns, {grid.num_states} states; {said}"


def unit(recording: Recording) -> str:
    """What is counted."""
    return "sweep" if _by_sweeps(recording) else "policy"


def count(recording: Recording, iteration: int) -> int:
    """The number of an iteration: V_k after k sweeps, from 0 on; policies count from 1."""
    return iteration - 1 if _by_sweeps(recording) else iteration


def _by_sweeps(recording: Recording) -> bool:
    return recording.plan is None or not recording.plan.method.startswith("policy iteration")


def sweep_caption(recording: Recording, frame: SweepFrame) -> str:
    """An iteration in words."""
    number, residual, error, _ = frame.iteration
    number = count(recording, number)
    what = f"V after {number} sweep{'' if number == 1 else 's'}" if _by_sweeps(recording) else f"V of policy {number}"
    proven = f"is off by {error:.2g} at most, proven" if np.isfinite(error) else "has no proven bound yet"
    return f"{what}: one more would change it by {residual:.2g}; a plan made of it {proven}"


def episode_captions(recording: Recording) -> list[str]:
    """Each step in words."""
    total, captions = 0.0, []
    for number, step in enumerate(recording.steps, 1):
        total += step.transition.reward
        captions.append(f"Step {number}: {_step_text(step)}, total {total:.4g}{_end(step)}")
    return captions


def _step_text(step: Step) -> str:
    intended, made = (move.name.lower().replace("_", " ") for move in (step.intended, step.made))
    slipped = "" if intended == made else f", but slipped {made}"
    return f"{intended} intended{slipped}; reward {step.transition.reward:.4g}"


def _end(step: Step) -> str:
    if step.transition.terminated:
        return "; the episode ends"
    return "; cut off here" if step.transition.truncated else ""


def _facts(recording: Recording) -> list[tuple[str, str]]:
    facts = [("Frames", f"{recording.sweeps} {'sweeps' if _by_sweeps(recording) else 'policies'}")]
    if recording.plan is not None:
        plan = recording.plan
        facts = [
            ("Method", plan.method),
            ("Discount", f"{plan.discount:.15g}"),
            ("How it ended", plan.status.value),
            ("Proven", f"the returned values are within {plan.error_bound:.3g} of V*; asked for {plan.tolerance:.3g}"),
            *facts,
        ]
    if recording.steps:
        total = sum(step.transition.reward for step in recording.steps)
        facts.append(("Episode", f"{len(recording.steps)} steps, total reward {total:.4g}, seed {recording.seed}"))
    return [*facts, ("Numbers", "those of the map have seven digits")]


def _scene(recording: Recording, frames: list[SweepFrame]) -> dict[str, Any]:
    grid = recording.grid
    values = np.stack([frame.values for frame in frames])
    episode = None
    if recording.steps:
        moves = [(step.intended, step.made) for step in recording.steps]
        intended, made = ([int(move) for move in column] for column in zip(*moves, strict=True))
        episode = {"states": packed(recording.visited, "int32"), "intended": intended, "made": made}
    return {
        "kind": "grid",
        "title": "Values, and every greedy action",
        "name": "V",
        "bounded": "V*",
        "chosen": "greedy",
        **map_parts(grid),
        "values": packed(values),
        "lower": packed(np.stack([frame.lower for frame in frames])),
        "upper": packed(np.stack([frame.upper for frame in frames])),
        "arrows": packed(np.stack([frame.arrows for frame in frames]), "uint16"),
        "limit": heat_limit(values[:, ~grid.terminal].astype(np.float64)),
        "episode": episode,
    }


def _visits(recording: Recording) -> list[dict[str, Any]]:
    """How often the policy that planning returned is in each square; nothing where that cannot be proven."""
    plan, grid = recording.plan, recording.grid
    if plan is None:
        return []
    try:
        found = planners.visits(plan.model, plan.policy, discount=plan.discount)
    except planners.PlannerError:
        return []
    moves = np.array([1 << move for move in recording.rules.action_moves], dtype=np.uint16)
    taken = (plan.policy.probabilities > 0) & ~grid.terminal[:, None]
    return [
        {
            "kind": "grid",
            "title": "How often the plan's policy is in each square" + (", discounted" if plan.discount < 1 else ""),
            "name": "visits",
            "bounded": "visits",
            "chosen": "policy",
            **map_parts(grid),
            "values": packed(found.states[None]),
            "lower": packed(found.lower.sum(axis=1)[None]),
            "upper": packed(found.upper.sum(axis=1)[None]),
            "arrows": packed((taken * moves).sum(axis=1, dtype=np.uint16)[None], "uint16"),
            "limit": heat_limit(found.states),
            "episode": None,
        }
    ]


def map_parts(grid: Grid) -> dict[str, Any]:
    """What a scene says of the map itself."""
    plain = Scene(grid)
    palette, places = np.unique(plain.colors.reshape(-1, 3), axis=0, return_inverse=True)
    return {
        "rows": grid.height,
        "columns": grid.width,
        "palette": palette.tolist(),
        "plain": packed(places.ravel(), "uint8"),
        "kinds": [_kind(label, cell) for label, cell in zip(plain.kind_labels, grid.kinds, strict=True)],
        "kind_of_cell": packed(grid.kind.ravel(), "uint16"),
        "state_of_cell": packed(grid.state_of_cell.ravel(), "int32"),
        "terminal": packed(grid.terminal, "uint8"),
        "start": packed(grid.attribute("start", bool), "uint8"),
    }


def _kind(label: str, cell: Cell) -> dict[str, str]:
    """What is written on the squares of a glyph, and what is said of them."""
    plain = Cell()
    said = [
        f"{field.name.replace('_', ' ')} {getattr(cell, field.name)}"
        for field in fields(Cell)
        if field.name not in ("wall", "start") and getattr(cell, field.name) != getattr(plain, field.name)
    ]
    return {"label": label, "note": ", ".join(said)}


def _chart(recording: Recording) -> dict[str, Any]:
    history = recording.history
    chosen = np.unique(np.linspace(0, len(history) - 1, MOST_POINTS).round().astype(int))
    lines = [{"y": recording.plan.tolerance, "name": "tolerance"}] if recording.plan is not None else []
    return {
        "title": "How far from V*",
        "log": True,
        "x": packed([count(recording, history[i].iteration) for i in chosen]),
        "x_label": unit(recording),
        "series": [
            {
                "name": "proven error of a plan made of V, at most",
                "y": packed([history[i].error_bound for i in chosen]),
            },
            {"name": "residual: what one more sweep would change", "y": packed([history[i].residual for i in chosen])},
        ],
        "lines": lines,
    }
