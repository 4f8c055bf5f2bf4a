"""Everything the window can be told to do, as one table: the keys, the buttons and the help sheet come from it."""

from gan_lab.payoffs.losses import LOSSES
from gan_lab.payoffs.penalties import PENALTIES
from gan_lab.updates import UPDATES, find_update
from gan_lab.watch.app import WatchApp
from gan_lab.watch.session import SPEEDS, Session
from gan_lab.watch.views import LAYERS, VIEWS
from gan_lab.watch.watchable_games import WATCHED
from gridworld_env.ui.widgets.commands import CommandTable, Row, on

LAYER_KEYS = {"real": "x", "generated": "z", "learned": "l", "exact": "e"}
LAYER_TITLES = {"learned": "arrows D", "exact": "arrows D*"}


def faster(session: Session, by: int) -> None:
    """More or fewer updates a second."""
    place = SPEEDS.index(session.speed) + by
    session.speed = SPEEDS[min(len(SPEEDS) - 1, max(0, place))]
    session.say(f"{speed_text(session.speed)} updates a second")


def speed_text(speed: float) -> str:
    """A speed in words."""
    return "as many as it can" if speed == SPEEDS[-1] else f"{speed:g}"


def follow_update(session: Session, name: str) -> None:
    """Go on by another update rule; k stays."""
    steps = session.live_run.rule.discriminator_steps
    session.change(update=find_update(name, **({"discriminator_steps": steps} if name == "alternating" else {})))


PENALTY_TITLES = {"gradient_penalty": "GP"}


LOSS: list[Row[WatchApp]] = [
    (
        f"loss {loss.name}", f"shift+{number}", loss.name.replace("_", " "),
        f"{loss.name.replace('_', ' ')}: {loss.equation}", on(Session.change, loss=loss.name),
    )
    for number, loss in enumerate(LOSSES.values(), 1)
]  # fmt: skip
RULE: list[Row[WatchApp]] = [
    (f"update {name}", f"ctrl+{number % 10}", name, f"{name}: {rule.equation}", on(follow_update, name))
    for number, (name, rule) in enumerate(UPDATES.items(), 1)
]


def _penalty_row(number: int, name: str) -> Row[WatchApp]:
    title = PENALTY_TITLES.get(name, name.upper())
    text = f"{title}: {PENALTIES[name].equation}"
    return f"penalty {name}", f"ctrl+shift+{number}", title, text, on(Session.change, penalty=name)


PLAY: list[Row[WatchApp]] = [
    ("step D", "d", "Step D", "The discriminator alone learns once", on(Session.step, "discriminator")),
    ("step G", "g", "Step G", "The generator alone learns once", on(Session.step, "generator")),
    ("update", "n", "Update", "Both learn once, by the update rule", on(Session.update)),
    ("run", "space", "Run", "Update after update, or pause", on(Session.toggle_run)),
    ("slower", "pagedown", "Slower", "Fewer updates a second", on(faster, -1)),
    ("faster", "pageup", "Faster", "More updates a second", on(faster, 1)),
    ("restart", "r", "New seed", "Begin again with the next seed", on(Session.restart)),
    ("again", "shift+r", "Same seed", "Begin again with this seed", on(Session.restart, new_seed=False)),
    ("stop", "escape", "Stop", "Pause, close this sheet", on(Session.stop)),
]
GAME: list[Row[WatchApp]] = [
    *(
        (f"game {name}", f"alt+{number}", name, f"Play {name} from its beginning", on(Session.start, name))
        for number, name in enumerate(WATCHED, 1)
    ),
    ("draw", "p", "Draw", "Draw data with the mouse; the right button erases", lambda app: app.toggle_drawing()),
    ("clear", "shift+p", "Clear", "Take away what is drawn", lambda app: app.clear_drawing()),
    (
        "beside",
        "b",
        "Beside",
        "Two runs side by side with one seed: change the rules of B, or of A; again: one run",
        on(Session.toggle_beside),
    ),
    ("back", "ctrl+z", "Back", "Back to the run before this one, as it was left", on(Session.go_back)),
    ("forth", "ctrl+y ctrl+shift+z", "Forth", "Forth again", on(Session.go_back, forth=True)),
    ("own recipe", "o", "Recipe", "Begin again by the game's own recipe", on(Session.follow_recipe, own=True)),
    ("plain", "shift+o", "Plain", "Begin again, without a penalty", on(Session.follow_recipe, own=False)),
]
PENALTY: list[Row[WatchApp]] = [
    ("penalty none", "ctrl+shift+0", "none", "No penalty", on(Session.change, penalty="none")),
    *(_penalty_row(number, name) for number, name in enumerate(PENALTIES, 1)),
    ("more weight", "w", "Weight +", "The penalty counts twice as much", lambda app: app.scale_weight(2.0)),
    ("less weight", "shift+w", "Weight -", "The penalty counts half as much", lambda app: app.scale_weight(0.5)),
]
RATES: list[Row[WatchApp]] = [
    ("faster rates", "t", "Rates +", "Both players learn twice as fast", lambda app: app.scale_rates(2.0)),
    ("slower rates", "shift+t", "Rates -", "Both players learn half as fast", lambda app: app.scale_rates(0.5)),
    ("more k", "k", "k +", "One more step of D before each one of G", lambda app: app.change_k(1)),
    ("less k", "shift+k", "k -", "One step of D fewer", lambda app: app.change_k(-1)),
]
SHOW: list[Row[WatchApp]] = [
    *(
        (f"view {v.name}", str(n), v.name, v.help, lambda app, view=v.name: app.show(view))
        for n, v in enumerate(VIEWS.values(), 1)
    ),
    *(
        (
            f"layer {name}",
            LAYER_KEYS[name],
            LAYER_TITLES.get(name, name),
            text,
            lambda app, layer=name: app.toggle_layer(layer),
        )
        for name, text in LAYERS.items()
    ),
    ("page of panel", "tab", "Next page", "The next page of the panel, in a low window", lambda app: app.turn_page()),
    ("full screen", "f11", "Full screen", "Fill the screen, or leave it", lambda app: app.toggle_full_screen()),
    ("enlarge", "f12", "Letters", "Everything larger, for a projector", lambda app: app.enlarge()),
    ("help", "f1 ?", "Help", "This sheet", lambda app: app.toggle_help()),
]
FILE: list[Row[WatchApp]] = [
    ("save", "ctrl+s", "Players", "Write the players: gan_lab.load reads them", lambda app: app.ask_players()),
    ("page", "ctrl+h", "Page", "Write what was seen as a page for a browser", lambda app: app.ask_page()),
    ("png", "ctrl+p", "PNG", "Write what is shown as a picture", lambda app: app.ask_png()),
    ("gif", "ctrl+g", "GIF", "Write the run so far as an animation", lambda app: app.ask_gif()),
    ("quit", "ctrl+q", "Quit", "Close the window; the report is printed", lambda app: app.quit()),
]
COMMANDS = CommandTable.of_groups(
    {
        "Play": PLAY,
        "Game": GAME,
        "Show": SHOW,
        "Files": FILE,
        "Loss": LOSS,
        "Update rule": RULE,
        "Penalty on D's slope": PENALTY,
        "Rates": RATES,
    }
)
