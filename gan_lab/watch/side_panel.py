"""The side panel: what lies where, and which command each button runs."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gan_lab.payoffs.losses import LOSSES
from gan_lab.payoffs.penalties import PENALTIES
from gan_lab.updates import UPDATES
from gan_lab.watch.commands import COMMANDS, speed_text
from gan_lab.watch.drawing import palette
from gan_lab.watch.session import SPEEDS
from gan_lab.watch.views import LAYERS, VIEWS
from gan_lab.watch.watchable_games import WATCHED
from gridworld_env.ui.widgets.commands import stroke_label
from gridworld_env.ui.widgets.controls import Button, Buttons, ColorScale, Control, Lines
from gridworld_env.ui.widgets.panel import Panel
from gridworld_env.ui.widgets.slider import Slider

if TYPE_CHECKING:
    from gan_lab.watch.app import WatchApp

RATES = (-5.0, 0.0)  # decimal logarithms: the ends of the sliders
WEIGHTS = (-5.0, 1.5)
WIDTHS = (0.02, 0.2)


def make_panel(app: "WatchApp") -> Panel:
    """The panel of an app."""
    return Panel([*_play(app), *_game(app), *_learning(app), *_show(app), *_files(app)])


def _buttons(
    app: "WatchApp", names: Sequence[str], columns: int, lit: Callable[[str], bool] = lambda name: False
) -> Buttons:
    """Buttons that run commands by name."""

    def button(name: str) -> Button:
        command = COMMANDS[name]
        keys = " or ".join(map(stroke_label, command.keys))
        title = command.title
        if name == "run":
            return Button(
                lambda: "Pause" if app.watcher.running else "Run", lambda: app.run(command),
                f"{command.help} ({keys})", lambda: app.watcher.running,
            )  # fmt: skip
        return Button(title, lambda: app.run(command), f"{command.help} ({keys})", lambda: lit(name))

    return Buttons([button(name) for name in names], columns)


def _heading(text: str) -> Lines:
    return Lines(lambda: [text], heading=True)


def _play(app: "WatchApp") -> Iterator[Control]:
    watcher = app.watcher
    yield _heading("Play")
    yield _buttons(app, ["step D", "step G", "update", "run"], 4)
    yield Slider(
        "updates a second", 0, len(SPEEDS) - 1, 1,
        value=lambda: float(SPEEDS.index(watcher.speed)),
        choose=lambda number: setattr(watcher, "speed", SPEEDS[round(number)]),
        about="How fast updates follow one another (Page up and down)",
        shown=lambda number: speed_text(SPEEDS[round(number)]),
    )  # fmt: skip
    yield _buttons(app, ["restart", "again"], 2)


def _game(app: "WatchApp") -> Iterator[Control]:
    watcher = app.watcher

    def lit(name: str) -> bool:
        if name == "draw":
            return watcher.drawing
        return name == f"game {watcher.match.game.name}"

    yield _heading("Game")
    yield _buttons(app, [f"game {name}" for name in WATCHED], 3, lit)
    yield _buttons(app, ["draw", "clear", "own recipe", "plain"], 4, lit)
    yield Slider(
        "width of what is drawn", *WIDTHS, 0.01,
        value=lambda: watcher.sketchpad.width,
        choose=lambda width: app.set_width(width),
        done=lambda: app.play_drawing(),
        about="Standard deviation of each blob that is drawn",
        shown="{:.2f}".format,
    )  # fmt: skip


def _learning(app: "WatchApp") -> Iterator[Control]:
    match = lambda: app.watcher.match  # noqa: E731 - the match of the moment

    def named(value: object) -> str:
        return str(getattr(value, "name", "none" if value is None else value))

    def lit(name: str) -> bool:
        kind, _, choice = name.partition(" ")
        now = {"loss": match().recipe.loss, "update": match().rule, "penalty": match().recipe.penalty}[kind]
        return named(now) == choice

    yield _heading("Loss")
    yield _buttons(app, [f"loss {name}" for name in LOSSES], 3, lit)
    yield _heading("Update")
    yield _buttons(app, [f"update {name}" for name in UPDATES], 3, lit)
    yield _logarithmic(
        app, "rate of D", RATES, lambda: match().rate("discriminator"), lambda rate: app.set_rate("discriminator", rate)
    )
    yield _logarithmic(
        app, "rate of G", RATES, lambda: match().rate("generator"), lambda rate: app.set_rate("generator", rate)
    )
    yield Slider(
        "steps of D before each of G", 1, 10, 1,
        value=lambda: float(match().rule.discriminator_steps),
        choose=lambda number: app.attempt_change(lambda: app.set_k(round(number))),
        about="k of Algorithm 1, of the alternating update (K, Shift+K)",
    )  # fmt: skip
    yield _heading("Penalty of D's slope")
    yield _buttons(app, ["penalty none", *(f"penalty {name}" for name in PENALTIES)], 5, lit)
    yield _logarithmic(app, "its weight", WEIGHTS, lambda: match().pair.env.game_state.penalty_weight, app.set_weight)


def _logarithmic(
    app: "WatchApp",
    title: str,
    ends: tuple[float, float],
    value: Callable[[], float],
    choose: Callable[[float], None],
) -> Slider:
    """A slider of a number's decimal logarithm."""
    return Slider(
        title, *ends, 0.05,
        value=lambda: math.log10(max(value(), 10.0 ** ends[0])),
        choose=lambda power: app.attempt_change(lambda: choose(float(f"{10.0**power:.3g}"))),
        about=f"Drag to change the {title} from now on",
        shown=lambda power: f"{value():.3g}",
    )  # fmt: skip


def _show(app: "WatchApp") -> Iterator[Control]:
    watcher = app.watcher
    yield _heading("Show")
    yield _buttons(app, [f"view {name}" for name in VIEWS], 5, lambda name: name == f"view {watcher.view}")
    yield _buttons(app, [f"layer {name}" for name in LAYERS], 4, lambda name: name.partition(" ")[2] in watcher.layers)
    share = np.linspace(0.0, 1.0, 41)

    def colors() -> list[palette.Color]:
        found = (
            palette.difference_colors(2 * share - 1) if watcher.view == "D - D*" else palette.probability_colors(share)
        )
        return [(int(r), int(g), int(b)) for r, g, b in found]

    def ends() -> tuple[str, str] | None:
        scales = {"D": ("generated 0", "1 real"), "D*": ("generated 0", "1 real"), "D - D*": ("-1", "1")}
        return scales.get(watcher.view) if watcher.match.of_samples else None

    yield ColorScale(colors, ends)


def _files(app: "WatchApp") -> Iterator[Control]:
    yield _buttons(app, ["png", "gif", "help"], 3)
