"""One start exactly: the drive ends in Gymnasium, and no drive that is known is ever excluded."""

from itertools import product

import gymnasium as gym
import numpy as np
import pytest

import planners
from planners.continuous import DoubleIntegrator, MountainCar, Pendulum, prove
from planners.continuous.cells import Cells
from planners.continuous.proof import Stage
from planners.continuous.reach import Search, drive_within, impossible
from planners.continuous.solve import upper_bounds
from tests.oracles.double_integrator import steps_in_closed_form


def replayed(proof: planners.continuous.Proof) -> int:
    """Steps until Gymnasium says that it has ended."""
    env = gym.make("MountainCar-v0").unwrapped
    env.reset()
    env.state = proof.start.copy()  # pyright: ignore[reportAttributeAccessIssue]
    for k, action in enumerate(proof.actions, 1):
        if env.step(proof.system.action_for(action))[2]:
            return k
    raise AssertionError("it does not end")


def test_the_drives_end_in_gymnasium_and_are_the_shortest_of_all() -> None:
    """Near the top every sequence of actions can be tried."""
    starts = [[0.35, 0.03], [0.3, 0.04], [0.42, 0.0], [0.25, 0.05]]
    for proof in prove(MountainCar(), starts, cells=(90, 80)):  # pyright: ignore[reportGeneralTypeIssues]
        assert proof.exact
        assert replayed(proof) == proof.steps
        assert tuple(proof.states[-1]) == tuple(end(proof.start, proof.actions))
        assert str(proof.steps) in repr(proof)
        ends = [end(proof.start, tried) for tried in product((0, 1, 2), repeat=min(proof.steps - 1, 7))]
        assert not any(state[0] >= 0.5 for state in ends) or proof.steps > 8


def end(start: np.ndarray, actions: tuple[int, ...]) -> tuple[float, ...]:
    now = tuple(map(float, start))
    for action in actions:
        now = MountainCar().step(now, action)
        if bool(MountainCar().ended(now)):
            break
    return now


def test_no_drive_that_is_known_is_excluded(rng: np.random.Generator) -> None:
    """A start of which a drive is found is never said to need more, however coarse the bins."""
    cells = Cells(MountainCar(), (60, 50))
    search = Search(cells, upper_bounds(MountainCar(), cells, 9, lambda _: None), 9)
    found = 0
    for start in rng.uniform((-0.2, -0.02), (0.45, 0.05), (60, 2)):
        drive = drive_within(search, start, 30, 1)
        if drive is not None:
            found += 1
            assert not impossible(search, start, len(drive), 1)[0]
    assert found > 5


@pytest.mark.long
def test_a_double_integrator_is_within_a_step_of_its_closed_form() -> None:
    system = DoubleIntegrator(time=0.5, goal=0.3, size=2.0)
    proof = prove(system, [1.0, 0.0], cells=(40, 40), actions=17)
    lower, upper = proof.bounds
    assert lower <= -steps_in_closed_form(0.5, 0.3, np.array([1.0, 0.0]), 20) <= upper
    assert upper - lower <= 1


def test_what_stays_open_is_said_so() -> None:
    system = MountainCar()
    proof = planners.continuous.Proof(system, np.array([-0.5, 0.0]), (2,) * 103, np.zeros((104, 2)), 99, 5)
    assert not proof.exact
    assert proof.bounds == (-103, -100)
    assert "needs 100 to 103 steps" in repr(proof)
    assert "open" in repr(proof)


def test_bad_input_is_refused_in_words() -> None:
    stages: list[Stage] = []
    for system, start, words in (
        (Pendulum(), [0.0, 0.0], "does not count steps"),
        (MountainCar(), [0.55, 0.0], "the episode is over there"),
        (MountainCar(), [0.0], "expected 2 numbers"),
    ):
        with pytest.raises(planners.InvalidOptionError, match=words):
            prove(system, start, cells=(10, 10))
    prove(MountainCar(), [0.45, 0.05], cells=(10, 10), progress=stages.append)
    assert [stage.name for stage in stages][-1] == "starts"
