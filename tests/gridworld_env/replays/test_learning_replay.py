"""Replays of learners: what is on the page and in the animation is what `planners.learn` says of the same run."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import planners
from gridworld_env import LearningReplay, MapError
from gridworld_env.agents import AGENTS
from gridworld_env.cli.commands import app
from gridworld_env.replays.learning_page import document_of
from gridworld_env.ui.pages.packing import unpacked
from gridworld_env.ui.pages.page import page_text
from tests.oracles.pages import document_in


def test_the_page_has_the_run_of_learn(rng: np.random.Generator) -> None:
    """A wrapped environment with its limit of steps, against the compiled run of the same seed."""
    env: Any = gym.make("GridWorld-v0", slip=0.2, max_episode_steps=30)
    agent, seed = planners.QLearning(exploration=0.3), int(rng.integers(2**31))
    replay = LearningReplay(env, agent, discount=0.9, seed=seed)
    replay.learn(500)
    run = planners.learn(env, agent, steps=500, discount=0.9, seed=seed)
    document = document_in(page_text(document_of(replay)))
    (scene,) = document["scenes"]
    assert document["at"][0] == 0
    assert document["at"][-1] == 500
    q, visits, arrows, optimal = (unpacked(scene[name]) for name in ("q", "visits", "arrows", "optimal"))
    assert len(q) == len(visits) == len(arrows) == len(document["at"]) == len(document["captions"])
    np.testing.assert_array_equal(q[-1], run.action_values.astype(np.float32))
    np.testing.assert_array_equal(visits[-1], run.visits)
    assert visits[:, :, :].sum(axis=(1, 2)).tolist() == document["at"]
    alive = ~env.unwrapped.grid.terminal
    bits = 1 << np.arange(4)
    np.testing.assert_array_equal(arrows[-1][alive], ((run.policy.probabilities > 0) @ bits)[alive])
    np.testing.assert_array_equal(optimal[alive], (run.plan.optimal_actions @ bits)[alive])
    regret, value = document["charts"]
    np.testing.assert_allclose(unpacked(regret["series"][0]["y"])[1:], np.cumsum(run.regret), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(unpacked(value["series"][0]["y"])[1:], run.policy_values, rtol=1e-5, atol=1e-6)
    assert value["lines"] == [{"y": run.optimal_value, "name": "V*"}]


@pytest.mark.parametrize("name", AGENTS)
def test_the_command_shows_every_agent(name: str, tmp_path: Path) -> None:
    page = tmp_path / "learn.html"
    result = CliRunner().invoke(
        app, ["learn", "--slip", "0.2", "--agent", name, "--steps", "40", "--seed", "3", "--html", str(page)]
    )
    assert result.exit_code == 0, result.output
    assert "40 steps" in result.stdout
    assert "seed 3" in result.stdout
    assert document_in(page.read_text(encoding="utf-8"))["at"][-1] == 40


def test_the_animation_has_the_steps(tmp_path: Path) -> None:
    replay = LearningReplay(gym.make("GridWorld-v0"), planners.Sarsa(), discount=0.9, seed=1)
    replay.learn(9)
    assert replay.gif(tmp_path / "learn.gif") == (tmp_path / "learn.gif").stat().st_size
    with Image.open(tmp_path / "learn.gif") as image:
        assert getattr(image, "n_frames", 1) == 10


def test_a_large_map_has_fewer_points_and_no_other_numbers() -> None:
    """Above 200 states the value of the policy is worked out now and then; where it is, it is that of every step."""
    env: Any = gym.make("GridWorld-v0", desc=["S" + "." * 14] + ["." * 15] * 13 + ["." * 14 + "+"], slip=0.2)
    replay = LearningReplay(env, planners.QLearning(), discount=0.9, seed=1)
    replay.learn(101)
    steps, regret, values = replay.curves
    run = planners.learn(env, planners.QLearning(), steps=101, discount=0.9, seed=1)
    assert steps.tolist() == [*range(0, 101, 2), 101]
    np.testing.assert_allclose(values[1:], run.policy_values[steps[1:].astype(int) - 1], atol=1e-12)
    np.testing.assert_allclose(regret[1:], np.cumsum(run.regret)[steps[1:].astype(int) - 1], atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--agent", "sarza"], "did you mean 'sarsa'"),
        (["--agent", "r-max", "--discount", "1"], "discount is 1; expected one below 1"),
        (["--html", "page.gif"], "does not end in .html"),
        (["--discount", "1", "--step-reward", "1"], "collected for ever"),
        (["--discount", "2"], "discount is 2.0"),
    ],
)
def test_bad_input_exits_with_2(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["learn", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_what_cannot_be_recorded_is_said() -> None:
    with pytest.raises(MapError, match="needs the GridWorld-v0"):
        LearningReplay(gym.make("FrozenLake-v1"), planners.Sarsa(), discount=0.9)
    large = gym.make("GridWorld-v0", desc=["S" + "." * 59, *["." * 60] * 59])
    with pytest.raises(MapError, match="at most 2500"):
        LearningReplay(large, planners.Sarsa(), discount=0.9)


def test_ctrl_c_keeps_what_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    from planners.learning.step_by_step import StepByStep

    make = StepByStep.step

    def stopped(run: StepByStep) -> Any:
        if run.steps == 25:
            raise KeyboardInterrupt
        return make(run)

    monkeypatch.setattr(StepByStep, "step", stopped)
    result = CliRunner().invoke(app, ["learn", "--seed", "1"])
    assert result.exit_code == 0, result.output
    assert "25 steps" in result.stdout
