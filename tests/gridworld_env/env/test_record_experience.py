"""The wrapper that counts steps."""

import gymnasium as gym
import pytest

import planners
from gridworld_env import RecordExperience
from planners.errors import InvalidModelError


def test_every_step_is_counted_and_the_model_is_still_found() -> None:
    env = RecordExperience(gym.make("GridWorld-v0", map_name="lecture", slip=0.2))
    episodes = planners.rollout(env, planners.solve(env, discount=0.9), episodes=4, seed=2)
    told = planners.Experience.from_episodes(episodes, 11, 4)
    assert (env.experience.visits == told.visits).all()
    assert (env.experience.outcomes().toarray() == told.outcomes().toarray()).all()


def test_other_spaces_are_refused() -> None:
    with pytest.raises(InvalidModelError, match="the observations are"):
        RecordExperience(gym.make("CartPole-v1"))
