"""Games as PettingZoo environments: its own checks, and that steps come from the tables."""

import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest
from gymnasium.error import InvalidAction, ResetNeeded

import planners
from gridworld_env.errors import MapError
from gridworld_env.parallel_game import ParallelGame
from planners.games import matching_pennies, soccer

with warnings.catch_warnings():  # PettingZoo's checks import its own environments in a way that it warns of
    warnings.simplefilter("ignore", DeprecationWarning)
    from pettingzoo.test import parallel_api_test, parallel_seed_test


def test_petting_zoo_accepts_it() -> None:
    parallel_api_test(ParallelGame(soccer(2, 3)), num_cycles=100)
    parallel_seed_test(lambda: ParallelGame(soccer(2, 3)))


def played(seed: int) -> list[Any]:
    """Three games of drawn moves."""
    env, rng, found = ParallelGame(soccer(2, 3)), np.random.default_rng(seed), []
    for game in range(3):
        found.append(env.reset(seed=seed + game)[0])
        while env.agents:
            found.append(env.step({agent: int(rng.integers(5)) for agent in env.agents})[:4])
    return found


def test_the_same_seed_gives_the_same_games() -> None:
    assert played(3) == played(3)


def test_steps_are_drawn_from_the_tables() -> None:
    """False alarms: by Hoeffding 2 exp(-2 n d^2) = 1e-14 for n = 4000 and d = .065, for at most ten outcomes."""
    game = soccer(2, 3)
    env = ParallelGame(game)
    start = env.reset(seed=1)[0]["player_0"]
    counts: Counter[int] = Counter()
    for seed in range(4000):
        env.reset(seed=seed)
        env._state = start
        counts[env.step({"player_0": 3, "player_1": 2})[0]["player_0"]] += 1
    nexts, chances = game.joint.row(start, 3 * 5 + 2)
    for state, chance in zip(nexts.tolist(), chances.tolist(), strict=True):
        assert abs(counts[state] / 4000 - chance) < 0.065
    assert set(counts) <= {*nexts.tolist(), *range(game.num_states)}


def test_it_ends_and_pays_both() -> None:
    env = ParallelGame(matching_pennies(), max_cycles=3)
    env.reset(seed=0)
    _, rewards, over, cut, infos = env.step({"player_0": 1, "player_1": 1})
    assert (rewards, over) == ({"player_0": 1.0, "player_1": -1.0}, {"player_0": True, "player_1": True})
    assert not any(cut.values())
    assert not env.agents
    assert infos["player_0"]["action_mask"].tolist() == [1, 1]
    with pytest.raises(ResetNeeded, match=r"call env\.reset"):
        env.step({"player_0": 1, "player_1": 1})


def test_a_limit_truncates() -> None:
    stay = planners.MarkovGame.from_arrays(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1)), initial=[1.0])
    env = ParallelGame(stay, max_cycles=2)
    env.reset(seed=0)
    assert not any(env.step({"player_0": 0, "player_1": 0})[3].values())
    assert all(env.step({"player_0": 0, "player_1": 0})[3].values())


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(MapError, match=r"expected a planners\.MarkovGame"):
        ParallelGame(planners.MarkovGame.from_arrays(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1))))
    with pytest.raises(MapError, match="max_cycles is 0"):
        ParallelGame(matching_pennies(), max_cycles=0)
    env = ParallelGame(matching_pennies())
    env.reset(seed=0)
    for actions, said in (({"player_0": 1}, "player_1 is None"), ({"player_0": 2, "player_1": 0}, "player_0 is 2")):
        with pytest.raises(InvalidAction, match=said):
            env.step(actions)
