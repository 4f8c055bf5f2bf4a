"""`plot_values`: the numbers stand in their squares and triangles, in the colours of the bar."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from matplotlib.colors import LinearSegmentedColormap

import planners
from gridworld_env import MapError, plot_values
from planners.plans.plots import HEAT


@pytest.fixture(autouse=True)
def closed() -> Any:
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def texts_of(axes: Any) -> dict[tuple[float, float], str]:
    return {(round(t.get_position()[0], 2), round(t.get_position()[1], 2)): t.get_text() for t in axes.texts}


def test_values_stand_in_their_squares() -> None:
    env = gym.make("GridWorld-v0", desc=["S.#", "..+"])
    axes = plot_values(env, [0.5, -1.0, 0.25, 2.0, 7.0], label="visits")
    texts = texts_of(axes)
    assert [texts[place] for place in ((0, 0), (1, 0), (0, 1), (1, 1))] == ["0.50", "-1.00", "0.25", "2.00"]
    assert texts[2, 1] == "+1"  # the reward of the end, whatever its value
    assert texts[-0.44, -0.44] == "S"
    assert axes.figure.axes[-1].get_ylabel() == "visits"
    heat = LinearSegmentedColormap.from_list("heat", HEAT)
    np.testing.assert_allclose(axes.collections[0].get_facecolor()[1], heat(0.25))  # -1 on a scale from -2 to 2


@pytest.mark.parametrize("names", [("UP", "RIGHT", "DOWN", "LEFT"), ("LEFT", "DOWN", "RIGHT", "UP")])
def test_q_stands_in_the_triangle_of_its_action(names: tuple[str, ...]) -> None:
    env = gym.make("GridWorld-v0", desc=["S+"], actions=names)
    Q = np.array([[dict(UP=1.0, RIGHT=2.0, DOWN=3.0, LEFT=4.0)[name] for name in names], [0.0] * 4])
    axes = plot_values(env, Q)
    third = round(1 / 3, 2)
    texts = texts_of(axes)
    assert [texts[place] for place in ((0, -third), (third, 0), (0, third), (-third, 0))] == [
        "1.00",
        "2.00",
        "3.00",
        "4.00",
    ]
    paths = axes.collections[0].get_paths()
    for path, name in zip(paths, names, strict=False):
        middle = path.vertices[:3].mean(axis=0)
        expected = {"UP": (0, -third), "RIGHT": (third, 0), "DOWN": (0, third), "LEFT": (-third, 0)}[name]
        np.testing.assert_allclose(middle, expected, atol=0.01)


def test_a_report_takes_pdf_and_svg(tmp_path: Path) -> None:
    env = gym.make("GridWorld/Windy-v0")
    plan = planners.solve(env, discount=0.95)
    axes = plan.plot(env)
    assert sum(text.get_text() == "\u2191\u2191" for text in axes.texts) == 13  # two columns of seven, but for the goal
    for suffix in ("pdf", "svg"):
        plot_values(env, plan.values).figure.savefig(tmp_path / f"v.{suffix}")
        assert (tmp_path / f"v.{suffix}").stat().st_size > 5000


def test_other_shapes_and_actions_are_refused() -> None:
    with pytest.raises(MapError, match=r"shape \(3,\); expected \(11,\) for V, or \(11, 4\) for Q"):
        plot_values(gym.make("GridWorld-v0"), [1, 2, 3])
    with pytest.raises(MapError, match="FrozenLakeEnv has no map"):
        plot_values(gym.make("FrozenLake-v1"), np.zeros(16))
    with pytest.raises(MapError, match=r"draw values\.max"):
        plot_values(gym.make("GridWorld-v0", moves="king"), np.zeros((11, 8)))


def test_a_plan_that_was_loaded_alone_is_drawn_on_its_map(tmp_path: Path) -> None:
    """Before, it needed load_plan(path, model=env), although plot(env) has the model."""
    env = gym.make("GridWorld-v0", slip=0.2)
    plan = planners.solve(env, discount=0.9)
    plan.save(tmp_path / "plan.npz")
    loaded = planners.load_plan(tmp_path / "plan.npz")
    drawn, known = loaded.plot(env), plan.plot(env)
    assert [text.get_text() for text in drawn.texts] == [text.get_text() for text in known.texts]
    with pytest.raises(planners.MissingModelError):
        loaded.plot(gym.make("GridWorld-v0", slip=0.1))  # another model of as many states
    widths = plan.plot(env, values=np.full(11, 4.7e-14))
    assert "4.7e-14" in [text.get_text() for text in widths.texts]
