"""Every argument of the environments and models refuses what it cannot be, with a sentence that names it."""

from typing import Any

import gymnasium as gym
import pytest

import gridworld_env
import planners
from gridworld_env.models import MODELS
from tests.oracles.bad_arguments import accepted

ERRORS = (planners.PlannerError, gym.error.Error)


def made(name: str, **options: Any) -> None:
    """An environment, and its first step."""
    env = gym.make(name, **options)
    env.reset(seed=1)
    env.step(0)


def grid(**options: Any) -> None:
    made("GridWorld-v0", **options)


def plane(**options: Any) -> None:
    made("ContinuousGridWorld-v0", **options)


def many(**options: Any) -> None:
    env = gym.make_vec("GridWorld-v0", vectorization_mode="vector_entry_point", **options)
    env.reset(seed=1)


CALLS: dict[str, tuple[Any, dict[str, Any], dict[str, str]]] = {
    "GridWorld-v0": (grid, {}, {"slip": "number?", "step_reward": "number?", "reward_on": "choice", "moves": "choice"}),
    "ContinuousGridWorld-v0": (plane, {}, {"step": "number", "radius": "number", "step_reward": "number?",
                                           "continuous_actions": "switch", "directions": "whole"}),
    "make_vec": (many, {"num_envs": 2}, {"num_envs": "whole"}),
    "random_map": (gridworld_env.random_map, {"height": 3, "width": 3},
                   {"height": "whole", "width": "whole", "walls": "number", "seed": "seed"}),
    "river_swim": (MODELS["river_swim"], {}, {"num_states": "whole"}),
    "random_walk": (MODELS["random_walk"], {}, {"num_states": "whole", "reach": "whole", "left_end": "number"}),
    "access_control": (MODELS["access_control"], {}, {"servers": "whole", "free": "number"}),
    "gambler": (MODELS["gambler"], {}, {"goal": "whole", "heads": "number"}),
    "deep_sea": (MODELS["deep_sea"], {}, {"size": "whole", "stochastic": "switch"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_no_argument_takes_what_it_cannot_be(name: str) -> None:
    call, valid, kinds = CALLS[name]
    assert accepted(call, valid, kinds, ERRORS) == []


@pytest.mark.parametrize("name", ["GridWorld-v0", "ContinuousGridWorld-v0"])
@pytest.mark.parametrize("options", ["x", 3, [1, 2], {1}])
def test_the_options_of_a_reset_are_a_dictionary(name: str, options: Any) -> None:
    env = gym.make(name).unwrapped
    with pytest.raises(gridworld_env.MapError, match=r"options is .*; expected a dictionary"):
        env.reset(options=options)


@pytest.mark.parametrize(
    ("name", "option"), [("river_swim", "num_states"), ("random_walk", "reach"), ("deep_sea", "size"),
                         ("access_control", "servers"), ("gambler", "goal")])  # fmt: skip
def test_a_model_that_fits_in_no_memory_is_refused_before_it_is_made(name: str, option: str) -> None:
    with pytest.raises(planners.NotEnoughMemoryError, match=r"a model of .* states needs about"):
        MODELS[name](**{option: 2**31 - 1})
