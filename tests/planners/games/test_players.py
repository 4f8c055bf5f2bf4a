"""Players that learn: what they converge to, and what is refused."""

from typing import Any

import numpy as np
import pytest

from planners import InvalidModelError, InvalidOptionError, MarkovGame, exploitability, solve
from planners.games import FictitiousPlay, MinimaxQ, learn, matching_pennies, rock_paper_scissors
from tests.oracles import games


def small(rng: np.random.Generator) -> MarkovGame:
    P, R = games.random_game(rng, 2, 2, 2, ends=True).floats()
    return MarkovGame.from_arrays(P, R, terminal=[False, False, True], initial=[0.5, 0.5, 0.0])


@pytest.mark.parametrize("player", [MinimaxQ(exploration=0.3), FictitiousPlay(exploration=0.1)])
def test_what_is_measured_is_the_exploitability_of_the_policies(rng: np.random.Generator, player: Any) -> None:
    game = small(rng)
    run = learn(game, (player, player), steps=300, discount=0.8, seed=3, checks=3)
    answers = exploitability(game, *(agent.policy for agent in run.agents), discount=0.8)
    assert run.steps.tolist() == [100, 200, 300]
    assert run.exploitability[-1] == pytest.approx(float(np.array([0.5, 0.5, 0.0]) @ answers.upper), abs=1e-9)
    assert (run.exploitability >= -1e-12).all()
    again = learn(game, (player, player), steps=300, discount=0.8, seed=3, checks=1)
    assert np.array_equal(again.agents[0].Q, run.agents[0].Q)
    assert player.Q is None


def test_minimax_q_finds_the_value() -> None:
    """With a rate of 1 and certain steps, Q is value iteration in some order, which is the value after enough steps."""
    game = MarkovGame.from_functions(
        0,
        lambda s: [0, 1],
        lambda s: [0, 1],
        lambda s, a, b: [(1.0, s + (a == b), float(a + 2 * b == s))] if s < 2 else [(1.0, "over", float(a == b))],
        {"over"},
    )
    run = learn(game, [MinimaxQ(rate=1.0, exploration=0.5)] * 2, steps=4000, discount=0.9, seed=1)
    plan = solve(game, discount=0.9, tolerance=1e-12)
    assert np.abs(run.agents[0].V[:3] - plan.values[:3]).max() <= 1e-9
    assert np.abs(run.agents[1].V[:3] + plan.values[:3]).max() <= 1e-9
    assert run.exploitability[-1] <= 1e-9


def test_fictitious_play_comes_near() -> None:
    """Robinson (1951): the frequencies converge; a run of one seed."""
    run = learn(rock_paper_scissors(), (FictitiousPlay(), FictitiousPlay()), steps=3000, discount=0.9, seed=5)
    assert run.exploitability[-1] < 0.25
    assert "FictitiousPlay against FictitiousPlay, 3000 steps" in repr(run)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"steps": 10, "checks": 1.5}, "checks is 1.5"),
        ({"steps": 10, "discount": 2}, "discount is 2"),
        ({"steps": 10, "agents": [MinimaxQ()]}, "expected two players"),
        ({"steps": 10, "agents": [MinimaxQ(rate=2.0), MinimaxQ()]}, "rate is 2.0"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], said: str) -> None:
    given = {"agents": (MinimaxQ(), MinimaxQ()), "discount": 0.9, **options}
    with pytest.raises(InvalidOptionError, match=said):
        learn(matching_pennies(), given.pop("agents"), **given)


def test_a_game_without_a_beginning() -> None:
    with pytest.raises(InvalidModelError, match="expected initial="):
        learn(MarkovGame.from_arrays([[[[1.0]]]], [[[0.0]]]), (MinimaxQ(), MinimaxQ()), steps=5, discount=0.9)


def test_interrupts_keep_what_was_learned() -> None:
    class Impatient(MinimaxQ):
        def act(self, state: int) -> int:
            if self.visits.sum() == 25:
                raise KeyboardInterrupt
            return super().act(state)

    run = learn(rock_paper_scissors(), (MinimaxQ(), Impatient()), steps=100, discount=0.9, seed=1, checks=10)
    assert run.steps.tolist() == [10, 20, 25]
    assert not run.complete
    assert run.agents[0].visits.sum() == 25
