"""The side panel: what lies where, and which command each button runs."""

from collections.abc import Callable, Iterator

import numpy as np

from gridworld_env.explorer.app import ExplorerApp
from gridworld_env.explorer.handlers import SPEEDS
from gridworld_env.explorer.tools import TOOLS, WINDS
from gridworld_env.explorer.views import VIEWS
from gridworld_env.rendering.heat import heat_colors, number_text
from gridworld_env.ui.widgets.controls import Button, Buttons, ColorScale, Control, Lines, heading
from gridworld_env.ui.widgets.panel import Panel
from gridworld_env.ui.widgets.slider import Slider
from planners.models.backups import backup_state

STEP_REWARDS = (-2.0, 0.5)  # the ends of the slider
AMOUNTS = (-10.0, 10.0)


def make_panel(app: ExplorerApp) -> Panel:
    """The panel of an app."""
    return Panel([*_paint(app), *_rules(app), *_plan(app), *_show(app), *_files(app)])


def _paint(app: ExplorerApp) -> Iterator[Control]:
    session = app.session
    yield heading("Paint")
    yield app.buttons([f"tool {name}" for name in TOOLS], 5, lambda name: name == f"tool {session.tool}")
    yield Slider(
        "amount of ends and rewards", *AMOUNTS, 0.5,
        value=lambda: session.amounts.reward,
        choose=lambda amount: session.set_amounts(reward=amount),
        about="What the brushes End and Reward paint (< and >)",
        shown="{:+g}".format,
    )  # fmt: skip
    winds = [
        Button(
            name,
            lambda name=name: session.set_amounts(wind=name),
            f"The wind brush blows: {name} (Shift+V turns it, Alt+V makes it stronger)",
            lambda name=name: session.amounts.wind == name,
        )
        for name in WINDS
    ]
    force = app.button("strengthen wind", title=lambda: f"x {session.amounts.strength}")
    yield Buttons([*winds, force], 6)


def _rules(app: ExplorerApp) -> Iterator[Control]:
    session = app.session

    def slider(title: str, rule: str, low: float, high: float, value: Callable[[], float], keys: str) -> Slider:
        def choose(number: float) -> None:
            session.attempt(lambda: session.set_rule(("slider", rule), **{rule: number}))

        return Slider(
            title, low, high, 0.01,
            value=value,
            choose=choose,
            done=session.history.end_stroke,
            about=f"Drag to change the {title} ({keys})",
            shown="{:.4g}".format,
        )  # fmt: skip

    yield heading("Rules")
    document = lambda: session.document  # noqa: E731 - the document as it is now
    yield slider(
        "step reward", "step_reward", *STEP_REWARDS, lambda: document().rules.step_reward, "[ and ], { and } by 0.1"
    )
    yield slider("slip", "slip", 0.0, 1.0, lambda: document().rules.slip, ", and .")
    yield slider("discount", "discount", 0.0, 1.0, lambda: document().discount, "; and '")


def _plan(app: ExplorerApp) -> Iterator[Control]:
    session = app.session
    running = {"run": "run", "policy iteration": "run policy", "flip": "flip", "solve": "solve", "walk": "walk"}

    def lit(name: str) -> bool:
        runs = session.job is not None and running.get(session.job.name) == name
        return runs or (name == "keep" and session.keep_solved)

    yield heading("Plan")
    yield app.buttons(["sweep", "backup", "evaluate", "improve", "run", "run policy", "solve", "reset"], 4, lit)
    yield app.buttons(["keep", "flip"], 2, lit)
    yield Slider(
        "steps a second", 0, len(SPEEDS) - 1, 1,
        value=lambda: float(np.interp(session.speed, SPEEDS, range(len(SPEEDS)))),
        choose=lambda number: setattr(session, "speed", SPEEDS[round(number)]),
        about="How fast sweeps and steps follow one another (Page up and down)",
        shown=lambda number: f"{session.speed:g}",
    )  # fmt: skip
    yield heading("Agent")
    yield app.buttons(["drop", "step", "walk"], 3, lit)


def _show(app: ExplorerApp) -> Iterator[Control]:
    session = app.session
    yield heading("Show")
    yield app.buttons([f"view {name}" for name in VIEWS], 4, lambda name: name == f"view {session.view}")
    colors = [tuple(map(int, color)) for color in heat_colors(np.linspace(-1, 1, 41), 1.0)]

    def ends() -> tuple[str, str] | None:
        limit = session.scene.limit
        return None if limit == 0 else (number_text(-limit, 3), number_text(limit, 3))

    yield ColorScale(lambda: colors, ends)  # pyright: ignore[reportArgumentType] - triples of integers
    yield Lines(lambda: about_square(app), count=3)


def _files(app: ExplorerApp) -> Iterator[Control]:
    yield heading("Map")
    yield app.buttons(["undo", "redo", "open", "save", "png", "gif", "clear", "help"], 4)


def about_square(app: ExplorerApp) -> list[str]:
    """What is known of the square under the mouse, or else under the cursor."""
    session = app.session
    planning, grid = session.planning, session.document.grid
    row, column = app.hover or session.cursor
    if row >= grid.height or column >= grid.width:
        return [str(planning.counts)]
    state = int(grid.state_of_cell[row, column])
    lines = [str(planning.counts), f"row {row}, column {column}: " + ("a wall" if state < 0 else f"state {state}")]
    if state >= 0:
        lines[1] += f", V = {planning.values[state]:.6g}"
        if "mdp" in planning.__dict__:  # the tables are not made for this line alone
            q = backup_state(planning.mdp, state, planning.values, session.document.discount)
            names = [move.name.lower() for move in session.document.rules.action_moves]
            lines.append("Q: " + ", ".join(f"{name} {number:.3g}" for name, number in zip(names, q, strict=True)))
    return lines
