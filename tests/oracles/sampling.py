"""How often the true model lies outside the sets that samples of it prove, and its values outside the bounds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import planners
from planners import Experience, TabularMDP
from tests.oracles.nature import contains


class World(NamedTuple):
    """A true model whose rewards are 0 or 1, drawn with the probability r(s, a)."""

    name: str
    model: TabularMDP
    knows_support: bool

    @property
    def outcomes(self) -> NDArray[np.float64]:
        """(S*A, S + 1) probabilities of the next states, and of the end."""
        model = self.model
        return np.hstack((model.transitions.toarray(), model.termination.reshape(-1, 1)))


def worlds() -> list[World]:
    """Five: a map, RiverSwim, a coin, a random model with a few next states, one with many."""
    rng = np.random.default_rng(5)
    coin = TabularMDP.from_arrays(np.array([[[0.3, 0.7]], [[0.0, 1.0]]]), np.array([[0.5], [0.0]]), axes="SAS")
    dense = rng.dirichlet(np.ones(8), size=(8, 2))
    few = np.zeros((10, 3, 10))
    for s in range(10):
        for a in range(3):
            few[s, a, rng.choice(10, size=3, replace=False)] = rng.dirichlet(np.ones(3))
    return [
        World("corridor with slip", _corridor(), True),
        World("RiverSwim", _river(), False),
        World("coin", coin, True),
        World("three next states", TabularMDP.from_arrays(few, rng.random((10, 3)), axes="SAS"), True),
        World("eight next states", TabularMDP.from_arrays(dense, rng.random((8, 2)), axes="SAS"), False),
    ]


def _corridor() -> TabularMDP:
    """Seven squares in a row; both ends end the episode."""
    P = np.zeros((7, 2, 7))
    for s in range(1, 6):
        for a, step in enumerate((-1, 1)):
            P[s, a, s + step], P[s, a, s], P[s, a, s - step] = 0.8, 0.1, 0.1
    R = np.zeros((7, 2))
    R[5, 1], R[1, 0] = 0.8, 0.3
    return TabularMDP.from_arrays(P, R, terminal=np.isin(np.arange(7), (0, 6)), axes="SAS")


def _river() -> TabularMDP:
    """RiverSwim of six states (Strehl and Littman, 2008)."""
    P, R = np.zeros((6, 2, 6)), np.zeros((6, 2))
    for s in range(6):
        P[s, 0, max(s - 1, 0)] = 1.0
        P[s, 1, s], P[s, 1, min(s + 1, 5)], P[s, 1, max(s - 1, 0)] = 0.6, 0.35, 0.05
    P[0, 1], P[5, 1] = 0.0, 0.0
    P[0, 1, :2], P[5, 1, 4:] = (0.6, 0.4), (0.4, 0.6)
    R[0, 0], R[5, 1] = 0.005, 1.0
    return TabularMDP.from_arrays(P, R, axes="SAS")


def sampled(world: World, samples: int, rng: np.random.Generator) -> Experience:
    """Some samples of each pair."""
    model, p = world.model, world.outcomes
    S, A = model.rewards.shape
    r = model.rewards.reshape(-1, 1)
    counts = rng.multinomial(samples, np.hstack((p * r, p * (1.0 - r))))
    row, column = np.nonzero(counts)
    paid, after = column <= S, column % (S + 1)
    experience = Experience(S, A)
    ended = after == S
    experience.add(row // A, row % A, paid.astype(float), np.where(ended, 0, after), ended, times=counts[row, column])
    return experience


def walked(world: World, steps: int, rng: np.random.Generator) -> Experience:
    """Steps one after the other, each with the action that was tried least where it is taken: visits are random."""
    p, r = world.outcomes.cumsum(axis=1), world.model.rewards
    S, A = r.shape
    experience, tried, state = Experience(S, A), np.zeros((S, A)), 0
    for draw, coin in rng.random((steps, 2)):
        action = int(tried[state].argmin())
        tried[state, action] += 1
        after = min(int(np.searchsorted(p[state * A + action], draw, side="right")), S)
        ended = after == S
        experience.add(state, action, float(coin < r[state, action]), 0 if ended else after, ended)
        state = int(rng.integers(S)) if ended else after
    return experience


def is_outside(world: World, experience: Experience, sets: str, visits: str, confidence: float) -> tuple[bool, bool]:
    """Whether the true model lies outside the sets; and if so, whether V* of some state lies outside the bounds."""
    support = world.model if world.knows_support else None
    model = experience.interval_mdp(confidence, sets, (0.0, 1.0), support=support, visits=visits)  # pyright: ignore
    if contains(model, world.model):
        return False, False  # then V* lies within the bounds: tests/planners/interval
    true = planners.solve(world.model, discount=0.9).values
    plan = planners.solve(model, discount=0.9)
    return True, bool(((true < plan.lower - 1e-6) | (true > plan.upper + 1e-6)).any())
