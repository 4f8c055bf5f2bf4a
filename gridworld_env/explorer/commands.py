"""Everything the explorer can be told to do, as one table: the keys, the buttons and the help sheet come from it."""

from gridworld_env.explorer import handlers
from gridworld_env.explorer.app import ExplorerApp
from gridworld_env.explorer.session import Session
from gridworld_env.explorer.tools import TOOLS
from gridworld_env.explorer.views import HAND, LEARN, PLAN, VIEWS
from gridworld_env.grid.actions import Action
from gridworld_env.ui.widgets.commands import CommandTable, Row, on


def _views(mode: str) -> list[Row[ExplorerApp]]:
    shown = [view for view in VIEWS.values() if view.mode == mode]
    return [(f"view {v.name}", v.key, v.title or v.name.capitalize(), v.help, on(Session.show, v.name)) for v in shown]


MODES: list[Row[ExplorerApp]] = [
    ("mode plan", "f2", "Plan", "Plan: V, Q and the policy", on(Session.enter, PLAN)),
    ("mode learn", "f3", "Learn", "An agent learns, the exact truth beside it", on(Session.enter, LEARN)),
    ("mode hand", "f4", "By hand", "Your own arrows: is this policy optimal?", on(Session.enter, HAND)),
    ("slower", "pagedown", "Slower", "Fewer steps a second", on(handlers.faster, -1)),
    ("faster", "pageup", "Faster", "More steps a second", on(handlers.faster, 1)),
    ("full screen", "f11", "Full screen", "Fill the screen, or leave it", lambda app: app.toggle_full_screen()),
    ("enlarge", "f12", "Letters", "Everything larger, for a projector", lambda app: app.enlarge()),
    ("stop", "escape", "Stop", "Stop what runs, close this sheet", on(Session.stop)),
]
PLANNING: list[Row[ExplorerApp]] = [
    ("sweep", "n", "Sweep", "One sweep of value iteration", on(handlers.sweep)),
    ("backup", "ctrl+b", "Backup", "Back up the cursor's square", lambda app: app.use_cursor("backup")),
    ("evaluate", "e", "Evaluate", "V becomes the value of the policy", on(handlers.evaluate)),
    ("improve", "i", "Improve", "The policy becomes greedy for V", on(handlers.improve)),
    ("run", "space", "Value iteration", "Value iteration to the end", on(handlers.toggle, "run")),
    ("run policy", "p", "Policy iteration", "Policy iteration to the end", on(handlers.toggle, "policy iteration")),
    ("solve", "return", "Jump to V*", "V* and all optimal actions at once, proven", on(Session.solve)),
    ("reset", "0", "Start again", "V = 0, every action alike", on(handlers.reset)),
    ("keep", "k", "Always solve", "Solve again after every change", on(handlers.keep_solved)),
    ("flip", "x", "Find flips", "At which step rewards, -0.01 to -2, the policy changes", on(handlers.toggle, "flip")),
]
RULES: list[Row[ExplorerApp]] = [
    ("step reward down", "[", "Step reward -", "Step reward down by 0.01", on(handlers.nudge, "step_reward", -0.01)),
    ("step reward up", "]", "Step reward +", "Step reward up by 0.01", on(handlers.nudge, "step_reward", 0.01)),
    ("step reward far down", "{", "Step reward --", "Down by 0.1", on(handlers.nudge, "step_reward", -0.1)),
    ("step reward far up", "}", "Step reward ++", "Up by 0.1", on(handlers.nudge, "step_reward", 0.1)),
    ("slip down", ",", "Slip -", "Slip down by 0.01", on(handlers.nudge, "slip", -0.01)),
    ("slip up", ".", "Slip +", "Slip up by 0.01", on(handlers.nudge, "slip", 0.01)),
    ("discount down", ";", "Discount -", "Discount down by 0.01", on(handlers.nudge, "discount", -0.01)),
    ("discount up", "'", "Discount +", "Discount up by 0.01", on(handlers.nudge, "discount", 0.01)),
]
SHOW: list[Row[ExplorerApp]] = [
    *_views(PLAN),
    ("larger", "ctrl+= ctrl+up", "Larger", "Larger squares (or the wheel)", lambda app: app.zoom(1)),
    ("smaller", "ctrl+- ctrl+down", "Smaller", "Smaller squares", lambda app: app.zoom(-1)),
    ("fit", "home", "Fit", "The whole map", lambda app: app.fit()),
    ("help", "f1 ?", "Help", "This sheet", lambda app: app.toggle_help()),
]
BRUSHES = TOOLS.values()
PAINT: list[Row[ExplorerApp]] = [
    *(
        (f"tool {b.name}", b.key, b.title or b.name.capitalize(), b.help, on(Session.take, b.name))
        for b in TOOLS.values()
    ),
    ("use", "u tab", "Use", "Use the tool on the cursor's square", lambda app: app.use_cursor()),
    ("more", ">", "More", "Amount of terminals, rewards: up", on(handlers.amount, 0.5)),
    ("less", "<", "Less", "Amount down", on(handlers.amount, -0.5)),
    ("turn wind", "shift+v", "Turn wind", "Another direction of the wind", on(handlers.turn_wind)),
    ("strengthen wind", "alt+v", "Strength", "Wind of 1, 2, 3 squares", on(handlers.strengthen_wind)),
    ("cursor left", "left", "Left", "Move the cursor", lambda app: app.move_cursor(0, -1)),
    ("cursor right", "right", "Right", "Move the cursor", lambda app: app.move_cursor(0, 1)),
    ("cursor up", "up", "Up", "Move the cursor", lambda app: app.move_cursor(-1, 0)),
    ("cursor down", "down", "Down", "Move the cursor", lambda app: app.move_cursor(1, 0)),
    ("add column", "alt+right", "Add column", "One column more", on(handlers.resize, 0, 1)),
    ("drop column", "alt+left", "Drop column", "One column less", on(handlers.resize, 0, -1)),
    ("add row", "alt+down", "Add row", "One row more", on(handlers.resize, 1, 0)),
    ("drop row", "alt+up", "Drop row", "One row less", on(handlers.resize, -1, 0)),
    ("clear", "ctrl+n", "Clear", "A map of this size with nothing on it", on(handlers.clear_map)),
]
AGENT: list[Row[ExplorerApp]] = [
    ("drop", "d", "Place agent", "Drop the agent on the cursor's square", lambda app: app.use_cursor("agent")),
    ("step", "m", "Agent steps", "One step of the policy", on(handlers.step)),
    ("walk", "l", "Agent walks", "Walk to the end of the episode", on(handlers.toggle, "walk")),
    ("act up", "shift+up", "Act up", "Your own action or arrow: up", on(handlers.direct, Action.UP)),
    ("act right", "shift+right", "Act right", "Your own action or arrow: right", on(handlers.direct, Action.RIGHT)),
    ("act down", "shift+down", "Act down", "Your own action or arrow: down", on(handlers.direct, Action.DOWN)),
    ("act left", "shift+left", "Act left", "Your own action or arrow: left", on(handlers.direct, Action.LEFT)),
]
LEARNING: list[Row[ExplorerApp]] = [
    ("learn once", "j", "Step", "One step of the learner", on(handlers.learn_once)),
    ("learn", "g", "Run", "Let it learn until you stop it", on(handlers.learn)),
    ("learn many", "h", "1000 steps", "A thousand steps at once", on(handlers.learn, "learning a thousand steps")),
    ("learn again", "y", "Restart", "It begins again with the same seed", on(handlers.learn_again)),
    ("next seed", "shift+y", "Next seed", "It begins again with another seed", on(handlers.learn_again, seeds=1)),
    ("agents", "ctrl+a", "Choose", "Every agent that can learn", lambda app: app.choose_agent()),
    ("next learner", "q", "Next agent", "Another learning algorithm", on(handlers.next_learner, 1)),
    ("learner before", "shift+q", "Agent before", "The one before in the list", on(handlers.next_learner, -1)),
    *_views(LEARN),
]
BY_HAND: list[Row[ExplorerApp]] = [
    ("from plan", "c", "From plan", "Begin with the arrows of planning", on(handlers.take_arrows, "plan")),
    ("from learner", "shift+c", "From learner", "Begin with those of the learner", on(handlers.take_arrows, "learner")),
    ("same arrows", "z", "All alike", "Begin with the same everywhere", on(handlers.take_arrows, "")),
    *_views(HAND),
]
FILE: list[Row[ExplorerApp]] = [
    ("undo", "ctrl+z", "Undo", "Undo a change of map or rules", on(Session.undo)),
    ("redo", "ctrl+y ctrl+shift+z", "Redo", "Redo it", on(Session.undo, back=False)),
    ("save", "ctrl+s", "Save", "Save the map as JSON", lambda app: app.save()),
    ("save as", "ctrl+shift+s", "Save as", "Save it under another name", lambda app: app.save(ask=True)),
    ("maps", "ctrl+m", "Maps", "Every map with its picture", lambda app: app.choose_map()),
    ("open", "ctrl+o", "Open", "Open a map by name, or drop its file here", lambda app: app.ask_open()),
    ("scenarios", "shift+o", "Scenarios", "The scenarios of a MovingAI map", lambda app: app.choose_scenario()),
    ("png", "ctrl+p", "PNG", "Write what is shown as a picture", lambda app: app.ask_png()),
    ("gif", "ctrl+g", "GIF", "Write the run since the reset as a GIF", lambda app: app.ask_gif()),
    ("page", "ctrl+h", "Page", "Write the run since the reset as an HTML page", lambda app: app.ask_page()),
    ("quit", "ctrl+q", "Quit", "Close the window", lambda app: app.quit()),
]
COMMANDS = CommandTable.of_groups(
    {
        "Modes and pace": MODES,
        "Plan": PLANNING,
        "Show": SHOW,
        "By hand": BY_HAND,
        "Paint": PAINT,
        "Agent": AGENT,
        "Learn": LEARNING,
        "Rules": RULES,
        "Map and files": FILE,
    }
)
