"""Mode Learn and the policy by hand, without a window: what is shown is the exact truth of the learner."""

import numpy as np
import pytest

import planners
from gridworld_env import MapError
from gridworld_env.agents import AGENTS, make_agent
from gridworld_env.explorer import views
from gridworld_env.explorer.app import ExplorerApp
from gridworld_env.explorer.commands import COMMANDS
from gridworld_env.explorer.drawing.curves import paint_curves
from gridworld_env.explorer.launch import make_app, watch_learner
from gridworld_env.explorer.learning import Curves
from gridworld_env.explorer.map_document import empty_document, make_document
from gridworld_env.explorer.session import Session
from gridworld_env.ui.widgets.controls import Buttons
from gridworld_env.ui.widgets.events import Key, Pointer
from gridworld_env.ui.widgets.geometry import Rect
from tests.gridworld_env.ui.test_widgets import Notes

WINDOW = Rect(0, 0, 1280, 720)


@pytest.fixture
def app() -> ExplorerApp:
    session = Session(make_document({"map_name": "lecture", "slip": 0.2}), seed=1)
    app = make_app(session, lambda *_: None)
    app.lay_out(WINDOW, 1.0)
    return app


def strokes(app: ExplorerApp, *keys: str) -> None:
    for key in keys:
        app.handle(Key(key, key if len(key) == 1 else ""))
    app.lay_out(WINDOW, 1.0)


def finish(app: ExplorerApp) -> None:
    now = 0.0
    while app.session.job is not None:
        now += 1.0
        app.advance(now)


@pytest.mark.parametrize("name", AGENTS)
def test_every_agent_learns_as_in_learn(app: ExplorerApp, name: str) -> None:
    """By the keys; the numbers are those of `planners.learn` on the model of the map."""
    session = app.session
    session.learning.begin(name)
    strokes(app, "h")
    finish(app)
    model = session.planning.mdp
    run = planners.learn(
        model, make_agent(name, model), steps=1000, discount=0.9, seed=1, max_episode_steps=1000, compiled=False
    )
    watched = session.learning.run
    np.testing.assert_array_equal(watched.visits, run.visits)
    np.testing.assert_array_equal(views.draw("learned", session).action_values, run.action_values)
    steps, regret, values = session.learning.curve()
    assert steps[-1] == 1000
    assert regret[-1] == pytest.approx(run.regret.sum())
    np.testing.assert_allclose(values[1:-1], run.policy_values[steps[1:-1].astype(int) - 1], atol=1e-9)
    lost = session.learning.losses()
    assert lost[7] == pytest.approx(run.optimal_value - run.policy_values[-1], abs=1e-9)


def test_the_learner_goes_on_or_begins_again(app: ExplorerApp) -> None:
    """It goes on where the squares stay; where walls or the discount change it begins again, and says which."""
    session = app.session
    strokes(app, "h")
    finish(app)
    run = session.learning.run
    strokes(app, "[")
    assert session.learning.run is run
    assert "goes on" in session.status[0]
    assert run.plan.values[2] == pytest.approx(planners.solve(session.planning.mdp, discount=0.9).values[2])
    strokes(app, "j")
    assert session.learning.steps == 1001
    strokes(app, ";")
    assert session.learning.steps == 0
    assert "begins again" in session.status[0]
    strokes(app, "j", "w", "right", "right", "u")  # a wall
    assert "begins again" in session.status[0]
    strokes(app, "j", "ctrl+z")
    assert session.learning.steps == 0


def test_seeds_agents_and_pace(app: ExplorerApp) -> None:
    session = app.session
    strokes(app, "j", "j", "y")
    assert (session.learning.steps, session.learning.seed) == (0, 1)
    strokes(app, "shift+y", "q")
    assert (session.learning.name, session.learning.seed) == ("sarsa", 2)
    strokes(app, "shift+q", "g")
    for now in np.arange(0.0, 2.0, 0.1):
        app.advance(float(now))
    assert 8 < session.learning.steps < 20  # eight steps a second
    assert len(session.recording.frames) <= session.learning.steps + 3  # frames without a step are not recorded
    strokes(app, "escape")
    assert session.job is None


def test_planning_shows_planning(app: ExplorerApp) -> None:
    strokes(app, "f3", "f7", "return")
    assert (app.session.mode, app.session.view) == ("plan", "policy")
    strokes(app, "f3")
    assert app.session.view == "visits"


def test_each_mode_has_its_panel_and_each_view_its_button(app: ExplorerApp) -> None:
    for mode in ("plan", "learn", "hand"):
        strokes(app, {"plan": "f2", "learn": "f3", "hand": "f4"}[mode])
        hints = [
            button.hint for control in app.panel.controls if isinstance(control, Buttons) for button in control.buttons
        ]
        for view in views.VIEWS.values():
            assert any(COMMANDS[f"view {view.name}"].help in hint for hint in hints) == (view.mode == mode), view.name


def test_is_this_policy_optimal(app: ExplorerApp) -> None:
    """A click turns an arrow; Shift and an arrow key set it; the answer is that of `planners.is_optimal`."""
    session = app.session
    strokes(app, "return", "c")
    assert session.mode == "hand"
    assert session.by_hand.says()[0] == "Yes: V equals V* in every square"
    x, y = app.viewport.corner(0, 2)
    app.handle(Pointer("press", (x + 5, y + 5), 1))
    app.handle(Pointer("release", (x + 5, y + 5), 1))
    plan = planners.solve(session.planning.mdp, discount=0.9)
    actions = plan.policy.actions.copy()
    actions[2] = 2  # clockwise from right: down
    np.testing.assert_array_equal(session.by_hand.actions, actions)
    verdict = planners.is_optimal(session.planning.mdp, actions, discount=0.9)
    said = session.by_hand.says()
    assert not verdict
    assert said[1].endswith(f": {verdict.regret:.6g}")
    assert said[2] == "Better there: right"
    assert session.status[0].startswith("No: it loses in ")
    np.testing.assert_array_equal(session.by_hand.loses, verdict.regrets > verdict.tolerance)
    assert session.optimal_actions is None  # the quiz does not give the answer away
    strokes(app, "f10")
    np.testing.assert_array_equal(session.optimal_actions, plan.optimal_actions)
    session.cursor = (0, 2)
    strokes(app, "shift+right")
    assert session.by_hand.says()[0].startswith("Yes")
    strokes(app, "alt+right")  # a column more: arrows stay where they were
    assert session.by_hand.actions[2] == 1


def test_at_discount_one_a_policy_that_goes_round_loses_without_end() -> None:
    app = make_app(Session(make_document({"map_name": "lecture"}, 1.0)), lambda *_: None)
    app.lay_out(WINDOW, 1.0)
    strokes(app, "f4")
    assert "infinite" in app.session.by_hand.says()[1]
    strokes(app, "j")
    assert app.session.learning.run.policy_value < 0
    assert app.session.problem == ""


def test_what_cannot_be_learned_is_said(app: ExplorerApp) -> None:
    session = app.session
    session.change(empty_document(60, 60))
    strokes(app, "j")
    assert session.status[1]
    assert "at most 2500" in session.status[0]
    assert "at most 2500" in session.problem
    paint_curves(Notes(), WINDOW, session)  # without an error
    with pytest.raises(MapError, match="did you mean 'sarsa'"):
        watch_learner(session, "sarza", 10)
    session.change(make_document({"map_name": "lecture"}, 1.0))
    strokes(app, "f2")
    session.learning.begin("psrl")
    strokes(app, "g")
    finish(app)
    assert "discount is 1" in session.status[0]


def test_a_learner_stands_there_when_the_window_opens() -> None:
    session = Session(make_document({}), seed=3)
    watch_learner(session, "sarsa", 50)
    assert (session.mode, session.learning.steps, session.learning.name) == ("learn", 50, "sarsa")


def test_curves_are_thinned_and_keep_the_last_point() -> None:
    curves = Curves(1)
    for step in range(5000):
        if curves.is_due(step):
            curves.add(step, 2.0 * step, -1.0)
    steps, regret, _ = curves.until(5000, 1e4, -1.0)
    assert len(steps) <= 1002
    assert set(np.diff(steps[:-1])) == {curves.every}
    assert steps[-1] == 5000
    np.testing.assert_array_equal(regret, 2 * steps)


def test_both_curves_say_where_they_stand(app: ExplorerApp) -> None:
    strokes(app, "h")
    finish(app)
    notes = Notes()
    paint_curves(notes, Rect(0, 0, 900, 170), app.session)
    run = app.session.learning.run
    texts = [text for text, _ in notes.texts]
    assert f"Regret so far: {run.regret:.4g}" in texts
    assert f"V of the greedy policy at the start: {run.policy_value:.4g}; V* is {run.optimal_value:.4g}" in texts
