"""The side panel: what lies where, and which command each button runs."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from gridworld_env.agents import AGENTS
from gridworld_env.explorer.app import ExplorerApp
from gridworld_env.explorer.handlers import SPEEDS
from gridworld_env.explorer.session import Session
from gridworld_env.explorer.tools import TOOLS, WINDS
from gridworld_env.explorer.views import HAND, LEARN, PLAN, VIEWS, shows_optimal
from gridworld_env.rendering.heat import heat_colors, heat_values, number_text
from gridworld_env.ui.widgets.controls import Button, Buttons, ColorScale, Control, Lines, Paragraph, heading
from gridworld_env.ui.widgets.panel import Panel
from gridworld_env.ui.widgets.slider import Slider
from planners.models.backups import backup_state

STEP_REWARDS = (-2.0, 0.5)  # the ends of the slider
AMOUNTS = (-10.0, 10.0)


def make_panel(app: ExplorerApp) -> Panel:
    """The panel of an app: what it holds depends on the mode."""
    files, paint, rules = list(_files(app)), list(_paint(app)), list(_rules(app))
    amounts = {"end": _amount(app), "reward": _amount(app), "wind": _winds(app)}
    held = {
        PLAN: ([*_modes(app), *paint], [*rules, *_plan(app), *_show(app, PLAN), *files]),
        LEARN: ([*_modes(app), *_learn(app), *_show(app, LEARN), *rules, *files, *paint], []),
        HAND: ([*_modes(app), *_by_hand(app), *_show(app, HAND), *rules, *files, *paint], []),
    }

    def controls() -> list[Control]:
        before, after = held[app.session.mode]
        extra = amounts.get(app.session.tool)  # what the tool in hand paints
        return [*before, *([] if extra is None else [extra]), *after]

    return Panel(controls)


def _modes(app: ExplorerApp) -> Iterator[Control]:
    modes = (PLAN, LEARN, HAND)
    yield app.buttons([f"mode {mode}" for mode in modes], 3, lambda name: name == f"mode {app.session.mode}")


def _learn(app: ExplorerApp) -> Iterator[Control]:
    session = app.session
    yield Lines(lambda: [f"Agent: {AGENTS[session.learning.name].title}"], heading=True)
    yield Paragraph(lambda: AGENTS[session.learning.name].about, 2)
    yield app.buttons(["agents", "next learner", "learner before"], 3)
    yield heading("Learn")

    def lit(name: str) -> bool:
        running = {"learn": "learning", "learn many": "learning a thousand steps"}
        return session.job is not None and running.get(name) == session.job.name

    yield app.buttons(["learn once", "learn", "learn many", "learn again", "next seed", "stop"], 3, lit)
    yield _pace(app)


def _by_hand(app: ExplorerApp) -> Iterator[Control]:
    session = app.session

    def verdict() -> list[str]:
        try:
            return session.by_hand.says()
        except session.refusals:  # the status line says why
            return ["There is no answer: see the line below"]

    yield heading("Is this policy optimal?")
    yield Lines(verdict, count=4)
    yield app.buttons(["tool turn"], 1, lambda name: session.tool == "turn")
    yield app.buttons(["from plan", "from learner", "same arrows"], 3)


def _paint(app: ExplorerApp) -> Iterator[Control]:
    session = app.session
    yield heading("Paint")
    painting = [f"tool {name}" for name in TOOLS if name != "turn"]
    yield app.buttons(painting, 6, lambda name: name == f"tool {session.tool}")


def _amount(app: ExplorerApp) -> Slider:
    session = app.session
    return Slider(
        "worth of what is painted", *AMOUNTS, 0.5,
        value=lambda: session.amounts.reward,
        choose=lambda amount: session.set_amounts(reward=amount),
        about="What the brushes End and Reward paint (< and >)",
        shown="{:+g}".format,
    )  # fmt: skip


def _winds(app: ExplorerApp) -> Buttons:
    session = app.session
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
    return Buttons([*winds, force], 6)


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
            about=f"Drag to change the {rule.replace('_', ' ')} ({keys})",
            shown="{:.4g}".format,
        )  # fmt: skip

    yield heading("Rules")
    document = lambda: session.document  # noqa: E731 - the document as it is now
    yield slider(
        "step reward", "step_reward", *STEP_REWARDS, lambda: document().rules.step_reward, "[ and ], { and } by 0.1"
    )
    yield slider("slip: how likely a move goes sideways", "slip", 0.0, 1.0, lambda: document().rules.slip, ", and .")
    yield slider("discount γ", "discount", 0.0, 1.0, lambda: document().discount, "; and '")


def _plan(app: ExplorerApp) -> Iterator[Control]:
    session = app.session
    running = {"run": "run", "policy iteration": "run policy", "flip": "flip", "solve": "solve", "walk": "walk"}

    def lit(name: str) -> bool:
        runs = session.job is not None and running.get(session.job.name) == name
        return runs or (name == "keep" and session.keep_solved)

    yield heading("Plan")
    yield app.buttons(["sweep", "backup", "evaluate", "improve"], 4, lit)
    yield app.buttons(["run", "run policy", "solve", "reset", "keep", "flip", "drop", "step", "walk"], 3, lit)
    yield _pace(app)


def _pace(app: ExplorerApp) -> Slider:
    session = app.session
    return Slider(
        "steps a second", 0, len(SPEEDS) - 1, 1,
        value=lambda: float(np.interp(session.speed, SPEEDS, range(len(SPEEDS)))),
        choose=lambda number: setattr(session, "speed", SPEEDS[round(number)]),
        about="How fast sweeps and steps follow one another (Page up and down)",
        shown=lambda number: f"{session.speed:,.0f}",
    )  # fmt: skip


def _show(app: ExplorerApp, mode: str) -> Iterator[Control]:
    session = app.session
    yield heading("Show")
    shown = [f"view {view.name}" for view in VIEWS.values() if view.mode == mode]
    yield app.buttons(shown, min(5, len(shown)), lambda name: name == f"view {session.view}")
    colors = [tuple(map(int, color)) for color in heat_colors(np.linspace(-1, 1, 41), 1.0)]

    def ends() -> tuple[str, str] | None:
        limit = session.scene.limit
        decimals = 0 if session.view == "visits" else 3
        return None if limit == 0 else (number_text(-limit, decimals), number_text(limit, decimals))

    def ticks() -> list[str]:
        scene = session.scene
        return [f"{value:.3g}" for value in heat_values(np.linspace(-1, 1, 5), scene.limit, scene.knee).tolist()]

    yield ColorScale(lambda: colors, ends, ticks)  # pyright: ignore[reportArgumentType] - triples of integers
    yield Lines(lambda: about_square(app), count=3 if mode == PLAN else 4)


def _files(app: ExplorerApp) -> Iterator[Control]:
    yield app.buttons(["maps", "open", "save", "undo", "redo", "png", "gif", "page", "clear", "help"], 5)


def about_square(app: ExplorerApp) -> list[str]:
    """What is known of the square under the mouse, or else under the cursor."""
    session = app.session
    grid, mode = session.document.grid, session.mode
    row, column = app.hover or session.cursor
    first = str(session.planning.counts)
    if mode != PLAN:
        first = (
            "Green tips: optimal actions" if shows_optimal(session.view) else "Arrows by hand: click, or Shift+arrow"
        )
    if row >= grid.height or column >= grid.width:
        return [first]
    state = int(grid.state_of_cell[row, column])
    place = f"row {row}, column {column}: " + ("a wall" if state < 0 else f"state {state}")
    if state < 0:
        return [first, place]
    try:
        value, numbers = {PLAN: _planned, LEARN: _learned, HAND: _painted}[mode](session, state)
    except session.refusals:  # the status line says why
        return [first, place]
    names = [move.name.lower() for move in session.document.rules.action_moves]
    told = [f"{name} {number:.3g}" for name, number in zip(names, numbers, strict=False)]
    half = len(told) if mode == PLAN else (len(told) + 1) // 2  # where there is room, two lines
    lines = filter(None, [", ".join(told[:half]), ", ".join(told[half:])])
    return [first, f"{place}, {value}", *(("" if number else "Q: ") + line for number, line in enumerate(lines))]


Known = tuple[str, Iterable[float]]  # V in words, and Q(s, a) of each action where it is known


def _planned(session: Session, state: int) -> Known:
    planning = session.planning
    known = "mdp" in planning.__dict__  # the tables are not made for this line alone
    q = backup_state(planning.mdp, state, planning.values, session.document.discount) if known else ()
    return f"V = {planning.values[state]:.6g}", q


def _learned(session: Session, state: int) -> Known:
    run = session.learning.run
    return f"V* = {run.plan.values[state]:.6g}", run.action_values[state]


def _painted(session: Session, state: int) -> Known:
    return f"V = {session.by_hand.values[state]:.6g}", ()
