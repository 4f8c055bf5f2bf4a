"""What notebooks show: plots of plans and runs, tables and pictures of plans, runs, maps and environments."""

import builtins
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.quiver import Quiver
from PIL import Image

import gan_lab
import gridworld_env
import planners
from gridworld_env.rendering import display


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    """Figures without a display, closed at the end."""
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


class Cells(HTMLParser):
    """The rows of all tables of a page; a tag that is closed wrongly is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def picture(data: bytes | None) -> np.ndarray:
    assert data is not None
    return np.asarray(Image.open(io.BytesIO(data)))


def test_a_plan_on_its_map() -> None:
    """The lecture's map at -2 a step: all values as numbers, and every optimal action as an arrow."""
    env = gym.make("GridWorld-v0", step_reward=-2.0)
    plan = planners.solve(env, discount=1)
    axes = plan.plot(env)
    live = [f"{value:.2f}" for state, value in enumerate(plan.values) if state not in (3, 6)]
    assert sorted(texts(axes)) == sorted([*live, "+1", "-1", "S"])
    (arrows,) = (part for part in axes.collections if isinstance(part, Quiver))
    assert plan.optimal_actions.sum() - 2 * 4 == arrows.N  # terminal squares have none
    colors = np.asarray(axes.images[0].get_array())
    assert colors.shape == (3, 4, 4)
    assert colors[1, 1, :3].tolist() == pytest.approx([0x3E / 255, 0x41 / 255, 0x4A / 255])  # the wall
    assert colors[0, 3, 2] > colors[0, 3, 0], "+1 is blue"
    assert colors[1, 3, 0] > colors[1, 3, 2], "-1 is orange"


@pytest.mark.parametrize("actions", [None, ("LEFT", "DOWN", "RIGHT", "UP"), ("STAY", "RIGHT", "UP", "LEFT", "DOWN")])
def test_arrows_point_where_the_actions_lead(actions: Any) -> None:
    env = gym.make("GridWorld-v0", desc=["S.+"], actions=actions)
    axes = planners.solve(env, discount=0.9).plot(env)
    (arrows,) = (part for part in axes.collections if isinstance(part, Quiver))
    assert (np.asarray(arrows.U) > 0).all()
    assert (np.asarray(arrows.V) == 0).all()
    assert arrows.N == 2


def test_diagonal_arrows() -> None:
    env = gym.make("GridWorld-v0", desc=[".+", "S."], moves="king")
    plan = planners.solve(env, discount=0.9)
    axes = plan.plot(env.unwrapped)
    (arrows,) = (part for part in axes.collections if isinstance(part, Quiver))
    assert (np.asarray(arrows.U) > 0).any()
    start = (np.sign(arrows.U) == 1) & (np.sign(arrows.V) == -1)  # up is towards smaller rows
    assert start.sum() == 1


def test_a_grid_without_names_of_actions_has_no_arrows() -> None:
    env = gym.make("GridWorld-v0").unwrapped
    assert isinstance(env, gridworld_env.GridWorldEnv)
    axes = planners.solve(env, discount=0.9).plot(env.grid)
    assert not axes.collections
    assert len(texts(axes)) == 11 + 1  # the start is marked


def test_states_that_never_end_are_grey_and_large_maps_have_no_numbers(rng: np.random.Generator) -> None:
    env = gym.make("GridWorld-v0", desc=["S+", "##", ".#"])
    axes = planners.solve(env, discount=1).plot(env)
    assert "-inf" in texts(axes)
    assert np.asarray(axes.images[0].get_array())[2, 0, :3].tolist() == pytest.approx(
        [0xAC / 255, 0xAE / 255, 0xB4 / 255]
    )
    rows = gridworld_env.random_map(30, 40, seed=int(rng.integers(2**31)))
    env = gym.make("GridWorld-v0", desc=rows)
    assert texts(planners.solve(env, discount=0.9).plot(env)) == []


def test_other_numbers_on_the_map() -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    plan = planners.solve(env, discount=0.9)
    visits = planners.visits(env, plan, discount=1).states
    shown = [f"{number:.2f}" for state, number in enumerate(visits) if state not in (3, 6)]
    assert sorted(texts(plan.plot(env, values=visits))) == sorted([*shown, "+1", "-1", "S"])
    for grid, values in ((env, visits[:3]), (None, visits)):
        with pytest.raises(planners.InvalidOptionError, match="values have shape"):
            plan.plot(grid, values=values)


def test_the_history_of_a_plan() -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    plan = planners.value_iteration(env, discount=0.9)
    mine = pyplot.figure().add_subplot()
    assert plan.plot(axes=mine) is mine
    bound = mine.lines[0]
    np.testing.assert_array_equal(bound.get_xdata(), [line.iteration for line in plan.history])
    np.testing.assert_array_equal(bound.get_ydata(), [line.error_bound for line in plan.history])
    assert mine.get_yscale() == "log"


def test_what_is_no_map_is_refused() -> None:
    plan = planners.solve(gym.make("GridWorld-v0"), discount=0.9)
    with pytest.raises(planners.InvalidOptionError, match="grid is a FrozenLakeEnv; expected a gridworld"):
        plan.plot(gym.make("FrozenLake-v1"))
    with pytest.raises(planners.InvalidOptionError, match="grid has 2 states and the plan 11"):
        plan.plot(gym.make("GridWorld-v0", desc=["S+"]))


def test_a_plan_as_a_table() -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    plan = planners.solve(env, discount=0.9)
    rows = Cells(plan._repr_html_()).rows
    assert ["iterations", "1"] in rows
    states = [row for row in rows if row[0].isdigit()]
    assert [float(row[1]) for row in states] == pytest.approx(plan.values.tolist(), rel=1e-5)
    assert all(float(row[2]) <= 2 * plan.error_bound for row in states)
    assert states[0][3] == "1"
    lines = re.findall(r"^  (.{12})(.*)$", repr(plan), re.MULTILINE)
    assert [[name.strip(), text] for name, text in lines] == rows[: len(lines)]
    large = planners.solve(gym.make("FrozenLake-v1"), discount=1, method="value_iteration")
    assert ["and 4 more", "", "", ""] in Cells(large._repr_html_()).rows


@pytest.mark.parametrize(
    ("game", "known", "falls"), [("finite", -np.log(4), "JSD(p, p_g)"), ("bilinear", 0.0, "exploitability")]
)
def test_a_run_as_axes(game: str, known: float, falls: str) -> None:
    run = gan_lab.train(game, steps=40, truth_every=10)
    upper, lower = run.plot()
    value, equilibrium = upper.lines
    np.testing.assert_array_equal(value.get_xdata(), [10, 20, 30, 40])
    np.testing.assert_array_equal(value.get_ydata(), [row["value"] for row in run.truth])
    assert equilibrium.get_ydata()[0] == pytest.approx(known)
    assert any(str(line.get_label()).startswith(falls) for line in lower.lines)


def test_a_run_of_samples_as_axes_and_as_a_table() -> None:
    run = gan_lab.train("ring8", steps=2, batch_size=16)
    upper, lower = run.plot(pyplot.figure().subplots(2, 1))
    assert upper.lines[1].get_ydata()[0] == pytest.approx(-np.log(4))
    assert "duality gap, at least" in [line.get_label() for line in lower.lines]
    html = run._repr_html_()
    assert ["modes", f"{run.truth[-1]['modes']:.4g}"] in Cells(html).rows
    assert "Mode collapse?" in html


def test_a_run_that_has_not_begun_has_a_table_but_no_plot() -> None:
    run = gan_lab.train("dirac", steps=0)
    with pytest.raises(gan_lab.WiringError, match="has not been evaluated yet"):
        run.plot()
    assert Cells(run._repr_html_()).rows[0] == ["step", "0"]


def test_maps_and_environments_as_pictures() -> None:
    env = gym.make("GridWorld-v0", render_mode="rgb_array")
    world = env.unwrapped
    assert isinstance(world, gridworld_env.GridWorldEnv)
    env.reset(seed=1)
    env.step(1)
    np.testing.assert_array_equal(picture(world._repr_png_()), env.render())
    text = gym.make("GridWorld-v0", render_mode="ansi")
    text.reset(seed=1)
    shown, frame = picture(text.unwrapped._repr_png_()), text.render()  # pyright: ignore[reportAttributeAccessIssue]
    assert shown.shape[2] == 3
    assert isinstance(frame, str)
    map_alone = picture(world.grid._repr_png_())
    assert map_alone.shape[1] == shown.shape[1]
    np.testing.assert_array_equal(picture(gridworld_env.WORLDS["lecture"]._repr_png_()), map_alone)


def test_without_pygame_a_notebook_shows_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "find_spec", lambda name: None if name == "pygame" else object())
    assert gridworld_env.parse_grid(["S+"])._repr_png_() is None


@pytest.mark.parametrize("plot", [lambda plan, run: plan.plot(), lambda plan, run: run.plot()], ids=["plan", "run"])
def test_without_matplotlib_it_says_what_to_install(plot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planners.solve(gym.make("GridWorld-v0"), discount=0.9)
    run = gan_lab.train("dirac", steps=1)
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match="pip install matplotlib"):
        plot(plan, run)
