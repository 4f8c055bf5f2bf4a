"""`gridworld explore --html`: the page's numbers beside the package's, in a headless Chromium if there is one."""

import json
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import planners
from gridworld_env.dynamics.rules_to_tables import make_mdp
from gridworld_env.errors import MapError
from gridworld_env.explorer.map_document import MapDocument, make_document
from gridworld_env.explorer.page.write import LONGEST_SIDE, MOST_SQUARES, SCRIPTS, template, world_of, write_explorer
from gridworld_env.maps.textbook_worlds import WORLDS
from gridworld_env.ui.pages.seen_page import write_seen
from planners.models.backups import backup
from tests.oracles.chromium import Chromium, installed
from tests.oracles.examples import times

SIZES = [(1280, 720), (390, 844)]
HOSTILE = "</script><img src=x onerror=alert(1)>"
in_a_browser = [
    pytest.mark.visual,
    pytest.mark.skipif(installed() is None, reason="no Chromium here: apt install chromium"),
]
COMPUTE = """({ world, discount, policy }) => {
    const rows = rowsOf(makeModel(readWorld(world))), best = solve(rows, discount), text = (V) => [...V].map(String);
    const weights = policy.map((chosen, s) => rows[s].map((_, a) => Number(a === chosen)));
    const mine = evaluatePolicy(rows, weights, discount);
    return [text(best.V), best.optimal, text(mine), improvable(rows, mine, best.V, discount).some(Boolean)];
}"""
FOLDER = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "lecture.html"
    write_explorer(path, make_document({"map_name": "lecture"}), HOSTILE)
    return path


class Visitor:
    """Somebody in front of the page, with a mouse or with a finger, who knows which map it should show."""

    def __init__(self, browser: Chromium, page: Path, size: tuple[int, int], address: str = "") -> None:
        self.browser, self.size, self.by_touch = browser, size, size[0] < 600
        self.arguments: dict[str, Any] = {"desc": ["...+", ".#.-", "S..."], "step_reward": -0.04}
        self.discount = 0.9
        self.browser.ask("Emulation.setTouchEmulationEnabled", enabled=self.by_touch)
        browser.open(page, size=size, address=address)
        browser.run("document.getElementById('numbers').open = true")

    @property
    def document(self) -> MapDocument:
        return make_document(self.arguments, self.discount)

    @property
    def mdp(self) -> Any:
        return make_mdp(self.document.grid, self.document.rules)

    def press(self, name: str) -> None:
        """The button of a name."""
        self.settle()
        quoted = json.dumps(name)
        place = self.browser.run(
            f"(() => {{ const b = [...document.querySelectorAll('button')].find(b => b.textContent === {quoted});"
            "b.scrollIntoView({block: 'end'}); const r = b.getBoundingClientRect();"
            "return [r.left + r.width / 2, r.top + r.height / 2]; })()"
        )
        self.touch(tuple(place))

    def touch(self, *places: tuple[float, float]) -> None:
        if self.by_touch and len(places) > 1:
            self.browser.swipe(*places)
        elif self.by_touch:
            self.browser.swipe(*places)  # Chromium makes a click of a touch that does not move
        else:
            self.browser.drag(*places)

    def paint(self, *squares: tuple[int, int]) -> None:
        """Click a square, or drag over several."""
        self.settle()
        left, top, width, height = self.browser.run(
            "(b => [b.left, b.top, b.width, b.height])(document.getElementById('map').getBoundingClientRect())"
        )
        rows, columns = self.document.grid.kind.shape
        cell = min((width - 4) / columns, (height - 4) / rows, 170)
        places = [
            (left + (width - cell * columns) / 2 + (c + 0.5) * cell, top + 2 + (r + 0.5) * cell) for r, c in squares
        ]
        self.touch(*places)

    def finish(self) -> None:
        """Let the algorithm go on to its end."""
        self.press("To the end")
        self.settle()  # the button says Pause by then, if there is more to do
        self.browser.until("document.getElementById('play').textContent === 'Play'")

    def slide(self, field: str, share: float) -> float:
        """Drag the knob of a slider to a part of its length; the number that it then has."""
        self.settle()
        left, middle, width = self.browser.run(
            f"(b => {{ b.scrollIntoView({{block: 'end'}}); const r = b.getBoundingClientRect();"
            "return [r.left, r.top + r.height / 2, r.width]; })"
            f"(document.querySelector('input[type=range][data-number={field}]'))"
        )
        self.touch(*((left + part * width, middle) for part in (0.5 * share, 0.8 * share, share)))
        self.settle()
        return float(self.browser.run(f"document.querySelector('input[type=number][data-number={field}]').value"))

    def type(self, field: str, number: float) -> None:
        """Write a number into the box of a slider."""
        self.settle()
        self.browser.run(
            f"(b => {{ b.focus(); b.select(); }})(document.querySelector('input[type=number][data-number={field}]'))"
        )
        self.browser.ask("Input.insertText", text=str(number))
        self.browser.key("Enter")

    def settle(self) -> dict[str, Any]:
        """What the page says and shows, when it has drawn itself."""
        return self.browser.run(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done({"
            "caption: document.getElementById('caption').textContent,"
            "rows: [...document.querySelectorAll('#numbers tr')].slice(1)"
            ".map(r => [...r.cells].map(c => c.textContent)),"
            "box: (b => [b.top, b.bottom])(document.getElementById('map').getBoundingClientRect()),"
            "wide: document.documentElement.scrollWidth}))))"
        )

    def numbers(self) -> tuple[NDArray[np.float64], NDArray[np.float64], list[set[str]], str]:
        """V, Q and the arrows of the table, and the caption; the map is in sight, and the console says nothing."""
        seen = self.settle()
        assert self.browser.messages == self.browser.complaints == []
        assert seen["box"][0] >= 0
        assert seen["box"][1] <= self.size[1]
        assert seen["wide"] <= self.size[0]
        rows = seen["rows"]
        values = np.array([[number(text) for text in row[3:-1]] for row in rows])
        assert [[int(part) for part in row[1:3]] for row in rows] == self.document.grid.cell_of_state.tolist()
        return values[:, 0], values[:, 1:], [set(row[-1].split(", ")) for row in rows], seen["caption"]

    def check(self, values: NDArray[np.float64], actions: NDArray[np.bool_] | None = None) -> str:
        """The page has these values, and Q of them, to 1e-9; and points to these actions."""
        V, Q, arrows, caption = self.numbers()
        np.testing.assert_allclose(V, values, rtol=0, atol=1e-9)
        np.testing.assert_allclose(Q, backup(self.mdp, values, self.discount), rtol=0, atol=1e-9)
        if actions is not None:
            names = [move.name.lower() for move in self.document.rules.action_moves]
            for s, row in enumerate(actions):
                ends = bool(self.document.grid.terminal[s])
                assert arrows[s] == ({"ends"} if ends else {names[a] for a in np.flatnonzero(row)}), s
        return caption

    def check_solved(self) -> str:
        plan = planners.solve(self.mdp.tabular, discount=self.discount, tolerance=1e-10)
        return self.check(plan.values, plan.optimal_actions)


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))


def script(expression: str) -> str:
    """An expression, after those parts of the page's script that need no page."""
    folder = FOLDER / "gridworld_env" / "explorer" / "page"
    parts = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS[:5]]
    return "(() => {" + "\n".join([*parts, expression]) + "})()"


class TestInABrowser:
    """Everything that needs one."""

    pytestmark = in_a_browser

    @pytest.mark.parametrize("size", SIZES)
    def test_rules_and_painting(self, browser: Chromium, lecture: Path, size: tuple[int, int]) -> None:
        """Sixteen interactions, each of which leads to what `planners.solve` finds."""
        page = Visitor(browser, lecture, size)
        page.check_solved()
        before = planners.solve(page.mdp.tabular, discount=0.9).optimal_actions
        page.press("−2 a step")
        page.arguments["step_reward"] = -2.0
        flipped = (before != planners.solve(page.mdp.tabular, discount=0.9).optimal_actions).any(axis=1).sum()
        assert f"changed in {flipped} squares" in page.check_solved()
        page.press("−0.5 a step")
        page.arguments["step_reward"] = -0.5
        page.check_solved()
        page.arguments["slip"] = page.slide("slip", 0.3)
        assert 0.2 < page.arguments["slip"] < 0.4
        page.check_solved()
        page.type("discount", 1)
        page.discount = 1.0
        page.check_solved()
        page.press("Wall")
        page.paint((2, 1), (2, 2))
        page.arguments["desc"] = ["...+", ".#.-", "S##."]
        page.check_solved()
        browser.key("z", control=True)
        page.arguments["desc"] = ["...+", ".#.-", "S..."]
        page.check_solved()
        page.press("End")
        page.type("amount", -3)
        page.paint((0, 0))
        page.arguments |= {"desc": ["X..+", ".#.-", "S..."], "legend": {"X": {"terminal": True, "reward": -3.0}}}
        page.check_solved()
        page.press("Row +")
        page.press("Start")
        page.paint((3, 3))
        page.arguments["desc"] = ["X..+", ".#.-", "S...", "...S"]
        page.check_solved()
        page.press("Reward")
        page.type("amount", 2)
        page.paint((3, 0))
        page.arguments["desc"] = ["X..+", ".#.-", "S...", "Y..S"]
        page.arguments["legend"]["Y"] = {"reward": 2.0}
        plan = planners.solve(page.mdp.tabular, discount=1.0, throw=False)
        V, _, _, caption = page.numbers()
        np.testing.assert_array_equal(V, plan.values)
        assert f"V* is infinite in {np.isinf(V).sum()} squares" in caption

    @pytest.mark.parametrize("size", SIZES)
    def test_the_algorithms(self, browser: Chromium, lecture: Path, size: tuple[int, int]) -> None:
        """Fifteen more: sweeps, evaluation, improvement, a policy by hand, and the address."""
        page = Visitor(browser, lecture, size)
        page.type("slip", 0.1)
        page.arguments["slip"] = 0.1
        page.press("Value iteration")
        page.check(values := np.zeros(11))
        page.press("Step")
        browser.run("document.activeElement.blur()")
        browser.key("n")
        for _ in range(2):
            values = backup(page.mdp, values, 0.9).max(axis=1)
        assert page.check(values).startswith("Sweep 2")
        page.finish()
        assert "no longer changes" in page.check_solved()
        page.press("Policy iteration")
        page.press("Step")
        alike = planners.TabularPolicy(np.full((11, 4), 0.25))
        values = planners.evaluate(page.mdp, alike, discount=0.9)
        assert page.check(values).startswith("Evaluation 1")
        page.finish()
        assert "the policy is optimal" in page.check_solved()
        page.press("My policy")
        page.press("Optimal")
        assert page.check_solved().startswith("Yes")
        page.press("Look")
        page.paint((2, 0))
        browser.run("document.getElementById('map').focus()")
        browser.key("ArrowUp")
        browser.key("ArrowLeft", shift=True)
        plan = planners.solve(page.mdp.tabular, discount=0.9)
        actions = plan.policy.actions.copy()
        for cell, action in (((2, 0), (actions[7] + 1) % 4), ((1, 0), 3)):
            actions[page.document.grid.cell_to_state(cell)] = action
        policy = planners.TabularPolicy(np.eye(4)[actions])
        caption = page.check(planners.evaluate(page.mdp, policy, discount=0.9), np.eye(4, dtype=bool)[actions])
        assert not planners.is_optimal(page.mdp, policy, discount=0.9).optimal
        mine = planners.evaluate(page.mdp, policy, discount=0.9)
        better = np.flatnonzero(backup(page.mdp, mine, 0.9).max(axis=1) > mine + 1e-9)
        named = ", ".join(f"(row {r}, column {c})" for r, c in page.document.grid.cell_of_state[better].tolist())
        assert caption.startswith("No, it is not optimal.")
        assert f"framed red: {named}. From" in caption
        browser.until(f"location.hash.endsWith('policy={''.join(map(str, actions))}')")
        address = browser.run("location.hash")
        page.press("Reset all")
        page.arguments.pop("slip")
        page.check_solved()
        again = Visitor(browser, lecture, size, address)
        again.arguments["slip"] = 0.1
        assert again.check(planners.evaluate(page_mdp := again.mdp, policy, discount=0.9)) == caption
        assert page_mdp.num_states == 11

    def test_random_maps(self, browser: Chromium, rng: np.random.Generator) -> None:
        """V*, all optimal actions and V of a policy, discount 1 and infinite values included."""
        cases = [random_case(rng) for _ in range(times(160))]
        told = [{"world": world_of(d), "discount": d.discount, "policy": policy} for d, policy in cases]
        found = browser.run(script(f"return {json.dumps(told)}.map({COMPUTE});"))
        for (document, policy), (V, optimal, mine, can_improve) in zip(cases, found, strict=True):
            mdp = make_mdp(document.grid, document.rules)
            plan = planners.solve(mdp.tabular, discount=document.discount, tolerance=1e-10, throw=False)
            np.testing.assert_allclose(_floats(V), plan.values, rtol=1e-9, atol=1e-9)
            assert optimal == plan.optimal_actions.tolist(), document.arguments()
            chosen = planners.TabularPolicy(np.eye(mdp.num_actions)[policy])
            try:
                values = planners.evaluate(mdp, chosen, discount=document.discount)
                verdict = planners.is_optimal(mdp, chosen, discount=document.discount)
            except planners.PlannerError:
                assert not np.isfinite(_floats(mine)).all()
                continue
            np.testing.assert_allclose(_floats(mine), values, rtol=1e-9, atol=1e-9)
            assert verdict.optimal != can_improve, document.arguments()

    def test_every_known_map(self, browser: Chromium) -> None:
        shown = {name: make_document({"map_name": name}, 0.95) for name in WORLDS if name_is_known(name)}
        told = [world_of(document) for document in shown.values()]
        found = browser.run(
            script(
                f"return {json.dumps(told)}.map((world) => [...solve(rowsOf(makeModel(readWorld(world))), 0.95).V]);"
            )
        )
        for document, values in zip(shown.values(), found, strict=True):
            plan = planners.solve(make_mdp(document.grid, document.rules).tabular, discount=0.95, tolerance=1e-10)
            np.testing.assert_allclose(values, plan.values, rtol=0, atol=1e-9)
        assert len(shown) > 14

    @pytest.mark.parametrize("reward_on", ["enter", "exit"])
    def test_q_learning_learns_from_its_steps_what_the_package_learns(self, browser: Chromium, reward_on: str) -> None:
        document = make_document({"map_name": "lecture", "slip": 0.2, "reward_on": reward_on})
        steps, Q = browser.run(
            script(
                f"""const model = makeModel(readWorld({json.dumps(world_of(document))}));
                const agent = new QLearning(model, 0.9, {{ rate: 0.2, exploration: 0.3, seed: 7 }});
                return [Array.from({{ length: 3000 }}, () => agent.step()), agent.Q];"""
            )
        )
        agent = planners.QLearning(rate=0.2).begin((11, 4), discount=0.9, seed=1)
        mdp = make_mdp(document.grid, document.rules)
        for step in steps:
            agent.learn(step["state"], step["action"], step["reward"], step["next"], step["ends"])
            outcomes = [(o.next_state, o.reward, o.terminated) for o in mdp.outcomes(step["state"], step["action"])]
            assert (step["next"], step["reward"], step["ends"]) in outcomes
        np.testing.assert_allclose(Q, agent.action_values, rtol=0, atol=1e-9)

    def test_q_learning_to_the_end_and_at_play(self, browser: Chromium, lecture: Path) -> None:
        page = Visitor(browser, lecture, (1280, 720))
        page.press("Q-learning")
        page.press("Step")
        assert page.settle()["caption"].startswith("Step 1, episode 1")
        page.press("Play")
        browser.until("Number(document.getElementById('caption').textContent.match(/[0-9]+/)[0]) > 3")
        page.press("Pause")
        page.finish()
        assert "optimal in 9 of 9 squares" in page.settle()["caption"]

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_it_is_what_it_is_and_fetches_nothing(self, browser: Chromium, lecture: Path, scheme: str) -> None:
        browser.open(lecture, size=(390, 844), prefers_color_scheme=scheme)
        corner = browser.picture()[2, 2].mean()
        assert corner < 60 if scheme == "dark" else corner > 240
        assert browser.run("document.getElementById('title').textContent") == f"Gridworld: {HOSTILE}"
        assert browser.run("document.querySelectorAll('img').length") == 0
        small = "b => b.offsetParent && b.getBoundingClientRect().height < 44"
        assert browser.run(f"[...document.querySelectorAll('button, select')].filter({small}).length") == 0
        assert {address.partition("#")[0] for address in browser.requests} <= {lecture.resolve().as_uri(), "data:,"}
        assert browser.messages == browser.complaints == []

    @pytest.mark.parametrize(
        ("address", "says"),
        [
            ("#map=..X", "unknown glyph X"),
            ("#map=../...", "not equally long"),
            ("#map=..%2B&slip=2", "no probability"),
            ("#map=..%2B&legend={", "holds nothing"),
            ("#map=%2B", "no square to start on"),
            ("#map=" + "." * 41, "40 a side"),
            ("#map=..%2B&discount=x", "no number from 0 to 1"),
        ],
    )
    def test_addresses_that_hold_nothing(self, browser: Chromium, lecture: Path, address: str, says: str) -> None:
        page = Visitor(browser, lecture, (1280, 720), address)
        assert says in page.check_solved()

    def test_impossible_maps_are_refused(self, browser: Chromium, lecture: Path) -> None:
        page = Visitor(browser, lecture, (1280, 720), "#map=.%2B")
        page.arguments["desc"] = [".+"]
        page.press("Wall")
        page.paint((0, 0))
        assert "no square to start on" in page.check_solved()
        page.type("slip", 3)
        assert "Slip is a number from 0 to 1" in page.check_solved()


def _floats(texts: list[str]) -> NDArray[np.float64]:
    return np.array([float(text.replace("Infinity", "inf")) for text in texts])


def name_is_known(name: str) -> bool:
    try:
        world_of(make_document({"map_name": name}))
    except MapError:
        return False
    return True


def random_case(rng: np.random.Generator) -> tuple[MapDocument, list[int]]:
    """A small map under rules that the page knows, and a policy."""
    pick: Callable[..., Any] = lambda *choices: choices[rng.integers(len(choices))]  # noqa: E731
    while True:
        height, width = rng.integers(1, 6, 2)
        glyphs = rng.choice(list("........##S+-XY"), (height, width))
        arguments = {
            "desc": ["".join(row) for row in glyphs],
            "legend": {"X": {"reward": pick(-0.5, -2.0, 0.0, 0.5)}, "Y": {"terminal": True, "reward": pick(5.0, -3.0)}},
            "step_reward": pick(-0.04, -0.04, -1.0, -2.0, 0.0, 0.1),
            "slip": pick(0.0, 0.0, 0.1, 0.2, 1.0),
            "moves": pick("cardinal", "cardinal", "king", "octile"),
            "reward_on": pick("enter", "enter", "exit"),
            "bump_reward": pick(None, None, None, -1.0),
        }
        if rng.random() < 0.3:
            far = {"teleport": tuple(rng.integers((height, width)).tolist()), "teleport_reward": pick(None, -1.0, 0.0)}
            arguments["legend"]["X"] |= {**far, "teleport_on_entry": pick(True, False)}
        try:
            document = make_document(arguments, pick(0.5, 0.9, 0.99, 1.0, 1.0))
        except MapError:
            continue
        return document, rng.integers(len(document.rules.action_moves), size=document.grid.num_states).tolist()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"map_name": "sutton-barto-6.5"}, "have wind, a rule that the page does not know"),
        ({"desc": [".>."], "legend": {">": {"one_way": "RIGHT"}}}, "have a one_way, a rule"),
        ({"desc": [".X."], "legend": {"X": {"reward": [(0.5, 1.0), (0.5, 0.0)]}}}, "a reward that is drawn"),
        ({"desc": ["." * (LONGEST_SIDE + 1)]}, "it has 1 rows and 41 columns"),
    ],
)
def test_rules_that_the_page_does_not_know(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(MapError, match="the page cannot show this map") as found:
        world_of(make_document(arguments))
    assert says in str(found.value)


def test_a_legend_may_say_what_the_known_glyphs_mean() -> None:
    world = world_of(make_document({"desc": ["S.+"], "legend": {"+": {"terminal": True, "reward": 7.0}}}))
    assert world["legend"] == {"+": {"terminal": True, "reward": 7.0}}


def test_both_sides_know_the_same_limits() -> None:
    assert f"MOST_SQUARES = {MOST_SQUARES}, LONGEST_SIDE = {LONGEST_SIDE};" in template()


def test_the_pages_of_the_documentation_are_those_that_are_written(tmp_path: Path) -> None:
    runpy.run_path(str(FOLDER / "docs" / "pages.py"))["write"](tmp_path)
    for name in ("explore_page.html", "watch_page.html"):
        assert (tmp_path / name).read_bytes() == (FOLDER / "docs" / name).read_bytes(), "run: python docs/pages.py"


@pytest.mark.visual
@pytest.mark.skipif(installed() is None, reason="no Chromium here: apt install chromium")
def test_a_page_of_what_was_seen_plays_in_a_browser(browser: Chromium, tmp_path: Path) -> None:
    """Each picture has its caption; keys and buttons go through them, and nothing is reported to the console."""
    frames = [np.full((40, 60, 3), shade, dtype=np.uint8) for shade in (10, 120, 250)]
    captions = [HOSTILE, "sweep 2", "sweep 3"]
    write_seen(tmp_path / "seen.html", HOSTILE, frames, captions, 4.0)
    for size in SIZES:
        browser.open(tmp_path / "seen.html", size=size)
        said = "document.getElementById('said').textContent"
        assert browser.run(said) == HOSTILE
        assert browser.run("document.title") == HOSTILE
        shown = []
        for _ in range(3):
            browser.until("document.getElementById('picture').naturalWidth === 60")
            shown.append(browser.run("document.getElementById('picture').src"))
            browser.run("document.getElementById('on').click()")
        assert len(set(shown)) == 3
        assert browser.run(said) == "sweep 3"
        browser.key("ArrowLeft")
        assert browser.run("document.getElementById('count').textContent") == "2 of 3"
        browser.run("document.getElementById('play').click()")
        browser.until(f"{said} === 'sweep 3'")
        assert browser.run("document.documentElement.scrollWidth <= innerWidth")
        assert browser.complaints == []
