"""The side panel: what lies where, and which command each button runs."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from gan_lab.payoffs.losses import LOSSES
from gan_lab.payoffs.penalties import PENALTIES
from gan_lab.updates import UPDATES
from gan_lab.watch.app import WatchApp
from gan_lab.watch.commands import speed_text
from gan_lab.watch.drawing import palette
from gan_lab.watch.sample_picture import Plane
from gan_lab.watch.session import SPEEDS
from gan_lab.watch.views import LAYERS, VIEWS
from gan_lab.watch.watchable_games import WATCHED
from gridworld_env.ui.widgets.controls import Button, Buttons, ColorScale, Control, heading
from gridworld_env.ui.widgets.panel import Panel
from gridworld_env.ui.widgets.slider import Slider

RATES = (-5.0, 0.0)  # decimal logarithms: the ends of the sliders
WEIGHTS = (-5.0, 1.5)
WIDTHS = (0.02, 0.2)


def make_panel(app: WatchApp) -> Panel:
    """The panel of an app: all of it, or one page at a time where the window is too low for all."""
    play = list(_play(app))
    pages = {"Game": list(_game(app)), "Rules": list(_learning(app)), "View": [*_show(app), *_files(app)]}
    everything = [*play, *(control for page in pages.values() for control in page)]
    panel = Panel(lambda: [*play, choice, *pages[app.page]] if app.is_low else everything)

    def turn(name: str) -> Button:
        hint = f"Show the page {name!r} of this panel (Tab: the next one)"
        return Button(name, lambda: app.turn_page(name), hint, lambda: app.page == name)

    choice = Buttons([turn(name) for name in pages], len(pages))
    app.panel_height = Panel(everything).content_height()
    return panel


def _play(app: WatchApp) -> Iterator[Control]:
    session = app.session
    yield heading("Play")
    steps = [app.button(name) for name in ("step D", "step G", "update")]
    running = app.button("run", lambda: session.running, lambda: "Pause" if session.running else "Run")
    yield Buttons([*steps, running], 4)
    yield Slider(
        "updates a second", 0, len(SPEEDS) - 1, 1,
        value=lambda: float(SPEEDS.index(session.speed)),
        choose=lambda number: setattr(session, "speed", SPEEDS[round(number)]),
        about="How fast updates follow one another (Page up and down)",
        shown=lambda number: speed_text(SPEEDS[round(number)]),
    )  # fmt: skip
    yield app.buttons(["restart", "again"], 2)


def _game(app: WatchApp) -> Iterator[Control]:
    session = app.session

    def lit(name: str) -> bool:
        if name in ("draw", "beside"):
            return session.drawing if name == "draw" else len(session.sides) > 1
        return name == f"game {session.live_run.game.name}"

    yield heading("Game")
    yield app.buttons([f"game {name}" for name in WATCHED], 4, lit)
    yield app.buttons(["draw", "clear", "own recipe", "plain"], 4, lit)
    yield app.buttons(["beside", "back", "forth"], 3, lit)
    yield Slider(
        "width of what is drawn", *WIDTHS, 0.01,
        value=lambda: session.drawn_data.width,
        choose=lambda width: app.set_width(width),
        done=lambda: app.play_drawing(),
        about="Standard deviation of each blob that is drawn",
        shown="{:.2f}".format,
    )  # fmt: skip


def _learning(app: WatchApp) -> Iterator[Control]:
    live_run = lambda: app.session.live_run  # noqa: E731 - the game as it is now

    def named(value: object) -> str:
        return str(getattr(value, "name", "none" if value is None else value))

    def lit(name: str) -> bool:
        kind, _, choice = name.partition(" ")
        now = {"loss": live_run().recipe.loss, "update": live_run().rule, "penalty": live_run().recipe.penalty}[kind]
        return named(now) == choice

    yield heading("Loss")
    yield app.buttons([f"loss {name}" for name in LOSSES], 3, lit)
    yield heading("Update rule")
    yield app.buttons([f"update {name}" for name in UPDATES], 3, lit)
    yield _logarithmic(
        app,
        "learning rate of D",
        RATES,
        lambda: live_run().rate("discriminator"),
        lambda rate: app.set_rate("discriminator", rate),
    )
    yield _logarithmic(
        app,
        "learning rate of G",
        RATES,
        lambda: live_run().rate("generator"),
        lambda rate: app.set_rate("generator", rate),
    )
    yield Slider(
        "k: steps of D for each one of G", 1, 10, 1,
        value=lambda: float(live_run().rule.discriminator_steps),
        choose=lambda number: app.attempt_change(lambda: app.set_k(round(number))),
        about="k of Algorithm 1: the update rule 'alternating' has it (K, Shift+K)",
    )  # fmt: skip
    yield heading("Penalty on D's slope")
    yield app.buttons(["penalty none", *(f"penalty {name}" for name in PENALTIES)], 5, lit)
    yield _logarithmic(
        app, "weight of the penalty", WEIGHTS, lambda: live_run().pair.env.game_state.penalty_weight, app.set_weight
    )


def _logarithmic(
    app: WatchApp,
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


def _show(app: WatchApp) -> Iterator[Control]:
    session = app.session
    yield heading("Show")
    yield app.buttons([f"view {name}" for name in VIEWS], 3, lambda name: name == f"view {session.view}")
    yield app.buttons([f"layer {name}" for name in LAYERS], 4, lambda name: name.partition(" ")[2] in session.layers)
    share = np.linspace(0.0, 1.0, 41)

    def colors() -> list[palette.Color]:
        found = (
            palette.difference_colors(2 * share - 1) if session.view == "D - D*" else palette.probability_colors(share)
        )
        return [(int(r), int(g), int(b)) for r, g, b in found]

    def ends() -> tuple[str, str] | None:
        picture = session.picture_maker.picture
        if not isinstance(picture, Plane):
            return None
        low, high = f"generated {0.5 - picture.reach:g}", f"{0.5 + picture.reach:g} real"
        scales = {"D": (low, high), "D*": ("generated 0", "1 real"), "D - D*": ("-1", "1")}
        return scales.get(session.view)

    yield ColorScale(colors, ends)


def _files(app: WatchApp) -> Iterator[Control]:
    yield app.buttons(["save", "page", "png", "gif"], 4)
    yield app.buttons(["full screen", "enlarge", "help"], 3)
