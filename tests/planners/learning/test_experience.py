"""Counts of steps, the estimate they give, and the sets they prove, against formulas and against the truth."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom

import planners
from planners import Experience, TabularMDP
from planners.errors import InvalidModelError, InvalidOptionError
from planners.learning.confidence import bernstein, kullback_leibler, level, weissman
from planners.learning.estimated_sets import SETS
from tests.oracles import sampling
from tests.oracles.nature import contains


def walk() -> Experience:
    seen = Experience(3, 2)
    for step in ((0, 0, 1.0, 1, False), (0, 0, 3.0, 0, False), (0, 0, 2.0, 1, True), (1, 1, -1.0, 2, False)):
        seen.add(*step)
    return seen


def test_steps_are_counted_one_by_one_and_many_at_once(tmp_path: Path) -> None:
    one, many = walk(), Experience(3, 2)
    many.add([0, 0, 0, 1], [0, 0, 0, 1], [1.0, 3.0, 2.0, -1.0], [1, 0, 1, 2], [False, False, True, False])
    episode = [(0, 0, 1.0, 1, False), (0, 0, 3.0, 0, False), (0, 0, 2.0, 1, True, False, {}), (1, 1, -1.0, 2, False)]
    told = Experience.from_episodes([episode])
    one.save(tmp_path / "steps.npz")
    for seen in (one, many, told, Experience.load(tmp_path / "steps.npz"), one + Experience(3, 2)):
        assert seen.visits.tolist() == [[3, 0], [0, 1], [0, 0]]
        assert seen.mean_rewards.tolist() == [[2.0, 0.0], [0.0, -1.0], [0.0, 0.0]]
        assert seen.reward_variances[0, 0] == pytest.approx(1.0)
        assert seen.reward_extremes == (-1.0, 3.0)
        assert seen.outcomes().toarray()[0].tolist() == [1.0, 1.0, 0.0, 1.0]
    assert (one + many).visits.tolist() == [[6, 0], [0, 2], [0, 0]]
    with pytest.raises(InvalidOptionError, match="nothing was seen"):
        Experience(3, 2).interval_mdp()
    assert one.interval_mdp().rewards_lower.min() == -1.0  # of all that were seen
    assert repr(one) == "Experience(4 steps, 2 of 6 pairs tried)"


def test_the_steps_of_episodes_that_were_played() -> None:
    env = gym.make("FrozenLake-v1")
    episodes = planners.rollout(env, planners.TabularPolicy.uniform(16, 4, seed=1), episodes=5, seed=1)
    seen = Experience.from_episodes(episodes, 16, 4)
    assert seen.steps == sum(len(episode) for episode in episodes)


def test_certainty_equivalence() -> None:
    seen = walk()
    found = seen.mdp()
    assert found.transitions.toarray()[0].tolist() == pytest.approx([1 / 3, 1 / 3, 0.0])
    assert found.termination[0].tolist() == pytest.approx([1 / 3, 1.0])
    assert found.rewards[0].tolist() == [2.0, 0.0]
    assert seen.mdp("stay").transitions.toarray()[1].tolist() == [1.0, 0.0, 0.0]
    assert seen.mdp("absent").feasible.tolist() == [[True, False], [False, True], [True, False]]
    assert seen.mdp(10.0).rewards[2].tolist() == [10.0, 10.0]
    with pytest.raises(InvalidOptionError, match="unvisited is 'go'"):
        seen.mdp("go")  # pyright: ignore


def test_the_frequencies_of_many_samples_are_the_model(rng: np.random.Generator) -> None:
    """Six standard errors of 10^6 samples, in some 300 numbers: a false alarm in 10^6 runs at most."""
    for world in sampling.worlds():
        found = sampling.sampled(world, 10**6, rng).mdp()
        assert np.abs(found.transitions.toarray() - world.model.transitions.toarray()).max() <= 3e-3
        assert np.abs(found.rewards - world.model.rewards).max() <= 3e-3


@pytest.mark.parametrize("n", [1, 7, 1000])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_intervals_are_those_of_the_theorems(n: int, share: float) -> None:
    k, exponent = round(share * n), 5.0
    p = k / n
    low, high = (float(end[0]) for end in kullback_leibler(np.array([float(n)]), np.array([p]), exponent))

    def excess(q: float) -> float:
        return -binomial_log(k, n, q) - exponent

    def binomial_log(k: int, n: int, q: float) -> float:
        """-n kl(k / n, q)."""
        left = k * np.log(n * q / k) if k else 0.0
        return left + ((n - k) * np.log(n * (1 - q) / (n - k)) if k < n else 0.0)

    assert high == pytest.approx(brentq(excess, max(p, 1e-12), 1 - 1e-12) if p < 1 else 1.0, abs=1e-9)
    assert low == pytest.approx(brentq(excess, 1e-12, min(p, 1 - 1e-12)) if p > 0 else 0.0, abs=1e-9)
    if n > 1:
        values = np.repeat([0.0, 1.0], [n - k, k])
        far = np.sqrt(2 * values.var(ddof=1) * (5 + np.log(2)) / n) + 7 * (5 + np.log(2)) / (3 * (n - 1))
        found = bernstein(np.array([float(n)]), np.array([p]), values.var(ddof=1, keepdims=True), exponent)
        assert found.high[0] - p == pytest.approx(far, rel=1e-9)
    for outcomes in (2, 3, 60):
        sides = np.log(2.0**outcomes - 2.0)
        found = weissman(np.array([float(n)]), np.array([outcomes]), exponent)
        assert found[0] == pytest.approx(np.sqrt(2 * (sides + 5) / n), rel=1e-9)


def test_what_random_visits_cost() -> None:
    for steps in (10, 10**6):
        claimed = level(20, 0.05)
        assert level(20, 0.05, steps) == pytest.approx(claimed + np.log(steps))
        peeled = level(20, 0.05, steps, peeled=True)
        assert np.e * np.ceil(peeled * np.log(steps)) * np.exp(-peeled) <= np.exp(-claimed) * (1 + 1e-9)
        assert peeled < claimed + np.log(steps) + 3.0


@pytest.mark.long
@pytest.mark.parametrize("sets", SETS)
@pytest.mark.parametrize("walks", [False, True])
def test_the_truth_lies_within_the_sets(rng: np.random.Generator, sets: str, walks: bool) -> None:
    """A false alarm in 10^6 runs at most: more misses of 40 than .05 allows with a probability of 10^-7."""
    for world in sampling.worlds():
        missed = 0
        for _ in range(40):
            seen = sampling.walked(world, 300, rng) if walks else sampling.sampled(world, 30, rng)
            missed += sampling.is_outside(world, seen, sets, "random" if walks else "fixed", 0.95)[0]
        assert missed <= binom.isf(1e-7, 40, 0.05), world.name


@pytest.mark.long
def test_sets_that_claim_nothing_miss_the_truth(rng: np.random.Generator) -> None:
    """So the test above can fail: with a confidence of .01 the coin's sets miss it more often than one in 20."""
    coin = sampling.worlds()[2]
    missed = 0
    for _ in range(400):  # each misses with a probability of .2 or so: at most 32 in one of 10^9 runs
        seen = sampling.sampled(coin, 100, rng)
        model = seen.interval_mdp(0.01, "kl", rewards=coin.model.rewards, support=coin.model, visits="fixed")
        missed += not contains(model, coin.model)
    assert missed > binom.isf(1e-7, 400, 0.05)


def test_known_structure_narrows_the_sets(rng: np.random.Generator) -> None:
    world = sampling.worlds()[0]
    seen = sampling.sampled(world, 100, rng)
    gaps = []
    possible = world.outcomes.reshape(7, 2, 8) > 0
    for known in ({}, {"support": world.model}, {"support": possible, "rewards": world.model.rewards}):
        reach: Any = {"reward_range": (0.0, 1.0), **known}
        plan = planners.solve(seen.interval_mdp(sets="kl", **reach), discount=0.9)
        gaps.append(plan.upper[3] - plan.lower[3])
    assert gaps == sorted(gaps, reverse=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sets": "normal"}, "sets is 'normal'"),
        ({"confidence": 1.0}, "confidence is 1.0"),
        ({"reward_range": (0.0, 1.0)}, "rewards from -1 to 3"),
        ({"visits": "few"}, "visits is 'few'"),
        ({"rewards": np.zeros(3)}, r"rewards has shape \(3,\)"),
        ({"support": np.zeros((3, 2, 4))}, "support has shape"),
        ({"support": TabularMDP.from_arrays(np.eye(3)[None], np.zeros((3, 1)))}, r"support is of \(3, 1\)"),
        ({"support": TabularMDP.from_arrays(np.stack([np.eye(3)] * 2), np.zeros((3, 2)))}, "state 0, action 0"),
    ],
)
def test_what_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises((InvalidOptionError, InvalidModelError), match=said):
        walk().interval_mdp(**{"reward_range": (-5.0, 5.0), **options})


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ((3, 0, 0.0, 0, False), "state is 3"),
        ((0, 2, 0.0, 0, False), "action is 2"),
        ((0, 0, 0.0, -1, False), "next_state is -1"),
        ((0, 0, np.inf, 0, False), "not finite"),
    ],
)
def test_steps_that_cannot_be(step: tuple[Any, ...], said: str, tmp_path: Path) -> None:
    seen = Experience(3, 2)
    seen.add(*step)
    with pytest.raises(InvalidModelError, match=said):
        print(seen.visits)
    (tmp_path / "other").write_bytes(b"nothing")
    with pytest.raises(InvalidModelError, match="expected a gridworld-lab experience"):
        Experience.load(tmp_path / "other")
